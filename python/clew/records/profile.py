"""How to read one operator's files: columns, number forms, zone, words for kinds (``docs/reference/profiles.md``).

A profile is a small TOML file that can be given to a colleague. It holds no number and nothing of any record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, final

from clew.records.schema import RecordKind

__all__ = [
    "PROFILE_VERSION",
    "DirectionRule",
    "DurationRule",
    "FooterRule",
    "KindRule",
    "NumberRule",
    "Profile",
    "Recognise",
    "TimeRule",
]

PROFILE_VERSION = 1

Column = str | int
"""A column by its header text, or by its position from 0 where the file has no header."""

Outside = Literal["out of scope"]


@final
@dataclass(frozen=True, slots=True)
class NumberRule:
    """A column of numbers. ``form``: ``e164``, ``international``, ``national:CC``, ``mixed:CC``, ``sip:CC`` or
    ``opaque:NAMESPACE`` (CC: ISO 3166-1 alpha-2). Routing prefixes are digits taken off before reading."""

    column: Column
    form: str
    routing_prefixes: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class TimeRule:
    """The start of a record. ``columns``: one, or date and time. ``format``: ``iso``, ``epoch``, ``epoch-ms``,
    ``seconds-since:MOMENT`` or strptime codes (%Y %y %m %d %H %I %M %S %f %p %b %z). ``zone``: IANA name, ``UTC`` or
    ``+HH:MM``; it is what times without an offset of their own are in."""

    columns: tuple[Column, ...]
    format: str
    zone: str
    calendar: Literal["gregorian", "umalqura"] = "gregorian"


@final
@dataclass(frozen=True, slots=True)
class DurationRule:
    """``unit``: ``s``, ``ms``, ``min`` or ``h:m:s``. ``missed``: the raw texts that mean the call was not answered."""

    column: Column
    unit: str = "s"
    missed: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class KindRule:
    """The operator's words for kinds. A word that is not in ``words`` becomes unknown, and is counted by name.

    Without a column every record is ``constant`` (missed where the duration says so)."""

    column: Column | None = None
    words: Mapping[str, RecordKind | Outside] = field(default_factory=dict)
    constant: RecordKind = RecordKind.VOICE


@final
@dataclass(frozen=True, slots=True)
class DirectionRule:
    """For files with a subscriber and another party: the ``incoming`` words turn A and B round."""

    column: Column
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class FooterRule:
    """Lines that start with ``prefix`` are no records; ``count`` is a regular expression whose first group is the
    number of records that the operator claims."""

    prefix: str
    count: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Recognise:
    """How a file of this layout is known: its whole header line, cell by cell, and, by column, a regular expression
    that every cell must match whole. A header of everyday words needs ``fits``, or another's file is taken for it."""

    header: tuple[str, ...]
    fits: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Profile:
    """Everything needed to read one operator's files without asking."""

    name: str
    operator: str  # whose records these are: duplicates and merging go by it
    a: NumberRule
    b: NumberRule
    start: TimeRule
    duration: DurationRule | None = None
    kind: KindRule = field(default_factory=KindRule)
    direction: DirectionRule | None = None
    imei: Column | None = None
    imsi: Column | None = None
    operator_record: Column | None = None  # the operator's own identifier of a record
    call: Column | None = None  # the identifier that the legs of one call share
    content: tuple[Column, ...] = ()  # dropped while parsing, and counted, as are the next two
    location: tuple[Column, ...] = ()
    traits: tuple[Column, ...] = ()
    encoding: str = "utf-8"  # utf-8, utf-16, utf-16-le, utf-16-be, windows-1256, windows-1252 or another 8-bit page
    delimiter: str = ","
    quote: str = '"'
    header_lines: int = 1  # lines before the first record; the last of them names the columns
    footer: FooterRule | None = None
    merge_tolerance: int = 2  # seconds
    description: str = ""
    recognise: Recognise | None = None
