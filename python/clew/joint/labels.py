"""The digest of labelled fields, and every label that the joint trace hashes in Python (spec protocol 2.2).

Labels of group arithmetic and proofs stand in ``crates/clew-core`` (``spec/core.md``); none of them is used here.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

__all__ = [
    "APPROVAL",
    "CASE_ORDER",
    "COMMITMENTS",
    "COUPLES",
    "COUPLE_LEAF",
    "EVIDENCE",
    "GIVEN",
    "HOP",
    "KEYS",
    "MESSAGE",
    "NUMBERS",
    "NUMBER_LEAF",
    "POSSESSION",
    "REASON",
    "RECOGNISE",
    "RECORDS",
    "ROW",
    "SALT",
    "SEED",
    "SEEDS",
    "SNAPSHOT",
    "STREAM",
    "TRACE",
    "UNMASK",
    "digest",
    "expand",
]

TRACE: Final = b"clew/1 trace"
CASE_ORDER: Final = b"clew/1 case-order"
COMMITMENTS: Final = b"clew/1 commitments"
KEYS: Final = b"clew/1 keys"
POSSESSION: Final = b"clew/1 possession"
NUMBERS: Final = b"clew/1 numbers"
NUMBER_LEAF: Final = b"clew/1 number-leaf"
COUPLES: Final = b"clew/1 couples"
COUPLE_LEAF: Final = b"clew/1 couple-leaf"
SALT: Final = b"clew/1 salt"
SEED: Final = b"clew/1 seed"
RECORDS: Final = b"clew/1 records"
SNAPSHOT: Final = b"clew/1 snapshot"
ROW: Final = b"clew/1 row"
SEEDS: Final = b"clew/1 seeds"
RECOGNISE: Final = b"clew/1 recognise"
HOP: Final = b"clew/1 hop"
EVIDENCE: Final = b"clew/1 evidence"
APPROVAL: Final = b"clew/1 approval"
UNMASK: Final = b"clew/1 unmask"
STREAM: Final = b"clew/1 stream"
GIVEN: Final = b"clew/1 given"
REASON: Final = b"clew/1 reason"
MESSAGE: Final = b"clew/1 message"


def digest(label: bytes, *fields: bytes) -> bytes:
    """32 bytes that stand for the label and the fields in this order: SHA-512, every part led by its length."""
    hashed = hashlib.sha512()
    for part in (label, *fields):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.digest()[:32]


def expand(seed: bytes, purpose: bytes, size: int, offset: int = 0) -> bytes:
    """``size`` bytes from ``offset`` on of a stream that only who knows ``seed`` can tell from random bytes.

    ChaCha20 under a key derived from both; a stream has at most 2^38 bytes.
    """
    block, skip = divmod(offset, 64)
    nonce = block.to_bytes(4, "little") + bytes(12)
    stream = Cipher(ChaCha20(digest(STREAM, seed, purpose), nonce), mode=None).encryptor()
    return stream.update(bytes(skip + size))[skip:]
