"""The overlap check against sets of plain Python, and its parsers against anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.errors import ClewError
from clew.joint.overlap import steps
from clew.joint.overlap.filter import filter_of, parse_filter
from clew.joint.overlap.letters import Letter, parse_letter, write_letter
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.lists import read_list
from clew.joint.overlap.published import new_set, open_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Asked, Done
from clew.joint.overlap.wire import Message, parse_message
from tests.overlap_parties import FIRST, randomness, signing_key, walked

LIMITS = Limits(least=1, most=1000)
PLACES = st.sets(st.integers(0, 60), min_size=1, max_size=40)


def listed(places: set[int]) -> pa.Array:
    return pa.array([f"+{FIRST + place}" for place in places], pa.string())


@given(ours=PLACES, theirs=PLACES, from_set=st.booleans(), payloads=st.tuples(st.booleans(), st.booleans()))
@settings(max_examples=40, deadline=None)
def test_a_check_is_the_intersection_of_two_sets(
    ours: set[int], theirs: set[int], from_set: bool, payloads: tuple[bool, bool]
) -> None:
    give = randomness(f"{sorted(ours)} {sorted(theirs)}")
    key, published = Secret.generate(give), None
    own = steps.own_list(listed(theirs), key)
    if from_set:
        published = new_set(signing_key("answerer"), key.public, own.tags)
    asked, question = steps.ask(
        listed(ours), LIMITS, asker=bytes(32), answerer=bytes(32), published=published, randomness=give
    )
    if from_set:
        answered, answer = steps.answer_from_set(question, own, key, LIMITS, randomness=give)
    else:
        answered, answer = steps.answer(question, listed(theirs), LIMITS, randomness=give)
    counted, _ = steps.receive(asked, answer, randomness=give, published=published)
    common = sorted(f"+{FIRST + place}" for place in ours & theirs)
    texts = [numbers if given else None for numbers, given in zip((counted.numbers, answered.own.numbers), payloads)]  # type: ignore[union-attr]  # noqa: B905
    agreed, consent = steps.agree(counted, texts[0], randomness=give)
    considering, _ = steps.receive(answered, consent, randomness=give)
    opened, opening = steps.agree(considering, texts[1], randomness=give)
    learnt, overlap = steps.receive(agreed, opening, randomness=give)
    assert overlap is not None
    b, handover = steps.receive(opened, overlap, randomness=give)
    assert handover is not None
    a, _ = steps.receive(learnt, handover, randomness=give)
    assert isinstance(a, Done)
    assert isinstance(b, Done)
    assert sorted(a.common.numbers) == sorted(b.common.numbers) == common
    # Each payload is its own number: it arrives with that number and no other.
    assert a.common.payloads == (a.common.numbers if payloads[1] else ())
    assert b.common.payloads == (b.common.numbers if payloads[0] else ())


@cache
def corpus() -> tuple[list[bytes], list[bytes], list[bytes]]:
    walk = walked(seed="corpus")
    messages = [message.encode() for message in walk.messages.values()]
    asked = walk.states["Asked"]
    assert isinstance(asked, Asked)
    key = signing_key("asker")
    letter = write_letter(
        walk.messages["Question"], key, signing_key("answerer").public, asked.secret.exchange(), b"", randomness()
    )
    from_set = walked(from_set=True, seed="corpus")
    assert from_set.published is not None
    return messages, [letter], [from_set.published.encode(), from_set.published.filter.encode()]


CHANGES = st.lists(
    st.tuples(st.integers(0, 5000), st.sampled_from(["flip", "cut", "put", "end"]), st.binary(min_size=1, max_size=9)),
    max_size=4,
)


def changed(data: bytes, changes: list[tuple[int, str, bytes]]) -> bytes:
    for place, what, value in changes:
        at = place % (len(data) + 1)
        match what:
            case "flip":
                data = data[:at] + value + data[at + len(value) :]
            case "cut":
                data = data[:at] + data[at + len(value) :]
            case "put":
                data = data[:at] + value + data[at:]
            case _:
                data = data[:at]
    return data


def require_refused_or_same(parse: Callable[[bytes], Message | Letter], data: bytes, code: str) -> None:
    """Harm stopped: two spellings of one message, of which the log holds one and the partner the other."""
    try:
        outcome: bytes | str = parse(data).encode()
    except ClewError as refused:
        outcome = refused.code
    assert outcome in (data, code)


@given(which=st.integers(0, 6), changes=CHANGES)
@settings(max_examples=300, deadline=None)
def test_a_message_is_refused_or_written_as_it_was(which: int, changes: list[tuple[int, str, bytes]]) -> None:
    data = changed(corpus()[0][which], changes)
    require_refused_or_same(parse_message, data, "overlap.malformed")


@given(changes=CHANGES)
@settings(max_examples=100, deadline=None)
def test_a_letter_is_refused_or_written_as_it_was(changes: list[tuple[int, str, bytes]]) -> None:
    data = changed(corpus()[1][0], changes)
    require_refused_or_same(parse_letter, data, "overlap.no-letter")


@given(which=st.integers(0, 1), changes=CHANGES)
@settings(max_examples=200, deadline=None)
def test_a_published_set_or_filter_is_refused_or_written_as_it_was(
    which: int, changes: list[tuple[int, str, bytes]]
) -> None:
    data = changed(corpus()[2][which], changes)
    try:
        found = open_set(data, signing_key("answerer").public) if which == 0 else parse_filter(data)
    except ClewError as refused:
        code = refused.code
    else:
        assert found.encode() == data
        return
    assert code.startswith("overlap.set")


@given(rows=st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=60, unique=True))
@settings(max_examples=60, deadline=None)
def test_a_filter_of_any_tags_holds_them(rows: list[bytes]) -> None:
    import numpy as np

    tags = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 16)
    found = filter_of(tags)
    assert found.holds(tags).all()
    assert parse_filter(found.encode()).encode() == found.encode()


@given(data=st.binary(max_size=200), column=st.sampled_from([None, "1", "a"]), beside=st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_list_with_an_account_or_an_error(data: bytes, column: str | None, beside: bool) -> None:
    try:
        found = read_list(data, country="IQ", column=column, beside=beside)
    except ClewError:
        return
    assert found.lines == len(found.numbers) + found.duplicates + len(found.left_out)
