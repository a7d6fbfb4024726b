"""The overlap check, told as a story: two organisations, their folders, and six letters between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.joint.overlap.published import open_set
from clew.joint.overlap.standing import Step, common_of, size_of
from clew.joint.overlap.states import Done, Ended
from tests.overlap_parties import Organisation, answerer_list, asker_list, common_list, references


def question(asker: Organisation, answerer: Organisation, published: bytes | None = None) -> Step:
    found = open_set(published, answerer.key.public) if published is not None else None
    return asker.desk.ask(asker_list(), asker.limits, asker.sign, answerer.key.public, answerer.name, published=found)


def answer(answerer: Organisation, asker: Organisation, letter: bytes | None, *, from_set: bool = False) -> Step:
    assert letter is not None
    return answerer.desk.answer(
        letter,
        answerer.limits,
        answerer.sign,
        answerer.key.public.id,
        asker.key.public,
        asker.name,
        None if from_set else answerer_list(),
    )


@pytest.mark.parametrize("from_set", [False, True], ids=["list", "published set"])
def test_two_organisations_learn_how_many_then_which(tmp_path: Path, from_set: bool) -> None:
    a, b = Organisation("asker", tmp_path), Organisation("answerer", tmp_path)
    published = b.desk.publish("cases", answerer_list(), b.sign).encode() if from_set else None

    # The asker asks; the answerer answers. The asker knows how many, and nobody knows which.
    asked = question(a, b, published)
    answered = answer(b, a, asked.letter, from_set=from_set)
    assert answered.letter is not None
    counted = a.desk.read(answered.letter, a.sign)
    assert size_of(counted.state) == 4
    assert common_of(counted.state) is None
    assert counted.letter is None

    # The asker's people agree, and say how many. So do the answerer's. Each adds references.
    check = asked.about.check
    consent = a.desk.agree(check, lambda own: references(own, "A"), a.sign)
    assert consent.letter is not None
    considering = b.desk.read(consent.letter, b.sign)
    assert size_of(considering.state) == 4
    assert common_of(considering.state) is None
    opening = b.desk.agree(check, lambda own: references(own, "B"), b.sign)

    # Now the asker learns which, then the answerer; each gets the other's references.
    assert opening.letter is not None
    learnt = a.desk.read(opening.letter, a.sign)
    assert sorted(common_of(learnt.state).numbers) == common_list()  # type: ignore[union-attr]
    assert learnt.letter is not None
    handed = b.desk.read(learnt.letter, b.sign)
    assert handed.letter is not None
    finished = a.desk.read(handed.letter, a.sign)
    for state, whose in ((handed.state, "A"), (finished.state, "B")):
        assert isinstance(state, Done)
        assert sorted(state.common.numbers) == common_list()
        expected = [f"{whose} {number[-3:]}" for number in state.common.numbers]
        assert list(state.common.payloads) == expected

    # Both close: nothing is kept but that the check was, and the log.
    for side in (a, b):
        assert side.desk.close(check).state == Ended("done")
        kept = list((side.desk.folder / "checks").rglob("*"))
        assert [path.name for path in kept if path.is_file()] == ["state"]
    assert a.kinds() == [
        "overlap.asked",
        "overlap.counted",
        "overlap.agreed",
        "overlap.learnt",
        "overlap.received",
        "overlap.ended",
    ]
    rest = ["overlap.answered", "overlap.counted", "overlap.agreed", "overlap.learnt", "overlap.ended"]
    assert b.kinds() == (["overlap.published"] if from_set else []) + rest


def test_a_partner_that_declines_ends_the_check_with_the_size(tmp_path: Path) -> None:
    a, b = Organisation("asker", tmp_path), Organisation("answerer", tmp_path)
    asked = question(a, b)
    answered = answer(b, a, asked.letter)
    assert answered.letter is not None
    a.desk.read(answered.letter, a.sign)
    consent = a.desk.agree(asked.about.check, None, a.sign)
    assert consent.letter is not None
    b.desk.read(consent.letter, b.sign)
    declined = b.desk.decline(asked.about.check, b.sign)
    assert declined.letter is not None
    ended = a.desk.read(declined.letter, a.sign)
    assert ended.state == Ended("declined")
    assert declined.state == Ended("declined")
    for side in (a, b):
        assert common_list()[0].encode() not in b"".join(
            path.read_bytes() for path in side.desk.folder.rglob("*") if path.is_file()
        )
