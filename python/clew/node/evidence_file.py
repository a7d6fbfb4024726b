"""The evidence of a trace as a file: what an auditor needs to check its answers and declared contacts (spec node 12).

Either side can write it, from messages that outlast the trace's secrets, and both sides' files say the same.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.chain.files import Documents
from clew.errors import ClewError, InputError, UsageError
from clew.joint import context, group
from clew.joint.answers import Answers
from clew.joint.broken import Broken, verify_broken
from clew.joint.evidence import Checked, check_evidence
from clew.joint.messages import (
    Acceptance,
    Ask,
    AskRows,
    HolderCommitments,
    Message,
    Names,
    Offer,
    Recognise,
    Recognised,
    Rows,
    SealedSeeds,
    Start,
    TracerCommitments,
    encode,
    parse,
)
from clew.joint.refusals import check_failed
from clew.joint.terms import Order, Roots, holder_statement, require_fits, tracer_statement, verify
from clew.warrants.authorisation import Authorisation
from clew.warrants.document import Warrant
from clew.warrants.policy import Policy
from clew.warrants.verify import open_signed, verify_warrant

__all__ = ["FILE_LIMIT", "AuditedAnswer", "AuditedList", "AuditedRow", "EvidenceFile"]

FILE_LIMIT: Final = 1 << 30
"""So many bytes a file of evidence may have."""
_VERSION: Final = 1

Exchange = tuple[Start, SealedSeeds] | tuple[Recognise, Recognised] | tuple[Ask, Names] | tuple[AskRows, Rows]
"""A question of the tracer and the holder's answer."""

_ANSWERED_BY: Final[dict[type[Message], type[Message]]] = {
    Start: SealedSeeds,
    Recognise: Recognised,
    Ask: Names,
    AskRows: Rows,
}


@final
@dataclass(frozen=True, slots=True)
class AuditedAnswer:
    """An answer of the holder: how many points it has, and what is wrong with its proof, if anything is."""

    what: str
    hop: int | None
    points: int
    fault: ClewError | None


@final
@dataclass(frozen=True, slots=True)
class AuditedRow:
    """A row that the tracer says was not sound; ``fault`` is why it proves nothing, ``None`` if it convicts the
    holder."""

    hop: int
    position: int
    fault: ClewError | None


@final
@dataclass(frozen=True, slots=True, repr=False)
class AuditedList:
    """The declared items of one hop: each as its evidence shows it, or why none of them could be looked at."""

    hop: int
    declared: int
    items: tuple[Checked, ...]
    fault: ClewError | None

    @property
    def faults(self) -> int:
        """How many of the declared items are not proved."""
        return self.declared if self.fault is not None else sum(item.fault is not None for item in self.items)


