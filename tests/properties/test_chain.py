"""Chaining against a naive twin, and what must stay the same when records are permuted, doubled or cut down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clew.chain.graph import HOURS, Detail, TracedGraph
from clew.chain.trace import count, trace
from tests.chain_cases import BEGIN, END, Contact, FakeStore, MemoryLog, authorise

# E.164 keys sort otherwise than their texts (+9 and +10…), and an opaque text sorts behind both.
NUMBERS = ("+9641234567", "+33123456789", "+10123456789", "+9647901234", "id:t:a", "id:t:B", "id:t:9", "+12025550100")
HOUR = timedelta(hours=1)


def naive(
    records: Sequence[Contact], seeds: Sequence[str], begin: datetime, end: datetime, hops: int, limit: int
) -> Any:
    """The bound and the pairs of spec graph 1, as short as it can be said: hop of each number, contacts of each
    number that was looked up, hubs, and the records of each pair."""
    seen = [r for r in records if 1 <= r.kind <= 4 and r.a != r.b and begin <= r.start < end]
    near: dict[str, set[str]] = {}
    for r in seen:
        near.setdefault(r.a, set()).add(r.b)
        near.setdefault(r.b, set()).add(r.a)
    hop = dict.fromkeys(seeds, 0)
    for h in range(hops):
        for number in [n for n, at in hop.items() if at == h and len(near.get(n, ())) <= limit]:
            for other in near.get(number, ()):
                hop.setdefault(other, h + 1)
    contacts = {n: len(near.get(n, ())) for n, h in hop.items() if h < hops}
    passed = {n for n, size in contacts.items() if size <= limit}
    pairs: dict[tuple[str, str], list[Contact]] = {}
    for r in seen:
        if r.a in passed or r.b in passed:
            pairs.setdefault((min(r.a, r.b), max(r.a, r.b)), []).append(r)
    return hop, contacts, set(contacts) - passed, pairs


def naive_features(a: str, records: Sequence[Contact]) -> dict[str, Any]:
    """The features of one pair (spec graph 3), ``a`` its smaller number."""
    row: dict[str, Any] = {}
    out, back = [r for r in records if r.a == a], [r for r in records if r.a != a]
    for way, mine, theirs in (("ab", out, back), ("ba", back, out)):
        for name, kind in (("calls", 1), ("messages", 2), ("missed", 3), ("forwarded", 4)):
            row[f"{name}_{way}"] = sum(r.kind == kind for r in mine)
        row[f"seconds_{way}"] = sum(r.duration or 0 for r in mine if r.kind == 1)
        row[f"callbacks_{way}"] = sum(
            any(m.start < r.start <= m.start + HOUR for r in mine if r.kind in (1, 2)) for m in theirs if m.kind == 3
        )
    walls = Counter((r.start + timedelta(minutes=r.zone_offset)) for r in records)
    hours = Counter({w: 0 for w in range(HOURS)})
    for wall, times in walls.items():
        hours[wall.weekday() * 24 + wall.hour] += times
    starts = [r.start for r in records]
    return {**row, "first": min(starts), "last": max(starts), "hours": [hours[h] for h in range(HOURS)]}


# Moments at, just before and just after the window's edges and the hour of a call-back.
moments = st.one_of(
    st.sampled_from([BEGIN, END, BEGIN - timedelta(microseconds=1), END - timedelta(microseconds=1)]),
    st.builds(
        lambda hours, rest: BEGIN + hours * HOUR + timedelta(microseconds=rest),
        st.integers(0, 170),
        st.sampled_from([-1, 0, 1, 3_600_000_000 - 1]),
    ),
    st.integers(0, 7200).map(lambda seconds: BEGIN + timedelta(days=1, seconds=seconds)),
)
contacts = st.builds(
    Contact,
    a=st.sampled_from(NUMBERS),
    b=st.sampled_from(NUMBERS),
    kind=st.sampled_from([0, 1, 1, 2, 3, 3, 4]),
    start=moments,
    duration=st.none() | st.integers(0, 4000),
    zone_offset=st.sampled_from([0, 180, -570, 345]),
)
# Hypothesis favours short lists; long ones have the ties, the hubs and the pairs with many kinds of record.
numbered = st.one_of(st.lists(contacts, max_size=20), st.lists(contacts, min_size=25, max_size=40)).map(
    lambda found: [c._replace(record_id=i) for i, c in enumerate(found)]
)
seed_lists = st.lists(st.sampled_from([*NUMBERS, "+4915112345678"]), min_size=1, max_size=3, unique=True)
hop_counts = st.integers(0, 4)
limits = st.integers(1, 5)


def traced(records: Sequence[Contact], seeds: Sequence[str], **scope: Any) -> TracedGraph:
    return trace(FakeStore(records), authorise(*seeds, **scope), MemoryLog(), detail=Detail.CALLS)


@settings(max_examples=60, deadline=None)
@given(numbered, seed_lists, hop_counts, limits)
def test_the_traced_graph_is_that_of_the_naive_twin(
    records: list[Contact], seeds: list[str], hops: int, limit: int
) -> None:
    hop, sizes, hubs, pairs = naive(records, seeds, BEGIN, END, hops, limit)
    graph = traced(records, seeds, hops=hops, hub_limit=limit)

    expected = sorted((h, n, n in seeds, n in hubs if h < hops else None, sizes.get(n)) for n, h in hop.items())
    rows = graph.vertices.to_pylist()
    assert [(r["hop"], r["vertex"], r["seed"], r["hub"], r["contacts"]) for r in rows] == expected
    absent = {n for n, size in sizes.items() if size == 0}
    shown = {r["vertex"] for r in rows if r["holders"] == ["own"]}
    assert shown == (set(hop) - absent if hops else set())

    assert graph.pairs.to_pylist() == [
        {"a": a, "b": b, "holder": "own", **naive_features(a, found)} for (a, b), found in sorted(pairs.items())
    ]
    assert graph.events is not None
    events = sorted(
        (r for found in pairs.values() for r in found), key=lambda r: (r.start, r.a, r.b, r.kind, r.record_id)
    )
    assert [(e["start"], e["a"], e["b"], e["kind"], e["record_id"]) for e in graph.events.to_pylist()] == [
        (r.start, r.a, r.b, r.kind, r.record_id) for r in events
    ]

    bound = graph.bound
    assert bound.numbers_by_hop == tuple(sum(at == h for at in hop.values()) for h in range(hops + 1))
    assert (bound.pairs, bound.hubs, bound.hub_seeds) == (len(pairs), len(hubs), len(hubs & set(seeds)))
    assert bound.absent_seeds == len(absent)


@settings(max_examples=12, deadline=None)
@given(numbered, seed_lists, hop_counts, limits, st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(
    records: list[Contact], seeds: list[str], hops: int, limit: int, random: Any
) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)
    one, two = (traced(rows, seeds, hops=hops, hub_limit=limit) for rows in (records, shuffled))
    assert (one.vertices, one.pairs, one.events, one.header()) == (two.vertices, two.pairs, two.events, two.header())


@settings(max_examples=12, deadline=None)
@given(numbered, seed_lists, hop_counts, limits)
def test_fewer_hops_never_bring_more_numbers(records: list[Contact], seeds: list[str], hops: int, limit: int) -> None:
    names = [
        set(traced(records, seeds, hops=h, hub_limit=limit).vertices["vertex"].to_pylist()) for h in (hops, hops + 1)
    ]
    assert names[0] <= names[1]


@settings(max_examples=12, deadline=None)
@given(numbered, seed_lists, hop_counts, st.integers(0, 168), st.integers(0, 168))
def test_a_narrower_window_never_brings_more_numbers(
    records: list[Contact], seeds: list[str], hops: int, one: int, two: int
) -> None:
    # No number can be a hub here. A hub in the wide window may be none in a narrow one, and is then passed.
    inner = {"begin": BEGIN + min(one, two) * HOUR, "end": BEGIN + max(one, two) * HOUR}
    wide = traced(records, seeds, hops=hops, hub_limit=len(NUMBERS))
    narrow = traced(records, seeds, hops=hops, hub_limit=len(NUMBERS), **inner)
    assert set(narrow.vertices["vertex"].to_pylist()) <= set(wide.vertices["vertex"].to_pylist())


@settings(max_examples=12, deadline=None)
@given(numbered, seed_lists, hop_counts, limits)
def test_records_that_stand_twice_change_no_vertex(
    records: list[Contact], seeds: list[str], hops: int, limit: int
) -> None:
    twice = [*records, *(r._replace(record_id=r.record_id + 1000) for r in records)]
    one, two = (traced(rows, seeds, hops=hops, hub_limit=limit) for rows in (records, twice))
    assert one.vertices == two.vertices
    assert one.bound == two.bound


@settings(max_examples=12, deadline=None)
@given(numbered, seed_lists, hop_counts, limits)
def test_counting_alone_gives_the_bound_of_the_trace(
    records: list[Contact], seeds: list[str], hops: int, limit: int
) -> None:
    scope = authorise(*seeds, hops=hops, hub_limit=limit)
    graph = traced(records, seeds, hops=hops, hub_limit=limit)
    assert count(FakeStore(records), scope, MemoryLog()) == graph.bound
    assert graph.bound.pairs == graph.pairs.num_rows
    assert graph.bound.numbers == graph.vertices.num_rows
