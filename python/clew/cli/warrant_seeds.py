"""The seeds of a draft: from options, from a file with one a line, or from a person at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import click

from clew.cli.number_lines import number_lines
from clew.cli.warrant_options import read_country
from clew.errors import ClewError, InputError, UsageError

__all__ = ["SeedText", "Written", "ask_country", "ask_seeds", "given_seeds", "is_canonical", "read_seeds", "seeds_text"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class SeedText:
    """A seed as somebody wrote it, and where: an option, or a line of a file."""

    text: str
    name: str
    place: str
    in_file: bool = False


@final
@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """A seed as somebody wrote it, what was read out of it, and the country of its number plan."""

    text: str
    canonical: str
    country: str
    valid: bool = True  # of a number plan that Clew knows; identifiers have none


def given_seeds(options: Sequence[str], file: Path | None) -> list[SeedText]:
    """The seeds of ``--seed`` and of the lines of ``--seeds-file``; empty lines and comments are passed over."""
    seeds = [SeedText(text, f"seed {position}", "--seed") for position, text in enumerate(options, 1)]
    lines = number_lines(file, "seed", _unusable) if file is not None else []
    return seeds + [SeedText(line, "this seed", place, in_file=True) for line, place in lines]


def _unusable(what: str, *, where: str, mend: str) -> InputError:
    return InputError("warrant.seeds-file", what, where=where, mend=mend)


def is_canonical(text: str) -> bool:
    """Whether a seed is written in the one form that needs no country."""
    from clew.numbers import canonical_kind

    try:
        canonical_kind(text)
    except InputError:
        return False
    return True


def read_seeds(seeds: Sequence[SeedText], country: str | None) -> list[Written]:
    """What the seeds say: canonical ones as they are, others only in the number plan of a country that is named.

    A number that is not valid in that plan is refused. Without the country ``0790…`` could be anybody's.
    """
    found: list[Written] = []
    seen: set[str] = set()
    for seed in seeds:
        one = _read_seed(seed, country)
        if seed.in_file and one.canonical in seen:
            raise InputError(
                "warrant.seeds-file", "this seed is named already", where=seed.place, mend="Name each seed once."
            )
        seen.add(one.canonical)
        found.append(one)
    return found


def _read_seed(seed: SeedText, country: str | None) -> Written:
    from clew.numbers import PartyKind
    from clew.records.numbering import read_numbers

    text = seed.text
    if not is_canonical(text):
        if country is None:
            raise UsageError(
                "warrant.seed-country",
                f"{seed.name} is not in canonical form, and no country says how to read it",
                where=seed.place,
                mend="Write +COUNTRY and digits without spaces, or add --country, for example --country IQ.",
            )
        form = f"national:{country}"
    elif text.startswith("+"):
        form = "e164"
    else:
        return Written(text, text, "")
    row = read_numbers([text], form).to_pylist()[0]
    if row["kind"] == PartyKind.E164 and (row["valid"] or row["canonical"] == text):
        return Written(text, row["canonical"], row["country"] or "", row["valid"])
    what = f"{seed.name} is not a number of any plan, read as one of {country}" if country else f"{seed.name} is none"
    mend = "Write it in canonical form, +COUNTRY and digits."
    if seed.in_file:
        raise InputError("warrant.seeds-file", what, where=seed.place, mend=mend)
    raise UsageError("warrant.seed-number", what, where=seed.place, mend=mend)


def seeds_text(seeds: Sequence[Written]) -> str:
    """What was read out of each seed, for the person to look at."""
    width = max(len(seed.text) for seed in seeds)
    lines = [f"  {seed.text:<{width}}  →  {seed.canonical}  {seed.country}".rstrip() for seed in seeds]
    return "\n".join(["Seeds as written, and as the warrant will name them:", *lines])


def ask_country(default: str | None = None) -> str:
    """The country that the person at the terminal names, asked for until it has a number plan."""
    while True:
        said = str(click.prompt("Country of its number plan, such as IQ", default=default, err=True)).strip()
        try:
            return read_country(said, "")
        except ClewError as error:
            click.echo(f"  {error.what}. {error.mend}", err=True)


def ask_seeds(country: str | None) -> list[Written]:
    """The seeds that the person at the terminal names, each shown in canonical form and confirmed; at least one."""
    found: list[Written] = []
    said = country
    while True:
        question = "A number to start from" + (" (none: done)" if found else "")
        text = str(click.prompt(question, default="", show_default=False, err=True)).strip()
        if not text and found:
            return found
        if not text:
            click.echo("  A warrant names at least one.", err=True)
            continue
        if country is None and not is_canonical(text):
            said = ask_country(said)
        try:
            seed = _read_seed(SeedText(text, "this", ""), said)
        except ClewError as error:
            click.echo(f"  {error.what}. {error.mend}", err=True)
            continue
        if seed.canonical in {other.canonical for other in found}:
            click.echo("  It is named already.", err=True)
        elif _is_right(seed):
            found.append(seed)


def _is_right(seed: Written) -> bool:
    """Whether the person confirms what was read, where it is not what was typed or is in no number plan."""
    if seed.text == seed.canonical and seed.valid:
        return True
    click.echo(f"  {seed.text}  →  {seed.canonical}  {seed.country}".rstrip(), err=True)
    if not seed.valid:
        click.echo("  It is in no number plan that Clew knows. Check it for a slip.", err=True)
    return click.confirm("Is this the right number?", err=True)
