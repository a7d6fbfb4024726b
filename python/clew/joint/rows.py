"""The plaintext of a snapshot's row: entries with their features, and filler (spec protocol 4.5).

Features stand as the row's owner sees them: *out* from it to the contact, *in* the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.chain.graph import HOURS
from clew.joint.codec import FIRST_SECOND, LAST_SECOND
from clew.joint.sizes import size_class

__all__ = ["FIXED", "LEAST_ROW", "Entries", "Row", "entries_of", "joined", "parse_rows", "read_rows", "write_row"]

LEAST_ROW: Final = 1024
_SEAL: Final = 128
_WAYS: Final = ("calls", "messages", "missed", "forwarded", "callbacks", "seconds")

FIXED: Final = np.dtype(
    [(f"{name}_{way}", ">u8" if name == "seconds" else ">u4") for name in _WAYS for way in ("out", "in")]
    + [("first", ">i8"), ("last", ">i8")]
)
"""72 bytes an entry: counts, known seconds, and the first and last moment in microseconds since 1970."""

_MICRO: Final = 1_000_000
_HOUR: Final = np.dtype([("hour", "u1"), ("contacts", ">u4")])


@final
@dataclass(frozen=True, eq=False)
class Entries:
    """The features of some entries: ``fixed`` one an entry, ``hours`` those that are not zero, ``spread`` how many of
    them each entry has (hours rise within an entry)."""

    fixed: npt.NDArray[Any]
    spread: npt.NDArray[np.uint8]
    hours: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.fixed)

    def split(self, ends: npt.NDArray[np.int64]) -> list[bytes]:
        """The features of rows that end at ``ends``, as a row holds them: fixed ones, how many hours, hours."""
        fixed, spread, hours = self.fixed.tobytes(), self.spread.tobytes(), self.hours.tobytes()
        found, begin, first = [], 0, 0
        for end, hour in zip(ends.tolist(), self._hour_ends[ends - 1].tolist(), strict=True):
            until, width = hour * _HOUR.itemsize, FIXED.itemsize
            found.append(fixed[begin * width : end * width] + spread[begin:end] + hours[first:until])
            begin, first = end, until
        return found

    def taken(self, places: npt.NDArray[np.int64], turn: npt.NDArray[np.bool_]) -> Entries:
        """The entries at some places, with out and in exchanged where ``turn``."""
        spread = self.spread[places]
        sizes = spread.astype(np.int64)
        hours = np.arange(int(sizes.sum())) + np.repeat(self._hour_ends[places] - np.cumsum(sizes), sizes)
        return Entries(Entries(self.fixed[places], spread, self.hours).turned(turn), spread, self.hours[hours])

    @cached_property
    def _hour_ends(self) -> npt.NDArray[np.int64]:
        """Where the hours of each entry end."""
        return np.cumsum(self.spread, dtype=np.int64)

    def week(self) -> npt.NDArray[np.int32]:
        """Contacts by hour of the week: one row of 168 an entry."""
        found = np.zeros((len(self), HOURS), np.int32)
        found[np.repeat(np.arange(len(self)), self.spread), self.hours["hour"]] = self.hours["contacts"]
        return found

    def turned(self, turn: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
        """``fixed`` with out and in exchanged where ``turn``."""
        found = self.fixed.copy()
        for name in _WAYS:
            found[f"{name}_out"] = np.where(turn, self.fixed[f"{name}_in"], self.fixed[f"{name}_out"])
            found[f"{name}_in"] = np.where(turn, self.fixed[f"{name}_out"], self.fixed[f"{name}_in"])
        return found


def entries_of(features: pa.Table) -> Entries:
    """One entry a couple, seen from its ``a``."""
    fixed = np.zeros(len(features), FIXED)
    for name in _WAYS:
        fixed[f"{name}_out"] = features[f"{name}_ab"].to_numpy()
        fixed[f"{name}_in"] = features[f"{name}_ba"].to_numpy()
    for name in ("first", "last"):
        fixed[name] = features[name].cast(pa.int64()).to_numpy()
    week = features["hours"].combine_chunks().flatten().to_numpy().reshape(-1, HOURS)
    entry, hour = np.nonzero(week)
    hours = np.zeros(len(entry), _HOUR)
    hours["hour"] = hour
    hours["contacts"] = week[entry, hour]
    return Entries(fixed, np.bincount(entry, minlength=len(features)).astype(np.uint8), hours)


def joined(parts: list[Entries]) -> Entries:
    """All entries of ``parts``, in order."""
    if not parts:
        return Entries(np.zeros(0, FIXED), np.zeros(0, np.uint8), np.zeros(0, _HOUR))
    return Entries(
        np.concatenate([p.fixed for p in parts]),
        np.concatenate([p.spread for p in parts]),
        np.concatenate([p.hours for p in parts]),
    )


def write_row(proof: bytes, seals: bytes, features: bytes) -> bytes:
    """The plaintext of one row, filled up to its size class."""
    plain = b"".join([(len(seals) // _SEAL).to_bytes(2, "big"), proof, seals, features])
    return plain.ljust(size_class(max(len(plain), LEAST_ROW), 2), b"\0")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A row as it was opened: whether its proof holds is still to be checked."""

    count: int
    proof: bytes
    seals: bytes
    features: bytes

    @property
    def fixed(self) -> bytes:
        """72 bytes an entry."""
        return self.features[: self.count * FIXED.itemsize]

    @property
    def spread(self) -> bytes:
        """How many hours each entry has."""
        return self.features[self.count * FIXED.itemsize : self.count * (FIXED.itemsize + 1)]

    @property
    def hours(self) -> bytes:
        """The hours, entry by entry."""
        return self.features[self.count * (FIXED.itemsize + 1) :]


