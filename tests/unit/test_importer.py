"""Importing: real files, damaged files, legs, duplicates, and what is said about them."""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clew.errors import InputError, StorageError
from clew.records.account import Account, AccountError, Footer
from clew.records.folder import leftovers, read_manifest
from clew.records.importer import ImportReport, import_files
from clew.records.layouts import built_in_layouts
from clew.records.profile import DirectionRule, DurationRule, FooterRule, KindRule, NumberRule, Profile, TimeRule
from clew.records.schema import RecordKind
from clew.records.store import Store
from tests.shared_data import shared

PROFILE = Profile(
    name="plain",
    operator="one",
    a=NumberRule("a", "e164"),
    b=NumberRule("b", "e164"),
    start=TimeRule(("start",), "iso", "UTC"),
    duration=DurationRule("seconds", "s", ("-1",)),
)
HEADER = "a,b,start,seconds"
A, B, C = "+9647901234567", "+33612345678", "+447700900123"


def clock() -> datetime:
    """A moment that never changes."""
    return datetime(2026, 1, 1, tzinfo=UTC)


def write(path: Path, lines: Iterable[str], header: str = HEADER) -> Path:
    """A file of these lines."""
    path.write_text("".join(line + "\n" for line in (header, *lines)), "utf-8")
    return path


def take(store: Path, *files: tuple[Path, Profile]) -> ImportReport:
    """Import the files, one thread."""
    return import_files(store, files, clock=clock, threads=1)


def records(store: Path, number: int = 1) -> list[dict[str, Any]]:
    """The stored records of an import."""
    return list(pq.read_table(store / f"imports/{number}/records.parquet").to_pylist())


def rejects(store: Path, number: int = 1) -> list[dict[str, Any]]:
    """The other units of an import."""
    return list(pq.read_table(store / f"imports/{number}/rejects.parquet").to_pylist())


def layout(name: str) -> Profile:
    """A layout that comes with Clew."""
    return next(found.profile for found in built_in_layouts() if found.profile.name == name)


def test_vast_2008_is_accounted_for_to_the_line(tmp_path: Path) -> None:
    path = shared("vast2008_mc3/CellPhoneCallRecords.csv")
    (account,) = take(tmp_path / "store", (path, layout("vast2008"))).accounts
    assert (account.units, account.records, account.header_and_footer, account.rejected) == (9835, 9834, 1, 0)
    assert account.flags == {"negative duration": 4}
    assert account.dropped == {"location": {"Cell Tower": 9834}}
    negative = [row for row in records(tmp_path / "store") if row["flags"] & 1]
    assert [row["duration"] for row in negative] == [None] * 4
    assert all(row["duration_raw"].startswith("-") for row in negative)


def test_copenhagen_loses_no_message_to_equality(tmp_path: Path) -> None:
    calls, messages = shared("copenhagen/calls.csv"), shared("copenhagen/sms.csv")
    store = tmp_path / "store"
    report = take(store, (calls, layout("copenhagen-calls")), (messages, layout("copenhagen-sms")))
    assert [account.records for account in report.accounts] == [3600, 24333]
    assert report.accounts[0].kinds == {"voice": 3234, "missed": 366}
    assert report.accounts[1].kinds == {"message": 24333}
    rows = records(store, 2)
    distinct = {(row["a_key"], row["b_key"], row["start"]) for row in rows}
    assert len(distinct) < len(rows), "the data should hold equal rows"


