"""Every state times every message, and a test for each thing that a dishonest partner might try."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from clew.errors import ClewError, PeerError, Refused, UsageError
from clew.joint import group
from clew.joint.overlap import steps
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.order import sorting
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Agreed, Answered, Asked, Counted, Done, Ended, Learnt, Opened
from clew.joint.overlap.wire import (
    KINDS,
    Answer,
    Consent,
    Handover,
    Opening,
    Overlap,
    Question,
    parse_message,
)
from tests.overlap_parties import (
    LIMITS,
    Walk,
    answerer_list,
    asker_list,
    common_list,
    numbers,
    randomness,
    walked,
)

TABLE = {
    ("Asked", "Answer"): "Counted",
    ("Agreed", "Opening"): "Learnt",
    ("Learnt", "Handover"): "Done",
    ("Answered", "Consent"): "Considering",
    ("Opened", "Overlap"): "Done",
    **{
        (state, "Refusal"): "Ended"
        for state in ("Asked", "Counted", "Agreed", "Learnt", "Answered", "Considering", "Opened")
    },
}
STATES = ["Asked", "Counted", "Agreed", "Learnt", "Answered", "Considering", "Opened", "Done", "DoneAnswerer", "Ended"]
MESSAGES = [kind.__name__ for kind in KINDS]


@pytest.fixture(scope="module")
def walk() -> Walk:
    return walked()


@pytest.fixture(scope="module")
def set_walk() -> Walk:
    return walked(from_set=True)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_in_every_state(walk: Walk, state: str, message: str) -> None:
    expected = TABLE.get((state, message))
    if expected is None:
        with pytest.raises(PeerError) as refused:
            steps.receive(walk.states[state], walk.messages[message], randomness=randomness())
        assert refused.value.code == "overlap.unexpected"
    else:
        after, _ = steps.receive(walk.states[state], walk.messages[message], randomness=randomness())
        assert type(after).__name__ == expected


def test_the_table_is_the_whole_of_states_and_messages(walk: Walk, set_walk: Walk) -> None:
    for one in (walk, set_walk):
        assert set(one.states) == set(STATES)
        assert set(one.messages) == set(MESSAGES)
    assert {type(state).__name__ for state in walk.states.values()} == {kind.__name__ for kind in steps.State.__args__}


@pytest.mark.parametrize("from_set", [False, True], ids=["list", "published set"])
@pytest.mark.parametrize("payloads", [False, True], ids=["numbers only", "payloads"])
def test_both_learn_the_common_numbers_and_no_other(from_set: bool, payloads: bool) -> None:
    walk = walked(from_set=from_set, payloads=payloads)
    counted, a, b = walk.states["Counted"], walk.states["Done"], walk.states["DoneAnswerer"]
    assert isinstance(counted, Counted)
    assert isinstance(a, Done)
    assert isinstance(b, Done)
    assert len(counted.matched) == 4
    assert a.common.numbers == b.common.numbers
    assert sorted(a.common.numbers) == common_list()
    assert a.common.payloads == (tuple(f"B {one[-3:]}" for one in a.common.numbers) if payloads else ())
    assert b.common.payloads == (tuple(f"A {one[-3:]}" for one in b.common.numbers) if payloads else ())


def test_every_message_is_written_one_way(walk: Walk, set_walk: Walk) -> None:
    for one in (walk, set_walk):
        for message in one.messages.values():
            assert parse_message(message.encode()).encode() == message.encode()


def test_nothing_common_and_everything_common() -> None:
    for theirs, size in ((numbers(50, 60), 0), (asker_list(), 9)):
        give = randomness("extremes")
        asked, question = steps.ask(
            asker_list(), LIMITS, asker=bytes(32), answerer=bytes(32), published=None, randomness=give
        )
        answered, answer = steps.answer(question, theirs, LIMITS, randomness=give)
        counted, _ = steps.receive(asked, answer, randomness=give)
        agreed, consent = steps.agree(counted, None, randomness=give)
        considering, _ = steps.receive(answered, consent, randomness=give)
        opened, opening = steps.agree(considering, None, randomness=give)
        learnt, overlap = steps.receive(agreed, opening, randomness=give)
        assert isinstance(learnt, Learnt)
        assert isinstance(overlap, Overlap)
        done, handover = steps.receive(opened, overlap, randomness=give)
        assert isinstance(done, Done)
        assert isinstance(handover, Handover)
        assert len(learnt.numbers) == size == len(done.common.numbers)


def refuses(code: str, state: object, message: object, kind: type[ClewError] = PeerError) -> None:
    with pytest.raises(kind) as refused:
        steps.receive(state, message, randomness=randomness())  # type: ignore[arg-type]
    assert refused.value.code == code


# What a dishonest answerer tries.


def test_an_answer_cannot_hold_what_is_no_point(walk: Walk) -> None:
    answer = walk.messages["Answer"]
    assert isinstance(answer, Answer)
    for bad in (bytes(32), b"\xff" * 32):
        evaluated = np.concatenate([answer.evaluated[:-1], np.frombuffer(bad, np.uint8)[None]])
        with pytest.raises(PeerError) as refused:
            steps.receive(
                walk.states["Asked"], replace(answer, evaluated=evaluated[sorting(evaluated)]), randomness=randomness()
            )
        assert refused.value.code in ("group.identity", "group.encoding")


def test_an_answer_to_fewer_numbers_is_refused(walk: Walk) -> None:
    answer = walk.messages["Answer"]
    assert isinstance(answer, Answer)
    refuses("overlap.broken", walk.states["Asked"], replace(answer, evaluated=answer.evaluated[1:]))


def test_an_answer_without_own_tags_is_refused_where_a_list_was_asked_for(walk: Walk) -> None:
    answer = walk.messages["Answer"]
    assert isinstance(answer, Answer)
    refuses("overlap.broken", walk.states["Asked"], replace(answer, tags=answer.tags[:0]))


def test_a_list_as_wide_as_a_number_plan_is_not_accepted_from_the_answerer() -> None:
    give = randomness("wide")
    asked, question = steps.ask(
        asker_list(), Limits(least=2, most=20), asker=bytes(32), answerer=bytes(32), published=None, randomness=give
    )
    _, answer = steps.answer(question, numbers(0, 21), LIMITS, randomness=give)
    refuses("overlap.too-many", asked, answer, Refused)


def test_the_second_answer_cannot_be_another_than_the_first(walk: Walk) -> None:
    """Evaluating under another key after the size was told, or in a mix of keys, is found out."""
    opening, answered = walk.messages["Opening"], walk.states["Answered"]
    assert isinstance(opening, Opening)
    assert isinstance(answered, Answered)
    other = Secret.generate(randomness("other"))
    evaluated, proof = other.evaluated_with_proof(answered.question.elements, randomness("proof"))
    refuses("overlap.broken", walk.states["Agreed"], replace(opening, evaluated=evaluated, proof=proof))
    mixed = opening.evaluated.copy()
    mixed[3] = evaluated[3]
    refuses("overlap.broken", walk.states["Agreed"], replace(opening, evaluated=mixed))


def test_an_opening_cannot_say_that_other_numbers_are_common(walk: Walk) -> None:
    """The right points in another order pass the comparison with the answer, and fail the proof."""
    opening = walk.messages["Opening"]
    assert isinstance(opening, Opening)
    turned = np.roll(opening.evaluated, 1, axis=0)
    with pytest.raises(PeerError) as refused:
        steps.receive(walk.states["Agreed"], replace(opening, evaluated=turned), randomness=randomness())
    assert refused.value.code.startswith("group.")


def test_different_keys_for_different_numbers_are_convicted_by_the_proof() -> None:
    """The tagging attack: it can distort the size, and cannot survive the second form."""
    give = randomness("tagging")
    asked, question = steps.ask(
        asker_list(), LIMITS, asker=bytes(32), answerer=bytes(32), published=None, randomness=give
    )
    answered, answer = steps.answer(question, answerer_list(), LIMITS, randomness=give)
    other = Secret.generate(give)
    evaluated = answered.key.evaluated(question.elements).copy()
    evaluated[:3] = other.evaluated(question.elements[:3])
    forged = replace(answer, evaluated=evaluated[sorting(evaluated)])
    counted, _ = steps.receive(asked, forged, randomness=give)
    agreed, _ = steps.agree(counted, None, randomness=give)
    assert isinstance(agreed, Agreed)
    _, proof = answered.key.evaluated_with_proof(question.elements, give)
    opening = Opening(question.check, agreed.consent, False, evaluated, proof)
    with pytest.raises(PeerError) as refused:
        steps.receive(agreed, opening, randomness=give)
    assert refused.value.code.startswith("group.")


def test_the_answerer_cannot_make_a_size_out_of_nothing(walk: Walk) -> None:
    """Tags of guessed points match nothing, because the blind is undone with a secret of the asker."""
    asked, answer = walk.states["Asked"], walk.messages["Answer"]
    assert isinstance(asked, Asked)
    assert isinstance(answer, Answer)
    from clew.joint.overlap.tags import tags_of

    tags = tags_of(answer.evaluated)  # of the blinded points themselves, the best that can be had without numbers
    after, _ = steps.receive(
        asked, replace(answer, tags=tags[sorting(tags)], listed=len(tags)), randomness=randomness()
    )
    assert isinstance(after, Counted)
    assert len(after.matched) == 0


def test_an_answer_under_another_key_than_the_published_one_is_refused(set_walk: Walk) -> None:
    answer = set_walk.messages["Answer"]
    assert isinstance(answer, Answer)
    other = Secret.generate(randomness("another")).public
    for forged in (replace(answer, public=other), replace(answer, listed=answer.listed + 1)):
        with pytest.raises(PeerError) as refused:
            steps.receive(set_walk.states["Asked"], forged, randomness=randomness(), published=set_walk.published)
        assert refused.value.code == "overlap.other-key"


# What a dishonest asker tries.


def overlap_of(walk: Walk) -> Overlap:
    found = walk.messages["Overlap"]
    assert isinstance(found, Overlap)
    return found


def test_the_asker_cannot_claim_a_number_that_it_did_not_ask_about(walk: Walk) -> None:
    """It knows every tag of the answer, but not the output behind one that it had not evaluated."""
    answer, overlap = walk.messages["Answer"], overlap_of(walk)
    assert isinstance(answer, Answer)
    known = {row.tobytes() for row in overlap.tags}
    stranger = next(row for row in answer.tags if row.tobytes() not in known)
    tags = overlap.tags.copy()
    tags[0] = stranger
    refuses("overlap.broken", walk.states["Opened"], replace(overlap, tags=tags[sorting(tags)]))


def test_the_asker_cannot_tell_fewer_numbers_than_it_said(walk: Walk) -> None:
    overlap = overlap_of(walk)
    fewer = replace(overlap, tags=overlap.tags[1:], held=overlap.held[1:], sealed=overlap.sealed[1:])
    refuses("overlap.broken", walk.states["Opened"], fewer)


def test_a_number_outside_the_answerers_list_is_not_confirmed(walk: Walk) -> None:
    overlap = overlap_of(walk)
    tags = overlap.tags.copy()
    tags[-1] = 255
    refuses("overlap.broken", walk.states["Opened"], replace(overlap, tags=tags))


def test_announced_payloads_cannot_be_withheld(walk: Walk) -> None:
    refuses("overlap.broken", walk.states["Opened"], replace(overlap_of(walk), sealed=overlap_of(walk).sealed[:0]))
    handover = walk.messages["Handover"]
    assert isinstance(handover, Handover)
    refuses("overlap.broken", walk.states["Learnt"], replace(handover, sealed=handover.sealed[:0]))


def test_a_size_larger_than_a_list_is_refused(walk: Walk) -> None:
    consent = walk.messages["Consent"]
    assert isinstance(consent, Consent)
    refuses("overlap.broken", walk.states["Answered"], replace(consent, common=10))


def test_a_payload_opens_with_its_own_number_only(walk: Walk) -> None:
    overlap = overlap_of(walk)
    swapped = overlap.sealed[[1, 0, *range(2, len(overlap.sealed))]]
    refuses("overlap.payload-sealed", walk.states["Opened"], replace(overlap, sealed=swapped))


def test_payloads_show_neither_length_nor_whether_there_is_one(walk: Walk) -> None:
    give = randomness("lengths")
    considering = walk.states["Considering"]
    for text in ("", "x" * 254):
        texts = pa.array([text] * 9, pa.string())
        opened, _ = steps.agree(considering, texts, randomness=give)
        assert isinstance(opened, Opened)
        _, handover = steps.receive(opened, replace(overlap_of(walk), previous=opened.previous), randomness=give)
        assert isinstance(handover, Handover)
        assert handover.sealed.shape == (4, 272)


# The order of things.


def test_no_message_tells_which_before_both_have_agreed(walk: Walk) -> None:
    """Up to the consent nothing that is sent, and no state, holds an order that leads from a point to a number."""
    question, answer = walk.messages["Question"], walk.messages["Answer"]
    assert isinstance(question, Question)
    assert isinstance(answer, Answer)
    asked, counted = walk.states["Asked"], walk.states["Counted"]
    assert isinstance(asked, Asked)
    assert isinstance(counted, Counted)
    straight = walk.states["Answered"].key.evaluated(question.elements)  # type: ignore[union-attr]
    assert {row.tobytes() for row in straight} == {row.tobytes() for row in answer.evaluated}
    assert not np.array_equal(straight, answer.evaluated)
    for state in ("Asked", "Counted", "Answered", "Considering"):
        with pytest.raises(PeerError):
            steps.receive(walk.states[state], walk.messages["Opening"], randomness=randomness())


def test_the_sorted_order_says_nothing_about_the_order_of_the_list() -> None:
    places = []
    for seed in range(60):
        _, question = steps.ask(
            asker_list(), LIMITS, asker=bytes(32), answerer=bytes(32), published=None, randomness=randomness(f"s{seed}")
        )
        secret = Secret.generate(randomness(f"s{seed}"))
        first = secret.blinded(asker_list())[0].tobytes()
        places.append([row.tobytes() for row in question.elements].index(first))
    assert set(places) == set(range(9))


def test_two_checks_of_one_list_have_nothing_in_common() -> None:
    one, two = walked(seed="one"), walked(seed="two")
    for name in ("Question", "Answer", "Overlap"):
        first, second = one.messages[name], two.messages[name]
        for field in ("elements", "evaluated", "tags", "held", "sealed"):
            if hasattr(first, field):
                left = {row.tobytes() for row in getattr(first, field)}
                assert left.isdisjoint({row.tobytes() for row in getattr(second, field)})


@pytest.mark.parametrize(
    ("code", "own", "theirs"),
    [("overlap.too-few", 1, 9), ("overlap.too-few", 9, 1), ("overlap.too-many", 101, 9), ("overlap.too-many", 9, 101)],
)
def test_a_list_of_one_and_a_list_of_everybody_are_refused(code: str, own: int, theirs: int) -> None:
    wide, give = Limits(least=1, most=1000), randomness("caps")
    _, question = steps.ask(
        numbers(0, theirs), wide, asker=bytes(32), answerer=bytes(32), published=None, randomness=give
    )
    with pytest.raises(Refused) as refused:
        steps.answer(question, numbers(0, own), LIMITS, randomness=give)
    assert refused.value.code == code


def test_limits_that_cannot_be_are_refused() -> None:
    for wrong in ((0, 10, 1), (5, 4, 1), (1, (1 << 24) + 1, 1), (1, 10, 0)):
        with pytest.raises(UsageError):
            Limits(*wrong)
    assert Limits() == Limits(20, 10_000, 12)


def test_nobody_agrees_in_a_state_that_asks_for_no_decision(walk: Walk) -> None:
    for name in set(STATES) - {"Counted", "Considering"}:
        with pytest.raises(UsageError):
            steps.agree(walk.states[name], None, randomness=randomness())
    for name in ("Done", "Ended"):
        with pytest.raises(UsageError):
            steps.decline(walk.states[name]) if name == "Ended" else steps.agree(
                walk.states[name], None, randomness=randomness()
            )
    assert isinstance(walk.states["Ended"], Ended)


def test_the_arithmetic_is_that_of_rfc_9497() -> None:
    """One blind for all or one for each: the outputs are those of the standard's own steps."""
    from clew.joint.overlap.secret import finalised

    secret = Secret.generate(randomness("rfc"))
    texts = asker_list()
    points = secret.own(texts)
    outputs = [finalised(text, point.tobytes()) for text, point in zip(texts.to_pylist(), points, strict=True)]
    wide = hashlib.sha512(b"clew/1 overlap-key\n" + secret.bytes_for_state()).digest()
    key = group.OprfKey.from_secret(group.SecretScalar.from_wide(wide), 1)
    blinding = group.blind(texts, randomness("blinds")(32), 1)
    evaluated, proof = key.evaluate_with_proof(blinding.elements, randomness("proof")(32))
    finals = blinding.finalise_verified(evaluated, proof, key.public)
    assert [row.tobytes() for row in finals] == outputs == [row.tobytes() for row in key.outputs(texts)]


def test_the_limit_that_the_page_states_is_real() -> None:
    """An asker with a blind of its own for each number finds out which are common, at a cost of all pairs.

    Nothing here stops it; ``docs/explain/overlap.md`` says so, and this test keeps the sentence true.
    """
    from clew.joint.overlap.order import find
    from clew.joint.overlap.tags import tags_of

    give = randomness("cheat")
    ours = asker_list()
    secrets = [Secret.generate(give) for _ in ours]
    elements = np.concatenate([secret.blinded(ours.slice(at, 1)) for at, secret in enumerate(secrets)])
    question = Question(bytes(32), bytes(32), give(32), bytes(32), elements[sorting(elements)])
    _, answer = steps.answer(question, answerer_list(), LIMITS, randomness=give)
    found = [
        number
        for number, secret in zip(ours.to_pylist(), secrets, strict=True)
        if np.any(find(tags_of(secret.unblinded(answer.evaluated)), answer.tags) >= 0)
    ]
    assert found == common_list()
