"""What stands around every message between two nodes: who, to whom, when, in answer to what, signed (spec node 6).

TLS says which certificate is at the other end; this says which identity wrote the bytes, for the logs of both sides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from clew.errors import ClewError, PeerError
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["CLOCK_APART", "HEAD", "Envelope", "Kind", "open_envelope", "seal_envelope"]

_MAGIC: Final = b"clew/1 envelope\n"
_NOTHING: Final = bytes(32)
HEAD: Final = len(_MAGIC) + 64 + 1 + 8 + 32
"""Bytes of an envelope beside its body."""
CLOCK_APART: Final = 300
"""So many seconds two nodes' clocks may lie apart."""


class Kind(IntEnum):
    """What an envelope holds."""

    MESSAGE = 1  # a message of the joint trace, encoded
    WAIT = 2  # no answer yet: a state and a reason, JSON
    NOTHING = 3  # taken, and nothing to answer
    CHUNK_WANTED = 4  # trace and offset of a part of the snapshot
    CHUNK = 5  # the snapshot's size and that part


@final
@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that was opened: its signature holds. ``name`` is what an answer refers to."""

    kind: Kind
    at: int
    body: bytes
    name: bytes


def seal_envelope(
    kind: Kind, body: bytes, key: SigningKey, to: bytes, at: int, answers: bytes = _NOTHING
) -> tuple[bytes, bytes]:
    """The bytes to send from ``key``'s node to the one with the identity ``to``, and their name."""
    head = bytes([kind]) + at.to_bytes(8, "big") + answers
    signed = _signed(head, body, key.public.raw, to)
    data = _MAGIC + key.sign(signed) + head + body
    return data, _name(data)


def open_envelope(data: bytes, sender: bytes, me: bytes, answers: bytes = _NOTHING) -> Envelope:
    """The envelope in these bytes, if ``sender`` signed it for ``me``, in answer to ``answers``; else ``PeerError``.

    Whether its moment is near the own clock is for the caller to look at: :data:`CLOCK_APART`.
    """
    begin = len(_MAGIC)
    if not data.startswith(_MAGIC) or len(data) < HEAD:
        raise _bad("it is none of this version")
    signature, head, body = data[begin : begin + 64], data[begin + 64 : HEAD], data[HEAD:]
    try:
        PublicKey(sender).verify(signature, _signed(head, body, sender, me))
    except ClewError as error:
        raise _bad("its signature is not that of the partner, or it was meant for another node") from error
    if head[9:] != answers:
        raise _bad("it answers another request")
    if head[0] not in set(Kind):
        raise _bad("it holds something that this version does not know")
    return Envelope(Kind(head[0]), int.from_bytes(head[1:9], "big"), body, _name(data))


def _signed(head: bytes, body: bytes, sender: bytes, to: bytes) -> bytes:
    return _MAGIC + sender + to + head + hashlib.sha256(body).digest()


def _name(data: bytes) -> bytes:
    return hashlib.sha256(data[:HEAD]).digest()


def _bad(why: str) -> PeerError:
    return PeerError(
        "node.envelope",
        f"what the partner's node sent cannot be taken: {why}",
        mend="Compare the versions of Clew, and the fingerprints of the cards, on both sides.",
    )
