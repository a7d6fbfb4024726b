"""``clew trace``: from a verified warrant and a store to the traced graph of a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import Output, counted, json_option

if TYPE_CHECKING:
    from clew.chain.graph import Bound
    from clew.warrants.authorisation import Authorisation

__all__ = ["trace"]

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(short_help="From a verified warrant to the traced graph.")
@click.option("--store", required=True, type=_FOLDER, help="The store that clew import filled.")
@click.option("--warrant", required=True, type=_FILE, help="The signed warrant.")
@click.option(
    "--amendment", "amendments", multiple=True, type=_FILE, help="A signed amendment; repeat, in the order of stages."
)
@click.option("--policy", required=True, type=click.Path(path_type=Path), help="Whose signatures count: policy.toml.")
@click.option("--case", "folder", required=True, type=_FOLDER, help="The case folder; made if it is not there.")
@click.option(
    "--detail",
    type=click.Choice(["coarse", "calls"]),
    default="calls",
    show_default=True,
    help="Keep every contact as an event, or only the features of each pair.",
)
@click.option("--holder", default="own", show_default=True, help="Whose records these are, as reports will name it.")
@click.option("--count-only", is_flag=True, help="Only say how much lies inside the bound; no graph is written.")
@json_option
def trace(
    store: Path,
    warrant: Path,
    amendments: tuple[Path, ...],
    policy: Path,
    folder: Path,
    detail: str,
    holder: str,
    count_only: bool,
    as_json: bool,
) -> None:
    """Trace the contacts of a warrant's seeds, as far as it allows and no further.

    First the warrant is verified. Then the numbers inside its bound are counted, and the count is shown and logged.
    If the warrant allows fewer numbers the command ends there, with exit code 4, and nothing but the log is written.
    Else the traced graph is written into the case, together with the warrant and the policy.

    \b
    Example:
      clew trace --store records --warrant warrant.json --policy policy.toml --case cases/lantern
    A second stage, with newly confirmed seeds:
      clew trace --store records --warrant warrant.json --amendment stage-2.json \\
        --policy policy.toml --case cases/lantern
    """
    from clew.audit.log import FileLog
    from clew.case.folder import CaseFolder
    from clew.chain import files, graph
    from clew.chain import trace as chain
    from clew.effects import system_clock
    from clew.records.store import Store
    from clew.warrants.dsse import ENVELOPE_LIMIT
    from clew.warrants.files import read_file
    from clew.warrants.policy import read_policy

    output = Output(as_json)
    graph.check_holder(holder)
    signed = read_file(warrant, ENVELOPE_LIMIT)
    case = CaseFolder(folder)
    log = FileLog(case.log_path, system_clock)
    with files.warrant_refusals(case, log, signed):
        rules = read_policy(policy)
        papers = files.Documents(
            signed,
            rules.source,
            tuple(read_file(path, ENVELOPE_LIMIT) for path in amendments),
            rules.revocations,
            policy.resolve(),
            tuple(str(path) for path in (warrant, *amendments)),
        )
        scope = files.authorise(papers, case, log, system_clock)
        scope.clear_seeds()
        records = Store.open(store)
        CaseFolder.create(folder)
        files.enter_case(case, scope, papers, log)

        if count_only:
            bound = chain.count(records, scope, log, progress=output.progress())
            text = bound_text(bound, scope.hub_limit, scope.remaining.numbers, count_only=True)
            output.result(_document(folder, scope, bound), text)
            return

        def announce(bound: Bound) -> None:
            click.echo(bound_text(bound, scope.hub_limit, scope.remaining.numbers), err=as_json)

        found = chain.trace(
            records,
            scope,
            log,
            holder=holder,
            detail=graph.Detail(detail),
            announce=announce,
            progress=output.progress(),
        )
    digests = files.write_trace(case, found, papers, log, records.accounts())
    output.result(
        _document(folder, scope, found.bound) | {"detail": detail, "store": records.identity, "graph": digests},
        f"Traced stage {scope.stage} into {folder / 'graph'}. Next: clew cells {folder}",
    )


def bound_text(bound: Bound, hub_limit: int, allowed: int, *, count_only: bool = False) -> str:
    """How much lies inside the bound, as people read it; with ``count_only`` no trace follows that could be refused."""
    rows = [(f"hop {hop}" + (" (seeds)" if hop == 0 else ""), size) for hop, size in enumerate(bound.numbers_by_hop)]
    rows += [("all numbers", bound.numbers), ("allowed", allowed), ("pairs", bound.pairs), ("hubs", bound.hubs)]
    lines = [f"Inside the bound: {counted(bound.numbers, 'number')}, {counted(bound.pairs, 'pair')}"]
    lines += [f"  {name:<14}{size:>12,}" for name, size in rows]
    return "\n".join([*lines, *_remarks(bound, hub_limit, allowed, count_only)])


def _remarks(bound: Bound, hub_limit: int, allowed: int, count_only: bool) -> list[str]:
    """What a reader should know about this bound, in sentences; empty where there is nothing to say."""
    seeds = bound.numbers_by_hop[0]
    remarks = []
    if bound.numbers > allowed:
        follows = "a trace would be refused" if count_only else "nothing is traced"
        remarks.append(f"That is more than the warrant allows ({allowed:,}): {follows}.")
    if len(bound.numbers_by_hop) == 1:
        remarks.append("The warrant allows no hop: no record was looked at, and the graph holds only the seeds.")
    elif bound.absent_seeds == seeds:
        remarks.append("No seed occurs in any record of the window: the graph holds only the seeds.")
    elif bound.absent_seeds:
        remarks.append(f"Of the seeds, {bound.absent_seeds:,} of {seeds:,} occur in no record of the window.")
    if bound.hub_seeds:
        remarks.append(
            f"Of the seeds, {bound.hub_seeds:,} of {seeds:,} are hubs (more than {hub_limit:,} contacts): not followed."
        )
    return remarks


def _document(folder: Path, scope: Authorisation, bound: Bound) -> dict[str, Any]:
    return {
        "case": str(folder),
        "stage": scope.stage,
        "warrant": scope.digest,
        "bound": {
            "numbers": bound.numbers,
            "numbers_by_hop": list(bound.numbers_by_hop),
            "pairs": bound.pairs,
            "hubs": bound.hubs,
            "hub_seeds": bound.hub_seeds,
            "absent_seeds": bound.absent_seeds,
        },
        "allowed": scope.remaining.numbers,
        "within": bound.numbers <= scope.remaining.numbers,
    }
