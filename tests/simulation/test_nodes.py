"""Two nodes as they are, database, log and case folder, under schedules of what people do and what a machine does.

Each side accepts, starts, pauses, goes on, or ends the trace at any moment; a log cannot be written just when a step is
committed, a process is killed and starts again, and a clock stands behind. When all that is over and the line is up,
both sides know the same end.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clew.effects import system_clock
from clew.errors import ClewError, StorageError
from clew.node.desk import Desk
from clew.node.running import Running
from clew.node.states import ENDED
from clew.node.told import Answer, Nothing
from clew.node.trace_files import TraceFiles
from tests.node_pair import BEGIN, END, Desks, desks, documents

SCHEDULES = 24
STEPS = 16
TERMS = {"case": "c", "stage": 1, "begin": BEGIN, "end": END, "hub_limit": 200, "auditor": "0" * 64}
SIDES = ("tracer", "holder")


@dataclass
class World:
    """Both nodes, what befalls them, and what was done."""

    folder: Path
    behind: timedelta = timedelta()
    did: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    pair: Desks = field(init=False)

    def __post_init__(self) -> None:
        self.pair = desks(self.folder, self.clock)

    def clock(self) -> datetime:
        return system_clock() - self.behind

    def desk(self, side: str) -> Desk:
        return self.pair.tracer if side == "tracer" else self.pair.holder

    def one(self, side: str) -> Running | None:
        found = self.desk(side).traces()
        return found[-1] if found else None

    def carry(self, side: str) -> None:
        """What the runner does for a trace, once."""
        one, other = self.one(side), self.desk("holder" if side == "tracer" else "tracer")
        if one is None or one.paused is not None or one.broken is not None or one.outgoing is None:
            return
        try:
            told = other.arrived(self.desk(side).identity.card, one.outgoing)
        except ClewError as error:
            if error.code == "node.trace-unknown" and one.row.state == "ended":
                one.acknowledged()
            raise
        if isinstance(told, Answer):
            one.answered(told.data)
        elif isinstance(told, Nothing):
            one.acknowledged()

    def start(self) -> None:
        if self.one("holder") is not None:
            warrant, shares = self.pair.papers()
            self.pair.b.start(documents(self.pair.holder, warrant), ())
            self.pair.a.start(documents(self.pair.tracer, warrant), shares)

    def person(self, what: str, side: str) -> None:
        """What a person of that side asks for; ``ClewError`` where it has no place."""
        one = self.one(side)
        if what == "start":
            self.start()
        elif one is None:
            return
        elif what == "accept":
            one.accept()
        elif what == "pause":
            one.pause("our court looks at it")
        elif what == "resume":
            one.go_on()
        elif what == "refuse":
            try:
                one.refuse(f"the {side} says no")
            finally:
                if one.row.state in ENDED and one.row.reason.startswith("the "):
                    self.refused.append(side)
        elif what == "close":
            one.close()

    def settle(self) -> None:
        """Everything is mended, nobody holds anything back, and the line is up."""
        self.behind = timedelta()
        for side in SIDES:
            self.desk(side).look_for_revocations()
            if (one := self.one(side)) is not None and one.paused is not None and one.row.state not in ENDED:
                one.go_on()
        for _ in range(20):
            for side in SIDES:
                attempt(lambda side=side: self.carry(side))  # type: ignore[misc]
            if self.one("holder") is not None and self.pair.a.wants_snapshot:
                attempt(self.pair.fetch)


def attempt(do: object) -> None:
    """A refusal, or an error that names whose fault it is, is an answer; anything else is a bug."""
    try:
        do()  # type: ignore[operator]
    except ClewError:
        return


def play(world: World, dice: random.Random) -> None:
    world.desk("tracer").open("Holder", TERMS)
    attempt(lambda: world.carry("tracer"))
    people = ["accept", "accept", "accept", "start", "start", "pause", "resume", "resume", "refuse", "close"]
    for _ in range(STEPS):
        side, what = dice.choice(SIDES), dice.choice([*people, "carry", "carry", "carry", "carry", "kill", "clock"])
        unwritable = dice.random() < 0.25
        world.did.append(f"{side} {what}{' unlogged' if unwritable else ''}")
        with pytest.MonkeyPatch.context() as patch:
            if unwritable:
                patch.setattr(TraceFiles, "write_log", _unwritable)
            if what == "kill":
                world.pair.restart(side)
            elif what == "clock":
                world.behind = timedelta() if world.behind else timedelta(hours=1)
            elif what == "carry":
                attempt(lambda side=side: world.carry(side))  # type: ignore[misc]
                if world.one("holder") is not None and not world.behind:
                    attempt(world.pair.fetch)
            else:
                attempt(lambda what=what, side=side: world.person(what, side))  # type: ignore[misc]


def _unwritable(*_given: object) -> None:
    raise StorageError("log.unwritable", "the log cannot be written")


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_what_ends_a_trace_on_one_side_ends_it_on_the_other_whatever_befell_them(tmp_path: Path, seed: int) -> None:
    world = World(tmp_path)
    play(world, random.Random(seed))
    world.settle()
    ours = world.one("tracer")
    assert ours is not None
    there = [one for side in SIDES if (one := world.one(side)) is not None]
    for one in there:
        assert one.broken is None, (world.did, one.broken)
        assert one.paused is None
        assert one.trouble_here == "", world.did
        marks = [(e.entry.body["step"], e.entry.body["part"]) for e in one.log.entries() if "step" in e.entry.body]
        assert len(marks) == len(set(marks)), world.did  # nothing is logged twice
        assert one.row.open == (one.row.state not in ENDED), world.did  # no secret outlives a trace
    over = {one.row.state in ENDED for one in there}
    assert len(over) == 1, (world.did, [one.row for one in there])
    if world.refused:
        assert over == {True}, world.did
        assert {one.row.reason for one in there} <= {f"the {side} says no" for side in world.refused}, world.did
    if over == {True}:
        assert all(one.outgoing is None for one in there), world.did
    for side in SIDES:
        world.desk(side).close()
