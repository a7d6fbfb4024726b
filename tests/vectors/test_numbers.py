"""The labelled numbers: expected values from published numbering plans, never from a library's output.

``numbers.csv`` holds the rows, with characters outside ASCII escaped as in Python; ``numbers-sources.md`` names the
document, the section and the fact behind every ``source`` key.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from clew.numbers import PartyKind
from clew.records.numbering import read_numbers

FOLDER = Path(__file__).parent
FEWEST_ROWS = 400
FEWEST_COUNTRIES = 12


@dataclass(frozen=True)
class Labelled:
    """One labelled text. ``canonical`` is empty for withheld and unknown."""

    line: int
    raw: str
    form: str
    routing_prefixes: tuple[str, ...]
    kind: PartyKind
    canonical: str
    sources: tuple[str, ...]


def decoded(text: str) -> str:
    """The text with its escapes turned into characters; the file itself is ASCII."""
    return text.encode("ascii").decode("unicode_escape")


def load() -> list[Labelled]:
    """Every row; fails when there are fewer than there should be."""
    with (FOLDER / "numbers.csv").open(encoding="ascii", newline="") as file:
        rows = [
            Labelled(
                line,
                decoded(row["raw"]),
                row["form"],
                tuple(row["routing_prefixes"].split()),
                PartyKind[row["kind"].upper()],
                decoded(row["canonical"]),
                tuple(row["source"].split()),
            )
            for line, row in enumerate(csv.DictReader(file), start=2)
        ]
    assert len(rows) >= FEWEST_ROWS, "rows of the labelled numbers are missing"
    return rows


ROWS = load()


@dataclass(frozen=True)
class Outcome:
    """What the reader made of a row."""

    row: Labelled
    kind: PartyKind
    canonical: str
    reason: str | None

    @property
    def right(self) -> bool:
        return self.kind == self.row.kind and self.canonical == self.row.canonical

    @property
    def silent(self) -> bool:
        """Wrong, and not said to be unknown: the one thing that must not happen."""
        return not self.right and self.kind != PartyKind.UNKNOWN

    def __str__(self) -> str:
        return f"line {self.row.line}: {self.row.form} {self.row.raw!a}: {self.canonical or self.kind.name}"


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """Every row, read as the import reads it: column by column."""
    columns: dict[tuple[str, tuple[str, ...]], list[Labelled]] = defaultdict(list)
    for row in ROWS:
        columns[row.form, row.routing_prefixes].append(row)
    made = []
    for (form, prefixes), rows in columns.items():
        for row, party in zip(rows, read_numbers([row.raw for row in rows], form, prefixes).to_pylist(), strict=True):
            kind = PartyKind(party["kind"])
            canonical = "" if kind == PartyKind.UNKNOWN else party["canonical"] or ""
            made.append(Outcome(row, kind, canonical, party["reason"]))
    return made


def test_no_number_is_silently_wrong(outcomes: list[Outcome]) -> None:
    assert [str(outcome) for outcome in outcomes if outcome.silent] == []


def test_a_foreign_number_never_becomes_domestic(outcomes: list[Outcome]) -> None:
    foreign = [outcome for outcome in outcomes if outcome.row.canonical.startswith("+")]
    for outcome in foreign:
        if outcome.kind == PartyKind.E164:
            assert outcome.canonical == outcome.row.canonical, str(outcome)


def test_at_least_98_in_a_hundred_are_right(outcomes: list[Outcome]) -> None:
    wrong = [str(outcome) for outcome in outcomes if not outcome.right]
    assert len(wrong) <= 0.02 * len(outcomes), wrong


def test_at_most_2_in_a_hundred_are_given_up(outcomes: list[Outcome]) -> None:
    known = [outcome for outcome in outcomes if outcome.row.kind != PartyKind.UNKNOWN]
    given_up = [str(outcome) for outcome in known if outcome.kind == PartyKind.UNKNOWN]
    assert len(given_up) <= 0.02 * len(known), given_up


def test_everything_unknown_has_a_reason_and_nothing_else_has(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert (outcome.reason is not None) == (outcome.kind == PartyKind.UNKNOWN), str(outcome)


def test_the_rows_span_the_countries_and_kinds_they_should() -> None:
    codes = ["964", "33", "49", "44", "39", "34", "90", "962", "961", "963", "98", "966", "971", "20", "1", "32", "52"]
    seen = {code for code in codes if sum(row.canonical.startswith("+" + code) for row in ROWS) >= 4}
    assert {"964", "33"} <= seen
    assert len(seen) >= FEWEST_COUNTRIES
    assert {row.kind for row in ROWS} == set(PartyKind)
    assert {row.form.partition(":")[0] for row in ROWS} == {
        "e164",
        "international",
        "national",
        "mixed",
        "sip",
        "opaque",
    }


def test_every_row_names_a_source_that_is_described() -> None:
    page = (FOLDER / "numbers-sources.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE))
    cited = {source for row in ROWS for source in row.sources}
    assert all(row.sources for row in ROWS)
    assert cited == described


def test_no_row_is_there_twice() -> None:
    keys = [(row.raw, row.form, row.routing_prefixes) for row in ROWS]
    assert len(keys) == len(set(keys))
