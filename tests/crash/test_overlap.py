"""A check goes on after a crash at any system call: repeated, a step gives one letter that the partner takes."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from clew.joint.overlap.states import Done, Ended, Learnt
from tests.faults import copies, crash_everywhere, fill_everywhere
from tests.overlap_parties import Organisation, answer, answerer_list, ask, asker_list, common_list


def later(name: str, folder: Path, before: Organisation) -> Organisation:
    """The same organisation in a new process, some hours on."""
    found = Organisation(name, folder)
    before.later += timedelta(hours=1)
    found.now = before.now + before.later
    return found


def test_a_crash_while_reading_a_letter_loses_no_check_and_forges_none(tmp_path: Path) -> None:
    """Asker's last reply: crash anywhere in it, read the letter again, and the partner still gets what it expects."""
    base = tmp_path / "base"
    a, b = Organisation("asker", base), Organisation("answerer", base)
    letter = ask(a, b)
    answered = answer(b, a, letter).letter
    assert answered is not None
    check = a.desk.read(answered, a.sign).about.check
    consent = a.desk.agree(check, None, a.sign).letter
    assert consent is not None
    b.desk.read(consent, b.sign)
    opening = b.desk.agree(check, None, b.sign).letter
    assert opening is not None

    def operate(folder: Path) -> None:
        later("asker", folder, a).desk.read(opening, a.sign)

    def check_left(folder: Path) -> None:
        asker, answerer = later("asker", folder, a), later("answerer", folder, b)
        (_, before), *_ = asker.desk.all()
        step = asker.desk.read(opening, asker.sign)
        assert step.letter is not None
        if isinstance(before, Learnt):
            # It had happened: the letter that may have left already is the one that leaves now.
            kept = next((asker.desk.folder / "checks").rglob("letter-5")).read_bytes()
            assert step.letter == kept
        done = answerer.desk.read(step.letter, answerer.sign).state
        assert isinstance(done, Done)
        assert sorted(done.common.numbers) == common_list()
        shutil.rmtree(folder)

    assert crash_everywhere(copies(base, tmp_path), operate, check_left) >= 8
    assert fill_everywhere(copies(base, tmp_path), operate, check_left) >= 6


def test_a_crash_while_closing_leaves_the_check_open_or_over(tmp_path: Path) -> None:
    base = tmp_path / "base"
    a, b = Organisation("asker", base), Organisation("answerer", base)
    about = a.desk.ask(asker_list(), a.limits, a.sign, b.key.public, b.name).about
    seen = set()

    def check_left(folder: Path) -> None:
        asker = later("asker", folder, a)
        (_, state), *_ = asker.desk.all()
        seen.add(type(state).__name__)
        if not isinstance(state, Ended):
            asker.desk.close(about.check)
        for name in ("state", "letter-1"):
            for path in (asker.desk.folder / "checks").rglob(name):
                assert str(asker_list()[0]).encode() not in path.read_bytes()
        shutil.rmtree(folder)

    def operate(folder: Path) -> None:
        later("asker", folder, a).desk.close(about.check)

    assert crash_everywhere(copies(base, tmp_path), operate, check_left) >= 8
    assert seen == {"Asked", "Ended"}


@pytest.mark.parametrize("again", [False, True], ids=["first", "second"])
def test_a_crash_while_publishing_leaves_no_set_without_its_key_and_no_number_for_ever(
    tmp_path: Path, again: bool
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    b = Organisation("answerer", base)
    if again:
        b.desk.publish("cases", answerer_list().slice(0, 5), b.sign)
    seen = set()

    def check_left(folder: Path) -> None:
        one = later("answerer", folder, b)
        sets, left = one.desk.sets.names(), one.desk.sets.unfinished()
        seen.add((len(sets), bool(left)))
        place = folder / "answerer" / "sets" / "cases"
        # Whatever is there is either answered from, or named as a remnant.
        assert bool(left) == (len([path for path in place.glob("*")]) != len(sets) or (place.exists() and not sets))
        for _, found in sets:
            key, own = one.desk.sets.find(found.digest)
            assert key.public == found.public
            assert found.holds(own.tags).all()
        one.desk.publish("cases", answerer_list(), one.sign)
        assert one.desk.sets.unfinished() == []
        assert len(one.desk.sets.names()) == len(sets) + 1
        one.desk.retire("cases")
        assert list((folder / "answerer" / "sets").rglob("*")) == []
        shutil.rmtree(folder)

    def operate(folder: Path) -> None:
        later("answerer", folder, b).desk.publish("cases", answerer_list(), b.sign)

    assert crash_everywhere(copies(base, tmp_path), operate, check_left) >= 10
    assert {(again + 0, True), (again + 1, False)} <= seen


def test_a_crash_while_retiring_leaves_no_key_and_can_be_finished(tmp_path: Path) -> None:
    """Cut anywhere, the same command again destroys the rest: no number stays in a folder that nobody names."""
    base = tmp_path / "base"
    b = Organisation("answerer", base)
    for _ in range(2):
        b.desk.publish("cases", answerer_list(), b.sign)
    seen = set()

    def check_left(folder: Path) -> None:
        one = later("answerer", folder, b)
        place = folder / "answerer" / "sets" / "cases"
        seen.add((len(one.desk.sets.names()), bool(one.desk.sets.unfinished())))
        for _, found in one.desk.sets.names():
            assert one.desk.sets.find(found.digest)[0].public == found.public
        if place.exists():
            assert one.desk.sets.names() or one.desk.sets.unfinished() == ["cases"]
            one.desk.retire("cases")
        assert list((folder / "answerer" / "sets").rglob("*")) == []
        shutil.rmtree(folder)

    def operate(folder: Path) -> None:
        later("answerer", folder, b).desk.retire("cases")

    assert crash_everywhere(copies(base, tmp_path), operate, check_left) >= 20
    assert seen == {(2, False), (1, True), (1, False), (0, True), (0, False)}