def test_importing_the_same_file_again_changes_nothing_and_says_so(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", [f"{A},{B},2026-03-02T10:00:00,5"])
    first = take(tmp_path / "store", (file, PROFILE))
    before = {path: path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()}
    again = take(tmp_path / "store", (file, PROFILE))
    assert not again.changed
    assert again.identity == first.identity
    assert (again.accounts[0].duplicate, again.accounts[0].duplicate_of) == (2, 1)
    assert {path: path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()} == before


def test_the_same_file_twice_in_one_command_counts_once(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", [f"{A},{B},2026-03-02T10:00:00,5"])
    report = take(tmp_path / "store", (file, PROFILE), (file, PROFILE))
    assert [account.duplicate for account in report.accounts] == [0, 2]
    assert len(Store.open(tmp_path / "store").imports()) == 1


def test_the_operators_own_identifier_finds_duplicates_in_the_file_and_in_the_store(tmp_path: Path) -> None:
    profile = replace(PROFILE, operator_record="id")
    line = f"{A},{B},2026-03-02T10:00:00,5"
    one = write(tmp_path / "1.csv", [line + ",x", line + ",y", line + ",x", line + ","], HEADER + ",id")
    two = write(tmp_path / "2.csv", [line + ",y", line + ",z", line + ","], HEADER + ",id")
    other = write(tmp_path / "3.csv", [f"{A},{C},2026-03-03T10:00:00,5,y"], HEADER + ",id")
    report = take(tmp_path / "store", (one, profile), (two, profile), (other, replace(profile, operator="two")))
    assert [(account.records, account.duplicate) for account in report.accounts] == [(3, 1), (2, 1), (1, 0)]
    assert [row["unit"] for row in rejects(tmp_path / "store") if row["reason"] == "duplicate"] == [3]


def test_a_record_identifier_that_is_used_again_loses_no_call(tmp_path: Path) -> None:
    profile = replace(PROFILE, operator_record="id")
    first = [
        f"{A},{B},2026-03-02T10:00:00,5,17",
        f"{A},{C},2026-03-02T10:00:00,5,17",  # another B
        f"{C},{B},2026-03-02T10:00:00,5,17",  # another A
        f"{A},{B},2026-03-02T10:00:00,-1,17",  # another kind
        f"{A},{B},2026-03-02T10:00:00,6,18",
        f"{A},{B},2026-03-02T10:00:00,5,17",  # the first again
    ]
    second = [
        f"{A},{B},2026-03-03T10:00:00,5,18",  # the counter of another day
        f"{A},{B},2026-03-02T10:00:00,6,18",  # known
        f"{A},{B},2026-03-03T10:00:00,5,19",
        f",{B},2026-03-03T10:00:00,5,20",
        f",{B},2026-03-03T10:00:00,5,20",  # nobody called twice
    ]
    one = write(tmp_path / "1.csv", first, HEADER + ",id")
    two = write(tmp_path / "2.csv", second, HEADER + ",id")
    report = take(tmp_path / "store", (one, profile), (two, replace(profile, operator="ONE")))
    assert [(account.records, account.duplicate) for account in report.accounts] == [(5, 1), (3, 2)]
    assert [row["flags"] & 512 for row in records(tmp_path / "store")] == [512, 512, 512, 512, 0]
    assert [row["flags"] & 512 for row in records(tmp_path / "store", 2)] == [512, 0, 0]
    assert report.accounts[1].flags["identifier reused"] == 1


def test_a_call_identifier_that_is_used_again_merges_no_calls(tmp_path: Path) -> None:
    profile = replace(PROFILE, call="call")
    lines = [
        f"{A},{B},2026-03-02T10:00:00,-1,7",
        f"{A},{B},2026-03-02T10:10:00,30,7",  # ten minutes later: a leg
        f"{A},{B},2026-03-02T10:20:01,30,7",  # ten minutes and a second: another call
        f"{A},{B},2026-03-03T10:00:00,40,7",  # the counter of another day
        f"{A},{B},2026-03-02T10:00:00,5,8",
        "+33612345679,+447700900124,2026-03-02T10:00:30,9,8",  # two other people
        f"{A},{B},2026-03-02T10:00:00,5,9",
    ]
    file = write(tmp_path / "f.csv", lines, HEADER + ",call")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert (account.records, account.merged_legs) == (6, 1)
    rows = records(tmp_path / "store")
    leader = rows[1]["record_id"]
    assert [row["leg_group"] for row in rows] == [leader, leader, None, None, None, None, None]
    assert [row["flags"] & (32 | 64 | 512) for row in rows] == [32 | 64 | 512, 64 | 512, 512, 512, 512, 512, 0]


def test_legs_of_one_call_are_merged_and_the_answered_one_counts(tmp_path: Path) -> None:
    profile = replace(PROFILE, call="call")
    lines = [
        f"{A},{B},2026-03-02T10:00:00,-1,k",
        f"{A},{B},2026-03-02T10:01:00,30,k",
        f"{A},{B},2026-03-02T10:01:00,20,k",
        f"{A},{B},2026-03-02T11:00:00,20,other",
        f"{A},{B},2026-03-02T11:00:00,20,",
        f"{A},{B},2026-03-02T11:00:00,20,",
    ]
    file = write(tmp_path / "f.csv", lines, HEADER + ",call")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert (account.records, account.merged_legs) == (4, 2)
    rows = records(tmp_path / "store")
    leader = rows[1]["record_id"]
    assert [row["leg_group"] for row in rows] == [leader, leader, leader, None, None, None]
    assert [row["flags"] & (32 | 64) for row in rows] == [96, 64, 96, 0, 0, 0]
    assert account.kinds == {"voice": 4}


def test_asterisk_legs_are_calls(tmp_path: Path) -> None:
    path = shared("formats/asterisk/Master_pseudonymised.csv")
    profile = replace(
        PROFILE,
        header_lines=0,
        a=NumberRule(1, "opaque:pbx"),
        b=NumberRule(2, "opaque:pbx"),
        start=TimeRule((9,), "iso", "UTC"),
        duration=DurationRule(13),
        kind=KindRule(14, {"ANSWERED": RecordKind.VOICE, "NO ANSWER": RecordKind.MISSED}),
        call=19,
    )
    (account,) = take(tmp_path / "store", (path, profile)).accounts
    assert (account.units, account.records, account.merged_legs, account.rejected) == (12, 6, 6, 0)


def test_two_operators_records_of_one_call_count_once_and_earlier_files_do_not_change(tmp_path: Path) -> None:
    store = tmp_path / "store"
    one = write(
        tmp_path / "1.csv",
        [f"{A},{B},2026-03-02T10:00:00,60", f"{A},{B},2026-03-02T10:00:10,60", f"{B},{A},2026-03-02T12:00:00,60"],
    )
    take(store, (one, PROFILE))
    before = (store / "imports/1/records.parquet").read_bytes()
    two = write(
        tmp_path / "2.csv",
        [
            f"{A},{B},2026-03-02T10:00:01,60",  # the first call, seen a second later
            f"{A},{B},2026-03-02T10:00:02,60",  # not nearer to it: a call of its own
            f"{A},{B},2026-03-02T10:00:11,90",  # the second call, with another duration
            f"{A},{B},2026-03-02T12:00:00,60",  # the other way round: another call
        ],
    )
    (account,) = take(store, (two, replace(PROFILE, operator="two"))).accounts
    assert (account.records, account.merged_legs) == (2, 2)
    old = records(store, 1)
    assert [row["leg_group"] for row in records(store, 2)] == [old[0]["record_id"], None, old[1]["record_id"], None]
    assert [row["flags"] for row in records(store, 2)] == [32, 0, 96, 0]
    assert (store / "imports/1/records.parquet").read_bytes() == before
    # A second file of operator two cannot merge into a call that has one of its records.
    three = write(tmp_path / "3.csv", [f"{A},{B},2026-03-02T10:00:00,60"])
    (account,) = take(store, (three, replace(PROFILE, operator="two"))).accounts
    assert (account.records, account.merged_legs) == (1, 0)
    # A third operator can.
    four = write(tmp_path / "4.csv", [f"{A},{B},2026-03-02T10:00:00,61"])
    (account,) = take(store, (four, replace(PROFILE, operator="three"))).accounts
    assert (account.records, account.merged_legs) == (0, 1)


def test_equal_lines_of_one_operator_are_never_merged(tmp_path: Path) -> None:
    line = f"{A},{B},2026-03-02T10:00:00,60"
    one, two = write(tmp_path / "1.csv", [line] * 21), write(tmp_path / "2.csv", [line] * 3)
    report = take(tmp_path / "store", (one, PROFILE), (two, PROFILE))
    assert [account.records for account in report.accounts] == [21, 3]


def test_direction_turns_the_parties_round_and_an_unknown_word_is_rejected_not_guessed(tmp_path: Path) -> None:
    profile = replace(PROFILE, direction=DirectionRule("way", ("out",), ("in",)))
    line = f"{A},{B},2026-03-02T10:00:00,60"
    file = write(tmp_path / "f.csv", [line + ",out", line + ",in", line + ",?"], HEADER + ",way")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert account.reasons == {"direction": 1}
    first, second = records(tmp_path / "store")
    assert (first["a_key"], first["b_key"]) == (int(A), int(B)) == (second["b_key"], second["a_key"])


def test_unknown_kinds_are_kept_and_counted_by_name(tmp_path: Path) -> None:
    words = {"V": RecordKind.VOICE, "DATA": "out of scope"}
    profile = replace(PROFILE, kind=KindRule("kind", words))  # type: ignore[arg-type]
    line = f"{A},{B},2026-03-02T10:00:00,60,"
    kinds = ["V", "DATA", "TEC", "TEC", "TEC", "", "0790123456", "meet me", "meet me"]
    file = write(tmp_path / "f.csv", [line + kind for kind in kinds], HEADER + ",kind")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert account.kinds == {"voice": 1, "unknown": 7}
    assert account.out_of_scope == 1
    assert account.unknown_words == {"TEC": 3, "(nothing)": 1, "(other)": 3}


@pytest.mark.parametrize(("claimed", "agrees"), [("3", True), ("4", False), ("1 003", False)])
def test_a_footer_with_a_wrong_count_is_reported(tmp_path: Path, claimed: str, agrees: bool) -> None:
    profile = replace(PROFILE, footer=FooterRule("Total", r":\s*([\d ]+)"))
    good = f"{A},{B},2026-03-02T10:00:00,60"
    file = write(tmp_path / "f.csv", [good, good, "broken", f"Total: {claimed}"])
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert account.footers == (Footer(int(claimed.replace(" ", "")), 3, agrees),)
    assert account.header_footer_parts == {"header": 1, "footer": 1}


def test_a_delimiter_inside_content_shifts_no_column_into_a_kept_one(tmp_path: Path) -> None:
    profile = replace(PROFILE, content=("text",))
    header = "text,a,b,start,seconds,last"
    good = f"hello,{A},{B},2026-03-02T10:00:00,60,"
    shifted = f"hello,SECRET,{B},2026-03-02T10:00:00,60,"
    file = write(tmp_path / "f.csv", [good, shifted.replace("hello", f"hello,{A}", 1), good], header)
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert (account.records, account.reasons) == (2, {"too-many-fields": 1})
    ended = write(tmp_path / "g.csv", [good + ",", good + ",", shifted + ",,"], header)
    (account,) = take(tmp_path / "other", (ended, profile)).accounts
    assert (account.records, account.reasons) == (2, {"too-many-fields": 1})
    for stored in tmp_path.glob("[so]t*/**/*.parquet"):
        assert b"SECRET" not in stored.read_bytes()


def test_content_in_the_place_of_a_duration_is_not_kept(tmp_path: Path) -> None:
    raw = ["-7", "meet me at 8", "٣:٠٠:٠٠:٠", "1" * 33]
    file = write(tmp_path / "f.csv", [f"{A},{B},2026-03-02T10:00:00,{text}" for text in raw])
    (account,) = take(tmp_path / "store", (file, PROFILE)).accounts
    assert account.flags == {"duration unreadable": 3, "negative duration": 1}
    assert [row["duration_raw"] for row in records(tmp_path / "store")] == ["-7", None, "٣:٠٠:٠٠:٠", None]


def test_a_placeholder_for_an_identifier_makes_no_duplicates_and_no_legs(tmp_path: Path) -> None:
    profile = replace(PROFILE, operator_record="id", call="call")
    line = f"{A},{B},2026-03-02T10:00:00,60"
    marks = ["0", "-", "NULL", "(null)", "00000000-0000-0000-0000-000000000000", "n/a"]
    file = write(tmp_path / "f.csv", [f"{line},{mark},{mark}" for mark in marks for _ in range(2)], HEADER + ",id,call")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert (account.records, account.merged_legs, account.duplicate) == (12, 0, 0)
    assert account.unreadable == {"call": 12, "operator_record": 12}


def test_a_first_line_that_is_no_header_gives_no_names_to_columns(tmp_path: Path) -> None:
    profile = replace(
        PROFILE, a=NumberRule(0, "e164"), b=NumberRule(1, "e164"), start=TimeRule((2,), "iso", "UTC"), duration=None
    )
    line = f"{A},{B},2026-03-02T10:00:00,meet me"
    (account,) = take(tmp_path / "store", (write(tmp_path / "f.csv", [line], line), profile)).accounts
    assert account.dropped == {"unmapped": {"column 3": 1}}


def test_rejects_show_mapped_fields_and_mask_the_rest(tmp_path: Path) -> None:
    profile = replace(PROFILE, content=("text",), location=("cell",))
    lines = [f'{A},{B},nonsense,60,"meet me, ""there""",C77', f"{A},{B}"]
    file = write(tmp_path / "f.csv", lines, HEADER + ",text,cell")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    found = [row for row in rejects(tmp_path / "store") if row["reason"] != "header"]
    assert [row["masked"] for row in found] == [f"{A},{B},nonsense,60,***,***", None]
    assert account.dropped == {"content": {"text": 1}, "location": {"cell": 1}}
    for stored in (tmp_path / "store").rglob("*"):
        assert not stored.is_file() or (b"meet me" not in stored.read_bytes() and b"C77" not in stored.read_bytes())


def test_content_and_location_never_reach_the_store(tmp_path: Path) -> None:
    profile = replace(PROFILE, content=("text",), location=("cell",), traits=("name",))
    lines = [f"{A},{B},2026-03-02T10:00:00,60,SECRETTEXT{i},CELLTOWER{i},PERSONSNAME{i},UNMAPPED{i}" for i in range(50)]
    file = write(tmp_path / "f.csv", lines, HEADER + ",text,cell,name,other")
    (account,) = take(tmp_path / "store", (file, profile)).accounts
    assert account.dropped == {
        "content": {"text": 50},
        "location": {"cell": 50},
        "traits": {"name": 50},
        "unmapped": {"other": 50},
    }
    for stored in (tmp_path / "store").rglob("*"):
        data = stored.read_bytes() if stored.is_file() else b""
        assert not any(secret in data for secret in (b"SECRETTEXT", b"CELLTOWER", b"PERSONSNAME", b"UNMAPPED"))


def test_an_empty_file_is_an_honest_empty_account(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"")
    (account,) = take(tmp_path / "store", (tmp_path / "f.csv", PROFILE)).accounts
    assert (account.units, account.records, account.size) == (0, 0, 0)
    assert Store.open(tmp_path / "store").accounts() == (account,)


def test_a_line_of_ten_megabytes_is_one_reject_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    good = f"{A},{B},2026-03-02T10:00:00,60"
    file = write(tmp_path / "f.csv", [good, "x" * (10 << 20), good])
    (account,) = take(tmp_path / "store", (file, PROFILE)).accounts
    assert (account.records, account.reasons) == (2, {"too-long": 1})


def test_a_truncated_file_says_that_its_last_line_is_open(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(f"{HEADER}\n{A},{B},2026-03-02T10:00:00,6")
    (account,) = take(tmp_path / "store", (tmp_path / "f.csv", PROFILE)).accounts
    assert account.last_unit_open
    assert account.records == 1


@pytest.mark.parametrize(
    ("encoding", "data", "code"),
    [
        ("utf-8", "a,b,start,seconds\n".encode("utf-16"), "file.encoding"),
        ("utf-8", b"other,header\n", "profile.column-missing"),
        ("utf-8", b"a,b,start,seconds,a\n", "profile.column-ambiguous"),
    ],
)
def test_files_that_do_not_fit_their_profile_are_refused_whole(
    tmp_path: Path, encoding: str, data: bytes, code: str
) -> None:
    (tmp_path / "f.csv").write_bytes(data)
    good = write(tmp_path / "good.csv", [f"{A},{B},2026-03-02T10:00:00,60"])
    with pytest.raises(InputError) as caught:
        take(tmp_path / "store", (good, PROFILE), (tmp_path / "f.csv", replace(PROFILE, encoding=encoding)))
    assert caught.value.code == code
    assert Store.open(tmp_path / "store").imports() == ()
    assert not any(
        path.is_file() and path.name not in ("lock", "store.json") for path in (tmp_path / "store").rglob("*")
    )


def test_a_column_name_that_could_be_a_number_is_not_shown(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", [], header=f"{A},x")
    with pytest.raises(InputError) as caught:
        take(tmp_path / "store", (file, PROFILE))
    assert A.strip("+") not in str(caught.value)


def test_a_pipe_or_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError) as caught:
            take(tmp_path / "store", (path, PROFILE))
        assert caught.value.code == "file.unreadable"


def test_a_file_that_changes_while_it_is_read_is_not_imported(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", [f"{A},{B},2026-03-02T10:00:00,60"])

    class Writer:
        def begin(self, step: str, total: int | None = None, unit: str = "") -> None:
            if step == "reading":
                with file.open("a") as out:
                    out.write("more\n")

        def advance(self, units: int) -> None: ...

        def end(self) -> None: ...

    with pytest.raises(InputError) as caught:
        import_files(tmp_path / "store", [(file, PROFILE)], clock=clock, progress=Writer())
    assert caught.value.code == "file.changed"
    assert Store.open(tmp_path / "store").imports() == ()


def test_two_imports_at_once_the_second_is_told_to_wait(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", [f"{A},{B},2026-03-02T10:00:00,60"])
    take(tmp_path / "store", (file, PROFILE))
    descriptor = os.open(tmp_path / "store" / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(StorageError) as caught:
            take(tmp_path / "store", (file, PROFILE))
        assert caught.value.code == "store.busy"
        assert Store.open(tmp_path / "store").imports(), "reading goes on while somebody imports"
    finally:
        os.close(descriptor)


def test_threads_change_nothing(tmp_path: Path) -> None:
    lines = [f"+96479{i % 977:08d},+33612{i % 613:06d},2026-03-02T10:{i % 60:02d}:00,{i % 100}" for i in range(30_000)]
    file = write(tmp_path / "f.csv", lines)
    for threads in (1, 3):
        import_files(tmp_path / str(threads), [(file, PROFILE)], clock=clock, threads=threads)
    for name in ("records", "numbers", "rejects"):
        one, three = (tmp_path / n / f"imports/1/{name}.parquet" for n in ("1", "3"))
        assert one.read_bytes() == three.read_bytes()
    assert threading.active_count() < 10


def test_a_folder_with_other_things_in_it_is_no_store(tmp_path: Path) -> None:
    file = write(tmp_path / "f.csv", [])
    with pytest.raises(InputError) as caught:
        take(tmp_path, (file, PROFILE))
    assert caught.value.code == "store.not-a-store"


def test_hijri_dates_are_converted_and_gregorian_ones_in_their_column_are_rejected(tmp_path: Path) -> None:
    start = TimeRule(("start",), "%Y-%m-%d %H:%M", "Asia/Riyadh", "umalqura")
    lines = [f"{A},{B},1447-09-01 13:00,5", f"{A},{B},2026-02-18 13:00,5", f"{A},{B},1447-09-31 13:00,5"]
    file = write(tmp_path / "f.csv", lines)
    (account,) = take(tmp_path / "store", (file, replace(PROFILE, start=start))).accounts
    assert account.reasons == {"time-impossible": 1, "time-range": 1}
    assert records(tmp_path / "store")[0]["start"] == datetime(2026, 2, 18, 10, tzinfo=UTC)


def test_many_small_imports_leave_few_segments_and_lose_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number in range(15):
        take(store, (write(tmp_path / f"{number}.csv", [f"{A},{B},2026-03-02T10:00:{number:02d},5"]), PROFILE))
    found = read_manifest(store)
    assert found is not None
    segments = found[0].segments
    assert len(segments) <= 12
    assert next(segment.first for segment in segments) == 1
    assert segments[-1].last == 15
    assert all(one.last + 1 == two.first for one, two in itertools.pairwise(segments))
    assert sum(segment.rows for segment in segments) == 30
    assert not leftovers(store, found[0])
    Store.open(store).verify()


def test_an_account_that_does_not_agree_is_a_bug_and_stores_nothing() -> None:
    account = Account(
        1, "f", "0" * 64, 10, "p", "o", "", "", units=3, records=1, merged_legs=0, duplicate=0, rejected=1,
        header_and_footer=0, out_of_scope=0, reasons={"time": 1}, kinds={"voice": 1}, parties={"e164": 2},
    )  # fmt: skip
    with pytest.raises(AccountError, match="units"):
        account.check(10)
    with pytest.raises(AccountError, match="bytes"):
        replace(account, units=2).check(9)
    with pytest.raises(AccountError, match="more units than lines"):
        replace(account, units=2, continued_lines=-1).check(10)
    replace(account, units=2).check(10)
