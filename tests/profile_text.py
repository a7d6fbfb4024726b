"""Profiles of small files as a user would write them: columns from, to, start, and mostly seconds and kind."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["profile_text"]

_PARTIES_AND_TIME = """version = 1
name = "{name}"
operator = "test"

[a]
column = "from"
form = "{form}"

[b]
column = "to"
form = "{form}"

[start]
columns = ["start"]
format = "iso"
zone = "{zone}"
"""

_CALLS = """
[duration]
column = "seconds"

[kind]
column = "kind"

[kind.words]
"""


def profile_text(
    name: str, *, form: str = "e164", zone: str = "UTC", kinds: Sequence[str] = ("voice",), more: str = ""
) -> str:
    """The text of a profile; ``kinds`` are words that name themselves (none: no duration and no kind in the file)."""
    calls = _CALLS + "".join(f'{kind} = "{kind}"\n' for kind in kinds) if kinds else ""
    return _PARTIES_AND_TIME.format(name=name, form=form, zone=zone) + calls + more
