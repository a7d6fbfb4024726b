"""The warrant and the revocation as documents: readable JSON with one spelling (``spec/warrant.md``, section 2).

A warrant of stage 1 opens a case. A warrant of a later stage is an *amendment*: it names the digest of the document
before it and states its whole scope anew.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, Final, final

from clew.errors import InputError, Refused
from clew.numbers import canonical_kind
from clew.warrants.authorisation import Blinded, Budgets, Clear, Joint, Seed
from clew.warrants.strict import (
    Fields,
    check_moment,
    digest_text,
    load_json,
    malformed,
    moment_text,
    plain_text,
    write_json,
)

__all__ = [
    "DOCUMENT_LIMIT",
    "HOPS",
    "HUB_LIMIT",
    "HUB_LIMITS",
    "SEED_LIMIT",
    "WARRANT_VERSION",
    "Document",
    "Joint",
    "Revocation",
    "Warrant",
    "check_budget",
    "check_case",
    "check_hops",
    "digest_of",
    "parse_document",
    "parse_seed",
    "require_extends",
    "seed_text",
]

WARRANT_VERSION = 1
DOCUMENT_LIMIT = 512 * 1024
SEED_LIMIT = 1_000
STAGE_LIMIT = 100
HOPS: Final = range(1, 5)
HUB_LIMIT = 200
HUB_LIMITS: Final = range(1, 10_001)
BUDGETS: Final = range(1_000_000_001)

_CASE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_POINT = re.compile(r"point:[0-9a-f]{64}", re.ASCII)


def digest_of(document: bytes) -> str:
    """The SHA-256 of a document's bytes in hexadecimal: its name everywhere. Signatures do not change it."""
    return hashlib.sha256(document).hexdigest()


def seed_text(seed: Seed) -> str:
    """A seed as the document writes it: a canonical number, or ``point:`` and 64 hexadecimal digits."""
    match seed:
        case Clear(number):
            return number
        case Blinded(point):
            return f"point:{point.hex()}"


