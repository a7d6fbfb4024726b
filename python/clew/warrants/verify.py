"""Warrant verification: the thirteen checks of ``spec/warrant.md``, section 5, in their order.

This is the only module that makes an :class:`~clew.warrants.authorisation.Authorisation` out of a warrant. Nothing here
returns a truth value that somebody could forget to look at: a check passes or raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, final

from clew.audit.log import Log, LoggedEntry
from clew.effects import Clock
from clew.errors import ClewError, InputError, Refused
from clew.warrants.authorisation import _KEY, Authorisation
from clew.warrants.document import STAGE_LIMIT, Document, Revocation, Warrant, parse_document, require_extends
from clew.warrants.dsse import Envelope, parse_envelope
from clew.warrants.policy import Holder, Policy
from clew.warrants.strict import moment_text

__all__ = ["CHECKS", "SOURCE_SHOWN", "Check", "Signed", "Witness", "open_signed", "sources_used", "verify_warrant"]

SOURCE_SHOWN: Final = "records.source"
"""The log entry that stands before each showing of an operator's own lines; it uses up the budget ``sources``."""


@final
@dataclass(frozen=True, slots=True)
class Check:
    """One numbered check, whether it passed, and what was found, in words without any number of a person."""

    number: int
    title: str
    passed: bool
    found: str


Witness = Callable[[Check], None]
"""Hears every check as it is made, the failing one last."""


@final
@dataclass(frozen=True, slots=True)
class Signed:
    """A document with the holders whose valid signatures count for it, and the ids of keys that nobody vouches for."""

    document: Document
    digest: str
    signers: tuple[Holder, ...]
    unknown: tuple[str, ...]


@dataclass(slots=True)
class _Paper:
    """One envelope on its way through checks 2 to 7; ``place`` is its file, or its name where there is none."""

    name: str
    place: str
    data: bytes
    kind: type[Warrant] | type[Revocation]
    envelope: Envelope = field(init=False)
    document: Document = field(init=False)
    signers: list[Holder] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Evidence:
    """Everything that verification looks at, and what it has established so far."""

    papers: list[_Paper]
    policy: Policy
    revocations: Sequence[bytes]
    clock: Clock
    log: Log | None
    case: str | None
    fits: Callable[[str], None] | None
    named: Mapping[bytes, str] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)

    @property
    def warrants(self) -> list[Warrant]:
        """The chain of documents, stage 1 first."""
        return [paper.document for paper in self.papers if isinstance(paper.document, Warrant)]

    @property
    def last(self) -> Warrant:
        """The document that gives the scope."""
        return self.warrants[-1]


def verify_warrant(
    envelope: bytes,
    policy: Policy,
    *,
    clock: Clock,
    amendments: Sequence[bytes] = (),
    revocations: Sequence[bytes] = (),
    log: Log | None = None,
    case: str | None = None,
    fits: Callable[[str], None] | None = None,
    witness: Witness | None = None,
    files: Sequence[str] = (),
) -> Authorisation:
    """The authorisation that a signed warrant gives; raises ``Refused`` or ``InputError`` if any check fails (spec 5).

    ``amendments`` are envelopes in the order of their stages; the authorisation is for the last stage given.
    ``revocations`` are looked at beside those of the policy's own folder. ``log`` is the case's log: its last moment
    bounds the clock, its entries say what was used of the budgets; leave it out only where there is no case yet.
    ``case`` names the case in hand, if there is one; ``fits`` is given the name of the warrant's case, and raises if
    the folder in hand may not take it. ``files`` are the files of the warrant, the amendments and the ``revocations``,
    in this order, for errors to name.
    """
    names = ["warrant", *(f"amendment of stage {stage}" for stage in range(2, len(amendments) + 2))]
    places = [*files, *names[len(files) :]][: len(names)]
    papers = [
        _Paper(name, place, data, Warrant)
        for name, place, data in zip(names, places, (envelope, *amendments), strict=True)
    ]
    named = {**policy.revocation_files, **dict(zip(revocations, files[len(papers) :], strict=False))}
    evidence = _Evidence(papers, policy, [*policy.revocations, *revocations], clock, log, case, fits, named)
    for number, (title, check) in enumerate(CHECKS, 1):
        try:
            found = check(evidence)
        except ClewError as error:
            if witness is not None:
                witness(Check(number, title, False, error.what))
            raise
        if witness is not None:
            witness(Check(number, title, True, found))
    scope = evidence.last
    return Authorisation(
        _KEY,
        clock,
        {
            "case": scope.case,
            "digest": scope.digest,
            "root": evidence.warrants[0].digest,
            "stage": scope.stage,
            "seeds": scope.seeds,
            "begin": scope.begin,
            "end": scope.end,
            "hops": scope.hops,
            "hub_limit": scope.hub_limit,
            "budgets": scope.budgets,
            "remaining": scope.budgets.less(evidence.used),
            "expires": scope.expires,
            "joint": scope.joint,
        },
    )


