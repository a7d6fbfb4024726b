"""The case folder: whole parts, all or nothing, at every system call (spec/case.md)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clew.audit.log import Entry, FileLog, Receipt
from clew.case import CaseFolder, Part
from clew.durable import write_file
from clew.errors import InputError, Refused, StorageError
from tests.faults import crash_everywhere, fill_everywhere


@pytest.fixture
def receipt(tmp_path: Path) -> Receipt:
    log = FileLog(tmp_path / "elsewhere.jsonl", lambda: datetime(2026, 3, 2, tzinfo=UTC))
    return log.commit(Entry("graph.written", {}))


def state(case: CaseFolder) -> dict[str, bytes]:
    """Every file that the manifest names, read through it."""
    return {f"{part}/{name}": case.read(part, name) for part in Part for name in case.names(part)}


OLD = {Part.WARRANT: {"warrant.json": b"w1"}, Part.GRAPH: {"graph.json": b"g1", "pairs.parquet": b"p1"}}
NEW = {Part.GRAPH: {"graph.json": b"g2"}, Part.FINDINGS: {"findings.json": b"f2"}}
BEFORE = {"warrant/warrant.json": b"w1", "graph/graph.json": b"g1", "graph/pairs.parquet": b"p1"}
AFTER = {"warrant/warrant.json": b"w1", "graph/graph.json": b"g2", "findings/findings.json": b"f2"}


def test_parts_come_back_and_are_private(tmp_path: Path, receipt: Receipt) -> None:
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    case.replace(NEW, receipt)
    assert state(CaseFolder.open(tmp_path / "case")) == AFTER
    assert not (tmp_path / "case" / "graph" / "pairs.parquet").exists()
    for path in (tmp_path / "case").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_a_crash_anywhere_leaves_the_old_case_or_the_new_one(tmp_path: Path, receipt: Receipt) -> None:
    runs = iter(range(10_000))
    seen = set()

    def prepare() -> CaseFolder:
        case = CaseFolder.create(tmp_path / str(next(runs)))
        case.replace(OLD, receipt)
        return case

    def check(case: CaseFolder) -> None:
        found = state(CaseFolder.open(case.path))
        assert found in (BEFORE, AFTER)
        seen.add(found == AFTER)
        case.replace(NEW, receipt)
        assert state(case) == AFTER

    assert crash_everywhere(prepare, lambda case: case.replace(NEW, receipt), check) >= 15
    assert seen == {False, True}
    assert fill_everywhere(prepare, lambda case: case.replace(NEW, receipt), check) >= 8


def test_a_crash_while_a_case_is_made_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    runs = iter(range(10_000))

    def prepare() -> Path:
        return tmp_path / str(next(runs))

    def check(path: Path) -> None:
        assert state(CaseFolder.create(path)) == {}

    assert crash_everywhere(prepare, lambda path: CaseFolder.create(path) and None, check) >= 4


def test_an_altered_file_is_never_read_as_evidence(tmp_path: Path, receipt: Receipt) -> None:
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    (tmp_path / "case" / "graph" / "graph.json").write_bytes(b"g9")
    with pytest.raises(StorageError, match=r"case\.altered"):
        case.read(Part.GRAPH, "graph.json")


def test_a_file_that_is_gone_from_a_case_is_named(tmp_path: Path, receipt: Receipt) -> None:
    """Harm stopped: a part of the evidence was removed, and its keeper is sent to look at the disk."""
    case = CaseFolder.create(tmp_path / "case")
    case.replace({Part.GRAPH: {"stage-2-events.parquet": b"x", "stage-2-pairs.parquet": b"y"}}, receipt)
    (case.path / "graph" / "stage-2-events.parquet").unlink()
    with pytest.raises(StorageError, match=r"graph/stage-2-events\.parquet is not there \[case\.altered\]"):
        case.read(Part.GRAPH, "stage-2-events.parquet")
    (case.path / "graph" / "stage-2-pairs.parquet").unlink()
    (case.path / "graph" / "stage-2-pairs.parquet").mkdir()
    with pytest.raises(StorageError, match=r"case\.unwritable") as failed:
        case.read(Part.GRAPH, "stage-2-pairs.parquet")
    assert failed.value.where == str(case.path / "graph" / "stage-2-pairs.parquet")


def test_a_folder_with_other_things_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"case\.not-a-case"):
        CaseFolder.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_missing_case_is_said_to_be_missing(tmp_path: Path, receipt: Receipt) -> None:
    with pytest.raises(InputError, match=r"case\.missing"):
        CaseFolder.open(tmp_path / "nowhere")
    case = CaseFolder.create(tmp_path / "case")
    with pytest.raises(InputError, match=r"case\.part-missing"):
        case.read(Part.FINDINGS, "findings.json")


def damage(case: CaseFolder, **changes: object) -> None:
    path = case.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "name",
    ["graph//{outside}", "graph/../../{bare}", "graph/a/b", "other/file", "graph/", "graph/.hidden", "log/log.jsonl"],
)
def test_a_case_that_somebody_else_made_overwrites_no_file_outside_it(
    tmp_path: Path, receipt: Receipt, name: str
) -> None:
    """Harm stopped: a manifest that names ``graph//home/u/.bashrc`` has that file written by the next trace."""
    outside = tmp_path / "bashrc"
    outside.write_bytes(b"mine")
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    key = name.format(outside=outside, bare=outside.name)
    damage(case, files={key: hashlib.sha256(b"mine").hexdigest()})
    for act in (
        lambda: case.names(Part.GRAPH),
        lambda: case.read(Part.GRAPH, key.removeprefix("graph/")),
        lambda: case.replace(NEW, receipt),
    ):
        with pytest.raises(StorageError, match=r"case\.manifest"):
            act()
    assert outside.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["/{outside}", "../../{bare}", ".hidden", "a/b", ""])
