"""Two nodes on loopback, over real sockets, with real stores and signed warrants; for the tests of ``clew.node``."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from clew.chain.files import Documents
from clew.effects import Clock, Randomness, system_clock, system_randomness
from clew.joint.seeds import SeedShare
from clew.node.desk import Desk
from clew.node.drafting import drafted
from clew.node.identity import Card, Identity, open_identity, set_up
from clew.node.peers import Peers
from clew.node.runner import Node, append_part
from clew.node.running import Running
from clew.node.told import Nothing, Told, Wait
from clew.warrants.authorisation import Budgets
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Holder, policy_toml, read_policy
from tests.cli.tracing import make_store
from tests.warrants import EXPIRES, ISSUED, JUDGE, PARTNER

PASSPHRASE = "four random words here"
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
END = datetime(2026, 3, 9, tzinfo=UTC)
SEED, BRIDGE = "+9647901000001", "+33612000001"
AUDITOR = bytes(range(32)).hex()
JUDGES = [Holder("Judge", "judge", JUDGE.public, "iq"), Holder("Partner", "judge", PARTNER.public, "fr")]
BUDGETS = Budgets(numbers=10_000, items=100_000, rows=100_000, recognised=10_000, unmaskings=10)

Rows = list[tuple[str, str, datetime, int, str]]
Pair = TypeVar("Pair", bound="Two")


def call(a: str, b: str, minute: int = 0, kind: str = "voice") -> tuple[str, str, datetime, int, str]:
    return a, b, BEGIN + timedelta(hours=9, minutes=minute), 60, kind


BORDER = [call(SEED, BRIDGE), call(SEED, "+33612000002", 3, "message")]
OWN: Rows = [call(SEED, "+9647901000002", 5), call("+9647901000002", "+9647901000003", 7), *BORDER]
THEIRS: Rows = [
    call(BRIDGE, "+33612000003", 11),
    call("+33612000003", "+33612000004", 13),
    call("+33612000002", "+33612000003", 17, "missed"),
    call("+33612000009", "+33612000008", 19),
    *BORDER,
]
REACHED = 6
"""Vertices within two hops of the seed: it, two across the border, one and another at home, one abroad."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def make_node(folder: Path, name: str, rows: Rows) -> Identity:
    """A node with a store of these records, and the policy of both sides' judges."""
    folder.mkdir(parents=True)
    return node_over(folder, name, make_store(folder, rows))


def node_over(folder: Path, name: str, store: Path) -> Identity:
    """A node over a store that is there, with the policy of both sides' judges."""
    (folder / "policy.toml").write_text(policy_toml(JUDGES, 1, []))
    where = f"127.0.0.1:{free_port()}"
    set_up(folder / "node", name, where, store, folder / "policy.toml", PASSPHRASE, system_randomness)
    return open_identity(folder / "node", PASSPHRASE)


def pin(one: Identity, other: Identity) -> None:
    Peers(one.settings.folder).add(Card.parse(other.settings.card), other.settings.card)


