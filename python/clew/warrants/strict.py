"""Values with one spelling each, read strictly (``spec/warrant.md``, section 1).

A reader takes a value only in the spelling that the writer gives it, so that ``encode(parse(data)) == data`` or
``parse`` raises.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, final

from clew.errors import InputError

__all__ = ["Fields", "digest_text", "load_json", "moment", "moment_text", "plain_text", "write_json"]

_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_FIELD: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that words need in Persian, Urdu, Kurdish and the scripts of South Asia, between two letters;
anywhere else, and every other one, could hide or reorder text."""

_JOINED: Final = re.compile("[\u0600-\u07ff\u0840-\u0dff\u1000-\u109f\u1780-\u17ff]")
"""The blocks of these scripts."""

_SHOWS_NOTHING: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)
"""Characters that are neither controls nor spaces and show nothing: those of Unicode's default-ignorable ones that are
no format characters, and letters and signs that are drawn blank."""

_HIDING: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of what shows nothing, or nobody knows what; unassigned is what this Python's Unicode does not know."""


def malformed(what: str, where: str, mend: str = "") -> InputError:
    """The error for a value that is not written as the specification says."""
    return InputError("warrant.malformed", what, where=where, mend=mend or "Make the document with clew warrant draft.")


def load_json(data: bytes, limit: int, where: str) -> dict[str, Any]:
    """The JSON object in ``data``; no duplicate keys, no fractions, at most ``limit`` bytes."""
    if len(data) > limit:
        raise InputError(
            "warrant.too-large", f"more than {limit >> 10} KiB", where=where, mend="No warrant is that large."
        )
    if not data:
        raise malformed("the file is empty", where, "Ask for the file again, or restore it from a backup.")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except (ValueError, RecursionError) as error:
        raise malformed("this is not strict JSON", where) from error
    if not isinstance(found, dict):
        raise malformed("this is not a JSON object", where)
    return found


def write_json(document: dict[str, Any]) -> bytes:
    """The one spelling of a document: fields in their order, two spaces, UTF-8, a newline at the end."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _no_fraction(_: str) -> Any:
    raise ValueError("fractions are not used")


def moment(text: str, where: str) -> datetime:
    """The moment written ``YYYY-MM-DDTHH:MM:SSZ``, of the years 1970 to 2199."""
    if not _MOMENT.fullmatch(text):
        raise malformed("a moment is written YYYY-MM-DDTHH:MM:SSZ", where)
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise malformed("there is no such moment", where) from error
    return check_moment(found, where)


def check_moment(value: datetime, where: str) -> datetime:
    """``value`` if it is a whole second in UTC of the years 1970 to 2199."""
    if value.tzinfo is not UTC or value.microsecond or not _FIRST <= value < _LAST:
        raise malformed("a moment is a whole second in UTC, from 1970 to 2199", where)
    return value


def moment_text(value: datetime) -> str:
    """The one spelling of a moment."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def digest_text(text: str, where: str) -> str:
    """``text`` if it is a SHA-256 in 64 lower-case hexadecimal digits."""
    if not _DIGEST.fullmatch(text):
        raise malformed("a digest is 64 lower-case hexadecimal digits", where)
    return text


def plain_text(text: str, where: str, limit: int) -> str:
    """``text`` if it reads as it looks: NFC, one line, 1 to ``limit`` characters, nothing invisible.

    Characters that hide or reorder others are refused, because a signer must read what is signed; and so are two spaces
    of any sort in a row, which push what follows out of sight.
    """
    if not 0 < len(text) <= limit:
        raise malformed(f"1 to {limit} characters are needed", where)
    shown = [_category(text, place) for place in range(len(text))]
    if text != text.strip() or _SHOWS_NOTHING.search(text) or not _HIDING.isdisjoint(shown):
        raise malformed("invisible characters, line breaks, or spaces at an end", where)
    if ("Zs", "Zs") in pairwise(shown):
        raise malformed("two spaces in a row, or more", where)
    if all(category[0] in "MZ" for category in shown):
        raise malformed("there is nothing in it to read", where)
    if not unicodedata.is_normalized("NFC", text):
        raise malformed("the text is not in Unicode's composed form (NFC)", where)
    return text


def _category(text: str, place: int) -> str:
    """The Unicode category of the character at that place; of a joiner between two letters that need it, ``Lm``."""
    if text[place] in _JOINERS and 0 < place < len(text) - 1:
        around = text[place - 1], text[place + 1]
        if all(_JOINED.match(one) and unicodedata.category(one)[0] in "LM" for one in around):
            return "Lm"
    return unicodedata.category(text[place])


@final
class Fields:
    """The fields of one object, each taken once and of its type; :meth:`done` refuses what is left over."""

    def __init__(self, found: object, where: str) -> None:
        if not isinstance(found, dict):
            raise malformed("an object is needed", where)
        self._left: dict[str, Any] = dict(found)
        self.where = where

    def take(self, name: str) -> Any:
        """The value of a field that must be there."""
        if name not in self._left:
            raise malformed(f"the field {name} is missing", self.where)
        return self._left.pop(name)

    def has(self, name: str) -> bool:
        """Whether the field is there and was not taken."""
        return name in self._left

    def text(self, name: str, limit: int = 200) -> str:
        """A readable text."""
        return plain_text(self._string(name), self.at(name), limit)

    def moment(self, name: str) -> datetime:
        """A moment."""
        return moment(self._string(name), self.at(name))

    def digest(self, name: str) -> str:
        """A SHA-256 digest."""
        return digest_text(self._string(name), self.at(name))

    def integer(self, name: str) -> int:
        """A whole number."""
        value = self.take(name)
        if type(value) is not int:
            raise malformed("a whole number is needed", self.at(name))
        return value

    def strings(self, name: str) -> list[str]:
        """A list of texts, as they are."""
        value = self.take(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise malformed("a list of texts is needed", self.at(name))
        return value

    def inner(self, name: str) -> Fields:
        """The fields of an object inside this one."""
        return Fields(self.take(name), self.at(name))

    def one_of(self, name: str, words: Iterable[object]) -> None:
        """Take a field whose value must be one of ``words``."""
        value = self.take(name)
        if not any(type(value) is type(word) and value == word for word in words):
            raise malformed("this value is not known to this version", self.at(name))

    def done(self) -> None:
        """Refuse fields that nobody took."""
        if self._left:
            word = sorted(self._left)[0]
            named = word if _FIELD.fullmatch(word) else "with a strange name"  # it might be a number
            raise malformed(f"the field {named} is not known", self.where)

    def at(self, name: str) -> str:
        """Where a field stands, for an error."""
        return f"{self.where}.{name}" if self.where else name

    def _string(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str):
            raise malformed("a text is needed", self.at(name))
        return value
