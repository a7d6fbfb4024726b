"""What a partner's message is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

__all__ = ["Answer", "Nothing", "Told", "Wait"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A message that answers the partner's."""

    data: bytes


@final
@dataclass(frozen=True, slots=True)
class Wait:
    """No answer yet: the state, and a person's reason if there is one."""

    state: str
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Nothing:
    """The message was taken, and nothing answers it."""


Told = Answer | Wait | Nothing
