"""The case folder: whole parts, all or nothing, at every system call (spec/case.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clew.audit.log import Entry, FileLog, Receipt
from clew.case import CaseFolder, Part
from clew.errors import InputError, StorageError
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
