"""Thousands of schedules of faults: an honest trace ends, once, with the same graph, and closes on both sides."""

from __future__ import annotations

import random
from copy import copy
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.joint import holder, tracer
from tests.simulation import faults
from tests.simulation.faults import HIDDEN, OPERATIONS, Operation, World, world

Tables = tuple[pa.Table, pa.Table]
DONE: list[Operation] = [("deliver", 0)] * 14
"""So many deliveries bring a trace of two hops to its end."""

FOUND: list[list[Operation]] = [
    # Kept because each of them went wrong once, or nearly did.
    [("duplicate", 0), ("deliver", 0), ("deliver", 0), ("deliver", 0), ("deliver", 0)],
    [("deliver", 0), ("crash", 0), ("deliver", 0), ("crash", 1), ("retry", 0)],
    [("deliver", 0), ("disk full", 0), ("deliver", 0), ("crash", 0), ("disk free", 0)],
    [("expire", 1), ("deliver", 0), ("deliver", 0), ("back", 1)],
    [("deliver", 0), ("expire", 0), ("deliver", 0), ("back", 0)],  # a tracer's wrong clock ended the trace
    [("retry", 0), ("retry", 0), ("deliver", 2), ("deliver", 0), ("deliver", 1), ("drop", 0)],
    # Through every hop, and then: unmasked twice, refused by a clock and asked again, closed with an answer under way.
    [*DONE, ("unmask", 0), ("duplicate", 0), ("deliver", 0), ("deliver", 0), ("crash", 1), ("retry", 0)],
    [*DONE, ("expire", 1), ("unmask", 0), ("duplicate", 0), ("deliver", 0), ("back", 1), ("deliver", 0), ("unmask", 0)],
    [*DONE, ("unmask", 0), ("deliver", 0), ("close", 0), ("crash", 0), ("deliver", 0), ("close", 0), ("crash", 1)],
    [*DONE, ("close", 0), ("drop", 0), ("crash", 0), ("retry", 0), ("duplicate", 0), ("deliver", 0), ("unmask", 0)],
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
def graphs_without_faults() -> list[Tables]:
    """The graph with its pseudonym, and with the number that was unmasked."""
    calm = fresh()
    calm.calm_down()
    before, after = tables(calm)
    assert [HIDDEN in vertices["vertex"].to_pylist() for vertices, _ in (before, after)] == [False, True]
    return [before, after]


def tables(ended: World) -> list[Tables]:
    """The graph whenever every hop was done; the world has come to its end on both sides."""
    mine, theirs = ended.nodes["tracer"].state, ended.nodes["holder"].state
    assert isinstance(mine, tracer.Done), f"the trace did not end: {type(mine).__name__}"
    assert isinstance(theirs, holder.Destroyed), "closed on one side only"
    for past, state in ended.seen:
        if past not in graphs:
            graph = tracer.graph(state)
            graphs[past] = graph.vertices, graph.pairs
    return [graphs[past] for past, _ in ended.seen]


graphs: dict[bytes, Tables] = {}
"""Graphs by what led to them: many schedules differ only in what was lost."""


def survive(schedule: list[Operation]) -> None:
    stormy = fresh()
    for operation in schedule:
        stormy.do(operation)
    stormy.calm_down()
    before, after = graphs_without_faults()
    for (_, state), found in zip(stormy.seen, tables(stormy), strict=True):
        assert found == (after if state.kept.unmasked else before)
    unmasked = [state.kept.unmasked for _, state in stormy.seen]
    assert unmasked == sorted(unmasked, key=len), "what was unmasked stays so"
    assert len(stormy.nodes["holder"].journal) == len(stormy.accepted)


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
    weights = [12, 2, 3, 4, 1, 1, 2, 1, 2, 1, 1, 0.2]
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
    assert tables(calm) == graphs_without_faults()
