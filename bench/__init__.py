"""Benchmarks against targets, peers and the committed ratios: ``python -m bench``.

A benchmark is a module with ``run(context) -> list[Figure]``. What is compared with ``baseline.json`` is always a
ratio between two things measured in the same run, or between a target and a measure, so that machines can differ.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Context", "Figure", "cores"]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Context:
    """What the benchmarks of one run share. ``store`` is made by the import and read by the traces."""

    folder: Path  # emptied after the run
    rows: int
    repeats: int
    whole_peers: bool = False  # peers at the full size even where that takes minutes

    @property
    def full(self) -> bool:
        """Whether the run is of the size for which targets and ratios are stated."""
        return self.rows >= 10_000_000

    @property
    def file(self) -> Path:
        """Made-up rows as CSV."""
        return self.folder / "traffic.csv"

    @property
    def store(self) -> Path:
        """The rows, imported."""
        return self.folder / "store"


@dataclass(frozen=True)
class Figure:
    """One measure. ``least`` or ``most`` is its target; ``ratio`` is kept in ``baseline.json``, higher is better."""

    name: str
    value: float
    unit: str
    note: str = ""
    least: float | None = None
    most: float | None = None
    ratio: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target, if there is one, is reached."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def depends_on_machine(self) -> bool:
        """Whether a faster machine would show a better value: a time or a rate, no ratio and no size."""
        return self.unit == "s" or self.unit.endswith("/s")
