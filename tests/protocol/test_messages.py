"""Every message has one encoding; whatever is not that is refused."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import PeerError
from clew.joint import messages
from clew.joint.codec import FIRST_SECOND, LAST_SECOND
from clew.joint.messages import AskRows, Message, Refusal, RefusalCode, encode, parse
from clew.joint.sizes import may_be_padded_to, padded, size_class

KINDS = get_args(Message)


def values(field: Any) -> st.SearchStrategy[Any]:
    """Values that a field can hold."""
    how = field.metadata["field"]
    match type(how).__name__:
        case "_Moment":
            return st.integers(FIRST_SECOND, LAST_SECOND)
        case "_Whole":
            bits = 8 * how.size
            low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if how.signed else (0, (1 << bits) - 1)
            return st.integers(low, high)
        case "_Choice":
            return st.sampled_from(list(how.of))
        case "_Blob":
            units = st.integers(how.least, min(how.most, how.least + 3))
            return units.flatmap(lambda n: st.binary(min_size=n * how.width, max_size=n * how.width))
        case "_Positions":
            places = st.sets(st.integers(0, 2**32 - 1), min_size=1, max_size=5)
            return places.map(lambda found: b"".join(p.to_bytes(4, "big") for p in sorted(found)))
        case "_Text":
            letters = st.text("abc é+", min_size=how.least, max_size=min(how.most, 9))
            return letters.map(str.strip).filter(lambda t: len(t) >= how.least)
        case _:
            return st.lists(records(how.of), min_size=how.least, max_size=2).map(tuple)


def records(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{f.name: values(f) for f in dataclasses.fields(kind)})


every_message = st.one_of([records(kind) for kind in KINDS])


@given(every_message)
def test_a_message_is_read_back_as_it_was_written(message: Message) -> None:
    data = encode(message)
    assert parse(data) == message
    assert encode(parse(data)) == data


@settings(max_examples=300)
@given(every_message, st.data())
def test_changed_bytes_are_refused_or_are_another_message_written_just_so(message: Message, data: Any) -> None:
    good = encode(message)
    place = data.draw(st.integers(0, len(good) - 1))
    changed = data.draw(
        st.sampled_from(
            [
                good[:place] + bytes([good[place] ^ data.draw(st.integers(1, 255))]) + good[place + 1 :],
                good[:place],
                good + b"\0",
                good[:place] + b"\0" + good[place:],
            ]
        )
    )
    with suppress(PeerError):
        assert encode(parse(changed)) == changed


@pytest.mark.parametrize(
    "data",
    [b"", b"clew/1", b"clew/2\1", b"clew/1\0", b"clew/1\xff", b"clew/1" + bytes([len(KINDS) + 1])],
    ids=["nothing", "no kind", "another version", "kind zero", "kind 255", "one kind too many"],
)
def test_what_begins_like_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(PeerError, match="begins like none"):
        parse(data)


def test_an_oversized_message_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MESSAGE_LIMIT", 100)
    with pytest.raises(PeerError, match="too long"):
        parse(bytes(101))


@pytest.mark.parametrize("places", [[1, 1], [2, 1], []], ids=["twice", "falling", "none"])
def test_positions_that_do_not_rise_strictly_are_no_message(places: list[int]) -> None:
    data = b"".join(place.to_bytes(4, "big") for place in places)
    with pytest.raises(ValueError, match="positions"):
        encode(AskRows(bytes(32), 0, data))


def test_a_refusal_of_an_unknown_kind_is_no_message() -> None:
    good = encode(Refusal(bytes(32), RefusalCode.STOPPED, ""))
    place = good.index(b"\0\0\0\1\6")
    with pytest.raises(PeerError, match="no message"):
        parse(good[: place + 4] + b"\x07" + good[place + 5 :])


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_padded_list_is_one_that_the_holder_takes(wanted: int, room: int) -> None:
    most = wanted + room
    size = padded(wanted, most)
    assert wanted <= size <= most
    assert size == 0 or may_be_padded_to(size, most)
    assert size == most or (size >= 64 and size.bit_count() == 1)


@given(st.integers(1, 10**9), st.sampled_from([1, 2, 8]))
def test_size_classes_are_few_and_never_smaller(size: int, steps: int) -> None:
    found = size_class(size, steps)
    assert size <= found <= size + max(size // steps, 1)
    assert size_class(found, steps) == found
