"""The state folder: logged before it happens, counted, private, and empty at the end."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from clew.errors import ClewError, InputError, PeerError, Refused, StorageError, UsageError
from clew.joint.overlap import files
from clew.joint.overlap.codec import decode_state, encode_state
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.published import open_set
from clew.joint.overlap.standing import size_of
from clew.joint.overlap.states import Answered, Asked, Counted, Ended, Own, State
from clew.joint.overlap.tags import tags_of
from clew.warrants.keys import SigningKey
from tests.overlap_parties import FIRST, Organisation, answer, answerer_list, ask, asker_list, numbers, walked


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Organisation, Organisation]:
    return Organisation("asker", tmp_path), Organisation("answerer", tmp_path)


def no_signer(_: str) -> SigningKey:
    raise AssertionError("nobody needs to be asked for a passphrase here")


def test_no_question_is_answered_once_too_often(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    few = Limits(least=2, most=100, checks=2)
    for _ in range(2):
        assert isinstance(answer(b, a, ask(a, b), few).state, Answered)
    letter = ask(a, b)
    refused = answer(b, a, letter, few)
    assert refused.state == Ended("too-often")
    assert b.kinds()[-1] == "overlap.refused"
    assert refused.letter is not None
    assert a.desk.read(refused.letter, no_signer).state == Ended("too-often")
    b.now += timedelta(days=31)
    assert isinstance(answer(b, a, letter, few).state, Answered)


def test_the_same_question_again_gets_the_same_answer_and_is_not_counted(
    sides: tuple[Organisation, Organisation],
) -> None:
    a, b = sides
    letter = ask(a, b)
    first = answer(b, a, letter)
    again = answer(b, a, letter)
    assert again.letter == first.letter
    assert b.kinds() == ["overlap.answered"]


def test_a_question_about_a_number_plan_is_refused_before_any_arithmetic(
    sides: tuple[Organisation, Organisation], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = sides
    a.limits = Limits(least=2, most=5000)
    step = a.desk.ask(numbers(0, 101), a.limits, a.sign, b.key.public, b.name)
    assert step.letter is not None
    from clew.joint.overlap.secret import Secret

    def never(*_: object) -> None:
        raise AssertionError("evaluated")

    monkeypatch.setattr(Secret, "evaluated", never)
    monkeypatch.setattr(Secret, "own", never)
    refused = answer(b, a, step.letter)
    assert refused.state == Ended("too-many")
    assert b.kinds() == ["overlap.refused"]
    assert b.desk.all() == []


def test_nothing_leaves_that_is_not_in_the_log(sides: tuple[Organisation, Organisation]) -> None:
    """Where the log refuses, there is no letter, no state, and no size."""
    a, b = sides
    letter = ask(a, b)
    answered = answer(b, a, letter)
    assert answered.letter is not None
    before = {path: path.read_bytes() for path in a.desk.folder.rglob("*") if path.is_file()}
    a.now -= timedelta(days=1)
    with pytest.raises(Refused) as refused:
        a.desk.read(answered.letter, no_signer)
    assert refused.value.code == "log.clock-behind"
    with pytest.raises(Refused):
        ask(a, b)
    assert {path: path.read_bytes() for path in a.desk.folder.rglob("*") if path.is_file()} == before
    a.now += timedelta(days=1)
    assert size_of(a.desk.read(answered.letter, no_signer).state) == 4


def test_a_first_letter_that_is_refused_leaves_an_entry(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    letter = bytearray(ask(a, b))
    letter[-1] ^= 1
    with pytest.raises(PeerError):
        answer(b, a, bytes(letter))
    (logged,) = b.desk.log.entries()
    assert logged.entry.kind == "overlap.refused"
    assert logged.entry.body["code"] == "overlap.signature"


def test_no_number_is_in_the_log_or_in_an_error(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    answered = answer(b, a, ask(a, b))
    assert answered.letter is not None
    counted = a.desk.read(answered.letter, a.sign)
    consent = a.desk.agree(counted.about.check, None, a.sign)
    assert consent.letter is not None
    b.desk.read(consent.letter, b.sign)
    for side in sides:
        assert str(FIRST)[:6] not in (side.desk.folder / "log" / "log.jsonl").read_text("utf-8")
    with pytest.raises(ClewError) as refused:
        b.desk.read(answered.letter, b.sign)
    assert str(FIRST)[:6] not in str(refused.value)


def test_a_letter_that_does_not_belong_leaves_the_check_where_it_was(
    sides: tuple[Organisation, Organisation], tmp_path: Path
) -> None:
    a, b = sides
    first, second = ask(a, b), ask(a, b)
    one, two = answer(b, a, first), answer(b, a, second)
    assert one.letter is not None
    assert two.letter is not None
    a.desk.read(one.letter, a.sign)
    states = {about.check: encode_state(state) for about, state in a.desk.all()}
    spoilt = bytearray(two.letter)
    spoilt[-1] ^= 1
    with pytest.raises(PeerError):
        a.desk.read(bytes(spoilt), a.sign)
    assert a.kinds()[-1] == "overlap.refused"
    assert {about.check: encode_state(state) for about, state in a.desk.all()} == states
    stranger = Organisation("stranger", tmp_path)
    with pytest.raises(InputError) as unknown:
        stranger.desk.read(one.letter, stranger.sign)
    assert unknown.value.code == "overlap.unknown-check"


def test_a_check_goes_on_with_its_own_key_only(sides: tuple[Organisation, Organisation], tmp_path: Path) -> None:
    a, b = sides
    answered = answer(b, a, ask(a, b))
    assert answered.letter is not None
    counted = a.desk.read(answered.letter, a.sign)
    other = Organisation("stranger", tmp_path)
    with pytest.raises(InputError) as refused:
        a.desk.agree(counted.about.check, None, other.sign)
    assert refused.value.code == "overlap.other-own-key"
    with pytest.raises(UsageError) as same:
        a.desk.ask(asker_list(), a.limits, a.sign, a.key.public, "itself")
    assert same.value.code == "overlap.same-key"


def test_only_the_owner_can_read_the_state_folder(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    old = os.umask(0)
    try:
        b.desk.publish("cases", answerer_list(), b.sign)
        answer(b, a, ask(a, b))
    finally:
        os.umask(old)
    for side in sides:
        for path in (side.desk.folder, *side.desk.folder.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), path


def test_secrets_and_lists_are_gone_when_a_check_is_closed(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    letter = ask(a, b)
    (about, state) = a.desk.all()[0]
    assert isinstance(state, Asked)
    seed, number = state.secret.bytes_for_state(), asker_list()[0].as_py().encode()
    path = a.desk.folder / "checks" / about.shown / "state"
    with path.open("rb") as old:
        assert seed in old.read()
        a.desk.close(about.check)
        # Zeros were written over what stood there, and not only its name was taken away.
        old.seek(0)
        assert not old.read().strip(b"\0")
    everything = b"".join(one.read_bytes() for one in a.desk.folder.rglob("*") if one.is_file())
    assert seed not in everything
    assert number not in everything
    answered = answer(b, a, letter)
    assert answered.letter is not None
    with pytest.raises(UsageError) as over:
        a.desk.read(answered.letter, a.sign)
    assert over.value.code == "overlap.over"
    with pytest.raises(UsageError):
        a.desk.close(about.check)


def test_a_retired_set_answers_nothing_and_leaves_nothing(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    found = b.desk.publish("cases", answerer_list(), b.sign)
    assert found.listed == len(answerer_list())
    letter = ask(a, b, published=open_set(found.encode(), b.key.public))
    b.desk.retire("cases")
    with pytest.raises(InputError) as unknown:
        answer(b, a, letter)
    assert unknown.value.code == "overlap.set-unknown"
    assert [path for path in (b.desk.folder / "sets").rglob("*")] == []
    with pytest.raises(UsageError):
        b.desk.retire("cases")
    assert b.kinds() == ["overlap.published", "overlap.retired", "overlap.refused"]


def test_retiring_a_set_ends_the_open_checks_about_it(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    found = b.desk.publish("cases", answerer_list(), b.sign)
    from_set = answer(b, a, ask(a, b, published=open_set(found.encode(), b.key.public)))
    from_list = answer(b, a, ask(a, b))
    b.desk.retire("cases")
    states = {about.check: state for about, state in b.desk.all()}
    assert states[from_set.about.check] == Ended("set-retired")
    assert isinstance(states[from_list.about.check], Answered)


def test_nothing_is_added_under_a_key_so_what_was_asked_cannot_be_tried_on_later_numbers(
    sides: tuple[Organisation, Organisation],
) -> None:
    """An asker that keeps ``k H(x)`` of all it ever asked finds nothing in the next file of the same name."""
    _, b = sides
    half = answerer_list().slice(0, 6)
    before = b.desk.publish("cases", half, b.sign)
    kept = tags_of(b.desk.sets.find(before.digest)[0].own(answerer_list()))
    assert before.holds(kept).sum() == 6
    after = b.desk.publish("cases", answerer_list(), b.sign)
    assert after.public != before.public
    assert not after.holds(kept).any()
    again = b.desk.publish("cases", answerer_list(), b.sign)
    assert again.public not in (before.public, after.public)
    assert [found.digest for _, found in b.desk.sets.names()] == [before.digest, after.digest, again.digest]
    for name in ("", "Cases", "../cases", "a" * 33, "1"):
        with pytest.raises(UsageError):
            b.desk.publish(name, half, b.sign)
    with pytest.raises(InputError):
        b.desk.publish("cases", half.slice(0, 0), no_signer)


def test_an_older_file_is_answered_until_it_is_retired(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    before = b.desk.publish("cases", answerer_list().slice(0, 6), b.sign)
    after = b.desk.publish("cases", answerer_list(), b.sign)
    first, second = (ask(a, b, published=open_set(one.encode(), b.key.public)) for one in (before, after))
    answered = answer(b, a, first)
    assert isinstance(answered.state, Answered)
    assert len(answered.state.own.tags) == 6
    assert answered.letter is not None
    assert size_of(a.desk.read(answered.letter, a.sign).state) == 4
    with pytest.raises(UsageError):
        b.desk.retire("cases", "0" * 64)
    b.desk.retire("cases", before.digest.hex()[:16])
    assert [state for _, state in b.desk.all()] == [Ended("set-retired")]
    assert [found.digest for _, found in b.desk.sets.names()] == [after.digest]
    with pytest.raises(InputError) as unknown:
        b.desk.sets.find(before.digest)
    assert unknown.value.code == "overlap.set-unknown"
    assert isinstance(answer(b, a, second).state, Answered)


def test_a_damaged_state_is_damage_and_not_a_bug(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    ask(a, b)
    about, _ = a.desk.all()[0]
    path = a.desk.folder / "checks" / about.shown / "state"
    data = path.read_bytes()
    for place in range(0, len(data), 5):
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(StorageError) as damaged:
            a.desk.close(about.check)
        assert damaged.value.code == "overlap.state"
    for end in range(0, len(data), 7):
        path.write_bytes(data[:end])
        with pytest.raises(StorageError):
            a.desk.close(about.check)
    # One that is damaged hides no other, and can be done away with.
    ask(a, b)
    assert len(a.desk.all()) == 1
    assert a.desk.damaged() == [about.shown]
    a.desk.remove_damaged(about.shown)
    assert a.desk.damaged() == []
    assert not path.parent.exists()


@pytest.mark.parametrize("from_set", [False, True], ids=["list", "published set"])
def test_every_state_is_kept_and_found_again(from_set: bool) -> None:
    walk = walked(from_set=from_set)

    def at_hand(digest: bytes) -> tuple[object, object]:
        assert walk.published is not None
        assert digest == walk.published.digest
        return walk.key, walk.own

    for name, state in walk.states.items():
        data = encode_state(state)
        again: State = decode_state(data, at_hand)  # type: ignore[arg-type]
        assert type(again) is type(state), name
        assert encode_state(again) == data
    if from_set:
        assert isinstance(walk.own, Own)
        kept = encode_state(walk.states["Opened"])
        assert walk.own.tags.tobytes() not in kept
        assert walk.key is not None
        assert walk.key.bytes_for_state() not in kept


def test_a_letter_is_never_read_beyond_what_its_check_can_need(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    answered = answer(b, a, ask(a, b)).letter
    assert answered is not None
    assert len(answered) < a.desk.most_bytes(answered[:4096]) < 100_000
    with pytest.raises(InputError) as unknown:
        b.desk.most_bytes(ask(a, b))
    assert unknown.value.code == "overlap.unknown-check"


def test_which_check_is_meant_is_asked_for_only_where_it_is_not_clear(
    sides: tuple[Organisation, Organisation],
) -> None:
    a, b = sides
    with pytest.raises(UsageError):
        a.desk.one(None, Counted)
    for _ in range(2):
        answered = answer(b, a, ask(a, b))
        assert answered.letter is not None
        a.desk.read(answered.letter, a.sign)
    with pytest.raises(UsageError) as several:
        a.desk.one(None, Counted)
    assert several.value.code == "overlap.which-check"
    one = a.desk.all()[0][0]
    assert a.desk.one(one.shown, Counted)[0] == one


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"kept")
    link.symlink_to(target)
    for way in (files.read, files.destroy):
        with pytest.raises(OSError, match="Too many levels"):
            way(link)
    assert target.read_bytes() == b"kept"
