"""``clew warrant draft``, ``amend`` and ``revoke``: documents before they are signed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar, final

import click

from clew.cli.output import Output, json_option
from clew.cli.warrant_files import FILE, OUT, confirm, interactive, warrant_in
from clew.errors import ClewError, InputError, UsageError

__all__ = ["Written", "amend", "draft", "read_moment", "read_seeds", "revoke"]

T = TypeVar("T")

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_SEED_LINES = 100_000  # bytes of a file of seeds


@final
@dataclass(frozen=True, slots=True)
class Written:
    """A seed as somebody wrote it, what was read out of it, and the country of its number plan."""

    text: str
    canonical: str
    country: str
    valid: bool = True  # of a number plan that Clew knows; identifiers have none


def read_moment(text: str, where: str) -> datetime:
    """The moment in UTC: a day (its beginning in UTC), or day and time with ``Z`` or an offset."""
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError("warrant.no-such-day", "there is no such day or time", where=where) from error
    raise UsageError(
        "warrant.date",
        "this is not a day or a time with its zone",
        where=where,
        mend="Write 2026-03-01 (its beginning in UTC), 2026-03-01T08:00Z, or 2026-03-01T08:00+03:00.",
    )


def read_seeds(texts: Sequence[str], country: str | None) -> list[Written]:
    """The seeds: canonical ones as they are, others only in the number plan of a country that is named.

    A number that is not valid in that plan is refused. Without the country ``0790…`` could be anybody's.
    """
    from clew.numbers import PartyKind, canonical_kind
    from clew.records.numbering import read_numbers

    found = []
    for position, text in enumerate(texts, 1):
        try:
            canonical_kind(text)
            form = "e164" if text.startswith("+") else f"opaque:{text.split(':')[1]}"
        except InputError as error:
            if country is None:
                raise UsageError(
                    "warrant.seed-country",
                    f"seed {position} is not in canonical form, and no country says how to read it",
                    where="--seed",
                    mend="Write +COUNTRY and digits without spaces, or add --country, for example --country IQ.",
                ) from error
            form = f"national:{country.upper()}"
        if form.startswith("opaque:"):
            found.append(Written(text, text, ""))
            continue
        row = read_numbers([text], form).to_pylist()[0]
        if row["kind"] != PartyKind.E164 or (not row["valid"] and row["canonical"] != text):
            raise UsageError(
                "warrant.seed-number",
                f"seed {position} is not a number of any plan, read as one of {country}"
                if country
                else f"seed {position} is not a possible number",
                where="--seed",
                mend="Write it in canonical form, +COUNTRY and digits.",
            )
        found.append(Written(text, row["canonical"], row["country"] or "", row["valid"]))
    return found


def _seeds_text(seeds: Sequence[Written]) -> str:
    """What was read out of each seed, for the person to look at."""
    width = max(len(seed.text) for seed in seeds)
    lines = [f"  {seed.text:<{width}}  →  {seed.canonical}  {seed.country}".rstrip() for seed in seeds]
    return "\n".join(["Seeds as written, and as the warrant will name them:", *lines])


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that ``draft`` and ``amend`` share."""
    for option in reversed(
        [
            click.option("--authority", help="Who issues it: office and court, or data owner."),
            click.option("--legal-basis", help="The provision, contract or approval that it rests on."),
            click.option("--purpose", help="What it is for."),
            click.option("--seed", "seeds", multiple=True, help="A number to start from; repeat."),
            click.option("--seeds-file", type=FILE, help="A file with one seed a line."),
            click.option("--country", help="The country whose number plan says how to read the seeds, e.g. IQ."),
            click.option("--from", "begin", help="The window's first moment, e.g. 2026-03-01."),
            click.option("--to", "end", help="The moment at which the window is over; not included."),
            click.option("--through", help="Instead of --to: the window's last day, included."),
            click.option("--expires", help="The moment from which the warrant may not be used any more."),
            click.option("--not-before", help="The moment from which it may be used.  [default: when issued]"),
            click.option("--issued", help="When it is issued.  [default: now]"),
            click.option("--hops", type=int, help="Hops from the seeds, 1 to 4.  [default: 2]"),
            click.option("--hub-limit", type=int, help="Numbers with more contacts are not passed.  [default: 200]"),
            click.option("--numbers", type=int, help="Most numbers inside the bound.  [default: 10000]"),
            click.option("--sources", type=int, help="Most operators' lines that may be shown.  [default: 1000]"),
            click.option("--yes", is_flag=True, help="Do not ask whether what is shown is right."),
        ]
    ):
        command = option(command)
    return command


