"""``clew decide``: what people decided about the numbers of a case, recorded and shown."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.cli.output import Output, counted, json_option
from clew.cli.policy_option import policy_option
from clew.cli.warrant_files import FILE
from clew.effects import system_clock
from clew.errors import InputError, UsageError

if TYPE_CHECKING:
    from clew.decisions import Decisions

__all__ = ["decide", "decisions_json"]


@click.command(short_help="Record what the checking of leads came to.")
@click.argument("case", type=click.Path(path_type=Path, file_okay=False))
@click.argument("numbers", metavar="[NUMBER]...", nargs=-1)
@click.option("--numbers-file", type=FILE, help="A file with one number a line; # begins a comment line.")
@click.option("--held/--did-not-hold", default=None, help="Whether other evidence says that they belong to the group.")
@click.option("--by", help="Who decided.")
@click.option("--reason", help="On what evidence, in a line.")
@click.option("--on", "day", help="On which day, such as 2026-05-03.  [default: today, in UTC]")
@click.option("--show", is_flag=True, help="Show the decisions of the case instead.")
@policy_option
@json_option
def decide(
    case: Path,
    numbers: tuple[str, ...],
    numbers_file: Path | None,
    held: bool | None,
    by: str | None,
    reason: str | None,
    day: str | None,
    show: bool,
    policy: Path | None,
    as_json: bool,
) -> None:
    """Record what a person decided about numbers of a case, after checking them by other evidence than the calls.

    Each is a number of the traced graph as clew cells writes it, a pseudonym of a joint trace too, and no seed. Of
    each the latest decision counts; earlier ones stay. A number that did not hold is no lead any more: clew cells and
    clew report list it apart. The case's warrant is verified again; it may have expired, but not have been revoked.

    \b
    Examples:
      clew decide cases/lantern +9647901234567 --did-not-hold --by "A. Analyst" --reason "night shift of the bakery"
      clew decide cases/lantern --numbers-file held.txt --held --by "A. Analyst" --reason "file 12, witness 3"
      clew decide cases/lantern --show
    """
    from clew.chain.files import read_graph, require_traced
    from clew.cli.warrant_options import option_values, read_moment
    from clew.decisions import keep_decisions, read_decisions
    from clew.warrants.strict import plain_text

    output = Output(as_json)
    asked = (numbers_file, held, by, reason, day)
    named, on = {}, system_clock().date()
    if show:
        _refuse(numbers or any(value is not None for value in asked), "--show takes no number and no decision")
    else:
        missing = held is None or by is None or reason is None
        _refuse(missing, "a decision needs --held or --did-not-hold, --by and --reason")
        with option_values():
            plain_text(by or "", "by", 200)
            plain_text(reason or "", "reason", 2_000)
        on = _day(read_moment(day, "--on").date() if day is not None else on, on)
        named = _named(numbers, numbers_file)
    folder = CaseFolder.open(case)
    log = FileLog(folder.log_path, system_clock)
    graph = read_graph(folder)
    require_traced(folder, graph, log, system_clock, policy=policy, after_expiry=True)
    if show:
        found = read_decisions(folder)
        output.result(decisions_json(found), _shown(found))
        return
    found = keep_decisions(folder, graph, named, held=bool(held), by=by or "", reason=reason or "", on=on, log=log)
    output.result(
        {"recorded": len(named), **decisions_json(found)},
        f"Recorded for {counted(len(named), 'number')}: {found.all[-1].word}.\n{_sums(found)}\nNext: clew cells {case}",
    )


def decisions_json(found: Decisions) -> dict[str, Any]:
    """The counts, and all decisions in their order; ``counts`` on each says whether it is its number's latest."""
    latest = {id(one) for one in found.latest.values()}
    return {
        "held": len(found.held),
        "did_not_hold": len(found.refuted),
        "decisions": [{**one.document(), "counts": id(one) in latest} for one in found.all],
    }


def _named(numbers: tuple[str, ...], file: Path | None) -> dict[str, str]:
    """The numbers, each with the place where it was given."""
    from clew.cli.number_lines import number_lines

    given = [(text, f"number {position}") for position, text in enumerate(numbers, 1)]
    given += number_lines(file, "number", _unusable) if file is not None else []
    _refuse(not given, "no number is named")
    named: dict[str, str] = {}
    for text, place in given:
        # A number that is copied from a report brings along the marks that isolate it there.
        plain = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
        named.setdefault(plain, place)
    return named


def _unusable(what: str, *, where: str, mend: str) -> InputError:
    return InputError("decide.numbers-file", what, where=where, mend=mend)


def _day(day: date, today: date) -> date:
    _refuse(day > today, "the day of the decision lies ahead", "--on")
    return day


def _refuse(wrong: object, what: str, where: str = "") -> None:
    if wrong:
        raise UsageError("decide.usage", what, where=where, mend="clew decide --help shows how.")


def _sums(found: Decisions) -> str:
    return (
        f"Of {counted(len(found.latest), 'number')} with a decision {len(found.held):,} held and "
        f"{len(found.refuted):,} did not."
    )


def _shown(found: Decisions) -> str:
    """One line for each decision, those that count marked; then the sums."""
    if not found.all:
        return "No decision is recorded in this case."
    latest = {id(one) for one in found.latest.values()}
    width = max(len(one.vertex) for one in found.all)
    lines = [
        f"{'*' if id(one) in latest else ' '} {one.on}  stage {one.stage}  {one.vertex:<{width}}  "
        f"{one.word:<12}  {one.by}: {one.reason}"
        for one in found.all
    ]
    return "\n".join([*lines, f"{_sums(found)} A * marks the latest of each."])
