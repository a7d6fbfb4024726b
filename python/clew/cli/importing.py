"""``clew import``: files of call records into a store, with an account of every line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clew.cli.output import Output, json_option

__all__ = ["import_command"]

_ANYTHING = click.Path(path_type=Path, readable=False)
"""Clew's own errors say what is wrong with a path, with a code and how to mend it."""


@click.command("import", short_help="Files of call records into a store, every line accounted for.")
@click.argument("files", nargs=-1, required=True, type=_ANYTHING)
@click.option("--store", required=True, type=_ANYTHING, help="Folder of the store; made if new.")
@click.option("--profile", metavar="NAME|FILE", help="How to read the files: a profile's name or its .toml file.")
@click.option("--operator", metavar="NAME", help="Whose records these are.")
@click.option("--zone", metavar="ZONE", help="Time zone of the times: Asia/Baghdad, UTC, +03:00.")
@click.option("--number-form", metavar="FORM", help="e164, international, national:CC, mixed:CC, sip:CC, opaque:NAME.")
@click.option("--country", metavar="CC", help="Country of national numbers: IQ, FR.")
@click.option("--date-format", metavar="FORMAT", help="iso, epoch, epoch-ms, or codes such as '%d/%m/%Y %H:%M:%S'.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Any other key of a profile.")
@click.option("--save-profile", metavar="FILE", type=_ANYTHING, help="Save the profile here as well.")
@click.option("--look", is_flag=True, help="Show how the files would be read, and import nothing.")
@click.option("--no-input", is_flag=True, help="Never ask: end with 3 and say what the files do not tell.")
@click.option("--yes", "-y", is_flag=True, help="Import without a last question.")
@json_option
def import_command(
    files: tuple[Path, ...],
    store: Path,
    profile: str | None,
    settings: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Import files of call records into a store, and print the account of every line.

    A layout that Clew knows is recognised. For any other, ten lines of the file are shown beside ten records as Clew
    reads them, and only what the file does not tell is asked: never a time zone or a country is guessed. Content and
    location are dropped while reading. The answers are kept as a profile, a small file that can be given to a
    colleague. Several files are imported all or none.

    \b
      clew import calls.csv --store records/
      clew import calls.csv --store records/ --operator zain --zone Asia/Baghdad --country IQ \\
          --set duration.unit=s
      clew import *.csv --store records/ --profile zain.toml --json
    """
    from clew.cli.import_steps import run_import

    code = run_import(files, store, profile, settings, options, Output(as_json))
    if code:
        raise click.exceptions.Exit(code)
