"""Records, authorisations and a log for tests of chaining, without a store or a signed warrant."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

from clew.audit.log import _RECEIPT_KEY as RECEIPT_KEY
from clew.audit.log import Entry, LoggedEntry, Receipt
from clew.engine import Engine
from clew.numbers import PartyKind, canonical_kind, party_key
from clew.records.schema import INCIDENCE
from clew.warrants import authorisation as permission
from clew.warrants.authorisation import Authorisation, Blinded, Budgets, Clear

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
END = datetime(2026, 3, 9, tzinfo=UTC)
PARTIES = pa.schema([("key", pa.int64()), ("kind", pa.int8()), ("canonical", pa.string())])


class Contact(NamedTuple):
    """One record between two vertices."""

    a: str
    b: str
    kind: int = 1
    start: datetime = BEGIN
    duration: int | None = 60
    zone_offset: int = 0
    record_id: int = 0


def incidence(contacts: Sequence[Contact]) -> pa.Table:
    """The records seen from both ends, sorted as a store keeps them."""
    rows = []
    for c in contacts:
        for number, other, outgoing in ((c.a, c.b, True), (c.b, c.a, False)):
            rows.append(
                (party_key(number), party_key(other), outgoing, c.kind, c.start, c.zone_offset, c.duration, c.record_id)
            )
    rows.sort(key=lambda row: (row[0], row[4]))
    columns = zip(*rows, strict=True) if rows else [[] for _ in INCIDENCE.names]
    return pa.Table.from_arrays(
        [pa.array(list(column), field.type) for column, field in zip(columns, INCIDENCE, strict=True)], schema=INCIDENCE
    )


@dataclass
class FakeStore:
    """Records in memory. It leaves the window to the trace, so that a test sees whether the trace keeps it."""

    contacts: Sequence[Contact]

    @property
    def identity(self) -> str:
        return hashlib.sha256(repr(sorted(self.contacts, key=repr)).encode()).hexdigest()

    def attach(self, engine: Engine, authorisation: Authorisation, receipt: Receipt) -> None:
        receipt.require("records.read")
        authorisation.require_live()
        texts = {text for c in self.contacts for text in (c.a, c.b) if canonical_kind(text) is PartyKind.OPAQUE}
        rows = [{"key": party_key(t), "kind": int(PartyKind.OPAQUE), "canonical": t} for t in sorted(texts)]
        engine.register("incidence", incidence(self.contacts))
        engine.register("parties", pa.Table.from_pylist(rows, schema=PARTIES))


class MemoryLog:
    """A log that keeps its entries in a list."""

    def __init__(self) -> None:
        self.logged: list[LoggedEntry] = []

    def commit(self, entry: Entry) -> Receipt:
        index = len(self.logged)
        digest = hashlib.sha256(repr((index, entry)).encode()).hexdigest()
        self.logged.append(LoggedEntry(index, BEGIN, entry, digest))
        return Receipt(RECEIPT_KEY, index=index, entry=entry, digest=digest, at=BEGIN)

    def entries(self) -> list[LoggedEntry]:
        return self.logged

    def kinds(self) -> list[str]:
        return [logged.entry.kind for logged in self.logged]


def authorise(
    *seeds: str | bytes,
    hops: int = 2,
    hub_limit: int = 200,
    numbers: int = 1_000_000,
    begin: datetime = BEGIN,
    end: datetime = END,
    expired: bool = False,
    stage: int = 1,
    case: str = "test case",
) -> Authorisation:
    """What verification of a warrant with this scope would return; seeds given as bytes are blinded."""
    now = datetime(2026, 4, 1, tzinfo=UTC)
    scope = {
        "case": case,
        "digest": hashlib.sha256(repr((case, seeds)).encode()).hexdigest(),
        "root": hashlib.sha256(case.encode()).hexdigest(),
        "joint": None,
        "stage": stage,
        "seeds": tuple(Blinded(s) if isinstance(s, bytes) else Clear(s) for s in seeds),
        "begin": begin,
        "end": end,
        "hops": hops,
        "hub_limit": hub_limit,
        "budgets": Budgets(numbers=numbers),
        "remaining": Budgets(numbers=numbers),
        "expires": now - timedelta(days=1) if expired else now + timedelta(days=30),
    }
    return Authorisation(permission._KEY, lambda: now, scope)
