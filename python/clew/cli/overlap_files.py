"""What the overlap commands share: options, lists, keys, and letters in files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, final

import click

from clew.cli.output import Output, counted
from clew.cli.warrant_files import named

if TYPE_CHECKING:
    import pyarrow as pa

    from clew.errors import UsageError
    from clew.joint.overlap.desk import Desk
    from clew.joint.overlap.limits import Limits
    from clew.joint.overlap.lists import NumberList
    from clew.joint.overlap.standing import Step
    from clew.warrants.keys import SigningKey
    from clew.warrants.policy import Holder

__all__ = [
    "FILE",
    "OUT",
    "Listed",
    "account",
    "confirmed",
    "found_list",
    "key_option",
    "leave_out_option",
    "limit_options",
    "list_options",
    "one_partner",
    "open_desk",
    "read_file",
    "report_list",
    "require_key_id",
    "require_place",
    "rows_beside",
    "signer",
    "state_option",
    "write_out",
]

FILE = click.Path(path_type=Path, dir_okay=False)
OUT = click.Path(path_type=Path, dir_okay=False)
_HEAD: Final = 4096
_ALWAYS: Final = 1 << 24  # a file up to here is read whatever it is
_LARGEST_FILE: Final = 1 << 30  # lists and sets
_SHOWN_LINES: Final = 20
_REASONS: Final = {
    "ambiguous": "two different numbers: write the country code",
    "characters": "characters that stand in no number",
    "context": "a number that is local to a network or a place",
    "digits-lost": "digits lost in a spreadsheet",
    "foreign": "a foreign number without +",
    "fraction": "a number with a fraction",
    "length": "not as long as a number of the plan",
    "letters": "letters in it",
    "local": "no area code",
    "misplaced-plus": "a + elsewhere than in front",
    "national": "a national number: add --country IQ",
    "no-country": "no country code that is assigned",
    "no-plus": "no country: write it with + or add --country IQ",
    "not-in-plan": "not in the plan of the country",
    "sender-name": "a sender's name, not a number",
    "service-code": "a service code such as *100#",
    "short-code": "a short code, the same for everybody",
    "sip-address": "a SIP address, not a number",
    "spreadsheet-error": "a spreadsheet's error such as #REF!",
    "too-long": "too long for a number",
    "too-short": "too short for a number",
    "two-numbers": "more than one number",
    "unreadable": "not a number",
    "withheld": "withheld: no number was shown",
}

P = ParamSpec("P")
R = TypeVar("R")

state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default="overlap-state",
    show_default=True,
    help="Your folder of checks, sets and their log.",
)
key_option = click.option("--key", "key_file", type=FILE, help="Your signing key, if it is not where the check began.")
leave_out_option = click.option(
    "--leave-out", is_flag=True, help="Go on without the lines that cannot be read; they are listed (exit code 1)."
)


def list_options(command: Callable[P, R]) -> Callable[P, R]:
    """Adds how the list is written."""
    country = click.option("--country", help="The country whose number plan numbers without + are in, such as IQ.")
    column = click.option("--column", help="The list is a CSV file: the number's column, by name or number from 1.")
    return country(column(command))


def limit_options(command: Callable[P, R]) -> Callable[P, R]:
    """Adds what is demanded of both lists."""
    from clew.joint.overlap.limits import Limits

    default = Limits()
    least = click.option(
        "--least", type=int, default=default.least, show_default=True, help="Fewest numbers of either list."
    )
    most = click.option(
        "--most", type=int, default=default.most, show_default=True, help="Most numbers of either list."
    )
    return least(most(command))


@final
@dataclass(frozen=True, slots=True)
class Listed:
    """A list that was read, and what is demanded of it and the partner's."""

    found: NumberList
    limits: Limits

    def end(self, output: Output) -> None:
        """End with 1 if lines were left out, after naming them."""
        if self.found.left_out:
            output.note(_left_out_text(self.found))
            raise click.exceptions.Exit(1)


