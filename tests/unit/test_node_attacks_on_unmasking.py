"""What a tracer could try with requests to unmask, between two nodes over real sockets: without approvals, with
those of another request, or for what was never answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clew.joint import group, tracer
from clew.joint.messages import (
    Refusal,
    RefusalCode,
    Unmask,
    Unmasked,
    Want,
    encode,
    parse,
)
from clew.joint.terms import number_dst
from clew.node.envelope import Kind
from clew.node.unmask_request import UnmaskRequest
from tests.node_attack import BOTH, Attack, attack, kinds, refusals
from tests.node_pair import BRIDGE
from tests.unit.test_node_attacks_of_the_tracer import GUESS
from tests.warrants import CLERK, JUDGE, PARTNER

HIDDEN = "+33612000003"
"""Reached over the border, and in no record of the tracer's: the first that is wanted."""
UNTIL = 4_102_444_800  # the year 2100
AUTHORISED, BUDGET, TURN = RefusalCode.NOT_AUTHORISED, RefusalCode.OVER_BUDGET, RefusalCode.OUT_OF_TURN


def request_for(pair: Attack, *wants: Want, serial: int = 1, until: int = UNTIL) -> UnmaskRequest:
    kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
    message = Unmask(kept.order.trace, serial, until, wants, ())
    return UnmaskRequest(bytes.fromhex(kept.authorisation.digest), message)


def honest_wants(pair: Attack) -> list[Want]:
    state = pair.tracer.one.state
    assert isinstance(state, tracer.Traced)
    (hidden,) = [text for text in tracer.graph(state).vertices["vertex"].to_pylist() if text.startswith("p:")]
    reasons = dict.fromkeys((hidden, BRIDGE, "+33612000002"), "called within the hour")
    message, _ = tracer.draft_unmasking(state, reasons, UNTIL)
    return list(message.wants)


def test_nothing_is_unmasked_without_approvals_of_this_request_by_both_sides(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        card, send = pair.holder.identity.card, pair.tracer.node._partners.send
        want, *others = honest_wants(pair)
        request = request_for(pair, want)

        def signed(asked: UnmaskRequest, *keys: Any) -> Unmask:
            for key in keys:
                asked = asked.approved(key)
            return asked.message

        good = signed(request, *BOTH)
        stale = signed(request_for(pair, want, until=1_700_000_000), *BOTH)
        bad: list[tuple[Unmask, RefusalCode]] = [
            (request.message, AUTHORISED),
            (signed(request, JUDGE), AUTHORISED),
            (signed(request, PARTNER), AUTHORISED),
            (replace(good, approvals=good.approvals[:1] * 2), AUTHORISED),
            (replace(good, approvals=(*good.approvals[:1], signed(request, CLERK).approvals[0])), AUTHORISED),
            (stale, AUTHORISED),
            (replace(stale, until=UNTIL), AUTHORISED),
            (replace(good, serial=2), AUTHORISED),
            (replace(good, wants=(replace(want, reason="another reason"),)), AUTHORISED),
            (replace(good, wants=(others[0],)), AUTHORISED),
            (signed(request_for(pair, want, serial=2), *BOTH), TURN),
            (signed(request_for(pair, want, *others[:2]), *BOTH), BUDGET),
        ]
        before = pair.holder.one.state
        logged = len(refusals(pair.holder))
        for message, code in bad:
            answer = parse((await send(card, Kind.MESSAGE, encode(message))).body)
            assert answer == Refusal(good.trace, code, ""), message
            assert pair.holder.one.state is before
        assert len(refusals(pair.holder)) == logged + len(bad)
        answer = parse((await send(card, Kind.MESSAGE, encode(good))).body)
        assert isinstance(answer, Unmasked)
        assert [one.number for one in answer.numbers] == [HIDDEN]
        again = parse((await send(card, Kind.MESSAGE, encode(good))).body)
        assert encode(again) == encode(answer)
        assert pair.holder.one.state.kept.spent.unmaskings == 1  # type: ignore[union-attr]

    attack(tmp_path, story, "traced")


def recognised_only(pair: Attack) -> list[Want]:
    """A number that the tracer recognised, at the place of another that was answered."""
    state = pair.tracer.one.state
    assert isinstance(state, tracer.Traced)
    kept = state.kept
    (name,) = [name for name, at in kept.found.names.items() if kept.found.text(at) == "+9647901000003"]
    return [Want(2, 5, kept.asked[2].secret(5), name, "please")]


def never_answered(pair: Attack) -> list[Want]:
    return [replace(honest_wants(pair)[0], position=1 << 16)]


def beyond_the_last_hop(pair: Attack) -> list[Want]:
    return [replace(honest_wants(pair)[0], hop=3)]


def twice_in_a_request(pair: Attack) -> list[Want]:
    want = honest_wants(pair)[0]
    return [want, replace(want, reason="once more")]


def made_up_name(pair: Attack) -> list[Want]:
    name = group.hash_to_group([GUESS.encode()], number_dst(pair.tracer.one.row.trace or b"")).tobytes()
    return [replace(honest_wants(pair)[0], name=name)]


@pytest.mark.parametrize(
    "wanted",
    [recognised_only, never_answered, beyond_the_last_hop, twice_in_a_request, made_up_name],
    ids=lambda f: f.__name__,
)
def test_what_was_not_answered_is_not_unmasked_whoever_approves(
    tmp_path: Path, wanted: Callable[[Attack], list[Want]]
) -> None:
    """Approvers see reasons, not points: the holder itself looks at what it answered, and the trace ends."""

    async def story(pair: Attack) -> None:
        request = request_for(pair, *wanted(pair))
        for key in BOTH:
            request = request.approved(key)
        await asyncio.to_thread(pair.tracer.one.unmask, request)
        await pair.ended(pair.holder, RefusalCode.CHECK_FAILED)
        assert "joint.unmasked" not in kinds(pair.holder)

    attack(tmp_path, story, "traced")
