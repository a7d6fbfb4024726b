"""Every number that the first version of the method uses, in one place; ``findings.json`` repeats them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

__all__ = ["FIRST_VERSION", "METHOD", "METHOD_VERSION", "Parameters"]

METHOD: Final = "two-walks-logistic"
METHOD_VERSION: Final = 1


@final
@dataclass(frozen=True, slots=True)
class Parameters:
    """Defaults, set or fitted on ``bench/cells_simulation.py``, which judges nothing (docs/explain/cells.md)."""

    heat_time: float = 5.0  # t of the heat kernel
    follow: float = 0.85  # PageRank: the share that walks on
    tau: float = 20.0  # regularised degree d + tau
    plain_tau: float = 1e6  # as good as no division by degree
    together_gain: float = 1.5  # weight of standing together against a plain contact
    rounds: int = 2  # in later rounds the first probabilities are soft seeds
    soft_weight: float = 0.5  # weight of all soft seeds together against all seeds
    first: tuple[float, ...] = (0.51, 0.27, 0.19, 0.43, 0.13, 0.16, 2.16, 0.16)
    second: tuple[float, ...] = (-3.19, 0.29, 0.12, 0.01, 0.0, 0.98, 1.14, 0.92)
    chance_rate: float = 0.014  # innocents listed of innocents inside the bound, in the simulation
    listed_at: float = 0.5
    records_shown: int = 12
    numbers_shown: int = 5
    explained: int = 1000  # as many numbers get every reason; those after them the nearest one
    few_others: int = 15  # a shared contact with at most so many contacts is one that few others have
    ratio_limit: float = 10_000.0
    succession_rounds: int = 3
    succession_turn: float = 4.0  # log-likelihood by which two rates explain a turning number better than one
    succession_base: float = 50.0  # weight of everybody's contacts in the Dirichlet-multinomial ratio
    succession_gap: float = 0.35  # of the whole time, at most, between fading and rising
    succession_meetings: int = 250_000  # a contact shared by more candidate pairs than that tells nothing
    succession_weights: tuple[float, ...] = (0.322, 2.601, 0.0, 0.664, 3.964)  # see speaking()
    succession_none: float = 113.4  # likelihood of none of the candidates
    succession_line: tuple[float, ...] = (4.993, 1.256)  # fitted on the simulation: log-ratio = a + b * link


FIRST_VERSION: Final = Parameters()
