"""The regular expressions of profiles, read by RE2: none of them takes longer than the line is long.

A profile is a file that colleagues hand on, and Python's own expressions can take years over one line: not only nested
ones such as ``((a+)+)$``, but ``.*.*.*.*=`` as well. RE2 has no backreferences and no look-around; what it reads takes
time in proportion to the text. In the pattern as in the text, digits of other scripts are read as 0 to 9 and spaces
of other widths as a space, so that ``\\d`` and ``\\s`` mean them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["PATTERN_LIMIT", "PatternError", "check_pattern", "first_groups", "matching"]

PATTERN_LIMIT: Final = 200
"""So many characters may a pattern have: its length is the other factor of the time that it takes."""


class PatternError(ValueError):
    """RE2 does not read the pattern; the text says why."""


def check_pattern(pattern: str, *, group: bool = False) -> str:
    """The same pattern; :class:`PatternError` if it cannot be used, or has no group where there must be one."""
    if len(pattern) > PATTERN_LIMIT:
        raise PatternError(f"a pattern has at most {PATTERN_LIMIT} characters")
    try:
        # Alone first: within the parentheses that it is used in, "a)(b" would be whole.
        pc.match_substring_regex(pa.array([""]), pattern=_plain(pattern))
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        raise PatternError(str(error)) from error
    if group:
        try:
            first_groups(pattern, [""])
        except pa.ArrowInvalid as error:
            raise PatternError("the pattern needs a group for the number: ([0-9]+)") from error
    return pattern


def first_groups(pattern: str, texts: Sequence[str]) -> list[str | None]:
    """What the pattern's first group holds where it first matches in each text; None where it does not."""
    plain = _array(texts)
    found = pc.match_substring_regex(plain, pattern=_plain(pattern))
    groups = pc.replace_substring_regex(plain, pattern=rf"^(?s:.*?)(?:{_plain(pattern)})(?s:.*)$", replacement=r"\1")
    return [
        str(group) if matches else None for group, matches in zip(groups.to_pylist(), found.to_pylist(), strict=True)
    ]


def matching(pattern: str, texts: Sequence[str]) -> int:
    """How many of the texts the pattern matches whole."""
    return sum(pc.match_substring_regex(_array(texts), pattern=f"^(?:{_plain(pattern)})$").to_pylist())


def _array(texts: Sequence[str]) -> pa.Array:
    return pa.array([_plain(text).encode(errors="replace").decode() for text in texts], pa.string())


def _plain(text: str) -> str:
    return "".join(map(_plain_sign, text))


def _plain_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    return str(int(sign)) if sign.isdecimal() else " " if sign.isspace() else sign
