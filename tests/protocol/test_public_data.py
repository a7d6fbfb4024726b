"""VAST 2008 and Copenhagen, split between two parties in several ways: the joint graph is the pooled one.

Moments are shrunk into the window of these tests; which numbers are in contact, how often and how long, is the data's.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import pytest

from tests.chain_cases import BEGIN, Contact
from tests.protocol.parties import PLENTY, STRICT, couples, traced
from tests.protocol.test_equality import compare, in_the_clear
from tests.shared_data import shared


@cache
def vast() -> tuple[Contact, ...]:
    with shared("vast2008_mc3/CellPhoneCallRecords.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    begin = datetime(2006, 6, 1)
    moments = [datetime.strptime(row["Datetime"], "%Y%m%d %H%M") - begin for row in rows]
    return tuple(
        Contact(
            f"id:vast:{row['From']}",
            f"id:vast:{row['To']}",
            start=BEGIN + moment * 0.6,
            duration=max(int(row["Duration(seconds)"]), 0),
            record_id=at,
        )
        for at, (row, moment) in enumerate(zip(rows, moments, strict=True))
        if row["From"] != row["To"]
    )


@cache
def copenhagen() -> tuple[Contact, ...]:
    found = []
    for name, kind in (("calls", 1), ("sms", 2)):
        with shared(f"copenhagen/{name}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                seconds = int(row.get("duration") or 0)
                start = BEGIN + timedelta(seconds=int(row["timestamp"])) * 0.24
                of = (
                    f"id:cph:{row['from']}",
                    f"id:cph:{row['to']}",
                    kind if seconds >= 0 else 3,
                    start,
                    max(seconds, 0),
                )
                if row["from"] != row["to"]:
                    found.append(Contact(*of, record_id=len(found)))
    return tuple(found)


def half(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] < 128


def by_call(every: tuple[Contact, ...]) -> tuple[list[Contact], list[Contact]]:
    """Each record in one store, whoever calls."""
    mine = [half(f"{c.record_id}") for c in every]
    return [c for c, m in zip(every, mine, strict=True) if m], [c for c, m in zip(every, mine, strict=True) if not m]


def by_number(every: tuple[Contact, ...]) -> tuple[list[Contact], list[Contact]]:
    """Two countries; a cross-border call is in the caller's store only."""
    return [c for c in every if half(c.a)], [c for c in every if not half(c.a)]


def doubled(every: tuple[Contact, ...]) -> tuple[list[Contact], list[Contact]]:
    """Two countries; a cross-border call is in both stores."""
    return [c for c in every if half(c.a) or half(c.b)], [c for c in every if not (half(c.a) and half(c.b))]


@pytest.mark.parametrize("split", [by_call, by_number, doubled])
@pytest.mark.parametrize(
    ("records", "seeds", "hops", "limit"),
    [(vast, ["id:vast:200", "id:vast:5"], 2, 40), (copenhagen, ["id:cph:300", "id:cph:512"], 3, 12)],
    ids=["vast", "copenhagen"],
)
def test_the_joint_graph_of_public_data_is_the_pooled_one(
    records: Callable[[], tuple[Contact, ...]],
    seeds: list[str],
    hops: int,
    limit: int,
    split: Callable[[tuple[Contact, ...]], tuple[list[Contact], list[Contact]]],
) -> None:
    own, theirs = split(records())
    parties = {"iq": couples(own, limit), "fr": couples(theirs, limit)}
    pair = traced(parties["iq"], parties["fr"], seeds, hops, PLENTY, limit)
    graph = in_the_clear(pair)
    assert graph.bound.numbers > 50
    compare(graph, parties, seeds, hops)


def test_a_strict_trace_of_vast_is_the_pooled_one_if_the_holder_has_every_call() -> None:
    every = list(vast())
    parties = {"iq": couples([c for c in every if half(c.a)], 500), "fr": couples(every, 500)}
    pair = traced(parties["iq"], parties["fr"], ["id:vast:200"], 2, STRICT, 500)
    compare(in_the_clear(pair), parties, ["id:vast:200"], 2)
