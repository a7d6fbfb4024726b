"""``clew records``: what a store holds, without any record of it; and, under a warrant, one operator's own line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import Output, json_option
from clew.cli.policy_option import policy_option

if TYPE_CHECKING:
    from clew.records.layouts import Layout
    from clew.records.source import SourceLine
    from clew.records.store import Store

__all__ = ["records"]

_STORE = click.option(
    "--store", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the store."
)


@click.group(short_help="Look at a store: accounts, rejects, checks, layouts.")
def records() -> None:
    """Look at a store: accounts, rejects, checks, layouts, and the operator's own line of one record."""


@records.command(short_help="What became of every imported line.")
@_STORE
@click.option("--import", "number", type=click.IntRange(1), help="Only this import.")
@json_option
def account(store: Path, number: int | None, as_json: bool) -> None:
    """Show again what became of every line of every imported file.

    \b
    Example:
      clew records account --store records/
    """
    from clew.cli.accounts import accounts_document, accounts_text
    from clew.records.store import Store

    opened = Store.open(store)
    accounts = opened.accounts() if number is None else (opened.account(number),)
    lines = [accounts_text(accounts) if accounts else "Nothing was imported into this store yet."]
    lines += _interrupted(opened)
    document = accounts_document(accounts) | {"interrupted": list(opened.interrupted)}
    Output(as_json).result(document, "\n".join(lines))


def _interrupted(store: Store) -> list[str]:
    return [f"  left by an interrupted import, no part of the store: {name}" for name in store.interrupted]


@records.command(short_help="What was rejected, where and why.")
@_STORE
@click.option("--import", "number", type=click.IntRange(1), help="Only this import.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="How many to show.")
@json_option
def rejects(store: Path, number: int | None, most: int, as_json: bool) -> None:
    """List the lines that were rejected: where they stand, why, and their columns, numbers masked.

    \b
    Example:
      clew records rejects --store records/
    """
    from clew.cli.readable import readable
    from clew.records.rejects import list_rejects
    from clew.records.store import Store

    opened = Store.open(store)
    total, rows = list_rejects(opened, number, most)
    lines = [
        f"{row['import']}:{row['unit']}  byte {row['offset']:,}, {row['length']:,} long  {row['reason']}"
        + (f"\n    {readable(row['masked'])}" if row["masked"] else "")
        for row in rows
    ]
    if total > len(rows):
        lines.append(f"… and {total - len(rows):,} more; --most N shows them.")
    Output(as_json).result({"total": total, "rejects": rows}, "\n".join(lines) or "Nothing was rejected.")


@records.command(short_help="Compare every file with its hash.")
@_STORE
@json_option
def check(store: Path, as_json: bool) -> None:
    """Check that every file of the store is what it was when it was written, and list the imports.

    \b
    Example:
      clew records check --store records/
    """
    from clew.cli.readable import readable
    from clew.records.store import Store

    opened = Store.open(store)
    opened.verify()
    imports = [
        {
            "import": entry.number,
            "file": entry.file,
            "sha256": entry.sha256,
            "bytes": entry.size,
            "operator": entry.operator,
            "units": entry.units,
            "records": entry.rows,
        }
        for entry in opened.imports()
    ]
    lines = [f"Every file of the store is as it was written. Identity {opened.identity}"]
    lines += [f"  {row['import']:>4}  {readable(str(row['file']))}  {row['units']:,} units" for row in imports]
    lines += _interrupted(opened)
    document = {
        "identity": opened.identity,
        "generation": opened.generation,
        "imports": imports,
        "interrupted": list(opened.interrupted),
    }
    Output(as_json).result(document, "\n".join(lines))


@records.command(short_help="The profiles that are known by name.")
@json_option
def layouts(as_json: bool) -> None:
    """List the profiles that are known by name: Clew's own, and those that you saved.

    \b
    Example:
      clew records layouts
    """
    from clew.cli.profiles import own_layouts, profile_folder
    from clew.cli.readable import readable
    from clew.records.layouts import saved_layouts

    output = Output(as_json)
    saved, errors = saved_layouts(profile_folder())
    known = [*own_layouts(), *saved]
    for error in errors:
        output.note(f"clew: {error}")
    width = max(len(layout.profile.name) for layout in known)
    lines = [f"{readable(f'{one.profile.name:<{width}}')}  {_source(one)}{_described(one)}" for one in known]
    document = [
        {"name": one.profile.name, "source": one.source, "description": one.profile.description} for one in known
    ]
    output.result({"layouts": document, "errors": [error.as_json() for error in errors]}, "\n".join(lines))


def _source(layout: Layout) -> str:
    return "comes with Clew" if layout.built_in else layout.source


def _described(layout: Layout) -> str:
    return f". {layout.profile.description}" if layout.profile.description else ""


@records.group(short_help="Show a profile, or check one.")
def profile() -> None:
    """Show a profile, or check one that was written by hand."""


@profile.command("show")
@click.argument("name")
@json_option
def show_profile(name: str, as_json: bool) -> None:
    """Print the profile NAME (a name, or a .toml file) as a file that can be given away.

    \b
    Example:
      clew records profile show vast2008 > mine.toml
    """
    from clew.cli.profiles import chosen_profile
    from clew.records.profile_file import format_profile

    found = chosen_profile(name)
    text = format_profile(found.profile)
    Output(as_json).result({"name": found.profile.name, "source": found.source, "toml": text}, text.rstrip("\n"))


@profile.command("check")
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--against", type=click.Path(path_type=Path, readable=False), help="A file of records that the profile is to read."
)
@json_option
def check_profile(file: Path, against: Path | None, as_json: bool) -> None:
    """Check a profile; with --against also that a file of records has its columns.

    \b
    Example:
      clew records profile check mine.toml --against calls.csv
    """
    from clew.records.profile_file import read_profile
    from clew.records.sample import read_sample
    from clew.records.scan import preview

    found = read_profile(file)
    document: dict[str, Any] = {"name": found.name, "operator": found.operator}
    text = f"{file} is a profile: {found.name}, records of {found.operator}."
    if against is not None:
        seen = preview(read_sample(against).head, found, str(against))
        rejected = sum(reason not in ("header", "footer", "empty") for reason in seen.others["reason"].to_pylist())
        document |= {"records": seen.records.num_rows, "rejected": rejected}
        text += (
            f"\nIn the beginning of {against} it reads {seen.records.num_rows:,} "
            f"record{'' if seen.records.num_rows == 1 else 's'}; "
            f"{rejected:,} {'line is' if rejected == 1 else 'lines are'} none."
        )
    Output(as_json).result(document, text)


