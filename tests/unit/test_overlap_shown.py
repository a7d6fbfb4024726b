"""Whoever decides is shown both lists' sizes, and what a size says beyond itself, on either side (spec 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clew.cli.overlap_text import question_text, step_document, step_text, waits_for
from clew.joint.overlap.about import About
from clew.joint.overlap.standing import Step
from clew.joint.overlap.states import Considering, Counted, State
from tests.overlap_parties import Walk, walked

ABOUT = About("ab" * 32, "answerer", "00" * 32, "Service A", "00" * 32, "", "", 2, "", "")


@pytest.fixture(scope="module")
def walk() -> Walk:
    return walked()


def considering(walk: Walk, common: int, asked: int = 9) -> Considering:
    """The answerer's state before it decides, with a question about ``asked`` numbers."""
    state = walk.states["Considering"]
    assert isinstance(state, Considering)
    question = state.answered.question
    shorter = replace(question, elements=question.elements[:asked])
    return replace(state, common=common, answered=replace(state.answered, question=shorter))


def counted(walk: Walk, common: int, listed: int) -> Counted:
    """The asker's state before it decides."""
    state = walk.states["Counted"]
    assert isinstance(state, Counted)
    return replace(state, matched=np.arange(common), listed=listed)


def shown(state: State) -> tuple[str, str, dict[str, Any]]:
    step = Step(ABOUT, state, None)
    return step_text(step, None, None), question_text(state), step_document(step, None, shown=True)


def test_nobody_agrees_as_the_answerer_without_having_been_shown_the_askers_size(walk: Walk) -> None:
    text, question, document = shown(considering(walk, 2, asked=7))
    for said in (text, question, waits_for(considering(walk, 2, asked=7))):
        assert "yours 9, theirs 7" in said
    assert [document[name] for name in ("asked", "listed", "common", "remarks")] == [7, 9, 2, []]


def test_an_answerer_whose_whole_list_is_said_to_be_common_is_told_what_that_says(walk: Walk) -> None:
    text, question, document = shown(considering(walk, 9))
    assert document["remarks"] == ["all-of-yours", "all-of-theirs"]
    for said in (text, question):
        assert "All of yours are in theirs" in said
        assert "as wide as a number plan" in said
    text, question, document = shown(considering(walk, 4, asked=4))
    assert document["remarks"] == ["all-of-theirs"]
    assert "All of yours" not in text + question
    assert "they know which already" in text


def test_an_asker_sees_in_json_what_the_text_remarks(walk: Walk) -> None:
    text, question, document = shown(counted(walk, 9, 40))
    assert [document[name] for name in ("asked", "listed", "common", "remarks")] == [9, 40, 9, ["all-of-yours"]]
    assert "yours 9, theirs 40" in text
    assert "All of yours are in it" in text
    assert "All of yours are in it" in question
    assert shown(counted(walk, 3, 3))[2]["remarks"] == ["all-of-theirs"]
    assert shown(counted(walk, 0, 9))[2]["remarks"] == ["none-common"]


def test_sizes_are_null_where_a_state_no_longer_keeps_them(walk: Walk) -> None:
    for name, state in walk.states.items():
        document = step_document(Step(ABOUT, state, None), None, shown=False)
        kept = name in ("Counted", "Agreed", "Answered", "Considering", "Opened")
        assert (document["asked"], document["listed"]) == ((9, 9) if kept else (9 if name == "Asked" else None, None))
        assert waits_for(state)
