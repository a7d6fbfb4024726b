"""Rows that are read many at a time: what is wrong with one is wrong with that one alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from clew.chain.graph import HOURS
from clew.joint.found import NOBODY, Named
from clew.joint.rows import FIXED, Entries, parse_rows, read_rows, write_row

PROOF = 96
HOUR = np.dtype([("hour", "u1"), ("contacts", ">u4")])
Change = Callable[[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]], None]


def a_row(entries: int, change: Change = lambda fixed, spread, hours: None) -> bytes:
    """A plaintext whose every entry has one call out and one message in, in two hours."""
    fixed, spread = np.zeros(entries, FIXED), np.full(entries, 2, np.uint8)
    fixed["calls_out"], fixed["messages_in"], fixed["seconds_out"], fixed["last"] = 1, 1, 60, 5
    hours = np.zeros(2 * entries, HOUR)
    hours["hour"], hours["contacts"] = np.tile([3, 100], entries), 1
    change(fixed, spread, hours)
    return write_row(bytes(PROOF), bytes(128 * entries), fixed.tobytes() + spread.tobytes() + hours.tobytes())


def _set(array: int, field: str, place: int, value: int) -> Change:
    def change(*arrays: npt.NDArray[Any]) -> None:
        arrays[array][field][place] = value

    return change


def _no_hours(fixed: npt.NDArray[Any], spread: npt.NDArray[Any], hours: npt.NDArray[Any]) -> None:
    spread[:2] = [0, 4]
    hours["hour"][:4] = [1, 2, 3, 4]


IMPOSSIBLE: dict[str, Change] = {
    "an hour twice": _set(2, "hour", 1, 3),
    "hours that fall": _set(2, "hour", 0, 101),
    "an hour that no week has": _set(2, "hour", 3, HOURS),
    "an hour without contacts": _set(2, "contacts", 2, 0),
    "more contacts than hours say": _set(0, "calls_out", 1, 2),
    "the last moment before the first": _set(0, "first", 1, 6),
    "a count beyond its kind": _set(0, "callbacks_in", 0, 1 << 31),
    "seconds beyond their kind": _set(0, "seconds_in", 0, 1 << 63),
    "an entry without hours": _no_hours,
}


@pytest.mark.parametrize("what", list(IMPOSSIBLE))
def test_an_impossible_row_is_absent_and_takes_no_other_with_it(what: str) -> None:
    good, bad = [a_row(1), a_row(3), a_row(2)], a_row(2, IMPOSSIBLE[what])
    for place in range(4):
        plains: list[bytes | None] = [*good[:place], bad, *good[place:], None]
        found = parse_rows(plains, PROOF, 200)
        assert [row is None for row in found] == [at in (place, 4) for at in range(5)]
        assert [row.count for row in found if row is not None] == [1, 3, 2]


def test_rows_are_read_one_after_the_other() -> None:
    found = parse_rows([a_row(1), a_row(3, _set(0, "seconds_out", 2, 61))], PROOF, 200)
    entries = read_rows([row for row in found if row is not None])
    assert entries.fixed["seconds_out"].tolist() == [60, 60, 60, 61]
    assert entries.week().sum(axis=1).tolist() == [2, 2, 2, 2]
    assert not len(read_rows([]))
    assert parse_rows([None], PROOF, 200) == [None]


def test_an_entry_is_seen_from_either_end_whatever_stands_beside_it() -> None:
    random = np.random.default_rng(1)
    count = 40
    fixed, spread = np.zeros(count, FIXED), random.integers(1, 5, count).astype(np.uint8)
    for name in FIXED.names or ():
        fixed[name] = random.integers(0, 1000, count)
    hours = np.zeros(int(spread.sum()), HOUR)
    hours["hour"] = np.concatenate([np.sort(random.choice(HOURS, size, replace=False)) for size in spread.tolist()])
    hours["contacts"] = random.integers(1, 9, len(hours))
    every = Entries(fixed, spread, hours)
    places, turn = random.integers(0, count, 100), random.random(100) < 0.5
    taken = every.taken(places, turn)
    assert np.array_equal(taken.week(), every.week()[places])
    for at, (place, turned) in enumerate(zip(places.tolist(), turn.tolist(), strict=True)):
        for name in ("calls", "messages", "missed", "forwarded", "callbacks", "seconds"):
            ways = [f"{name}_out", f"{name}_in"]
            assert [taken.fixed[way][at] for way in ways] == [fixed[way][place] for way in ways[:: -1 if turned else 1]]
        assert (taken.fixed["first"][at], taken.fixed["last"][at]) == (fixed["first"][place], fixed["last"][place])
    ends = np.array([30, 31, 100])
    parts = taken.split(ends)
    alone = [taken.taken(np.arange(a, b), np.zeros(b - a, bool)) for a, b in ((0, 30), (30, 31), (31, 100))]
    assert parts == [one.fixed.tobytes() + one.spread.tobytes() + one.hours.tobytes() for one in alone]


def test_names_stand_where_they_were_answered() -> None:
    random = np.random.default_rng(2)
    known = [bytes([one]) * 32 for one in (7, 5, 9)]
    which = random.integers(0, 3, 50)
    names = Named.of(np.frombuffer(b"".join(known[one] for one in which.tolist()), np.uint8).reshape(-1, 32))
    assert [names.distinct[one] for one in names.which.tolist()] == [known[one] for one in which.tolist()]
    some = names.at(np.array([40, 3, 3, 17]))
    assert [some.distinct[one] for one in some.which.tolist()] == [known[which[at]] for at in (40, 3, 3, 17)]
    assert some.distinct[0] == known[which[40]]
    assert names.vertices({known[0]: 4, known[2]: 6}).tolist() == [[4, NOBODY, 6][one] for one in which.tolist()]
    assert not len(Named.of(np.zeros((0, 32), np.uint8)).which)
