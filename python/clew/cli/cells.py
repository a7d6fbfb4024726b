"""``clew cells``: from a traced case to the ranked group of its seeds, and the number changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.cli.output import Output, json_option
from clew.cli.policy_option import policy_option
from clew.effects import system_clock

if TYPE_CHECKING:
    from clew.cells import Findings

__all__ = ["cells"]


@click.command(short_help="Rank the numbers inside the bound, with reasons.")
@click.argument("case", type=click.Path(path_type=Path, file_okay=False))
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="How many numbers to show.")
@policy_option
@json_option
def cells(case: Path, top: int, policy: Path | None, as_json: bool) -> None:
    """Rank the numbers inside the bound by how probably they belong to the seeds' calling group.

    Reads only the traced graph of the case. Every number comes with its reasons (+), the records behind them, and the
    innocent explanation that fits best (-). Number changes of one person follow. All of it is written into the case's
    findings folder; what is shown are leads, not verdicts.

    \b
    Example:
      clew cells cases/lantern
      clew cells cases/lantern --top 50 --json
    """
    from clew.cells import find
    from clew.cells.keep import keep_findings
    from clew.chain.files import read_graph, require_traced
    from clew.cli.cells_text import findings_text

    output = Output(as_json)
    folder = CaseFolder.open(case)
    log = FileLog(folder.log_path, system_clock)
    graph = read_graph(folder)
    require_traced(folder, graph, log, system_clock, policy=policy)
    progress = output.progress()
    progress.begin("finding the group", 1, "graph")
    findings = find(graph)
    progress.end()
    keep_findings(folder, findings, log)
    output.result(_document(findings, top), findings_text(findings, top) if not as_json else "")


def _document(findings: Findings, top: int) -> dict[str, Any]:
    """``findings.json`` with the first rows of both tables."""
    return {
        **findings.document,
        "ranked": [_row(row) for row in findings.ranked.slice(0, top).to_pylist()],
        "successions": [_row(row) for row in findings.successions.slice(0, top).to_pylist()],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    moment = {"moment": f"{row['moment']:%Y-%m-%dT%H:%M:%SZ}"} if "moment" in row else {}
    reasons = [{**reason, "values": json.loads(reason["values"])} for reason in row["reasons"]]
    benign = {**row["benign"], "values": json.loads(row["benign"]["values"])}
    return {**row, **moment, "reasons": reasons, "benign": benign}
