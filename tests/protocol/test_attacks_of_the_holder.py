"""Whatever a dishonest holder tries, by changing what an honest one makes or sends (spec protocol 11, second table)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from clew.errors import PeerError
from clew.joint import context, group, holder, terms, tracer
from clew.joint import snapshot as sealing
from clew.joint.broken import Broken, verify_broken
from clew.joint.couples import Couples
from clew.joint.found import NOBODY
from clew.joint.messages import (
    Acceptance,
    Ask,
    AskRows,
    HolderCommitments,
    Message,
    Names,
    Recognise,
    Recognised,
    Refusal,
    RefusalCode,
    Rows,
    SealedSeeds,
    Unmasked,
    UnmaskedNumber,
    encode,
)
from clew.joint.snapshot import parse_snapshot
from clew.joint.terms import Roots
from tests.chain_cases import Contact
from tests.protocol.parties import (
    HOLDER,
    PLENTY,
    TRACER,
    Dice,
    Pair,
    authorised,
    committed,
    couples,
    sample,
    signing_key,
    traced,
)
from tests.protocol.parties import (
    terms as offered,
)
from tests.protocol.test_attacks_of_the_tracer import SEED, approved, deliver, upto, wanted

POINT = group.hash_to_group([b"a point"], b"test").tobytes()


def changed_answer(kind: type, hop: int | None, change: Callable[[Any], Any]) -> Pair:
    """A whole trace in which the holder's answer of that kind (and hop) is changed on the way."""
    pair = committed(*sample())
    message: Message | None = authorised(pair, [SEED], 2)
    to = "holder"
    while message is not None:
        module = {"holder": holder, "tracer": tracer}[to]
        message = pair.step(to, module.receive(getattr(pair, to), message, pair.dice[to].given()))
        if to == "holder" and isinstance(message, kind) and (hop is None or message.hop == hop):  # type: ignore[attr-defined]
            message = change(message)
        to = "tracer" if to == "holder" else "holder"
    return pair


def caught(pair: Pair) -> None:
    """The tracer ended the trace, said only that a check failed (or that points were none), and logged it."""
    assert isinstance(pair.tracer, tracer.Ended | tracer.AwaitNames | tracer.AwaitRows | tracer.AwaitRecognised)
    refusals = [entry for side, entry in pair.log if side == "tracer" and entry.kind == "joint.refused"]
    assert len(refusals) == 1
    assert not any(isinstance(state, tracer.Traced) for state in [pair.tracer])


def ended(pair: Pair) -> None:
    caught(pair)
    assert isinstance(pair.tracer, tracer.Ended)
    assert pair.tracer.code is RefusalCode.CHECK_FAILED
    assert isinstance(pair.holder, holder.Ended)


def swapped(points: bytes) -> bytes:
    return points[32:64] + points[:32] + points[64:]


@pytest.mark.parametrize(
    "change", [swapped, lambda p: POINT + p[32:], lambda p: p[32:64] + p[32:]], ids=["swapped", "made up", "doubled"]
)
@pytest.mark.parametrize(("kind", "hop"), [(Recognised, None), (Names, 0), (Names, 2), (Rows, 0), (Rows, 1)])
def test_wrong_names_and_rows_end_the_trace(kind: type, hop: int | None, change: Callable[[bytes], bytes]) -> None:
    ended(changed_answer(kind, hop, lambda answer: replace(answer, points=change(answer.points))))


@pytest.mark.parametrize("change", [lambda p: p[:-32], lambda p: p + p[:32]], ids=["missing", "one too many"])
@pytest.mark.parametrize(("kind", "hop"), [(Recognised, None), (Names, 1), (Rows, 1)])
def test_duplicate_or_missing_positions_end_the_trace(
    kind: type, hop: int | None, change: Callable[[bytes], bytes]
) -> None:
    ended(changed_answer(kind, hop, lambda answer: replace(answer, points=change(answer.points))))


@pytest.mark.parametrize(("kind", "hop"), [(SealedSeeds, None), (Recognised, None), (Names, 0), (Names, 1), (Rows, 0)])
def test_an_answer_without_its_proof_ends_the_trace(kind: type, hop: int | None) -> None:
    def forge(answer: Any) -> Any:
        return replace(answer, proof=bytes([answer.proof[0] ^ 1]) + answer.proof[1:])

    ended(changed_answer(kind, hop, forge))