def open_signed(
    envelope: bytes, policy: Policy, kind: type[Warrant] | type[Revocation] = Warrant, place: str = ""
) -> Signed:
    """The document in an envelope and who signed it, after checks 2 to 7 alone (spec 5).

    It says nothing about time, revocation or case, and permits nothing. ``place`` is its file, for errors to name.
    """
    paper = _Paper(kind.__name__.lower(), place or kind.__name__.lower(), envelope, kind)
    for check in _PAPER_CHECKS:
        _run(check, paper, policy)
    return Signed(paper.document, paper.envelope.digest, tuple(paper.signers), tuple(paper.unknown))


def _policy(evidence: _Evidence) -> str:
    """(spec 5.1) The policy names keys; a :class:`Policy` that names none, or cannot be met, cannot be made."""
    return f"{evidence.policy.threshold} of {len(evidence.policy.holders)} keys must sign"


def _envelopes(evidence: _Evidence) -> str:
    """(spec 5.2) Every file is an envelope in its one spelling."""
    if len(evidence.papers) > STAGE_LIMIT:
        raise InputError(
            "warrant.too-large",
            f"there are more than {STAGE_LIMIT} stages",
            mend="Revoke the warrant and issue it anew.",
        )
    _each(_envelope, evidence)
    return _count(len(evidence.papers), "document")


def _payload_types(evidence: _Evidence) -> str:
    """(spec 5.3) What was signed was signed as what it is taken for."""
    _each(_payload_type, evidence)
    return Warrant.payload_type


def _signatures(evidence: _Evidence) -> str:
    """(spec 5.4) Every signature by a key of the policy is valid, and there is one."""
    _each(_signature, evidence)
    unknown = sorted({keyid for paper in evidence.papers for keyid in paper.unknown})
    named = f"; not counted, unknown to the policy: {', '.join(unknown)}" if unknown else ""
    known = sum(len(paper.envelope.signatures) - len(paper.unknown) for paper in evidence.papers)
    return _count(known, "valid signature") + named


def _documents(evidence: _Evidence) -> str:
    """(spec 5.5) Every document is in its one spelling, its values in range."""
    _each(_document, evidence)
    return _count(len(evidence.last.seeds), "seed") + f", {_count(evidence.last.hops, 'hop')}"


def _signers(evidence: _Evidence) -> str:
    """(spec 5.6) Enough different holders signed."""
    _each(_enough, evidence)
    return ", ".join(holder.name for holder in evidence.papers[-1].signers)


def _requirements(evidence: _Evidence) -> str:
    """(spec 5.7) The roles and sides that the policy asks for are among them."""
    _each(_required, evidence)
    asked = [requirement.text for requirement in evidence.policy.requirements]
    if evidence.last.joint is not None:
        asked.append("two sides of a joint trace")
    return "; ".join(asked) or "none asked for"


def _chain(evidence: _Evidence) -> str:
    """(spec 5.8) Every amendment extends the document before it."""
    first = evidence.warrants[0]
    if first.stage != 1:
        raise Refused(
            "warrant.chain",
            f"this is the amendment of stage {first.stage}, and the warrant that it amends is missing",
            where=evidence.papers[0].place,
            mend="Give the warrant first, then its amendments in their order.",
        )
    for paper, (before, document) in zip(evidence.papers[1:], pairwise(evidence.warrants), strict=True):
        try:
            require_extends(before, document)
        except Refused as error:
            error.where = paper.place
            raise
    return f"stage {evidence.last.stage}"


