"""One trace of a node: what its own people do, and what the partner sends; one thing is done at a time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, final

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.chain import files
from clew.effects import Clock, Randomness
from clew.errors import ClewError, PeerError, Refused, UsageError
from clew.joint import holder, tracer
from clew.joint.messages import Message, Offer, Refusal, RefusalCode, Start, encode, parse
from clew.joint.seeds import SeedShare
from clew.joint.terms import require_fits
from clew.joint.unmasking import Approvers
from clew.node.given import papers_json, terms_json
from clew.node.identity import Card, Identity
from clew.node.revocations import REVOKED, UNSURE, Watch
from clew.node.states import ENDED
from clew.node.steps import State, Steps
from clew.node.storage import Row, Storage
from clew.node.told import Answer, Nothing, Told, Wait
from clew.node.trace_files import TraceFiles
from clew.node.unmask_request import UnmaskRequest
from clew.numbers import may_hold_number
from clew.warrants.authorisation import Authorisation
from clew.warrants.policy import parse_policy

__all__ = ["Running", "machine_trouble"]

_CLOCK: Final = "log.clock-behind"
_FOR_NOW: Final = (_CLOCK, "log.unwritable", "node.database")
"""Why a log may not be written that can be later: the trace is taken up, and answers and sends nothing before."""
_MOMENT: Final = 0.05
"""Seconds that a message waits for what is done only for a moment, such as a look for revocations: a partner that is
told to wait sends all of it again."""


@final
class Running:
    """One trace. Its methods block while they compute."""

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
        """Why this trace could not be taken up, or goes no further; the partner is told to wait."""
        self.trouble = ""
        """Why the last attempt to reach the partner failed."""
        self._here: dict[str, str] = {}
        """What this machine could not do, by what it was about, until it can."""
        self.partner_says = Wait("")
        """What the partner's node last said of itself."""
        self.id = row.id
        """The trace's number on this node."""
        self.files = TraceFiles(identity.settings, row, clock)
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._watch = Watch(identity.settings.policy)
        self._steps_of: Callable[[], Steps] = lambda: Steps(
            identity, partner, storage, self.files, clock, randomness, row.id
        )
        self._take_up()

    @property
    def row(self) -> Row:
        """The trace as the database knows it."""
        return self._steps.row

    @property
    def state(self) -> State | None:
        """The present state; ``None`` before an offer is made or accepted."""
        return self._steps.state

    @property
    def paused(self) -> str | None:
        """Why a person has paused it."""
        return self._steps.paused

    @property
    def trouble_here(self) -> str:
        """What this machine could not do for the trace when it last tried; empty where it could do everything."""
        if self.broken is not None:
            return self.said(self.broken)
        return " ".join(dict.fromkeys(self._here.values()))

    @property
    def outgoing(self) -> bytes | None:
        """What is to be sent until it is answered."""
        return self._steps.outgoing

    @property
    def folder(self) -> Path:
        """The folder of this trace's case."""
        return self.files.folder

    @property
    def snapshot_file(self) -> Path:
        """Where the partner's snapshot stands when it has come whole."""
        return self.files.snapshot

    @property
    def log(self) -> FileLog:
        """The log of this trace's case."""
        return self.files.log

    @property
    def terms(self) -> Offer | None:
        """What was offered."""
        return self._steps.offer

    @property
    def declared(self) -> int | None:
        """How many contacts the warrant lets the tracer declare; ``None`` before one was taken, and after the end."""
        found = getattr(getattr(self.state, "kept", None), "authorisation", None)
        return found.remaining.declared if isinstance(found, Authorisation) else None

    @property
    def documents(self) -> files.Documents | None:
        """What the warrant of this trace was read from, once one was taken; as long as the case folder stands."""
        return self._steps.documents or self.files.documents()

    def knows(self, trace: bytes) -> bool:
        """Whether a message with this identifier is of this trace; an offer is refused by its digest."""
        row = self.row
        return trace in (row.trace, row.offer)

    # What people do.

    def offer(self, terms: tracer.Terms) -> None:
        """Read the own records of the window, and offer the trace."""
        with self._one_at_a_time():
            self._steps.do({"do": "offer", "terms": terms_json(terms)})

    def keep_offer(self, data: bytes) -> None:
        """Keep a partner's offer until a person decides."""
        with self._one_at_a_time():
            self._steps.keep_offer(data)

    def accept(self) -> None:
        """Read the own records of the offered window, and accept the offer."""
        with self._one_at_a_time():
            if self.row.role != "holder" or self.state is not None or self.row.state != "offered":
                raise _not_now("only an offer that waits for a decision can be accepted")
            self._steps.do({"do": "accept"})

    def start(self, documents: files.Documents, shares: Sequence[SeedShare]) -> Authorisation:
        """Take a signed warrant for this trace, verified now; on the tracer's side with the seeds and their secrets."""
        with self._one_at_a_time():
            state = self.state
            if not isinstance(state, tracer.Committed | holder.Committed):
                raise _not_now("a warrant is taken once, when both sides have committed to their records")
            case, log = CaseFolder.create(self.folder), self.log
            found = files.authorise(documents, case, log, self._clock)
            kept = state if isinstance(state, tracer.Committed) else state.kept
            require_fits(found, kept.order, kept.roots)  # before the log knows it as this case's warrant
            if isinstance(state, tracer.Committed):
                self.files.read_snapshot()
            files.enter_case(case, found, documents, log)
            given = [[share.number, share.secret.hex()] for share in shares]
            self._steps.do({"do": "authorise", **papers_json(documents), "shares": given})
            return found

    def draft_unmasking(self, reasons: Mapping[str, str], until: int) -> UnmaskRequest:
        """A request to unmask these pseudonyms, each with its reason, for approvers of both sides to sign."""
        with self._one_at_a_time():
            if not isinstance(self.state, tracer.Traced):
                raise _not_now("vertices are unmasked when every hop is done, by the tracer")
            for reason in reasons.values():
                _check_reason(reason)
            if until <= self._clock().timestamp():
                raise UsageError(
                    "node.unmask-late",
                    "nobody could approve the request: the moment until which it may be answered has passed",
                    mend="Give a later moment with --until.",
                )
            message, _ = tracer.draft_unmasking(self.state, reasons, until)
            return UnmaskRequest(bytes.fromhex(self.state.kept.authorisation.digest), message)

    def unmask(self, request: UnmaskRequest) -> None:
        """Send an approved request. The own side looks at the approvals first, as the partner will."""
        with self._one_at_a_time():
            self._end_if_revoked()
            state = self.state
            if not isinstance(state, tracer.Traced):
                raise _not_now("vertices are unmasked when every hop is done, by the tracer")
            documents = self._steps.documents
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
            self._steps.do({"do": "unmask", "message": encode(message).hex()})

    def close(self) -> None:
        """Close a trace that is done; everything that opens anything of it is destroyed."""
        with self._one_at_a_time():
            if not isinstance(self.state, tracer.Traced):
                raise _not_now("only the tracer closes a trace, and only when every hop is done")
            self._steps.write_case()
            self._steps.do({"do": "close"})

    def refuse(self, reason: str) -> None:
        """End the trace; the partner sees the reason."""
        _check_reason(reason)
        with self._one_at_a_time(broken_too=True):
            row = self.row
            if row.state in ENDED:
                raise _not_now("the trace has ended")
            if self.state is not None and self.broken is None:
                self._steps.do({"do": "stop", "reason": reason})
                return
            try:
                self._steps.refuse_offer(reason)
            finally:
                if self.row.state in ENDED:
                    self.broken = None

    def revoke(self, data: bytes) -> None:
        """Take a signed revocation of this trace's warrant: the trace ends, and the case folder keeps it."""
        with self._one_at_a_time(broken_too=True):
            documents = self.documents
            if documents is None:
                raise _not_now("no warrant was taken for this trace yet")
            case = CaseFolder(self.folder)
            self._end_revoked(self._watch.require_revoked(documents, data, case, self.log, self._clock))

    def look_for_revocation(self) -> None:
        """End the trace if its warrant is revoked by now. While a step is being done it is looked at by that step."""
        if self._lock.acquire(blocking=False):
            try:
                if self.broken is not None and self.broken.code == _CLOCK and not self._is_behind():
                    self._take_up()
                with self._shown("look"):
                    self._steps.catch_up()
                    self._end_if_revoked()
            finally:
                self._lock.release()

    def pause(self, reason: str) -> None:
        """Answer and ask nothing until :meth:`go_on`; the partner sees the reason."""
        _check_reason(reason)
        if self.row.state in ENDED:
            raise _not_now("the trace has ended")
        self._storage.note(self.id, paused=reason)
        self._steps.paused = reason

    def go_on(self) -> None:
        """End a pause, and ask again what was refused for the time being."""
        if self.row.state in ENDED and self.row.pending is None:
            raise _not_now("the trace has ended")
        self._storage.note(self.id, paused=None)
        self._steps.paused = None
        with self._one_at_a_time():
            self._steps.catch_up()
            self._steps.outgoing = self._steps.unanswered()

    def result(self) -> Path:
        """The case folder with the graph of a trace that is done; written again if it is not there."""
        with self._one_at_a_time():
            self._steps.write_case()
            if not self.files.has_graph:
                raise _not_now("there is no graph yet")
            return self.folder

    def terms_document(self) -> dict[str, Any]:
        """What a warrant for this trace must name, as both sides committed to it."""
        state = self.state
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
        """What went between the two nodes and what was revealed, as far as the trace has come; it holds no number."""
        return self._steps.receipt()

    def receipt_file(self) -> Path | None:
        """The signed receipt in the case folder; none before everything was answered."""
        with self._one_at_a_time(broken_too=True):
            return self.files.receipt_file

    def snapshot_state(self) -> str | None:
        """On the tracer's side: whether the holder's snapshot is here."""
        if self.row.role != "tracer" or not isinstance(self.state, tracer.Committed):
            return None
        if self.snapshot_file.exists():
            return "whole"
        return "coming" if self.files.partial.exists() else "not begun"

    # What the partner sends.

    def arrived(self, message: Message, data: bytes) -> Told:
        """What a message of the partner is answered with, once that is durable."""
        if not self._lock.acquire(timeout=_MOMENT):
            return Wait("working")
        try:
            with self._shown("arrived"):
                return self._arrived(message, data)
        finally:
            self._lock.release()

    def answered(self, data: bytes) -> None:
        """Take the partner's answer to what was sent."""
        with self._one_at_a_time():
            message = parse(data)
            if self._end_if_revoked():
                return
            before = self.state
            self._steps.receive(message, data)
            if self.state is before:
                self._steps.outgoing = None
            if self.row.state in ENDED:
                return
            if isinstance(message, Refusal):
                self.trouble = f"The partner refused: {message.code.name.lower().replace('_', ' ')}."
            elif self.state is before:
                self.trouble = "The partner's answer was not taken; the log says why, and clew case resume asks again."

    def acknowledged(self) -> None:
        """The partner has taken what was sent, and answers nothing."""
        with self._one_at_a_time(broken_too=True):
            self._steps.outgoing = None
            if self.row.pending is not None:
                self._storage.note(self.id, pending=None)

    def snapshot_bytes(self) -> bytes:
        """The holder's snapshot as a file."""
        kept = getattr(self.state, "kept", None)
        if self.row.role != "holder" or kept is None:
            raise _not_now("there is no snapshot now")
        return self.files.encoded(kept.snapshot)

    def take_snapshot(self) -> None:
        """Take the snapshot that has come whole; ``PeerError`` if it is not the one that was committed to."""
        with self._one_at_a_time():
            self._steps.take_snapshot()

    @property
    def wants_snapshot(self) -> bool:
        """Whether the tracer still has to fetch the holder's snapshot."""
        return isinstance(self.state, tracer.Committed) and not self.snapshot_file.exists()

    def _arrived(self, message: Message, data: bytes) -> Told:
        self._steps.catch_up()
        self._end_if_revoked()
        row = self.row
        self.partner_says = Wait("")
        if self.broken is not None:
            return Wait("stopped", "this side cannot go on at the moment")
        if isinstance(message, Refusal):
            if row.trace is not None and message.trace == row.offer:  # the tracer did not know the trace's name yet
                message = replace(message, trace=row.trace)
            self._steps.receive(message, data)
            return Nothing()
        if row.state in ENDED and row.code == RefusalCode.STOPPED and row.reason:
            trace = row.trace or row.offer or bytes(32)
            return Answer(encode(Refusal(trace, RefusalCode.STOPPED, row.reason)))
        if row.paused is not None:
            return Wait("paused", row.paused)
        if isinstance(message, Offer):
            return Answer(accepted) if (accepted := self._steps.acceptance) is not None else Wait("deciding")
        if isinstance(message, Start) and isinstance(self.state, holder.Committed):
            return Wait("waiting for the warrant")
        made = self._steps.receive(message, data)
        return Answer(made) if made is not None else Nothing()

    def _end_if_revoked(self) -> bool:
        """End the trace if its warrant is revoked, pause it while nobody can say whether it is; whether it did."""
        documents = self._steps.documents
        if documents is None or self.broken is not None or self.row.state in ENDED:
            return False
        if self.paused is not None and not self._watch.changed():
            return False
        found = self._watch.look(documents, CaseFolder(self.folder), self.log, self._clock)
        if found is None:
            return False
        if found.code == "warrant.revoked":
            self._end_revoked(self._watch.among(documents))
        else:
            self.pause(UNSURE)
            self.trouble = str(found)
        return True

    def _end_revoked(self, documents: files.Documents) -> None:
        if self.row.state not in ENDED:
            self._steps.do({"do": "stop", "reason": REVOKED})
        self.files.keep_documents(documents)

    def _take_up(self) -> None:
        """Come to the state that the database knows; what is in the way is kept, and the partner is told to wait."""
        self._steps = self._steps_of()
        self.broken = None
        try:
            self._steps.take_up(self.row)
            with self._shown("look"):
                self._steps.catch_up()
        except ClewError as error:
            if error.code not in _FOR_NOW or not self._steps.is_taken_up:
                self.broken = error

    def _is_behind(self) -> bool:
        until = self._steps.waits_until
        return until is not None and self._clock() < until

    @contextmanager
    def _shown(self, about: str) -> Iterator[None]:
        """What fails is shown to the own people until the same succeeds; what the partner did wrong is not theirs."""
        try:
            yield
        except PeerError:
            raise
        except ClewError as error:
            self._here[about] = self.said(error)
            raise
        except OSError as error:
            self._here[about] = machine_trouble(error)
            raise
        self._here.pop(about, None)

    def said(self, error: ClewError) -> str:
        """The error in words; of a clock that is behind also by how much, and until when the trace waits."""
        if error.code != _CLOCK and getattr(error.__cause__, "code", "") != _CLOCK:
            return str(error)
        until = self._steps.waits_until
        if until is None or not self._is_behind():
            return str(error)
        behind = timedelta(seconds=math.ceil((until - self._clock()).total_seconds()))
        return (
            f"The clock is {behind} behind the trace's last step, and nothing is done before {until:%Y-%m-%d %H:%M:%S} "
            f"UTC [{_CLOCK}] Set the machine's clock if it is wrong. If it is right now and was ahead before, the "
            "trace goes on by itself at that moment; or end it: clew case refuse."
        )

    @contextmanager
    def _one_at_a_time(self, *, broken_too: bool = False) -> Iterator[None]:
        with self._lock:
            if self.broken is not None and not broken_too:
                raise self.broken
            yield


def machine_trouble(error: OSError) -> str:
    """What a person is told of a step that the machine did not let happen; it is tried again."""
    return f"This machine cannot do it at the moment: {error.strerror}. It is tried again."


def _check_reason(reason: str) -> None:
    """Return if the partner may be shown this: it may hold a date, and nothing that looks like a telephone number."""
    if not 0 < len(reason) <= 200 or not reason.isprintable() or may_hold_number(reason, dates=True):
        raise UsageError(
            "node.reason",
            "a reason is one line of 1 to 200 characters without a long number in it",
            mend="The partner sees it, and nobody may learn from it who is asked about.",
        )


def _not_now(what: str) -> UsageError:
    return UsageError("node.not-now", what, mend="clew case status NODE shows where the trace is.")
