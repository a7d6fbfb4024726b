"""``clew demo`` through the real command line, on a smaller population: its sums agree, and its claims are computed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.cli.to_paste import clew_to_paste
from clew.decisions import read_decisions
from clew.records.store import Store
from clew.synth.layouts import FRENCH, IRAQI
from tests.command import run

PEOPLE = 2_500
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "here"


@pytest.fixture(scope="module")
def ran(folder: Path) -> subprocess.CompletedProcess[str]:
    """``clew demo --json`` of a scenario that is not the demo's own."""
    return run("demo", "--folder", folder, "--people", str(PEOPLE), "--seed", "3", "--json")


@pytest.fixture(scope="module")
def told(ran: subprocess.CompletedProcess[str]) -> Any:
    """What it says."""
    return json.loads(ran.stdout)


def test_with_json_there_is_no_text_beside_the_document(ran: subprocess.CompletedProcess[str]) -> None:
    """Harm stopped: a program that takes what stands on stderr for a failure."""
    assert ran.stderr == ""


def test_found_and_missed_are_all_members(told: Any, folder: Path) -> None:
    persons = pq.read_table(folder / "truth" / "persons.parquet")
    members = pc.sum(pc.equal(persons["role"], "member")).as_py()
    found = told["judgement"]
    assert persons.num_rows == PEOPLE
    assert members == found["members"] == 30
    assert members == found["seeds"] + found["found"] + found["missed_inside"] + found["missed_outside"]
    assert found["innocents"] == PEOPLE - members
    assert 0 < found["innocents_touched"] < found["innocents"]


def test_every_line_of_both_files_is_accounted_for_as_it_was_planted(told: Any, folder: Path) -> None:
    merged = 0
    for planted, account in zip(told["planted"], told["accounts"], strict=True):
        kept = account["records"] + account["merged_legs"]
        merged += account["merged_legs"]
        assert account["units"] == planted["units"]
        assert (kept, account["duplicate"], account["rejected"]) == (
            planted["records"],
            planted["duplicates"],
            planted["rejected"],
        )
        assert account["units"] == kept + account["duplicate"] + account["rejected"] + account["header_and_footer"]
        assert [footer["claimed"] for footer in account["footers"]] == [planted["claimed"]]
    iraq, france = told["accounts"]
    assert [footer["agrees"] for account in (iraq, france) for footer in account["footers"]] == [True, False]
    assert 0 < merged == _both(folder)
    assert iraq["dropped"]["content"]
    assert france["dropped"]["location"]
    assert france["dropped"]["traits"]


def _both(folder: Path) -> int:
    """Calls of which both services' files hold a whole record, by the scenario that was planted."""
    from clew.synth.families import Size
    from clew.synth.scenario import scenario

    made = scenario(3, "mixed", Size.of_people(PEOPLE))
    return made.both_recorded([export for _, export in made.exports()])


def test_what_is_said_of_each_stage_is_what_stands_in_the_case(told: Any, folder: Path) -> None:
    for stage in told["stages"]:
        number = stage["stage"]
        vertices = pq.read_table(folder / "case" / "graph" / f"stage-{number}-vertices.parquet")
        document = json.loads((folder / "case" / "graph" / f"stage-{number}-graph.json").read_text())
        assert stage["numbers"] == vertices.num_rows == sum(stage["numbers_by_hop"])
        assert stage["seeds"] == pc.sum(vertices["seed"]).as_py()
        assert document["scope"]["stage"] == number
        assert stage["numbers"] <= stage["allowed"]
    seeds = [stage["seeds"] for stage in told["stages"]]
    assert (
        seeds[1:] == [a + stage["confirmed"] for a, stage in zip(seeds, told["stages"], strict=False)][: len(seeds) - 1]
    )


