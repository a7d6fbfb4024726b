"""Files of the state folder: read whole, replaced whole, destroyed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clew.durable import sync_folder, write_file
from clew.errors import StorageError

__all__ = ["destroy", "read", "replace", "storage"]


def read(path: Path) -> bytes:
    """The bytes of a file; a link in its place is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another, durably and whole, and write zeros over the old one.

    On disks that write elsewhere than they read (flash, copy on write) zeros are only an attempt: SECURITY.md.
    """
    new = path.with_name(path.name + ".new")
    write_file(new, data)
    try:
        old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        old = -1
    try:
        new.replace(path)
        sync_folder(path.parent)
        if old >= 0:
            _zero(old)
    finally:
        if old >= 0:
            os.close(old)


def destroy(path: Path) -> None:
    """Write zeros over a file and remove it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _zero(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()
    sync_folder(path.parent)


def _zero(descriptor: int) -> None:
    left = os.fstat(descriptor).st_size
    while left:
        left -= os.write(descriptor, bytes(min(left, 1 << 20)))
    os.fsync(descriptor)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turns the operating system's errors into ``StorageError``."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            "overlap.unwritable",
            f"the state folder cannot be read or written: {error.strerror}",
            where=str(path),
            mend="Check the disk and the folder's permissions, then give the same command again.",
        ) from error
