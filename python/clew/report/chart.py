"""The two pictures of a report as numbers ready to draw: the group's chart and the week's table.

Both are computed, never laid out by chance: the same case gives the same picture on screen, on paper and in court.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.chain.graph import HOURS

__all__ = [
    "Edge",
    "Group",
    "Node",
    "contacts_of",
    "group_chart",
    "most_tied",
    "pairs_among",
    "shades",
    "week_of",
]

_SIZE = 1000
_INNER, _OUTER = 100.0, 275.0
_LABEL = 20
_SHADES = 5


@final
@dataclass(frozen=True, slots=True)
class Node:
    """A number in the chart: where it stands, and how its label is turned so that no two lie upon each other."""

    label: str
    seed: bool
    x: float
    y: float
    label_x: float
    label_y: float
    turn: float
    anchor: str


@final
@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two numbers; ``width`` grows with the logarithm of their contacts."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float


@final
@dataclass(frozen=True, slots=True)
class Group:
    """The chart: nodes, edges, and the side of the square it is drawn in."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    size: int


def pairs_among(pairs: pa.Table, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of ``pairs`` whose two ends are both among ``numbers``, in the table's order (a, b, holder)."""
    wanted = pa.array(numbers, pa.string())
    inside = pc.and_(pc.is_in(pairs["a"], value_set=wanted), pc.is_in(pairs["b"], value_set=wanted))
    rows: list[dict[str, Any]] = pairs.filter(inside).to_pylist()
    return rows


def contacts_of(row: dict[str, Any]) -> int:
    """All contacts of one row of pairs: calls, messages, missed and forwarded calls, both ways."""
    return sum(row[f"{kind}_{way}"] for kind in ("calls", "messages", "missed", "forwarded") for way in ("ab", "ba"))


def most_tied(pairs: pa.Table, seeds: Sequence[str], leads: Sequence[str], most: int) -> list[str]:
    """Of the seeds as many as ``most``, in their order: those in contact with most of the leads, then those with most
    contacts with them. A chart of the first ones by name would leave out most of what ties its leads to anybody."""
    ties: dict[str, dict[str, int]] = {seed: {} for seed in seeds}
    drawn = frozenset(leads)
    for row in pairs_among(pairs, [*seeds, *leads]):
        for seed, lead in ((row["a"], row["b"]), (row["b"], row["a"])):
            if seed in ties and lead in drawn:
                ties[seed][lead] = max(ties[seed].get(lead, 0), contacts_of(row))
    order = sorted(seeds, key=lambda seed: (-len(ties[seed]), -sum(ties[seed].values()), seed))
    chosen = frozenset(order[:most])
    return [seed for seed in seeds if seed in chosen]


def group_chart(seeds: Sequence[str], leads: Sequence[str], rows: Sequence[dict[str, Any]]) -> Group:
    """Leads on an outer ring clockwise from the top, seeds on an inner one, turned so that their labels end between
    leads; the rows of several holders give one line."""
    between = 180.0 / max(1, len(leads))
    inner = _ring(seeds, _INNER if len(seeds) > 1 else 0.0, between, seed=True)
    nodes = inner + _ring(leads, _OUTER, 0.0, seed=False)
    places = {number: node for number, node in zip([*seeds, *leads], nodes, strict=True)}
    most: dict[tuple[str, str], int] = {}
    for row in rows:
        pair = (row["a"], row["b"])
        most[pair] = max(most.get(pair, 0), contacts_of(row))
    edges = [
        Edge(places[a].x, places[a].y, places[b].x, places[b].y, round(0.6 + math.log2(1 + contacts) / 2, 2))
        for (a, b), contacts in sorted(most.items())
    ]
    return Group(tuple(nodes), tuple(edges), _SIZE)


def _ring(numbers: Sequence[str], radius: float, turned: float, *, seed: bool) -> list[Node]:
    nodes = []
    for place, number in enumerate(numbers):
        angle = 360.0 * place / max(1, len(numbers)) + turned - 90.0
        across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        left = across < -1e-9
        label = number if len(number) <= _LABEL else number[: _LABEL - 1] + "…"
        nodes.append(
            Node(
                label,
                seed,
                round(_SIZE / 2 + radius * across, 2),
                round(_SIZE / 2 + radius * down, 2),
                round(_SIZE / 2 + (radius + 13) * across, 2),
                round(_SIZE / 2 + (radius + 13) * down, 2),
                round(angle + 180.0 if left else angle, 2),
                "end" if left else "start",
            )
        )
    return nodes


def week_of(rows: Sequence[dict[str, Any]]) -> npt.NDArray[np.int64]:
    """Contacts by day and hour, 7 x 24, Monday first; of several holders' rows of a pair the larger count is taken."""
    by_pair: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
    for row in rows:
        pair = (row["a"], row["b"])
        hours = np.asarray(row["hours"], dtype=np.int64)
        by_pair[pair] = np.maximum(by_pair[pair], hours) if pair in by_pair else hours
    total = sum(by_pair.values(), np.zeros(HOURS, dtype=np.int64))
    return np.asarray(total, dtype=np.int64).reshape(7, 24)


def shades(week: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How dark each cell is, 0 (none) to 5 (the most)."""
    return -(-week * _SHADES // max(1, int(week.max())))
