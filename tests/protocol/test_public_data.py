"""VAST 2008 and Copenhagen, split between two stores in several ways: the joint graph is the pooled one.

Every half is a file of its own, imported as an operator would import it; what a party brings to the trace is what its
node would read of its store.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clew.chain.graph import Detail, TracedGraph
from clew.chain.trace import trace
from clew.joint import tracer
from clew.joint.couples import Couples
from clew.joint.messages import Offer
from clew.node.window import read_window
from clew.records.importer import import_files
from clew.records.layouts import find_profile
from clew.records.store import Store
from clew.warrants.authorisation import Budgets
from tests.chain_cases import MemoryLog, authorise
from tests.protocol.parties import (
    NOW,
    PLENTY,
    STRICT,
    TRACER,
    Dice,
    Pair,
    Window,
    near,
    pooled,
    shortest,
    strict,
    terms,
    traced,
)
from tests.protocol.test_equality import compare, in_the_clear
from tests.shared_data import shared


@dataclass(frozen=True)
class Line:
    """A line of a file, and whose call it is."""

    file: str
    text: str
    caller: str
    called: str


@dataclass(frozen=True)
class Data:
    """A data set: its files and the layout of each, which columns hold the parties, and what is asked of it."""

    layouts: dict[str, str]
    parties: tuple[int, int]
    window: Window
    seeds: tuple[str, ...]
    hops: int
    hub_limit: int

    def lines(self) -> tuple[Line, ...]:
        """Every line of every file but its header."""
        found = []
        for file in self.layouts:
            for text in shared(file).read_text("utf-8").splitlines()[1:]:
                a, b = (text.split(",")[at] for at in self.parties)
                found.append(Line(file, text, a, b))
        return tuple(found)

    def store(self, folder: Path, lines: Sequence[Line]) -> Store:
        """A store of these lines."""
        files = []
        folder.mkdir()
        for file, layout in self.layouts.items():
            header = shared(file).read_text("utf-8").splitlines()[0]
            path = folder / Path(file).name
            path.write_text("\n".join([header, *(line.text for line in lines if line.file == file)]) + "\n")
            files.append((path, find_profile(layout, []).profile))
        import_files(folder / "store", files, clock=lambda: NOW)
        return Store.open(folder / "store")


VAST = Data(
    {"vast2008_mc3/CellPhoneCallRecords.csv": "vast2008"},
    (0, 1),
    (datetime(2006, 6, 1, tzinfo=UTC), datetime(2006, 6, 11, tzinfo=UTC)),
    ("id:vast2008:200", "id:vast2008:5"),
    hops=2,
    hub_limit=40,
)
COPENHAGEN = Data(
    {"copenhagen/calls.csv": "copenhagen-calls", "copenhagen/sms.csv": "copenhagen-sms"},
    (1, 2),
    (datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 2, 1, tzinfo=UTC)),
    ("id:copenhagen:300", "id:copenhagen:512"),
    hops=3,
    hub_limit=12,
)
COUNTED = tuple(f"{name}_{way}" for name in ("calls", "messages", "missed", "seconds") for way in ("ab", "ba"))
each_data = pytest.mark.parametrize("data", [VAST, COPENHAGEN], ids=["vast", "copenhagen"])

Halves = tuple[list[Line], list[Line]]


def half(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] < 128


def by_call(lines: Sequence[Line]) -> Halves:
    """Each record in one store, whoever calls."""
    mine = [half(f"{at}") for at in range(len(lines))]
    return [n for n, m in zip(lines, mine, strict=True) if m], [n for n, m in zip(lines, mine, strict=True) if not m]


def by_number(lines: Sequence[Line]) -> Halves:
    """Two countries; a cross-border call is in the caller's store only."""
    return [n for n in lines if half(n.caller)], [n for n in lines if not half(n.caller)]


def doubled(lines: Sequence[Line]) -> Halves:
    """Two countries; a cross-border call is in both stores."""
    at_home = [half(n.caller) or half(n.called) for n in lines]
    abroad = [not (half(n.caller) and half(n.called)) for n in lines]
    return [n for n, m in zip(lines, at_home, strict=True) if m], [n for n, m in zip(lines, abroad, strict=True) if m]


def by_call_doubled(lines: Sequence[Line]) -> Halves:
    """Each record in one store, and one in four in both."""
    stores = [(half(f"{at}"), half(f"both {at}") and half(f"again {at}")) for at in range(len(lines))]
    return (
        [line for line, (mine, both) in zip(lines, stores, strict=True) if mine or both],
        [line for line, (mine, both) in zip(lines, stores, strict=True) if not mine or both],
    )


