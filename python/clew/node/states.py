"""What a person is told about a trace: one word for each state, and what to do next."""

from __future__ import annotations

from typing import Final

from clew.joint import holder, tracer

__all__ = ["ENDED", "awaited", "next_step", "word"]

ENDED: Final = frozenset({"closing", "closed", "ended"})
"""Words of states without any secret."""

_WORDS: Final = {
    tracer.AwaitAcceptance: "offered",
    tracer.AwaitCommitments: "committing",
    tracer.Committed: "committed",
    tracer.AwaitSeals: "starting",
    tracer.AwaitRecognised: "recognising",
    tracer.AwaitNames: "asking",
    tracer.AwaitRows: "asking",
    tracer.Traced: "traced",
    tracer.AwaitUnmasked: "unmasking",
    tracer.AwaitClosed: "closing",
    tracer.Done: "closed",
    tracer.Ended: "ended",
    holder.AwaitTracerCommitments: "accepted",
    holder.Committed: "committed",
    holder.Authorised: "authorised",
    holder.AwaitAsk: "answering",
    holder.AwaitRows: "answering",
    holder.Finished: "answered",
    holder.Destroyed: "closed",
    holder.Ended: "ended",
}

_NEXT: Final = {
    ("tracer", "committed"): "Draft the warrant (clew warrant draft), have it signed; clew case start on both sides.",
    ("tracer", "traced"): "The graph is in the case folder: clew case result. Then clew case close.",
    ("holder", "offered"): "Decide: clew case accept, or clew case refuse with a reason.",
    ("holder", "committed"): "When the signed warrant comes: clew case start.",
}

_AWAITS: Final = {
    ("tracer", "offered"): "The partner decides: clew case accept, on their side.",
    ("tracer", "starting"): "The partner verifies the warrant: clew case start, on their side.",
    ("holder", "authorised"): "The tracer starts: clew case start, on their side.",
    ("holder", "answered"): "Every hop was answered. The tracer closes the trace.",
}


def word(state: tracer.State | holder.State) -> str:
    """The word for a state."""
    found = _WORDS[type(state)]
    hop = getattr(state, "hop", None)
    return found if hop is None else f"{found}, hop {hop}"


def next_step(role: str, word: str) -> str:
    """What a person of this side does next; empty where it is not their turn."""
    return _NEXT.get((role, word), "")


def awaited(role: str, word: str) -> str:
    """What a person of the partner's side does next; empty where it is not their turn."""
    return _AWAITS.get((role, word), "")
