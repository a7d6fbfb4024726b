"""The joint graph is the pooled graph, the hub rule applied to each holder by itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.chain.graph import Detail, TracedGraph
from clew.joint import holder, tracer
from clew.joint.couples import FEATURES, Couples
from clew.joint.messages import Ask, RefusalCode
from clew.warrants.authorisation import Budgets
from tests.chain_cases import BEGIN, Contact
from tests.protocol.parties import (
    PLENTY,
    STRICT,
    Expected,
    Pair,
    authorised,
    committed,
    couples,
    near,
    pooled,
    strict,
    traced,
)

NUMBERS = (
    "+9641000001",
    "+9641000002",
    "+9641000003",
    "+9641000004",
    "+33100000001",
    "+33100000002",
    "id:t:a",
    "id:t:B",
)

contacts = st.lists(
    st.builds(
        Contact,
        a=st.sampled_from(NUMBERS),
        b=st.sampled_from(NUMBERS),
        kind=st.sampled_from([1, 1, 2, 3, 4]),
        start=st.integers(0, 6 * 86400).map(lambda s: BEGIN + s * (BEGIN.resolution * 1_000_000)),
        duration=st.none() | st.integers(0, 4000),
        zone_offset=st.sampled_from([0, 180, -570]),
    ).filter(lambda c: c.a != c.b),
    max_size=14,
).map(lambda found: [c._replace(record_id=i) for i, c in enumerate(found)])
seeds = st.lists(st.sampled_from([*NUMBERS, "+4915112345678"]), min_size=1, max_size=2, unique=True)
hops = st.integers(1, 3)
limits = st.integers(1, 5)
BUDGETED = ("items", "rows", "declared")
few = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def in_the_clear(pair: Pair) -> TracedGraph:
    """The tracer's graph with every pseudonym replaced by its number: what unmasking of everything would show."""
    assert isinstance(pair.tracer, tracer.Traced)
    kept = pair.tracer.kept
    vault = pair.holder.kept.vault  # type: ignore[union-attr]
    numbers = {}
    for name, vertex in kept.found.names.items():
        place = vault.find(name)
        if place is not None:
            numbers[vertex] = vault.number(place)
    shown = tracer.Traced(tracer.replace(kept, unmasked=numbers))
    return tracer.graph(shown)


def compare(graph: TracedGraph, parties: dict[str, Couples], expected: Expected, most: int) -> None:
    """Vertex for vertex, hop for hop, pair for pair, and every feature of every pair of each holder."""
    assert {row["vertex"]: row["hop"] for row in graph.vertices.to_pylist()} == expected.hop
    rows = graph.pairs.to_pylist()
    assert {(row["a"], row["b"], row["holder"]) for row in rows} == expected.pairs
    assert len(rows) == len(expected.pairs)
    for name, party in parties.items():
        numbers = party.numbers.to_pylist()
        known = party.features.to_pylist()
        features = {(numbers[a], numbers[b]): row for a, b, row in zip(party.a, party.b, known, strict=True)}
        for row in rows:
            if row["holder"] == name:
                assert {key: row[key] for key in FEATURES} == features[row["a"], row["b"]]
    check_vertices(graph, parties, expected, most)
    assert graph.bound.numbers == len(expected.hop)
    assert graph.bound.pairs == len({pair[:2] for pair in expected.pairs})


def check_vertices(graph: TracedGraph, parties: dict[str, Couples], expected: Expected, most: int) -> None:
    """Hubs and holders of vertices, as far as a tracer can tell (spec protocol 7.3)."""
    iq, fr = parties["iq"], parties["fr"]
    hubs = {name: set(pc_numbers(one, one.hub)) for name, one in parties.items()}
    has_row, own = set(near(fr)), set(iq.numbers.to_pylist())
    shown_by_fr = {number for a, b, name in expected.pairs if name == "fr" for number in (a, b)}
    for row in graph.vertices.to_pylist():
        number = row["vertex"]
        if row["hop"] == most:
            assert row["hub"] is None
            assert row["contacts"] is None
            continue
        asked = number in expected.looked
        assert row["hub"] == (number in hubs["iq"] or (number in hubs["fr"] and asked and number in shown_by_fr))
        holders = {"iq"} if number in own else set()
        if number in shown_by_fr or (number in has_row and asked):
            holders.add("fr")
        assert set(row["holders"]) == holders


def pc_numbers(party: Couples, chosen: Any) -> list[str]:
    return list(party.numbers.filter(pa.array(chosen)).to_pylist())


def joint(own: list[Contact], theirs: list[Contact], names: list[str], most: int, limit: int, budgets: Budgets) -> Any:
    parties = {"iq": couples(own, limit), "fr": couples(theirs, limit)}
    pair = traced(parties["iq"], parties["fr"], names, most, budgets, limit)
    return pair, parties


@few
@given(contacts, contacts, seeds, hops, limits)
def test_with_declared_contacts_the_joint_graph_is_the_pooled_one(
    own: list[Contact], theirs: list[Contact], names: list[str], most: int, limit: int
) -> None:
    pair, parties = joint(own, theirs, names, most, limit, PLENTY)
    compare(in_the_clear(pair), parties, pooled(parties, names, most), most)


@few
@given(contacts, seeds, hops, st.data())
def test_a_strict_trace_is_the_pooled_one_where_the_holder_has_every_call(
    every: list[Contact], names: list[str], most: int, data: Any
) -> None:
    own = [c for c in every if data.draw(st.booleans())]
    pair, parties = joint(own, every, names, most, 200, STRICT)
    compare(in_the_clear(pair), parties, pooled(parties, names, most), most)


