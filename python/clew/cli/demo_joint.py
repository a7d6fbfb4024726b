"""The demo's joint act: each service's node with its own records alone, one trace between them, and the comparison.

Everything goes through what ``clew node`` and ``clew case`` go through. Only at the end does the demo do what nobody
in a real case could: it opens both sides, with both passphrases, and compares the joint graph with the graph of both
stores as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final, final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.chain.graph import TracedGraph
from clew.cli.demo_folder import storage
from clew.cli.demo_nodes import Nodes, free_ports, room_for_sockets, running
from clew.cli.demo_pooled import Comparison, compare, pooled
from clew.cli.demo_steps import PASSPHRASE, Demo
from clew.durable import make_folder
from clew.errors import ClewError
from clew.joint import holder
from clew.joint.couples import Couples
from clew.joint.messages import Offer
from clew.node.desk import Desk
from clew.node.drafting import drafted, shares_file, verify_shares
from clew.node.identity import Card, open_identity, read_settings, set_up
from clew.node.peers import Peers
from clew.node.window import read_window
from clew.records.importer import import_files
from clew.records.store import Store
from clew.synth.layouts import FRENCH, IRAQI, Service
from clew.warrants.authorisation import Budgets
from clew.warrants.files import write_file
from clew.warrants.keyfile import seal_auditor_key
from clew.warrants.policy import Requirement, policy_toml

__all__ = ["BUDGETS", "HOLDER", "TRACER", "Joint", "require_agreement", "require_equal", "run_joint"]

TRACER: Final = IRAQI
HOLDER: Final = FRENCH
BUDGETS: Final = {"numbers": 10_000, "items": 200_000, "rows": 100_000, "declared": 10_000, "unmaskings": 10}
"""Of the joint warrant; how many numbers may be recognised follows from the tracer's commitment."""


@final
@dataclass(frozen=True, slots=True)
class Joint:
    """What the joint trace came to. ``sent`` and ``received`` are the tracer's messages and bytes, as both nodes'
    receipts have them."""

    tracer: str
    holder: str
    seeds: int
    graph: TracedGraph
    own: int  # vertices whose number the tracer knows
    pseudonyms: int
    records_sent: int  # by both
    sent: Mapping[str, Any]
    received: Mapping[str, Any]
    snapshot_bytes: int
    answered: Mapping[str, int]  # the holder's count, padding included
    comparison: Comparison
    beyond_one_store: int  # numbers that the demo's own trace of the same seeds, in one store, has not
    within_one_store: int  # numbers that only this trace has
    case: Path
    seconds: Mapping[str, float]


@final
@dataclass(frozen=True, slots=True)
class _Sides:
    """The folder of each service's node while it runs, and afterwards."""

    tracer: Path
    holder: Path

    @classmethod
    def beneath(cls, folder: Path) -> _Sides:
        return cls(folder / TRACER.name / "node", folder / HOLDER.name / "node")


def run_joint(demo: Demo) -> Joint:
    """Trace the scenario between two nodes from the seeds of the last stage, and compare; ``ClewError``
    ``demo.unequal`` if the graphs differ."""
    folder = demo.folder / "joint"
    names = (TRACER.name, HOLDER.name)
    watch = _Watch(demo)
    with storage(demo.folder):
        make_folder(folder)
    with room_for_sockets(folder, names) as room, ExitStack() as serving:
        sides = _Sides.beneath(room)
        with watch.part("keys"):
            _set_up(demo, folder, sides)
            nodes = serving.enter_context(running((sides.tracer, sides.holder), folder / "passphrase"))
        # While the nodes load; they read their stores when a trace is offered.
        with watch.part("nodes and stores"):
            _own_stores(demo, folder)
            nodes.wait()
        with watch.part("snapshot"):
            _committed(demo, folder, sides, nodes)
        with watch.part("hops"):
            receipts = _traced(demo, folder, sides, nodes)
    sides = _Sides.beneath(folder)
    case = sides.tracer / "cases" / Path(receipts[0]["folder"]).name
    with watch.part("comparison"):
        graph = read_graph(CaseFolder.open(case))
        own, theirs, numbers = _opened(demo, folder, sides, graph)
        expected = pooled({TRACER.name: own, HOLDER.name: theirs}, demo.traced.seeds, demo.traced.scope.hops)
        comparison = compare(graph, numbers, expected)
    require_equal(comparison)
    require_agreement(*(one["receipt"] for one in receipts))
    return _joint(demo, graph, receipts, comparison, set(expected.hops), case, watch.seconds)


