"""What a profile may say: every rule of ``docs/reference/profiles.md`` that a type cannot hold, checked at once.

Profiles come out of files, out of questions asked of a person, and out of programs; all three pass through here.
"""

from __future__ import annotations

import codecs
import difflib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final
from zoneinfo import available_timezones

import phonenumbers

from clew.errors import InputError
from clew.numbers import may_hold_number
from clew.records.patterns import PatternError, check_pattern
from clew.records.profile import Column, NumberRule, Profile, TimeRule

__all__ = ["check_form", "check_format", "check_profile", "check_zone", "country_named", "is_country", "mapped_columns"]

_OPAQUE: Final = re.compile(r"opaque:[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_OFFSET: Final = re.compile(r"[+-](0[0-9]|1[0-4]):[0-5][0-9]", re.ASCII)
_MOMENT: Final = re.compile(r"seconds-since:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_CODES: Final = re.compile(r"%(.)")
_TIME_CODES: Final = frozenset("YymdHIMSfpbz%")
_UNITS: Final = ("s", "ms", "min", "h:m:s")
_MULTIBYTE: Final = ("utf-8", "utf-16", "utf-16-le", "utf-16-be")
_TOLERANCE_LIMIT: Final = 60
_HEADER_LIMIT: Final = 1000


def check_profile(profile: Profile, where: str = "profile") -> Profile:
    """The same profile; ``InputError`` ``profile.value`` names the first key that cannot be right."""
    check = _Check(where)
    _texts(profile, check)
    _file(profile, check)
    _number(profile.a, "a", check)
    _number(profile.b, "b", check)
    _time(profile.start, check)
    _rules(profile, check)
    _columns(profile, check)
    return profile


class _Check:
    def __init__(self, where: str) -> None:
        self._where = where

    def that(self, good: bool, key: str, what: str, mend: str = "") -> None:
        if not good:
            raise InputError("profile.value", what, where=f"{self._where}: {key}", mend=mend)


def _texts(profile: Profile, check: _Check) -> None:
    for key, text, limit in (("name", profile.name, 80), ("operator", profile.operator, 80)):
        check.that(
            0 < len(text) <= limit and text == text.strip(),
            key,
            f"this must be 1 to {limit} characters",
            "Shorten it, and leave out spaces at its ends.",
        )
        check.that(
            not _has_controls(text),
            key,
            "this must not hold control characters",
            "Leave out tabs, line ends and other signs that cannot be seen.",
        )
        check.that(
            not may_hold_number(text, dates=True),
            key,
            "this looks like a telephone number, and a profile holds none",
            "Write whose records these are, such as zain.",
        )
    check.that(
        not any(sign in profile.name for sign in "/\\:\0") and not profile.name.startswith("."),
        "name",
        "a profile's name is also a file's name",
        "Leave out / \\ : and a dot at the beginning.",
    )
    check.that(len(profile.description) <= 2000, "description", "this must be at most 2000 characters")


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text)


def _file(profile: Profile, check: _Check) -> None:
    check.that(
        is_encoding(profile.encoding),
        "file.encoding",
        "this is not an encoding that Clew reads",
        "Write utf-8, utf-16, windows-1256, windows-1252 or another one-byte page.",
    )
    delimiter, quote = profile.delimiter, profile.quote
    check.that(
        len(delimiter) == 1 and delimiter.isascii() and delimiter not in '\r\n\0"' and not delimiter.isalnum(),
        "file.delimiter",
        "the delimiter is one ASCII sign",
        'Use "," ";" "|" or "\\t".',
    )
    check.that(
        quote == "" or (len(quote) == 1 and quote.isascii() and quote not in "\r\n\0" and not quote.isalnum()),
        "file.quote",
        'the quote is one ASCII sign, or "" for none',
    )
    check.that(quote != delimiter, "file.quote", "the quote and the delimiter are the same")
    check.that(
        0 <= profile.header_lines <= _HEADER_LIMIT, "file.header_lines", f"this must be 0 to {_HEADER_LIMIT} lines"
    )
    check.that(
        0 <= profile.merge_tolerance <= _TOLERANCE_LIMIT,
        "merge.tolerance",
        f"this must be 0 to {_TOLERANCE_LIMIT} seconds",
    )


def is_encoding(name: str) -> bool:
    """Whether ``name`` is a text encoding that a file of lines can be read in: UTF-8, UTF-16 or a one-byte page."""
    if name in _MULTIBYTE:
        return True
    try:
        found = codecs.lookup(name)
        return found._is_text_encoding and len("é".encode(found.name, "replace")) == 1 and b",".decode(name) == ","
    except (LookupError, ValueError, UnicodeError):
        return False


def _number(rule: NumberRule, key: str, check: _Check) -> None:
    try:
        check_form(rule.form)
    except InputError as error:
        check.that(False, f"{key}.form", error.what, error.mend)
    for prefix in rule.routing_prefixes:
        check.that(
            0 < len(prefix) <= 15 and prefix.isascii() and all(sign.isdigit() or sign in "+*#" for sign in prefix),
            f"{key}.routing_prefixes",
            "a routing prefix is 1 to 15 digits",
        )


def check_form(form: str) -> str:
    """The same number form; ``InputError`` if it is none (``docs/reference/profiles.md``, number forms)."""
    kind, colon, rest = form.partition(":")
    if form in ("e164", "international") or _OPAQUE.fullmatch(form):
        return form
    if kind in ("national", "mixed", "sip") and colon:
        if is_country(rest):
            return form
        what, mend = "the country of a number form is two capital letters, ISO 3166-1", "For example national:IQ."
    elif kind == "opaque":
        what, mend = "the namespace is 1 to 32 of a-z 0-9 . _ -", "For example opaque:study-1."
    else:
        forms = ("e164", "international", "national:CC", "mixed:CC", "sip:CC", "opaque:NAMESPACE")
        near = difflib.get_close_matches(form, forms, n=1)
        what = "this is not a number form"
        mend = f"Did you mean {near[0]}?" if near else f"The forms are {', '.join(forms)}."
    raise InputError("profile.value", what, where="form", mend=mend)


def is_country(code: str) -> bool:
    """Whether ``code`` is a country with a numbering plan, as two capital letters."""
    return code in phonenumbers.SUPPORTED_REGIONS


def country_named(text: str) -> str | None:
    """The two letters of the country that a person names, by them or by its name in Arabic, French or English."""
    text = text.strip()
    return text.upper() if is_country(text.upper()) else _countries().get(text.casefold())


@cache
def _countries() -> dict[str, str]:
    """Names to letters; a name that two countries have is none."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names: dict[str, set[str]] = {}
    for code in phonenumbers.SUPPORTED_REGIONS:
        in_languages = LOCALE_DATA.get(code, {})
        for language in ("en", "fr", "ar"):
            name = in_languages.get(language, "")
            # "*en" stands for: as in English.
            name = in_languages.get(name[1:], "") if name.startswith("*") else name
            names.setdefault(name.casefold(), set()).add(code)
    return {name: codes.pop() for name, codes in names.items() if name and len(codes) == 1}


def _time(rule: TimeRule, check: _Check) -> None:
    check.that(len(rule.columns) in (1, 2), "start.columns", "a start is one column, or a date and a time")
    check.that(len(set(rule.columns)) == len(rule.columns), "start.columns", "one column is named twice")
    for key, value, one in (("start.format", rule.format, check_format), ("start.zone", rule.zone, check_zone)):
        try:
            one(value)
        except InputError as error:
            check.that(False, key, error.what, error.mend)
    if rule.calendar == "umalqura":
        check.that("%Y" in rule.format, "start.calendar", "Hijri dates are read with a format that has %Y")


def check_format(text: str) -> str:
    """The same time format; ``InputError`` if Clew cannot read times by it."""
    if text in ("iso", "epoch", "epoch-ms") or _MOMENT.fullmatch(text):
        return text
    codes = _CODES.findall(text)
    if text.startswith("seconds-since:"):
        what, mend = "the origin is a moment in UTC", "For example seconds-since:2020-01-31T00:00:00Z."
    elif not codes:
        what, mend = "this is not a time format", "Write iso, epoch, epoch-ms, seconds-since:MOMENT or %d/%m/%Y %H:%M."
    elif unknown := [code for code in codes if code not in _TIME_CODES]:
        what, mend = f"%{unknown[0]} is not read in a time", "Known: %Y %y %m %d %H %I %M %S %f %p %b %z."
    elif _incomplete(codes):
        what, mend = "the format must hold a year, a month, a day and an hour", "For example %Y-%m-%d %H:%M:%S."
    elif len(set(codes) - {"%"}) != len([code for code in codes if code != "%"]):
        what, mend = "the format names a part twice", "For example %Y-%m-%d %H:%M:%S."
    elif "\n" in text or len(text) > 80:
        what, mend = "the format is too long for one line", ""
    else:
        return text
    raise InputError("profile.value", what, where="format", mend=mend)


def _incomplete(codes: list[str]) -> bool:
    has = set(codes)
    hour = "H" in has or {"I", "p"} <= has
    return not ({"Y", "y"} & has and {"m", "b"} & has and "d" in has and hour) or {"Y", "y"} <= has or {"m", "b"} <= has


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_zone(zone: str) -> str:
    """The same zone: ``UTC``, ``+HH:MM`` or an IANA name; ``InputError`` with the nearest name if it is none."""
    if zone == "UTC" or _OFFSET.fullmatch(zone) or zone in _zones():
        return zone
    near = difflib.get_close_matches(zone, sorted(_zones()), n=1)
    mend = f"Did you mean {near[0]}?" if near else "Write UTC, +03:00, or a name such as Asia/Baghdad."
    raise InputError("profile.value", "this is not a time zone", where="zone", mend=mend)


def _rules(profile: Profile, check: _Check) -> None:
    if profile.duration is not None:
        check.that(profile.duration.unit in _UNITS, "duration.unit", f"the units are {', '.join(_UNITS)}")
    if profile.kind.words:
        check.that(profile.kind.column is not None, "kind.column", "words for kinds need the column they stand in")
    if profile.direction is not None:
        out, back = set(profile.direction.outgoing), set(profile.direction.incoming)
        check.that(bool(out) and bool(back), "direction", "say the words for outgoing and for incoming")
        check.that(not out & back, "direction", "one word is both outgoing and incoming")
    if profile.footer is not None:
        check.that(profile.footer.prefix != "", "footer.prefix", "an empty prefix would make every line a footer")
        if profile.footer.count is not None:
            _pattern(profile.footer.count, "footer.count", check, group=True)
    if profile.recognise is not None:
        header, fits = profile.recognise.header, profile.recognise.fits
        check.that(len(header) >= 2 and profile.header_lines >= 1, "recognise.header", "write the whole header line")
        for column, text in fits.items():
            check.that(column in header, f"recognise.fits.{column}", "this column is not in the header")
            _pattern(text, f"recognise.fits.{column}", check)


def _pattern(text: str, key: str, check: _Check, *, group: bool = False) -> None:
    try:
        check_pattern(text, group=group)
    except PatternError as error:
        check.that(
            False,
            key,
            f"this pattern cannot be used: {error}",
            "Patterns are those of RE2, which reads every line in bounded time: no look-around, no backreferences.",
        )


def mapped_columns(profile: Profile) -> Iterator[tuple[str, Column]]:
    """Every column the profile names, with the key that names it: those kept first, then those dropped."""
    yield "a.column", profile.a.column
    yield "b.column", profile.b.column
    yield from (("start.columns", column) for column in profile.start.columns)
    if profile.duration is not None:
        yield "duration.column", profile.duration.column
    if profile.kind.column is not None:
        yield "kind.column", profile.kind.column
    if profile.direction is not None:
        yield "direction.column", profile.direction.column
    for key, column in (
        ("identifiers.imei", profile.imei),
        ("identifiers.imsi", profile.imsi),
        ("identifiers.record", profile.operator_record),
        ("identifiers.call", profile.call),
    ):
        if column is not None:
            yield key, column
    for key, columns in (("content", profile.content), ("location", profile.location), ("traits", profile.traits)):
        yield from ((f"drop.{key}", column) for column in columns)


_SHARED: Final = {
    frozenset({"kind.column", "direction.column"}),  # one word often says both: MOC, SMS-MT
    frozenset({"identifiers.record", "identifiers.call"}),
}


def _columns(profile: Profile, check: _Check) -> None:
    seen: dict[Column, str] = {}
    for key, column in mapped_columns(profile):
        if isinstance(column, str):
            check.that(column.strip() != "", key, "a column's name is empty")
            check.that(
                profile.header_lines >= 1,
                key,
                "a file without a header has no column names",
                "Write a position from 0.",
            )
        else:
            check.that(0 <= column < 10_000, key, "a column's position counts from 0")
        before = seen.get(column)
        check.that(
            before is None or frozenset({before, key}) in _SHARED,
            key,
            f"this column is also {before}",
            "A column can be only one thing; what is dropped can be nothing else.",
        )
        seen[column] = key
