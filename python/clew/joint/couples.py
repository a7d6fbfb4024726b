"""What a party's own records say inside the window: its numbers, its couples, their features (spec protocol 4.3).

Both roles start from the same table: the traced graph of one hop from all numbers of the window, made by the node
out of its own store. The holder seals it into a snapshot; the tracer commits to it and walks through it in the clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.chain.graph import PAIRS, TracedGraph

__all__ = ["FEATURES", "Adjacency", "Couples", "Integers"]

Integers = npt.NDArray[np.integer[Any]]
"""A one-dimensional array of whole numbers."""

FEATURES: Final = tuple(name for name in PAIRS.names if name not in ("a", "b", "holder"))


@final
@dataclass(frozen=True, slots=True)
class Adjacency:
    """Contacts of each number that is no hub: those of number ``i`` stand from ``begin[i]`` to ``begin[i + 1]``.

    ``forward`` says that the number is the couple's ``a``.
    """

    begin: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    couple: npt.NDArray[np.int64]
    forward: npt.NDArray[np.bool_]

    def of(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The places of all contacts of ``numbers``, and beside each whose contact it is."""
        sizes = self.begin[numbers + 1] - self.begin[numbers]
        ends = np.cumsum(sizes)
        places = np.arange(int(sizes.sum()), dtype=np.int64)
        places += np.repeat(self.begin[numbers] - (ends - sizes), sizes)
        return places, np.repeat(numbers, sizes)


@final
@dataclass(frozen=True, eq=False)
class Couples:
    """Numbers in order of code point with their distinct contacts, and couples ``a < b`` as places of numbers.

    ``features`` has the columns ``FEATURES`` of a traced graph, one row a couple; a couple of two hubs is not in it.
    ``identity`` is the SHA-256 (hex) of the store; ``events`` are the single contacts, where they are at hand.
    """

    numbers: pa.Array
    contacts: npt.NDArray[np.int64]
    hub: npt.NDArray[np.bool_]
    a: npt.NDArray[np.int64]
    b: npt.NDArray[np.int64]
    features: pa.Table
    identity: str
    events: pa.Table | None = None

    def __repr__(self) -> str:
        return f"Couples(numbers={len(self.numbers)}, couples={len(self.a)})"

    @classmethod
    def of(cls, graph: TracedGraph) -> Couples:
        """The couples of a graph of one hop whose seeds are all numbers of the window."""
        if graph.scope.hops != 1 or any(graph.bound.numbers_by_hop[1:]) or len(graph.stores) > 1:
            raise ValueError("couples come out of one store, by one hop from all its numbers")
        seen = graph.vertices.filter(pc.greater(graph.vertices["contacts"], 0))
        numbers = seen["vertex"].combine_chunks()
        found = cls(
            numbers=numbers,
            contacts=seen["contacts"].to_numpy().astype(np.int64),
            hub=seen["hub"].to_numpy().astype(np.bool_),
            a=pc.index_in(graph.pairs["a"], numbers).to_numpy().astype(np.int64),
            b=pc.index_in(graph.pairs["b"], numbers).to_numpy().astype(np.int64),
            features=graph.pairs.select(list(FEATURES)).combine_chunks(),
            identity=graph.stores[0][1] if graph.stores else "0" * 64,
            events=graph.events,
        )
        _ = found.adjacency  # kept there: both roles need it, and later the partner waits
        return found

    @classmethod
    def none(cls) -> Couples:
        """No records at all: what a tracer without records of its own has."""
        empty = PAIRS.empty_table().select(list(FEATURES))
        nothing = np.zeros(0, np.int64)
        return cls(pa.array([], pa.string()), nothing, nothing.astype(np.bool_), nothing, nothing, empty, "0" * 64)

    @cached_property
    def adjacency(self) -> Adjacency:
        """The couples seen from each end that is no hub."""
        count = len(self.a)
        owner = np.concatenate([self.a, self.b])
        other = np.concatenate([self.b, self.a])
        couple = np.concatenate([np.arange(count), np.arange(count)]).astype(np.int64)
        forward = np.arange(2 * count) < count
        kept = np.flatnonzero(~self.hub[owner])
        kept = kept[np.lexsort((other[kept], owner[kept]))]
        begin = np.searchsorted(owner[kept], np.arange(len(self.numbers) + 1)).astype(np.int64)
        return Adjacency(begin, other[kept], couple[kept], forward[kept])

    def place(self, number: str) -> int | None:
        """Where a number stands, or ``None``."""
        found = pc.index(self.numbers, value=pa.scalar(number, pa.string())).as_py()
        return None if found < 0 else int(found)
