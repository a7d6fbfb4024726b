"""What the tracer has found so far: vertices by name or number, edges out of opened rows, hops (spec protocol 7.1).

A vertex is a whole number: the tracer's own numbers come first, in the order of its couples; then seeds that occur in
none of its records; then pseudonyms in the order in which their names were answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.joint.couples import Couples
from clew.joint.group import Array
from clew.joint.rows import Entries, joined

__all__ = ["FAR", "NOBODY", "UNNAMED", "Found", "Named", "Vertices", "pseudonym"]

Vertices = npt.NDArray[np.int64]

FAR: Final = 127
"""The hop of a vertex that is not reached."""

UNNAMED: Final = -1
"""The contact of an entry whose name was not answered yet."""

NOBODY: Final = -2
"""The contact of an entry that a holder made of the identity: nobody's number, asked about like any other."""

_NAME: Final = 32
_IDENTITY: Final = bytes(_NAME)


def pseudonym(name: bytes) -> str:
    """How a vertex whose number is not known is called."""
    return "p:" + name.hex()


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Named:
    """The names of a list: those that differ, in the order in which they first stand, and which of them stands at each
    place. Most are repeated, in lists of tens of thousands."""

    distinct: tuple[bytes, ...]
    which: Vertices

    @classmethod
    def of(cls, points: Array) -> Named:
        """The names that are the rows of an array."""
        data = pa.py_buffer(np.ascontiguousarray(points))
        found = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_NAME), len(points), [None, data]).dictionary_encode()
        whole = found.dictionary.buffers()[1].to_pybytes()
        distinct = tuple(whole[at : at + _NAME] for at in range(0, _NAME * len(found.dictionary), _NAME))
        return cls(distinct, found.indices.to_numpy().astype(np.int64))

    def at(self, places: Vertices) -> Named:
        """The names at some places."""
        which = self.which[places]
        kept, first, back = np.unique(which, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(kept), np.int64)
        rank[order] = np.arange(len(kept))
        return Named(tuple(self.distinct[one] for one in kept[order].tolist()), rank[back])

    def vertices(self, known: Mapping[bytes, int]) -> Vertices:
        """The vertex at each place; ``NOBODY`` where the name is not known."""
        found = np.fromiter((known.get(name, NOBODY) for name in self.distinct), np.int64, len(self.distinct))
        return found[self.which]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Found:
    """Own couples, names, and the edges that opened rows gave.

    ``owner``, ``contact`` and ``entries`` have one element for each entry of an opened row; ``contact`` is
    ``UNNAMED`` until its name was answered. ``looked`` are the vertices whose row was asked for, ``opened`` those that
    have one.
    """

    own: Couples
    seeds: Vertices
    others: tuple[str, ...]
    names: Mapping[bytes, int]
    owner: Vertices = field(default_factory=lambda: np.zeros(0, np.int64))
    contact: Vertices = field(default_factory=lambda: np.zeros(0, np.int64))
    entries: Entries = field(default_factory=lambda: joined([]))
    looked: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()

    @classmethod
    def start(cls, own: Couples, seeds: Sequence[str]) -> Found:
        """Nothing but the seeds, in the warrant's order, and the tracer's own records."""
        places: list[int] = []
        others: list[str] = []
        for seed in seeds:
            place = own.place(seed)
            if place is None:
                place = len(own.numbers) + len(others)
                others.append(seed)
            places.append(place)
        return cls(own, np.array(places, np.int64), tuple(others), {})

    @property
    def size(self) -> int:
        """How many vertices have a number here, reached or not."""
        return len(self.own.numbers) + len(self.others)

    def text(self, vertex: int) -> str:
        """The number of a vertex, or its pseudonym."""
        own = len(self.own.numbers)
        return str(self.own.numbers[vertex].as_py()) if vertex < own else self.others[vertex - own]

    def hops(self, most: int) -> npt.NDArray[np.int8]:
        """The hop of every vertex within ``most``, ``FAR`` elsewhere; each holder's hub rule by itself."""
        hop = np.full(self.size, FAR, np.int8)
        hop[self.seeds] = 0
        own = len(self.own.numbers)
        known = np.flatnonzero(self.contact >= 0)
        owner, contact = self.owner[known], self.contact[known]
        for level in range(most):
            here = np.flatnonzero(hop[:own] == level)
            places, _ = self.own.adjacency.of(here[~self.own.hub[here]])
            near = np.concatenate([self.own.adjacency.other[places], contact[hop[owner] == level]])
            hop[near[hop[near] > level + 1]] = level + 1
        return hop

    def identified(self, vertices: Vertices, names: Sequence[bytes]) -> Found:
        """The same with the names of vertices that the tracer knows already."""
        return replace(self, names={**self.names, **dict(zip(names, vertices.tolist(), strict=True))})

    def named(self, edges: Vertices, names: Named) -> Found:
        """The same with the contacts of ``edges`` named; names that were not known become new vertices."""
        known = dict(self.names)
        first = self.size
        for name in names.distinct:
            if name != _IDENTITY:
                known.setdefault(name, first + len(known) - len(self.names))
        fresh = [pseudonym(name) for name in islice(known, len(self.names), None)]
        contact = self.contact.copy()
        contact[edges] = names.vertices(known)
        return replace(self, names=known, others=(*self.others, *fresh), contact=contact)

    def with_rows(self, asked: Vertices, vertices: Vertices, sizes: Vertices, entries: Entries) -> Found:
        """The same with the rows of ``vertices`` opened, after those of ``asked`` were asked for: row after row,
        ``entries`` holds as many of each as ``sizes`` says."""
        owner = np.repeat(vertices, sizes)
        return replace(
            self,
            owner=np.concatenate([self.owner, owner]),
            contact=np.concatenate([self.contact, np.full(len(owner), UNNAMED)]),
            entries=joined([self.entries, entries]),
            looked=self.looked | set(asked.tolist()),
            opened=self.opened | set(vertices.tolist()),
        )

    def undeclared(self, hop: int, most: int) -> tuple[Vertices, Vertices]:
        """Own vertices reached by hop ``hop`` whose row nobody asked for, and the own couple that led to each."""
        reached = self.hops(most)
        own = np.flatnonzero(reached[: len(self.own.numbers)] <= hop)
        own = own[~np.isin(own, np.fromiter(self.looked, np.int64, len(self.looked)))]
        adjacency = self.own.adjacency
        before = np.flatnonzero((reached[: len(self.own.numbers)] < hop) & ~self.own.hub)
        places, whose = adjacency.of(before)
        leads = np.isin(adjacency.other[places], own) & (reached[whose] + 1 == reached[adjacency.other[places]])
        vertices, first = np.unique(adjacency.other[places][leads], return_index=True)
        return vertices, adjacency.couple[places][leads][first]