Split = Callable[[Sequence[Line]], Halves]


def window_of(store: Store, data: Data, hub_limit: int) -> Couples:
    """What a node would read of its store."""
    started = tracer.offer(terms(hub_limit, data.window), TRACER, Couples.none(), Dice("window").given())
    assert isinstance(started.message, Offer)
    return read_window(store, started.message, "a node", MemoryLog(), lambda: NOW)  # type: ignore[arg-type]


def split_stores(folder: Path, data: Data, split: Split, hub_limit: int) -> dict[str, Couples]:
    halves = zip(("iq", "fr"), split(data.lines()), strict=True)
    return {name: window_of(data.store(folder / name, lines), data, hub_limit) for name, lines in halves}


def traced_over(parties: dict[str, Couples], data: Data, budgets: Budgets = PLENTY) -> Pair:
    return traced(*parties.values(), data.seeds, data.hops, budgets, data.hub_limit, data.window)


@each_data
@pytest.mark.parametrize("split", [by_call, by_call_doubled, by_number, doubled])
def test_the_joint_graph_of_public_data_is_the_pooled_one(tmp_path: Path, data: Data, split: Split) -> None:
    parties = split_stores(tmp_path, data, split, data.hub_limit)
    graph = in_the_clear(traced_over(parties, data))
    assert graph.bound.numbers > 50
    compare(graph, parties, pooled(parties, data.seeds, data.hops), data.hops)


@each_data
def test_where_no_number_is_a_hub_the_graph_is_that_of_one_store_with_every_record(tmp_path: Path, data: Data) -> None:
    """No naive twin here: the other graph is what ``clew trace`` finds in a store that both halves went into."""
    data = replace(data, hops=2, hub_limit=1_000)
    begin, end = data.window
    scope = authorise(*data.seeds, hops=2, hub_limit=1_000, begin=begin, end=end)
    whole = trace(data.store(tmp_path / "whole", data.lines()), scope, MemoryLog(), detail=Detail.COARSE)
    graph = in_the_clear(traced_over(split_stores(tmp_path, data, by_call, data.hub_limit), data))
    assert graph.bound.numbers > 50
    assert hops_of(graph) == hops_of(whole)
    assert counts_of(graph) == counts_of(whole)


def hops_of(graph: TracedGraph) -> dict[str, int]:
    return {row["vertex"]: row["hop"] for row in graph.vertices.to_pylist()}


def counts_of(graph: TracedGraph) -> dict[tuple[str, str], Counter[str]]:
    """Calls, messages and seconds of each pair, of all holders together."""
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in graph.pairs.to_pylist():
        found[row["a"], row["b"]].update({name: row[name] for name in COUNTED if row[name]})
    return dict(found)


@each_data
def test_a_strict_trace_of_doubled_border_calls_misses_what_calls_at_home_alone_lead_to(
    tmp_path: Path, data: Data
) -> None:
    """Both stores hold every call across the border. What a strict trace lacks lies behind somebody whom only the
    tracer's own records led to in time: a row of the holder was never asked for; nothing else is missing."""
    parties = split_stores(tmp_path, data, doubled, data.hub_limit)
    found, every = strict(parties, data.seeds, data.hops), pooled(parties, data.seeds, data.hops)
    compare(in_the_clear(traced_over(parties, data, STRICT)), parties, found, data.hops)
    missing = every.pairs - found.pairs
    assert missing
    own, theirs = near(parties["iq"]), near(parties["fr"])
    unasked = {number for number, at in every.hop.items() if at < data.hops and number in theirs} - found.looked
    assert unasked
    assert {pair[2] for pair in missing if not {*pair[:2]} & unasked} <= {"iq"}, "a pair of a row that was asked for"
    known = {number for number in unasked if number in found.hop}
    led_to = {other for number, at in found.hop.items() if at < data.hops for other in own.get(number, ())}
    assert known <= led_to, "a number that an opened row led to was not asked for"
    opened = {number: theirs[number] for number in (found.looked | unasked) & set(theirs)}
    assert shortest(own, opened, data.seeds, data.hops) == every.hop


@each_data
def test_a_strict_trace_is_the_pooled_one_if_the_holder_has_every_call(tmp_path: Path, data: Data) -> None:
    def tracers_callers(lines: Sequence[Line]) -> Halves:
        return [line for line in lines if half(line.caller)], list(lines)

    data = replace(data, hops=2, hub_limit=500)
    parties = split_stores(tmp_path, data, tracers_callers, data.hub_limit)
    graph = in_the_clear(traced_over(parties, data, STRICT))
    compare(graph, parties, pooled(parties, data.seeds, data.hops), data.hops)
