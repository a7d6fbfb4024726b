"""The store's folder: its manifest, its lock, files written once and hashed, and what a crash left behind.

What ``store.json`` names is the store (spec 1). Everything else in the folder was left by an import that did not end;
whoever writes next removes it and says so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Any, Final, final

import duckdb

from clew.durable import make_folder, sync_folder
from clew.errors import InputError, StorageError
from clew.records.schema import RECORD_ID_UNITS

__all__ = [
    "STORE_VERSION",
    "HashedFile",
    "ImportEntry",
    "Manifest",
    "Segment",
    "file_digest",
    "is_room",
    "leftovers",
    "make_folder",
    "protect",
    "read_manifest",
    "replace_manifest",
    "require_usable_name",
    "start_store",
    "storage",
    "write_lock",
]

STORE_VERSION: Final = 1
MANIFEST: Final = "store.json"
LOCK: Final = "lock"
FOLDERS: Final = ("imports", "index", "work")
_BLOCK: Final = 1 << 20
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
_FOLDER_NAMES: Final = re.compile("imports|index|work")
_NEW_MANIFEST: Final = re.compile(r"store\.json\.new")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_MOST_IMPORTS: Final = (1 << 63) // RECORD_ID_UNITS
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SEGMENT: Final = re.compile(r"index/segment_[0-9]{6,12}m?\.duckdb")
IMPORT_FILES: Final = ("records.parquet", "rejects.parquet", "numbers.parquet", "account.json", "profile.toml")
_IMPORT_FILES: Final = re.compile("|".join(map(re.escape, IMPORT_FILES)))
_INDEX_FILES: Final = re.compile(r"segment_[0-9]{6,12}m?\.duckdb(\.wal(\.checkpoint|\.recovery)?)?")
_WORK_FILES: Final = re.compile(r"scanned\.parquet|duckdb_temp_[A-Za-z0-9_.-]+")


@final
@dataclass(frozen=True, slots=True)
class ImportEntry:
    """One import as the manifest names it. ``identified``: its profile names the operator's own record identifiers."""

    number: int
    file: str
    sha256: str
    size: int
    operator: str
    identified: bool
    units: int
    rows: int
    files: Mapping[str, str]  # path inside the store to SHA-256


@final
@dataclass(frozen=True, slots=True)
class Segment:
    """One index file: the contacts of imports ``first`` to ``last``."""

    file: str
    sha256: str
    first: int
    last: int
    rows: int


@final
@dataclass(frozen=True, slots=True)
class Manifest:
    """``store.json``. ``retired`` files are no longer read; they stay one generation for readers that opened before."""

    generation: int = 0
    imports: tuple[ImportEntry, ...] = ()
    segments: tuple[Segment, ...] = ()
    retired: tuple[str, ...] = ()

    def next_import(self) -> int:
        """The number that the next import gets."""
        return max((entry.number for entry in self.imports), default=0) + 1

    def files(self) -> dict[str, str]:
        """Every file of the store that is read, with its SHA-256."""
        named = {path: digest for entry in self.imports for path, digest in entry.files.items()}
        return named | {segment.file: segment.sha256 for segment in self.segments}

    def encode(self) -> bytes:
        """The bytes of ``store.json``; their SHA-256 is the store's identity."""
        document = {
            "format": "clew store",
            "version": STORE_VERSION,
            "generation": self.generation,
            "imports": [_fields(entry) | {"files": dict(sorted(entry.files.items()))} for entry in self.imports],
            "segments": [_fields(segment) for segment in self.segments],
            "retired": list(self.retired),
        }
        return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _fields(entry: ImportEntry | Segment) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__slots__}


def require_usable_name(store: Path) -> None:
    """Return if the store's path is text; the index is a database, and its engine takes no path that is not."""
    try:
        str(store).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "store.name",
            "the name of the store's folder, or of a folder above it, is not UTF-8",
            where=str(store),
            mend="Rename that folder, or name another place.",
        ) from error


