"""A list is read as records are, every line is accounted for, and nothing is left out silently."""

from __future__ import annotations

import pyarrow as pa
import pytest

from clew.errors import InputError, UsageError
from clew.joint.overlap.lists import LeftOut, payloads_for, read_list

WRITTEN = """\ufeff# a case
+9647901234567
٠٧٩٠ ١٢٣ ٤٥٦٨
00964 790 123 4569
+964 790-123-4567

122
withheld
0033612345678
id:vast:200
TAXI
+12
"""


def test_numbers_are_read_in_every_spelling_and_each_line_is_accounted_for() -> None:
    found = read_list(WRITTEN.encode(), country="iq")
    assert found.numbers.to_pylist() == [
        "+33612345678",
        "+9647901234567",
        "+9647901234568",
        "+9647901234569",
        "id:vast:200",
    ]
    assert found.duplicates == 1
    assert [(one.line, bool(one.reason)) for one in found.left_out] == [(7, True), (8, True), (11, True), (12, True)]
    assert found.left_out[0] == LeftOut(7, "short-code")
    assert found.lines == len(found.numbers) + found.duplicates + len(found.left_out)
    assert sum(found.reasons.values()) == 4


def test_no_country_no_guess() -> None:
    found = read_list(b"07901234567\n+9647901234567\n")
    assert found.numbers.to_pylist() == ["+9647901234567"]
    assert [one.line for one in found.left_out] == [1]
    with pytest.raises(UsageError):
        read_list(b"07901234567\n", country="XX")


@pytest.mark.parametrize("column", ["msisdn", "2"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_column_of_a_csv_file(column: str, delimiter: str) -> None:
    rows = ["name,msisdn,note", 'a,+9647901234567,"x\ny"', "b,nothing,", "c,+9647901234568,z"]
    data = "\r\n".join(row.replace(",", delimiter) for row in rows).encode()
    found = read_list(data, column=column)
    assert found.numbers.to_pylist() == ["+9647901234567", "+9647901234568"]
    assert len(found.left_out) == 1
    assert found.left_out[0].line == 4  # the line of the file, a cell of two lines counted
    with pytest.raises(UsageError) as missing:
        read_list(data, column="imei")
    assert missing.value.code == "overlap.column"


def test_utf_16_is_read_and_other_bytes_are_refused() -> None:
    assert read_list("+9647901234567\n".encode("utf-16")).numbers.to_pylist() == ["+9647901234567"]
    with pytest.raises(InputError) as refused:
        read_list(b"\xd9\xff+9647901234567")
    assert refused.value.code == "overlap.list-encoding"
    for empty in (b"", b"\n# only a comment\n", "\ufeff".encode()):
        with pytest.raises(InputError) as nothing:
            read_list(empty)
        assert nothing.value.code == "overlap.list-empty"


def test_a_file_with_old_line_ends_or_a_huge_cell_is_read_or_refused() -> None:
    """Found by fuzzing: the csv module's own errors are no ClewErrors."""
    found = read_list(b"number,case\r+9647901234567,x\r", column="number")
    assert found.numbers.to_pylist() == ["+9647901234567"]
    with pytest.raises(InputError) as refused:
        read_list(b'number,"' + b"x" * 200_000 + b'"\n', column="number")
    assert refused.value.code == "overlap.list-csv"


def test_a_list_shows_no_number() -> None:
    assert "964" not in repr(read_list(b"+9647901234567\n"))


def payloads(text: str) -> list[str]:
    own = pa.array(["+9647901234567", "+9647901234568"])
    return [str(one) for one in payloads_for(own, read_list(text.encode(), beside=True)).to_pylist()]


def test_payloads_stand_beside_their_numbers() -> None:
    assert payloads("number,reference\n+9647901234568,ملف ٧\n") == ["", "ملف ٧"]
    assert payloads("+964 790 123 4568;case 7;rest\n+9647901234567\n") == ["", "case 7"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("overlap.payload-stranger", "+9647901234569,x\n"),
        ("overlap.payload-twice", "+9647901234567,x\n+9647901234567,y\n"),
        ("overlap.payload", "+9647901234567," + "x" * 255 + "\n"),
        ("overlap.payload", "+9647901234567," + "م" * 128 + "\n"),
        ("overlap.payload", "+9647901234567,a\u202eb\n"),
    ],
)
def test_a_payload_that_would_go_astray_or_deceive_is_refused(code: str, text: str) -> None:
    with pytest.raises(InputError) as refused:
        payloads(text)
    assert refused.value.code == code
    assert "7901234" not in str(refused.value)
