"""Warrants, amendments, revocations and their signatures as people read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, time
from typing import Any

from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Document, Revocation, Warrant, seed_text
from clew.warrants.dsse import Envelope
from clew.warrants.policy import Holder, Policy
from clew.words.isolation import isolate_text

__all__ = ["changes_text", "document_json", "document_text", "moment_text", "seeds_text", "signatures_text"]

_WIDTH = 14
_HOPS = {
    1: "the seeds' contacts",
    2: "the seeds' contacts, and theirs",
    3: "the seeds' contacts, theirs, and theirs again",
    4: "contacts of contacts, four times over",
}


def document_text(document: Document) -> str:
    """Every value of the document, a line each; budgets of a joint trace are left out where they are 0."""
    match document:
        case Warrant():
            return _warrant_text(document)
        case Revocation():
            return _revocation_text(document)


def _warrant_text(warrant: Warrant) -> str:
    title = "Warrant" if warrant.stage == 1 else "Amendment"
    budgets = warrant.budgets
    seeds = [seed_text(seed) for seed in warrant.seeds]
    how = "" if isinstance(warrant.seeds[0], Clear) else ", blinded"
    rows = [
        ("issued by", _readable(warrant.authority)),
        ("legal basis", _readable(warrant.legal_basis)),
        ("purpose", _readable(warrant.purpose)),
        ("issued", moment_text(warrant.issued)),
        ("in force", f"from {moment_text(warrant.valid_from)} until {moment_text(warrant.expires)}"),
        *((f"seeds ({len(seeds)}{how})" if n == 0 else "", seed) for n, seed in enumerate(seeds)),
        ("window", _window(warrant)),
        ("hops", f"{warrant.hops}: {_HOPS[warrant.hops]}"),
        ("hub limit", f"{warrant.hub_limit:,}: a number with more contacts is not passed"),
        ("numbers", f"at most {budgets.numbers:,} inside the bound; if there are more, nothing is traced"),
        ("source lines", f"at most {budgets.sources:,} of the operators' own lines may be shown"),
    ]
    joint = {name: value for name, value in _joint_budgets(budgets).items() if value}
    if joint or warrant.joint is not None:
        rows.append(("joint budgets", ", ".join(f"{name} {value:,}" for name, value in joint.items()) or "none"))
    if warrant.joint is None:
        rows.append(("joint trace", "no"))
    else:
        rows.append(("joint trace", warrant.joint.trace))
        rows.append(("case order", warrant.joint.case_order))
        rows.extend(("root", root) for root in warrant.joint.roots)
    if warrant.amends is not None:
        rows.insert(0, ("amends", warrant.amends))
    rows.append(("digest", warrant.digest))
    return _table(f"{title} of case {warrant.case}, stage {warrant.stage}", rows)


def _revocation_text(revocation: Revocation) -> str:
    return _table(
        f"Revocation in case {revocation.case}",
        [
            ("revokes", revocation.revokes),
            ("issued by", _readable(revocation.authority)),
            ("issued", moment_text(revocation.issued)),
            ("reason", _readable(revocation.reason)),
            ("digest", revocation.digest),
        ],
    )


def signatures_text(envelope: Envelope, policy: Policy | None, counted: Sequence[Holder]) -> str:
    """Who signed. Without a policy the names are unknown and nothing is verified, and the text says so."""
    if not envelope.signatures:
        return "Signed by nobody."
    lines = ["Signatures:"]
    for signature in envelope.signatures:
        holder = policy.holder(signature.keyid) if policy is not None else None
        if holder is None:
            who = "a key that the policy does not name" if policy is not None else "not verified: no --policy was given"
        else:
            who = f"{_readable(holder.name)}, {_readable(holder.role)}" + (
                "" if holder in counted else " (not counted)"
            )
        lines.append(f"  {signature.keyid}  {who}")
    return "\n".join(lines)


def seeds_text(seeds: Sequence[str]) -> str:
    """The numbers that the points of a joint warrant were computed again from; empty if there are none."""
    lines = [f"    {seed}\n" for seed in seeds]
    return "".join(["  The points of its seeds are exactly those of these numbers:\n", *lines]) if seeds else ""


def changes_text(before: Warrant, after: Warrant) -> str:
    """What an amendment changes in the scope, a line each."""
    old, new = _scope(before), _scope(after)
    rows = [
        (name, f"{old.get(name, 'none')} → {new.get(name, 'none')}")
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    earlier, named = set(before.seeds), set(after.seeds)
    rows.append(
        ("seeds", f"{len(after.seeds)} in this stage: {len(named - earlier)} new, {len(named & earlier)} named again")
    )
    return _table(f"Beside stage {before.stage}", rows)


def _scope(warrant: Warrant) -> dict[str, str]:
    return {
        "window": _window(warrant),
        "hops": str(warrant.hops),
        "hub limit": f"{warrant.hub_limit:,}",
        "in force": f"{moment_text(warrant.valid_from)} to {moment_text(warrant.expires)}",
        "numbers": f"{warrant.budgets.numbers:,}",
        "source lines": f"{warrant.budgets.sources:,}",
        **{name: f"{value:,}" for name, value in _joint_budgets(warrant.budgets).items()},
        "authority": _readable(warrant.authority),
        "legal basis": _readable(warrant.legal_basis),
        "purpose": _readable(warrant.purpose),
    }


def _joint_budgets(budgets: Budgets) -> dict[str, int]:
    values = {field.name: getattr(budgets, field.name) for field in fields(Budgets)}
    return {name: value for name, value in values.items() if name not in ("numbers", "sources")}


def _window(warrant: Warrant) -> str:
    days = (warrant.end - warrant.begin).total_seconds() / 86_400
    size = f"{days:,.0f} days" if days.is_integer() and days > 1 else f"{days * 24:,.4g} hours"
    return f"from {moment_text(warrant.begin)} up to, not including, {moment_text(warrant.end)} ({size})"


def moment_text(moment: datetime) -> str:
    """A moment as people read it, in UTC, with seconds where there are any."""
    form = "%Y-%m-%d %H:%M UTC" if moment.time().replace(second=0) == moment.time() else "%Y-%m-%d %H:%M:%S UTC"
    return moment.strftime("%Y-%m-%d 00:00 UTC" if moment.time() == time(0) else form)


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    width = max(_WIDTH, *(len(name) for name, _ in rows))
    return "\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in rows)])


def _readable(text: str) -> str:
    """The text so that Arabic in it turns no number round; plain text stays as it is."""
    return text if text.isascii() else isolate_text(text)


def document_json(document: Document) -> Any:
    """The document as JSON values."""
    return json.loads(document.encode())
