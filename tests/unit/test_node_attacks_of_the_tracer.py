"""A tracer's node that is changed, against an honest holder's over real sockets: every line of the first table of
spec protocol 11, and that what is refused is logged by the one and told to the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clew.chain.files import Documents
from clew.errors import PeerError, Refused
from clew.joint import group, tracer
from clew.joint.messages import (
    Ask,
    AskRows,
    Message,
    Names,
    Recognise,
    Refusal,
    RefusalCode,
    Start,
    encode,
    parse,
)
from clew.joint.terms import number_dst, require_fits
from clew.node.drafting import drafted
from clew.node.envelope import Kind
from clew.node.transport import Partners
from clew.warrants.policy import Holder, policy_toml, read_policy
from tests.command import run_json
from tests.node_attack import BOTH, ROOMY, Attack, attack, budgets, kinds, refusals
from tests.node_pair import BRIDGE, SEED, desks, documents, papers, until
from tests.protocol.test_attacks_of_the_tracer import ORDER, borrowed, doubled_seal, made_up, replayed, slipped_in
from tests.warrants import CLERK, JUDGE

GUESS = "+33612000009"
"""In the holder's records, and never reached from the seed."""
LATER = datetime(2198, 1, 1, tzinfo=UTC)


def like(pair: Attack) -> Any:
    """The tracer's state where the forgeries of ``tests/protocol`` look for it."""
    return SimpleNamespace(tracer=pair.tracer.one.state)


# Start under a warrant that only one side's authorities signed.


@pytest.mark.parametrize("sides", [("iq", "iq"), ("", ""), ("iq", "")], ids=["one side", "no sides", "one without"])
def test_one_sides_judges_alone_start_no_joint_trace_on_either_node(tmp_path: Path, sides: tuple[str, str]) -> None:
    """However few signatures a policy asks for, and though it asks for no side."""
    pair = desks(tmp_path)
    pair.committed()
    holders = [Holder("A. Judge", "judge", key.public, side) for key, side in zip(BOTH, sides, strict=True)]
    policy = tmp_path / "policy.toml"
    policy.write_text(policy_toml(holders, 1, []))
    warrant, shares = pair.papers(keys=BOTH)
    rules = read_policy(policy)
    bad = Documents(warrant, rules.source, (), (), policy)
    for one, given in ((pair.b, ()), (pair.a, shares)):
        with pytest.raises(Refused, match="both its sides") as refused:
            one.start(bad, given)
        assert refused.value.code == "warrant.signers-missing"
        assert one.row.state == "committed"
    alone, shares = pair.papers(keys=(JUDGE,))
    for desk, one, given in ((pair.holder, pair.b, ()), (pair.tracer, pair.a, shares)):
        with pytest.raises(Refused, match="of one side alone"):
            one.start(documents(desk, alone), given)


# Start from a number that no warrant names.


def test_a_seed_that_the_warrant_does_not_name_ends_the_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer that does not look at its seeds seals another number with what the holder made of the warrant's."""
    monkeypatch.setattr(tracer, "verify_seeds", lambda seeds, shares, trace: tuple(shares))

    async def story(pair: Attack) -> None:
        _, foreign = papers(pair.tracer.one.terms_document(), [GUESS], BOTH)
        await pair.start_both(shares=foreign)
        await pair.ended(pair.holder, RefusalCode.CHECK_FAILED)
        assert len(refusals(pair.holder)) == 1
        assert "joint.names" not in kinds(pair.holder)  # nothing was answered

    attack(tmp_path, story)


