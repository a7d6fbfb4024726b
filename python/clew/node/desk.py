"""All traces of one node: what each step did is durable before its answer leaves, and replayed after a restart.

No sockets and no waiting here: :mod:`clew.node.runner` carries the bytes. The joint trace's transitions are pure, so
that the messages and givens in the database, handed in again in their order, are the state (spec node 4).
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, final

from clew.effects import Clock, Randomness
from clew.errors import ClewError, InputError, PeerError, Refused, UsageError
from clew.joint.messages import Message, Offer, parse
from clew.joint.tracer import Terms
from clew.node.identity import Card, Identity
from clew.node.peers import Peers
from clew.node.running import Running
from clew.node.storage import Row, Storage
from clew.node.told import Told, Wait
from clew.node.window import offer_digest
from clew.numbers import may_hold_number

__all__ = ["Desk"]

_OFFERS: Final = 16
"""So many offers of one partner may wait for a decision."""
_OFFERS_A_DAY: Final = 100
"""So many a partner may make in a day: one that takes each back at once shall not fill the disk either."""


@final
@dataclass(eq=False, repr=False)
class Desk:
    """The traces of a node. Methods block while they compute; each trace does one thing at a time."""

    identity: Identity
    clock: Clock
    randomness: Randomness
    storage: Storage = field(init=False)
    peers: Peers = field(init=False)
    snapshot_sizes: dict[int, int] = field(default_factory=dict)
    """How large the partner's snapshot is in all, by the trace's number, once its node has said so."""
    _running: dict[int, Running] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _offers: defaultdict[bytes, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        self.storage = Storage(self.identity.settings.database, self.identity.sealing, self.randomness)
        self.peers = Peers(self.identity.settings.folder)

    def resume(self) -> None:
        """Take up every trace where it was left."""
        for row in self.left():
            self.take_up(row)

    def left(self) -> list[Row]:
        """The traces that are to be taken up, in the order in which they began."""
        self.storage.forget_unbegun()
        return self.storage.traces()

    def take_up(self, row: Row) -> None:
        """Take up one trace where it was left: what it computed is computed again, which may take a while."""
        found = self._attach(row)
        with self._lock:
            self._running[row.id] = found

    def close(self) -> None:
        """Close the database."""
        self.storage.close()

    def traces(self) -> list[Running]:
        """All traces, in the order in which they began."""
        with self._lock:
            return [self._running[key] for key in sorted(self._running)]

    def find(self, text: str) -> Running:
        """The trace with that number; or that of the case with that name, if it has one trace only."""
        found = [one for one in self.traces() if text in (str(one.row.id), one.row.name)]
        if len(found) == 1:
            return found[0]
        raise InputError(
            "node.trace-unknown",
            "there are several traces of that case" if found else "there is no such trace",
            mend="clew case status NODE shows their numbers.",
        )

    def look_for_revocations(self) -> list[tuple[Running, Exception]]:
        """End the traces whose warrant is revoked by now, also those in which nothing happens; those that met a bug."""
        stopped: list[tuple[Running, Exception]] = []
        for one in self.traces():
            try:
                one.look_for_revocation()
            except (ClewError, OSError):  # the trace shows it, and is looked at again
                continue
            except Exception as error:  # of one trace; the others' warrants have to be looked at
                stopped.append((one, error))
        return stopped

    def open(self, partner: str, terms: Mapping[str, object]) -> Running:
        """A new trace offered to a partner; ``terms`` are case, stage, begin, end, hub_limit and auditor (hex)."""
        card = self.peers.named(partner)
        if card.identity == self.identity.card.identity:
            raise Refused("node.own-card", "a node traces with a partner, not with itself", mend="Name another.")
        offered = _terms(terms, self.identity.settings.name, card.name)
        row = self.storage.begin("tracer", card.identity, offered.case, "offering")
        found = self._attach(row)
        try:
            found.offer(offered)
        except BaseException:
            self.storage.forget(row.id)
            raise
        with self._lock:
            self._running[row.id] = found
        return found

    def arrived(self, sender: Card, data: bytes) -> Told:
        """What a partner's message is answered with."""
        message = parse(data)
        found = self._offered(sender, message, data) if isinstance(message, Offer) else self._of(sender, message)
        return found.arrived(message, data)

    def snapshot(self, sender: Card, trace: bytes) -> bytes:
        """The encoded snapshot of a trace in which this node is the holder; ``PeerError`` if there is none."""
        for one in self.traces():
            if one.row.trace == trace and one.row.peer == sender.identity and one.row.role == "holder":
                return one.snapshot_bytes()
        raise _no_trace()

    def partner_says(self, sender: Card, body: bytes) -> None:
        """Keep what a partner's node says of itself, for people to see; it changes nothing."""
        said, trace = Wait.parse(body)
        if not trace:
            raise PeerError("node.envelope", "the partner's node does not say of which trace it speaks")
        for one in self.traces():
            ours = one.row.peer == sender.identity and trace and trace in (one.row.trace, one.row.offer)
            # A node that starts says of every trace that it goes on; that is news only of one that was paused.
            if ours and (said.state != "going on" or one.partner_says.state == "paused"):
                one.partner_says = said

    def _offered(self, sender: Card, message: Offer, data: bytes) -> Running:
        digest = offer_digest(message)
        if message.tracer != sender.identity:
            raise PeerError("node.offer-of-another", "the partner offers a trace in another node's name")
        if may_hold_number(message.case, dates=True):
            raise PeerError("node.case-name", "the partner offers a case whose name may hold a telephone number")
        with self._lock:
            waiting = 0
            for one in self._running.values():
                if one.row.role == "holder" and one.row.peer == sender.identity:
                    if one.row.offer == digest:
                        return one
                    waiting += one.row.state == "offered"
            if waiting >= _OFFERS:
                raise Refused("node.too-many-offers", f"{waiting} offers of this partner wait for a decision")
            self._count_offer(sender)
            row = self.storage.begin("holder", sender.identity, message.case, "offered", digest)
            found = self._attach(row)
            found.keep_offer(data)
            self._running[row.id] = found
            return found

    def _count_offer(self, sender: Card) -> None:
        now, made = self.clock(), self._offers[sender.identity]
        while made and made[0] <= now - timedelta(days=1):
            made.popleft()
        if len(made) >= _OFFERS_A_DAY:
            raise Refused("node.too-many-offers", f"this partner made {len(made)} offers within a day")
        made.append(now)

    def _of(self, sender: Card, message: Message) -> Running:
        trace: bytes = message.trace  # type: ignore[union-attr]  # an Offer was handled before
        for one in self.traces():
            if one.row.peer == sender.identity and one.knows(trace):
                return one
        raise _no_trace()

    def _attach(self, row: Row) -> Running:
        card = self.peers.known(identity=row.peer)
        return Running(self.identity, card, self.storage, self.clock, self.randomness, row)


def _terms(given: Mapping[str, object], me: str, partner: str) -> Terms:
    try:
        begin, end = (datetime.fromisoformat(str(given[name])) for name in ("begin", "end"))
        auditor = bytes.fromhex(str(given["auditor"]))
        begin, end = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in (begin, end))
        stage, hub_limit, case = int(str(given["stage"])), int(str(given["hub_limit"])), str(given["case"])
        if len(auditor) != 32 or begin >= end or not 1 <= len(case) <= 64:
            raise ValueError
    except (ValueError, KeyError) as error:
        raise UsageError(
            "node.terms",
            "these are no terms of a trace",
            mend="A case has 1 to 64 characters, a window begins before it ends, an auditor's key has 32 bytes.",
        ) from error
    if may_hold_number(case, dates=True):
        raise UsageError(
            "node.case-name",
            "the name of a case may not hold what could be a telephone number",
            mend="The partner sees it, and it names folders. Give the case another name.",
        )
    return Terms(case, stage, int(begin.timestamp()), int(end.timestamp()), hub_limit, auditor, me, partner)


def _no_trace() -> PeerError:
    return PeerError(
        "node.trace-unknown", "the partner names a trace that is none of its own here", mend="Compare both sides."
    )
