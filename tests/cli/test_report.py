"""``clew report`` and ``clew export`` as a user runs them: what is written, what is printed, what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder, Part
from clew.effects import system_clock
from clew.warrants.document import Revocation
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from tests.cli.tracing import public_store, write_papers
from tests.command import run, run_json
from tests.made_case import HUB, LEADS, LOW, SEEDS, WRITTEN, made_folder, made_warrant
from tests.shared_data import shared


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_folder(tmp_path_factory.mktemp("report") / "case").path


def test_report_says_where_its_pages_are(case: Path) -> None:
    done = run("report", case)
    for language in ("ar", "fr", "en"):
        page = case / "report" / f"report.{language}.html"
        assert f"{language}  {page}" in done.stdout
        assert f'<html lang="{language}"' in page.read_text("utf-8")
    assert not re.search(r"\+?[0-9]{7,}", done.stdout.replace(str(case), "") + done.stderr)


def test_report_in_one_language_with_a_copy(case: Path, tmp_path: Path) -> None:
    told = run_json("report", case, "--lang", "fr", "--out", tmp_path / "copy")
    assert list(told["report"]) == ["fr"]
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == told["files"]
    assert "report.ar.html" not in told["files"]
    assert not (case / "report" / "report.ar.html").exists()


def test_report_digest_is_in_the_log(case: Path) -> None:
    told = run_json("report", case)
    last = json.loads((case / "log" / "log.jsonl").read_text("utf-8").splitlines()[-1])
    assert (last["kind"], last["body"]["digest"]) == ("report.written", told["digest"])


def test_export_writes_the_formats_that_are_asked_for(case: Path, tmp_path: Path) -> None:
    run("export", case, "--format", "csv", "--format", "graphml", "--out", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["graph.graphml", "pairs.csv", "ranked.csv", "successions.csv", "vertices.csv"]


def test_nothing_outside_the_traced_graph_leaves_the_case(case: Path, tmp_path: Path) -> None:
    """Neither a page nor a table names a number that the warrant did not let be traced."""
    run("report", case, "--out", tmp_path / "out")
    inside = {*SEEDS, *LEADS, LOW, HUB}
    for path in (tmp_path / "out").iterdir():
        if path.suffix in {".html", ".csv", ".graphml", ".gexf"}:
            shown = set(re.findall(r"\+[0-9]{7,15}", path.read_text("utf-8-sig")))
            assert shown <= inside, path.name
    table = pq.read_table(tmp_path / "out" / "vertices.parquet")
    assert set(table["vertex"].to_pylist()) == inside


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["report", "nowhere"], 3, "case.missing"),
        (["export", "nowhere", "--format", "csv", "--out", "out"], 3, "case.missing"),
        (["export", "nowhere", "--out", "out"], 2, "--format"),
    ],
)
def test_what_cannot_be_done_says_why(arguments: list[str], code: int, says: str, tmp_path: Path) -> None:
    assert says in run(*arguments, expect=code, folder=tmp_path).stderr


def test_a_case_without_findings_says_what_to_run(tmp_path: Path) -> None:
    folder = made_folder(tmp_path / "case", findings=None).path
    assert "Run clew cells first" in run("report", folder, expect=3).stderr


def test_an_altered_file_ends_with_the_code_of_storage(tmp_path: Path) -> None:
    folder = made_folder(tmp_path / "case").path
    (folder / "findings" / "findings.json").write_text("{}")
    told = run_json("report", folder, expect=6)
    assert told["error"]["code"] == "case.altered"
    assert not (folder / "report").exists()


def put_warrant(folder: Path, signed: bytes) -> None:
    """Another signed warrant in the place of the case's, in its manifest too."""
    case = CaseFolder.open(folder)
    log = FileLog(case.log_path, system_clock)
    papers = {name: case.read(Part.WARRANT, name) for name in case.names(Part.WARRANT)}
    case.replace({Part.WARRANT: papers | {"warrant.json": signed}}, log.commit(Entry("graph.written", {})))


