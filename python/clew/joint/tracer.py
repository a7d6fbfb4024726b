"""The tracer: states, and what it does with each message (spec protocol 3.3 to 9).

Every function takes a state and gives a :class:`~clew.joint.steps.Step`; none does I/O. The tracer has no long-lived
secret: what it was given for a step hides that step's list, and is destroyed when the trace is closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from clew.audit.log import Entry
from clew.chain.graph import Scope, TracedGraph, check_holder
from clew.errors import ClewError, Refused
from clew.joint import context, group, labels
from clew.joint.asking import Asked, Drawn, List, ask
from clew.joint.broken import Broken, Unsound
from clew.joint.commitments import Commitments
from clew.joint.couples import Couples
from clew.joint.found import FAR, NOBODY, UNNAMED, Found, Named, Vertices
from clew.joint.labels import digest
from clew.joint.messages import (
    OWN_LIMIT,
    Acceptance,
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
    Unmask,
    Unmasked,
    Want,
    encode,
)
from clew.joint.refusals import ENDS, check_failed, expired, heard_as, out_of_turn, over_budget
from clew.joint.result import Holders, traced_graph
from clew.joint.seeds import SeedShare, verify_seeds
from clew.joint.snapshot import Opened, Snapshot, open_rows
from clew.joint.steps import Given, Step
from clew.joint.terms import COARSE, NORMALISER, Order, Roots, holder_statement, number_dst, require_fits, verify
from clew.joint.tracer_states import (
    AwaitAcceptance,
    AwaitClosed,
    AwaitCommitments,
    AwaitNames,
    AwaitRecognised,
    AwaitRows,
    AwaitSeals,
    AwaitUnmasked,
    Committed,
    Done,
    Ended,
    Party,
    State,
    Terms,
    Trace,
    Traced,
    trace_of,
)
from clew.joint.unmasking import read_records, verified_numbers
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
    "State",
    "Terms",
    "Traced",
    "authorise",
    "broken_rows",
    "close",
    "draft_unmasking",
    "graph",
    "offer",
    "receive",
    "require_snapshot",
    "stop",
    "unmask",
]

_BEGINNING: Final = re.compile(r"p:[0-9a-f]{8,64}", re.ASCII)


def offer(terms: Terms, key: SigningKey, couples: Couples, given: Given) -> Step[AwaitAcceptance]:
    """The offer of a trace over the tracer's records of its window, under its hub limit (spec 4.1)."""
    check_holder(terms.tracer_name)
    check_holder(terms.holder_name)
    if bool((couples.contacts[~couples.hub] > terms.hub_limit).any()):
        raise ValueError("the records were counted under another hub limit")
    message = Offer(
        case=terms.case,
        stage=terms.stage,
        begin=terms.begin,
        end=terms.end,
        hub_limit=terms.hub_limit,
        detail=COARSE,
        normaliser=NORMALISER,
        nonce=given.seed(b"nonce"),
        tracer=key.public.raw,
        auditor=terms.auditor,
    )
    entry = Entry("joint.offered", {"offer": digest(labels.CASE_ORDER, encode(message)).hex()})
    return Step(AwaitAcceptance(Party(key, couples, terms, message)), message, (entry,))


def authorise(
    state: Committed,
    authorisation: Authorisation,
    shares: Sequence[SeedShare],
    snapshot: Snapshot,
    given: Given,
) -> Step[AwaitSeals]:
    """The start of the trace under a verified warrant (spec 5.1).

    ``shares`` are the seeds with what blinds them, from the tracer's own authority; ``snapshot`` is the holder's.
    Raises ``Refused`` where warrant, seeds or budgets do not fit, ``PeerError`` where the snapshot is not the one that
    was committed to.
    """
    require_fits(authorisation, state.order, state.roots)
    if given.now >= authorisation.expires:
        raise expired()
    ordered = verify_seeds(authorisation.seeds, shares, state.order.trace)
    own = len(state.party.couples.numbers)
    if own > min(authorisation.remaining.recognised, OWN_LIMIT):
        raise over_budget(f"the window has {own:,} own numbers, and fewer may be recognised", own=own)
    require_snapshot(state, snapshot)
    kept = Trace(
        party=state.party,
        order=state.order,
        commitments=state.commitments,
        roots=state.roots,
        keys=state.keys,
        authorisation=authorisation,
        shares=ordered,
        snapshot=snapshot,
        index=snapshot.index(),
        found=Found.start(state.party.couples, [share.number for share in ordered]),
    )
    message = Start(state.order.trace, bytes.fromhex(authorisation.digest))
    return Step(AwaitSeals(kept), message, (_entry("joint.started", kept, seeds=len(ordered)),))


