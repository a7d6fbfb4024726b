"""All messages of the overlap check, each with one spelling (``spec/overlap.md``, section 4).

A message is :data:`MAGIC`, one byte for its kind, and its fields in their order: whole numbers big-endian, points and
tags as they are, nothing left over. ``parse_message`` raises ``PeerError`` or returns a message whose ``encode()`` is
what it was given. Whether 32 bytes are a point is found out where the point is used.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np

from clew.errors import PeerError
from clew.joint.overlap.limits import LARGEST
from clew.joint.overlap.order import Bytes, Places, is_strictly_increasing

__all__ = [
    "DIGEST",
    "KINDS",
    "MAGIC",
    "NO_SET",
    "PAYLOAD",
    "PLACE",
    "POINT",
    "PROOF",
    "SEALED_PAYLOAD",
    "TAG",
    "Answer",
    "Consent",
    "Handover",
    "Message",
    "Opening",
    "Overlap",
    "Question",
    "Refusal",
    "parse_message",
]

MAGIC: Final = b"clew/1 overlap\n"
POINT: Final = 32
TAG: Final = 16
PROOF: Final = 64
PLACE: Final = 4
DIGEST: Final = 32
PAYLOAD: Final = 256
"""Bytes of a payload before it is sealed: its length in two bytes, its UTF-8 text, zero bytes."""
SEALED_PAYLOAD: Final = PAYLOAD + 16
NO_SET: Final = bytes(DIGEST)
"""In a question, in place of a published set's digest: the answer brings its own tags."""

REFUSALS: Final = ("declined", "too-few", "too-many", "too-often", "not-now")
"""What a partner hears of a refusal, and nothing more; the first code is 1."""


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Question:
    """Message 1, asker to answerer: the blinded numbers, in the order of their encodings.

    ``published`` is the digest of the answerer's published set, or :data:`NO_SET`.
    """

    kind: ClassVar[int] = 1
    asker: bytes
    answerer: bytes
    nonce: bytes
    published: bytes
    elements: Bytes

    def encode(self) -> bytes:
        return _joined(self.kind, self.asker, self.answerer, self.nonce, self.published, _rows(self.elements))

    @property
    def check(self) -> bytes:
        """The check's identifier: the SHA-256 of this message."""
        return hashlib.sha256(self.encode()).digest()

    def __repr__(self) -> str:
        return f"Question(elements={len(self.elements)})"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answer:
    """Message 2, answerer to asker: the evaluated numbers and the tags of the own list, each list in sorted order.

    With a published set ``tags`` is empty and ``listed`` the set's size.
    """

    kind: ClassVar[int] = 2
    check: bytes
    public: bytes
    listed: int
    evaluated: Bytes
    tags: Bytes

    def encode(self) -> bytes:
        numbers = struct.pack(">I", self.listed)
        return _joined(self.kind, self.check, self.public, numbers, _rows(self.evaluated), _rows(self.tags))

    def __repr__(self) -> str:
        return f"Answer(evaluated={len(self.evaluated)}, tags={len(self.tags)})"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Consent:
    """Message 3, asker to answerer: the size that was found, and that the asker agrees to learning which.

    ``payloads`` says whether the asker will hand payloads over. ``previous`` is the SHA-256 of message 2.
    """

    kind: ClassVar[int] = 3
    check: bytes
    previous: bytes
    common: int
    payloads: bool

    def encode(self) -> bytes:
        return _joined(self.kind, self.check, self.previous, struct.pack(">IB", self.common, self.payloads))

    def __repr__(self) -> str:
        return f"Consent(payloads={self.payloads})"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opening:
    """Message 4, answerer to asker: the evaluated numbers in the order of the question, and their proof.

    ``proof`` holds 64 bytes for every 65,535 numbers begun (RFC 9497, 2.2).
    """

    kind: ClassVar[int] = 4
    check: bytes
    previous: bytes
    payloads: bool
    evaluated: Bytes
    proof: bytes

    def encode(self) -> bytes:
        offered = struct.pack(">B", self.payloads)
        return _joined(self.kind, self.check, self.previous, offered, _rows(self.evaluated), _rows(_chunks(self.proof)))

    def __repr__(self) -> str:
        return f"Opening(evaluated={len(self.evaluated)}, payloads={self.payloads})"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Overlap:
    """Message 5, asker to answerer: the tags of the common numbers, sorted, and for each the proof of holding it.

    ``places`` are where the question asked about each, and ``proof`` shows that with the one blind whose public half
    ``blind`` is: 64 bytes for every 65,535 numbers begun. ``sealed`` holds one sealed payload for each tag, or none at
    all; ``salt`` goes into their keys.
    """

    kind: ClassVar[int] = 5
    check: bytes
    previous: bytes
    salt: bytes
    blind: bytes
    tags: Bytes
    places: Places
    proof: bytes
    held: Bytes
    sealed: Bytes

    def encode(self) -> bytes:
        places = np.ascontiguousarray(self.places.astype(">u4")).view(np.uint8).reshape(-1, PLACE)
        lists = (self.tags, places, _chunks(self.proof), self.held, self.sealed)
        return _joined(self.kind, self.check, self.previous, self.salt, self.blind, *map(_rows, lists))

    def __repr__(self) -> str:
        return f"Overlap(sealed={len(self.sealed) > 0})"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Handover:
    """Message 6, answerer to asker: one sealed payload for each common tag, in their order, or none at all."""

    kind: ClassVar[int] = 6
    check: bytes
    previous: bytes
    salt: bytes
    sealed: Bytes

    def encode(self) -> bytes:
        return _joined(self.kind, self.check, self.previous, self.salt, _rows(self.sealed))

    def __repr__(self) -> str:
        return f"Handover(sealed={len(self.sealed) > 0})"


