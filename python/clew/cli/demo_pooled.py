"""The graph that two stores would give as one, and what of a joint graph differs from it.

Only somebody who has both stores, and the table that turns pseudonyms back into numbers, can compare them: the demo,
whose records are made up, and the tests. The hub rule holds for each holder by itself: a number that is a hub in one
store is passed in the other (spec protocol 7.3). A number's contacts at the last hop are nobody's to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.chain.graph import HOURS, PAIRS, TracedGraph
from clew.joint.couples import FEATURES, Couples

__all__ = ["Comparison", "Pooled", "compare", "pooled"]

_FAR: Final = 127
"""The hop of a number that is not reached."""

_KEY: Final = ("a", "b", "holder")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Pooled:
    """The hop of every number inside the bound, and the pairs, one row for each holder (schema ``PAIRS``)."""

    hops: Mapping[str, int]
    pairs: pa.Table


@final
@dataclass(frozen=True, slots=True)
class Comparison:
    """How many numbers and pairs both graphs have, and how many are missing, too many, or different."""

    vertices: int  # in both, whatever their hop
    pairs: int  # in both, whatever their features
    missing_vertices: int
    extra_vertices: int
    other_hops: int
    missing_pairs: int
    extra_pairs: int
    other_features: int

    @property
    def differing(self) -> int:
        """In how many places the graphs differ."""
        return sum(count for _, count in self.differences())

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.differing == 0

    def differences(self) -> Iterable[tuple[str, int]]:
        """What may differ, in words, and in how many places it does."""
        yield "numbers are missing", self.missing_vertices
        yield "numbers are too many", self.extra_vertices
        yield "numbers have another hop", self.other_hops
        yield "pairs are missing", self.missing_pairs
        yield "pairs are too many", self.extra_pairs
        yield "pairs have other features", self.other_features


def pooled(holders: Mapping[str, Couples], seeds: Sequence[str], hops: int) -> Pooled:
    """The trace of all holders' couples as one store, from these seeds."""
    numbers = pc.unique(pa.chunked_array([*(one.numbers for one in holders.values()), pa.array(seeds, pa.string())]))
    ends = {name: _ends(one, numbers) for name, one in holders.items()}
    hop = np.full(len(numbers), _FAR, np.int8)
    hop[pc.index_in(pa.array(seeds, pa.string()), numbers).to_numpy()] = 0
    for level in range(hops):
        for owner, other, _ in ends.values():
            reached = other[hop[owner] == level]
            hop[reached] = np.minimum(hop[reached], level + 1)
    tables = []
    for name, one in holders.items():
        owner, _, couple = ends[name]
        kept = pa.array(np.unique(couple[hop[owner] < hops]))
        columns = {"a": one.numbers.take(pa.array(one.a)).take(kept), "b": one.numbers.take(pa.array(one.b)).take(kept)}
        columns |= {feature: one.features[feature].take(kept) for feature in FEATURES}
        columns["holder"] = pa.repeat(pa.scalar(name, pa.string()), len(kept))
        tables.append(pa.table([columns[field] for field in PAIRS.names], schema=PAIRS))
    inside = np.flatnonzero(hop < _FAR)
    return Pooled(
        dict(zip(numbers.take(pa.array(inside)).to_pylist(), hop[inside].tolist(), strict=True)),
        pa.concat_tables(tables),
    )


def compare(graph: TracedGraph, numbers: Mapping[str, str], expected: Pooled) -> Comparison:
    """Vertex for vertex, hop for hop, pair for pair, feature for feature; ``numbers`` are those of the pseudonyms.

    A vertex or pair that stands twice in the graph is too many.
    """
    rows = zip(_named(graph.vertices["vertex"], numbers).to_pylist(), graph.vertices["hop"].to_pylist(), strict=True)
    hops = dict(rows)
    common = hops.keys() & expected.hops.keys()
    pairs = _turned(graph.pairs, numbers)
    found, wanted = _places(pairs), _places(expected.pairs)
    both = sorted(found.keys() & wanted.keys())
    return Comparison(
        vertices=len(common),
        pairs=len(both),
        missing_vertices=len(expected.hops) - len(common),
        extra_vertices=graph.vertices.num_rows - len(common),
        other_hops=sum(hops[number] != expected.hops[number] for number in common),
        missing_pairs=len(wanted) - len(both),
        extra_pairs=pairs.num_rows - len(both),
        other_features=_different(
            pairs.take([found[key] for key in both]), expected.pairs.take([wanted[key] for key in both])
        ),
    )


def _ends(one: Couples, numbers: pa.Array) -> tuple[npt.NDArray[np.int64], ...]:
    """The couples seen from each end that is no hub: whose they are, the contact, and the couple's place."""
    place = pc.index_in(one.numbers, numbers).to_numpy().astype(np.int64)
    owner, other = np.concatenate([one.a, one.b]), np.concatenate([one.b, one.a])
    passed = ~one.hub[owner]
    couple = np.tile(np.arange(len(one.a)), 2)
    return place[owner[passed]], place[other[passed]], couple[passed]


def _named(column: pa.ChunkedArray, numbers: Mapping[str, str]) -> pa.Array:
    return pa.array([numbers.get(text, text) for text in column.to_pylist()], pa.string())


def _turned(pairs: pa.Table, numbers: Mapping[str, str]) -> pa.Table:
    """The pairs under their numbers, each with its ``a`` before its ``b``: a pseudonym may stand elsewhere."""
    a, b = _named(pairs["a"], numbers), _named(pairs["b"], numbers)
    turn = pc.greater(a, b)
    columns = {"a": pc.if_else(turn, b, a), "b": pc.if_else(turn, a, b)}
    for name in pairs.column_names:
        if name.endswith("_ab"):
            way, back = pairs[name], pairs[name.removesuffix("ab") + "ba"]
            columns[name] = pc.if_else(turn, back, way)
            columns[name.removesuffix("ab") + "ba"] = pc.if_else(turn, way, back)
    return pa.table([columns.get(name, pairs[name]) for name in PAIRS.names], schema=PAIRS)


def _places(pairs: pa.Table) -> dict[tuple[str, str, str], int]:
    keys = zip(*(pairs[name].to_pylist() for name in _KEY), strict=True)
    return {key: place for place, key in enumerate(keys)}


def _different(found: pa.Table, wanted: pa.Table) -> int:
    """How many rows of two tables of the same pairs, in the same order, have another feature."""
    other = np.zeros(found.num_rows, np.bool_)
    for name in FEATURES:
        if name == "hours":
            weeks = [np.asarray(pc.list_flatten(table[name])).reshape(-1, HOURS) for table in (found, wanted)]
            other |= (weeks[0] != weeks[1]).any(axis=1)
        else:
            other |= np.asarray(pc.not_equal(found[name], wanted[name]))
    return int(other.sum())
