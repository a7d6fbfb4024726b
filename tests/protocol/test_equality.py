"""The joint graph is the pooled graph, the hub rule applied to each holder by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.chain.graph import Detail, TracedGraph
from clew.joint import tracer
from clew.joint.couples import FEATURES, Couples
from clew.warrants.authorisation import Budgets
from tests.chain_cases import BEGIN, Contact
from tests.protocol.parties import PLENTY, STRICT, Pair, couples, near, pooled, traced

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


def compare(graph: TracedGraph, parties: dict[str, Couples], names: Sequence[str], most: int) -> None:
    """Vertex for vertex, hop for hop, pair for pair, and every feature of every pair of each holder."""
    hop, pairs = pooled(parties, names, most)
    assert {row["vertex"]: row["hop"] for row in graph.vertices.to_pylist()} == hop
    rows = graph.pairs.to_pylist()
    assert {(row["a"], row["b"], row["holder"]) for row in rows} == pairs
    assert len(rows) == len(pairs)
    for name, party in parties.items():
        numbers = party.numbers.to_pylist()
        known = party.features.to_pylist()
        features = {(numbers[a], numbers[b]): row for a, b, row in zip(party.a, party.b, known, strict=True)}
        for row in rows:
            if row["holder"] == name:
                assert {key: row[key] for key in FEATURES} == features[row["a"], row["b"]]
    check_vertices(graph, parties, pairs, most)
    assert graph.bound.numbers == len(hop)
    assert graph.bound.pairs == len({pair[:2] for pair in pairs})


def check_vertices(
    graph: TracedGraph, parties: dict[str, Couples], pairs: set[tuple[str, str, str]], most: int
) -> None:
    """Hubs and holders of vertices, as far as a tracer can tell (spec protocol 7.3)."""
    iq, fr = parties["iq"], parties["fr"]
    hubs = {name: set(pc_numbers(one, one.hub)) for name, one in parties.items()}
    reached_by_fr = {(a, b) for a, b, holder in pairs if holder == "fr"}
    for row in graph.vertices.to_pylist():
        number = row["vertex"]
        shown_by_fr = any(number in ends for ends in reached_by_fr)
        if row["hop"] == most:
            assert row["hub"] is None
            assert row["contacts"] is None
            continue
        assert row["hub"] == (number in hubs["iq"] or (number in hubs["fr"] and shown_by_fr))
        expected = {"iq"} if number in iq.numbers.to_pylist() else set()
        if number in near(fr) or shown_by_fr:
            expected.add("fr")
        assert set(row["holders"]) == expected


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
    compare(in_the_clear(pair), parties, names, most)


@few
@given(contacts, seeds, hops, st.data())
def test_a_strict_trace_is_the_pooled_one_where_the_holder_has_every_call(
    every: list[Contact], names: list[str], most: int, data: Any
) -> None:
    own = [c for c in every if data.draw(st.booleans())]
    pair, parties = joint(own, every, names, most, 200, STRICT)
    compare(in_the_clear(pair), parties, names, most)


def strict(parties: dict[str, Couples], names: Sequence[str], most: int) -> dict[str, int]:
    """The hops of a strict trace: the holder's rows only of those that its own rows, or the warrant, led to by then."""
    own, theirs = near(parties["iq"]), near(parties["fr"])
    opened: set[str] = set()
    sealed = set(names)
    for _ in range(most):
        rows = {n for n in sealed if n in theirs} - opened
        hop = shortest(own, {n: theirs[n] for n in opened | rows}, names, most)
        opened |= {n for n in rows if hop.get(n, most) < most}
        sealed = {other for n in opened for other in theirs[n]}
    return shortest(own, {n: theirs[n] for n in opened}, names, most)


def shortest(own: Any, rows: Any, names: Sequence[str], most: int) -> dict[str, int]:
    hop = dict.fromkeys(names, 0)
    for level in range(most):
        for number in [n for n, at in hop.items() if at == level]:
            for other in (*own.get(number, ()), *rows.get(number, ())):
                hop.setdefault(other, level + 1)
    return hop


@few
@given(contacts, contacts, seeds, hops, limits)
def test_a_strict_trace_is_exactly_what_sealed_numbers_lead_to(
    own: list[Contact], theirs: list[Contact], names: list[str], most: int, limit: int
) -> None:
    pair, parties = joint(own, theirs, names, most, limit, STRICT)
    found = {row["vertex"]: row["hop"] for row in in_the_clear(pair).vertices.to_pylist()}
    assert found == strict(parties, names, most)
    assert found.items() <= pooled(parties, names, most)[0].items() or set(found) <= set(
        pooled(parties, names, most)[0]
    )


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
