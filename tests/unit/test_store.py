"""The store, opened: what it lets out, to whom, and what it notices."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clew.audit.log import Entry, FileLog, Receipt
from clew.engine import Engine
from clew.errors import InputError, Refused, StorageError
from clew.numbers import party_key
from clew.records.profile import NumberRule
from clew.records.schema import INCIDENCE, record_id
from clew.records.store import Store
from clew.warrants.authorisation import Authorisation
from tests.chain_cases import MemoryLog, authorise
from tests.unit.test_importer import PROFILE, A, B, C, clock, take, write

PACKAGE = Path(__file__).resolve().parents[2] / "python" / "clew"
BEGIN, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two imports: one of E.164 numbers, one of opaque identifiers; records before, in and after the window."""
    lines = [f"{A},{B},2026-03-0{day}T10:00:00,5" for day in (1, 2, 3)] + [f"{A},{A},2026-03-02T11:00:00,5"]
    one = write(tmp_path / "1.csv", [*lines, f"{A},ZAIN,2026-03-02T12:00:00,5"])
    two = write(tmp_path / "2.csv", ["x,y,2026-03-02T10:00:00,5"])
    opaque = replace(PROFILE, a=NumberRule("a", "opaque:ns"), b=NumberRule("b", "opaque:ns"))
    take(tmp_path / "store", (one, PROFILE))
    take(tmp_path / "store", (two, opaque))
    return tmp_path / "store"


def receipt(kind: str) -> Receipt:
    """A receipt of that kind, under the warrant, from a log."""
    return MemoryLog().commit(Entry(kind, {"warrant": warrant().digest}))


def warrant(*, expired: bool = False) -> Authorisation:
    """Permission to look at the window."""
    return authorise(A, begin=BEGIN, end=END, expired=expired)


def test_attach_shows_contacts_from_both_ends_inside_the_window_only(store: Path) -> None:
    with Engine() as engine:
        Store.open(store).attach(engine, warrant(), receipt("records.read"))
        found = engine.connection.table("incidence").order("record_id, outgoing").to_arrow_table()
        parties = engine.connection.table("parties").order("canonical").fetchall()
    assert found.schema.names == INCIDENCE.names
    rows = found.to_pylist()
    assert [(row["number"], row["other"], row["outgoing"], row["record_id"]) for row in rows] == [
        (int(B), int(A), False, record_id(1, 2)),
        (int(A), int(B), True, record_id(1, 2)),
        (party_key("id:ns:y"), party_key("id:ns:x"), False, record_id(2, 1)),
        (party_key("id:ns:x"), party_key("id:ns:y"), True, record_id(2, 1)),
    ]
    assert parties == [(party_key(text), 2, text) for text in ("id:ns:x", "id:ns:y")]


def test_records_do_not_come_out_without_the_right_receipt_or_with_an_expired_warrant(store: Path) -> None:
    opened = Store.open(store)
    with Engine() as engine:
        with pytest.raises(Refused, match="receipt"):
            opened.attach(engine, warrant(), receipt("trace.bound"))
        with pytest.raises(Refused) as caught:
            opened.attach(engine, warrant(expired=True), receipt("records.read"))
        assert caught.value.code == "warrant.expired"
        with pytest.raises(Refused, match="receipt"):
            opened.record(warrant(), receipt("records.read"), record_id(1, 2))
        with pytest.raises(Refused) as caught:
            opened.record(warrant(expired=True), receipt("records.source"), record_id(1, 2))
        assert caught.value.code == "warrant.expired"


@pytest.mark.parametrize("body", [{}, {"warrant": "0" * 64}, {"warrant": 1}])
def test_a_look_logged_under_another_warrant_opens_nothing(store: Path, body: dict[str, str | int]) -> None:
    opened = Store.open(store)
    with Engine() as engine, pytest.raises(Refused) as caught:
        opened.attach(engine, warrant(), MemoryLog().commit(Entry("records.read", body)))
    assert caught.value.code == "log.wrong-receipt"
    with pytest.raises(Refused) as caught:
        opened.record(warrant(), MemoryLog().commit(Entry("records.source", body)), record_id(1, 2))
    assert caught.value.code == "log.wrong-receipt"


