"""Decisions: spelt in one way, logged first without a number, about leads of the case only, none lost."""

from __future__ import annotations

import hashlib
import json
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder, Part
from clew.chain.files import read_graph
from clew.decisions import Decision, Decisions, keep_decisions, read_decisions
from clew.decisions.decision import parse_decisions
from clew.errors import InputError, Refused
from tests.made_case import LEADS, LOW, SEEDS, WRITTEN, made_folder

WARRANT = "ab" * 32
DAY = date(2026, 5, 3)
PSEUDONYM = "p:" + "0a" * 32

texts = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=20).filter(
    lambda text: unicodedata.is_normalized("NFC", text)
)
decisions = st.builds(
    Decision,
    vertex=st.sampled_from([*LEADS, LOW, PSEUDONYM, "id:t:m1"]),
    held=st.booleans(),
    by=texts,
    reason=texts,
    on=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    stage=st.integers(1, 99),
    warrant=st.just(WARRANT),
)


def decided(vertex: str, held: bool = False, **changed: object) -> Decision:
    facts: dict[str, object] = {"by": "A. Analyst", "reason": "file 12", "on": DAY, "stage": 1, "warrant": WARRANT}
    return Decision(vertex, held, **{**facts, **changed})  # type: ignore[arg-type]


@given(st.lists(decisions, max_size=5))
def test_what_is_written_is_read_back(made: list[Decision]) -> None:
    found = Decisions(tuple(made))
    assert parse_decisions(found.encode()).all == found.all
    assert parse_decisions(found.encode()).encode() == found.encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": true'),
        ('"held": false', '"held": 0'),
        ('"held": false', '"held": false, "held": true'),
        ('"stage": 1', '"stage": 0'),
        ('"stage": 1', '"stage": 1.0'),
        ('"stage": 1', '"stage": 1, "extra": 1'),
        ('"on": "2026-05-03"', '"on": "20260503"'),
        ('"on": "2026-05-03"', '"on": "2026-02-30"'),
        ("A. Analyst", " A. Analyst"),
        ("A. Analyst", "A.\u202e Analyst"),
        (LEADS[0], LEADS[0][1:]),
        (WARRANT, WARRANT.upper()),
        ('"decisions": [', '"decisions":  ['),
        ("\n}\n", "\n}"),
    ],
)
def test_another_spelling_is_refused(old: str, new: str) -> None:
    """Harm stopped: two programs that read two decisions out of one file."""
    data = Decisions((decided(LEADS[0]),)).encode()
    assert old.encode() in data
    with pytest.raises(InputError) as stop:
        parse_decisions(data.replace(old.encode(), new.encode()))
    assert stop.value.code == "decisions.unreadable"


def test_decisions_of_another_version_are_said_to_be_so() -> None:
    with pytest.raises(InputError) as stop:
        parse_decisions(b'{"version": 2, "anything": []}')
    assert stop.value.code == "decisions.version"


def test_the_latest_decision_counts_also_for_a_pseudonym_that_was_unmasked_since() -> None:
    """Harm stopped: a number that was found wrong as a pseudonym is a lead again under its own name."""
    made = (decided(LEADS[0], held=True), decided(PSEUDONYM), decided(LEADS[0]), decided(LEADS[1], held=True))
    found = Decisions(made, {PSEUDONYM: LEADS[2]})
    assert found.refuted == {LEADS[0], LEADS[2]}
    assert found.held == {LEADS[1]}
    assert Decisions(made).refuted == {LEADS[0], PSEUDONYM}


@pytest.fixture
def case(tmp_path: Path) -> CaseFolder:
    return made_folder(tmp_path / "case")


def log_of(case: CaseFolder) -> FileLog:
    return FileLog(case.log_path, lambda: WRITTEN)


def keep(case: CaseFolder, *vertices: str, held: bool = False) -> Decisions:
    named = {vertex: f"number {place}" for place, vertex in enumerate(vertices, 1)}
    return keep_decisions(
        case, read_graph(case), named, held=held, by="A. Analyst", reason="file 12", on=DAY, log=log_of(case)
    )