@click.command()
@click.option("--case", help="The case's short name, for example lantern-7.")
@_options
@click.option("--tidy", type=FILE, help="Write a draft that was edited by hand in its one spelling; nothing else.")
@click.option("--out", type=OUT, default="warrant.json", show_default=True, help="Where to write it.")
@json_option
def draft(case: str | None, tidy: Path | None, out: Path, as_json: bool, yes: bool, **given: Any) -> None:
    """Write a warrant, to be signed with clew warrant sign. Asks for what is not given as an option.

    Seeds are named in canonical form (+9647901234567, or id:NAMESPACE:TEXT), or as people write them together with
    --country; what was read is shown and has to be confirmed. Days begin at midnight UTC.

    \b
    Example:
      clew warrant draft --case lantern-7 --authority "Court of Example" --legal-basis "Article 1" \\
        --purpose "Find the other members of the group" --seed "0790 123 4567" --country IQ \\
        --from 2026-03-01 --through 2026-03-14 --expires 2026-09-01
    """
    from clew.effects import system_clock
    from clew.warrants.authorisation import Budgets
    from clew.warrants.document import HUB_LIMIT, Warrant, parse_document
    from clew.warrants.dsse import ENVELOPE_LIMIT
    from clew.warrants.files import read_file

    output = Output(as_json)
    if tidy is not None:
        document = parse_document(read_file(tidy, ENVELOPE_LIMIT), tidy=True)
        _finish(output, document, out, yes=True, overwrite=out == tidy)
        return
    answers = _Answers(given, output)
    name = answers.text("case", "Short name of the case", case)
    authority = answers.text("authority", "Who issues it")
    legal_basis = answers.text("legal-basis", "Legal basis")
    purpose = answers.text("purpose", "Purpose")
    seeds = answers.seeds(yes)
    begin = answers.moment("from", "First moment of the window", given["begin"])
    end = answers.end()
    expires = answers.moment("expires", "Not to be used from")
    answers.complete()
    issued = _moment(given["issued"], "--issued") or system_clock().replace(microsecond=0)
    warrant = Warrant(
        case=name,
        authority=authority,
        legal_basis=legal_basis,
        purpose=purpose,
        issued=issued,
        not_before=_moment(given["not_before"], "--not-before"),
        expires=expires,
        seeds=seeds,
        begin=begin,
        end=end,
        hops=given["hops"] if given["hops"] is not None else 2,
        hub_limit=given["hub_limit"] if given["hub_limit"] is not None else HUB_LIMIT,
        budgets=Budgets(
            numbers=given["numbers"] if given["numbers"] is not None else 10_000,
            sources=given["sources"] if given["sources"] is not None else 1_000,
        ),
    )
    _finish(output, warrant, out, yes=yes)


@click.command()
@click.argument("file", type=FILE)
@_options
@click.option("--keep-seeds", is_flag=True, help="Name the seeds of the stage before again.")
@click.option("--out", type=OUT, help="Where to write it.  [default: stage-N.json]")
@json_option
def amend(file: Path, keep_seeds: bool, out: Path | None, as_json: bool, yes: bool, **given: Any) -> None:
    """Write the next stage: an amendment of the warrant (or of the latest amendment) in FILE, to be signed.

    It states its whole scope anew: what is not given stays as it was. The seeds of the new stage are the ones named
    here; those of the stage before stay in their own stage, and are seeds of this one too only with --keep-seeds.

    \b
    Example:
      clew warrant amend warrant.signed.json --seed +9647901234568 --seed +33612345678 --through 2026-03-21
    """
    from clew.effects import system_clock
    from clew.warrants.document import require_extends

    output = Output(as_json)
    before = warrant_in(file)
    answers = _Answers(given, output)
    seeds = answers.seeds(yes)
    answers.complete()
    kept = tuple(seed for seed in before.seeds if seed not in seeds) if keep_seeds else ()
    numbers, sources = given["numbers"], given["sources"]
    issued = _moment(given["issued"], "--issued") or system_clock().replace(microsecond=0)
    after = replace(
        before,
        stage=before.stage + 1,
        amends=before.digest,
        seeds=(*seeds, *kept),
        authority=given["authority"] or before.authority,
        legal_basis=given["legal_basis"] or before.legal_basis,
        purpose=given["purpose"] or before.purpose,
        issued=issued,
        not_before=_moment(given["not_before"], "--not-before") or issued,
        expires=_moment(given["expires"], "--expires") or before.expires,
        begin=_moment(given["begin"], "--from") or before.begin,
        end=answers.given_end() or before.end,
        hops=given["hops"] if given["hops"] is not None else before.hops,
        hub_limit=given["hub_limit"] if given["hub_limit"] is not None else before.hub_limit,
        budgets=replace(
            before.budgets,
            numbers=before.budgets.numbers if numbers is None else numbers,
            sources=before.budgets.sources if sources is None else sources,
        ),
    )
    require_extends(before, after)
    _finish(output, after, out or file.with_name(f"stage-{after.stage}.json"), yes=yes, before=before)


