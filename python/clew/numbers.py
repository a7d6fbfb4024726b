"""Parties: the canonical form of a number, its kind, and the 64-bit key that stands for it in every table.

Source: ``spec/records.md``, section 2. E.164 is ITU-T Recommendation E.164 (11/2010).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from enum import IntEnum

from clew.errors import InputError

__all__ = [
    "E164_MAX_DIGITS",
    "VERTEX_KINDS",
    "PartyKind",
    "canonical_kind",
    "is_comment",
    "is_vertex",
    "may_hold_number",
    "party_key",
]

E164_MAX_DIGITS = 15

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_LONG_DIGITS = re.compile(r"\d(?:[ ().\-/_\u2010-\u2015\u2212]?\d){5,}")
_DATE = re.compile(r"(?<!\d)(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?!\d)")
_OPAQUE = re.compile(r"id:[a-z0-9][a-z0-9._-]{0,31}:[!-~]{1,128}", re.ASCII)


class PartyKind(IntEnum):
    """What stands at one end of a record (spec 2.1)."""

    WITHHELD = 0  # no number was given
    E164 = 1
    OPAQUE = 2  # an anonymised identifier, id:NAMESPACE:TEXT
    SHORT = 3  # a short code, short:CC:DIGITS
    SENDER = 4  # an alphanumeric sender name, sender:TEXT
    SIP = 5  # a SIP address that holds no telephone number, sip:USER@HOST
    UNKNOWN = 6  # could not be read as a number; kept, never guessed


VERTEX_KINDS = frozenset({PartyKind.E164, PartyKind.OPAQUE})
"""Only these can be vertices of a graph (spec 2.2)."""


def canonical_kind(text: str) -> PartyKind:
    """The kind of a *vertex* written in canonical form; raises ``InputError`` for anything else.

    The number itself is not repeated in the error.
    """
    if _E164.fullmatch(text):
        return PartyKind.E164
    if _OPAQUE.fullmatch(text):
        return PartyKind.OPAQUE
    raise InputError(
        "number.not-canonical",
        "a number is not in canonical form",
        mend="Write +COUNTRY and digits (at most 15), or id:NAMESPACE:TEXT for an anonymised identifier.",
    )


def is_comment(line: str) -> bool:
    """Whether a line of a file of numbers is a comment: ``#``, and no digit of any script directly behind it.

    ``#31#`` and a number is a number (spec 2.5). Signs that show nothing, such as marks of direction, do not count.
    """
    shown = (sign for sign in line if unicodedata.category(sign) not in ("Cf", "Mn"))
    return next(shown, "") == "#" and not next(shown, "").isdecimal()


def may_hold_number(text: str, *, dates: bool = False) -> bool:
    """Whether a text may hold a telephone number: six digits of any script or more, one sign at most between two.

    With ``dates`` one such as 2026-03-02 may stand in it.
    """
    return _LONG_DIGITS.search(_DATE.sub("x", text) if dates else text) is not None


def is_vertex(kind: int) -> bool:
    """Whether a party of this kind can be a vertex."""
    return kind in VERTEX_KINDS


def party_key(canonical: str) -> int:
    """The signed 64-bit key of a party's canonical text (spec 2.3).

    ``+`` and digits give the digits as an integer, so the key of an E.164 number is exact and can be turned back.
    Every other text gives ``-1 - (SHA-256(text) >> 194)``: 62 bits, always negative, so that the two ranges never
    meet. An import that finds two texts with one key refuses (spec 2.3).
    """
    if _E164.fullmatch(canonical):
        return int(canonical[1:])
    return -1 - (int.from_bytes(hashlib.sha256(canonical.encode()).digest(), "big") >> 194)
