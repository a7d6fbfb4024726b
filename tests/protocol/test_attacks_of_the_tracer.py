"""Whatever a dishonest tracer tries, by changing what an honest one sends (spec protocol 11, first table)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from clew.errors import PeerError, Refused
from clew.joint import context, group, holder, tracer
from clew.joint.evidence import verify_evidence
from clew.joint.messages import (
    Ask,
    AskRows,
    Message,
    Names,
    Recognise,
    Refusal,
    RefusalCode,
    Rows,
    SealedSeeds,
    Start,
    Unmask,
    Want,
    encode,
    parse,
)
from clew.joint.seeds import verify_seeds
from clew.joint.spending import Spent
from clew.joint.terms import number_dst
from clew.joint.unmasking import Approvers, approve
from clew.warrants.authorisation import Budgets
from clew.warrants.policy import Holder
from tests.protocol.parties import (
    APPROVER,
    APPROVERS,
    AUDITOR,
    EXPIRES,
    NOW,
    PLENTY,
    STRICT,
    Pair,
    authorised,
    committed,
    sample,
    shares_of,
    signing_key,
    traced,
    warrant,
)

SEED = "+9641000001"
GUESS = "+33100000009"  # in the holder's records, never reached from the seed


def upto(kind: type, hop: int | None = None, budgets: Budgets = PLENTY, hops: int = 2) -> tuple[Pair, Message]:
    """A trace up to the tracer's message of that kind (and hop), which is not delivered."""
    own, theirs = sample()
    pair = committed(own, theirs)
    message: Message | None = authorised(pair, [SEED], hops, budgets)
    to = "holder"
    while message is not None:
        if isinstance(message, kind) and (hop is None or message.hop == hop):  # type: ignore[attr-defined]
            return pair, message
        module = {"holder": holder, "tracer": tracer}[to]
        message = pair.step(to, module.receive(getattr(pair, to), message, pair.dice[to].given()))
        to = "tracer" if to == "holder" else "holder"
    raise AssertionError("the trace had no such message")


def deliver(pair: Pair, message: Message) -> Message | None:
    """The holder's answer."""
    assert pair.holder is not None
    return pair.step("holder", holder.receive(pair.holder, message, pair.dice["holder"].given()))


def refused(pair: Pair, message: Message, code: RefusalCode, *, ends: bool = False) -> None:
    """The holder refuses with that code and nothing else, logs it, and stays as it was unless the trace ends."""
    before = pair.holder
    answer = deliver(pair, message)
    assert answer == Refusal(answer.trace, code, "")  # type: ignore[union-attr]
    assert pair.log[-1][0] == "holder"
    assert pair.log[-1][1].kind == "joint.refused"
    if ends:
        assert isinstance(pair.holder, holder.Ended)
    else:
        assert pair.holder is before


def keys_of(pair: Pair) -> group.HolderKeys:
    return pair.tracer.kept.keys  # type: ignore[union-attr]


def point_of(pair: Pair, number: str) -> group.Array:
    trace = pair.tracer.kept.order.trace  # type: ignore[union-attr]
    return group.hash_to_group([number.encode()], number_dst(trace))


def sealed_seed(pair: Pair) -> group.Array:
    return pair.tracer.kept.seeds  # type: ignore[union-attr]


def slipped_in(pair: Pair, ask: Ask, item: group.Array) -> Ask:
    """The list with its first item replaced by another, hidden as an honest tracer hides."""
    hidden, _ = group.hide_sealed(item, keys_of(pair), b"\x55" * 32)
    return replace(ask, sealed=hidden.tobytes() + ask.sealed[128:])


def made_up(pair: Pair) -> group.Array:
    """A guessed number with a seal out of thin air."""
    point = point_of(pair, GUESS)
    return group.seal(point, point_of(pair, "+33199999999"), keys_of(pair), b"\x01" * 32)


def borrowed(pair: Pair) -> group.Array:
    """A guessed number with the seed's own seal."""
    guess = group.seal(point_of(pair, GUESS), point_of(pair, GUESS), keys_of(pair), b"\x02" * 32)
    return np.concatenate([guess[:, :64], sealed_seed(pair)[:1, 64:]], axis=1)


