"""Files into a store: all of a command's files or none, with an account of every unit (spec 1, 3.4, 4).

Everything is written beside the store and made durable; replacing ``store.json`` is the moment at which it happens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

import pyarrow as pa
import pyarrow.parquet as pq

from clew.durable import sync_folder
from clew.effects import Clock, NoProgress, Progress
from clew.engine import Engine
from clew.errors import InputError, StorageError
from clew.records.account import Account, Footer, stored_name
from clew.records.folder import (
    FOLDERS,
    HashedFile,
    ImportEntry,
    Manifest,
    advance,
    file_digest,
    is_room,
    leftovers,
    make_folder,
    read_manifest,
    remove,
    replace_manifest,
    require_usable_name,
    start_store,
    storage,
    write_lock,
)
from clew.records.index import add_segment
from clew.records.numbering import metadata_version
from clew.records.patterns import first_groups
from clew.records.profile import FooterRule, Profile
from clew.records.profile_file import format_profile
from clew.records.scan import SCANNED, FileScan
from clew.records.schema import NUMBERS, RECORDS, REJECTS
from clew.records.tally import Tally

__all__ = ["ImportReport", "import_files"]

_ROW_GROUP: Final = 1 << 18
_MICROSECONDS: Final = 1_000_000
_WORDS_SHOWN: Final = 100
_WORD_UNITS: Final = 3
_FOOTER_LENGTH: Final = 200
_WORD_LENGTH: Final = 40


@final
@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``accounts`` are in the order of the files. ``identity`` is the store's SHA-256 after it.

    ``changed`` is false where every file was imported before. ``removed`` names what an interrupted import had left
    in the folder; it was never part of the store.
    """

    accounts: tuple[Account, ...]
    identity: str
    generation: int
    changed: bool
    removed: tuple[str, ...]

    @property
    def rejected(self) -> int:
        """Units that were rejected, in all files together."""
        return sum(account.rejected for account in self.accounts)

    @property
    def spreadsheet_damage(self) -> int:
        """Ends of records whose number a spreadsheet destroyed, in all files together."""
        return sum(account.spreadsheet_damage for account in self.accounts)


def import_files(
    store: str | Path,
    files: Sequence[tuple[str | Path, Profile]],
    *,
    clock: Clock,
    progress: Progress | None = None,
    threads: int = 2,
    memory: str = "2GB",
) -> ImportReport:
    """Add all of ``files`` to the store at ``store`` (made if it is not there), or none of them.

    ``memory`` bounds what DuckDB takes; the scanner takes about 200 bytes for each distinct number beside it. Raises
    ``InputError`` for a file or profile that cannot be used, ``StorageError`` for a disk that is full or a store that
    is in use: then the store is as it was.
    """
    store = Path(store)
    with storage(store), ExitStack() as stack:
        _require_store_or_room(store)
        make_folder(store)
        stack.enter_context(write_lock(store))
        found = read_manifest(store)
        manifest, identity = found if found else (Manifest(), start_store(store))
        removed = _clean(store, manifest)
        job = _Import(store, manifest, clock, progress or NoProgress(), threads, memory)
        stack.callback(job.clean_up)
        for path, profile in files:
            job.add(Path(path), profile)
        if job.entries:
            manifest, identity = job.commit()
        return ImportReport(tuple(job.accounts), identity, manifest.generation, bool(job.entries), removed)


def _require_store_or_room(store: Path) -> None:
    """Return if a store is there, or can be made there without touching anything of others."""
    require_usable_name(store)
    if read_manifest(store) is not None or not store.exists():
        return
    if not store.is_dir():
        raise InputError(
            "store.not-a-store",
            "this is a file, and a store is a folder",
            where=str(store),
            mend="Name an empty or new folder.",
        )
    if not is_room(store):
        raise InputError(
            "store.not-a-store",
            "the folder is not empty and is not a store",
            where=str(store),
            mend="Name an empty or new folder.",
        )


def _clean(store: Path, manifest: Manifest) -> tuple[str, ...]:
    left = leftovers(store, manifest)
    for path in left:
        remove(path)
    return tuple(str(path.relative_to(store)) for path in left)


