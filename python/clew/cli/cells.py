"""``clew cells``: from a traced case to the ranked group of its seeds, and the number changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.cli.output import Output, json_option
from clew.cli.policy_option import policy_option
from clew.effects import system_clock

if TYPE_CHECKING:
    from clew.cells import Findings
    from clew.decisions import Decisions

__all__ = ["cells"]

_SHOWN: Final = 20


@click.command(short_help="Rank the numbers inside the bound, with reasons.")
@click.argument("case", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--top",
    type=click.IntRange(1),
    help=f"How many numbers and number changes to show. [default: {_SHOWN}; with --json all that are listed]",
)
@policy_option
@json_option
def cells(case: Path, top: int | None, policy: Path | None, as_json: bool) -> None:
    """Rank the numbers inside the bound by how probably they belong to the seeds' calling group.

    Reads only the traced graph of the case. Every number comes with its reasons (+), the records behind them, and the
    innocent explanation that fits best (-). Number changes of one person follow. All of it is written into the case's
    findings folder; what is shown are leads, not verdicts. Numbers that were checked and did not hold (clew decide)
    are no leads any more: they stand apart, with their place in the order.

    With --json and without --top nothing that is listed (a probability of one half or more) is left out, and no number
    change; totals says how many there are in all, and did_not_hold holds the numbers that stand apart.
    Records are named as clew records source takes them.

    \b
    Example:
      clew cells cases/lantern
      clew cells cases/lantern --top 50 --json
    """
    from clew.cells import find
    from clew.cells.keep import keep_findings
    from clew.chain.files import read_graph, require_traced
    from clew.cli.cells_text import findings_text
    from clew.decisions import read_decisions

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
    decisions = read_decisions(folder)
    output.result(
        _document(findings, decisions, top),
        findings_text(findings, decisions, top or _SHOWN) if not as_json else "",
    )


def _document(findings: Findings, decisions: Decisions, top: int | None) -> dict[str, Any]:
    """``findings.json`` with both tables: the first ``top`` rows, or whatever is listed; ``totals`` counts all rows.

    What was checked and did not hold stands apart, all of it; every ranked row has the decision about it, or null.
    """
    listed = findings.document["summary"]["listed"]
    latest = decisions.latest
    leads, apart = decisions.apart(findings.ranked.to_pylist())
    ranked = leads[: top or max(listed, _SHOWN)]
    successions = findings.successions.slice(0, top)

    def decided(row: dict[str, Any]) -> dict[str, Any]:
        one = latest.get(row["vertex"])
        return {**_row(row), "decision": one.document() if one is not None else None}

    return {
        **findings.document,
        "totals": {
            "ranked": findings.ranked.num_rows,
            "listed": listed,
            "did_not_hold": len(apart),
            "successions": findings.successions.num_rows,
        },
        "ranked": [decided(row) for row in ranked],
        "did_not_hold": [decided(row) for row in apart],
        "successions": [_row(row) for row in successions.to_pylist()],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    moments: dict[str, Any] = {
        name: f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("moment", "begin", "end") if name in row
    }
    return {
        **row,
        **moments,
        "reasons": [_reason(reason) for reason in row["reasons"]],
        "benign": _reason(row["benign"]),
    }


def _reason(reason: dict[str, Any]) -> dict[str, Any]:
    """A reason with its values read, and its records as ``IMPORT:UNIT``, which ``clew records source`` takes."""
    from clew.records.schema import record_id_text

    records = [record_id_text(record) for record in reason["records"]]
    return {**reason, "values": json.loads(reason["values"]), "records": records}
