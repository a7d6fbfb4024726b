"""Where a check stands: what the state folder knows of it, and what a state says to those who ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from clew.audit.log import Entry, Value
from clew.errors import UsageError
from clew.joint.overlap.about import About
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import (
    Agreed,
    Answered,
    Asked,
    Common,
    Considering,
    Counted,
    Done,
    Ended,
    Learnt,
    Opened,
    State,
)
from clew.joint.overlap.wire import NO_SET
from clew.warrants.keys import PublicKey

__all__ = [
    "Step",
    "asked_set_of",
    "common_of",
    "entry_of",
    "key_id",
    "limits_of",
    "over",
    "remarks_of",
    "secret_of",
    "set_of",
    "size_of",
    "sizes_of",
]


@final
@dataclass(frozen=True, slots=True)
class Step:
    """What a command has done: the check, where it stands now, and the letter to send, if one is due."""

    about: About
    state: State
    letter: bytes | None
    again: bool = False  # the step was done before: this is its letter, and nothing new was read
    refused: int = 0  # how many numbers a question asked about that was beyond the limits


def size_of(state: State) -> int | None:
    """How many numbers are common, where this side has been told."""
    match state:
        case Counted():
            return len(state.matched)
        case Agreed(counted):
            return len(counted.matched)
        case Considering() | Opened():
            return state.common
        case _:
            common = common_of(state)
            return len(common.numbers) if common is not None else None


def sizes_of(state: State) -> tuple[int | None, int | None]:
    """How many numbers the asker's list has, and the answerer's, where the state still knows."""
    match state:
        case Asked():
            return len(state.numbers), state.listed or None
        case Counted():
            return len(state.numbers), state.listed
        case Agreed(counted):
            return sizes_of(counted)
        case Answered():
            return len(state.question.elements), len(state.own.tags)
        case Considering() | Opened():
            return sizes_of(state.answered)
        case _:
            return None, None


def remarks_of(state: State) -> tuple[str, ...]:
    """What a size says beyond itself, from the side of whoever has the state (spec 6): the same for both forms.

    ``none-common``; ``all-of-yours``, ``all-of-theirs``: whoever knows that all of a list are common knows which.
    """
    common, (asked, listed) = size_of(state), sizes_of(state)
    if common is None or asked is None:
        return ()
    if not common:
        return ("none-common",)
    yours, theirs = (listed, asked) if isinstance(state, Considering | Opened) else (asked, listed)
    return (*(("all-of-yours",) if common == yours else ()), *(("all-of-theirs",) if common == theirs else ()))


def common_of(state: State) -> Common | None:
    """Which numbers are common, where this side has learnt it."""
    match state:
        case Learnt():
            return Common(state.numbers, ())
        case Done():
            return state.common
        case _:
            return None


def entry_of(about: About, before: State, after: State) -> Entry:
    """What is about to be known, before anybody is shown it."""
    body: dict[str, Value] = {"check": about.check, "partner": key_id(about.partner)}
    match before, after:
        case _, Ended(why):
            return Entry("overlap.ended", body | {"why": why})
        case Asked(), Counted():
            body |= {"asked": len(after.numbers), "listed": after.listed, "common": len(after.matched)}
            return Entry("overlap.counted", body)
        case Answered(), Considering():
            return Entry("overlap.counted", body | {"common": after.common})
        case Learnt(), Done():
            return Entry("overlap.received", body | {"payloads": len(after.common.payloads)})
        case _:
            return Entry("overlap.learnt", body | {"common": size_of(after) or 0})


def secret_of(state: State) -> Secret:
    match state:
        case Asked() | Counted() | Answered() | Learnt() | Done():
            return state.secret
        case Ended():
            raise over()
        case _:
            inner = state.counted if hasattr(state, "counted") else state.answered
            return inner.secret


def set_of(state: State) -> bytes | None:
    """The digest of the own published set that an open check is answered from."""
    match state:
        case Answered():
            return state.question.published if state.question.published != NO_SET else None
        case Considering() | Opened():
            return set_of(state.answered)
        case _:
            return None


def asked_set_of(state: State) -> bytes | None:
    """The digest of the partner's published set that an open check asks about."""
    match state:
        case Asked() | Counted():
            return state.question.published if state.question.published != NO_SET else None
        case Agreed(counted):
            return asked_set_of(counted)
        case _:
            return None


def limits_of(state: State) -> Limits | None:
    match state:
        case Asked() | Counted() | Answered():
            return state.limits
        case Agreed(counted):
            return counted.limits
        case Considering() | Opened():
            return state.answered.limits
        case _:
            return None


def key_id(raw: str) -> str:
    return PublicKey(bytes.fromhex(raw)).id


def over() -> UsageError:
    return UsageError("overlap.over", "this check is over", mend="clew overlap start begins another one.")
