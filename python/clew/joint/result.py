"""The traced graph out of what the tracer found: the same tables as a solo trace (spec protocol 7.2, spec graph)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.chain.graph import HOURS, PAIRS, VERTICES, Bound, Detail, Scope, TracedGraph
from clew.joint.found import FAR, Found, Vertices

__all__ = ["Holders", "traced_graph"]

_TURNED: Final = ("calls", "messages", "missed", "forwarded", "seconds", "callbacks")


@final
@dataclass(frozen=True, slots=True)
class Holders:
    """What the two holders are called in the tables, and the digests of what was read."""

    tracer: str
    holder: str
    stores: tuple[tuple[str, str], ...]


def traced_graph(found: Found, scope: Scope, holders: Holders, unmasked: Mapping[int, str]) -> TracedGraph:
    """The graph inside the bound; ``unmasked`` are the numbers of vertices that were unmasked."""
    hop = found.hops(scope.hops)
    inside = np.flatnonzero(hop < FAR)
    texts = _texts(found, unmasked)
    rank = np.zeros(found.size, np.int64)
    rank[pc.sort_indices(texts).to_numpy()] = np.arange(found.size)
    own, own_ends = _own_pairs(found, hop, scope.hops, holders.tracer, texts)
    theirs, their_ends = _holder_pairs(found, hop, scope.hops, holders.holder, texts, rank)
    pairs = pa.concat_tables([own, theirs]).sort_by([(name, "ascending") for name in ("a", "b", "holder")])
    vertices = _vertices(found, hop, inside, scope.hops, holders, texts, (own_ends, their_ends))
    distinct = np.unique(np.sort(np.concatenate([own_ends, their_ends]), axis=1), axis=0)
    return TracedGraph(
        scope=scope,
        bound=_bound(vertices, len(distinct), scope.hops),
        detail=Detail.COARSE,
        vertices=vertices,
        pairs=pairs.combine_chunks(),
        events=None,
        stores=holders.stores,
    )


def _texts(found: Found, unmasked: Mapping[int, str]) -> pa.Array:
    others = list(found.others)
    for vertex, number in unmasked.items():
        if vertex >= len(found.own.numbers):
            others[vertex - len(found.own.numbers)] = number
    return pa.concat_arrays([found.own.numbers, pa.array(others, pa.string())])


def _own_pairs(
    found: Found, hop: npt.NDArray[np.int8], hops: int, holder: str, texts: pa.Array
) -> tuple[pa.Table, Vertices]:
    own = found.own
    a, b = own.a, own.b
    passed = (hop[: len(own.numbers)] < hops) & ~own.hub
    kept = np.flatnonzero(passed[a] | passed[b])
    columns: dict[str, Any] = {name: own.features[name].take(pa.array(kept)) for name in own.features.column_names}
    columns |= {"a": texts.take(pa.array(a[kept])), "b": texts.take(pa.array(b[kept]))}
    columns["holder"] = pa.repeat(pa.scalar(holder, pa.string()), len(kept))
    return _table(columns), np.stack([a[kept], b[kept]], axis=1)


def _holder_pairs(
    found: Found, hop: npt.NDArray[np.int8], hops: int, holder: str, texts: pa.Array, rank: Vertices
) -> tuple[pa.Table, Vertices]:
    """The holder's pairs: a couple whose both rows were opened stands in both, and is taken once."""
    edges = np.flatnonzero((found.contact >= 0) & (found.contact != found.owner) & (hop[found.owner] < hops))
    owner, contact = found.owner[edges], found.contact[edges]
    turn = rank[owner] > rank[contact]
    a, b = np.where(turn, contact, owner), np.where(turn, owner, contact)
    _, first = np.unique(np.stack([a, b], axis=1), axis=0, return_index=True)
    kept, a, b, turn = edges[first], a[first], b[first], turn[first]
    every = found.entries
    every_turn = np.zeros(len(every), np.bool_)
    every_turn[kept] = turn
    fixed = every.turned(every_turn)[kept]
    columns: dict[str, Any] = {}
    for name in _TURNED:
        for theirs, way in (("out", "ab"), ("in", "ba")):
            kind = PAIRS.field(f"{name}_{way}").type
            columns[f"{name}_{way}"] = pa.array(fixed[f"{name}_{theirs}"].astype(np.int64)).cast(kind)
    for name in ("first", "last"):
        columns[name] = pa.array(fixed[name].astype(np.int64)).cast(PAIRS.field(name).type)
    columns["hours"] = pa.FixedSizeListArray.from_arrays(pa.array(every.week()[kept].ravel()), HOURS)
    columns |= {"a": texts.take(pa.array(a)), "b": texts.take(pa.array(b))}
    columns["holder"] = pa.repeat(pa.scalar(holder, pa.string()), len(kept))
    return _table(columns), np.stack([a, b], axis=1)


