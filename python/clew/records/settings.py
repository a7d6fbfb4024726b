"""What a person may say about a file beforehand: the keys of a profile, and four words that set several at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from clew.errors import InputError, UsageError
from clew.numbers import may_hold_number
from clew.records.profile_check import (
    check_form,
    check_format,
    check_zone,
    country_named,
    is_country,
    is_encoding,
)
from clew.records.profile_file import KIND_WORDS

__all__ = ["SETTINGS", "check_settings", "parse_settings"]

SETTINGS: Final = (
    "form",  # the number form of both columns
    "country",  # completes a national, mixed or SIP form
    "direction",  # turn or keep: whether incoming lines are turned round; outgoing or incoming: what every line is
    "name",
    "operator",
    "description",
    "file.encoding",
    "file.delimiter",
    "file.quote",
    "file.header_lines",
    "a.column",
    "a.form",
    "a.routing_prefixes",
    "b.column",
    "b.form",
    "b.routing_prefixes",
    "start.columns",
    "start.format",
    "start.zone",
    "start.calendar",
    "duration.column",
    "duration.unit",
    "duration.missed",
    "kind.column",
    "kind.constant",
    "direction.column",
    "direction.outgoing",
    "direction.incoming",
    "identifiers.imei",
    "identifiers.imsi",
    "identifiers.record",
    "identifiers.call",
    "drop.content",
    "drop.location",
    "drop.traits",
    "footer.prefix",
    "footer.count",
    "merge.tolerance",
)
"""``kind.words.WORD`` may be set as well."""

_NUMBERS: Final = ("file.header_lines", "merge.tolerance")
_LISTS: Final = (
    "a.routing_prefixes",
    "b.routing_prefixes",
    "start.columns",
    "duration.missed",
    "direction.outgoing",
    "direction.incoming",
    "drop.content",
    "drop.location",
    "drop.traits",
)


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """``KEY=VALUE`` texts as answers for :func:`clew.records.sniff.sniff`; ``UsageError`` for an unknown key.

    A list is written with commas, or as a TOML list where an item holds one.
    """
    answers: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            mend = f"For example {key}=…" if key in SETTINGS else "For example --set duration.missed=0."
            raise UsageError("import.setting", "a setting is written KEY=VALUE", where=_harmless(key), mend=mend)
        if key not in SETTINGS and not (key.startswith("kind.words.") and len(key) > len("kind.words.")):
            near = difflib.get_close_matches(key, SETTINGS, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(SETTINGS)}."
            raise UsageError("import.setting", "a profile has no such setting", where=_harmless(key), mend=mend)
        answers[key] = _value(key, value)
    return answers


def check_settings(answers: Mapping[str, Any]) -> None:
    """Return if each answer can be right by itself; ``InputError`` ``profile.value`` names the first key that cannot.

    The answer itself is never said again: somebody may have written a number in its place.
    """
    for key, answer in answers.items():
        try:
            f"{key}={answer}".encode()
        except UnicodeEncodeError as error:
            raise InputError(
                "profile.value",
                "this was not typed as UTF-8",
                where=_harmless(key),
                mend="Set the terminal to UTF-8, or write it into a profile and name that with --profile.",
            ) from error
        check = _CHECKS.get("kind.words" if key.startswith("kind.words.") else key)
        if check is None:
            continue
        try:
            check(str(answer))
        except InputError as error:
            raise InputError("profile.value", error.what, where=_harmless(key), mend=error.mend) from error


def _harmless(key: str) -> str:
    """The key, unless somebody may have written a number in its place."""
    return "--set" if may_hold_number(key) else key


def _form(text: str) -> None:
    # Without a country or namespace it is half an answer, and the rest is asked for.
    if text.rstrip(":") not in ("national", "mixed", "sip", "opaque"):
        check_form(text)


def _country(text: str) -> None:
    if not is_country(text):
        raise _wrong("this is no country with a number plan", "Write IQ, or Iraq.")


def _owner(text: str) -> None:
    if may_hold_number(text, dates=True):
        what = "this looks like a telephone number, and a profile holds none"
        raise _wrong(what, "Write whose records these are, such as zain.")


def _encoding(text: str) -> None:
    if not is_encoding(text):
        mend = "Write utf-8, utf-16, windows-1256, windows-1252 or another one-byte page."
        raise _wrong("this is not an encoding that Clew reads", mend)


def _one_of(*words: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in words:
            raise _wrong("this must be one word of a few", f"Write {', '.join(words[:-1])} or {words[-1]}.")

    return check


def _wrong(what: str, mend: str) -> InputError:
    return InputError("profile.value", what, mend=mend)


_CHECKS: Final[Mapping[str, Callable[[str], object]]] = {
    "operator": _owner,
    "name": _owner,
    "form": _form,
    "a.form": _form,
    "b.form": _form,
    "country": _country,
    "start.zone": check_zone,
    "start.format": check_format,
    "start.calendar": _one_of("gregorian", "umalqura"),
    "duration.unit": _one_of("s", "ms", "min", "h:m:s"),
    "direction": _one_of("turn", "keep", "outgoing", "incoming"),
    "kind.constant": _one_of(*(word for word in KIND_WORDS if word != "out of scope")),
    "kind.words": _one_of(*KIND_WORDS),
    "file.encoding": _encoding,
}


def _value(key: str, value: str) -> Any:
    if key == "country":
        return country_named(value) or value
    if key in _NUMBERS:
        if not (value.isascii() and value.isdigit()):
            raise UsageError("import.setting", "this must be a whole number", where=key, mend=f"For example {key}=1.")
        return int(value)
    if key not in _LISTS:
        return value
    if not value.startswith("["):
        return value.split(",")
    try:
        items = tomllib.loads(f"items = {value}")["items"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise UsageError(
            "import.setting", "this is not a list", where=key, mend='Write a,b or ["a", "b, c"].'
        ) from error
    return [item if isinstance(item, str | int) else str(item) for item in items]
