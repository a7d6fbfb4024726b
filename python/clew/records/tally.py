"""Counts over the very tables that are stored, from which an account is made (spec 4)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clew.numbers import PartyKind
from clew.records.schema import RecordFlag, RecordKind

__all__ = ["HEADER_AND_FOOTER", "NO_RECORDS", "Tally"]

HEADER_AND_FOOTER: Final = frozenset({"header", "footer", "empty"})
NO_RECORDS: Final = HEADER_AND_FOOTER | {"out-of-scope", "duplicate"}
"""Reasons in REJECTS that are not rejections: units that are rightly no records of their own."""


@final
class Tally:
    """Counts batches of RECORDS, REJECTS and NUMBERS as they are written."""

    def __init__(self) -> None:
        self.covered = 0
        self._records = 0
        self._legs = 0
        self._kinds = np.zeros(len(RecordKind), dtype=np.int64)
        self._parties = np.zeros(len(PartyKind), dtype=np.int64)
        self._flags: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._first: int | None = None
        self._last: int | None = None

    @property
    def no_records(self) -> int:
        """Units of header and footer."""
        return sum(self._reasons[reason] for reason in HEADER_AND_FOOTER)

    def records(self, batch: pa.RecordBatch) -> None:
        """Count a batch of RECORDS."""
        if not batch.num_rows:
            return
        flags = _ints(batch, "flags")
        self.covered += int(_ints(batch, "length").sum(dtype=np.int64))
        legs = (flags & RecordFlag.LEG) != 0
        merged = int(legs.sum())
        self._legs += merged
        self._records += batch.num_rows - merged
        chosen = ~legs if merged else slice(None)
        self._kinds += np.bincount(_ints(batch, "kind")[chosen], minlength=len(RecordKind))
        for end in ("a_kind", "b_kind"):
            self._parties += np.bincount(_ints(batch, end)[chosen], minlength=len(PartyKind))
        if flags.any():
            for flag in RecordFlag:
                if count := int(((flags & flag) != 0).sum()):
                    self._flags[_word(flag.name)] += count
        start = batch.column("start").cast(pa.int64()).to_numpy()
        self._first = int(start.min()) if self._first is None else min(self._first, int(start.min()))
        self._last = int(start.max()) if self._last is None else max(self._last, int(start.max()))

    def others(self, batch: pa.RecordBatch) -> None:
        """Count a batch of REJECTS."""
        if batch.num_rows:
            self.covered += int(_ints(batch, "length").sum(dtype=np.int64))
            for found in pc.value_counts(batch.column("reason")).to_pylist():
                self._reasons[found["values"]] += found["counts"]

    def numbers(self, batch: pa.RecordBatch) -> None:
        """Count a batch of NUMBERS."""
        for kind, count in enumerate(np.bincount(_ints(batch, "kind"), minlength=len(PartyKind))):
            self._numbers[_word(PartyKind(kind).name)] += int(count)
        self._numbers["distinct"] += batch.num_rows
        for name in ("possible", "valid", "suppressed"):
            self._numbers[name] += batch.column(name).true_count
        why = pa.table({"reason": batch.column("reason"), "ends": batch.column("occurrences")})
        for row in why.filter(pc.is_valid(why["reason"])).group_by("reason").aggregate([("ends", "sum")]).to_pylist():
            self._unknown[row["reason"]] += row["ends_sum"]

    def counts(self) -> dict[str, Any]:
        """The members of an :class:`~clew.records.account.Account` that are counted here."""
        rejected = {reason: count for reason, count in sorted(self._reasons.items()) if reason not in NO_RECORDS}
        return {
            "records": self._records,
            "merged_legs": self._legs,
            "duplicate": self._reasons["duplicate"],
            "rejected": sum(rejected.values()),
            "header_and_footer": self.no_records,
            "out_of_scope": self._reasons["out-of-scope"],
            "reasons": rejected,
            "header_footer_parts": {
                reason: self._reasons[reason] for reason in sorted(HEADER_AND_FOOTER) if self._reasons[reason]
            },
            "kinds": {_word(kind.name): int(self._kinds[kind]) for kind in RecordKind if self._kinds[kind]},
            "parties": {_word(kind.name): int(self._parties[kind]) for kind in PartyKind if self._parties[kind]},
            "flags": dict(sorted(self._flags.items())),
            "numbers": {name: count for name, count in self._numbers.items() if count},
            "unknown_parties": dict(sorted(self._unknown.items())),
            "first_start": _moment(self._first),
            "last_start": _moment(self._last),
        }


def _ints(batch: pa.RecordBatch, name: str) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = batch.column(name).to_numpy()
    return values


def _word(name: str | None) -> str:
    return (name or "").lower().replace("_", " ")


def _moment(micros: int | None) -> str | None:
    if micros is None:
        return None
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%SZ")