def found_list(path: Path | None, options: Mapping[str, object]) -> Listed:
    """The list in a file and the limits of the options; without a file, an empty one for the limits alone."""
    import pyarrow as pa

    from clew.errors import InputError
    from clew.joint.overlap.limits import Limits
    from clew.joint.overlap.lists import NumberList, read_list

    default = Limits()
    chosen = {name: options.get(name, getattr(default, name)) for name in ("least", "most", "checks")}
    limits = Limits(**chosen)  # type: ignore[arg-type]
    if path is None:
        return Listed(NumberList(pa.array([], pa.string()), 0, 0, 0, ()), limits)
    country, column = options.get("country"), options.get("column")
    with named(path):
        found = read_list(
            read_file(path),
            country=str(country) if country else None,
            column=str(column) if column else None,
        )
        if found.left_out and not options.get("leave_out"):
            raise InputError(
                "overlap.list-unreadable",
                f"{counted(len(found.left_out), 'line')} cannot be read as numbers ({_reasons_text(found)})",
                where=f"lines {_lines_text(found)}",
                mend="Mend them, name the --country or --column, or give --leave-out. Nothing was sent.",
            )
    return Listed(found, limits)


def rows_beside(path: Path, country: str | None) -> Callable[[pa.Array], pa.Array]:
    """What gives, for the numbers of a check, the texts that stand beside them in a CSV file."""
    from clew.errors import InputError
    from clew.joint.overlap.lists import payloads_for, read_list

    with named(path):
        found = read_list(read_file(path), country=country, beside=True)
        if found.left_out:
            raise InputError(
                "overlap.list-unreadable",
                f"{counted(len(found.left_out), 'line')} cannot be read as numbers ({_reasons_text(found)})",
                where=f"lines {_lines_text(found)}",
                mend="Mend them, or name the --country. Nothing was sent.",
            )

    def texts(numbers: pa.Array) -> pa.Array:
        with named(path):
            return payloads_for(numbers, found)

    return texts


def report_list(found: NumberList) -> dict[str, Any]:
    """What became of a list's lines, for ``--json``."""
    return {
        "list": {
            "lines": found.lines,
            "numbers": len(found.numbers),
            "duplicates": found.duplicates,
            "doubtful": found.doubtful,
            "passed": found.passed,
            "left_out": [{"line": line.line, "reason": line.reason} for line in found.left_out],
        }
    }


def account(found: NumberList) -> str:
    """What became of a list's lines, for people: ``61 lines: 30 numbers, 31 said again``."""
    parts = [counted(len(found.numbers), "number")]
    parts += [f"{found.duplicates:,} said again"] if found.duplicates else []
    parts += [f"{len(found.left_out):,} left out"] if found.left_out else []
    parts += [f"{found.doubtful:,} in no number plan known here, kept"] if found.doubtful else []
    passed = f"; {counted(found.passed, 'line')} passed over (comment, header or empty)" if found.passed else ""
    return f"{counted(found.lines, 'line')}: {', '.join(parts)}{passed}."


def one_partner(path: Path) -> Holder:
    """The partner whose public key file this is."""
    from clew.errors import InputError
    from clew.warrants.files import read_file
    from clew.warrants.policy import POLICY_LIMIT, parse_holders

    with named(path):
        holders = parse_holders(read_file(path, POLICY_LIMIT))
        if len(holders) != 1:
            raise InputError(
                "overlap.partner-file",
                "the file names several keys, and a check has one partner",
                mend="Give the .pub.toml file of one key.",
            )
    return holders[0]


def require_key_id(path: Path) -> str:
    """The id of a signing key, from the public file beside it: nobody is asked for a passphrase to look."""
    return one_partner(path.with_name(path.name + ".pub.toml")).key.id


def signer(options: Mapping[str, object]) -> Callable[[str], SigningKey]:
    """What gives the signing key once there is a letter to sign; the passphrase is asked for then.

    The key is that of ``--key``; without it that of the file with which the check began.
    """
    from clew.cli.warrant_files import passphrase
    from clew.warrants.keyfile import read_key, require_key_file

    given, secret = options.get("key_file"), options.get("passphrase_file")

    def signing(known: str) -> SigningKey:
        file = given if isinstance(given, Path) else Path(known)
        require_key_file(file)
        return read_key(file, passphrase(secret if isinstance(secret, Path) else None, f"Passphrase of {file}"))

    return signing


def open_desk(options: Mapping[str, object]) -> Desk:
    """The state folder of the options."""
    from clew.effects import system_clock, system_randomness
    from clew.joint.overlap.desk import Desk

    folder = options["state"]
    assert isinstance(folder, Path)
    require_private(folder)
    return Desk(folder, system_clock, system_randomness)