def test_seeds_under_another_seal_key_end_the_trace() -> None:
    ended(changed_answer(SealedSeeds, None, lambda answer: replace(answer, seals=POINT)))


def test_a_proof_is_of_its_hop_and_of_nothing_else() -> None:
    """The same list, answered right, but under the context of another hop."""
    proofs: dict[int, bytes] = {}

    def keep(answer: Names) -> Names:
        proofs[answer.hop] = answer.proof
        return answer if answer.hop == 0 else replace(answer, proof=proofs[0])

    ended(changed_answer(Names, None, keep))


@pytest.mark.parametrize("bad", [bytes(32), b"\xff" * 32], ids=["the identity", "not canonical"])
@pytest.mark.parametrize(("kind", "hop"), [(Names, 0), (Rows, 0)])
def test_answers_that_are_no_points_are_not_taken(kind: type, hop: int, bad: bytes) -> None:
    caught(changed_answer(kind, hop, lambda answer: replace(answer, points=bad + answer.points[32:])))


def commit_with(change: Callable[[holder.Trace, HolderCommitments], HolderCommitments]) -> Pair:
    """The commitments of a holder that changes and signs them again."""
    pair = Pair(tracer.offer(offered(), TRACER, sample()[0], Dice("tracer").given()).state)
    offer = pair.tracer.party.offer  # type: ignore[union-attr]
    answer = pair.step("holder", holder.accept(offer, HOLDER, sample()[1], pair.dice["holder"].given()))
    assert isinstance(answer, Acceptance)
    mine = pair.step("tracer", tracer.receive(pair.tracer, answer, pair.dice["tracer"].given()))
    assert mine is not None
    theirs = pair.step("holder", holder.receive(pair.holder, mine, pair.dice["holder"].given()))  # type: ignore[arg-type]
    assert isinstance(theirs, HolderCommitments)
    kept = pair.holder.kept  # type: ignore[union-attr]
    forged = change(kept, theirs)
    roots = Roots(kept.roots.tracer, forged)
    forged = replace(forged, signature=HOLDER.sign(terms.holder_statement(kept.order, roots)))
    pair.run(forged, "tracer")
    return pair


@pytest.mark.parametrize("place", range(4))
def test_a_key_whose_secret_the_holder_does_not_know_is_refused(place: int) -> None:
    """A rogue key, for instance one made out of another's, has no proof of possession."""

    def rogue(kept: holder.Trace, found: HolderCommitments) -> HolderCommitments:
        keys = found.keys[: 32 * place] + POINT + found.keys[32 * place + 32 :]
        return replace(found, keys=keys)

    pair = commit_with(rogue)
    assert isinstance(pair.tracer, tracer.Ended)


@pytest.mark.parametrize("bad", [bytes(32), b"\xff" * 32], ids=["the identity", "not canonical"])
def test_keys_that_are_no_points_are_refused(bad: bytes) -> None:
    pair = commit_with(lambda kept, found: replace(found, keys=bad + found.keys[32:]))
    assert not isinstance(pair.tracer, tracer.Committed)


def test_a_proof_of_possession_is_of_its_trace_and_role() -> None:
    def of_another_trace(kept: holder.Trace, found: HolderCommitments) -> HolderCommitments:
        other = replace(kept.order, holder_nonce=bytes(32))
        return replace(found, possession=group.prove_possession(kept.secrets, context.possession(other), bytes(32)))

    assert isinstance(commit_with(of_another_trace).tracer, tracer.Ended)

    def of_another_holder(kept: holder.Trace, found: HolderCommitments) -> HolderCommitments:
        """Who passes nonces on has the same trace with two partners; only their orders differ."""
        other = replace(kept.order, holder=signing_key("another holder's node").public.raw)
        assert other.trace == kept.id
        return replace(found, possession=group.prove_possession(kept.secrets, context.possession(other), bytes(32)))

    assert isinstance(commit_with(of_another_holder).tracer, tracer.Ended)

    def roles_exchanged(kept: holder.Trace, found: HolderCommitments) -> HolderCommitments:
        return replace(found, keys=found.keys[32:64] + found.keys[:32] + found.keys[64:])

    assert isinstance(commit_with(roles_exchanged).tracer, tracer.Ended)


