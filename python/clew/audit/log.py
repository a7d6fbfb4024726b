"""The log hook: an entry is committed before every effect, and the effect takes the receipt (``spec/log.md``).

Here the log is a hash-chained file, one JSON line an entry, fsynced. A transparency log replaces only
:class:`FileLog`; whoever commits or takes receipts does not change.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple, NoReturn, Protocol, final

from clew.durable import make_folder, sync_folder
from clew.effects import Clock
from clew.errors import Refused, StorageError
from clew.numbers import may_hold_number

__all__ = ["LOG_VERSION", "Entry", "FileLog", "Log", "LoggedEntry", "Receipt", "Value", "require_receipt"]

LOG_VERSION = 1
_ZERO = "0" * 64
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_KIND = re.compile(r"[a-z]+(\.[a-z-]+)+", re.ASCII)
_NAME = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)
_TEXT_LIMIT = 200
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Value = str | int | bool
"""What an entry may hold. A text is a digest, a moment, or words without anything that looks like a number."""


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """What is about to be done: a dotted kind such as ``trace.bound`` and a flat body."""

    kind: str
    body: Mapping[str, Value]


_RECEIPT_KEY: Final = object()


@final
class Receipt:
    """Proof that an entry is in the log, durably; effect functions take it. Only a log makes one.

    ``warrant`` is the digest of the document under which the entry was made, and ``offer`` that of a joint trace's
    offer, where its body names one. A receipt cannot be changed, copied, pickled or serialised.
    """

    __slots__ = ("_seal", "at", "digest", "index", "kind", "offer", "warrant")

    index: int
    kind: str
    digest: str
    at: datetime
    warrant: str | None
    offer: str | None

    def __init__(self, key: object, *, index: int, entry: Entry, digest: str, at: datetime) -> None:
        if key is not _RECEIPT_KEY:
            raise _no_receipt()
        fields = {"_seal": key, "index": index, "kind": entry.kind, "digest": digest, "at": at}
        for name in ("warrant", "offer"):
            named = entry.body.get(name)
            fields[name] = named if isinstance(named, str) else None
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("there is one sort of receipt, and a log makes it")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a receipt cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a receipt cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a receipt cannot be copied, pickled or serialised")

    def require(self, kind: str, warrant: str | None = None) -> None:
        """Return if this receipt is for an entry of that kind, under that warrant if one is named; else ``Refused``."""
        if self.kind != kind:
            raise Refused("log.wrong-receipt", f"this step needs a receipt of {kind}, not of {self.kind}")
        if warrant is not None and self.warrant != warrant:
            raise Refused("log.wrong-receipt", f"this receipt of {kind} was given under another warrant")

    def __repr__(self) -> str:
        return f"Receipt(index={self.index}, kind={self.kind!r}, digest={self.digest[:12]!r}…)"


def require_receipt(found: object) -> None:
    """Return if a log made this receipt: what only looks like one is ``Refused``."""
    if type(found) is not Receipt or getattr(found, "_seal", None) is not _RECEIPT_KEY:
        raise _no_receipt()


def _no_receipt() -> Refused:
    return Refused(
        "log.no-receipt",
        "a receipt can only come out of a log",
        mend="Commit the entry to the case's log, and hand on the receipt that comes back.",
    )


@final
@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as it stands in the log: its index from 0, its moment, and the digest that chains it."""

    index: int
    at: datetime
    entry: Entry
    digest: str


