"""The one place that keeps numbers, dates and identifiers whole inside right-to-left text.

In an Arabic paragraph ``+964 790 123 4567`` is displayed as ``4567 123 790 964+`` and ``2026-03-02`` as
``02-03-2026``: another number, another date. U+2066 to U+2069 (Unicode Standard Annex 9, section 2.4) stop that.
"""

from __future__ import annotations

import re

__all__ = ["FIRST_STRONG_ISOLATE", "LEFT_TO_RIGHT_ISOLATE", "POP_ISOLATE", "isolate", "isolate_text"]

LEFT_TO_RIGHT_ISOLATE = "\u2066"
FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"

_BIDI_CONTROLS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


_NUMBER = re.compile(r"[+#*(]*\d(?:[A-Za-z\d .,:/()+#*\-]*[A-Za-z\d])?")


def isolate(text: str) -> str:
    """The number, date, hash or identifier as a left-to-right isolate.

    Direction marks inside the text are taken out first, so that nothing in it can close the isolate early or turn
    what follows.
    """
    return f"{LEFT_TO_RIGHT_ISOLATE}{text.translate(_BIDI_CONTROLS)}{POP_ISOLATE}"


def isolate_text(text: str) -> str:
    """A free text of unknown language as an isolate in the direction of its first strong letter.

    Numbers and dates within it are isolated too: the text may be Arabic.
    """
    plain = text.translate(_BIDI_CONTROLS)
    return f"{FIRST_STRONG_ISOLATE}{_NUMBER.sub(lambda found: isolate(found[0]), plain)}{POP_ISOLATE}"
