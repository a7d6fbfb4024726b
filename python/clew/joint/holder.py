"""The holder: states, and what it does with each message (spec protocol 3.3 to 9).

Every function takes a state and gives a :class:`~clew.joint.steps.Step`; none does I/O. Nothing is answered that is
not in the table of :func:`_received`. What must be durable before an answer is sent stands in ``steps.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from clew.audit.log import Entry
from clew.errors import ClewError, PeerError
from clew.joint import context, group, labels
from clew.joint.couples import Couples
from clew.joint.labels import digest
from clew.joint.messages import (
    Acceptance,
    Ask,
    AskRows,
    Close,
    Closed,
    HolderCommitments,
    Message,
    Names,
    Offer,
    Recognise,
    Recognised,
    Refusal,
    RefusalCode,
    Rows,
    SealedSeeds,
    Start,
    TracerCommitments,
    Unmask,
    Unmasked,
    UnmaskedNumber,
    encode,
)
from clew.joint.refusals import ENDS, expired, heard_as, out_of_turn, over_budget
from clew.joint.sizes import may_be_padded_to
from clew.joint.snapshot import Snapshot, Vault, seal_snapshot
from clew.joint.spending import NOTHING, Spent
from clew.joint.steps import Given, Step
from clew.joint.terms import (
    Order,
    Roots,
    holder_statement,
    require_fits,
    require_offer,
    tracer_statement,
    verify,
)
from clew.joint.unmasking import Approvers, find_wanted, prove_numbers, records_between
from clew.warrants.authorisation import Authorisation, Blinded
from clew.warrants.keys import SigningKey

__all__ = [
    "Authorised",
    "AwaitAsk",
    "AwaitRows",
    "AwaitTracerCommitments",
    "Committed",
    "Destroyed",
    "Ended",
    "Finished",
    "State",
    "accept",
    "authorise",
    "receive",
    "stop",
]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Party:
    """What the holder brings to a trace: its node's key, its records, and the order that it accepted."""

    key: SigningKey
    couples: Couples
    order: Order


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """What the holder keeps while a trace is open; gone when it is closed."""

    party: Party
    roots: Roots
    secrets: group.HolderSecrets
    keys: group.HolderKeys
    snapshot: Snapshot
    vault: Vault
    authorisation: Authorisation | None = None
    approvers: Approvers | None = None
    spent: Spent = NOTHING
    recognised: bool = False
    answered: Mapping[bytes, Message] = field(default_factory=dict)
    names: tuple[Names, ...] = ()
    requests: int = 0
    unmasked: tuple[int, ...] = ()

    @property
    def order(self) -> Order:
        """The case order of this trace."""
        return self.party.order

    @property
    def id(self) -> bytes:
        """The trace's identifier."""
        return self.party.order.trace

    @property
    def warrant(self) -> Authorisation:
        """The warrant in force."""
        if self.authorisation is None:
            raise expired()
        return self.authorisation


@dataclass(frozen=True, slots=True, eq=False)
class AwaitTracerCommitments:
    """The order is accepted; the tracer has not committed to its records yet."""

    party: Party = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Committed:
    """The snapshot is made; no warrant has been verified for it."""

    kept: Trace = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Authorised:
    """A warrant for this trace is verified; its seeds are not sealed yet."""

    kept: Trace = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class AwaitAsk:
    """The list of hop ``hop`` has not come."""

    kept: Trace = field(repr=False)
    hop: int


@dataclass(frozen=True, slots=True, eq=False)
class AwaitRows:
    """The list of hop ``hop`` has its names; which rows are wanted has not come."""

    kept: Trace = field(repr=False)
    hop: int
    ask: Ask = field(repr=False)
    opened: group.Opened = field(repr=False)
    names: Names = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """Every hop was answered; vertices may be unmasked."""

    kept: Trace = field(repr=False)


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The trace is closed, its keys and its table of names are gone."""

    trace: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The trace was stopped by one side, or a check failed; its keys and its table of names are gone."""

    trace: bytes
    code: RefusalCode
    reason: str = ""


State = AwaitTracerCommitments | Committed | Authorised | AwaitAsk | AwaitRows | Finished | Destroyed | Ended
"""All states of the holder, in the order in which a trace passes them."""

_Open = Committed | Authorised | AwaitAsk | AwaitRows | Finished


