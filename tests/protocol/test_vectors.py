"""The published trace is what this implementation computes, byte for byte; and what must be refused is refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clew.joint import holder
from clew.joint.messages import Refusal, RefusalCode, encode, parse
from tests.protocol.parties import Dice
from tests.protocol.vectors import Recorded, text

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "protocol.json"
PUBLISHED: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"refused": [], "steps": []}


@cache
def recorded() -> Recorded:
    return Recorded()


def test_the_file_holds_a_whole_trace_and_enough_refusals() -> None:
    assert len(PUBLISHED["steps"]) >= 20
    assert len(PUBLISHED["refused"]) >= 15
    assert {case["section"] for case in PUBLISHED["refused"]} >= {"2.1", "5.1", "6.3", "6.5", "8.2"}


def test_the_published_trace_is_the_one_that_is_computed() -> None:
    assert text() == FILE.read_text("utf-8"), "run python -m tests.protocol.vectors > spec/vectors/protocol.json"


def test_every_published_message_is_one() -> None:
    sent = [bytes.fromhex(step["sent"]) for step in PUBLISHED["steps"] if step["sent"]]
    assert len(sent) >= 17
    for data in sent:
        assert encode(parse(data)) == data


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["name"])
def test_what_must_be_refused_is_refused(case: dict[str, Any]) -> None:
    run = recorded()
    at = next(place for place in sorted(run.states["holder"]) if place > case["step"])
    honest = bytes.fromhex(PUBLISHED["steps"][case["step"]]["sent"])
    message = honest[: case["from"]] + bytes.fromhex(case["bytes"]) + honest[case["to"] :]
    step = holder.receive(run.states["holder"][at], parse(message), Dice("refused").given())
    assert isinstance(step.message, Refusal)
    assert step.message.code is RefusalCode[case["code"]]
    assert [entry.kind for entry in step.entries] == ["joint.refused"]
    assert isinstance(step.state, holder.Ended) == (step.message.code is RefusalCode.CHECK_FAILED)
