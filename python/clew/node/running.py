"""One trace of a node: its state in memory, and how each step of it becomes durable (spec node 4)."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, final

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder
from clew.chain import files
from clew.effects import Clock, Randomness
from clew.errors import ClewError, InputError, Refused, StorageError, UsageError
from clew.joint import holder, tracer
from clew.joint.couples import Couples
from clew.joint.messages import Message, Offer, Refusal, RefusalCode, Start, Unmask, encode, parse
from clew.joint.seeds import SeedShare
from clew.joint.snapshot import Snapshot, parse_snapshot
from clew.joint.steps import Given, Step
from clew.joint.terms import require_fits
from clew.joint.unmasking import Approvers
from clew.node.identity import Card, Identity
from clew.node.states import ENDED, word
from clew.node.storage import Moved, Row, Storage, Wire
from clew.node.unmask_request import UnmaskRequest
from clew.node.window import offer_digest, read_window
from clew.records.store import Store
from clew.warrants.authorisation import Authorisation
from clew.warrants.policy import parse_policy
from clew.warrants.verify import verify_warrant

__all__ = ["Answer", "Nothing", "Running", "Told", "Wait"]

_LONG_DIGITS: Final = re.compile(r"\d(?:[ ().\-/]?\d){5,}")
_SLUG: Final = re.compile(r"[^a-z0-9]+", re.ASCII)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A message that answers the partner's."""

    data: bytes


@final
@dataclass(frozen=True, slots=True)
class Wait:
    """No answer yet: the state, and a person's reason if there is one."""

    state: str
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Nothing:
    """The message was taken, and nothing answers it."""


Told = Answer | Wait | Nothing
State = tracer.State | holder.State


