"""``clew cells`` as a user runs it, on a traced case."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder, Part
from clew.cells.findings import SUCCESSIONS, Findings
from clew.cells.keep import read_findings
from clew.chain.files import Documents, write_trace
from clew.chain.graph import Scope, TracedGraph
from clew.cli.commands import cli
from clew.records.schema import record_id_text
from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Warrant
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from tests.cells_graphs import BEGIN, call, trace
from tests.command import run, run_json
from tests.unit.test_cells_group import SEEDS, town

END = datetime(2026, 4, 20, tzinfo=UTC)
KEY = SigningKey.generate(lambda size: bytes(range(size)))


def warrant(purpose: str = "to test", expires: datetime = datetime(2150, 1, 1, tzinfo=UTC)) -> Warrant:
    return Warrant(
        case="lantern",
        seeds=tuple(Clear(seed) for seed in SEEDS),
        begin=BEGIN,
        end=END,
        issued=datetime(2026, 1, 1, tzinfo=UTC),
        expires=expires,
        budgets=Budgets(numbers=500),
        authority="Court of the test",
        legal_basis="Article 1",
        purpose=purpose,
        hub_limit=20,
    )


def traced(digest: str) -> TracedGraph:
    graph = trace(town(), SEEDS, hub_limit=20, window=(BEGIN, END))
    scope = Scope("lantern", digest, 1, BEGIN, END, 2, 20)
    return TracedGraph(scope, graph.bound, graph.detail, graph.vertices, graph.pairs, graph.events)


def documents(of: Warrant) -> Documents:
    policy = (
        f'version = 1\nthreshold = 1\n\n[[keys]]\nname = "Judge"\nrole = "judge"\n'
        f'id = "{KEY.public.id}"\npublic = "{KEY.public.text}"\n'
    )
    return Documents(sign(of.encode(), KEY), policy.encode())


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case that was traced under a warrant."""
    folder = CaseFolder.create(tmp_path / "lantern")
    log = FileLog(folder.log_path, lambda: datetime(2026, 5, 1, tzinfo=UTC))
    write_trace(folder, traced(warrant().digest), documents(warrant()), log)
    return folder.path


def entries(case: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (case / "log" / "log.jsonl").read_text().splitlines()]


def test_it_lists_the_group_with_reasons_and_the_innocent_explanation(case: Path) -> None:
    said = run("cells", case, "--top", "5").stdout
    lines = said.splitlines()
    assert lines[0].startswith("Stage 1: 2 seeds, 31 numbers inside the bound")
    ranked = [line for line in lines if line[:6].strip().isdigit()]
    assert len(ranked) == 5
    assert {line.split()[1] for line in ranked[:4]} == {f"id:t:m{n}" for n in range(4)}
    assert "      + In contact with 2 of the 2 seeds" in said
    assert said.count("      - ") >= 5
    assert "by chance" in said
    assert "leads, not verdicts" in " ".join(said.split())
    assert "more; --top" in said.replace("ranked below", "more") or "--top shows more" in said
    assert max(map(len, lines)) <= 100


def test_it_writes_findings_and_logs_them_first_without_a_number(case: Path) -> None:
    run("cells", case)
    found = read_findings(CaseFolder.open(case))
    assert found.ranked.num_rows == found.document["summary"]["ranked"] > 10
    last = entries(case)[-1]
    assert last["kind"] == "cells.found"
    assert "id:t:" not in json.dumps(last)
    manifest = json.loads((case / "manifest.json").read_text())
    assert manifest["entry"]["digest"] == last["~digest"]


def test_json_is_one_document_with_both_tables(case: Path) -> None:
    document = run_json("cells", case, "--top", "3")
    assert [row["rank"] for row in document["ranked"]] == [1, 2, 3]
    assert document["ranked"][0]["reasons"][0]["values"]["total"] == 2
    assert document["successions"] == []
    assert document["method"]["version"] == 1
    assert document["totals"]["ranked"] > 3
    assert document["totals"]["listed"] == document["summary"]["listed"]