def _table(columns: Mapping[str, Any]) -> pa.Table:
    return pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)


def _vertices(
    found: Found,
    hop: npt.NDArray[np.int8],
    inside: Vertices,
    hops: int,
    holders: Holders,
    texts: pa.Array,
    ends: tuple[Vertices, Vertices],
) -> pa.Table:
    """Every vertex in the order (hop, text). A hub, as far as the tracer can tell (spec 7.3)."""
    own = len(found.own.numbers)
    opened = _mask(found.size, found.opened)
    shown = np.zeros(found.size, np.bool_)
    shown[found.contact[found.contact >= 0]] = True
    mine = np.zeros(found.size, np.int64)
    mine[:own] = found.own.contacts
    theirs = np.bincount(found.owner, minlength=found.size)
    own_hub = np.zeros(found.size, np.bool_)
    own_hub[:own] = found.own.hub
    hub = own_hub | (_mask(found.size, found.looked) & ~opened & shown)
    last = hop == hops
    at_tracer, at_holder = (_mask(found.size, np.unique(pair).tolist()) for pair in ends)
    at_tracer |= (mine > 0) & ~last
    at_holder |= opened & ~last
    order = inside[np.lexsort((_ranks(texts, inside), hop[inside]))]
    named = sorted([(holders.tracer, at_tracer), (holders.holder, at_holder)], key=lambda one: one[0])
    lists = [[name for name, at in named if at[vertex]] for vertex in order.tolist()]
    nobody_looked = pa.array(last[order])
    columns = [
        texts.take(pa.array(order)),
        pa.array(hop[order]),
        pa.array(hop[order] == 0),
        pc.if_else(nobody_looked, pa.scalar(None, pa.bool_()), pa.array(hub[order])),
        pc.if_else(
            nobody_looked, pa.scalar(None, pa.int32()), pa.array(np.maximum(mine, theirs)[order].astype(np.int32))
        ),
        pa.array(lists, VERTICES.field("holders").type),
    ]
    return pa.table(columns, schema=VERTICES)


def _ranks(texts: pa.Array, some: Vertices) -> Vertices:
    taken = texts.take(pa.array(some))
    ranks = np.zeros(len(some), np.int64)
    ranks[pc.sort_indices(taken).to_numpy()] = np.arange(len(some))
    return ranks


def _mask(size: int, places: Any) -> npt.NDArray[np.bool_]:
    found = np.zeros(size, np.bool_)
    found[np.fromiter(places, np.int64)] = True
    return found


def _bound(vertices: pa.Table, pairs: int, hops: int) -> Bound:
    hop = vertices["hop"].to_numpy()
    hub = pc.fill_null(vertices["hub"], False).to_numpy()
    absent = pc.equal(pc.list_value_length(vertices["holders"]), 0).to_numpy()
    return Bound(
        numbers_by_hop=tuple(int(n) for n in np.bincount(hop, minlength=hops + 1)),
        pairs=pairs,
        hubs=int(hub.sum()),
        hub_seeds=int((hub & (hop == 0)).sum()),
        absent_seeds=int((absent & (hop == 0)).sum()),
    )
