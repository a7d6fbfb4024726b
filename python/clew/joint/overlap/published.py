"""The file of a published set: who keeps it, under which key, and a filter of its tags (spec 7).

Under one key nothing is ever added: whoever had numbers evaluated could try them on what comes later. A longer list is
another file under another key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
import numpy.typing as npt

from clew.errors import InputError, PeerError, Refused
from clew.joint.overlap.filter import TagFilter, filter_of, parse_filter
from clew.joint.overlap.labels import SET, SET_SIGNATURE
from clew.joint.overlap.order import Bytes
from clew.joint.overlap.wire import DIGEST, POINT
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["Published", "new_set", "open_set"]

_SIGNATURE: Final = 64
_HEAD: Final = len(SET) + DIGEST + POINT


@final
@dataclass(frozen=True, eq=False, repr=False)
class Published:
    """A published set whose signature was verified. ``owner`` is the id of the key that signed it."""

    owner: bytes
    public: bytes
    filter: TagFilter
    signature: bytes

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 that names the set."""
        return hashlib.sha256(_signed(self.owner, self.public, self.filter)).digest()

    @property
    def listed(self) -> int:
        """How many numbers are in it."""
        return len(self.filter)

    def holds(self, tags: Bytes) -> npt.NDArray[np.bool_]:
        """For each tag whether it is in the set; a wrong yes once in 2^30."""
        return self.filter.holds(tags)

    def encode(self) -> bytes:
        """The bytes of the file."""
        return _signed(self.owner, self.public, self.filter) + self.signature

    def __repr__(self) -> str:
        return f"Published(listed={self.listed})"


def new_set(owner: SigningKey, public: bytes, tags: Bytes) -> Published:
    """The set of these tags, under the key of ``public``, which no other set has."""
    found, who = filter_of(tags), bytes.fromhex(owner.public.id)
    digest = hashlib.sha256(_signed(who, public, found)).digest()
    return Published(who, public, found, owner.sign(SET_SIGNATURE + digest))


def open_set(data: bytes, owner: PublicKey) -> Published:
    """The set in a file, if ``owner`` signed it; ``InputError`` for what is no set, ``Refused`` if altered."""
    if len(data) < _HEAD + _SIGNATURE or not data.startswith(SET):
        raise _malformed("it does not begin as one of version 1 does, or was cut short")
    who, public = data[len(SET) : len(SET) + DIGEST], data[len(SET) + DIGEST : _HEAD]
    if who.hex() != owner.id:
        raise Refused(
            "overlap.set-signer",
            "this set is of another owner than the partner that was named",
            mend="Give the public key of the partner that the set comes from.",
        )
    signature = data[-_SIGNATURE:]
    try:
        owner.verify(signature, SET_SIGNATURE + hashlib.sha256(data[:-_SIGNATURE]).digest())
    except Refused as error:
        raise PeerError(
            "overlap.set-altered",
            "the signature of this set does not fit: it was changed on the way",
            mend="Ask the partner for the file again, and compare its digest.",
        ) from error
    found = Published(who, public, parse_filter(data[_HEAD:-_SIGNATURE]), signature)
    if not found.listed:
        raise _malformed("it holds nothing")
    return found


def _signed(owner: bytes, public: bytes, found: TagFilter) -> bytes:
    return SET + owner + public + found.encode()


def _malformed(why: str) -> InputError:
    return InputError(
        "overlap.set",
        f"this is not a published set as clew overlap publish writes it: {why}",
        mend="Ask the partner for the file again, and compare its digest.",
    )
