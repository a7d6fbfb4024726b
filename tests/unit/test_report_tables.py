"""The report's tables: nothing lost, nothing that a spreadsheet takes for a formula or a number."""

from __future__ import annotations

import csv
import io
import re

import networkx as nx
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.report.graphfiles import as_networkx, graph_files
from clew.report.tables import csv_files, graph_tables, parquet_files, safe_cell
from clew.words.speaker import LANGUAGES, Language
from tests.made_case import HOLDERS, HUB, LEADS, LOW, SEEDS, WRITTEN, made_contents

CONTENTS = made_contents()
BOTH = frozenset({"graphml", "gexf"})


def rows(name: str, languages: tuple[Language, ...] = LANGUAGES) -> list[dict[str, str]]:
    data = csv_files(CONTENTS, languages)[name]
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_is_read_as_utf_8_by_spreadsheets() -> None:
    for data in csv_files(CONTENTS, LANGUAGES).values():
        assert data.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in data


def test_csv_holds_every_row_of_every_table() -> None:
    for name, table in graph_tables(CONTENTS).items():
        assert len(rows(f"{name}.csv")) == table.num_rows > 0


def test_telephone_numbers_survive_a_spreadsheet() -> None:
    """``+964…`` in a cell becomes 9.6479E+12 or a formula; a tel: URI stays a text and gives the number back."""
    cells = [cell for name in csv_files(CONTENTS, LANGUAGES) for row in rows(name) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith("+")]
    numbers = {row["vertex"].removeprefix("tel:") for row in rows("vertices.csv")}
    assert numbers == {*SEEDS, *LEADS, LOW, HUB}


def test_no_cell_can_start_a_formula() -> None:
    for data in csv_files(CONTENTS, LANGUAGES).values():
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            assert not [cell for cell in row if cell[:1] in tuple("=@\t\r\n|%") or re.match(r"[+-](?![0-9.]+$)", cell)]


@given(st.text())
def test_safe_cell_never_starts_a_formula_and_loses_nothing(text: str) -> None:
    cell = safe_cell(text)
    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠|%")
    assert cell.removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "＝1"])
def test_formulas_are_disarmed(text: str) -> None:
    assert safe_cell(text) == "'" + text


def test_record_identifiers_do_not_become_times_of_day() -> None:
    first = rows("ranked.csv")[0]
    assert first["records"] == "[1:7; 1:1204]"


def test_reasons_are_in_words_in_each_language_asked_for() -> None:
    first = rows("ranked.csv", (Language.FR,))[0]
    assert first["reasons_fr"].startswith("En contact avec 1 des 2 numéros visés")
    assert "reasons_ar" not in first
    assert rows("ranked.csv")[0]["benign_ar"].startswith("\u2066٨٣\u2069٪")


def test_parquet_gives_back_the_same_tables() -> None:
    files = parquet_files(CONTENTS)
    for name, table in graph_tables(CONTENTS).items():
        assert pq.read_table(io.BytesIO(files[f"{name}.parquet"])).equals(table)


@pytest.mark.parametrize(
    ("name", "read"), [("graph.graphml", nx.read_graphml), ("graph.gexf", nx.read_gexf)], ids=["graphml", "gexf"]
)
def test_graph_files_give_back_the_same_graph(name: str, read: object) -> None:
    written = as_networkx(CONTENTS)
    again = read(io.BytesIO(graph_files(CONTENTS, WRITTEN, BOTH)[name]))  # type: ignore[operator]
    assert isinstance(again, nx.MultiGraph)
    assert not again.is_directed()
    assert {node: data for node, data in again.nodes(data=True)} == dict(written.nodes(data=True))
    edges = [
        sorted(
            (tuple(sorted((data["a"], data["b"]))), data["holder"], data["calls_ab"], data["first"])
            for *_, data in graph.edges(data=True)
        )
        for graph in (written, again)
    ]
    assert edges[0] == edges[1]
    for a, b, data in again.edges(data=True):
        assert {a, b} == {data["a"], data["b"]}, "an edge keeps which end is which"


def test_arabic_labels_survive() -> None:
    for name, data in graph_files(CONTENTS, WRITTEN, BOTH).items():
        assert HOLDERS[1] in data.decode(), name


def test_holders_stay_apart_in_graph_files() -> None:
    """Both may have recorded the same call: two edges, never a sum."""
    graph = as_networkx(CONTENTS)
    between = [data for _, _, data in graph.edges(data=True) if {data["a"], data["b"]} == {SEEDS[0], LEADS[0]}]
    assert sorted((data["holder"], data["calls_ab"]) for data in between) == [(HOLDERS[0], 12), (HOLDERS[1], 11)]


def test_what_is_not_known_is_absent_in_graph_files() -> None:
    nodes = dict(as_networkx(CONTENTS).nodes(data=True))
    assert "hub" not in nodes[LOW]
    assert nodes[HUB]["hub"] is True
    assert "probability" not in nodes[SEEDS[0]]
    assert nodes[LEADS[0]]["probability"] == 0.9713


def test_graph_files_hold_the_moment_of_the_report_not_of_the_machine() -> None:
    gexf = graph_files(CONTENTS, WRITTEN, BOTH)["graph.gexf"].decode()
    assert re.findall(r'lastmodifieddate="([^"]*)"', gexf) == ["2026-04-20"]


def test_csv_says_of_how_many_contacts_the_named_records_are() -> None:
    """Harm stopped: the first few records behind a reason are taken for all of them."""
    first = rows("ranked.csv")[0]
    assert first["records"] == "[1:7; 1:1204]"
    assert first["contacts_behind"] == "[19 3]"