def require_snapshot(state: Committed, snapshot: Snapshot) -> None:
    """Return if the snapshot is the one that the holder committed to; else ``PeerError`` (spec 5.1)."""
    committed = state.roots.holder
    if (snapshot.trace, len(snapshot), snapshot.root) != (committed.trace, committed.rows, committed.snapshot_root):
        raise check_failed("the snapshot is not the one that the partner committed to")


def close(state: Traced) -> Step[AwaitClosed]:
    """The end of the trace: blinds, seeds' secrets and the snapshot are forgotten (spec 9)."""
    trace, entry = state.kept.order.trace, _entry("joint.closing", state.kept)
    return Step(AwaitClosed(trace, broken_rows(state)), Close(trace), (entry,))


def broken_rows(state: Traced) -> tuple[Broken, ...]:
    """The rows that were not sound, with what convinces an auditor (spec 6.6).

    All of the snapshot is hashed for it: here, where the partner waits for nothing, and not where they were found.
    """
    kept = state.kept
    if not kept.broken:
        return ()
    tree, found = kept.snapshot.tree(), []
    for one in kept.broken:
        secret = kept.asked[one.hop].secret(one.position)
        path, row = tree.path(one.place), kept.snapshot.row(one.place)
        found.append(Broken(one.hop, one.position, secret, one.point, one.place, path, row))
    return tuple(found)


def stop(state: State, reason: str) -> Step[Ended]:
    """The trace stopped by a person, whose reason the partner sees (spec 3.4)."""
    trace = trace_of(state)
    entry = Entry("joint.stopped", {"trace": trace.hex(), "reason": digest(labels.REASON, reason.encode()).hex()})
    return Step(Ended(trace, RefusalCode.STOPPED, reason), Refusal(trace, RefusalCode.STOPPED, reason), (entry,))


def graph(state: Traced) -> TracedGraph:
    """The traced graph: own numbers in the clear, others by pseudonym until they are unmasked (spec 7.2)."""
    kept = state.kept
    terms, authorisation = kept.party.terms, kept.authorisation
    stores = {terms.tracer_name: kept.party.couples.identity, terms.holder_name: kept.roots.holder.records.hex()}
    holders = Holders(terms.tracer_name, terms.holder_name, tuple(sorted(stores.items())))
    return traced_graph(kept.found, Scope.of(authorisation), holders, kept.unmasked)


def draft_unmasking(state: Traced, reasons: Mapping[str, str], until: int) -> tuple[Unmask, bytes]:
    """A request to unmask the vertices called so, each with its reason, and the digest to be signed (spec 8.1).

    Of a pseudonym its beginning is enough, at least eight digits of it, where no other begins so.
    """
    kept = state.kept
    hop = kept.found.hops(kept.authorisation.hops)
    named = {vertex: name for name, vertex in kept.found.names.items()}
    texts = {kept.found.text(vertex): vertex for vertex in kept.positions if hop[vertex] < FAR}
    asked = {_called(text, texts): reason for text, reason in reasons.items()}
    if len(asked) < len(reasons):
        raise Refused("joint.not-reached", "a vertex that is to be unmasked is named twice", mend="Name it once.")
    wants = []
    for vertex, reason in asked.items():
        list_hop, position = kept.positions[vertex]
        secret = kept.asked[list_hop].secret(position)
        wants.append(Want(list_hop, position, secret, named[vertex], reason))
    message = Unmask(kept.order.trace, kept.requests + 1, until, tuple(wants), ())
    return message, context.request(kept.order, kept.authorisation, message)


def _called(text: str, texts: Mapping[str, int]) -> int:
    """The vertex with this number or pseudonym, or whose pseudonym alone begins so."""
    found = [texts[text]] if text in texts else []
    if not found and _BEGINNING.fullmatch(text):
        found = [vertex for name, vertex in texts.items() if name.startswith(text)]
    if len(found) != 1:
        raise Refused(
            "joint.not-reached",
            "several pseudonyms of this trace begin with what names a vertex that is to be unmasked"
            if found
            else "a vertex that is to be unmasked was not reached in this trace",
            mend="Take the whole pseudonym from the traced graph.",
        )
    return found[0]