def test_a_decision_is_logged_before_it_is_written_and_the_log_holds_no_number(case: CaseFolder) -> None:
    keep(case, LEADS[0])
    keep(case, LEADS[1], LOW, held=True)
    last = log_of(case).entries()[-1]
    data = case.read(Part.DECISIONS, "decisions.json")
    assert last.entry.kind == "decision.recorded"
    assert dict(last.entry.body) == {
        "warrant": read_graph(case).scope.warrant,
        "stage": 1,
        "held": True,
        "numbers": 2,
        "before": 1,
        "decisions": hashlib.sha256(data).hexdigest(),
    }
    assert json.loads((case.path / "manifest.json").read_text())["entry"]["digest"] == last.digest
    assert not any(vertex.encode() in case.log_path.read_bytes() for vertex in (*LEADS, LOW))
    assert [one.vertex for one in read_decisions(case).all] == [LEADS[0], LEADS[1], LOW]


def test_people_who_decide_at_the_same_moment_lose_no_decision(case: CaseFolder) -> None:
    """Harm stopped: a lead that was checked and found wrong comes back unmarked, because somebody else wrote later."""
    graph, together = read_graph(case), threading.Barrier(len(LEADS))

    def decide(vertex: str) -> None:
        mine = CaseFolder.open(case.path)
        together.wait()
        keep_decisions(
            mine, graph, {vertex: ""}, held=False, by="A. Analyst", reason="file 12", on=DAY, log=log_of(mine)
        )

    with ThreadPoolExecutor(len(LEADS)) as people:
        list(people.map(decide, LEADS))
    assert {one.vertex for one in read_decisions(case).all} == set(LEADS)


def test_a_log_that_cannot_be_written_leaves_no_decision(case: CaseFolder) -> None:
    """Harm stopped: a decision that nobody can date, or that was put there without a trace."""
    with pytest.raises(Refused, match="clock"):
        keep_decisions(
            case,
            read_graph(case),
            {LEADS[0]: ""},
            held=True,
            by="A. Analyst",
            reason="file 12",
            on=DAY,
            log=FileLog(case.log_path, lambda: WRITTEN.replace(year=2020)),
        )
    assert read_decisions(case).all == ()


@pytest.mark.parametrize(("vertex", "code"), [("+9647700000001", "decide.outside"), (SEEDS[0], "decide.seed")])
def test_a_number_outside_the_bound_and_a_seed_are_refused_with_all_that_were_given(
    case: CaseFolder, vertex: str, code: str
) -> None:
    """Harm stopped: a case folder becomes a notebook about people whom no warrant reaches."""
    with pytest.raises(Refused) as stop:
        keep(case, LEADS[0], vertex)
    assert (stop.value.code, stop.value.where) == (code, "number 2")
    assert vertex not in str(stop.value)
    assert read_decisions(case).all == ()
    last = log_of(case).entries()[-1].entry
    assert (last.kind, last.body["code"]) == ("decision.refused", code)


def test_a_confirmed_lead_that_is_a_seed_by_now_can_still_turn_out_wrong(case: CaseFolder) -> None:
    """Harm stopped: a mistake that the record of decisions cannot take back."""
    made = Decisions((decided(SEEDS[0], held=True),))
    case.replace({Part.DECISIONS: {"decisions.json": made.encode()}}, log_of(case).commit(Entry("test.made", {})))
    assert keep(case, SEEDS[0]).refuted == {SEEDS[0]}


def test_a_later_trace_and_new_findings_leave_the_decisions_as_they_are(case: CaseFolder) -> None:
    keep(case, LEADS[0])
    case.replace({Part.FINDINGS: {}, Part.GRAPH: {}}, log_of(case).commit(Entry("test.made", {})))
    assert read_decisions(case.path).refuted == {LEADS[0]}
