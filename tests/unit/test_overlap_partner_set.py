"""A copy of a partner's set that went bad here is this side's to mend: nobody is blamed, and the check goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clew.errors import InputError, PeerError, StorageError, UsageError
from clew.joint.overlap.published import Published, open_set
from clew.joint.overlap.standing import size_of
from clew.joint.overlap.states import Ended
from tests.overlap_parties import COMMON, Organisation, answer, answerer_list, ask, numbers


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Organisation, Organisation]:
    return Organisation("asker", tmp_path), Organisation("answerer", tmp_path)


def copy_of(a: Organisation, found: Published) -> Path:
    return a.desk.folder / "partner-sets" / found.digest.hex()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-70] ^= 1
    path.write_bytes(data)


SPOILT: dict[str, Callable[[Path], object]] = {
    "flipped": flip,
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": Path.unlink,
}


def begun(a: Organisation, b: Organisation) -> tuple[Published, bytes]:
    """A set and the answer to a question about it, not read yet."""
    found = b.desk.publish("cases", answerer_list(), b.sign)
    answered = answer(b, a, ask(a, b, published=open_set(found.encode(), b.key.public))).letter
    assert answered is not None
    return found, answered


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_partner_is_not_blamed_for_a_copy_that_went_bad_here_and_the_check_goes_on(
    sides: tuple[Organisation, Organisation], spoil: Callable[[Path], object]
) -> None:
    a, b = sides
    found, letter = begun(a, b)
    spoil(copy_of(a, found))
    logged = a.kinds()
    with pytest.raises(StorageError) as stopped:
        a.desk.read(letter, a.sign)
    assert stopped.value.code == "overlap.set-spoilt"
    assert "--filter" in stopped.value.mend
    assert a.kinds() == logged
    a.desk.restore_set(letter, found.encode())
    assert size_of(a.desk.read(letter, a.sign).state) == COMMON


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_new_check_of_a_set_does_not_leave_a_bad_copy_in_its_place(
    sides: tuple[Organisation, Organisation], spoil: Callable[[Path], object]
) -> None:
    a, b = sides
    found, letter = begun(a, b)
    spoil(copy_of(a, found))
    ask(a, b, published=open_set(found.encode(), b.key.public))
    assert copy_of(a, found).read_bytes() == found.encode()
    assert size_of(a.desk.read(letter, a.sign).state) == COMMON


def test_only_the_set_that_the_check_asks_about_takes_the_place_of_a_bad_copy(
    sides: tuple[Organisation, Organisation],
) -> None:
    a, b = sides
    found, letter = begun(a, b)
    other = b.desk.publish("cases", numbers(0, 30), b.sign)
    flip(copy_of(a, found))
    with pytest.raises(InputError) as refused:
        a.desk.restore_set(letter, other.encode())
    assert refused.value.code == "overlap.set-other"
    with pytest.raises(PeerError):
        a.desk.restore_set(letter, copy_of(a, found).read_bytes())
    copy_of(a, found).write_bytes(other.encode())
    with pytest.raises(StorageError):
        a.desk.read(letter, a.sign)


def test_a_refusal_is_read_without_the_set(sides: tuple[Organisation, Organisation]) -> None:
    a, b = sides
    found, _ = begun(a, b)
    copy_of(a, found).unlink()
    (about, _), *_ = b.desk.all()
    declined = b.desk.decline(about.check, b.sign).letter
    assert declined is not None
    assert a.desk.read(declined, a.sign).state == Ended("declined")
    with pytest.raises(UsageError):
        a.desk.restore_set(declined, found.encode())