@final
@dataclass(frozen=True, slots=True, eq=False)
class Refusal:
    """Either side, in place of its next message: the check ends here. ``code`` is one of :data:`REFUSALS`."""

    kind: ClassVar[int] = 7
    check: bytes
    code: str

    def encode(self) -> bytes:
        return _joined(self.kind, self.check, struct.pack(">B", REFUSALS.index(self.code) + 1))


Message = Question | Answer | Consent | Opening | Overlap | Handover | Refusal
KINDS: Final[tuple[type[Message], ...]] = (Question, Answer, Consent, Opening, Overlap, Handover, Refusal)


def parse_message(data: bytes) -> Message:
    """The message in ``data``, strictly; ``PeerError`` (``overlap.malformed``) for anything else."""
    fields = _Fields(data)
    kind = fields.byte()
    parsers = (_question, _answer, _consent, _opening, _overlap, _handover, _refusal)
    if not 1 <= kind <= len(parsers):
        raise _malformed("no message is of this kind")
    message = parsers[kind - 1](fields)
    fields.done()
    return message


def _question(fields: _Fields) -> Question:
    return Question(
        fields.raw(DIGEST), fields.raw(DIGEST), fields.raw(DIGEST), fields.raw(DIGEST), fields.sorted_rows(POINT)
    )


def _answer(fields: _Fields) -> Answer:
    found = Answer(
        fields.raw(DIGEST), fields.raw(POINT), fields.count(), fields.sorted_rows(POINT), fields.sorted_rows(TAG)
    )
    if len(found.tags) not in (0, found.listed):
        raise _malformed("the number of tags is not the size of the list")
    return found


def _consent(fields: _Fields) -> Consent:
    return Consent(fields.raw(DIGEST), fields.raw(DIGEST), fields.count(), fields.flag())


def _opening(fields: _Fields) -> Opening:
    check, previous, payloads = fields.raw(DIGEST), fields.raw(DIGEST), fields.flag()
    return Opening(check, previous, payloads, fields.rows(POINT), fields.rows(PROOF).tobytes())


def _overlap(fields: _Fields) -> Overlap:
    check, previous, salt = fields.raw(DIGEST), fields.raw(DIGEST), fields.raw(DIGEST)
    blind, tags, places = fields.raw(POINT), fields.sorted_rows(TAG), fields.rows(PLACE)
    proof, held, sealed = fields.rows(PROOF).tobytes(), fields.rows(DIGEST), fields.rows(SEALED_PAYLOAD)
    if {len(places), len(held)} != {len(tags)} or len(sealed) not in (0, len(tags)):
        raise _malformed("tags, places, proofs and payloads are not of one number")
    numbers = np.frombuffer(places.tobytes(), ">u4").astype(np.intp)
    return Overlap(check, previous, salt, blind, tags, numbers, proof, held, sealed)


def _handover(fields: _Fields) -> Handover:
    return Handover(fields.raw(DIGEST), fields.raw(DIGEST), fields.raw(DIGEST), fields.rows(SEALED_PAYLOAD))


def _refusal(fields: _Fields) -> Refusal:
    check, code = fields.raw(DIGEST), fields.byte()
    if not 1 <= code <= len(REFUSALS):
        raise _malformed("no refusal has this code")
    return Refusal(check, REFUSALS[code - 1])


class _Fields:
    """The fields of a message, taken one after the other."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise _malformed("it does not begin as a message of version 1 does")
        self._data = data
        self._at = len(MAGIC)

    def raw(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise _malformed("it ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def byte(self) -> int:
        return self.raw(1)[0]

    def flag(self) -> bool:
        value = self.byte()
        if value > 1:
            raise _malformed("a flag is 0 or 1")
        return value == 1

    def count(self) -> int:
        value = int.from_bytes(self.raw(4), "big")
        if value > LARGEST:
            raise _malformed("a list is longer than any message carries")
        return value

    def rows(self, width: int) -> Bytes:
        """A list of values of ``width`` bytes, behind its length; a view of the message, not a copy."""
        count = self.count()
        if self._at + count * width > len(self._data):
            raise _malformed("it ends too early")
        found = np.frombuffer(self._data, np.uint8, count * width, self._at).reshape(count, width)
        self._at += count * width
        return found

    def sorted_rows(self, width: int) -> Bytes:
        """As :meth:`rows`, each value greater than the one before it: no order to read anything from, no duplicate."""
        found = self.rows(width)
        if not is_strictly_increasing(found):
            raise _malformed("a list is not in strictly increasing order")
        return found

    def done(self) -> None:
        if self._at != len(self._data):
            raise _malformed("something is left over at its end")


def _joined(kind: int, *fields: bytes) -> bytes:
    return b"".join((MAGIC, bytes([kind]), *fields))


def _rows(values: Bytes) -> bytes:
    return struct.pack(">I", len(values)) + values.tobytes()


def _chunks(proof: bytes) -> Bytes:
    return np.frombuffer(proof, np.uint8).reshape(-1, PROOF)


def _malformed(why: str) -> PeerError:
    return PeerError(
        "overlap.malformed",
        f"this is not a message of the overlap check: {why}",
        mend="Ask the partner to send the letter again. If it comes the same, their software is at fault.",
    )
