"""Ten million background rows in seconds: a plain file of call records for benchmarks and load tests.

Everything is drawn with whole arrays from one ``numpy`` generator (PCG64), so the same arguments give the same bytes.
Nobody is planted here: there is no group to find. For a scenario with a known answer see
:mod:`clew.synth.scenario`.

>>> traffic = write_traffic(Path("traffic.csv"), seed=1, rows=10_000_000)   # doctest: +SKIP
>>> traffic.rows, traffic.broken, traffic.numbers                          # doctest: +SKIP
(10000000, 100000, 1200000)
>>> import_files(..., profile=traffic_profile())                           # doctest: +SKIP

The graph: numbers stand on a ring and mostly call near neighbours, so that two and three hops overlap as they do
among people (a call reaches further the rarer it is); contacts of a number are log-normal, and one number in ten
thousand is a hub that hundreds to thousands call. Among 1.2 million numbers in ten million rows about one in
eight has 10 to 200 contacts; from such a one, with a hub limit of 200, two hops reach about 200 numbers and three
hops about 2,700 (medians).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.records.profile import DurationRule, KindRule, NumberRule, Profile, TimeRule
from clew.records.schema import RecordKind

__all__ = ["BEGIN", "DAYS", "HEADER", "Traffic", "traffic_profile", "write_traffic"]

BEGIN: Final = datetime(2026, 3, 1, 21, tzinfo=UTC)
"""The first moment of the traffic: midnight of Monday, 2 March 2026 in Baghdad."""

DAYS: Final = 28
HEADER: Final = "caller,called,start,seconds,kind,imei,cell"
_LOCAL_BEGIN: Final = np.datetime64("2026-03-02T00:00:00", "s")
_CHUNK: Final = 500_000
_EDGES_A_NUMBER: Final = 3.0
_HUB_EVERY: Final = 10_000

Ints = npt.NDArray[np.int64]

# One line in a hundred is broken in one of these ways; each must be rejected, never guessed.
_BROKEN: Final = ("too few fields", "too many fields", "impossible date", "no date", "not a record")

# Share of each form by a number's own habit: +, 00, spaced, national, bare, Arabic-Indic (the last three Iraqi only).
_FORM_SHARES: Final = np.array([0.35, 0.15, 0.05, 0.35, 0.08, 0.02])
_OTHER_FORM: Final = 0.05  # of the rows show a number in another form than its usual one


@final
@dataclass(frozen=True, slots=True)
class Traffic:
    """What was written. ``rows`` counts every line after the header, ``broken`` the ones among them that must be
    rejected; ``numbers`` is the number of different numbers in the rows that are whole."""

    path: Path
    rows: int
    broken: int
    numbers: int
    hubs: int
    begin: datetime
    days: int


def traffic_profile() -> Profile:
    """The profile that reads the file: local times of Baghdad, numbers in mixed forms, cells dropped."""
    return Profile(
        name="synthetic-traffic",
        operator="synthetic",
        a=NumberRule("caller", "mixed:IQ"),
        b=NumberRule("called", "mixed:IQ"),
        start=TimeRule(("start",), "%Y-%m-%d %H:%M:%S", "Asia/Baghdad"),
        duration=DurationRule("seconds", "s"),
        kind=KindRule("kind", {"call": RecordKind.VOICE, "sms": RecordKind.MESSAGE, "no-answer": RecordKind.MISSED}),
        imei="imei",
        location=("cell",),
        description="The rows that clew.synth.traffic writes.",
    )


def write_traffic(path: Path, *, seed: int, rows: int = 10_000_000, numbers: int = 0, broken: float = 0.01) -> Traffic:
    """Write ``rows`` unsorted lines of CSV to ``path`` and say what was written.

    ``numbers`` different numbers occur (0: 12 for every 100 rows), a share ``broken`` of the lines is broken.
    About 3 s and 60 MB of file for every million rows; memory about 130 bytes a row.
    """
    if rows < 1_000:
        raise ValueError("traffic starts at a thousand rows")
    random = np.random.Generator(np.random.PCG64(seed))
    people = numbers or rows * 12 // 100
    left, right, hubs = _edges(random, people)
    if len(left) > rows:
        raise ValueError("too many numbers for so few rows")
    edge = _rows_of_edges(random, len(left), rows)
    turned = random.random(rows) < random.beta(2, 2, len(left))[edge]
    caller = np.where(turned, right[edge], left[edge])
    called = np.where(turned, left[edge], right[edge])
    start = _moments(random, rows)
    broken_rows = _broken_rows(random, edge, len(left), int(rows * broken))
    forms = _Forms.of(random, people)
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        for begin in range(0, rows, _CHUNK):
            part = slice(begin, begin + _CHUNK)
            lines = _lines(random, forms, caller[part], called[part], start[part])
            for data in _with_broken(lines, broken_rows[part]):
                file.write(data)
    whole = broken_rows < 0
    seen = np.zeros(people, dtype=bool)
    seen[caller[whole]] = True
    seen[called[whole]] = True
    return Traffic(path, rows, int((~whole).sum()), int(seen.sum()), len(hubs), BEGIN, DAYS)


def _edges(random: np.random.Generator, people: int) -> tuple[Ints, Ints, Ints]:
    """Contact pairs as two arrays of numbers from 0, and the numbers that are hubs."""
    wanted = 1 + random.lognormal(0.0, 1.4, people) * (_EDGES_A_NUMBER - 1) / np.exp(0.98)
    degree = np.minimum(wanted.astype(np.int64) + (random.random(people) < wanted % 1), 150)
    place = np.repeat(np.arange(people), degree)  # a number stands on the ring once for every contact it seeks
    reach = np.exp(random.random(len(place)) * np.log(len(place) / 2)) ** random.choice([0.8, 1.0], len(place))
    step = np.ceil(reach).astype(np.int64) * random.choice([-1, 1], len(place))
    other = place[(np.arange(len(place)) + step) % len(place)]
    hubs = random.choice(people, max(1, people // _HUB_EVERY), replace=False)
    callers = np.minimum(random.lognormal(np.log(600), 0.8, len(hubs)).astype(np.int64), people // 20)
    hub_left = random.integers(0, people, int(callers.sum()))
    left = np.concatenate([place, hub_left])
    right = np.concatenate([other, np.repeat(hubs, callers)])
    different = left != right
    # Nobody drops out because his only contact was himself: he calls his neighbour on the ring instead.
    right = np.where(different, right, (right + 1) % people)
    shuffled = random.permutation(people)  # neighbours on the ring are not neighbours in the number plan
    return shuffled[left], shuffled[right], shuffled[hubs]


def _rows_of_edges(random: np.random.Generator, edges: int, rows: int) -> Ints:
    """The pair of each row, unsorted: every pair once, the others by a heavy-tailed weight."""
    weight = np.cumsum(random.pareto(1.3, edges) + 0.05)
    more = np.searchsorted(weight, random.random(rows - edges) * weight[-1])
    edge = np.concatenate([np.arange(edges), more])
    random.shuffle(edge)
    return edge


def _moments(random: np.random.Generator, rows: int) -> Ints:
    """Seconds since the local beginning, by hour of the week: quiet nights, full evenings, slow Fridays."""
    hour = np.arange(168) % 24
    rhythm = 0.03 + np.exp(-(((hour - 11.5) / 3.2) ** 2)) + 1.2 * np.exp(-(((hour - 19.5) / 2.6) ** 2))
    rhythm[4 * 24 : 5 * 24] *= 0.7
    weekly = np.searchsorted(np.cumsum(rhythm) / rhythm.sum(), random.random(rows))
    week = random.integers(0, DAYS // 7, rows)
    return np.asarray(
        week * 604_800 + np.minimum(weekly, 167) * 3_600 + random.integers(0, 3_600, rows), dtype=np.int64
    )


def _broken_rows(random: np.random.Generator, edge: Ints, edges: int, wanted: int) -> Ints:
    """For each row -1, or how it is broken. A pair keeps one whole row, so that no number disappears."""
    broken = np.full(len(edge), -1, dtype=np.int64)
    last = np.zeros(edges, dtype=np.int64)
    last[edge] = np.arange(len(edge))
    spare = np.flatnonzero(last[edge] != np.arange(len(edge)))
    chosen = random.choice(spare, min(wanted, len(spare)), replace=False)
    broken[chosen] = random.integers(0, len(_BROKEN), len(chosen))
    return broken


@final
@dataclass(frozen=True, slots=True)
class _Forms:
    """Every number in every form: ``texts[form * people + number]``; a foreign number's last three forms are its +."""

    texts: pa.StringArray
    usual: Ints
    people: int

    @classmethod
    def of(cls, random: np.random.Generator, people: int) -> _Forms:
        country = random.choice(3, people, p=[0.86, 0.11, 0.03])
        digits = np.where(
            country == 0,
            np.array([75, 77, 78, 79])[random.integers(0, 4, people)] * 10**8 + _distinct(random, people, 10**8),
            np.where(
                country == 1,
                np.array([60, 61, 62, 66])[random.integers(0, 4, people)] * 10**7 + _distinct(random, people, 10**7),
                74 * 10**8 + _distinct(random, people, 10**8),
            ),
        )
        national = pc.cast(pa.array(digits), pa.string())
        code = pa.array(np.array(["964", "33", "44"])[country])
        plus = pc.binary_join_element_wise("+", code, national, "")
        spaced = pc.binary_join_element_wise(
            pc.binary_join_element_wise("+", code, ""),
            pc.utf8_slice_codeunits(national, 0, 3),
            pc.utf8_slice_codeunits(national, 3, 6),
            pc.utf8_slice_codeunits(national, 6),
            " ",
        )
        home = pa.array(country == 0)
        trunk = pc.binary_join_element_wise("0", national, "")
        texts = [
            plus,
            pc.binary_join_element_wise("00", code, national, ""),
            spaced,
            pc.if_else(home, trunk, plus),
            pc.if_else(home, pc.binary_join_element_wise(code, national, ""), plus),
            pc.if_else(home, _arabic_indic(trunk), plus),
        ]
        usual = random.choice(len(_FORM_SHARES), people, p=_FORM_SHARES)
        return cls(pa.concat_arrays([text.cast(pa.string()) for text in texts]), usual, people)

    def show(self, random: np.random.Generator, number: Ints) -> pa.StringArray:
        """The texts of these numbers: mostly each in its usual form."""
        other = random.random(len(number)) < _OTHER_FORM
        form = np.where(other, random.integers(0, 5, len(number)), self.usual[number])
        return self.texts.take(pa.array(form * self.people + number))


