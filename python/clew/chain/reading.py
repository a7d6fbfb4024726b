"""The one way into a store's records: permitted, logged before anything is read, and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from clew.audit.log import Entry, Log, Receipt, Value
from clew.engine import Engine
from clew.warrants.authorisation import Authorisation

__all__ = ["Records", "reading"]


class Records(Protocol):
    """What a trace needs of a store: an identity, and ``incidence`` and ``parties`` inside an authorised window."""

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of what the store holds."""

    def attach(self, engine: Engine, authorisation: Authorisation, receipt: Receipt) -> None:
        """Make the views; takes the receipt of ``records.read``."""


@contextmanager
def reading(records: Records, authorisation: Authorisation, log: Log, purpose: str) -> Iterator[Engine]:
    """An engine with the authorised window of the records, after ``records.read`` is in the log.

    Every trace, solo or joint, reads records through here. The engine begins on one thread: what a trace looks up
    first is little, and starting more threads costs more than they save.
    """
    body: dict[str, Value] = {
        "store": records.identity,
        "warrant": authorisation.digest,
        "stage": authorisation.stage,
        "purpose": purpose,
    }
    receipt = log.commit(Entry("records.read", body))
    with Engine(threads=1) as engine:
        records.attach(engine, authorisation, receipt)
        yield engine
