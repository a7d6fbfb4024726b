"""A traced graph out of one store, under one authorisation (``spec/graph.md``).

The bound is counted hop by hop before a single feature is computed: one step looks up the contacts of a hop's
numbers, one finds the numbers of the next hop. A hub's contacts are counted, and which they are is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, final

import numpy as np
import pyarrow as pa

from clew.audit.log import Entry, Log, Value
from clew.audit.refusals import refusals_logged
from clew.chain.graph import (
    DEFAULT_HOLDER,
    EVENTS,
    HOURS,
    PAIRS,
    VERTICES,
    Bound,
    Detail,
    Scope,
    TracedGraph,
    check_holder,
)
from clew.chain.reading import Records, reading
from clew.effects import NoProgress, Progress
from clew.engine import Engine
from clew.errors import Refused, StorageError
from clew.numbers import party_key
from clew.records.schema import RecordKind
from clew.warrants.authorisation import Authorisation

__all__ = ["Walk", "count", "trace"]

_HOP_FIELDS = ("hop_zero", "hop_one", "hop_two", "hop_three", "hop_four", "hop_five", "hop_six", "hop_seven")


_FEW_HOPS = 2
"""So many look-ups run on one thread: starting others costs more than they save. The third may be of thousands."""

_COUNTED = (
    ("calls", RecordKind.VOICE),
    ("messages", RecordKind.MESSAGE),
    ("missed", RecordKind.MISSED),
    ("forwarded", RecordKind.FORWARDED),
)


def count(records: Records, authorisation: Authorisation, log: Log, *, progress: Progress | None = None) -> Bound:
    """How much lies inside the bound, without tracing it; logged as ``records.read`` and ``trace.bound``.

    A bound above the budget is counted like any other: only :func:`trace` refuses it.
    """
    with _walk(records, authorisation, log, progress or NoProgress()) as walk:
        return walk.bound


def trace(
    records: Records,
    authorisation: Authorisation,
    log: Log,
    *,
    holder: str = DEFAULT_HOLDER,
    detail: Detail = Detail.COARSE,
    announce: Callable[[Bound], None] | None = None,
    progress: Progress | None = None,
) -> TracedGraph:
    """The traced graph of a solo trace. ``announce`` hears the bound once it is logged, before anything else is done.

    Raises ``Refused``: ``trace.over-budget`` where the bound holds more numbers than the warrant allows (with the
    count, and nothing is cut off to make it fit), ``warrant.expired``, ``warrant.blinded-seeds``.
    """
    check_holder(holder)
    with _walk(records, authorisation, log, progress or NoProgress()) as walk:
        if announce is not None:
            announce(walk.bound)
        _require_within_budget(walk.bound, authorisation, log)
        return walk.graph(authorisation, records.identity, holder, detail)


def _require_within_budget(bound: Bound, authorisation: Authorisation, log: Log) -> None:
    allowed = authorisation.remaining.numbers
    if bound.numbers <= allowed:
        return
    with refusals_logged(log, "trace.refused", {}):
        raise Refused(
            "trace.over-budget",
            f"{bound.numbers:,} numbers lie inside the bound, and the warrant allows {allowed:,}",
            mend="Nothing was traced. Ask for fewer hops, a shorter window, a lower hub limit or a larger budget.",
            counts={"numbers": bound.numbers, "allowed": allowed},
        )


@contextmanager
def _walk(records: Records, authorisation: Authorisation, log: Log, progress: Progress) -> Iterator[Walk]:
    """A walk whose bound is counted and logged."""
    authorisation.require_live()
    seeds = authorisation.clear_seeds()
    with reading(records, authorisation, log, "trace") as engine:
        walk = Walk(engine, authorisation, seeds, progress)
        log.commit(Entry("trace.bound", _bound_body(walk.bound, authorisation)))
        yield walk


def _bound_body(bound: Bound, authorisation: Authorisation) -> dict[str, Value]:
    by_hop = dict(zip(_HOP_FIELDS, bound.numbers_by_hop, strict=False))
    return {
        "warrant": authorisation.digest,
        "stage": authorisation.stage,
        "hops": authorisation.hops,
        "numbers": bound.numbers,
        **by_hop,
        "pairs": bound.pairs,
        "hubs": bound.hubs,
        "hub_seeds": bound.hub_seeds,
        "absent_seeds": bound.absent_seeds,
        "allowed": authorisation.remaining.numbers,
        "within": bound.numbers <= authorisation.remaining.numbers,
    }


@final
class Walk:
    """Chaining over the views ``incidence`` and ``parties`` of one engine: the bound first, then the graph."""

    bound: Final[Bound]

    def __init__(
        self, engine: Engine, authorisation: Authorisation, seeds: tuple[str, ...], progress: Progress
    ) -> None:
        """Counts the bound (spec graph 1)."""
        self._engine = engine
        self._progress = progress
        self._hops = authorisation.hops
        self._hub_limit = authorisation.hub_limit
        self._window = {"begin": authorisation.begin, "end": authorisation.end}
        columns = {
            "key": pa.array([party_key(seed) for seed in seeds], pa.int64()),
            "text": pa.array(seeds, pa.string()),
        }
        engine.register("seeds", pa.table(columns))
        self.bound = self._count()

    def _count(self) -> Bound:
        engine = self._engine
        engine.run("chain", "begin")
        self._progress.begin("counting the bound", self._hops, "hops")
        for hop in range(self._hops):
            if hop == _FEW_HOPS:
                engine.run("chain", "all_threads")
            engine.run("chain", "look_up", {"hop": hop, "hub_limit": self._hub_limit, **self._window})
            engine.run("chain", "next_hop", {"hop": hop})
            self._progress.advance(1)
        self._progress.end()
        by_hop = engine.table("chain", "bound", {"hub_limit": self._hub_limit}).to_pylist()
        numbers = {row["hop"]: row["numbers"] for row in by_hop}
        seeds = by_hop[0]
        return Bound(
            numbers_by_hop=tuple(numbers.get(hop, 0) for hop in range(self._hops + 1)),
            pairs=engine.value("chain", "count_pairs"),
            hubs=sum(row["hubs"] for row in by_hop),
            hub_seeds=seeds["hubs"],
            absent_seeds=seeds["numbers"] - seeds["seen"] if self._hops else 0,
        )

    def graph(self, authorisation: Authorisation, store: str, holder: str, detail: Detail) -> TracedGraph:
        """The graph inside the bound (spec graph 2 to 4); ``store`` is the identity of the records read."""
        engine = self._engine
        self._progress.begin("tracing", 3 + (detail is Detail.CALLS), "steps")
        engine.run("chain", "names")
        vertices = self._vertices(holder)
        self._progress.advance(1)
        engine.run("chain", "pairs")
        engine.run("chain", "contacts", self._window)
        self._progress.advance(1)
        pairs = self._pairs(holder)
        self._progress.advance(1)
        events = self._events(holder) if detail is Detail.CALLS else None
        self._progress.end()
        scope = Scope.of(authorisation)
        return TracedGraph(scope, self.bound, detail, vertices, pairs, events, stores=((holder, store),))

    def _vertices(self, holder: str) -> pa.Table:
        found = self._engine.table("chain", "vertices", {"hops": self._hops, "hub_limit": self._hub_limit})
        if found["vertex"].null_count:
            raise StorageError(
                "graph.name-missing",
                f"the store has no text for {found['vertex'].null_count} of the numbers in its records",
                mend="Its index does not belong to its imports: rebuild the index.",
            )
        seen = found["seen"].to_numpy().astype(np.int32)
        offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(seen, dtype=np.int32)])
        holders = pa.ListArray.from_arrays(pa.array(offsets), pa.array([holder] * int(seen.sum()), pa.string()))
        columns = [found[name].combine_chunks() for name in VERTICES.names[:-1]]
        return pa.Table.from_arrays([*columns, holders], schema=VERTICES)

    def _pairs(self, holder: str) -> pa.Table:
        engine = self._engine
        ends = engine.table("chain", "pair_names")
        columns = _tallied(engine.table("chain", "tally"), ends.num_rows)
        columns |= {"a": ends["a"].combine_chunks(), "b": ends["b"].combine_chunks()}
        columns["holder"] = _constant(holder, ends.num_rows)
        answered = engine.table("chain", "callbacks")
        for name in ("callbacks_ab", "callbacks_ba"):
            counted = np.zeros(ends.num_rows, np.int32)
            counted[answered["pair"].to_numpy()] = answered[name].to_numpy()
            columns[name] = pa.array(counted)
        return pa.Table.from_arrays([columns[name] for name in PAIRS.names], schema=PAIRS)

    def _events(self, holder: str) -> pa.Table:
        found = self._engine.table("chain", "events")
        columns = {name: found[name].combine_chunks() for name in found.column_names}
        columns["holder"] = _constant(holder, found.num_rows)
        columns["start"] = columns["start"].cast(EVENTS.field("start").type)
        return pa.Table.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)


def _tallied(tally: pa.Table, pairs: int) -> dict[str, Any]:
    """The columns of ``PAIRS`` that are sums, first and last, out of one row for each (pair, kind, way, hour)."""
    row, kind, ab, hour, contacts, seconds, first, last = (column.to_numpy() for column in tally.columns)
    columns: dict[str, Any] = {}
    for way, chosen in (("ab", ab), ("ba", ~ab)):
        for name, number in _COUNTED:
            mine = chosen & (kind == number)
            columns[f"{name}_{way}"] = _summed(row[mine], contacts[mine], pairs, np.int32)
        answered = chosen & (kind == RecordKind.VOICE)
        columns[f"seconds_{way}"] = _summed(row[answered], seconds[answered], pairs, np.int64)
    week = _summed(row.astype(np.int64) * HOURS + hour, contacts, pairs * HOURS, np.int32)
    columns["hours"] = pa.FixedSizeListArray.from_arrays(week, HOURS)
    earliest = np.full(pairs, np.iinfo(np.int64).max)
    latest = np.full(pairs, np.iinfo(np.int64).min)
    np.minimum.at(earliest, row, first)
    np.maximum.at(latest, row, last)
    moment = PAIRS.field("first").type
    return columns | {"first": pa.array(earliest).cast(moment), "last": pa.array(latest).cast(moment)}


def _summed(places: Any, values: Any, length: int, kind: type) -> pa.Array:
    """An array of ``length`` in which every value is added at its place."""
    sums: Any = np.zeros(length, kind)
    np.add.at(sums, places, values)
    return pa.array(sums)


def _constant(text: str, length: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), length)
