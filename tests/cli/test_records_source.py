"""``clew records``: from a record of a case back to the operator's line, and nothing beyond the warrant."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.chain.files import Documents, authorise, graphs_under
from clew.effects import system_clock
from clew.errors import Refused, UsageError
from clew.records.importer import import_files
from clew.records.profile_file import parse_profile
from clew.records.schema import record_id
from clew.records.source import parse_record_id, show_source
from clew.records.store import Store
from clew.warrants.authorisation import Budgets
from tests.cli.tracing import write_papers
from tests.command import run, run_json
from tests.profile_text import profile_text
from tests.warrants import BEGIN

SEED, NEAR, FAR, BEYOND = "+9647901234567", "+9647901111111", "+33612345678", "+33698765432"
HEADER = "from,to,start,seconds,kind,text,cell\n"
PROFILE = profile_text("with-text", more='\n[drop]\ncontent = ["text"]\nlocation = ["cell"]\n')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``calls.csv``, the store and a case of one hop from SEED, with two lines to show."""
    folder = tmp_path_factory.mktemp("made")
    rows = [(SEED, NEAR, 0), (NEAR, SEED, 1), (FAR, BEYOND, 2), (SEED, NEAR, 3)]
    lines = [f"{a},{b},{(BEGIN + timedelta(days=day)).isoformat()},60,voice,hello there,TOWER-9" for a, b, day in rows]
    (folder / "calls.csv").write_text(HEADER + "\n".join(lines) + "\nbroken,line\n")
    (folder / "profile.toml").write_text(PROFILE)
    import_one(folder / "calls.csv", folder / "store")
    papers = write_papers(folder / "papers", [SEED], hops=1, budgets=Budgets(numbers=100, sources=2))
    run("trace", "--store", folder / "store", *papers, "--case", folder / "case")
    return folder


def import_one(file: Path, store: Path) -> None:
    import_files(store, [(file, parse_profile(PROFILE.encode()))], clock=system_clock)


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


def source(case: Path, record: str, *more: str | Path, expect: int = 0) -> Any:
    place = ["--store", case / "store", "--case", case / "case"]
    return run_json("records", "source", record, *place, *more, expect=expect)


def shown(case: Path) -> int:
    entries = FileLog(case / "case" / "log" / "log.jsonl", system_clock).entries()
    return sum(entry.entry.kind == "records.source" for entry in entries)


def test_the_operators_own_line_is_found_and_content_and_location_are_masked(case: Path) -> None:
    document = source(case, "1:1")
    assert [(cell["column"], cell["text"]) for cell in document["cells"]] == [
        ("from", SEED), ("to", NEAR), ("start", BEGIN.isoformat()), ("seconds", "60"), ("kind", "voice"),
        ("text", "•••"), ("cell", "•••"),
    ]  # fmt: skip
    line = (case / "calls.csv").read_bytes()[document["offset"] : document["offset"] + document["length"]]
    assert line.decode().startswith(f"{SEED},{NEAR},")
    assert document["sources_remaining"] == 1
    assert shown(case) == 1
    text = run("records", "source", "1:2", "--store", case / "store", "--case", case / "case").stdout
    assert "hello" not in text
    assert "TOWER" not in text
    assert "allows 0 more lines" in text


def test_a_record_outside_the_bound_is_never_shown(case: Path) -> None:
    error = source(case, "1:3", expect=4)["error"]
    assert error["code"] == "source.outside-bound"
    assert shown(case) == 0
    refused = FileLog(case / "case" / "log" / "log.jsonl", system_clock).entries()[-1].entry
    assert (refused.kind, refused.body["code"]) == ("source.refused", "source.outside-bound")


def test_no_more_lines_are_shown_than_the_warrant_allows(case: Path) -> None:
    source(case, "1:1")
    source(case, "1:1")
    assert source(case, "1:1", expect=4)["error"]["code"] == "source.budget"
    assert shown(case) == 2


def test_of_many_who_ask_at_once_just_so_many_are_answered_as_the_warrant_allows(case: Path) -> None:
    """Harm stopped: six who verified together, or one who verified once, are each shown the last line."""
    folder = CaseFolder.open(case / "case")
    documents = Documents.read(folder)
    events = [graph.events for graph in graphs_under(folder, documents) if graph.events is not None]
    six = threading.Barrier(6)
    found: list[str] = []

    def ask() -> None:
        log = FileLog(folder.log_path, system_clock)
        scope = authorise(documents, folder, log, system_clock)
        six.wait()
        for _ in range(2):
            try:
                line = show_source(Store.open(case / "store"), record_id(1, 1), events, scope, log, [case])
                found.append(f"{line.remaining} left")
            except Refused as error:
                found.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["0 left", "1 left"] + ["source.budget"] * 10


def test_no_line_is_shown_once_the_warrant_has_expired(case: Path, tmp_path: Path) -> None:
    expired = write_papers(tmp_path / "short", [SEED], hops=1, case="lantern-7", expires=BEGIN + timedelta(days=20))
    done = run("trace", "--store", case / "store", *expired, "--case", case / "other", expect=4)
    assert "warrant.expired" in done.stderr
    place = ["--store", case / "store", "--case", case / "other"]
    assert run_json("records", "source", "1:1", *place, expect=3)["error"]["code"].startswith("case.")


def test_a_line_is_logged_before_it_is_shown(case: Path) -> None:
    (case / "calls.csv").write_bytes((case / "calls.csv").read_bytes().replace(b"hello", b"HELLO", 1))
    assert source(case, "1:1", expect=3)["error"]["code"] == "source.file-altered"
    assert shown(case) == 1, "the file was read to find that out"


