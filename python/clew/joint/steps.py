"""What a transition takes and gives: the moment and fresh randomness in, a new state, a message and log entries out.

The border to a node (spec protocol 3.3). A state, the message that came and what was *given* fix everything that
follows, so a node makes three things durable before it sends a step's message: the message that came (or what its own
people had it do), what it gave, and the step's entries in its log. After a crash it hands the same in again, in the
same order, and has the same state and the same bytes to send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, final

from clew.audit.log import Entry
from clew.joint.labels import GIVEN, digest
from clew.joint.messages import Message

__all__ = ["Given", "Step"]

S = TypeVar("S", covariant=True)


@final
@dataclass(frozen=True, slots=True)
class Given:
    """The present moment in UTC, and 32 unpredictable bytes that serve one step and nothing else."""

    now: datetime
    random: bytes

    def __post_init__(self) -> None:
        if len(self.random) != 32:
            raise ValueError("a step is given 32 random bytes")

    def __repr__(self) -> str:
        return f"Given({self.now:%Y-%m-%dT%H:%M:%SZ})"

    def seed(self, purpose: bytes) -> bytes:
        """32 bytes for one purpose of this step."""
        return digest(GIVEN, self.random, purpose)


@final
@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """A new state, what to send to the partner, and what to log before it is sent."""

    state: S
    message: Message | None = None
    entries: tuple[Entry, ...] = ()