def test_commitments_are_signed_by_the_node_that_accepted() -> None:
    pair = committed(*sample())
    roots = pair.tracer.roots  # type: ignore[union-attr]
    order = pair.tracer.order  # type: ignore[union-attr]
    stranger = signing_key("a stranger")
    forged = replace(roots.holder, signature=stranger.sign(terms.holder_statement(order, roots)))
    waiting = tracer.AwaitCommitments(pair.tracer.party, order, pair.tracer.commitments, roots.tracer)  # type: ignore[union-attr]
    step = tracer.receive(waiting, forged, pair.dice["tracer"].given())
    assert isinstance(step.state, tracer.Ended)


def test_a_snapshot_other_than_the_committed_one_is_refused() -> None:
    """Changed after the requests were seen, or made twice: the root is in both logs."""
    pair = committed(*sample())
    assert isinstance(pair.holder, holder.Committed)
    kept = pair.holder.kept
    flipped = kept.snapshot.data[:-1] + bytes([kept.snapshot.data[-1] ^ 1])
    again, _ = sealing.seal_snapshot(kept.party.couples, kept.secrets, kept.keys, kept.order, b"\x01" * 32)
    for other in (replace(kept.snapshot, data=flipped), again):
        pair.holder = replace(pair.holder, kept=replace(kept, snapshot=other))
        with pytest.raises(PeerError, match="not the one that the partner committed to"):
            authorised(pair, [SEED])
        pair.holder = holder.Committed(kept)


def test_the_same_records_and_seed_give_the_same_snapshot() -> None:
    pair = committed(*sample())
    kept = pair.holder.kept  # type: ignore[union-attr]
    dice = Dice("holder")
    dice.given()
    seed = dice.given().seed(b"snapshot")
    again, _ = sealing.seal_snapshot(kept.party.couples, kept.secrets, kept.keys, kept.order, seed)
    assert again.encode() == kept.snapshot.encode()
    assert parse_snapshot(again.encode()).encode() == again.encode()


def sizes(pair: Pair) -> list[tuple[str, int]]:
    """What an onlooker, or the holder, sees of the tracer's messages."""
    return [(type(message).__name__, len(encode(message))) for side, message in pair.sent if side == "tracer"]