def test_what_is_said_of_the_end_is_what_stands_in_the_findings(told: Any, folder: Path) -> None:
    """The listed numbers are counted again, from the files and the truth, in another way than the demo counts."""
    ranked = pq.read_table(folder / "case" / "findings" / "ranked.parquet")
    numbers = pq.read_table(folder / "truth" / "numbers.parquet")
    roles = pq.read_table(folder / "truth" / "persons.parquet")["role"].to_pylist()
    members = {
        number
        for number, person in zip(numbers["number"].to_pylist(), numbers["person"].to_pylist(), strict=True)
        if roles[person] == "member"
    }
    listed = [
        number
        for number, probability in zip(ranked["vertex"].to_pylist(), ranked["probability"].to_pylist(), strict=True)
        if probability >= 0.5
    ]
    found = told["judgement"]
    document = json.loads((folder / "case" / "findings" / "findings.json").read_text())
    assert len(listed) == found["listed"] == told["stages"][-1]["listed"] == document["summary"]["listed"]
    decided = read_decisions(folder / "case")
    assert [len(decided.held), len(decided.refuted)] == [
        sum(stage[what] for stage in told["stages"]) for what in ("confirmed", "wrong")
    ]
    assert decided.held <= members
    assert not decided.refuted & members
    assert told["listed_and_refuted"] == len(decided.refuted.intersection(listed))
    page = Path(told["report"][-1]).read_text("utf-8")
    leads = set(re.findall(r'<th scope="row" class="id">([^<]*)', page.split('id="leads"')[1].split("<h2")[0]))
    assert leads == set(listed) - decided.refuted
    assert found["listed_right"] == len(members.intersection(listed))
    successions = pq.read_table(folder / "case" / "findings" / "successions.parquet")
    assert found["successions_named"] == sum(len(old) for old in successions["old"].to_pylist())


def test_the_log_holds_a_signed_stage_for_every_look_and_the_report_three_languages(told: Any, folder: Path) -> None:
    lines = (folder / "case" / "log").rglob("*")
    entries = [json.loads(line) for path in lines if path.is_file() for line in path.read_text("utf-8").splitlines()]
    kinds = [entry["kind"] for entry in entries]
    assert told["log_entries"] == len(entries)
    assert kinds.count("warrant.verified") == kinds.count("records.read") == len(told["stages"])
    for page in told["report"]:
        assert "<html" in Path(page).read_text("utf-8")[:500]
    assert len(told["report"]) == 3


def test_two_nodes_trace_jointly_what_both_stores_would_give_as_one(told: Any, folder: Path) -> None:
    """Counted again from the files: what the demo compared is all that the joint case holds."""
    joint, stage = told["joint"], told["stages"][-1]
    graph = read_graph(CaseFolder.open(Path(joint["case"])))
    compared = joint["comparison"]
    assert joint["equal"]
    assert (compared.pop("vertices"), compared.pop("pairs")) == (graph.vertices.num_rows, graph.pairs.num_rows)
    assert set(compared.values()) == {0}
    assert joint["numbers"] == graph.vertices.num_rows == sum(joint["numbers_by_hop"])
    assert joint["seeds"] == stage["seeds"]
    assert joint["numbers"] == (
        stage["numbers"] + joint["not_in_the_one_store_trace"] - joint["only_in_the_one_store_trace"]
    )
    hops = dict(zip(graph.vertices["vertex"].to_pylist(), graph.vertices["hop"].to_pylist(), strict=True))
    known = {vertex: hop for vertex, hop in hops.items() if not vertex.startswith("p:")}
    assert (len(known), len(hops) - len(known)) == (joint["known_to_tracer"], joint["pseudonyms"])
    assert min(joint["known_to_tracer"], joint["pseudonyms"]) > stage["seeds"]
    solo = pq.read_table(folder / "case" / "graph" / f"stage-{stage['stage']}-vertices.parquet")
    together = dict(zip(solo["vertex"].to_pylist(), solo["hop"].to_pylist(), strict=True))
    assert sum(together.get(vertex) == hop for vertex, hop in known.items()) >= 0.99 * len(known)
    assert set(graph.pairs["holder"].to_pylist()) == {joint["tracer"], joint["holder"]}


def test_neither_service_is_given_the_others_records(told: Any, folder: Path) -> None:
    """Harm stopped: a demo of "records sent: 0" in which one side has the other's records all along."""
    joint = told["joint"]
    assert joint["records_sent"] == 0
    assert (
        min(joint[way]["bytes"] for way in ("tracer_to_holder", "holder_to_tracer")) > 32 * joint["answered"]["items"]
    )
    for way in ("tracer_to_holder", "holder_to_tracer"):
        assert "Unmasked" not in joint[way]["kinds"]  # the only message that may hold records
    held = {}
    for service, planted in zip((IRAQI, FRENCH), told["planted"], strict=True):
        place = folder / "joint" / service.name
        accounts = Store.open(place / "store").accounts()
        assert [(account.file, account.units) for account in accounts] == [(service.file, planted["units"])]
        held[service.name] = set(
            pq.read_table(place / "store" / "imports" / "1" / "numbers.parquet")["canonical"].to_pylist()
        )
        assert json.loads((place / "node" / "node.json").read_text())["store"] == str((place / "store").resolve())
        assert not (place / "node" / "control.sock").exists()
    graph = read_graph(CaseFolder.open(Path(joint["case"])))
    known = {vertex for vertex in graph.vertices["vertex"].to_pylist() if not vertex.startswith("p:")}
    seeds = set((folder / "seeds.txt").read_text().split())
    assert seeds <= known
    only_theirs = held[joint["holder"]] - held[joint["tracer"]]
    assert only_theirs
    traced = pq.read_table(folder / "case" / "graph" / f"stage-{told['stages'][-1]['stage']}-vertices.parquet")
    named_to_it = set(traced.filter(traced["seed"])["vertex"].to_pylist())
    assert not (known & only_theirs) - named_to_it
    assert (folder / "joint" / "passphrase").stat().st_mode & 0o777 == 0o600