def read_manifest(store: Path) -> tuple[Manifest, str] | None:
    """The manifest and its SHA-256; None if the folder has none."""
    try:
        data = (store / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        document = json.loads(data)
        version = document["version"]
        if document["format"] != "clew store" or type(version) is not int:
            raise ValueError
        if version == STORE_VERSION:
            manifest = _manifest(document)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(
            "store.manifest",
            "store.json cannot be read",
            where=str(store / MANIFEST),
            mend="Restore it from a backup; the files beside it are unchanged.",
        ) from error
    if version != STORE_VERSION:
        raise InputError(
            "store.version",
            f"the store is of version {version}, this Clew reads version {STORE_VERSION}",
            where=str(store),
            mend="Use the Clew that wrote it.",
        )
    return manifest, hashlib.sha256(data).hexdigest()


def _manifest(document: Mapping[str, Any]) -> Manifest:
    """The manifest of a parsed ``store.json``; ``ValueError`` or ``TypeError`` for one that no import writes.

    A path in it must be one of our own names: else a manifest from elsewhere could make Clew read any file.
    """
    manifest = Manifest(
        document["generation"],
        tuple(ImportEntry(**entry) for entry in document["imports"]),
        tuple(Segment(**segment) for segment in document["segments"]),
        tuple(document["retired"]),
    )
    _require(type(document["retired"]) is list and _is_count(manifest.generation))
    for entry in manifest.imports:
        _require(all(map(_is_count, (entry.number, entry.size, entry.units, entry.rows))))
        _require(all(map(_is_text, (entry.file, entry.operator))) and type(entry.identified) is bool)
        _require(0 < entry.number < _MOST_IMPORTS and type(entry.files) is dict and _is_digest(entry.sha256))
        _require(set(entry.files) == {f"imports/{entry.number}/{name}" for name in IMPORT_FILES})
        _require(all(map(_is_digest, entry.files.values())))
    for segment in manifest.segments:
        _require(all(map(_is_count, (segment.first, segment.last, segment.rows))) and _is_digest(segment.sha256))
    numbers = [entry.number for entry in manifest.imports]
    _require(numbers == sorted(set(numbers)))
    indexes = [*(segment.file for segment in manifest.segments), *manifest.retired]
    _require(all(type(name) is str and _SEGMENT.fullmatch(name) for name in indexes))
    _require(len(set(indexes)) == len(indexes))
    return manifest


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_text(value: object) -> bool:
    # Encoding refuses halves of characters, which JSON can write and files cannot hold.
    return type(value) is str and value.encode() is not None


def _is_digest(value: object) -> bool:
    return type(value) is str and _DIGEST.fullmatch(value) is not None


def replace_manifest(store: Path, manifest: Manifest) -> str:
    """Make ``manifest`` the store, durably and all at once; returns its SHA-256. Its files must be durable already."""
    for segment in manifest.segments:
        if not (store / segment.file).is_file():
            raise FileNotFoundError(segment.file)
    identity = _put_manifest(store, manifest)
    try:
        sync_folder(store)
    except OSError as error:
        raise StorageError(
            "store.unconfirmed",
            "the files were imported, but the disk did not confirm it",
            where=str(store),
            mend="Check the disk, then import again: what is there already is recognised.",
        ) from error
    return identity


def _put_manifest(store: Path, manifest: Manifest) -> str:
    new = HashedFile(store / (MANIFEST + ".new"))
    new.write(manifest.encode())
    new.close()
    os.replace(store / (MANIFEST + ".new"), store / MANIFEST)
    return new.sha256


@contextmanager
def write_lock(store: Path) -> Iterator[None]:
    """Hold the store's lock; ``StorageError`` ``store.busy`` if another process holds it."""
    descriptor = os.open(store / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                "store.busy",
                "another import is writing to this store",
                where=str(store),
                mend="Wait until it has ended; nothing was changed.",
            ) from error
        yield
    finally:
        os.close(descriptor)


def start_store(store: Path) -> str:
    """Make an empty store in the folder, durably; returns its SHA-256.

    It is done before anything else is written, so that whatever is removed later was put into a store.
    """
    identity = _put_manifest(store, Manifest())
    sync_folder(store)
    return identity


def is_room(folder: Path) -> bool:
    """Whether a store can be made in an existing folder: it is empty, or making one there did not end."""
    half = Manifest().encode()
    for entry in folder.iterdir():
        found = entry.lstat()
        begun = entry.name in (LOCK, MANIFEST + ".new") and stat.S_ISREG(found.st_mode) and found.st_size <= len(half)
        if not begun or not half.startswith(entry.read_bytes()):
            return False
    return True


def leftovers(store: Path, manifest: Manifest) -> list[Path]:
    """Remains of imports that did not end: what has a name of ours in the store's folders and no manifest names.

    What has another name is not ours: it is neither removed nor told. Raises ``StorageError`` ``store.link`` if a name
    of ours is a symbolic link, behind which anything may lie.
    """
    named = set(manifest.files()) | set(manifest.retired)
    kept = {store / name for name in named}
    folders = {path.name: path for path in _ours(store, _FOLDER_NAMES)}
    found = [path for path in _ours(store, _NEW_MANIFEST) if path.is_file()]
    if "imports" in folders:
        for folder in _ours(folders["imports"], _NUMBER):
            found += _remains(folder, _IMPORT_FILES, kept)
    if "index" in folders:
        found += [path for path in _ours(folders["index"], _INDEX_FILES) if path.is_file() and path not in kept]
    if "work" in folders:
        found += _remains(folders["work"], _WORK_FILES, kept)
    return found


def _inside(folder: Path) -> list[Path]:
    """What is in the folder, sorted; nothing if it is none, or none any more: an import may end while one reads."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _ours(folder: Path, names: re.Pattern[str]) -> list[Path]:
    found = [path for path in _inside(folder) if names.fullmatch(path.name)]
    for path in found:
        if path.is_symlink():
            raise StorageError(
                "store.link",
                "a file or folder of the store is a symbolic link",
                where=str(path),
                mend="Put the file or folder itself there. Nothing behind the link was touched.",
            )
    return found


def _remains(folder: Path, names: re.Pattern[str], kept: set[Path]) -> list[Path]:
    """The folder, where nothing in it is kept or strange; else the files in it that are ours and not kept."""
    files = [path for path in _ours(folder, names) if path.is_file() and path not in kept]
    return [folder] if folder.is_dir() and files == _inside(folder) else files


def remove(path: Path) -> None:
    """Remove a leftover file, or a leftover folder with the files in it that are ours."""
    if path.is_dir():
        for inner in _ours(path, _WORK_FILES if path.name == "work" else _IMPORT_FILES):
            inner.unlink()
        path.rmdir()
    else:
        path.unlink()


def protect(path: Path) -> None:
    """Make a file that another library wrote durable and its owner's only."""
    os.chmod(path, 0o600)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_digest(path: Path) -> str:
    """The SHA-256 (hex) of a file."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@final
class HashedFile:
    """A new file, 0600, hashed while it is written and made durable when it is closed. A file object for Arrow."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, _NEW_FILE, 0o600)
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._size = 0
        self.closed = False

    def write(self, data: bytes | memoryview) -> int:
        """Take all of ``data``; it is written by the block."""
        if self.closed:
            raise ValueError("the file is closed")
        view = memoryview(data).cast("B")
        self._hash.update(view)
        self._size += len(view)
        self._waiting += view
        if len(self._waiting) >= _BLOCK:
            self.flush()
        return len(view)

    def flush(self) -> None:
        """Write what waits in memory."""
        with memoryview(self._waiting) as view:
            done = 0
            while done < len(view):
                done += os.write(self._descriptor, view[done:])
        self._waiting = bytearray()

    def tell(self) -> int:
        """How many bytes have been written."""
        return self._size

    def readable(self) -> bool:
        """It is only written."""
        return False

    def writable(self) -> bool:
        """It is written."""
        return True

    def seekable(self) -> bool:
        """It is written from beginning to end."""
        return False

    def close(self) -> None:
        """Make it durable."""
        if not self.closed:
            try:
                self.flush()
                os.fsync(self._descriptor)
            finally:
                self.discard()

    def discard(self) -> None:
        """Close it as it is, durable or not."""
        if not self.closed:
            self.closed = True
            os.close(self._descriptor)

    @property
    def sha256(self) -> str:
        """The digest (hex) of what was written."""
        return self._hash.hexdigest()


@contextmanager
def storage(store: Path) -> Iterator[None]:
    """Turn the operating system's errors into ``StorageError``."""
    try:
        yield
    except OSError as error:
        raise _failed(store, error.strerror or str(error), error.errno in (ENOSPC, EDQUOT, EFBIG)) from error
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        full = any(os.strerror(number) in str(error) for number in (ENOSPC, EDQUOT, EFBIG))
        raise _failed(store, "the index could not be written or read", full) from error


def _failed(store: Path, what: str, full: bool) -> StorageError:
    if full:
        return StorageError(
            "store.full",
            "the disk is full",
            where=str(store),
            mend="The store is as it was before. Make room and import again.",
        )
    return StorageError(
        "store.unwritable",
        f"the store cannot be read or written: {what}",
        where=str(store),
        mend="The store is as it was before. Check the disk and the folder's permissions.",
    )


def advance(manifest: Manifest, imports: tuple[ImportEntry, ...], segments: tuple[Segment, ...]) -> Manifest:
    """The next generation: more imports, other segments; segments no longer named are retired."""
    named = {segment.file for segment in segments}
    retired = tuple(segment.file for segment in manifest.segments if segment.file not in named)
    return replace(
        manifest,
        generation=manifest.generation + 1,
        imports=manifest.imports + imports,
        segments=segments,
        retired=retired,
    )
