"""Lists that do not fit, budgets that run out, answers that are too long: refused with a reason, never cut short."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clew.errors import Refused
from clew.joint import evidence, holder, tracer, unmasking
from clew.joint.evidence import most_declared, padded_size
from clew.joint.messages import EVIDENCE_LIMIT, LIST_LIMIT, MESSAGE_LIMIT, Ask, AskRows, Refusal, RefusalCode
from clew.joint.sizes import padded
from clew.joint.spending import Spent
from tests.chain_cases import Contact
from tests.protocol.parties import PLENTY, Pair, authorised, committed, couples, pooled, traced
from tests.protocol.test_attacks_of_the_tracer import SEED, approved, deliver, wanted

CHAIN = [Contact(SEED, "+9641000002"), Contact("+9641000002", "+9641000003")]
ABROAD = [Contact("+9641000003", "+33100000001"), Contact("+9641000009", "+33100000001")]


def run(own: list[Contact], theirs: list[Contact], hops: int, **less: int) -> Pair:
    pair = committed(couples(own), couples(theirs))
    pair.run(authorised(pair, [SEED], hops, replace(PLENTY, **less)))
    return pair


@pytest.mark.parametrize("budget", [1, 2, 3, 63, 64, 65, 127, 128, 10_000])
def test_a_spent_declared_budget_never_gives_an_incomplete_graph(budget: int) -> None:
    """Only the tracer's own couples lead on, so that each hop has one contact to declare: either all of them are, or
    the trace ends over budget."""
    pair = run(CHAIN, ABROAD, 3, declared=budget)
    if isinstance(pair.tracer, tracer.Traced):
        found = set(tracer.graph(pair.tracer).vertices["vertex"].to_pylist())
        assert len(found) == len(pooled({"iq": couples(CHAIN), "fr": couples(ABROAD)}, [SEED], 3).hop)
    else:
        assert budget == 1  # two hops declare
        assert isinstance(pair.tracer, tracer.Ended)
        assert pair.tracer.code is RefusalCode.OVER_BUDGET
        assert "declared contacts, and there is room for 0" in pair.tracer.reason


def test_what_does_not_fit_the_declared_budget_ends_the_trace() -> None:
    many = [Contact(SEED, f"+9642000{n:04}") for n in range(65)]
    pair = run(many, ABROAD, 2, declared=64)
    assert isinstance(pair.tracer, tracer.Ended)
    assert pair.tracer.code is RefusalCode.OVER_BUDGET
    assert "hop 1 has 65 declared contacts, and there is room for 64" in pair.tracer.reason
    assert isinstance(run(many[:64], ABROAD, 2, declared=64).tracer, tracer.Traced)


@pytest.mark.parametrize("budget", [64, 65, 1000])
def test_a_declared_list_is_missing_in_no_hop_whatever_is_left_to_declare(budget: int) -> None:
    """Were it missing where nothing is left, the holder would see that."""
    shapes = []
    for own in (CHAIN, CHAIN[:1], [Contact("+9647777000", "+9647777001")]):
        pair = run(own, ABROAD, 4, declared=budget)
        assert isinstance(pair.tracer, tracer.Traced)
        shapes.append([len(m.declared) for _, m in pair.sent if isinstance(m, Ask)])
    assert shapes[0] == shapes[1] == shapes[2]
    assert [bool(size) for size in shapes[0]] == [False, True, True, True, False]


@pytest.mark.parametrize("name", ["items", "rows"])
@pytest.mark.parametrize("declared", [0, 1000])
def test_a_budget_that_padding_could_use_up_serves_every_hop(name: str, declared: int) -> None:
    """Padding takes nothing of a budget that the lists of later hops need, and the holder expects it so."""
    pair = run(CHAIN[:1], ABROAD, 3, declared=declared, **{name: 70})
    assert isinstance(pair.tracer, tracer.Traced)
    assert isinstance(pair.holder, holder.Finished)
    assert getattr(pair.holder.kept.spent, name) == 70
    assert pair.tracer.kept.spent == pair.holder.kept.spent


def test_what_is_kept_of_the_budgets_for_later_hops() -> None:
    room = Spent(items=10, rows=5).room(replace(PLENTY, items=100, rows=100, declared=100), 1, 3)
    assert room == {"items": 88, "rows": 93, "declared": 92}
    assert Spent().room(replace(PLENTY, items=1, rows=1, declared=0), 0, 3) == {"items": 0, "rows": 0, "declared": 0}


def test_rows_that_do_not_fit_end_the_trace() -> None:
    border = [Contact(SEED, f"+3310000{n:04}") for n in range(70)]
    pair = run(CHAIN, border, 2, rows=130)
    assert isinstance(pair.tracer, tracer.Ended)
    assert pair.tracer.code is RefusalCode.OVER_BUDGET
    assert pair.tracer.reason == "rows of 70 sealed and 64 declared positions are wanted, and there is room for 66"
    assert len([m for _, m in pair.sent if isinstance(m, AskRows)]) == 1


@pytest.mark.parametrize("sealed", [1, 64, LIST_LIMIT])
@pytest.mark.parametrize("couples_", [0, 1, 1 << 22])
@pytest.mark.parametrize("text", [1, 16, 170])
def test_every_declared_list_that_is_let_through_can_be_sent(sealed: int, couples_: int, text: int) -> None:
    most = most_declared(sealed, text, couples_)
    assert most.bit_count() == 1
    size = padded_size(most, text, couples_) + 52  # a length, an ephemeral key, a tag
    assert size <= EVIDENCE_LIMIT
    assert 128 * sealed + 64 * most + size + 200 <= MESSAGE_LIMIT
    assert most == LIST_LIMIT or padded_size(2 * most, text, couples_) + 192 * sealed > EVIDENCE_LIMIT - 1024
    assert padded(most, most) == most


def test_more_declared_contacts_than_evidence_holds_end_the_trace_with_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They end it before anything is sent: a message that no field can hold would be an error that nobody explains."""
    monkeypatch.setattr(evidence, "EVIDENCE_LIMIT", 1 << 15)
    many = [Contact(SEED, f"+9642000{n:04}") for n in range(200)]
    pair = run(many, ABROAD, 2)
    assert isinstance(pair.tracer, tracer.Ended)
    assert pair.tracer.code is RefusalCode.OVER_BUDGET
    assert "hop 1 has 200 declared contacts, and evidence of 64 goes beside one list" in pair.tracer.reason


