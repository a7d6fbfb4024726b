"""The page on the Python names: its example runs as it stands, and it leaves no name and no argument out."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta
from pathlib import Path

import pytest

import clew
from clew.records.profile_file import format_profile
from clew.synth.families import Size
from clew.synth.layouts import IRAQI
from clew.synth.scenario import scenario
from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Warrant
from clew.warrants.dsse import sign
from clew.warrants.policy import Holder, policy_toml
from tests.warrants import JUDGE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def listed() -> dict[str, str]:
    """The names of the tables' first column, each with its arguments where some are shown."""
    rows = re.findall(r"^\| `(\w+)(?:\(([^)]*)\))?` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a name stands twice"
    return dict(rows)


def test_the_page_lists_every_exported_name_and_no_other() -> None:
    assert sorted(listed()) == sorted(clew.__all__)


def test_the_arguments_on_the_page_are_those_of_the_functions() -> None:
    for name, shown in listed().items():
        found = getattr(clew, name)
        if inspect.isfunction(found) or shown:
            parameters = inspect.signature(found).parameters.values()
            keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
            before = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
            assert shown == ", ".join([*before, *(["*", *keywords] if keywords else [])]), name


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the example needs: records, their profile, a signed warrant and the policy."""
    made = scenario(7, size=Size.of_people(2_000))
    made.write(tmp_path)
    (tmp_path / "iraq.toml").write_text(format_profile(IRAQI.profile()), "utf-8")
    (tmp_path / "revoked").mkdir()
    policy = policy_toml([Holder("Judge", "judge", JUDGE.public)], 1, [], "revoked")
    (tmp_path / "policy.toml").write_text(policy, "utf-8")
    now = clew.system_clock().replace(microsecond=0)
    warrant = Warrant(
        case="page",
        seeds=tuple(Clear(number) for number in sorted(made.seeds)),
        begin=made.begin,
        end=made.end,
        issued=now,
        expires=now + timedelta(days=1),
        budgets=Budgets(numbers=5_000),
        authority="Judge of the test",
        legal_basis="None: every number here is synthetic",
        purpose="Run the example",
    )
    (tmp_path / "warrant.signed.json").write_bytes(sign(warrant.encode(), JUDGE))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_runs_as_it_stands(given: Path) -> None:
    """Harm stopped: a program has to reach into private modules for what the command line does, and skips a check."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    exec(compile(blocks[0], str(PAGE), "exec"), {})
    assert (given / "case" / "report" / "report.ar.html").exists()
    assert (given / "handover" / "ranked.csv").exists()
    # Every path may be a text.
    graph, findings = clew.read_graph("case"), clew.read_findings("case")
    assert graph.bound.numbers > findings.ranked.num_rows > 0
    log = clew.FileLog("case/log/log.jsonl", clew.system_clock)
    kinds = [logged.entry.kind for logged in log.entries()]
    assert kinds == [
        "warrant.verified",
        "records.read",
        "trace.bound",
        "graph.written",
        "cells.found",
        "report.written",
        "export.written",
    ]
    case = clew.CaseFolder.open("case")
    clew.write_report(case, log, clew.system_clock, [clew.Language.FR], copy_to="copy")
    assert (given / "copy" / "report.fr.html").exists()


def test_an_export_of_no_known_format_is_not_logged_as_one(given: Path) -> None:
    """Harm stopped: a misspelt format writes nothing, and the log says that tables were handed over."""
    case = clew.CaseFolder.create("case")
    log = clew.FileLog(case.log_path, clew.system_clock)
    for formats in (["xlsx"], "csv", []):
        with pytest.raises(clew.UsageError, match=r"export\.format"):
            clew.export_tables(case, log, clew.system_clock, formats, clew.LANGUAGES, "handover")
    assert log.entries() == []