def test_no_step_writes_a_file_outside_its_part(tmp_path: Path, receipt: Receipt, name: str) -> None:
    outside = tmp_path / "bashrc"
    case = CaseFolder.create(tmp_path / "case")
    with pytest.raises(StorageError, match=r"case\.manifest"):
        case.replace({Part.GRAPH: {name.format(outside=outside, bare=outside.name): b"x"}}, receipt)
    assert not outside.exists()
    assert state(case) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"files": []},
        {"files": {"graph/graph.json": 7}},
        {"files": {"graph/graph.json": "ab"}},
        {"version": "1"},
        {"version": True},
        {"entry": 7},
        {"entry": {"index": -1, "digest": "0" * 64}},
        {"entry": {"index": "0", "digest": "0" * 64}},
        {"entry": {"index": 0, "digest": "x"}},
    ],
)
def test_a_manifest_of_other_types_is_refused(tmp_path: Path, receipt: Receipt, changes: dict[str, object]) -> None:
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    damage(case, **changes)
    with pytest.raises(StorageError, match=r"case\.manifest"):
        case.names(Part.GRAPH)


@pytest.mark.parametrize("name", ["graph", "log", ".lock", "manifest.json"])
def test_a_link_in_a_case_leads_nothing_out_of_it(tmp_path: Path, receipt: Receipt, name: str) -> None:
    """Harm stopped: a case that somebody sends has a link where Clew writes."""
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    (case.path / name).rename(tmp_path / "moved")
    (case.path / name).symlink_to(tmp_path / "moved")
    before = {path.name: path.read_bytes() for path in (tmp_path / "moved").rglob("*") if path.is_file()}
    for act in (lambda: CaseFolder.open(case.path), lambda: case.replace(NEW, receipt)):
        with pytest.raises(StorageError, match=r"case\.link"):
            act()
    assert {path.name: path.read_bytes() for path in (tmp_path / "moved").rglob("*") if path.is_file()} == before


def test_a_linked_file_is_neither_read_nor_written_through(tmp_path: Path, receipt: Receipt) -> None:
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    file = case.path / "graph" / "graph.json"
    file.rename(tmp_path / "moved")
    file.symlink_to(tmp_path / "moved")
    with pytest.raises(StorageError, match=r"case\.unwritable"):
        case.read(Part.GRAPH, "graph.json")
    with pytest.raises(OSError, match="symbolic"):
        write_file(file, b"x")
    assert (tmp_path / "moved").read_bytes() == b"g1"


