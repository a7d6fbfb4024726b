"""What a command prints: one result, as text for people or as JSON for programs; progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from clew.cli.controls import escaped_controls, without_controls

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["Output", "TerminalProgress", "counted", "json_option"]

P = ParamSpec("P")
R = TypeVar("R")


class Output:
    """Prints one command's result. ``as_json`` puts a single JSON document on stdout and nothing else."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, document: Mapping[str, Any], text: str) -> None:
        """The command's result: ``document`` with ``--json``, else ``text`` (plain, no markup)."""
        if self.as_json:
            click.echo(escaped_controls(json.dumps(document, ensure_ascii=False, indent=2, default=str)))
        else:
            click.echo(without_controls(text))

    def note(self, text: str) -> None:
        """Something worth knowing beside the result, on stderr; never holds a number."""
        click.echo(without_controls(text), err=True)

    def progress(self) -> TerminalProgress:
        """A progress shown on stderr where that is a terminal."""
        return TerminalProgress(shown=sys.stderr.isatty())


class TerminalProgress:
    """Progress bars on stderr (:class:`clew.effects.Progress`)."""

    def __init__(self, *, shown: bool) -> None:
        self._bars = _bars() if shown else None
        self._task: TaskID | None = None

    def begin(self, step: str, total: int | None = None, unit: str = "") -> None:
        """Show a bar for the step."""
        self.end()
        if self._bars is not None:
            self._bars.start()
            self._task = self._bars.add_task(step, total=total, unit=unit)

    def advance(self, units: int) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, units)

    def end(self) -> None:
        """Take the bar away."""
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
            self._bars.stop()


def _bars() -> RichProgress:
    # Imported where a person looks on: what draws the bars takes longer to load than most commands take to run.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False, soft_wrap=True),
        transient=True,
    )


def counted(number: int, noun: str) -> str:
    """``1 pair``, ``1,234 pairs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Adds ``--json``, which every command has."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)
