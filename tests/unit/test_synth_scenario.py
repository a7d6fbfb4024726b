"""The synthetic scenario: the same bytes for the same seed, what is promised planted, and no truth in the records."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from clew.synth.families import CALIBRATION_SEEDS, DEMO_SEED, FAMILIES, JUDGING_SEEDS, Size
from clew.synth.layouts import FRENCH, IRAQI
from clew.synth.population import Role
from clew.synth.scenario import Scenario, scenario

SMALL = Size(people=2_000, members=60, cells=5, seeds=4)


@cache
def small(family: str = "mixed") -> Scenario:
    return scenario(5, family, SMALL)


def _rows(made: Scenario, service: int) -> list[list[str]]:
    data, _ = made.exports()[service]
    text = data.decode((IRAQI, FRENCH)[service].encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=",;"[service]))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    digests = []
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        scenario(seed, "mixed", SMALL).write(tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert len(digests[0]) == 8
    assert digests[0] == digests[1]
    assert not set(digests[0]) & set(digests[2])


def test_seeds_for_fitting_judging_and_showing_never_meet() -> None:
    assert not set(CALIBRATION_SEEDS) & set(JUDGING_SEEDS)
    assert DEMO_SEED not in {*CALIBRATION_SEEDS, *JUDGING_SEEDS}


def test_the_whole_scenario_has_what_is_promised() -> None:
    made = scenario(DEMO_SEED)
    members = made.persons.filter(pc.equal(made.persons["role"], Role.MEMBER))
    changed = made.successions.filter(pc.is_in(made.successions["person"], members["person"]))
    days = [(at - made.begin).days for at in changed["at"].to_pylist()]
    roles = Counter(made.persons["role"].to_pylist())
    crews = made.circles.filter(pc.equal(made.circles["role"], Role.CREW))
    assert (members.num_rows, made.cells.num_rows) == (200, 14)
    assert sum(made.cells["size"].to_pylist()) == 200
    assert set(made.cells["country"].to_pylist()) == {"IQ", "FR"}
    assert changed.num_rows == 133
    assert all(abs(day - 28) <= 9 for day in days)
    assert 700_000 <= len(made.events.start) <= 1_000_000
    assert crews.num_rows >= 20
    assert 0 < pc.sum(crews["changed"]).as_py() < crews.num_rows
    assert min(roles[role] for role in Role) >= 20
    assert len(set(made.numbers["number"].to_pylist())) == made.numbers.num_rows
    hubs = set(made.persons.filter(pc.equal(made.persons["role"], Role.HUB))["person"].to_pylist())
    assert _contacts_of(made, hubs) > 200


def _contacts_of(made: Scenario, persons: set[int]) -> int:
    """The fewest distinct contacts that one of these persons' numbers has."""
    contacts = made.contacts()
    both = set(zip(contacts["a"].to_pylist(), contacts["b"].to_pylist(), strict=True))
    count = Counter(end for pair in {tuple(sorted(pair)) for pair in both} for end in pair)
    numbers = zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True)
    return min(count[number] for number, person in numbers if person in persons)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_what_it_says(family: str) -> None:
    made = small(family)
    members = made.persons.filter(pc.equal(made.persons["role"], Role.MEMBER))
    changed = made.successions.filter(pc.is_in(made.successions["person"], members["person"]))
    owner = dict(zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True))
    right = set(members["person"].to_pylist())
    seeds_right = [owner[number] in right for number in made.seeds]
    assert pc.sum(members["dedicated"]).as_py() == round(FAMILIES[family].dedicated * 60)
    assert changed.num_rows == round(FAMILIES[family].changing * 60)
    assert seeds_right.count(False) == FAMILIES[family].wrong_seeds
    assert len({number[:3] for number in made.seeds}) == 2


def test_successions_begin_where_the_old_number_ends() -> None:
    made = small()
    times = {
        number: (begin, end)
        for number, begin, end in zip(
            *(made.numbers[name].to_pylist() for name in ("number", "from", "to")), strict=True
        )
    }
    for row in made.successions.to_pylist():
        assert times[row["before"]][1] == times[row["after"]][0] == row["at"]
    first_call: dict[str, object] = {}
    for row in made.contacts().to_pylist():
        for end in ("a", "b"):
            first_call.setdefault(row[end], row["start"])
    for row in made.successions.to_pylist():
        assert first_call.get(row["after"], row["at"]) >= row["at"]


@pytest.mark.parametrize("service", [0, 1])
def test_every_unit_of_a_file_is_accounted_for(service: int) -> None:
    made = small()
    _, export = made.exports()[service]
    header, *rows, footer = _rows(made, service)
    whole = [row for row in rows if len(row) == len(header) and _date(row[3], service)]
    identifiers = Counter(row[0] for row in whole)
    assert len(rows) + 2 == export.units
    assert len(rows) - len(whole) == export.rejected == sum(export.by_damage.values())
    assert all(count > 0 for count in export.by_damage.values())
    assert len(identifiers) == export.records == int(export.whole.sum())
    assert len(whole) - len(identifiers) == export.duplicates > 0
    assert int(re.findall(r"\d+", " ".join(footer))[0]) == export.claimed
    assert export.units == export.records + export.duplicates + export.rejected + export.header_footer


def _date(text: str, service: int) -> bool:
    pattern = (r"2026-0[345]-\d\d \d\d:\d\d:\d\d", r"(?!31/02)\d\d/0[345]/2026")[service]
    return re.fullmatch(pattern, text) is not None


def test_calls_across_the_border_stand_in_both_files_within_the_tolerance() -> None:
    made = small()
    exports = [export for _, export in made.exports()]
    assert 0 < made.both_recorded(exports) < exports[1].records
    assert made.both_recorded(exports) == int((exports[0].whole & exports[1].whole).sum())


def test_no_truth_leaks_into_the_records(tmp_path: Path) -> None:
    made = small()
    made.write(tmp_path)
    for path in tmp_path.glob("*.csv"):
        data = path.read_bytes()
        for word in [*(str(role) for role in Role), "dedicated", "coordinator", "chain", "star", "dense"]:
            assert word.encode() not in data
    # Members are neither first nor last in the number plan, and no prefix of theirs is theirs alone.
    persons = made.persons["role"].to_pylist()
    numbers = sorted(zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True))
    places = [place / len(numbers) for place, (_, person) in enumerate(numbers) if persons[person] == Role.MEMBER]
    assert 0.35 < sum(places) / len(places) < 0.65
    prefixes = {role: {n[: 5 if n.startswith("+33") else 6] for n, p in numbers if persons[p] == role} for role in Role}
    assert prefixes[Role.MEMBER] <= prefixes[Role.ORDINARY]


def test_the_tables_of_truth_are_written_as_parquet(tmp_path: Path) -> None:
    made = small()
    made.write(tmp_path)
    for name in ("persons", "numbers", "successions", "cells", "circles"):
        assert pq.read_table(tmp_path / "truth" / f"{name}.parquet").equals(getattr(made, name))


def test_a_size_that_cannot_hold_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="ten for every member"):
        Size(people=1_000, members=200)
    with pytest.raises(ValueError, match="no more seeds than cells"):
        Size(seeds=15)
