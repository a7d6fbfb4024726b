"""``clew doctor``: whether this installation, a store and a case are sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import Output, counted, json_option

if TYPE_CHECKING:
    from clew.cli.doctor_checks import Finding

__all__ = ["doctor"]

_FOLDER = click.Path(path_type=Path, file_okay=False)
_MARKS = {"sound": "  ok   ", "note": "  note ", "wrong": "  WRONG"}


@click.command(short_help="Check that the installation computes what it should.")
@click.option("--store", type=_FOLDER, help="Look at this store too.")
@click.option("--case", type=_FOLDER, help="Look at this case too.")
@json_option
@click.pass_context
def doctor(context: click.Context, store: Path | None, case: Path | None, as_json: bool) -> None:
    """Check the installation: versions, arithmetic against published values on every backend, clock, zones, languages.

    Ends with 0 if all is sound; else with the exit code of the first thing that is wrong: 4 for the clock, 6 for the
    store or case, 70 for the installation itself. Nothing is sent anywhere.

    \b
    Examples:
      clew doctor
      clew doctor --store records/ --case lantern/
    """
    findings = list(_findings(store, case))
    wrong = [finding.error for finding in findings if finding.error is not None]
    Output(as_json).result(_document(findings), _text(findings))
    if wrong:
        context.exit(wrong[0].exit_code)


def _findings(store: Path | None, case: Path | None) -> Iterator[Finding]:
    from clew.cli import doctor_checks as checks
    from clew.effects import system_clock

    looked_at: dict[str, Callable[[], Iterator[Finding]]] = {
        "software": checks.software,
        "libraries": checks.libraries,
        "arithmetic": checks.arithmetic,
        "numbers": checks.numbers,
        "clock": partial(checks.clock, system_clock),
        "languages": checks.languages,
    }
    if store is not None:
        looked_at["store"] = partial(checks.store, store)
    if case is not None:
        looked_at["case"] = partial(checks.case, case, system_clock)
    return chain.from_iterable(checks.found(area, check) for area, check in looked_at.items())


def _document(findings: list[Finding]) -> dict[str, Any]:
    return {
        "sound": all(finding.error is None for finding in findings),
        "findings": [
            {
                "area": finding.area,
                "state": finding.state,
                **finding.detail,
                **({"error": finding.error.as_json()} if finding.error else {}),
            }
            for finding in findings
        ],
    }


def _text(findings: list[Finding]) -> str:
    width = max(len(finding.area) for finding in findings)
    lines = []
    for finding in findings:
        texts = [text for text in (finding.text, str(finding.error or "")) if text]
        lines.append(f"{_MARKS[finding.state]}  {finding.area:<{width}}  {texts[0]}")
        lines += [f"{'':{width + 11}}{text}" for text in texts[1:]]
    wrong = sum(finding.error is not None for finding in findings)
    lines.append(
        "Everything is sound."
        if not wrong
        else f"{counted(wrong, 'thing')} of {len(findings)} {'is' if wrong == 1 else 'are'} wrong."
    )
    return "\n".join(lines)
