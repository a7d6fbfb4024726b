"""The state of one trace, and how each step of it becomes durable (spec node 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, final

from clew.audit.log import Entry
from clew.chain.files import Documents
from clew.effects import Clock, Randomness
from clew.errors import ClewError, Refused, StorageError
from clew.joint import holder, labels, tracer
from clew.joint.couples import Couples
from clew.joint.labels import digest
from clew.joint.messages import Acceptance, Message, Offer, Refusal, RefusalCode, Unmask, encode, parse
from clew.joint.refusals import check_failed
from clew.joint.seeds import SeedShare
from clew.joint.snapshot import parse_snapshot
from clew.joint.steps import Given, Step
from clew.joint.tracer_states import trace_of
from clew.joint.unmasking import Approvers
from clew.node.given import altered, offer_in, papers_from, require_offer, terms_from
from clew.node.identity import Card, Identity
from clew.node.receipt import Exchange, broken_file, exchanges, make_receipt, receipt_files
from clew.node.states import ENDED, word
from clew.node.storage import Moved, Row, Storage
from clew.node.trace_files import TraceFiles
from clew.node.window import offer_digest
from clew.warrants.policy import Policy, parse_policy
from clew.warrants.verify import verify_warrant

__all__ = ["State", "Steps"]

State = tracer.State | holder.State

_SHOWN: Final = (tracer.Traced, tracer.Done, tracer.Ended, holder.Finished, holder.Destroyed, holder.Ended)
"""States in which the case folder shows everything there is."""


@final
class Steps:
    """One trace's state. Whoever calls sees to it that one step is taken at a time."""

    def __init__(
        self,
        identity: Identity,
        partner: Card | None,
        storage: Storage,
        files: TraceFiles,
        clock: Clock,
        randomness: Randomness,
        of: int,
    ) -> None:
        self.state: State | None = None
        """``None`` before an offer is made or accepted."""
        self.offer: Offer | None = None
        self.acceptance: bytes | None = None
        """What an offer was accepted with."""
        self.documents: Documents | None = None
        """What the warrant in force was read from."""
        self.paused: str | None = None
        """Why a person has paused the trace; nothing holds back the end of one."""
        self._outgoing: bytes | None = None
        self._unlogged = False
        self._undestroyed = False
        self._untaken = False
        self._complete = False
        self._identity = identity
        self._partner = partner
        self._storage = storage
        self._files = files
        self._clock = clock
        self._randomness = randomness
        self._of = of
        self._last: datetime | None = None
        self._snapshot_spoilt = False

    @property
    def row(self) -> Row:
        """The trace as the database knows it."""
        return self._storage.row(self._of)

    @property
    def outgoing(self) -> bytes | None:
        """What is to be sent until it is answered; nothing before the log holds the step that made it."""
        return None if self._unlogged else self._outgoing

    @outgoing.setter
    def outgoing(self, data: bytes | None) -> None:
        self._outgoing = data

    def catch_up(self) -> None:
        """Write into the log what it does not hold yet, because it could not be written then: before anything else is
        done or sent."""
        if self._undestroyed:
            self._destroy()
        if self._unlogged:
            self._write_log()
        if self._untaken:  # once: a graph is not made again every second because a disk is full
            self._untaken = False
            self.write_case()

    @property
    def is_taken_up(self) -> bool:
        """Whether the state is the one that the database knows, whatever the log and the case folder still lack."""
        return self._complete

    @property
    def waits_until(self) -> datetime | None:
        """The moment before which nothing can be logged: that of the last step or entry; ``None`` before any."""
        logged = self._files.log.entries() if self._files.has_case else []
        return max((at for at in (self._last, logged[-1].at if logged else None) if at is not None), default=None)

    def do(self, what: dict[str, Any], received: tuple[Message, bytes] | None = None) -> bytes | None:
        """One step, durable when this returns what it sends."""
        now, random = self._now(), self._randomness(32)
        what |= {"now": now.isoformat(), "random": random.hex()}
        return self._keep(what, self._apply(what, received and received[0]), received)

    def keep_offer(self, data: bytes) -> None:
        """Keep a partner's offer until a person decides."""
        self.offer = offer_in(data)
        step = json.dumps({"do": "keep", "now": self._now().isoformat(), "random": ""}).encode()
        self._storage.take_step(self._of, step, Moved("Offer", data), None, (), self._stamp())

    def refuse_offer(self, reason: str) -> None:
        """End a trace that was never begun, or cannot be taken up; the partner sees the reason."""
        row = self.row
        trace = row.trace or row.offer or bytes(32)
        refusal = Refusal(trace, RefusalCode.STOPPED, reason)
        hidden = digest(labels.REASON, reason.encode()).hex()
        entry = Entry("joint.stopped", {"trace": trace.hex(), "reason": hidden})
        self._keep({}, Step(holder.Ended(trace, RefusalCode.STOPPED, reason), refusal, (entry,)), None)

    def receive(self, message: Message, data: bytes) -> bytes | None:
        """What a partner's message is answered with, once that is durable."""
        state = self.state
        if (
            isinstance(state, tracer.AwaitAcceptance)
            and isinstance(message, Acceptance)
            and message.holder != self.row.peer  # what a key that nobody pinned has signed convicts nobody
        ):
            error = check_failed("the offer was accepted under a key that is not the partner's")
            return self._keep({}, _ended(state, error), (message, data))
        if state is not None:
            return self.do({"do": "receive"}, (message, data))
        if isinstance(message, Refusal):  # the tracer took back an offer that nobody had accepted
            ended = holder.Ended(message.trace, message.code, message.reason)
            self._keep({}, Step(ended), (message, data))
        return None

    def take_up(self, row: Row) -> None:
        """The state that the database's steps lead to. Log and case folder come with the next :meth:`catch_up`."""
        self._unlogged = self._untaken = True
        self.paused = row.paused
        if row.state in ENDED:
            self.state = _rest(row)
            self.outgoing = row.pending
            self._undestroyed = row.open
            self._complete = True
            return
        for serial, data in self._storage.steps(self._of):
            try:
                self._take_again(serial, json.loads(data))
            except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
                raise altered() from error  # what a step was given is not what any step is given
        self._complete = True

    def _take_again(self, serial: int, what: dict[str, Any]) -> None:
        came = self._storage.message(self._of, serial, sent=False)
        if what["do"] == "keep":
            self.offer = offer_in(came or b"")
            return
        made = self._apply(what, parse(came) if came is not None else None)
        sent = None if made.message is None else encode(made.message)
        if sent != self._storage.message(self._of, serial, sent=True):
            raise altered()
        self._move(made, sent)
        self._last = datetime.fromisoformat(what["now"])

    def take_snapshot(self) -> None:
        """Take the snapshot that has come whole, if it is the one that the holder committed to; else ``PeerError``.

        It is fetched once more, because a disk may have spoilt it; then the trace ends (spec node 6).
        """
        state, part = self.state, self._files.partial
        if not isinstance(state, tracer.Committed):
            return
        try:
            tracer.require_snapshot(state, parse_snapshot(part.read_bytes()))
        except ClewError as found:
            part.unlink(missing_ok=True)
            error = check_failed("the snapshot is not the one that the partner committed to")
            ended = _ended(state, error)
            self._keep({}, ended if self._snapshot_spoilt else Step(state, None, ended.entries), None)
            self._snapshot_spoilt = True
            raise error from found
        part.rename(self._files.snapshot)

    def unanswered(self) -> bytes | None:
        """The last message that this side sent by itself."""
        row = self.row
        if row.role != "tracer" or row.state in ENDED:
            return row.pending
        for serial, _ in reversed(self._storage.steps(self._of)):
            return self._storage.message(self._of, serial, sent=True)
        return None

    def receipt(self) -> dict[str, Any]:
        """What went between the two nodes and what was revealed, as far as the trace has come; it holds no number."""
        return self._receipt(self._unmaskings())

    def write_case(self) -> None:
        """Graph and receipt of a trace in which everything was answered, or which is over, in its case folder.

        Nothing is written or logged where both stand there.
        """
        if not self._files.has_case or not isinstance(self.state, _SHOWN):
            return
        graph = None
        if isinstance(self.state, tracer.Traced) and self.documents is not None:
            graph = tracer.graph(self.state)
            self._files.reached(graph)
        unmaskings = self._unmaskings()
        receipt = self._receipt(unmaskings)
        if self._files.stored_receipt() == receipt and (graph is None or self._files.holds(graph)):
            return
        log, key = self._files.log.entries(), self._identity.key
        self._files.write_case(graph, self.documents, receipt_files(receipt, unmaskings, self._broken_rows(), log, key))

    def _broken_rows(self) -> dict[str, bytes]:
        """The file of rows that were not sound, for the auditor; once they are forgotten, as the case folder has it."""
        match self.state:
            case tracer.Traced(kept):
                return broken_file(kept.order.trace, tracer.broken_rows(self.state))
            case tracer.AwaitClosed(trace, broken) | tracer.Done(trace, broken) if broken:
                return broken_file(trace, broken)
        return self._files.stored_broken()

    def _receipt(self, unmaskings: list[Exchange]) -> dict[str, Any]:
        row = self.row
        return make_receipt(
            row,
            self._identity.card,
            self._partner,
            self._storage.receipt(self._of),
            unmaskings,
            self._files.log.entries() if self._files.has_case else [],
            self._snapshot_bytes(),
            self._files.reached() if row.role == "tracer" else None,
        )

    def _unmaskings(self) -> list[Exchange]:
        log = self._files.log.entries() if self._files.has_case else []
        taken = sum(found.entry.kind == "joint.unmasked" for found in log)
        return exchanges(self._storage.unmaskings(self._of), taken)

    def _snapshot_bytes(self) -> int:
        """How large the holder's snapshot is that the tracer fetches; after the closing, as the receipt has it."""
        if self._files.snapshot.exists():
            return self._files.snapshot.stat().st_size
        kept = getattr(self.state, "kept", None)
        if isinstance(kept, holder.Trace):
            return len(self._files.encoded(kept.snapshot))
        stored = self._files.stored_receipt()
        return int(stored["snapshot_bytes"]) if stored is not None else 0

    def _keep(self, what: dict[str, Any], made: Step[State], received: tuple[Message, bytes] | None) -> bytes | None:
        sent = None if made.message is None else encode(made.message)
        moved = made.state is not self.state
        if moved or made.entries:
            self._unlogged = True  # the sender looks from another thread
            columns = self._columns(made.state, sent) if moved else {}
            ended = columns.get("state") in ENDED
            self._storage.take_step(
                self._of,
                json.dumps(what).encode() if moved and not ended else None,
                Moved(type(received[0]).__name__, received[1]) if received and moved else None,
                Moved(type(made.message).__name__, sent) if made.message is not None and sent and moved else None,
                made.entries,
                self._stamp(),
                **columns,
            )
            self._move(made, sent)
            with _taken():
                if ended:
                    self._destroy()
                self._write_log()
        else:
            self._write_log()
        if moved:
            self.write_case()
        return sent

    def _write_log(self) -> None:
        self._unlogged = True
        self._files.write_log(self._storage, self._of)
        self._unlogged = False

    def _move(self, made: Step[State], sent: bytes | None) -> None:
        """The new state, and what is to be sent from now on; the same when a step is replayed."""
        if made.state is self.state:
            return
        self.state = made.state
        if isinstance(made.state, holder.AwaitTracerCommitments):
            self.acceptance = sent
        if word(made.state) in ENDED:
            self.paused = None
        pushed = self.row.role == "tracer" or isinstance(made.message, Refusal)
        self.outgoing = sent if pushed else None

    def _columns(self, state: State, sent: bytes | None) -> dict[str, str | bytes | int | None]:
        columns: dict[str, str | bytes | int | None] = {"state": word(state)}
        match state:
            case tracer.AwaitAcceptance(party):
                columns |= {"offer": offer_digest(party.offer), "records": party.couples.identity}
            case holder.AwaitTracerCommitments(party):
                columns |= {"trace": party.order.trace, "records": party.couples.identity}
            case tracer.AwaitCommitments():
                columns["trace"] = state.order.trace
            case tracer.Ended(_, code, reason) | holder.Ended(_, code, reason):
                columns |= {"code": int(code), "reason": reason, "pending": sent, "paused": None}
            case tracer.AwaitClosed():
                columns["pending"] = sent
            case tracer.Done():
                columns["pending"] = None
            case _:
                pass
        return columns

    def _apply(self, what: Mapping[str, Any], message: Message | None) -> Step[State]:
        """The step itself: the same for the same arguments, today and after a restart."""
        given = Given(datetime.fromisoformat(what["now"]), bytes.fromhex(what["random"]))
        key, state = self._identity.key, self.state
        match what["do"], state:
            case "offer", None:
                terms = terms_from(what["terms"])
                self.offer = require_offer(tracer.offer(terms, key, Couples.none(), given).message)
                return tracer.offer(terms, key, self._couples(self.offer), given)
            case "accept", None if self.offer is not None:
                return holder.accept(self.offer, key, self._couples(self.offer), given)
            case "receive", _ if message is not None and state is not None:
                if self.row.role == "tracer":
                    return tracer.receive(state, message, given)  # type: ignore[arg-type]  # by its role
                return holder.receive(state, message, given)  # type: ignore[arg-type]
            case "authorise", tracer.Committed() | holder.Committed():
                return self._authorise(what, state, given)
            case "stop", _ if state is not None:
                module: Any = tracer if self.row.role == "tracer" else holder
                stopped: Step[State] = module.stop(state, what["reason"])
                return stopped
            case "close", tracer.Traced():
                return tracer.close(state)
            case "unmask", tracer.Traced():
                asked = parse(bytes.fromhex(what["message"]))
                if isinstance(asked, Unmask):
                    return tracer.unmask(state, asked, given)
        raise altered()

    def _authorise(
        self, what: Mapping[str, Any], state: tracer.Committed | holder.Committed, given: Given
    ) -> Step[State]:
        documents = papers_from(what)
        policy = parse_policy(documents.policy, revocations=documents.revocations)
        warrant = verify_warrant(documents.warrant, policy, clock=lambda: given.now, amendments=documents.amendments)
        self.documents = documents
        if isinstance(state, holder.Committed):
            return holder.authorise(state, warrant, _approvers(policy), given)  # type: ignore[arg-type]  # none: nothing is unmasked
        shares = [SeedShare(number, bytes.fromhex(secret)) for number, secret in what["shares"]]
        return tracer.authorise(state, warrant, shares, self._files.read_snapshot(), given)

    def _couples(self, offer: Offer) -> Couples:
        return self._files.couples(offer, self.row.records)

    def _destroy(self) -> None:
        self._undestroyed = True
        self._storage.destroy(self._of)
        self._files.destroy()
        self._undestroyed = False

    def _now(self) -> datetime:
        now = self._clock()
        if self._last is not None and now < self._last:
            raise Refused(
                "log.clock-behind",
                "the clock is behind the trace's last step",
                mend="Set the machine's clock; nothing was done.",
            )
        self._last = now
        return now

    def _stamp(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _taken() -> Iterator[None]:
    """What fails from here on fails after the step: nobody may be told that nothing was done."""
    try:
        yield
    except (ClewError, OSError) as error:
        what, where = (error.what, error.where) if isinstance(error, ClewError) else (str(error.strerror), "")
        raise StorageError(
            "node.not-logged",
            f"the step is taken and stands in the node's database; its log entry is not written yet: {what}",
            where=where,
            mend="Do not do it again. The node writes the entry by itself as soon as it can; the partner hears of the "
            "step after that. clew case status shows what is in the way.",
        ) from error


def _rest(row: Row) -> State:
    """The state of a trace without any secret."""
    trace = row.trace or row.offer or bytes(32)
    if row.state == "ended":
        code = RefusalCode(row.code)
        return (tracer.Ended if row.role == "tracer" else holder.Ended)(trace, code, row.reason)
    if row.role == "holder":
        return holder.Destroyed(trace)
    return tracer.AwaitClosed(trace) if row.state == "closing" else tracer.Done(trace)


def _ended(state: tracer.State, error: ClewError) -> Step[State]:
    """The trace ended for what the tracer's node, not its protocol, found wrong with the partner."""
    trace, code = trace_of(state), RefusalCode.CHECK_FAILED
    entry = Entry("joint.refused", {"trace": trace.hex(), "code": error.code})
    return Step(tracer.Ended(trace, code, error.what), Refusal(trace, code, ""), (entry,))


def _approvers(policy: Policy) -> Approvers | None:
    """Whose approvals count: the warrant's policy, if it asks for both sides; else nothing can be unmasked."""
    try:
        return Approvers(policy)
    except Refused:
        return None
