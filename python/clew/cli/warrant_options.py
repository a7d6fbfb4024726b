"""Values of the warrant commands' options: moments, and whose fault a wrong value is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from clew.errors import InputError, UsageError

__all__ = ["OPTIONS", "after_day", "option_values", "read_country", "read_moment"]

OPTIONS: Final = {
    "case": "--case",
    "authority": "--authority",
    "legal_basis": "--legal-basis",
    "purpose": "--purpose",
    "by": "--by",
    "reason": "--reason",
    "seeds": "--seed",
    "window": "--from and --to",
    "begin": "--from",
    "end": "--to",
    "issued": "--issued",
    "not_before": "--not-before",
    "expires": "--expires",
    "hops": "--hops",
    "hub_limit": "--hub-limit",
    "budgets.numbers": "--numbers",
    "budgets.sources": "--sources",
    "policy.threshold": "--threshold",
    "policy.require": "--require",
    "require": "--require",
    "revocations": "--revocations",
}
"""The option that gives a field of a document or policy."""

_ABOUT_FILES: Final = ("Make the document with", "See docs/howto/warrants.md")
"""How mends begin that are for who wrote a file by hand."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


@contextmanager
def option_values(otherwise: str = "") -> Iterator[None]:
    """Turns an ``InputError`` about a value that an option gave into a ``UsageError`` that names the option.

    ``otherwise`` names the options where the field does not tell which.
    """
    try:
        yield
    except InputError as error:
        mend = error.mend if not error.mend.startswith(_ABOUT_FILES) else "Give that option another value."
        raise UsageError(
            "warrant.option", error.what, where=OPTIONS.get(error.where, otherwise or error.where), mend=mend
        ) from error


def read_moment(text: str, where: str) -> datetime:
    """The moment in UTC: a day (its beginning in UTC), or day and time with ``Z`` or an offset."""
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "warrant.no-such-day",
            "there is no such day or time",
            where=where,
            mend="Look at a calendar: a day is written year-month-day, such as 2026-03-01.",
        ) from error
    raise UsageError(
        "warrant.date",
        "this is not a day or a time with its zone",
        where=where,
        mend="Write 2026-03-01 (its beginning in UTC), 2026-03-01T08:00Z, or 2026-03-01T08:00+03:00.",
    )


def after_day(text: str, where: str) -> datetime:
    """The end of a day in UTC."""
    if not _DAY.fullmatch(text):
        raise UsageError(
            "warrant.date", "a day is needed", where=where, mend="Write year-month-day, such as 2026-03-14."
        )
    day = read_moment(text, where)
    try:
        return day + timedelta(days=1)
    except OverflowError as error:
        raise UsageError(
            "warrant.no-such-day", "the calendar ends with that day", where=where, mend="Write an earlier day."
        ) from error


def read_country(text: str, where: str) -> str:
    """The country in capital letters, if it has a number plan."""
    from clew.records.profile_check import is_country

    if not is_country(text.upper()):
        raise UsageError(
            "warrant.option",
            "a country is named by the two letters of ISO 3166-1",
            where=where,
            mend="For example IQ for Iraq, FR for France.",
        )
    return text.upper()
