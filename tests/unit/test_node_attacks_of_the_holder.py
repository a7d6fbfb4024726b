"""A holder's node that is changed, against an honest tracer's over real sockets: every line of the second table of
spec protocol 11, and that what is refused is logged by the one and told to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clew.joint import context, group, terms, tracer
from clew.joint import snapshot as sealing
from clew.joint.codec import encode_fields
from clew.joint.messages import (
    Acceptance,
    Closed,
    HolderCommitments,
    Message,
    Names,
    Recognised,
    Refusal,
    RefusalCode,
    Rows,
    SealedSeeds,
    Unmasked,
    UnmaskedNumber,
)
from clew.joint.terms import Order, Roots
from clew.joint.unmasking import Record, _Records
from tests.node_attack import BOTH, Attack, attack, kinds, refusals
from tests.node_pair import AUDITOR, BEGIN, END, until
from tests.unit.test_node_attacks_on_unmasking import HIDDEN, honest_wants, request_for
from tests.warrants import STRANGER

POINT = group.hash_to_group([b"a point"], b"test").tobytes()
NO_POINT = {"group.encoding", "group.identity"}


def swapped(answer: Any) -> Any:
    return replace(answer, points=answer.points[32:64] + answer.points[:32] + answer.points[64:])


def made_up(answer: Any) -> Any:
    if isinstance(answer, SealedSeeds):
        return replace(answer, seals=POINT)
    return replace(answer, points=POINT + answer.points[32:])


def doubled(answer: Any) -> Any:
    return replace(answer, points=answer.points[32:64] + answer.points[32:])


def missing(answer: Any) -> Any:
    return replace(answer, points=answer.points[:-32])


def one_too_many(answer: Any) -> Any:
    if isinstance(answer, SealedSeeds):
        return replace(answer, seals=answer.seals * 2)
    return replace(answer, points=answer.points + answer.points[:32])


def without_proof(answer: Any) -> Any:
    return replace(answer, proof=bytes([answer.proof[0] ^ 1]) + answer.proof[1:])


@pytest.mark.parametrize(
    ("kind", "hop", "change"),
    [
        *((SealedSeeds, None, change) for change in (made_up, one_too_many, without_proof)),
        *((Recognised, None, change) for change in (swapped, missing, without_proof)),
        *((Names, 0, change) for change in (made_up, without_proof)),
        *((Names, 1, change) for change in (doubled, one_too_many)),
        *((Names, 2, change) for change in (swapped, missing)),
        *((Rows, 0, change) for change in (swapped, missing, without_proof)),
        *((Rows, 1, change) for change in (made_up, doubled, one_too_many)),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_wrong_answer_ends_the_trace_and_both_sides_know(
    tmp_path: Path, kind: type, hop: int | None, change: Callable[[Any], Any]
) -> None:
    async def story(pair: Attack) -> None:
        pair.change_answer(kind, hop, change)
        await pair.start_both()
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)
        assert len(refusals(pair.tracer)) == 1
        assert not pair.tracer.one.files.has_graph

    attack(tmp_path, story)


def test_the_proof_of_another_hop_ends_the_trace(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        proofs: list[bytes] = []

        def keep(answer: Names) -> Names:
            proofs.append(answer.proof)
            return answer

        pair.change_answer(Names, 0, keep)
        pair.change_answer(Names, 1, lambda answer: replace(answer, proof=proofs[0]))
        await pair.start_both()
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)

    attack(tmp_path, story)


@pytest.mark.parametrize(
    ("kind", "change", "codes"),
    [
        (Names, lambda answer: replace(answer, points=bytes(32) + answer.points[32:]), NO_POINT),
        (Rows, lambda answer: replace(answer, points=b"\xff" * 32 + answer.points[32:]), NO_POINT),
        (Recognised, lambda answer: replace(answer, points=b"\x01" + bytes(31) + answer.points[32:]), NO_POINT),
        (Names, lambda answer: replace(answer, hop=answer.hop + 1), {"joint.out-of-turn"}),
        (Names, lambda answer: replace(answer, trace=bytes(32)), {"joint.out-of-turn"}),
        (Rows, lambda answer: Closed(answer.trace), {"joint.out-of-turn"}),
    ],
    ids=["the identity", "not canonical", "negative", "another hop", "another trace", "another message"],
)
def test_an_answer_that_has_no_place_changes_nothing_and_people_are_told(
    tmp_path: Path, kind: type, change: Callable[[Any], Message], codes: set[str]
) -> None:
    """The trace waits, and says why; a person may ask again, and then it goes on."""

    async def story(pair: Attack) -> None:
        pair.change_answer(kind, None, change)
        await pair.start_both()
        await until(lambda: "was not taken" in pair.tracer.one.trouble, pair.tracer)
        (code,) = refusals(pair.tracer)
        assert code in codes
        await asyncio.to_thread(pair.tracer.one.go_on)
        await pair.tracer.until("traced")

    attack(tmp_path, story)


# The keys, the order and the snapshot.


def resigned(pair: Attack, found: HolderCommitments) -> HolderCommitments:
    """Commitments, signed by the holder as what they are now."""
    kept = pair.holder.one.state.kept  # type: ignore[union-attr]
    roots = Roots(kept.roots.tracer, found)
    return replace(found, signature=pair.holder.identity.key.sign(terms.holder_statement(kept.order, roots)))


def rogue(place: int) -> Callable[[Attack, HolderCommitments], HolderCommitments]:
    def change(pair: Attack, found: HolderCommitments) -> HolderCommitments:
        keys = found.keys[: 32 * place] + POINT + found.keys[32 * place + 32 :]
        return resigned(pair, replace(found, keys=keys))

    return change


def roles_exchanged(pair: Attack, found: HolderCommitments) -> HolderCommitments:
    return resigned(pair, replace(found, keys=found.keys[32:64] + found.keys[:32] + found.keys[64:]))


def of_another_trace(pair: Attack, found: HolderCommitments) -> HolderCommitments:
    kept = pair.holder.one.state.kept  # type: ignore[union-attr]
    other = replace(kept.order, holder_nonce=bytes(32))
    proof = group.prove_possession(kept.secrets, context.possession(other), bytes(32))
    return resigned(pair, replace(found, possession=proof))


def other_root_unsigned(pair: Attack, found: HolderCommitments) -> HolderCommitments:
    return replace(found, snapshot_root=bytes(32))


def signed_by_a_stranger(pair: Attack, found: HolderCommitments) -> HolderCommitments:
    kept = pair.holder.one.state.kept  # type: ignore[union-attr]
    return replace(found, signature=STRANGER.sign(terms.holder_statement(kept.order, kept.roots)))


@pytest.mark.parametrize(
    "change",
    [*map(rogue, range(4)), roles_exchanged, of_another_trace, other_root_unsigned, signed_by_a_stranger],
    ids=["X", "M", "J", "K", "roles exchanged", "of another trace", "another root", "signed by a stranger"],
)
def test_keys_that_the_holder_does_not_know_and_commitments_it_did_not_sign_end_the_trace(
    tmp_path: Path, change: Callable[[Attack, HolderCommitments], HolderCommitments]
) -> None:
    async def story(pair: Attack) -> None:
        pair.change_answer(HolderCommitments, None, lambda found: change(pair, found))
        await asyncio.to_thread(pair.holder.one.accept)
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)

    attack(tmp_path, story, "offered")


@pytest.mark.parametrize("bad", [bytes(32), b"\xff" * 32], ids=["the identity", "not canonical"])
def test_keys_that_are_no_points_are_not_taken(tmp_path: Path, bad: bytes) -> None:
    async def story(pair: Attack) -> None:
        def change(found: HolderCommitments) -> HolderCommitments:
            return resigned(pair, replace(found, keys=bad + found.keys[32:]))

        pair.change_answer(HolderCommitments, None, change)
        await asyncio.to_thread(pair.holder.one.accept)
        await until(lambda: "was not taken" in pair.tracer.one.trouble, pair.tracer)
        assert pair.tracer.one.row.state == "committing"
        assert len(refusals(pair.tracer)) == 1

    attack(tmp_path, story, "offered")


def test_an_order_accepted_under_a_key_that_is_not_pinned_ends_the_trace(tmp_path: Path) -> None:
    """What the holder signs with a key that nobody knows convicts nobody."""

    async def story(pair: Attack) -> None:
        def thrown_away(answer: Acceptance) -> Acceptance:
            offer = pair.holder.one.terms
            assert offer is not None
            order = Order(offer, STRANGER.public.raw, answer.nonce)
            return replace(answer, holder=STRANGER.public.raw, signature=order.sign(STRANGER))

        pair.change_answer(Acceptance, None, thrown_away)
        await asyncio.to_thread(pair.holder.one.accept)
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)

    attack(tmp_path, story, "offered")


def another_nonce(answer: Acceptance) -> Acceptance:
    return replace(answer, nonce=bytes(32))


def another_signature(answer: Acceptance) -> Acceptance:
    return replace(answer, signature=STRANGER.sign(b"another order"))


@pytest.mark.parametrize("change", [another_nonce, another_signature], ids=lambda f: f.__name__)
def test_an_acceptance_of_another_order_ends_the_trace(
    tmp_path: Path, change: Callable[[Acceptance], Acceptance]
) -> None:
    async def story(pair: Attack) -> None:
        pair.change_answer(Acceptance, None, change)
        await asyncio.to_thread(pair.holder.one.accept)
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)

    attack(tmp_path, story, "offered")


def changed_in_a_byte(pair: Attack) -> bytes:
    data = pair.holder.one.snapshot_bytes()
    return data[:-1] + bytes([data[-1] ^ 1])


def made_twice(pair: Attack) -> bytes:
    kept = pair.holder.one.state.kept  # type: ignore[union-attr]
    again, _ = sealing.seal_snapshot(kept.party.couples, kept.secrets, kept.keys, kept.order, b"\x01" * 32)
    return again.encode()


def of_nothing(pair: Attack) -> bytes:
    return b""


def cut_short(pair: Attack) -> bytes:
    return pair.holder.one.snapshot_bytes()[:5_000]


@pytest.mark.parametrize("make", [changed_in_a_byte, made_twice, of_nothing, cut_short], ids=lambda f: f.__name__)
def test_a_snapshot_other_than_the_committed_one_ends_the_trace(
    tmp_path: Path, make: Callable[[Attack], bytes]
) -> None:
    """Once may be a disk, and is fetched anew; twice is the partner."""

    async def story(pair: Attack) -> None:
        served: list[bytes] = []

        def other(sender: Any, trace: bytes) -> bytes:
            served.append(make(pair))
            return served[-1]

        pair.holder.desk.snapshot = other  # type: ignore[method-assign]
        await asyncio.to_thread(pair.holder.one.accept)
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)
        assert len(served) == 2
        assert refusals(pair.tracer) == ["joint.check-failed"] * 2

    attack(tmp_path, story, "offered")


def test_a_snapshot_that_a_disk_spoilt_is_fetched_anew(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        honest, spoilt = pair.holder.desk.snapshot, [True]

        def once(sender: Any, trace: bytes) -> bytes:
            return changed_in_a_byte(pair) if spoilt and spoilt.pop() else honest(sender, trace)

        pair.holder.desk.snapshot = once  # type: ignore[method-assign]
        await asyncio.to_thread(pair.holder.one.accept)
        await until(lambda: pair.tracer.one.snapshot_file.exists(), pair.tracer)
        await pair.start_both()
        await pair.tracer.until("traced")

    attack(tmp_path, story, "offered")


# Unmasking.


def another_number(answer: Unmasked) -> Unmasked:
    return replace(answer, numbers=(UnmaskedNumber("+33612000009"),))


def unproved(answer: Unmasked) -> Unmasked:
    return replace(answer, proof=b"")


def another_serial(answer: Unmasked) -> Unmasked:
    return replace(answer, serial=2)


def one_more(answer: Unmasked) -> Unmasked:
    return replace(answer, numbers=answer.numbers * 2)


def records_of_others(answer: Unmasked) -> Unmasked:
    return replace(answer, records=encode_fields(_Records((Record("+33612000008", "+33612000009", 0, 0, 1, 5),))))


def impossible(**fields: int) -> Callable[[Unmasked], Unmasked]:
    """A record of the number that was unmasked, of a moment, kind or length that no table holds."""
    record = replace(Record(HIDDEN, HIDDEN, 0, 0, 1, 5), **fields)  # type: ignore[arg-type]

    def change(answer: Unmasked) -> Unmasked:
        return replace(answer, records=encode_fields(_Records((record,))))

    return change


def records_that_are_none(answer: Unmasked) -> Unmasked:
    return replace(answer, records=b"\x00\x00\x00\x01x")


@pytest.mark.parametrize(
    "change",
    [
        *(another_number, unproved, another_serial, one_more, records_of_others, records_that_are_none),
        *(impossible(kind=200), impossible(start=1 << 62), impossible(duration=1 << 40), impossible(zone_offset=9_999)),
    ],
    ids=lambda f: f.__name__,
)
def test_another_number_is_not_taken_for_the_one_that_a_name_has(
    tmp_path: Path, change: Callable[[Unmasked], Unmasked]
) -> None:
    async def story(pair: Attack) -> None:
        pair.change_answer(Unmasked, None, change)
        await unmask(pair)
        await pair.ended(pair.tracer, RefusalCode.CHECK_FAILED)
        assert not any(kind == "joint.unmasked" for kind in kinds(pair.tracer))

    attack(tmp_path, story, "traced")


async def unmask(pair: Attack) -> None:
    request = request_for(pair, honest_wants(pair)[0])
    for key in BOTH:
        request = request.approved(key)
    await asyncio.to_thread(pair.tracer.one.unmask, request)


def test_a_holder_can_deny_a_name_and_the_graph_keeps_its_pseudonym(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        pair.change_answer(
            Unmasked, None, lambda answer: replace(answer, numbers=(UnmaskedNumber(""),), proof=b"", records=b"")
        )
        await unmask(pair)
        await pair.tracer.until("traced")
        assert HIDDEN not in tracer.graph(pair.tracer.one.state).vertices["vertex"].to_pylist()  # type: ignore[arg-type]

    attack(tmp_path, story, "traced")


@pytest.mark.parametrize("code", list(RefusalCode), ids=lambda code: code.name)
def test_a_false_refusal_is_shown_and_loses_nothing(tmp_path: Path, code: RefusalCode) -> None:
    async def story(pair: Attack) -> None:
        pair.change_answer(Names, 1, lambda answer: Refusal(answer.trace, code, "no"))
        await pair.start_both()
        if code in (RefusalCode.CHECK_FAILED, RefusalCode.STOPPED):
            await pair.tracer.until("ended")
            assert (pair.tracer.one.row.code, pair.tracer.one.row.reason) == (code, "no")
            await until(lambda: "joint.partner-refused" in kinds(pair.tracer), pair.tracer)
        else:
            word = code.name.lower().replace("_", " ")
            await until(lambda: word in pair.tracer.one.trouble, pair.tracer)
            await asyncio.to_thread(pair.tracer.one.go_on)
            await pair.tracer.until("traced")

    attack(tmp_path, story)


# Offers.


def test_a_partners_refusal_of_one_offer_ends_that_offer_alone(tmp_path: Path) -> None:
    """Two offers wait; the tracer takes back the second before the holder has looked at either."""

    async def story(pair: Attack) -> None:
        other = {"case": "other", "stage": 1, "begin": BEGIN, "end": END, "hub_limit": 200, "auditor": AUDITOR}
        second = await asyncio.to_thread(pair.tracer.desk.open, "Holder", other)
        await until(lambda: len(pair.holder.desk.traces()) == 2, pair.holder)
        await asyncio.to_thread(second.refuse, "it was a mistake")
        await until(lambda: pair.holder.desk.traces()[1].row.state == "ended", pair.holder)
        assert pair.holder.desk.traces()[0].row.state == "offered"
        assert pair.holder.desk.traces()[1].row.reason == "it was a mistake"
        await until(lambda: second.row.pending is None, pair.tracer)

    attack(tmp_path, story, "offered")


def test_an_offer_that_is_taken_back_while_it_is_accepted_ends_on_both_sides(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        await asyncio.to_thread(pair.tracer.one.pause, "a moment")
        await asyncio.to_thread(pair.holder.one.accept)
        await asyncio.to_thread(pair.tracer.one.refuse, "it was a mistake")
        await asyncio.to_thread(pair.tracer.one.go_on)
        await pair.holder.until("ended")
        assert pair.holder.one.row.reason == "it was a mistake"
        await until(lambda: pair.tracer.one.row.pending is None, pair.tracer)

    attack(tmp_path, story, "offered")