@final
class Running:
    """One trace. Its methods block while they compute; one thing is done at a time."""

    def __init__(
        self,
        identity: Identity,
        partner: Card | None,
        storage: Storage,
        clock: Clock,
        randomness: Randomness,
        row: Row,
    ) -> None:
        self.partner = partner
        self.broken: ClewError | None = None
        """Why this trace could not be taken up; the partner is told to wait."""
        self.trouble = ""
        """Why the last attempt to reach the partner failed."""
        self.partner_says = Wait("")
        """What the partner's node last said of itself."""
        self.paused = row.paused
        """Why a person has paused it."""
        self.outgoing: bytes | None = None
        """What is to be sent until it is answered."""
        self._identity = identity
        self._storage = storage
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()
        self._of = row.id
        self._state: State | None = None
        self._offer: Offer | None = None
        self._acceptance: bytes | None = None
        self._couples: Couples | None = None
        self._documents: files.Documents | None = None
        self._encoded: bytes | None = None
        self._last: datetime | None = None
        slug = _SLUG.sub("-", row.name.lower()).strip("-")[:40] or "case"
        self.folder = identity.settings.folder / "cases" / f"{row.id}-{slug}"
        self.snapshot_file = identity.settings.folder / "snapshots" / f"{row.id}.snapshot"
        try:
            self._take_up(row)
        except ClewError as error:
            self.broken = error

    @property
    def id(self) -> int:
        """The trace's number on this node."""
        return self._of

    @property
    def row(self) -> Row:
        """The trace as the database knows it."""
        return self._storage.row(self._of)

    @property
    def state(self) -> State | None:
        """The present state; ``None`` before an offer is made or accepted."""
        return self._state

    @property
    def log(self) -> FileLog:
        """The log of this trace's case."""
        return FileLog(CaseFolder(self.folder).log_path, self._clock)

    @property
    def terms(self) -> Offer | None:
        """What was offered."""
        return self._offer

    def knows(self, trace: bytes) -> bool:
        """Whether a message with this identifier is of this trace; an offer is refused by its digest."""
        row = self.row
        return row.trace == trace or (row.trace is None and trace in (row.offer, bytes(32)))

    # What people do.

    def offer(self, terms: tracer.Terms) -> None:
        """Read the own records of the window, and offer the trace."""
        with self._one_at_a_time():
            self._do({"do": "offer", "terms": _terms_json(terms)})

    def keep_offer(self, data: bytes) -> None:
        """Keep a partner's offer until a person decides."""
        with self._one_at_a_time():
            self._offer = _offer_in(data)
            moved = Moved("Offer", data)
            step = json.dumps({"do": "keep", "now": self._now().isoformat(), "random": ""}).encode()
            self._storage.take_step(self._of, step, moved, None, (), self._stamp())

    def accept(self) -> None:
        """Read the own records of the offered window, and accept the offer."""
        with self._one_at_a_time():
            if self.row.role != "holder" or self._state is not None or self.row.state != "offered":
                raise _not_now("only an offer that waits for a decision can be accepted")
            self._do({"do": "accept"})

    def start(self, documents: files.Documents, shares: Sequence[SeedShare]) -> Authorisation:
        """Take a signed warrant for this trace, verified now; on the tracer's side with the seeds and their secrets."""
        with self._one_at_a_time():
            state = self._state
            if not isinstance(state, tracer.Committed | holder.Committed):
                raise _not_now("a warrant is taken once, when both sides have committed to their records")
            case, log = CaseFolder.create(self.folder), self.log
            found = files.authorise(documents, case, log, self._clock)
            kept = state if isinstance(state, tracer.Committed) else state.kept
            require_fits(found, kept.order, kept.roots)  # before the log knows it as this case's warrant
            files.require_case(case, found, log)
            if isinstance(state, tracer.Committed):
                self._read_snapshot()
            log.commit(files.verified_entry(found, documents))
            self._do(
                {"do": "authorise", **_papers_json(documents), "shares": [[s.number, s.secret.hex()] for s in shares]}
            )
            return found

    def draft_unmasking(self, reasons: Mapping[str, str], until: int) -> UnmaskRequest:
        """A request to unmask these pseudonyms, each with its reason, for approvers of both sides to sign."""
        with self._one_at_a_time():
            if not isinstance(self._state, tracer.Traced):
                raise _not_now("vertices are unmasked when every hop is done, by the tracer")
            message, _ = tracer.draft_unmasking(self._state, reasons, until)
            return UnmaskRequest(bytes.fromhex(self._state.kept.authorisation.digest), message)

    def unmask(self, request: UnmaskRequest) -> None:
        """Send an approved request. The own side looks at the approvals first, as the partner will."""
        with self._one_at_a_time():
            state = self._state
            if not isinstance(state, tracer.Traced):
                raise _not_now("vertices are unmasked when every hop is done, by the tracer")
            documents = self._documents
            assert documents is not None
            policy = parse_policy(documents.policy, revocations=documents.revocations)
            Approvers(policy).verify(request.message, request.digest, self._clock())
            message = request.message
            mine = state.kept.order.trace, bytes.fromhex(state.kept.authorisation.digest), state.kept.requests + 1
            if (message.trace, request.warrant, message.serial) != mine:
                raise Refused(
                    "node.unmask-other",
                    "the request is of another trace or warrant, or was answered already",
                    mend="Make a new one with clew case request.",
                )
            self._do({"do": "unmask", "message": encode(message).hex()})

    def close(self) -> None:
        """Close a trace that is done; everything that opens anything of it is destroyed."""
        with self._one_at_a_time():
            if not isinstance(self._state, tracer.Traced):
                raise _not_now("only the tracer closes a trace, and only when every hop is done")
            self._write_result()
            self._do({"do": "close"})

    def refuse(self, reason: str) -> None:
        """End the trace; the partner sees the reason."""
        _check_reason(reason)
        with self._one_at_a_time(broken_too=True):
            row = self.row
            if row.state in ENDED:
                raise _not_now("the trace has ended")
            if self._state is not None:
                self._do({"do": "stop", "reason": reason})
                return
            trace = row.trace or row.offer or bytes(32)
            refusal = Refusal(trace, RefusalCode.STOPPED, reason)
            entry = Entry("joint.stopped", {"trace": trace.hex(), "reason": offer_reason(reason)})
            ended = holder.Ended(trace, RefusalCode.STOPPED, reason)
            self.broken = None
            self._keep({"do": "stop"}, Step(ended, refusal, (entry,)), None, recorded=False)

    def pause(self, reason: str) -> None:
        """Answer and ask nothing until :meth:`go_on`; the partner sees the reason."""
        _check_reason(reason)
        if self.row.state in ENDED:
            raise _not_now("the trace has ended")
        self._storage.note(self._of, paused=reason)
        self.paused = reason

    def go_on(self) -> None:
        """End a pause, and ask again what was refused for the time being."""
        self._storage.note(self._of, paused=None)
        self.paused = None
        with self._one_at_a_time():
            self.outgoing = self._unanswered()

    def result(self) -> Path:
        """The case folder with the graph of a trace that is done; written again if it is not there."""
        with self._one_at_a_time():
            if isinstance(self._state, tracer.Traced):
                self._write_result()
            case = CaseFolder(self.folder)
            if not case.exists or not files.stages(case):
                raise _not_now("there is no graph yet")
            return self.folder

    def terms_document(self) -> dict[str, Any]:
        """What a warrant for this trace must name, as both sides committed to it."""
        state = self._state
        if isinstance(state, tracer.Committed):
            order, roots = state.order, state.roots
        elif isinstance(state, holder.Committed):
            order, roots = state.kept.order, state.kept.roots
        else:
            raise _not_now("a warrant is drafted when both sides have committed to their records, and before it starts")
        offer = order.offer
        return {
            "case": offer.case,
            "stage": offer.stage,
            "begin": offer.begin,
            "end": offer.end,
            "hub_limit": offer.hub_limit,
            "trace": order.trace.hex(),
            "case_order": order.digest.hex(),
            "roots": list(roots.digests),
            "recognised": roots.tracer.numbers,
            "auditor": offer.auditor.hex(),
        }

    def receipt(self) -> dict[str, Any]:
        """What went between the two nodes, in messages and bytes, and what was answered; it holds no number."""
        wires = self._storage.receipt(self._of)
        kept = getattr(self._state, "kept", None)
        return {
            "records_sent": 0,
            **totals(wires),
            "snapshot_bytes": self.snapshot_file.stat().st_size if self.snapshot_file.exists() else 0,
            "answered": asdict(kept.spent) if kept is not None else None,
            "messages": [asdict(wire) for wire in wires],
        }

    def snapshot_state(self) -> str | None:
        """On the tracer's side: whether the holder's snapshot is here."""
        if self.row.role != "tracer" or not isinstance(self._state, tracer.Committed):
            return None
        if self.snapshot_file.exists():
            return "whole"
        return "coming" if self.partial().exists() else "not begun"

    # What the partner sends.

    def arrived(self, message: Message, data: bytes) -> Told:
        """What a message of the partner is answered with, once that is durable."""
        if not self._lock.acquire(blocking=False):
            return Wait("working")
        try:
            return self._arrived(message, data)
        finally:
            self._lock.release()

    def answered(self, data: bytes) -> None:
        """Take the partner's answer to what was sent."""
        with self._one_at_a_time():
            message = parse(data)
            before = self._state
            self._receive(message, data)
            if self._state is before:
                self.outgoing = None
            if isinstance(message, Refusal) and self.row.state not in ENDED:
                self.trouble = f"The partner refused: {message.code.name.lower().replace('_', ' ')}."

    def acknowledged(self) -> None:
        """The partner has taken what was sent, and answers nothing."""
        with self._one_at_a_time(broken_too=True):
            self.outgoing = None
            if self.row.pending is not None:
                self._storage.note(self._of, pending=None)

    def snapshot_bytes(self) -> bytes:
        """The holder's snapshot as a file."""
        kept = getattr(self._state, "kept", None)
        if self.row.role != "holder" or kept is None:
            raise _not_now("there is no snapshot now")
        if self._encoded is None:
            self._encoded = kept.snapshot.encode()
        return self._encoded

    @property
    def wants_snapshot(self) -> bool:
        """Whether the tracer still has to fetch the holder's snapshot."""
        return isinstance(self._state, tracer.Committed) and not self.snapshot_file.exists()

    def partial(self) -> Path:
        """Where a snapshot stands that has not come whole."""
        return self.snapshot_file.with_suffix(".part")

    def _arrived(self, message: Message, data: bytes) -> Told:
        row = self.row
        self.partner_says = Wait("")
        if self.broken is not None:
            return Wait("stopped", "this side cannot go on at the moment")
        if isinstance(message, Refusal):
            self._receive(message, data)
            return Nothing()
        if row.state in ENDED and row.code == RefusalCode.STOPPED and row.reason:
            trace = row.trace or row.offer or bytes(32)
            return Answer(encode(Refusal(trace, RefusalCode.STOPPED, row.reason)))
        if row.paused is not None:
            return Wait("paused", row.paused)
        if isinstance(message, Offer):
            return Answer(self._acceptance) if self._acceptance is not None else Wait("deciding")
        if isinstance(message, Start) and isinstance(self._state, holder.Committed):
            return Wait("waiting for the warrant")
        made = self._receive(message, data)
        return Answer(made) if made is not None else Nothing()

    def _receive(self, message: Message, data: bytes) -> bytes | None:
        if self._state is None:
            if isinstance(message, Refusal):  # the tracer took back an offer that nobody had accepted
                ended = holder.Ended(message.trace, message.code, message.reason)
                self._keep({}, Step(ended), (message, data), recorded=False)
            return None
        return self._do({"do": "receive"}, (message, data))

    # How a step becomes durable.

    def _do(self, what: dict[str, Any], received: tuple[Message, bytes] | None = None) -> bytes | None:
        """One step, durable when this returns what it sends."""
        now, random = self._now(), self._randomness(32)
        what |= {"now": now.isoformat(), "random": random.hex()}
        return self._keep(what, self._apply(what, received and received[0]), received)

    def _keep(
        self,
        what: dict[str, Any],
        made: Step[State],
        received: tuple[Message, bytes] | None,
        *,
        recorded: bool = True,
    ) -> bytes | None:
        sent = None if made.message is None else encode(made.message)
        moved = made.state is not self._state
        if moved or made.entries:
            columns = self._columns(made.state, sent) if moved else {}
            ended = columns.get("state") in ENDED
            self._storage.take_step(
                self._of,
                json.dumps(what).encode() if moved and recorded and not ended else None,
                Moved(type(received[0]).__name__, received[1]) if received and moved else None,
                Moved(type(made.message).__name__, sent) if made.message is not None and sent and moved else None,
                made.entries,
                self._stamp(),
                **columns,
            )
            self._move(made, sent)
            if ended:
                self._destroy()
        self._write_log()
        if isinstance(made.state, tracer.Traced) and moved:
            self._write_result()
        return sent

    def _move(self, made: Step[State], sent: bytes | None) -> None:
        """The new state, and what is to be sent from now on; the same when a step is replayed."""
        if made.state is self._state:
            return
        self._state = made.state
        if isinstance(made.state, holder.AwaitTracerCommitments):
            self._acceptance = sent
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
                columns |= {"code": int(code), "reason": reason, "pending": sent}
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
        key, state = self._identity.key, self._state
        match what["do"], state:
            case "offer", None:
                terms = _terms_from(what["terms"])
                self._offer = _message_of(tracer.offer(terms, key, Couples.none(), given))
                return tracer.offer(terms, key, self._read_couples(), given)
            case "accept", None:
                assert self._offer is not None
                return holder.accept(self._offer, key, self._read_couples(), given)
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
        raise _altered()

    def _authorise(
        self, what: Mapping[str, Any], state: tracer.Committed | holder.Committed, given: Given
    ) -> Step[State]:
        documents = _papers_from(what)
        policy = parse_policy(documents.policy, revocations=documents.revocations)
        warrant = verify_warrant(documents.warrant, policy, clock=lambda: given.now, amendments=documents.amendments)
        self._documents = documents
        if isinstance(state, holder.Committed):
            return holder.authorise(state, warrant, _approvers(policy), given)  # type: ignore[arg-type]  # none: nothing is unmasked
        shares = [SeedShare(number, bytes.fromhex(secret)) for number, secret in what["shares"]]
        return tracer.authorise(state, warrant, shares, self._read_snapshot(), given)

    def _take_up(self, row: Row) -> None:
        """The state that the database's steps lead to."""
        if row.state in ENDED:
            self._state = _rest(row)
            self.outgoing = row.pending
            if row.open:
                self._destroy()
            return
        for serial, data in self._storage.steps(self._of):
            what: dict[str, Any] = json.loads(data)
            came = self._storage.message(self._of, serial, sent=False)
            if what["do"] == "keep":
                self._offer = _offer_in(came or b"")
                continue
            made = self._apply(what, parse(came) if came is not None else None)
            sent = None if made.message is None else encode(made.message)
            if sent != self._storage.message(self._of, serial, sent=True):
                raise _altered()
            self._move(made, sent)
            self._last = datetime.fromisoformat(what["now"])
        self._write_log()
        if isinstance(self._state, tracer.Traced) and not files.stages(CaseFolder.open(self.folder)):
            self._write_result()

    def _unanswered(self) -> bytes | None:
        if self.row.role != "tracer" or self.row.state in ENDED:
            return self.row.pending
        for serial, _ in reversed(self._storage.steps(self._of)):
            return self._storage.message(self._of, serial, sent=True)
        return None

    def _write_log(self) -> None:
        """The entries of every step so far, in the case's log, each once."""
        left = self._storage.unlogged(self._of)
        if not left:
            return
        CaseFolder.create(self.folder)
        log = self.log
        there = {(found.entry.body.get("step"), found.entry.body.get("part")) for found in log.entries()}
        for serial, part, entry in left:
            if (serial, part) not in there:
                log.commit(Entry(entry.kind, {**entry.body, "step": serial, "part": part}))
        self._storage.logged(self._of)

    def _write_result(self) -> None:
        if isinstance(self._state, tracer.Traced) and self._documents is not None:
            case = CaseFolder.create(self.folder)
            store = Store.open(self._identity.settings.store)
            files.write_trace(case, tracer.graph(self._state), self._documents, self.log, store.accounts())

    def _destroy(self) -> None:
        self._storage.destroy(self._of)
        self._couples = self._encoded = None
        self.snapshot_file.unlink(missing_ok=True)
        self.partial().unlink(missing_ok=True)

    def _read_couples(self) -> Couples:
        """The own records of the window; the same ones as when the trace began, or ``StorageError``."""
        assert self._offer is not None
        if self._couples is None:
            store = Store.open(self._identity.settings.store)
            known = self.row.records
            if known is not None and known != "0" * 64 and known != store.identity:
                raise StorageError(
                    "node.records-changed",
                    "the store has changed since this trace began, and a snapshot is made once",
                    where=str(store.path),
                    mend="Put the store back as it was and start the node again, or end the trace: clew case refuse.",
                )
            CaseFolder.create(self.folder)
            name = self._identity.settings.name
            self._couples = read_window(store, self._offer, name, self.log, self._clock)
        return self._couples

    def _read_snapshot(self) -> Snapshot:
        if not self.snapshot_file.exists():
            raise InputError(
                "node.snapshot-missing",
                "the partner's snapshot has not come whole yet",
                mend="Wait until clew case status says so; the transfer goes on by itself.",
            )
        return parse_snapshot(self.snapshot_file.read_bytes())

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
    def _one_at_a_time(self, *, broken_too: bool = False) -> Iterator[None]:
        with self._lock:
            if self.broken is not None and not broken_too:
                raise self.broken
            yield


