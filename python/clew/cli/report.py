"""``clew report`` and ``clew export``: what a case says, as pages for people and as tables for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder, Part
from clew.cli.output import Output, json_option
from clew.cli.policy_option import policy_option
from clew.effects import system_clock

if TYPE_CHECKING:
    from clew.audit.log import Log
    from clew.words.speaker import Language

__all__ = ["export", "report"]

# The two commands import their step when they run: graph and template libraries would slow every other command.
_LANGUAGES = ["ar", "fr", "en"]
_FORMATS = ["csv", "parquet", "graphml", "gexf"]


def _languages(chosen: tuple[str, ...]) -> list[Language]:
    from clew.words.speaker import LANGUAGES

    return [language for language in LANGUAGES if not chosen or language.value in chosen]


def _require_traced(case: CaseFolder, log: Log, policy: Path | None) -> None:
    """Return if nothing but its expiry speaks against the case's warrant, and its graph is of that warrant."""
    from clew.chain.files import read_graph, require_traced

    require_traced(case, read_graph(case), log, system_clock, policy=policy, after_expiry=True)


@click.command(short_help="The case as a page in Arabic, French and English.")
@click.argument("case", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--lang",
    "languages",
    multiple=True,
    type=click.Choice(_LANGUAGES),
    help="A language to write; may be repeated. All three if it is not given.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A folder to put a copy into.")
@policy_option
@json_option
def report(case: Path, languages: tuple[str, ...], out: Path | None, policy: Path | None, as_json: bool) -> None:
    """Write the report of a case, and its tables, into the case's report folder.

    One page a language (Arabic, French, English), complete in itself: it opens in any browser without a network and
    prints on A4. Beside it lie the same findings as CSV, Parquet, GraphML and GEXF. The case's warrant is verified
    again; it may have expired, because a court asks later, but not have been revoked.

    \b
    Example:
      clew report cases/lantern --lang ar --lang fr
    """
    from clew.report.page import page_name
    from clew.report.write import digest_of, write_report

    output = Output(as_json)
    folder = CaseFolder.open(case)
    chosen = _languages(languages)
    log = FileLog(folder.log_path, system_clock)
    _require_traced(folder, log, policy)
    files = write_report(folder, log, system_clock, chosen, output.progress(), out)
    place = folder.path / Part.REPORT.value
    pages = [page_name(language) for language in chosen]
    text = "\n".join(
        [
            "The report is written:",
            *(f"  {language.value}  {place / page}" for language, page in zip(chosen, pages, strict=True)),
            f"Beside it lie {len(files) - len(pages)} tables and graph files.",
            *([f"A copy of all {len(files)} files is in {out}."] if out else []),
        ]
    )
    output.result(
        {
            "report": {language.value: str(place / page) for language, page in zip(chosen, pages, strict=True)},
            "files": sorted(files),
            "digest": digest_of(files),
            "copy": str(out) if out else None,
        },
        text,
    )


@click.command(short_help="The case as CSV, Parquet, GraphML or GEXF.")
@click.argument("case", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format",
    "formats",
    multiple=True,
    required=True,
    type=click.Choice(_FORMATS),
    help="What to write; may be repeated.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write into.")
@click.option(
    "--lang",
    "languages",
    multiple=True,
    type=click.Choice(_LANGUAGES),
    help="A language for the reasons in CSV; may be repeated. All three if it is not given.",
)
@policy_option
@json_option
def export(
    case: Path, formats: tuple[str, ...], out: Path, languages: tuple[str, ...], policy: Path | None, as_json: bool
) -> None:
    """Write the numbers, pairs, leads and number changes of a case as tables or graph files.

    In CSV a telephone number is written as tel:+9647901234567, because spreadsheets turn +9647901234567 into
    9.6479E+12. Parquet, GraphML and GEXF hold the plain number. The case's warrant is verified again; it may have
    expired, but not have been revoked.

    \b
    Example:
      clew export cases/lantern --format csv --format gexf --out handover
    """
    from clew.report.write import digest_of, export_tables

    output = Output(as_json)
    folder = CaseFolder.open(case)
    wanted = [name for name in _FORMATS if name in formats]
    log = FileLog(folder.log_path, system_clock)
    _require_traced(folder, log, policy)
    files = export_tables(folder, log, system_clock, wanted, _languages(languages), out)
    output.result(
        {"files": {name: str(out / name) for name in files}, "digest": digest_of(files)},
        "\n".join(["Written:", *(f"  {out / name}" for name in files)]),
    )
