"""From a record of a case back to the operator's own line: bounded, counted, logged first, masked.

The store holds no bytes of any file, so the operator's file is opened again, and shown only if it is, byte for byte,
the one that was imported.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.compute as pc

from clew import _core
from clew.audit.log import Entry, Log, LoggedEntry
from clew.audit.refusals import refusals_logged
from clew.errors import InputError, Refused, UsageError
from clew.numbers import party_key
from clew.records.account import stored_name
from clew.records.folder import ImportEntry
from clew.records.preview import MASK
from clew.records.profile import Profile
from clew.records.scan import resolve
from clew.records.schema import RECORD_ID_UNITS, record_id
from clew.records.store import Store
from clew.warrants.authorisation import Authorisation
from clew.warrants.verify import SOURCE_SHOWN, sources_used

__all__ = ["Cell", "SourceLine", "find_file", "parse_record_id", "show_source"]

_HEAD: Final = 4 << 20
_BLOCK: Final = 1 << 20
_ID: Final = re.compile(r"([1-9][0-9]{0,8}):(0|[1-9][0-9]{0,10})", re.ASCII)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Cell:
    """One cell of the line: its column, and its text, or the mask where the column is not one that Clew keeps."""

    column: str
    group: str  # kept, content, location, traits, unmapped
    text: str

    def __repr__(self) -> str:
        return f"Cell({self.column!r})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class SourceLine:
    """The operator's line of one record. Its ``repr`` shows nothing of it."""

    record: str
    file: Path
    sha256: str
    offset: int
    length: int
    cells: tuple[Cell, ...]
    remaining: int  # lines that the warrant still allows to be shown

    def __repr__(self) -> str:
        return f"SourceLine({self.record!r})"


def parse_record_id(text: str) -> int:
    """The identifier of a record written ``IMPORT:UNIT``."""
    found = _ID.fullmatch(text)
    if not found or int(found[2]) >= RECORD_ID_UNITS:
        # The text is not repeated: somebody may have typed a telephone number.
        raise UsageError("source.identifier", "a record is named IMPORT:UNIT", mend="For example 1:4711.")
    return record_id(int(found[1]), int(found[2]))


def find_file(entry: ImportEntry, places: Sequence[Path]) -> Path:
    """The file of an import: the first of ``places`` that is a file of its size, or a folder with one of its name.

    ``InputError`` ``source.file-altered`` where only files of another size are there, else ``source.file-missing``.
    """
    looked: list[Path] = []
    altered: list[tuple[Path, int]] = []
    for place in places:
        path = place
        try:
            path = _named(place, entry.file) if place.is_dir() else place
            if path.is_file():
                size = path.stat().st_size
                if size == entry.size:
                    return path
                altered.append((path, size))
        except OSError:
            pass
        looked.append(path)
    if altered:
        path, size = altered[0]
        raise _altered(path, f"it has {size:,} bytes, and the imported one had {entry.size:,}")
    raise InputError(
        "source.file-missing",
        f"the file of import {entry.number}, of {entry.size:,} bytes, is not there",
        where=" and ".join(map(str, looked)),
        mend="Say where it is with --file FILE; the store keeps no bytes of it.",
    )


def _named(folder: Path, name: str) -> Path:
    """The file in a folder that has this name in the store, which writes bytes that are no UTF-8 out."""
    path = folder / name
    if path.exists() or "\\x" not in name:
        return path
    return next((found for found in folder.iterdir() if stored_name(found) == name), path)


def _altered(path: Path, how: str) -> InputError:
    return InputError(
        "source.file-altered",
        f"this is not the file that was imported: {how}",
        where=str(path),
        mend="Find the operator's original and say where it is with --file FILE; clew records check --json names its "
        "SHA-256.",
    )


