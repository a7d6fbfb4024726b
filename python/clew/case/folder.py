"""Read and replace the parts of a case folder (``spec/case.md``).

A replacement is first written whole into ``.pending.new``, which is then renamed to ``.pending``: that rename is the
moment at which it happens. Moving its parts into place can be repeated, and is repeated by the next call if a crash
comes between.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self, final

from clew.audit.log import Log, Receipt, require_receipt
from clew.durable import make_folder, sync_folder, write_file
from clew.errors import InputError, StorageError

__all__ = ["CASE_VERSION", "CaseFolder", "Part"]

CASE_VERSION = 1
_MANIFEST = "manifest.json"
_PENDING = ".pending"
_BEGUN = {".lock", "log", _MANIFEST + ".new"}  # what a crash while a case is made leaves


class Part(StrEnum):
    """The parts of a case folder that are replaced as a whole. ``log/`` only grows and stands beside them."""

    WARRANT = "warrant"
    GRAPH = "graph"
    FINDINGS = "findings"
    DECISIONS = "decisions"
    REPORT = "report"
    JOINT = "joint"


_KEY: Final = re.compile(rf"({'|'.join(Part)})/[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LINKED: Final = (_MANIFEST, ".lock", "log", _PENDING, *Part, *(f"{_PENDING}/{part}" for part in Part))


@final
class CaseFolder:
    """A case on disk. Files are 0600, folders 0700; every file but the log stands in the manifest with its hash."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._holder: int | None = None
        """The thread that is inside :meth:`alone`."""

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """The case at ``path``, made if it is not there; an existing folder that is no case is refused."""
        path = Path(path)
        known = _BEGUN | {_MANIFEST, _PENDING}
        with _storage(path):
            if path.is_file() or (
                path.exists() and not _is_case(path) and {child.name for child in path.iterdir()} - known
            ):
                raise InputError(
                    "case.not-a-case",
                    "the folder is not empty and is not a case",
                    where=str(path),
                    mend="Name an empty or new folder.",
                )
            make_folder(path)
            case = cls(path)
            with case._lock():
                case._roll_forward()
                if not (path / _MANIFEST).exists():
                    make_folder(path / "log")
                    write_file(path / (_MANIFEST + ".new"), _manifest({}))
                    (path / (_MANIFEST + ".new")).rename(path / _MANIFEST)
                    sync_folder(path)
        return case

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The case at ``path``; ``InputError`` if there is none. Finishes a replacement that a crash interrupted."""
        path = Path(path)
        case = cls(path)
        if not case.exists:
            raise InputError(
                "case.missing",
                "there is no case in this folder",
                where=str(path),
                mend="Run clew trace first.",
            )
        with _storage(path):
            case._refuse_links()
            if (path / _PENDING).exists():  # else nothing is written, so that who may only read the case can open it
                with case._lock():
                    case._roll_forward()
        return case

    @property
    def exists(self) -> bool:
        """Whether there is a case in the folder."""
        with _storage(self.path):
            return _is_case(self.path)

    @property
    def log_path(self) -> Path:
        """Where the case's log is."""
        return self.path / "log" / "log.jsonl"

    def names(self, part: Part) -> list[str]:
        """The files of a part, sorted; empty if the part has not been written."""
        prefix = part.value + "/"
        return sorted(name[len(prefix) :] for name in self._hashes() if name.startswith(prefix))

    def read(self, part: Part, name: str) -> bytes:
        """A file's bytes, checked against the manifest."""
        key = f"{part.value}/{name}"
        data, agrees = self._read(key)
        if not agrees:  # somebody may be replacing the part just now: once more, while nobody can
            with _storage(self.path), self._lock(shared=True):
                data, agrees = self._read(key)
        if not agrees:
            what, how = ("not there", "removed") if data is None else ("not what the manifest says", "changed")
            raise StorageError(
                "case.altered",
                f"{key} is {what}",
                where=str(self.path),
                mend=f"The file was {how} outside Clew. Restore it, or run the step that writes it again.",
            )
        return data or b""

    def _read(self, key: str) -> tuple[bytes | None, bool]:
        """What the file holds, and whether the manifest says the same; ``InputError`` if it names no such file."""
        expected = self._hashes().get(key)
        if expected is None:
            raise InputError(
                "case.part-missing",
                f"the case has no {key}",
                where=str(self.path),
                mend="Run the step that writes it first: clew trace, then clew cells, then clew report.",
            )
        with _storage(self.path):
            self._refuse_links()
            data = _bytes(self.path / key)
        return data, data is not None and hashlib.sha256(data).hexdigest() == expected

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within it nobody else changes the case: what is read of it there still holds when it is replaced there."""
        with _storage(self.path), self._lock():
            self._roll_forward()
            self._holder = threading.get_ident()
            try:
                yield
            finally:
                self._holder = None

    def replace(self, parts: Mapping[Part, Mapping[str, bytes]], receipt: Receipt) -> None:
        """Replace whole parts at once: all of it happens or none; ``receipt`` is that of the logged effect."""
        require_receipt(receipt)
        with _storage(self.path), self._lock():
            self._roll_forward()
            hashes = {
                name: digest
                for name, digest in self._hashes().items()
                if not any(name.startswith(part.value + "/") for part in parts)
            }
            new = self.path / (_PENDING + ".new")
            if new.is_symlink() or new.is_file():
                new.unlink()
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(mode=0o700)
            for part, files in parts.items():
                (new / part.value).mkdir(mode=0o700)
                for name, data in files.items():
                    key = f"{part.value}/{name}"
                    if not _KEY.fullmatch(key):
                        raise self._unreadable()
                    write_file(new / key, data)
                    hashes[key] = hashlib.sha256(data).hexdigest()
                sync_folder(new / part.value)
            write_file(new / _MANIFEST, _manifest(hashes, receipt))
            sync_folder(new)
            new.rename(self.path / _PENDING)
            sync_folder(self.path)
            self._roll_forward()

    def _roll_forward(self) -> None:
        pending = self.path / _PENDING
        if not pending.exists():
            return
        for part in Part:
            if (pending / part.value).exists():
                shutil.rmtree(self.path / part.value, ignore_errors=True)
                (pending / part.value).rename(self.path / part.value)
        if (pending / _MANIFEST).exists():
            (pending / _MANIFEST).replace(self.path / _MANIFEST)
        sync_folder(self.path)
        pending.rmdir()

    def require_logged(self, log: Log) -> None:
        """Return if the log holds the entry that the manifest names; else somebody put an older log in its place."""
        entry = self._manifest().get("entry")
        if entry is None:
            return
        logged = log.entries()
        if len(logged) <= entry["index"] or logged[entry["index"]].digest != entry["digest"]:
            raise StorageError(
                "log.rolled-back",
                "the log does not hold the entry of the case's last change: it is older than the case, or another",
                where=str(self.log_path),
                mend="Keep both as they are, and restore the whole case from a backup.",
            )

    def _hashes(self) -> dict[str, str]:
        return dict(self._manifest()["files"])

    def _manifest(self) -> dict[str, Any]:
        """The manifest, its names and types checked: names of a case that others made must not lead out of it."""
        try:
            document: Any = json.loads((self.path / _MANIFEST).read_bytes())
            version, files, entry = document["version"], document["files"], document["entry"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._unreadable() from error
        if type(version) is int and version != CASE_VERSION:
            raise InputError(
                "case.version",
                f"the case is of version {version}, this Clew reads version {CASE_VERSION}",
                where=str(self.path),
                mend="Use the Clew that wrote it.",
            )
        if type(version) is not int or not _are_files(files) or not (entry is None or _is_entry(entry)):
            raise self._unreadable()
        return dict(document)

    def _unreadable(self) -> StorageError:
        return StorageError(
            "case.manifest",
            "the case's manifest cannot be read, or names files that no case has",
            where=str(self.path / _MANIFEST),
            mend="Restore the case from a backup. If somebody else made it, do not trust it.",
        )

    def _refuse_links(self) -> None:
        for name in _LINKED:
            if (self.path / name).is_symlink():
                raise StorageError(
                    "case.link",
                    f"{name} is a link, so that what Clew writes there would land outside the case",
                    where=str(self.path),
                    mend="Put the folder itself there. If somebody else made the case, do not trust it.",
                )

    @contextmanager
    def _lock(self, *, shared: bool = False) -> Iterator[None]:
        """Nobody else changes the case meanwhile; with ``shared`` others may read it too."""
        if self._holder == threading.get_ident():
            yield
            return
        self._refuse_links()
        flags = os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT
        try:
            descriptor = os.open(self.path / ".lock", flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except (FileNotFoundError, PermissionError):
            if not shared:
                raise
            yield  # a copy of a case without its lock, or one that others may only read: nobody replaces it
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _bytes(path: Path) -> bytes | None:
    """What the file holds, not through a link; ``None`` where nothing is."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as file:
            return file.read()
    except FileNotFoundError:
        return None


