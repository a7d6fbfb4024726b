"""Text with Arabic in it for a terminal: the Arabic is isolated, so that it turns no number beside it round."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from clew.cli.controls import without_controls
from clew.words.isolation import FIRST_STRONG_ISOLATE, POP_ISOLATE, isolate

__all__ = ["readable"]

_LETTERS: Final = frozenset({"R", "AL"})
_WORDS: Final = re.compile(r"[^\s!-/:-@\[-`{-~]+(?:[ ]+[^\s!-/:-@\[-`{-~]+)*")


def readable(text: str) -> str:
    """``text`` with every run of right-to-left words as an isolate, and no control characters; all else stays."""
    text = without_controls(text)
    if text.isascii():
        return text
    kinds = {unicodedata.bidirectional(sign) for sign in text}
    if "AN" in kinds and not kinds & _LETTERS:
        # A date or number in Arabic-Indic digits stands as it was written, from left to right.
        return isolate(text)
    return _WORDS.sub(lambda found: _isolated(found[0]), text)


def _isolated(run: str) -> str:
    words = run.split(" ")
    marked = [any(unicodedata.bidirectional(sign) in _LETTERS for sign in word) for word in words]
    if not any(marked):
        return run
    first, last = marked.index(True), len(marked) - marked[::-1].index(True)
    inner = " ".join(words[first:last])
    before, after = " ".join(words[:first]), " ".join(words[last:])
    parts = [before, f"{FIRST_STRONG_ISOLATE}{inner}{POP_ISOLATE}", after]
    return " ".join(part for part in parts if part)
