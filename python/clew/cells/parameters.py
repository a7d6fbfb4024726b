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
    """Defaults, set by hand or fitted by ``bench/fit_cells.py`` and ``bench/fit_successions.py``."""

    heat_time: float = 5.0  # t of the heat kernel
    follow: float = 0.85  # PageRank: the share that walks on
    tau: float = 20.0  # regularised degree d + tau
    plain_tau: float = 1e6  # as good as no division by degree
    together_gain: float = 1.5  # weight of standing together against a plain contact
    rounds: int = 2  # in later rounds the first probabilities are soft seeds
    soft_weight: float = 0.5  # weight of all soft seeds together against all seeds
    # Coefficients: the constant, then one for each of clew.cells.membership.FEATURES.
    first: tuple[float, ...] = (-0.012, 0.394, 0.279, 0.0, 0.0, 0.0, 1.879, 0.287, 0.834, 0.064)
    second: tuple[float, ...] = (-1.006, 0.512, 0.1, 0.0, 0.0, 0.0, 0.0, 1.289, 1.373, 0.202)
    # The same for graphs without single contacts.
    first_coarse: tuple[float, ...] = (0.325, 0.669, 0.1, 0.0, 0.0, 0.076, 2.112, 1.442, 0.0, 0.134)
    second_coarse: tuple[float, ...] = (-1.603, 0.453, 0.1, 0.0, 0.0, 0.728, 0.688, 1.243, 0.0, 0.224)
    wrong_shares: tuple[float, ...] = (0.40, 0.25, 0.05)  # held out, of numbers given 0.5, 0.7, 0.9 or more: innocents
    listed_at: float = 0.5
    records_shown: int = 12
    numbers_shown: int = 5
    explained: int = 1000  # as many numbers get every reason; those after them the nearest one
    few_others: int = 15  # a shared contact with at most so many contacts is one that few others have
    ratio_limit: float = 10_000.0
    succession_least: float = 10.0  # pairs below it were wrong nine times in ten in held-out cases, and are not written
    succession_rounds: int = 3
    succession_turn: float = 4.0  # log-likelihood by which two rates explain a turning number better than one
    succession_base: float = 50.0  # weight of everybody's contacts in the Dirichlet-multinomial ratio
    succession_gap: float = 0.35  # of the whole time, at most, between fading and rising
    succession_meetings: int = 250_000  # a contact shared by more candidate pairs than that tells nothing
    succession_weights: tuple[float, ...] = (0.337, 1.434, 0.0, 0.713, 5.138)  # see speaking()
    succession_none: float = 14.865  # likelihood of chance, for each pair that was tried
    succession_line: tuple[float, ...] = (3.603, 0.961)  # log-ratio = a + b * log of the rival-divided likelihood


FIRST_VERSION: Final = Parameters()
