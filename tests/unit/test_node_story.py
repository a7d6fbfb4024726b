"""Two nodes trace jointly over loopback, from the cards to the closing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from tests.node_pair import BRIDGE, REACHED, SEED, two


def test_two_nodes_trace_jointly_and_close(tmp_path: Path) -> None:
    async def story() -> None:
        async with two(tmp_path) as pair:
            await pair.traced()
            graph = read_graph(CaseFolder.open(await asyncio.to_thread(pair.tracer.one.result)))
            assert graph.vertices.num_rows == REACHED
            texts = graph.vertices["vertex"].to_pylist()
            assert SEED in texts
            assert BRIDGE in texts
            assert sum(text.startswith("p:") for text in texts) == 1  # known only abroad, not unmasked
            assert set(graph.pairs["holder"].to_pylist()) == {"Tracer", "Holder"}
            await asyncio.to_thread(pair.tracer.one.close)
            await pair.tracer.until("closed")
            await pair.holder.until("closed")

    asyncio.run(story())