@records.command(short_help="The operator's own line of one record.")
@click.argument("record", metavar="IMPORT:UNIT")
@_STORE
@click.option(
    "--case",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The case whose graph holds the record.",
)
@click.option("--file", "moved", type=click.Path(path_type=Path), help="Where the operator's file is now, if not here.")
@policy_option
@json_option
def source(record: str, store: Path, folder: Path, moved: Path | None, policy: Path | None, as_json: bool) -> None:
    """Show the operator's own line of one record of a case, content and location masked.

    The case's warrant is verified again. Only a record of the case's traced graph is shown; it counts against the
    warrant's budget of sources, and is logged before anything is read. The file is looked for here and beside the
    store, and must be, byte for byte, the one that was imported.

    \b
    Example:
      clew records source 1:4711 --store records/ --case cases/lantern
    """
    from clew.audit.log import FileLog
    from clew.case.folder import CaseFolder
    from clew.chain.files import Documents, authorise, graphs_under, warrant_refusals
    from clew.effects import system_clock
    from clew.records.source import parse_record_id, show_source
    from clew.records.store import Store

    identifier = parse_record_id(record)
    case = CaseFolder.open(folder)
    log = FileLog(case.log_path, system_clock)
    documents = Documents.read(case)
    with warrant_refusals(case, log, documents.warrant):
        scope = authorise(documents, case, log, system_clock, policy=policy)
        graphs = graphs_under(case, documents)
    events = [graph.events for graph in graphs if graph.events is not None]
    places = [moved] if moved is not None else [Path.cwd(), store.resolve().parent]
    line = show_source(Store.open(store), identifier, events, scope, log, places)
    Output(as_json).result(_source_document(line), _source_text(line))


def _source_document(line: SourceLine) -> dict[str, Any]:
    return {
        "record": line.record,
        "file": str(line.file),
        "sha256": line.sha256,
        "offset": line.offset,
        "length": line.length,
        "cells": [{"column": cell.column, "group": cell.group, "text": cell.text} for cell in line.cells],
        "sources_remaining": line.remaining,
    }


def _source_text(line: SourceLine) -> str:
    from clew.cli.readable import readable

    width = max((len(cell.column) for cell in line.cells), default=0)
    cells = [
        f"  {readable(cell.column)}{' ' * (width - len(cell.column))}  {readable(cell.text)}"
        + ("" if cell.group == "kept" else f"  ({cell.group})")
        for cell in line.cells
    ]
    return "\n".join(
        [
            f"Record {line.record}: {readable(str(line.file))}, byte {line.offset:,}, {line.length:,} long",
            f"  SHA-256 {line.sha256}, as imported",
            *cells,
            f"The warrant allows {line.remaining:,} more lines to be shown.",
        ]
    )
