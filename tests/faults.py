"""Crash or fail at every system call of an operation, one run each.

``crash_everywhere`` runs the operation once for each call that it makes to the operating system's file functions and
stops it there, as a power cut would (``Crash`` is no ``Exception``, so no handler of ours can catch it), or makes the
call fail with ``ENOSPC``. After each run the caller's check looks at what is left on disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

CALLS = ("open", "write", "fsync", "ftruncate", "rename", "replace", "mkdir", "rmdir", "unlink")
GROWING = ("open", "write", "fsync", "mkdir")


class Crash(BaseException):
    """The process is gone."""


@contextmanager
def _patched(calls: tuple[str, ...], at: int, error: Callable[[], BaseException], seen: list[int]) -> Iterator[None]:
    counter = 0

    def wrap(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal counter
            counter += 1
            seen[0] = counter
            if counter >= at and (counter == at or at_and_after):
                raise error()
            return real(*arguments, **options)

        return call

    at_and_after = isinstance(error(), Crash)
    with mock.patch.multiple(os, **{name: wrap(name) for name in calls}):
        yield


def copies(original: Path, into: Path) -> Callable[[], Path]:
    """Gives a new copy of a folder each time that it is called."""
    numbers = count()

    def copy() -> Path:
        return Path(shutil.copytree(original, into / f"copy-{next(numbers)}"))

    return copy


def crash_everywhere(prepare: Callable[[], Any], operate: Callable[[Any], None], check: Callable[[Any], None]) -> int:
    """Stop ``operate(prepare())`` at every system call in turn, ``check`` what is left; how many there were."""
    return _everywhere(CALLS, Crash, prepare, operate, check)


def fill_everywhere(prepare: Callable[[], Any], operate: Callable[[Any], None], check: Callable[[Any], None]) -> int:
    """Let each call that needs room on the disk fail once with ENOSPC; the operation's own error is expected."""
    return _everywhere(GROWING, lambda: OSError(errno.ENOSPC, "No space left on device"), prepare, operate, check)


def _everywhere(
    calls: tuple[str, ...],
    error: Callable[[], BaseException],
    prepare: Callable[[], Any],
    operate: Callable[[Any], None],
    check: Callable[[Any], None],
) -> int:
    at = 0
    while True:
        at += 1
        subject = prepare()
        seen = [0]
        finished = False
        try:
            with _patched(calls, at, error, seen):
                operate(subject)
                finished = True
        except (Crash, Exception) as stopped:
            if seen[0] < at:
                raise AssertionError("the operation failed by itself") from stopped
        check(subject)
        if finished and seen[0] < at:
            return at - 1
