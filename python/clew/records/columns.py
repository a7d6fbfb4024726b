"""Which column of a file is what: by the words above it, else by its cells, else left open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from clew.records.profile import Column
from clew.records.schema import RecordKind
from clew.records.sniff_numbers import is_number_like
from clew.records.sniff_times import ascii_digits, formats_of, look_at_times
from clew.records.words import Direction, column_role, direction_of, fold, kind_of, unit_words

__all__ = [
    "Columns",
    "a_is_the_subscriber",
    "look_at_columns",
    "mostly_numbers",
    "plain_numbers",
    "readable_durations",
    "unit_of",
    "without_empty_end",
    "word_columns",
]

_HEADER_AMONG: Final = 20
_RARE: Final = 0.05
_WORDS: Final = 12
_WORD_LENGTH: Final = 40
_SPELLED: Final = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]+)? *[^\W\d_]+[. ]*)+")
_UNIT: Final = re.compile(r"[^\W\d_]+")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Columns:
    """The header, the records' cells and the roles found. ``roles`` maps a role to its positions, in order."""

    names: tuple[str, ...]  # header texts, or empty
    header_lines: int
    rows: tuple[tuple[str, ...], ...]  # records of the usual width
    units: tuple[int, ...]  # the unit in which each of ``rows`` stands, from 0
    width: int
    roles: Mapping[str, tuple[int, ...]]

    def __repr__(self) -> str:
        return f"Columns(width={self.width}, header_lines={self.header_lines})"

    def cells(self, position: int) -> list[str]:
        """All looked-at cells of a column."""
        return [row[position] for row in self.rows]

    def words(self, position: int) -> Counter[str]:
        """The words of a column, the most frequent first, and in how many looked-at cells each stands."""
        found = Counter(cell for cell in self.cells(position) if cell)
        return Counter(dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))))

    def one(self, role: str) -> int | None:
        """The column of a role, if there is exactly one."""
        found = self.roles.get(role, ())
        return found[0] if len(found) == 1 else None

    def reference(self, position: int) -> Column:
        """The column as a profile names it: its header text, or its position where that is empty or not unique."""
        name = self.names[position] if self.names else ""
        return name if name and self.names.count(name) == 1 else position

    def label(self, position: int) -> str:
        """The column as a person is told of it, and may name it: its header text, or its position."""
        return self.names[position] if self.names and self.names[position] else str(position)

    def choices(self, positions: Iterable[int]) -> list[str]:
        """Columns as a person can name them: one whose header stands above others too, or is empty, by position."""
        return [str(self.reference(position)) for position in positions]

    def position(self, column: Column) -> int | None:
        """Where a column stands that was named by header text or position; None if there is none."""
        if isinstance(column, int):
            return column if 0 <= column < self.width else None
        if column in self.names:
            return self.names.index(column)
        return int(column) if column.isdigit() and int(column) < self.width else None


def look_at_columns(
    units: Sequence[tuple[str, tuple[str, ...]]], header_lines: int | None = None, *, roles_known: bool = False
) -> Columns:
    """The columns of the file whose first ``units`` are given; ``header_lines`` if somebody has said it.

    With ``roles_known`` somebody knows what the columns are, and no role is looked for.
    """
    filled = [cells for raw, cells in units if raw.strip()]
    width = Counter(len(cells) for cells in filled).most_common(1)[0][0] if filled else 0
    lines = _header_lines(units, width) if header_lines is None else min(header_lines, len(units))
    names = tuple(cell.strip() for cell in units[lines - 1][1]) if lines and len(units[lines - 1][1]) == width else ()
    places = [place for place, (_, cells) in enumerate(units) if place >= lines and len(cells) == width]
    rows = tuple(tuple(cell.strip() for cell in units[place][1]) for place in places)
    roles: dict[str, list[int]] = {}
    if roles_known:
        return Columns(names, lines, rows, tuple(places), width, {})
    for position, name in enumerate(names):
        role = column_role(name)
        if role is not None:
            roles.setdefault(role, []).append(position)
    found = Columns(names, lines, rows, tuple(places), width, {})
    _by_cells(found, roles)
    return Columns(names, lines, rows, tuple(places), width, {role: tuple(at) for role, at in roles.items()})