def doubled_seal(pair: Pair) -> group.Array:
    """A guessed number with the sum of two seals."""
    seed = sealed_seed(pair)[:1]
    halves = [seed[:, 64:96], seed[:, 96:]]
    seal = np.concatenate([group.add(half, half) for half in halves], axis=1)
    guess = group.seal(point_of(pair, GUESS), point_of(pair, GUESS), keys_of(pair), b"\x03" * 32)
    return np.concatenate([guess[:, :64], seal], axis=1)


def replayed(pair: Pair) -> group.Array:
    """A number that was honestly sealed, with the seal key of another trace."""
    secrets = group.HolderSecrets(b"\x09" * 32)
    point = point_of(pair, GUESS)
    return group.seal(point, group.multiply(point, secrets.seal), keys_of(pair), b"\x04" * 32)


@pytest.mark.parametrize("hop", [0, 1, 2])
@pytest.mark.parametrize("forge", [made_up, borrowed, doubled_seal, replayed], ids=lambda f: f.__name__)
def test_a_forged_seal_ends_the_trace_at_any_hop(forge: Callable[[Pair], group.Array], hop: int) -> None:
    pair, ask = upto(Ask, hop)
    assert isinstance(ask, Ask)
    refused(pair, slipped_in(pair, ask, forge(pair)), RefusalCode.CHECK_FAILED, ends=True)
    refused(pair, ask, RefusalCode.OUT_OF_TURN)  # nothing is answered any more


def test_a_right_guess_cannot_be_told_from_a_wrong_one_more_than_once() -> None:
    """A seal borrowed from the seed passes only for the seed; a wrong guess costs the whole trace."""
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    seed = group.seal(point_of(pair, SEED), point_of(pair, SEED), keys_of(pair), b"\x02" * 32)
    right = np.concatenate([seed[:, :64], sealed_seed(pair)[:1, 64:]], axis=1)
    answer = deliver(pair, slipped_in(pair, ask, right))
    assert isinstance(answer, Names)


def test_a_sum_of_sealed_numbers_passes_and_names_and_opens_nothing() -> None:
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    one, other = kept.seals[:1], kept.seals[1:2]
    both = np.concatenate([group.add(one[:, at : at + 32], other[:, at : at + 32]) for at in range(0, 128, 32)], axis=1)
    hidden, reads = group.hide_sealed(both, keys_of(pair), b"\x06" * 32)
    answer = deliver(pair, replace(ask, sealed=hidden.tobytes() + ask.sealed[128:]))
    assert isinstance(answer, Names)
    name = reads.read(np.frombuffer(answer.points[:32], np.uint8).reshape(1, 32), keys_of(pair))
    assert pair.holder.kept.vault.find(name.tobytes()) is None  # type: ignore[union-attr]
    rows = deliver(pair, AskRows(answer.trace, 1, b"".join(p.to_bytes(4, "big") for p in range(128))))
    assert isinstance(rows, Rows)
    point = reads.read(np.frombuffer(rows.points[:32], np.uint8).reshape(1, 32), keys_of(pair), rows=True)
    assert group.row_keys(point)[0].tobytes() not in kept.index


def test_a_trace_starts_from_no_seed_that_is_not_in_the_warrant() -> None:
    own, theirs = sample()
    pair = committed(own, theirs)
    points, _ = shares_of(pair, [SEED])
    _, others = shares_of(pair, [GUESS])
    assert isinstance(pair.tracer, tracer.Committed)
    paper = warrant(pair.tracer.order, pair.tracer.roots, points)
    with pytest.raises(Refused, match="not those of the seeds"):
        tracer.authorise(pair.tracer, paper, others, pair.holder.kept.snapshot, pair.dice["tracer"].given())  # type: ignore[union-attr]


