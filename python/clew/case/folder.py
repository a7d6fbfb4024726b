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
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, final

from clew.audit.log import Receipt
from clew.durable import sync_folder, write_file
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


@final
class CaseFolder:
    """A case on disk. Files are 0600, folders 0700; every file but the log stands in the manifest with its hash."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path) -> Self:
        """The case at ``path``, made if it is not there; an existing folder that is no case is refused."""
        known = _BEGUN | {_MANIFEST, _PENDING}
        if path.is_file() or (
            path.exists() and not _is_case(path) and {child.name for child in path.iterdir()} - known
        ):
            raise InputError(
                "case.not-a-case",
                "the folder is not empty and is not a case",
                where=str(path),
                mend="Name an empty or new folder.",
            )
        with _storage(path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            case = cls(path)
            with case._lock():
                case._roll_forward()
                if not (path / _MANIFEST).exists():
                    (path / "log").mkdir(mode=0o700, exist_ok=True)
                    write_file(path / (_MANIFEST + ".new"), _manifest({}))
                    (path / (_MANIFEST + ".new")).rename(path / _MANIFEST)
                    sync_folder(path)
        return case

    @classmethod
    def open(cls, path: Path) -> Self:
        """The case at ``path``; ``InputError`` if there is none. Finishes a replacement that a crash interrupted."""
        if not _is_case(path):
            raise InputError(
                "case.missing",
                "there is no case in this folder",
                where=str(path),
                mend="Run clew trace first.",
            )
        case = cls(path)
        with _storage(path), case._lock():
            case._roll_forward()
        return case

    @property
    def exists(self) -> bool:
        """Whether there is a case in the folder."""
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
        expected = self._hashes().get(key)
        if expected is None:
            raise InputError("case.part-missing", f"the case has no {key}", where=str(self.path))
        with _storage(self.path):
            data = (self.path / key).read_bytes()
        if hashlib.sha256(data).hexdigest() != expected:
            raise StorageError(
                "case.altered",
                f"{key} is not what the manifest says",
                where=str(self.path),
                mend="The file was changed outside Clew. Restore it, or run the step that writes it again.",
            )
        return data

    def replace(self, parts: Mapping[Part, Mapping[str, bytes]], receipt: Receipt) -> None:
        """Replace whole parts at once: all of it happens or none; ``receipt`` is that of the logged effect."""
        with _storage(self.path), self._lock():
            self._roll_forward()
            hashes = {
                name: digest
                for name, digest in self._hashes().items()
                if not any(name.startswith(part.value + "/") for part in parts)
            }
            new = self.path / (_PENDING + ".new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(mode=0o700)
            for part, files in parts.items():
                (new / part.value).mkdir(mode=0o700)
                for name, data in files.items():
                    write_file(new / part.value / name, data)
                    hashes[f"{part.value}/{name}"] = hashlib.sha256(data).hexdigest()
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

    def _hashes(self) -> dict[str, str]:
        try:
            document: Any = json.loads((self.path / _MANIFEST).read_bytes())
            version, files = document["version"], document["files"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                "case.manifest", "the case's manifest cannot be read", where=str(self.path / _MANIFEST)
            ) from error
        if version != CASE_VERSION:
            raise InputError(
                "case.version",
                f"the case is of version {version}, this Clew reads version {CASE_VERSION}",
                where=str(self.path),
                mend="Use the Clew that wrote it.",
            )
        return dict(files)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _is_case(path: Path) -> bool:
    return (path / _MANIFEST).exists() or (path / _PENDING).exists()


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
            where=str(path),
            mend="What was there before is unchanged. Check the disk and the folder's permissions.",
        ) from error
