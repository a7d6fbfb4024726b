"""Clock, randomness and progress: what the pure steps need from outside, as arguments.

The command line passes the real ones; tests pass their own. No module of steps 1 to 7 reads a clock or a random
source by itself (an import contract keeps ``time``, ``random``, ``secrets`` and ``os.urandom`` users out).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "NoProgress", "Progress", "Randomness", "system_clock", "system_randomness"]

Clock = Callable[[], datetime]
"""Returns the present moment, timezone-aware, in UTC."""

Randomness = Callable[[int], bytes]
"""Returns that many unpredictable bytes."""


class Progress(Protocol):
    """Hears how far a long step has come. Never given a number or any content of records."""

    def begin(self, step: str, total: int | None = None, unit: str = "") -> None:
        """A named step starts; ``total`` units of work if known."""

    def advance(self, units: int) -> None:
        """So many more units of the present step are done."""

    def end(self) -> None:
        """The present step is done."""


class NoProgress:
    """A progress that shows nothing."""

    def begin(self, step: str, total: int | None = None, unit: str = "") -> None:
        """Ignore the step."""

    def advance(self, units: int) -> None:
        """Ignore the units."""

    def end(self) -> None:
        """Ignore the end."""


def system_clock() -> datetime:
    """The machine's clock in UTC."""
    return datetime.now(UTC)


def system_randomness(size: int) -> bytes:
    """``size`` bytes from the operating system's generator."""
    return secrets.token_bytes(size)
