"""Warrants for tests: a signed one, and the policy that accepts it, in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from clew.warrants.authorisation import Budgets, Clear, Seed
from clew.warrants.document import Revocation, Warrant
from clew.warrants.dsse import parse_envelope, sign
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Holder, Policy

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 3, 15, tzinfo=UTC)
ISSUED = datetime(2020, 1, 1, 9, tzinfo=UTC)
"""Long ago, so that it is in force by the real clock too, whatever that says."""

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
EXPIRES = datetime(2199, 1, 1, tzinfo=UTC)
"""Far enough away that a test through the real command line, with the real clock, finds the warrant in force."""


def signing_key(name: str) -> SigningKey:
    """The test key of that name, always the same one."""
    return SigningKey.generate(lambda size: hashlib.sha256(f"test key {name}".encode()).digest()[:size])


JUDGE = signing_key("judge")
PARTNER = signing_key("partner")
CLERK = signing_key("clerk")
STRANGER = signing_key("stranger")


def clock(at: datetime = NOW) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: at


def policy(*keys: SigningKey, threshold: int = 1, **options: Any) -> Policy:
    """The policy that asks for ``threshold`` of ``keys`` (the judge's alone by default)."""
    holders = tuple(Holder(f"Holder {n}", "judge", key.public) for n, key in enumerate(keys or (JUDGE,), 1))
    return Policy(holders=holders, threshold=threshold, **options)


def document(seeds: Sequence[str | Seed] = ("+9647901234567",), **fields: Any) -> Warrant:
    """A warrant for two weeks of March 2026, two hops; ``fields`` of :class:`Warrant` replace what differs."""
    values: dict[str, Any] = {
        "case": "lantern-7",
        "begin": BEGIN,
        "end": END,
        "issued": ISSUED,
        "expires": EXPIRES,
        "budgets": Budgets(numbers=100_000, sources=1_000),
        "authority": "Examining magistrate, Court of Example",
        "legal_basis": "Example Code of Procedure, article 1",
        "purpose": "Find the other members of the group that the named numbers belong to.",
        **fields,
    }
    return Warrant(seeds=tuple(Clear(seed) if isinstance(seed, str) else seed for seed in seeds), **values)


def issue(seeds: Sequence[str | Seed] = ("+9647901234567",), **fields: Any) -> tuple[bytes, Policy]:
    """A signed warrant, and a policy that accepts it: ``issue(["+33612345678"], begin=..., end=..., hops=2)``."""
    return sign(document(seeds, **fields).encode(), JUDGE), policy()


def amend(envelope: bytes, seeds: Sequence[str | Seed], **fields: Any) -> bytes:
    """The signed next stage of a signed warrant or amendment: its scope with ``seeds`` and what ``fields`` replace."""
    return sign(amendment(envelope, seeds, **fields).encode(), JUDGE)


def amendment(envelope: bytes, seeds: Sequence[str | Seed], **fields: Any) -> Warrant:
    """The document that :func:`amend` signs."""
    payload = parse_envelope(envelope).payload
    before = parsed(payload)
    values = {name: getattr(before, name) for name in ("case", "begin", "end", "issued", "expires", "budgets", "hops")}
    values |= {"hub_limit": before.hub_limit, "stage": before.stage + 1, "amends": before.digest}
    return document(seeds, **{**values, **fields})


def parsed(payload: bytes) -> Warrant:
    """The warrant in the bytes of a document."""
    from clew.warrants.document import parse_document

    found = parse_document(payload)
    assert isinstance(found, Warrant)
    return found


def revoke(envelope: bytes, *keys: SigningKey, case: str = "lantern-7") -> bytes:
    """The signed revocation of a signed warrant or amendment."""
    revocation = Revocation(
        case=case,
        revokes=parse_envelope(envelope).digest,
        issued=ISSUED,
        authority="Examining magistrate, Court of Example",
        reason="The grounds have fallen away.",
    )
    return sign(revocation.encode(), *(keys or (JUDGE,)))
