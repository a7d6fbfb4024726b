"""``clew demo`` through the real command line, on a smaller population: its sums agree, and its claims are computed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.command import run, run_json

PEOPLE = 2_500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "here"


@pytest.fixture(scope="module")
def told(folder: Path) -> Any:
    """What ``clew demo --json`` says of a scenario that is not the demo's own."""
    return run_json("demo", "--folder", folder, "--people", str(PEOPLE), "--seed", "3")


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
    refuted = len(listed) - found["listed"]
    assert 0 <= refuted <= sum(stage["wrong"] for stage in told["stages"])
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


def test_the_text_adds_up_fits_a_screen_and_another_seed_comes_to_other_figures(told: Any, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    done = run("demo", "--folder", folder, "--people", "2000", "--seed", "4")
    lines = done.stdout.splitlines()
    text = " ".join(done.stdout.split())
    sums = re.search(r"(\d+) members = (\d+) named .* \+ (\d+) found \+ (\d+) missed .* \+ (\d+) outside", text)
    assert sums is not None
    members, *parts = map(int, sums.groups())
    assert members == sum(parts) == 30
    bounds = [int(count.replace(",", "")) for count in re.findall(r"([\d,]+) = [\d,]+ \+ [\d,]+ \+ [\d,]+ ", text)]
    assert bounds != [stage["numbers"] for stage in told["stages"]]
    found = told["judgement"]
    assert parts != [found["seeds"], found["found"], found["missed_inside"], found["missed_outside"]]
    assert len(lines) <= 45
    # The paths at the end are as long as the folder's name.
    assert max(len(line) for line in lines if str(folder) not in line) <= 100
    for command in [line.split() for line in lines[-3:]]:
        assert command[0] == "clew"
        run(*command[1:])


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