def _distinct(random: np.random.Generator, count: int, below: int) -> Ints:
    """``count`` different integers in ``[0, below)`` that look random: a walk by a step coprime to ``below``."""
    return (random.integers(0, below) + np.arange(count) * 61_803_397) % below


def _arabic_indic(texts: pa.StringArray) -> pa.StringArray:
    for digit in range(10):
        texts = pc.replace_substring(texts, str(digit), chr(0x0660 + digit))
    return texts


def _lines(
    random: np.random.Generator, forms: _Forms, caller: Ints, called: Ints, start: Ints
) -> tuple[pa.StringArray, ...]:
    """The fields of a part of the file, one array a column, in the order of the header."""
    size = len(caller)
    kind = random.choice(3, size, p=[0.72, 0.13, 0.15])
    seconds = np.where(kind == 0, np.minimum(random.lognormal(4.0, 1.1, size), 7_200).astype(np.int64) + 1, 0)
    imei = 35_000_000_000_000_0 + (caller * 7_919) % 10**9 * 10 + random.integers(0, 2, size)
    moment = pa.array(_LOCAL_BEGIN + start.astype("timedelta64[s]"))
    return (
        forms.show(random, caller),
        forms.show(random, called),
        pc.cast(moment, pa.string()),
        pc.cast(pa.array(seconds), pa.string()),
        pa.array(np.array(["call", "sms", "no-answer"])).take(pa.array(kind)),
        pc.cast(pa.array(imei), pa.string()),
        pc.binary_join_element_wise("C", pc.cast(pa.array((caller * 31 + start // 7_200) % 4_000), pa.string()), ""),
    )


def _with_broken(fields: tuple[pa.StringArray, ...], broken: Ints) -> Iterator[bytes]:
    """The bytes of the lines, the broken ones broken."""
    caller, called, moment, seconds, kind, imei, cell = fields
    whole = pc.binary_join_element_wise(*fields, ",")
    day = pc.utf8_slice_codeunits(moment, 8, 10)
    clock = pc.utf8_slice_codeunits(moment, 10)
    ways = (
        pc.binary_join_element_wise(caller, called, moment, ","),
        pc.binary_join_element_wise(whole, seconds, imei, ","),
        pc.binary_join_element_wise(
            caller, called, pc.binary_join_element_wise("2026-13-", day, clock, ""), seconds, kind, imei, cell, ","
        ),
        pc.binary_join_element_wise(caller, called, "", seconds, kind, imei, cell, ","),
        pc.binary_join_element_wise("### switch restarted", pc.utf8_slice_codeunits(moment, 0, 10), " "),
    )
    texts = pc.choose(pa.array(broken + 1), whole, *ways)
    ended = pc.binary_join_element_wise(texts, "", "\n")
    data = ended.buffers()[2]
    offsets = np.frombuffer(ended.buffers()[1], dtype=np.int32, count=len(ended) + ended.offset + 1)
    yield memoryview(data)[offsets[ended.offset] : offsets[-1]].tobytes()
