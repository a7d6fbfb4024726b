"""The log hook: durable before the effect, chained, silent about numbers (spec/log.md)."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clew.audit import log as audit_log
from clew.audit.log import Entry, FileLog, Receipt
from clew.errors import Refused, StorageError
from tests.faults import crash_everywhere, fill_everywhere

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def clock() -> datetime:
    return NOON


def test_entries_come_back_as_they_were_committed(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "log.jsonl", clock)
    first = log.commit(Entry("trace.bound", {"numbers": 129, "warrant": "a" * 64, "note": "two hops"}))
    second = log.commit(Entry("graph.written", {"pairs": 149}))
    found = FileLog(tmp_path / "log.jsonl", clock).entries()
    assert [(entry.index, entry.at, entry.entry.kind, dict(entry.entry.body)) for entry in found] == [
        (0, NOON, "trace.bound", {"numbers": 129, "warrant": "a" * 64, "note": "two hops"}),
        (1, NOON, "graph.written", {"pairs": 149}),
    ]
    assert [first.digest, second.digest] == [entry.digest for entry in found]
    assert (tmp_path / "log.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["+9647901234567", "790 123 4567", "0790-123-4567", "(0)6.12.34.56.78", "seed 123456", "2006-06-01"]
)
def test_no_number_reaches_the_log(tmp_path: Path, text: str) -> None:
    log = FileLog(tmp_path / "log.jsonl", clock)
    with pytest.raises(ValueError, match="may hold a number"):
        log.commit(Entry("trace.bound", {"note": text}))
    assert not (tmp_path / "log.jsonl").exists()


@pytest.mark.parametrize("text", ["b" * 64, "2026-03-02T12:00:00Z", "2026-03-02T12:00:00.000001Z", "stage 2"])
def test_digests_moments_and_words_may_be_logged(tmp_path: Path, text: str) -> None:
    FileLog(tmp_path / "log.jsonl", clock).commit(Entry("trace.bound", {"what": text}))
    assert FileLog(tmp_path / "log.jsonl", clock).entries()[0].entry.body == {"what": text}


def test_history_cannot_be_changed_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = FileLog(path, clock)
    for number in range(4):
        log.commit(Entry("trace.bound", {"numbers": number}))
    lines = path.read_bytes().splitlines(keepends=True)
    changed = json.loads(lines[1])
    changed["body"]["numbers"] = 7
    forgeries = [
        [lines[0], lines[2], lines[3]],
        [lines[1], lines[0], lines[2], lines[3]],
        [lines[0], lines[0], lines[1]],
        [lines[0], json.dumps(changed, separators=(",", ":"), sort_keys=True).encode() + b"\n", *lines[2:]],
        [lines[0], lines[1].replace(b'"v":1', b'"v": 1'), *lines[2:]],
        [lines[0], b"\n", *lines[1:]],
    ]
    for forged in forgeries:
        path.write_bytes(b"".join(forged))
        with pytest.raises(StorageError, match=r"log\.broken"):
            log.entries()
        with pytest.raises(StorageError, match=r"log\.broken"):
            log.commit(Entry("trace.bound", {}))
        assert path.read_bytes() == b"".join(forged)


def test_what_was_checked_is_not_read_again_until_somebody_else_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    log, other = FileLog(path, clock), FileLog(path, clock)
    read: list[int] = []
    parse = audit_log._parse
    monkeypatch.setattr(audit_log, "_parse", lambda data, where: (read.append(len(data)), parse(data, where))[1])
    for number in range(5):
        log.commit(Entry("trace.bound", {"numbers": number}))
    assert read == [0]
    other.commit(Entry("trace.bound", {"numbers": 5}))
    log.commit(Entry("trace.bound", {"numbers": 6}))
    assert len(read) == 3
    assert log.entries() == FileLog(path, clock).entries()
    assert [logged.entry.body["numbers"] for logged in log.entries()] == list(range(7))
    assert len(read) == 4


def test_a_clock_set_back_is_refused(tmp_path: Path) -> None:
    now = NOON
    log = FileLog(tmp_path / "log.jsonl", lambda: now)
    log.commit(Entry("trace.bound", {}))
    now = NOON - timedelta(seconds=1)
    with pytest.raises(Refused, match="clock-behind"):
        log.commit(Entry("trace.bound", {}))
    assert len(log.entries()) == 1


def test_a_receipt_cannot_be_made_up() -> None:
    with pytest.raises(Refused, match="no-receipt"):
        Receipt(object(), index=0, entry=Entry("graph.written", {}), digest="0" * 64, at=NOON)


def test_a_receipt_cannot_be_changed_or_copied(tmp_path: Path) -> None:
    receipt = FileLog(tmp_path / "log.jsonl", clock).commit(Entry("graph.written", {}))
    for name in ("kind", "warrant", "digest", "new"):
        with pytest.raises(AttributeError):
            setattr(receipt, name, "records.read")
        with pytest.raises(AttributeError):
            delattr(receipt, name)
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            copied(receipt)
    assert receipt.kind == "graph.written"


def test_a_receipt_serves_only_its_own_effect(tmp_path: Path) -> None:
    receipt = FileLog(tmp_path / "log.jsonl", clock).commit(Entry("records.read", {}))
    receipt.require("records.read")
    with pytest.raises(Refused, match="wrong-receipt"):
        receipt.require("graph.written")


def test_a_line_torn_by_a_crash_is_set_aside_and_the_log_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = FileLog(path, clock)
    log.commit(Entry("trace.bound", {"numbers": 1}))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at":"2026-')
    assert len(log.entries()) == 1
    log.commit(Entry("trace.bound", {"numbers": 2}))
    assert [entry.entry.body["numbers"] for entry in log.entries()] == [1, 2]
    assert (tmp_path / "log.jsonl.torn").read_bytes() == b'{"at":"2026-'
    path.write_bytes(path.read_bytes() + b"again")
    log.commit(Entry("trace.bound", {"numbers": 3}))
    kept = {name: (tmp_path / name).read_bytes() for name in ("log.jsonl.torn", "log.jsonl.torn.1")}
    assert kept == {"log.jsonl.torn": b'{"at":"2026-', "log.jsonl.torn.1": b"again"}
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o600 for name in kept)


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.torn"])
def test_a_link_in_the_logs_place_is_not_written_through(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log.jsonl"
    mine = tmp_path / "mine.txt"
    mine.write_text("")
    path.write_bytes(b"torn")
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).symlink_to(mine)
    if name == "log.jsonl":
        with pytest.raises(StorageError, match=r"log\.unwritable"):
            FileLog(path, clock).commit(Entry("trace.bound", {}))
    else:
        FileLog(path, clock).commit(Entry("trace.bound", {}))
    assert mine.read_bytes() == b""


def test_a_crash_anywhere_leaves_a_log_that_holds_what_was_acknowledged(tmp_path: Path) -> None:
    runs = iter(range(10_000))

    def prepare() -> FileLog:
        log = FileLog(tmp_path / str(next(runs)) / "log.jsonl", clock)
        log.commit(Entry("trace.bound", {"numbers": 1}))
        return log

    def check(log: FileLog) -> None:
        before = [entry.entry.body["numbers"] for entry in log.entries()]
        assert before in ([1], [1, 2])
        log.commit(Entry("trace.bound", {"numbers": 3}))
        assert [entry.entry.body["numbers"] for entry in log.entries()] == [*before, 3]

    def operate(log: FileLog) -> None:
        log.commit(Entry("trace.bound", {"numbers": 2}))

    assert crash_everywhere(prepare, operate, check) >= 3
    assert fill_everywhere(prepare, operate, check) >= 3
