"""A store, opened for reading. Records come out of it by :meth:`Store.attach` and :meth:`Store.record` only, and both
take an :class:`~clew.warrants.authorisation.Authorisation` and the receipt of a log entry (spec 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

import duckdb
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression, DuckDBPyRelation

from clew.audit.log import Receipt, require_receipt
from clew.engine import Engine
from clew.errors import InputError, Refused, StorageError
from clew.records.account import Account
from clew.records.folder import (
    ImportEntry,
    Manifest,
    file_digest,
    leftovers,
    read_manifest,
    require_usable_name,
    storage,
)
from clew.records.schema import INCIDENCE, RECORD_ID_UNITS
from clew.warrants.authorisation import Authorisation, require_verified

if TYPE_CHECKING:
    from clew.records.profile import Profile

__all__ = ["Store"]

_OPAQUE: Final = 2


@final
class Store:
    """What the folder held when it was opened; later imports do not change it.

    ``identity`` is the SHA-256 (hex) of ``store.json``, which names every file with its hash. ``interrupted`` names
    what imports that did not end left in the folder; the next import removes it.
    """

    def __init__(self, path: Path, manifest: Manifest, identity: str, interrupted: tuple[str, ...]) -> None:
        self.path = path
        self.identity = identity
        self.interrupted = interrupted
        self._manifest = manifest

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The store at ``path``; ``InputError`` ``store.missing`` if there is none."""
        path = Path(path)
        require_usable_name(path)
        with storage(path):
            found = read_manifest(path)
            if found is None:
                raise InputError(
                    "store.missing",
                    "there is no store in this folder",
                    where=str(path),
                    mend="Make one with clew import FILE --store FOLDER.",
                )
            manifest, identity = found
            left = tuple(str(entry.relative_to(path)) for entry in leftovers(path, manifest))
        return cls(path, manifest, identity, left)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, generation={self.generation}, imports={len(self._manifest.imports)})"

    @property
    def generation(self) -> int:
        """How often the store has changed."""
        return self._manifest.generation

    def imports(self) -> tuple[ImportEntry, ...]:
        """The files that were imported, in order."""
        return self._manifest.imports

    def account(self, number: int) -> Account:
        """The account of one import; ``InputError`` ``store.no-import`` if there is none of that number."""
        name = f"imports/{self.entry(number).number}/account.json"
        data = self._read(name)
        try:
            return Account.decode(data)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _altered(self.path / name) from error

    def accounts(self) -> tuple[Account, ...]:
        """The accounts of all imports, in order."""
        return tuple(self.account(entry.number) for entry in self._manifest.imports)

    def profile(self, number: int) -> Profile:
        """The profile that an import was read with."""
        # The numbering plans that a profile is checked against load slowly, and a trace needs no profile.
        from clew.records.profile_file import parse_profile

        name = f"imports/{self.entry(number).number}/profile.toml"
        return parse_profile(self._read(name), str(self.path / name))

    def verify(self) -> None:
        """Return if every file is what the manifest says; else raise ``StorageError`` ``store.altered``."""
        for name, digest in self._manifest.files().items():
            with storage(self.path):
                if not (self.path / name).is_file() or file_digest(self.path / name) != digest:
                    raise _altered(self.path / name)

    def attach(self, engine: Engine, authorisation: Authorisation, receipt: Receipt) -> None:
        """Make the views ``incidence`` and ``parties`` on the engine: the records that the warrant allows to be read.

        ``incidence`` (schema ``INCIDENCE``) holds what starts in the authorisation's window and nothing else;
        ``parties`` (key, kind, canonical) the texts of opaque identifiers. ``receipt`` is that of ``records.read``
        under this authorisation. One store for one engine.
        """
        _require_permitted(authorisation, receipt, "records.read")
        connection = engine.connection
        incidence: DuckDBPyRelation | None = None
        parties: DuckDBPyRelation | None = None
        for segment in self._manifest.segments:
            file = self.path / segment.file
            if not file.is_file():
                raise self._gone(file)
            with _readable(file):
                engine.run("records", "attach_read_only", {"path": str(file)})
                contacts = connection.table(f"{file.stem}.incidence")
                texts = connection.table(f"{file.stem}.parties")
            incidence = contacts if incidence is None else incidence.union(contacts)
            parties = texts if parties is None else parties.union(texts)
        if incidence is None or parties is None:
            engine.register("incidence", INCIDENCE.empty_table())
            engine.register("parties", _PARTIES.empty_table())
            return
        start = ColumnExpression("start")
        window = (start >= ConstantExpression(authorisation.begin)) & (start < ConstantExpression(authorisation.end))
        incidence.filter(window).create_view("incidence")
        opaque = parties.filter(ColumnExpression("kind") == ConstantExpression(_OPAQUE))
        # One segment holds each text once; to make all of a large store's texts distinct costs more than a trace.
        (opaque if len(self._manifest.segments) == 1 else opaque.distinct()).create_view("parties")

    def record(self, authorisation: Authorisation, receipt: Receipt, record_id: int) -> dict[str, Any]:
        """One record by its identifier, with the columns of ``RECORDS``.

        ``receipt`` is that of ``records.source`` under this authorisation. A record outside its window is refused, and
        so is one that is not there, in the same words. Whether its parties lie inside the bound is for the caller to
        know.
        """
        _require_permitted(authorisation, receipt, "records.source")
        entry = self.entry(record_id // RECORD_ID_UNITS)
        path = self.path / f"imports/{entry.number}/records.parquet"
        if not path.is_file():
            raise self._gone(path)
        with Engine(threads=1) as engine, _readable(path):
            found = engine.table("records", "one_record", {"records": [str(path)], "record_id": record_id}).to_pylist()
        if not found or not _inside(found[0]["start"], authorisation):
            raise Refused(
                "records.outside-window",
                "there is no such record inside the warrant's window",
                mend="Take the identifier from a figure or list of this case.",
            )
        return dict(found[0])

    def entry(self, number: int) -> ImportEntry:
        """The import of that number; ``InputError`` ``store.no-import`` if there is none."""
        for entry in self._manifest.imports:
            if entry.number == number:
                return entry
        # The number is not repeated: somebody may have typed a telephone number.
        raise InputError(
            "store.no-import",
            "the store has no import of this number",
            where=str(self.path),
            mend="clew records check lists the imports.",
        )

    def _read(self, name: str) -> bytes:
        expected = self._manifest.files()[name]
        with storage(self.path):
            file = self.path / name
            if not file.is_file() or file_digest(file) != expected:
                raise _altered(file)
            return file.read_bytes()

    def _gone(self, file: Path) -> StorageError:
        found = read_manifest(self.path)
        if found is not None and found[1] != self.identity:
            return StorageError(
                "store.changed",
                "imports have replaced what was opened",
                where=str(self.path),
                mend="Run the command again.",
            )
        return _altered(file)


_PARTIES: Final = pa.schema(
    [pa.field("key", pa.int64()), pa.field("kind", pa.int8()), pa.field("canonical", pa.string())]
)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Say of a file that DuckDB cannot read, although it is there, that it is not what was written."""
    try:
        yield
    except duckdb.Error as error:
        raise _altered(file) from error


def _require_permitted(authorisation: Authorisation, receipt: Receipt, kind: str) -> None:
    """Return if verification made the one, a log the other, for this kind of look, and the warrant is in force."""
    require_verified(authorisation)
    require_receipt(receipt)
    authorisation.require_live()
    receipt.require(kind, authorisation.digest)


def _inside(start: datetime, authorisation: Authorisation) -> bool:
    return authorisation.begin <= start < authorisation.end


def _altered(file: Path) -> StorageError:
    return StorageError(
        "store.altered",
        "a file of the store is not what store.json says",
        where=str(file),
        mend="It was changed or removed outside Clew. Restore it from a backup, or import the files into a new store.",
    )
