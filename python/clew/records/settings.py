"""What a person may say about a file beforehand: the keys of a profile, and four words that set several at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from typing import Any, Final

from clew.errors import UsageError

__all__ = ["SETTINGS", "parse_settings"]

SETTINGS: Final = (
    "form",  # the number form of both columns
    "country",  # completes a national, mixed or SIP form
    "direction",  # turn or keep: whether incoming lines are to be turned round
    "name",
    "operator",
    "description",
    "file.encoding",
    "file.delimiter",
    "file.quote",
    "file.header_lines",
    "a.column",
    "a.form",
    "a.routing_prefixes",
    "b.column",
    "b.form",
    "b.routing_prefixes",
    "start.columns",
    "start.format",
    "start.zone",
    "start.calendar",
    "duration.column",
    "duration.unit",
    "duration.missed",
    "kind.column",
    "kind.constant",
    "direction.column",
    "direction.outgoing",
    "direction.incoming",
    "identifiers.imei",
    "identifiers.imsi",
    "identifiers.record",
    "identifiers.call",
    "drop.content",
    "drop.location",
    "drop.traits",
    "footer.prefix",
    "footer.count",
    "merge.tolerance",
)
"""``kind.words.WORD`` may be set as well."""

_NUMBERS: Final = ("file.header_lines", "merge.tolerance")
_LISTS: Final = (
    "a.routing_prefixes",
    "b.routing_prefixes",
    "start.columns",
    "duration.missed",
    "direction.outgoing",
    "direction.incoming",
    "drop.content",
    "drop.location",
    "drop.traits",
)


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """``KEY=VALUE`` texts as answers for :func:`clew.records.sniff.sniff`; ``UsageError`` for an unknown key.

    A list is written with commas, or as a TOML list where an item holds one.
    """
    answers: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise UsageError("import.setting", "a setting is written KEY=VALUE", where=key, mend=f"For example {key}=…")
        if key not in SETTINGS and not (key.startswith("kind.words.") and len(key) > len("kind.words.")):
            near = difflib.get_close_matches(key, SETTINGS, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(SETTINGS)}."
            raise UsageError("import.setting", "a profile has no such setting", where=key, mend=mend)
        answers[key] = _value(key, value)
    return answers


def _value(key: str, value: str) -> Any:
    if key in _NUMBERS:
        if not (value.isascii() and value.isdigit()):
            raise UsageError("import.setting", "this must be a whole number", where=key, mend=f"For example {key}=1.")
        return int(value)
    if key not in _LISTS:
        return value
    if not value.startswith("["):
        return value.split(",")
    try:
        items = tomllib.loads(f"items = {value}")["items"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise UsageError(
            "import.setting", "this is not a list", where=key, mend='Write a,b or ["a", "b, c"].'
        ) from error
    return [item if isinstance(item, str | int) else str(item) for item in items]