def totals(wires: list[Wire]) -> dict[str, dict[str, int]]:
    """Messages and bytes each way."""
    return {
        way: {
            "messages": sum(wire.sent is sent for wire in wires),
            "bytes": sum(wire.size for wire in wires if wire.sent is sent),
        }
        for way, sent in (("sent", True), ("received", False))
    }


def offer_reason(reason: str) -> str:
    """The digest of a reason, as the log holds it."""
    from clew.joint.labels import digest

    return digest(b"clew/1 reason", reason.encode()).hex()


def _rest(row: Row) -> State:
    trace = row.trace or row.offer or bytes(32)
    if row.state == "ended":
        code = RefusalCode(row.code)
        return (tracer.Ended if row.role == "tracer" else holder.Ended)(trace, code, row.reason)
    if row.role == "holder":
        return holder.Destroyed(trace)
    return tracer.AwaitClosed(trace) if row.state == "closing" else tracer.Done(trace)


def _approvers(policy: Any) -> Approvers | None:
    """Whose approvals count: the warrant's policy, if it asks for both sides; else nothing can be unmasked."""
    try:
        return Approvers(policy)
    except Refused:
        return None


def _terms_json(terms: tracer.Terms) -> dict[str, Any]:
    found = {name: getattr(terms, name) for name in tracer.Terms.__slots__}
    return found | {"auditor": terms.auditor.hex()}


