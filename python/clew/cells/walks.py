"""The two walks whose weights rank the numbers, both divided by the regularised degree ``d + tau``.

Heat kernel: Kloster and Gleich, "Heat kernel based community detection", KDD 2014. Personalised PageRank with a
regularised degree: Chen, Zhang and Rohe, arXiv 1910.12937. Neither walk leaves a hub, as chaining did not.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from clew.cells.contacts import Bools, Floats, Matrix

__all__ = ["heat_kernel", "page_rank", "regularised", "transition"]

_PRECISION = 1e-13


def transition(weights: Matrix, passable: Bools) -> Matrix:
    """The column-stochastic step matrix of a symmetric weight matrix; columns of numbers not passable are zero."""
    leaving = np.asarray(weights.sum(axis=0)).ravel()
    share = np.divide(passable.astype(np.float64), leaving, out=np.zeros_like(leaving), where=leaving > 0)
    return sparse.csr_array(weights @ sparse.diags_array(share))


def heat_kernel(step: Matrix, source: Floats, time: float) -> Floats:
    """``exp(-time (I - step)) source``, by its Taylor series, to about 1e-13."""
    term = np.exp(-time) * source
    total = term.copy()
    order = 0
    while order < time or np.abs(term).sum() > _PRECISION:
        order += 1
        term = (time / order) * (step @ term)
        total += term
    return np.asarray(total)


def page_rank(step: Matrix, source: Floats, follow: float) -> Floats:
    """``(1 - follow) sum_k (follow step)^k source``, to about 1e-13: the walk that starts again with 1 - follow."""
    term = (1.0 - follow) * source
    total = term.copy()
    while np.abs(term).sum() > _PRECISION:
        term = follow * (step @ term)
        total += term
    return np.asarray(total)


def regularised(weight: Floats, degree: Floats, tau: float) -> Floats:
    """``log(p / (d + tau))``; minus infinity where no weight arrives.

    Nine decimals: beyond them the order of additions shows, and numbers that stand alike must stay equal.
    """
    with np.errstate(divide="ignore"):
        return np.round(np.log(weight / (degree + tau)), 9)
