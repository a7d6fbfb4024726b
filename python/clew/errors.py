"""Every error that Clew raises on purpose, with its code, whose fault it is, and its exit code.

Codes are stable and listed in ``spec/errors.md``; ``tests/docs/test_errors_page.py`` compares the two. An error
that is not one of these is a bug: it is not caught, and the command line ends with 70. No phone number ever stands
in the text of an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

__all__ = ["ClewError", "InputError", "PeerError", "Refused", "StorageError", "UsageError", "without_numbers"]

_NUMBER_DIGITS: Final = 7
_BETWEEN: Final = "[ ().\\-/_\u00a0\u2007\u2009\u202f\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_RUN: Final = re.compile(rf"\d(?:{_BETWEEN}{{0,2}}\d)*")
_DATE: Final = r"\d{8}|\d{4}[-_/.]\d\d[-_/.]\d\d|\d\d[-_/.]\d\d[-_/.]\d{4}"
_DATED: Final = re.compile(
    rf"(?P<day>{_DATE})(?:{_BETWEEN}{{1,2}}(?P<until>{_DATE}))?(?:{_BETWEEN}{{1,2}}(?P<more>\d{{1,4}}|\d{{6}}))?"
)
_DAY_FIRST: Final = re.compile(rf"(?P<day>{_DATE})(?P<gap>{_BETWEEN}{{1,2}})(?P<rest>\d.*)")
_DAY_LAST: Final = re.compile(rf"(?P<rest>.*\d)(?P<gap>{_BETWEEN}{{1,2}})(?P<day>{_DATE})")
_KEPT: Final = re.compile(
    r"((?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])"
    r"|(?<!\d)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[+-]\d\d:?\d\d)?(?!\d)"
    r"|(?<![\d.])(?:[1-9]?\d{1,2}\.){3}\d{1,3}(?=:\d{1,5}(?!\d))"
    r"|(?<=, line )[1-9]\d{0,7}\Z)"
)
"""What is no number, however many digits it has: a digest or a key's identifier, a moment, an address with its port,
the line of a file."""


def without_numbers(text: str) -> str:
    """``text`` with "…" for whatever could be a phone number: seven or more digits, written together or grouped.

    Operators name files after the number that they asked about, and people type numbers where a name belongs. What a
    reader needs stays: the days (and times of day, and counters behind them) by which daily files are told apart,
    digests, moments, addresses, lines. Takes time in proportion to the text.
    """
    parts = _KEPT.split(text)
    parts[::2] = [_RUN.sub(_shown, part) for part in parts[::2]]
    return "".join(parts)


def _shown(run: re.Match[str]) -> str:
    """A run of digits as it stands, or "…", or "…" beside the day of a file that is named after both."""
    text = run[0]
    # A plus makes a number of what else would be a day: +20 is Egypt.
    after_plus = "+" in run.string[max(0, run.start() - 2) : run.start()]
    if _digits(text) < _NUMBER_DIGITS or (_is_dated(text) and not after_plus):
        return text
    found = _DAY_FIRST.fullmatch(text)
    if found and not after_plus and _digits(found["rest"]) >= _NUMBER_DIGITS and _is_day(found["day"]):
        return f"{found['day']}{found['gap']}…"
    found = _DAY_LAST.fullmatch(text)
    if found and _digits(found["rest"]) >= _NUMBER_DIGITS and _is_day(found["day"]):
        return f"…{found['gap']}{found['day']}"
    return "…"


def _digits(text: str) -> int:
    return sum(sign.isdecimal() for sign in text)


def _is_dated(text: str) -> bool:
    """Whether all of it is a day, or two, and a time of day or a counter."""
    found = _DATED.fullmatch(text)
    if found is None or not _is_day(found["day"]):
        return False
    until, more = found["until"], found["more"] or ""
    return (until is None or _is_day(until)) and (len(more) < 4 or _is_time_of_day(more))


def _is_day(text: str) -> bool:
    """Whether eight digits are a day from 1990 to 2099, the year first or last."""
    digits = "".join(sign for sign in text if sign.isdecimal())
    orders = ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[2:4], digits[:2]))
    return any(
        1990 <= int(year) <= 2099 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31 for year, month, day in orders
    )


def _is_time_of_day(digits: str) -> bool:
    """Whether four or six digits are hours, minutes and perhaps seconds."""
    return int(digits[:2]) < 24 and all(int(digits[at : at + 2]) < 60 for at in range(2, len(digits), 2))


class ClewError(Exception):
    """What went wrong, where, and how to mend it; the base of the five below.

    ``code`` is a stable word such as ``profile.column-missing``. ``where`` names a file, line or field. ``mend``
    is one sentence that tells the reader what to do. Numbers in ``where`` are shown as "…". ``counts`` are the figures
    that ``what`` speaks of, by name, for programs: how many there were, how many are allowed.
    """

    exit_code: ClassVar[int] = 70
    fault: ClassVar[str] = "Clew's"

    def __init__(
        self, code: str, what: str, *, where: str = "", mend: str = "", counts: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.mend = mend
        self.counts = dict(counts or {})

    def __str__(self) -> str:
        place = f"{self.place}: " if self.where else ""
        mend = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what} [{self.code}]{mend}"

    def as_json(self) -> dict[str, Any]:
        """The error as the command line's ``--json`` shows it; ``counts`` only where there are any."""
        shown = {"code": self.code, "what": self.what, "where": self.place, "mend": self.mend}
        return shown | ({"counts": self.counts} if self.counts else {})

    @property
    def place(self) -> str:
        """``where`` as it may be shown: without numbers."""
        return without_numbers(self.where)


class UsageError(ClewError):
    """The command or call was used wrongly; exit 2."""

    exit_code = 2
    fault = "the caller's"


class InputError(ClewError):
    """The user's data is not what it should be; exit 3."""

    exit_code = 3
    fault = "the input's"


class Refused(ClewError):  # noqa: N818 - the word that the warrant and the protocol use
    """A warrant, a policy or a budget says no; exit 4. ``logged`` once it stands in a log."""

    exit_code = 4
    fault = "nobody's: the warrant or the policy says no"
    logged = False


class PeerError(ClewError):
    """The partner broke the protocol; exit 5."""

    exit_code = 5
    fault = "the partner's"


class StorageError(ClewError):
    """The disk, the store or the case folder failed, or somebody else holds it; exit 6."""

    exit_code = 6
    fault = "the storage's"
