"""Keys at rest: what a node keeps on its disk is encrypted under keys that its passphrase opens (spec node 3).

ChaCha20-Poly1305 (RFC 8439) with random nonces; HKDF-SHA-256 (RFC 5869) from the identity's secret.
"""

from __future__ import annotations

from typing import Final, NoReturn, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clew.effects import Randomness
from clew.errors import StorageError
from clew.warrants.keys import SigningKey

__all__ = ["SealingKey", "derive"]

_NONCE: Final = 12


def derive(identity: SigningKey, purpose: str) -> bytes:
    """32 secret bytes for one purpose, from the node's identity."""
    return HKDF(SHA256(), 32, None, f"clew/1 node {purpose}".encode()).derive(identity.secret_bytes())


@final
class SealingKey:
    """A key that hides bytes on the disk; hidden in ``repr`` and never serialised but by :meth:`seal` of another."""

    __slots__ = ("_cipher", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._cipher = ChaCha20Poly1305(raw)

    def __repr__(self) -> str:
        return "SealingKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled")

    def seal(self, plain: bytes, place: str, randomness: Randomness) -> bytes:
        """``plain`` hidden, for one place: it opens nowhere else."""
        nonce = randomness(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What :meth:`seal` hid for this place; ``StorageError`` if it is something else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise StorageError(
                "node.altered",
                "an entry of the node's database was changed, moved, or belongs to another node",
                mend="Keep the database as it is, and restore the whole node folder from a backup.",
            ) from error

    def wrap(self, other: SealingKey, place: str, randomness: Randomness) -> bytes:
        """Another key, hidden under this one."""
        return self.seal(other._raw, place, randomness)

    def unwrap(self, sealed: bytes, place: str) -> SealingKey:
        """The key that :meth:`wrap` hid."""
        return SealingKey(self.open(sealed, place))