def _case(evidence: _Evidence) -> str:
    """(spec 5.9) It is the warrant of the case in hand."""
    named = evidence.last.case
    if evidence.case is not None and evidence.case != named:
        raise Refused(
            "warrant.wrong-case",
            f"the warrant is of case {named}, and the case in hand is {evidence.case}",
            mend="Use the warrant of this case, or another case folder.",
        )
    if evidence.fits is not None:
        evidence.fits(named)
    return named if evidence.case is not None or evidence.fits is not None else f"{named}; no case given"


def _revoked(evidence: _Evidence) -> str:
    """(spec 5.10) No document of the chain is revoked; a revocation that cannot be trusted is not passed over."""
    chain = {paper.envelope.digest: paper.name for paper in evidence.papers}
    for data in evidence.revocations:
        place = evidence.named.get(data, "")
        try:
            found = parse_document(parse_envelope(data).payload)
            if isinstance(found, Revocation) and found.revokes not in chain:
                continue
            signed = open_signed(data, evidence.policy, Revocation, place)
        except ClewError as error:
            raise Refused(
                "warrant.revocation-unverified",
                f"a revocation cannot be verified, and might revoke this warrant: {error.what}",
                where=place or error.where,
                mend="Find out where it comes from; take it out of the folder only if it is none.",
            ) from error
        if isinstance(signed.document, Revocation):
            raise Refused(
                "warrant.revoked",
                f"the {chain[signed.document.revokes]} was revoked on {signed.document.issued:%Y-%m-%d}",
                mend="Stop. Ask the issuing authority.",
            )
    return f"{_count(len(evidence.revocations), 'revocation')} seen"


def _clock(evidence: _Evidence) -> str:
    """(spec 5.11) The clock is not behind the last entry of the case's log."""
    entries = evidence.log.entries() if evidence.log is not None else []
    if entries and evidence.clock() < entries[-1].at:
        raise Refused(
            "log.clock-behind",
            "the clock is behind the last log entry",
            mend="Set the machine's clock; nothing was done.",
        )
    return f"{_count(len(entries), 'log entry', 'log entries')} before" if evidence.log is not None else "no log given"


def _in_force(evidence: _Evidence) -> str:
    """(spec 5.12) It is in force now."""
    now, document = evidence.clock(), evidence.last
    if now < document.valid_from:
        raise Refused(
            "warrant.not-yet-valid",
            f"the warrant is not valid before {moment_text(document.valid_from)}",
            where=evidence.papers[-1].place,
            mend="Wait, or set the machine's clock.",
        )
    if now >= document.expires:
        raise Refused(
            "warrant.expired",
            f"the warrant expired at {moment_text(document.expires)}",
            where=evidence.papers[-1].place,
            mend="Ask the issuing authority for a new warrant.",
        )
    return f"until {moment_text(document.expires)}"


def _budgets(evidence: _Evidence) -> str:
    """(spec 5.13) What the log says was used is taken off the budgets."""
    evidence.used = _used(evidence)
    left = evidence.last.budgets.less(evidence.used)
    return f"at most {left.numbers} numbers inside the bound; {left.sources} source lines left to show"


CHECKS: Final[tuple[tuple[str, Callable[[_Evidence], str]], ...]] = (
    ("the policy names keys", _policy),
    ("the envelopes are well-formed", _envelopes),
    ("they were signed as warrants", _payload_types),
    ("the signatures are valid", _signatures),
    ("the documents are well-formed and in range", _documents),
    ("enough holders signed", _signers),
    ("the roles and sides that must sign did", _requirements),
    ("every amendment extends the one before", _chain),
    ("it is of this case", _case),
    ("nothing is revoked", _revoked),
    ("the clock is not behind the log", _clock),
    ("it is in force", _in_force),
    ("the budgets that are left", _budgets),
)


def _envelope(paper: _Paper, policy: Policy) -> None:
    paper.envelope = parse_envelope(paper.data)