@final
@dataclass(frozen=True, slots=True, repr=False)
class EvidenceFile:
    """The warrant, what both sides agreed and committed to, and every question of the trace with its answer."""

    warrant: bytes
    amendments: tuple[bytes, ...]
    order: Order
    acceptance: Acceptance
    roots: Roots
    exchanges: tuple[Exchange, ...]

    @classmethod
    def of(cls, documents: Documents | None, messages: Iterable[bytes]) -> Self:
        """The file of a trace with these papers and messages; ``UsageError`` where nothing was answered in it."""
        found = [parse(data) for data in messages]
        answers = {(type(one), getattr(one, "hop", None)): one for one in found}
        pairs = []
        for one in found:
            kind = _ANSWERED_BY.get(type(one))
            answer = None if kind is None else answers.get((kind, getattr(one, "hop", None)))
            pairs += [one, answer] if answer is not None else []
        if not pairs or documents is None:
            raise UsageError(
                "node.no-evidence",
                "nothing was answered in this trace, so that there is no evidence of anything",
                mend="There is some once both sides have started the warrant.",
            )
        heads = [one for one in found if isinstance(one, Offer | Acceptance | TracerCommitments | HolderCommitments)]
        return cls._checked(documents.warrant, documents.amendments, [*heads, *pairs])

    @classmethod
    def parse(cls, data: bytes, where: str = "") -> Self:
        """The evidence in a file; ``InputError`` if it is none, or not what the two nodes signed."""
        try:
            found = json.loads(data)
            papers = [b64decode(text, validate=True) for text in (found["warrant"], *found["amendments"])]
            messages = [parse(b64decode(text, validate=True)) for text in found["messages"]]
            made = cls._checked(papers[0], papers[1:], messages)
            if found["version"] != _VERSION or made.encode() != data:
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ClewError) as error:
            raise InputError(
                "node.evidence-file",
                "this is not the evidence of a joint trace, or it was changed",
                where=where,
                mend="Ask both sides for the file that clew case evidence writes, and compare the two.",
            ) from error
        return made

    @classmethod
    def _checked(cls, warrant: bytes, amendments: Sequence[bytes], messages: Sequence[Message]) -> Self:
        """The file, if its messages are of one trace, in their order, and the first four are signed as they must be."""
        offer, acceptance, mine, theirs, *rest = messages
        if (
            not isinstance(offer, Offer)
            or not isinstance(acceptance, Acceptance)
            or not isinstance(mine, TracerCommitments)
            or not isinstance(theirs, HolderCommitments)
        ):
            raise ValueError
        order, roots = Order.accepted(offer, acceptance), Roots(mine, theirs)
        verify(offer.tracer, mine.signature, tracer_statement(order, mine))
        verify(order.holder, theirs.signature, holder_statement(order, roots))
        exchanges: list[Exchange] = [_exchange(*pair) for pair in zip(rest[::2], rest[1::2], strict=True)]
        if any(one.trace != order.trace for one in (mine, theirs, *(one for pair in exchanges for one in pair))):
            raise ValueError
        if len({(type(asked), getattr(asked, "hop", None)) for asked, _ in exchanges}) != len(exchanges):
            raise ValueError
        return cls(warrant, tuple(amendments), order, acceptance, roots, tuple(exchanges))

    def encode(self) -> bytes:
        """The file. It names no number: who has the auditor's key reads those that were declared."""
        messages: list[Message] = [self.order.offer, self.acceptance, self.roots.tracer, self.roots.holder]
        messages += [one for pair in self.exchanges for one in pair]
        document = {
            "version": _VERSION,
            "warrant": _text(self.warrant),
            "amendments": [_text(data) for data in self.amendments],
            "messages": [_text(encode(message)) for message in messages],
        }
        return (json.dumps(document, indent=2) + "\n").encode()

    def authorised(self, policy: Policy) -> Authorisation:
        """The warrant of this trace, if the policy's holders signed it and it names what both sides committed to.

        Whether it has expired or was revoked since says nothing about what was declared under it: it is looked at as
        on its first day.
        """
        last = (self.warrant, *self.amendments)[-1]
        document = open_signed(last, policy).document
        if not isinstance(document, Warrant):
            raise ValueError("a document that was opened as a warrant is one")
        first_day = document.valid_from
        timeless = replace(policy, revocations=(), revocation_files={})
        found = verify_warrant(self.warrant, timeless, clock=lambda: first_day, amendments=self.amendments)
        require_fits(found, self.order, self.roots)
        return found

    @property
    def lists(self) -> tuple[tuple[Ask, Names], ...]:
        """The lists with declared items, each with its answer."""
        return tuple(pair for pair in self._names().values() if pair[0].declared)

    def answers(self, warrant: Authorisation) -> tuple[AuditedAnswer, ...]:
        """Every answer, checked by its proof: that the holder made it, with the keys that it published, of what was
        asked. It takes nobody's secret."""
        return tuple(self._answer(warrant, *pair) for pair in self.exchanges)

    def _answer(self, warrant: Authorisation, asked: Message, answer: Message) -> AuditedAnswer:
        points = answer.seals if isinstance(answer, SealedSeeds) else getattr(answer, "points", b"")
        found = AuditedAnswer(_WHAT[type(answer)], getattr(answer, "hop", None), len(points) // 32, None)
        try:
            self._require_proof(warrant, asked, answer)
        except ClewError as error:
            return replace(found, fault=error)
        return found

    def _require_proof(self, warrant: Authorisation, asked: Message, answer: Message) -> None:
        answers = Answers(self.order, self.roots, warrant, group.HolderKeys(self.roots.holder.keys))
        match asked, answer:
            case Start(), SealedSeeds():
                answers.seeds(answer)
            case Recognise(), Recognised():
                if len(asked.points) != 32 * self.roots.tracer.numbers:
                    raise check_failed("recognition was of another number of numbers than were committed to")
                answers.recognised(asked, answer)
            case Ask(), Names():
                answers.names(asked, answer)
            case AskRows(), Rows() if asked.hop in (named := self._names()):
                answers.rows(*named[asked.hop], context.positions(asked), answer)
            case _:
                raise check_failed("rows were answered of a list that is not here")

    def _names(self) -> dict[int, tuple[Ask, Names]]:
        return {pair[0].hop: pair for pair in self.exchanges if isinstance(pair[0], Ask) and isinstance(pair[1], Names)}

    def broken(self, warrant: Authorisation, trace: bytes, rows: Sequence[Broken]) -> tuple[AuditedRow, ...]:
        """Whom each row convicts that a tracer shows as broken; ``InputError`` where they are of another trace."""
        if trace != self.order.trace:
            raise InputError(
                "node.broken-file",
                "these rows are of another trace than the evidence",
                mend="Take both files from the same trace.",
            )
        found = {
            asked.hop: (asked, answer, self._answer(warrant, asked, answer).fault)
            for asked, answer in self.exchanges
            if isinstance(asked, AskRows) and isinstance(answer, Rows)
        }
        return tuple(AuditedRow(row.hop, row.position, self._row_fault(found.get(row.hop), row)) for row in rows)

    def _row_fault(self, found: tuple[AskRows, Rows, ClewError | None] | None, row: Broken) -> ClewError | None:
        if found is None:
            return check_failed("no rows of this hop were answered")
        asked, answer, fault = found
        try:
            if fault is None:
                verify_broken(self.order, self.roots, asked, answer, row)
        except ClewError as error:
            return error
        return fault

    def audited(self, warrant: Authorisation, auditor: X25519PrivateKey) -> tuple[AuditedList, ...]:
        """Every list with declared items, checked: that it is the one which the holder answered, and each of them."""
        if auditor.public_key().public_bytes_raw() != self.order.offer.auditor:
            raise InputError(
                "node.other-auditor",
                "the evidence of this trace was sealed to another auditor's key",
                mend="Take the key whose public half was given to clew case open --auditor.",
            )
        return tuple(self._audited(warrant, asked, answer, auditor) for asked, answer in self.lists)

    def _audited(self, warrant: Authorisation, asked: Ask, answer: Names, auditor: X25519PrivateKey) -> AuditedList:
        declared = len(asked.declared) // 64
        try:
            self._require_proof(warrant, asked, answer)
            items = check_evidence(self.order, self.roots, warrant.seeds, asked, auditor)
        except ClewError as error:
            return AuditedList(asked.hop, declared, (), error)
        return AuditedList(asked.hop, declared, items, None)


_WHAT: Final[dict[type[Message], str]] = {
    SealedSeeds: "seeds",
    Recognised: "recognition",
    Names: "names",
    Rows: "rows",
}


def _exchange(asked: Message, answer: Message) -> Exchange:
    """The two as a question and its answer; ``ValueError`` if they are none."""
    match asked, answer:
        case (Start(), SealedSeeds()) | (Recognise(), Recognised()):
            return asked, answer  # type: ignore[return-value]  # the pattern says which go together
        case (Ask(hop=hop), Names(hop=other)) | (AskRows(hop=hop), Rows(hop=other)) if hop == other:
            return asked, answer  # type: ignore[return-value]
    raise ValueError


def _text(data: bytes) -> str:
    return b64encode(data).decode()