def test_the_holder_seals_the_warrants_points_and_nothing_else() -> None:
    pair, answer = upto(SealedSeeds)
    assert isinstance(answer, SealedSeeds)
    (seed,) = pair.tracer.kept.authorisation.seeds  # type: ignore[union-attr]
    secret = pair.holder.kept.secrets.seal  # type: ignore[union-attr]
    assert answer.seals == group.multiply(np.frombuffer(seed.point, np.uint8).reshape(1, 32), secret).tobytes()


def test_a_co_signer_who_is_shown_another_seed_does_not_sign() -> None:
    own, theirs = sample()
    pair = committed(own, theirs)
    points, shares = shares_of(pair, [SEED])
    trace = pair.tracer.order.trace  # type: ignore[union-attr]
    assert verify_seeds(points, shares, trace) == tuple(shares)
    shown = replace(shares[0], number="+9641000002")
    with pytest.raises(Refused, match="not those of the seeds"):
        verify_seeds(points, [shown], trace)
    with pytest.raises(Refused, match="not those of the seeds"):
        verify_seeds(points, [*shares, shown], trace)


def test_no_hop_is_asked_beyond_the_warrant() -> None:
    pair = traced(*sample(), [SEED], hops=2)
    asks = [message for side, message in pair.sent if isinstance(message, Ask)]
    assert [ask.hop for ask in asks] == [0, 1, 2]
    refused(pair, replace(asks[-1], hop=3), RefusalCode.OUT_OF_TURN)


def test_the_last_hop_gives_no_row() -> None:
    pair = traced(*sample(), [SEED], hops=2)
    places = b"".join(place.to_bytes(4, "big") for place in range(64))
    refused(pair, AskRows(pair.tracer.kept.order.trace, 2, places), RefusalCode.OUT_OF_TURN)  # type: ignore[union-attr]


def test_a_hop_has_one_list_and_the_same_list_gets_the_same_answer() -> None:
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    first = deliver(pair, ask)
    hidden, _ = group.hide_sealed(pair.tracer.kept.seals[:1], keys_of(pair), b"\x07" * 32)  # type: ignore[union-attr]
    refused(pair, replace(ask, sealed=hidden.tobytes() + ask.sealed[128:]), RefusalCode.OUT_OF_TURN)
    spent = pair.holder.kept.spent  # type: ignore[union-attr]
    again = deliver(pair, parse(encode(ask)))
    assert first is not None
    assert again is not None
    assert encode(again) == encode(first)
    assert pair.holder.kept.spent == spent  # type: ignore[union-attr]


def test_a_row_list_is_answered_once_too() -> None:
    pair, rows = upto(AskRows, 0)
    assert isinstance(rows, AskRows)
    first = deliver(pair, rows)
    places = np.frombuffer(rows.positions, ">u4")[:-1]
    refused(pair, replace(rows, positions=places.tobytes()), RefusalCode.OUT_OF_TURN)
    again = deliver(pair, rows)
    assert first is not None
    assert again is not None
    assert encode(again) == encode(first)


@pytest.mark.parametrize("name", ["items", "rows", "declared", "recognised"])
def test_what_is_over_budget_is_refused_whole(name: str) -> None:
    """The holder counts by itself: here its warrant allows one less than the tracer thinks."""
    kind = {"items": Ask, "rows": AskRows, "declared": Ask, "recognised": Recognise}[name]
    pair, message = upto(kind, 1 if name == "declared" else None)
    size = {"items": 64, "rows": 64, "declared": 64, "recognised": 5}[name]
    kept = pair.holder.kept  # type: ignore[union-attr]
    tight = Budgets(**{**{f: 10_000 for f in ("numbers", "items", "rows", "declared", "recognised")}, name: size - 1})
    paper = warrant(kept.order, kept.roots, kept.authorisation.seeds, budgets=tight)
    pair.holder = replace(pair.holder, kept=replace(kept, authorisation=paper, spent=holder.NOTHING))  # type: ignore[type-var]
    refused(pair, message, RefusalCode.OVER_BUDGET)


def test_a_list_that_is_not_padded_is_refused() -> None:
    pair, ask = upto(Ask, 0)
    assert isinstance(ask, Ask)
    refused(pair, replace(ask, sealed=ask.sealed[:-128]), RefusalCode.OVER_BUDGET)


