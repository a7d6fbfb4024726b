"""A naive twin of the scanner, after spec/records.md section 5: one character at a time, no threads, no hurry.

It shares nothing with the scanner but the reading of numbers, which has its own tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clew.records.numbering import read_numbers
from clew.records.profile import Profile

WIDE = {"utf-16-le": "little", "utf-16-be": "big"}
LONGEST_UNIT, LONGEST_QUOTED = 1 << 20, 1 << 16


@dataclass
class Unit:
    """One unit: where it lies and what it became; ``reason`` is empty for a record."""

    offset: int
    length: int
    reason: str = ""
    record: dict[str, Any] = field(default_factory=dict)


def scan(data: bytes, profile: Profile, header: list[str], trailing: int) -> list[Unit]:
    """The units of a file; all its columns are named by ``header``, behind which lines may have ``trailing`` fields."""
    width = 2 if profile.encoding in WIDE else 1
    order = WIDE.get(profile.encoding, "little")
    codes = [int.from_bytes(data[at : at + width], order) for at in range(0, len(data) - width + 1, width)]
    shadow = "".join(chr(code) if code < 0x80 else "\xff" for code in codes) + "\xff" * (len(data) % width)
    units = []
    at = 0
    while at < len(shadow):
        end = _unit_end(shadow, at, profile, len(header))
        begin, stop = at * width, min(end * width, len(data))
        unit = Unit(begin, stop - begin)
        unit.reason = _read(data[begin:stop], unit, len(units), end - at, profile, header, trailing)
        units.append(unit)
        at = end
    return units


def _unit_end(shadow: str, at: int, profile: Profile, fields: int) -> int:
    line = shadow.find("\n", at) + 1 or len(shadow)
    quote, comma = re.escape(profile.quote), re.escape(profile.delimiter)
    if not profile.quote or profile.quote not in shadow[at:line] or line - at > LONGEST_UNIT:
        return line
    cell = rf"(?:{quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{quote}{comma}\n][^{comma}\n]*|)"
    found = re.compile(rf"{cell}(?:{comma}{cell})*\r?(?:\n|\Z)").match(shadow, at)
    if found is None:
        return line
    end = found.end()
    if end > line and (end - at > LONGEST_QUOTED or len(_cells(found.group(), profile) or []) != fields):
        return line
    return end


def _cells(text: str, profile: Profile) -> list[str] | None:
    """The fields of one unit; None if a quotation does not end properly."""
    text = text.removesuffix("\n").removesuffix("\r")
    quote, comma = profile.quote, profile.delimiter
    cells = []
    at = 0
    while True:
        if quote and text[at : at + 1] == quote:
            cell = ""
            at += 1
            while True:
                close = text.find(quote, at)
                if close < 0:
                    return None
                cell += text[at:close]
                at = close + 1
                if text[at : at + 1] != quote:
                    break
                cell += quote
                at += 1
            if at < len(text) and text[at] != comma:
                return None
        else:
            end = text.find(comma, at)
            end = len(text) if end < 0 else end
            cell, at = text[at:end], end
        cells.append(cell)
        if at >= len(text):
            return cells
        at += 1


def _read(
    raw: bytes, unit: Unit, number: int, characters: int, profile: Profile, header: list[str], trailing: int
) -> str:
    if number < profile.header_lines:
        return "header"
    if characters > LONGEST_UNIT:
        return "too-long"
    try:
        text = raw.decode("utf-8" if profile.encoding == "utf-8" else profile.encoding)
    except UnicodeDecodeError:
        return "encoding"
    if unit.offset == 0:
        text = text.removeprefix("\ufeff")
    line = text.removesuffix("\n").removesuffix("\r")
    if not line:
        return "empty"
    if profile.footer and line.startswith(profile.footer.prefix):
        return "footer"
    if "\0" in line:
        return "nul"
    cells = _cells(line, profile)
    if cells is None:
        return "quotation"
    if len(cells) < len(header):
        return "too-few-fields"
    if len(cells) not in (len(header), len(header) + trailing) or any(cells[len(header) :]):
        return "too-many-fields"
    return _record(dict(zip(header, cells, strict=False)), unit, profile)


def _record(row: dict[str, str], unit: Unit, profile: Profile) -> str:
    record: dict[str, Any] = {"flags": 0}
    assert profile.kind.column is not None
    meaning = profile.kind.words.get(row[str(profile.kind.column)].strip(" \t\r\n\x0c"))
    if isinstance(meaning, str):
        return "out-of-scope"
    record["kind"] = int(meaning or 0)
    record["flags"] |= 256 if meaning is None else 0
    ends = [(row[str(profile.a.column)], profile.a.form), (row[str(profile.b.column)], profile.b.form)]
    if profile.direction:
        word = row[str(profile.direction.column)].strip(" \t\r\n\x0c")
        if word not in (*profile.direction.incoming, *profile.direction.outgoing):
            return "direction"
        if word in profile.direction.incoming:
            ends.reverse()
    reason = _time(row[str(profile.start.columns[0])], profile.start.zone, record)
    if reason:
        return reason
    _duration(row, profile, record)
    if any(len(text.encode()) > 256 for text, _ in ends):
        return "number-too-long"
    parties = [read_numbers([text], form).to_pylist()[0] for text, form in ends]
    for name, party in zip("ab", parties, strict=True):
        record[f"{name}_kind"], record[f"{name}_key"] = party["kind"], party["key"]
        record["flags"] |= 128 if party["kind"] == 6 else 0
    if parties[0]["key"] is not None and (record["a_kind"], record["a_key"]) == (record["b_kind"], record["b_key"]):
        record["flags"] |= 8
    unit.record = record
    return ""


def _time(text: str, zone: str, record: dict[str, Any]) -> str:
    found = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?) +(\d\d?):(\d\d?):(\d\d?)", text.strip(" \t\r\n\x0c"), re.ASCII)
    if not found:
        return "time"
    try:
        local = datetime(*map(int, found.groups()))  # type: ignore[arg-type]
    except ValueError:
        # Year 0 has no days in Python; it is outside the range however it is written.
        return "time-range" if found.group(1) == "0000" and _exists(found) else "time-impossible"
    if not 1900 <= local.year < 2200:
        return "time-range"
    first = local.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()
    second = local.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset() or timedelta()
    record["flags"] |= 2 if first > second else 4 if first < second else 0
    record["start"] = (local - first).replace(tzinfo=UTC)
    record["zone_offset"] = (
        max(first, second) // timedelta(minutes=1) if first < second else first // timedelta(minutes=1)
    )
    return ""


def _exists(found: re.Match[str]) -> bool:
    try:
        datetime(2000, *map(int, found.groups()[1:]))  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def _duration(row: dict[str, str], profile: Profile, record: dict[str, Any]) -> None:
    record["duration"] = record["duration_raw"] = None
    assert profile.duration is not None
    text = row[str(profile.duration.column)]
    bare = text.strip(" \t\r\n\x0c")
    if bare in profile.duration.missed:
        record["kind"] = 3 if record["kind"] == 1 else record["kind"]
        return
    if not bare:
        return
    if named := re.fullmatch(r"([0-9\u0660-\u0669]{1,9}) ?(?:s|sec|ثانية)", bare):  # seconds that say so
        record["duration"] = int(named[1])
        return
    found = re.fullmatch(r"([+-]?)(\d{1,12})(?:[.,](\d+))?", bare, re.ASCII)
    value = int(found[2]) + int(((found[3] or "") + "000000")[:6]) / 1_000_000 if found else 0.0
    if found and not (found[1] == "-" and value) and int(value + 0.5) < 2**31:
        record["duration"] = int(value + 0.5)
        return
    record["flags"] |= 1 if found and found[1] == "-" and value else 16
    signs = " +-\u2212.,:'\u066b\u066c0123456789" + "".join(chr(at + i) for at in (0x660, 0x6F0) for i in range(10))
    record["duration_raw"] = text if len(text) <= 32 and all(sign in signs for sign in text) else None
