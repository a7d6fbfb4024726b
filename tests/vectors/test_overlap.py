"""The overlap check against ``spec/vectors/overlap.json``, whose group arithmetic another implementation did."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clew.joint import group
from clew.joint.overlap import steps
from clew.joint.overlap.letters import open_letter, open_question, parse_letter, write_letter
from clew.joint.overlap.published import open_set
from clew.joint.overlap.secret import HASH_TO_GROUP, Secret, finalised
from clew.joint.overlap.states import Agreed, Answered, Considering, Learnt, Opened
from clew.joint.overlap.tags import tags_of
from clew.joint.overlap.wire import Opening, Overlap, Question, parse_message
from tests.overlap_parties import (
    answerer_list,
    asker_list,
    common_list,
    randomness,
    references,
    signing_key,
    walked,
)

VECTORS = json.loads((Path(__file__).parents[2] / "spec" / "vectors" / "overlap.json").read_text("utf-8"))


@pytest.fixture(params=[0, 1], ids=["list", "published set"])
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    found = VECTORS["checks"][request.param]
    assert len(found["messages"]) == 7
    assert len(found["one_number"]) == 7
    return dict(found)


def test_one_number_from_its_text_to_its_output(vector: dict[str, Any]) -> None:
    one = vector["one_number"]
    asker, key = Secret(bytes.fromhex(vector["asker_seed"])), Secret(bytes.fromhex(vector["key_seed"]))
    text = asker_list().filter([number == one["number"] for number in asker_list().to_pylist()])
    assert group.hash_to_group(text, HASH_TO_GROUP).tobytes().hex() == one["hash_to_group"]
    blinded = asker.blinded(text)
    assert blinded.tobytes().hex() == one["blinded"]
    evaluated = key.evaluated(blinded)
    assert evaluated.tobytes().hex() == one["evaluated"]
    point = asker.unblinded(evaluated)
    assert point.tobytes().hex() == one["unblinded"] == key.own(text).tobytes().hex()
    assert tags_of(point).tobytes().hex() == one["tag"]
    assert finalised(one["number"], point.tobytes()).hex() == one["output"]
    assert key.public.hex() == vector["public"]


def test_both_sides_write_the_messages_of_the_vector(vector: dict[str, Any]) -> None:
    """All but the two proofs, whose randomness every implementation draws its own way: those are verified."""
    messages = {name: bytes.fromhex(text) for name, text in vector["messages"].items()}
    walk = walked(from_set=vector["published"] is not None, seed=vector["seed"])
    for name in ("Question", "Answer", "Consent", "Refusal"):
        assert walk.messages[name].encode() == messages[name], name
    assert walk.messages["Question"].check.hex() == vector["check"]  # type: ignore[union-attr]
    if walk.published is not None:
        assert walk.published.encode().hex() == vector["published"]
        assert open_set(bytes.fromhex(vector["published"]), signing_key("answerer").public).digest == (
            walk.published.digest
        )

    agreed, considering, opened = walk.states["Agreed"], walk.states["Considering"], walk.states["Opened"]
    opening = parse_message(messages["Opening"])
    assert isinstance(opening, Opening)
    assert isinstance(agreed, Agreed)
    assert isinstance(considering, Considering)
    assert isinstance(opened, Opened)
    # The salts are the last two requests but one for randomness: take them from the vector itself.
    overlap = messages["Overlap"]
    salt = parse_message(overlap).salt  # type: ignore[union-attr]
    learnt, said = steps.receive(agreed, opening, randomness=lambda size: salt[:size])
    assert isinstance(learnt, Learnt)
    assert isinstance(said, Overlap)
    said = replace(said, proof=parse_message(overlap).proof)  # type: ignore[union-attr]
    assert said.encode() == overlap
    assert sorted(learnt.numbers) == vector["common"] == common_list()
    handover = messages["Handover"]
    salt = parse_message(handover).salt  # type: ignore[union-attr]
    before = Opened(
        opened.answered, hashlib.sha256(messages["Opening"]).digest(), opened.common, opened.offered, opened.payloads
    )
    _, answered = steps.receive(before, said, randomness=lambda size: salt[:size])
    assert answered is not None
    assert answered.encode() == handover


def test_the_lists_of_the_vector_are_those_of_the_walk(vector: dict[str, Any]) -> None:
    assert vector["asker_list"] == asker_list().to_pylist()
    assert vector["answerer_list"] == answerer_list().to_pylist()
    assert references(asker_list(), "A")[0].as_py() == "A 000"


def test_letters_are_written_and_opened_as_in_the_vector() -> None:
    letters = VECTORS["letters"]
    asker, answerer, give = signing_key("asker"), signing_key("answerer"), randomness(letters["seed"])
    assert (letters["asker_key"], letters["answerer_key"]) == (asker.public.text, answerer.public.text)
    walk = walked(seed="vector")
    answered = walk.states["Answered"]
    assert isinstance(answered, Answered)
    a, b = Secret(bytes.fromhex(VECTORS["checks"][0]["asker_seed"])).exchange(), answered.secret.exchange()
    theirs = a.public_key().public_bytes_raw()
    question, answer = walk.messages["Question"], walk.messages["Answer"]
    first, second = bytes.fromhex(letters["question"]), bytes.fromhex(letters["answer"])
    assert write_letter(question, asker, answerer.public, a, b"", give) == first
    assert write_letter(answer, answerer, asker.public, b, theirs, give) == second
    found = open_question(parse_letter(first), asker.public, bytes.fromhex(answerer.public.id))
    assert isinstance(found, Question)
    assert found.encode() == question.encode()
    opened = open_letter(parse_letter(second), answerer.public, bytes.fromhex(asker.public.id), a, b"")
    assert opened.encode() == answer.encode()
