"""The store's tables: as the spec says, and without a place for what must never be stored."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from clew.numbers import PartyKind
from clew.records import schema
from clew.records.folder import STORE_VERSION
from clew.records.schema import RecordFlag, RecordKind

SPEC = (Path(__file__).resolve().parents[2] / "spec" / "records.md").read_text("utf-8")
TABLES = {
    "RECORDS": schema.RECORDS,
    "NUMBERS": schema.NUMBERS,
    "REJECTS": schema.REJECTS,
    "INCIDENCE": schema.INCIDENCE,
}
FORBIDDEN = re.compile(
    r"content|text|body|message|voice|audio|cell|tower|lat|lon|coord|location|place|lac|azimuth|name|address|nation"
    r"|relig|ethnic|gender|sex|birth|passport",
    re.IGNORECASE,
)


def _rows(heading: str) -> list[list[str]]:
    section = SPEC.split(f"### {heading}", 1)[1].split("\n#", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


@pytest.mark.parametrize("name", TABLES)
def test_no_column_can_hold_content_location_or_traits(name: str) -> None:
    assert [column for column in TABLES[name].names if FORBIDDEN.search(column)] == []


@pytest.mark.parametrize("name", TABLES)
def test_the_spec_lists_the_very_columns_of_the_code(name: str) -> None:
    section = SPEC.split(f"`{name}`:\n\n", 1)[1].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()[2:]]
    found = [(column.strip("`"), kind, null == "yes") for column, kind, null, *_ in rows]
    assert found == [(field.name, _spelled(field.type), field.nullable) for field in TABLES[name]]


def _spelled(kind: pa.DataType) -> str:
    return "timestamp" if pa.types.is_timestamp(kind) else str(kind)


def test_the_spec_lists_the_kinds_and_flags_of_the_code() -> None:
    assert [(int(code), word) for code, word, *_ in _rows("3.2 Kinds")] == [
        (int(kind), kind.name.lower()) for kind in RecordKind
    ]
    assert [int(bit) for bit, _ in _rows("3.3 Flags")] == [int(flag) for flag in RecordFlag]
    assert [int(code) for code, *_ in _rows("2.1 Kinds")] == [int(kind) for kind in PartyKind]


def test_the_spec_is_of_the_version_of_the_code() -> None:
    assert SPEC.startswith(f"# The store, version {STORE_VERSION}\n")
    assert schema.SCHEMA_VERSION == STORE_VERSION


def test_a_record_identifier_can_be_written_and_taken_apart() -> None:
    identifier = schema.record_id(7, 123)
    assert schema.record_id_text(identifier) == "7:123"
    assert divmod(identifier, schema.RECORD_ID_UNITS) == (7, 123)
