"""Fit the coefficients of step 5: ``python -m bench.fit_cells``. Prints what belongs into ``clew.cells.parameters``.

With ``--held-out`` nothing is fitted: the parameters as they stand are set against the held-out cases, and the table of
``docs/explain/cells.md`` is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bench.calibration import Case, held_out, training
from clew.cells.contacts import Contacts, read_contacts
from clew.cells.membership import FEATURES, belonging, features_of
from clew.cells.parameters import FIRST_VERSION, Parameters
from clew.cells.together import Together, stand_together

RIDGE = 30.0
RANKINGS, LEAST = ("heat", "together"), 0.1  # neither walk is given up: each is best on some kind of group

Arrays = tuple[Contacts, Together | None, Any]


def arrays(case: Case, *, coarse: bool) -> Arrays:
    """A case as the method sees it, ``coarse`` without its single contacts, and who is a member."""
    contacts = read_contacts(case.graph)
    if coarse:
        contacts = replace(contacts, events=None)
    together = stand_together(contacts, contacts.events) if contacts.events is not None else None
    return contacts, together, np.array([name in case.members for name in contacts.names])


def fit(columns: Any, truth: Any) -> Any:
    """Logistic regression, no coefficient but the first negative; the ridge shares weight among rankings alike."""
    x = np.column_stack([np.ones(len(columns)), columns])

    def loss(w: Any) -> tuple[float, Any]:
        z = x @ w
        value = np.logaddexp(0, z).sum() - z[truth].sum() + 0.5 * RIDGE * (w[1:] ** 2).sum()
        slope = x.T @ (1 / (1 + np.exp(-z)) - truth)
        slope[1:] += RIDGE * w[1:]
        return value, slope

    least = [LEAST if name in RANKINGS else None if name == "seeds" else 0.0 for name in FEATURES]
    bounds = [(None, None), *((bound, None) for bound in least)]
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


BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)


def calibration() -> None:
    """Print, for the parameters as they stand, how many of the held-out numbers in each bin were members."""
    pooled: list[tuple[Any, Any]] = []
    for kind, cases in zip(("worlds", "scenarios, stage 1", "scenarios, later"), _kinds(), strict=True):
        found = [(belonging(c, t, FIRST_VERSION), y) for c, t, y in (arrays(case, coarse=False) for case in cases)]
        given = np.concatenate([m.probability[m.ranked] for m, _ in found])
        truth = np.concatenate([y[m.ranked] for m, y in found])
        print(f"{kind}: {measures(given, truth)}")
        pooled.append((given, truth))
    given, truth = (np.concatenate(columns) for columns in zip(*pooled, strict=True))
    print(f"pooled: {measures(given, truth)}")
    for low, high in pairwise(BINS):
        inside = (given >= low) & (given < high)
        print(f"| {low} to {high} | {inside.sum():,} | {given[inside].mean():.2f} | {truth[inside].mean():.2f} |")


def _kinds() -> tuple[list[Case], list[Case], list[Case]]:
    worlds, scenarios = held_out()
    kept = list(scenarios)
    return list(worlds), [case for case in kept if case.weight > 1], [case for case in kept if case.weight == 1]


def main() -> None:
    """Fit both rounds, with and without single contacts; print the parameters and how the held-out cases come out."""
    if "--held-out" in sys.argv[1:]:
        calibration()
        return
    parameters = FIRST_VERSION
    for coarse in (True, False):
        train = [one for case in training() for one in [arrays(case, coarse=coarse)] * case.weight]
        parameters = fitted(train, parameters, coarse=coarse)
    print(parameters.first, parameters.second, parameters.first_coarse, parameters.second_coarse, sep="\n")
    for kind, cases in zip(("worlds", "scenarios"), held_out(), strict=True):
        kept = list(cases)
        for coarse in (True, False):
            found = [arrays(case, coarse=coarse) for case in kept]
            print(f"held-out {kind}{', coarse' if coarse else ''}:", over(found, parameters))
            single(found, parameters)


def fitted(train: Sequence[Arrays], parameters: Parameters, *, coarse: bool) -> Parameters:
    """The parameters with the coefficients of both rounds."""
    names = ("first_coarse", "second_coarse") if coarse else ("first", "second")
    for number, name in enumerate(names):
        before = replace(parameters, rounds=number)
        rows = [(features_of(c, t, _soft(c, t, before), parameters), y) for c, t, y in train]
        columns = np.vstack([f.columns[f.ranked] for f, _ in rows])
        w = fit(columns, np.concatenate([y[f.ranked] for f, y in rows]))
        parameters = replace(parameters, **{name: tuple(np.round(w, 3).tolist())})
    return parameters


def _soft(contacts: Contacts, together: Together | None, before: Parameters) -> Any:
    """The probabilities after the rounds before; zeros before the first."""
    return belonging(contacts, together, before).probability if before.rounds else np.zeros(contacts.size)


def over(cases: Sequence[Arrays], parameters: Parameters) -> str:
    """The measures over all cases together."""
    found = [(belonging(c, t, parameters), y) for c, t, y in cases]
    return measures(
        np.concatenate([m.probability[m.ranked] for m, _ in found]), np.concatenate([y[m.ranked] for m, y in found])
    )


def single(cases: Sequence[Arrays], parameters: Parameters) -> None:
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
