"""Thousands of schedules of faults: an honest trace always ends, once, with the same graph."""

from __future__ import annotations

import random
from copy import copy
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.joint import tracer
from tests.simulation import faults
from tests.simulation.faults import OPERATIONS, Operation, World, world

FOUND: list[list[Operation]] = [
    # Kept because each of them went wrong once, or nearly did.
    [("duplicate", 0), ("deliver", 0), ("deliver", 0), ("deliver", 0), ("deliver", 0)],
    [("deliver", 0), ("crash", 0), ("deliver", 0), ("crash", 1), ("retry", 0)],
    [("deliver", 0), ("disk full", 0), ("deliver", 0), ("crash", 0), ("disk free", 0)],
    [("expire", 1), ("deliver", 0), ("deliver", 0), ("back", 1)],
    [("deliver", 0), ("expire", 0), ("deliver", 0), ("back", 0)],  # a tracer's wrong clock ended the trace
    [("retry", 0), ("retry", 0), ("deliver", 2), ("deliver", 0), ("deliver", 1), ("drop", 0)],
]


@cache
def begun() -> World:
    return world()


def fresh() -> World:
    """Another world in the same beginning."""
    first = begun()
    nodes = {side: replace(node, journal=[]) for side, node in first.nodes.items()}
    return World(nodes, copy(first.flying))


@cache
def graph_without_faults() -> tuple[pa.Table, pa.Table]:
    calm = fresh()
    calm.calm_down()
    return tables(calm)


def tables(ended: World) -> tuple[pa.Table, pa.Table]:
    node = ended.nodes["tracer"]
    assert isinstance(node.state, tracer.Traced), f"the trace did not end: {type(node.state).__name__}"
    if node.past not in graphs:
        graph = tracer.graph(node.state)
        graphs[node.past] = graph.vertices, graph.pairs
    return graphs[node.past]


graphs: dict[bytes, tuple[pa.Table, pa.Table]] = {}
"""Graphs by what led to them: many schedules differ only in what was lost."""


def survive(schedule: list[Operation]) -> None:
    stormy = fresh()
    for operation in schedule:
        stormy.do(operation)
    stormy.calm_down()
    assert tables(stormy) == graph_without_faults()


@pytest.mark.parametrize("schedule", FOUND, ids=range(len(FOUND)))
def test_schedules_that_were_found(schedule: list[Operation]) -> None:
    survive(schedule)


operations = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 7)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(operations)
def test_any_schedule_ends_with_the_same_graph(schedule: list[Operation]) -> None:
    survive(schedule)


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_schedules(seed: int) -> None:
    dice = random.Random(seed)
    weights = [12, 2, 3, 4, 1, 1, 2, 1, 2, 1]
    for _ in range(500):
        length = dice.randrange(10, 80)
        kinds = dice.choices(OPERATIONS, weights, k=length)
        survive([(kind, dice.randrange(8)) for kind in kinds])


def test_a_restart_computes_the_same_bytes_again() -> None:
    """Without remembered transitions: every step is made anew out of the journal, group arithmetic and all."""
    calm = fresh()
    calm.calm_down()
    kept = dict(faults.remembered)
    faults.remembered.clear()
    for node in calm.nodes.values():
        node.crash()
    again = faults.remembered
    assert again
    for key, step in again.items():
        assert kept[key][1] == step[1]
    assert tables(calm)[0] == graph_without_faults()[0]
