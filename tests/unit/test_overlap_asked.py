"""What the asker says is common was asked about in this very check, and under one blind (spec 3.6)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from clew.errors import ClewError, PeerError
from clew.joint.overlap import steps
from clew.joint.overlap.order import sorting
from clew.joint.overlap.published import Published, new_set
from clew.joint.overlap.secret import Secret, finalised
from clew.joint.overlap.states import Counted, Learnt, Opened, State
from clew.joint.overlap.tags import held_proofs, tags_of
from clew.joint.overlap.wire import Consent, Message, Overlap, Question
from tests.overlap_parties import (
    LIMITS,
    Walk,
    answerer_list,
    asker_list,
    common_list,
    numbers,
    randomness,
    signing_key,
    walked,
)


@pytest.fixture(scope="module")
def walk() -> Walk:
    return walked()


def refused(state: State, message: Message) -> str:
    with pytest.raises(PeerError) as error:
        steps.receive(state, message, randomness=randomness())
    return error.value.code


def digest(message: Message) -> bytes:
    return hashlib.sha256(message.encode()).digest()


def test_an_asker_cannot_claim_common_numbers_of_an_earlier_check_of_the_same_set() -> None:
    """What is kept of one opening proves holding in all later ones, and gets no payload in them."""
    give = randomness("earlier")
    key = Secret.generate(give)
    own = steps.own_list(answerer_list(), key)
    published = new_set(signing_key("answerer"), key.public, own.tags)
    known = {number: key.own(pa.array([number]))[0] for number in common_list()}  # of the earlier check

    def opened(about: pa.Array, common: int) -> tuple[Opened, Message, Question]:
        _, question = _question(about, published, give)
        answered, answer = steps.answer_from_set(question, own, key, LIMITS, randomness=give)
        considering, _ = steps.receive(
            answered, Consent(question.check, digest(answer), common, False), randomness=give
        )
        texts = pa.array([f"case of {one}" for one in own.numbers.to_pylist()])
        after, opening = steps.agree(considering, texts, randomness=give)
        assert isinstance(after, Opened)
        return after, opening, question

    state, opening, question = opened(numbers(50, 59), len(known))
    points = np.stack(list(known.values()))
    order = sorting(tags_of(points))
    outputs = [finalised(list(known)[at], points[at].tobytes()) for at in order]
    cheat = Secret.generate(randomness("cheat"))
    blind, proof = cheat.blinded_with_proof(pa.array([list(known)[at] for at in order]), give)
    claim = Overlap(
        question.check,
        digest(opening),
        give(32),
        blind,
        tags_of(points)[order],
        np.arange(len(known)),
        proof,
        held_proofs(outputs, question.check),
        np.zeros((0, 272), np.uint8),
    )
    assert refused(state, claim) == "overlap.broken"


def _question(about: pa.Array, published: Published | None, give: object) -> tuple[State, Question]:
    return steps.ask(
        about,
        LIMITS,
        asker=bytes(32),
        answerer=bytes(32),
        published=published,
        randomness=give,  # type: ignore[arg-type]
    )


def test_an_asker_with_a_blind_for_each_number_is_convicted_when_it_claims_two(walk: Walk) -> None:
    """In the size form it cannot be seen; what it says in the second form no single blind explains."""
    give = randomness("blinds")
    ours = asker_list()
    secrets = [Secret.generate(give) for _ in ours]
    elements = np.concatenate([secret.blinded(ours.slice(at, 1)) for at, secret in enumerate(secrets)])
    order = sorting(elements)
    question = Question(bytes(32), bytes(32), give(32), bytes(32), elements[order])
    answered, answer = steps.answer(question, answerer_list(), LIMITS, randomness=give)
    considering, _ = steps.receive(answered, Consent(question.check, digest(answer), 4, False), randomness=give)
    state, opening = steps.agree(considering, None, randomness=give)
    by_number = dict(zip(ours.to_pylist(), secrets, strict=True))
    points = answered.key.own(pa.array(common_list()))
    in_order = sorting(tags_of(points))
    claimed = [common_list()[at] for at in in_order]
    places = np.array([list(order).index(ours.to_pylist().index(one)) for one in claimed])
    outputs = [finalised(one, points[at].tobytes()) for one, at in zip(claimed, in_order, strict=True)]
    tags, held = tags_of(points)[in_order], held_proofs(outputs, question.check)
    for one in claimed:
        blind, proof = by_number[one].blinded_with_proof(pa.array(claimed), give)
        claim = Overlap(question.check, digest(opening), give(32), blind, tags, places, proof, held, _NONE)
        assert refused(state, claim) == "overlap.broken"


_NONE = np.zeros((0, 272), np.uint8)


def test_the_places_of_what_is_claimed_are_real_and_all_different(walk: Walk) -> None:
    overlap, state = walk.messages["Overlap"], walk.states["Opened"]
    assert isinstance(overlap, Overlap)
    for wrong in ([0, 0, 0, 0], [0, 1, 2, 9], [0, 1, 2, (1 << 32) - 1], overlap.places[::-1]):
        assert refused(state, replace(overlap, places=np.array(wrong))) == "overlap.broken"
    other = Secret.generate(randomness("other"))
    blind, proof = other.blinded_with_proof(pa.array(common_list()), randomness("proof"))
    for change in ({"blind": blind}, {"proof": proof}, {"proof": b""}, {"blind": bytes(32)}, {"blind": b"\xff" * 32}):
        assert refused(state, replace(overlap, **change)) == "overlap.broken"  # type: ignore[arg-type]


def test_holding_must_still_be_proved(walk: Walk) -> None:
    """Having asked is not enough either: who gave the numbers of a consent must have had the opening."""
    overlap = walk.messages["Overlap"]
    assert isinstance(overlap, Overlap)
    assert refused(walk.states["Opened"], replace(overlap, held=overlap.held[::-1])) == "overlap.broken"


def test_a_proof_of_nothing_is_refused() -> None:
    give = randomness("nothing")
    asked, question = _question(numbers(50, 59), None, give)
    answered, answer = steps.answer(question, answerer_list(), LIMITS, randomness=give)
    counted, _ = steps.receive(asked, answer, randomness=give)
    assert isinstance(counted, Counted)
    agreed, consent = steps.agree(counted, None, randomness=give)
    considering, _ = steps.receive(answered, consent, randomness=give)
    opened, opening = steps.agree(considering, None, randomness=give)
    learnt, overlap = steps.receive(agreed, opening, randomness=give)
    assert isinstance(learnt, Learnt)
    assert isinstance(overlap, Overlap)
    assert (len(overlap.tags), overlap.proof) == (0, b"")
    assert refused(opened, replace(overlap, proof=bytes(64))) == "overlap.broken"
    steps.receive(opened, overlap, randomness=give)


def test_more_claims_than_one_proof_covers_are_proved_in_parts() -> None:
    """65,535 numbers a proof, as in the opening."""
    secret = Secret.generate(randomness("many"))
    own = numbers(0, 65_540)
    blind, proof = secret.blinded_with_proof(own, randomness("many proof"))
    assert len(proof) == 2 * 64
    from clew.joint.overlap.secret import hashed, require_proof

    elements = secret.blinded(own)
    require_proof(hashed(own), elements, proof, blind)
    with pytest.raises(ClewError):
        require_proof(hashed(own), elements[::-1], proof, blind)
