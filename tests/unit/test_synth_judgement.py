"""Arithmetic against the planted truth, and the difficulty of what was planted."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
import pytest

from clew.synth.difficulty import difficulty
from clew.synth.families import Size
from clew.synth.judgement import Oracle, judge
from clew.synth.population import Role
from clew.synth.scenario import Scenario, scenario


@cache
def made() -> Scenario:
    return scenario(5, "mixed", Size(people=2_000, members=60, cells=5, seeds=4))


def _numbers(role: Role) -> list[str]:
    roles = made().persons["role"].to_pylist()
    numbers = zip(made().numbers["number"].to_pylist(), made().numbers["person"].to_pylist(), strict=True)
    return [number for number, person in numbers if roles[person] == role]


def _changes(*rows: tuple[list[str], list[str]]) -> pa.Table:
    return pa.table({"old": [old for old, _ in rows], "new": [new for _, new in rows]})


def test_finding_nobody_misses_everybody() -> None:
    result = judge(made(), inside=made().seeds, listed=[], checked=[], confirmed=made().seeds, successions=_changes())
    assert (result.members, result.seeds, result.found, result.missed) == (60, 4, 0, 56)
    assert (result.missed_inside, result.missed_outside) == (0, 56)
    assert (result.innocents_touched, result.innocents_listed, result.successions_named) == (0, 0, 0)


def test_finding_everybody_misses_nobody_and_wrong_leads_stay_counted() -> None:
    members, crew = _numbers(Role.MEMBER), _numbers(Role.CREW)[:3]
    result = judge(
        made(),
        inside=[*members, *crew],
        listed=[*members, crew[0]],
        checked=crew[1:],
        confirmed=[],
        successions=_changes(),
    )
    assert (result.found, result.missed, result.cells_touched) == (56, 0, 5)
    assert (result.listed, result.listed_right) == (len(members) + 1, len(members))
    assert (result.innocents_touched, result.innocents_listed, result.innocents_checked) == (3, 1, 2)
    assert result.innocents_named_by_role == {"crew": 3}
    assert result.look_alikes_touched == len({made().persons["circle"][p].as_py() for p in _owners(crew)})
    assert result.successions_inside == 40


def _owners(numbers: list[str]) -> list[int]:
    owner = dict(zip(made().numbers["number"].to_pylist(), made().numbers["person"].to_pylist(), strict=True))
    return [owner[number] for number in numbers]


def test_a_person_with_two_numbers_counts_once() -> None:
    row = made().successions.filter(pa.compute.is_in(made().successions["person"], pa.array(_members())))
    both = [row["before"][0].as_py(), row["after"][0].as_py()]
    result = judge(made(), inside=both, listed=both, checked=[], confirmed=[], successions=_changes())
    assert result.found + result.seeds == 4 + (0 if set(_owners(both)) & set(_owners(list(made().seeds))) else 1)


def _members() -> list[int]:
    return [row["person"] for row in made().persons.to_pylist() if row["role"] == Role.MEMBER]


def test_these_became_those_is_right_only_if_all_of_them_did() -> None:
    before, after = (made().successions[name].to_pylist() for name in ("before", "after"))
    rows = _changes(
        ([before[0]], [after[0]]),
        ([before[1]], [after[2]]),
        (before[3:5], [after[4], after[3]]),
        (before[5:7], [after[5], after[8]]),
    )
    result = judge(made(), inside=[], listed=[], checked=[], confirmed=[], successions=rows)
    assert (result.successions_named, result.successions_right) == (6, 3)


def test_the_oracle_confirms_members_only_and_counts_every_question() -> None:
    oracle = Oracle(made())
    members, innocents = _numbers(Role.MEMBER)[:5], _numbers(Role.ORDINARY)[:5]
    assert [oracle.confirms(number) for number in [*members, *innocents]] == [True] * 5 + [False] * 5
    assert oracle.asked == 10
    assert not any(number in repr(oracle) + repr(made()) for number in made().seeds)


@pytest.mark.parametrize("seed", [1, 2])
def test_plain_rankings_find_some_of_the_group_and_far_from_all(seed: int) -> None:
    found = difficulty(scenario(seed, "mixed", Size(23_000, 20, 3, 2)))
    assert found.common_contacts < found.pagerank_by_volume
    assert 0.2 <= found.pagerank_by_volume <= 0.8
    assert found.within_two <= found.within_three < 1
    assert 30 < found.innocents_within_two < found.innocents_within_three < 4_000
