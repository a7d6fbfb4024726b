"""All states of a check, of both sides (spec 4.2). Frozen; what is secret in them is not shown.

``Asked`` to ``Learnt`` are the asker's, ``Answered`` to ``Opened`` the answerer's; ``Done`` and ``Ended`` are of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import pyarrow as pa

from clew.joint.overlap.limits import Limits
from clew.joint.overlap.order import Bytes, Places
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.wire import Question

__all__ = [
    "Agreed",
    "Answered",
    "Asked",
    "Common",
    "Considering",
    "Counted",
    "Done",
    "Ended",
    "Learnt",
    "Opened",
    "Own",
    "State",
]


class _Hidden:
    """States show what they are, not what is in them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Own(_Hidden):
    """The answerer's list: its tags, strictly increasing, and the numbers in the same order."""

    tags: Bytes
    numbers: pa.Array


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Common(_Hidden):
    """The numbers that both lists have, in the order of their tags, and the partner's payload for each, if any came."""

    numbers: tuple[str, ...]
    payloads: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Asked(_Hidden):
    """The question is out. ``numbers`` are in the order of its elements.

    ``public`` and ``listed`` are those of the published set that it asks about; else empty and 0.
    """

    secret: Secret
    limits: Limits
    question: Question
    numbers: pa.Array
    public: bytes
    listed: int


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Counted(_Hidden):
    """The asker knows how many are common, and which of the evaluated points they are, but not of which numbers."""

    secret: Secret
    limits: Limits
    question: Question
    numbers: pa.Array
    public: bytes
    listed: int
    previous: bytes  # the digest of the answer
    evaluated: Bytes
    matched: Places  # positions in ``evaluated``
    points: Bytes  # theirs, unblinded


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Agreed(_Hidden):
    """The asker has agreed to learning which. ``payloads``: one text for each of the own numbers, or none at all."""

    counted: Counted
    consent: bytes  # the digest of the message
    payloads: pa.Array


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Learnt(_Hidden):
    """The asker knows which; the answerer's payloads may be on their way."""

    secret: Secret
    check: bytes
    previous: bytes  # the digest of the own message
    numbers: tuple[str, ...]
    outputs: tuple[bytes, ...]
    offered: bool  # whether the answerer hands payloads over


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answered(_Hidden):
    """The answer is out. ``key`` is the check's own secret, or that of the published set."""

    secret: Secret
    limits: Limits
    question: Question
    key: Secret
    own: Own
    previous: bytes  # the digest of the answer


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Considering(_Hidden):
    """The asker has said how many and agreed; the answerer's people decide."""

    answered: Answered
    previous: bytes  # the digest of the consent
    common: int
    offered: bool


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opened(_Hidden):
    """The answerer has agreed, too. ``payloads``: one text for each of the own numbers, or none at all."""

    answered: Answered
    previous: bytes  # the digest of the opening
    common: int
    offered: bool
    payloads: pa.Array


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Done(_Hidden):
    """This side has all that it was to get."""

    secret: Secret
    common: Common


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """The check is over and nothing of it is kept. ``why``: a refusal's code, ``closed``."""

    why: str


State = Asked | Counted | Agreed | Learnt | Answered | Considering | Opened | Done | Ended
