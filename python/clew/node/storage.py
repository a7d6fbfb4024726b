"""The node's database: SQLite, one file, every change on the disk before the function returns (spec node 3).

A step of a trace is one transaction: the message that came, what the step was given, what it answers, and its log
entries. Secrets of a trace stand under a key of its own; destroying that key destroys them.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, final

from clew.audit.log import Entry
from clew.effects import Randomness
from clew.errors import StorageError
from clew.node.sealing import SealingKey

__all__ = ["Moved", "Row", "Storage", "Wire"]


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A trace as the database knows it, without its secrets."""

    id: int
    role: str
    peer: bytes
    offer: bytes | None
    trace: bytes | None
    name: str
    records: str | None
    state: str
    code: int
    reason: str
    paused: str | None
    pending: bytes | None
    open: bool


@final
@dataclass(frozen=True, slots=True)
class Wire:
    """A message that was sent or received, in a receipt: its kind, when, and how many bytes."""

    sent: bool
    kind: str
    at: str
    size: int


@final
@dataclass(frozen=True, slots=True, repr=False)
class Moved:
    """A message as a step took it or made it."""

    kind: str
    data: bytes


@final
class Storage:
    """An open database; one process has it at a time. Every method is one transaction."""

    def __init__(self, path: Path, sealing: SealingKey, randomness: Randomness) -> None:
        self._path = path
        self._sealing = sealing
        self._randomness = randomness
        self._lock = threading.RLock()
        with self._storage():
            if not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
            for pragma in (
                "PRAGMA page_size = 16384",  # messages of megabytes stand in it
                "PRAGMA journal_mode = WAL",
                "PRAGMA wal_autocheckpoint = 4096",  # 64 MB: none of a trace's lists waits for another to be moved
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
                "PRAGMA foreign_keys = ON",
                "PRAGMA locking_mode = EXCLUSIVE",
            ):
                self._db.execute(pragma)
            self._db.executescript(files("clew.node").joinpath("sql", "schema.sql").read_text("utf-8"))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def traces(self) -> list[Row]:
        """All traces, in the order in which they began."""
        return [_row(found) for found in self._rows("SELECT * FROM overview ORDER BY id")]

    def begin(self, role: str, peer: bytes, name: str, state: str, offer: bytes | None = None) -> Row:
        """A new trace, with a key of its own."""
        key = SealingKey(self._randomness(32))
        with self._change() as db:
            made = db.execute(
                "INSERT INTO traces (role, peer, offer, name, state) VALUES (?, ?, ?, ?, ?)",
                (role, peer, offer, name, state),
            )
            of = int(made.lastrowid or 0)
            wrapped = self._sealing.wrap(key, f"trace {of}", self._randomness)
            db.execute("UPDATE traces SET key = ? WHERE id = ?", (wrapped, of))
        return self.row(of)

    def forget(self, of: int) -> None:
        """Remove a trace that never took a step."""
        with self._change() as db:
            db.execute("DELETE FROM traces WHERE id = ? AND id NOT IN (SELECT trace FROM steps)", (of,))

    def forget_unbegun(self) -> None:
        """Remove traces whose first step a crash prevented: the partner knows nothing of them."""
        with self._change() as db:
            db.execute("DELETE FROM traces WHERE key IS NOT NULL AND id NOT IN (SELECT trace FROM steps)")

    def row(self, of: int) -> Row:
        """A trace as it stands."""
        return _row(self._rows("SELECT * FROM overview WHERE id = ?", (of,))[0])

    def take_step(
        self,
        of: int,
        step: bytes | None,
        received: Moved | None,
        sent: Moved | None,
        entries: Sequence[Entry],
        at: str,
        **columns: str | bytes | int | None,
    ) -> int:
        """Everything of one step at once; returns its serial. ``columns`` of the trace's row are set with it.

        Without ``step`` nothing is replayed: a message was taken that changed no state.
        """
        with self._change() as db:
            db.execute("UPDATE traces SET serial = serial + 1 WHERE id = ?", (of,))
            serial = int(db.execute("SELECT serial FROM traces WHERE id = ?", (of,)).fetchone()[0])
            if step is not None:
                sealed = self._key(of).seal(step, f"step {of} {serial}", self._randomness)
                db.execute("INSERT INTO steps VALUES (?, ?, ?)", (of, serial, sealed))
            for way, moved in ((0, received), (1, sent)):
                if moved is not None:
                    hidden = self._sealing.seal(moved.data, f"wire {of} {serial} {way}", self._randomness)
                    db.execute(
                        "INSERT INTO wire VALUES (?, ?, ?, ?, ?, ?, ?)",
                        (of, serial, way, moved.kind, at, len(moved.data), hidden),
                    )
            for part, entry in enumerate(entries):
                body = json.dumps(dict(entry.body), sort_keys=True)
                db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", (of, serial, part, entry.kind, body))
            for name, value in columns.items():
                db.execute(_SET[name], (value, of))
        return serial

    def note(self, of: int, **columns: str | bytes | int | None) -> None:
        """Set columns of a trace's row."""
        with self._change() as db:
            for name, value in columns.items():
                db.execute(_SET[name], (value, of))

    def steps(self, of: int) -> list[tuple[int, bytes]]:
        """What was given and done, in order; empty once the trace's key is destroyed."""
        rows = self._rows("SELECT serial, sealed FROM steps WHERE trace = ? ORDER BY serial", (of,))
        if not rows:
            return []
        key = self._key(of)
        return [(serial, key.open(sealed, f"step {of} {serial}")) for serial, sealed in rows]

    def message(self, of: int, serial: int, *, sent: bool) -> bytes | None:
        """The bytes that the step with this serial took, or made."""
        rows = self._rows(
            "SELECT sealed FROM wire WHERE trace = ? AND serial = ? AND sent = ?", (of, serial, int(sent))
        )
        return self._sealing.open(rows[0][0], f"wire {of} {serial} {int(sent)}") if rows else None

    def receipt(self, of: int) -> list[Wire]:
        """Every message of a trace, without its content."""
        rows = self._rows("SELECT sent, kind, at, size FROM wire WHERE trace = ? ORDER BY serial, sent", (of,))
        return [Wire(bool(sent), kind, at, size) for sent, kind, at, size in rows]

    def unmaskings(self, of: int) -> list[tuple[Wire, bytes]]:
        """Requests to unmask and their answers, in order."""
        query = (
            "SELECT serial, sent, kind, at, size, sealed FROM wire "
            "WHERE trace = ? AND kind IN ('Unmask', 'Unmasked') ORDER BY serial, sent"
        )
        return [
            (Wire(bool(sent), kind, at, size), self._sealing.open(sealed, f"wire {of} {serial} {sent}"))
            for serial, sent, kind, at, size, sealed in self._rows(query, (of,))
        ]

    def evidence(self, of: int) -> list[bytes]:
        """What both sides agreed and committed to, and every question of the trace with its answer, in order."""
        query = (
            "SELECT serial, sent, sealed FROM wire WHERE trace = ? AND kind IN "
            "('Offer', 'Acceptance', 'TracerCommitments', 'HolderCommitments', 'Start', 'SealedSeeds', 'Recognise', "
            "'Recognised', 'Ask', 'Names', 'AskRows', 'Rows') ORDER BY serial, sent"
        )
        return [
            self._sealing.open(sealed, f"wire {of} {serial} {sent}")
            for serial, sent, sealed in self._rows(query, (of,))
        ]

    def unlogged(self, of: int) -> list[tuple[int, int, Entry]]:
        """Entries that stand in the database and may not stand in the log yet: serial, part, entry."""
        rows = self._rows("SELECT serial, part, kind, body FROM entries WHERE trace = ? ORDER BY serial, part", (of,))
        return [(serial, part, Entry(kind, json.loads(body))) for serial, part, kind, body in rows]

    def logged(self, of: int) -> None:
        """The entries of a trace are in its log.

        The next step syncs this: if power is lost before it, the entries are found in the log once more.
        """
        with self._lock, self._storage():
            self._db.execute("PRAGMA synchronous = NORMAL")
            try:
                with self._change() as db:
                    db.execute("DELETE FROM entries WHERE trace = ?", (of,))
            finally:
                self._db.execute("PRAGMA synchronous = FULL")

    def destroy(self, of: int) -> None:
        """Destroy a trace's key and everything under it; pages are overwritten, and the write-ahead log is emptied."""
        with self._change() as db:
            db.execute("UPDATE traces SET key = NULL WHERE id = ?", (of,))
            db.execute("DELETE FROM steps WHERE trace = ?", (of,))
        with self._lock, self._storage():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _key(self, of: int) -> SealingKey:
        rows = self._rows("SELECT key FROM traces WHERE id = ?", (of,))
        if not rows or rows[0][0] is None:
            raise ValueError("the trace's key is destroyed")
        return self._sealing.unwrap(rows[0][0], f"trace {of}")

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._lock, self._storage():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._storage():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if "locked" in str(error):
                raise StorageError(
                    "node.in-use",
                    "another process has the node's database open",
                    where=str(self._path),
                    mend="The node is running already. Stop that process first.",
                ) from error
            if _is_full(self._path, error):
                raise StorageError(
                    "node.database",
                    "the node's database cannot be written: the disk is full",
                    where=str(self._path),
                    mend="What was committed before is unchanged. Free some space; the node goes on by itself.",
                ) from error
            raise StorageError(
                "node.database",
                f"the node's database cannot be read or written: {error}",
                where=str(self._path),
                mend="What was committed before is unchanged. Check the disk and the folder's permissions.",
            ) from error


def _is_full(path: Path, error: sqlite3.Error | OSError) -> bool:
    """Whether it failed because nothing is free: SQLite often says ``disk I/O error`` then."""
    if "full" in str(error) or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return True
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _ROOM


_ROOM: Final = 1 << 16
_SET: Final = {
    name: f"UPDATE traces SET {name} = ? WHERE id = ?"
    for name in ("offer", "trace", "records", "state", "code", "reason", "paused", "pending")
}


def _row(found: Sequence[Any]) -> Row:
    return Row(*[*found[:12], bool(found[12])])
