"""Every command that a page shows is one that exists, with the options that it has; and headings that are linked to."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clew.cli.commands import cli
from tests.docs.test_pages import ROOT, markdown_files

HELP = ["-h", "--help"]
"""Click keeps the names that a command was first shown with."""

FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^(?:[a-z]*\$ )?clew (.+)$", re.MULTILINE)
NAMED = re.compile(r"`clew ((?:[a-z-]+)(?: [a-z-]+)?)[ `]")


def in_blocks(text: str) -> Iterator[str]:
    """What stands after ``clew`` on the lines of a page's blocks, put together where they go on."""
    for block in FENCE.findall(text):
        yield from SHOWN.findall(block.replace("\\\n", " "))


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words begin with, and the rest; fails on one that does not exist."""
    command: click.Command = cli
    context = click.Context(cli, help_option_names=HELP)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        child = command.get_command(context, words[0])
        assert child is not None, f"there is no {words[0]}"
        command, words = child, words[1:]
    return command, words


PAGES = [path for path in markdown_files() if path.name != "commands.md"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_commands_that_exist_with_options_that_they_have(path: Path) -> None:
    text = path.read_text("utf-8")
    for line in in_blocks(text):
        words = shlex.split(re.split(r" [|>&] ?| >> ", line)[0], comments=True)
        command, rest = command_of(words)
        if not isinstance(command, click.Group):
            try:
                command.make_parser(click.Context(command, help_option_names=HELP)).parse_args(rest)
            except click.UsageError as error:
                raise AssertionError(f"{path.name}: clew {line}: {error}") from error
    for named in NAMED.findall(text):
        command_of(named.split())


def test_the_commands_of_the_pages_are_found() -> None:
    shown = {str(path.relative_to(ROOT)): len(list(in_blocks(path.read_text("utf-8")))) for path in PAGES}
    assert min(shown[name] for name in ("README.md", "docs/howto/nodes.md", "docs/tutorial/first-trace.md")) > 5
    assert sum(shown.values()) > 60


def anchor(heading: str) -> str:
    """As it is linked to: lower case, words with hyphens between, without signs."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_a_heading_lead_to_one(path: Path) -> None:
    text = FENCE.sub("", path.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        file, name = target.split("#")
        page = (path.parent / file).read_text("utf-8") if file else text
        headings = {anchor(found) for found in re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)}
        assert name in headings, f"{path.name} links to {target}"