def accept(offer: Offer, key: SigningKey, couples: Couples, given: Given) -> Step[AwaitTracerCommitments]:
    """The offer accepted: ``couples`` are the records of its window under its hub limit (spec 4.1)."""
    require_offer(offer, couples)
    order = Order(offer, key.public.raw, given.seed(b"nonce"))
    answer = Acceptance(order.trace, order.holder_nonce, order.holder, order.sign(key))
    entry = _entry("joint.accepted", order.trace, order=order.digest.hex())
    return Step(AwaitTracerCommitments(Party(key, couples, order)), answer, (entry,))


def authorise(state: Committed, authorisation: Authorisation, approvers: Approvers, given: Given) -> Step[Authorised]:
    """A verified warrant taken for this trace; ``Refused`` unless it names exactly its order and roots (spec 5.1)."""
    kept = state.kept
    require_fits(authorisation, kept.order, kept.roots)
    if given.now >= authorisation.expires:
        raise expired()
    group.check_points(group.points(b"".join(_seed_points(authorisation))))
    entry = _entry("joint.authorised", kept.id, warrant=authorisation.digest)
    return Step(Authorised(replace(kept, authorisation=authorisation, approvers=approvers)), None, (entry,))


def stop(state: State, reason: str) -> Step[Ended]:
    """The trace stopped by a person, whose reason the partner sees; a revoked warrant is such a reason (spec 3.4)."""
    trace = _trace(state)
    entry = _entry("joint.stopped", trace, reason=digest(labels.REASON, reason.encode()).hex())
    return Step(Ended(trace, RefusalCode.STOPPED, reason), Refusal(trace, RefusalCode.STOPPED, reason), (entry,))


def receive(state: State, message: Message, given: Given) -> Step[State]:
    """The holder's transition for one message.

    A message that was answered before gets the same answer again. What is refused leaves the state as it is, except
    that a failed check ends the trace (spec 6.5).
    """
    try:
        return _received(state, message, given)
    except ClewError as error:
        code = heard_as(error)
        trace = _trace(state)
        entry = _entry("joint.refused", trace, code=error.code)
        after = Ended(trace, code) if code in ENDS and not isinstance(state, Destroyed | Ended) else state
        return Step(after, Refusal(trace, code, ""), (entry,))


def _received(state: State, message: Message, given: Given) -> Step[State]:
    """The table: everything that is not in it is out of turn (spec 3.3)."""
    if not isinstance(message, Offer) and message.trace != _trace(state):
        raise out_of_turn("the message is of another trace")
    if isinstance(state, _Open) and (answer := state.kept.answered.get(_name(message))) is not None:
        return Step(state, answer)
    match state, message:
        case (Destroyed() | Ended(), Refusal()):
            return Step(state)
        case (Destroyed(), Close()):
            return Step(state, Closed(state.trace))
        case (Destroyed() | Ended(), _):
            raise out_of_turn("the trace has ended")
        case (_, Refusal(trace, code, reason)):
            return Step(Ended(trace, code, reason), None, (_entry("joint.partner-refused", trace, code=code.name),))
        case (AwaitTracerCommitments(party), TracerCommitments()):
            return _commit(party, message, given)
        case (Authorised(kept), Start()):
            return _seal_seeds(kept, message, given)
        case (AwaitAsk(kept, 0), Recognise()):
            return _recognise(kept, message, given)
        case (AwaitAsk(kept, hop), Ask()):
            return _name_list(kept, hop, message, given)
        case (AwaitRows(), AskRows()):
            return _give_rows(state, message, given)
        case (Finished(kept), Unmask()):
            return _unmask(kept, message, given)
        case (Committed(kept) | Authorised(kept) | AwaitAsk(kept) | AwaitRows(kept) | Finished(kept), Close()):
            return Step(Destroyed(kept.id), Closed(kept.id), (_entry("joint.closed", kept.id),))
        case _:
            raise out_of_turn("the message has no place in this state")


