"""The ``clew`` command: the seven steps of the data, in their order, and what is said where one of them fails."""

from __future__ import annotations

import json
import os
import sys
from io import StringIO
from pathlib import Path
from traceback import extract_tb
from typing import TextIO

import click

from clew.cli.auditor import auditor
from clew.cli.case import case
from clew.cli.cells import cells
from clew.cli.controls import escaped_controls, without_controls
from clew.cli.decide import decide
from clew.cli.demo import demo
from clew.cli.doctor import doctor
from clew.cli.importing import import_command
from clew.cli.node import node
from clew.cli.overlap import overlap
from clew.cli.records import records
from clew.cli.report import export, report
from clew.cli.trace import trace
from clew.cli.warrants import warrant
from clew.errors import ClewError, StorageError, UsageError, without_numbers
from clew.stopping import is_wished

__all__ = ["cli", "run"]

_BUG_TEXT = (
    "clew: this is a bug in Clew, not in your data. What was stored before is unchanged. Please report these lines:"
)

BUG = 70


class _InOrder(click.Group):
    """Lists its commands in the order of the data's way, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands as they were added."""
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="clew", message="clew %(version)s")
def cli() -> None:
    """Follow the call records of the numbers that a warrant names to the group behind them, and no further."""


cli.add_command(import_command)
cli.add_command(records)
cli.add_command(warrant)
cli.add_command(trace)
cli.add_command(overlap)
cli.add_command(node)
cli.add_command(case)
cli.add_command(auditor)
cli.add_command(cells)
cli.add_command(decide)
cli.add_command(report)
cli.add_command(export)
cli.add_command(demo)
cli.add_command(doctor)


def run() -> int:
    """Run the command line; its exit code. ``KeyboardInterrupt`` where it was stopped."""
    try:
        return _ran()
    except OSError as error:
        # What was to be said could not be written: a full disk behind a redirection, a terminal that is gone.
        _silence(sys.stdout)
        return _tell_not_shown(error)


def _ran() -> int:
    """Run the command line; its exit code. ``OSError`` only where its output could not be written."""
    wants_json = "--json" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.exceptions.Abort as error:
        raise KeyboardInterrupt from error
    except click.ClickException as error:
        # What was typed stands in click's words, and a number is easily typed where a name or an option belongs.
        wrong = UsageError("usage", without_numbers(error.format_message()), mend="clew COMMAND --help shows how.")
        if wants_json:
            click.echo(_json(wrong))
        shown = StringIO()
        error.show(shown)
        click.echo(without_controls(without_numbers(shown.getvalue())), nl=False, err=True)
        code = wrong.exit_code
    except ClewError as error:
        if wants_json:
            click.echo(_json(error))
        click.echo(without_controls(f"clew: {error}"), err=True)
        code = error.exit_code
    except BrokenPipeError:
        _silence(sys.stdout)
        code = 0
    except Exception as error:
        if is_wished() or (isinstance(error, OSError) and _was_printing(error)):
            raise
        click.echo(_bug(error), err=True)
        code = BUG
    return code if isinstance(code, int) else 0


def _was_printing(error: Exception) -> bool:
    return any(
        (Path(frame.filename).name, frame.name) == ("utils.py", "echo") for frame in extract_tb(error.__traceback__)
    )


def _silence(stream: TextIO) -> None:
    """What is still to be written to a stream that takes nothing goes nowhere, and raises nothing at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell_not_shown(error: OSError) -> int:
    failed = StorageError(
        "output.not-shown",
        f"the result could not be shown: {error.strerror}",
        mend="What was stored stays stored. Make room, or write elsewhere, and give the command again.",
    )
    try:
        click.echo(f"clew: {failed}", err=True)
    except OSError:
        _silence(sys.stderr)
    return failed.exit_code


def _json(error: ClewError) -> str:
    return escaped_controls(json.dumps({"error": error.as_json()}, ensure_ascii=False, indent=2))


def _bug(error: Exception) -> str:
    """Where a bug struck, without the values that stood there: they may hold numbers."""
    places = (f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__))
    return "\n".join([_BUG_TEXT, f"  {type(error).__name__}", *places])
