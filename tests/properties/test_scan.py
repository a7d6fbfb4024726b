"""The scanner against its naive twin, on files with every kind of damage, arriving in pieces of every size."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.records.importer import import_files
from clew.records.profile import (
    DirectionRule,
    DurationRule,
    FooterRule,
    KindRule,
    NumberRule,
    Profile,
    TimeRule,
)
from clew.records.scan import FileScan
from clew.records.schema import RECORD_ID_UNITS, RecordKind
from tests import scan_twin

HEADER = ["a", "b", "start", "duration", "kind", "way", "text"]
PROFILE = Profile(
    name="damage",
    operator="op",
    a=NumberRule("a", "mixed:IQ"),
    b=NumberRule("b", "mixed:FR"),
    start=TimeRule(("start",), "%Y-%m-%d %H:%M:%S", "Europe/Paris"),
    duration=DurationRule("duration", "s", ("-1", "n/a")),
    kind=KindRule("kind", {"call": RecordKind.VOICE, "sms": RecordKind.MESSAGE, "data": "out of scope"}),
    direction=DirectionRule("way", ("MO",), ("MT",)),
    content=("text",),
    footer=FooterRule("#", r"(\d+)"),
)

numbers = st.sampled_from(
    [
        "07901234567",
        "+33612345678",
        "0612345678",
        "00447700900123",
        "",
        "ZAIN",
        "122",
        "٠٧٩٠١٢٣٤٥٦٧",
        "9.6E+12",
        "x" * 300,
    ]
)
times = st.just("2026-03-02 10:11:12") | st.sampled_from(
    [
        *("2026-3-2 1:1:1", " 2026-03-02  10:11:12 ", "2026-03-29 02:30:00", "2026-10-25 02:30:00"),
        *("2026-02-30 00:00:00", "2026-03-02 24:00:00", "1447-09-01 10:00:00", "0000-01-01 00:00:00", "02/03/2026", ""),
    ]
)
durations = st.sampled_from(["60", "0.0", "1,5", "-1", "-7", "n/a", "", "abc", "99999999999", "-0", "٦٠ثانية", "9 sec"])
kinds = st.sampled_from(["call", "sms", "call", "sms", "data", "TEC", " call "])
ways = st.sampled_from(["MO", "MT", "MO", "MT", "MO", "MT", "MO", "?"])
contents = st.sampled_from(["", "hello", "مرحبا", "line\nbreak", 'say "hi"', "a,b;c", "\r", "nul\0", '"'])
rows = st.tuples(numbers, numbers, times, durations, kinds, ways, contents).map(list)
raw_lines = st.one_of(
    st.sampled_from(["", "# 12", '"open,1', '"a"b,c', ",,,,,,,", ",,,,,,x,y", "\r", '1,"2\r\n3', "\0", "#", '"#"']),
    st.text(st.sampled_from(list("ab12,;\"'\r\n\0é٣ ")), max_size=30),
)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, Profile, int]:
    """A file's bytes, its profile, and the size of the pieces in which it arrives."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "windows-1256", "utf-16-le", "utf-16-be"]))
    comma = draw(st.sampled_from([",", ";", "\t"]))
    profile = replace(PROFILE, encoding=encoding, delimiter=comma)
    end = draw(st.sampled_from(["\n", "\r\n"])).encode(encoding)
    parts = [comma.join(HEADER).encode(encoding)]
    for line in draw(st.lists(st.one_of(rows, rows, raw_lines), max_size=12)):
        text = line.replace(",", comma) if isinstance(line, str) else comma.join(_written(cell, comma) for cell in line)
        part = text.encode(encoding, "replace")
        if draw(st.integers(0, 15)) == 0:
            part = (
                part[: len(part) // 2] + draw(st.sampled_from([b"\xff", b"\xc3", b"\x00\xd8"])) + part[len(part) // 2 :]
            )
        parts.append(part)
    mark = draw(st.booleans()) and "\ufeff" in "\ufeff".encode(encoding, "ignore").decode(encoding, "ignore")
    data = ("\ufeff".encode(encoding) if mark else b"") + end.join(parts) + draw(st.sampled_from([b"", end]))
    return data, profile, draw(st.integers(1, 300))


def _written(cell: str, comma: str) -> str:
    if any(sign in cell for sign in (comma, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _scanned(
    data: bytes, profile: Profile, block: int, folder: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    path = folder / "file.csv"
    path.write_bytes(data)
    with FileScan(path, profile, 3, threads=2, block=block) as scan:
        batches = list(scan.batches())
        assert scan.size == len(data)
        assert sum(batch.num_rows for batch in scan.numbers()) <= 2 * sum(one.num_rows for one, _ in batches)
    tables = [pa.Table.from_batches([pair[side] for pair in batches]).to_pylist() if batches else [] for side in (0, 1)]
    return tables[0], tables[1], scan.layout.specification["trailing"]


@settings(max_examples=300, deadline=None)
@given(files())
def test_the_scanner_says_what_its_naive_twin_says(made: tuple[bytes, Profile, int]) -> None:
    data, profile, block = made
    with tempfile.TemporaryDirectory() as folder:
        records, others, trailing = _scanned(data, profile, block, Path(folder))
    twin = scan_twin.scan(data, profile, HEADER, trailing)
    assert [(row["unit"], row["offset"], row["length"], row["reason"]) for row in others] == [
        (number, unit.offset, unit.length, unit.reason) for number, unit in enumerate(twin) if unit.reason
    ]
    expected = [
        {"record_id": 3 * RECORD_ID_UNITS + number, "offset": unit.offset, "length": unit.length, **unit.record}
        for number, unit in enumerate(twin)
        if not unit.reason
    ]
    assert [{name: row[name] for name in wanted} for row, wanted in zip(records, expected, strict=True)] == expected


@settings(max_examples=25, deadline=None)
@given(files())
def test_every_byte_of_a_damaged_file_is_accounted_for_in_the_store(made: tuple[bytes, Profile, int]) -> None:
    data, profile, _ = made
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(data)
        store = Path(folder) / "store"
        (account,) = import_files(store, [(path, profile)], clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)).accounts
        records = pq.read_table(store / "imports/1/records.parquet").to_pylist()
        others = pq.read_table(store / "imports/1/rejects.parquet").to_pylist()
        for file in store.rglob("*"):
            if file.is_file() and file.name != "profile.toml":
                assert "hello".encode(profile.encoding) not in file.read_bytes(), "content of a message was stored"
    pieces = sorted((row["offset"], row["length"]) for row in records + others)
    reached = 0
    for offset, length in pieces:
        assert offset == reached
        reached += length
    assert reached == len(data) == account.size
    assert account.units == len(pieces)
    records_and_legs = account.records + account.merged_legs
    not_records = account.duplicate + account.rejected + account.header_and_footer + account.out_of_scope
    assert account.units == records_and_legs + not_records


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["utf-8", "utf-16", "windows-1256"]), st.integers(1, 64))
def test_no_bytes_at_all_break_the_scanner(data: bytes, encoding: str, block: int) -> None:
    profile = replace(
        PROFILE, encoding=encoding, header_lines=0, a=NumberRule(0, "mixed:IQ"), b=NumberRule(0, "mixed:IQ"),
        start=TimeRule((0,), "iso", "UTC"), duration=None, kind=KindRule(), direction=None, content=(),
    )  # fmt: skip
    if encoding == "utf-8" and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = b"x" + data
    with tempfile.TemporaryDirectory() as folder:
        records, others, _ = _scanned(data, profile, block, Path(folder))
    assert sum(row["length"] for row in records + others) == len(data)
