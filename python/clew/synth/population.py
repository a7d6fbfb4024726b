"""Who there is and who knows whom: the innocent population of two countries, look-alikes included.

A *line* is a telephone subscription in use by one person. Lines 0 to ``iraq`` - 1 are Iraqi, the others French;
neighbours in the order of lines are neighbours in life. The covert group takes over lines of this population in
:mod:`clew.synth.group`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

import numpy as np
import numpy.typing as npt

from clew.synth.calling import DAYS, FRANCE, IRAQ, Rhythm, Ties
from clew.synth.families import Size

__all__ = ["IRAQI_SHARE", "Circle", "People", "Role", "in_use", "populate"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

IRAQI_SHARE: Final = 0.65
_MIDDLE: Final = DAYS // 2


class Role(StrEnum):
    """What a person is in the scenario."""

    ORDINARY = "ordinary"
    MEMBER = "member"
    CREW = "crew"  # a closed night shift; some crews change SIMs together
    CLAN = "clan"  # an extended family that calls a lot among itself
    CLUB = "club"
    COURIER = "courier"
    LOW_USE = "low-use"
    TEMPORARY = "temporary"  # a SIM for some days or weeks
    HUB = "hub"


ROLES: Final = tuple(Role)


@final
@dataclass(frozen=True, slots=True)
class Circle:
    """A closed circle of innocents: what it is, its lines, and the day on which all changed SIMs (-1: never)."""

    role: Role
    lines: Ints
    change_day: int


@final
@dataclass(slots=True)
class People:
    """All lines, as arrays by line, and the circles among them. ``change``: the second at which the line got another
    number, -1 for never; ``begin`` and ``end``: the days between which it is in use; ``phase``: hours."""

    country: Ints
    role: npt.NDArray[np.object_]
    phase: Floats
    change: Ints
    begin: Ints
    end: Ints
    keeps_handset: npt.NDArray[np.bool_]
    circles: list[Circle]


def populate(random: np.random.Generator, size: Size) -> tuple[People, list[Ties], Ints]:
    """The innocent population, the ties of their closed circles, and the lines that are free for the group."""
    count = size.people
    iraq = round(count * IRAQI_SHARE)
    people = People(
        country=np.where(np.arange(count) < iraq, IRAQ, FRANCE),
        role=np.full(count, Role.ORDINARY, dtype=object),
        phase=np.clip(random.normal(0.0, 1.2, count), -4, 4),
        change=np.full(count, -1, dtype=np.int64),
        begin=np.zeros(count, dtype=np.int64),
        end=np.full(count, DAYS, dtype=np.int64),
        keeps_handset=random.random(count) < 0.7,
        circles=[],
    )
    ties: list[Ties] = []
    free = _Free(random, people.country)
    for _ in range(max(2, count // 800)):
        ties.append(_crew(random, people, free))
    for _ in range(max(2, count // 400)):
        ties.append(_clan(random, people, free))
    for _ in range(max(2, count // 1_000)):
        ties.append(_club(random, people, free))
    for role, share in ((Role.COURIER, 0.005), (Role.LOW_USE, 0.08), (Role.TEMPORARY, 0.04), (Role.HUB, 0.0012)):
        people.role[free.anybody(max(3, round(count * share)))] = role
    iraqi = round(size.members * IRAQI_SHARE)
    members = np.concatenate([free.compatriots_of(IRAQ, iraqi), free.compatriots_of(FRANCE, size.members - iraqi)])
    people.role[members] = Role.MEMBER
    _temporary(random, people)
    _changes_of_mind(random, people, members)
    ties.append(_acquaintances(random, people, members))
    ties.append(_households(random, people, members))
    ties.append(_hubs(random, people))
    return people, ties, members


class _Free:
    """The lines that have no special role yet."""

    def __init__(self, random: np.random.Generator, country: Ints) -> None:
        self._random = random
        self._country = country
        self._free = np.ones(len(country), dtype=bool)

    def anybody(self, count: int) -> Ints:
        """That many lines, from anywhere."""
        return self._take(np.flatnonzero(self._free), count)

    def compatriots_of(self, country: int, count: int) -> Ints:
        """That many lines of this country, from anywhere in it."""
        return self._take(np.flatnonzero(self._free & (self._country == country)), count)

    def compatriots(self, count: int, *, near: bool) -> Ints:
        """That many lines of one country; ``near``: from one neighbourhood."""
        free = np.flatnonzero(self._free)
        centre = int(self._random.choice(free))
        same = free[self._country[free] == self._country[centre]]
        if near:
            same = same[np.argsort(np.abs(same - centre), kind="stable")[: 3 * count]]
        return self._take(same, count)

    def _take(self, among: Ints, count: int) -> Ints:
        chosen = self._random.choice(among, count, replace=False)
        self._free[chosen] = False
        return chosen


def _home(country: int) -> int:
    return int(Rhythm.IRAQ if country == IRAQ else Rhythm.FRANCE)


def _pairs(lines: Ints) -> tuple[Ints, Ints]:
    first, second = np.triu_indices(len(lines), 1)
    return lines[first], lines[second]


def _crew(random: np.random.Generator, people: People, free: _Free) -> Ties:
    """A night shift: nearly everybody calls nearly everybody, at night; the foreman calls all."""
    lines = free.compatriots(int(random.integers(7, 14)), near=False)
    changed = bool(random.random() < 0.4)
    day = int(random.integers(_MIDDLE - 6, _MIDDLE + 7)) if changed else -1
    if changed:  # the employer changes the operator: all get new SIMs within two days
        people.change[lines] = (day * 86_400 + random.integers(0, 2 * 86_400, len(lines))).astype(np.int64)
    people.role[lines] = Role.CREW
    people.circles.append(Circle(Role.CREW, lines, day))
    left, right = _pairs(lines)
    knows = (random.random(len(left)) < 0.7) | (left == lines[0])
    left, right = left[knows], right[knows]
    rate = random.lognormal(1.3, 0.7, len(left)) * np.where(left == lines[0], 2.0, 1.0)
    rhythm = np.where(random.random(len(left)) < 0.8, int(Rhythm.NIGHT), _home(int(people.country[lines[0]])))
    return Ties.of(left, right, rate, rhythm)


def _clan(random: np.random.Generator, people: People, free: _Free) -> Ties:
    """An extended family: six to twelve from one neighbourhood, all with all, often."""
    lines = free.compatriots(int(random.integers(6, 13)), near=True)
    people.role[lines] = Role.CLAN
    people.circles.append(Circle(Role.CLAN, lines, -1))
    left, right = _pairs(lines)
    return Ties.of(left, right, random.lognormal(1.4, 0.8, len(left)), _home(int(people.country[lines[0]])))


def _club(random: np.random.Generator, people: People, free: _Free) -> Ties:
    """Twelve to twenty-five who meet once a week, half of the pairs in touch around that evening."""
    lines = free.compatriots(int(random.integers(12, 26)), near=False)
    people.role[lines] = Role.CLUB
    people.circles.append(Circle(Role.CLUB, lines, -1))
    left, right = _pairs(lines)
    knows = random.random(len(left)) < 0.4
    return Ties.of(left[knows], right[knows], random.lognormal(0.8, 0.7, int(knows.sum())), int(Rhythm.EVENING))


def _temporary(random: np.random.Generator, people: People) -> None:
    lines = np.flatnonzero(people.role == Role.TEMPORARY)
    length = random.integers(3, 22, len(lines))
    begin = (random.random(len(lines)) * (DAYS - length)).astype(np.int64)
    people.begin[lines] = begin
    people.end[lines] = begin + length


def _changes_of_mind(random: np.random.Generator, people: People, members: Ints) -> None:
    """Three innocents in a hundred change SIMs for reasons of their own, at any time."""
    alone = (people.role == Role.ORDINARY) & (random.random(len(people.role)) < 0.03)
    alone[members] = False
    lines = np.flatnonzero(alone)
    people.change[lines] = random.integers(3 * 86_400, (DAYS - 3) * 86_400, len(lines))


def _acquaintances(random: np.random.Generator, people: People, members: Ints) -> Ties:
    """Friends, colleagues, shops: log-normal numbers of contacts, mostly near, a few abroad. Lines that belong to the
    group are given theirs in :mod:`clew.synth.group`, so they seek nobody here, but may be sought."""
    count = len(people.country)
    wanted = random.lognormal(np.log(4.6), 0.75, count)
    wanted[people.role == Role.LOW_USE] = random.uniform(0.5, 1.6, int((people.role == Role.LOW_USE).sum()))
    wanted[people.role == Role.TEMPORARY] *= 0.4
    wanted[people.role == Role.COURIER] = random.uniform(30, 110, int((people.role == Role.COURIER).sum()))
    wanted[people.role == Role.CREW] *= random.choice([0.15, 1.0], int((people.role == Role.CREW).sum()))
    degree = wanted.astype(np.int64) + (random.random(count) < wanted % 1)
    degree[members] = 0
    place = np.repeat(np.arange(count), degree)
    step = np.ceil(np.exp(random.random(len(place)) * np.log(count / 4))).astype(np.int64)
    step *= random.choice([-1, 1], len(place))
    other = place[np.clip(np.arange(len(place)) + step, 0, len(place) - 1)]
    ties_abroad = random.random(count) < 0.06
    abroad = ties_abroad[place] & (random.random(len(place)) < 0.35)
    borderless = place[random.integers(0, len(place), len(place))]
    same = people.country[other] == people.country[place]
    other = np.where(abroad | ~same & (random.random(len(place)) < 0.03), borderless, np.where(same, other, place))
    heavy = random.lognormal(0.35, 1.1, len(place))
    heavy[people.role[place] == Role.COURIER] = 0.8
    ties = Ties.of(place, other, heavy, 0)
    rhythm = np.where(people.country[ties.left] == IRAQ, int(Rhythm.IRAQ), int(Rhythm.FRANCE))
    office = random.random(len(rhythm)) < 0.18
    ties.rhythm[:] = np.where(office, int(Rhythm.OFFICE), rhythm)
    return in_use(random, people, ties)


def _households(random: np.random.Generator, people: People, members: Ints) -> Ties:
    """Neighbouring lines in households of one to five, all with all, several times a week."""
    count = len(people.country)
    size = random.choice([1, 2, 3, 4, 5], count, p=[0.25, 0.25, 0.2, 0.2, 0.1])
    house = np.repeat(np.arange(count), size)[:count]
    apart = (people.role == Role.HUB) | (people.role == Role.LOW_USE)
    apart[members] = True
    left: list[Ints] = []
    right: list[Ints] = []
    for step in range(1, 5):
        first = np.arange(count - step)
        together = (house[first] == house[first + step]) & ~apart[first] & ~apart[first + step]
        left.append(first[together])
        right.append(first[together] + step)
    one, two = np.concatenate(left), np.concatenate(right)
    rhythm = np.where(people.country[one] == IRAQ, int(Rhythm.IRAQ), int(Rhythm.FRANCE))
    return in_use(random, people, Ties.of(one, two, random.lognormal(2.3, 0.8, len(one)), rhythm))


def _hubs(random: np.random.Generator, people: People) -> Ties:
    """Taxi firms, hotlines, clinics: called now and then by hundreds of their own country."""
    left: list[Ints] = []
    right: list[Ints] = []
    for hub in np.flatnonzero(people.role == Role.HUB):
        compatriots = np.flatnonzero(people.country == people.country[hub])
        callers = min(len(compatriots) // 3, int(random.lognormal(np.log(520), 0.5)) + 220)
        left.append(random.choice(compatriots, callers, replace=False))
        right.append(np.full(callers, hub))
    one, two = np.concatenate(left), np.concatenate(right)
    return in_use(random, people, Ties.of(one, two, random.lognormal(0.1, 0.6, len(one)), int(Rhythm.OFFICE)))


def in_use(random: np.random.Generator, people: People, ties: Ties) -> Ties:
    """The ties within the time that both lines are in use; one in seven of those of a line that changes its SIM ends
    with the change, and one in seven begins with it."""
    begin = np.maximum(people.begin[ties.left], people.begin[ties.right])
    end = np.minimum(people.end[ties.left], people.end[ties.right])
    change = np.maximum(people.change[ties.left], people.change[ties.right]) // 86_400
    draw = random.random(len(begin))
    end = np.where((change > 0) & (draw < 1 / 7), np.minimum(end, change), end)
    begin = np.where((change > 0) & (draw > 6 / 7), np.maximum(begin, change + 1), begin)
    keep = end > begin
    return Ties(
        ties.left[keep],
        ties.right[keep],
        (ties.sessions * np.maximum(end - begin, 0) / DAYS)[keep],
        ties.rhythm[keep],
        begin[keep],
        end[keep],
    )