def parse_seed(text: str) -> Seed:
    """The seed written so; ``InputError`` for any other spelling. The text is not repeated in the error."""
    if _POINT.fullmatch(text):
        return Blinded(bytes.fromhex(text[6:]))
    canonical_kind(text)
    return Clear(text)


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Warrant:
    """A warrant (stage 1) or an amendment (later stages), checked when it is made (spec 2).

    ``begin`` and ``end`` bound the window ``[begin, end)``. Moments are whole seconds in UTC. ``seeds`` may come in
    any order and are kept sorted. ``amends`` is the digest of the document before, ``None`` in stage 1.
    """

    payload_type: ClassVar[str] = "application/vnd.clew.warrant+json"

    case: str
    seeds: tuple[Seed, ...]
    begin: datetime
    end: datetime
    issued: datetime
    expires: datetime
    budgets: Budgets
    authority: str
    legal_basis: str
    purpose: str
    not_before: datetime | None = None
    hops: int = 2
    hub_limit: int = HUB_LIMIT
    stage: int = 1
    amends: str | None = None
    joint: Joint | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds", tuple(sorted(self.seeds, key=seed_text)))
        if self.not_before is None:
            object.__setattr__(self, "not_before", self.issued)
        check_case(self.case)
        for name in ("authority", "legal_basis", "purpose"):
            plain_text(getattr(self, name), name, 200 if name == "authority" else 2_000)
        self._check_seeds()
        self._check_times()
        check_hops(self.hops)
        if self.hub_limit not in HUB_LIMITS:
            raise InputError(
                "warrant.hub-limit-range",
                "the hub limit goes from 1 to 10000",
                where="hub_limit",
                mend=f"Most warrants need {HUB_LIMIT}.",
            )
        for field in fields(Budgets):
            check_budget(field.name, getattr(self.budgets, field.name))
        if self.stage not in range(1, STAGE_LIMIT + 1):
            raise malformed("stages go from 1 to 100", "stage")
        if (self.stage == 1) != (self.amends is None):
            raise malformed("stage 1 amends nothing, and every later stage names what it amends", "amends")
        if self.amends is not None:
            digest_text(self.amends, "amends")
        self._check_joint()

    def __repr__(self) -> str:
        return f"Warrant(case={self.case!r}, stage={self.stage}, seeds={len(self.seeds)})"

    @property
    def valid_from(self) -> datetime:
        """The moment from which it may be used: ``not_before``, or when it was issued."""
        return self.not_before or self.issued

    def encode(self) -> bytes:
        """The document's bytes, in their one spelling."""
        joint = self.joint
        return write_json(
            {
                "type": "warrant" if self.stage == 1 else "amendment",
                "version": WARRANT_VERSION,
                "case": self.case,
                "stage": self.stage,
                "amends": self.amends,
                "authority": self.authority,
                "legal_basis": self.legal_basis,
                "purpose": self.purpose,
                "issued": moment_text(self.issued),
                "not_before": moment_text(self.valid_from),
                "expires": moment_text(self.expires),
                "seeds": [seed_text(seed) for seed in self.seeds],
                "window": {"from": moment_text(self.begin), "to": moment_text(self.end)},
                "hops": self.hops,
                "hub_limit": self.hub_limit,
                "budgets": {field.name: getattr(self.budgets, field.name) for field in fields(Budgets)},
                "joint": None
                if joint is None
                else {"trace": joint.trace, "case_order": joint.case_order, "roots": list(joint.roots)},
            }
        )

    @property
    def digest(self) -> str:
        """The document's digest."""
        return digest_of(self.encode())

    def _check_seeds(self) -> None:
        texts = [seed_text(seed) for seed in self.seeds]
        if not 1 <= len(texts) <= SEED_LIMIT:
            raise InputError(
                "warrant.seeds",
                f"a warrant names 1 to {SEED_LIMIT} seeds",
                where="seeds",
                mend="Name at least one." if not texts else "Issue several warrants.",
            )
        for text in texts:
            parse_seed(text)
        if len(set(texts)) != len(texts):
            raise InputError("warrant.seeds", "a seed is named twice", where="seeds", mend="Name each seed once.")
        if len({type(seed) for seed in self.seeds}) != 1:
            raise InputError(
                "warrant.seeds",
                "seeds in the clear stand beside blinded ones",
                where="seeds",
                mend="A warrant names all its seeds in the clear, or all blinded.",
            )

    def _check_times(self) -> None:
        for name in ("begin", "end", "issued", "not_before", "expires"):
            check_moment(getattr(self, name), name)
        if self.begin >= self.end:
            raise InputError(
                "warrant.window-empty",
                "the window is empty: it must begin before it ends",
                where="window",
                mend="The window is [from, to): the moment it ends is outside.",
            )
        if self.expires <= self.issued:
            raise malformed("the warrant would expire before it is issued, or at that moment", "expires")
        if self.valid_from < self.issued:
            raise malformed("the warrant could be used before it is issued", "not_before")
        if self.expires <= self.valid_from:
            raise malformed("the warrant would expire before it may be used, or at that moment", "expires")

    def _check_joint(self) -> None:
        blinded = isinstance(self.seeds[0], Blinded)
        if blinded != (self.joint is not None):
            raise malformed("blinded seeds and a joint trace need each other", "joint")
        if self.joint is not None:
            for text in (self.joint.trace, self.joint.case_order, *self.joint.roots):
                digest_text(text, "joint")
            if not 1 <= len(self.joint.roots) <= 16:
                raise malformed("a joint trace names 1 to 16 roots", "joint.roots")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A revocation of one warrant or amendment, named by its digest (spec 3)."""

    payload_type: ClassVar[str] = "application/vnd.clew.revocation+json"

    case: str
    revokes: str
    issued: datetime
    authority: str
    reason: str

    def __post_init__(self) -> None:
        check_case(self.case)
        digest_text(self.revokes, "revokes")
        check_moment(self.issued, "issued")
        plain_text(self.authority, "authority", 200)
        plain_text(self.reason, "reason", 2_000)

    def encode(self) -> bytes:
        """The document's bytes, in their one spelling."""
        return write_json(
            {
                "type": "revocation",
                "version": WARRANT_VERSION,
                "case": self.case,
                "revokes": self.revokes,
                "authority": self.authority,
                "issued": moment_text(self.issued),
                "reason": self.reason,
            }
        )

    @property
    def digest(self) -> str:
        """The document's digest."""
        return digest_of(self.encode())


Document = Warrant | Revocation


