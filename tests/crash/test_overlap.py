"""A check goes on after a crash at any system call: repeated, a step gives one letter that the partner takes."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from clew.joint.overlap.states import Done, Ended, Learnt
from tests.faults import crash_everywhere, fill_everywhere
from tests.overlap_parties import Organisation, answerer_list, asker_list, common_list


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
    letter = a.desk.ask(asker_list(), a.limits, a.sign, b.key.public, b.name).letter
    assert letter is not None
    answered = b.desk.answer(letter, b.limits, b.sign, b.key.public.id, a.key.public, a.name, answerer_list()).letter
    assert answered is not None
    check = a.desk.read(answered, a.sign).about.check
    consent = a.desk.agree(check, None, a.sign).letter
    assert consent is not None
    b.desk.read(consent, b.sign)
    opening = b.desk.agree(check, None, b.sign).letter
    assert opening is not None
    runs = iter(range(10_000))

    def prepare() -> Path:
        folder = tmp_path / f"run-{next(runs)}"
        shutil.copytree(base, folder)
        return folder

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

    assert crash_everywhere(prepare, operate, check_left) >= 8
    assert fill_everywhere(prepare, operate, check_left) >= 6


def test_a_crash_while_closing_leaves_the_check_open_or_over(tmp_path: Path) -> None:
    base = tmp_path / "base"
    a, b = Organisation("asker", base), Organisation("answerer", base)
    about = a.desk.ask(asker_list(), a.limits, a.sign, b.key.public, b.name).about
    runs, seen = iter(range(10_000)), set()

    def prepare() -> Path:
        folder = tmp_path / f"run-{next(runs)}"
        shutil.copytree(base, folder)
        return folder

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

    assert crash_everywhere(prepare, operate, check_left) >= 8
    assert seen == {"Asked", "Ended"}


def test_a_crash_while_a_set_grows_leaves_the_old_set_or_the_new_one(tmp_path: Path) -> None:
    base = tmp_path / "base"
    b = Organisation("answerer", base)
    half = answerer_list().slice(0, 5)
    old, _ = b.desk.publish("cases", half, b.sign)
    runs, sizes = iter(range(10_000)), set()

    def prepare() -> Path:
        folder = tmp_path / f"run-{next(runs)}"
        shutil.copytree(base, folder)
        return folder

    def check_left(folder: Path) -> None:
        one = later("answerer", folder, b)
        ((_, found),) = one.desk.sets.names()
        sizes.add(found.listed)
        again, _ = one.desk.publish("cases", answerer_list(), one.sign)
        assert again.listed == len(answerer_list())
        key, own = one.desk.sets.find(again.digest)
        assert key.public == old.public
        assert again.holds(own.tags).all()
        assert len(own.tags) == again.listed
        shutil.rmtree(folder)

    def operate(folder: Path) -> None:
        later("answerer", folder, b).desk.publish("cases", answerer_list(), b.sign)

    assert crash_everywhere(prepare, operate, check_left) >= 10
    assert sizes == {5, 9}