def _is_case(path: Path) -> bool:
    return (path / _MANIFEST).exists() or (path / _PENDING).exists()


def _are_files(found: Any) -> bool:
    """Whether these are names of files in parts of a case, each with a SHA-256."""
    return isinstance(found, dict) and all(
        _KEY.fullmatch(name) and isinstance(digest, str) and _DIGEST.fullmatch(digest) for name, digest in found.items()
    )


def _is_entry(found: Any) -> bool:
    """Whether this names an entry of a log."""
    if not isinstance(found, dict) or found.keys() != {"index", "digest"}:
        return False
    index, digest = found["index"], found["digest"]
    return type(index) is int and index >= 0 and isinstance(digest, str) and bool(_DIGEST.fullmatch(digest))


def _manifest(hashes: Mapping[str, str], receipt: Receipt | None = None) -> bytes:
    document = {
        "version": CASE_VERSION,
        "entry": {"index": receipt.index, "digest": receipt.digest} if receipt else None,
        "files": dict(sorted(hashes.items())),
    }
    return (json.dumps(document, indent=2) + "\n").encode()


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            "case.unwritable",
            f"the case folder cannot be read or written: {error.strerror}",
            where=os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else str(path),
            mend="What was there before is unchanged. Check the disk and the folder's permissions.",
        ) from error
