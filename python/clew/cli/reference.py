"""Every command's help as one page: ``python -m clew.cli.reference FILE`` writes it, a test compares it.

With ``--check`` nothing is written and the process ends with 1 if the page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from clew.cli.commands import cli

__all__ = ["page"]

_HEAD = """# Commands

Written by `make docs` from the commands themselves; a test compares the two. Every command takes `--json`, and ends
with 0 (done), 1 (done, some units were rejected), 2 (usage), 3 (input), 4 (refused), 5 (peer), 6 (storage) 70 (a bug in
Clew) or 130 (stopped by Ctrl-C).
"""


def page() -> str:
    """The whole page in Markdown."""
    return _HEAD + "".join(
        f"\n## `{path}`\n\n```text\n{help_text}\n```\n" for path, help_text in _commands(cli, "clew", None)
    )


def _commands(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    # The names of the help option are said here, because click keeps those that a command was first shown with.
    settings = {"max_content_width": 100, "terminal_width": 100, "help_option_names": ["-h", "--help"]}
    context = click.Context(command, info_name=path if parent is None else path.split()[-1], parent=parent, **settings)  # type: ignore[arg-type]
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands(child, f"{path} {name}", context)


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    target = Path(arguments[-1])
    if "--check" in arguments:
        return int(target.read_text("utf-8") != page())
    target.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
