"""The store's tables as Arrow schemas, version 1 (``spec/records.md``).

There is no table and no column for content, location or traits; ``tests/unit/test_schema.py`` keeps it so.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import pyarrow as pa

__all__ = [
    "INCIDENCE",
    "NUMBERS",
    "RECORDS",
    "RECORD_ID_UNITS",
    "REJECTS",
    "SCHEMA_VERSION",
    "RecordFlag",
    "RecordKind",
    "record_id",
    "record_id_text",
]

SCHEMA_VERSION = 1

RECORD_ID_UNITS = 1 << 36
"""A record identifier is ``import number * 2**36 + unit number``; an import is one file of fewer units than that."""


class RecordKind(IntEnum):
    """The kind of a record (spec 3.2)."""

    UNKNOWN = 0
    VOICE = 1  # an answered call
    MESSAGE = 2
    MISSED = 3  # a call that was not answered, or was busy
    FORWARDED = 4


class RecordFlag(IntFlag):
    """What is odd about a record; nothing flagged is dropped (spec 3.3)."""

    NEGATIVE_DURATION = 1
    TIME_AMBIGUOUS = 2  # a local time that occurs twice when clocks go back; the first was taken
    TIME_NONEXISTENT = 4  # a local time skipped when clocks go forward; moved by the gap
    SELF = 8  # both ends are the same party
    DURATION_UNREADABLE = 16
    LEG = 32  # merged into the record named by leg_group; not counted as a record
    LEGS_DIFFER = 64  # the legs of this call disagree on kind or duration
    IMPOSSIBLE_NUMBER = 128  # an end was not a possible number and is kept as unknown
    KIND_UNKNOWN = 256
    IDENTIFIER_REUSED = 512  # the operator gave its identifier to another record or call as well


def record_id(import_number: int, unit: int) -> int:
    """The identifier of unit ``unit`` (from 0) of import ``import_number`` (from 1)."""
    return import_number * RECORD_ID_UNITS + unit


def record_id_text(identifier: int) -> str:
    """A record identifier as people write it, ``IMPORT:UNIT``."""
    return f"{identifier // RECORD_ID_UNITS}:{identifier % RECORD_ID_UNITS}"


RECORDS = pa.schema(
    [
        pa.field("record_id", pa.int64(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("a_kind", pa.int8(), nullable=False),
        pa.field("a_key", pa.int64()),  # null when withheld
        pa.field("b_kind", pa.int8(), nullable=False),
        pa.field("b_key", pa.int64()),
        pa.field("start", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("zone_offset", pa.int16(), nullable=False),  # minutes east of UTC, in the original record
        pa.field("duration", pa.int32()),  # seconds
        pa.field("duration_raw", pa.string()),  # only where the duration is flagged
        pa.field("imei", pa.string()),
        pa.field("imsi", pa.string()),
        pa.field("operator_record", pa.string()),  # the operator's own record or call identifier
        pa.field("leg_group", pa.int64()),  # record_id of the record that counts, for it and its legs; else null
        pa.field("flags", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),  # bytes from the start of the source file
        pa.field("length", pa.int32(), nullable=False),
    ]
)

NUMBERS = pa.schema(
    [
        pa.field("raw", pa.string(), nullable=False),
        pa.field("form", pa.string(), nullable=False),  # the number form of the column it stood in
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("key", pa.int64()),
        pa.field("canonical", pa.string()),
        pa.field("country", pa.string()),  # ISO 3166-1 alpha-2 where the number plan tells
        pa.field("routing_prefix", pa.string()),
        pa.field("suppressed", pa.bool_(), nullable=False),
        pa.field("possible", pa.bool_(), nullable=False),
        pa.field("valid", pa.bool_(), nullable=False),
        pa.field("reason", pa.string()),  # why it is unknown
        pa.field("occurrences", pa.int64(), nullable=False),
    ]
)

REJECTS = pa.schema(
    [
        pa.field("unit", pa.int64(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # a code of spec/records.md, section 5
        pa.field("masked", pa.string()),  # the mapped fields, the others masked; null where columns are not known
    ]
)

INCIDENCE = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),  # key of one end; the table is sorted by (number, start)
        pa.field("other", pa.int64(), nullable=False),  # key of the other end
        pa.field("outgoing", pa.bool_(), nullable=False),  # number is the A-number
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("start", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("zone_offset", pa.int16(), nullable=False),
        pa.field("duration", pa.int32()),
        pa.field("record_id", pa.int64(), nullable=False),
    ]
)
"""Derived: every record that counts as a contact, seen from both ends. Only vertices, no self-calls, no legs."""
