"""What a partner's message is answered with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, final

from clew.errors import PeerError

__all__ = ["Answer", "Nothing", "Told", "Wait"]

_STATE: Final = 40
_REASON: Final = 200


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

    def encode(self, trace: bytes = b"") -> bytes:
        """As it is sent (spec node 6.3); it names the trace where it is no answer to a message of it."""
        named = {"trace": trace.hex()} if trace else {}
        return json.dumps({**named, "state": self.state, "reason": self.reason}).encode()

    @staticmethod
    def parse(body: bytes) -> tuple[Wait, bytes]:
        """What the partner's node says of itself, and of which trace; ``PeerError`` unless it is a few plain words."""
        try:
            found: Any = json.loads(body)
            said, trace = Wait(found["state"], found["reason"]), bytes.fromhex(found.get("trace", ""))
            plain = all(isinstance(text, str) and text.isprintable() for text in (said.state, said.reason))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise _no_state() from error
        if not plain or len(said.state) > _STATE or len(said.reason) > _REASON:
            raise _no_state()
        return said, trace


@final
@dataclass(frozen=True, slots=True)
class Nothing:
    """The message was taken, and nothing answers it."""


Told = Answer | Wait | Nothing


def _no_state() -> PeerError:
    return PeerError("node.envelope", "the partner's node says something that is no state")
