"""What one trace reads and writes beside the node's database: its case folder, the snapshot, the own records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder, Part
from clew.chain import files
from clew.chain.graph import TracedGraph
from clew.effects import Clock
from clew.errors import InputError, StorageError
from clew.joint.couples import Couples
from clew.joint.messages import Offer
from clew.joint.snapshot import Snapshot, parse_snapshot
from clew.node.identity import Card, Settings
from clew.node.receipt import BROKEN, RECEIPT, Reached, unsigned, verify_receipt
from clew.node.storage import Row, Storage
from clew.node.window import read_window
from clew.records.account import Account
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
        self.log: Final = FileLog(CaseFolder(self.folder).log_path, clock)
        """The log of this trace's case."""
        self._settings = settings
        self._clock = clock
        self._couples: Couples | None = None
        self._accounts: tuple[Account, ...] = ()
        """Of the files that the own records came from: what is imported later was never traced."""
        self._encoded: bytes | None = None
        self._reached: Reached | None = None

    @property
    def has_case(self) -> bool:
        """Whether there is a case folder."""
        return CaseFolder(self.folder).exists

    @property
    def has_graph(self) -> bool:
        """Whether the case folder holds a graph."""
        return self.has_case and bool(files.stages(CaseFolder(self.folder)))

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
            self._accounts = store.accounts()
            self._couples = read_window(store, offer, self._settings.name, self.log, self._clock)
        return self._couples

    def documents(self) -> files.Documents | None:
        """The papers that the case folder holds, if there are any."""
        case = CaseFolder(self.folder)
        return files.Documents.read(case) if case.exists and case.names(Part.WARRANT) else None

    def keep_documents(self, documents: files.Documents) -> None:
        """Keep the papers of a revoked warrant in the case folder: every later step in it is refused."""
        digest, last = documents.chain()[-1], hashlib.sha256(documents.revocations[-1]).hexdigest()
        said = self.log.commit(Entry("warrant.revoked", {"warrant": digest, "file": last}))
        CaseFolder.open(self.folder).replace({Part.WARRANT: documents.files()}, said)

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

    @property
    def receipt_file(self) -> Path | None:
        """The signed receipt, if there is one; ``InputError`` unless it is as this node signed it."""
        case = CaseFolder(self.folder)
        if not case.exists or RECEIPT not in case.names(Part.JOINT):
            return None
        file = self.folder / Part.JOINT.value / RECEIPT
        verify_receipt(case.read(Part.JOINT, RECEIPT), str(file), node=Card.parse(self._settings.card).identity)
        return file

    def stored_receipt(self) -> dict[str, Any] | None:
        """The receipt that stands in the case folder, without its signature."""
        case = CaseFolder(self.folder)
        if not case.exists or RECEIPT not in case.names(Part.JOINT):
            return None
        return unsigned(case.read(Part.JOINT, RECEIPT))

    def stored_broken(self) -> dict[str, bytes]:
        """The file of rows that were not sound, if there is one, with its name."""
        case = CaseFolder(self.folder)
        if not case.exists or BROKEN not in case.names(Part.JOINT):
            return {}
        return {BROKEN: case.read(Part.JOINT, BROKEN)}

    def reached(self, graph: TracedGraph | None = None) -> Reached | None:
        """What stands in ``graph``, or else in the one of the case folder."""
        if graph is not None:
            self._reached = Reached.of(graph.vertices)
        elif self._reached is None and self.has_graph:
            self._reached = Reached.of(files.read_graph(CaseFolder.open(self.folder)).vertices)
        return self._reached

    def holds(self, graph: TracedGraph) -> bool:
        """Whether exactly this graph stands in the case folder."""
        case, expected = CaseFolder(self.folder), files.graph_files(graph)
        return expected.keys() <= set(case.names(Part.GRAPH)) and all(
            case.read(Part.GRAPH, name) == data for name, data in expected.items()
        )

    def write_case(
        self, graph: TracedGraph | None, documents: files.Documents | None, receipt: Mapping[str, bytes]
    ) -> None:
        """The receipt, and the traced graph with what permitted it if there is one, in the case folder at once."""
        case, log = CaseFolder.open(self.folder), self.log
        said = log.commit(Entry("joint.receipt", {"digest": hashlib.sha256(receipt[RECEIPT]).hexdigest()}))
        if graph is None or documents is None:
            case.replace({Part.JOINT: receipt}, said)
        else:
            files.write_trace(case, graph, documents, log, self._accounts, {Part.JOINT: receipt})

    def destroy(self) -> None:
        """Forget the records, and remove the snapshot."""
        self._couples = self._encoded = None
        self.snapshot.unlink(missing_ok=True)
        self.partial.unlink(missing_ok=True)
