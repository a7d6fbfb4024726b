"""Fit the coefficients of step 5 on ``bench/cells_simulation.py``: ``python -m bench.fit_cells``.

Training worlds are 1 to 60, worlds 61 to 100 are held out. Prints what belongs into ``clew.cells.parameters``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bench.cells_simulation import World, named, simulate
from clew.cells.contacts import Contacts, read_contacts
from clew.cells.membership import FEATURES, belonging, features_of
from clew.cells.parameters import FIRST_VERSION, Parameters
from clew.cells.together import Together, stand_together
from tests.cells_graphs import trace

RIDGE = 30.0
FAMILIES = ("dedicated", "mixed", "personal", "half", "quiet")


def case(seed: int) -> tuple[Contacts, Together | None, Any]:
    """A world traced from some of its members (every sixth from innocents): arrays, and who is a member."""
    world = simulate(seed, FAMILIES[seed % len(FAMILIES)])
    contacts, names = named(world)
    seeds = seeds_of(world, seed)
    graph = trace(contacts, [names[person] for person in seeds])
    arrays = read_contacts(graph)
    planted = world.members | {world.changes[p][0] for p in world.members if p in world.changes}
    if seed % 6 == 0:
        planted = set()
    truth = {names[person] for person in planted}
    together = stand_together(arrays, arrays.events) if arrays.events else None
    return arrays, together, np.array([n in truth for n in arrays.names])


def seeds_of(world: World, seed: int) -> list[int]:
    """One to four members; in every sixth world people who are nothing."""
    how_many = 1 + seed % 4
    pool = sorted(world.members) if seed % 6 else list(range(2000))
    return [int(p) for p in world.random.choice(pool, min(how_many, len(pool)), replace=False)]


def fit(columns: Any, truth: Any) -> Any:
    """Logistic regression, no coefficient but the first negative; the ridge shares weight among rankings alike."""
    x = np.column_stack([np.ones(len(columns)), columns])

    def loss(w: Any) -> tuple[float, Any]:
        z = x @ w
        value = np.logaddexp(0, z).sum() - z[truth].sum() + 0.5 * RIDGE * (w[1:] ** 2).sum()
        slope = x.T @ (1 / (1 + np.exp(-z)) - truth)
        slope[1:] += RIDGE * w[1:]
        return value, slope

    bounds = [(None, None)] + [(0, None)] * columns.shape[1]
    return minimize(loss, np.r_[-4.0, np.full(columns.shape[1], 0.3)], jac=True, bounds=bounds, method="L-BFGS-B").x


def measures(probability: Any, truth: Any) -> str:
    """PD at PFA 1e-2 and 1e-3 of innocents inside, listed, precision, calibration error."""
    order = np.sort(probability[~truth])[::-1]
    at = [np.mean(probability[truth] > order[int(rate * len(order))]) for rate in (1e-2, 1e-3)]
    listed = probability >= 0.5
    bins = np.clip((probability * 10).astype(int), 0, 9)
    shown = probability > 0.01
    error = sum(
        abs(probability[shown & (bins == b)].mean() - truth[shown & (bins == b)].mean()) * (shown & (bins == b)).sum()
        for b in range(10)
        if (shown & (bins == b)).any()
    ) / max(shown.sum(), 1)
    return (
        f"PD {at[0]:.2f} at 1e-2, {at[1]:.2f} at 1e-3; listed {listed.sum()}, "
        f"of them right {truth[listed].mean():.2f}, recall {listed[truth].mean():.2f}; "
        f"ECE {error:.3f}; innocents listed {listed[~truth].mean():.4f}"
    )


def main() -> None:
    """Fit both rounds, print the parameters and how the held-out worlds come out."""
    train, held = [case(n) for n in range(1, 61)], [case(n) for n in range(61, 101)]
    parameters = FIRST_VERSION
    for settings in ({}, *map(eval, sys.argv[1:])):
        parameters = fitted(train, replace(FIRST_VERSION, **settings))
        print(settings, "first", np.round(parameters.first, 2), "second", np.round(parameters.second, 2))
        for one in (replace(parameters, rounds=1), parameters):
            print("  held out:", one.rounds, "round:", over(held, one))
        single(held, parameters)


def fitted(train: Any, parameters: Parameters) -> Parameters:
    """The parameters with the coefficients of both rounds."""
    rows = [(features_of(c, t, np.zeros(c.size), parameters), y) for c, t, y in train]
    w = fit(np.vstack([f.columns[f.ranked] for f, _ in rows]), np.concatenate([y[f.ranked] for f, y in rows]))
    parameters = replace(parameters, first=tuple(np.round(w, 3)))
    rows = [
        (features_of(c, t, belonging(c, t, replace(parameters, rounds=1)).probability, parameters), y)
        for c, t, y in train
    ]
    w = fit(np.vstack([f.columns[f.ranked] for f, _ in rows]), np.concatenate([y[f.ranked] for f, y in rows]))
    return replace(parameters, second=tuple(np.round(w, 3)))


def over(cases: Any, parameters: Parameters) -> str:
    """The measures over all cases together."""
    found = [(belonging(c, t, parameters), y) for c, t, y in cases]
    return measures(
        np.concatenate([m.probability[m.ranked] for m, _ in found]), np.concatenate([y[m.ranked] for m, y in found])
    )


def single(cases: Any, parameters: Parameters) -> None:
    """Each feature of the first round by itself."""
    rows = [(features_of(c, t, np.zeros(c.size), parameters), y) for c, t, y in cases]
    truth = np.concatenate([y[f.ranked] for f, y in rows])
    for number, feature in enumerate(FEATURES):
        values = np.concatenate([f.columns[f.ranked][:, number] for f, _ in rows])
        order = np.sort(values[~truth])[::-1]
        at = [np.mean(values[truth] > order[int(rate * len(order))]) for rate in (1e-2, 1e-3)]
        print(f"    {feature:16} PD {at[0]:.2f} at 1e-2, {at[1]:.2f} at 1e-3")


if __name__ == "__main__":
    main()
