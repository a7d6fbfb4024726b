"""The traced graph, version 1: what chaining gives, and all that later steps read (``spec/graph.md``).

Solo and joint traces give the same tables. Features stand per holder and are never summed across holders, because
both holders may have recorded the same call.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self, final

import pyarrow as pa

from clew.errors import InputError, UsageError
from clew.numbers import may_hold_number

if TYPE_CHECKING:
    from clew.warrants.authorisation import Authorisation

__all__ = [
    "DEFAULT_HOLDER",
    "EVENTS",
    "GRAPH_VERSION",
    "HOURS",
    "PAIRS",
    "VERTICES",
    "Bound",
    "Detail",
    "Header",
    "Scope",
    "TracedGraph",
    "check_holder",
    "read_header",
]

GRAPH_VERSION = 1

HOURS = 168
"""Hours of a week, Monday 00:00 first, by the wall clock of the original record."""

DEFAULT_HOLDER: Final = "own"
"""Whose records a solo trace reads, where nobody says; reports say it in their language."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check_holder(name: str) -> None:
    """Return if a holder may be called this; else raise ``UsageError``. What looks like a telephone number may not."""
    if not 0 < len(name) <= 64 or not name.isprintable() or name != name.strip() or may_hold_number(name):
        raise UsageError(
            "trace.holder-name",
            "a holder's name is 1 to 64 printable characters without a long number in it",
            mend='For example --holder "Service A".',
        )


class Detail(StrEnum):
    """How much a traced graph holds about each contact pair (spec 4)."""

    COARSE = "coarse"  # features only
    CALLS = "calls"  # features and the event table


VERTICES = pa.schema(
    [
        pa.field("vertex", pa.string(), nullable=False),  # canonical number, or a pseudonym p:HEX
        pa.field("hop", pa.int8(), nullable=False),
        pa.field("seed", pa.bool_(), nullable=False),
        pa.field("hub", pa.bool_()),  # null at the last hop, where nobody looked
        pa.field("contacts", pa.int32()),  # distinct contacts in the window; null at the last hop
        pa.field("holders", pa.list_(pa.string()), nullable=False),  # whose records show it, sorted; empty if none
    ]
)