def test_an_honest_tracer_refuses_itself_before_it_asks_too_much() -> None:
    own, theirs = sample()
    pair = committed(own, theirs)
    pair.run(authorised(pair, [SEED], 3, replace(PLENTY, items=130)))
    assert isinstance(pair.tracer, tracer.Ended)
    assert pair.tracer.code is RefusalCode.OVER_BUDGET
    assert isinstance(pair.holder, holder.Ended)
    with pytest.raises(Refused, match="fewer may be recognised") as caught:
        authorised(committed(own, theirs), [SEED], 3, replace(PLENTY, recognised=4))
    assert caught.value.counts == {"own": len(own.numbers)}  # the figures stand beside the words
    with pytest.raises(Refused, match="4 rows are asked for") as caught:
        Spent(rows=3).with_more(replace(PLENTY, rows=5), rows=4)
    assert caught.value.counts == {"asked": 4, "left": 2}


def test_the_numbers_inside_the_bound_are_a_ceiling() -> None:
    own, theirs = sample()
    pair = committed(own, theirs)
    pair.run(authorised(pair, [SEED], 2, replace(PLENTY, numbers=5)))
    assert isinstance(pair.tracer, tracer.Ended)
    assert pair.tracer.code is RefusalCode.OVER_BUDGET


@pytest.mark.parametrize("kind", [Start, Recognise, Ask, AskRows])
def test_an_expired_warrant_answers_nothing(kind: type) -> None:
    pair, message = upto(kind)
    pair.dice["holder"].now = EXPIRES
    refused(pair, message, RefusalCode.NOT_AUTHORISED)
    pair.dice["holder"].now = EXPIRES - timedelta(seconds=1)
    assert not isinstance(deliver(pair, message), Refusal)


def test_an_expired_warrant_unmasks_nothing() -> None:
    pair, message, _ = wanted()
    kept = pair.holder.kept  # type: ignore[union-attr]
    longer = replace(message, until=int(EXPIRES.timestamp()) + 3600)
    good = approved(longer, context.request(kept.order, kept.authorisation, longer), "iq", "fr")
    pair.dice["holder"].now = EXPIRES
    refused(pair, good, RefusalCode.NOT_AUTHORISED)
    pair.dice["holder"].now = EXPIRES - timedelta(seconds=1)
    assert not isinstance(deliver(pair, good), Refusal)


def test_a_revoked_warrant_stops_the_trace_and_both_sides_know_why() -> None:
    pair, ask = upto(Ask, 1)
    assert pair.holder is not None
    told = pair.step("holder", holder.stop(pair.holder, "the warrant was revoked"))
    refused(pair, ask, RefusalCode.OUT_OF_TURN)
    assert told is not None
    pair.run(told, "tracer")
    assert pair.tracer == tracer.Ended(ask.trace, RefusalCode.STOPPED, "the warrant was revoked")  # type: ignore[union-attr]


def test_a_trace_cannot_be_started_under_another_warrant() -> None:
    own, theirs = sample()
    pair = committed(own, theirs)
    start = authorised(pair, [SEED])
    refused(pair, replace(start, warrant=bytes(32)), RefusalCode.NOT_AUTHORISED)  # type: ignore[type-var]


@pytest.mark.parametrize("what", ["trace", "case_order", "roots"])
def test_a_warrant_of_another_trace_order_or_roots_is_refused(what: str) -> None:
    own, theirs = sample()
    pair = committed(own, theirs)
    points, _ = shares_of(pair, [SEED])
    assert isinstance(pair.holder, holder.Committed)
    kept = pair.holder.kept
    paper = warrant(kept.order, kept.roots, points)
    assert paper.joint is not None
    other = replace(paper.joint, **{what: ("0" * 64,) if what == "roots" else "0" * 64})
    paper = warrant(kept.order, kept.roots, points, joint=other)
    with pytest.raises(Refused, match="not of this trace"):
        holder.authorise(pair.holder, paper, APPROVERS, pair.dice["holder"].given())