def test_another_file_is_not_shown_as_the_operators(case: Path) -> None:
    (case / "calls.csv").write_text("nothing\n")
    error = source(case, "1:1", expect=3)["error"]
    assert (error["code"], error["where"]) == ("source.file-altered", str(case / "calls.csv"))
    assert "8 bytes" in error["what"]
    assert shown(case) == 0


def test_a_file_that_is_there_is_never_said_to_be_missing(case: Path) -> None:
    """Harm stopped: a changed file is put down to a wrong folder, and nobody looks who changed it."""
    with (case / "calls.csv").open("a") as file:
        file.write("\n")
    for more in ((), ("--file", case / "calls.csv"), ("--file", case)):
        error = source(case, "1:1", *more, expect=3)["error"]
        assert (error["code"], error["where"]) == ("source.file-altered", str(case / "calls.csv"))
    (case / "calls.csv").unlink()
    error = source(case, "1:1", "--file", case / "elsewhere.csv", expect=3)["error"]
    assert (error["code"], error["where"]) == ("source.file-missing", str(case / "elsewhere.csv"))
    assert str(case / "calls.csv") in source(case, "1:1", expect=3)["error"]["where"]


def test_a_line_is_found_in_a_file_whose_name_is_not_utf_8(case: Path) -> None:
    moved = os.fsdecode(os.fsencode(case) + b"/\xe3\xdf\xc7.csv")
    os.replace(case / "calls.csv", moved)
    shutil.rmtree(case / "store")
    shutil.rmtree(case / "case")
    import_one(Path(moved), case / "store")
    papers = write_papers(case / "others", [SEED], hops=1, budgets=Budgets(numbers=100, sources=2))
    run("trace", "--store", case / "store", *papers, "--case", case / "case")
    document = source(case, "1:1")
    assert document["file"].endswith("/\\xe3\\xdf\\xc7.csv")
    assert document["cells"][0]["text"] == SEED


def test_a_coarse_graph_says_that_it_holds_no_records(case: Path) -> None:
    papers = ["--warrant", case / "papers" / "warrant.json", "--policy", case / "papers" / "policy.toml"]
    run("trace", "--store", case / "store", *papers, "--case", case / "coarse", "--detail", "coarse")
    place = ["--store", case / "store", "--case", case / "coarse"]
    assert run_json("records", "source", "1:1", *place, expect=3)["error"]["code"] == "source.no-events"


def test_a_file_that_was_moved_is_named(case: Path) -> None:
    (case / "archive").mkdir()
    shutil.move(case / "calls.csv", case / "archive" / "calls.csv")
    assert source(case, "1:1", expect=3)["error"]["code"] == "source.file-missing"
    assert source(case, "1:1", "--file", case / "archive")["record"] == "1:1"
    assert source(case, "1:2", "--file", case / "archive" / "calls.csv")["record"] == "1:2"


def test_a_record_of_another_store_is_not_taken_for_the_cases(case: Path) -> None:
    lines = (case / "calls.csv").read_text().splitlines()
    (case / "mixed.csv").write_text("\n".join([lines[0], lines[3], *lines[1:3], lines[4]]) + "\n")
    import_one(case / "mixed.csv", case / "second")
    place = ["--store", case / "second", "--case", case / "case", "--file", case / "mixed.csv"]
    assert run_json("records", "source", "1:1", *place, expect=4)["error"]["code"] == "source.other-store"


def test_what_is_no_identifier_is_refused_and_not_repeated(case: Path) -> None:
    """Somebody may type a number where an identifier belongs."""
    for record in ("1", "0:1", "1:-1", "1:99999999999999", SEED, "1:01", "١:١"):
        with pytest.raises(UsageError) as caught:
            parse_record_id(record)
        assert record not in str(caught.value) or len(record) < 5
    assert SEED not in run("records", "source", SEED, "--store", case, "--case", case, expect=2).stderr


def test_rejects_are_listed_with_their_reason_and_without_anybodys_number(case: Path) -> None:
    (case / "more.csv").write_text(HEADER + f"{SEED},{NEAR},2026-13-45 10:00,60,voice,secret,T\n")
    import_one(case / "more.csv", case / "store")
    document = run_json("records", "rejects", "--store", case / "store")
    assert document["total"] == 2
    assert [row["reason"] for row in document["rejects"]] == ["too-few-fields", "time-impossible"]
    masked = document["rejects"][1]["masked"]
    assert "2026-13-45 10:00" in masked
    for hidden in (SEED[4:], NEAR[4:], "secret"):
        assert hidden not in masked
    text = run("records", "rejects", "--store", case / "store", "--import", "2").stdout
    assert text.startswith("2:1  byte 37")


def test_a_store_that_was_touched_is_found_out(case: Path) -> None:
    document = run_json("records", "check", "--store", case / "store")
    assert [entry["file"] for entry in document["imports"]] == ["calls.csv"]
    path = case / "store" / "imports" / "1" / "records.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    assert run_json("records", "check", "--store", case / "store", expect=6)["error"]["code"] == "store.altered"


def test_profiles_are_shown_and_checked(case: Path) -> None:
    shown_text = run("records", "profile", "show", "vast2008").stdout
    assert 'column = "From"' in shown_text
    (case / "mine.toml").write_text(shown_text)
    assert "is a profile" in run("records", "profile", "check", case / "mine.toml").stdout
    done = run_json("records", "profile", "check", case / "mine.toml", "--against", case / "calls.csv", expect=3)
    assert done["error"]["code"] == "profile.column-missing"
    good = run_json("records", "profile", "check", case / "profile.toml", "--against", case / "calls.csv")
    assert (good["records"], good["rejected"]) == (4, 1)