def test_one_record_comes_out_only_inside_the_window_and_refusals_do_not_tell_what_exists(store: Path) -> None:
    opened = Store.open(store)
    found = opened.record(warrant(), receipt("records.source"), record_id(1, 2))
    assert (found["a_key"], found["b_key"]) == (int(A), int(B))
    refusals = []
    for outside in (record_id(1, 1), record_id(1, 3), record_id(1, 999)):
        with pytest.raises(Refused) as caught:
            opened.record(warrant(), receipt("records.source"), outside)
        refusals.append(str(caught.value))
    assert len(set(refusals)) == 1
    with pytest.raises(InputError) as missing:
        opened.record(warrant(), receipt("records.source"), record_id(9, 1))
    assert missing.value.code == "store.no-import"


def test_an_empty_store_shows_empty_views(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Store.open(tmp_path / "store")
    assert caught.value.code == "store.missing"
    take(tmp_path / "store")
    with Engine() as engine:
        Store.open(tmp_path / "store").attach(engine, warrant(), receipt("records.read"))
        assert engine.connection.table("incidence").to_arrow_table().num_rows == 0
    (tmp_path / "f.csv").write_bytes(b"")
    take(tmp_path / "store", (tmp_path / "f.csv", PROFILE))
    with Engine() as engine:
        Store.open(tmp_path / "store").attach(engine, warrant(), receipt("records.read"))
        assert engine.connection.table("incidence").to_arrow_table().num_rows == 0


def test_a_reader_goes_on_with_what_it_opened_while_imports_go_on(store: Path, tmp_path: Path) -> None:
    opened = Store.open(store)
    take(store, (write(tmp_path / "3.csv", [f"{A},{C},2026-03-02T10:00:00,5"]), PROFILE))
    assert opened.identity != Store.open(store).identity
    with Engine() as engine:
        opened.attach(engine, warrant(), receipt("records.read"))
        assert engine.connection.table("incidence").to_arrow_table().num_rows == 4
    opened.verify()


def test_files_are_for_their_owner_only(store: Path) -> None:
    for path in (store, *store.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("pattern", ["imports/1/records.parquet", "imports/2/account.json", "index/*.duckdb"])
def test_a_changed_or_missing_file_is_noticed(store: Path, pattern: str) -> None:
    (path, *_) = store.glob(pattern)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(StorageError) as caught:
        Store.open(store).verify()
    assert caught.value.code == "store.altered"
    path.unlink()
    with pytest.raises(StorageError):
        Store.open(store).verify()


def test_a_damaged_file_is_said_to_be_damaged(store: Path) -> None:
    for segment in (store / "index").glob("*.duckdb"):
        segment.write_bytes(b"x" * segment.stat().st_size)
    with Engine() as engine, pytest.raises(StorageError, match=r"store\.altered"):
        Store.open(store).attach(engine, warrant(), receipt("records.read"))
    with (store / "imports" / "1" / "records.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(StorageError, match=r"store\.altered"):
        Store.open(store).record(warrant(), receipt("records.source"), record_id(1, 1))


def test_an_altered_account_is_not_shown(store: Path) -> None:
    path = store / "imports/1/account.json"
    path.write_text(path.read_text().replace('"rejected": 0', '"rejected": 1'))
    with pytest.raises(StorageError):
        Store.open(store).account(1)


def test_a_store_of_another_version_or_a_damaged_manifest_is_refused(store: Path) -> None:
    text = (store / "store.json").read_text()
    (store / "store.json").write_text(text.replace('"version": 1', '"version": 2'))
    with pytest.raises(InputError) as caught:
        Store.open(store)
    assert caught.value.code == "store.version"
    (store / "store.json").write_text(text[:-20])
    with pytest.raises(StorageError) as damaged:
        Store.open(store)
    assert damaged.value.code == "store.manifest"


def test_what_an_interrupted_import_left_is_told_and_removed_by_the_next(store: Path, tmp_path: Path) -> None:
    (store / "imports/3").mkdir()
    (store / "imports/3/records.parquet").write_bytes(b"half")
    (store / "store.json.new").write_bytes(b"{")
    opened = Store.open(store)
    assert opened.interrupted == ("store.json.new", "imports/3")
    assert (store / "imports/3").exists(), "opening for reading removes nothing"
    report = take(store, (write(tmp_path / "3.csv", [f"{A},{C},2026-03-02T10:00:00,5"]), PROFILE))
    assert report.removed == opened.interrupted
    assert Store.open(store).interrupted == ()
    assert [entry.number for entry in Store.open(store).imports()] == [1, 2, 3]


def test_the_receipt_of_a_real_log_opens_the_store(store: Path, tmp_path: Path) -> None:
    log = FileLog(tmp_path / "log.jsonl", lambda: clock() + timedelta(days=100))
    with Engine() as engine:
        Store.open(store).attach(engine, warrant(), log.commit(Entry("records.read", {"warrant": warrant().digest})))
        assert engine.connection.table("incidence").to_arrow_table().num_rows


def test_nothing_but_the_store_and_its_importer_opens_records() -> None:
    """Every mention of the store's record files, index files or DuckDB's file readers in the package, by module."""
    allowed = {
        "records/store.py": "the only reader",
        "records/importer.py": "writes them, and looks for legs and duplicates among earlier ones",
        "records/index.py": "makes the index of them",
        "records/folder.py": "names and hashes files",
        "records/rejects.py": "shows rejected units, every number masked",
        "node/receipt.py": "writes into a case, under the same name, the records that came with an unmasking",
        "parquet.py": "reads bytes that a caller was allowed to have",
    }
    suspicious = ("records.parquet", "numbers.parquet", "rejects.parquet", ".duckdb", "read_parquet", "read_duckdb")
    suspicious += ("read_table", "ParquetFile", "ParquetDataset", "attach_read_only", "one_record", "ATTACH")
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            texts = []
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts = [node.value]
            elif isinstance(node, ast.Attribute):
                texts = [node.attr]
            # Sentences of documentation may name the files; code names them in strings without blanks.
            if any(word in text and " " not in text.strip() for text in texts for word in suspicious):
                found.add(name)
    for path in PACKAGE.rglob("*.sql"):
        text = path.read_text("utf-8")
        if any(word in text for word in ("read_parquet", "read_duckdb", "ATTACH", "read_csv")):
            assert path.parent.parent.name == "records", f"{path} opens files"
    assert found <= set(allowed), found - set(allowed)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: files with their bytes."""
    found = folder.rglob("*")
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.parametrize(
    "name",
    [
        "imports/calls.csv",
        "imports/1/records.parquet",
        "index/notes.txt",
        "index/segment_000001.duckdb",
        "work/thesis.txt",
        "work/scanned.parquet",
        "store.json.new",
        "lock",
        "calls.csv",
    ],
)
def test_an_operators_file_in_the_folder_is_never_deleted(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "records"
    mine = folder / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    write(mine, [f"{A},{B},2026-03-02T10:00:00,5"])
    before = tree(folder)
    with pytest.raises(InputError) as caught:
        take(folder, (mine, PROFILE))
    assert caught.value.code == "store.not-a-store"
    assert tree(folder) == before


@pytest.mark.parametrize("name", ["imports", "index", "work"])
def test_an_operators_folder_is_never_taken_over(tmp_path: Path, name: str) -> None:
    (tmp_path / "records" / name).mkdir(parents=True)
    with pytest.raises(InputError) as caught:
        take(tmp_path / "records", (write(tmp_path / "f.csv", []), PROFILE))
    assert caught.value.code == "store.not-a-store"


def test_strange_files_put_into_a_store_are_left_alone(store: Path, tmp_path: Path) -> None:
    strange = ["imports/calls.csv", "imports/1/notes.txt", "imports/3/calls.csv", "imports/a/records.parquet"]
    strange += ["index/notes.txt", "index/segment_1.duckdb", "work/calls.csv", "work/old/scanned.parquet", "mine.txt"]
    ours = ["imports/3/records.parquet", "index/segment_000099.duckdb.wal", "work/scanned.parquet"]
    for name in [*strange, *ours]:
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(name)
    assert Store.open(store).interrupted == tuple(ours)
    report = take(store, (write(tmp_path / "3.csv", [f"{A},{C},2026-03-02T10:00:00,5"]), PROFILE))
    assert report.removed == tuple(ours)
    assert all((store / name).read_text() == name for name in strange)
    assert len(Store.open(store).imports()) == 3
    Store.open(store).verify()


@pytest.mark.parametrize("name", ["imports", "index", "work", "imports/3", "index/segment_000003.duckdb"])
def test_nothing_behind_a_link_is_deleted_or_written(store: Path, tmp_path: Path, name: str) -> None:
    beyond = tmp_path / "beyond"
    if (store / name).is_dir():
        (store / name).rename(beyond)
    else:
        beyond.mkdir()
    (beyond / "records.parquet").write_text("mine")
    (beyond / "scanned.parquet").write_text("mine")
    (store / name).symlink_to(beyond)
    before = tree(beyond)
    with pytest.raises(StorageError) as caught:
        take(store, (write(tmp_path / "3.csv", [f"{A},{C},2026-03-02T10:00:00,5"]), PROFILE))
    assert caught.value.code == "store.link"
    assert tree(beyond) == before


def test_a_store_whose_manifest_is_lost_keeps_its_records(store: Path, tmp_path: Path) -> None:
    (store / "store.json").rename(tmp_path / "store.json")
    before = tree(store)
    with pytest.raises(InputError):
        take(store, (write(tmp_path / "3.csv", [f"{A},{C},2026-03-02T10:00:00,5"]), PROFILE))
    assert tree(store) == before


def test_folders_are_for_their_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        take(tmp_path / "above" / "store", (write(tmp_path / "f.csv", [f"{A},{B},2026-03-02T10:00:00,5"]), PROFILE))
    finally:
        os.umask(old)
    for path in (tmp_path / "above", *(tmp_path / "above").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def alter(document: Any, keys: list[Any], value: Any) -> str:
    """The manifest with another value at that place."""
    place = document
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["segments", 0, "file"], "/etc/hostname"),
        (["segments", 0, "file"], "index/../../elsewhere/segment_000001.duckdb"),
        (["segments", 0, "file"], "index/segment_000002.duckdb"),
        (["segments", 0, "file"], 7),
        (["segments", 0, "rows"], "2"),
        (["segments", 0, "sha256"], None),
        (["imports", 0, "files"], {"../secret": "0" * 64}),
        (["imports", 0, "files"], {"imports/2/records.parquet": "0" * 64}),
        (["imports", 0, "files"], []),
        (["imports", 0, "files", "imports/1/records.parquet"], 5),
        (["imports", 0, "number"], True),
        (["imports", 0, "number"], 10**30),
        (["imports", 0, "number"], "1"),
        (["imports", 1, "number"], 1),
        (["imports", 0, "size"], -1),
        (["imports", 0, "identified"], "no"),
        (["imports", 0, "operator"], ["one"]),
        (["imports", 0, "file"], "\ud800"),
        (["imports", 0, "more"], 1),
        (["imports"], 5),
        (["imports"], [5]),
        (["segments"], {"file": 1}),
        (["retired"], ["store.json"]),
        (["retired"], "index"),
        (["generation"], 1.5),
        (["version"], [1]),
        (["version"], True),
    ],
)
def test_a_hostile_manifest_is_refused_and_opens_no_other_file(store: Path, keys: list[Any], value: Any) -> None:
    document = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(alter(document, keys, value))
    with pytest.raises(StorageError) as caught:
        Store.open(store)
    assert caught.value.code == "store.manifest"


@pytest.mark.parametrize("text", ["[" * 200_000, '{"version":' * 200_000, "null", "[]", "5", '"x"', "", "{}", "\x00"])
def test_a_manifest_that_is_no_manifest_is_no_bug(store: Path, text: str) -> None:
    (store / "store.json").write_text(text)
    with pytest.raises(StorageError) as caught:
        Store.open(store)
    assert caught.value.code == "store.manifest"


@pytest.mark.parametrize("text", ["[" * 200_000, "[]", "{}", '{"footers": [1]}'])
def test_a_hostile_account_is_no_bug(store: Path, text: str) -> None:
    (store / "imports/1/account.json").write_text(text)
    document = json.loads((store / "store.json").read_text())
    digest = hashlib.sha256(text.encode()).hexdigest()
    (store / "store.json").write_text(alter(document, ["imports", 0, "files", "imports/1/account.json"], digest))
    with pytest.raises(StorageError) as caught:
        Store.open(store).account(1)
    assert caught.value.code == "store.altered"