def test_the_whole_number_range_opens_nothing_of_a_copied_snapshot() -> None:
    """Who has the snapshot and the number plan still lacks the row key; the warrant's seal, name and row points of
    other numbers do not help. Every guess costs an item and a row of the budget, and needs a seal."""
    pair = traced(*sample(), [SEED], hops=2)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    plan = [f"+331000000{n:02}".encode() for n in range(100)]
    points = group.hash_to_group(plan, number_dst(kept.order.trace))
    tried = [points, group.multiply(points, group.SecretScalar.expand(b"\x01" * 32, "a guess at the row key"))]
    for guess in tried:
        identifiers = group.row_keys(guess)[0]
        assert not any(row.tobytes() in kept.index for row in identifiers)
    rows = group.row_keys(group.multiply(points, pair.holder.kept.secrets.row))[0]  # type: ignore[union-attr]
    assert any(row.tobytes() in kept.index for row in rows)  # with the row key they would be found


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"\xff" * 32, RefusalCode.MALFORMED),
        (bytes(32), RefusalCode.MALFORMED),
        (b"\x01" + bytes(31), RefusalCode.MALFORMED),
        ((2**255 - 19).to_bytes(32, "little"), RefusalCode.MALFORMED),
    ],
    ids=["not canonical", "the identity", "negative", "the modulus"],
)
@pytest.mark.parametrize("place", [0, 32, 64, 96])
def test_points_that_are_none_are_refused(bad: bytes, code: RefusalCode, place: int) -> None:
    pair, ask = upto(Ask, 0)
    assert isinstance(ask, Ask)
    refused(pair, replace(ask, sealed=ask.sealed[:place] + bad + ask.sealed[place + 32 :]), code)
    recognising, recognise = upto(Recognise)
    assert isinstance(recognise, Recognise)
    refused(recognising, replace(recognise, points=bad + recognise.points[32:]), code)


def test_recognition_is_of_the_committed_numbers_once_and_before_the_first_hop() -> None:
    pair, message = upto(Recognise)
    assert isinstance(message, Recognise)
    refused(pair, replace(message, points=message.points[:-32]), RefusalCode.OUT_OF_TURN)
    refused(pair, replace(message, points=message.points + message.points[:32]), RefusalCode.OUT_OF_TURN)
    assert not isinstance(deliver(pair, message), Refusal)
    other = message.points[32:64] + message.points[:32] + message.points[64:]
    refused(pair, replace(message, points=other), RefusalCode.OUT_OF_TURN)
    pair, ask = upto(Ask, 0)
    deliver(pair, ask)
    refused(pair, replace(message, points=other), RefusalCode.OUT_OF_TURN)


def test_a_strict_warrant_takes_no_declared_contact() -> None:
    pair, ask = upto(Ask, 1, STRICT)
    assert isinstance(ask, Ask)
    assert ask.declared == b""
    pairs, _ = group.declare(np.repeat(point_of(pair, GUESS), 64, axis=0), keys_of(pair), b"\x08" * 32)
    refused(pair, replace(ask, declared=pairs.tobytes(), evidence=b"none"), RefusalCode.OVER_BUDGET)


@pytest.mark.parametrize("hop", [0, 2])
def test_nothing_is_declared_at_the_first_or_the_last_hop(hop: int) -> None:
    pair, ask = upto(Ask, hop)
    assert isinstance(ask, Ask)
    pairs, _ = group.declare(np.repeat(point_of(pair, GUESS), 64, axis=0), keys_of(pair), b"\x08" * 32)
    refused(pair, replace(ask, declared=pairs.tobytes(), evidence=b"none"), RefusalCode.OUT_OF_TURN)


ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize("guess", ["+33100000001", "+33199999999"], ids=["right", "wrong"])
def test_an_entry_less_a_guessed_number_is_no_free_oracle(guess: str) -> None:
    """It decrypts to the identity if the guess is right, which ends the trace; a wrong one is answered, and counted."""
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    minus_one = group.SecretScalar.from_canonical((ORDER - 1).to_bytes(32, "little"))
    less = group.multiply(point_of(pair, guess), minus_one)
    entries = pair.tracer.kept.seals  # type: ignore[union-attr]
    tries = [np.concatenate([e[:, :32], group.add(e[:, 32:64], less)], axis=1) for e in np.split(entries, len(entries))]
    declared = np.concatenate(tries * 64)[:64].tobytes()
    forged = replace(ask, declared=declared)
    if guess == "+33100000001":
        refused(pair, forged, RefusalCode.CHECK_FAILED, ends=True)
    else:
        assert isinstance(deliver(pair, forged), Names)
        assert pair.holder.kept.spent.declared == 64  # type: ignore[union-attr]