def unmask(state: Traced, request: Unmask, given: Given) -> Step[AwaitUnmasked]:
    """An approved request sent (spec 8.1)."""
    _require_live(state.kept, given)
    spent = state.kept.spent.with_more(state.kept.authorisation.remaining, unmaskings=len(request.wants))
    kept = replace(state.kept, spent=spent, requests=request.serial)
    return Step(
        AwaitUnmasked(kept, request), request, (_entry("joint.unmask-asked", kept, unmaskings=len(request.wants)),)
    )


def receive(state: State, message: Message, given: Given) -> Step[State]:
    """The tracer's transition for one message.

    What is wrong ends the trace, and so does a list that the warrant's budgets do not allow. What is only out of turn,
    such as an answer that comes twice or after the warrant's expiry, is logged and changes nothing.
    """
    try:
        return _received(state, message, given)
    except ClewError as error:
        code = heard_as(error)
        trace = trace_of(state)
        entry = Entry("joint.refused", {"trace": trace.hex(), "code": error.code})
        if isinstance(state, Done | Ended):
            return Step(state, None, (entry,))
        if code in ENDS or code is RefusalCode.OVER_BUDGET:
            return Step(Ended(trace, code, error.what), Refusal(trace, code, ""), (entry,))
        return Step(state, None, (entry,))


def _received(state: State, message: Message, given: Given) -> Step[State]:
    """The table: everything that is not in it is out of turn (spec 3.3)."""
    if isinstance(message, Offer) or (message.trace != trace_of(state) and not isinstance(state, AwaitAcceptance)):
        raise out_of_turn("the message is of another trace")
    match state, message:
        case (Done() | Ended(), Refusal()):
            return Step(state)
        case (Done() | Ended(), _):
            raise out_of_turn("the trace has ended")
        case (AwaitUnmasked(kept, request), Refusal(trace, code)) if code not in ENDS:
            entry = Entry("joint.partner-refused", {"trace": trace.hex(), "code": code.name})
            return Step(Traced(_not_unmasked(kept, request)), None, (entry,))
        case (_, Refusal(trace, code, reason)):
            entry = Entry("joint.partner-refused", {"trace": trace.hex(), "code": code.name})
            return Step(Ended(trace, code, reason) if code in ENDS else state, None, (entry,))
        case (AwaitAcceptance(party), Acceptance()):
            return _commit(party, message, given)
        case (AwaitCommitments(), HolderCommitments()):
            return _check_commitments(state, message)
        case (AwaitSeals(kept), SealedSeeds()):
            return _take_seals(kept, message, given)
        case (AwaitRecognised(), Recognised()):
            return _take_recognised(state, message, given)
        case (AwaitNames(kept, hop), Names()) if message.hop == hop:
            return _take_names(kept, hop, message, given)
        case (AwaitRows(), Rows()) if message.hop == state.hop:
            return _take_rows(state, message, given)
        case (AwaitUnmasked(), Unmasked()):
            return _take_unmasked(state, message)
        case (AwaitClosed(trace, broken), Closed()):
            return Step(Done(trace, broken), None, (Entry("joint.closed", {"trace": trace.hex()}),))
        case _:
            raise out_of_turn("the message has no place in this state")


def _commit(party: Party, message: Acceptance, given: Given) -> Step[State]:
    """The order accepted: the tracer commits to its records before any seed is named (spec 4.3)."""
    order = Order.accepted(party.offer, message)
    commitments = Commitments(party.couples, order.trace, given.seed(b"commitments"))
    mine = commitments.message(order, party.key)
    entry = Entry("joint.order", {"trace": order.trace.hex(), "order": order.digest.hex()})
    return Step(AwaitCommitments(party, order, commitments, mine), mine, (entry,))


def _check_commitments(state: AwaitCommitments, message: HolderCommitments) -> Step[State]:
    """The holder's keys and roots checked (spec 4.2, 4.6)."""
    roots = Roots(state.mine, message)
    verify(state.order.holder, message.signature, holder_statement(state.order, roots))
    keys = group.HolderKeys(message.keys)
    group.verify_possession(keys, context.possession(state.order), message.possession)
    body = {"trace": state.order.trace.hex(), **context.roots_body(roots)}
    if len(state.party.couples.numbers):
        _ = state.commitments.recognition  # kept there: nobody waits now, and the partner will
    after = Committed(state.party, state.order, state.commitments, roots, keys)
    return Step(after, None, (Entry("joint.committed", body),))


