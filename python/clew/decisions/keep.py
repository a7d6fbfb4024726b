"""Put decisions into a case and take them out again; the log hears of them first (``spec/decisions.md``, 2 and 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from clew.audit.log import Entry, Log, Value
from clew.audit.refusals import refusals_logged
from clew.case.folder import CaseFolder, Part
from clew.chain.graph import TracedGraph
from clew.decisions.decision import Decision, Decisions, parse_decisions, unreadable
from clew.errors import Refused

__all__ = ["keep_decisions", "read_decisions"]

_FILE: Final = "decisions.json"
_UNMASKED: Final = "unmasked.json"


def keep_decisions(
    case: CaseFolder,
    graph: TracedGraph,
    named: Mapping[str, str],
    *,
    held: bool,
    by: str,
    reason: str,
    on: date,
    log: Log,
) -> Decisions:
    """Record one decision for each vertex of ``named``, which says where each was given; all decisions of the case.

    Committed as ``decision.recorded`` before ``decisions/`` is replaced. ``Refused`` (``decide.outside``,
    ``decide.seed``), logged as ``decision.refused``, if the case's traced ``graph`` holds no such lead.
    """
    scope = graph.scope
    with case.alone():  # whoever decides at the same moment adds to what stands, and nothing is lost
        before = read_decisions(case)
        with refusals_logged(log, "decision.refused", {"warrant": scope.warrant}):
            _require_leads(graph, before, named)
        new = tuple(Decision(vertex, held, by, reason, on, scope.stage, scope.warrant) for vertex in named)
        after = Decisions((*before.all, *new), before.unmasked)
        data = after.encode()
        body: dict[str, Value] = {
            "warrant": scope.warrant,
            "stage": scope.stage,
            "held": held,
            "numbers": len(new),
            "before": len(before.all),
            "decisions": hashlib.sha256(data).hexdigest(),
        }
        receipt = log.commit(Entry("decision.recorded", body))
        receipt.require("decision.recorded")
        case.replace({Part.DECISIONS: {_FILE: data}}, receipt)
    return after


def read_decisions(case: CaseFolder | str | Path) -> Decisions:
    """The decisions that a case holds, which may be named by its folder; none where nobody has recorded any."""
    if not isinstance(case, CaseFolder):
        case = CaseFolder.open(case)
    if _FILE not in case.names(Part.DECISIONS):
        return Decisions()
    return parse_decisions(case.read(Part.DECISIONS, _FILE), _unmasked(case))


def _require_leads(graph: TracedGraph, before: Decisions, named: Mapping[str, str]) -> None:
    """Return if each vertex stands in the graph and is no seed, or was decided on before: that can be put right."""
    inside = dict(zip(graph.vertices["vertex"].to_pylist(), graph.vertices["seed"].to_pylist(), strict=True))
    known = before.latest.keys() | before.unmasked.keys()
    outside = [where for vertex, where in named.items() if vertex not in inside and vertex not in known]
    if outside:
        raise Refused(
            "decide.outside",
            "a number is not in the traced graph of this case",
            where=outside[0],
            mend="Nothing was recorded. A case holds decisions about the numbers inside its bound only, written as "
            "clew cells writes them.",
            counts={"outside": len(outside)},
        )
    seeds = [where for vertex, where in named.items() if inside.get(vertex) and vertex not in known]
    if seeds:
        raise Refused(
            "decide.seed",
            "a number is a seed of the warrant, and who issues a warrant decides about its seeds",
            where=seeds[0],
            mend="Nothing was recorded. Leave the seeds out.",
            counts={"seeds": len(seeds)},
        )


def _unmasked(case: CaseFolder) -> dict[str, str]:
    """The numbers of the pseudonyms that a node had unmasked (spec node, 10)."""
    if _UNMASKED not in case.names(Part.JOINT):
        return {}
    try:
        listed = json.loads(case.read(Part.JOINT, _UNMASKED))["requests"]
        vertices = [vertex for request in listed for vertex in request["vertices"]]
        return {str(one["pseudonym"]): str(one["number"]) for one in vertices if one["number"] is not None}
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(f"{Part.JOINT}/{_UNMASKED}") from error