def test_json_leaves_out_nothing_that_is_listed(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Harm stopped: a program reads the first twenty leads and number changes, and takes them for all of them."""
    run("cells", case)
    found = read_findings(CaseFolder.open(case))
    one = {
        "rank": 1,
        "old": ["id:t:o"],
        "new": ["id:t:n"],
        "moment": BEGIN,
        "begin": BEGIN,
        "end": BEGIN,
        "ratio": 20.0,
        "scale": "moderate",
        "overlap": 0.5,
        "score": 3.0,
        "reasons": found.ranked["reasons"][0].as_py(),
        "benign": found.ranked["benign"][0].as_py(),
    }
    summary = {**found.document["summary"], "listed": 25}
    many = Findings(
        {**found.document, "summary": summary},
        found.ranked,
        pa.Table.from_pylist([one | {"rank": rank} for rank in range(1, 31)], schema=SUCCESSIONS),
    )
    monkeypatch.setattr("clew.cells.find", lambda _: many)
    shown = json.loads(CliRunner().invoke(cli, ["cells", str(case), "--json"]).output)
    assert found.ranked.num_rows > 25
    assert [row["rank"] for row in shown["ranked"]] == list(range(1, 26))
    assert len(shown["successions"]) == 30
    cut = json.loads(CliRunner().invoke(cli, ["cells", str(case), "--json", "--top", "2"]).output)
    assert (len(cut["ranked"]), len(cut["successions"])) == (2, 2)
    assert cut["totals"] == {"ranked": found.ranked.num_rows, "listed": 25, "did_not_hold": 0, "successions": 30}


def test_json_names_records_as_the_other_commands_take_them(case: Path) -> None:
    """Harm stopped: the record behind a reason cannot be opened, because the program is given another name for it."""
    rows = run_json("cells", case)["ranked"]
    reasons = [reason for row in rows for reason in (*row["reasons"], row["benign"])]
    named = [record for reason in reasons for record in reason["records"]]
    assert named
    assert all(re.fullmatch(r"[0-9]+:[0-9]+", record) for record in named)
    parquet = read_findings(CaseFolder.open(case)).ranked["reasons"][0].as_py()[0]["records"]
    assert rows[0]["reasons"][0]["records"] == [record_id_text(record) for record in parquet]


def test_running_it_again_writes_the_same_bytes(case: Path) -> None:
    run("cells", case)
    first = {path.name: path.read_bytes() for path in (case / "findings").iterdir()}
    run("cells", case)
    assert {path.name: path.read_bytes() for path in (case / "findings").iterdir()} == first
    assert set(first) == {"findings.json", "ranked.parquet", "successions.parquet"}


def test_a_graph_of_another_warrant_is_refused_and_nothing_is_written(case: Path) -> None:
    """Harm stopped: numbers traced under one warrant are ranked under another one."""
    folder = CaseFolder.open(case)
    log = FileLog(folder.log_path, lambda: datetime(2026, 5, 1, tzinfo=UTC))
    other = documents(warrant("another purpose")).files()
    folder.replace({Part.WARRANT: other}, log.commit(Entry("graph.written", {})))
    done = run("cells", case, expect=4)
    assert "cells.other-warrant" in done.stderr
    assert not (case / "findings").exists()
    assert [entry["kind"] for entry in entries(case)].count("cells.found") == 0


def test_an_expired_warrant_is_refused(tmp_path: Path) -> None:
    """Harm stopped: looking on after the permission has ended."""
    old = warrant(expires=datetime(2026, 5, 2, tzinfo=UTC))
    folder = CaseFolder.create(tmp_path / "lantern")
    log = FileLog(folder.log_path, lambda: datetime(2026, 5, 1, tzinfo=UTC))
    write_trace(folder, traced(old.digest), documents(old), log)
    assert "warrant.expired" in run("cells", folder.path, expect=4).stderr
    assert folder.names(Part.FINDINGS) == []


def test_an_altered_graph_is_refused(case: Path) -> None:
    path = next((case / "graph").glob("*pairs.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    assert "case.altered" in run("cells", case, expect=6).stderr


def test_a_folder_that_is_no_case_is_an_input_error(tmp_path: Path) -> None:
    assert "case.missing" in run("cells", tmp_path / "nothing", expect=3).stderr


def test_a_seed_that_nobody_called_gives_a_plain_sentence(tmp_path: Path) -> None:
    graph = trace([call("id:t:a", "id:t:b", 1)], SEEDS, hub_limit=20, window=(BEGIN, END))
    scope = Scope("lantern", warrant().digest, 1, BEGIN, END, 2, 20)
    empty = TracedGraph(scope, graph.bound, graph.detail, graph.vertices, graph.pairs, graph.events)
    folder = CaseFolder.create(tmp_path / "lantern")
    log = FileLog(folder.log_path, lambda: datetime(2026, 5, 1, tzinfo=UTC))
    write_trace(folder, empty, documents(warrant()), log)
    said = run("cells", folder.path).stdout
    assert "No number can be ranked" in said
    assert "2 seeds occur in no record" in said