def test_the_text_adds_up_fits_a_screen_and_another_seed_comes_to_other_figures(told: Any, tmp_path: Path) -> None:
    # So long a path that no socket can stand in it: the nodes have to run elsewhere.
    folder = tmp_path / ("a-long-name-" * 8) / "other"
    done = run("demo", "--folder", folder, "--people", "2000", "--seed", "4")
    lines = done.stdout.splitlines()
    text = " ".join(done.stdout.split())
    sums = re.search(r"(\d+) members = (\d+) named .* \+ (\d+) found \+ (\d+) missed .* \+ (\d+) outside", text)
    assert sums is not None
    members, *parts = map(int, sums.groups())
    assert members == sum(parts) == 30
    assert "records sent: 0" in text
    joint = re.search(
        r"([\d,]+) numbers inside the bound = .* both stores as one, .*: ([\d,]+) numbers and .*; 0 differ", text
    )
    assert joint is not None
    assert joint[1] == joint[2]
    bounds = [int(count.replace(",", "")) for count in re.findall(r"([\d,]+) = [\d,]+ \+ [\d,]+ \+ [\d,]+ ", text)]
    assert bounds != [stage["numbers"] for stage in told["stages"]]
    found = told["judgement"]
    assert parts != [found["seeds"], found["found"], found["missed_inside"], found["missed_outside"]]
    assert len(lines) <= 60
    # The paths at the end are as long as the folder's name.
    assert max(len(line) for line in lines if str(folder) not in line) <= 100
    for command in lines[-5:]:
        name, *rest = shlex.split(command.removeprefix(f"  {clew_to_paste()}"))
        assert name in {"cells", "warrant", "records", "report"}
        run(name, *rest)
    listed = re.search(
        r"(\d+) numbers listed at the end .*?: (\d+) members', (\d+) innocent .*? of which (\d+) were", text
    )
    shown = run("cells", folder / "case").stdout
    assert listed is not None
    assert int(listed[1]) == int(listed[2]) + int(listed[3])
    assert int(listed[4]) <= int(listed[3])
    assert f" {listed[1]} of them have a probability of 50% or more" in " ".join(shown.split())


def test_the_commands_at_the_end_work_in_a_shell_that_does_not_know_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Harm stopped: the first thing that a new user is told to paste is not found."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert clew_to_paste() == "clew"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for place in (ROOT, Path("/")):
        monkeypatch.chdir(place)
        said = subprocess.run(
            ["/bin/sh", "-c", f"{clew_to_paste()} --version"], capture_output=True, text=True, check=True
        )
        assert said.stdout.startswith("clew ")
    recipe = re.search(r"^demo:.*\n\t(.*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert recipe is not None
    assert recipe[1] == ".venv/bin/clew demo", "uv run puts the environment on the path, which the user's shell lacks"


def test_demo_never_clears_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("years of work")
    done = run("demo", "--folder", tmp_path, "--people", "2000", expect=2)
    assert "demo.folder-not-empty" in done.stderr
    assert precious.read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_demo_leaves_what_others_put_into_its_folder_and_keeps_on_request(told: Any, folder: Path) -> None:
    note = folder / "note.txt"
    note.write_text("mine")
    before = (folder / "iraq-calls.csv").read_bytes()
    done = run("demo", "--folder", folder, "--keep", expect=2)
    assert "demo.kept" in done.stderr
    assert (folder / "iraq-calls.csv").read_bytes() == before
    assert note.read_text() == "mine"
    note.unlink()


def test_demo_into_a_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "demo.not-a-folder" in run("demo", "--folder", tmp_path / "file", expect=2).stderr


def test_the_help_has_an_example() -> None:
    assert "clew demo --seed 7" in run("demo", "--help").stdout
