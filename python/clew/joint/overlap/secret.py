"""One side's secrets of one check, or of one published set: all out of 32 random bytes (spec 3).

They stand in the state folder while the check lasts and are destroyed with it. Nothing here shows or copies them.
"""

from __future__ import annotations

import hashlib
from typing import Final, NoReturn, final

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.effects import Randomness
from clew.joint import group
from clew.joint.overlap.labels import BLIND, EXCHANGE, KEY
from clew.joint.overlap.order import Bytes

__all__ = ["HASH_TO_GROUP", "MODE_VOPRF", "SEED", "Secret", "finalised", "hashed", "require_proof"]

SEED: Final = 32
MODE_VOPRF: Final = 1
HASH_TO_GROUP: Final = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512"
"""Domain separation tag of RFC 9497 for ristretto255-SHA512 in VOPRF mode."""


@final
class Secret:
    """32 random bytes, and the scalars and keys that are derived from them."""

    __slots__ = ("_seed",)

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED:
            raise ValueError("a seed has 32 bytes")
        self._seed = seed

    @classmethod
    def generate(cls, randomness: Randomness) -> Secret:
        """A new secret."""
        return cls(randomness(SEED))

    def blinded(self, numbers: pa.Array) -> Bytes:
        """``r H(number)`` for each canonical number, in order, one ``r`` for all (spec 3.1); shape (n, 32)."""
        return group.hash_and_multiply(numbers, HASH_TO_GROUP, self._scalar(BLIND))

    def blinded_with_proof(self, numbers: pa.Array, randomness: Randomness) -> tuple[bytes, bytes]:
        """``R = r G``, and the proof that :meth:`blinded` gave every one of ``numbers`` this one ``r`` (spec 3.6)."""
        key = group.OprfKey.from_secret(self._scalar(BLIND), MODE_VOPRF)
        return key.public, key.evaluate_with_proof(hashed(numbers), randomness(SEED))[1] if len(numbers) else b""

    def unblinded(self, evaluated: Bytes) -> Bytes:
        """``1/r P`` for each point of the partner; ``PeerError`` for what is no point."""
        return group.multiply(evaluated, self._scalar(BLIND).inverse())

    @property
    def public(self) -> bytes:
        """The public half of the evaluation key."""
        return self._key().public

    def evaluated(self, elements: Bytes) -> Bytes:
        """``k P`` for each point of the partner, in order; ``PeerError`` for what is no point."""
        return self._key().evaluate(elements)

    def evaluated_with_proof(self, elements: Bytes, randomness: Randomness) -> tuple[Bytes, bytes]:
        """The same with the proof of RFC 9497 that all of it was done with the key of :attr:`public`."""
        evaluated, proof = self._key().evaluate_with_proof(elements, randomness(SEED))
        return evaluated, proof

    def own(self, numbers: pa.Array) -> Bytes:
        """``k H(number)`` for each canonical number, in order; shape (n, 32)."""
        return group.hash_and_multiply(numbers, HASH_TO_GROUP, self._scalar(KEY))

    def exchange(self) -> X25519PrivateKey:
        """The key that this side's letters of the check are sealed with (spec 5)."""
        return X25519PrivateKey.from_private_bytes(hashlib.sha512(EXCHANGE + self._seed).digest()[:32])

    def bytes_for_state(self) -> bytes:
        """The 32 bytes: only for the state folder."""
        return self._seed

    def _scalar(self, label: bytes) -> group.SecretScalar:
        return group.SecretScalar.from_wide(hashlib.sha512(label + self._seed).digest())

    def _key(self) -> group.OprfKey:
        return group.OprfKey.from_secret(self._scalar(KEY), MODE_VOPRF)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be copied, pickled or serialised")


def hashed(numbers: pa.Array) -> Bytes:
    """``H(number)`` for each canonical number, in order; shape (n, 32)."""
    return group.hash_to_group(numbers, HASH_TO_GROUP)


def require_proof(elements: Bytes, evaluated: Bytes, proof: bytes, public: bytes) -> None:
    """Return if ``proof`` shows that ``evaluated`` is ``elements`` times the key of ``public``; else ``PeerError``."""
    group.verify_evaluation(elements, evaluated, proof, public)


def finalised(number: str, point: bytes) -> bytes:
    """The OPRF's output for a number and its unblinded point ``k H(number)`` (RFC 9497, 3.3.1, Finalize); 64 bytes.

    Only who holds the number *and* had it evaluated, or has the key, can compute it.
    """
    text = number.encode("ascii")
    framed = len(text).to_bytes(2, "big") + text + len(point).to_bytes(2, "big") + point
    return hashlib.sha512(framed + b"Finalize").digest()
