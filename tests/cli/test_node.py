"""Two nodes, as two organisations would run them, by the commands alone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import run, run_json
from tests.node_pair import REACHED
from tests.node_processes import drafted_and_signed, two_processes

WINDOW = ["--from", "2026-03-02", "--through", "2026-03-08"]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a Unix socket's name."""
    with tempfile.TemporaryDirectory(prefix="clew") as folder:
        yield Path(folder)


def test_two_organisations_trace_jointly_by_the_commands(short: Path) -> None:
    tracer, holder = two_processes(short)
    try:
        tracer.serve()
        holder.serve()
        opened = tracer.case("open", "--partner", "Holder", "--case", "lantern-7", *WINDOW)
        assert opened["state"] == "offered"
        assert holder.until("offered")["case"] == "lantern-7"
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
        tracer.case("close", "1")
        assert tracer.case("status", "1", "--wait")["state"] == "closed"
        assert holder.until("closed")["paused"] is None
        shown = run("case", "status", holder.node, "1").stdout
        assert "closed" in shown
        assert "records   sent: 0" in shown
        assert tracer.end() == 0
        assert holder.end() == 0
    finally:
        tracer.end()
        holder.end()
    said = run("case", "status", tracer.node, expect=2).stderr
    assert "clew node serve" in said