@dataclass(slots=True)
class _Import:
    """One command: its files become entries; then all of them become the store."""

    store: Path
    manifest: Manifest
    clock: Clock
    progress: Progress
    threads: int
    memory: str
    accounts: list[Account] = field(default_factory=list)
    entries: list[ImportEntry] = field(default_factory=list)

    def add(self, path: Path, profile: Profile) -> None:
        """Scan a file and write its import beside the store."""
        if known := self._known(self._digest_of_known_size(path)):
            self._again(path, profile, known)
            return
        number = self.manifest.next_import() + len(self.entries)
        folder = self.store / "imports" / str(number)
        with FileScan(path, profile, number, threads=self.threads, progress=self.progress) as scan:
            make_folder(folder.parent)
            make_folder(folder)
            with _Writer(folder) as writer:
                tally = Tally()
                if self._settles(profile):
                    self._scan_and_settle(scan, profile, writer, tally)
                else:
                    for records, others in scan.batches():
                        records = records.select(RECORDS.names)
                        tally.records(records)
                        tally.others(others)
                        writer.write("records", records)
                        writer.write("rejects", others)
                self.progress.begin("numbers")
                for batch in scan.numbers():
                    tally.numbers(batch)
                    writer.write("numbers", batch)
                account = self._account(path, profile, number, scan, tally)
                account.check(tally.covered)
                writer.finish(account.encode(), format_profile(profile).encode())
                self.progress.end()
        self.accounts.append(account)
        self.entries.append(
            ImportEntry(
                number,
                stored_name(path),
                scan.sha256,
                scan.size,
                profile.operator,
                profile.operator_record is not None,
                account.units,
                account.records + account.merged_legs,
                {f"imports/{number}/{name}": digest for name, digest in writer.digests.items()},
            )
        )

    def commit(self) -> tuple[Manifest, str]:
        """Index the new imports and make them the store."""
        generation = self.manifest.generation + 1
        self.progress.begin("index")
        segments = add_segment(
            self.store, generation, [entry.number for entry in self.entries], self.manifest.segments, self._limits()
        )
        self.progress.end()
        new = advance(self.manifest, tuple(self.entries), segments)
        for folder in FOLDERS[:2]:
            sync_folder(self.store / folder)
        identity = replace_manifest(self.store, new)
        return new, identity

    def clean_up(self) -> None:
        """Remove what is not the store; what cannot be removed now is removed, and told of, by the next import."""
        with suppress(OSError, StorageError):
            # What the disk says counts, not what was meant: an error after the replacement must not undo it.
            found = read_manifest(self.store)
            if found is not None:
                _clean(self.store, found[0])

    def _limits(self) -> dict[str, Any]:
        scratch = make_folder(self.store / "work")
        return {"threads": self.threads, "memory": self.memory, "scratch": scratch}

    def _all(self) -> tuple[ImportEntry, ...]:
        return (*self.manifest.imports, *self.entries)

    def _known(self, sha256: str) -> ImportEntry | None:
        return next((entry for entry in self._all() if entry.sha256 == sha256), None)

    def _digest_of_known_size(self, path: Path) -> str:
        """The file's SHA-256, if an import was of the same size; else nothing. Saves scanning a file again."""
        try:
            size = path.stat().st_size
            return file_digest(path) if any(entry.size == size for entry in self._all()) else ""
        except OSError:
            # Opening it for the scan says what is wrong with it.
            return ""

    def _again(self, path: Path, profile: Profile, known: ImportEntry) -> None:
        """Account for a file that the store already has: every unit is a duplicate."""
        self.accounts.append(
            Account(
                import_number=None,
                file=stored_name(path),
                sha256=known.sha256,
                size=known.size,
                profile=profile.name,
                operator=profile.operator,
                imported_at=self._now(),
                number_plans=metadata_version(),
                units=known.units,
                records=0,
                merged_legs=0,
                duplicate=known.units,
                rejected=0,
                header_and_footer=0,
                out_of_scope=0,
                duplicate_of=known.number,
            )
        )

    def _now(self) -> str:
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _settles(self, profile: Profile) -> bool:
        """Whether legs or duplicates are possible, so that the file's records must be seen together."""
        others = any(not _same_operator(entry, profile) for entry in self._all())
        return profile.call is not None or profile.operator_record is not None or others

    def _scan_and_settle(self, scan: FileScan, profile: Profile, writer: _Writer, tally: Tally) -> None:
        """Write what is scanned beside, find duplicates and legs in it, and write the records."""
        limits = self._limits()
        scanned = self.store / "work" / "scanned.parquet"
        beside = HashedFile(scanned)
        with pq.ParquetWriter(pa.PythonFile(beside, "w"), SCANNED, compression="lz4") as parquet:
            for records, others in scan.batches():
                parquet.write_batch(records)
                tally.others(others)
                writer.write("rejects", others)
        beside.close()
        self.progress.begin("legs and duplicates")
        with Engine(**limits) as engine:
            self._find(engine, str(scanned), profile)
            found = engine.table("records", "duplicate_units", {"scanned": str(scanned)})
            for batch in found.cast(REJECTS).to_batches():
                tally.others(batch)
                writer.write("rejects", batch)
            identified = profile.operator_record is not None
            for batch in engine.batches("records", "settled", {"scanned": str(scanned), "identified": identified}):
                records = batch.cast(RECORDS)
                tally.records(records)
                writer.write("records", records)
        scanned.unlink()
        self.progress.end()

    def _find(self, engine: Engine, scanned: str, profile: Profile) -> None:
        """Make the tables of duplicates, legs and twins."""
        own = [entry for entry in self._all() if _same_operator(entry, profile)]
        others = [entry for entry in self._all() if not _same_operator(entry, profile)]
        identified = [self._records(entry) for entry in own if entry.identified]
        if profile.operator_record is None:
            engine.run("records", "no_duplicates")
            engine.run("records", "no_reused")
        else:
            if identified:
                engine.run("records", "earlier_identifiers", {"records": identified})
            else:
                engine.run("records", "no_earlier_identifiers")
            engine.run("records", "duplicates", {"scanned": scanned})
            engine.run("records", "reused", {"scanned": scanned})
        if profile.call is None:
            engine.run("records", "no_legs")
        else:
            engine.run("records", "legs", {"scanned": scanned})
        if others:
            engine.run(
                "records",
                "twins",
                {
                    "scanned": scanned,
                    # The scanned file has no leg groups yet: it stands for none.
                    "own": [self._records(entry) for entry in own] or [scanned],
                    "others": [self._records(entry) for entry in others],
                    "tolerance": profile.merge_tolerance * _MICROSECONDS,
                },
            )
        else:
            engine.run("records", "no_twins")

    def _records(self, entry: ImportEntry) -> str:
        return str(self.store / f"imports/{entry.number}/records.parquet")

    def _account(self, path: Path, profile: Profile, number: int, scan: FileScan, tally: Tally) -> Account:
        beside = scan.beside
        dropped: dict[str, dict[str, int]] = {"content": {}, "location": {}, "traits": {}, "unmapped": {}}
        for position, count in sorted(beside.dropped.items()):
            group = dropped[scan.layout.groups[position]]
            name = scan.layout.names[position]
            group[name] = group.get(name, 0) + count
        return Account(
            import_number=number,
            file=stored_name(path),
            sha256=scan.sha256,
            size=scan.size,
            profile=profile.name,
            operator=profile.operator,
            imported_at=self._now(),
            number_plans=metadata_version(),
            units=beside.units,
            dropped={group: counts for group, counts in dropped.items() if counts},
            unknown_words=_words(beside.unknown_words),
            unreadable=dict(sorted(beside.unreadable.items())),
            footers=_footers(profile.footer, beside.footers, beside.units - tally.no_records),
            continued_lines=scan.lines.lines - beside.units,
            last_unit_open=scan.lines.open,
            **tally.counts(),
        )


