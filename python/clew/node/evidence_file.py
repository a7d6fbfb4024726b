"""The evidence of a trace as a file: what an auditor needs to check its declared contacts (spec node 12).

Either side can write it, from messages that outlast the trace's secrets, and both sides' files say the same.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.chain.files import Documents
from clew.errors import ClewError, InputError, UsageError
from clew.joint import context, group
from clew.joint.evidence import Checked, check_evidence
from clew.joint.messages import (
    Acceptance,
    Ask,
    HolderCommitments,
    Message,
    Names,
    Offer,
    TracerCommitments,
    encode,
    parse,
)
from clew.joint.terms import Order, Roots, holder_statement, require_fits, tracer_statement, verify
from clew.warrants.authorisation import Authorisation
from clew.warrants.document import Warrant
from clew.warrants.policy import Policy
from clew.warrants.verify import open_signed, verify_warrant

__all__ = ["FILE_LIMIT", "AuditedList", "EvidenceFile"]

FILE_LIMIT: Final = 1 << 30
"""So many bytes a file of evidence may have."""
_VERSION: Final = 1


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
    """The warrant, what both sides agreed and committed to, and every list with declared items beside its answer."""

    warrant: bytes
    amendments: tuple[bytes, ...]
    order: Order
    acceptance: Acceptance
    roots: Roots
    lists: tuple[tuple[Ask, Names], ...]

    @classmethod
    def of(cls, documents: Documents | None, messages: Iterable[bytes]) -> Self:
        """The file of a trace with these papers and messages; ``UsageError`` where nothing was declared in it."""
        found = [parse(data) for data in messages]
        asked = [one for one in found if isinstance(one, Ask) and one.declared]
        answers = {one.hop: one for one in found if isinstance(one, Names)}
        lists = [one for ask in asked if ask.hop in answers for one in (ask, answers[ask.hop])]
        if not lists or documents is None:
            raise UsageError(
                "node.no-evidence",
                "no contact was declared in this trace, so that there is no evidence of any",
                mend="A trace declares contacts if its warrant was drafted with --declared, and from hop 1 on.",
            )
        heads = [one for one in found if isinstance(one, Offer | Acceptance | TracerCommitments | HolderCommitments)]
        return cls._checked(documents.warrant, documents.amendments, [*heads, *lists])

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
        lists = []
        for asked, answer in zip(rest[::2], rest[1::2], strict=True):
            if not isinstance(asked, Ask) or not isinstance(answer, Names) or asked.hop != answer.hop:
                raise ValueError
            lists.append((asked, answer))
        if any(one.trace != order.trace for one in (mine, theirs, *(one for pair in lists for one in pair))):
            raise ValueError
        return cls(warrant, tuple(amendments), order, acceptance, roots, tuple(lists))

    def encode(self) -> bytes:
        """The file. It names no number: who has the auditor's key reads those that were declared."""
        messages: list[Message] = [self.order.offer, self.acceptance, self.roots.tracer, self.roots.holder]
        messages += [one for pair in self.lists for one in pair]
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

    def audited(self, warrant: Authorisation, auditor: X25519PrivateKey) -> tuple[AuditedList, ...]:
        """Every list, checked: that it is the one which the holder answered, and each declared item in it."""
        if auditor.public_key().public_bytes_raw() != self.order.offer.auditor:
            raise InputError(
                "node.other-auditor",
                "the evidence of this trace was sealed to another auditor's key",
                mend="Take the key whose public half was given to clew case open --auditor.",
            )
        return tuple(self._audited(warrant, asked, answer, auditor) for asked, answer in self.lists)

    def _audited(self, warrant: Authorisation, asked: Ask, answer: Names, auditor: X25519PrivateKey) -> AuditedList:
        order, roots, declared = self.order, self.roots, len(asked.declared) // 64
        statement = context.names(order, roots, warrant, asked.hop, asked.evidence)
        names = np.frombuffer(answer.points, np.uint8).reshape(-1, 32)
        keys = group.HolderKeys(roots.holder.keys)
        try:
            group.verify_names(keys, *context.items(asked), names, statement, answer.proof)
            items = check_evidence(order, roots, warrant.seeds, asked, auditor)
        except ClewError as error:
            return AuditedList(asked.hop, declared, (), error)
        return AuditedList(asked.hop, declared, items, None)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
