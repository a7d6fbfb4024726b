"""The plaintext of a snapshot's row: entries with their features, and filler (spec protocol 4.5).

Features stand as the row's owner sees them: *out* from it to the contact, *in* the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew.chain.graph import HOURS
from clew.joint.sizes import size_class

__all__ = ["FIXED", "LEAST_ROW", "Entries", "Row", "entries_of", "joined", "parse_row", "write_row"]

LEAST_ROW: Final = 1024
_SEAL: Final = 128
_WAYS: Final = ("calls", "messages", "missed", "forwarded", "callbacks", "seconds")

FIXED: Final = np.dtype(
    [(f"{name}_{way}", ">u8" if name == "seconds" else ">u4") for name in _WAYS for way in ("out", "in")]
    + [("first", ">i8"), ("last", ">i8")]
)
"""72 bytes an entry: counts, known seconds, and the first and last moment in microseconds since 1970."""

_HOUR: Final = np.dtype([("hour", "u1"), ("contacts", ">u4")])


@final
@dataclass(frozen=True, slots=True, eq=False)
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
        last = np.cumsum(self.spread, dtype=np.int64)[ends - 1]
        found, begin, first = [], 0, 0
        for end, until in zip(ends.tolist(), last.tolist(), strict=True):
            parts = self.fixed[begin:end], self.spread[begin:end], self.hours[first:until]
            found.append(b"".join(part.tobytes() for part in parts))
            begin, first = end, until
        return found

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


def entries_of(features: pa.Table, couple: npt.NDArray[np.int64], forward: npt.NDArray[np.bool_]) -> Entries:
    """The entries of some couples, seen from ``a`` where ``forward`` and from ``b`` elsewhere."""
    taken = features.take(pa.array(couple))
    fixed = np.zeros(len(couple), FIXED)
    for name in _WAYS:
        ab, ba = taken[f"{name}_ab"].to_numpy(), taken[f"{name}_ba"].to_numpy()
        fixed[f"{name}_out"] = np.where(forward, ab, ba)
        fixed[f"{name}_in"] = np.where(forward, ba, ab)
    for name in ("first", "last"):
        fixed[name] = taken[name].cast(pa.int64()).to_numpy()
    week = taken["hours"].combine_chunks().flatten().to_numpy().reshape(-1, HOURS)
    entry, hour = np.nonzero(week)
    hours = np.zeros(len(entry), _HOUR)
    hours["hour"] = hour
    hours["contacts"] = week[entry, hour]
    return Entries(fixed, np.bincount(entry, minlength=len(couple)).astype(np.uint8), hours)


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

    def entries(self) -> Entries:
        """The features, read."""
        at = self.count * FIXED.itemsize
        fixed = np.frombuffer(self.features, FIXED, self.count)
        spread = np.frombuffer(self.features, np.uint8, self.count, at)
        return Entries(fixed, spread, np.frombuffer(self.features, _HOUR, offset=at + self.count))


def parse_row(plain: bytes, proof_size: int, most: int) -> Row | None:
    """The row of 1 to ``most`` entries in a plaintext; ``None`` unless it is written as it must be."""
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
    row = Row(count, plain[2:at], plain[at:begin], plain[begin:last])
    return row if _possible(row.entries()) else None


def _possible(entries: Entries) -> bool:
    """Whether hours rise, and the counts of an entry agree with each other."""
    spread, hours, fixed = entries.spread, entries.hours, entries.fixed
    if not spread.all():
        return False
    whose = np.repeat(np.arange(len(spread)), spread)
    place = whose * 256 + hours["hour"]
    contacts = np.zeros(len(spread), np.int64)
    np.add.at(contacts, whose, hours["contacts"].astype(np.int64))
    counted = sum(fixed[f"{name}_{way}"].astype(np.int64) for name in _WAYS[:4] for way in ("out", "in"))
    return bool(
        np.all(place[1:] > place[:-1])
        and np.all(hours["hour"] < HOURS)
        and np.all(hours["contacts"] > 0)
        and np.all(contacts == counted)
        and np.all(fixed["first"] <= fixed["last"])
        and all(
            np.all(fixed[f"{name}_{way}"] < 1 << (63 if name == "seconds" else 31))
            for name in _WAYS
            for way in ("out", "in")
        )
    )
