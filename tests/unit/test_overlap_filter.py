"""The compact filter and the file of a published set."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from clew.errors import ClewError, InputError, PeerError, Refused
from clew.joint.overlap.filter import filter_of, parse_filter
from clew.joint.overlap.labels import SET
from clew.joint.overlap.order import Bytes, find, is_strictly_increasing, sorting
from clew.joint.overlap.published import Published, new_set, open_set
from tests.overlap_parties import signing_key


def tags(count: int, seed: str = "tags", width: int = 16) -> Bytes:
    data = hashlib.shake_256(seed.encode()).digest(count * width)
    return np.frombuffer(data, np.uint8).reshape(count, width)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 15, 16, 255, 1000, 4096, 50_000])
def test_a_filter_holds_what_is_in_the_set_and_nothing_else(count: int) -> None:
    own = tags(count)
    found = parse_filter(filter_of(own).encode())
    assert found.holds(own).all()
    assert found.holds(own[::-1]).all()
    assert not found.holds(tags(5000, "others")).any()
    assert found.holds(own[:0]).shape == (0,)
    assert len(found) == count


def test_a_filter_has_one_spelling_whatever_the_order() -> None:
    own = tags(999)
    assert filter_of(own).encode() == filter_of(own[::-1]).encode()
    assert parse_filter(filter_of(own).encode()).encode() == filter_of(own).encode()


def test_a_filter_takes_about_34_bits_a_number() -> None:
    for count in (10_000, 100_000):
        assert 32 < 8 * len(filter_of(tags(count)).encode()) / count < 36.1


def test_a_wrong_yes_is_as_rare_as_the_page_says() -> None:
    """Tags that share a member's bucket, which happens to every fourth, still need 32 more equal bits."""
    own = tags(1000)
    near = own.copy()
    near[:, 5:] ^= 255  # the first five bytes decide bucket and remainder of so small a set
    assert filter_of(own).holds(near).all()
    near = own.copy()
    near[:, 4] ^= 1
    assert not filter_of(own).holds(near).any()


def test_a_filter_that_is_not_written_its_one_way_is_refused() -> None:
    good = filter_of(tags(64)).encode()
    for bad in (b"", good[:3], good[:-1], good + b"\0", b"\xff" * 4 + good[4:], b"\0\0\0\x41" + good[4:]):
        with pytest.raises(InputError):
            parse_filter(bad)
    counts = bytearray(good)
    counts[4], counts[5] = counts[4] + 1, counts[5]
    with pytest.raises(InputError):
        parse_filter(bytes(counts))
    full = next(place for place in range(32) if good[4 + place] > 1)
    at = 4 + 32 + 4 * sum(good[4 : 4 + full])
    turned = good[:at] + good[at + 4 : at + 8] + good[at : at + 4] + good[at + 8 :]
    with pytest.raises(InputError):
        parse_filter(turned)


def test_values_that_are_no_tags_do_not_become_a_filter() -> None:
    with pytest.raises(ValueError, match="not tags"):
        filter_of(np.zeros((1200, 16), np.uint8))


# The file.


def published() -> Published:
    return new_set(signing_key("answerer"), tags(1, "public", 32).tobytes(), tags(20))


def test_a_set_has_one_spelling_and_one_key() -> None:
    found = published()
    opened = open_set(found.encode(), signing_key("answerer").public)
    assert opened.encode() == found.encode()
    assert (opened.digest, opened.listed) == (found.digest, 20)
    assert opened.digest == hashlib.sha256(found.encode()[:-64]).digest()
    assert opened.holds(tags(20)).all()
    assert not opened.holds(tags(7, "more")).any()
    assert "20" in repr(opened)


def test_a_set_changed_on_the_way_is_refused() -> None:
    data = published().encode()
    owner = signing_key("answerer").public
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 4
        with pytest.raises(ClewError):
            open_set(bytes(changed), owner)
    for end in range(0, len(data), 11):
        with pytest.raises(ClewError):
            open_set(data[:end], owner)


def test_a_set_of_another_owner_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        open_set(published().encode(), signing_key("asker").public)
    assert refused.value.code == "overlap.set-signer"


def test_the_filter_of_another_file_does_not_fit_under_a_signature() -> None:
    found, longer = published(), new_set(signing_key("answerer"), tags(1, "public", 32).tobytes(), tags(27))
    swapped = Published(found.owner, found.public, longer.filter, found.signature)
    with pytest.raises(PeerError) as refused:
        open_set(swapped.encode(), signing_key("answerer").public)
    assert refused.value.code == "overlap.set-altered"
    assert swapped.encode().startswith(SET)


def test_a_set_of_nothing_is_none() -> None:
    empty = new_set(signing_key("answerer"), bytes(32), tags(0))
    with pytest.raises(InputError) as refused:
        open_set(empty.encode(), signing_key("answerer").public)
    assert refused.value.code == "overlap.set"


# Sorted lists.


def test_sorting_and_finding_agree_with_plain_python() -> None:
    rows = tags(300)
    alike = rows.copy()
    alike[:, :8] = 7  # the same first eight bytes: the slow way
    for values in (rows, alike):
        plain = sorted(row.tobytes() for row in values)
        order = sorting(values)
        assert [row.tobytes() for row in values[order]] == plain
        among = values[order][::2]
        places = find(values, among)
        known = {row.tobytes(): place for place, row in enumerate(among)}
        assert places.tolist() == [known.get(row.tobytes(), -1) for row in values]
    assert is_strictly_increasing(rows[sorting(rows)])
    assert not is_strictly_increasing(rows)
    assert find(rows, rows[:0]).tolist() == [-1] * 300
    assert find(rows[:0], rows[sorting(rows)]).tolist() == []
