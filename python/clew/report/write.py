"""Write a report into a case, or its tables into a folder: logged first, then all files or none.

The log entry holds the digest of what is about to be written, so a page that turns up later can be held against the
log: SHA-256 over the lines ``SHA-256  NAME`` of all files in the order of their names, as ``sha256sum`` prints them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from clew.audit.log import Entry, Log, Receipt
from clew.case.folder import CaseFolder, Part
from clew.durable import sync_folder, write_file
from clew.effects import Clock, NoProgress, Progress
from clew.errors import StorageError, UsageError
from clew.report.contents import Contents
from clew.report.graphfiles import graph_files
from clew.report.page import page_name, render
from clew.report.reading import read_contents
from clew.report.tables import csv_files, parquet_files
from clew.words.speaker import LANGUAGES, Language

__all__ = ["FORMATS", "digest_of", "export_tables", "report_files", "table_files", "write_report"]

FORMATS = ("csv", "parquet", "graphml", "gexf")
"""What tables can be written as."""

_TABLES: Final = ("vertices", "pairs", "ranked", "successions")
NAMES: Final = frozenset(
    [f"{table}.{kind}" for table in _TABLES for kind in ("csv", "parquet")]
    + ["graph.graphml", "graph.gexf"]
    + [page_name(language) for language in LANGUAGES]
)
"""Every file that a report or an export may consist of."""


def table_files(
    contents: Contents, formats: Iterable[str], languages: Sequence[Language], written: datetime
) -> dict[str, bytes]:
    """The tables and graph files by name."""
    wanted = frozenset(formats)
    files = graph_files(contents, written, wanted)
    if "csv" in wanted:
        files |= csv_files(contents, languages)
    if "parquet" in wanted:
        files |= parquet_files(contents)
    return dict(sorted(files.items()))


def report_files(
    contents: Contents, languages: Sequence[Language], written: datetime, progress: Progress
) -> dict[str, bytes]:
    """The whole report by file name: a page a language, and all tables. The same arguments give the same bytes."""
    progress.begin("tables", None)
    files = table_files(contents, FORMATS, languages, written)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    progress.begin("report", len(languages), "pages")
    for language in languages:
        files[page_name(language)] = render(contents, language, written, languages=languages, tables=hashes)
        progress.advance(1)
    progress.end()
    return dict(sorted(files.items()))


def write_report(
    case: CaseFolder,
    log: Log,
    clock: Clock,
    languages: Sequence[Language] = LANGUAGES,
    progress: Progress | None = None,
    copy_to: str | Path | None = None,
) -> dict[str, bytes]:
    """What was written, by file name, into the case's ``report/`` and, where ``copy_to`` is given, as a copy there."""
    copy_to = Path(copy_to) if copy_to is not None else None
    if copy_to is not None:
        _require_place(copy_to)
    contents = read_contents(case, log)
    files = report_files(contents, languages, clock(), progress or NoProgress())
    if copy_to is not None:
        _require_no_others(copy_to, files)
    receipt = log.commit(
        Entry(
            "report.written",
            {
                "stage": contents.graph.scope.stage,
                "languages": " ".join(languages),
                "files": len(files),
                "digest": digest_of(files),
                "copied": copy_to is not None,
            },
        )
    )
    case.replace({Part.REPORT: files}, receipt)
    if copy_to is not None:
        put(files, copy_to, receipt)
    return files


def export_tables(
    case: CaseFolder, log: Log, clock: Clock, formats: Sequence[str], languages: Sequence[Language], folder: str | Path
) -> dict[str, bytes]:
    """What was written into ``folder``, by file name; the case itself stays as it is, but for its log."""
    folder = Path(folder)
    if not formats or not set(formats) <= set(FORMATS):
        raise UsageError(
            "export.format",
            "a format is asked for that tables are not written in, or none",
            mend=f"Give a list of {', '.join(FORMATS)}.",
        )
    _require_place(folder)
    contents = read_contents(case, log)
    files = table_files(contents, formats, languages, clock())
    _require_no_others(folder, files)
    receipt = log.commit(
        Entry(
            "export.written",
            {
                "stage": contents.graph.scope.stage,
                "formats": " ".join(formats),
                "files": len(files),
                "digest": digest_of(files),
            },
        )
    )
    put(files, folder, receipt)
    return files


def digest_of(files: Mapping[str, bytes]) -> str:
    """One SHA-256 for all files, as the log holds it."""
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _require_place(folder: Path) -> None:
    """Return if files may be handed on into this folder: not over those of a case or a store."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            "export.not-a-folder",
            "the place to write to is a file",
            where=str(folder),
            mend="Name a folder with --out; it is made if it is not there.",
        )
    for place in (folder.resolve(), *folder.resolve().parents):
        if CaseFolder(place).exists or (place / "store.json").exists():
            raise UsageError(
                "export.inside",
                "the place to write to lies inside a case or a store",
                where=str(folder),
                mend="Name a folder outside it.",
            )


def _require_no_others(folder: Path, files: Mapping[str, bytes]) -> None:
    """Return if no other of Clew's files would stay beside the new ones: tables of two cases, as if of one."""
    others = sorted(name for name in NAMES - files.keys() if (folder / name).exists())
    if others:
        raise UsageError(
            "export.other-files",
            f"files of an earlier report or export would stay there beside the new ones: {', '.join(others)}",
            where=str(folder),
            mend="Name a new folder with --out, take them away, or write the same files again.",
        )


def put(files: Mapping[str, bytes], folder: Path, receipt: Receipt) -> None:
    """Write the files into a folder, readable by nobody else: a crash never leaves old ones among new ones.

    All are written beside the old ones first, where a full disk is met before an old one is gone.
    """
    if receipt.kind not in {"report.written", "export.written"}:
        receipt.require("export.written")
    new = {name: folder / f".{name}.new" for name in files}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in NAMES:
            (folder / f".{name}.new").unlink(missing_ok=True)
        for name, data in files.items():
            write_file(new[name], data)
        for name in files:
            (folder / name).unlink(missing_ok=True)
        sync_folder(folder)
        for name, path in new.items():
            path.rename(folder / name)
        sync_folder(folder)
    except OSError as error:
        with suppress(OSError):
            for path in new.values():
                path.unlink(missing_ok=True)
        raise StorageError(
            "export.unwritable",
            f"the files could not be written: {error.strerror}",
            where=str(folder),
            mend="Check the disk and the folder's permissions, and run the command again.",
        ) from error