@click.command()
@click.argument("file", type=FILE)
@click.option("--authority", required=True, help="Who revokes it.")
@click.option("--reason", required=True, help="Why.")
@click.option("--issued", help="When.  [default: now]")
@click.option("--out", type=OUT, help="Where to write it.  [default: revocation-DIGEST.json]")
@click.option("--yes", is_flag=True, help="Do not ask whether what is shown is right.")
@json_option
def revoke(
    file: Path, authority: str, reason: str, issued: str | None, out: Path | None, yes: bool, as_json: bool
) -> None:
    """Write a revocation of the warrant or amendment in FILE, to be signed as a warrant is.

    Put the signed revocation into the folder that policy.toml names under revocations: from then on the warrant, and
    every amendment after it, is refused.

    \b
    Example:
      clew warrant revoke warrant.signed.json --authority "Court of Example" --reason "The grounds have fallen away"
      clew warrant sign revocation-1cfa2cb24d18.json --key judge.key --out revocations/1cfa2cb24d18.json
    """
    from clew.effects import system_clock
    from clew.warrants.document import Revocation

    document = warrant_in(file)
    revocation = Revocation(
        case=document.case,
        revokes=document.digest,
        issued=_moment(issued, "--issued") or system_clock().replace(microsecond=0),
        authority=authority,
        reason=reason,
    )
    target = out or file.with_name(f"revocation-{document.digest[:12]}.json")
    _finish(Output(as_json), revocation, target, yes=yes)


def _moment(text: str | None, where: str) -> datetime | None:
    return read_moment(text, where) if text is not None else None


class _Answers:
    """What was given as options, and what the person at the terminal says; missing answers are named all at once."""

    def __init__(self, given: dict[str, Any], output: Output) -> None:
        self._given = given
        self._output = output
        self._missing: list[str] = []

    def text(self, option: str, question: str, value: str | None = None) -> str:
        """A text."""
        found = value if value is not None else self._given.get(option.replace("-", "_"))
        return found if found is not None else self._ask(option, question, str, "")

    def moment(self, option: str, question: str, value: str | None = None) -> datetime:
        """A moment."""
        found = value if value is not None else self._given.get(option)
        if found is not None:
            return read_moment(found, f"--{option}")
        return self._ask(option, f"{question} (such as 2026-03-01)", lambda text: read_moment(text, ""), _NEVER)

    def given_end(self) -> datetime | None:
        """The end of the window from ``--to`` or ``--through``, if one was given."""
        end, through = self._given["end"], self._given["through"]
        if end is not None and through is not None:
            raise UsageError("warrant.two-ends", "--to and --through both say when the window ends", mend="Give one.")
        if through is not None:
            return _after_day(through)
        return read_moment(end, "--to") if end is not None else None

    def end(self) -> datetime:
        """The end of the window."""
        found = self.given_end()
        return found or self._ask("to", "Last day of the window, included", _after_day, _NEVER)

    def seeds(self, yes: bool) -> tuple[Any, ...]:
        """The seeds, confirmed where they were not in canonical form."""
        from clew.warrants.authorisation import Clear

        written = list(self._given["seeds"])
        if self._given["seeds_file"] is not None:
            written += _lines(self._given["seeds_file"])
        if not written and interactive():
            while text := str(
                click.prompt("A number to start from (none: done)", default="", show_default=False, err=True)
            ):
                written.append(text.strip())
        if not written:
            self._missing.append("--seed")
            return ()
        seeds = read_seeds(written, self._given["country"])
        if any(seed.text != seed.canonical for seed in seeds):
            if not self._output.as_json:
                click.echo(_seeds_text(seeds) + "\n")
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

    def _ask(self, option: str, question: str, read: Callable[[str], T], otherwise: T) -> T:
        if not interactive():
            self._missing.append(f"--{option}")
            return otherwise
        while True:
            try:
                return read(str(click.prompt(question, err=True)).strip())
            except ClewError as error:
                click.echo(f"  {error.what}. {error.mend}", err=True)


_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a moment that is missing, until all that is missing is named."""


def _after_day(text: str) -> datetime:
    """The end of a day in UTC."""
    if not _DAY.fullmatch(text):
        raise UsageError("warrant.date", "a day is needed, such as 2026-03-14", where="--through")
    return read_moment(text, "--through") + timedelta(days=1)


def _lines(path: Path) -> list[str]:
    from clew.warrants.files import read_file

    try:
        text = read_file(path, _SEED_LINES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("warrant.seeds-file", "the file of seeds is not UTF-8 text", where=str(path)) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _finish(
    output: Output, document: Any, out: Path, *, yes: bool, before: Any = None, overwrite: bool = False
) -> None:
    """Show the document, ask, and write it."""
    from clew.cli.warrant_text import changes_text, document_json, document_text
    from clew.warrants.files import write_file

    shown = document_text(document)
    if before is not None:
        shown += "\n\n" + changes_text(before, document)
    if not output.as_json and interactive() and not yes:
        click.echo(shown)
        confirm(f"Write it to {out}?", yes)
        shown = ""
    write_file(out, document.encode(), replace=overwrite)
    output.result(
        {"file": str(out), "digest": document.digest, "document": document_json(document)},
        f"{shown}\n\n{out}: not signed yet. Next: clew warrant sign {out} --key KEY".strip(),
    )
