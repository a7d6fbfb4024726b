"""Two nodes in memory on a bad network with bad disks and clocks: faults as a list of operations, as data.

A node here keeps to the border of ``clew.joint.steps``: what came and what was given is durable before anything is
sent, and a restart hands both in again. Transitions are pure, so their results are remembered between schedules: a
schedule costs microseconds, not group arithmetic.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from clew.errors import ClewError
from clew.joint import holder, tracer
from clew.joint.messages import Ask, AskRows, Message, Unmask, encode, parse
from clew.joint.steps import Given, Step
from tests.protocol.parties import APPROVER, EXPIRES, NOW, authorised, committed, sample
from tests.protocol.test_attacks_of_the_tracer import approved

SEED = "+9641000001"
MODULES: dict[str, Any] = {"tracer": tracer, "holder": holder}
remembered: dict[bytes, tuple[Step[Any], bytes | None]] = {}

Operation = tuple[str, int]
"""What happens next, and to which message in flight or to which side."""

OPERATIONS = (
    *("deliver", "drop", "duplicate", "retry", "crash", "disk full", "disk free", "expire", "back", "ahead"),
    *("unmask", "close"),
)
HIDDEN = "+33100000003"
"""Reached from the seed, and known to the holder only: the one that is unmasked."""
UNMASK, CLOSE = b"do unmask", b"do close"
"""What the tracer's people do; the journal keeps it like a message that came."""


@dataclass
class Node:
    """One party: a state, and the journal that would bring it back."""

    side: str
    begun: Any
    state: Any
    last: bytes | None = None
    journal: list[tuple[bytes, Given]] = field(default_factory=list)
    now: Any = NOW
    disk_full: bool = False
    past: bytes = b""

    def given(self) -> Given:
        return Given(self.now, hashlib.sha256(f"{self.side} {len(self.journal)}".encode()).digest())

    def hear(self, data: bytes) -> bytes | None:
        """What is sent back, after what must be durable is."""
        given = self.given()
        step, answer = self.step(self.state, data, given)
        if step.state is not self.state:
            if self.disk_full:
                return None
            self.keep(data, given, step.state, answer)
        return answer

    def keep(self, data: bytes, given: Given, state: Any, answer: bytes | None) -> None:
        self.journal.append((data, given))
        self.past = hashlib.sha256(self.past + data + repr(given.now).encode() + given.random).digest()
        self.state, self.last = state, answer

    def crash(self) -> None:
        """Everything in memory is gone; the journal is not."""
        journal, self.state, self.past, self.journal = self.journal, self.begun, b"", []
        sent, self.last = self.last, None
        for data, given in journal:
            step, answer = self.step(self.state, data, given)
            self.keep(data, given, step.state, answer)
        if journal:
            assert self.last == sent, "a restart gives other bytes"
        else:
            self.last = sent

    def step(self, state: Any, data: bytes, given: Given) -> tuple[Step[Any], bytes | None]:
        """The step, and its message encoded; the same past, message and given have the same step."""
        parts = [self.side.encode(), self.past, data, repr(given.now).encode(), given.random]
        key = hashlib.sha256(b"|".join(parts)).digest()
        if key not in remembered:
            step = self.done(state, data, given)
            remembered[key] = step, None if step.message is None else encode(step.message)
        return remembered[key]

    def done(self, state: Any, data: bytes, given: Given) -> Step[Any]:
        if data == UNMASK:
            (hidden,) = [v for v in tracer.graph(state).vertices["vertex"].to_pylist() if v.startswith("p:")]
            request, digest = tracer.draft_unmasking(state, {hidden: "a reason"}, int(EXPIRES.timestamp()))
            return tracer.unmask(state, approved(request, digest, *APPROVER), given)
        if data == CLOSE:
            return tracer.close(state)
        step: Step[Any] = MODULES[self.side].receive(state, parse(data), given)
        return step

    def act(self, what: bytes) -> bytes | None:
        """What is sent when a person does this now; nothing where it has no place or the disk is full."""
        if not isinstance(self.state, tracer.Traced) or self.disk_full or (what == UNMASK and self.state.kept.unmasked):
            return None
        given = self.given()
        try:
            step, sent = self.step(self.state, what, given)
        except ClewError:  # the warrant has expired by this side's clock
            return None
        self.keep(what, given, step.state, sent)
        return sent