def _payload_type(paper: _Paper, policy: Policy) -> None:
    if paper.envelope.payload_type != paper.kind.payload_type:
        raise Refused(
            "warrant.payload-type",
            f"this was signed as something else than a {paper.kind.__name__.lower()}",
            mend="Warrants, amendments and revocations are made with clew warrant.",
        )


def _signature(paper: _Paper, policy: Policy) -> None:
    if not paper.envelope.signatures:
        raise Refused("warrant.unsigned", "nobody has signed it", mend="Have it signed with clew warrant sign.")
    for signature in paper.envelope.signatures:
        holder = policy.holder(signature.keyid)
        if holder is None:
            paper.unknown.append(signature.keyid)
            continue
        holder.key.verify(signature.value, paper.envelope.signed_bytes)
        if holder not in paper.signers:
            paper.signers.append(holder)
    if not paper.signers:
        raise Refused(
            "warrant.unknown-signer",
            f"it is signed only by keys that the policy does not name: {', '.join(sorted(set(paper.unknown)))}",
            mend="Have it signed by the holders that the policy names, or check that this is the right policy.",
        )


def _document(paper: _Paper, policy: Policy) -> None:
    paper.document = parse_document(paper.envelope.payload)
    if not isinstance(paper.document, paper.kind):
        raise Refused(
            "warrant.payload-type",
            "the document is not of the type that it was signed as",
            mend="Warrants, amendments and revocations are made and signed with clew warrant.",
        )


def _enough(paper: _Paper, policy: Policy) -> None:
    issued = paper.document.issued
    paper.signers = [holder for holder in paper.signers if holder.until is None or issued < holder.until]
    if len(paper.signers) < policy.threshold:
        raise Refused(
            "warrant.too-few-signers",
            f"{len(paper.signers)} signed of the {policy.threshold} that the policy asks for",
            mend="Have it signed by more of the holders that the policy names.",
            counts={"signed": len(paper.signers), "threshold": policy.threshold},
        )


def _required(paper: _Paper, policy: Policy) -> None:
    for requirement in policy.requirements:
        if not requirement.met_by(paper.signers):
            raise Refused(
                "warrant.signers-missing",
                f"the policy asks for {requirement.text} among the signers",
                mend="Have it signed by such a holder too.",
            )
    document = paper.document
    if isinstance(document, Warrant) and document.joint is not None:
        _both_sides(paper.signers)


def _both_sides(signers: Sequence[Holder]) -> None:
    """Return if the signers of a warrant for a joint trace are of both its sides: neither's authority alone may have
    the other's records looked at."""
    sides = {holder.side for holder in signers if holder.side}
    if len(sides) < 2:
        raise Refused(
            "warrant.signers-missing",
            "a joint trace needs signers of both its sides, and those who signed are of "
            + ("one side alone" if sides else "no side, as the policy has them"),
            mend='Have it signed by a holder of each side. In the policy, each key has its side: side = "…" under its'
            " [[keys]], which clew warrant key --side writes.",
        )


_PAPER_CHECKS: Final = (_envelope, _payload_type, _signature, _document, _enough, _required)


def _each(check: Callable[[_Paper, Policy], None], evidence: _Evidence) -> None:
    for paper in evidence.papers:
        _run(check, paper, evidence.policy)


def _run(check: Callable[[_Paper, Policy], None], paper: _Paper, policy: Policy) -> None:
    """The check of one paper, whose name goes into the error."""
    try:
        check(paper, policy)
    except ClewError as error:
        error.where = f"{paper.place}, {error.where}" if error.where else paper.place
        raise


def _used(evidence: _Evidence) -> dict[str, int]:
    """What the log says was used of each budget (spec 2.4)."""
    entries = evidence.log.entries() if evidence.log is not None else []
    return {"sources": sources_used(entries, evidence.warrants[0].digest)}


def sources_used(entries: Sequence[LoggedEntry], root: str) -> int:
    """How many of the operator's lines these entries say were shown under that first warrant (spec 2.4)."""
    used = 0
    for logged in entries:
        body = logged.entry.body
        if logged.entry.kind == SOURCE_SHOWN and body.get("root", root) == root:
            lines = body.get("lines", 1)
            used += max(1, lines) if type(lines) is int else 1
    return used


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
