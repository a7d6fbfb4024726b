"""A joint trace of three hops between two running nodes, proofs on, from the warrant to the traced graph.

Two processes as ``clew node serve`` runs them, on loopback, over TLS with signed messages, every step durable before
it is answered. The contact graph is :mod:`bench.contact_graph`'s; the seed is the number, of 200 drawn, from which the
fewest numbers are reached that are at least as many as the ancestor's published trace had.

*Seconds of a trace* run from the tracer's log entry ``joint.started`` (warrant verified, snapshot checked against its
root, nothing sent) to ``joint.traced`` (every answer checked, the graph known and durable). They hold the seeds'
seals, recognition of own numbers, every hop's lists, names and rows, all proofs made and checked, rows opened, both
databases, logs and networks. They do not hold what is done once, before a seed is named: reading the window, making
the snapshot and sending it, which stand apart, and hiding the own numbers for recognition; nor reading the snapshot
from the disk.

All records at the holder, then split: every number is a customer of one of two services, and a contact stands in the
records of its ends' services, once or in both. Sizes must be those of a pooled trace that is computed beside them.

The ancestor is Segal, Feigenbaum and Ford, "Privacy-Preserving Lawful Contact Chaining" (WPES 2016): 27,338 results of
three hops in 110 s on 32 threads; its published code, run again, does 92 results a second on two cores of a Zen 5, at
3.96 ms of a core each.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench import Context, Figure
from bench.contact_graph import BEGIN, END, HUB_LIMIT, ContactGraph, Reached, draw
from bench.libsodium import Yardstick
from clew import _core as core
from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.effects import system_clock, system_randomness
from clew.node.asking import ask_node
from clew.node.drafting import drafted
from clew.node.identity import Card, read_settings, set_up
from clew.node.peers import Peers
from clew.warrants.authorisation import Budgets
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Holder, policy_toml

NUMBERS, PAIRS = 150_000, 2_000_000
LEAST_VERTICES = 27_338
HOPS = 3
GRAPH_SEED = 1
TARGETS: Final = {"ifma": 2.0, "portable": 6.0}
ANCESTOR_CORE = 3.96e-3  # seconds of a core for a result of the ancestor's code, on the Zen 5 of the targets
MOST_BYTES = 1024
BUDGETS = Budgets(numbers=200_000, items=1 << 20, rows=1 << 18, declared=1 << 17, recognised=200_000)
_KEYS = [SigningKey.generate(system_randomness) for _ in range(2)]
_JUDGES = [Holder(f"Judge of {side}", "judge", key.public, side) for side, key in zip("ab", _KEYS, strict=True)]
_PASSPHRASE = "passphrase of a benchmark"
_NAMES = ("Tracer", "Holder")
_LOOK = 0.005


@dataclass
class Server:
    """One node: a folder with store, policy and node; and its process."""

    folder: Path
    name: str
    process: subprocess.Popen[str] | None = None

    @classmethod
    def make(cls, folder: Path, name: str, store: Path) -> Server:
        """A node of a store, not running."""
        folder.mkdir(parents=True)
        (folder / "policy.toml").write_text(policy_toml(_JUDGES, 2, []))
        (folder / "passphrase").write_text(_PASSPHRASE)
        (folder / "passphrase").chmod(0o600)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            where = f"127.0.0.1:{found.getsockname()[1]}"
        set_up(folder / "n", name, where, store, folder / "policy.toml", _PASSPHRASE, system_randomness)
        return cls(folder, name)

    @property
    def log(self) -> Path:
        """The log of the node's only trace."""
        return CaseFolder(self.folder / "n" / "cases" / "1-benchmark").log_path

    @property
    def card(self) -> bytes:
        """The card that partners pin."""
        return read_settings(self.folder / "n").card

    def kept(self, name: str) -> dict[str, Any]:
        """What ``bench.joint_node`` measured of something that is made once."""
        found: dict[str, Any] = json.loads((self.folder / "kept" / f"{name}.json").read_text())
        return found

    def serve(self, backend: str, *, keep: bool) -> None:
        """Start the process; with ``keep`` it may be started again elsewhere (:func:`again`)."""
        command = [sys.executable, "-m", "bench.joint_node"]
        places = [self.folder / "kept", self.folder / "n", self.folder / "passphrase", *(["keep"] if keep else [])]
        environment = {**os.environ, "CLEW_BACKEND": backend}
        with (self.folder / "stderr").open("a") as errors:
            self.process = subprocess.Popen(
                [*command, *map(str, places)], stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
            )
        assert self.process.stdout is not None
        if not self.process.stdout.readline().startswith("Serving"):
            raise AssertionError((self.folder / "stderr").read_text())

    def stop(self) -> None:
        """End the process."""
        if self.process is not None and self.process.stdout is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process.stdout.close()
            self.process = None

    def ask(self, what: str, **arguments: Any) -> Any:
        """What the node answers to a command of its own people."""
        return ask_node(self.folder / "n", {"do": what, "case": "1", **arguments})

    def entries(self) -> list[dict[str, Any]]:
        """The trace's log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def processor(self) -> float:
        """Seconds of a core that the process has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Traced:
    """A trace that was done."""

    seconds: float
    recognising: float  # of them, until the first list was made
    processor: tuple[float, float]  # of the tracer, of the holder
    numbers: tuple[int, ...]  # by hop
    items: int  # on the lists, filled up
    spent: dict[str, int]
    sizes: dict[str, int]  # bytes by kind of message
    checking: float  # from the command to the first message: the snapshot read and checked

    @property
    def vertices(self) -> int:
        """All numbers that were reached."""
        return sum(self.numbers)


