"""The planted group: its cells, who calls whom in them and between them, its operations, and its changes of SIM.

It lives in the lines that :func:`clew.synth.population.populate` left free, and calls through the same
:func:`clew.synth.calling.call` as everybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import numpy.typing as npt

from clew.synth.calling import DAY, DAYS, FRANCE, IRAQ, Events, Rhythm, Ties
from clew.synth.families import Family, Size
from clew.synth.population import IRAQI_SHARE, People, Role, in_use

__all__ = ["Cell", "Group", "plant", "rounds_of_calls"]

Ints = npt.NDArray[np.int64]

_SHAPES: Final = ("dense", "star", "chain")
_MIDDLE: Final = DAYS // 2


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the group: its lines, the coordinator first, and which of them call each other."""

    lines: Ints
    shape: str
    country: int
    left: Ints
    right: Ints


@final
@dataclass(frozen=True, slots=True)
class Group:
    """The group: its cells, the lines with a phone for the group alone, and all ties of its members."""

    cells: list[Cell]
    dedicated: Ints
    ties: Ties
    together: Ints  # lines whose whole cell changed SIMs with them


def plant(random: np.random.Generator, people: People, members: Ints, family: Family, size: Size) -> Group:
    """Make a group out of these lines; sets their changes of SIM in ``people``."""
    cells = list(_cells(random, people, members, size))
    dedicated = random.choice(members, round(family.dedicated * len(members)), replace=False)
    together = _change_sims(random, people, cells, family)
    people.keeps_handset[dedicated] = random.random(len(dedicated)) < 0.3
    inside = [_calls_inside(random, cell, family) for cell in cells]
    between = _calls_between(random, people, cells, family)
    outside = _calls_outside(random, people, members, dedicated)
    return Group(cells, dedicated, Ties.join([*inside, between, outside]), together)


def rounds_of_calls(random: np.random.Generator, people: People, group: Group, family: Family) -> Events:
    """Orders of the group, and the call-outs of innocent crews, each within an hour or two."""
    parts: list[tuple[Ints, Ints, Ints]] = []
    for cell in group.cells:
        for _ in range(random.poisson(5 * family.volume)):
            parts.append(_order(random, cell, _moment(random, cell.country), relay=family.relay))
    leaders = np.array([cell.lines[0] for cell in group.cells])
    for _ in range(random.poisson(3 * family.volume)):
        first = _moment(random, IRAQ)
        order = random.permutation(len(leaders))
        waits = np.cumsum(random.exponential(900, len(order)).astype(np.int64) + 60)
        parts.append((leaders[order[:-1]], leaders[order[1:]], first + waits[:-1]))
        for place, wait in zip(order[1:], waits[:-1], strict=True):
            parts.append(_order(random, group.cells[place], first + int(wait) + 300, relay=family.relay))
    for circle in people.circles:
        if circle.role is Role.CREW:
            for _ in range(random.poisson(5)):
                called = circle.lines[1:][random.random(len(circle.lines) - 1) < 0.8]
                moment = _moment(random, int(people.country[circle.lines[0]]), night=True)
                parts.append((np.full(len(called), circle.lines[0]), called, moment + _waits(random, len(called))))
    caller = np.concatenate([part[0] for part in parts])
    called = np.concatenate([part[1] for part in parts])
    start = np.concatenate([part[2] for part in parts])
    kind = random.choice([1, 2, 3], len(caller), p=[0.75, 0.13, 0.12])
    duration = np.where(kind == 1, np.minimum(random.lognormal(3.6, 0.8, len(kind)), 3_600).astype(np.int64) + 1, 0)
    events = Events(caller, called, start, kind, duration)
    return events.take((start >= 0) & (start < DAYS * DAY))


def _cells(random: np.random.Generator, people: People, members: Ints, size: Size) -> Iterator[Cell]:
    """The cells, each in one country, of unequal size and different shape."""
    iraqi_cells = min(size.cells - 1, max(1, round(size.cells * IRAQI_SHARE)))
    for country, number in ((IRAQ, iraqi_cells), (FRANCE, size.cells - iraqi_cells)):
        lines = random.permutation(members[people.country[members] == country])
        spread = random.uniform(0.6, 1.4, number)
        ends = np.round(np.cumsum(spread) / spread.sum() * len(lines)).astype(np.int64)
        for first, last in zip([0, *ends[:-1]], ends, strict=True):
            yield _cell(random, lines[first:last], str(random.choice(_SHAPES, p=[0.4, 0.35, 0.25])), country)


def _cell(random: np.random.Generator, lines: Ints, shape: str, country: int) -> Cell:
    count = len(lines)
    first, second = np.triu_indices(count, 1)
    if shape == "dense":
        knows = random.random(len(first)) < 0.15
    elif shape == "star":
        knows = ((first == 0) & (random.random(len(first)) < 0.7)) | (random.random(len(first)) < 0.02)
    else:
        knows = random.random(len(first)) < 0.04
    knows |= second == first + 1  # a cell hangs together
    return Cell(lines, shape, country, lines[first[knows]], lines[second[knows]])


