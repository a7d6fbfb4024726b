"""The units of a store that became no record: where they stand, why, and their fields with every number masked.

What was rejected lies outside every warrant, as all records do, so nobody's number is shown: a bad date or a missing
field is seen without it, and the pointer leads whoever holds the file to the line.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from clew.errors import StorageError
from clew.parquet import from_parquet
from clew.records.folder import file_digest, storage
from clew.records.sniff_numbers import is_number_like
from clew.records.store import Store
from clew.records.tally import NO_RECORDS

__all__ = ["list_rejects"]

_MASK: Final = "•••"
_DATE: Final = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
_CLOCK: Final = re.compile(r"(.*\D)?\d{1,2}:\d{1,2}(:.*)?")
_LONG: Final = re.compile(r"\d(?:[ ().\-/]?\d){5,}")


def list_rejects(store: Store, number: int | None, most: int) -> tuple[int, list[dict[str, Any]]]:
    """How many units were rejected, and the first ``most`` of them: import, unit, offset, length, reason, masked.

    ``number`` names one import; None means all.
    """
    entries = store.imports() if number is None else (store.entry(number),)
    total = 0
    rows: list[dict[str, Any]] = []
    for entry in entries:
        name = f"imports/{entry.number}/rejects.parquet"
        path = store.path / name
        with storage(store.path):
            if not path.is_file() or file_digest(path) != entry.files.get(name):
                raise StorageError(
                    "store.altered",
                    "a file of the store is not what store.json says",
                    where=str(path),
                    mend="It was changed or removed outside Clew. Restore it from a backup.",
                )
            table = from_parquet(path.read_bytes())
        table = table.filter(pc.invert(pc.is_in(table["reason"], pa.array(sorted(NO_RECORDS)))))
        total += table.num_rows
        delimiter = store.profile(entry.number).delimiter
        for row in table.slice(0, max(0, most - len(rows))).to_pylist():
            masked = None if row["masked"] is None else mask_numbers(row["masked"], delimiter)
            rows.append({"import": entry.number, **row, "masked": masked})
    return total, rows


def mask_numbers(line: str, delimiter: str) -> str:
    """``line`` with every field masked that could be somebody's number; dates and times of day stay."""
    return delimiter.join(_MASK if _could_be_number(cell) else cell for cell in line.split(delimiter))


def _could_be_number(cell: str) -> bool:
    text = cell.strip().strip("\"'")
    if _DATE.fullmatch(text) or (_CLOCK.fullmatch(text) and not _LONG.search(text.split(":")[0][-8:])):
        return False
    return is_number_like(text) or _LONG.search(text) is not None
