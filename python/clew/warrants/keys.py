"""Ed25519 keys: the public ones that a policy pins, and the secret ones that sign (``spec/warrant.md``, section 4).

A secret key is never shown, copied, pickled or serialised except into its encrypted file
(:mod:`clew.warrants.keyfile`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final, NoReturn, final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from clew.effects import Randomness
from clew.errors import InputError, Refused

__all__ = ["PublicKey", "SigningKey"]

_PREFIX: Final = "ed25519:"
_P: Final = 2**255 - 19
_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_WEAK_Y: Final = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})
"""The y of the eight points of small order: under such a key one signature fits every document."""


@final
class PublicKey:
    """An Ed25519 public key; its id is the SHA-256 of its 32 bytes, in hexadecimal."""

    __slots__ = ("_key", "raw")

    def __init__(self, raw: bytes) -> None:
        y = int.from_bytes(raw, "little") & (2**255 - 1)
        if len(raw) != 32 or y >= _P or y in _WEAK_Y:
            raise _no_key()
        try:
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError as error:
            raise _no_key() from error
        self.raw = raw

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """The key written ``ed25519:`` and standard base64."""
        if not text.startswith(_PREFIX):
            raise _no_key()
        try:
            raw = base64.b64decode(text[len(_PREFIX) :].encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            raise _no_key() from error
        key = cls(raw)
        if key.text != text:
            raise _no_key()
        return key

    @property
    def id(self) -> str:
        """The SHA-256 of the 32 bytes, in hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def text(self) -> str:
        """``ed25519:`` and the 32 bytes in standard base64."""
        return _PREFIX + base64.standard_b64encode(self.raw).decode("ascii")

    def verify(self, signature: bytes, message: bytes) -> bytes:
        """``message``, if this key signed it; else ``Refused`` (spec 5.4).

        The library refuses signatures of another length, with ``S`` not below the group order, and with ``R`` in
        another encoding than the one that signing gives.
        """
        try:
            self._key.verify(signature, message)
        except InvalidSignature as error:
            raise Refused(
                "warrant.altered",
                "a signature does not fit: the document or the signature was changed",
                where=f"key {self.id}",
                mend="Ask for the signed warrant again, and compare its digest with the issuing authority.",
            ) from error
        return message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"PublicKey({self.id[:12]}…)"


@final
class SigningKey:
    """An Ed25519 secret key, kept out of ``repr``, ``copy`` and ``pickle``."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, randomness: Randomness) -> SigningKey:
        """A new key out of 32 bytes of ``randomness``."""
        return cls(Ed25519PrivateKey.from_private_bytes(randomness(32)))

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(message)

    def secret_bytes(self) -> bytes:
        """The 32 secret bytes: only for the encrypted key file."""
        return self._key.private_bytes_raw()

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.id[:12]}…)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret key cannot be copied, pickled or serialised")


def _no_key() -> InputError:
    return InputError(
        "key.malformed",
        "this is not an Ed25519 public key as Clew writes it",
        mend='Copy the line public = "ed25519:…" out of the holder\'s .pub.toml file.',
    )