def _commit(party: Party, message: TracerCommitments, given: Given) -> Step[State]:
    """Both sides' commitments: new keys, and the snapshot made once (spec 4.2 to 4.6)."""
    order = party.order
    verify(order.offer.tracer, message.signature, tracer_statement(order, message))
    secrets = group.HolderSecrets(given.seed(b"keys"))
    keys = secrets.public()
    seed = given.seed(b"snapshot")
    snapshot, vault = seal_snapshot(party.couples, secrets, keys, order, seed)
    unsigned = HolderCommitments(
        trace=order.trace,
        keys=keys.encodings,
        possession=group.prove_possession(secrets, context.possession(order), given.seed(b"possession")),
        rows=len(snapshot),
        snapshot_root=snapshot.root,
        seed=digest(labels.SEED, order.trace, seed),
        records=digest(labels.RECORDS, order.trace, seed, bytes.fromhex(party.couples.identity)),
        signature=bytes(64),
    )
    signed = replace(unsigned, signature=party.key.sign(holder_statement(order, Roots(message, unsigned))))
    roots = Roots(message, signed)
    kept = Trace(party, roots, secrets, keys, snapshot, vault)
    entry = _entry("joint.committed", order.trace, **context.roots_body(roots))
    return Step(Committed(_answered(kept, message, signed)), signed, (entry,))


def _seal_seeds(kept: Trace, message: Start, given: Given) -> Step[State]:
    """The seals of the warrant's points, once (spec 5.1)."""
    _require_live(kept, given)
    if message.warrant.hex() != kept.warrant.digest:
        raise expired()
    points = group.points(b"".join(_seed_points(kept.warrant)))
    seals = group.multiply(points, kept.secrets.seal)
    proof = group.prove_seeds(
        kept.secrets, points, seals, context.run(kept.order, kept.roots, kept.warrant), given.seed(b"proof")
    )
    answer = SealedSeeds(kept.id, seals.tobytes(), proof)
    entry = _entry("joint.seeds-sealed", kept.id, warrant=kept.warrant.digest, seeds=len(seals))
    return Step(AwaitAsk(_answered(kept, message, answer), 0), answer, (entry,))


def _recognise(kept: Trace, message: Recognise, given: Given) -> Step[State]:
    """Names of the tracer's committed numbers, once, all of them in committed order (spec 5.2)."""
    _require_live(kept, given)
    points = group.points(message.points)
    if kept.recognised or len(points) != kept.roots.tracer.numbers:
        raise out_of_turn("recognition is of all committed numbers, once")
    spent = kept.spent.with_more(kept.warrant.remaining, recognised=len(points))
    names = group.multiply(points, kept.secrets.name)
    statement = context.run(kept.order, kept.roots, kept.warrant)
    proof = group.prove_recognition(kept.secrets, points, names, statement, given.seed(b"proof"))
    answer = Recognised(kept.id, names.tobytes(), proof)
    entry = _entry("joint.recognised", kept.id, warrant=kept.warrant.digest, recognised=len(points))
    after = _answered(replace(kept, spent=spent, recognised=True), message, answer)
    return Step(AwaitAsk(after, 0), answer, (entry,))


def _name_list(kept: Trace, hop: int, message: Ask, given: Given) -> Step[State]:
    """Names for the one list of a hop, after the whole list was checked (spec 2.1, 6.2, 6.3, 6.5)."""
    _require_live(kept, given)
    if message.hop != hop:
        raise out_of_turn("the list is of another hop")
    sealed = np.frombuffer(message.sealed, np.uint8).reshape(-1, 128)
    declared = np.frombuffer(message.declared, np.uint8).reshape(-1, 64)
    spent = _spend_list(kept, hop, len(sealed), len(declared))
    if bool(len(declared)) != bool(message.evidence):
        raise PeerError("joint.malformed", "evidence goes with declared contacts, and with nothing else")
    # One verdict, after the whole list: were an item that decrypts to the identity refused otherwise, or sooner, an
    # entry less a guessed number would tell whether the guess is right (spec 6.3).
    opened = group.open_list(sealed, declared, kept.secrets)
    points = opened.names(kept.secrets)
    statement = context.names(kept.order, kept.roots, kept.warrant, hop, message.evidence)
    proof = group.prove_names(kept.secrets, sealed, declared, points, statement, given.seed(b"proof"))
    answer = Names(kept.id, hop, points.tobytes(), proof)
    entry = _entry(
        "joint.names", kept.id, warrant=kept.warrant.digest, hop=hop, items=len(sealed), declared=len(declared)
    )
    after = _answered(replace(kept, spent=spent, names=(*kept.names, answer)), message, answer)
    if hop == kept.warrant.hops:
        return Step(Finished(after), answer, (entry,))
    return Step(AwaitRows(after, hop, message, opened, answer), answer, (entry,))