@contextmanager
def serving(pair: tuple[Server, Server], backend: str, *, keep: bool = False) -> Iterator[None]:
    """Both nodes run."""
    try:
        for one in pair:
            one.serve(backend, keep=keep)
        yield
    finally:
        for one in pair:
            one.stop()


def commit(pair: tuple[Server, Server]) -> tuple[float, dict[str, Any]]:
    """Offer, acceptance, commitments, and the snapshot sent; its seconds on the way, and the terms for the warrant."""
    tracer, holder = pair
    terms = {"case": "benchmark", "stage": 1, "begin": BEGIN.isoformat(), "end": END.isoformat()}
    terms |= {"hub_limit": HUB_LIMIT, "auditor": bytes(range(32)).hex()}
    ask_node(tracer.folder / "n", {"do": "open", "partner": holder.name, "terms": terms})
    _until(lambda: any(one["state"] == "offered" for one in ask_node(holder.folder / "n", {"do": "list"})))
    holder.ask("accept")
    _until(lambda: _has(tracer, "joint.committed"))
    begin = time.perf_counter()
    _until(lambda: (tracer.folder / "n" / "snapshots" / "1.snapshot").exists())
    return time.perf_counter() - begin, tracer.ask("terms")


def papers(folder: Path, terms: dict[str, Any], seed: str) -> tuple[Path, list[list[str]]]:
    """The signed warrant in a file, and its seed with what blinds it."""
    now = system_clock().replace(microsecond=0)
    warrant, shares = drafted(
        terms,
        [seed],
        system_randomness(32),
        hops=HOPS,
        budgets=BUDGETS,
        issued=now - timedelta(hours=1),
        expires=now + timedelta(days=1),
        authority="Benchmark",
        legal_basis="Synthetic records",
        purpose="Measure how long a trace takes.",
    )
    file = folder / "warrant.json"
    file.write_bytes(sign(warrant.encode(), *_KEYS))
    return file, [[share.number, share.secret.hex()] for share in shares]


