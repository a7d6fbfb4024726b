"""Which formats read a column of times, by looking at its cells; dates that fit two orders are left open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

__all__ = ["TimesSeen", "ascii_digits", "look_at_times"]

_DIGITS: Final = {ord(sign): str(index % 10) for index, sign in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}
_ISO: Final = re.compile(r"\d{4}-(\d\d)-(\d\d)[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d(:?\d\d)?))?", re.ASCII)
_EPOCH: Final = re.compile(r"1[0-9]{9}(\.\d+)?|1[0-9]{12}", re.ASCII)
_NAME: Final = "[A-Za-z\u00c0-\u00ff\u0621-\u064a]"
_PARTED: Final = re.compile(
    rf"(\d{{1,4}})([-/. ])(\d{{1,2}}|{_NAME}{{2,}}(?: {_NAME}+)?\.?)\2(\d{{4}}|\d{{2}})(?:([ T,]+)(.+))?", re.ASCII
)
_COMPACT: Final = re.compile(r"(\d{8}|\d{6}(?!\d))(?:([ T]?)(\d{4,6}(?!\d)(?:\.\d{1,6})?|\d{1,2}:.+)(.*))?", re.ASCII)
_CLOCK: Final = re.compile(
    r"(\d{1,2}):(\d\d)(?::(\d\d)(\.\d{1,6})?)?(?:( ?)([AaPp][Mm]|[صم]))?(?:( ?)(Z|[+-]\d\d:?\d\d))?", re.ASCII
)
_DENSE: Final = re.compile(r"(\d\d)(\d\d)(\d\d)?(\.\d{1,6})?(?:( ?)(Z|[+-]\d\d:?\d\d))?", re.ASCII)
_FITS: Final = 0.9
_DAYS_IN_LUNAR_MONTH: Final = 30


@final
@dataclass(frozen=True, slots=True)
class TimesSeen:
    """What the cells say. ``formats``: those that read most cells, one if the cells tell; ``coverage``: their share
    of the cells. ``own_zone``: every cell names its offset. ``hijri``: True, False, or None where years of the Hijri
    calendar may be lunar or solar."""

    formats: tuple[str, ...]
    coverage: float
    own_zone: bool
    hijri: bool | None
    arabic_digits: bool


def ascii_digits(text: str) -> str:
    """``text`` with Arabic-Indic and Persian digits as ASCII, and without invisible direction marks."""
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", text).translate(_DIGITS)


def look_at_times(cells: Sequence[str]) -> TimesSeen:
    """The formats that fit ``cells`` (start times as they stand; date and time joined by one space)."""
    plain = [ascii_digits(cell).strip() for cell in cells if cell.strip()]
    if not plain:
        return TimesSeen((), 0.0, False, False, False)
    counts: Counter[str] = Counter()
    for cell, times in Counter(plain).items():
        for text in formats_of(cell):
            counts[text] += times
    best = max(counts.values(), default=0)
    coverage = best / len(plain)
    formats = tuple(sorted(text for text, times in counts.items() if times == best)) if coverage >= _FITS else ()
    fitting = [cell for cell in plain if set(formats) & set(formats_of(cell))]
    hijri = _hijri(fitting)
    if "iso" in formats:
        explicit = tuple(text for text in formats if text != "iso")
        formats = explicit[:1] if hijri is not False and explicit else ("iso",)
    own_zone = bool(fitting) and all(
        re.search(r"(Z|[+-]\d\d:?\d\d)$", cell.partition(":")[2] or cell[8:]) for cell in fitting
    )
    return TimesSeen(formats, coverage, own_zone, hijri, any(not cell.isascii() for cell in cells))


def _hijri(cells: Iterable[str]) -> bool | None:
    years = [int(found) for cell in cells for found in re.findall(r"(?<!\d)(1[345]\d\d)(?=\D|\d{4}(?!\d))", cell)[:1]]
    if not years:
        return False
    # A solar Hijri 1430 lies in the year 2051, so later years are lunar; and no lunar month has a 31st day.
    return True if min(years) >= 1430 else None


def formats_of(cell: str) -> list[str]:
    """Every format that reads this one cell (ASCII digits)."""
    if (found := _ISO.fullmatch(cell)) and int(found[1]) <= 12 and int(found[2]) <= 31:
        return ["iso", *(_parted(parted) if (parted := _PARTED.fullmatch(cell)) else [])]
    if found := _EPOCH.fullmatch(cell):
        return ["epoch-ms" if len(cell) == 13 and not found[1] else "epoch"]
    if found := _PARTED.fullmatch(cell):
        return _parted(found)
    if found := _COMPACT.fullmatch(cell):
        return _compact(found)
    return []


def _clock(text: str | None) -> str | None:
    """The codes of a time of day, its offset included; None if it is none."""
    if text is None:
        return None
    if found := _CLOCK.fullmatch(text):
        hour = "%I" if found[6] else "%H"
        if int(found[1]) > (12 if found[6] else 23) or int(found[2]) > 59 or int(found[3] or 0) > 60:
            return None
        seconds = ":%S" if found[3] else ""
        half = f"{found[5]}%p" if found[6] else ""
        return f"{hour}:%M{seconds}{'.%f' if found[4] else ''}{half}{_offset(found[7], found[8])}"
    if found := _DENSE.fullmatch(text):
        if int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 60:
            return None
        return f"%H%M{'%S' if found[3] else ''}{'.%f' if found[4] else ''}{_offset(found[5], found[6])}"
    return None


def _offset(space: str | None, offset: str | None) -> str:
    return f"{space}%z" if offset else ""


def _parted(found: re.Match[str]) -> list[str]:
    first, sign, second, third, gap, rest = found.groups()
    clock = _clock(rest)
    if clock is None:
        return []
    dates: list[tuple[str, str, str]] = []
    if len(first) == 4 and len(third) == 2:
        dates = [("%Y", "%m", "%d"), ("%Y", "%d", "%m")] if second.isdigit() else [("%Y", "%b", "%d")]
    elif not second.isdigit():
        dates = [("%d", "%b", "%Y" if len(third) == 4 else "%y")]
    elif len(third) == 4:
        dates = [("%d", "%m", "%Y"), ("%m", "%d", "%Y")]
    elif len(first) <= 2:
        dates = [("%d", "%m", "%y"), ("%m", "%d", "%y"), ("%y", "%m", "%d")]
    parts = (first, second, third)
    return [sign.join(codes) + gap + clock for codes in dates if _possible(codes, parts)]


def _possible(codes: tuple[str, str, str], parts: tuple[str, str, str]) -> bool:
    for code, part in zip(codes, parts, strict=True):
        if code == "%m" and not 1 <= int(part) <= 12:
            return False
        if code == "%d" and not 1 <= int(part) <= 31:
            return False
        if code == "%y" and len(part) != 2:
            return False
    # Year, day, month is nobody's order unless the cells insist on it.
    return codes != ("%Y", "%d", "%m") or int(parts[1]) > 12


def _compact(found: re.Match[str]) -> list[str]:
    date, gap, time, rest = found.groups()
    clock = _clock((time or "") + (rest or "")) if time else None
    if clock is None:
        return []
    orders = ("%Y%m%d", "%d%m%Y", "%m%d%Y") if len(date) == 8 else ("%y%m%d", "%d%m%y", "%m%d%y")
    return [order + (gap or "") + clock for order in orders if _compact_possible(order, date)]


def _compact_possible(order: str, date: str) -> bool:
    place = 0
    for code in re.findall("%.", order):
        length = 4 if code == "%Y" else 2
        part = int(date[place : place + length])
        place += length
        if code == "%Y" and not (1300 <= part < 1500 or 1970 <= part < 2100):
            return False
        if (code == "%m" and not 1 <= part <= 12) or (code == "%d" and not 1 <= part <= 31):
            return False
    return True