def show_source(
    store: Store,
    identifier: int,
    events: Sequence[pa.Table],
    authorisation: Authorisation,
    log: Log,
    places: Sequence[Path],
) -> SourceLine:
    """The operator's line of a record that is an event of the case's traced graph (``events``, of any stage).

    ``authorisation`` has just been verified against ``log``. Refuses a record outside the graph, and any once the
    budget ``sources`` is used up, and logs that; commits ``records.source`` before the record or the file is read.
    """
    with refusals_logged(log, "source.refused", {"warrant": authorisation.digest}):
        authorisation.require_live()
        event = _event(events, identifier)
        _remaining(authorisation, log.entries(), 1)
        entry = store.entry(identifier // RECORD_ID_UNITS)
        path = find_file(entry, places)
        receipt = log.commit(
            Entry(
                SOURCE_SHOWN,
                {
                    "root": authorisation.root,
                    "warrant": authorisation.digest,
                    "stage": authorisation.stage,
                    "lines": 1,
                    "store": store.identity,
                    "import": identifier // RECORD_ID_UNITS,
                    "unit": identifier % RECORD_ID_UNITS,
                },
            )
        )
        # Of those who ask at the same time all may see the last line left: the log, which all wrote to, decides.
        remaining = _remaining(authorisation, log.entries()[: receipt.index + 1], 0)
        record = store.record(authorisation, receipt, identifier)
        _require_same(event, record)
        line, head = _read(path, entry, record["offset"], record["length"])
        cells = _cells(line, head, store.profile(entry.number), path)
        name = f"{entry.number}:{identifier % RECORD_ID_UNITS}"
        return SourceLine(name, path, entry.sha256, record["offset"], record["length"], cells, remaining)


def _event(tables: Sequence[pa.Table], identifier: int) -> Mapping[str, Any]:
    if not tables:
        raise InputError(
            "source.no-events",
            "the case's graph holds no single records",
            mend="Trace it again with --detail calls.",
        )
    for table in tables:
        found = table.filter(pc.equal(table["record_id"], identifier)).to_pylist()
        if found:
            return dict(found[0])
    raise Refused(
        "source.outside-bound",
        "this record is not one of the case's traced graph",
        mend="Only records inside the warrant's bound can be shown. Take the identifier from a list of this case.",
    )


def _remaining(authorisation: Authorisation, entries: Sequence[LoggedEntry], least: int) -> int:
    """How many lines the document's whole budget leaves after these entries; ``Refused`` if fewer than ``least``.

    What was left when the warrant was verified says nothing of what one authorisation was used for since.
    """
    remaining = authorisation.budgets.sources - sources_used(entries, authorisation.root)
    if remaining < least:
        raise Refused(
            "source.budget",
            "the warrant allows no more of the operator's lines to be shown",
            mend="Ask the issuing authority for an amendment with a larger budget of sources.",
        )
    return remaining


def _require_same(event: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Return if the store's record is the graph's event: another store may have another record of that identifier."""
    ends = (record["a_key"], record["b_key"]) == (party_key(event["a"]), party_key(event["b"]))
    if not ends or (record["start"], record["kind"]) != (event["start"], event["kind"]):
        raise Refused(
            "source.other-store",
            "the record of this identifier is another one than the case's: this is not the store that was traced",
            mend="Name the store that the case was traced from.",
        )


def _read(path: Path, entry: ImportEntry, offset: int, length: int) -> tuple[bytes, bytes]:
    """The line and the beginning of the file, out of the very bytes whose hash is the imported file's."""
    digest = hashlib.sha256()
    line, head, place = b"", b"", 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                if len(head) < _HEAD:
                    head += block
                line += block[max(0, offset - place) : max(0, offset + length - place)]
                place += len(block)
    except OSError as error:
        raise InputError(
            "source.file-missing", f"the file cannot be read: {error.strerror}", where=str(path)
        ) from error
    if digest.hexdigest() != entry.sha256:
        raise _altered(path, "its bytes are others")
    return line, head


def _cells(line: bytes, head: bytes, profile: Profile, path: Path) -> tuple[Cell, ...]:
    layout = resolve(profile, head, 0, str(path))
    found = _core.first_units(line, layout.charset, profile.delimiter, profile.quote or None, 1)
    texts = (found[0][1] if found else None) or []
    return tuple(
        Cell(name, group, text if group == "kept" or not text else MASK)
        for name, group, text in zip(layout.names, layout.groups, texts, strict=False)
    )
