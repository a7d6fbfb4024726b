"""What drafting and signing a joint warrant adds: terms from the running node, blinded seeds, and who sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clew.cli.warrant_files import FILE, OUT
from clew.errors import Refused, UsageError

if TYPE_CHECKING:
    from clew.warrants.authorisation import Budgets
    from clew.warrants.document import Document, Warrant

__all__ = ["blinded", "joint_budgets", "joint_options", "seeds_option", "seeds_shown", "trace_terms"]

NO_AUDITOR: Final = "00" * 32
_LIMIT: Final = 1 << 24
_BUDGETS: Final = {"items": 200_000, "rows": 100_000, "declared": 0, "unmaskings": 0}
_FIXED: Final = {"begin": "--from", "end": "--to", "through": "--through", "hub_limit": "--hub-limit"}

seeds_option = click.option("--seeds", "seeds_file", type=FILE, help="Of a joint warrant: the file of its seeds.")


def joint_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a draft for a joint trace."""
    folder = click.Path(path_type=Path, file_okay=False)
    for option in reversed(
        [
            click.option("--node", type=folder, help="For a joint trace: the node that offered it; blinds the seeds."),
            click.option("--items", type=int, help="Joint: most items asked, padding included.  [default: 200000]"),
            click.option("--rows", type=int, help="Joint: most rows opened, padding included.  [default: 100000]"),
            click.option("--declared", type=int, help="Joint: most declared contacts; 0 is strict.  [default: 0]"),
            click.option("--unmaskings", type=int, help="Joint: most numbers that may be unmasked.  [default: 0]"),
            click.option("--seeds-out", type=OUT, help="Joint: where to write what blinds the seeds."),
        ]
    ):
        command = option(command)
    return command


def trace_terms(given: dict[str, Any], node: Path | None, trace: str | None, stage: int) -> dict[str, Any] | None:
    """What the trace fixes, put into ``given`` too; none if the warrant is for one side alone.

    ``stage`` is that of the document which is written.
    """
    if node is None:
        if extra := [f"--{name.replace('_', '-')}" for name in (*_BUDGETS, "seeds_out") if given[name] is not None]:
            raise UsageError(
                "node.draft-alone",
                f"{extra[0]} is for joint traces only",
                mend="Name the node with --node, and its trace with --case.",
            )
        return None
    from clew.joint.terms import moment
    from clew.node.asking import ask_node

    if trace is None:
        raise UsageError(
            "node.draft-trace", "--node needs a trace", mend="Name its case or number: clew case status NODE shows it."
        )
    for name, option in _FIXED.items():
        if given[name] is not None:
            raise UsageError(
                "node.draft-fixed",
                f"{option} is fixed: both sides have committed to their records of one window under one hub limit",
                mend="Leave it out, or open another trace.",
            )
    terms: dict[str, Any] = ask_node(node, {"do": "terms", "case": trace})
    if terms["stage"] != stage:
        raise UsageError(
            "node.draft-stage",
            f"the trace is of stage {terms['stage']}, and this would be the document of stage {stage}",
            mend="The first stage is drafted, each later one amends the signed one before it: clew warrant amend.",
        )
    if given["declared"] and terms["auditor"] == NO_AUDITOR:
        raise UsageError(
            "node.no-auditor",
            "declared contacts are sealed to an auditor, and the trace was opened without one",
            mend="Open the trace with --auditor, or leave --declared at 0.",
        )
    window = {name: moment(terms[name]).strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("begin", "end")}
    given |= {"case": terms["case"], "hub_limit": terms["hub_limit"], **window}
    return terms


def joint_budgets(given: dict[str, Any], terms: dict[str, Any], numbers: int, before: Budgets | None = None) -> Budgets:
    """The budgets of a joint warrant: as given, else as ``before``, else by default."""
    from clew.warrants.authorisation import Budgets

    def amount(name: str) -> int:
        otherwise = _BUDGETS[name] if before is None else getattr(before, name)
        return int(otherwise if given[name] is None else given[name])

    return Budgets(
        numbers=numbers,
        sources=given["sources"] or 0,
        recognised=terms["recognised"],
        **{name: amount(name) for name in _BUDGETS},
    )


def blinded(terms: dict[str, Any], seeds: Sequence[Any], **fields: Any) -> tuple[Warrant, bytes]:
    """The warrant of a trace with its seeds blinded, and the file that shows them to those who may see them."""
    from clew.effects import system_randomness
    from clew.node.drafting import drafted, shares_file

    warrant, shares = drafted(terms, [seed.number for seed in seeds], system_randomness(32), **fields)
    return warrant, shares_file(terms["trace"], shares)


def seeds_shown(document: Document, file: Path | None) -> list[str]:
    """The numbers that a joint warrant starts from, computed again; empty for a warrant with seeds in the clear.

    ``Refused`` unless the file shows exactly the seeds whose points the warrant names: nobody is shown one seed and
    signs another (spec protocol 5.1).
    """
    from clew.node.drafting import verify_shares
    from clew.warrants.document import Warrant
    from clew.warrants.files import read_file

    if not isinstance(document, Warrant) or document.joint is None:
        if file is not None:
            raise UsageError("node.seeds-clear", "the document blinds no seeds", mend="Leave --seeds out.")
        return []
    if file is None:
        raise Refused(
            "node.seeds-unseen",
            "the warrant's seeds are blinded, and nobody has computed them again",
            mend="Give --seeds FILE, which clew warrant draft wrote beside the warrant; get it from who issued it.",
        )
    return sorted(verify_shares(document, read_file(file, _LIMIT), str(file)))
