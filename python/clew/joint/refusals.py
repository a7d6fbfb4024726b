"""Why a party says no: errors for its own people, and the small set that the partner hears (spec protocol 3.4)."""

from __future__ import annotations

from typing import Final

from clew.errors import ClewError, PeerError, Refused
from clew.joint.messages import RefusalCode

__all__ = ["ENDS", "another_warrant", "check_failed", "expired", "heard_as", "out_of_turn", "over_budget"]

_HEARD: Final = {
    "joint.malformed": RefusalCode.MALFORMED,
    "group.count": RefusalCode.MALFORMED,
    "group.encoding": RefusalCode.MALFORMED,
    "group.identity": RefusalCode.MALFORMED,
    "group.order": RefusalCode.MALFORMED,
    "joint.out-of-turn": RefusalCode.OUT_OF_TURN,
    "joint.not-authorised": RefusalCode.NOT_AUTHORISED,
    "joint.not-approved": RefusalCode.NOT_AUTHORISED,
    "joint.terms": RefusalCode.NOT_AUTHORISED,
    "joint.over-budget": RefusalCode.OVER_BUDGET,
}

ENDS: Final = frozenset({RefusalCode.CHECK_FAILED, RefusalCode.STOPPED})
"""Refusals after which a trace goes no further; after the others the partner may ask as it should have."""


def heard_as(error: ClewError) -> RefusalCode:
    """What the partner hears of an error; of what is not in the table, only that a check failed."""
    return _HEARD.get(error.code, RefusalCode.CHECK_FAILED)


def check_failed(what: str) -> PeerError:
    """A proof, signature, seal or commitment of the partner is wrong."""
    return PeerError(
        "joint.check-failed",
        what,
        mend="The trace has ended. Keep both logs, and ask the partner to explain it.",
    )


def out_of_turn(what: str) -> PeerError:
    """The partner sent a message that has no place here."""
    return PeerError(
        "joint.out-of-turn", what, mend="Nothing was answered. Compare the state of the case on both sides."
    )


def over_budget(what: str, **counts: int) -> Refused:
    """The warrant does not allow that much; ``counts`` are the figures that ``what`` speaks of."""
    return Refused(
        "joint.over-budget",
        what,
        mend="Nothing was answered. Ask for a smaller bound, or for an amendment with a larger budget.",
        counts=counts,
    )


def another_warrant(what: str) -> Refused:
    """The warrant is not of this trace."""
    return Refused(
        "joint.not-authorised", f"the warrant is not of this trace: {what}", mend="Have a warrant made for this trace."
    )


def expired() -> Refused:
    """There is no warrant in force."""
    return Refused(
        "joint.not-authorised",
        "no warrant in force allows this",
        mend="Have the warrant verified on both sides; after its expiry, ask for a new one.",
    )