def read_rows(rows: Sequence[Row]) -> Entries:
    """The features of rows, one after the other."""
    spread = np.frombuffer(b"".join(row.spread for row in rows), np.uint8)
    fixed = np.frombuffer(b"".join(row.fixed for row in rows), FIXED)
    return Entries(fixed, spread, np.frombuffer(b"".join(row.hours for row in rows), _HOUR))


def parse_rows(plains: Sequence[bytes | None], proof_size: int, most: int) -> list[Row | None]:
    """The rows of 1 to ``most`` entries in plaintexts; ``None`` for each that is not written as it must be."""
    found = [None if plain is None else _parse_row(plain, proof_size, most) for plain in plains]
    whole = [row for row in found if row is not None]
    good = iter(_possible(read_rows(whole), np.array([row.count for row in whole], np.int64)).tolist())
    return [row if row is not None and next(good) else None for row in found]


def _parse_row(plain: bytes, proof_size: int, most: int) -> Row | None:
    count = int.from_bytes(plain[:2], "big")
    at = 2 + proof_size
    begin = at + count * _SEAL
    spread_at = begin + count * FIXED.itemsize
    end = spread_at + count
    if not 1 <= count <= most or end > len(plain):
        return None
    last = end + sum(plain[spread_at:end]) * _HOUR.itemsize
    if last > len(plain) or len(plain) != size_class(max(last, LEAST_ROW), 2) or any(plain[last:]):
        return None
    return Row(count, plain[2:at], plain[at:begin], plain[begin:last])


def _possible(entries: Entries, sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Of which rows, with so many entries each, hours rise and the counts of every entry agree with each other."""
    if not len(sizes):
        return np.zeros(0, np.bool_)
    spread, hours, fixed = entries.spread, entries.hours, entries.fixed
    whose = np.repeat(np.arange(len(spread)), spread)
    place = whose * 256 + hours["hour"]
    contacts = np.zeros(len(spread), np.int64)
    np.add.at(contacts, whose, hours["contacts"].astype(np.int64))
    counted = sum(fixed[f"{name}_{way}"].astype(np.int64) for name in _WAYS[:4] for way in ("out", "in"))
    good = (spread > 0) & (contacts == counted) & (fixed["first"] <= fixed["last"])
    good &= (fixed["first"] >= FIRST_SECOND * _MICRO) & (fixed["last"] < (LAST_SECOND + 1) * _MICRO)
    for name in _WAYS:
        for way in ("out", "in"):
            good &= fixed[f"{name}_{way}"] < 1 << (63 if name == "seconds" else 31)
    wrong = (hours["hour"] >= HOURS) | (hours["contacts"] == 0)
    wrong[1:] |= place[1:] <= place[:-1]  # also false between two entries: the next one's places are higher
    good[whose[wrong]] = False
    return np.asarray(np.logical_and.reduceat(good, np.cumsum(sizes) - sizes))
