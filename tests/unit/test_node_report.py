"""A joint graph in the steps after chaining: pseudonyms first, numbers when they are unmasked, the receipt in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder, Part
from clew.cells import find
from clew.cells.keep import keep_findings
from clew.chain.files import read_graph
from clew.effects import NoProgress, system_clock
from clew.errors import InputError
from clew.report.write import export_tables, write_report
from clew.words.speaker import LANGUAGES
from tests.node_pair import SEED
from tests.unit.test_node_receipt import FAR, hidden, unmask
from tests.unit.test_node_unmasking import both_sides

HEADINGS = {"en": "The joint trace", "fr": "Le traçage conjoint", "ar": "التتبّع المشترك"}
DENIED = {"en": "No number was unmasked.", "fr": "Aucun numéro n’a été dévoilé.", "ar": "لم يُكشف أي رقم."}


def cells(case: CaseFolder, log: FileLog) -> list[str]:
    found = find(read_graph(case))
    keep_findings(case, found, log)
    ranked: list[str] = found.ranked["vertex"].to_pylist()
    return ranked


def pages(case: CaseFolder, log: FileLog) -> dict[str, str]:
    files = write_report(case, log, system_clock, LANGUAGES, NoProgress(), None)
    return {language.value: files[f"report.{language.value}.html"].decode() for language in LANGUAGES}


def test_a_report_shows_pseudonyms_first_and_numbers_when_they_are_unmasked(tmp_path: Path) -> None:
    pair = both_sides(tmp_path, hops=3)
    case, log = CaseFolder.open(pair.a.folder), pair.a.log
    names = hidden(pair)
    assert set(names) <= set(cells(case, log))
    for language, page in pages(case, log).items():
        assert HEADINGS[language] in page
        assert DENIED[language] in page
        assert "Holder" in page
        assert SEED in page  # the tracer knows the seeds that the warrant blinds
        assert all(name in page for name in names)
        assert not any(number in page for number in FAR)
    tables = export_tables(case, log, system_clock, ["csv"], LANGUAGES, tmp_path / "before")
    assert b"p:" in tables["vertices.csv"]
    unmask(pair, names)
    with pytest.raises(InputError, match="another traced graph") as stale:
        pages(case, log)
    assert stale.value.code == "report.stale"
    assert set(FAR) <= set(cells(case, log))
    for page in pages(case, log).values():
        assert all(number in page for number in FAR)
        assert "called both bridges" in page
        assert ">\u2068Judge\u2069<" in page
        assert all(page.count(name) == 1 for name in names)  # in the list of what was unmasked, and nowhere else
    tables = export_tables(case, log, system_clock, ["csv"], LANGUAGES, tmp_path / "after")
    assert b"p:" not in tables["vertices.csv"]


def test_a_receipt_of_another_trace_is_not_reported(tmp_path: Path) -> None:
    pair = both_sides(tmp_path)
    case, log = CaseFolder.open(pair.a.folder), pair.a.log
    cells(case, log)
    other = case.read(Part.JOINT, "receipt.json").replace(pair.a.state.kept.order.trace.hex().encode(), b"ab" * 32)  # type: ignore[union-attr]
    case.replace({Part.JOINT: {"receipt.json": other}}, log.commit(Entry("joint.receipt", {"digest": "0" * 64})))
    with pytest.raises(InputError) as refused:
        pages(case, log)
    assert refused.value.code == "report.receipt"
