"""Real processes, killed at random moments: the joint trace goes on, and its graph is the same."""

from __future__ import annotations

import json
import random
import signal
import tempfile
import time
from pathlib import Path

from clew.audit.log import FileLog
from clew.effects import system_clock
from tests.node_pair import OWN, THEIRS, call
from tests.node_processes import Process, drafted_and_signed, two_processes

KILLS = 8
CHAIN = [call(f"+33612{at:06}", f"+33612{at + 1:06}", at % 60) for at in range(3, 60)]
"""More rows than one page of the database, so that the snapshot and the lists take a while."""


def kill_and_serve(process: Process) -> None:
    process.end(signal.SIGKILL)
    process.serve()


def test_either_process_may_be_killed_at_any_moment() -> None:
    dice = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="clew") as folder:
        tracer, holder = both = two_processes(Path(folder), OWN, [*THEIRS, *CHAIN])
        try:
            for process in both:
                process.serve()
            window = ["--from", "2026-03-02", "--through", "2026-03-08"]
            tracer.case("open", "--partner", "Holder", "--case", "lantern-7", *window)
            kill_and_serve(tracer)
            holder.until("offered")
            kill_and_serve(holder)
            holder.case("accept", "1")
            kill_and_serve(holder)  # it seals its snapshot, or has just sealed it
            tracer.until("committed")
            tracer.case("status", "1", "--wait")
            warrant, seeds = drafted_and_signed(tracer, Path(folder), hops=4)
            holder.case("start", "1", "--warrant", warrant)
            tracer.case("start", "1", "--warrant", warrant, "--seeds", seeds)
            for _ in range(KILLS):
                time.sleep(dice.uniform(0, 0.3))
                kill_and_serve(dice.choice(both))
            tracer.until("traced")
            graph = Path(tracer.case("result", "1")["folder"]) / "graph" / "stage-1-graph.json"
            bound = json.loads(graph.read_text())["bound"]
            assert bound["numbers_by_hop"] == [1, 3, 2, 1, 1]
            for process in both:
                receipt = process.case("status", "1")["receipt"]["messages"]
                asked = sorted(one["kind"] for one in receipt if one["kind"] in {"Ask", "Recognise", "Start", "Offer"})
                assert asked == ["Ask"] * 5 + ["Offer", "Recognise", "Start"]  # nothing was asked twice
                log = FileLog(process.node / "cases" / "1-lantern-7" / "log" / "log.jsonl", system_clock)
                bodies = [entry.entry.body for entry in log.entries()]
                marks = [(body["step"], body["part"]) for body in bodies if "step" in body]
                assert len(marks) == len(set(marks))
        finally:
            for process in both:
                process.end()
