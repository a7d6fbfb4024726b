"""Two nodes, as two organisations would run them, by the commands alone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from tests.command import run, run_json
from tests.node_pair import OWN, REACHED, THEIRS
from tests.node_processes import Process, drafted_and_signed, judges_keys, two_processes

WINDOW = ["--from", "2026-03-02", "--through", "2026-03-08"]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a Unix socket's name."""
    with tempfile.TemporaryDirectory(prefix="clew") as folder:
        yield Path(folder)


def _status_until(process: Process, text: str) -> str:
    for _ in range(100):
        shown = run("case", "status", process.node, "1").stdout
        if text in shown:
            return shown
    raise AssertionError(shown)


def _unmask(tracer: Process, done: dict[str, Any], folder: Path) -> None:
    """A pseudonym becomes a number, by the commands, when a judge of each side has approved."""

    def vertices() -> list[str]:
        case = CaseFolder.open(Path(done["folder"]))
        found: list[str] = read_graph(case).vertices["vertex"].to_pylist()
        return found

    (hidden,) = [vertex for vertex in vertices() if vertex.startswith("p:")]
    request, copy = folder / "unmask.json", folder / "unmask.copy.json"
    why = ["--reason", "called both bridges", "--until", "2198-01-01", "--out", request]
    twice = tracer.case("request", "1", "--unmask", hidden, "--unmask", hidden, *why, expect=2)
    assert twice["error"]["code"] == "node.unmask-twice"
    tracer.case("request", "1", "--unmask", hidden[:10], *why)
    assert "each side" not in tracer.case("unmask", "1", request, expect=4)["error"]["what"]
    first, second = judges_keys(folder)
    shown = run("case", "approve", request, *first, "--yes", "--out", copy).stdout
    assert "called both bridges" in shown
    assert run_json("case", "approve", request, *second, "--yes")["approvals"] == 1
    tracer.case("unmask", "1", request, copy)
    assert tracer.case("status", "1", "--wait")["state"] == "traced"
    tracer.case("result", "1")
    assert "+33612000003" in vertices()


def _told(tracer: Process, holder: Process, done: dict[str, Any], folder: Path) -> None:
    """Both sides' receipts say the same, and the report and the tables show the number that was unmasked."""
    receipts = [side.case("receipt", "1") for side in (tracer, holder)]
    assert receipts[0]["receipt"]["sent"] == receipts[1]["receipt"]["received"]
    assert all(Path(one["file"]).is_file() for one in receipts)
    shown = run("case", "receipt", holder.node, "1").stdout
    assert "Revealed to Tracer" in shown
    assert "approved by Partner, Judge until 2198" in shown
    assert "called both bridges" in shown
    assert "+33" not in shown
    assert run_json("report", done["folder"], expect=3)["error"]["code"] == "report.stale"
    run("cells", done["folder"])
    pages = run_json("report", done["folder"])["report"]
    assert all("+33612000003" in Path(page).read_text() for page in pages.values())
    run("export", done["folder"], "--format", "csv", "--out", folder / "handover")
    assert "tel:+33612000003" in (folder / "handover" / "vertices.csv").read_text()


def test_a_card_with_another_fingerprint_than_was_read_out_is_not_pinned(short: Path) -> None:
    tracer, holder = Process(short / "a", "Tracer", OWN), Process(short / "b", "Holder", THEIRS)
    wrong = run_json("node", "peer", "add", tracer.node, holder.card, "--fingerprint", "0000 " * 8, expect=4)
    assert wrong["error"]["code"] == "node.fingerprint"
    assert run_json("node", "peer", "list", tracer.node)["peers"] == []
    right = run_json("node", "card", holder.node)["fingerprint"]
    run("node", "peer", "add", tracer.node, holder.card, "--fingerprint", right)
    assert right in run("node", "peer", "list", tracer.node).stdout


def test_two_organisations_trace_jointly_by_the_commands(short: Path) -> None:
    tracer, holder = two_processes(short)
    try:
        tracer.serve()
        holder.serve()
        opened = tracer.case("open", "--partner", "Holder", "--case", "lantern-7", *WINDOW)
        assert opened["state"] == "offered"
        assert holder.until("offered")["case"] == "lantern-7"
        holder.case("pause", "1", "--reason", "our court looks at it")
        assert "our court looks at it" in _status_until(tracer, "our court")
        holder.case("resume", "1")
        holder.case("accept", "1")
        waited = tracer.case("status", "1", "--wait")
        assert (waited["state"], waited["snapshot"]) == ("committed", "whole")
        warrant, seeds = drafted_and_signed(tracer, short)
        holder.case("start", "lantern-7", "--warrant", warrant)
        tracer.case("start", "1", "--warrant", warrant, "--seeds", seeds)
        assert tracer.case("status", "1", "--wait")["state"] == "traced"
        done = tracer.case("result", "1")
        assert done["receipt"]["records_sent"] == 0
        assert done["receipt"]["sent"]["bytes"] > 64 * 128
        assert done["receipt"]["received"]["messages"] > 5
        found = json.loads((Path(done["folder"]) / "graph" / "stage-1-graph.json").read_text())
        assert sum(found["bound"]["numbers_by_hop"]) == REACHED
        assert run_json("cells", done["folder"])  # a joint graph feeds the same steps as a solo one
        _unmask(tracer, done, short)
        _told(tracer, holder, done, short)
        tracer.case("close", "1")
        assert tracer.case("status", "1", "--wait")["state"] == "closed"
        assert holder.until("closed")["paused"] is None
        shown = run("case", "status", holder.node, "1").stdout
        assert "closed" in shown
        assert "records   sent: 0" in shown
        tracer.case("open", "--partner", "Holder", "--case", "lantern-8", *WINDOW)
        holder.until("offered")
        holder.case("refuse", "lantern-8", "--reason", "our court says no")
        assert tracer.case("status", "2", "--wait")["state"] == "ended"
        assert "our court says no" in run("case", "status", tracer.node, "2").stdout
        assert run("case", "status", tracer.node).stdout.count("lantern-") == 2
        assert tracer.end() == 0
        assert holder.end() == 0
    finally:
        tracer.end()
        holder.end()
    said = run("case", "status", tracer.node, expect=2).stderr
    assert "clew node serve" in said
