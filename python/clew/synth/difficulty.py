"""How hard a scenario is, measured with two plain rankings that anybody can repeat (``docs/reference/scenario.md``).

This is a check of the generator, not a method of Clew: it looks at the whole population, which no step of Clew can.
PD is the share of the group's numbers (seeds apart) ranked above the threshold that a share ``pfa`` of all innocent
numbers exceeds. A reference simulation of the same kind of scenario gave .47 for call-weighted PageRank by volume and
.08 for common contacts at a PFA of 1e-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from clew.synth.population import Role
from clew.synth.scenario import Scenario

__all__ = ["Difficulty", "difficulty"]

Floats = npt.NDArray[np.float64]

_RESTART: Final = 0.15
_SWEEPS: Final = 40


@final
@dataclass(frozen=True, slots=True)
class Difficulty:
    """PD at the given PFA of each plain ranking over everybody, and how many of the group lie within two and three
    hops of the seeds, numbers of more than ``hub_limit`` contacts not passed."""

    common_contacts: float
    pagerank: float
    pagerank_by_volume: float
    within_two: float
    within_three: float
    innocents_within_two: int
    innocents_within_three: int


def difficulty(made: Scenario, *, pfa: float = 1e-3, hub_limit: int = 200) -> Difficulty:
    """The two plain rankings of all numbers from the scenario's seeds, over the whole time."""
    contacts = made.contacts()
    names = pc.unique(pa.concat_arrays([*contacts["a"].chunks, *contacts["b"].chunks]))
    one = pc.index_in(contacts["a"], names).to_numpy()
    two = pc.index_in(contacts["b"], names).to_numpy()
    count = len(names)
    different = one != two
    ones = np.ones(int(different.sum()))
    half = sparse.coo_matrix((ones, (one[different], two[different])), shape=(count, count))
    calls = sparse.csr_matrix(half + half.T)
    ties = sparse.csr_matrix((np.ones(calls.nnz), calls.indices, calls.indptr), shape=calls.shape)
    persons = dict(zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True))
    roles = made.persons["role"].to_pylist()
    member = np.array([roles[persons[name]] == Role.MEMBER for name in names.to_pylist()])
    seeds = _places(names.to_pylist(), made.seeds)
    restart = np.zeros(count)
    restart[seeds] = 1 / len(seeds)
    walk = _pagerank(calls, restart)
    volume = np.asarray(calls.sum(axis=1)).ravel()
    reached = _hops(ties, seeds, hub_limit)
    judged = np.ones(count, dtype=bool)
    judged[seeds] = False

    def detected(score: Floats) -> float:
        innocents = np.sort(score[judged & ~member])[::-1]
        threshold = innocents[int(pfa * len(innocents))]
        return float((score[judged & member] > threshold).mean())

    return Difficulty(
        common_contacts=detected(np.asarray(ties @ (ties @ (restart > 0).astype(float))).ravel()),
        pagerank=detected(walk),
        pagerank_by_volume=detected(walk / np.maximum(volume, 1)),
        within_two=float((reached[judged & member] <= 2).mean()),
        within_three=float((reached[judged & member] <= 3).mean()),
        innocents_within_two=int((reached[judged & ~member] <= 2).sum()),
        innocents_within_three=int((reached[judged & ~member] <= 3).sum()),
    )


def _places(names: list[str], seeds: tuple[str, ...]) -> npt.NDArray[np.int64]:
    where = {name: place for place, name in enumerate(names)}
    return np.array([where[seed] for seed in seeds], dtype=np.int64)


def _pagerank(calls: sparse.csr_matrix, restart: Floats) -> Floats:
    """The walk that follows calls in proportion to their number and returns to the seeds."""
    volume = np.maximum(np.asarray(calls.sum(axis=1)).ravel(), 1)
    walk = restart.copy()
    for _ in range(_SWEEPS):
        walk = _RESTART * restart + (1 - _RESTART) * np.asarray(calls.T @ (walk / volume)).ravel()
    return walk


def _hops(ties: sparse.csr_matrix, seeds: npt.NDArray[np.int64], hub_limit: int) -> npt.NDArray[np.int64]:
    hops = np.full(ties.shape[0], 99, dtype=np.int64)
    hops[seeds] = 0
    small = np.diff(ties.indptr) <= hub_limit
    for hop in (1, 2, 3):
        frontier = ((hops == hop - 1) & small).astype(float)
        hops[(np.asarray(ties @ frontier).ravel() > 0) & (hops == 99)] = hop
    return hops
