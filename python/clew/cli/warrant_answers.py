"""What a draft is made of: options, and a person's answers, each looked at before the next question."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, final

import click

from clew.cli.output import Output
from clew.cli.warrant_files import confirm, interactive
from clew.cli.warrant_options import after_day, read_country, read_moment
from clew.cli.warrant_seeds import ask_country, ask_seeds, given_seeds, is_canonical, read_seeds, seeds_text
from clew.errors import ClewError, UsageError

__all__ = ["NEVER", "Answers"]

T = TypeVar("T")

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a moment that is missing, until all that is missing is named."""


@final
class Answers:
    """What was given as options, and what the person at the terminal says; missing answers are named all at once."""

    def __init__(self, given: dict[str, Any], output: Output) -> None:
        self._given = given
        self._output = output
        self._missing: list[str] = []
        self._asked = False

    def text(self, option: str, question: str, check: Callable[[str], str]) -> str:
        """A text that passes ``check``."""
        found = self._given[option.replace("-", "_")]
        return found if found is not None else self._ask(option, question, check, "")

    def moment(
        self,
        option: str,
        question: str,
        value: str | None,
        *,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> datetime:
        """A moment, later than ``after`` and earlier than ``before`` if it is asked for."""
        if value is not None:
            return read_moment(value, f"--{option}")
        return self._ask(option, question, lambda text: _between(read_moment(text, ""), after, before), NEVER)

    def given_end(self) -> datetime | None:
        """The end of the window from ``--to`` or ``--through``, if one was given."""
        end, through = self._given["end"], self._given["through"]
        if end is not None and through is not None:
            raise UsageError("warrant.two-ends", "--to and --through both say when the window ends", mend="Give one.")
        if through is not None:
            return after_day(through, "--through")
        return read_moment(end, "--to") if end is not None else None

    def end(self, begin: datetime) -> datetime:
        """The end of the window."""
        found = self.given_end()
        question = "Last day of the window, included (such as 2026-03-14)"
        return found or self._ask("to", question, lambda text: _between(after_day(text, ""), begin), NEVER)

    def number(self, option: str, question: str, default: int, check: Callable[[int], int]) -> int:
        """A whole number; asked for, with its default, only if something else was asked for too."""
        found = self._given[option]
        if found is not None or not self._asked:
            return default if found is None else int(found)
        return self._ask(option, question, lambda text: check(_whole(text)), default, default=str(default))

    def seeds(self, yes: bool) -> tuple[Any, ...]:
        """The seeds, confirmed where they were not in canonical form."""
        from clew.warrants.authorisation import Clear

        written = given_seeds(self._given["seeds"], self._given["seeds_file"])
        country = self._given["country"]
        if country is not None:
            country = read_country(country, "--country")
        if not written and not interactive():
            self._missing.append("--seed")
            return ()
        if not written:
            self._asked = True
            return tuple(Clear(seed.canonical) for seed in ask_seeds(country))
        if country is None and interactive() and not all(is_canonical(seed.text) for seed in written):
            click.echo("The seeds are not all written +COUNTRY and digits.", err=True)
            country = ask_country()
        seeds = read_seeds(written, country)
        if any(seed.text != seed.canonical for seed in seeds):
            if not self._output.as_json or interactive():
                click.echo(seeds_text(seeds) + "\n", err=self._output.as_json)
            confirm("Are these the right numbers?", yes)
        for position, seed in enumerate(seeds, 1):
            if not seed.valid:
                self._output.note(f"Note: seed {position} is in no number plan that Clew knows. Check it for a slip.")
        return tuple(Clear(seed.canonical) for seed in seeds)

    def complete(self) -> None:
        """Return if nothing is missing."""
        if self._missing:
            raise UsageError(
                "warrant.draft-incomplete",
                f"the draft needs {', '.join(self._missing)}",
                mend="Give them as options, or run the command at a terminal, where it asks.",
            )

    def _ask(self, option: str, question: str, read: Callable[[str], T], otherwise: T, default: str | None = None) -> T:
        """What ``read`` makes of the answer, asked for again until it can be used."""
        if not interactive():
            self._missing.append(f"--{option}")
            return otherwise
        self._asked = True
        while True:
            said = str(click.prompt(question, default=default, err=True)).strip()
            try:
                return read(unicodedata.normalize("NFC", said))
            except ClewError as error:
                click.echo(f"  {error.what}. {error.mend}".rstrip(), err=True)


def _between(moment: datetime, after: datetime | None, before: datetime | None = None) -> datetime:
    """``moment`` if a warrant can name it, and it is later than ``after`` and earlier than ``before``."""
    from clew.warrants.strict import check_moment

    check_moment(moment, "")
    if after is not None and moment <= after:
        raise UsageError("warrant.option", f"it must be later than {after:%Y-%m-%d %H:%M} UTC", mend="Say a later one.")
    if before is not None and moment >= before:
        raise UsageError(
            "warrant.option", f"it must be earlier than {before:%Y-%m-%d %H:%M} UTC", mend="Say an earlier one."
        )
    return moment


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise UsageError("warrant.option", "this is not a whole number", mend="Write digits, such as 2 or 10000.")
    return int(text)
