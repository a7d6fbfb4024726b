"""What must hold for the findings of any graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.cells import find
from clew.chain.graph import Detail, TracedGraph
from tests.cells_graphs import Contact, call, trace

PEOPLE = [f"id:t:{letter}" for letter in "abcdefghijkl"]

CONTACTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.integers(0, 20_000), st.sampled_from([1, 1, 2, 3, 4])
    )
    .filter(lambda c: c[0] != c[1])
    .map(lambda c: call(*c)),
    min_size=1,
    max_size=60,
)


def scores(graph: TracedGraph) -> dict[str, tuple[float, float, float]]:
    """What every ranked number got."""
    return {r["vertex"]: (r["probability"], r["heat"], r["together"]) for r in find(graph).ranked.to_pylist()}


def seeds_in(contacts: Sequence[Contact]) -> list[str]:
    return sorted({contacts[0][0], contacts[-1][0]})


def close(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        abs(a - b) <= 2e-4 or a == b for key in one for a, b in zip(one[key], other[key], strict=True)
    )


@settings(max_examples=40, deadline=None)
@given(contacts=CONTACTS, detail=st.sampled_from(list(Detail)))
def test_probabilities_are_probabilities_and_order_the_list(contacts: list[Contact], detail: Detail) -> None:
    graph = trace(contacts, seeds_in(contacts), detail=detail)
    found = find(graph)
    rows = found.ranked.to_pylist()
    assert all(0.0 <= row["probability"] <= 1.0 for row in rows)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(a["probability"] >= b["probability"] for a, b in pairwise(rows))
    assert not {row["vertex"] for row in rows} & set(seeds_in(contacts))
    assert all(row["reasons"] for row in rows)
    assert sum(row["probability"] >= 0.5 for row in rows) == found.document["summary"]["listed"]


@settings(max_examples=25, deadline=None)
@given(contacts=CONTACTS, order=st.permutations(PEOPLE))
def test_other_names_change_nothing_but_names(contacts: list[Contact], order: list[str]) -> None:
    new = dict(zip(PEOPLE, order, strict=True))
    renamed = [(new[a], new[b], start, kind) for a, b, start, kind in contacts]
    before = scores(trace(contacts, seeds_in(contacts)))
    after = scores(trace(renamed, [new[s] for s in seeds_in(contacts)]))
    assert close({new[name]: value for name, value in before.items()}, after)


@settings(max_examples=25, deadline=None)
@given(contacts=CONTACTS)
def test_a_component_apart_changes_no_score(contacts: list[Contact]) -> None:
    graph = trace(contacts, seeds_in(contacts))
    apart = [call("id:t:y", "id:t:z", minute) for minute in (3, 500, 900)]
    other = trace(apart, ["id:t:y"])
    strangers = other.vertices.set_column(2, other.vertices.schema.field(2), pa.array([False, False]))
    joined = replace(
        graph,
        vertices=pa.concat_tables([graph.vertices, strangers]).sort_by([("hop", "ascending"), ("vertex", "ascending")]),
        pairs=pa.concat_tables([graph.pairs, other.pairs]),
        events=pa.concat_tables([graph.events, other.events]).sort_by("start"),
    )
    assert scores(joined) == scores(graph)


@settings(max_examples=25, deadline=None)
@given(contacts=CONTACTS)
def test_a_second_holder_of_the_same_calls_adds_nothing(contacts: list[Contact]) -> None:
    """Harm stopped: a call that both partners recorded counts twice and lifts the numbers that roam."""
    graph = trace(contacts, seeds_in(contacts))
    again = trace(contacts, seeds_in(contacts), holder="them")
    both = replace(
        graph,
        pairs=pa.concat_tables([graph.pairs, again.pairs]).sort_by([(n, "ascending") for n in ("a", "b", "holder")]),
        events=pa.concat_tables([graph.events, again.events]).sort_by([(n, "ascending") for n in ("start", "a", "b")]),
    )
    assert scores(both) == scores(graph)
    assert find(both).ranked["calls"] == find(graph).ranked["calls"]


@settings(max_examples=25, deadline=None)
@given(contacts=CONTACTS, detail=st.sampled_from(list(Detail)))
def test_the_same_graph_gives_the_same_bytes(contacts: list[Contact], detail: Detail) -> None:
    graph = trace(contacts, seeds_in(contacts), detail=detail)
    assert find(graph).files() == find(graph).files()


@settings(max_examples=25, deadline=None)
@given(contacts=CONTACTS, hours=st.integers(-200, 200))
def test_successions_move_with_time_and_stay_the_same(contacts: list[Contact], hours: int) -> None:
    shift = timedelta(hours=hours)
    moved = [(a, b, start + shift, kind) for a, b, start, kind in contacts]
    before = find(trace(contacts, seeds_in(contacts))).successions
    after = find(trace(moved, seeds_in(contacts))).successions
    for column in ("old", "new", "ratio", "overlap", "score"):
        assert before[column] == after[column]
    assert pc.add(before["moment"], pa.scalar(shift)).equals(after["moment"])


@settings(max_examples=25, deadline=None)
@given(contacts=CONTACTS)
def test_seeds_without_contacts_rank_nobody(contacts: list[Contact]) -> None:
    found = find(trace(contacts, ["id:t:nobody"]))
    assert found.ranked.num_rows == 0
    assert found.document["summary"]["chance"] is None
    assert "No number can be ranked" in found.document["summary"]["sentences"][0]["msgid"]
