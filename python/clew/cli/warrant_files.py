"""What the warrant commands share: reading documents and passphrases, asking before something is signed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import click

from clew.errors import InputError, Refused, UsageError
from clew.warrants.document import DOCUMENT_LIMIT, Document, Warrant, parse_document
from clew.warrants.dsse import ENVELOPE_LIMIT, Envelope, parse_envelope
from clew.warrants.files import read_file, read_secret_file
from clew.warrants.keyfile import check_passphrase

__all__ = [
    "FILE",
    "OUT",
    "PASSPHRASE_VARIABLE",
    "Paper",
    "confirm",
    "interactive",
    "named",
    "new_passphrase",
    "passphrase",
    "passphrase_option",
    "read_paper",
    "signing_options",
    "warrant_in",
]

PASSPHRASE_VARIABLE = "CLEW_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable
FILE = click.Path(path_type=Path, dir_okay=False)
OUT = click.Path(path_type=Path, dir_okay=False)

passphrase_option = click.option(
    "--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking."
)


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that signs: ``key_file`` and ``passphrase_file``."""
    key = click.option("--key", "key_file", required=True, type=FILE, help="Your secret key, from clew warrant key.")
    return key(passphrase_option(command))


@final
@dataclass(frozen=True, slots=True)
class Paper:
    """A file: a document, and the envelope around it if it has been signed."""

    document: Document
    envelope: Envelope | None


def read_paper(path: Path) -> Paper:
    """The document in a file, signed or not; its signatures are not verified."""
    data = read_file(path, ENVELOPE_LIMIT)
    with named(path):
        if b'"payloadType"' in data[:4096]:
            envelope = parse_envelope(data)
            return Paper(parse_document(envelope.payload), envelope)
        return Paper(parse_document(data[: DOCUMENT_LIMIT + 1]), None)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Puts the file's name into the errors of what reads its bytes; the words for the whole file are left out."""
    try:
        yield
    except (InputError, Refused) as error:
        inner = error.where if error.where not in (*_WHOLE, str(path)) else ""
        error.where = f"{path}: {inner}" if inner else str(path)
        raise


_WHOLE = ("", "document", "envelope", "policy", "keys")


def warrant_in(path: Path) -> Warrant:
    """The warrant or amendment in a file, signed or not."""
    document = read_paper(path).document
    if not isinstance(document, Warrant):
        raise InputError(
            "warrant.payload-type-file",
            "this is a revocation, not a warrant",
            where=str(path),
            mend="Give the warrant or the amendment.",
        )
    return document


def interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def confirm(question: str, yes: bool) -> None:
    """Return if ``yes`` or if the person says so; ``UsageError`` where nobody can be asked."""
    if yes:
        return
    if not interactive():
        raise UsageError(
            "warrant.unconfirmed", "nobody is there to confirm it", mend="Look at what is shown, then add --yes."
        )
    click.confirm(question, abort=True, err=True)


def passphrase(file: Path | None, question: str, *, new: bool = False) -> str:
    """The passphrase from ``file``, from the file that CLEW_PASSPHRASE_FILE names, or typed and not shown.

    It is never an argument: those stand in the list of processes and in the shell's history.
    """
    listed = file or (Path(os.environ[PASSPHRASE_VARIABLE]) if os.environ.get(PASSPHRASE_VARIABLE) else None)
    if listed is not None:
        found = _first_line(listed)
    elif interactive():
        found = _typed(question, twice=new)
    else:
        raise UsageError(
            "key.passphrase-missing",
            "nobody is there to type the passphrase",
            mend=f"Give --passphrase-file, or set {PASSPHRASE_VARIABLE} to a file that only you can read.",
        )
    return check_passphrase(found) if new else found


def new_passphrase(file: Path | None, question: str) -> str:
    """The passphrase that takes the place of another: from ``file``, or typed twice and not shown.

    The file that CLEW_PASSPHRASE_FILE names is not looked at: it holds the one that is to be replaced.
    """
    if file is not None:
        found = _first_line(file)
    elif interactive():
        found = _typed(question, twice=True)
    else:
        raise UsageError(
            "key.passphrase-missing",
            "nobody is there to type the new passphrase",
            mend="Give --new-passphrase-file, a file that only you can read.",
        )
    return check_passphrase(found)


def _typed(question: str, *, twice: bool) -> str:
    return str(click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True))


def _first_line(path: Path) -> str:
    try:
        return read_secret_file(path).decode("utf-8").split("\n")[0].removesuffix("\r")
    except UnicodeDecodeError as error:
        raise InputError(
            "key.passphrase-file",
            "the passphrase is not UTF-8 text",
            where=str(path),
            mend="Save the file as UTF-8, the passphrase on its first line.",
        ) from error
