"""What one trace reads and writes beside the node's database: its case folder, the snapshot, the own records."""

from __future__ import annotations

import re
from typing import Final, final

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder
from clew.chain import files
from clew.chain.graph import TracedGraph
from clew.effects import Clock
from clew.errors import InputError, StorageError
from clew.joint.couples import Couples
from clew.joint.messages import Offer
from clew.joint.snapshot import Snapshot, parse_snapshot
from clew.node.identity import Settings
from clew.node.storage import Row, Storage
from clew.node.window import read_window
from clew.records.store import Store

__all__ = ["TraceFiles"]

_SLUG: Final = re.compile(r"[^a-z0-9]+", re.ASCII)
_NO_RECORDS: Final = "0" * 64


@final
class TraceFiles:
    """The places of one trace, and what stands in them."""

    def __init__(self, settings: Settings, row: Row, clock: Clock) -> None:
        slug = _SLUG.sub("-", row.name.lower()).strip("-")[:40] or "case"
        self.folder = settings.folder / "cases" / f"{row.id}-{slug}"
        self.snapshot = settings.folder / "snapshots" / f"{row.id}.snapshot"
        self.partial = self.snapshot.with_suffix(".part")
        """Where a snapshot stands that has not come whole."""
        self._settings = settings
        self._clock = clock
        self._couples: Couples | None = None
        self._encoded: bytes | None = None

    @property
    def log(self) -> FileLog:
        """The log of this trace's case."""
        return FileLog(CaseFolder(self.folder).log_path, self._clock)

    @property
    def has_graph(self) -> bool:
        """Whether the case folder holds a graph."""
        case = CaseFolder(self.folder)
        return case.exists and bool(files.stages(case))

    def couples(self, offer: Offer, known: str | None) -> Couples:
        """The own records of the offer's window; those of the store that is ``known``, or ``StorageError``."""
        if self._couples is None:
            store = Store.open(self._settings.store)
            if known is not None and known != _NO_RECORDS and known != store.identity:
                raise StorageError(
                    "node.records-changed",
                    "the store has changed since this trace began, and a snapshot is made once",
                    where=str(store.path),
                    mend="Put the store back as it was and start the node again, or end the trace: clew case refuse.",
                )
            CaseFolder.create(self.folder)
            self._couples = read_window(store, offer, self._settings.name, self.log, self._clock)
        return self._couples

    def read_snapshot(self) -> Snapshot:
        """The partner's snapshot."""
        if not self.snapshot.exists():
            raise InputError(
                "node.snapshot-missing",
                "the partner's snapshot has not come whole yet",
                mend="Wait until clew case status says so; the transfer goes on by itself.",
            )
        return parse_snapshot(self.snapshot.read_bytes())

    def encoded(self, own: Snapshot) -> bytes:
        """The own snapshot as a file."""
        if self._encoded is None:
            self._encoded = own.encode()
        return self._encoded

    def write_log(self, storage: Storage, of: int) -> None:
        """The entries of every step so far, in the case's log, each once."""
        left = storage.unlogged(of)
        if not left:
            return
        CaseFolder.create(self.folder)
        log = self.log
        there = {(found.entry.body.get("step"), found.entry.body.get("part")) for found in log.entries()}
        for serial, part, entry in left:
            if (serial, part) not in there:
                log.commit(Entry(entry.kind, {**entry.body, "step": serial, "part": part}))
        storage.logged(of)

    def write_result(self, graph: TracedGraph, documents: files.Documents) -> None:
        """The traced graph and what permitted it, in the case folder."""
        case = CaseFolder.create(self.folder)
        store = Store.open(self._settings.store)
        files.write_trace(case, graph, documents, self.log, store.accounts())

    def destroy(self) -> None:
        """Forget the records, and remove the snapshot."""
        self._couples = self._encoded = None
        self.snapshot.unlink(missing_ok=True)
        self.partial.unlink(missing_ok=True)
