"""The demo's acts without a command line: what a warrant's budget refuses ends it, and is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.cli import demo_steps
from clew.cli.demo_folder import make_room
from clew.cli.demo_steps import Demo
from clew.effects import NoProgress, system_clock, system_randomness
from clew.synth.families import Size
from clew.warrants.authorisation import Budgets


def test_a_stage_beyond_the_budget_is_refused_and_the_one_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_room(tmp_path / "demo", keep=False)
    run = Demo(tmp_path / "demo", 3, Size.of_people(2_000), system_clock, system_randomness, NoProgress())
    run.make_scenario()
    run.import_records()
    run.open_authorities()
    first = run.run_stage(1)
    monkeypatch.setattr(demo_steps, "BUDGET", Budgets(numbers=first.bound.numbers))
    second = run.run_stage(2)
    assert not first.refused
    assert second.refused
    assert second.bound.numbers > second.allowed == first.bound.numbers
    assert run.findings.document["graph"]["stage"] == 1
    found = run.judge()
    assert found.members == found.seeds + found.found + found.missed
    graphs = sorted(path.name for path in (tmp_path / "demo" / "case" / "graph").glob("stage-*-graph.json"))
    assert graphs == ["stage-1-graph.json"]
    assert len(run.write_report()) == 3
