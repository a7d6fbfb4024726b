"""Whether the holder's answers hold, each by its proof, under the keys and records that it committed to.

It takes nobody's secret: the tracer asks at once, and an auditor asks the same years later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from clew.joint import context, group
from clew.joint.found import Vertices
from clew.joint.messages import Ask, Names, Recognise, Recognised, Rows, SealedSeeds
from clew.joint.refusals import check_failed
from clew.joint.terms import Order, Roots
from clew.warrants.authorisation import Authorisation, Blinded

__all__ = ["Answers"]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What every answer of a trace is bound to. Each method returns if the answer holds, else raises ``PeerError``."""

    order: Order
    roots: Roots
    warrant: Authorisation
    keys: group.HolderKeys

    def seeds(self, answer: SealedSeeds) -> None:
        """A seal for each point of the warrant (spec 5.1)."""
        points = group.points(b"".join(seed.point for seed in self.warrant.seeds if isinstance(seed, Blinded)))
        seals = group.points(answer.seals)
        if len(seals) != len(points):
            raise check_failed("the partner sealed another number of seeds")
        group.verify_seeds(self.keys, points, seals, self._run, answer.proof)

    def recognised(self, asked: Recognise, answer: Recognised) -> None:
        """A name for each of the tracer's own numbers (spec 5.2)."""
        points, names = group.points(asked.points), group.points(answer.points)
        if len(points) != len(names):
            raise check_failed("the partner named another number of recognised numbers")
        group.verify_recognition(self.keys, points, names, self._run, answer.proof)

    def names(self, asked: Ask, answer: Names) -> None:
        """A name for each item of a hop's list (spec 6.3)."""
        sealed, declared = context.items(asked)
        names = group.points(answer.points)
        if len(names) != len(sealed) + len(declared):
            raise check_failed("the partner named another number of items")
        said = context.names(self.order, self.roots, self.warrant, asked.hop, asked.evidence)
        group.verify_names(self.keys, sealed, declared, names, said, answer.proof)

    def rows(self, listed: Ask, named: Names, positions: Vertices, answer: Rows) -> None:
        """A row point for each of these positions of a list that was named (spec 6.4)."""
        points = group.points(answer.points)
        if len(points) != len(positions):
            raise check_failed("the partner gave another number of row points")
        said = context.rows(self.order, self.roots, self.warrant, named)
        items, names = context.items(listed), group.points(named.points)
        group.verify_row_points(self.keys, *items, names, positions, points, said, answer.proof)

    @property
    def _run(self) -> bytes:
        return context.run(self.order, self.roots, self.warrant)
