"""A number written behind ``#31#`` is never taken for a comment, in whatever digits, and what is one is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.cli.overlap_files import account, report_list
from clew.cli.warrant_seeds import given_seeds, read_seeds
from clew.joint.overlap.lists import read_list
from clew.numbers import is_comment

HIDDEN = ["#31#07901234567", "#٣١#07901234567", "#۳۱#٠٧٩٠١٢٣٤٥٦٧", "\u200f#\u200e31#07901234567"]
COMMENTS = ["#", "# 31 suspects", "#\t7 March", "#TODO", "## 2", "#+9647901234567", "\u200f# ملاحظة"]


@pytest.mark.parametrize("line", HIDDEN)
def test_a_suspect_who_hides_the_number_is_not_dropped_as_a_comment(line: str, tmp_path: Path) -> None:
    assert not is_comment(line)
    assert read_list(f"{line}\n".encode(), country="IQ").numbers.to_pylist() == ["+9647901234567"]
    (tmp_path / "seeds.txt").write_text(f"# a seed\n{line}\n", "utf-8")
    (seed,) = read_seeds(given_seeds((), tmp_path / "seeds.txt"), "IQ")
    assert seed.canonical == "+9647901234567"


def test_a_service_code_is_no_comment_and_stops_the_check_instead_of_vanishing() -> None:
    found = read_list(b"+9647901234567\n#12\n")
    assert [one.line for one in found.left_out] == [2]


@pytest.mark.parametrize("line", COMMENTS)
def test_a_comment_is_passed_over_and_counted(line: str) -> None:
    assert is_comment(line)
    found = read_list(f"{line}\n\n+9647901234567\n".encode())
    assert (found.lines, found.passed) == (1, 2)
    assert "2 lines passed over" in account(found)
    assert report_list(found)["list"]["passed"] == 2


def test_every_row_of_a_csv_file_is_in_the_account() -> None:
    found = read_list(b"number;case\n+9647901234567;1\n;\n\n122;2\n+9647901234567;3\n", column="number")
    assert (found.lines, len(found.numbers), found.duplicates, len(found.left_out), found.passed) == (3, 1, 1, 1, 3)
