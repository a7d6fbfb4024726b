"""The traced graph as arrays: every number an index, every pair once, holders never added up (spec findings 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from clew.chain.graph import TracedGraph

__all__ = ["Bools", "Contacts", "Events", "Floats", "Ints", "Matrix", "read_contacts"]

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Matrix = Any  # scipy.sparse.csr_array of float64

_COUNTS: Final = ("calls", "messages", "missed", "forwarded")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Events:
    """Contacts in time order. ``pair`` indexes the pairs; ``seconds`` counts whole seconds from the first one."""

    pair: Ints
    a: Ints  # index of the calling number
    b: Ints
    seconds: Floats
    record: Ints  # record identifier, -1 where it is the partner's


@final
@dataclass(frozen=True, slots=True, repr=False)
class Contacts:
    """Numbers 0 .. n-1 in code-point order of ``names``; pairs with ``left < right``.

    ``passable`` numbers are those that a walk may go through: not hubs. ``degree`` is the number of distinct contacts
    seen in this graph, ``volume`` the number of single contacts.
    """

    names: list[str]
    hop: Ints
    seed: Bools
    hub: Bools
    known_contacts: Ints  # distinct contacts in the window, -1 at the last hop, where nobody looked
    left: Ints
    right: Ints
    each: dict[str, Ints]  # calls, messages, missed, forwarded: both directions together
    count: Ints  # contacts of every kind
    callbacks: Ints
    first: Ints  # microseconds of the epoch
    last: Ints
    hours: Ints  # pairs x 168
    events: Events | None

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.names)

    @property
    def sources(self) -> Bools:
        """Seeds that give weight: they occur in records and are no hubs."""
        return self.seed & ~self.hub & (self.degree > 0)

    @property
    def degree(self) -> Ints:
        """Distinct contacts of every number in this graph."""
        return np.bincount(self.left, minlength=self.size) + np.bincount(self.right, minlength=self.size)

    @property
    def volume(self) -> Ints:
        """Single contacts of every number in this graph."""
        return self.sum_at_ends(self.count.astype(np.float64)).astype(np.int64)

    def sum_at_ends(self, values: Floats) -> Floats:
        """The sum of a pair quantity over the pairs of every number."""
        ends = np.bincount(self.left, values, self.size) + np.bincount(self.right, values, self.size)
        return np.asarray(ends, np.float64)

    def matrix(self, values: Floats) -> Matrix:
        """A pair quantity as a symmetric sparse matrix."""
        rows = np.concatenate([self.left, self.right])
        columns = np.concatenate([self.right, self.left])
        shape = (self.size, self.size)
        return sparse.csr_array((np.concatenate([values, values]), (rows, columns)), shape=shape)


def read_contacts(graph: TracedGraph) -> Contacts:
    """The arrays of a traced graph. The order of numbers is that of their names, whatever the order of the tables."""
    vertices = graph.vertices.combine_chunks().sort_by("vertex")
    names: list[str] = vertices["vertex"].to_pylist()
    index = pa.array(names, pa.string())
    left, right, first_row, table = _pairs(graph.pairs, index)
    count = dict.fromkeys(_COUNTS, np.zeros(len(left), np.int64))
    for name in _COUNTS:
        count[name] = _most(table, f"{name}_ab", first_row) + _most(table, f"{name}_ba", first_row)
    first, last = _microseconds(table["first"]), _microseconds(table["last"])
    hours = np.asarray(pc.list_flatten(table["hours"]).to_numpy(), np.int64).reshape(-1, 168)
    return Contacts(
        names=names,
        hop=_numbers(vertices["hop"]),
        seed=np.asarray(vertices["seed"].to_numpy(zero_copy_only=False), np.bool_),
        hub=np.asarray(pc.fill_null(vertices["hub"], False).to_numpy(zero_copy_only=False), np.bool_),
        known_contacts=_numbers(pc.fill_null(vertices["contacts"], -1)),
        left=left,
        right=right,
        each=count,
        count=np.sum(list(count.values()), axis=0, dtype=np.int64).reshape(len(left)),
        callbacks=_most(table, "callbacks_ab", first_row) + _most(table, "callbacks_ba", first_row),
        first=np.minimum.reduceat(first, first_row) if len(first) > len(left) else first,
        last=np.maximum.reduceat(last, first_row) if len(last) > len(left) else last,
        hours=np.maximum.reduceat(hours, first_row, axis=0) if len(hours) > len(left) else hours,
        events=_events(graph.events, index, left, right),
    )


def _pairs(pairs: pa.Table, index: pa.Array) -> tuple[Ints, Ints, Ints, pa.Table]:
    """Both ends of every pair, the row at which the pair begins, and the table sorted so that its holders follow."""
    table = pairs.combine_chunks()
    a, b = _positions(table["a"], index), _positions(table["b"], index)
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    begins = np.flatnonzero(np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]) if len(a) else np.zeros(0, np.int64)
    return a[begins], b[begins], begins, table.take(pa.array(order))


def _most(table: pa.Table, column: str, begins: Ints) -> Ints:
    """The largest value over the holders of each pair."""
    values = _numbers(table[column])
    return np.asarray(np.maximum.reduceat(values, begins), np.int64) if len(begins) else values


def _events(table: pa.Table | None, index: pa.Array, left: Ints, right: Ints) -> Events | None:
    if table is None:
        return None
    table = table.combine_chunks()
    a, b = _positions(table["a"], index), _positions(table["b"], index)
    size = len(index)
    pair_keys = left * size + right
    pair = np.searchsorted(pair_keys, np.minimum(a, b) * size + np.maximum(a, b))
    start = _microseconds(table["start"])
    record = _numbers(pc.fill_null(table["record_id"], -1))
    kept = _one_holder(a * size + b, table["holder"])
    origin = start.min() if len(start) else 0
    order = np.lexsort((record[kept], b[kept], a[kept], start[kept]))
    rows = kept[order]
    return Events(pair[rows], a[rows], b[rows], np.floor((start[rows] - origin) / 1e6), record[rows])


def _one_holder(directed: Ints, holders: pa.ChunkedArray) -> Ints:
    """The rows to keep: of each directed pair those of the holder that has most, at equality the first by name."""
    names = sorted(pc.unique(holders).to_pylist())
    if len(names) <= 1:
        return np.arange(len(directed))
    holder = _positions(holders, pa.array(names, pa.string()))
    group, member = np.unique(directed * len(names) + holder, return_inverse=True)
    rows = np.bincount(member, minlength=len(group))
    order = np.lexsort((group % len(names), -rows, group // len(names)))
    ordered = group[order] // len(names)
    best = order[np.r_[True, ordered[1:] != ordered[:-1]]]
    return np.flatnonzero(np.isin(member, best))


def _positions(column: pa.ChunkedArray, index: pa.Array) -> Ints:
    return _numbers(pc.index_in(column, value_set=index))


def _numbers(column: pa.ChunkedArray | pa.Array) -> Ints:
    return np.asarray(
        column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    ).astype(np.int64)


def _microseconds(column: pa.ChunkedArray) -> Ints:
    return _numbers(column.cast(pa.int64()))
