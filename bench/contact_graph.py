"""The contact graph of the joint trace's benchmark: who is in contact with whom, as records of one or two services.

The degree that a number tends to is log-normal (``SIGMA``); pairs are drawn until there are enough different ones,
each end in proportion to those degrees. A pair has one contact and now and then more. Everything comes from one
``numpy`` generator (PCG64) of the given seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from clew.effects import system_clock
from clew.records.importer import import_files
from clew.records.profile import DurationRule, NumberRule, Profile, TimeRule

__all__ = ["BEGIN", "END", "HUB_LIMIT", "SIGMA", "ContactGraph", "Reached", "draw"]

SIGMA: Final = 1.0
"""Spread of the logarithm of degrees: at 27 contacts in the mean, the median has 16, one in 170 more than 200."""
HUB_LIMIT: Final = 200
MORE_CONTACTS: Final = 0.3
"""Mean of the contacts of a pair beyond its first (Poisson)."""
BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
END: Final = BEGIN + timedelta(days=28)
_SEED_CONTACTS: Final = (10, 50)
_DRAWN_SEEDS: Final = 200
_FAR: Final = 99

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reached:
    """What lies within some hops of a seed: numbers by hop, and how many contacts the rows of each hop list."""

    numbers: tuple[int, ...]
    contacts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ContactGraph:
    """Pairs ``a < b`` of ``numbers`` numbers, and of which of two services each number is a customer."""

    numbers: int
    a: Ints
    b: Ints
    contacts: Ints
    service: npt.NDArray[np.int8]

    def of(self, services: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        """Which pairs stand in the records of services: those of which one end is their customer."""
        return np.asarray(np.isin(self.service[self.a], services) | np.isin(self.service[self.b], services))

    @cached_property
    def texts(self) -> pa.Array:
        """The numbers as they stand in records."""
        places = pc.utf8_lpad(pa.array(np.arange(self.numbers)).cast(pa.string()), 7, "0")
        return pc.binary_join_element_wise("+964790", places, "")

    def reached(self, seed: int, hops: int, stores: tuple[npt.NDArray[np.bool_], ...]) -> Reached:
        """What a pooled trace of several stores reaches, with the hub rule in each of them by itself.

        A second, plain way to the same sizes: the benchmark fails unless the joint trace has them.
        """
        hop = np.full(self.numbers, _FAR)
        hop[seed] = 0
        rows = [_adjacent(self.a[kept], self.b[kept], self.numbers) for kept in stores]
        listed = []
        for level in range(hops):
            here = np.flatnonzero(hop == level)
            near = [_contacts(begin, other, here) for begin, other in rows]
            listed.append(len(near[-1]))
            for found in near:
                hop[found[hop[found] > level + 1]] = level + 1
        return Reached(tuple(np.bincount(hop[hop < _FAR], minlength=hops + 1).tolist()), tuple(listed))

    def seed(self, least: int, hops: int, random_seed: int) -> int:
        """Of numbers with 10 to 50 contacts, drawn at random, that which reaches the fewest from ``least`` on."""
        degrees = np.bincount(np.concatenate([self.a, self.b]), minlength=self.numbers)
        fit = np.flatnonzero((degrees >= _SEED_CONTACTS[0]) & (degrees <= _SEED_CONTACTS[1]))
        drawn = np.random.default_rng(random_seed).choice(fit, min(_DRAWN_SEEDS, len(fit)), replace=False)
        begin, other = _adjacent(self.a, self.b, self.numbers)
        sizes: dict[int, int] = {}
        for seed in drawn.tolist():
            hop = np.full(self.numbers, _FAR, np.int8)
            hop[seed] = 0
            for level in range(hops):
                found = _contacts(begin, other, np.flatnonzero(hop == level))
                hop[found[hop[found] > level + 1]] = level + 1
            sizes[seed] = int((hop < _FAR).sum())
        enough = {seed: size for seed, size in sizes.items() if size >= least}
        if not enough:
            raise AssertionError(f"no seed reaches {least:,} numbers")
        chosen: int = min(enough, key=lambda seed: (enough[seed], seed))
        return chosen

    def store(self, folder: Path, services: tuple[int, ...], random_seed: int) -> Path:
        """The records of services, imported into a store: what ``clew import`` does with a file of them."""
        random = np.random.Generator(np.random.PCG64(random_seed))
        kept = np.flatnonzero(self.of(services))
        row = np.repeat(kept, self.contacts[kept])
        turned = random.random(len(row)) < 0.5
        caller = np.where(turned, self.b[row], self.a[row])
        called = np.where(turned, self.a[row], self.b[row])
        start = int(BEGIN.timestamp()) + random.integers(0, 28 * 86_400, len(row))
        columns = {
            "from": self.texts.take(pa.array(caller)),
            "to": self.texts.take(pa.array(called)),
            "start": pc.strftime(pa.array(start, pa.timestamp("s")), "%Y-%m-%d %H:%M:%S"),
            "seconds": pa.array(random.integers(1, 600, len(row))),
        }
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "records.csv"
        csv.write_csv(pa.table(columns), file, csv.WriteOptions(quoting_style="none"))
        profile = Profile(
            name="benchmark",
            operator="benchmark",
            a=NumberRule("from", "mixed:IQ"),
            b=NumberRule("to", "mixed:IQ"),
            start=TimeRule(("start",), "%Y-%m-%d %H:%M:%S", "UTC"),
            duration=DurationRule("seconds", "s"),
        )
        import_files(folder / "store", [(file, profile)], clock=system_clock, threads=2)
        file.unlink()
        return folder / "store"


def draw(numbers: int, pairs: int, random_seed: int) -> ContactGraph:
    """A contact graph of so many numbers and different pairs."""
    random = np.random.Generator(np.random.PCG64(random_seed))
    weights = np.cumsum(random.lognormal(0, SIGMA, numbers))
    keys = np.zeros(0, np.int64)
    while len(keys) < pairs:
        ends = random.random((2, int((pairs - len(keys)) * 1.1) + 1000)) * weights[-1]
        found = np.sort(np.searchsorted(weights, ends), axis=0)
        apart = found[0] != found[1]
        keys = np.unique(np.concatenate([keys, (found[0] * numbers + found[1])[apart]]))
    keys = np.sort(random.permutation(keys)[:pairs])
    contacts = 1 + random.poisson(MORE_CONTACTS, pairs)
    return ContactGraph(numbers, keys // numbers, keys % numbers, contacts, random.integers(0, 2, numbers, np.int8))


def _adjacent(a: Ints, b: Ints, numbers: int) -> tuple[Ints, Ints]:
    """Where the contacts of each number begin, and contacts; none of a hub."""
    owner, other = np.concatenate([a, b]), np.concatenate([b, a])
    passed = np.bincount(owner, minlength=numbers) <= HUB_LIMIT
    kept = np.flatnonzero(passed[owner])
    kept = kept[np.argsort(owner[kept], kind="stable")]
    return np.searchsorted(owner[kept], np.arange(numbers + 1)), other[kept]


def _contacts(begin: Ints, other: Ints, numbers: Ints) -> Ints:
    sizes = begin[numbers + 1] - begin[numbers]
    places = np.arange(int(sizes.sum())) + np.repeat(begin[numbers] - (np.cumsum(sizes) - sizes), sizes)
    found: Ints = other[places]
    return found
