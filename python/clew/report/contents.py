"""What a report tells, as values: read out of a case by :mod:`clew.report.reading`, shown by :mod:`clew.report.page`.

Nothing here knows a language. Texts in words are sentences (``spec/findings.md``, 2) until a page says them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, final

from clew.audit.log import LoggedEntry
from clew.cells.findings import Findings
from clew.chain.graph import TracedGraph
from clew.decisions import Decisions
from clew.records.account import Account
from clew.warrants.document import Warrant

__all__ = ["Contents", "Joint", "Said", "Unmasked"]


@final
@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its values, and the records behind it where it is a reason."""

    msgid: str
    values: Mapping[str, Any]
    records: tuple[int, ...] = ()
    count: int = 0


@final
@dataclass(frozen=True, slots=True, repr=False)
class Unmasked:
    """A pseudonym that was to be unmasked: its number, or none where the partner has none; why; who approved it, by
    name or else by key; when it was answered."""

    pseudonym: str
    number: str | None
    reason: str
    approvers: tuple[str, ...]
    at: datetime


@final
@dataclass(frozen=True, slots=True, repr=False)
class Joint:
    """The receipt of the joint trace that the graph comes from (spec node, 10), its SHA-256, and what was unmasked."""

    receipt: Mapping[str, Any]
    digest: str
    unmasked: tuple[Unmasked, ...]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Contents:
    """Everything that a report tells: the warrant of the graph's stage and the names of those who signed it, the
    accounts of all imports, the graph, the findings made from it, the log before the report, what a joint trace
    leaves if the graph is of one, and what people decided about numbers of the case."""

    warrant: Warrant
    signers: tuple[str, ...]
    accounts: tuple[Account, ...]
    graph: TracedGraph
    findings: Findings
    entries: tuple[LoggedEntry, ...]
    joint: Joint | None = None
    decisions: Decisions = field(default_factory=Decisions)

    @property
    def listed_at(self) -> float:
        """The probability from which a number is listed as a lead."""
        return float(self.findings.document["method"]["parameters"]["listed_at"])