def _spend_list(kept: Trace, hop: int, sealed: int, declared: int) -> Spent:
    """What is spent after a list of so many items; refuses what no honest tracer sends (spec 2.5, 6.1)."""
    room = kept.spent.room(kept.warrant.remaining, hop, kept.warrant.hops)
    spent = kept.spent.with_more(kept.warrant.remaining, items=sealed, declared=declared)
    if not may_be_padded_to(sealed, room["items"]):
        raise over_budget("the list is not padded as it must be")
    if declared and not 0 < hop < kept.warrant.hops:
        raise out_of_turn("contacts are declared between the first and the last hop")
    if declared and not may_be_padded_to(declared, room["declared"]):
        raise over_budget("the declared list is not padded as it must be")
    return spent


def _give_rows(state: AwaitRows, message: AskRows, given: Given) -> Step[State]:
    """Row points for the positions that the tracer chose; never at the last hop (spec 6.4)."""
    kept = state.kept
    _require_live(kept, given)
    places = context.positions(message)
    total = len(state.opened)
    if message.hop != state.hop or places[-1] >= total:
        raise out_of_turn("the positions are not of this list")
    sealed = len(state.ask.sealed) // 128
    declared, asked = total - sealed, int(np.searchsorted(places, sealed))
    room = kept.spent.room(kept.warrant.remaining, state.hop, kept.warrant.hops)["rows"]
    spent = kept.spent.with_more(kept.warrant.remaining, rows=len(places))
    if len(places) - asked != declared or not may_be_padded_to(asked, min(sealed, room - declared)):
        raise over_budget("the list of positions is not padded as it must be")
    points = state.opened.row_points(places, kept.secrets)
    statement = context.rows(kept.order, kept.roots, kept.warrant, state.names)
    proof = group.prove_row_points(
        kept.secrets,
        *context.items(state.ask),
        group.points(state.names.points),
        places,
        points,
        statement,
        given.seed(b"proof"),
    )
    answer = Rows(kept.id, state.hop, points.tobytes(), proof)
    entry = _entry("joint.rows", kept.id, warrant=kept.warrant.digest, hop=state.hop, rows=len(places))
    return Step(AwaitAsk(_answered(replace(kept, spent=spent), message, answer), state.hop + 1), answer, (entry,))


def _unmask(kept: Trace, message: Unmask, given: Given) -> Step[State]:
    """Numbers of vertices that were answered in this trace, as the approvers of both sides signed (spec 8)."""
    _require_live(kept, given)
    if kept.approvers is None:
        raise expired()
    spent = kept.spent.with_more(kept.warrant.remaining, unmaskings=len(message.wants))
    request = context.request(kept.order, kept.warrant, message)
    kept.approvers.verify(message, request, given.now)
    if message.serial != kept.requests + 1:
        raise out_of_turn("the requests to unmask are numbered from 1 on")
    places = find_wanted(message, kept.names, kept.keys, kept.vault)
    named = sorted({*kept.unmasked, *(place for place in places if place is not None)})
    answer = Unmasked(
        trace=kept.id,
        serial=message.serial,
        numbers=tuple(UnmaskedNumber("" if place is None else kept.vault.number(place)) for place in places),
        proof=prove_numbers(message, places, kept.vault, kept.secrets, request, given.seed(b"proof")),
        records=records_between(kept.party.couples, named, set(kept.unmasked)),
    )
    entry = _entry(
        "joint.unmasked",
        kept.id,
        warrant=kept.warrant.digest,
        request=request.hex(),
        unmaskings=len(message.wants),
    )
    after = replace(kept, spent=spent, requests=message.serial, unmasked=tuple(named))
    return Step(Finished(_answered(after, message, answer)), answer, (entry,))


def _require_live(kept: Trace, given: Given) -> None:
    if given.now >= kept.warrant.expires:
        raise expired()


def _answered(kept: Trace, message: Message, answer: Message) -> Trace:
    return replace(kept, answered={**kept.answered, _name(message): answer})


def _name(message: Message) -> bytes:
    return digest(labels.MESSAGE, encode(message))


def _seed_points(authorisation: Authorisation) -> list[bytes]:
    return [seed.point for seed in authorisation.seeds if isinstance(seed, Blinded)]


def _trace(state: State) -> bytes:
    match state:
        case AwaitTracerCommitments(party):
            return party.order.trace
        case Destroyed(trace) | Ended(trace):
            return trace
        case _:
            return state.kept.id


def _entry(kind: str, trace: bytes, **body: Any) -> Entry:
    return Entry(kind, {"trace": trace.hex(), **body})