@few
@given(contacts, contacts, seeds, hops, limits)
def test_a_strict_trace_is_exactly_what_sealed_numbers_lead_to(
    own: list[Contact], theirs: list[Contact], names: list[str], most: int, limit: int
) -> None:
    pair, parties = joint(own, theirs, names, most, limit, STRICT)
    every = pooled(parties, names, most)
    found = strict(parties, names, most)
    compare(in_the_clear(pair), parties, found, most)
    assert all(every.hop.get(number, most + 1) <= at for number, at in found.hop.items())
    assert found.pairs <= every.pairs


@dataclass(frozen=True)
class World:
    """Two countries large enough for lists, rows and snapshots of several size classes."""

    own: tuple[Contact, ...]
    theirs: tuple[Contact, ...]
    seeds: tuple[str, ...]


@st.composite
def worlds(draw: Any) -> World:
    """70 to 110 numbers; some with very many contacts, most with few; of the calls across the border some in both
    stores, some in one."""
    random = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    size = draw(st.integers(70, 110))
    numbers = [f"+96410000{n:03}" if n % 2 else f"+331000000{n:02}" if n < 100 else f"id:t:{n}" for n in range(size)]
    weights = 1 / np.arange(1, size + 1) ** draw(st.sampled_from([0.5, 1.0]))
    ends = random.choice(size, (draw(st.integers(150, 350)), 2), p=weights / weights.sum())
    own, theirs = [], []
    for at, (a, b) in enumerate(ends[ends[:, 0] != ends[:, 1]].tolist()):
        start = BEGIN + timedelta(seconds=int(random.integers(6 * 86400)))
        contact = Contact(numbers[a], numbers[b], kind=int(random.integers(1, 5)), start=start, record_id=at)
        stores = {a % 2, b % 2}
        if len(stores) == 2 and random.random() < 0.3:
            stores = {int(random.integers(2))}
        own += [contact] * (1 in stores)
        theirs += [contact] * (0 in stores)
    seeds = random.choice(size, draw(st.integers(1, 3)), replace=False).tolist()
    return World(tuple(own), tuple(theirs), tuple(numbers[seed] for seed in seeds))


@dataclass
class Seen:
    """What the large worlds reached."""

    lists: set[int] = field(default_factory=set)
    rows: set[int] = field(default_factory=set)
    snapshots: set[int] = field(default_factory=set)
    outcomes: set[type] = field(default_factory=set)

    def whole(self, pair: Pair) -> None:
        """Keep the sizes of a trace."""
        kept = pair.holder.kept  # type: ignore[union-attr]
        asked = [message for _, message in pair.sent if isinstance(message, Ask)]
        self.lists |= {len(message.sealed) // 128 for message in asked}
        self.lists |= {len(message.declared) // 64 for message in asked if message.declared}
        self.rows |= set(np.diff(kept.snapshot.ends, prepend=0).tolist())
        self.snapshots.add(len(kept.snapshot))


def test_a_trace_of_any_size_is_the_pooled_one_or_ends_for_its_budget() -> None:
    """Nothing is left out to make it fit: under a budget of a random part of what the trace takes, it is whole or
    over. With all that it takes, and with more, it is whole."""
    seen = Seen()

    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(worlds(), st.integers(2, 3), st.sampled_from([6, 25, 200]), st.floats(0.1, 1.2), st.sampled_from(BUDGETED))
    def holds(world: World, most: int, limit: int, share: float, tight: str) -> None:
        parties = {"iq": couples(world.own, limit), "fr": couples(world.theirs, limit)}
        expected = pooled(parties, world.seeds, most)
        pair = traced(parties["iq"], parties["fr"], world.seeds, most, PLENTY, limit)
        compare(in_the_clear(pair), parties, expected, most)
        seen.whole(pair)
        spent = getattr(pair.holder.kept.spent, tight)  # type: ignore[union-attr]
        again = committed(parties["iq"], parties["fr"], limit)
        budgets = replace(PLENTY, **{tight: max(1, int(spent * share))})
        again.run(authorised(again, world.seeds, most, budgets))
        seen.outcomes.add(type(again.tracer))
        if isinstance(again.tracer, tracer.Traced):
            compare(in_the_clear(again), parties, expected, most)
            assert getattr(again.holder.kept.spent, tight) <= getattr(budgets, tight)  # type: ignore[union-attr]
        else:
            assert share < 1
            assert isinstance(again.tracer, tracer.Ended)
            assert again.tracer.code is RefusalCode.OVER_BUDGET
            assert isinstance(again.holder, holder.Ended)

    holds()
    assert len(seen.lists - {64}) >= 2, seen
    assert len(seen.rows) >= 4, seen
    assert len(seen.snapshots) >= 2, seen
    assert seen.outcomes == {tracer.Traced, tracer.Ended}, seen


def test_a_strict_trace_misses_what_only_a_domestic_call_of_the_tracer_leads_to() -> None:
    """The seed calls a go-between at home, who calls abroad. The call abroad is in both stores, but no row of the
    partner leads to the go-between, so its contacts abroad beyond that call have no seal: a strict trace ends there,
    one with declared contacts goes on."""
    border = Contact("+9641000002", "+33100000001")
    own = [Contact("+9641000001", "+9641000002"), border]
    theirs = [border, Contact("+33100000001", "+33100000002")]
    pair, _ = joint(own, theirs, ["+9641000001"], 3, 200, STRICT)
    found = {row["vertex"] for row in in_the_clear(pair).vertices.to_pylist()}
    assert found == {"+9641000001", "+9641000002", "+33100000001"}
    pair, _ = joint(own, theirs, ["+9641000001"], 3, 200, PLENTY)
    found = {row["vertex"] for row in in_the_clear(pair).vertices.to_pylist()}
    assert found == {"+9641000001", "+9641000002", "+33100000001", "+33100000002"}
    assert Detail.COARSE is in_the_clear(pair).detail
