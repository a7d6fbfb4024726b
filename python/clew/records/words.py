"""The words of operators for columns, kinds and directions, folded so that spellings of one word meet.

The lists are in ``words.toml``; nothing is matched that is not written there, alone or as a kind beside a direction.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from clew.records.profile import Outside
from clew.records.schema import RecordKind

__all__ = [
    "column_role",
    "counts_records",
    "direction_of",
    "duration_unit",
    "fold",
    "is_footer_word",
    "kind_of",
    "likely_direction",
    "says_utc",
    "unit_words",
]

Direction = Literal["outgoing", "incoming"]

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD: Final = re.compile(r"[^\w]|_")
_ALEFS: Final = str.maketrans({"ى": "ي", "ة": "ه", "ـ": "", "ئ": "ي", "ؤ": "و", "ٱ": "ا"})


@cache
def fold(text: str) -> str:
    """``text`` without case, accents, vowel marks, punctuation and the Arabic article; words parted by one space."""
    split = _CAMEL.sub(" ", text)
    letters = unicodedata.normalize("NFKD", split.translate(_ALEFS)).translate(_ALEFS)
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign)).casefold()
    return " ".join(_article(word) for word in _NOT_WORD.sub(" ", bare).split())


def _article(word: str) -> str:
    for prefix in ("وال", "بال", "ال"):
        if word.startswith(prefix) and len(word) > len(prefix) + 1:
            return {"وال": "و", "بال": "ب", "ال": ""}[prefix] + word[len(prefix) :]
    return word


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads(files("clew.records").joinpath("words.toml").read_text("utf-8"))


@cache
def _table(section: str) -> Mapping[str, str]:
    """Folded word to what it means, of one section."""
    return {fold(word): meaning for meaning, words in _words()[section].items() for word in words}


@cache
def _filler() -> frozenset[str]:
    return frozenset(fold(word) for word in _words()["filler"])


def column_role(header: str) -> str | None:
    """What a column with this header holds: a key of ``[header]`` or ``[holds]``; None if the words do not tell."""
    words = fold(header)
    if not words:
        return None
    exact = _table("header").get(words)
    if exact in ("imei", "imsi"):
        return exact
    holds = _table("holds")
    tokens = words.split()
    if "cell phone" not in words and "message type" not in words:
        for token in tokens:
            if token in holds:
                return holds[token]
    if exact is not None:
        return exact
    inside = fold(re.sub(r"\(.*?\)|\[.*?\]", " ", header))
    bare = " ".join(token for token in inside.split() if token not in _filler() and token not in _zone_words())
    return _table("header").get(inside) or _table("header").get(bare) or ("phone" if inside and not bare else None)


def kind_of(word: str) -> RecordKind | Outside | None:
    """The kind that an operator's word says; None if it is not in the list."""
    words = fold(word)
    meaning = _table("kind").get(words) or _kind_and_direction(words)[0]
    if meaning is None:
        return None
    return "out of scope" if meaning == "outside" else RecordKind[meaning.upper()]


def direction_of(word: str) -> Direction | None:
    """The direction that an operator's word says, seen from the subscriber; None if it says none."""
    words = fold(word)
    return _direction(_table("direction").get(words) or _kind_and_direction(words)[1])


def likely_direction(word: str) -> Direction | None:
    """What a short sign for a direction often means: to be offered where it is asked for, never to be taken."""
    sign = word.strip().casefold()
    found = (way for way, signs in _words()["likely"].items() if sign in signs)
    return _direction(next(found, None))


def _direction(meaning: str | None) -> Direction | None:
    if meaning == "outgoing":
        return "outgoing"
    return "incoming" if meaning == "incoming" else None


@cache
def _kind_and_direction(words: str) -> tuple[str | None, str | None]:
    """Both meanings of folded words that are one for a kind and one for a direction ("voix sortante"), else Nones.

    A word for a direction that says another kind by itself ("missed", "sms in") stands beside no second one; and what
    can be taken apart in two ways that differ says nothing.
    """
    kinds, ways = _table("kind"), _table("direction")
    tokens = words.split()
    found = set()
    for place in range(1, len(tokens)):
        parts = (" ".join(tokens[:place]), " ".join(tokens[place:]))
        for kind, way in (parts, parts[::-1]):
            if kind in kinds and way in ways and kinds.get(way, "voice") == "voice":
                found.add((kinds[kind], ways[way]))
    return found.pop() if len(found) == 1 else (None, None)


def duration_unit(header: str) -> str | None:
    """``s``, ``min`` or ``ms`` where the header of a duration says it."""
    units = {_table("unit")[token] for token in fold(header).split() if token in _table("unit")}
    return units.pop() if len(units) == 1 else None


def unit_words() -> frozenset[str]:
    """The words for units that stand behind the figures of durations, folded."""
    return frozenset(
        (*_table("unit"), *(fold(word) for word in _words()["spelled"]["h"] + _words()["spelled"]["short"]))
    )


@cache
def _zone_words() -> frozenset[str]:
    return frozenset(_words()["zone"]["utc"])


def says_utc(header: str) -> bool:
    """Whether the header of a time says that it is in UTC (and names no offset from it)."""
    tokens = fold(header).split()
    return any(token in _zone_words() for token in tokens) and not re.search(r"[+-]\s*\d", header)


def is_footer_word(text: str) -> bool:
    """Whether a line that begins with ``text`` speaks of the file's own lines."""
    words = fold(text)
    known = {fold(word) for word in _words()["footer"]["words"]}
    return words in known or any(token in known for token in words.split())


def counts_records(text: str) -> bool:
    """Whether words beside a figure say that it counts records or lines, and is no sum of a column."""
    counted = {fold(word) for word in _words()["footer"]["counted"]}
    words = fold(text)
    return words in counted or any(token in counted for token in words.split())