@dataclass
class World:
    """Both nodes, and what is between them."""

    nodes: dict[str, Node]
    flying: list[tuple[str, bytes]] = field(default_factory=list)
    accepted: list[Message] = field(default_factory=list)
    seen: list[tuple[bytes, tracer.Traced]] = field(default_factory=list)
    """What the tracer had whenever every hop was done, and what led there."""

    def send(self, to: str, data: bytes | None) -> None:
        if data is not None:
            self.flying.append((to, data))

    def hear(self, to: str, data: bytes) -> None:
        node = self.nodes[to]
        before = len(node.journal)
        answer = node.hear(data)
        if to == "holder" and len(node.journal) > before:
            self.accepted.append(parse(data))
            self.check()
        self.send("tracer" if to == "holder" else "holder", answer)
        assert not isinstance(node.state, holder.Ended | tracer.Ended), "an honest trace was ended"
        if isinstance(node.state, tracer.Traced) and (not self.seen or self.seen[-1][0] != node.past):
            self.seen.append((node.past, node.state))

    def do(self, operation: Operation) -> None:
        """One fault, or one ordinary delivery."""
        what, number = operation
        node = self.nodes[("tracer", "holder")[number % 2]]
        if what in ("deliver", "drop", "duplicate") and self.flying:
            place = number % len(self.flying)
            if what == "duplicate":
                self.flying.append(self.flying[place])
                return
            message = self.flying.pop(place)
            if what == "deliver":
                self.hear(*message)
        match what:
            case "unmask" | "close":
                self.send("holder", self.nodes["tracer"].act(UNMASK if what == "unmask" else CLOSE))
            case "retry":
                self.send("holder", self.nodes["tracer"].last)
            case "crash":
                node.crash()
            case "disk full" | "disk free":
                node.disk_full = what == "disk full"
            case "expire":
                node.now = EXPIRES
            case "back" | "ahead":
                node.now = NOW + timedelta(days=1 if what == "ahead" else -1)

    def calm_down(self) -> None:
        """The faults end: the tracer repeats its last message until the trace is done, has the hidden vertex unmasked,
        and closes."""
        for node in self.nodes.values():
            node.disk_full, node.now = False, NOW
        mine = self.nodes["tracer"]
        for _ in range(40):
            if isinstance(mine.state, tracer.Done):
                return
            self.send(
                "holder", mine.act(CLOSE if self.seen and self.seen[-1][1].kept.unmasked else UNMASK) or mine.last
            )
            while self.flying:
                self.hear(*self.flying.pop(0))

    def check(self) -> None:
        """What must hold after every message that the holder answered."""
        asks = [m for m in self.accepted if isinstance(m, Ask)]
        rows = [m for m in self.accepted if isinstance(m, AskRows)]
        assert [m.hop for m in asks] == list(range(len(asks))), "a hop was answered twice, or out of order"
        assert [m.hop for m in rows] == list(range(len(rows)))
        assert len(asks) - len(rows) in (0, 1), "rows were given for a list that had no names"
        requests = [m for m in self.accepted if isinstance(m, Unmask)]
        assert [m.serial for m in requests] == list(range(1, len(requests) + 1)), "a request was answered twice"
        state = self.nodes["holder"].state
        if isinstance(state, holder.Destroyed):
            assert not hasattr(state, "kept"), "a closed trace keeps nothing"
        if isinstance(state, holder._Open) and state.kept.authorisation is not None:
            spent, allowed = state.kept.spent, state.kept.authorisation.remaining
            assert spent.items == sum(len(m.sealed) // 128 for m in asks)
            assert spent.rows == sum(len(m.positions) // 4 for m in rows)
            assert spent.unmaskings == sum(len(m.wants) for m in requests)
            assert all(left >= 0 for left in spent.left(allowed).values())


def world() -> World:
    """Two nodes under a warrant, the first message in flight."""
    pair = committed(*sample())
    start = encode(authorised(pair, [SEED], 2))
    nodes = {
        "tracer": Node("tracer", pair.tracer, pair.tracer, start),
        "holder": Node("holder", pair.holder, pair.holder),
    }
    return World(nodes, [("holder", start)])
