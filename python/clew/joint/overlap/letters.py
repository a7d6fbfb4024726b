"""Letters: a message on its way between two organisations, signed, and sealed from the second one on (spec 5).

A letter's head says who writes, to whom, in which check, and with which exchange key. The writer's Ed25519 key signs
head and body. The body of the first letter lies open (it holds blinded points); every other one is encrypted under
the two exchange keys of the check, X25519, HKDF-SHA512 and ChaCha20-Poly1305 (RFC 7748, 5869, 8439).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clew.effects import Randomness
from clew.errors import PeerError, Refused
from clew.joint.overlap.labels import LETTER, SEAL, SIGNATURE
from clew.joint.overlap.wire import DIGEST, Message, Question, parse_message
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["NO_CHECK", "Letter", "letter_limit", "open_letter", "open_question", "parse_letter", "write_letter"]

NO_CHECK: Final = bytes(DIGEST)
"""In the head of a first letter: the check gets its identifier from what is in it."""
_EXCHANGE: Final = 32
_NONCE: Final = 12
_SIGNATURE: Final = 64
_HEAD: Final = len(LETTER) + 3 * DIGEST + _EXCHANGE + _NONCE
_BYTES_A_NUMBER: Final = 16 + 4 + 32 + 272
"""The most that any message holds for one number: tag, place, proof and payload."""


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Letter:
    """A letter taken apart, its signature not verified yet. ``sender`` and ``recipient`` are ids of keys."""

    sender: bytes
    recipient: bytes
    check: bytes
    exchange: bytes
    nonce: bytes
    signature: bytes
    body: bytes

    @property
    def head(self) -> bytes:
        """Everything in front of the signature."""
        return LETTER + self.sender + self.recipient + self.check + self.exchange + self.nonce

    def encode(self) -> bytes:
        """The letter's bytes."""
        return self.head + self.signature + self.body

    def __repr__(self) -> str:
        return f"Letter(check={self.check.hex()[:12]}…, body={len(self.body)} bytes)"


def letter_limit(most: int) -> int:
    """The most bytes that a letter about lists of ``most`` numbers has."""
    return 4096 + most * _BYTES_A_NUMBER + (most >> 10)


def write_letter(
    message: Message,
    sender: SigningKey,
    recipient: PublicKey,
    own: X25519PrivateKey,
    theirs: bytes,
    randomness: Randomness,
) -> bytes:
    """The letter that holds a message; ``theirs`` is the partner's exchange key, empty for a question."""
    check = NO_CHECK if isinstance(message, Question) else message.check
    exchange = own.public_key().public_bytes_raw()
    found = Letter(
        bytes.fromhex(sender.public.id), bytes.fromhex(recipient.id), check, exchange, randomness(_NONCE), b"", b""
    )
    body = message.encode()
    if not isinstance(message, Question):
        body = ChaCha20Poly1305(_seal(own, theirs, found.head)).encrypt(found.nonce, body, found.head)
    signature = sender.sign(SIGNATURE + found.head + body)
    return found.head + signature + body


def parse_letter(data: bytes) -> Letter:
    """The letter in ``data``, taken apart; ``PeerError`` for what is none."""
    if len(data) < _HEAD + _SIGNATURE or not data.startswith(LETTER):
        raise PeerError(
            "overlap.no-letter",
            "this is not a letter of clew overlap, or it was cut short",
            mend="Give the file that the partner's clew overlap wrote, as it is.",
        )
    sizes = (DIGEST, DIGEST, DIGEST, _EXCHANGE, _NONCE, _SIGNATURE)
    ends = list(accumulate(sizes, initial=len(LETTER)))
    sender, recipient, check, exchange, nonce, signature = (data[a:b] for a, b in pairwise(ends))
    return Letter(sender, recipient, check, exchange, nonce, signature, data[ends[-1] :])


def open_question(letter: Letter, partner: PublicKey, recipient: bytes) -> Question:
    """The question in a first letter of ``partner`` to the key ``recipient``."""
    _require_written_by(letter, partner, recipient)
    if letter.check != NO_CHECK:
        raise PeerError(
            "overlap.not-first",
            "this letter belongs to a check that has begun",
            mend="Read it with clew overlap read, in the state folder of that check.",
        )
    # An exchange key that gives nothing secret is found out before anything is answered under it.
    _seal(X25519PrivateKey.from_private_bytes(bytes(32)), letter.exchange, letter.head)
    message = parse_message(letter.body)
    if not isinstance(message, Question) or (message.asker, message.answerer) != (letter.sender, recipient):
        raise _sealed()
    return message


def open_letter(letter: Letter, partner: PublicKey, recipient: bytes, own: X25519PrivateKey, theirs: bytes) -> Message:
    """The message in any other letter; ``theirs`` is the partner's exchange key, empty if it is not known yet."""
    _require_written_by(letter, partner, recipient)
    if theirs and letter.exchange != theirs:
        raise _sealed()
    try:
        key = _seal(own, letter.exchange, letter.head)
        body = ChaCha20Poly1305(key).decrypt(letter.nonce, letter.body, letter.head)
    except InvalidTag as error:
        raise _sealed() from error
    message = parse_message(body)
    if isinstance(message, Question) or message.check != letter.check:
        raise _sealed()
    return message


def _require_written_by(letter: Letter, partner: PublicKey, recipient: bytes) -> None:
    if letter.sender.hex() != partner.id:
        raise Refused(
            "overlap.other-sender",
            "the letter was written by somebody else than the partner of this check",
            mend="Ask for the key of whoever wrote it, and whether you want to answer them.",
        )
    if letter.recipient != recipient:
        raise Refused(
            "overlap.other-recipient", "the letter is not to the key that you use", mend="Use the key that it is to."
        )
    try:
        partner.verify(letter.signature, SIGNATURE + letter.head + letter.body)
    except Refused as error:
        raise PeerError(
            "overlap.signature",
            "the letter's signature does not fit: it was changed on the way",
            mend="Ask the partner to send it again.",
        ) from error


def _seal(own: X25519PrivateKey, theirs: bytes, head: bytes) -> bytes:
    """The key of one letter: of both exchange keys, and of everything that stands in its head."""
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError as error:
        raise _sealed() from error
    return HKDF(algorithm=SHA512(), length=32, salt=None, info=SEAL + head).derive(shared)


def _sealed() -> PeerError:
    return PeerError(
        "overlap.sealed",
        "the letter does not open, or what is in it does not belong to its head",
        mend="Ask the partner to send it again, from the check that it belongs to.",
    )