def require_private(folder: Path) -> None:
    """Return if nobody but its owner can look into a state folder, or if it is not there yet; else ``Refused``."""
    from clew.errors import Refused

    if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise Refused(
            "overlap.state-permissions",
            "others can look into the state folder: the lists and secrets of open checks lie there",
            where=str(folder),
            mend="Run chmod 700 on it if nobody else has read it; else close its checks and retire its sets then, too.",
        )


def read_file(path: Path, most: Callable[[bytes], int] = lambda _: _LARGEST_FILE) -> bytes:
    """The bytes of a letter, list or set; ``most`` says how many there may be, by the first of them."""
    from clew.errors import InputError

    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            limit = max(_ALWAYS, most(head)) if len(head) == _HEAD else _ALWAYS
            data = head + file.read(limit + 1 - len(head))
    except OSError as error:
        raise InputError(
            "overlap.file-unreadable",
            f"the file cannot be read: {error.strerror}",
            where=str(path),
            mend="Check the name and the file's permissions.",
        ) from error
    if len(data) > limit:
        raise InputError(
            "overlap.file-too-large",
            f"the file has more than {limit:,} bytes, which is more than it can need",
            where=str(path),
            mend="Ask the partner what it is. Larger lists need a larger --most from the beginning.",
        )
    return data


def require_place(path: Path | None, same: Callable[[Path], bool] = lambda _: False) -> None:
    """Return if a file can be written there, before anything is decided; without a path, into this folder.

    A file that is there is refused unless ``same`` says that it is the one which would be written.
    """
    from clew.errors import StorageError

    folder = path.parent if path is not None else Path()
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(
            "overlap.out-unwritable",
            "no file can be written into this folder" if folder.is_dir() else "there is no such folder",
            where=str(folder),
            mend="Make the folder, or name another place. Nothing was done.",
        )
    if path is not None and path.exists() and not (path.is_file() and same(path)):
        raise _file_exists(path)


def write_out(step: Step, options: Mapping[str, object], data: bytes | None = None) -> Path | None:
    """Write a step's letter (or ``data``) where the options say; the same bytes again are no error."""
    from clew.warrants.files import write_file

    content = data if data is not None else step.letter
    if content is None:
        return None
    given = options.get("out")
    target = given if isinstance(given, Path) else Path(f"overlap-{step.about.shown}-{step.about.letters}.letter")
    if target.exists():
        if read_file(target) == content:
            return target
        raise _file_exists(target)
    write_file(target, content)
    return target


def confirmed(question: str, yes: bool) -> None:
    """Return if ``yes`` or if the person says so; ``UsageError`` where nobody can be asked."""
    from clew.cli.warrant_files import confirm, interactive
    from clew.errors import UsageError

    if not yes and not interactive():
        raise UsageError(
            "overlap.unconfirmed",
            "nobody is there to confirm it",
            mend="clew overlap status shows where the check stands; look, then add --yes.",
        )
    confirm(question, yes)


def _file_exists(path: Path) -> UsageError:
    from clew.errors import UsageError

    return UsageError(
        "overlap.file-exists",
        "the file is already there",
        where=str(path),
        mend="Choose another name, or move that file away. Nothing was overwritten.",
    )


def _left_out_text(found: NumberList) -> str:
    lines = [f"  line {line.line}: {_said(line.reason)}" for line in found.left_out[:_SHOWN_LINES]]
    more = len(found.left_out) - len(lines)
    head = f"Left out, because they cannot be read as numbers: {counted(len(found.left_out), 'line')}"
    return "\n".join([head, *lines, *([f"  and {more:,} more; --json lists all"] if more else [])])


def _said(reason: str) -> str:
    """Why a line cannot be read, in words; spec records 2.7 has them all."""
    return _REASONS.get(reason, reason.replace("-", " "))


def _reasons_text(found: NumberList) -> str:
    return ", ".join(f"{_said(reason)}: {count:,}" for reason, count in found.reasons.items())


def _lines_text(found: NumberList) -> str:
    shown = ", ".join(str(line.line) for line in found.left_out[:_SHOWN_LINES])
    return shown + (", …" if len(found.left_out) > _SHOWN_LINES else "")
