"""Ten lines of a file beside the ten records they become: read by the very scanner that imports them.

Where something is still open, that part of a record shows as ``?``; the raw side shows only columns that are kept or
asked about, never content, location or traits.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, final

from clew.errors import ClewError
from clew.numbers import PartyKind
from clew.records.draft import Draft
from clew.records.profile_file import profile_from_document
from clew.records.scan import Preview
from clew.records.scan import preview as scan_preview
from clew.records.schema import RecordFlag, RecordKind

__all__ = ["MASK", "PreviewLine", "preview"]

MASK: Final = "•••"
_LINES: Final = 10
_OPEN: Final = "?"
_BYTES: Final = 64 * 1024
_TIME_KEYS: Final = frozenset({"start.format", "start.columns", "start.calendar"})
_FLAGS: Final = {
    RecordFlag.NEGATIVE_DURATION: "negative duration",
    RecordFlag.TIME_AMBIGUOUS: "local time occurs twice",
    RecordFlag.TIME_NONEXISTENT: "local time does not exist",
    RecordFlag.SELF: "both ends the same",
    RecordFlag.DURATION_UNREADABLE: "duration unreadable",
    RecordFlag.IMPOSSIBLE_NUMBER: "impossible number",
    RecordFlag.KIND_UNKNOWN: "unknown kind",
}


@final
@dataclass(frozen=True, slots=True, repr=False)
class PreviewLine:
    """A line's cells, masked, and the record it becomes, or why it becomes none. Its ``repr`` shows neither."""

    raw: tuple[str, ...]
    canonical: str

    def __repr__(self) -> str:
        return "PreviewLine(…)"


def preview(draft: Draft) -> list[PreviewLine]:
    """The first ten lines after the header; empty lines are left out. No line if the columns are not known."""
    if not draft.units:
        return []
    becomes = _becomes(draft)
    places = [
        number for number, (raw, _) in enumerate(draft.units) if number >= draft.columns.header_lines and raw.strip()
    ]
    return [PreviewLine(_masked(draft, number), becomes.get(number, _OPEN)) for number in places[:_LINES]]


def _masked(draft: Draft, unit: int) -> tuple[str, ...]:
    """The cells that may be seen. Of a line with another number of cells nothing is known, so nothing is shown."""
    cells = draft.units[unit][1]
    if len(cells) != draft.columns.width:
        return (MASK,) * max(1, len(cells))
    return tuple(cell if at in draft.shown or not cell else MASK for at, cell in enumerate(cells))


def _becomes(draft: Draft) -> dict[int, str]:
    """What each unit becomes, in words, by its number."""
    unsettled = {question.key for question in draft.questions}
    if unsettled & {"a.column", "b.column", "start.columns"}:
        return {}
    try:
        profile = profile_from_document(_completed(draft), "answers")
        scanned = scan_preview(draft.head[:_BYTES], profile, draft.file)
    except ClewError:
        if unsettled:
            return {}
        raise
    texts = {}
    for row in scanned.others.to_pylist():
        reason = row["reason"]
        texts[row["unit"]] = _OPEN if unsettled & _TIME_KEYS and reason.startswith("time") else f"no record: {reason}"
    names = _names(scanned)
    for row in scanned.records.to_pylist():
        texts[row["record_id"]] = _record(row, names, unsettled)
    return texts


def _completed(draft: Draft) -> dict[str, Any]:
    """The document with something in every open place, so that the rest can be looked at."""
    done: dict[str, Any] = copy.deepcopy(dict(draft.document))
    formats = [question.choices for question in draft.questions if question.key == "start.format"]
    done.setdefault("operator", "open")
    done.setdefault("name", "open")
    for side in ("a", "b"):
        done[side].setdefault("form", "opaque:open")
    done["start"].setdefault("zone", "UTC")
    done["start"].setdefault("format", formats[0][0] if formats and formats[0] else "iso")
    if "recognise" in done and len(done["recognise"]["header"]) < 2:
        del done["recognise"]
    return done


def _names(scanned: Preview) -> dict[tuple[int, int | None], str]:
    rows = scanned.numbers.select(["kind", "key", "canonical"]).to_pylist()
    return {(row["kind"], row["key"]): row["canonical"] for row in rows if row["canonical"] is not None}


def _record(row: Mapping[str, Any], names: Mapping[tuple[int, int | None], str], unsettled: set[str]) -> str:
    def party(side: str) -> str:
        if unsettled & {"form", "country"}:
            return _OPEN
        kind = row[f"{side}_kind"]
        if kind == PartyKind.WITHHELD:
            return "withheld"
        return names.get((kind, row[f"{side}_key"]), PartyKind(kind).name.lower())

    arrow = "?" if any(key.partition(".")[0] == "direction" for key in unsettled) else "→"
    parts = [f"{party('a')} {arrow} {party('b')}", _start(row, unsettled)]
    parts.append(_OPEN if "duration.unit" in unsettled else _duration(row["duration"]))
    parts.append(_OPEN if "kind.constant" in unsettled else RecordKind(row["kind"]).name.lower())
    read = ~RecordFlag.IMPOSSIBLE_NUMBER if unsettled & {"form", "country"} else ~RecordFlag(0)
    parts += [text for flag, text in _FLAGS.items() if row["flags"] & flag & read]
    return "  ".join(part for part in parts if part)


def _start(row: Mapping[str, Any], unsettled: set[str]) -> str:
    if unsettled & _TIME_KEYS:
        return _OPEN
    moment: datetime = row["start"]
    if "start.zone" in unsettled:
        return f"{moment:%Y-%m-%d %H:%M:%S} in {_OPEN}"
    east = timedelta(minutes=row["zone_offset"])
    sign, minutes = ("-" if east < timedelta() else "+"), abs(row["zone_offset"])
    return f"{moment + east:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02}:{minutes % 60:02}"


def _duration(seconds: int | None) -> str:
    return "" if seconds is None else f"{seconds} s"
