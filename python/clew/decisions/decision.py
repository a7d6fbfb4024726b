"""Decisions as values, and as the file ``decisions/decisions.json`` (``spec/decisions.md``, 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Self, final

from clew.errors import InputError
from clew.numbers import canonical_kind
from clew.warrants.strict import Fields, digest_text, load_json, plain_text, write_json

__all__ = ["DECISIONS_LIMIT", "DECISIONS_VERSION", "Decision", "Decisions", "parse_decisions", "unreadable"]

DECISIONS_VERSION: Final = 1
DECISIONS_LIMIT: Final = 1 << 26
"""Bytes of the file: some hundred thousand decisions, more than any case has leads."""

_PSEUDONYM: Final = re.compile(r"p:[0-9a-f]{64}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """What somebody decided about one vertex: whether it held that it belongs to the group; who, why, on which day;
    and the stage and document of the graph that it stood in."""

    vertex: str
    held: bool
    by: str
    reason: str
    on: date
    stage: int
    warrant: str

    def __post_init__(self) -> None:
        if not _PSEUDONYM.fullmatch(self.vertex):
            canonical_kind(self.vertex)
        plain_text(self.by, "by", 200)
        plain_text(self.reason, "reason", 2_000)
        digest_text(self.warrant, "warrant")

    @property
    def word(self) -> str:
        """What was decided, as tables and lists say it."""
        return "held" if self.held else "did not hold"

    def document(self) -> dict[str, Any]:
        """The decision as it stands in the file."""
        return {
            "vertex": self.vertex,
            "held": self.held,
            "by": self.by,
            "reason": self.reason,
            "on": self.on.isoformat(),
            "stage": self.stage,
            "warrant": self.warrant,
        }

    @classmethod
    def parse(cls, found: object) -> Self:
        """The decision in an object of the file; ``InputError`` or ``ValueError`` if it is none."""
        fields = Fields(found, "decisions")
        held, day, stage = fields.take("held"), fields.text("on"), fields.integer("stage")
        if type(held) is not bool or not _DAY.fullmatch(day) or stage < 1:
            raise ValueError("a decision is of another form")
        one = cls(
            fields.text("vertex"),
            held,
            fields.text("by"),
            fields.text("reason", 2_000),
            date.fromisoformat(day),
            stage,
            fields.digest("warrant"),
        )
        fields.done()
        return one


@final
@dataclass(frozen=True, slots=True, repr=False)
class Decisions:
    """All decisions of a case, in the order in which they were recorded.

    ``unmasked`` gives the numbers of pseudonyms that were unmasked: what was decided about the one holds for the other.
    """

    all: tuple[Decision, ...] = ()
    unmasked: Mapping[str, str] = field(default_factory=dict)

    @property
    def latest(self) -> dict[str, Decision]:
        """The decision that counts, by vertex: of each the last one."""
        return {self.unmasked.get(one.vertex, one.vertex): one for one in self.all}

    @property
    def held(self) -> frozenset[str]:
        """The vertices of which it held that they belong to the group."""
        return frozenset(vertex for vertex, one in self.latest.items() if one.held)

    @property
    def refuted(self) -> frozenset[str]:
        """The vertices that were checked and found wrong: they are no leads, whatever their probability."""
        return frozenset(vertex for vertex, one in self.latest.items() if not one.held)

    def apart(self, rows: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The ranked rows that are leads, and those of numbers that did not hold, each in their order."""
        refuted, every = self.refuted, list(rows)
        leads = [row for row in every if row["vertex"] not in refuted]
        return leads, [row for row in every if row["vertex"] in refuted]

    def encode(self) -> bytes:
        """The one spelling of the file."""
        return write_json({"version": DECISIONS_VERSION, "decisions": [one.document() for one in self.all]})


def parse_decisions(data: bytes, unmasked: Mapping[str, str] | None = None) -> Decisions:
    """The decisions in the file's bytes; ``InputError`` (``decisions.unreadable``, ``decisions.version``) unless they
    are spelt as :meth:`Decisions.encode` spells them."""
    try:
        fields = Fields(load_json(data, DECISIONS_LIMIT, ""), "")
        version = fields.integer("version")
        if version == DECISIONS_VERSION:
            found = Decisions(tuple(map(Decision.parse, fields.take("decisions"))), unmasked or {})
            fields.done()
            if found.encode() != data:
                raise ValueError("the file is spelt otherwise")
            return found
    except (InputError, ValueError, TypeError) as error:
        raise unreadable("decisions/decisions.json") from error
    raise InputError(
        "decisions.version",
        f"the decisions are of version {version}, this Clew reads version {DECISIONS_VERSION}",
        where="decisions/decisions.json",
        mend="Use the Clew that wrote them.",
    )


def unreadable(where: str) -> InputError:
    """The error for a file of a case without which it cannot be told what was decided."""
    return InputError(
        "decisions.unreadable",
        "the decisions of this case cannot be read",
        where=where,
        mend="Restore the case from a backup. If somebody else made it, do not trust it.",
    )