def test_an_older_log_in_the_place_of_the_cases_is_noticed(tmp_path: Path) -> None:
    """Harm stopped: putting last week's log back, which says that less of the warrant's budget was used."""
    case = CaseFolder.create(tmp_path / "case")
    log = FileLog(case.log_path, lambda: datetime(2026, 3, 2, tzinfo=UTC))
    case.require_logged(log)
    log.commit(Entry("graph.written", {}))
    older = case.log_path.read_bytes()
    case.replace(OLD, log.commit(Entry("graph.written", {"stage": 2})))
    log.commit(Entry("records.source", {}))
    case.require_logged(log)
    case.log_path.write_bytes(older)
    with pytest.raises(StorageError, match=r"log\.rolled-back"):
        case.require_logged(log)
    log.commit(Entry("records.source", {}))
    with pytest.raises(StorageError, match=r"log\.rolled-back"):
        case.require_logged(log)
    case.log_path.unlink()
    with pytest.raises(StorageError, match=r"log\.rolled-back"):
        case.require_logged(log)


def test_no_crash_leaves_a_case_that_is_ahead_of_its_log(tmp_path: Path) -> None:
    runs = iter(range(10_000))

    def log_of(case: CaseFolder) -> FileLog:
        return FileLog(case.log_path, lambda: datetime(2026, 3, 2, tzinfo=UTC))

    def prepare() -> CaseFolder:
        case = CaseFolder.create(tmp_path / str(next(runs)))
        case.replace(OLD, log_of(case).commit(Entry("graph.written", {})))
        return case

    def operate(case: CaseFolder) -> None:
        case.replace(NEW, log_of(case).commit(Entry("cells.found", {})))

    def check(case: CaseFolder) -> None:
        again = CaseFolder.open(case.path)
        again.require_logged(log_of(again))

    assert crash_everywhere(prepare, operate, check) >= 15


def test_a_reader_beside_a_replacement_raises_no_false_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Harm stopped: evidence is said to be altered because somebody read it while it was replaced."""
    case = CaseFolder.create(tmp_path / "case")
    log = FileLog(case.log_path, lambda: datetime(2026, 3, 2, tzinfo=UTC))
    case.replace(OLD, log.commit(Entry("graph.written", {})))
    hashes, reader = CaseFolder._hashes, CaseFolder.open(case.path)

    def replaced_after(self: CaseFolder) -> dict[str, str]:
        found = hashes(self)
        monkeypatch.setattr(CaseFolder, "_hashes", hashes)
        case.replace(NEW, log.commit(Entry("cells.found", {})))
        return found

    monkeypatch.setattr(CaseFolder, "_hashes", replaced_after)
    assert reader.read(Part.GRAPH, "graph.json") == b"g2"


def test_who_may_only_read_a_case_can_open_it(tmp_path: Path, receipt: Receipt) -> None:
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    (case.path / ".lock").unlink()
    assert state(CaseFolder.open(case.path)) == BEFORE
    assert not (case.path / ".lock").exists(), "nothing was written"
    (case.path / "graph" / "graph.json").write_bytes(b"g9")
    with pytest.raises(StorageError, match=r"case\.altered"):
        case.read(Part.GRAPH, "graph.json")


def test_a_link_or_file_where_a_replacement_is_prepared_does_not_stop_it(tmp_path: Path, receipt: Receipt) -> None:
    case = CaseFolder.create(tmp_path / "case")
    case.replace(OLD, receipt)
    (tmp_path / "elsewhere").mkdir()
    (case.path / ".pending.new").symlink_to(tmp_path / "elsewhere")
    case.replace(NEW, receipt)
    (case.path / ".pending.new").write_text("left")
    case.replace(OLD, receipt)
    assert state(case)["graph/graph.json"] == b"g1"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_name_that_no_folder_can_have_is_no_bug(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    for act in (lambda: CaseFolder(long).exists, lambda: CaseFolder.create(long), lambda: CaseFolder.open(long)):
        with pytest.raises(StorageError, match=r"case\.unwritable"):
            act()


def test_only_a_receipt_of_a_log_replaces_anything(tmp_path: Path) -> None:
    case = CaseFolder.create(tmp_path / "case")
    with pytest.raises(Refused, match=r"log\.no-receipt"):
        case.replace(NEW, object.__new__(Receipt))
    assert state(case) == {}
