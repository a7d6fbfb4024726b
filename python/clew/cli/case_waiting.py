"""``clew case status --wait``: waits for this side's turn, and says meanwhile how far the trace has come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final, final

from clew.cli.case_text import DONE, line_text
from clew.cli.output import Output
from clew.errors import UsageError

__all__ = ["waited"]

_LOOK_SECONDS: Final = 0.25
_LINE_SECONDS: Final = 3.0
_KILOBYTE: Final = 1000


def waited(ask: Callable[[], dict[str, Any]], output: Output) -> dict[str, Any]:
    """The trace, as ``ask`` shows it, when it is this side's turn to do something, or when it is over or paused."""
    shown = _Shown(output)
    while True:
        try:
            one = ask()
        except UsageError as error:
            if error.code != "node.taking-up":
                raise
            shown.say(error.what)
        else:
            if _is_turn(one):
                shown.end()
                return one
            shown.trace(one)
        time.sleep(_LOOK_SECONDS)


def _is_turn(one: dict[str, Any]) -> bool:
    if one["state"] in DONE or one["paused"] is not None:
        return True
    if one["state"] == "traced" and one["trouble"]:  # the graph that is waited for could not be written
        return True
    return bool(one["next"]) and one["snapshot"] in (None, "whole")


@final
class _Shown:
    """What is said on stderr: a bar where that is a terminal, else a line now and then when something has changed."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._progress = output.progress()
        self._bars = sys.stderr.isatty()
        self._last: tuple[str, int | None] = "", None
        self._done = 0
        self._next = 0.0

    def trace(self, one: dict[str, Any]) -> None:
        """How far a trace has come."""
        size = one["snapshot_bytes"] or {"here": 0, "whole": None}
        if not self._bars:
            self.say(line_text(one))
            return
        self.say(line_text(one, sizes=False), size["whole"])
        done = size["here"] // _KILOBYTE
        self._progress.advance(done - self._done)
        self._done = done

    def say(self, text: str, total: int | None = None) -> None:
        """Say something, unless it was said last; into a file at most one line every few seconds."""
        if (text, total) == self._last or (not self._bars and time.monotonic() < self._next):
            return
        self._last, self._done, self._next = (text, total), 0, time.monotonic() + _LINE_SECONDS
        if self._bars:
            self._progress.begin(text, total and total // _KILOBYTE, "kB" if total else "")
        else:
            self._output.note(text)

    def end(self) -> None:
        """Nothing more is said."""
        self._progress.end()
