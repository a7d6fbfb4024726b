"""Two nodes over real sockets trace VAST 2008, of which each has imported a half: their graph is the pooled one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.chain.graph import TracedGraph
from clew.joint.snapshot import Vault
from clew.node.identity import Identity
from tests.node_pair import AUDITOR, BUDGETS, Side, Two, node_over, papers, pin, serving, until
from tests.protocol.parties import pooled
from tests.protocol.test_public_data import VAST, doubled, hops_of, window_of


def test_two_nodes_with_half_of_vast_each_find_the_pooled_graph(tmp_path: Path) -> None:
    stores = {}
    for name, lines in zip(("iq", "fr"), doubled(VAST.lines()), strict=True):
        stores[name] = VAST.store(tmp_path / name, lines)
    a, b = (node_over(tmp_path / name, name, tmp_path / name / "store") for name in stores)
    pin(a, b)
    pin(b, a)
    graph, vault = asyncio.run(joint_trace(a, b))
    parties = {name: window_of(store, VAST, VAST.hub_limit) for name, store in stores.items()}
    expected = pooled(parties, VAST.seeds, VAST.hops)

    def number(text: str) -> str:
        return str(vault.number(vault.find(bytes.fromhex(text[2:])))) if text.startswith("p:") else text

    assert {number(text): hop for text, hop in hops_of(graph).items()} == expected.hop
    pairs = [(*sorted((number(row["a"]), number(row["b"]))), row["holder"]) for row in graph.pairs.to_pylist()]
    assert len(pairs) == len(expected.pairs) > 50
    assert set(pairs) == expected.pairs


async def joint_trace(a: Identity, b: Identity) -> tuple[TracedGraph, Vault]:
    """The graph in the tracer's case folder, and the table of the holder, which unmasks everything for the oracle."""
    begin, end = VAST.window
    terms = {"case": "vast", "stage": 1, "begin": begin, "end": end, "hub_limit": VAST.hub_limit, "auditor": AUDITOR}
    async with serving(Two(Side(a), Side(b))) as pair:
        await asyncio.to_thread(pair.tracer.desk.open, "fr", terms)
        await pair.holder.until("offered")
        await asyncio.to_thread(pair.holder.one.accept)
        await pair.tracer.until("committed")
        await until(lambda: pair.tracer.one.snapshot_file.exists(), pair.tracer)
        budgets = replace(BUDGETS, declared=10_000)
        seeds = list(VAST.seeds)
        warrant, shares = papers(pair.tracer.one.terms_document(), seeds, hops=VAST.hops, budgets=budgets)
        await pair.start(pair.holder, warrant)
        await pair.start(pair.tracer, warrant, shares)
        await pair.tracer.until("traced")
        vault = pair.holder.one.state.kept.vault  # type: ignore[union-attr]
        return read_graph(CaseFolder.open(pair.tracer.one.result())), vault