class _Stamp(NamedTuple):
    """By which a file is known to be as it was: whatever writes to it changes the last."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class Log(Protocol):
    """What every step is given. Committing comes before the effect."""

    def commit(self, entry: Entry) -> Receipt:
        """Make the entry durable; only then return. Raises ``Refused`` if the clock is behind the last entry."""

    def entries(self) -> list[LoggedEntry]:
        """Everything logged so far, oldest first."""


class FileLog:
    """A hash-chained, fsynced file of JSON lines (``spec/log.md``).

    Opening checks the whole chain, and so does whatever comes later and finds the file otherwise than it was left. A
    last line cut short by a crash was never acknowledged; it is moved aside into ``<name>.torn`` (``.torn.1``, …
    where there is one) and the log goes on. Anything else that does not chain raises ``StorageError``.
    """

    def __init__(self, path: str | Path, clock: Clock) -> None:
        self._path = Path(path)
        self._clock = clock
        # What was checked, and the file as it was then: a partner who is refused again and again would otherwise make
        # every entry cost as much as all that stand before it.
        self._checked: tuple[_Stamp, tuple[LoggedEntry, ...]] | None = None

    def commit(self, entry: Entry) -> Receipt:
        """Append the entry and fsync; see :class:`Log`."""
        _check(entry)
        try:
            make_folder(self._path.parent)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._storage(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            logged = self._settled(descriptor)
            last = logged[-1] if logged else None
            at = self._clock()
            if last is not None and at < last.at:
                raise Refused(
                    "log.clock-behind",
                    "the clock is behind the last log entry",
                    where=str(self._path),
                    mend="Set the machine's clock; nothing was done.",
                )
            index = len(logged)
            line, digest = _line(index, at, entry, last.digest if last else _ZERO)
            os.lseek(descriptor, 0, os.SEEK_END)
            _write_all(descriptor, line)
            os.fsync(descriptor)
            if index == 0:
                sync_folder(self._path.parent)
            kept = Entry(entry.kind, dict(entry.body))
            written = LoggedEntry(index, _moment(_text(at)), kept, digest)
            self._checked = _stamp(descriptor), (*logged, written)
            return Receipt(_RECEIPT_KEY, index=index, entry=entry, digest=digest, at=at)
        except OSError as error:
            raise self._storage(error) from error
        finally:
            os.close(descriptor)

    def entries(self) -> list[LoggedEntry]:
        """Everything logged so far, the chain checked."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._storage(error) from error
        try:
            return list(self._read(descriptor)[0])
        except OSError as error:
            raise self._storage(error) from error
        finally:
            os.close(descriptor)

    def _settled(self, descriptor: int) -> tuple[LoggedEntry, ...]:
        """What is logged; a torn last line is moved aside first."""
        logged, torn = self._read(descriptor)
        if torn:
            self._set_aside(torn)
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(torn))
        return logged

    def _read(self, descriptor: int) -> tuple[tuple[LoggedEntry, ...], bytes]:
        """What is logged, the chain checked unless the file is as it was; and a torn last line."""
        stamp = _stamp(descriptor)
        if self._checked is not None and self._checked[0] == stamp:
            return self._checked[1], b""
        data = os.pread(descriptor, stamp.size, 0)
        whole = data.rfind(b"\n") + 1
        logged = _parse(data[:whole], str(self._path))
        if whole == len(data):
            self._checked = stamp, logged
        return logged, data[whole:]

    def _set_aside(self, torn: bytes) -> None:
        """Keep a torn line in a new file of its own, durably; what was set aside before stays."""
        for number in count():
            name = self._path.name + (f".torn.{number}" if number else ".torn")
            try:
                descriptor = os.open(self._path.with_name(name), _NEW_FILE, 0o600)
            except FileExistsError:
                continue
            try:
                _write_all(descriptor, torn)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            return

    def _storage(self, error: OSError) -> StorageError:
        return StorageError(
            "log.unwritable",
            f"the log cannot be read or written: {error.strerror}",
            where=str(self._path),
            mend="Nothing was done. Check the disk and the folder's permissions.",
        )


def _check(entry: Entry) -> None:
    if not _KIND.fullmatch(entry.kind):
        raise ValueError("an entry's kind is dotted lower-case words")
    for name, value in entry.body.items():
        if not _NAME.fullmatch(name):
            raise ValueError("an entry's field names are lower-case words")
        if not isinstance(value, str):
            continue
        if _DIGEST.fullmatch(value) or _MOMENT.fullmatch(value):
            continue
        if len(value) > _TEXT_LIMIT or may_hold_number(value):
            raise ValueError(f"field {name} of a log entry may hold a number: log a digest instead")


def _stamp(descriptor: int) -> _Stamp:
    found = os.fstat(descriptor)
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_TIME)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _line(index: int, at: datetime, entry: Entry, previous: str) -> tuple[bytes, str]:
    body = {
        "v": LOG_VERSION,
        "index": index,
        "at": _text(at),
        "kind": entry.kind,
        "body": dict(sorted(entry.body.items())),
        "previous": previous,
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(b"clew/1 log-entry\n" + text.encode()).hexdigest()
    return (text[:-1] + f',"~digest":"{digest}"}}\n').encode(), digest


def _parse(data: bytes, where: str) -> tuple[LoggedEntry, ...]:
    logged: list[LoggedEntry] = []
    previous = _ZERO
    for number, line in enumerate(data.splitlines(keepends=True)):
        try:
            found = json.loads(line)
            entry = Entry(found["kind"], found["body"])
            at = _moment(found["at"])
            again, digest = _line(number, at, entry, previous)
        except (ValueError, KeyError, TypeError, AttributeError):
            again, digest = b"", ""
        if again != line:
            raise StorageError(
                "log.broken",
                f"entry {number} of the log does not chain to the one before it",
                where=where,
                mend="The log was changed or damaged. Keep it as it is, and restore the case from a backup.",
            )
        logged.append(LoggedEntry(number, at, entry, digest))
        previous = digest
    return tuple(logged)


def _write_all(descriptor: int, data: bytes) -> None:
    """Write everything or leave the file as it was."""
    begin = os.fstat(descriptor).st_size
    try:
        done = 0
        while done < len(data):
            done += os.write(descriptor, data[done:])
    except OSError:
        os.ftruncate(descriptor, begin)
        raise