def test_a_declared_contact_that_was_not_committed_to_is_found_by_the_auditor() -> None:
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    seeds = kept.authorisation.seeds
    numbers = verify_evidence(kept.order, kept.roots, seeds, ask, AUDITOR)
    assert set(numbers) == {"+9641000002", "+33100000001", "+33100000002"}
    pairs, _ = group.declare(np.repeat(point_of(pair, GUESS), 64, axis=0), keys_of(pair), b"\x08" * 32)
    false = replace(ask, declared=pairs.tobytes())
    assert isinstance(deliver(pair, false), Names)  # not prevented: counted, committed beforehand, and found
    with pytest.raises(PeerError, match="other contacts were declared"):
        verify_evidence(kept.order, kept.roots, seeds, false, AUDITOR)
    other = replace(kept.roots, tracer=replace(kept.roots.tracer, couples_root=bytes(32)))
    with pytest.raises(PeerError, match="not in the list"):
        verify_evidence(kept.order, other, seeds, ask, AUDITOR)


def approved(message: Unmask, digest: bytes, *sides: str) -> Unmask:
    return replace(message, approvals=tuple(approve(digest, APPROVER[side]) for side in sides))


def wanted() -> tuple[Pair, Unmask, bytes]:
    pair = traced(*sample(), [SEED], hops=2)
    assert isinstance(pair.tracer, tracer.Traced)
    (stranger,) = [v for v in tracer.graph(pair.tracer).vertices["vertex"].to_pylist() if v.startswith("p:")]
    message, digest = tracer.draft_unmasking(pair.tracer, {stranger: "a reason"}, int(NOW.timestamp()) + 60)
    return pair, message, digest


@pytest.mark.parametrize("sides", [(), ("iq",), ("fr",), ("iq", "iq")], ids=["nobody", "tracer's", "holder's", "twice"])
def test_nothing_is_unmasked_without_approvers_of_both_sides(sides: tuple[str, ...]) -> None:
    pair, message, digest = wanted()
    refused(pair, approved(message, digest, *sides), RefusalCode.NOT_AUTHORISED)


def test_two_approvers_of_one_side_unmask_nothing_however_many_the_policy_asks_for() -> None:
    """They reach the number that must sign; the other side has not agreed."""
    pair, message, digest = wanted()
    colleague = signing_key("second approver of iq")
    policy = APPROVERS.policy
    more = (*policy.holders, Holder("B. iq", "approver", colleague.public, "iq"))
    kept = replace(pair.holder.kept, approvers=Approvers(replace(policy, holders=more)))  # type: ignore[union-attr]
    pair.holder = replace(pair.holder, kept=kept)  # type: ignore[type-var]
    alone = replace(message, approvals=(approve(digest, APPROVER["iq"]), approve(digest, colleague)))
    refused(pair, alone, RefusalCode.NOT_AUTHORISED)
    assert not isinstance(deliver(pair, approved(message, digest, "iq", "fr")), Refusal)


def test_stale_approvals_and_those_of_another_request_unmask_nothing() -> None:
    pair, message, digest = wanted()
    good = approved(message, digest, "iq", "fr")
    pair.dice["holder"].now = NOW + timedelta(seconds=60)
    refused(pair, good, RefusalCode.NOT_AUTHORISED)
    pair.dice["holder"].now = NOW
    later = replace(good, until=good.until + 1_000_000)
    refused(pair, later, RefusalCode.NOT_AUTHORISED)
    refused(pair, replace(good, serial=2), RefusalCode.NOT_AUTHORISED)
    reasoned = replace(good, wants=(replace(good.wants[0], reason="another reason"),))
    refused(pair, reasoned, RefusalCode.NOT_AUTHORISED)