def parse_document(data: bytes, *, tidy: bool = False) -> Document:
    """The document in ``data``; ``InputError`` unless it is written in its one spelling (spec 1).

    ``tidy`` lets spaces, line breaks, and the order of fields and seeds differ, for a draft that a person edited.
    """
    found = Fields(load_json(data, DOCUMENT_LIMIT, "document"), "")
    if found.has("payloadType"):
        raise malformed("this is signed; a draft is needed", "", "Give the file that was signed, before its signature.")
    kind = found.take("type")
    found.one_of("version", [WARRANT_VERSION])
    document: Document
    if kind in ("warrant", "amendment"):
        document = _warrant(found, tidy=tidy)
        if kind != ("warrant" if document.stage == 1 else "amendment"):
            raise malformed("stage 1 is a warrant, a later stage an amendment", "type")
    elif kind == "revocation":
        document = Revocation(
            case=found.text("case"),
            revokes=found.digest("revokes"),
            authority=found.text("authority"),
            issued=found.moment("issued"),
            reason=found.text("reason", 2_000),
        )
    else:
        raise malformed("a document is a warrant, an amendment or a revocation", "type")
    found.done()
    if not tidy and document.encode() != data:
        raise InputError(
            "warrant.spelling",
            "the document says what a warrant says, but is not written the one way in which it can be signed",
            mend="Write it anew with clew warrant draft --tidy FILE.",
        )
    return document


def require_extends(before: Warrant, document: Warrant) -> None:
    """Return if ``document`` is the amendment that comes next after ``before``; else ``Refused`` (spec 5.8)."""
    stage = document.stage
    if document.amends != before.digest or stage != before.stage + 1:
        raise Refused(
            "warrant.chain",
            f"the amendment of stage {stage} does not extend the document before it",
            mend="Give the warrant, then every amendment, in the order of their stages.",
        )
    if document.case != before.case:
        raise Refused(
            "warrant.chain",
            f"the amendment of stage {stage} is of another case",
            mend="Ask for a warrant of that case.",
        )
    if not before.issued <= document.issued < before.expires:
        raise Refused(
            "warrant.chain",
            f"the amendment of stage {stage} was not issued while the document before it was in force",
            mend="What has expired cannot be amended. Ask for a new warrant.",
        )


def _warrant(found: Fields, *, tidy: bool) -> Warrant:
    texts = found.strings("seeds")
    if not tidy and texts != sorted(texts):
        raise InputError(
            "warrant.seeds",
            "the seeds are not sorted",
            where="seeds",
            mend="If it is a draft, write it anew with clew warrant draft --tidy FILE.",
        )
    window = found.inner("window")
    budgets = found.inner("budgets")
    joint = found.take("joint")
    amends = found.take("amends")
    if amends is not None and not isinstance(amends, str):
        raise malformed("a digest or null is needed", "amends")
    warrant = Warrant(
        case=found.text("case"),
        stage=found.integer("stage"),
        amends=amends,
        authority=found.text("authority"),
        legal_basis=found.text("legal_basis", 2_000),
        purpose=found.text("purpose", 2_000),
        issued=found.moment("issued"),
        not_before=found.moment("not_before"),
        expires=found.moment("expires"),
        seeds=tuple(parse_seed(text) for text in texts),
        begin=window.moment("from"),
        end=window.moment("to"),
        hops=found.integer("hops"),
        hub_limit=found.integer("hub_limit"),
        budgets=Budgets(**{field.name: budgets.integer(field.name) for field in fields(Budgets)}),
        joint=None if joint is None else _joint(Fields(joint, "joint")),
    )
    window.done()
    budgets.done()
    return warrant


def _joint(found: Fields) -> Joint:
    joint = Joint(found.digest("trace"), found.digest("case_order"), tuple(found.strings("roots")))
    found.done()
    return joint


def check_case(case: str) -> str:
    """``case`` if it can name a case; else ``InputError``."""
    if not _CASE.fullmatch(case):
        raise malformed(
            "a case is named by 1 to 64 of a-z, 0-9, dot, dash and underscore, a letter or digit first",
            "case",
            "For example lantern-7.",
        )
    return case


def check_hops(hops: int) -> int:
    """``hops`` if a warrant may allow so many; else ``InputError``."""
    if hops not in HOPS:
        raise InputError("warrant.hops-range", "hops go from 1 to 4", where="hops", mend="Most warrants need 2.")
    return hops


def check_budget(name: str, value: int) -> int:
    """``value`` if the budget of that name may have it; else ``InputError``."""
    if type(value) is not int or value not in BUDGETS:
        raise InputError(
            "warrant.budget-range",
            "a budget goes from 0 to 10^9",
            where=f"budgets.{name}",
            mend="Write a whole number in that range.",
        )
    if name == "numbers" and value == 0:
        raise InputError(
            "warrant.budget-range",
            "a warrant must allow at least one number inside its bound",
            where="budgets.numbers",
            mend="Most warrants allow some thousands.",
        )
    return value
