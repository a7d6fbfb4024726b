"""A check's file in the state folder: what is known of it beside its state, then the state (spec 8.2)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, fields
from typing import Final, final

from clew.errors import StorageError
from clew.joint.overlap.codec import SetAtHand, damaged, decode_state, encode_state
from clew.joint.overlap.states import State

__all__ = ["SHOWN", "About", "decode_check", "encode_check"]

SHOWN: Final = 12
"""Digits of a check's identifier that people see."""

_HASH: Final = 32
_DIGEST: Final = "[0-9a-f]{64}"
_PATTERNS: Final = {
    "check": _DIGEST,
    "role": "asker|answerer",
    "partner": _DIGEST,
    "own": _DIGEST,
    "exchange": f"({_DIGEST})?",
    "received": f"({_DIGEST})?",
    "sent": "(letter-[1-9][0-9]*)?",
}


@final
@dataclass(frozen=True, slots=True)
class About:
    """What the state folder knows of a check beside its state. Keys are ids or raw public keys, in hexadecimal."""

    check: str
    role: str  # asker, answerer
    partner: str  # public key
    partner_name: str
    own: str  # key id
    key_file: str  # where the signing key was when the check began
    exchange: str  # the partner's, empty while it is not known
    letters: int  # written and read so far
    received: str  # SHA-256 of the last letter that was read
    sent: str  # name of the last letter that was written, empty if it was answered already

    @property
    def shown(self) -> str:
        """The check's identifier, as people see it: the first twelve of its digits."""
        return self.check[:SHOWN]


def encode_check(about: About, state: State) -> bytes:
    """The bytes of a check's file: one line of JSON, its SHA-256, and the state."""
    document = _encoded(about)
    return document + b"\n" + hashlib.sha256(document).digest() + encode_state(state)


def decode_check(data: bytes, at_hand: SetAtHand) -> tuple[About, State]:
    """The check that was written; ``StorageError`` if the bytes are damaged."""
    head, _, body = data.partition(b"\n")
    if hashlib.sha256(head).digest() != body[:_HASH]:
        raise damaged()
    about = _parsed(head)
    try:
        return about, decode_state(body[_HASH:], at_hand)
    except StorageError as error:
        error.mend = f"Restore the folder from a backup, or end it with clew overlap close --check {about.shown}."
        raise


def _encoded(about: About) -> bytes:
    return json.dumps({field.name: getattr(about, field.name) for field in fields(about)}).encode()


def _parsed(head: bytes) -> About:
    """What one line of JSON says, if it is written the one way: a name in it leads to the check's folder alone."""
    try:
        found = About(**json.loads(head))
        sound = (
            type(found.letters) is int
            and found.letters >= 0
            and all(isinstance(text, str) for text in (found.partner_name, found.key_file))
            and all(re.fullmatch(pattern, getattr(found, name)) for name, pattern in _PATTERNS.items())
            and _encoded(found) == head
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged() from error
    if not sound:
        raise damaged()
    return found