PAIRS = pa.schema(
    [
        pa.field("a", pa.string(), nullable=False),  # a < b, by code point
        pa.field("b", pa.string(), nullable=False),
        pa.field("holder", pa.string(), nullable=False),
        pa.field("calls_ab", pa.int32(), nullable=False),  # answered calls from a to b
        pa.field("calls_ba", pa.int32(), nullable=False),
        pa.field("messages_ab", pa.int32(), nullable=False),
        pa.field("messages_ba", pa.int32(), nullable=False),
        pa.field("missed_ab", pa.int32(), nullable=False),
        pa.field("missed_ba", pa.int32(), nullable=False),
        pa.field("forwarded_ab", pa.int32(), nullable=False),
        pa.field("forwarded_ba", pa.int32(), nullable=False),
        pa.field("seconds_ab", pa.int64(), nullable=False),  # sum of known durations of answered calls
        pa.field("seconds_ba", pa.int64(), nullable=False),
        pa.field("callbacks_ab", pa.int32(), nullable=False),  # missed b->a, then a->b within the hour
        pa.field("callbacks_ba", pa.int32(), nullable=False),
        pa.field("first", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("last", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("hours", pa.list_(pa.int32(), HOURS), nullable=False),  # all contacts by hour of the week
    ]
)

EVENTS = pa.schema(
    [
        pa.field("a", pa.string(), nullable=False),  # the A-number: direction is kept
        pa.field("b", pa.string(), nullable=False),
        pa.field("holder", pa.string(), nullable=False),
        pa.field("start", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("zone_offset", pa.int16(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),  # clew.records.schema.RecordKind
        pa.field("duration", pa.int32()),
        pa.field("record_id", pa.int64()),  # null where the record is the partner's
    ]
)


@final
@dataclass(frozen=True, slots=True)
class Scope:
    """The warrant's bound that a graph was traced under."""

    case: str
    warrant: str  # SHA-256 of the signed document, hex
    stage: int
    begin: datetime
    end: datetime
    hops: int
    hub_limit: int

    @classmethod
    def of(cls, authorisation: Authorisation) -> Self:
        """What an authorisation allows, as every graph under it says it."""
        return cls(
            case=authorisation.case,
            warrant=authorisation.digest,
            stage=authorisation.stage,
            begin=authorisation.begin,
            end=authorisation.end,
            hops=authorisation.hops,
            hub_limit=authorisation.hub_limit,
        )


@final
@dataclass(frozen=True, slots=True)
class Bound:
    """How much lies inside the bound; counted, shown and logged before anything else is written."""

    numbers_by_hop: tuple[int, ...]  # index = hop; hop 0 counts the seeds, also those that do not occur
    pairs: int
    hubs: int  # vertices at which chaining stopped
    hub_seeds: int
    absent_seeds: int  # seeds that occur in no record of the window

    @property
    def numbers(self) -> int:
        """All numbers inside the bound, the seeds among them."""
        return sum(self.numbers_by_hop)


@final
@dataclass(frozen=True, slots=True, repr=False)
class TracedGraph:
    """Vertices, contact pairs with features per holder, and the events where ``detail`` is ``calls``.

    Tables have the schemas ``VERTICES``, ``PAIRS`` and ``EVENTS``, sorted by (hop, vertex), (a, b, holder) and
    (start, a, b, holder, kind, record_id).
    """

    scope: Scope
    bound: Bound
    detail: Detail
    vertices: pa.Table
    pairs: pa.Table
    events: pa.Table | None
    stores: tuple[tuple[str, str], ...] = ()
    """Holder and SHA-256 (hex) of the store whose records were read, sorted by holder."""

    def __post_init__(self) -> None:
        if self.vertices.schema != VERTICES or self.pairs.schema != PAIRS:
            raise ValueError("the tables of a traced graph have the schemas of spec/graph.md")
        if (self.events is None) != (self.detail is Detail.COARSE):
            raise ValueError("a coarse graph has no events, a detailed one has them")
        if self.events is not None and self.events.schema != EVENTS:
            raise ValueError("the events of a traced graph have the schema of spec/graph.md")

    def __repr__(self) -> str:
        return f"TracedGraph(stage={self.scope.stage}, numbers={self.bound.numbers}, pairs={self.bound.pairs})"

    def header(self) -> bytes:
        """Scope, bound, detail and stores as ``stage-N-graph.json`` holds them; parsed by :func:`read_header`."""
        return Header(self.scope, self.bound, self.detail, self.stores).encode()


@final
@dataclass(frozen=True, slots=True)
class Header:
    """What a traced graph says of itself beside its tables (spec 5)."""

    scope: Scope
    bound: Bound
    detail: Detail
    stores: tuple[tuple[str, str], ...]

    def encode(self) -> bytes:
        """The header as JSON, always the same bytes."""
        scope = {
            "case": self.scope.case,
            "warrant": self.scope.warrant,
            "stage": self.scope.stage,
            "from": self.scope.begin.isoformat(),
            "to": self.scope.end.isoformat(),
            "hops": self.scope.hops,
            "hub_limit": self.scope.hub_limit,
        }
        bound = {
            "numbers_by_hop": list(self.bound.numbers_by_hop),
            "pairs": self.bound.pairs,
            "hubs": self.bound.hubs,
            "hub_seeds": self.bound.hub_seeds,
            "absent_seeds": self.bound.absent_seeds,
        }
        document = {
            "version": GRAPH_VERSION,
            "detail": self.detail.value,
            "scope": scope,
            "bound": bound,
            "stores": dict(self.stores),
        }
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def read_header(data: bytes, where: str = "") -> Header:
    """The header that these bytes are, to the byte: ``read_header(h.encode()) == h``, and everything else raises.

    Raises ``InputError``: ``graph.version`` for another version, ``graph.header`` for anything else.
    """
    try:
        document = json.loads(data)
        version = document["version"]
        if type(version) is int and version != GRAPH_VERSION:
            raise InputError(
                "graph.version",
                f"the traced graph is of version {version}, this Clew reads version {GRAPH_VERSION}",
                where=where,
                mend="Use the Clew that wrote it, or trace again.",
            )
        header = _header(document["scope"], document["bound"], document["detail"], document["stores"])
        sound = header.encode() == data and _possible(header)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        sound = False
    if not sound:
        raise InputError(
            "graph.header",
            "the traced graph's header is not one that Clew writes",
            where=where,
            mend="Run clew trace again.",
        )
    return header


def _header(scope: Any, bound: Any, detail: Any, stores: Any) -> Header:
    return Header(
        Scope(
            case=scope["case"],
            warrant=scope["warrant"],
            stage=scope["stage"],
            begin=datetime.fromisoformat(scope["from"]),
            end=datetime.fromisoformat(scope["to"]),
            hops=scope["hops"],
            hub_limit=scope["hub_limit"],
        ),
        Bound(
            numbers_by_hop=tuple(bound["numbers_by_hop"]),
            pairs=bound["pairs"],
            hubs=bound["hubs"],
            hub_seeds=bound["hub_seeds"],
            absent_seeds=bound["absent_seeds"],
        ),
        Detail(detail),
        tuple(stores.items()),
    )


def _possible(header: Header) -> bool:
    """Whether every value is of its type and in its range; that the bytes are canonical is checked elsewhere."""
    scope, bound = header.scope, header.bound
    counts = (*bound.numbers_by_hop, bound.pairs, bound.hubs, bound.hub_seeds, bound.absent_seeds)
    return (
        all(type(n) is int and n >= 0 for n in (*counts, scope.hops))
        and all(type(n) is int and n >= 1 for n in (scope.stage, scope.hub_limit))
        and type(scope.case) is str
        and all(
            type(text) is str and _DIGEST.fullmatch(text) for text in (scope.warrant, *dict(header.stores).values())
        )
        and scope.begin.utcoffset() == scope.end.utcoffset() == timedelta(0)
        and scope.begin <= scope.end
        and len(bound.numbers_by_hop) == scope.hops + 1
        and list(header.stores) == sorted(header.stores)
    )
