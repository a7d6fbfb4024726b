"""Real processes over a bad line, killed at random meanwhile: the graph is the pooled one, and nothing is asked twice.

The line is a proxy of the test's own, since network namespaces need rights that a check may not have.
"""

from __future__ import annotations

import json
import random
import signal
import tempfile
import time
from pathlib import Path

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.effects import system_clock
from tests.bad_line import BadLine
from tests.node_pair import OWN, SEED, THEIRS, call, free_port
from tests.node_processes import Process, drafted_and_signed, two_processes

HOPS = 4
KILLS = 4
ASKED = {"Ask", "AskRows", "Close", "Offer", "Recognise", "Start"}
WINDOW = ["--from", "2026-03-02", "--through", "2026-03-08"]
CHAIN = [call(f"+33612{at:06}", f"+33612{at + 1:06}", at % 60) for at in range(3, 60)]


def line_to(process: Process, dice: random.Random) -> BadLine:
    """The line to a node: its card names the line's end, and the node itself listens elsewhere."""
    settings = process.node / "node.json"
    found = json.loads(settings.read_text())
    port, to = int(found["address"].rsplit(":", 1)[1]), free_port()
    settings.write_text(json.dumps({**found, "address": f"127.0.0.1:{to}"}))
    return BadLine(port, to, dice)


def reached(rows: list[tuple[str, str]], hops: int) -> dict[str, int]:
    """The hops of the pooled trace, in a few lines: no number here is a hub."""
    found = {SEED: 0}
    for hop in range(hops):
        for number in [number for number, at in found.items() if at == hop]:
            for a, b in rows:
                for one, other in ((a, b), (b, a)):
                    if one == number:
                        found.setdefault(other, hop + 1)
    return found


def test_a_bad_line_and_kills_lose_nothing_and_ask_nothing_twice() -> None:
    dice = random.Random(11)
    with tempfile.TemporaryDirectory(prefix="clew") as folder:
        tracer, holder = both = two_processes(Path(folder), OWN, [*THEIRS, *CHAIN])
        lines = [line_to(process, dice) for process in both]
        try:
            for process in both:
                process.serve()
            tracer.case("open", "--partner", "Holder", "--case", "lantern-7", *WINDOW)
            holder.until("offered")
            holder.case("accept", "1")
            tracer.until("committed")
            assert tracer.case("status", "1", "--wait")["snapshot"] == "whole"
            warrant, seeds = drafted_and_signed(tracer, Path(folder), hops=HOPS)
            holder.case("start", "1", "--warrant", warrant)
            tracer.case("start", "1", "--warrant", warrant, "--seeds", seeds)
            for _ in range(KILLS):
                time.sleep(dice.uniform(0, 0.4))
                killed = dice.choice(both)
                killed.end(signal.SIGKILL)
                killed.serve()
            tracer.until("traced", 120)
            graph = read_graph(CaseFolder.open(Path(tracer.case("result", "1")["folder"])))
            found = dict(zip(graph.vertices["vertex"].to_pylist(), graph.vertices["hop"].to_pylist(), strict=True))
            expected = reached([(row[0], row[1]) for row in [*OWN, *THEIRS, *CHAIN]], HOPS)
            assert sorted(found.values()) == sorted(expected.values())
            named = {number: hop for number, hop in found.items() if not number.startswith("p:")}
            assert named == {number: expected[number] for number in named}
            tracer.case("close", "1")
            tracer.until("closed", 120)
            holder.until("closed")
            for process in both:
                receipt = process.case("status", "1")["receipt"]["messages"]
                asked = sorted(one["kind"] for one in receipt if one["kind"] in ASKED)
                assert asked == ["Ask"] * (HOPS + 1) + ["AskRows"] * HOPS + ["Close", "Offer", "Recognise", "Start"]
                log = FileLog(process.node / "cases" / "1-lantern-7" / "log" / "log.jsonl", system_clock)
                bodies = [entry.entry.body for entry in log.entries()]
                marks = [(body["step"], body["part"]) for body in bodies if "step" in body]
                assert len(marks) == len(set(marks))
            assert {fate for line in lines for fate in line.fates} - {"good"}  # the line was bad
        finally:
            for process in both:
                process.end()
            for line in lines:
                line.close()