def _take_seals(kept: Trace, message: SealedSeeds, given: Given) -> Step[State]:
    """The warrant's points sealed: from here on the seeds are sealed numbers like any others (spec 5.1)."""
    kept.answers.seeds(message)
    seals = group.points(message.seals)
    numbers = group.hash_to_group([share.number.encode() for share in kept.shares], number_dst(kept.order.trace))
    secrets = [share.secret for share in kept.shares]
    kept = replace(kept, seeds=group.seal_seeds(numbers, seals, secrets, kept.keys, given.seed(b"seeds")))
    own = kept.party.couples.numbers
    if not len(own):
        return _ask(kept, 0, given, (_entry("joint.seeds", kept, seeds=len(seals)),))
    _require_live(kept, given)
    blinded, hidden = kept.commitments.recognition
    request = Recognise(kept.order.trace, blinded.tobytes())
    spent = kept.spent.with_more(kept.authorisation.remaining, recognised=len(own))
    kept = replace(kept, spent=spent)
    return Step(
        AwaitRecognised(kept, request, hidden), request, (_entry("joint.recognise", kept, recognised=len(own)),)
    )


def _take_recognised(state: AwaitRecognised, message: Recognised, given: Given) -> Step[State]:
    """Names of the tracer's own numbers: it knows them again wherever they are answered (spec 5.2)."""
    kept = state.kept
    kept.answers.recognised(state.message, message)
    read = _units(state.hidden.read(group.points(message.points), kept.keys))
    if len(set(read)) != len(read):
        raise check_failed("two numbers have one name")
    found = kept.found.identified(np.arange(len(read)), read)
    return _ask(replace(kept, found=found), 0, given, ())


def _ask(kept: Trace, hop: int, given: Given, entries: tuple[Entry, ...]) -> Step[State]:
    """The list of a hop, as it is sent (spec 6.1)."""
    _require_live(kept, given)
    found, hops = kept.found, kept.authorisation.hops
    edges = np.flatnonzero(found.contact == UNNAMED)
    declared, couples = None, np.zeros(0, np.int64)
    if kept.authorisation.remaining.declared and 0 < hop < hops:
        declared, couples = found.undeclared(hop, hops)
    content = (
        List(kept.seals[edges], edges, declared, couples) if len(edges) else List(kept.seeds, None, declared, couples)
    )
    asked = ask(kept.asker, found, content, hop, kept.room(hop), given)
    sizes = {"items": len(asked.source), "declared": len(asked.declared)}
    spent = kept.spent.with_more(kept.authorisation.remaining, **sizes)
    kept = replace(kept, spent=spent, asked=(*kept.asked, asked))
    entry = _entry("joint.asked", kept, hop=hop, **sizes)
    return Step(AwaitNames(kept, hop), asked.message, (*entries, entry))


def _take_names(kept: Trace, hop: int, message: Names, given: Given) -> Step[State]:
    """Names of a hop's items: equal names are one vertex; rows of the new ones are asked for (spec 6.3, 6.4)."""
    asked = kept.asked[hop]
    order, warrant = kept.order, kept.authorisation
    kept.answers.names(asked.message, message)
    names = Named.of(asked.names(message, kept.keys))
    found = _named(kept.found, asked, names)
    drawn = Drawn.of(names.vertices(found.names), len(asked.source), given.seed(b"positions"))
    vertices, at = drawn.vertices[drawn.vertices != NOBODY], drawn.at[drawn.vertices != NOBODY]
    here = zip(vertices.tolist(), ((hop, position) for position in at.tolist()), strict=True)
    kept = replace(kept, found=found, positions={**dict(here), **kept.positions})
    entry = _entry("joint.names", kept, hop=hop, vertices=len(vertices))
    reached = found.hops(warrant.hops)
    inside = int((reached < FAR).sum())
    if inside > warrant.remaining.numbers:
        raise over_budget(
            f"{inside:,} numbers lie inside the bound, and the warrant allows {warrant.remaining.numbers:,}",
            numbers=inside,
            allowed=warrant.remaining.numbers,
        )
    if hop == warrant.hops:
        return Step(Traced(kept), None, (entry, _entry("joint.traced", kept, numbers=inside)))
    looked = np.fromiter(found.looked, np.int64, len(found.looked))
    new = (reached[vertices] < warrant.hops) & ~np.isin(vertices, looked)
    chosen = drawn.positions(at[new], kept.room(hop)["rows"])
    kept = replace(kept, spent=kept.spent.with_more(warrant.remaining, rows=len(chosen)))
    wanted = dict(zip(at[new].tolist(), vertices[new].tolist(), strict=True))
    request = AskRows(order.trace, hop, chosen.astype(">u4").tobytes())
    entry = _entry("joint.names", kept, hop=hop, vertices=len(vertices), rows=len(chosen))
    return Step(AwaitRows(kept, hop, message, chosen, wanted), request, (entry,))


