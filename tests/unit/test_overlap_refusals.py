"""What is refused is logged before anything changes, and own mistakes are not told to the partner as theirs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clew.errors import ClewError, InputError, PeerError, Refused, StorageError, UsageError
from clew.joint.overlap.letters import parse_letter, write_letter
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.published import open_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.standing import Step
from clew.joint.overlap.states import Answered, Counted, Ended
from clew.joint.overlap.wire import NO_SET, Question
from tests.overlap_parties import Organisation, answer, answerer_list, ask, numbers, randomness


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Organisation, Organisation]:
    return Organisation("asker", tmp_path), Organisation("answerer", tmp_path)


def codes(side: Organisation) -> list[object]:
    return [one.entry.body["code"] for one in side.desk.log.entries() if one.entry.kind == "overlap.refused"]


def test_an_own_list_beyond_the_own_limits_does_not_end_the_partners_check(
    sides: tuple[Organisation, Organisation],
) -> None:
    a, b = sides
    letter = ask(a, b)
    for wrong, code in ((numbers(0, 1), "overlap.too-few"), (numbers(0, 101), "overlap.too-many")):
        with pytest.raises(Refused) as refused:
            answer(b, a, letter, own=wrong)
        assert refused.value.code == code
        assert "your list has" in str(refused.value)
    published = b.desk.publish("small", numbers(0, 1), b.sign)
    about_set = ask(a, b, published=replace_listed(published.encode(), b, a))
    with pytest.raises(Refused):
        answer(b, a, about_set)
    assert b.desk.all() == []
    assert isinstance(answer(b, a, letter).state, Answered)


def replace_listed(data: bytes, b: Organisation, a: Organisation) -> object:
    a.limits = Limits(least=1, most=100)
    return open_set(data, b.key.public)


def test_a_signed_letter_that_is_refused_leaves_an_entry_whatever_is_wrong_with_it(
    sides: tuple[Organisation, Organisation],
) -> None:
    """Points that are no points: the partner signed them, so it is on record that it did."""
    a, b = sides
    elements = np.stack([np.frombuffer(bytes([at]) + b"\xff" * 31, np.uint8) for at in range(9)])
    ids = bytes.fromhex(a.key.public.id), bytes.fromhex(b.key.public.id)
    question = Question(*ids, bytes(32), NO_SET, elements)
    exchange = Secret.generate(randomness("x")).exchange()
    letter = write_letter(question, a.key, b.key.public, exchange, b"", randomness("y"))
    with pytest.raises(PeerError) as refused:
        answer(b, a, letter)
    assert codes(b) == [refused.value.code]
    assert b.desk.all() == []


def test_a_letter_that_cannot_be_answered_under_seal_is_refused_before_it_counts(
    sides: tuple[Organisation, Organisation],
) -> None:
    a, b = sides
    opened = replace(parse_letter(ask(a, b)), exchange=bytes(32))
    letter = replace(opened, signature=a.key.sign(b"clew/1 letter-signature\n" + opened.head + opened.body))
    with pytest.raises(PeerError) as refused:
        answer(b, a, letter.encode())
    assert refused.value.code == "overlap.sealed"
    assert b.kinds() == ["overlap.refused"]


def test_another_signing_key_is_found_out_before_anything_is_logged_or_changed(
    sides: tuple[Organisation, Organisation], tmp_path: Path
) -> None:
    a, b = sides
    stranger, letter = Organisation("stranger", tmp_path), ask(a, b)
    with pytest.raises(InputError) as refused:
        b.desk.answer(letter, b.limits, stranger.sign, b.key.public.id, a.key.public, a.name, answerer_list())
    assert refused.value.code == "overlap.other-own-key"
    assert "overlap.answered" not in b.kinds()
    answered = answer(b, a, letter).letter
    assert answered is not None
    check = a.desk.read(answered, a.sign).about.check
    before = a.kinds()
    for way in (lambda: a.desk.agree(check, None, stranger.sign), lambda: a.desk.decline(check, stranger.sign)):
        with pytest.raises(InputError):
            way()
    assert a.kinds() == before


def test_the_question_of_a_check_that_is_over_is_not_called_beyond_the_limits(
    sides: tuple[Organisation, Organisation],
) -> None:
    a, b = sides
    letter = ask(a, b)
    b.desk.close(answer(b, a, letter).about.check)
    with pytest.raises(UsageError) as over:
        answer(b, a, letter)
    assert over.value.code == "overlap.over"


def test_a_letter_that_declines_is_out_before_the_check_is_destroyed(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    answered = answer(b, a, ask(a, b)).letter
    assert answered is not None
    check = a.desk.read(answered, a.sign).about.check

    def full(_: Step) -> None:
        raise StorageError("overlap.unwritable", "no room")

    with pytest.raises(StorageError):
        a.desk.decline(check, a.sign, full)
    assert isinstance(a.desk.one(check)[1], Counted)
    out: list[Step] = []
    a.desk.decline(check, a.sign, out.append)
    assert out[0].letter is not None
    assert b.desk.read(out[0].letter, b.sign).state == Ended("declined")


def test_letters_that_a_cut_left_are_destroyed_by_closing_again(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    ask(a, b)
    about, _ = a.desk.all()[0]
    left = a.desk.folder / "checks" / about.shown / "letter-1"
    kept = left.read_bytes()
    a.desk.close(about.check)
    left.write_bytes(kept)
    a.desk.close(about.check)
    assert not left.exists()
    with pytest.raises(UsageError):
        a.desk.close(about.check)


def test_a_partners_set_goes_with_the_last_check_about_it(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    found = b.desk.publish("cases", answerer_list(), b.sign)
    for _ in range(2):
        ask(a, b, published=open_set(found.encode(), b.key.public))
    one, two = (about.check for about, _ in a.desk.all())
    folder = a.desk.folder / "partner-sets"
    a.desk.close(one)
    assert [path.name for path in folder.iterdir()] == [found.digest.hex()]
    a.desk.close(two)
    assert list(folder.iterdir()) == []


def test_a_missing_letter_is_an_error_of_storage_and_not_a_bug(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    letter = ask(a, b)
    about = answer(b, a, letter).about
    (b.desk.folder / "checks" / about.shown / about.sent).unlink()
    with pytest.raises(StorageError):
        answer(b, a, letter)


def test_a_check_that_begins_like_another_is_not_taken_for_it(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    ask(a, b)
    about, _ = a.desk.all()[0]
    with pytest.raises(ClewError) as unknown:
        a.desk.close(about.shown + "0" * 52)
    assert unknown.value.code == "overlap.unknown-check"