def test_a_warrant_that_only_one_side_signed_starts_nothing(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        warrant, _ = papers(pair.tracer.one.terms_document(), [GUESS], (JUDGE, CLERK), budgets=ROOMY)
        with pytest.raises(Refused):
            await pair.start(pair.holder, warrant)
        assert pair.holder.one.row.state == "committed"
        assert "joint.authorised" not in kinds(pair.holder)

    attack(tmp_path, story)


def test_a_co_signer_who_is_shown_another_seed_finds_out_before_it_signs(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        fields = {"hops": 2, "budgets": ROOMY, "issued": datetime(2020, 1, 1, tzinfo=UTC), "expires": LATER}
        words = dict.fromkeys(("authority", "legal_basis", "purpose"), "Words of a court.")
        terms = pair.tracer.one.terms_document()
        warrant, shares = drafted(terms, [SEED], bytes(range(32)), **fields, **words)  # type: ignore[arg-type]
        (tmp_path / "warrant.json").write_bytes(warrant.encode())
        for shown, expect in ((SEED, 0), (GUESS, 4)):
            seeds = [{"number": shown, "secret": shares[0].secret.hex()}]
            (tmp_path / "seeds.json").write_text(json.dumps({"version": 1, "trace": terms["trace"], "seeds": seeds}))
            asked = ["warrant", "show", tmp_path / "warrant.json", "--seeds", tmp_path / "seeds.json"]
            said = await asyncio.to_thread(run_json, *asked, expect=expect)
            assert expect == 0 or said["error"]["code"] == "joint.seeds-differ"
        shown_another = (replace(shares[0], number=GUESS),)
        signed, _ = papers(terms, [SEED], BOTH, budgets=ROOMY)
        with pytest.raises(Refused, match="not those of the seeds"):
            await pair.start(pair.tracer, signed, shown_another)
        assert pair.tracer.one.row.state == "committed"

    attack(tmp_path, story)


# Slip in a number at a later hop.


@pytest.mark.parametrize("hop", [0, 1, 2])
@pytest.mark.parametrize("forge", [made_up, borrowed, doubled_seal, replayed], ids=lambda f: f.__name__)
def test_a_forged_seal_ends_the_trace_at_any_hop(tmp_path: Path, forge: Callable[[Any], Any], hop: int) -> None:
    """Also of a right guess: ``borrowed`` is of a number that the holder has."""

    async def story(pair: Attack) -> None:
        answers = pair.change_request(Ask, hop, lambda ask: slipped_in(like(pair), ask, forge(like(pair))))
        await pair.start_both()
        await pair.ended(pair.holder, RefusalCode.CHECK_FAILED)
        await until(lambda: bool(answers), pair.tracer)
        (told,) = answers
        assert isinstance(told, Refusal)
        assert (told.code, told.reason) == (RefusalCode.CHECK_FAILED, "")
        assert kinds(pair.holder).count("joint.names") == hop  # of that list nothing was answered

    attack(tmp_path, story)


def test_a_sum_of_sealed_numbers_is_answered_and_names_and_opens_nothing(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        sent: list[Any] = []

        def both(ask: Ask) -> Ask:
            kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
            one, other = kept.seals[:1], kept.seals[1:2]
            parts = [group.add(one[:, at : at + 32], other[:, at : at + 32]) for at in range(0, 128, 32)]
            items = np.concatenate([np.concatenate(parts, axis=1), one])
            hidden, read = group.hide_sealed(items, kept.keys, b"\x06" * 32)
            sent.append((read, kept.keys, pair.holder.one.state.kept.vault))  # type: ignore[union-attr]
            return replace(ask, sealed=hidden.tobytes() + ask.sealed[256:])

        answers = pair.change_request(Ask, 1, both)
        await pair.start_both()
        await until(lambda: bool(answers), pair.tracer)
        (names,) = answers
        assert isinstance(names, Names)
        ((read, keys, vault),) = sent
        summed, sealed = read.read(np.frombuffer(names.points[:64], np.uint8).reshape(2, 32), keys)
        assert vault.find(sealed.tobytes()) is not None  # what was sealed is named, as ever
        assert vault.find(summed.tobytes()) is None
        await pair.tracer.until("ended")  # its own proof check: it sent another list than the honest half of it knows

    attack(tmp_path, story)


# What is refused and changes nothing: one trace sees all of it, and is answered as ever in between.


def bad(ask: Any, place: int, point: bytes) -> Any:
    return replace(ask, sealed=ask.sealed[:place] + point + ask.sealed[place + 32 :])


NONE = {
    "not canonical": b"\xff" * 32,
    "the identity": bytes(32),
    "negative": b"\x01" + bytes(31),
    "the modulus": (2**255 - 19).to_bytes(32, "little"),
}


def bad_points(ask: Ask) -> dict[str, Message]:
    return {f"{name}, {place}": bad(ask, place, point) for name, point in NONE.items() for place in (0, 32, 64, 96)}


def positions(message: AskRows, change: Callable[[list[int]], list[int]]) -> bytes:
    """The message's bytes with other positions, also such as cannot be encoded."""
    places = np.frombuffer(message.positions, ">u4").tolist()
    return encode(message).replace(message.positions, b"".join(at.to_bytes(4, "big") for at in change(places)))


MALFORMED, TURN = RefusalCode.MALFORMED, RefusalCode.OUT_OF_TURN
AUTHORISED, BUDGET = RefusalCode.NOT_AUTHORISED, RefusalCode.OVER_BUDGET


def tries(pair: Attack, message: Message) -> list[tuple[Message, RefusalCode]]:
    """What a dishonest tracer sends in the place of one of its messages, and what it hears."""
    match message:
        case Start():
            other = replace(message, trace=message.trace, warrant=bytes(32))
            early = [Ask(message.trace, 0, bytes(128 * 64), b"", b""), AskRows(message.trace, 0, bytes(4))]
            return [(other, AUTHORISED), *((one, TURN) for one in early)]
        case Recognise():
            points = [replace(message, points=point + message.points[32:]) for point in NONE.values()]
            fewer, more = message.points[32:], message.points + message.points[:32]
            return [
                *((one, MALFORMED) for one in points),
                *((replace(message, points=one), TURN) for one in (fewer, more)),
            ]
        case Ask():
            again = pair.tracer.one.state.kept.asked  # type: ignore[union-attr]
            earlier = [(one.message, None) for one in again[:-1]]
            pairs = replace(message, declared=message.declared or bytes(64 * 64), evidence=b"")
            return [
                *((one, MALFORMED) for one in bad_points(message).values()),
                (replace(message, hop=message.hop + 1), TURN),
                (replace(message, hop=200), TURN),
                (replace(message, sealed=message.sealed[:-128]), BUDGET),
                (replace(message, sealed=message.sealed + message.sealed[:128]), BUDGET),
                *([(pairs, TURN)] if message.hop != 1 else [(pairs, MALFORMED)]),
                *((replace(one, sealed=one.sealed[128:] + one.sealed[:128]), TURN) for one, _ in earlier),
            ]
        case AskRows():
            return [
                (replace(message, hop=message.hop + 1), TURN),
                (replace(message, positions=message.positions[:-4]), BUDGET),
                (replace(message, positions=message.positions[:-4] + (1 << 20).to_bytes(4, "big")), TURN),
                # 64 positions of the sealed part: the whole declared one must be asked with them
                *([(replace(message, positions=message.positions[:256]), BUDGET)] if message.hop == 1 else []),
            ]
        case _:
            return []


def no_messages(message: Message) -> list[bytes]:
    """Bytes that are none: they get a status, and the sender's node a word."""
    data = encode(message)
    found = [data[:-1], data + b"\0", b"clew/1\x12" + data[7:], b"clew/2" + data[6:], data[:6]]
    if isinstance(message, AskRows):
        found += [positions(message, change) for change in (lambda p: [p[0], *p[:-1]], lambda p: p[::-1])]
    return found


def test_what_has_no_place_is_refused_in_a_word_and_logged_and_the_honest_trace_goes_on(tmp_path: Path) -> None:
    """Out of turn, malformed, not canonical, not padded, twice, of another warrant, at every message of a trace."""
    told: list[str] = []

    async def story(pair: Attack) -> None:
        send = pair.tracer.node._partners.send

        async def dishonest(card: Any, what: Kind, body: bytes) -> Any:
            if what is Kind.MESSAGE:
                message = parse(body)
                for data in no_messages(message):
                    with pytest.raises(PeerError) as raised:
                        await send(card, what, data)
                    assert raised.value.code == "node.envelope"
                before = pair.holder.one.state
                for forged, code in tries(pair, message):
                    answer = parse((await send(card, what, encode(forged))).body)
                    assert answer == Refusal(message.trace, code, ""), (type(message), forged)  # type: ignore[union-attr]
                    assert pair.holder.one.state is before
                    told.append(code.name)
            return await send(card, what, body)

        pair.tracer.node._partners.send = dishonest  # type: ignore[method-assign]
        await pair.start_both()
        await pair.tracer.until("traced")
        spent = pair.holder.one.state.kept.spent  # type: ignore[union-attr]
        assert (spent.items, spent.rows, spent.recognised) == (3 * 64, 3 * 64, 5)
        logged = refusals(pair.holder)
        assert len(logged) == len(told)  # each refusal, once
        assert len(told) > 60
        assert {"joint.out-of-turn", "joint.over-budget", "joint.not-authorised", "joint.malformed"} <= set(logged)
        assert any("could not" in note or "not a message" in note or "malformed" in note for note in pair.holder.notes)

    attack(tmp_path, story)


def test_a_hop_further_is_not_asked_and_the_last_hop_gives_no_rows(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
        card, send = pair.holder.identity.card, pair.tracer.node._partners.send
        last = kept.asked[-1].message
        places = b"".join(at.to_bytes(4, "big") for at in range(64))
        for message in (replace(last, hop=3), AskRows(last.trace, 2, places), AskRows(last.trace, 3, places)):
            answer = parse((await send(card, Kind.MESSAGE, encode(message))).body)
            assert answer == Refusal(last.trace, TURN, "")
        assert refusals(pair.holder)[-3:] == ["joint.out-of-turn"] * 3
        assert pair.holder.one.row.state == "answered"

    attack(tmp_path, story, "traced")


def test_a_second_list_is_refused_on_another_connection_and_the_first_is_answered_the_same(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        second = Partners(pair.tracer.identity, lambda: int(pair.clock().timestamp()))
        seen: list[bool] = []
        send = pair.tracer.node._partners.send

        async def twice(card: Any, what: Kind, body: bytes) -> Any:
            answer = await send(card, what, body)
            if what is Kind.MESSAGE and isinstance(message := parse(body), Ask):
                other = replace(message, sealed=message.sealed[128:] + message.sealed[:128])
                told = parse((await second.send(card, what, encode(other))).body)
                assert told == Refusal(message.trace, TURN, "")
                seen.append((await second.send(card, what, body)).body == answer.body)
            return answer

        pair.tracer.node._partners.send = twice  # type: ignore[method-assign]
        await pair.start_both()
        await pair.tracer.until("traced")
        await second.close()
        assert seen == [True] * 3
        assert refusals(pair.holder) == ["joint.out-of-turn"] * 3
        assert pair.holder.one.state.kept.spent.items == 3 * 64  # type: ignore[union-attr]

    attack(tmp_path, story)


# Ask for more than the budget, or after expiry or revocation.


def greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer that believes its warrant to allow anything, for ever."""

    def believes(authorisation: Any, order: Any, roots: Any) -> None:
        require_fits(authorisation, order, roots)
        object.__setattr__(authorisation, "remaining", replace(ROOMY, unmaskings=100))
        object.__setattr__(authorisation, "expires", LATER)

    monkeypatch.setattr(tracer, "require_fits", believes)


@pytest.mark.parametrize(
    ("less", "answered"),
    [
        ({"items": 191}, ["joint.names", "joint.names"]),
        ({"rows": 191}, ["joint.names", "joint.rows", "joint.names"]),
        ({"declared": 63}, ["joint.names"]),
        ({"declared": 0}, ["joint.names"]),
        ({"recognised": 4}, []),
    ],
    ids=["items", "rows", "declared", "strict", "recognised"],
)
def test_what_is_over_budget_is_refused_whole_and_the_tracer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, less: dict[str, int], answered: list[str]
) -> None:
    greedy(monkeypatch)

    async def story(pair: Attack) -> None:
        await pair.start_both(budgets=budgets(**less))
        await until(lambda: "over budget" in pair.tracer.one.trouble, pair.tracer)
        assert refusals(pair.holder) == ["joint.over-budget"]
        found = [kind for kind in kinds(pair.holder) if kind in ("joint.names", "joint.rows")]
        assert found == answered or [k for k in found if k == "joint.names"] == answered
        spent = pair.holder.one.state.kept.spent  # type: ignore[union-attr]
        assert all(getattr(spent, name) <= allowed for name, allowed in less.items())
        assert "joint.partner-refused" in kinds(pair.tracer)
        await asyncio.to_thread(pair.tracer.one.go_on)  # and asks again
        await until(lambda: len(refusals(pair.holder)) == 2, pair.holder)

    attack(tmp_path, story)


@pytest.mark.parametrize("kind", [Recognise, Ask, AskRows])
def test_an_expired_warrant_answers_nothing_by_the_holders_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    greedy(monkeypatch)

    async def story(pair: Attack) -> None:
        def later(message: Any) -> Message:
            pair.ahead = timedelta(hours=2)
            return message  # type: ignore[no-any-return]

        answers = pair.change_request(kind, None, later)
        await pair.start_both(expires=pair.clock().replace(microsecond=0) + timedelta(hours=1))
        await until(lambda: "not authorised" in pair.tracer.one.trouble, pair.tracer)
        assert [one.code for one in answers if isinstance(one, Refusal)] == [AUTHORISED]
        assert refusals(pair.holder) == ["joint.not-authorised"]
        assert pair.holder.one.row.state.startswith("answering")

    attack(tmp_path, story)


def test_a_revoked_warrant_stops_the_trace_and_the_tracer_sees_why(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        heard: list[Any] = []
        send = pair.tracer.node._partners.send

        async def deaf(card: Any, what: Kind, body: bytes) -> Any:
            if what is Kind.MESSAGE and isinstance(parse(body), AskRows) and not heard:
                await asyncio.to_thread(pair.holder.one.refuse, "the warrant was revoked")
                heard.extend([parse((await send(card, what, body)).body) for _ in range(3)])  # it asks on
            return await send(card, what, body)

        pair.tracer.node._partners.send = deaf  # type: ignore[method-assign]
        await pair.start_both()
        await pair.tracer.until("ended")
        await until(lambda: len(heard) == 3, pair.tracer)
        assert pair.tracer.one.row.reason == "the warrant was revoked"
        assert heard == [Refusal(heard[0].trace, RefusalCode.STOPPED, "the warrant was revoked")] * 3
        assert "joint.rows" not in kinds(pair.holder)
        assert "joint.stopped" in kinds(pair.holder)

    attack(tmp_path, story)


# Open the snapshot by guessing numbers.


@pytest.mark.parametrize("guess", [BRIDGE, "+33699999999"], ids=["right", "wrong"])
def test_an_entry_less_a_guessed_number_is_no_free_oracle(tmp_path: Path, guess: str) -> None:
    """Declared, it decrypts to the identity if the guess is right, which ends the trace; else it is named, counted."""

    async def story(pair: Attack) -> None:
        def less(ask: Ask) -> Message:
            kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
            minus = group.SecretScalar.from_canonical((ORDER - 1).to_bytes(32, "little"))
            taken = group.multiply(group.hash_to_group([guess.encode()], number_dst(ask.trace)), minus)
            tries = [np.concatenate([e[:, :32], group.add(e[:, 32:64], taken)], axis=1) for e in kept.seals[:, None]]
            return replace(ask, declared=np.concatenate(tries * 64)[:64].tobytes())

        answers = pair.change_request(Ask, 1, less)
        await pair.start_both()
        if guess == BRIDGE:
            await pair.ended(pair.holder, RefusalCode.CHECK_FAILED)
        else:
            await until(lambda: bool(answers), pair.tracer)
            assert isinstance(answers[0], Names)
            assert pair.holder.one.state.kept.spent.declared == 64  # type: ignore[union-attr]

    attack(tmp_path, story)


def test_the_whole_number_range_opens_nothing_and_costs_the_budget(tmp_path: Path) -> None:
    """Who has the snapshot and the number plan still lacks the row key. A guess needs a seal, which ends the trace, or
    a place in the declared budget, of which the holder answers what the warrant allows and no more."""
    plan = [f"+3361200{number:04}" for number in range(10_000)]

    async def story(pair: Attack) -> None:
        found: dict[str, Any] = {}

        def guesses(ask: Ask) -> Ask:
            kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
            points = group.hash_to_group([number.encode() for number in plan], number_dst(ask.trace))
            offline = [points, group.multiply(points, group.SecretScalar.expand(b"\x01" * 32, "a guess at the key"))]
            for tried in offline:
                assert not {row.tobytes() for row in group.row_keys(tried)[0]} & set(kept.index)
            known = group.multiply(points, pair.holder.one.state.kept.secrets.row)  # type: ignore[union-attr]
            assert {row.tobytes() for row in group.row_keys(known)[0]} & set(kept.index)  # with the key they are there
            pairs, _ = group.declare(points[:64], kept.keys, b"\x08" * 32)
            found["pairs"] = pairs.tobytes()
            more, _ = group.declare(points[:128], kept.keys, b"\x09" * 32)
            found["more"] = more.tobytes()
            return ask

        send = pair.tracer.node._partners.send

        async def guessing(card: Any, what: Kind, body: bytes) -> Any:
            if what is not Kind.MESSAGE or not isinstance(ask := parse(body), Ask) or ask.hop != 1:
                return await send(card, what, body)
            guesses(ask)
            answer = parse((await send(card, what, encode(replace(ask, declared=found["more"])))).body)
            assert answer == Refusal(ask.trace, BUDGET, "")
            answer = parse((await send(card, what, encode(replace(ask, declared=found["pairs"])))).body)
            assert isinstance(answer, Names)
            answer = parse((await send(card, what, body)).body)
            assert answer == Refusal(ask.trace, TURN, "")  # a hop has one list: the guesses were it
            found["spent"] = pair.holder.one.state.kept.spent.declared  # type: ignore[union-attr]
            return await send(card, what, body)

        pair.tracer.node._partners.send = guessing  # type: ignore[method-assign]
        await pair.start_both(budgets=budgets(declared=64))
        await until(lambda: "spent" in found and "out of turn" in pair.tracer.one.trouble, pair.tracer)
        assert found["spent"] == 64
        assert refusals(pair.holder)[:2] == ["joint.over-budget", "joint.out-of-turn"]

    attack(tmp_path, story)
