"""Fit the weights and the calibration line of successions: ``python -m bench.fit_successions``.

First the weights of what speaks for a pair, then the line that turns rival-divided log-likelihoods into log-likelihood
ratios: a logistic regression from which the odds of the training pairs are taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bench.calibration import held_out, training
from clew.cells.contacts import Contacts, read_contacts
from clew.cells.parameters import FIRST_VERSION, Parameters
from clew.cells.succession import Candidates, candidates_of, speaking, successions, tried_with

Case = tuple[Contacts, AbstractSet[tuple[str, str]]]


def rows(cases: Sequence[Case], parameters: Parameters) -> tuple[list[Candidates], Any]:
    """The candidates of every case, and for all of them together whether they are right."""
    found, truth = [], []
    for contacts, changes in cases:
        pairs = candidates_of(contacts, parameters)
        if pairs is None:
            continue
        found.append(pairs)
        names = contacts.names
        truth += [(names[a], names[b]) in changes for a, b in zip(pairs.old, pairs.new, strict=True)]
    return found, np.array(truth)


def logistic(columns: Any, truth: Any) -> Any:
    """Logistic regression with a small ridge; the intercept first, no other coefficient negative."""
    x = np.column_stack([np.ones(len(columns)), columns])

    def loss(w: Any) -> tuple[float, Any]:
        z = x @ w
        value = np.logaddexp(0, z).sum() - z[truth].sum() + 0.05 * (w[1:] ** 2).sum()
        return value, x.T @ (1 / (1 + np.exp(-z)) - truth) + 0.1 * np.r_[0.0, w[1:]]

    bounds = [(None, None)] + [(0, None)] * (x.shape[1] - 1)
    return minimize(loss, np.zeros(x.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x


def fitted(train: Sequence[Case], parameters: Parameters) -> Parameters:
    """The parameters with fitted weights and line; the weights twice, as they decide what is moved."""
    for _ in range(2):
        found, truth = rows(train, parameters)
        columns = np.concatenate([speaking(f.contacts_ratio, f.shared, f.gap, f.talk) for f in found])
        w = logistic(columns, truth)
        parameters = replace(parameters, succession_weights=tuple(np.round(w[1:], 3).tolist()))
        print("pairs", len(truth), "right", truth.sum(), "intercept", w[0].round(2), parameters.succession_weights)
        tried = np.concatenate([tried_with(f.old, f.new) for f in found])[truth].mean()
        parameters = replace(parameters, succession_none=float(np.round(np.exp(-w[0]) / tried, 3)))
    found, truth = rows(train, parameters)
    line = logistic(np.concatenate([f.link for f in found])[:, None], truth)
    prior = np.log(truth.mean() / (1 - truth.mean()))
    return replace(parameters, succession_line=(float(round(line[0] - prior, 3)), float(round(line[1], 3))))


def judge(cases: Sequence[Case], parameters: Parameters) -> None:
    """How the listed successions come out, by verbal scale; and how often the right one is first for its old number."""
    by_scale: dict[str, list[bool]] = {}
    first = possible = 0
    for contacts, changes in cases:
        listed = successions(contacts, replace(parameters, succession_least=2.0))
        names = contacts.names
        for one in listed:
            word = f"{10 ** min(int(one.log_ratio / np.log(10)), 4):>6}"
            right = sum((names[a], names[b]) in changes for a in one.old for b in one.new) == len(one.old)
            by_scale.setdefault(word, []).append(right)
        pairs = candidates_of(contacts, parameters)
        if pairs is None:
            continue
        for number in np.unique(pairs.old):
            mine = np.flatnonzero(pairs.old == number)
            right_rows = [i for i in mine if (names[number], names[pairs.new[i]]) in changes]
            possible += bool(right_rows)
            first += bool(right_rows) and mine[np.argmax(pairs.raw[mine])] == right_rows[0]
    for word, right in sorted(by_scale.items()):
        print(f"  from ratio {word}: {len(right)} listed, {np.mean(right):.2f} right")
    print(f"  right one first: {first} of {possible} old numbers whose new one is a candidate")


def main() -> None:
    """Fit on the training cases, print the parameters and how the held-out ones come out."""
    parameters = fitted([(read_contacts(case.graph), case.changes) for case in training()], FIRST_VERSION)
    print(parameters.succession_weights, parameters.succession_none, parameters.succession_line)
    for kind, cases in zip(("worlds", "scenarios"), held_out(), strict=True):
        print(f"held-out {kind}")
        judge([(read_contacts(case.graph), case.changes) for case in cases], parameters)


if __name__ == "__main__":
    main()
