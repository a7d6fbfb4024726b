"""Index segments: the contacts of imports seen from both ends, sorted, for fast look-ups (spec 1, 3.2).

Derived from the imports: everything in them can be made again. Segments are merged so that there are never many.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from clew.engine import Engine
from clew.records.folder import Segment, file_digest, make_folder, protect
from clew.records.scan import shared_key

__all__ = ["MOST_SEGMENTS", "add_segment", "to_merge"]

MOST_SEGMENTS: Final = 12
_PACKAGE: Final = "records"


def add_segment(
    store: Path, generation: int, imports: Sequence[int], segments: Sequence[Segment], limits: dict[str, Any]
) -> tuple[Segment, ...]:
    """The store's segments with one more for ``imports``; merged, newest first, where there would be too many.

    Writes files under ``index/``, and scratch files under ``work/`` while it runs. ``limits`` go to :class:`Engine`.
    Raises ``InputError`` ``number.shared-key`` if a text of the new imports has the key of another text in the store.
    """
    make_folder(store / "index")
    records = [str(store / f"imports/{number}/records.parquet") for number in imports]
    numbers = [str(store / f"imports/{number}/numbers.parquet") for number in imports]
    name = f"index/segment_{generation:06d}.duckdb"
    with Engine(**limits) as engine:
        engine.run(_PACKAGE, "attach_segment", {"path": str(store / name)})
        engine.run(_PACKAGE, "segment_incidence", {"records": records})
        engine.run(_PACKAGE, "segment_parties", {"numbers": numbers})
        rows = int(engine.value(_PACKAGE, "segment_rows"))
        older = [str(store / segment.file) for segment in segments]
        clashes = int(engine.value(_PACKAGE, "segment_clashes"))
        if older:
            clashes += int(engine.value(_PACKAGE, "store_clashes", {"segments": older}))
        if clashes:
            raise shared_key()
        engine.run(_PACKAGE, "detach_segment")
    fresh = _finished(store, name, min(imports), max(imports), rows)
    count = to_merge([*(segment.rows for segment in segments), rows])
    if count < 2:
        return (*segments, fresh)
    kept, merged = segments[: len(segments) + 1 - count], [*segments[len(segments) + 1 - count :], fresh]
    name = f"index/segment_{generation:06d}m.duckdb"
    with Engine(**limits) as engine:
        engine.run(_PACKAGE, "attach_segment", {"path": str(store / name)})
        engine.run(_PACKAGE, "merge_segments", {"segments": [str(store / segment.file) for segment in merged]})
        engine.run(_PACKAGE, "merge_parties", {"segments": [str(store / segment.file) for segment in merged]})
        engine.run(_PACKAGE, "detach_segment")
    (store / fresh.file).unlink()
    whole = _finished(store, name, merged[0].first, fresh.last, sum(segment.rows for segment in merged))
    return (*kept, whole)


def to_merge(rows: Sequence[int]) -> int:
    """How many of the newest segments, of so many rows each, to make one: 0 while there are not too many.

    As many as halve the number allowed, and on until the next older one is larger than all of them together; so a
    row is written again only about as often as the store doubles.
    """
    if len(rows) <= MOST_SEGMENTS:
        return 0
    count = len(rows) - MOST_SEGMENTS // 2
    while count < len(rows) and rows[-count - 1] < sum(rows[-count:]):
        count += 1
    return count


def _finished(store: Path, name: str, first: int, last: int, rows: int) -> Segment:
    protect(store / name)
    return Segment(name, file_digest(store / name), first, last, rows)