def _terms_from(found: Mapping[str, Any]) -> tracer.Terms:
    return tracer.Terms(**{**found, "auditor": bytes.fromhex(found["auditor"])})


def _papers_json(documents: files.Documents) -> dict[str, Any]:
    def coded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "warrant": coded(documents.warrant),
        "policy": coded(documents.policy),
        "amendments": [coded(data) for data in documents.amendments],
        "revocations": [coded(data) for data in documents.revocations],
        "origin": str(documents.origin or ""),
    }


def _papers_from(found: Mapping[str, Any]) -> files.Documents:
    decoded = base64.b64decode
    return files.Documents(
        decoded(found["warrant"]),
        decoded(found["policy"]),
        tuple(decoded(text) for text in found["amendments"]),
        tuple(decoded(text) for text in found["revocations"]),
        Path(found["origin"]) if found["origin"] else None,
    )


def _message_of(step: Step[Any]) -> Offer:
    if not isinstance(step.message, Offer):
        raise _altered()
    return step.message


def _offer_in(data: bytes) -> Offer:
    message = parse(data)
    if not isinstance(message, Offer):
        raise _altered()
    return message


def _altered() -> StorageError:
    return StorageError(
        "node.replay",
        "the steps in the node's database do not lead to the messages beside them",
        mend="It was changed, or written by another version of Clew. Restore the node folder, or use that version.",
    )


def _check_reason(reason: str) -> None:
    """Return if the partner may be shown this; what looks like a telephone number may not be in it."""
    if not 0 < len(reason) <= 200 or not reason.isprintable() or _LONG_DIGITS.search(reason):
        raise UsageError(
            "node.reason",
            "a reason is one line of 1 to 200 characters without a long number in it",
            mend="The partner sees it, and nobody may learn from it who is asked about.",
        )


def _not_now(what: str) -> UsageError:
    return UsageError("node.not-now", what, mend="clew case status NODE shows where the trace is.")
