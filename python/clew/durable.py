"""Files and names that are on the disk when a function returns, for their owner only."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["make_folder", "sync_folder", "write_file"]


def make_folder(path: Path) -> Path:
    """The folder, made if it is not there; it and the folders above it that are made are 0700 whatever the umask."""
    if not path.parent.exists():
        make_folder(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        os.chmod(path, 0o700)
    return path


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file, 0600, and make its bytes durable; its name is durable after ``sync_folder``.

    A link in its place is an ``OSError``: it is not followed.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