def test_an_approved_request_is_answered_once_and_within_its_budget() -> None:
    pair, message, digest = wanted()
    kept = pair.holder.kept  # type: ignore[union-attr]
    none_left = warrant(kept.order, kept.roots, kept.authorisation.seeds, budgets=replace(PLENTY, unmaskings=0))
    good = approved(message, digest, "iq", "fr")
    poor = replace(pair.holder, kept=replace(kept, authorisation=none_left))  # type: ignore[type-var]
    step = holder.receive(poor, good, pair.dice["holder"].given())
    assert step.message == Refusal(good.trace, RefusalCode.OVER_BUDGET, "")
    assert not isinstance(deliver(pair, good), Refusal)
    assert pair.holder.kept.spent.unmaskings == 1  # type: ignore[union-attr]
    assert not isinstance(deliver(pair, good), Refusal)
    assert pair.holder.kept.spent.unmaskings == 1  # type: ignore[union-attr]


def unmasks(pair: Pair, want: Want) -> Unmask:
    """A request for one vertex that both sides approved: approvers see reasons, not points."""
    kept = pair.tracer.kept  # type: ignore[union-attr]
    message = Unmask(kept.order.trace, 1, int(NOW.timestamp()) + 60, (want,), ())
    return approved(message, context.request(kept.order, kept.authorisation, message), "iq", "fr")


def test_a_number_that_was_recognised_and_never_reached_is_not_unmasked() -> None:
    """The tracer puts a number of the holder's into its own store, recognises it, and asks who has that name."""
    own, theirs = sample()
    pair = traced(own, theirs, [SEED], hops=1)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    secrets = pair.holder.kept.secrets  # type: ignore[union-attr]
    name = group.multiply(point_of(pair, "+9641000003"), secrets.name).tobytes()
    assert name in kept.found.names  # recognised
    assert kept.found.names[name] not in kept.positions  # never reached
    for position in range(64):
        secret = kept.asked[1].secret(position)
        want = Want(1, position, secret, name, "please")
        step = holder.receive(pair.holder, unmasks(pair, want), pair.dice["holder"].given())
        assert step.message == Refusal(kept.order.trace, RefusalCode.CHECK_FAILED, "")
        assert isinstance(step.state, holder.Ended)


def test_a_position_that_was_never_answered_is_not_unmasked() -> None:
    pair, message, _ = wanted()
    for hop, position in ((2, 64), (3, 0), (200, 1)):
        want = replace(message.wants[0], hop=hop, position=position)
        step = holder.receive(pair.holder, unmasks(pair, want), pair.dice["holder"].given())  # type: ignore[arg-type]
        assert isinstance(step.state, holder.Ended)


def test_only_records_between_unmasked_numbers_are_handed_over() -> None:
    pair = traced(*sample(), [SEED], hops=2)
    assert isinstance(pair.tracer, tracer.Traced)
    kept = pair.tracer.kept
    (stranger,) = [v for v in tracer.graph(pair.tracer).vertices["vertex"].to_pylist() if v.startswith("p:")]
    for serial, texts in enumerate([[stranger], ["+33100000001"], ["+33100000002"]], 1):
        reasons = dict.fromkeys(texts, "a reason")
        message, digest = tracer.draft_unmasking(pair.tracer, reasons, int(NOW.timestamp()) + 60)
        assert message.serial == serial
        request = approved(message, digest, "iq", "fr")
        pair.run(pair.step("tracer", tracer.unmask(pair.tracer, request, pair.dice["tracer"].given())))
        assert isinstance(pair.tracer, tracer.Traced)
        told = {(record.a, record.b) for record in pair.tracer.kept.records}
        expected = [
            set(),
            {("+33100000001", "+33100000003")},
            {("+33100000001", "+33100000003"), ("+33100000002", "+33100000003")},
        ]
        assert told == expected[serial - 1]
    assert kept.records == ()