@dataclass
class Side:
    """One node of a test: it can be started, stopped, and started again."""

    identity: Identity
    clock: Clock = system_clock
    randomness: Randomness = system_randomness
    notes: list[str] = field(default_factory=list)
    desk: Desk = field(init=False)
    node: Node = field(init=False)
    _task: asyncio.Task[None] | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self.desk = Desk(self.identity, self.clock, self.randomness)
        self.node = Node(self.desk, self.notes.append)
        self._stop = asyncio.Event()
        ready = asyncio.Event()
        self._task = asyncio.create_task(self.node.run(self._stop, ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    @property
    def one(self) -> Running:
        (found,) = self.desk.traces()
        return found

    async def until(self, state: str) -> Running:
        return await until(lambda: bool(self.desk.traces()) and self.one.row.state == state, self)


async def until(true: Callable[[], bool], side: Side, seconds: float = 30) -> Running:
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        if asyncio.get_running_loop().time() > end:
            said = [(one.row, one.trouble, one.broken, one.partner_says) for one in side.desk.traces()]
            raise AssertionError(f"waited in vain: {said} {side.notes}")
        await asyncio.sleep(0.02)
    return side.desk.traces()[-1]


@dataclass
class Two:
    """A tracer's and a holder's node."""

    tracer: Side
    holder: Side

    async def offered(self, case: str = "lantern-7") -> None:
        terms = {"case": case, "stage": 1, "begin": BEGIN, "end": END, "hub_limit": 200, "auditor": AUDITOR}
        await asyncio.to_thread(self.tracer.desk.open, "Holder", terms)
        await self.holder.until("offered")

    async def committed(self) -> None:
        await self.offered()
        await asyncio.to_thread(self.holder.one.accept)
        await self.tracer.until("committed")
        await until(lambda: self.tracer.one.snapshot_file.exists(), self.tracer)

    async def start(self, side: Side, warrant: bytes, shares: tuple[SeedShare, ...] = ()) -> None:
        await asyncio.to_thread(side.one.start, documents(side.desk, warrant), shares)

    async def traced(self) -> None:
        await self.committed()
        warrant, shares = papers(self.tracer.one.terms_document(), [SEED])
        await self.start(self.holder, warrant)
        await self.start(self.tracer, warrant, shares)
        await self.tracer.until("traced")


@asynccontextmanager
async def serving(pair: Pair) -> AsyncIterator[Pair]:
    """The same two nodes, running until the end of the block."""
    await pair.tracer.start()
    await pair.holder.start()
    try:
        yield pair
    finally:
        await pair.tracer.stop()
        await pair.holder.stop()


@asynccontextmanager
async def two(folder: Path, own: Rows = OWN, theirs: Rows = THEIRS) -> AsyncIterator[Two]:
    """Both nodes, running, each with the other's card."""
    a, b = make_node(folder / "a", "Tracer", own), make_node(folder / "b", "Holder", theirs)
    pin(a, b)
    pin(b, a)
    async with serving(Two(Side(a), Side(b))) as pair:
        yield pair


@cache
def _made() -> tuple[Identity, Identity]:
    """Two nodes whose cards are pinned; made once, and copied for each test."""
    folder = Path(tempfile.mkdtemp(prefix="clew-nodes"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    a, b = make_node(folder / "a", "Tracer", OWN), make_node(folder / "b", "Holder", THEIRS)
    pin(a, b)
    pin(b, a)
    return a, b


def copies(folder: Path) -> tuple[Identity, Identity]:
    """The two nodes, fresh, in folders of a test; their stores are shared, and their addresses."""
    found = []
    for one, name in zip(_made(), "ab", strict=True):
        shutil.copytree(one.settings.folder, folder / name)
        found.append(replace(one, settings=replace(one.settings, folder=folder / name)))
    return found[0], found[1]


@dataclass
class Desks:
    """Two nodes without sockets: what one has to send is handed to the other."""

    tracer: Desk
    holder: Desk
    sent: list[bytes] = field(default_factory=list)

    @property
    def a(self) -> Running:
        return self.tracer.traces()[-1]

    @property
    def b(self) -> Running:
        return self.holder.traces()[-1]

    def pass_on(self) -> Told | None:
        """Hand over what the tracer has to send, and the answer; returns what is not an answer."""
        while (data := self.a.outgoing) is not None:
            self.sent.append(data)
            told = self.holder.arrived(self.tracer.identity.card, data)
            if isinstance(told, Wait):
                return told
            if isinstance(told, Nothing):
                self.a.acknowledged()
            else:
                self.a.answered(told.data)
        return None

    def fetch(self) -> None:
        """Hand over the snapshot."""
        if self.a.wants_snapshot:
            data = self.holder.snapshot(self.tracer.identity.card, self.a.row.trace or b"")
            append_part(self.a, 0, len(data).to_bytes(8, "big") + data)

    def offered(self, case: str = "lantern-7") -> None:
        terms = {"case": case, "stage": 1, "begin": BEGIN, "end": END, "hub_limit": 200, "auditor": AUDITOR}
        self.tracer.open("Holder", terms)
        assert self.pass_on() == Wait("deciding")

    def committed(self, case: str = "lantern-7") -> None:
        self.offered(case)
        self.b.accept()
        assert self.pass_on() is None
        self.fetch()

    def papers(self, **fields: Any) -> tuple[bytes, tuple[SeedShare, ...]]:
        return papers(self.a.terms_document(), [SEED], **fields)

    def authorised(self, **fields: Any) -> None:
        warrant, shares = self.papers(**fields)
        self.b.start(documents(self.holder, warrant), ())
        self.a.start(documents(self.tracer, warrant), shares)

    def traced(self) -> None:
        self.committed()
        self.authorised()
        assert self.pass_on() is None
        assert self.a.row.state == "traced"

    def restart(self, side: str) -> None:
        """What a process that starts after a crash does."""
        before: Desk = getattr(self, side)
        before.close()
        after = Desk(before.identity, before.clock, before.randomness)
        after.resume()
        setattr(self, side, after)


def desks(folder: Path, clock: Clock = system_clock) -> Desks:
    a, b = copies(folder)
    return Desks(Desk(a, clock, system_randomness), Desk(b, clock, system_randomness))


def documents(desk: Desk, warrant: bytes) -> Documents:
    policy = read_policy(desk.identity.settings.policy)
    return Documents(warrant, policy.source, (), policy.revocations, desk.identity.settings.policy)


def papers(
    terms: dict[str, Any], seeds: list[str], keys: tuple[SigningKey, ...] = (JUDGE, PARTNER), **fields: Any
) -> tuple[bytes, tuple[SeedShare, ...]]:
    """A signed warrant for the trace with these terms, and what blinds its seeds."""
    values: dict[str, Any] = {
        "hops": 2,
        "budgets": BUDGETS,
        "issued": ISSUED,
        "expires": EXPIRES,
        "authority": "Examining magistrate, Court of Example",
        "legal_basis": "Example Code of Procedure, article 1",
        "purpose": "Find the other members of the group.",
        **fields,
    }
    warrant, shares = drafted(terms, seeds, system_randomness(32), **values)
    return sign(warrant.encode(), *keys), shares