def _named(found: Found, asked: Asked, names: Named) -> Found:
    """What is known once a list's names are: first of vertices that the tracer knows, then of the others."""
    count, edges = len(asked.source), asked.content.edges
    seeds = found.seeds[asked.source] if edges is None else asked.declared[:0]
    known = np.concatenate([seeds, asked.declared])
    places = np.arange(0 if edges is None else count, count + len(asked.declared))
    # A number stands in a list more than once: to fill it up.
    pairs = np.unique(np.stack([known, names.which[places]], axis=1), axis=0).tolist()
    theirs = [names.distinct[which] for _, which in pairs]
    for (vertex, _), name in zip(pairs, theirs, strict=True):
        if found.names.get(name, vertex) != vertex:
            raise check_failed("a number was given the name of another")
    found = found.identified(np.array([vertex for vertex, _ in pairs], np.int64), theirs)
    if edges is None:
        return found
    asked_edges, first = np.unique(edges[asked.source], return_index=True)
    return found.named(asked_edges, names.at(first))


def _take_rows(state: AwaitRows, message: Rows, given: Given) -> Step[State]:
    """Row points: those of new vertices open their rows, whose contacts the next hop is asked about (spec 6.4)."""
    kept, positions = state.kept, state.positions
    asked = kept.asked[state.hop]
    kept.answers.rows(asked.message, state.names, positions, message)
    read = asked.read(positions, group.points(message.points), kept.keys, rows=True)
    mine = np.flatnonzero(np.isin(positions, np.fromiter(state.wanted, np.int64, len(state.wanted))))
    vertices = np.fromiter((state.wanted[int(at)] for at in positions[mine]), np.int64, len(mine))
    opened = open_rows(kept.snapshot, kept.index, read[mine], kept.keys, kept.order)
    kept = _with_rows(kept, vertices, opened)
    found = ((int(positions[mine[at]]), read[mine[at]].tobytes(), place) for at, place in opened.broken)
    broken = tuple(Unsound(state.hop, position, point, place) for position, point, place in found)
    kept = replace(kept, broken=(*kept.broken, *broken))
    entry = _entry("joint.rows", kept, hop=state.hop, opened=len(opened.found), broken=len(opened.broken))
    return _ask(kept, state.hop + 1, given, (entry,))


def _with_rows(kept: Trace, vertices: Vertices, opened: Opened) -> Trace:
    found = kept.found.with_rows(vertices, vertices[opened.found], opened.sizes, opened.entries)
    seals = np.concatenate([kept.seals, opened.seals])
    return replace(kept, found=found, seals=seals)


def _take_unmasked(state: AwaitUnmasked, message: Unmasked) -> Step[State]:
    """Numbers, each proved to have the name that was asked for, and the records between them (spec 8.3)."""
    kept, request = state.kept, state.request
    digest_of = context.request(kept.order, kept.authorisation, request)
    numbers = verified_numbers(request, message, kept.keys, number_dst(kept.order.trace), digest_of)
    named = {kept.found.names[want.name]: number for want, number in zip(request.wants, numbers, strict=True) if number}
    unmasked = {**kept.unmasked, **named}
    records = read_records(message.records, set(unmasked.values()))
    after = replace(kept, unmasked=unmasked, records=(*kept.records, *records))
    return Step(Traced(after), None, (_entry("joint.unmasked", after, unmaskings=len(named)),))


def _not_unmasked(kept: Trace, request: Unmask) -> Trace:
    """The trace as before a request that the holder did not answer: it has the same serial when it is asked again."""
    spent = replace(kept.spent, unmaskings=kept.spent.unmaskings - len(request.wants))
    return replace(kept, spent=spent, requests=request.serial - 1)


def _require_live(kept: Trace, given: Given) -> None:
    if given.now >= kept.authorisation.expires:
        raise expired()


def _units(points: group.Array) -> list[bytes]:
    data = points.tobytes()
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def _entry(kind: str, kept: Trace, **body: Any) -> Entry:
    return Entry(kind, {"trace": kept.order.trace.hex(), "warrant": kept.authorisation.digest, **body})
