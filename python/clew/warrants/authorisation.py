"""What a verified warrant allows, as a value that nothing else can make (``spec/warrant.md``, section 4).

Everything that reads records takes an :class:`Authorisation`, and looks whether it is one. Only
:mod:`clew.warrants.verify` makes them, and :mod:`clew.warrants.window` those of a node's window; a copy cannot be made,
changed, pickled or serialised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, NoReturn, final

from clew.effects import Clock
from clew.errors import Refused

__all__ = ["Authorisation", "Blinded", "Budgets", "Clear", "Joint", "Seed", "require_verified"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Clear:
    """A seed in the clear, in canonical form; its text is kept out of ``repr``."""

    number: str

    def __repr__(self) -> str:
        return "Clear(…)"


@final
@dataclass(frozen=True, slots=True)
class Blinded:
    """A blinded seed: the 32-byte encoding of ``s N(v)`` (PROTOCOL 3.4). Only the joint trace can use it."""

    point: bytes


Seed = Clear | Blinded


@final
@dataclass(frozen=True, slots=True)
class Joint:
    """What a joint trace binds beside its blinded seeds (``spec/warrant.md``, 2.5): digests in hexadecimal."""

    trace: str  # the trace's identifier
    case_order: str  # what both sides signed before any seed was named
    roots: tuple[str, ...]  # the commitments and the holder's keys, as both logs hold them


@final
@dataclass(frozen=True, slots=True)
class Budgets:
    """How much of each thing a warrant allows; 0 allows none (``spec/warrant.md``, 2.4)."""

    numbers: int  # numbers inside the bound of one stage
    sources: int = 0  # operator's lines that may be shown, over the whole case
    items: int = 0  # joint trace: items asked
    rows: int = 0  # joint trace: rows opened
    declared: int = 0  # joint trace: declared contacts
    recognised: int = 0  # joint trace: recognised numbers
    unmaskings: int = 0  # joint trace: numbers unmasked

    def less(self, used: Mapping[str, int]) -> Budgets:
        """What remains after ``used``; never below zero."""
        return Budgets(**{f.name: max(0, getattr(self, f.name) - used.get(f.name, 0)) for f in fields(self)})


_KEY: Final = object()


@final
class Authorisation:
    """The scope that a verified warrant gives, until it expires.

    ``digest`` is the SHA-256 (hex) of the document that gives this scope, ``root`` that of the case's first warrant:
    they differ from stage 2 on. ``stage`` counts from 1 (amendments add stages).
    ``begin`` and ``end`` bound the window ``[begin, end)`` in UTC. ``budgets`` are those of the document, ``remaining``
    what was left of them when it was verified.
    """

    __slots__ = (
        "_clock",
        "_seal",
        "begin",
        "budgets",
        "case",
        "digest",
        "end",
        "expires",
        "hops",
        "hub_limit",
        "joint",
        "remaining",
        "root",
        "seeds",
        "stage",
    )

    _clock: Clock
    case: str
    digest: str
    root: str
    stage: int
    seeds: tuple[Seed, ...]
    begin: datetime
    end: datetime
    hops: int
    hub_limit: int
    budgets: Budgets
    remaining: Budgets
    expires: datetime
    joint: Joint | None

    def __init__(self, key: object, clock: Clock, scope: Mapping[str, Any]) -> None:
        if key is not _KEY:
            raise _not_verified()
        object.__setattr__(self, "_clock", clock)
        object.__setattr__(self, "_seal", key)
        for name in self.__slots__[2:]:
            object.__setattr__(self, name, scope[name])

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("there is one sort of authorisation, and verification makes it")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("an authorisation cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("an authorisation cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("an authorisation cannot be copied, pickled or serialised")

    def __repr__(self) -> str:
        return f"Authorisation(case={self.case!r}, stage={self.stage}, digest={self.digest[:12]!r}…)"

    def require_live(self) -> None:
        """Return if the warrant has not expired by its clock; else raise ``Refused``."""
        if self._clock() >= self.expires:
            raise Refused(
                "warrant.expired",
                f"the warrant expired at {self.expires:%Y-%m-%dT%H:%M:%SZ}",
                mend="Ask the issuing authority for a new warrant or an amendment.",
            )

    def clear_seeds(self) -> tuple[str, ...]:
        """The seeds in canonical form; ``Refused`` if any is blinded (those belong to a joint trace)."""
        numbers = tuple(seed.number for seed in self.seeds if isinstance(seed, Clear))
        if len(numbers) != len(self.seeds):
            raise Refused(
                "warrant.blinded-seeds",
                "this warrant names blinded seeds, which only a joint trace can follow",
                mend="Use the joint trace, or a warrant with seeds in the clear.",
            )
        return numbers


def require_verified(found: object) -> None:
    """Return if verification made this authorisation: what only looks like one is ``Refused``."""
    if type(found) is not Authorisation or getattr(found, "_seal", None) is not _KEY:
        raise _not_verified()


def _not_verified() -> Refused:
    return Refused(
        "authorisation.not-verified",
        "an authorisation can only come out of warrant verification",
        mend="Call clew.verify_warrant with the signed warrant and the policy.",
    )
