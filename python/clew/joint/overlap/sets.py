"""Published sets where they are kept: the key, the numbers, and the file for the partners (spec 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.audit.log import Entry, Log
from clew.durable import make_folder, sync_folder, write_file
from clew.effects import Randomness
from clew.errors import InputError, StorageError, UsageError
from clew.joint.overlap.files import destroy, read, replace, storage
from clew.joint.overlap.order import sorting
from clew.joint.overlap.published import Published, new_set, open_set, with_segment
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Own
from clew.joint.overlap.steps import own_list
from clew.warrants.keys import PublicKey, SigningKey

__all__ = ["SetKeeper"]

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_PUBLISHED: Final = "published"
_SEED: Final = "seed"


@final
class SetKeeper:
    """The published sets of one state folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(
        self,
        name: str,
        numbers: pa.Array,
        signer: Callable[[], SigningKey],
        log: Log,
        randomness: Randomness,
    ) -> tuple[Published, int]:
        """The set with these numbers in it, made or added to, and how many were new; one log entry before it."""
        folder = self._of(name)
        with storage(folder):
            before = self._opened(folder) if (folder / _PUBLISHED).exists() else None
        new = numbers if before is None else _without(numbers, self._numbers(folder, len(before.filters)))
        if not len(new):
            if before is None:
                raise InputError("overlap.list-empty", "the list names no number", mend="Publish a list with numbers.")
            return before, 0
        owner = signer()
        log.commit(
            Entry(
                "overlap.published",
                {"set": name, "added": len(new), "listed": len(new) + (before.listed if before is not None else 0)},
            )
        )
        with storage(folder):
            make_folder(folder)
            if before is None:
                write_file(folder / _SEED, randomness(32))
            key = self._key(folder)
            own = own_list(new, key)
            found = new_set(owner, key.public, own.tags) if before is None else with_segment(before, owner, own.tags)
            number = len(found.filters) - 1
            write_file(folder / f"tags-{number}", own.tags.tobytes())
            write_file(folder / f"numbers-{number}", "".join(f"{one}\n" for one in own.numbers.to_pylist()).encode())
            write_file(folder / "owner", owner.public.raw)
            # From here on the numbers are in the set.
            replace(folder / _PUBLISHED, found.encode())
        return found, len(new)

    def find(self, digest: bytes) -> tuple[Secret, Own]:
        """The key of the set that had this digest, and the set as it was then."""
        for folder in sorted(self._folder.glob("*")) if self._folder.exists() else ():
            if (folder / _PUBLISHED).exists():
                digests = self._opened(folder).digests
                if digest in digests:
                    return self._key(folder), self._own(folder, digests.index(digest) + 1)
        raise InputError(
            "overlap.set-unknown",
            "the question is about a set that this folder has not published, or has retired",
            mend="Send the partner the set that you answer from, or use the folder in which it was published.",
        )

    def names(self) -> list[tuple[str, Published]]:
        """Every set that is kept here."""
        folders = sorted(self._folder.glob("*")) if self._folder.exists() else []
        return [(folder.name, self._opened(folder)) for folder in folders if (folder / _PUBLISHED).exists()]

    def digests(self, name: str) -> tuple[bytes, ...]:
        """The digests that a set has had."""
        folder = self._of(name)
        if not (folder / _PUBLISHED).exists():
            raise _no_such_set()
        return self._opened(folder).digests

    def retire(self, name: str, log: Log) -> None:
        """Destroy a set and its key: nobody can ask about it any more, and its filter says nothing to anybody."""
        folder = self._of(name)
        if not (folder / _PUBLISHED).exists():
            raise _no_such_set()
        log.commit(Entry("overlap.retired", {"set": name}))
        with storage(folder):
            # The key first: without it the rest opens nothing.
            for path in (folder / _SEED, folder / _PUBLISHED, *sorted(folder.iterdir())):
                if path.exists():
                    destroy(path)
            folder.rmdir()
            sync_folder(self._folder)

    def _of(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(
                "overlap.set-name",
                "a set's name is 1 to 32 small letters, digits and hyphens, and begins with a letter",
                where="--set",
                mend="For example --set watchlist.",
            )
        return self._folder / name

    def _opened(self, folder: Path) -> Published:
        return open_set(read(folder / _PUBLISHED), PublicKey(read(folder / "owner")))

    def _key(self, folder: Path) -> Secret:
        return Secret(read(folder / _SEED))

    def _numbers(self, folder: Path, segments: int) -> pa.Array:
        parts = [read(folder / f"numbers-{number}").decode().split("\n")[:-1] for number in range(segments)]
        return pa.array([one for part in parts for one in part], pa.string())

    def _own(self, folder: Path, segments: int) -> Own:
        parts = [np.frombuffer(read(folder / f"tags-{number}"), np.uint8).reshape(-1, 16) for number in range(segments)]
        tags, numbers = np.concatenate(parts), self._numbers(folder, segments)
        if len(tags) != len(numbers):
            raise StorageError(
                "overlap.set-damaged", "the files of a published set do not fit together", where=str(folder)
            )
        order = sorting(tags)
        return Own(tags[order], numbers.take(pa.array(order)))


def _without(numbers: pa.Array, known: pa.Array) -> pa.Array:
    return numbers.filter(pc.invert(pc.is_in(numbers, value_set=known)))


def _no_such_set() -> UsageError:
    return UsageError(
        "overlap.set-name", "no set of this name is kept here", where="--set", mend="clew overlap status lists them."
    )
