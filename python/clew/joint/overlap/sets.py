"""Published sets where they are kept: for each file that was made its key, its numbers, and the file (spec 7).

``sets/<name>/<number>/`` holds one file of the name, with a key of its own; the largest number is the newest. The seed
is written last and destroyed first: a folder without it is what a cut left behind, and opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

import numpy as np
import pyarrow as pa

from clew.audit.log import Entry, Log, Value
from clew.durable import make_folder, sync_folder, write_file
from clew.effects import Randomness
from clew.errors import ClewError, InputError, StorageError, UsageError
from clew.joint.overlap.files import destroy, read, replace, storage
from clew.joint.overlap.published import Published, new_set, open_set
from clew.joint.overlap.secret import SEED, Secret
from clew.joint.overlap.states import Own
from clew.joint.overlap.steps import own_list
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["SetKeeper"]

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_PUBLISHED: Final = "published"
_SEED: Final = "seed"


@final
class SetKeeper:
    """The published sets of one state folder, by name and digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(
        self, name: str, numbers: pa.Array, signer: Callable[[], SigningKey], log: Log, randomness: Randomness
    ) -> Published:
        """A new file of the set, of these numbers, under a key of its own; one log entry before it.

        Files of the name that were made before stay as they are until they are retired.
        """
        folder = self._of(name)
        if not len(numbers):
            raise InputError("overlap.list-empty", "the list names no number", mend="Publish a list with numbers.")
        owner = signer()
        seed = randomness(SEED)
        key = Secret(seed)
        own = own_list(numbers, key)
        found = new_set(owner, key.public, own.tags)
        log.commit(Entry("overlap.published", {"set": name, "digest": found.digest.hex(), "listed": found.listed}))
        with storage(folder):
            self._sweep(folder)
            place = folder / str(1 + max((int(one.name) for one in _numbered(folder)), default=0))
            make_folder(place)
            write_file(place / "owner", owner.public.raw)
            write_file(place / "tags", own.tags.tobytes())
            write_file(place / "numbers", "".join(f"{one}\n" for one in own.numbers.to_pylist()).encode())
            write_file(place / _PUBLISHED, found.encode())
            sync_folder(folder)
            sync_folder(self._folder)
            # From here on the set can be asked about.
            replace(place / _SEED, seed)
        return found

    def find(self, digest: bytes) -> tuple[Secret, Own]:
        """The key of the file with this digest, and its numbers."""
        for _, place, found in self._all():
            if found is not None and found.digest == digest:
                with storage(place):
                    return Secret(read(place / _SEED)), _own(place)
        raise InputError(
            "overlap.set-unknown",
            "the question is about a set that this folder has not published, or has retired",
            mend="Send the partner the set that you answer from, or use the folder in which it was published.",
        )

    def names(self) -> list[tuple[str, Published]]:
        """Every file that can be asked about, the oldest of a name first."""
        return [(name, found) for name, _, found in self._all() if found is not None]

    def unfinished(self) -> list[str]:
        """The names with remnants of a publishing or retiring that was cut off, or with files that are damaged."""
        empty = [folder.name for folder in _folders(self._folder) if not _numbered(folder)]
        return sorted({name for name, _, found in self._all() if found is None} | set(empty))

    def digests(self, name: str, digest: str = "") -> tuple[bytes, ...]:
        """The digests of a name's files, of those that begin with ``digest``; remnants have none."""
        folder = self._of(name)
        found = [one.digest for place in _numbered(folder) if (one := _opened(place)) is not None]
        chosen = tuple(one for one in found if one.hex().startswith(digest))
        if not folder.exists() or (digest and len(chosen) != 1):
            raise _no_such_set()
        return chosen

    def retire(self, name: str, log: Log, digest: str = "") -> None:
        """Destroy a name's files and their keys, or the file of one digest: nobody can ask about them any more.

        What an earlier cut left of the name goes, too. After a cut it is given again.
        """
        folder, chosen = self._of(name), self.digests(name, digest)
        body: dict[str, Value] = {"set": name}
        log.commit(Entry("overlap.retired", body | ({"digest": chosen[0].hex()} if digest else {})))
        with storage(folder):
            for place in _numbered(folder):
                found = _opened(place)
                cut_off = found is None and not (digest and (place / _SEED).exists())
                if cut_off or (found is not None and found.digest in chosen):
                    _destroy(place)
            if not _numbered(folder):
                _destroy(folder)
                sync_folder(self._folder)

    def _sweep(self, folder: Path) -> None:
        """Destroy what a cut left: files without the key that would open them."""
        for place in _numbered(folder):
            if not (place / _SEED).exists():
                _destroy(place)

    def _all(self) -> list[tuple[str, Path, Published | None]]:
        return [(one.name, place, _opened(place)) for one in _folders(self._folder) for place in _numbered(one)]

    def _of(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(
                "overlap.set-name",
                "a set's name is 1 to 32 small letters, digits and hyphens, and begins with a letter",
                where="--set",
                mend="For example --set watchlist.",
            )
        return self._folder / name


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir())


def _numbered(folder: Path) -> list[Path]:
    """The folders of a name's files, the oldest first."""
    return sorted((path for path in folder.glob("*") if path.name.isdecimal()), key=lambda path: int(path.name))


def _opened(place: Path) -> Published | None:
    """The file that is kept here; none where its key is not: cut off, half destroyed, or damaged."""
    try:
        found = open_set(read(place / _PUBLISHED), PublicKey(read(place / "owner")))
        seed = read(place / _SEED)
    except (OSError, ClewError):
        return None
    return found if len(seed) == SEED and Secret(seed).public == found.public else None


def _own(place: Path) -> Own:
    tags = np.frombuffer(read(place / "tags"), np.uint8).reshape(-1, 16)
    numbers = pa.array(read(place / "numbers").decode().split("\n")[:-1], pa.string())
    if len(tags) != len(numbers):
        raise StorageError("overlap.set-damaged", "the files of a published set do not fit together", where=str(place))
    return Own(tags, numbers)


def _destroy(folder: Path) -> None:
    """Destroy a folder and what is in it: the key first, because without it the rest opens nothing."""
    first = folder / _SEED
    for path in sorted(folder.iterdir(), key=lambda path: (path.name.split(".")[0] != first.name, path.name)):
        if path.is_dir():
            _destroy(path)
        else:
            destroy(path)
    folder.rmdir()
    sync_folder(folder.parent)


def _no_such_set() -> UsageError:
    return UsageError(
        "overlap.set-name", "no set of this name is kept here", where="--set", mend="clew overlap status lists them."
    )
