"""A file of numbers as a list of different canonical ones, with an account of its lines (spec 2).

What cannot be read is reported with its line and reason; it is never left out silently.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.errors import ClewError, InputError, UsageError
from clew.joint.overlap.tags import PAYLOAD_TEXT
from clew.numbers import PartyKind, canonical_kind, is_comment
from clew.records.numbering import read_numbers
from clew.warrants.strict import plain_text

__all__ = ["LeftOut", "NumberList", "payloads_for", "read_list"]

_OPAQUE: Final = "id:"
_VERTICES: Final = (int(PartyKind.E164), int(PartyKind.OPAQUE))
_REASONS: Final = {
    PartyKind.WITHHELD: "withheld",
    PartyKind.SHORT: "short-code",
    PartyKind.SENDER: "sender-name",
    PartyKind.SIP: "sip-address",
}
_HEADER_DIGITS: Final = 3


@final
@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line whose text is no number that a check can compare, and why."""

    line: int
    reason: str


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NumberList:
    """Different canonical numbers, sorted, and what became of the lines: numbers + duplicates + left out.

    ``lines`` are those that say something; beside them stand those that were ``passed`` over.

    ``doubtful`` numbers are in no number plan that Clew knows; they are in the list. ``rows`` holds the canonical
    number and the cell beside it of each line that could be read, where a second column was asked for.
    """

    numbers: pa.Array
    lines: int
    duplicates: int
    doubtful: int
    left_out: tuple[LeftOut, ...]
    rows: tuple[tuple[str, str], ...] = ()
    places: tuple[int, ...] = ()  # the line of each of ``rows``
    passed: int = 0  # comments and empty lines; of a CSV file its header and empty rows

    def __repr__(self) -> str:
        return f"NumberList(numbers={len(self.numbers)}, left_out={len(self.left_out)})"

    @property
    def reasons(self) -> dict[str, int]:
        """How many lines were left out for each reason, the most frequent first."""
        return dict(Counter(line.reason for line in self.left_out).most_common())


def read_list(
    data: bytes, *, country: str | None = None, column: str | None = None, beside: bool = False
) -> NumberList:
    """The list in a text file of one number a line, or in the column of a CSV file that ``column`` names.

    Numbers with ``+``, and ``id:NAMESPACE:TEXT``, are read as they are; others need ``country``, whose number plan
    they are in (spec records 2.4). Empty lines and comments are passed over, and counted. ``beside`` keeps the cell
    after the number.
    """
    text = _text(data)
    places, cells, others, passed = _cells(text, column, beside)
    if not cells:
        raise InputError(
            "overlap.list-empty",
            "the list names no number",
            mend="Write one number a line, or name the column of a CSV file with --column.",
        )
    canonical, valid, reasons = _canonical(cells, country)
    readable = np.flatnonzero([one is not None for one in canonical])
    left_out = tuple(LeftOut(places[at], reasons[at]) for at in np.flatnonzero([one is None for one in canonical]))
    found = pa.array(canonical, pa.string()).drop_null()
    numbers = pc.unique(found)
    numbers = numbers.take(pc.sort_indices(numbers))
    return NumberList(
        numbers,
        len(cells),
        len(found) - len(numbers),
        int(len(readable) - np.count_nonzero(np.asarray(valid)[readable])),
        left_out,
        tuple((str(canonical[at]), others[at]) for at in readable) if beside else (),
        tuple(places[at] for at in readable) if beside else (),
        passed,
    )


def payloads_for(numbers: pa.Array, given: NumberList) -> pa.Array:
    """A text for each of ``numbers``, empty where none was given; ``given`` was read with ``beside``.

    A number that is not in the list, or has two texts, is an error: somebody's reference would go astray.
    """
    texts: dict[str, str] = {}
    lines: dict[str, int] = {}
    for (number, text), line in zip(given.rows, given.places, strict=True):
        lines.setdefault(number, line)
        if texts.setdefault(number, text) != text:
            raise InputError(
                "overlap.payload-twice",
                "a number has two different payloads",
                where=f"lines {lines[number]} and {line}",
                mend="Give each number one.",
            )
    known = set(numbers.to_pylist())
    if not texts.keys() <= known:
        raise InputError(
            "overlap.payload-stranger",
            f"{len(texts.keys() - known):,} of the {len(texts):,} numbers with a payload not in the list of this check",
            where=f"line {min(lines[one] for one in texts.keys() - known)}",
            mend="Give payloads for numbers of the list only.",
        )
    for number, text in texts.items():
        _require_payload(text, f"line {lines[number]}")
    return pa.array([texts.get(number, "") for number in numbers.to_pylist()], pa.string())


