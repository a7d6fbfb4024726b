"""Successions: who went on as whom, what is not told apart, and what is not claimed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clew.cells import find
from clew.cells.parameters import FIRST_VERSION
from clew.chain.graph import Detail
from clew.words import sentences
from tests.cells_graphs import BEGIN, Contact, call, trace, vast
from tests.shared_data import shared

SEED = "id:t:seed"
DAYS = 40


def life(number: str, friends: list[str], first: int, last: int, seed: int, a_day: float = 1.0) -> list[Contact]:
    """Contacts of a number with its friends on the days from ``first`` to ``last``."""
    dice = random.Random(seed)
    rows = []
    for _ in range(int((last - first) * a_day)):
        ends = [number, dice.choice(friends)]
        dice.shuffle(ends)
        rows.append(call(*ends, dice.uniform(first, last) * 1440))
    return rows


def friends(count: int, name: str = "f") -> list[str]:
    return [f"id:t:{name}{n}" for n in range(count)]


def settled(numbers: list[str]) -> list[Contact]:
    """The seed's contacts with some numbers over the whole time, which bring them and theirs inside the bound."""
    return [row for n, number in enumerate(numbers) for row in life(SEED, [number], 0, DAYS, 900 + n, 0.3)]


def changes(rows: list[Contact], **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = find(trace(rows, [SEED], **options)).successions.to_pylist()
    return found


@pytest.mark.parametrize("detail", list(Detail))
def test_a_number_that_keeps_its_contacts_is_followed(detail: Detail) -> None:
    rows = settled(friends(8)) + life("id:t:old", friends(7), 0, 20, 1) + life("id:t:new", friends(7), 21, DAYS, 2)
    rows += life("id:t:other", friends(8)[5:], 0, DAYS, 3)
    first, *_ = changes(rows, detail=detail)
    assert (first["old"], first["new"]) == (["id:t:old"], ["id:t:new"])
    assert abs(first["moment"] - (BEGIN + timedelta(days=20.5))) < timedelta(days=3)
    assert first["ratio"] >= 10
    assert first["overlap"] > 0.5
    assert first["reasons"][0]["msgid"] == sentences.SUCCESSION_KEPT.one
    if detail is Detail.CALLS:
        assert first["reasons"][0]["records"]


def test_a_change_is_told_as_the_time_between_two_contacts() -> None:
    """Harm stopped: the middle of two contacts hours apart is read as a moment known to the second."""
    rows = settled(friends(8)) + life("id:t:old", friends(7), 0, 20, 1) + life("id:t:new", friends(7), 21, DAYS, 2)
    first = changes(rows)[0]
    (told,) = [reason for reason in first["reasons"] if reason["msgid"] == sentences.SUCCESSION_GAP.one]
    values = json.loads(told["values"])
    assert first["begin"] < first["moment"] < first["end"]
    assert [f"{first[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("begin", "end")] == [
        values[name]["moment"] for name in ("last", "first")
    ]


def test_a_successor_that_was_seen_before_is_found() -> None:
    """A new SIM may have lain in a drawer, used now and then: "new" is not "never seen before"."""
    rows = (
        settled(friends(8)) + life("id:t:old", friends(7), 0, 20, 1, 2) + life("id:t:new", friends(7), 20, DAYS, 2, 2)
    )
    rows += [call("id:t:new", friends(7)[n], 1440 * 3 * n) for n in range(5)]
    first, *_ = changes(rows)
    assert (first["old"], first["new"]) == (["id:t:old"], ["id:t:new"])


def test_nobody_is_followed_where_both_numbers_go_on() -> None:
    rows = settled(friends(8)) + life("id:t:one", friends(7), 0, DAYS, 1) + life("id:t:two", friends(7), 0, DAYS, 2)
    assert changes(rows) == []


def test_a_number_that_fades_without_a_successor_gets_none() -> None:
    rows = settled(friends(8)) + life("id:t:gone", friends(7), 0, 20, 1) + life("id:t:two", friends(7), 0, DAYS, 2)
    assert [row for row in changes(rows) if "id:t:gone" in row["old"]] == []


def test_rivals_divide_the_strength() -> None:
    """Harm stopped: a stranger with the same circle is called the successor with full strength."""
    circle = friends(14)
    old, new = life("id:t:old", circle, 0, 20, 1, 6), life("id:t:new", circle, 21, DAYS, 2, 6)
    alone, *_ = changes(settled(circle) + old + new)
    rivalled = changes(settled(circle) + old + new + life("id:t:rival", circle, 21, DAYS, 5, 6))
    assert max([row["score"] for row in rivalled], default=0.0) < alone["score"] - 1.0
    assert all(len(row["old"]) == len(row["new"]) for row in rivalled)


def test_leaves_of_a_star_became_those_others_and_no_pairs_are_invented() -> None:
    """Harm stopped: one person's calls laid to another because somebody had to be paired."""
    old, new = friends(3, "old"), friends(3, "new")
    bosses = friends(6, "boss")
    rows = settled(bosses)
    for n in range(3):
        for day in range(0, 18, 3):
            rows += [call(boss, old[n], 1440 * day + 60 * k) for k, boss in enumerate(bosses)]
            rows += [call(boss, new[n], 1440 * (day + 22) + 60 * k) for k, boss in enumerate(bosses)]
    (row,) = [row for row in changes(rows) if set(row["old"]) & set(old)]
    assert (row["old"], row["new"]) == (old, new)
    assert row["reasons"][0]["msgid"] == sentences.SUCCESSION_ALIKE.one


def test_a_contact_that_changed_as_well_counts_as_its_successor() -> None:
    mine, yours = friends(8), friends(3, "g")
    rows = settled([*mine, *yours])
    rows += life("id:t:a", mine, 0, 20, 1, 3) + life("id:t:a2", mine, 21, DAYS, 2, 3)
    rows += life("id:t:b", [*yours, "id:t:a"], 0, 20, 3, 3) + life("id:t:b2", [*yours, "id:t:a2"], 21, DAYS, 4, 3)
    found = {tuple(row["old"]): row for row in changes(rows, hops=3)}
    assert found[("id:t:a",)]["new"] == ["id:t:a2"]
    assert found[("id:t:b",)]["new"] == ["id:t:b2"]
    moved = [r for r in found[("id:t:b",)]["reasons"] if r["msgid"] == sentences.SUCCESSION_MOVED.one]
    assert json.loads(moved[0]["values"])["numbers"]["numbers"] == ["id:t:a"]


def test_strength_is_bounded_and_said_to_be_of_a_first_version() -> None:
    """Harm stopped: a number with forty kept contacts is reported as certain beyond what any data supports."""
    rows = (
        settled(friends(40))
        + life("id:t:old", friends(40), 0, 20, 1, 9)
        + life("id:t:new", friends(40), 21, DAYS, 2, 9)
    )
    found = find(trace(rows, [SEED]))
    row = found.successions.to_pylist()[0]
    assert row["ratio"] == FIRST_VERSION.ratio_limit == 10_000
    assert row["scale"] == "strong"
    assert sentences.NOTE_RATIO.one in {note["msgid"] for note in found.document["notes"]}
    assert row["benign"]["msgid"] == sentences.BENIGN_COLLEAGUE.one


def test_records_behind_a_succession_show_both_numbers() -> None:
    rows = settled(friends(8)) + life("id:t:old", friends(7), 0, 20, 1) + life("id:t:new", friends(7), 21, DAYS, 2)
    graph = trace(rows, [SEED])
    assert graph.events is not None
    ends = {row["record_id"]: {row["a"], row["b"]} for row in graph.events.to_pylist()}
    records = find(graph).successions.to_pylist()[0]["reasons"][0]["records"]
    assert {"id:t:old", "id:t:new"} <= set().union(*(ends[record] for record in records))
    assert all(ends[record] & {"id:t:old", "id:t:new"} for record in records)


def test_vast_four_numbers_change_on_the_eighth_day() -> None:
    contacts = vast(shared("vast2008_mc3/CellPhoneCallRecords.csv"))
    days = (datetime(2006, 6, 1, tzinfo=UTC), datetime(2006, 6, 11, tzinfo=UTC))
    graph = trace(contacts, [f"id:vast2008:{n}" for n in (1, 2, 3, 5)], window=days)
    assert graph.bound.numbers == 326
    rows = find(graph).successions.to_pylist()
    first = {(row["old"][0].split(":")[-1], row["new"][0].split(":")[-1]) for row in rows[:4]}
    assert first == {("1", "309"), ("5", "306"), ("2", "397"), ("3", "360")}
    assert all(row["moment"].day == 8 for row in rows[:4])
