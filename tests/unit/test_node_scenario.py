"""The demo's scenario of 200 members in two countries: two nodes give the graph of both services' stores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.cli.demo_pooled import compare, pooled
from clew.effects import system_clock
from clew.joint.couples import Couples
from clew.joint.messages import Offer
from clew.node.window import read_window
from clew.records.importer import import_files
from clew.records.store import Store
from clew.synth.families import Size
from clew.synth.layouts import FRENCH, IRAQI
from clew.synth.scenario import scenario
from clew.warrants.authorisation import Budgets
from tests.node_pair import AUDITOR, Desks, desks, documents, papers
from tests.protocol.parties import pooled as naive

HUB_LIMIT = 200
PLENTY = Budgets(numbers=1_000_000, items=4_000_000, rows=1_000_000, declared=1_000_000, recognised=1_000_000)


def window(store: Store, offer: Offer, folder: Path) -> Couples:
    return read_window(store, offer, "oracle", FileLog(folder / "oracle.jsonl", system_clock), system_clock)


@pytest.mark.timeout(300)
def test_two_nodes_give_the_graph_of_both_stores_on_the_demos_scenario(tmp_path: Path) -> None:
    made = scenario(20, "mixed", Size())
    made.write(tmp_path)
    pair: Desks = desks(tmp_path / "nodes")
    stores = []
    for service, desk in ((IRAQI, pair.tracer), (FRENCH, pair.holder)):
        folder = tmp_path / f"store-{service.name}"
        import_files(folder, [(tmp_path / service.file, service.profile())], clock=system_clock)
        stores.append(Store.open(folder))
        desk.identity = replace(desk.identity, settings=replace(desk.identity.settings, store=folder))
    terms: dict[str, Any] = {
        "case": "scenario",
        "stage": 1,
        "begin": made.begin,
        "end": made.end,
        "hub_limit": HUB_LIMIT,
        "auditor": AUDITOR,
    }
    pair.tracer.open("Holder", terms)
    pair.pass_on()
    pair.b.accept()
    assert pair.pass_on() is None
    pair.fetch()
    warrant, shares = papers(pair.a.terms_document(), list(made.seeds), budgets=PLENTY)
    pair.b.start(documents(pair.holder, warrant), ())
    pair.a.start(documents(pair.tracer, warrant), shares)
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced", pair.a.row
    graph = read_graph(CaseFolder.open(pair.a.result()))
    offer = pair.a.terms
    assert offer is not None
    own, theirs = (window(store, offer, tmp_path) for store in stores)
    sides = {"Tracer": own, "Holder": theirs}
    vault = pair.b.state.kept.vault  # type: ignore[union-attr]  # the oracle unmasks everything
    names = {text: bytes.fromhex(text[2:]) for text in graph.vertices["vertex"].to_pylist() if text.startswith("p:")}
    numbers = {text: str(vault.number(vault.find(name))) for text, name in names.items()}
    expected = pooled(sides, list(made.seeds), 2)
    found = compare(graph, numbers, expected)
    assert found.equal, found
    oracle = naive(sides, list(made.seeds), 2)
    assert dict(expected.hops) == oracle.hop
    assert set(zip(*(expected.pairs[name].to_pylist() for name in ("a", "b", "holder")), strict=True)) == oracle.pairs
    assert found.pairs == len(oracle.pairs) > 1_000
    assert len(numbers) > 100
