"""Files of warrants, keys and passphrases: read within a limit, written whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from clew.durable import sync_folder
from clew.errors import InputError, Refused, StorageError, UsageError

__all__ = ["read_file", "read_secret_file", "require_free", "write_file"]

_SECRET_LIMIT: Final = 64 * 1024


def read_file(path: Path, limit: int) -> bytes:
    """The bytes of a file of at most ``limit`` bytes."""
    return _read(path, limit, secret=False)


def read_secret_file(path: Path) -> bytes:
    """The bytes of a file that nobody but its owner can read or write; else ``Refused``."""
    return _read(path, _SECRET_LIMIT, secret=True)


def _read(path: Path, limit: int, *, secret: bool) -> bytes:
    try:
        with path.open("rb") as file:
            if secret and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Refused(
                    "key.permissions",
                    "others can read or change this file, so it is no secret",
                    where=str(path),
                    mend=f"Run chmod 600 {path.name} if nobody else has read it; else make a new key.",
                )
            data = file.read(limit + 1)
    except OSError as error:
        raise InputError(
            "warrant.file-unreadable",
            f"the file cannot be read: {error.strerror}",
            where=str(path),
            mend="Check the name and the file's permissions.",
        ) from error
    if len(data) > limit:
        raise InputError(
            "warrant.too-large",
            f"more than {limit >> 10} KiB",
            where=str(path),
            mend="No warrant, policy or key is that large.",
        )
    return data


def require_free(path: Path) -> None:
    """Return if no file is there yet, so that a person is told before the questions; :func:`write_file` looks again."""
    if path.exists():
        raise _exists(path)


def write_file(path: Path, data: bytes, *, replace: bool = False, mode: int = 0o600) -> None:
    """Write a file durably and whole, or leave what is there; an existing one is refused unless ``replace``."""
    new = path.with_name(f".{path.name}.new")
    try:
        if path.exists() and not replace:
            raise _exists(path)
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        if replace:
            new.replace(path)
        else:
            os.link(new, path)  # unlike a rename, it fails if somebody else took the name in between
            new.unlink()
        sync_folder(path.parent)
    except FileExistsError as error:
        new.unlink(missing_ok=True)
        raise _exists(path) from error
    except OSError as error:
        new.unlink(missing_ok=True)
        raise StorageError(
            "warrant.file-unwritable",
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            mend="Check the disk and the folder's permissions. A file that was there is whole, old or new.",
        ) from error


def _exists(path: Path) -> UsageError:
    return UsageError(
        "warrant.file-exists",
        "the file is already there",
        where=str(path),
        mend="Choose another name, or move that file away.",
    )
