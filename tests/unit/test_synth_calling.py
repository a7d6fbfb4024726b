"""The background behaves as the page about it says: nights, weekends, call-backs, bursts, tails, and look-alikes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from clew.synth.calling import DAY, FRANCE, IRAQ, wall_clock
from clew.synth.families import Size
from clew.synth.layouts import Recorded
from clew.synth.population import Role
from clew.synth.scenario import Scenario, scenario


@cache
def made() -> Scenario:
    return scenario(11, "mixed", Size(people=6_000, members=60, cells=5, seeds=4))


def _between_subscribers() -> Recorded:
    events, country = made().events, made().country
    return events.take(np.flatnonzero((country[events.caller] < 2) & (country[events.called] < 2)))


def _local(country: int) -> np.ndarray:
    """Seconds since Monday 00:00 on the wall clock of the callers of one country."""
    events = _between_subscribers()
    mine = made().country[events.caller] == country
    return wall_clock(np.full(int(mine.sum()), country), events.start[mine])


@pytest.mark.parametrize("country", [IRAQ, FRANCE])
def test_nights_are_quiet_by_the_callers_own_clock(country: int) -> None:
    hour = _local(country) // 3_600 % 24
    assert np.mean((hour >= 2) & (hour < 6)) < 0.08
    assert np.mean((hour >= 17) & (hour < 22)) > 0.3


def test_each_country_has_its_own_slow_day() -> None:
    for country, slow, busy in ((IRAQ, 4, 1), (FRANCE, 6, 1)):
        day = _local(country) // DAY % 7
        assert np.sum(day == slow) < 0.9 * np.sum(day == busy)


def test_france_changes_its_clock_and_iraq_does_not() -> None:
    before, after = np.array([27 * DAY]), np.array([27 * DAY + 3_600])
    assert wall_clock(np.array([FRANCE]), after)[0] - wall_clock(np.array([FRANCE]), before)[0] == 2 * 3_600
    assert wall_clock(np.array([IRAQ]), after)[0] - wall_clock(np.array([IRAQ]), before)[0] == 3_600


def test_missed_calls_are_called_back() -> None:
    events = _between_subscribers()
    times: dict[tuple[int, int], list[int]] = {}
    for caller, called, start in zip(
        events.caller.tolist(), events.called.tolist(), events.start.tolist(), strict=True
    ):
        times.setdefault((caller, called), []).append(start)
    missed = np.flatnonzero(events.kind == 3)[:4_000]
    back = 0
    for index in missed.tolist():
        start = int(events.start[index])
        answers = times.get((int(events.called[index]), int(events.caller[index])), [])
        back += any(0 < answer - start <= 3_600 for answer in answers)
    assert 0.3 < back / len(missed) < 0.8


def test_pairs_call_in_bursts_and_both_ways() -> None:
    events = _between_subscribers()
    low, high = np.minimum(events.caller, events.called), np.maximum(events.caller, events.called)
    pair = low * 10**6 + high
    order = np.lexsort((events.start, pair))
    same = pair[order][1:] == pair[order][:-1]
    gaps = np.diff(events.start[order])[same]
    # If calls of a pair fell evenly, gaps would be exponential, and their spread as large as their mean.
    assert gaps.std() > 1.3 * gaps.mean()
    pairs, counts = np.unique(pair, return_counts=True)
    directions = np.unique(events.caller * 10**6 + events.called)
    assert len(directions) > 1.3 * len(pairs)
    assert counts.max() > 20 * np.median(counts)


def test_contacts_are_log_normal_with_hubs_far_out() -> None:
    events = _between_subscribers()
    low, high = np.minimum(events.caller, events.called), np.maximum(events.caller, events.called)
    pairs = np.unique(low * 10**6 + high)
    contacts = np.bincount(np.concatenate([pairs // 10**6, pairs % 10**6]))
    contacts = contacts[contacts > 0]
    assert 5 < np.median(contacts) < 25
    assert np.percentile(contacts, 99) > 3 * np.median(contacts)
    assert contacts.max() > 200


def test_crews_are_as_closed_as_cells_and_some_change_together() -> None:
    circles = made().circles.to_pylist()
    crews = {circle["circle"] for circle in circles if circle["role"] == Role.CREW}
    changed = {circle["circle"] for circle in circles if circle["changed"]}
    assert changed <= crews
    persons = made().persons.to_pylist()
    crew = {person["person"]: person["circle"] for person in persons if person["circle"] in crews}
    cell = {person["person"]: person["cell"] for person in persons if person["cell"] is not None}
    owner = made().numbers["person"].to_pylist()
    events = _between_subscribers()
    inside = {"crew": 0, "cell": 0}
    outside = {"crew": 0, "cell": 0}
    for caller, called in zip(events.caller.tolist(), events.called.tolist(), strict=True):
        for name, group in (("crew", crew), ("cell", cell)):
            one, two = group.get(owner[caller]), group.get(owner[called])
            if one is not None or two is not None:
                (inside if one == two else outside)[name] += 1
    shares = {name: inside[name] / (inside[name] + outside[name]) for name in inside}
    assert shares["crew"] > 0.5 * shares["cell"]
    assert shares["cell"] < 0.8
