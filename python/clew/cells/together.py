"""Contacts that stand together: whose others follow within half an hour more often than the own rhythm brings.

For a contact of ``u`` with ``v`` at a moment, ``observed`` counts the contacts of ``u`` with others than ``v`` within
half an hour of it. ``expected`` is what the same hour of the other days of ``u`` holds, with one day of ``u``'s mean
rate added, so that a number that calls much, or always in the evening, gains nothing by it (``DISCOVERY``: time-
weighted PageRank). Linear in the contacts but for two sorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from clew.cells.contacts import Contacts, Events, Floats, Ints

__all__ = ["HALF_HOUR", "Together", "stand_together"]

HALF_HOUR: Final = 1800.0
_DAY: Final = 86400.0


@final
@dataclass(frozen=True, slots=True, repr=False)
class Together:
    """Of every event, seen from its A end (row 0) and its B end (row 1): contacts with others near it."""

    observed: Floats  # 2 x events
    expected: Floats  # 2 x events

    def gain(self) -> Floats:
        """For every event the sum over both ends of ``log((observed + 1) / (expected + 1))``, never below zero."""
        return np.asarray(np.maximum(np.log((self.observed + 1.0) / (self.expected + 1.0)), 0.0).sum(axis=0))


def stand_together(contacts: Contacts, events: Events) -> Together:
    """Observed and expected contacts with others within half an hour of every event, from both its ends."""
    rows = len(events.pair)
    owner = np.concatenate([events.a, events.b])
    seconds = np.concatenate([events.seconds, events.seconds])
    other = np.concatenate([events.b, events.a])
    directed = np.concatenate([events.pair, events.pair]) * 2 + (owner > other)  # a pair seen from one of its ends
    observed = _near(owner, seconds) - _near(directed, seconds)
    of_day = np.mod(seconds, _DAY)
    same_hour = _near_circular(owner, of_day) - _near_circular(directed, of_day)
    days = _days(owner, seconds, contacts.size)[owner]
    everything = np.bincount(owner, minlength=contacts.size)[owner] - np.bincount(directed)[directed]
    mean_rate = everything / days * (2 * HALF_HOUR / _DAY)
    expected = (same_hour - observed + mean_rate) / days
    return Together(observed.reshape(2, rows).astype(np.float64), np.maximum(expected, 0.0).reshape(2, rows))


def _days(owner: Ints, seconds: Floats, size: int) -> Floats:
    """For every number the days from its first to its last contact, at least one."""
    first = np.full(size, np.inf)
    last = np.full(size, -np.inf)
    np.minimum.at(first, owner, seconds)
    np.maximum.at(last, owner, seconds)
    span = np.where(np.isfinite(first), last - first, 0.0)
    return np.maximum(np.ceil(span / _DAY), 1.0)


def _near(group: Ints, value: Floats) -> Ints:
    """For every element, how many of its group lie within half an hour of it, itself included."""
    if not len(value):
        return np.zeros(0, np.int64)
    key = group * int(value.max() + 4 * HALF_HOUR) + value.astype(np.int64)  # values are whole seconds
    order = np.argsort(key)
    key = key[order]
    half = int(HALF_HOUR)
    found = np.empty(len(value), np.int64)
    found[order] = np.searchsorted(key, key + half, "right") - np.searchsorted(key, key - half, "left")
    return found


def _near_circular(group: Ints, of_day: Floats) -> Ints:
    """As :func:`_near` on the 24-hour circle."""
    early, late = of_day < HALF_HOUR, of_day >= _DAY - HALF_HOUR
    groups = np.concatenate([group, group[early], group[late]])
    values = np.concatenate([of_day, of_day[early] + _DAY, of_day[late] - _DAY]) + HALF_HOUR
    return _near(groups, values)[: len(group)]