@final
class _Watch:
    """Times the parts of the act, and shows which one runs."""

    def __init__(self, demo: Demo) -> None:
        self._progress = demo.progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Run what stands inside as a part of this name."""
        begin = monotonic()
        self._progress.begin(f"joint trace: {name}")
        try:
            yield
        finally:
            self._progress.end()
        self.seconds[name] = round(monotonic() - begin, 2)


def _own_stores(demo: Demo, folder: Path) -> None:
    """Each service's file in a store of its own: nothing of one side is ever in the other's."""
    for service in (TRACER, HOLDER):
        source = (demo.folder / service.file, service.profile())
        import_files(_store(folder, service), [source], clock=demo.clock, progress=demo.progress)


def _store(folder: Path, service: Service) -> Path:
    return folder / service.name / "store"


def _set_up(demo: Demo, folder: Path, sides: _Sides) -> None:
    """Both nodes with their passphrase, the policy that asks for a judge of each side, and each other's card."""
    policy = folder / "policy.toml"
    holders = demo.authorities()
    both = [Requirement(1, side=side) for side in sorted({holder.side for holder in holders})]
    write_file(policy, policy_toml(holders, len(both), both).encode())
    write_file(folder / "passphrase", PASSPHRASE.encode() + b"\n")
    cards: list[bytes] = []
    services = ((TRACER, sides.tracer), (HOLDER, sides.holder))
    for (service, node), port in zip(services, free_ports(len(services)), strict=True):
        where, store = f"127.0.0.1:{port}", _store(folder, service)
        make_folder(store.parent)
        make_folder(node.parent)
        set_up(node, service.name, where, store, policy, PASSPHRASE, demo.randomness)
        cards.append(read_settings(node).card)
    for node, card in ((sides.tracer, cards[1]), (sides.holder, cards[0])):
        Peers(node).add(Card.parse(card), card)


def _committed(demo: Demo, folder: Path, sides: _Sides, nodes: Nodes) -> None:
    """The offer, its acceptance, and the sealed snapshot: both sides commit before a warrant names a seed."""
    scope = demo.traced.scope
    auditor = X25519PrivateKey.from_private_bytes(demo.randomness(32))
    write_file(folder / "auditor.key", seal_auditor_key(auditor, PASSPHRASE, demo.randomness))
    terms = {
        "case": f"{scope.case}-joint",
        "stage": 1,
        "begin": scope.begin.isoformat(),
        "end": scope.end.isoformat(),
        "hub_limit": scope.hub_limit,
        "auditor": auditor.public_key().public_bytes_raw().hex(),
    }
    nodes.ask(sides.tracer, "open", partner=HOLDER.name, terms=terms)
    nodes.until(sides.holder, lambda one: one["state"] == "offered")
    nodes.ask(sides.holder, "accept", case="1")
    nodes.until(sides.tracer, lambda one: one["state"] == "committed" and one["snapshot"] == "whole")


def _traced(demo: Demo, folder: Path, sides: _Sides, nodes: Nodes) -> list[dict[str, Any]]:
    """The trace under its warrant; what both nodes say at the end, the tracer first."""
    warrant, seeds = _papers(demo, folder, nodes.ask(sides.tracer, "terms", case="1"))
    for node, shown in ((sides.holder, []), (sides.tracer, seeds)):
        nodes.ask(node, "start", case="1", warrant=str(warrant.resolve()), seeds=shown)
    nodes.until(sides.tracer, lambda one: one["state"] == "traced")
    # What a trace has found is in its case folder when its result is told, and not before.
    return [nodes.ask(sides.tracer, "result", case="1"), nodes.ask(sides.holder, "status", case="1")]