def trace(pair: tuple[Server, Server], warrant: Path, seeds: list[list[str]], reached: Reached) -> Traced:
    """The trace under a warrant; ``AssertionError`` unless it reaches what ``reached`` says."""
    tracer, holder = pair
    holder.ask("start", warrant=str(warrant), seeds=[])
    begin = system_clock()
    starting = threading.Thread(target=tracer.ask, args=("start",), kwargs={"warrant": str(warrant), "seeds": seeds})
    starting.start()
    _until(lambda: _has(tracer, "joint.started"))
    before = [one.processor() for one in pair]
    _until(lambda: _has(tracer, "joint.traced"))
    after = [one.processor() for one in pair]
    starting.join()
    entries = {entry["kind"]: entry for entry in reversed(tracer.entries())}
    at = {kind: datetime.fromisoformat(entry["at"]) for kind, entry in entries.items()}
    receipt = tracer.ask("status")["receipt"]
    numbers = read_graph(CaseFolder.open(Path(tracer.ask("result")["folder"]))).bound.numbers_by_hop
    if numbers != reached.numbers:
        raise AssertionError(f"the joint trace reaches {numbers}, the pooled one {reached.numbers}")
    sizes: dict[str, int] = {}
    for message in receipt["messages"]:
        sizes[message["kind"]] = sizes.get(message["kind"], 0) + message["size"]
    spent = receipt["answered"]
    return Traced(
        seconds=(at["joint.traced"] - at["joint.started"]).total_seconds(),
        recognising=(at["joint.asked"] - at["joint.started"]).total_seconds(),
        processor=(after[0] - before[0], after[1] - before[1]),
        numbers=numbers,
        items=spent["items"] + spent["declared"],
        spent=spent,
        sizes=sizes,
        checking=(at["joint.started"] - begin).total_seconds(),
    )


def _has(server: Server, kind: str) -> bool:
    return server.log.exists() and f'"kind":"{kind}"' in server.log.read_text()


def _until(true: Any, seconds: float = 300) -> None:
    end = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > end:
            raise AssertionError("the nodes do not come to an end")
        time.sleep(_LOOK)


def again(pair: tuple[Server, Server], folder: Path) -> tuple[Server, Server]:
    """The two nodes as they stand now, to be started once more from here; snapshots are linked."""
    copies = []
    for one in pair:
        copied = folder / one.name
        shutil.copytree(one.folder, copied, copy_function=_linked, ignore=shutil.ignore_patterns("*.sock"))
        copies.append(Server(copied, one.name))
    return copies[0], copies[1]


def _linked(source: str, target: str) -> None:
    if source.endswith((".snapshot", ".clew", ".pickle")):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@dataclass(frozen=True)
class Layout:
    """Where the records are: the services of each node."""

    name: str
    tracer: tuple[int, ...]
    holder: tuple[int, ...]


ALONE = Layout("all at the holder", (), (0, 1))
SPLIT = Layout("split", (0,), (1,))
MULTIPLY: Final = "multiply"  # libsodium's call that a result is counted in


def measured(graph: ContactGraph, seed: int, layout: Layout, folder: Path, backends: list[str]) -> Iterator[Figure]:
    """The figures of one layout, on each backend, beside a multiplication by libsodium at that time."""
    pair = _made(graph, layout, folder)
    stores = tuple(graph.of(services) for services in (layout.tracer, layout.holder) if services)
    reached = graph.reached(seed, HOPS, stores)
    with serving(pair, backends[0], keep=len(backends) > 1):
        sending, terms = commit(pair)
        warrant, seeds = papers(folder, terms, str(graph.texts[seed]))
        copied = [again(pair, folder / backend) for backend in backends[1:]]
        yield from _snapshot_figures(layout, pair[1], sending)
        yardstick = Yardstick(MULTIPLY)
        with yardstick.beside():
            first = trace(pair, warrant, seeds, reached)
    yield from _figures(f"{backends[0]}: joint, {layout.name}", backends[0], first, reached, yardstick)
    for backend, other in zip(backends[1:], copied, strict=True):
        with serving(other, backend):
            yardstick = Yardstick(MULTIPLY)
            with yardstick.beside():
                found = trace(other, warrant, seeds, reached)
        yield from _figures(f"{backend}: joint, {layout.name}", backend, found, reached, yardstick)


