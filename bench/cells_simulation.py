"""A small simulation that fits the first version of step 5, and judges nothing.

It shares no code, no seeds and no parameters with ``clew.synth``, whose scenarios judge. About 4,000 people over six
weeks: households, friends, workplaces, closed crews that call in bursts as the group does and change SIMs as it does,
clubs, services with hundreds of customers, low-use phones. One planted group of cells, with dedicated or personal
phones, some of whom change SIMs. Everything is drawn from one ``numpy`` generator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from tests.cells_graphs import BEGIN, Contact

DAYS = 42


@dataclass
class World:
    """Who calls whom when, and what is planted. ``changes`` maps an old number to the same person's new one."""

    random: np.random.Generator
    contacts: list[tuple[int, int, float, int]] = field(default_factory=list)  # a, b, minute, kind
    members: set[int] = field(default_factory=set)
    changes: dict[int, tuple[int, float]] = field(default_factory=dict)  # old -> new, minute of the change
    people: int = 0

    def call(self, a: int, b: int, minute: float, kind: int | None = None) -> None:
        """One contact, under the numbers that both have at that minute."""
        a, b = self.number(a, minute), self.number(b, minute)
        kind = kind or int(self.random.choice([1, 1, 1, 2, 3]))
        self.contacts.append((a, b, minute, kind))
        if kind == 3 and self.random.random() < 0.6:
            self.contacts.append((b, a, minute + self.random.uniform(1, 40), 1))

    def number(self, person: int, minute: float) -> int:
        """The number of a person at a minute."""
        new = self.changes.get(person)
        return new[0] if new and minute >= new[1] else person

    def hour(self, night: bool = False) -> float:
        """A minute of the day: by day, or at night for crews on shift."""
        return (self.random.normal(120, 120) if night else self.random.normal(900, 200)) % 1440

    def tie(self, a: int, b: int, weekly: float) -> None:
        """Contacts of two people, in bursts of geometric length."""
        for _ in range(self.random.poisson(weekly * DAYS / 7 / 1.6)):
            minute = self.random.integers(DAYS) * 1440 + self.hour()
            for _ in range(self.random.geometric(0.62)):
                x, y = (a, b) if self.random.random() < 0.5 else (b, a)
                self.call(x, y, minute)
                minute += self.random.exponential(12)

    def relay(self, crew: Sequence[int], weekly: float, night: bool) -> None:
        """A word goes round a crew within the hour: one calls two or three, who call others."""
        for _ in range(self.random.poisson(weekly * DAYS / 7)):
            minute = self.random.integers(DAYS) * 1440 + self.hour(night)
            told = [int(self.random.choice(crew))]
            left = [p for p in self.random.permutation(crew).tolist() if p != told[0]]
            for person in left[: max(2, int(self.random.uniform(0.4, 1.0) * len(left)))]:
                minute += self.random.exponential(6)
                self.call(int(self.random.choice(told[-3:])), person, minute)
                told.append(person)


def simulate(seed: int, family: str) -> World:
    """The world of a seed; families: dedicated, mixed, personal, half (half the volume), quiet (no changes)."""
    world = World(np.random.default_rng([20261123, seed]))
    random = world.random
    size = 4000
    world.people = 3 * size
    fresh = iter(range(size, 3 * size))
    for person in random.choice(size, 100, replace=False).tolist():  # who changes alone keeps everybody
        world.changes[person] = (next(fresh), float(random.uniform(0.15, 0.85)) * DAYS * 1440)
    _background(world, size)
    for _ in range(25):
        crew = [
            next(fresh) if random.random() < 0.3 else int(random.integers(size)) for _ in range(random.integers(6, 16))
        ]
        if random.random() < 0.4:
            _change(world, crew, fresh, float(random.uniform(0.4, 0.7)))
        world.relay(crew, random.uniform(1, 4), random.random() < 0.4)
        for a in crew:
            world.tie(a, int(random.choice(crew)), random.uniform(0.2, 1.5))
    own = {"dedicated": 0.9, "mixed": 0.5, "personal": 0.0}.get(family, 0.6)
    cells = [
        [next(fresh) if random.random() < own else int(random.integers(size)) for _ in range(random.integers(5, 11))]
        for _ in range(random.integers(2, 16))
    ]
    world.members = {person for cell in cells for person in cell}
    scale = 0.5 if family == "half" else 1.0
    if family != "quiet":
        for cell in cells:
            if random.random() < 0.6:
                _change(world, cell, fresh, float(random.uniform(0.4, 0.7)))
    for number, cell in enumerate(cells):
        world.relay(cell, scale * random.uniform(1.5, 4), False)
        for a in cell:
            world.tie(a, int(random.choice(cell)), scale * random.uniform(0.3, 1.5))
        for other in cells[:number]:
            if random.random() < 2.0 / number:
                world.tie(int(random.choice(cell)), int(random.choice(other)), scale * random.uniform(0.7, 2))
    for person in world.members:  # also a dedicated phone slips: a taxi, a relative
        for _ in range(random.poisson(1.2)):
            world.tie(person, int(random.integers(size)), 0.3)
    return world


def _background(world: World, size: int) -> None:
    random = world.random
    place = random.permutation(size)
    position = np.argsort(place)
    activity = random.lognormal(0, 0.7, size)
    low = random.random(size) < 0.12
    activity[low] *= 0.15
    start = 0
    while start < size:
        home = place[start : start + random.integers(1, 6)]
        start += len(home)
        for i, a in enumerate(home):
            for b in home[:i]:
                world.tie(int(a), int(b), 2.0 * float(np.sqrt(activity[a] * activity[b])))
    for a in range(size):
        for _ in range(random.poisson(3.0)):
            near = int(place[(int(position[a]) + int(random.laplace(0, 60))) % size])
            b = near if a % 3 else int(random.integers(size))
            if a != b:
                world.tie(a, b, 0.5 * float(np.sqrt(activity[a] * activity[b])))
    for _ in range(40):
        club = random.choice(size, random.integers(8, 20), replace=False).tolist()
        world.relay(club, random.uniform(0.5, 1.5), False)
    for _ in range(15):
        service = int(random.integers(size))
        for customer in random.choice(size, random.integers(40, 500), replace=False).tolist():
            if customer != service:
                world.tie(customer, service, 0.3)


def _change(world: World, crew: Sequence[int], fresh: Iterator[int], when: float) -> None:
    """Two thirds of a crew take new SIMs within two days."""
    for person in crew:
        if world.random.random() < 0.67 and person not in world.changes:
            moment = (when * DAYS + world.random.uniform(0, 2)) * 1440
            world.changes[person] = (next(fresh), moment)


def named(world: World) -> tuple[list[Contact], dict[int, str]]:
    """The contacts under opaque names that say nothing about who is planted, and everybody's name."""
    order = world.random.permutation(world.people)
    end = DAYS * 1440
    return [
        (name(int(order[a])), name(int(order[b])), _moment(minute), kind)
        for a, b, minute, kind in world.contacts
        if a != b and minute < end
    ], {person: name(int(order[person])) for person in range(world.people)}


def name(number: int) -> str:
    """A number's name."""
    return f"id:simulation:{number}"


def _moment(minute: float) -> datetime:
    return BEGIN + timedelta(seconds=int(minute * 60))