@pytest.mark.parametrize(("name", "most"), [("RECORDS_LIMIT", 10), ("_RECORD_LIMIT", 0)])
def test_records_that_no_answer_holds_are_refused_and_fewer_may_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    pair, message, _ = wanted()
    own = {v for v in tracer.graph(pair.tracer).vertices["vertex"].to_pylist() if v != SEED}  # type: ignore[arg-type]
    state: Any = pair.tracer
    both = {vertex: "a reason" for vertex in own if vertex.startswith(("p:", "+33100000001"))}
    request, digest = tracer.draft_unmasking(state, both, message.until)
    monkeypatch.setattr(unmasking, name, most)
    before = pair.holder
    sent = pair.step("tracer", tracer.unmask(state, approved(request, digest, "iq", "fr"), pair.dice["tracer"].given()))
    assert sent is not None
    answer = deliver(pair, sent)
    assert answer == Refusal(message.trace, RefusalCode.OVER_BUDGET, "")
    assert pair.holder is before
    assert pair.log[-1][1].body["code"] == "joint.over-budget"
    pair.run(answer, "tracer")
    assert isinstance(pair.tracer, tracer.Traced)
    one, digest = tracer.draft_unmasking(pair.tracer, dict(list(both.items())[:1]), message.until)
    pair.run(
        pair.step("tracer", tracer.unmask(pair.tracer, approved(one, digest, "iq", "fr"), pair.dice["tracer"].given()))
    )
    assert isinstance(pair.tracer, tracer.Traced)
    assert len(pair.tracer.kept.unmasked) == 1


def test_records_given_before_are_not_given_again() -> None:
    pair = traced(couples(CHAIN), couples([Contact(SEED, "+33100000001"), Contact(SEED, "+33100000002")]), [SEED], 2)
    kept = pair.holder.kept  # type: ignore[union-attr]
    everybody = list(range(len(kept.party.couples.numbers)))
    assert unmasking.records_between(kept.party.couples, everybody, [])
    assert unmasking.records_between(kept.party.couples, everybody, everybody) == b""


def test_the_refusal_of_records_says_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = couples([Contact(SEED, "+33100000001"), Contact(SEED, "+33100000002")])
    monkeypatch.setattr(unmasking, "_RECORD_LIMIT", 1)
    with pytest.raises(Refused, match="2 records lie between") as refused:
        unmasking.records_between(theirs, [0, 1, 2], [])
    assert refused.value.counts == {"records": 2}
