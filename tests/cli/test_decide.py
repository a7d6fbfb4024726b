"""``clew decide`` as a user runs it, and what becomes of the leads that did not hold."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command import run, run_json
from tests.made_case import LEADS, LOW, SEEDS, made_folder

WHO = ("--by", "A. Analyst", "--reason", "night shift of the bakery")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return made_folder(tmp_path / "case").path


def test_decisions_are_recorded_shown_and_kept_when_they_change(case: Path, tmp_path: Path) -> None:
    file = tmp_path / "numbers.txt"
    # As copied from a report in Arabic, with the marks that isolate the number there.
    file.write_text(f"# checked on Monday\n\u2066{LEADS[1]}\u2069\n\n{LOW}\n", "utf-8")
    said = run("decide", case, LEADS[0], "--numbers-file", file, "--held", *WHO, "--on", "2026-05-03").stdout
    assert "Recorded for 3 numbers: held." in said
    assert not any(number in said for number in (*LEADS, LOW))
    told = run_json("decide", case, LEADS[0], "--did-not-hold", *WHO)
    assert (told["recorded"], told["held"], told["did_not_hold"]) == (1, 2, 1)
    shown = run_json("decide", case, "--show")
    rows = [(one["vertex"], one["held"], one["counts"]) for one in shown["decisions"]]
    assert rows == [(LEADS[0], True, False), (LEADS[1], True, True), (LOW, True, True), (LEADS[0], False, True)]
    assert {one["on"] for one in shown["decisions"][:3]} == {"2026-05-03"}
    text = run("decide", case, "--show").stdout
    assert re.search(rf"^\* .*{re.escape(LEADS[0])}  did not hold  A. Analyst: night shift", text, re.MULTILINE)
    assert "Of 3 numbers with a decision 2 held and 1 did not." in text


def test_a_case_without_decisions_says_so(case: Path) -> None:
    assert run("decide", case, "--show").stdout == "No decision is recorded in this case.\n"
    assert run_json("decide", case, "--show") == {"held": 0, "did_not_hold": 0, "decisions": []}


@pytest.mark.parametrize("number", ["+9647700000001", SEEDS[0], "07901234567"])
def test_what_is_no_lead_of_the_case_is_refused_with_exit_4_and_shows_no_number(case: Path, number: str) -> None:
    done = run("decide", case, LEADS[0], number, "--held", *WHO, expect=4)
    assert "number 2: " in done.stderr
    assert number.lstrip("+") not in done.stdout + done.stderr
    assert not (case / "decisions").exists()


@pytest.mark.parametrize(
    "words",
    [
        [LEADS[0], *WHO],
        [LEADS[0], "--held", "--by", "A. Analyst"],
        ["--held", *WHO],
        [LEADS[0], "--held", *WHO, "--on", "2199-01-01"],
        [LEADS[0], "--held", "--by", "A.\nAnalyst", "--reason", "x"],
        [LEADS[0], "--show"],
        ["--show", "--held"],
    ],
)
def test_half_a_decision_is_a_usage_error(case: Path, words: list[str]) -> None:
    run("decide", case, *words, expect=2)
    assert not (case / "decisions").exists()


def test_a_number_that_did_not_hold_is_no_lead_in_the_report_and_its_tables_any_more(case: Path) -> None:
    """Harm stopped: the first of the list was checked and found innocent, and the next reader goes after it again."""
    run("decide", case, LEADS[0], "--did-not-hold", *WHO)
    run("decide", case, LEADS[1], "--held", *WHO)
    run("report", case)
    page = (case / "report" / "report.en.html").read_text("utf-8")
    leads, decisions = (page.split(f'id="{name}"')[1].split("<h2")[0] for name in ("leads", "decisions"))
    listed, apart = leads.split("Checked, and did not hold")
    assert LEADS[0] not in re.findall(r'<th scope="row" class="id">([^<]*)', listed)
    assert LEADS[1] in listed
    assert re.search(r"Checked, and it held: \W?A. Analyst\W?, ", listed)
    assert LEADS[0] in apart
    assert "<strong>2</strong>leads listed" in page
    assert decisions.count("night shift of the bakery") == 2
    chart = page.split('id="group"')[1].split("</figure>")[0]
    assert LEADS[1] in chart
    assert LEADS[0] not in chart
    rows = list(csv.DictReader((case / "report" / "ranked.csv").read_text("utf-8-sig").splitlines()))
    assert [row["decision"] for row in rows] == ["did not hold", "held", "", ""]
    assert pq.read_table(case / "report" / "ranked.parquet")["decision"].to_pylist() == [
        "did not hold",
        "held",
        None,
        None,
    ]
    assert '"decision"' in (case / "report" / "graph.graphml").read_text("utf-8")


def test_cells_lists_apart_what_did_not_hold_and_drops_nothing(case: Path) -> None:
    before = run_json("cells", case, "--top", "50")
    first, second = (row["vertex"] for row in before["ranked"][:2])
    run("decide", case, first, "--did-not-hold", *WHO)
    run("decide", case, second, "--held", *WHO)
    after = run_json("cells", case, "--top", "50")
    assert [row["vertex"] for row in after["did_not_hold"]] == [first]
    assert after["did_not_hold"][0]["decision"]["reason"] == "night shift of the bakery"
    assert after["did_not_hold"][0]["rank"] == 1
    assert [row["vertex"] for row in after["ranked"]] == [row["vertex"] for row in before["ranked"][1:]]
    assert [row["decision"] and row["decision"]["held"] for row in after["ranked"]][:1] == [True]
    assert after["totals"] == before["totals"] | {"did_not_hold": 1}
    leads, apart = run("cells", case).stdout.split("Checked, and did not hold\n")
    assert first not in [line.split()[1] for line in leads.splitlines() if line[:4].strip().isdigit()]
    assert "= checked: held (A. Analyst, " in leads
    assert re.match(rf"1 ranked number was checked.*\n.*\n   1  {re.escape(first)} ", apart)
    assert json.loads((case / "findings" / "findings.json").read_text())["summary"]["ranked"] == len(before["ranked"])
