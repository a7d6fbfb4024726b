"""The case order: what both sides sign before any seed is named, and the identifiers that follow (spec protocol 4.1).

A trace is one run from one list of seeds. Its identifier binds the case, the stage and 32 random bytes of each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, final

from clew.errors import ClewError, PeerError
from clew.joint import labels
from clew.joint.codec import encode_fields
from clew.joint.couples import Couples
from clew.joint.labels import digest
from clew.joint.messages import Acceptance, HolderCommitments, Offer, TracerCommitments
from clew.joint.refusals import another_warrant, check_failed
from clew.warrants.authorisation import Authorisation
from clew.warrants.document import HUB_LIMITS
from clew.warrants.keys import PublicKey, SigningKey

__all__ = [
    "COARSE",
    "NORMALISER",
    "Order",
    "Roots",
    "holder_statement",
    "moment",
    "number_dst",
    "require_fits",
    "require_offer",
    "tracer_statement",
    "verify",
]

NORMALISER: Final = "clew-numbers/1"
"""Which rules gave the canonical numbers: two sides under different ones would give one number two texts."""

COARSE: Final = 0
"""The only detail level: features, and single contacts only of couples that were unmasked."""


@final
@dataclass(frozen=True, slots=True)
class Order:
    """The terms of one trace, agreed by both sides; ``digest`` is what they sign and what the warrant names."""

    offer: Offer
    holder: bytes
    holder_nonce: bytes

    @property
    def trace(self) -> bytes:
        """The trace's identifier, 32 bytes."""
        offer = self.offer
        stage = offer.stage.to_bytes(2, "big")
        return digest(labels.TRACE, offer.case.encode(), stage, offer.nonce, self.holder_nonce)

    @property
    def digest(self) -> bytes:
        """The case order's digest, 32 bytes."""
        return digest(labels.CASE_ORDER, self.trace, encode_fields(self.offer), self.holder, self.holder_nonce)

    def sign(self, key: SigningKey) -> bytes:
        """One side's signature of the order."""
        return key.sign(labels.CASE_ORDER + b"\n" + self.digest)

    @classmethod
    def accepted(cls, offer: Offer, acceptance: Acceptance) -> Order:
        """The order that the holder accepted; ``PeerError`` unless trace and signature are of this offer (spec 4.1)."""
        order = cls(offer, acceptance.holder, acceptance.nonce)
        if order.trace != acceptance.trace:
            raise check_failed("the partner accepted another offer")
        verify(order.holder, acceptance.signature, labels.CASE_ORDER + b"\n" + order.digest)
        return order


@final
@dataclass(frozen=True, slots=True)
class Roots:
    """Both sides' commitments, which the warrant names and both logs hold before any seed is signed (spec 4.6)."""

    tracer: TracerCommitments
    holder: HolderCommitments

    @property
    def digests(self) -> tuple[str, ...]:
        """The five roots in hexadecimal, in the order of the specification."""
        mine, theirs = self.tracer, self.holder
        numbers = mine.numbers.to_bytes(4, "big"), mine.numbers_root
        couples = mine.couples.to_bytes(4, "big"), mine.couples_root
        snapshot = theirs.rows.to_bytes(4, "big"), theirs.snapshot_root, theirs.seed, theirs.records
        return tuple(
            found.hex()
            for found in (
                digest(labels.NUMBERS, mine.trace, *numbers),
                digest(labels.COUPLES, mine.trace, *couples),
                mine.seed,
                digest(labels.KEYS, theirs.trace, theirs.keys),
                digest(labels.SNAPSHOT, theirs.trace, *snapshot),
            )
        )


def require_offer(offer: Offer, couples: Couples) -> None:
    """Return if the holder can accept these terms with these records (spec 4.1)."""
    if offer.begin >= offer.end or not 1 <= offer.stage <= 100 or offer.hub_limit not in HUB_LIMITS:
        raise check_failed("the partner offers terms that no warrant can have")
    if offer.detail != COARSE or offer.normaliser != NORMALISER:
        raise PeerError(
            "joint.terms",
            "the partner's Clew offers another detail level, or reads numbers by other rules",
            mend="Use the same version of Clew on both sides.",
        )
    if bool((couples.contacts[~couples.hub] > offer.hub_limit).any()):
        raise ValueError("the records were counted under another hub limit")


def tracer_statement(order: Order, found: TracerCommitments) -> bytes:
    """What the tracer signs with its commitments."""
    counts = found.numbers.to_bytes(4, "big"), found.couples.to_bytes(4, "big")
    return (
        labels.COMMITMENTS
        + b"\n"
        + digest(
            labels.COMMITMENTS, order.digest, counts[0], found.numbers_root, counts[1], found.couples_root, found.seed
        )
    )


def holder_statement(order: Order, roots: Roots) -> bytes:
    """What the holder signs with its commitments: both sides' roots."""
    return labels.COMMITMENTS + b"\n" + digest(labels.COMMITMENTS, order.digest, *map(bytes.fromhex, roots.digests))


def verify(key: bytes, signature: bytes, statement: bytes) -> bytes:
    """``statement``, if the node with this key signed it; else ``PeerError``."""
    try:
        return PublicKey(key).verify(signature, statement)
    except ClewError as error:
        raise check_failed("a signature of the partner does not fit") from error


def number_dst(trace: bytes) -> bytes:
    """The domain separation tag under which the numbers of a trace are hashed to the group."""
    return b"clew/1 number " + trace.hex().encode()


def moment(seconds: int) -> datetime:
    """A moment of the wire, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def require_fits(authorisation: Authorisation, order: Order, roots: Roots) -> None:
    """Return if the warrant is of exactly this trace, its order and its roots; else ``Refused`` (spec 5.1)."""
    offer, joint = order.offer, authorisation.joint
    bound = (authorisation.case, authorisation.stage, authorisation.begin, authorisation.end, authorisation.hub_limit)
    if bound != (offer.case, offer.stage, moment(offer.begin), moment(offer.end), offer.hub_limit):
        raise another_warrant("window, hub limit, case or stage are not those of the case order")
    if joint is None or joint.trace != order.trace.hex() or joint.case_order != order.digest.hex():
        raise another_warrant("it names another trace")
    if joint.roots != roots.digests:
        raise another_warrant("its roots are not those that both sides committed to")
