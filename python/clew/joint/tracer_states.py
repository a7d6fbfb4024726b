"""The states of a tracer, and what it keeps in them (spec protocol 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from clew.joint import group, labels
from clew.joint.answers import Answers
from clew.joint.asking import Asked, Asker
from clew.joint.broken import Broken, Unsound
from clew.joint.commitments import Commitments
from clew.joint.couples import Couples
from clew.joint.found import Found, Vertices
from clew.joint.labels import digest
from clew.joint.messages import Names, Offer, Recognise, RefusalCode, TracerCommitments, Unmask, encode
from clew.joint.seeds import SeedShare
from clew.joint.snapshot import Snapshot
from clew.joint.spending import NOTHING, Spent
from clew.joint.terms import Order, Roots
from clew.joint.unmasking import Record
from clew.warrants.authorisation import Authorisation
from clew.warrants.keys import SigningKey

__all__ = [
    "AwaitAcceptance",
    "AwaitClosed",
    "AwaitCommitments",
    "AwaitNames",
    "AwaitRecognised",
    "AwaitRows",
    "AwaitSeals",
    "AwaitUnmasked",
    "Committed",
    "Done",
    "Ended",
    "Party",
    "State",
    "Terms",
    "Trace",
    "Traced",
    "trace_of",
]


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What a tracer offers: case and stage, the window in whole seconds since 1970, the hub limit, the auditor's key;
    and what the two holders of records are called in the graph."""

    case: str
    stage: int
    begin: int
    end: int
    hub_limit: int
    auditor: bytes
    tracer_name: str
    holder_name: str


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Party:
    """What the tracer brings to a trace: its node's key, its records, the terms."""

    key: SigningKey
    couples: Couples
    terms: Terms
    offer: Offer


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """What the tracer keeps while a trace is open."""

    party: Party
    order: Order
    commitments: Commitments
    roots: Roots
    keys: group.HolderKeys
    authorisation: Authorisation
    shares: tuple[SeedShare, ...]
    snapshot: Snapshot
    index: Mapping[bytes, int]
    found: Found
    seeds: group.Array = field(default_factory=lambda: np.zeros((0, 128), np.uint8))
    seals: group.Array = field(default_factory=lambda: np.zeros((0, 128), np.uint8))
    spent: Spent = NOTHING
    asked: tuple[Asked, ...] = ()
    positions: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    broken: tuple[Unsound, ...] = ()
    unmasked: Mapping[int, str] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    requests: int = 0

    @property
    def answers(self) -> Answers:
        """What the holder's answers are checked against."""
        return Answers(self.order, self.roots, self.authorisation, self.keys)

    @property
    def asker(self) -> Asker:
        """What its lists are made with."""
        return Asker(self.order, self.keys, self.commitments, self.shares)

    def room(self, hop: int) -> dict[str, int]:
        """What the lists of a hop may take of the budgets."""
        return self.spent.room(self.authorisation.remaining, hop, self.authorisation.hops)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitAcceptance:
    """The offer was sent."""

    party: Party = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitCommitments:
    """The tracer has committed to its records; the holder has not."""

    party: Party = field(repr=False)
    order: Order = field(repr=False)
    commitments: Commitments = field(repr=False)
    mine: TracerCommitments = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Committed:
    """Both sides have committed: now the warrant is signed, and the snapshot is fetched."""

    party: Party = field(repr=False)
    order: Order = field(repr=False)
    commitments: Commitments = field(repr=False)
    roots: Roots = field(repr=False)
    keys: group.HolderKeys = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitSeals:
    """The seals of the seeds were asked for."""

    kept: Trace = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitRecognised:
    """The names of the tracer's own numbers were asked for."""

    kept: Trace = field(repr=False)
    message: Recognise = field(repr=False)
    hidden: group.Hidden = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitNames:
    """The list of hop ``hop`` was sent."""

    kept: Trace = field(repr=False)
    hop: int


@dataclass(frozen=True, slots=True, eq=False)
class AwaitRows:
    """Rows of hop ``hop`` were asked for: ``wanted`` vertices stand at some of ``positions``."""

    kept: Trace = field(repr=False)
    hop: int
    names: Names = field(repr=False)
    positions: Vertices = field(repr=False)
    wanted: Mapping[int, int] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """Every hop was answered: :func:`graph` gives the traced graph; vertices may be unmasked."""

    kept: Trace = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitUnmasked:
    """A request to unmask was sent."""

    kept: Trace = field(repr=False)
    request: Unmask = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitClosed:
    """Closing was announced; blinds and snapshot are forgotten. ``broken`` is for the auditor (spec 6.6)."""

    trace: bytes
    broken: tuple[Broken, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """Both sides have closed the trace. ``broken`` is for the auditor."""

    trace: bytes
    broken: tuple[Broken, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """The trace was stopped by one side, or a check failed."""

    trace: bytes
    code: RefusalCode
    reason: str = ""


State = (
    AwaitAcceptance
    | AwaitCommitments
    | Committed
    | AwaitSeals
    | AwaitRecognised
    | AwaitNames
    | AwaitRows
    | Traced
    | AwaitUnmasked
    | AwaitClosed
    | Done
    | Ended
)
"""All states of the tracer, in the order in which a trace passes them."""


def trace_of(state: State) -> bytes:
    """The identifier of a state's trace; the offer's digest before there is one."""
    match state:
        case AwaitAcceptance(party):
            return digest(labels.CASE_ORDER, encode(party.offer))
        case AwaitCommitments() | Committed():
            return state.order.trace
        case AwaitClosed(trace=trace) | Done(trace=trace) | Ended(trace=trace):
            return trace
        case _:
            return state.kept.order.trace