def with_rows_changed(change: Callable[[bytes, bytes, bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> Pair:
    """A trace whose holder sealed every row otherwise than it must, before it committed to the snapshot."""
    honest = sealing._rows

    def changed(*given: Any) -> list[tuple[bytes, bytes]]:
        keys = [row.tobytes() for row in group.row_keys(given[-1])[1]]
        return [(name, change(name, key, row)) for (name, row), key in zip(honest(*given), keys, strict=True)]

    monkeypatch.setattr(sealing, "_rows", changed)
    return traced(*sample(), [SEED], 2)


def reopened(change: Callable[[bytes], bytes], trace: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
    def sealed(name: bytes, key: bytes, row: bytes) -> bytes:
        plain = ChaCha20Poly1305(key).decrypt(bytes(12), row, trace + name)
        return ChaCha20Poly1305(key).encrypt(bytes(12), change(plain), trace + name)

    return sealed


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "no entries": lambda plain: bytes(2) + plain[2:],
    "too many entries": lambda plain: b"\xff\xff" + plain[2:],
    "another class": lambda plain: plain + bytes(len(plain)),
    "filler that is none": lambda plain: plain[:-1] + b"\1",
    "a proof of nothing": lambda plain: plain[:2] + bytes([plain[2] ^ 1]) + plain[3:],
}


def test_a_row_that_does_not_authenticate_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = traced(*sample(), [SEED], 2)
    pair = with_rows_changed(lambda name, key, row: row[:-1] + bytes([row[-1] ^ 1]), monkeypatch)
    assert sizes(pair) == sizes(honest)
    assert pair.tracer.kept.broken  # type: ignore[union-attr]
    assert not len(pair.tracer.kept.found.owner)  # type: ignore[union-attr]
    snapshot = pair.tracer.kept.snapshot  # type: ignore[union-attr]
    order, roots = pair.tracer.kept.order, pair.tracer.kept.roots  # type: ignore[union-attr]
    pair.run(pair.step("tracer", tracer.close(pair.tracer)))  # type: ignore[arg-type]
    assert isinstance(pair.tracer, tracer.Done)
    assert len(pair.tracer.broken) == 3  # what the auditor is shown after closing
    for row in pair.tracer.broken:
        assert snapshot.row(row.place) == row.row
        verify_broken(order, roots, *rows_of(pair, row.hop), row)


def rows_of(pair: Pair, hop: int) -> tuple[AskRows, Rows]:
    """The positions of a hop whose rows were asked for, and the points that were answered."""
    (asked,) = (message for _, message in pair.sent if isinstance(message, AskRows) and message.hop == hop)
    (answer,) = (message for _, message in pair.sent if isinstance(message, Rows) and message.hop == hop)
    return asked, answer


def test_a_row_that_a_tracer_invents_does_not_convict_the_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound row shown as broken, a broken one out of another file, another place, point, secret or position."""
    honest = traced(*sample(), [SEED], 2)
    kept = honest.tracer.kept  # type: ignore[union-attr]
    tree, index = kept.snapshot.tree(), kept.snapshot.index()
    asked, answer = rows_of(honest, 0)
    positions = np.frombuffer(asked.positions, ">u4").astype(np.int64)
    points = kept.asked[0].read(positions, np.frombuffer(answer.points, np.uint8).reshape(-1, 32), kept.keys, rows=True)
    place = index[group.row_keys(points)[0][0].tobytes()]
    position = int(positions[0])
    shown = Broken(
        hop=0,
        position=position,
        secret=kept.asked[0].secret(position),
        point=points[0].tobytes(),
        place=place,
        path=tree.path(place),
        row=kept.snapshot.row(place),
    )
    other = (place + 1) % len(kept.snapshot)
    spoilt = shown.row[:-1] + bytes([shown.row[-1] ^ 1])
    guess = group.SecretScalar.expand(bytes(32), "a guess").expose()
    forged = {
        "the row is sound": shown,
        "not in the list that was committed to": replace(shown, row=spoilt),
        "in the list that was": replace(shown, place=other, path=tree.path(other), row=kept.snapshot.row(other)),
        "not the one that was answered": replace(shown, secret=guess),
        "the one that was answered": replace(shown, point=POINT),
        "no row was asked for": replace(shown, position=1 << 20),
    }
    for why, row in forged.items():
        with pytest.raises(PeerError, match=why):
            verify_broken(kept.order, kept.roots, asked, answer, row)


@pytest.mark.parametrize("what", list(BROKEN))
def test_a_malformed_row_counts_as_absent_and_the_holder_sees_the_same_traffic(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = traced(*sample(), [SEED], 2)
    trace = honest.holder.kept.id  # type: ignore[union-attr]
    pair = with_rows_changed(reopened(BROKEN[what], trace), monkeypatch)
    assert sizes(pair) == sizes(honest)
    assert pair.tracer.kept.broken  # type: ignore[union-attr]
    assert not len(pair.tracer.kept.found.owner)  # type: ignore[union-attr]


def test_a_marked_row_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that seals one row under a key of its own would see at the next request that this row was opened."""
    honest = traced(*sample(), [SEED], 2)
    seal, other = group.seal, group.SecretScalar.expand(b"\x05" * 32, "a mark")

    def marked(numbers: Any, seals: Any, *rest: Any) -> Any:
        return seal(numbers, group.multiply(numbers, other), *rest)

    monkeypatch.setattr(group, "seal", marked)
    pair = traced(*sample(), [SEED], 2)
    assert sizes(pair) == sizes(honest)
    assert pair.tracer.kept.broken  # type: ignore[union-attr]
    assert not len(pair.tracer.kept.found.owner)  # type: ignore[union-attr]


def large() -> tuple[Couples, Couples]:
    """A world whose lists and rows are of several size classes: the seed calls 40 people abroad, each of them three to
    six others."""
    border = [Contact(SEED, f"+331000010{n:02}") for n in range(40)]
    far = [Contact(f"+331000010{n:02}", f"+3310002{n:02}{m:02}") for n in range(40) for m in range(3 + n % 4)]
    return couples(border), couples([*border, *far])


@pytest.mark.parametrize("what", ["authentication", *BROKEN])
def test_one_bad_row_among_many_shows_in_no_size_that_the_holder_sees(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of one suspect is spoilt, all others are sound: every message is as long as if that number had no row."""
    own, theirs = large()
    honest = traced(own, theirs, [SEED], 3)
    trace = honest.holder.kept.id  # type: ignore[union-attr]
    spoil = reopened(BROKEN[what], trace) if what in BROKEN else lambda name, key, row: row[:-1] + bytes([row[-1] ^ 1])
    suspect = group.hash_to_group([b"+33100001007"], terms.number_dst(trace))
    row_point = group.multiply(suspect, honest.holder.kept.secrets.row)  # type: ignore[union-attr]
    bad = group.row_keys(row_point)[0][0].tobytes()
    seal = sealing._rows

    def changed(*given: Any) -> list[tuple[bytes, bytes]]:
        keys = [row.tobytes() for row in group.row_keys(given[-1])[1]]
        rows = zip(seal(*given), keys, strict=True)
        return [(name, spoil(name, key, row) if name == bad else row) for (name, row), key in rows]

    monkeypatch.setattr(sealing, "_rows", changed)
    pair = traced(own, theirs, [SEED], 3)
    assert len(pair.tracer.kept.broken) == 1  # type: ignore[union-attr]
    assert len({size for kind, size in sizes(pair) if kind == "Ask"}) > 1
    assert sizes(pair) == sizes(honest)


def test_an_inflated_row_shows_in_the_size_of_the_next_list() -> None:
    """Not stopped (docs/explain/joint-who-learns-what.md): contacts that a holder invented lift the list to the next
    size when their row is opened, and stand in the graph."""
    own, theirs = sample()
    invented = [Contact("+33100000001", f"+3319990{n:04}") for n in range(100)]
    border = [Contact(SEED, "+33100000001"), Contact(SEED, "+33100000002", kind=2)]
    inflated = couples([*border, *invented])
    grown = [size for kind, size in sizes(traced(own, inflated, [SEED], 2)) if kind == "Ask"]
    usual = [size for kind, size in sizes(traced(own, theirs, [SEED], 2)) if kind == "Ask"]
    assert grown[-1] > usual[-1]


def test_a_row_with_features_changed_after_its_proof_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    from clew.joint import rows

    write = rows.write_row

    def altered(proof: bytes, seals: bytes, features: bytes) -> bytes:
        return write(proof, seals, features[:55] + bytes([features[55] ^ 1]) + features[56:])

    monkeypatch.setattr(sealing, "write_row", altered)
    pair = traced(*sample(), [SEED], 2)
    assert pair.tracer.kept.broken  # type: ignore[union-attr]
    assert not len(pair.tracer.kept.found.owner)  # type: ignore[union-attr]


def test_rows_of_another_holders_snapshot_count_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A partner that passes on what another holder made for an order with it shows rows proved for that order."""

    def borrowed(couples: Any, secrets: Any, keys: Any, order: terms.Order, seed: bytes) -> Any:
        other = replace(order, holder=signing_key("another holder's node").public.raw)
        assert other.trace == order.trace
        return sealing.seal_snapshot(couples, secrets, keys, other, seed)

    monkeypatch.setattr(holder, "seal_snapshot", borrowed)
    pair = traced(*sample(), [SEED], 2)
    assert pair.tracer.kept.broken  # type: ignore[union-attr]
    assert not len(pair.tracer.kept.found.owner)  # type: ignore[union-attr]


def test_an_entry_of_the_identity_is_nobody_and_the_holder_sees_the_same_traffic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pair of the identity with a seal of the identity passes every row proof: ``m`` times nothing is nothing. If the
    tracer sent it on unhidden, or stopped where its name comes back, the holder would know which row it opened."""
    honest = traced(*sample(), [SEED], 2)
    seal = group.seal

    def of_nothing(numbers: Any, seals: Any, keys: group.HolderKeys, seed: bytes) -> Any:
        def pairs(purpose: str) -> Any:
            randomness = group.SecretScalars.expand(seed, purpose, len(numbers))
            key = np.repeat(np.frombuffer(keys.encryption, np.uint8).reshape(1, 32), len(numbers), axis=0)
            return [group.multiply_base(randomness), group.multiply(key, randomness)]

        nothing = np.concatenate([*pairs("number randomness"), *pairs("seal randomness")], axis=1)
        return np.concatenate([nothing[:1], seal(numbers, seals, keys, seed)[1:]])

    monkeypatch.setattr(group, "seal", of_nothing)
    pair = traced(*sample(), [SEED], 2)
    assert sizes(pair) == sizes(honest)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    assert not kept.broken
    assert NOBODY in kept.found.contact or len(kept.found.owner) < 4
    assert tracer.graph(pair.tracer).bound.numbers <= tracer.graph(honest.tracer).bound.numbers  # type: ignore[arg-type]


def unmasked_with(change: Callable[[Unmasked], Unmasked]) -> Pair:
    pair, message, digest = wanted()
    request = approved(message, digest, "iq", "fr")
    sent = pair.step("tracer", tracer.unmask(pair.tracer, request, pair.dice["tracer"].given()))  # type: ignore[arg-type]
    answer = pair.step("holder", holder.receive(pair.holder, sent, pair.dice["holder"].given()))  # type: ignore[arg-type]
    assert isinstance(answer, Unmasked)
    pair.run(change(answer), "tracer")
    return pair


def with_number(planted: str) -> Pair:
    """A trace whose holder has a text in the place of the number that is unmasked, with its name and its proof."""
    own, theirs = sample()
    numbers = theirs.numbers.to_pylist()
    numbers[numbers.index("+33100000003")] = planted
    return traced(own, replace(theirs, numbers=pa.array(numbers, pa.string())), [SEED], 2)


@pytest.mark.parametrize(
    "planted",
    ["zz =HYPERLINK(1)", "p:" + "ab" * 32, "+33 1 00 00 00 03", "0033100000003", "id:ZZ:x"],
    ids=["a formula", "a pseudonym", "spaces", "a prefix", "no namespace"],
)
def test_a_text_that_is_no_number_is_not_unmasked(planted: str) -> None:
    """Any text hashes to some point, so that a holder can prove the name of one; it would stand in the tracer's graph,
    and in its tables, as a number."""
    pair = with_number(planted)
    state: Any = pair.tracer
    (*_, stranger) = [v for v in tracer.graph(state).vertices["vertex"].to_pylist() if v.startswith("p:")]
    message, digest = tracer.draft_unmasking(state, {stranger: "a reason"}, 4_102_444_800)
    pair.run(
        pair.step("tracer", tracer.unmask(state, approved(message, digest, "iq", "fr"), pair.dice["tracer"].given()))
    )
    assert isinstance(pair.sent[-2][1], Unmasked)
    ended(pair)


def test_another_number_is_not_unmasked_in_a_names_place() -> None:
    other = (UnmaskedNumber("+33100000009"),)
    assert isinstance(unmasked_with(lambda answer: replace(answer, numbers=other)).tracer, tracer.Ended)


def test_a_number_without_proof_is_not_taken() -> None:
    assert isinstance(unmasked_with(lambda answer: replace(answer, proof=b"")).tracer, tracer.Ended)


def test_records_of_numbers_that_were_not_unmasked_are_not_taken() -> None:
    from clew.joint.codec import encode_fields
    from clew.joint.unmasking import Record, _Records

    stray = encode_fields(_Records((Record("+33100000008", "+33100000009", 0, 0, 1, 5),)))
    assert isinstance(unmasked_with(lambda answer: replace(answer, records=stray)).tracer, tracer.Ended)


def test_a_holder_can_deny_a_name_and_the_graph_keeps_its_pseudonym() -> None:
    pair = unmasked_with(lambda answer: replace(answer, numbers=(UnmaskedNumber(""),), proof=b"", records=b""))
    assert isinstance(pair.tracer, tracer.Traced)
    assert any(v.startswith("p:") for v in tracer.graph(pair.tracer).vertices["vertex"].to_pylist())


# What every answer is bound to, beside its own list.


@pytest.mark.parametrize("change", ["the hop", "the evidence"])
def test_names_proved_for_another_hop_or_other_evidence_are_not_taken(change: str) -> None:
    """The list is the same to the byte. Else an answer could be shown as that of another hop, and the tracer could
    replace what it told the auditor after it was answered."""
    pair, ask = upto(Ask, 1)
    assert isinstance(ask, Ask)
    answer = deliver(pair, ask)
    assert isinstance(answer, Names)
    kept = pair.holder.kept  # type: ignore[union-attr]
    hop, told = (0, ask.evidence) if change == "the hop" else (1, ask.evidence[:-1] + bytes([ask.evidence[-1] ^ 1]))
    points = np.frombuffer(answer.points, np.uint8).reshape(-1, 32)
    for statement, good in (
        (context.names(kept.order, kept.roots, kept.warrant, hop, told), False),
        (context.names(kept.order, kept.roots, kept.warrant, 1, ask.evidence), True),
    ):
        proof = group.prove_names(kept.secrets, *context.items(ask), points, statement, bytes(32))
        step = tracer.receive(pair.tracer, replace(answer, proof=proof), pair.dice["tracer"].given())
        assert isinstance(step.state, tracer.AwaitRows if good else tracer.Ended)


def test_rows_proved_beside_another_message_of_names_are_not_taken() -> None:
    pair, ask = upto(AskRows, 0)
    assert isinstance(ask, AskRows)
    state: Any = pair.holder
    kept, names = state.kept, state.names
    answer = deliver(pair, ask)
    assert isinstance(answer, Rows)
    places = np.frombuffer(ask.positions, ">u4").astype(np.int64)
    listed = context.items(state.ask), np.frombuffer(names.points, np.uint8).reshape(-1, 32)
    points = np.frombuffer(answer.points, np.uint8).reshape(-1, 32)
    other = replace(names, proof=names.proof[:-1] + bytes([names.proof[-1] ^ 1]))
    for told, good in ((other, False), (names, True)):
        statement = context.rows(kept.order, kept.roots, kept.warrant, told)
        proof = group.prove_row_points(kept.secrets, *listed[0], listed[1], places, points, statement, bytes(32))
        step = tracer.receive(pair.tracer, replace(answer, proof=proof), pair.dice["tracer"].given())
        assert isinstance(step.state, tracer.AwaitNames if good else tracer.Ended)


class Reads:
    """Takes the place of what takes the hiding off: every answer reads as one name. No holder can bring that about
    under the proofs; the tracer looks all the same, because everything after rests on names."""

    def __init__(self, name: bytes | None = None) -> None:
        self.name = name

    def read(self, names: Any, keys: Any) -> Any:
        return np.repeat(names[:1], len(names), axis=0)

    def read_at(self, positions: Any, points: Any, keys: Any, rows: bool) -> Any:
        return np.repeat(np.frombuffer(self.name or b"", np.uint8).reshape(1, 32), len(positions), axis=0)


def test_two_numbers_of_one_name_end_the_trace() -> None:
    pair, message = upto(Recognise)
    answer = deliver(pair, message)
    assert isinstance(answer, Recognised)
    pair.tracer = replace(pair.tracer, hidden=Reads())  # type: ignore[type-var]
    pair.run(answer, "tracer")
    ended(pair)


def test_a_number_that_is_given_the_name_of_another_ends_the_trace() -> None:
    pair, ask = upto(Ask, 0)
    answer = deliver(pair, ask)
    assert isinstance(answer, Names)
    state: Any = pair.tracer
    known = {state.kept.found.text(vertex): name for name, vertex in state.kept.found.names.items()}
    (asked,) = state.kept.asked
    for text, good in ((SEED, True), ("+9641000002", False)):
        lists = (replace(asked, hidden=(Reads(known[text]), None)),)
        step = tracer.receive(
            replace(state, kept=replace(state.kept, asked=lists)), answer, pair.dice["tracer"].given()
        )
        assert isinstance(step.state, tracer.AwaitRows if good else tracer.Ended)


# What the holder must not learn: the two traps, as tests of our own code.


def opened_numbers(pair: Pair, ask: Ask) -> list[bytes]:
    """What the holder sees of a list's sealed items once it has decrypted them: ``N + d G``."""
    secrets = pair.holder.kept.secrets  # type: ignore[union-attr]
    sealed, declared = context.items(ask)
    return [row.tobytes() for row in group.open_list(sealed, declared, secrets).names(secrets)]


def test_no_point_of_a_request_is_one_that_the_holder_made() -> None:
    """Requests that were not rerandomised would be linkable: the holder knows every point of its snapshot."""
    pair = traced(*sample(), [SEED], 2)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    made = {row[at : at + 32].tobytes() for row in np.concatenate([kept.seals, kept.seeds]) for at in range(0, 128, 32)}
    asked = [message for side, message in pair.sent if isinstance(message, Ask)]
    points = [ask.sealed[at : at + 32] for ask in asked for at in range(0, len(ask.sealed), 32)]
    assert not made & set(points)
    assert len(set(points)) == len(points)


def test_each_component_is_rerandomised_by_its_own_amount() -> None:
    """Equal randomness, or equal blinds, would leave differences (or ratios) between numbers. Here every item of hop 0
    is the same seed: its 64 requests must have nothing in common, and neither may what the holder decrypts."""
    pair = traced(*sample(), [SEED], 2)
    ask = next(message for side, message in pair.sent if isinstance(message, Ask))
    columns = [[ask.sealed[i + at : i + at + 32] for i in range(0, len(ask.sealed), 128)] for at in range(0, 128, 32)]
    assert all(len(set(column)) == 64 for column in columns)
    assert len(set(opened_numbers(pair, ask))) == 64
    kept = pair.tracer.kept  # type: ignore[union-attr]
    offsets = [kept.asked[0].secret(place) for place in range(64)]
    assert len(set(offsets)) == 64
    steps = {int.from_bytes(b, "little") - int.from_bytes(a, "little") for a, b in pairwise(offsets)}
    assert len(steps) == 63  # not s, s + i, s + 2 i, …


def test_blinds_serve_one_hop() -> None:
    pair = traced(*sample(), [SEED], 2)
    kept = pair.tracer.kept  # type: ignore[union-attr]
    offsets = [asked.secret(place) for asked in kept.asked for place in range(64)]
    assert len(set(offsets)) == len(offsets)


def test_the_holder_sees_the_same_sizes_whoever_is_the_seed() -> None:
    """Size classes are all that differs between two traces; here there are none to tell the two apart."""
    one = traced(*sample(), [SEED], 2, PLENTY)
    other = traced(*sample(), ["+33100000004"], 2, PLENTY)
    assert sizes(one) == sizes(other)
    asked = [(m.hop, len(m.sealed), len(m.declared)) for _, m in one.sent if isinstance(m, Ask)]
    assert asked == [(m.hop, len(m.sealed), len(m.declared)) for _, m in other.sent if isinstance(m, Ask)]
    rows = [len(m.positions) for _, m in one.sent if isinstance(m, AskRows)]
    assert rows == [len(m.positions) for _, m in other.sent if isinstance(m, AskRows)]


def test_the_size_of_the_evidence_tells_nothing_of_what_is_declared() -> None:
    """A list of seeds, which only fills, is as long as one of contacts with their paths, however they are drawn."""
    found = set()
    for seed in (SEED, "+9641000002", "+9641000003", "+33100000009"):
        for name in ("tracer", "other dice"):
            pair = committed(*sample())
            pair.dice["tracer"] = Dice(name)
            pair.run(authorised(pair, [seed], 3))
            found |= {(len(m.declared), len(m.evidence)) for _, m in pair.sent if isinstance(m, Ask) and m.declared}
    assert len(found) == 1


def test_a_holder_that_refuses_says_so_and_the_tracer_knows() -> None:
    pair = committed(*sample())
    start = authorised(pair, [SEED])
    assert pair.holder is not None
    told = pair.step("holder", holder.stop(pair.holder, "our court has doubts"))
    assert isinstance(told, Refusal)
    pair.run(told, "tracer")
    assert pair.tracer == tracer.Ended(start.trace, RefusalCode.STOPPED, "our court has doubts")  # type: ignore[union-attr]
