"""``clew warrant draft``, ``amend`` and ``revoke``: documents before they are signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from clew.cli.output import Output, json_option
from clew.cli.warrant_answers import Answers
from clew.cli.warrant_files import FILE, OUT, confirm, interactive, named, warrant_in
from clew.cli.warrant_options import option_values, read_moment

if TYPE_CHECKING:
    from clew.warrants.document import Warrant

__all__ = ["amend", "draft", "revoke"]

T = TypeVar("T")


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that ``draft`` and ``amend`` share."""
    for option in reversed(
        [
            click.option("--authority", help="Who issues it: office and court, or data owner."),
            click.option("--legal-basis", help="The provision, contract or approval that it rests on."),
            click.option("--purpose", help="What it is for."),
            click.option("--seed", "seeds", multiple=True, help="A number to start from; repeat."),
            click.option("--seeds-file", type=FILE, help="A file with one seed a line; # begins a comment line."),
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
    from clew.warrants.document import check_budget, check_case, check_hops, parse_document
    from clew.warrants.dsse import ENVELOPE_LIMIT
    from clew.warrants.files import read_file, require_free
    from clew.warrants.strict import plain_text

    output = Output(as_json)
    if tidy is not None:
        with named(tidy):
            document = parse_document(read_file(tidy, ENVELOPE_LIMIT), tidy=True)
        _finish(output, document, out, yes=True, overwrite=out == tidy)
        return
    now = system_clock().replace(microsecond=0)
    given["case"] = case
    answers = Answers(given, output)
    begin, end, expires = _moment(given["begin"], "--from"), answers.given_end(), _moment(given["expires"], "--expires")
    possible = _drafted(given, now, begin=begin or _FIRST, end=end or _LAST, expires=expires or _LAST)
    require_free(out)
    named_case = answers.text("case", "Short name of the case", check_case)
    authority = answers.text("authority", "Who issues it", lambda text: plain_text(text, "", 200))
    legal_basis = answers.text("legal-basis", "Legal basis", lambda text: plain_text(text, "", 2_000))
    purpose = answers.text("purpose", "Purpose", lambda text: plain_text(text, "", 2_000))
    seeds = answers.seeds(yes)
    begin = answers.moment("from", "First moment of the window (such as 2026-03-01)", given["begin"], before=end)
    end = answers.end(begin)
    question = "Not to be used from (such as 2026-09-01)"
    expires = answers.moment("expires", question, given["expires"], after=max(now, possible.valid_from))
    hops = answers.number("hops", "Hops from the seeds, 1 to 4", possible.hops, check_hops)
    budgets = replace(
        possible.budgets,
        numbers=answers.number(
            "numbers", "Most numbers inside the bound", possible.budgets.numbers, lambda n: check_budget("numbers", n)
        ),
        sources=answers.number(
            "sources",
            "Most operators' lines that may be shown",
            possible.budgets.sources,
            lambda n: check_budget("sources", n),
        ),
    )
    answers.complete()
    with option_values():
        warrant = replace(
            possible,
            case=named_case,
            authority=authority,
            legal_basis=legal_basis,
            purpose=purpose,
            seeds=seeds,
            begin=begin,
            end=end,
            expires=expires,
            hops=hops,
            budgets=budgets,
        )
    _finish(output, warrant, out, yes=yes)


_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2199, 12, 31, tzinfo=UTC)


def _drafted(given: dict[str, Any], now: datetime, *, begin: datetime, end: datetime, expires: datetime) -> Warrant:
    """A warrant of what the options say, so that what is wrong in them is said before anything is asked.

    What they do not say stands in it as a placeholder.
    """
    from clew.warrants.authorisation import Budgets, Clear
    from clew.warrants.document import HUB_LIMIT, Warrant

    with option_values():
        return Warrant(
            case=_or(given["case"], "case"),
            authority=_or(given["authority"], "-"),
            legal_basis=_or(given["legal_basis"], "-"),
            purpose=_or(given["purpose"], "-"),
            issued=_moment(given["issued"], "--issued") or now,
            not_before=_moment(given["not_before"], "--not-before"),
            expires=expires,
            seeds=(Clear("id:placeholder:0"),),
            begin=begin,
            end=end,
            hops=_or(given["hops"], 2),
            hub_limit=_or(given["hub_limit"], HUB_LIMIT),
            budgets=Budgets(numbers=_or(given["numbers"], 10_000), sources=_or(given["sources"], 1_000)),
        )


def _or(value: T | None, otherwise: T) -> T:
    """``value``, unless it was not given."""
    return otherwise if value is None else value


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
    from clew.warrants.files import require_free

    output = Output(as_json)
    before = warrant_in(file)
    require_free(out or file.with_name(f"stage-{before.stage + 1}.json"))
    answers = Answers(given, output)
    seeds = answers.seeds(yes)
    answers.complete()
    kept = tuple(seed for seed in before.seeds if seed not in seeds) if keep_seeds else ()
    numbers, sources = given["numbers"], given["sources"]
    issued = _moment(given["issued"], "--issued") or system_clock().replace(microsecond=0)
    with option_values():
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
    with option_values():
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
