"""How probably each number belongs to the closed calling group of the seeds.

Two walks, each with and without division by degree (no single ranking wins everywhere), give four log-ranks; a
logistic function with fixed coefficients, none of them negative, fuses them with the contacts that a number has in the
group, those it shares with it, what part of its own contacts that is, and how much they stand together in time. A
second round takes the first probabilities as soft seeds. Source of the coefficients: ``bench/fit_cells.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from clew.cells.contacts import Bools, Contacts, Floats
from clew.cells.parameters import Parameters
from clew.cells.together import Together
from clew.cells.walks import heat_kernel, page_rank, regularised, transition

__all__ = ["FEATURES", "Membership", "belonging", "features_of"]

FEATURES = ("heat", "together", "heat_plain", "together_plain", "group_contacts", "common", "inside", "haste", "seeds")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Membership:
    """For every number of the graph. ``ranked`` marks those that have a probability: reached, no seeds, no hubs."""

    ranked: Bools
    probability: Floats
    score: Floats  # log-odds before rounding; orders
    heat: Floats
    together: Floats


def belonging(contacts: Contacts, together: Together | None, parameters: Parameters) -> Membership:
    """The membership of every number; nobody is ranked where no seed gives weight."""
    soft = np.zeros(contacts.size)
    features = features_of(contacts, together, soft, parameters)
    coarse = (parameters.first_coarse, parameters.second_coarse)
    rounds = coarse if together is None else (parameters.first, parameters.second)
    for number in range(parameters.rounds):
        coefficients = rounds[min(number, 1)]
        if number:
            features = features_of(contacts, together, soft, parameters)
        score = np.round(coefficients[0] + features.columns @ np.asarray(coefficients[1:]), 9)
        probability = np.where(features.ranked, 1.0 / (1.0 + np.exp(-score)), 0.0)
        soft = probability
    return Membership(features.ranked, np.round(probability, 4), score, features.heat, features.together)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Features:
    """One row of ``columns`` for each number, in the order of ``FEATURES``; more speaks for belonging."""

    ranked: Bools
    columns: Floats
    heat: Floats
    together: Floats


def features_of(contacts: Contacts, together: Together | None, soft: Floats, parameters: Parameters) -> Features:
    """The features, with ``soft`` as the probabilities of the round before (zeros in the first)."""
    sources = contacts.sources
    seeds = sources.astype(np.float64)
    start = seeds / max(seeds.sum(), 1.0)
    if soft.any():
        start = (start + parameters.soft_weight * soft / soft.sum()) / (1.0 + parameters.soft_weight)
    passable = ~contacts.hub
    plain = contacts.matrix(np.ones(len(contacts.left)))
    weight = pair_weights(contacts, together, parameters)
    timed = contacts.matrix(weight)
    degree = np.maximum(contacts.degree, contacts.known_contacts).astype(np.float64)
    heat = heat_kernel(transition(plain, passable), start, parameters.heat_time)
    rank = page_rank(transition(timed, passable), start, parameters.follow)
    ranked = (heat > 0) & ~contacts.seed & ~contacts.hub
    scores = [
        regularised(weights, degree, tau) for tau in (parameters.tau, parameters.plain_tau) for weights in (heat, rank)
    ]
    group = seeds + soft
    volume = np.asarray(timed.sum(axis=1)).ravel()
    columns = np.column_stack(
        [
            *(log_rank(values, ranked) for values in scores),
            np.log1p(plain @ group),
            np.log1p(plain @ (passable * np.minimum(plain @ group, 4.0) / np.log(2.0 + degree))),
            (timed @ group) / np.maximum(volume, 1e-9),
            np.log1p(contacts.matrix(pair_haste(contacts, together)) @ group),
            np.full(contacts.size, np.log(max(seeds.sum(), 1.0))),  # the same for all: sets the level, not the order
        ]
    )
    return Features(ranked, np.where(ranked[:, None], columns, 0.0), scores[0], scores[1])


def pair_weights(contacts: Contacts, together: Together | None, parameters: Parameters) -> Floats:
    """The weight of every pair for the timed walk: root of its contacts, each counting more where it stands together.

    Without events every contact counts alike.
    """
    events = contacts.events
    if events is None or together is None:
        return np.sqrt(contacts.count.astype(np.float64))
    gain = 1.0 + parameters.together_gain * together.gain()
    return np.asarray(np.sqrt(np.bincount(events.pair, gain, len(contacts.left))))


def pair_haste(contacts: Contacts, together: Together | None) -> Floats:
    """How much the contacts of each pair stand together with others, summed; zeros without events."""
    events = contacts.events
    if events is None or together is None:
        return np.zeros(len(contacts.left))
    return np.asarray(np.bincount(events.pair, together.gain(), len(contacts.left)), np.float64)


def log_rank(values: Floats, ranked: Bools) -> Floats:
    """Minus the log of the rank among the ranked, 0 for the first; equals share their mean rank."""
    shown = np.where(ranked, values, -np.inf)
    ordered = np.sort(-shown[ranked])
    first = np.searchsorted(ordered, -shown, "left")
    last = np.searchsorted(ordered, -shown, "right")
    return np.where(ranked, -np.log((first + last + 1) / 2.0), 0.0)
