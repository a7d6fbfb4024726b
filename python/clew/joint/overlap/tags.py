"""Tags: 16 bytes that stand for a number under a key, and what only the holders of a common number can compute.

Spec 3.2 to 3.4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from clew.errors import InputError, PeerError
from clew.joint.overlap.labels import HELD, PAYLOAD_FROM_ANSWERER, PAYLOAD_FROM_ASKER
from clew.joint.overlap.order import Bytes
from clew.joint.overlap.wire import DIGEST, PAYLOAD, SEALED_PAYLOAD, TAG
from clew.warrants.strict import plain_text

__all__ = ["PAYLOAD_TEXT", "held_proofs", "open_payloads", "seal_payloads", "tags_of"]

_FIRST: Final = 8
PAYLOAD_TEXT: Final = PAYLOAD - 2
"""Bytes that the text of a payload may have in UTF-8."""
_NONCE: Final = bytes(12)


def tags_of(points: Bytes) -> Bytes:
    """Bytes 8 to 23 of each point's encoding; shape (n, 16). The lowest bit and the highest byte are not uniform."""
    return np.ascontiguousarray(points[:, _FIRST : _FIRST + TAG])


def held_proofs(outputs: Sequence[bytes], check: bytes) -> Bytes:
    """For each OPRF output what shows, in this check only, that one has it; shape (n, 32)."""
    digests = (hashlib.sha512(HELD + check + output).digest()[:DIGEST] for output in outputs)
    return _stacked(list(digests), DIGEST)


def seal_payloads(texts: Sequence[str], outputs: Sequence[bytes], check: bytes, salt: bytes, *, asker: bool) -> Bytes:
    """Each text, sealed so that it opens for the holders of its number only; shape (n, 272), whatever the texts.

    ``asker`` says which side hands them over. A key seals once: ``salt`` is new for every message.
    """
    sealed = [
        ChaCha20Poly1305(_key(output, check, salt, asker)).encrypt(_NONCE, _padded(text), None)
        for text, output in zip(texts, outputs, strict=True)
    ]
    return _stacked(sealed, SEALED_PAYLOAD)


def open_payloads(sealed: Bytes, outputs: Sequence[bytes], check: bytes, salt: bytes, *, asker: bool) -> list[str]:
    """The texts that the other side sealed; ``PeerError`` if one does not open or is not written the one way."""
    found = []
    for row, output in zip(sealed, outputs, strict=True):
        try:
            plain = ChaCha20Poly1305(_key(output, check, salt, asker)).decrypt(_NONCE, row.tobytes(), None)
            size = int.from_bytes(plain[:2], "big")
            text = plain[2 : 2 + size].decode("utf-8")
            if text:
                plain_text(text, "payload", PAYLOAD_TEXT)
        except (InvalidTag, UnicodeDecodeError, InputError) as error:
            raise _bad_payload() from error
        if _padded(text) != plain:
            raise _bad_payload()
        found.append(text)
    return found


def _key(output: bytes, check: bytes, salt: bytes, asker: bool) -> bytes:
    label = PAYLOAD_FROM_ASKER if asker else PAYLOAD_FROM_ANSWERER
    return hashlib.sha512(label + check + salt + output).digest()[:32]


def _padded(text: str) -> bytes:
    data = text.encode("utf-8")
    if len(data) > PAYLOAD_TEXT:
        raise InputError(
            "overlap.payload",
            f"a payload has at most {PAYLOAD_TEXT} bytes",
            mend="Hand over a reference, and the rest by another way.",
        )
    return (len(data).to_bytes(2, "big") + data).ljust(PAYLOAD, b"\0")


def _stacked(rows: list[bytes], width: int) -> Bytes:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), width)


def _bad_payload() -> PeerError:
    return PeerError(
        "overlap.payload-sealed",
        "a payload does not open with the number that it belongs to, or is not plain text",
        mend="Ask the partner to repeat the check. Nothing of the payloads was kept.",
    )
