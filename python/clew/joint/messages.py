"""Every message that goes over the wire, and its one encoding (spec protocol 3).

What is sent is public between the two parties; what is kept stands in the states and is never encoded here. Points
are held as the bytes that were sent: a message says nothing about whether they are valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, get_args

from clew.joint.codec import blob, choice, encode_fields, malformed, many, parse_fields, positions, seconds, text, whole
from clew.warrants.document import SEED_LIMIT

__all__ = [
    "EVIDENCE_LIMIT",
    "LIST_LIMIT",
    "MESSAGE_LIMIT",
    "OWN_LIMIT",
    "PROTOCOL",
    "RECORDS_LIMIT",
    "Acceptance",
    "Approval",
    "Ask",
    "AskRows",
    "Close",
    "Closed",
    "HolderCommitments",
    "Message",
    "Names",
    "Offer",
    "Recognise",
    "Recognised",
    "Refusal",
    "RefusalCode",
    "Rows",
    "SealedSeeds",
    "Start",
    "TracerCommitments",
    "Unmask",
    "Unmasked",
    "UnmaskedNumber",
    "Want",
    "encode",
    "parse",
]

PROTOCOL: Final = b"clew/1"
LIST_LIMIT: Final = 1 << 20
"""So many items a list may have."""
OWN_LIMIT: Final = 1 << 22
"""So many numbers of its own a tracer may have recognised."""
MESSAGE_LIMIT: Final = 1 << 28
"""So many bytes a message may have; a transport reads no more."""
EVIDENCE_LIMIT: Final = 1 << 27
"""So many bytes the evidence of a list may have."""
RECORDS_LIMIT: Final = 1 << 26
"""So many bytes the records may have that come with unmasked numbers."""

_PROOF_LIMIT: Final = 1 << 16
_WANT_LIMIT: Final = 10_000


class RefusalCode(IntEnum):
    """All that a partner hears of why (spec 3.4)."""

    MALFORMED = 1  # not a message, or points that are none
    OUT_OF_TURN = 2  # not now, not twice, not this trace
    NOT_AUTHORISED = 3  # no warrant, another one, expired or revoked
    OVER_BUDGET = 4
    CHECK_FAILED = 5  # a seal, proof, signature or commitment is wrong: the trace has ended
    STOPPED = 6  # a person stopped it; the reason says why


@dataclass(frozen=True, slots=True)
class Offer:
    """Tracer: let us trace, with these terms (spec 4.1)."""

    case: str = text(1, 64)
    stage: int = whole(2)
    begin: int = seconds()  # the window is [begin, end)
    end: int = seconds()
    hub_limit: int = whole(4)
    detail: int = whole(1)
    normaliser: str = text(1, 64)
    nonce: bytes = blob(32)
    tracer: bytes = blob(32)  # Ed25519 public key of the tracer's node
    auditor: bytes = blob(32)  # X25519 public key that evidence is sealed to


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Holder: agreed; its signature is over the case order."""

    trace: bytes = blob(32)
    nonce: bytes = blob(32)
    holder: bytes = blob(32)  # Ed25519 public key of the holder's node
    signature: bytes = blob(64)


@dataclass(frozen=True, slots=True)
class TracerCommitments:
    """Tracer: what it commits to; its signature is over the case order and these (spec 4.3)."""

    trace: bytes = blob(32)
    numbers: int = whole(4)
    numbers_root: bytes = blob(32)
    couples: int = whole(4)
    couples_root: bytes = blob(32)
    seed: bytes = blob(32)
    signature: bytes = blob(64)


@dataclass(frozen=True, slots=True)
class HolderCommitments:
    """Holder: its keys of this trace with proofs of possession, and its snapshot (spec 4.2, 4.4)."""

    trace: bytes = blob(32)
    keys: bytes = blob(32, 4, 4)  # X, M, J, K
    possession: bytes = blob(1, 1, _PROOF_LIMIT)
    rows: int = whole(4)
    snapshot_root: bytes = blob(32)
    seed: bytes = blob(32)
    records: bytes = blob(32)
    signature: bytes = blob(64)


@dataclass(frozen=True, slots=True)
class Start:
    """Tracer: begin, under the warrant with this digest (spec 5.1)."""

    trace: bytes = blob(32)
    warrant: bytes = blob(32)


@dataclass(frozen=True, slots=True)
class SealedSeeds:
    """Holder: the seals of the warrant's points, in the warrant's order."""

    trace: bytes = blob(32)
    seals: bytes = blob(32, 1, SEED_LIMIT)
    proof: bytes = blob(1, 1, _PROOF_LIMIT)


