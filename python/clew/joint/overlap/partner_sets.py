"""The partners' published sets that open checks ask about: ``partner-sets/<digest>`` in the state folder (spec 8.1).

They are copies of files that this side was given. What is wrong with a copy is no fault of the partner, and is mended
by giving the file again.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import final

from clew.durable import make_folder
from clew.errors import ClewError, StorageError
from clew.joint.overlap import files
from clew.joint.overlap.published import Published, open_set
from clew.warrants.keys import PublicKey

__all__ = ["PartnerSets"]


@final
class PartnerSets:
    """The copies in one folder, each by its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, published: Published) -> None:
        """Keep a set whose signature was verified; a copy that is not byte for byte this one is replaced."""
        path, data = self._path(published.digest), published.encode()
        with files.storage(path.parent):
            make_folder(path.parent)
            if not path.exists() or files.read(path) != data:
                files.replace(path, data)

    def find(self, digest: bytes, owner: PublicKey) -> Published:
        """The set with this digest, as it was when it was kept; ``StorageError`` if the copy is not that any more."""
        path = self._path(digest)
        try:
            with files.storage(path):
                found = open_set(files.read(path), owner)
        except StorageError as error:
            if path.exists():
                raise
            raise _spoilt("missing", path) from error
        except ClewError as error:
            raise _spoilt("damaged", path) from error
        if found.digest != digest:
            raise _spoilt("another one", path)
        return found

    def except_for(self, wanted: Container[str]) -> list[Path]:
        """The copies whose digest, in hexadecimal, is not ``wanted``."""
        return [path for path in sorted(self._folder.glob("*")) if path.name not in wanted]

    def _path(self, digest: bytes) -> Path:
        return self._folder / digest.hex()


def _spoilt(how: str, path: Path) -> StorageError:
    return StorageError(
        "overlap.set-spoilt",
        f"the copy kept here of the partner's set that the check asks about is {how}",
        where=str(path),
        mend="Give the partner's file again: clew overlap read LETTER --filter FILE. The letter was not read yet.",
    )