def without_empty_end(units: Sequence[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """``units`` without the empty cells behind the last column, where only the records end with delimiters."""
    filled = [cells for raw, cells in units if raw.strip()]
    width = Counter(len(cells) for cells in filled).most_common(1)[0][0] if filled else 0
    named = 0
    for cells in filled[:_HEADER_AMONG]:
        if 1 < len(cells) < width and sum(column_role(cell) is not None for cell in cells) > 1:
            named = len(cells)
    if not named or any(any(cell.strip() for cell in cells[named:]) for cells in filled if len(cells) == width):
        return list(units)
    return [(raw, cells[:named] if len(cells) == width else cells) for raw, cells in units]


def word_columns(columns: Columns) -> list[int]:
    """The columns that hold a few short words again and again, or signs such as ``1`` and ``2``."""
    found = []
    for position in range(columns.width):
        words = columns.words(position)
        few = 1 <= len(words) <= _WORDS and len(words) * 2 <= max(2, words.total())
        if few and all(len(word) <= _WORD_LENGTH and not re.search(r"\d{3}", word) for word in words):
            found.append(position)
    return found


def _header_lines(units: Sequence[tuple[str, tuple[str, ...]]], width: int) -> int:
    """How many units stand before the first record."""
    best, line = 0, 0
    for number, (_, cells) in enumerate(units[:_HEADER_AMONG]):
        known = sum(column_role(cell) is not None for cell in cells)
        # What holds a number or a moment is a record, whatever words stand beside it.
        record = any(is_number_like(cell) or formats_of(cell) for cell in cells)
        if len(cells) == width and known > best and not record:
            best, line = known, number + 1
    if line:
        return line
    for number, (_, cells) in enumerate(units[:_HEADER_AMONG]):
        if len(cells) != width:
            continue
        # A first line without any digit above lines that have them is a header, whatever its words mean.
        following = [row for _, row in units[number + 1 : number + 11] if len(row) == width]
        digits = sum(any(sign.isdigit() for sign in cell) for cell in cells)
        below = sum(any(sign.isdigit() for sign in cell) for row in following for cell in row)
        return number + 1 if digits == 0 and below else 0
    return 0


def _by_cells(columns: Columns, roles: dict[str, list[int]]) -> None:
    """Add what cells alone prove: the start where one column holds times; words of kinds and directions."""
    taken = {position for positions in roles.values() for position in positions}
    free = [position for position in range(columns.width) if position not in taken]
    if not {"start", "date"} & roles.keys():
        times = [position for position in free if look_at_times(columns.cells(position)).formats]
        if times:
            roles["start"] = times
            free = [position for position in free if position not in times]
    for position in free:
        words = {cell for cell in columns.cells(position) if cell}
        if not words or len(words) > 40 or any(len(word) > 40 or re.search(r"\d{3}", word) for word in words):
            continue
        if "direction" not in roles and _both_ways(words):
            roles["direction"] = [position]
        if "kind" not in roles and sum(kind_of(word) is not None for word in words) * 2 > len(words):
            roles["kind"] = [position]
    if "direction" in roles and "kind" not in roles and len(roles["direction"]) == 1:
        kinds = {kind_of(cell) for cell in columns.cells(roles["direction"][0]) if cell}
        if kinds - {None, RecordKind.VOICE}:
            # One word says both: incoming, outgoing, missed.
            roles["kind"] = list(roles["direction"])
    if "kind" in roles and "direction" not in roles and len(roles["kind"]) == 1:
        words = {cell for cell in columns.cells(roles["kind"][0]) if cell}
        if _both_ways(words):
            roles["direction"] = list(roles["kind"])


def _both_ways(words: set[str]) -> bool:
    return {direction_of(word) for word in words} >= {"outgoing", "incoming"}


def plain_numbers(cells: Sequence[str]) -> bool:
    """Whether nearly all cells are written as telephone numbers are, and as identifiers of cells are not."""
    filled = [ascii_digits(cell) for cell in cells if cell]
    plain = sum(re.fullmatch(r"\+?[0-9][0-9 ()]{5,18}", cell, re.ASCII) is not None for cell in filled)
    return bool(filled) and plain >= 0.8 * len(filled)


def mostly_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(is_number_like(cell) or cell.isdigit() for cell in filled) >= 0.5 * len(filled)


def a_is_the_subscriber(columns: Columns, a: int, b: int, ways: Sequence[Direction | None]) -> bool | None:
    """True if one number stands in column A of lines both ways, False if it changes sides with the direction.

    ``ways`` are the directions of the looked-at lines, None where a line says none that is known.
    """
    sides: dict[Direction, tuple[Counter[str], Counter[str]]] = {
        "outgoing": (Counter(), Counter()),
        "incoming": (Counter(), Counter()),
    }
    for row, way in zip(columns.rows, ways, strict=True):
        if way is not None:
            sides[way][0][row[a]] += 1
            sides[way][1][row[b]] += 1
    out_a, in_a, in_b = sides["outgoing"][0], sides["incoming"][0], sides["incoming"][1]
    if not out_a or not in_a:
        return None
    number, times = out_a.most_common(1)[0]
    if times < 3 or times * 2 < out_a.total():
        return None
    stays, changes = in_a[number] * 2 > in_a.total(), in_b[number] * 2 > in_b.total()
    return stays if stays != changes else None


def unit_of(cells: Sequence[str]) -> str | None:
    """The unit that the cells prove: with colons a clock; in whole numbers only seconds can be both small and large."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return "s"
    if sum(":" in cell for cell in filled) > 0.9 * len(filled):
        return "h:m:s"
    if sum(_says_unit(cell) for cell in filled) > 0.9 * len(filled):
        return "s"  # each cell names its unit, and no other is asked of it
    whole = [int(cell) for cell in filled if re.fullmatch(r"-?[0-9]{1,9}", cell, re.ASCII)]
    if len(whole) < (1 - _RARE) * len(filled):
        return None
    longest, shortest = max(whole), min((value for value in whole if value > 0), default=0)
    return "s" if longest > 24 * 60 and 0 < shortest < 1000 else None


def _says_unit(cell: str) -> bool:
    """Whether a duration is written with its units, such as ``3m 4s``."""
    return _SPELLED.fullmatch(cell) is not None and {fold(word) for word in _UNIT.findall(cell)} <= unit_words()


def readable_durations(cells: Sequence[str], unit: str) -> int:
    """How many cells the scanner reads as durations in this unit."""
    plain = re.compile(
        r"[+-]?[0-9]{1,6}(?::[0-9]{1,6}){0,2}(?:[.,][0-9]*)?" if unit == "h:m:s" else r"[+-]?[0-9]{1,12}(?:[.,][0-9]+)?"
    )
    return sum(plain.fullmatch(cell) is not None or _says_unit(cell) for cell in cells)
