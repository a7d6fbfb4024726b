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
from clew.cli.warrant_joint import blinded, joint_budgets, joint_options, trace_terms
from clew.cli.warrant_options import option_values, read_moment
from clew.errors import UsageError

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
@click.option("--case", help="The case's short name, for example lantern-7; with --node, the trace's case or number.")
@_options
@joint_options
@click.option("--tidy", type=FILE, help="Write a draft that was edited by hand in its one spelling; nothing else.")
@click.option("--out", type=OUT, help="Where to write it.  [default: warrant.json; joint-warrant.json]")
@json_option
def draft(
    case: str | None, tidy: Path | None, out: Path | None, node: Path | None, as_json: bool, yes: bool, **given: Any
) -> None:
    """Write a warrant, to be signed with clew warrant sign. Asks for what is not given as an option.

    Seeds are named in canonical form (+9647901234567, or id:NAMESPACE:TEXT), or as people write them together with
    --country; what was read is shown and has to be confirmed. Days begin at midnight UTC.

    For a joint trace (--node, --case) window and hub limit are those that both sides have committed to, and the seeds
    are blinded: the warrant names points, and a second file the seeds, for the tracer and those who sign alone.

    \b
    Examples:
      clew warrant draft --case lantern-7 --authority "Court of Example" --legal-basis "Article 1" \\
        --purpose "Find the other members of the group" --seed "0790 123 4567" --country IQ \\
        --from 2026-03-01 --through 2026-03-14 --expires 2026-09-01
      clew warrant draft --node node --case lantern-7 --authority "Court of Example" --legal-basis "Article 1" \\
        --purpose "Find the group" --seed +9647901234567 --expires 2026-09-01
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
        target = out or Path("warrant.json")
        _finish(output, document, target, yes=True, overwrite=target == tidy)
        return
    now = system_clock().replace(microsecond=0)
    given["case"] = case
    terms = trace_terms(given, node, case, 1)
    target = out or Path("warrant.json" if terms is None else "joint-warrant.json")
    secret = given["seeds_out"] or Path("joint-seeds.json")
    answers = Answers(given, output)
    begin, end, expires = _moment(given["begin"], "--from"), answers.given_end(), _moment(given["expires"], "--expires")
    possible = _drafted(given, now, begin=begin or _FIRST, end=end or _LAST, expires=expires or _LAST)
    for path in (target,) if terms is None else (target, secret):
        require_free(path)
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
    numbers = answers.number(
        "numbers", "Most numbers inside the bound", possible.budgets.numbers, lambda n: check_budget("numbers", n)
    )
    fields: dict[str, Any] = {
        "authority": authority,
        "legal_basis": legal_basis,
        "purpose": purpose,
        "expires": expires,
        "hops": hops,
    }
    if terms is not None:
        answers.complete()
        with option_values():
            fields |= {"issued": possible.issued, "not_before": possible.not_before}
            joint, shown = blinded(terms, seeds, budgets=joint_budgets(given, terms, numbers), **fields)
        _finish(output, joint, target, yes=yes, seeds=(secret, shown))
        return
    sources = answers.number(
        "sources",
        "Most operators' lines that may be shown",
        possible.budgets.sources,
        lambda n: check_budget("sources", n),
    )
    answers.complete()
    budgets = replace(possible.budgets, numbers=numbers, sources=sources)
    with option_values():
        scope: dict[str, Any] = {"case": named_case, "seeds": seeds, "begin": begin, "end": end, "budgets": budgets}
        warrant = replace(possible, **fields, **scope)
    _finish(output, warrant, target, yes=yes)


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
@joint_options
@click.option("--case", help="With --node: the trace's case or number.")
@click.option("--keep-seeds", is_flag=True, help="Name the seeds of the stage before again.")
@click.option("--out", type=OUT, help="Where to write it.  [default: stage-N.json]")
@json_option
def amend(
    file: Path,
    keep_seeds: bool,
    out: Path | None,
    node: Path | None,
    case: str | None,
    as_json: bool,
    yes: bool,
    **given: Any,
) -> None:
    """Write the next stage: an amendment of the warrant (or of the latest amendment) in FILE, to be signed.

    It states its whole scope anew: what is not given stays as it was. The seeds of the new stage are the ones named
    here; those of the stage before stay in their own stage, and are seeds of this one too only with --keep-seeds.

    A stage of a joint trace is a trace of its own (clew case open --stage), with its own window: name it with --node
    and --case. Seeds that were blinded are named again with --seed.

    \b
    Examples:
      clew warrant amend warrant.signed.json --seed +9647901234568 --seed +33612345678 --through 2026-03-21
      clew warrant amend joint-warrant.signed.json --node node --case 2 --seed +9647901234568
    """
    from clew.effects import system_clock
    from clew.warrants.document import require_extends
    from clew.warrants.files import require_free

    output = Output(as_json)
    before = warrant_in(file)
    target = out or file.with_name(f"stage-{before.stage + 1}.json")
    require_free(target)
    terms = trace_terms(given, node, case, before.stage + 1)
    secret = given["seeds_out"] or target.with_name(f"{target.stem}-seeds.json")
    if terms is not None:
        require_free(secret)
    elif before.joint is not None:
        raise UsageError(
            "node.draft-joint",
            "the document before is of a joint trace, and every stage of one is a trace of its own",
            mend="Open it with clew case open --stage, then name it with --node and --case.",
        )
    if keep_seeds and before.joint is not None:
        raise UsageError("node.seeds-blinded", "blinded seeds cannot be kept", mend="Name them again with --seed.")
    answers = Answers(given, output)
    seeds = answers.seeds(yes)
    answers.complete()
    kept = tuple(seed for seed in before.seeds if seed not in seeds) if keep_seeds else ()
    numbers = _or(given["numbers"], before.budgets.numbers)
    issued = _moment(given["issued"], "--issued") or system_clock().replace(microsecond=0)
    with option_values():
        fields: dict[str, Any] = {
            "amends": before.digest,
            "authority": given["authority"] or before.authority,
            "legal_basis": given["legal_basis"] or before.legal_basis,
            "purpose": given["purpose"] or before.purpose,
            "issued": issued,
            "not_before": _moment(given["not_before"], "--not-before") or issued,
            "expires": _moment(given["expires"], "--expires") or before.expires,
            "hops": _or(given["hops"], before.hops),
        }
        if terms is not None:
            budgets = joint_budgets(given, terms, numbers, before.budgets if before.joint is not None else None)
            after, shown = blinded(terms, (*seeds, *kept), budgets=budgets, **fields)
        else:
            sources = _or(given["sources"], before.budgets.sources)
            after, shown = (
                replace(
                    before,
                    **fields,
                    stage=before.stage + 1,
                    seeds=(*seeds, *kept),
                    begin=_moment(given["begin"], "--from") or before.begin,
                    end=answers.given_end() or before.end,
                    hub_limit=_or(given["hub_limit"], before.hub_limit),
                    budgets=replace(before.budgets, numbers=numbers, sources=sources),
                ),
                b"",
            )
    require_extends(before, after)
    _finish(output, after, target, yes=yes, before=before, seeds=(secret, shown) if shown else None)


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
    output: Output,
    document: Any,
    out: Path,
    *,
    yes: bool,
    before: Any = None,
    overwrite: bool = False,
    seeds: tuple[Path, bytes] | None = None,
) -> None:
    """Show the document, ask, and write it; beside a joint one what shows its seeds, readable by its owner alone."""
    from clew.cli.warrant_text import changes_text, document_json, document_text
    from clew.warrants.files import write_file

    shown = document_text(document)
    if before is not None:
        shown += "\n\n" + changes_text(before, document)
    if not output.as_json and interactive() and not yes:
        click.echo(shown)
        confirm(f"Write it to {out}?", yes)
        shown = ""
    said, option = f"{out}: not signed yet.", ""
    if seeds is not None:
        write_file(*seeds)
        said += f"\n{seeds[0]}: its seeds in the clear; for those who sign, and the tracer alone."
        option = f" --seeds {seeds[0]}"
    write_file(out, document.encode(), replace=overwrite)
    output.result(
        {
            "file": str(out),
            "digest": document.digest,
            "seeds": str(seeds[0]) if seeds is not None else None,
            "document": document_json(document),
        },
        f"{shown}\n\n{said} Next: clew warrant sign {out} --key KEY{option}".strip(),
    )
