"""Tracing public research data through the command line; skipped, with the reason, where it is absent."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.records.schema import RecordKind
from tests.cli.tracing import public_store, write_amendment, write_papers
from tests.command import run, run_json
from tests.shared_data import shared


def day(number: int) -> datetime:
    """Midnight at the start of a day of June 2006; the data has no zone, and UTC stands for it."""
    return datetime(2006, 6, number, tzinfo=UTC)


def test_vast_2008_in_two_stages(tmp_path: Path) -> None:
    """Known answers: the leader's ring of the first week, and the ring of the four lieutenants over all ten days."""
    store = public_store(tmp_path, shared("vast2008_mc3/CellPhoneCallRecords.csv"), "vast2008")
    papers = write_papers(
        tmp_path / "papers", ["id:vast2008:200"], begin=day(1), end=day(8), hops=2, hub_limit=200, case="vast-2008"
    )
    command = ["trace", "--store", store, *papers, "--case", tmp_path / "case"]

    first = run_json(*command)
    assert first["bound"] == {
        "numbers": 130,
        "numbers_by_hop": [1, 5, 124],
        "pairs": 149,
        "hubs": 0,
        "hub_seeds": 0,
        "absent_seeds": 0,
    }
    case = CaseFolder.open(tmp_path / "case")
    graph = read_graph(case, 1)
    near = graph.vertices.filter(graph.vertices["hop"].to_numpy() == 1)["vertex"].to_pylist()
    assert near == [f"id:vast2008:{n}" for n in (1, 137, 2, 3, 5)]
    assert graph.events is not None
    assert graph.events["start"].to_pylist()[-1] < day(8)

    lieutenants = [f"id:vast2008:{n}" for n in (1, 2, 3, 5)]
    second = run_json(*command, *write_amendment(tmp_path / "papers", lieutenants, end=day(11)))
    assert (second["stage"], second["bound"]["numbers"]) == (2, 326)
    assert read_graph(case).scope.stage == 2
    assert read_graph(case, 1).header() == graph.header()


@pytest.mark.parametrize(
    ("name", "layout"),
    [("copenhagen/calls.csv", "copenhagen-calls"), ("copenhagen/sms.csv", "copenhagen-sms")],
)
def test_copenhagen_keeps_every_contact_of_the_traced_pairs(tmp_path: Path, name: str, layout: str) -> None:
    """Nothing is lost to equality: the graph's contacts are counted again out of the file itself."""
    file = shared(name)
    store = public_store(tmp_path, file, layout)
    rows = [line.split(",") for line in file.read_text().splitlines()[1:]]
    degree = Counter(end for a, b in {(min(r[1:3]), max(r[1:3])) for r in rows if r[1] != r[2]} for end in (a, b))
    seed = max(degree, key=lambda n: (degree[n], n))
    papers = write_papers(
        tmp_path / "papers",
        [f"id:copenhagen:{seed}"],
        begin=datetime(1970, 1, 1, tzinfo=UTC),
        end=datetime(2026, 1, 1, tzinfo=UTC),
        hops=1,
    )
    run("trace", "--store", store, *papers, "--case", tmp_path / "case")

    graph = read_graph(CaseFolder.open(tmp_path / "case"))
    mine = [row for row in rows if seed in row[1:3] and row[1] != row[2]]
    assert graph.events is not None
    assert (graph.events.num_rows, graph.pairs.num_rows) == (len(mine), degree[seed])
    if layout == "copenhagen-calls":
        missed = graph.events["kind"].to_pylist().count(RecordKind.MISSED)
        assert missed == sum(row[3] == "-1" for row in mine) > 0
