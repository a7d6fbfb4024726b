"""The file of a published set: who keeps it, under which key, and one filter for each time numbers were added (spec 7).

The file only grows: an older copy is the beginning of a newer one, so a client fetches what is new. Each segment is
signed over a hash that chains it to those before it; the last hash is the set's digest.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, final

import numpy as np
import numpy.typing as npt

from clew.errors import InputError, PeerError, Refused
from clew.joint.overlap.filter import TagFilter, filter_of, parse_filter
from clew.joint.overlap.labels import SET, SET_SEGMENT
from clew.joint.overlap.limits import LARGEST
from clew.joint.overlap.order import Bytes
from clew.joint.overlap.wire import DIGEST, POINT
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["Published", "new_set", "open_set", "with_segment"]

_SIGNATURE: Final = 64
_SEGMENTS: Final = 1024
_HEAD: Final = len(SET) + DIGEST + POINT


@final
@dataclass(frozen=True, eq=False, repr=False)
class Published:
    """A published set whose signatures were verified. ``owner`` is the id of the key that signed it."""

    owner: bytes
    public: bytes
    filters: tuple[TagFilter, ...]
    signatures: tuple[bytes, ...]

    @property
    def digests(self) -> tuple[bytes, ...]:
        """The digest of the set as it was after each segment."""
        head = hashlib.sha256(_head(self.owner, self.public)).digest()
        encoded = ((number, found.encode()) for number, found in enumerate(self.filters))
        chain = accumulate(encoded, lambda before, one: _chained(before, *one), initial=head)
        return tuple(chain)[1:]

    @property
    def digest(self) -> bytes:
        """The SHA-256 that names the set as it is now."""
        return self.digests[-1]

    @property
    def listed(self) -> int:
        """How many numbers are in it."""
        return sum(len(found) for found in self.filters)

    def holds(self, tags: Bytes) -> npt.NDArray[np.bool_]:
        """For each tag whether it is in the set; a wrong yes once in 2^30 and segment."""
        found = np.zeros(len(tags), np.bool_)
        for one in self.filters:
            found |= one.holds(tags)
        return found

    def encode(self) -> bytes:
        """The bytes of the file."""
        parts = [_head(self.owner, self.public)]
        for found, signature in zip(self.filters, self.signatures, strict=True):
            data = found.encode()
            parts += [struct.pack(">I", len(data)), data, signature]
        return b"".join(parts)

    def __repr__(self) -> str:
        return f"Published(listed={self.listed}, segments={len(self.filters)})"


def new_set(owner: SigningKey, public: bytes, tags: Bytes) -> Published:
    """A set of one segment."""
    return _signed(Published(bytes.fromhex(owner.public.id), public, (), ()), owner, tags)


def with_segment(before: Published, owner: SigningKey, tags: Bytes) -> Published:
    """The set with the tags of numbers that were not in it."""
    if before.owner.hex() != owner.public.id:
        raise InputError(
            "overlap.set-owner",
            "this set was published under another signing key",
            mend="Add to it with the key that began it, or publish a new one.",
        )
    return _signed(before, owner, tags)


def open_set(data: bytes, owner: PublicKey) -> Published:
    """The set in a file, if ``owner`` signed all of it; ``InputError`` for what is no set, ``Refused`` if altered."""
    if len(data) < _HEAD or not data.startswith(SET):
        raise _malformed("it does not begin as one of version 1 does")
    who, public = data[len(SET) : len(SET) + DIGEST], data[len(SET) + DIGEST : _HEAD]
    if who.hex() != owner.id:
        raise Refused(
            "overlap.set-signer",
            "this set is of another owner than the partner that was named",
            mend="Give the public key of the partner that the set comes from.",
        )
    filters: list[TagFilter] = []
    signatures: list[bytes] = []
    at = _HEAD
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        end = at + 4 + size + _SIGNATURE
        if end > len(data) or len(filters) == _SEGMENTS:
            raise _malformed("it ends too early, or has too many segments")
        filters.append(parse_filter(data[at + 4 : at + 4 + size]))
        signatures.append(data[end - _SIGNATURE : end])
        at = end
    found = Published(who, public, tuple(filters), tuple(signatures))
    if not 0 < found.listed <= LARGEST:
        raise _malformed("it holds nothing, or too much")
    for digest, signature in zip(found.digests, found.signatures, strict=True):
        _verify(owner, signature, digest)
    return found


def _signed(before: Published, owner: SigningKey, tags: Bytes) -> Published:
    if len(before.filters) == _SEGMENTS:
        raise InputError("overlap.set-full", "a set has at most 1,024 segments", mend="Publish a new one.")
    added = Published(before.owner, before.public, (*before.filters, filter_of(tags)), ())
    signature = owner.sign(SET_SEGMENT + added.digest)
    return Published(added.owner, added.public, added.filters, (*before.signatures, signature))


def _verify(owner: PublicKey, signature: bytes, digest: bytes) -> None:
    try:
        owner.verify(signature, SET_SEGMENT + digest)
    except Refused as error:
        raise PeerError(
            "overlap.set-altered",
            "a signature of this set does not fit: it was changed on the way",
            mend="Ask the partner for the file again, and compare its digest.",
        ) from error


def _head(owner: bytes, public: bytes) -> bytes:
    return SET + owner + public


def _chained(before: bytes, number: int, segment: bytes) -> bytes:
    return hashlib.sha256(SET_SEGMENT + before + struct.pack(">I", number) + segment).digest()


def _malformed(why: str) -> InputError:
    return InputError(
        "overlap.set",
        f"this is not a published set as clew overlap publish writes it: {why}",
        mend="Ask the partner for the file again, and compare its digest.",
    )
