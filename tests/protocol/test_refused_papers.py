"""What a party refuses before anything is asked: terms, papers, files, evidence for somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.errors import InputError, PeerError, Refused
from clew.joint import context, holder, tracer
from clew.joint.evidence import open_evidence
from clew.joint.found import FAR, Found
from clew.joint.messages import Ask, Offer, Refusal, RefusalCode, TracerCommitments, Unmask
from clew.joint.snapshot import parse_snapshot
from clew.joint.unmasking import Approvers, approve
from clew.warrants.authorisation import Blinded
from tests.chain_cases import Contact
from tests.protocol.parties import (
    APPROVER,
    APPROVERS,
    AUDITOR,
    HOLDER,
    NOW,
    TRACER,
    Dice,
    committed,
    couples,
    sample,
    shares_of,
    terms,
    traced,
    warrant,
)
from tests.protocol.test_attacks_of_the_tracer import SEED, upto


def offered() -> Offer:
    message = tracer.offer(terms(), TRACER, sample()[0], Dice("offer").given()).message
    assert isinstance(message, Offer)
    return message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"normaliser": "other-numbers/9"}, "joint.terms"),
        ({"detail": 1}, "joint.terms"),
        ({"end": 0}, "joint.check-failed"),
        ({"stage": 0}, "joint.check-failed"),
        ({"hub_limit": 0}, "joint.check-failed"),
    ],
    ids=lambda value: str(value),
)
def test_terms_that_cannot_be_traced_under_are_not_accepted(change: dict[str, object], code: str) -> None:
    with pytest.raises(PeerError) as caught:
        holder.accept(replace(offered(), **change), HOLDER, sample()[1], Dice("holder").given())  # type: ignore[arg-type]
    assert caught.value.code == code


def test_records_counted_under_another_hub_limit_are_a_mistake_of_the_caller() -> None:
    many = couples([Contact("+9641000001", f"+3310000000{n}") for n in range(5)], hub_limit=200)
    with pytest.raises(ValueError, match="another hub limit"):
        tracer.offer(terms(hub_limit=3), TRACER, many, Dice("offer").given())
    with pytest.raises(ValueError, match="another hub limit"):
        holder.accept(replace(offered(), hub_limit=3), HOLDER, many, Dice("holder").given())


def test_an_acceptance_of_another_offer_ends_the_trace() -> None:
    mine = tracer.offer(terms(), TRACER, sample()[0], Dice("mine").given())
    answer = holder.accept(offered(), HOLDER, sample()[1], Dice("holder").given()).message
    assert answer is not None
    assert isinstance(tracer.receive(mine.state, answer, Dice("mine").given()).state, tracer.Ended)


def test_a_file_that_is_not_a_snapshot_to_the_byte_is_refused() -> None:
    kept = committed(*sample()).holder.kept  # type: ignore[union-attr]
    good = kept.snapshot.encode()
    head = len(b"clew/1 snapshot\n") + 36
    swapped = good[:head] + good[head + 16 : head + 32] + good[head : head + 16] + good[head + 32 :]
    for bad in (b"", good[:-1], good + b"\0", good[:head], b"x" + good[1:], swapped):
        with pytest.raises(InputError) as caught:
            parse_snapshot(bad)
        assert caught.value.code == "joint.snapshot"


def test_evidence_is_read_by_the_auditor_that_the_order_names_and_for_its_list_only() -> None:
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    order = pair.tracer.kept.order  # type: ignore[union-attr]
    assert len(open_evidence(ask.evidence, AUDITOR, context.evidence(order, 1)).items) == 64
    other = X25519PrivateKey.from_private_bytes(b"\x01" * 32)
    for key, hop, data in (
        (other, 1, ask.evidence),
        (AUDITOR, 2, ask.evidence),
        (AUDITOR, 1, ask.evidence[:-1]),
        (AUDITOR, 1, b""),
    ):
        with pytest.raises(InputError) as caught:
            open_evidence(data, key, context.evidence(order, hop))
        assert caught.value.code == "joint.evidence"


def test_a_policy_that_does_not_ask_both_sides_approves_nothing() -> None:
    policy = APPROVERS.policy
    for requirements in ((), policy.requirements[:1]):
        with pytest.raises(Refused) as caught:
            Approvers(replace(policy, requirements=requirements))
        assert caught.value.code == "joint.approvers"


def test_a_vertex_that_was_not_reached_cannot_even_be_asked_for() -> None:
    pair = traced(*sample(), [SEED], 1)
    assert isinstance(pair.tracer, tracer.Traced)
    for text in ("+9641000003", "+33100000009", "p:" + "00" * 32):
        with pytest.raises(Refused) as caught:
            tracer.draft_unmasking(pair.tracer, {text: "a reason"}, int(NOW.timestamp()) + 60)
        assert caught.value.code == "joint.not-reached"
        assert text not in str(caught.value)


def test_a_pseudonym_may_be_named_by_its_beginning_but_never_by_that_of_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = traced(*sample(), [SEED], 2)
    assert isinstance(pair.tracer, tracer.Traced)
    kept, until = pair.tracer.kept, int(NOW.timestamp()) + 60
    hop = kept.found.hops(2)
    whole = sorted(kept.found.text(vertex) for vertex in kept.positions if hop[vertex] < FAR)
    first, second = whole[-1], whole[0]
    assert first.startswith("p:")
    asked, _ = tracer.draft_unmasking(pair.tracer, {first[:10]: "a reason"}, until)
    assert asked == tracer.draft_unmasking(pair.tracer, {first: "a reason"}, until)[0]
    alike = {first: first, second: first[:12] + "0" * 54}
    text = Found.text
    monkeypatch.setattr(Found, "text", lambda found, vertex: alike.get(said := text(found, vertex), said))
    for named in ([first[:9]], [first[:12]], [first, first[:13]], [first[2:]], [first[:12] + "g"]):
        with pytest.raises(Refused) as caught:
            tracer.draft_unmasking(pair.tracer, dict.fromkeys(named, "a reason"), until)
        assert caught.value.code == "joint.not-reached"


def test_commitments_that_the_tracer_did_not_sign_end_the_trace() -> None:
    own, theirs = sample()
    begun = tracer.offer(terms(), TRACER, own, Dice("tracer").given())
    accepted = holder.accept(begun.message, HOLDER, theirs, Dice("holder").given())  # type: ignore[arg-type]
    signed = tracer.receive(begun.state, accepted.message, Dice("tracer again").given()).message  # type: ignore[arg-type]
    assert isinstance(signed, TracerCommitments)
    for changed in (replace(signed, numbers=signed.numbers + 1), replace(signed, signature=HOLDER.sign(b"anything"))):
        step = holder.receive(accepted.state, changed, Dice("holder").given())
        assert isinstance(step.state, holder.Ended)
        assert step.message == Refusal(signed.trace, RefusalCode.CHECK_FAILED, "")
    assert isinstance(holder.receive(accepted.state, signed, Dice("holder").given()).state, holder.Committed)


@pytest.mark.parametrize("point", [bytes(32), b"\xff" * 32, bytes(31) + b"\x80"], ids=["identity", "large", "not one"])
def test_a_warrant_with_a_point_that_is_none_is_not_taken(point: bytes) -> None:
    pair = committed(*sample())
    assert isinstance(pair.tracer, tracer.Committed)
    assert isinstance(pair.holder, holder.Committed)
    seeds, _ = shares_of(pair, [SEED])
    paper = warrant(pair.tracer.order, pair.tracer.roots, [*seeds, Blinded(point)])
    with pytest.raises((InputError, PeerError, Refused)) as caught:
        holder.authorise(pair.holder, paper, APPROVERS, pair.dice["holder"].given())
    assert caught.value.code.startswith("group.")


def test_a_warrant_that_has_expired_is_taken_by_neither_side() -> None:
    pair = committed(*sample())
    assert isinstance(pair.tracer, tracer.Committed)
    assert isinstance(pair.holder, holder.Committed)
    seeds, shares = shares_of(pair, [SEED])
    paper = warrant(pair.tracer.order, pair.tracer.roots, seeds, expires=NOW)
    with pytest.raises(Refused) as caught:
        holder.authorise(pair.holder, paper, APPROVERS, pair.dice["holder"].given())
    assert caught.value.code == "joint.not-authorised"
    with pytest.raises(Refused) as caught:
        tracer.authorise(pair.tracer, paper, shares, pair.holder.kept.snapshot, pair.dice["tracer"].given())
    assert caught.value.code == "joint.not-authorised"


def test_the_approval_of_somebody_whose_key_has_ended_does_not_count() -> None:
    request, digest = Unmask(bytes(32), 1, int(NOW.timestamp()) + 60, (), ()), bytes(32)
    signed = replace(request, approvals=tuple(approve(digest, key) for key in APPROVER.values()))
    assert APPROVERS.verify(signed, digest, NOW) == signed
    one, *others = APPROVERS.policy.holders
    ended = Approvers(replace(APPROVERS.policy, holders=(replace(one, until=NOW), *others)))
    with pytest.raises(Refused, match="too few approvers"):
        ended.verify(signed, digest, NOW)
    assert ended.verify(signed, digest, NOW - timedelta(seconds=1)) == signed
