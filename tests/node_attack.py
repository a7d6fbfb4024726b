"""Two nodes over real sockets, one of them changed: what it sends, what it answers, or what it makes either with.

Nodes are copied from two that were made once and have committed, or traced, so that each attack begins where it is
tried. The other node is as it is; what it logs, and what the changed one is told, is what these tests look at.
"""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from clew.effects import system_clock
from clew.joint.messages import Message, RefusalCode, encode, parse
from clew.joint.seeds import SeedShare
from clew.node.envelope import Envelope, Kind
from clew.node.identity import Card, Identity
from clew.warrants.authorisation import Budgets
from clew.warrants.policy import Requirement, policy_toml
from tests.node_pair import BUDGETS, JUDGES, SEED, Desks, Side, Two, desks, free_port, papers, pin, serving, until
from tests.warrants import JUDGE, PARTNER

ROOMY = replace(BUDGETS, declared=10_000)
BOTH = (JUDGE, PARTNER)
"""The judges of both sides, who sign warrants and approve unmasking."""

Change = Callable[[Any], Message]
Story = Callable[["Attack"], Awaitable[None]]


def both_sides(folder: Path) -> Desks:
    """Two nodes without sockets whose policies ask for a signer of each side."""
    pair = desks(folder)
    (folder / "policy.toml").write_text(policy_toml(JUDGES, 2, [Requirement(1, side="iq"), Requirement(1, side="fr")]))
    for desk in (pair.tracer, pair.holder):
        settings = replace(desk.identity.settings, policy=folder / "policy.toml")
        desk.identity = replace(desk.identity, settings=settings)
    return pair


@cache
def _begun(stage: str) -> Desks:
    """Both nodes, closed, where they have ``offered``, ``committed`` or ``traced``."""
    folder = Path(tempfile.mkdtemp(prefix="clew-attack"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pair = both_sides(folder)
    if stage == "traced":
        pair.committed()
        pair.authorised(keys=BOTH, budgets=replace(ROOMY, unmaskings=2))
        assert pair.pass_on() is None
        assert pair.a.row.state == "traced"
    else:
        getattr(pair, stage)()
    pair.tracer.close()
    pair.holder.close()
    return pair


def moved(one: Identity, folder: Path) -> Identity:
    """A copy of a node in another folder, at an address of its own."""
    shutil.copytree(one.settings.folder, folder)
    card = replace(one.card, address=f"127.0.0.1:{free_port()}")
    settings = replace(one.settings, folder=folder, address=card.address, card=card.encode(one.key))
    return replace(one, card=card, settings=settings)


@dataclass
class Attack(Two):
    """Both nodes, running."""

    ahead: timedelta = timedelta(0)
    """How far both clocks are ahead of the real one."""

    def clock(self) -> datetime:
        return system_clock() + self.ahead

    async def start_both(
        self, *, seeds: list[str] | None = None, shares: tuple[SeedShare, ...] | None = None, **fields: Any
    ) -> None:
        """A warrant that both sides' judges signed, taken by both nodes; the tracer begins to ask."""
        warrant, made = papers(self.tracer.one.terms_document(), seeds or [SEED], BOTH, **{"budgets": ROOMY, **fields})
        await self.start(self.holder, warrant)
        await self.start(self.tracer, warrant, made if shares is None else shares)

    def change_request(self, kind: type, hop: int | None, change: Change) -> list[Message]:
        """The tracer's first message of that kind (and hop) is sent changed; the list that comes back is what it was
        answered with."""
        answers: list[Message] = []
        send = self.tracer.node._partners.send

        async def changed(card: Card, what: Kind, body: bytes) -> Envelope:
            if what is not Kind.MESSAGE or answers:
                return await send(card, what, body)
            message = parse(body)
            if not isinstance(message, kind) or (hop is not None and message.hop != hop):  # type: ignore[attr-defined]
                return await send(card, what, body)
            answer = await send(card, what, encode(change(message)))
            answers.append(parse(answer.body))
            return answer

        self.tracer.node._partners.send = changed  # type: ignore[method-assign]
        return answers

    def change_answer(self, kind: type, hop: int | None, change: Change) -> list[Message]:
        """The holder's first answer of that kind (and hop) leaves changed, in an envelope of its own; the list that
        comes back is what was answered in its place."""
        given: list[Message] = []
        handle = self.holder.node._receiver.handle

        async def changed(card: Card, envelope: Envelope) -> tuple[Kind, bytes]:
            what, body = await handle(card, envelope)
            if what is not Kind.MESSAGE or given:
                return what, body
            message = parse(body)
            if not isinstance(message, kind) or (hop is not None and message.hop != hop):  # type: ignore[attr-defined]
                return what, body
            given.append(change(message))
            return what, encode(given[0])

        self.holder.node._receiver.handle = changed
        return given

    async def ended(self, by: Side, code: RefusalCode) -> None:
        """The trace has ended on both sides with that word and no other; ``by`` refused, and logged it; what opens
        anything is destroyed."""
        for side in (self.tracer, self.holder):
            await side.until("ended")
            assert side.one.row.code == code
            await until(lambda side=side: not side.one.row.open, side)  # type: ignore[misc]
            assert side.one._storage.steps(side.one.id) == []
            await until(lambda side=side: not side.one.snapshot_file.exists(), side)  # type: ignore[misc]
        assert self.other(by).one.row.reason == ""  # a word of the small set, and nothing else
        await until(lambda: "joint.refused" in kinds(by), by)
        await until(lambda: "joint.partner-refused" in kinds(self.other(by)), self.other(by))

    def other(self, side: Side) -> Side:
        return self.holder if side is self.tracer else self.tracer


def kinds(side: Side) -> list[str]:
    """The kinds of entries in a side's log."""
    return [found.entry.kind for found in side.one.log.entries()]


def refusals(side: Side) -> list[str]:
    """The codes of what a side refused, as its own log has them."""
    found = [one.entry for one in side.one.log.entries()]
    return [str(entry.body["code"]) for entry in found if entry.kind == "joint.refused"]


def attack(folder: Path, story: Story, stage: str = "committed") -> None:
    """Run a story with copies of both nodes serving, from that stage of a trace on."""
    begun = _begun(stage)
    a, b = (moved(one.identity, folder / name) for one, name in ((begun.tracer, "a"), (begun.holder, "b")))
    for one, other in ((a, b), (b, a)):
        for path in (one.settings.folder / "peers").glob("*.card"):
            path.unlink()
        pin(one, other)

    async def run() -> None:
        pair = Attack(Side(a), Side(b))
        pair.tracer.clock = pair.holder.clock = pair.clock
        async with serving(pair):
            await story(pair)

    asyncio.run(run())


def budgets(**less: int) -> Budgets:
    """Plenty, but for what is named."""
    return replace(ROOMY, **less)