def _require_payload(text: str, where: str) -> None:
    try:
        if text:
            plain_text(text, "payload", PAYLOAD_TEXT)
    except InputError as error:
        raise InputError(
            "overlap.payload",
            f"a payload cannot be handed over: {error.what}",
            where=where,
            mend=f"Write one line of at most {PAYLOAD_TEXT} bytes of UTF-8: {PAYLOAD_TEXT // 2} Arabic letters.",
        ) from error
    if len(text.encode("utf-8")) > PAYLOAD_TEXT:
        raise InputError(
            "overlap.payload",
            f"a payload has at most {PAYLOAD_TEXT} bytes",
            where=where,
            mend="Hand over a reference, and the rest by another way.",
        )


def _text(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            "overlap.list-encoding", "the list is not UTF-8 text", mend="Save it as plain text or CSV in UTF-8."
        ) from error


def _cells(text: str, column: str | None, beside: bool) -> tuple[list[int], list[str], list[str], int]:
    """The line of each number's text, the text, and the cell after it; how many lines or rows were passed over."""
    if column is None and not beside:
        lines = [(place, line.strip()) for place, line in enumerate(text.splitlines(), 1)]
        kept = [(place, line) for place, line in lines if line and not is_comment(line)]
        return [place for place, _ in kept], [line for _, line in kept], [], len(lines) - len(kept)
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=_delimiter(text))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(
            "overlap.list-csv",
            "the list is not a CSV file",
            where=f"line {reader.line_num}",
            mend="Save it anew as CSV, or as plain text with one number a line.",
        ) from error
    read = len(rows)
    rows = [(place, row) for place, row in rows if any(row)]
    if not rows:
        return [], [], [], read
    at = _position(rows[0][1], column)
    named = column is not None and not column.isdigit()
    if named or sum(sign.isdigit() for sign in _cell(rows[0][1], at)) < _HEADER_DIGITS:
        rows = rows[1:]  # the header
    return (
        [place for place, _ in rows],
        [_cell(row, at) for _, row in rows],
        [_cell(row, at + 1) for _, row in rows] if beside else [],
        read - len(rows),
    )


def _delimiter(text: str) -> str:
    first = text[: text.find("\n")] if "\n" in text else text
    return max(",;\t", key=first.count)


def _position(header: Sequence[str], column: str | None) -> int:
    """Where a column stands: by its name in the first line, or by its number from 1."""
    if column is None:
        return 0
    if column in header:
        return header.index(column)
    if column.isascii() and column.isdigit() and 1 <= int(column) <= len(header):
        return int(column) - 1
    raise UsageError(
        "overlap.column",
        "the list has no column of this name",
        where="--column",
        mend="Name one of the first line's, or give its number from 1.",
    )


def _cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _canonical(cells: list[str], country: str | None) -> tuple[list[str | None], list[bool], list[str]]:
    """The canonical number of each text, or None and the reason; whether it is of a plan that Clew knows."""
    try:
        table = read_numbers(cells, "e164" if country is None else f"national:{country.upper()}")
    except ClewError as error:
        raise UsageError(
            "overlap.country", "no number plan is known for this country", where="--country", mend="For example IQ."
        ) from error
    kinds = table["kind"].to_pylist()
    canonical: list[str | None] = table["canonical"].to_pylist()
    valid: list[bool] = table["valid"].to_pylist()
    reasons: list[str] = [reason or "" for reason in table["reason"].to_pylist()]
    for at in np.flatnonzero(~np.isin(np.asarray(kinds), _VERTICES)):
        if cells[at].startswith(_OPAQUE) and _is_opaque(cells[at]):
            canonical[at], valid[at] = cells[at], True
        else:
            canonical[at] = None
            reasons[at] = reasons[at] or _REASONS.get(PartyKind(kinds[at]), "unreadable")
    return canonical, valid, reasons


def _is_opaque(text: str) -> bool:
    try:
        return canonical_kind(text) is PartyKind.OPAQUE
    except InputError:
        return False
