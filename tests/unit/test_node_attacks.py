"""A changed but otherwise honest tracer against a node over real sockets: what it is told, what is logged, what ends.

Every attack of the protocol is tried on the transitions (``tests/protocol``); these go the whole way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clew.joint.messages import Ask, AskRows, Message, Recognise, Refusal, RefusalCode, Start, encode, parse
from clew.node.envelope import Kind
from tests.node_pair import BUDGETS, SEED, Two, documents, papers, until
from tests.protocol.test_attacks_of_the_tracer import borrowed, made_up, replayed, slipped_in
from tests.unit.test_node_transport import at_both

Change = Callable[[Two, Any], Message]


def forged(forge: Callable[[Any], Any]) -> Change:
    """The list with one item slipped in."""

    def change(pair: Two, ask: Ask) -> Message:
        return slipped_in(SimpleNamespace(tracer=pair.tracer.one.state), ask, forge(_like(pair)))  # type: ignore[arg-type]

    return change


def _like(pair: Two) -> Any:
    return SimpleNamespace(tracer=pair.tracer.one.state)


def bad_point(pair: Two, message: Any) -> Message:
    """A point that is none, in the place of the first."""
    if isinstance(message, Recognise):
        return replace(message, points=b"\xff" * 32 + message.points[32:])
    return replace(message, sealed=b"\xff" * 32 + message.sealed[32:])


def identity(pair: Two, ask: Ask) -> Message:
    return replace(ask, sealed=bytes(32) + ask.sealed[32:])


def unpadded(pair: Two, message: Any) -> Message:
    if isinstance(message, AskRows):
        return replace(message, positions=message.positions[:-4])
    return replace(message, sealed=message.sealed[:-128])


def out_of_range(pair: Two, message: AskRows) -> Message:
    places = np.frombuffer(message.positions, ">u4").copy()
    places[-1] = 1 << 20
    return replace(message, positions=places.tobytes())


def another_hop(pair: Two, message: Any) -> Message:
    return replace(message, hop=message.hop + 1)


def one_number_fewer(pair: Two, message: Recognise) -> Message:
    return replace(message, points=message.points[:-32])


def another_warrant(pair: Two, message: Start) -> Message:
    return replace(message, warrant=bytes(32))


def over_budget(pair: Two, message: Ask) -> Message:
    return replace(message, sealed=message.sealed * 2048)


CASES = [
    (Ask, forged(made_up), RefusalCode.CHECK_FAILED, True),
    (Ask, forged(borrowed), RefusalCode.CHECK_FAILED, True),
    (Ask, forged(replayed), RefusalCode.CHECK_FAILED, True),
    (Ask, bad_point, RefusalCode.MALFORMED, False),
    (Ask, identity, RefusalCode.MALFORMED, False),
    (Ask, unpadded, RefusalCode.OVER_BUDGET, False),
    (Ask, over_budget, RefusalCode.OVER_BUDGET, False),
    (Ask, another_hop, RefusalCode.OUT_OF_TURN, False),
    (AskRows, unpadded, RefusalCode.OVER_BUDGET, False),
    (AskRows, out_of_range, RefusalCode.OUT_OF_TURN, False),
    (AskRows, another_hop, RefusalCode.OUT_OF_TURN, False),
    (Recognise, bad_point, RefusalCode.MALFORMED, False),
    (Recognise, one_number_fewer, RefusalCode.OUT_OF_TURN, False),
    (Start, another_warrant, RefusalCode.NOT_AUTHORISED, False),
]


@pytest.mark.parametrize(("kind", "change", "code", "ends"), CASES)
def test_what_a_dishonest_tracer_sends_is_refused_logged_and_answered_with_a_word(
    tmp_path: Path, kind: type, change: Change, code: RefusalCode, ends: bool
) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        warrant, shares = papers(pair.tracer.one.terms_document(), [SEED], budgets=replace(BUDGETS, items=100_000))
        await asyncio.to_thread(pair.holder.one.start, documents(pair.holder.desk, warrant), ())
        answers: list[Message] = []
        send = pair.tracer.node._partners.send

        async def dishonest(card: Any, what: Kind, body: bytes) -> Any:
            if what is Kind.MESSAGE and isinstance(message := parse(body), kind) and not answers:
                answer = await send(card, what, encode(change(pair, message)))
                answers.append(parse(answer.body))
            return await send(card, what, body)

        pair.tracer.node._partners.send = dishonest  # type: ignore[method-assign]
        await asyncio.to_thread(pair.tracer.one.start, documents(pair.tracer.desk, warrant), shares)
        if ends:
            await pair.holder.until("ended")
            assert pair.holder.one.row.code == RefusalCode.CHECK_FAILED
            await until(lambda: not pair.holder.one.row.open, pair.holder)  # its keys are destroyed
        else:
            await pair.tracer.until("traced")  # the honest message after it is answered as ever
        await until(lambda: bool(answers), pair.tracer)
        (told,) = answers
        assert isinstance(told, Refusal)
        assert (told.code, told.reason) == (code, "")  # a word of the small set, and nothing else
        refused = [entry for entry in pair.holder.one.log.entries() if entry.entry.kind == "joint.refused"]
        assert refused

    at_both(tmp_path, story)


def test_a_second_list_in_a_hop_is_refused_on_a_second_connection_too(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        warrant, shares = papers(pair.tracer.one.terms_document(), [SEED])
        await asyncio.to_thread(pair.holder.one.start, documents(pair.holder.desk, warrant), ())
        told: list[Message] = []
        send = pair.tracer.node._partners.send

        async def greedy(card: Any, what: Kind, body: bytes) -> Any:
            answer = await send(card, what, body)
            if what is Kind.MESSAGE and isinstance(message := parse(body), Ask) and not told:
                shuffled = replace(message, sealed=message.sealed[128:] + message.sealed[:128])
                both = await asyncio.gather(
                    send(card, what, encode(shuffled)), send(card, what, encode(message)), return_exceptions=True
                )
                told.extend(
                    parse(one.body) for one in both if not isinstance(one, BaseException) and one.body[:4] == b"clew"
                )
            return answer

        pair.tracer.node._partners.send = greedy  # type: ignore[method-assign]
        await asyncio.to_thread(pair.tracer.one.start, documents(pair.tracer.desk, warrant), shares)
        await pair.tracer.until("traced")
        codes = [one.code for one in told if isinstance(one, Refusal)]
        assert all(code is RefusalCode.OUT_OF_TURN for code in codes)
        assert told
        spent = pair.holder.one.state.kept.spent  # type: ignore[union-attr]
        assert spent.items == 3 * 64  # one list a hop was answered, whatever was asked

    at_both(tmp_path, story)