def _same_operator(entry: ImportEntry, profile: Profile) -> bool:
    """Whether an import is of the profile's operator; a name in other capitals is no other operator."""
    return entry.operator.strip().casefold() == profile.operator.strip().casefold()


def _words(found: dict[str, int]) -> dict[str, int]:
    """Unknown words with their counts; what is rare or long or could be a number may be content: counted together."""
    words: dict[str, int] = {}
    for word, count in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        plain = count >= _WORD_UNITS and len(word) <= _WORD_LENGTH and len(re.findall(r"\d", word)) < 5
        name = "(nothing)" if not word else word if plain and len(words) < _WORDS_SHOWN else "(other)"
        words[name] = words.get(name, 0) + count
    return words


def _footers(rule: FooterRule | None, texts: Sequence[str], found: int) -> tuple[Footer, ...]:
    """What the footers claim, beside ``found`` units that are neither header nor footer."""
    if rule is None or rule.count is None:
        return ()
    claims = first_groups(rule.count, [text[:_FOOTER_LENGTH] for text in texts])
    numbers = [(claim or "").strip() for claim in claims]
    counts = [
        int(re.sub(r"[ ,.\u00a0\u202f']", "", text))
        for text in numbers
        if re.fullmatch(r"\d[\d ,.\u00a0\u202f']*", text)
    ]
    return tuple(Footer(claimed, found, claimed == found) for claimed in counts)


class _Writer:
    """The files of one import, written once, hashed while they are written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.digests: dict[str, str] = {}
        schemas = {"records": RECORDS, "rejects": REJECTS, "numbers": NUMBERS}
        self._files: dict[str, HashedFile] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}
        for name, schema in schemas.items():
            self._files[name] = HashedFile(folder / f"{name}.parquet")
            self._parquet[name] = pq.ParquetWriter(
                pa.PythonFile(self._files[name], "w"),
                schema,
                compression="lz4",
                use_dictionary=["kind", "a_kind", "b_kind", "zone_offset", "flags", "form", "country", "reason"],
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of what was not finished; nobody will name it."""
        for name, parquet in self._parquet.items():
            self._files[name].discard()
            with suppress(OSError, ValueError):
                parquet.close()

    def write(self, name: str, batch: pa.RecordBatch) -> None:
        """One more batch of that table."""
        if batch.num_rows:
            self._parquet[name].write_batch(batch, row_group_size=_ROW_GROUP)

    def finish(self, account: bytes, profile: bytes) -> None:
        """Make all of it durable."""
        for name, parquet in self._parquet.items():
            parquet.close()
            self._files[name].close()
        self.digests = {f"{name}.parquet": file.sha256 for name, file in self._files.items()}
        for name, data in (("account.json", account), ("profile.toml", profile)):
            file = HashedFile(self._folder / name)
            file.write(data)
            file.close()
            self.digests[name] = file.sha256
        sync_folder(self._folder)
