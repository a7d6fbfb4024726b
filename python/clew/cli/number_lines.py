"""Files with one number a line, as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from clew.errors import InputError

__all__ = ["number_lines"]

_LIMIT: Final = 100_000  # bytes


class Wrong(Protocol):
    """Makes the error for a file that cannot be used, with the code of the command that was given it."""

    def __call__(self, what: str, *, where: str, mend: str) -> InputError: ...


def number_lines(path: Path, noun: str, wrong: Wrong) -> list[tuple[str, str]]:
    """The lines of a file that name something, each with its place; empty lines and comments are passed over.

    What ``wrong`` makes is raised if it names none, or is no text; ``noun`` says what it should name.
    """
    from clew.numbers import is_comment
    from clew.warrants.files import read_file

    try:
        text = read_file(path, _LIMIT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(
            f"the file of {noun}s is not UTF-8 text",
            where=str(path),
            mend=f"Save it as plain text in UTF-8, one {noun} a line.",
        ) from error
    lines = [(line.strip(), f"{path}, line {number}") for number, line in enumerate(text.splitlines(), 1)]
    found = [(line, place) for line, place in lines if line and not is_comment(line)]
    if not found:
        raise wrong(
            f"the file of {noun}s names no {noun}",
            where=str(path),
            mend=f"Write one {noun} a line. Empty lines, and lines that begin with # and no digit, are passed over.",
        )
    return found