def both(folder: Path, out: Path) -> list[list[str | Path]]:
    return [["report", folder, "--lang", "en"], ["export", folder, "--format", "csv", "--out", out]]


def test_a_case_is_reported_after_its_warrant_has_expired(tmp_path: Path) -> None:
    """A court asks about a finished case when the warrant is over; nothing new may be looked for then."""
    ended = made_warrant(expires=WRITTEN + timedelta(days=1))
    folder = made_folder(tmp_path / "case", warrant=ended).path
    for command in both(folder, tmp_path / "out"):
        run(*command)
    assert "warrant.expired" in run("cells", folder, expect=4).stderr


@pytest.mark.parametrize(
    ("signed", "code"),
    [
        (sign(made_warrant().encode(), SigningKey.generate(lambda size: b"\x01" * size)), "warrant.unknown-signer"),
        (sign(made_warrant(purpose="another").encode(), SigningKey.generate(bytes)), "cells.other-warrant"),
        (sign(made_warrant(expires=WRITTEN).encode(), SigningKey.generate(bytes)), "cells.other-warrant"),
    ],
    ids=["of a stranger", "of another scope", "of another scope, and expired"],
)
def test_nothing_is_reported_under_a_warrant_that_does_not_hold(tmp_path: Path, signed: bytes, code: str) -> None:
    """Harm stopped: numbers on paper with a judge's name above them who never signed for them."""
    folder = made_folder(tmp_path / "case").path
    put_warrant(folder, signed)
    for command in both(folder, tmp_path / "out"):
        assert code in run(*command, expect=4).stderr
    assert not (folder / "report").exists()
    assert not (tmp_path / "out").exists()


def test_nothing_is_reported_under_an_expired_warrant_that_was_revoked(tmp_path: Path) -> None:
    """Harm stopped: expiry hides the revocation."""
    ended = made_warrant(expires=WRITTEN + timedelta(days=1))
    folder = made_folder(tmp_path / "case", warrant=ended).path
    case = CaseFolder.open(folder)
    revocation = Revocation(
        case=ended.case, revokes=ended.digest, authority="Court", issued=WRITTEN.replace(second=0), reason="Fallen away"
    )
    papers = {name: case.read(Part.WARRANT, name) for name in case.names(Part.WARRANT)}
    papers["revocation-1.json"] = sign(revocation.encode(), SigningKey.generate(bytes))
    log = FileLog(case.log_path, system_clock)
    case.replace({Part.WARRANT: papers}, log.commit(Entry("graph.written", {})))
    for command in both(folder, tmp_path / "out"):
        assert "warrant.revoked" in run(*command, expect=4).stderr


def test_vast_2008_is_reported_whole(tmp_path: Path) -> None:
    """Import, trace, cells and report of public data: the figures of every step stand in the report."""
    calls = shared("vast2008_mc3/CellPhoneCallRecords.csv")
    store = public_store(tmp_path, calls, "vast2008")
    seeds = [f"id:vast2008:{number}" for number in (1, 2, 3, 5)]
    window = {"begin": datetime(2006, 6, 1, tzinfo=UTC), "end": datetime(2006, 6, 11, tzinfo=UTC)}
    papers = write_papers(tmp_path / "papers", seeds, **window)
    run("trace", "--store", store, *papers, "--case", tmp_path / "case")
    run("cells", tmp_path / "case")
    run("report", tmp_path / "case")
    report = tmp_path / "case" / "report"
    english = (report / "report.en.html").read_text("utf-8")
    assert "326 numbers lie inside the bound" in english
    assert "negative duration, kept as the file has it: 4" in english
    assert '<td class="n">9,834</td>' in english
    arabic = (report / "report.ar.html").read_text("utf-8")
    assert "٣٢٦" in arabic
    assert "\u2066id:vast2008:309\u2069" in arabic
    found = list(csv.DictReader(io.StringIO((report / "successions.csv").read_text("utf-8-sig"), newline="")))
    became = {row["old"]: row["new"] for row in found}
    assert became["id:vast2008:1"] == "id:vast2008:309"
    graph = nx.read_gexf(report / "graph.gexf")
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (326, 611)
