"""Text of a file for a terminal: no control character of it gets there, where it could move or recolour what stands.

Nor does half a surrogate, as which Python holds a byte of a file's name that is no UTF-8: it cannot be written out, and
stands as ``\\xNN``, as in accounts.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escaped_controls", "without_controls"]

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_BYTES: Final = re.compile("[\udc80-\udcff]")


def without_controls(text: str) -> str:
    """``text`` with U+FFFD for every control character; tabs and line ends stay."""
    return _CONTROLS.sub("\ufffd", _BYTES.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text))


def escaped_controls(document: str) -> str:
    r"""A JSON document with ``\u00..`` for the control characters that JSON would allow as they are."""
    document = _BYTES.sub(lambda found: f"\\\\x{ord(found[0]) - 0xDC00:02x}", document)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
