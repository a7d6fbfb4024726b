"""Traced graphs for tests of step 5, built naively from a list of contacts; an oracle shares no code with the trace."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from clew.chain.graph import EVENTS, HOURS, PAIRS, VERTICES, Bound, Detail, Scope, TracedGraph

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = {1: "calls", 2: "messages", 3: "missed", 4: "forwarded"}

Contact = tuple[str, str, datetime, int]
"""A-number, B-number, start, kind (1 voice, 2 message, 3 missed, 4 forwarded)."""


def call(a: str, b: str, minutes: float, kind: int = 1) -> Contact:
    """A contact so many minutes after ``BEGIN``."""
    return a, b, BEGIN + timedelta(minutes=minutes), kind


def trace(
    contacts: Iterable[Contact],
    seeds: Sequence[str],
    *,
    hops: int = 2,
    hub_limit: int = 200,
    window: tuple[datetime, datetime] | None = None,
    holder: str = "us",
    detail: Detail = Detail.CALLS,
) -> TracedGraph:
    """The traced graph of one holder's contacts (spec graph 1)."""
    begin, end = window or (BEGIN - timedelta(days=3650), BEGIN + timedelta(days=3650))
    rows = [(c, number) for number, c in enumerate(contacts) if begin <= c[2] < end and c[0] != c[1]]
    around: dict[str, set[str]] = defaultdict(set)
    for (a, b, _, _), _ in rows:
        around[a].add(b)
        around[b].add(a)
    hop, frontier = dict.fromkeys(seeds, 0), list(seeds)
    for distance in range(1, hops + 1):
        reached = {w for v in frontier if len(around[v]) <= hub_limit for w in around[v]} - hop.keys()
        hop.update(dict.fromkeys(reached, distance))
        frontier = sorted(reached)
    inner = {v for v, h in hop.items() if h < hops and len(around[v]) <= hub_limit}
    kept = [(c, number) for c, number in rows if c[0] in inner or c[1] in inner]
    return assemble(kept, hop, around, seeds, hops, hub_limit, begin, end, holder, detail)


def assemble(
    kept: Sequence[tuple[Contact, int]],
    hop: dict[str, int],
    around: dict[str, set[str]],
    seeds: Sequence[str],
    hops: int,
    hub_limit: int,
    begin: datetime,
    end: datetime,
    holder: str,
    detail: Detail,
) -> TracedGraph:
    """The tables of spec graph 2 to 4."""
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    for (a, b, start, kind), _ in kept:
        key = (min(a, b), max(a, b))
        pair = pairs.setdefault(
            key, dict.fromkeys(PAIRS.names, 0) | {"first": start, "last": start, "hours": [0] * HOURS}
        )
        pair[f"{NAMES[kind]}_{'ab' if a == key[0] else 'ba'}"] += 1
        pair["first"], pair["last"] = min(pair["first"], start), max(pair["last"], start)
        pair["hours"][start.weekday() * 24 + start.hour] += 1
    for (a, b), pair in pairs.items():
        pair.update(a=a, b=b, holder=holder)
    vertices = [
        {
            "vertex": v,
            "hop": h,
            "seed": v in seeds,
            "hub": None if h == hops else len(around[v]) > hub_limit,
            "contacts": None if h == hops else len(around[v]),
            "holders": [holder] if around[v] else [],
        }
        for v, h in sorted(hop.items(), key=lambda item: (item[1], item[0]))
    ]
    events = [
        {"a": a, "b": b, "holder": holder, "start": s, "zone_offset": 0, "kind": k, "duration": 60, "record_id": n}
        for (a, b, s, k), n in sorted(kept, key=lambda row: (row[0][2], row[0][0], row[0][1], row[0][3], row[1]))
    ]
    by_hop = tuple(sum(h == distance for h in hop.values()) for distance in range(hops + 1))
    hubs = [v["vertex"] for v in vertices if v["hub"]]
    return TracedGraph(
        scope=Scope("test", "0" * 64, 1, begin, end, hops, hub_limit),
        bound=Bound(by_hop, len(pairs), len(hubs), sum(s in hubs for s in seeds), sum(not around[s] for s in seeds)),
        detail=detail,
        vertices=pa.Table.from_pylist(vertices, VERTICES),
        pairs=pa.Table.from_pylist([pairs[key] for key in sorted(pairs)], PAIRS),
        events=pa.Table.from_pylist(events, EVENTS) if detail is Detail.CALLS else None,
    )


def vast(path: Path) -> list[Contact]:
    """The contacts of VAST 2008, as ``id:vast2008:N``."""
    with path.open(encoding="utf-8") as file:
        return [
            (
                f"id:vast2008:{row['From']}",
                f"id:vast2008:{row['To']}",
                datetime.strptime(row["Datetime"], "%Y%m%d %H%M").replace(tzinfo=UTC),
                1,
            )
            for row in csv.DictReader(file)
        ]
