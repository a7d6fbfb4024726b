"""Every state of both parties against every message: what is not in the table is refused and changes nothing."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from functools import cache
from typing import Any, get_args

import pytest

from clew.joint import holder, messages, tracer
from clew.joint.messages import Message, Refusal, RefusalCode, TracerCommitments, encode
from clew.joint.tracer_states import State as TracerState
from tests.protocol.parties import Dice, authorised, committed, sample
from tests.protocol.test_attacks_of_the_tracer import SEED, approved

ALLOWED_OF_THE_HOLDER = {
    ("AwaitTracerCommitments", "TracerCommitments"),
    ("Authorised", "Start"),
    ("AwaitAsk", "Recognise"),
    ("AwaitAsk", "Ask"),
    ("AwaitRows", "AskRows"),
    ("Finished", "Unmask"),
    *((state, "Close") for state in ("Committed", "Authorised", "AwaitAsk", "AwaitRows", "Finished", "Destroyed")),
}
ALLOWED_OF_THE_TRACER = {
    ("AwaitAcceptance", "Acceptance"),
    ("AwaitCommitments", "HolderCommitments"),
    ("AwaitSeals", "SealedSeeds"),
    ("AwaitRecognised", "Recognised"),
    ("AwaitNames", "Names"),
    ("AwaitRows", "Rows"),
    ("AwaitUnmasked", "Unmasked"),
    ("AwaitClosed", "Closed"),
}


@cache
def whole_trace() -> tuple[dict[str, Any], dict[str, Any], dict[str, Message]]:
    """One state of each kind of both parties, and one message of each kind, all of one honest trace of one hop."""
    pair = committed(*sample())
    states: dict[str, dict[str, Any]] = {"tracer": {}, "holder": {}}
    said: dict[str, Message] = {type(message).__name__: message for _, message in pair.sent}
    order, party = pair.tracer.order, pair.tracer.party  # type: ignore[union-attr]
    states["tracer"]["AwaitAcceptance"] = tracer.AwaitAcceptance(party)
    commitments = pair.tracer.commitments  # type: ignore[union-attr]
    mine = said["TracerCommitments"]
    assert isinstance(mine, TracerCommitments)
    states["tracer"]["AwaitCommitments"] = tracer.AwaitCommitments(party, order, commitments, mine)
    states["holder"]["AwaitTracerCommitments"] = holder.AwaitTracerCommitments(pair.holder.kept.party)  # type: ignore[union-attr]

    def keep() -> None:
        for side in states:
            state = getattr(pair, side)
            states[side].setdefault(type(state).__name__, state)

    def run(message: Message | None, to: str) -> None:
        while message is not None:
            said.setdefault(type(message).__name__, message)
            module = {"holder": holder, "tracer": tracer}[to]
            message = pair.step(to, module.receive(getattr(pair, to), message, pair.dice[to].given()))
            keep()
            to = "tracer" if to == "holder" else "holder"

    keep()
    start = authorised(pair, [SEED], 1)
    keep()
    run(start, "holder")
    assert isinstance(pair.tracer, tracer.Traced)
    (reached, *_) = [v for v in tracer.graph(pair.tracer).vertices["vertex"].to_pylist() if v != SEED]
    message, digest = tracer.draft_unmasking(pair.tracer, {reached: "a reason"}, 1_800_000_000)
    asked = pair.step("tracer", tracer.unmask(pair.tracer, approved(message, digest, "iq", "fr"), Dice("u").given()))
    keep()
    run(asked, "holder")
    assert isinstance(pair.tracer, tracer.Traced)
    closing = pair.step("tracer", tracer.close(pair.tracer))
    keep()
    run(closing, "holder")
    states["tracer"]["Ended"] = tracer.Ended(order.trace, RefusalCode.STOPPED, "")
    states["holder"]["Ended"] = holder.Ended(order.trace, RefusalCode.STOPPED, "")
    said["Refusal"] = Refusal(order.trace, RefusalCode.STOPPED, "enough")
    return states["tracer"], states["holder"], said


def forgetful(state: Any) -> Any:
    """The state of a holder that has answered nothing yet, so that no message is one that it answered before."""
    if not isinstance(state, holder._Open):
        return state
    return replace(state, kept=replace(state.kept, answered={}))


def test_the_unions_name_every_state_and_every_message() -> None:
    tracers, holders, said = whole_trace()
    assert set(tracers) == {kind.__name__ for kind in get_args(TracerState)}
    assert set(holders) == {kind.__name__ for kind in get_args(holder.State)}
    assert set(said) == {kind.__name__ for kind in get_args(Message)}
    tree = ast.parse(inspect.getsource(messages))
    defined = {n.name for n in tree.body if isinstance(n, ast.ClassDef)} - {
        "RefusalCode",
        "Want",
        "Approval",
        "UnmaskedNumber",
    }
    assert defined == set(said)


@pytest.mark.parametrize("message", [kind.__name__ for kind in get_args(Message)])
@pytest.mark.parametrize("state", [kind.__name__ for kind in get_args(holder.State)])
def test_the_holder_takes_what_its_table_allows_and_refuses_everything_else(state: str, message: str) -> None:
    _, holders, said = whole_trace()
    before = forgetful(holders[state])
    step = holder.receive(before, said[message], Dice("any").given())
    if message == "Refusal":
        assert isinstance(step.state, holder.Destroyed | holder.Ended)
        assert step.message is None
    elif (state, message) in ALLOWED_OF_THE_HOLDER:
        assert not isinstance(step.message, Refusal) or step.message.code is not RefusalCode.OUT_OF_TURN
    else:
        assert isinstance(step.message, Refusal)
        assert step.message.code is RefusalCode.OUT_OF_TURN
        assert step.message.reason == ""
        assert step.state is before
        assert [entry.kind for entry in step.entries] == ["joint.refused"]


@pytest.mark.parametrize("message", [kind.__name__ for kind in get_args(Message)])
@pytest.mark.parametrize("state", [kind.__name__ for kind in get_args(TracerState)])
def test_the_tracer_takes_what_its_table_allows_and_nothing_else(state: str, message: str) -> None:
    tracers, _, said = whole_trace()
    before = tracers[state]
    step = tracer.receive(before, said[message], Dice("any").given())
    if message == "Refusal":
        assert isinstance(step.state, tracer.Done | tracer.Ended) or state == "AwaitAcceptance"
        assert step.message is None
    elif (state, message) not in ALLOWED_OF_THE_TRACER:
        assert step.message is None
        assert step.state is before
        assert [entry.kind for entry in step.entries] == ["joint.refused"]
    else:
        assert step.state is not before


@pytest.mark.parametrize("message", [kind.__name__ for kind in get_args(Message) if kind.__name__ != "Offer"])
@pytest.mark.parametrize("state", [kind.__name__ for kind in get_args(holder.State)])
def test_a_message_of_another_trace_changes_nothing(state: str, message: str) -> None:
    tracers, holders, said = whole_trace()
    other = replace(said[message], trace=bytes(32))  # type: ignore[type-var]
    before = forgetful(holders[state])
    assert holder.receive(before, other, Dice("any").given()).state is before
    for mine in tracers.values():
        if not isinstance(mine, tracer.AwaitAcceptance):
            assert tracer.receive(mine, other, Dice("any").given()).state is mine


def test_nothing_kept_can_be_encoded_and_nothing_secret_shows() -> None:
    tracers, holders, _ = whole_trace()
    for state in (*tracers.values(), *holders.values()):
        with pytest.raises((KeyError, AttributeError, TypeError)):
            encode(state)
        assert len(repr(state)) < 200
        assert SEED not in repr(state)
        if hasattr(state, "kept"):
            assert len(repr(state.kept)) < 200
