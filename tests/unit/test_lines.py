"""Lines of a file and units of an account: whoever counts the one can see how the other comes out of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.records.lines import LineCount
from tests.unit.test_importer import HEADER, PROFILE, A, B, take, write


@pytest.mark.parametrize("ending", ["x", "\nx", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_last_line_without_its_end_is_told_however_short_it_is(tmp_path: Path, encoding: str, ending: str) -> None:
    line = f"{A},{B},2026-03-02T10:00:00,6\n"
    mark = "" if encoding == "utf-8" else "\ufeff"
    (tmp_path / "f.csv").write_bytes((mark + HEADER + "\n" + line + ending).encode(encoding))
    profile = replace(PROFILE, encoding=encoding[:6].rstrip("-"))
    (account,) = take(tmp_path / "store", (tmp_path / "f.csv", profile)).accounts
    assert (account.last_unit_open, account.continued_lines) == (bool(ending), 0)


def test_lines_that_a_quoted_field_goes_on_over_are_counted(tmp_path: Path) -> None:
    """Harm stopped: two stray quotes, lines apart, make one unit of two calls, and who counts lines is told of none."""
    good = f"{A},{B},2026-03-02T10:00:00,60"
    lines = [good + ',"one\ntwo\n\nfour"', good + ',"stray', good + ',stray"', good + ",x", good + ',"no end']
    file = write(tmp_path / "f.csv", lines, HEADER + ",text")
    (account,) = take(tmp_path / "store", (file, replace(PROFILE, content=("text",)))).accounts
    assert (account.units, account.records, account.reasons) == (5, 3, {"quotation": 1})
    assert account.continued_lines == 3 + 1
    assert account.units + account.continued_lines == file.read_bytes().count(b"\n")


@given(st.lists(st.sampled_from(["a", "\n", "\u0a0a", "\u0a00", "\u000a", "é"]), max_size=12), st.integers(1, 5))
def test_lines_are_counted_in_blocks_of_any_size(signs: list[str], size: int) -> None:
    text = "".join(signs)
    for charset in ("utf-8", "utf-16-le", "utf-16-be"):
        data, count = text.encode(charset), LineCount(charset)
        for begin in range(0, len(data), size):
            count.take(data[begin : begin + size])
        assert count.lines == len(text.removesuffix("\n").split("\n")) * bool(text)
        assert count.open == (bool(text) and not text.endswith("\n"))