def _papers(demo: Demo, folder: Path, terms: Mapping[str, Any]) -> tuple[Path, list[list[str]]]:
    """The signed warrant, and the seeds with what blinds them; the judges look at these before they sign."""
    now = demo.clock().replace(microsecond=0)
    warrant, shares = drafted(
        terms,
        demo.traced.seeds,
        demo.randomness(32),
        hops=demo.traced.scope.hops,
        budgets=Budgets(**BUDGETS, recognised=terms["recognised"]),
        authority="Two judges of a synthetic scenario, one of each side",
        legal_basis="None: every number and every record of this scenario is synthetic",
        purpose="Show that two services find together what they would find in one store",
        issued=now,
        expires=now + timedelta(days=30),
    )
    shown = shares_file(terms["trace"], shares)
    write_file(folder / "joint-seeds.json", shown)
    verify_shares(warrant, shown)
    signed = folder / "joint-warrant.signed.json"
    write_file(signed, demo.signed(warrant.encode()))
    return signed, [[share.number, share.secret.hex()] for share in shares]


def _opened(demo: Demo, folder: Path, sides: _Sides, graph: TracedGraph) -> tuple[Couples, Couples, Mapping[str, str]]:
    """What each side's store has in the window, and the numbers behind the graph's pseudonyms.

    Only the holder's node can know those: it is taken up as after a restart, which makes every step again.
    """
    desk = Desk(open_identity(sides.holder, PASSPHRASE), demo.clock, demo.randomness)
    try:
        desk.resume()
        (one,) = desk.traces()
        if one.broken is not None:
            raise one.broken
        assert isinstance(one.state, holder.Finished)
        kept = one.state.kept
    finally:
        desk.close()
    vault, theirs, offer = kept.vault, kept.party.couples, kept.order.offer
    numbers: dict[str, str] = {}
    for vertex in graph.vertices["vertex"].to_pylist():
        if vertex.startswith("p:") and (place := vault.find(bytes.fromhex(vertex[2:]))) is not None:
            numbers[vertex] = vault.number(place)
    return _window(demo, folder, offer), theirs, numbers


def _window(demo: Demo, folder: Path, offer: Offer) -> Couples:
    log = FileLog(folder / "comparison.jsonl", demo.clock)
    return read_window(Store.open(_store(folder, TRACER)), offer, TRACER.name, log, demo.clock)


def _joint(
    demo: Demo,
    graph: TracedGraph,
    receipts: Sequence[Mapping[str, Any]],
    comparison: Comparison,
    numbers: set[str],
    case: Path,
    seconds: Mapping[str, float],
) -> Joint:
    vertices = graph.vertices["vertex"].to_pylist()
    pseudonyms = sum(vertex.startswith("p:") for vertex in vertices)
    mine, theirs = (one["receipt"] for one in receipts)
    return Joint(
        tracer=TRACER.name,
        holder=HOLDER.name,
        seeds=len(demo.traced.seeds),
        graph=graph,
        own=len(vertices) - pseudonyms,
        pseudonyms=pseudonyms,
        records_sent=mine["records_sent"] + theirs["records_sent"],
        sent=mine["sent"],
        received=mine["received"],
        snapshot_bytes=mine["snapshot_bytes"],
        answered=theirs["answered"],
        comparison=comparison,
        beyond_one_store=len(numbers - demo.traced.numbers),
        within_one_store=len(demo.traced.numbers - numbers),
        case=case,
        seconds=seconds,
    )


def require_agreement(tracer: Mapping[str, Any], holder: Mapping[str, Any]) -> None:
    """Return if both nodes' receipts say the same of what went between them; else ``ClewError``
    ``demo.receipts-differ``."""
    mirrored = {
        **{name: holder[name] for name in ("snapshot_bytes", "answered")},
        "sent": holder["received"],
        "received": holder["sent"],
        "records_sent": holder["records_received"],
        "records_received": holder["records_sent"],
    }
    if differing := [name for name, value in mirrored.items() if tracer[name] != value]:
        raise ClewError(
            "demo.receipts-differ",
            f"the receipts of the two nodes differ in {', '.join(differing)}",
            mend="This is a bug in Clew. Please report it with the seed and the number of people.",
        )


def require_equal(comparison: Comparison) -> None:
    """Return if nothing differs; else ``ClewError`` ``demo.unequal``, which is a bug in Clew, and says what."""
    if not comparison.equal:
        said = ", ".join(f"{count:,} {what}" for what, count in comparison.differences() if count)
        raise ClewError(
            "demo.unequal",
            f"the joint graph differs from the pooled one: {said}",
            mend="This is a bug in Clew. Please report it with the seed and the number of people.",
        )
