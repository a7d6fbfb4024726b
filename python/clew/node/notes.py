"""What a serving node says on stderr: each line with its moment, and nothing again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, final

from clew.effects import Clock

__all__ = ["Notes"]

_AGAIN: Final = timedelta(minutes=10)
_KEPT: Final = 256


@final
class Notes:
    """Called with a line. One that was said within the last minutes is counted, and said with the count later."""

    def __init__(self, say: Callable[[str], None], clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._said: dict[str, tuple[datetime, int]] = {}

    def __call__(self, text: str) -> None:
        """Say it now, or count it."""
        now = self._clock()
        at, more = self._said.pop(text, (None, 0))
        if at is not None and at <= now < at + _AGAIN:
            self._said[text] = at, more + 1
            return
        self._said[text] = now, 0
        while len(self._said) > _KEPT:
            del self._said[next(iter(self._said))]
        self._say(f"{now:%Y-%m-%dT%H:%M:%SZ} {text}{f' ({more:,} times more since then)' if more else ''}")
