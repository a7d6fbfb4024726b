"""The cases that step 5 is fitted on: our own small worlds, and scenarios of the seeds that are set apart for fitting.

Worlds 1 to 60 and scenarios 1 to 8 train; worlds 61 to 100 and scenarios 9 to 12 are held out. ``CALIBRATION_SEEDS``
never judge, and ``JUDGING_SEEDS`` and ``DEMO_SEED`` are never used here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random

from bench.cells_simulation import World, named, simulate
from clew.chain.graph import TracedGraph
from clew.synth.families import CALIBRATION_SEEDS, FAMILIES
from clew.synth.population import Role
from clew.synth.scenario import scenario
from tests.cells_graphs import trace

__all__ = ["Case", "held_out", "training"]

_WORLD_FAMILIES = ("dedicated", "mixed", "personal", "half", "quiet")


@dataclass(frozen=True)
class Case:
    """A traced graph, the members' numbers, which number became which, and how often the case counts in a fit."""

    graph: TracedGraph
    members: frozenset[str]
    changes: frozenset[tuple[str, str]]
    weight: int


def training() -> Iterator[Case]:
    """The cases to fit on."""
    yield from (_world(seed) for seed in range(1, 61))
    yield from (_scenario(seed) for seed in CALIBRATION_SEEDS[:8])
    yield from (_scenario(seed, confirmed) for seed in CALIBRATION_SEEDS[:6] for confirmed in (35, 120))


def held_out() -> tuple[Iterator[Case], Iterator[Case]]:
    """Worlds and scenarios that nothing was fitted on."""
    later = (_scenario(seed, confirmed) for seed in CALIBRATION_SEEDS[8:10] for confirmed in (35, 120))
    first = (_scenario(seed) for seed in CALIBRATION_SEEDS[8:12])
    return (_world(seed) for seed in range(61, 101)), chain(first, later)


def _world(seed: int) -> Case:
    world = simulate(seed, _WORLD_FAMILIES[seed % len(_WORLD_FAMILIES)])
    contacts, names = named(world)
    graph = trace(contacts, [names[person] for person in _seeds(world, seed)])
    planted = world.members | {world.changes[p][0] for p in world.members if p in world.changes}
    members = frozenset(names[person] for person in planted) if seed % 6 else frozenset()
    changes = {(names[old], names[new]) for old, (new, _) in world.changes.items()}
    return Case(graph, members, _inside(graph, changes), 2)


def _seeds(world: World, seed: int) -> list[int]:
    """One to ten members; in every sixth world people who are nothing."""
    how_many = (1, 2, 3, 4, 6, 8, 10)[seed % 7]
    pool = sorted(world.members) if seed % 6 else list(range(2000))
    return [int(p) for p in world.random.choice(pool, min(how_many, len(pool)), replace=False)]


def _scenario(seed: int, confirmed: int = 0) -> Case:
    """The first stage of a scenario, or a later one, in which that many members were confirmed and are seeds."""
    made = scenario(seed, list(FAMILIES)[(seed - 1) % len(FAMILIES)])
    table = made.contacts()
    columns = [table[name].to_pylist() for name in ("a", "b", "start", "kind")]
    roles = made.persons["role"].to_pylist()
    numbers = zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True)
    members = frozenset(number for number, person in numbers if roles[person] == Role.MEMBER)
    seen = sorted(members & {*columns[0], *columns[1]})
    seeds = {*made.seeds, *Random(seed + confirmed).sample(seen, confirmed)}
    graph = trace(zip(*columns, strict=True), sorted(seeds))
    changes = set(zip(made.successions["before"].to_pylist(), made.successions["after"].to_pylist(), strict=True))
    return Case(graph, members, _inside(graph, changes), 1 if confirmed else 2)


def _inside(graph: TracedGraph, changes: set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    inside = set(graph.vertices["vertex"].to_pylist())
    return frozenset((old, new) for old, new in changes if old in inside and new in inside)