@dataclass(frozen=True, slots=True)
class Recognise:
    """Tracer: its committed numbers, blinded, in committed order (spec 5.2)."""

    trace: bytes = blob(32)
    points: bytes = blob(32, 1, OWN_LIMIT)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Holder: their names, still blinded, in the same order."""

    trace: bytes = blob(32)
    points: bytes = blob(32, 1, OWN_LIMIT)
    proof: bytes = blob(1, 1, _PROOF_LIMIT)


@dataclass(frozen=True, slots=True)
class Ask:
    """Tracer: the one list of a hop, sealed items first, then declared ones (spec 6.1)."""

    trace: bytes = blob(32)
    hop: int = whole(1)
    sealed: bytes = blob(128, 1, LIST_LIMIT)
    declared: bytes = blob(64, 0, LIST_LIMIT)
    evidence: bytes = blob(1, 0, EVIDENCE_LIMIT)


@dataclass(frozen=True, slots=True)
class Names:
    """Holder: a name for each item, in the list's order, still blinded (spec 6.3)."""

    trace: bytes = blob(32)
    hop: int = whole(1)
    points: bytes = blob(32, 1, 2 * LIST_LIMIT)
    proof: bytes = blob(1, 1, _PROOF_LIMIT)


@dataclass(frozen=True, slots=True)
class AskRows:
    """Tracer: the positions whose rows it wants, strictly increasing (spec 6.4)."""

    trace: bytes = blob(32)
    hop: int = whole(1)
    positions: bytes = positions(2 * LIST_LIMIT)


@dataclass(frozen=True, slots=True)
class Rows:
    """Holder: a row point for each of those positions, still blinded."""

    trace: bytes = blob(32)
    hop: int = whole(1)
    points: bytes = blob(32, 1, 2 * LIST_LIMIT)
    proof: bytes = blob(1, 1, _PROOF_LIMIT)


@dataclass(frozen=True, slots=True)
class Want:
    """One vertex to be unmasked: where it was answered, its blind there, its name, and why."""

    hop: int = whole(1)
    position: int = whole(4)
    blind: bytes = blob(32)
    name: bytes = blob(32)
    reason: str = text(1, 500)


@dataclass(frozen=True, slots=True)
class Approval:
    """An approver's signature over the digest of a request to unmask."""

    key: bytes = blob(32)  # SHA-256 of the public key
    signature: bytes = blob(64)


@dataclass(frozen=True, slots=True)
class Unmask:
    """Tracer: unmask these, as the approvers of both sides have signed (spec 8.1)."""

    trace: bytes = blob(32)
    serial: int = whole(2)
    until: int = seconds()  # the approvals hold until this moment
    wants: tuple[Want, ...] = many(Want, 1, _WANT_LIMIT)
    approvals: tuple[Approval, ...] = many(Approval, 0, 64)


@dataclass(frozen=True, slots=True)
class UnmaskedNumber:
    """A number in canonical form; empty where the holder's records do not hold it."""

    number: str = text(0, 170)


@dataclass(frozen=True, slots=True)
class Unmasked:
    """Holder: the numbers in the order of the request, a proof of their names, and the records between them."""

    trace: bytes = blob(32)
    serial: int = whole(2)
    numbers: tuple[UnmaskedNumber, ...] = many(UnmaskedNumber, 1, _WANT_LIMIT)
    proof: bytes = blob(1, 0, _PROOF_LIMIT)
    records: bytes = blob(1, 0, RECORDS_LIMIT)


@dataclass(frozen=True, slots=True)
class Close:
    """Tracer: nothing more will be asked; destroy the keys (spec 9)."""

    trace: bytes = blob(32)


@dataclass(frozen=True, slots=True)
class Closed:
    """Holder: they are destroyed."""

    trace: bytes = blob(32)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Either side: no. ``reason`` is for people; it is given only where a person stopped the trace."""

    trace: bytes = blob(32)
    code: RefusalCode = choice(RefusalCode)  # noqa: RUF009 - a field, as all others
    reason: str = text(0, 200)


Message = (
    Offer
    | Acceptance
    | TracerCommitments
    | HolderCommitments
    | Start
    | SealedSeeds
    | Recognise
    | Recognised
    | Ask
    | Names
    | AskRows
    | Rows
    | Unmask
    | Unmasked
    | Close
    | Closed
    | Refusal
)
"""All messages; nothing else is ever sent. A message's number on the wire is its place here, from 1."""

_KINDS: Final[tuple[type[Message], ...]] = get_args(Message)
_NUMBER: Final = {kind: number for number, kind in enumerate(_KINDS, 1)}


def encode(message: Message) -> bytes:
    """``clew/1``, the message's number in a byte, and its fields (spec 3.1)."""
    return PROTOCOL + bytes([_NUMBER[type(message)]]) + encode_fields(message)


def parse(data: bytes) -> Message:
    """The message that these bytes are, to the byte; else ``PeerError`` ``joint.malformed``."""
    if len(data) > MESSAGE_LIMIT:
        raise malformed("it is too long")
    head = len(PROTOCOL)
    if data[:head] != PROTOCOL or len(data) == head or not 1 <= data[head] <= len(_KINDS):
        raise malformed("it begins like none")
    try:
        return parse_fields(_KINDS[data[head] - 1], data[head + 1 :])
    except ValueError as error:
        raise malformed(str(error)) from error