def _made(graph: ContactGraph, layout: Layout, folder: Path) -> tuple[Server, Server]:
    """Both nodes, each with the other's card."""
    found = []
    for name, services, seed in ((_NAMES[0], layout.tracer, 2), (_NAMES[1], layout.holder, 3)):
        store = graph.store(folder / f"store-{name}", services, seed)
        found.append(Server.make(folder / name, name, store))
    for one, other in (found, found[::-1]):
        Peers(one.folder / "n").add(Card.parse(other.card), other.card)
    return found[0], found[1]


def _snapshot_figures(layout: Layout, holder: Server, sending: float) -> Iterator[Figure]:
    made, window = holder.kept("snapshot"), holder.kept("window")
    rate = made["entries"] / made["seconds"]
    note = f"{made['seconds']:.1f} s, {made['processor']:.1f} of a core; {made['rows']:,} rows, {made['entries']:,} "
    note += f"entries, {made['rows'] / made['seconds']:,.0f} rows a second; before it the window is read in "
    note += f"{window['seconds']:.1f} s; {made['memory'] / (1 << 30):.1f} GiB"
    yield Figure(f"joint, {layout.name}, snapshot entries made", rate, "/s", note)
    size = made["bytes"] / made["entries"]
    note = f"{made['bytes'] / 1e6:,.0f} MB, sent, written and synced in {sending:.1f} s"
    yield Figure(f"joint, {layout.name}, snapshot bytes an entry", size, "bytes", note)


def _figures(name: str, backend: str, found: Traced, reached: Reached, yardstick: Yardstick) -> Iterator[Figure]:
    frontier = 1 + sum(reached.contacts)
    own = f", {found.spent['recognised']:,} own numbers recognised in {found.recognising:.2f} s of it"
    note = f"{found.vertices:,} vertices; {frontier:,} frontier items, {found.items:,} with what fills the lists"
    note += own if found.spent["recognised"] else ""
    note += f"; {found.checking:.1f} s before it to read and check the snapshot"
    yield Figure(f"{name}, a trace", found.seconds, "s", note, most=TARGETS.get(backend))
    processor = sum(found.processor)
    note = f"{processor:.2f} s: tracer {found.processor[0]:.2f}, holder {found.processor[1]:.2f}; "
    note += f"{processor / found.vertices * 1e6:.0f} us a result, the ancestor's code {ANCESTOR_CORE * 1e6:,.0f}"
    rate = found.vertices / processor
    sodium, ratio = yardstick.costs(), None
    if isinstance(sodium, str):
        note += f"; {sodium}"
    else:
        ratio = rate * sodium[MULTIPLY]
        each = f"{sodium[MULTIPLY] * 1e6:.0f} us"
        note += f"; one result in the time of {1 / ratio:.1f} multiplications by libsodium ({each})"
    yield Figure(f"{name}, results a second a core", rate, "/s", note, ratio=ratio)
    recognition = sum(found.sizes.get(kind, 0) for kind in ("Recognise", "Recognised"))
    total = sum(found.sizes.values()) - recognition
    note = f"{total / 1e6:.1f} MB in all messages, {total / found.items:.0f} an item with what fills the lists"
    note += f"; recognition {recognition / 1e6:.1f} MB more" if recognition else ""
    yield Figure(f"{name}, traffic an item", total / frontier, "bytes", note, most=MOST_BYTES)


def run(context: Context) -> list[Figure]:
    """Both layouts on the vector core and, where all records are at the holder, on the portable one."""
    scale = min(1.0, context.rows / 10_000_000)
    numbers, pairs = (max(least, int(scale * full)) for least, full in ((3_000, NUMBERS), (20_000, PAIRS)))
    graph = draw(numbers, pairs, GRAPH_SEED)
    seed = graph.seed(LEAST_VERTICES if context.full else numbers // 20, HOPS, GRAPH_SEED)
    best = core.backends()[0]
    both = [best, "portable"] if best != "portable" else [best]
    folder = context.folder / "joint"
    figures = list(measured(graph, seed, ALONE, folder / "alone", both))
    shutil.rmtree(folder / "alone")
    figures += measured(graph, seed, SPLIT, folder / "split", both if context.whole_peers else both[:1])
    shutil.rmtree(folder / "split")
    return figures
