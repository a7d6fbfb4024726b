"""The demo's folder: made, or cleared of what an earlier demo left in it, and of nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clew.errors import StorageError, UsageError

__all__ = ["make_room", "storage"]

_MARK: Final = ".clew-demo"
_OWN: Final = (
    "iraq-calls.csv",
    "france-cdr.csv",
    "seeds.txt",
    "truth",
    "profiles",
    "keys",
    "store",
    "case",
    "joint",
    "policy.toml",
)


def make_room(folder: Path, *, keep: bool) -> None:
    """Make the folder, or clear what an earlier demo left in it; refuses any other folder that is not empty."""
    with storage(folder):
        if folder.exists() and not folder.is_dir():
            raise UsageError("demo.not-a-folder", "the place for the demo is a file", where=str(folder))
        if (folder / _MARK).exists():
            if keep:
                raise UsageError(
                    "demo.kept",
                    "an earlier demo is in this folder, and is to be kept",
                    where=str(folder),
                    mend="Name another folder with --folder, or leave --keep out to replace it.",
                )
            for path in [*(folder / name for name in _OWN), *folder.glob("warrant-*.json")]:
                _remove(path)
        elif folder.exists() and any(folder.iterdir()):
            raise UsageError(
                "demo.folder-not-empty",
                "the folder holds something that no demo has put there",
                where=str(folder),
                mend="Name a new folder with --folder.",
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _MARK).write_text("Made by clew demo, which replaces what it made here. Everything is synthetic.\n")


@contextmanager
def storage(folder: Path) -> Iterator[None]:
    """What fails on the disk inside becomes a ``StorageError``."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            "demo.unwritable",
            f"the demo's folder cannot be written: {error.strerror}",
            where=str(folder),
            mend="The demo needs about 300 MB. Name another folder with --folder.",
        ) from error


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