def _change_sims(random: np.random.Generator, people: People, cells: list[Cell], family: Family) -> Ints:
    """Give the promised share of members another number around the middle: half of them with their whole cell."""
    members = np.concatenate([cell.lines for cell in cells])
    people.change[members] = -1
    wanted = round(family.changing * len(members))
    together: list[Ints] = []
    for place in random.permutation(len(cells)):
        lines = cells[place].lines
        changed = sum(len(part) for part in together)
        if changed + len(lines) <= wanted // 2 + 4 and wanted:
            day = int(random.integers(_MIDDLE - 5, _MIDDLE + 6))
            people.change[lines] = day * DAY + random.integers(0, 3 * DAY, len(lines))
            together.append(lines)
    done = int((people.change[members] >= 0).sum())
    rest = members[people.change[members] < 0]
    alone = random.choice(rest, wanted - done, replace=False)
    people.change[alone] = random.integers((_MIDDLE - 8) * DAY, (_MIDDLE + 9) * DAY, len(alone))
    return np.concatenate(together) if together else np.zeros(0, dtype=np.int64)


def _calls_inside(random: np.random.Generator, cell: Cell, family: Family) -> Ties:
    rate = random.lognormal(0.9, 0.8, len(cell.left)) * family.volume
    rhythm = int(Rhythm.IRAQ if cell.country == IRAQ else Rhythm.FRANCE)
    return Ties.of(cell.left, cell.right, rate, rhythm)


def _calls_between(random: np.random.Generator, people: People, cells: list[Cell], family: Family) -> Ties:
    """Coordinators with two or three others, and here and there a member with one of another cell; some abroad."""
    left: list[int] = []
    right: list[int] = []
    for place, cell in enumerate(cells):
        others = [other for other in range(len(cells)) if other != place]
        for other in random.choice(others, min(len(others), int(random.integers(0, 2))), replace=False):
            left.append(int(cell.lines[0]))
            right.append(int(cells[other].lines[0]))
        if place:  # every cell hangs on an earlier one
            left.append(int(cell.lines[0]))
            right.append(int(cells[int(random.integers(place))].lines[0]))
        if random.random() < 0.5:
            other = int(random.choice(others))
            left.append(int(random.choice(cell.lines[1:])))
            right.append(int(random.choice(cells[other].lines)))
    one, two = np.array(left), np.array(right)
    rhythm = np.where(people.country[one] == IRAQ, int(Rhythm.IRAQ), int(Rhythm.FRANCE))
    return Ties.of(one, two, random.lognormal(1.2, 0.7, len(one)) * family.volume, rhythm)


def _calls_outside(random: np.random.Generator, people: People, members: Ints, dedicated: Ints) -> Ties:
    """The members' innocent contacts: a handful for a phone of the group alone, a life's worth for the others."""
    only_group = np.isin(members, dedicated)
    wanted = np.where(
        only_group,
        random.integers(2, 9, len(members)),
        random.lognormal(np.log(9.5), 0.6, len(members)).astype(int) + 1,
    )
    one = np.repeat(members, wanted)
    count = len(people.country)
    step = np.ceil(np.exp(random.random(len(one)) * np.log(count / 8))).astype(np.int64)
    two = np.clip(one + step * random.choice([-1, 1], len(one)), 0, count - 1)
    useful = (people.country[one] == people.country[two]) & ~np.isin(two, members)
    one, two = one[useful], two[useful]
    small = np.isin(one, dedicated)
    rate = np.where(small, random.lognormal(0.3, 0.8, len(one)), random.lognormal(0.9, 1.2, len(one)))
    rhythm = np.where(people.country[one] == IRAQ, int(Rhythm.IRAQ), int(Rhythm.FRANCE))
    return in_use(random, people, Ties.of(one, two, rate, rhythm))


def _order(random: np.random.Generator, cell: Cell, start: int, *, relay: bool) -> tuple[Ints, Ints, Ints]:
    """One order through a cell: from the coordinator to those who call him, and from them to theirs."""
    neighbours: dict[int, list[int]] = {}
    for one, two in zip(cell.left.tolist(), cell.right.tolist(), strict=True):
        neighbours.setdefault(one, []).append(two)
        neighbours.setdefault(two, []).append(one)
    reached = {int(cell.lines[0]): start}
    calls: list[tuple[int, int, int]] = []
    waiting = [int(cell.lines[0])]
    while waiting:
        caller = waiting.pop(0)
        unknown = [line for line in neighbours.get(caller, []) if line not in reached]
        fan = random.permutation(unknown)[: 1 if relay else 6].tolist()
        for called, wait in zip(fan, _waits(random, len(fan)).tolist(), strict=True):
            if random.random() < 0.85:
                reached[called] = reached[caller] + wait
                calls.append((caller, called, reached[called]))
                waiting.append(called)
    rows = np.array(calls, dtype=np.int64).reshape(-1, 3)
    return rows[:, 0], rows[:, 1], rows[:, 2]


def _waits(random: np.random.Generator, count: int) -> Ints:
    return np.asarray(np.cumsum(random.exponential(300, count).astype(np.int64) + 45), dtype=np.int64)


def _moment(random: np.random.Generator, country: int, *, night: bool = False) -> int:
    """A second in UTC at which people of that country may be called out."""
    hour = 1 if night else float(np.clip(random.normal(17, 3.5), 7, 23))
    return int((random.integers(0, DAYS) + hour / 24) * DAY) - (3 if country == IRAQ else 1) * 3_600
