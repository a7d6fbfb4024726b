"""Step 5 behind one function: from a traced graph to findings (``spec/findings.md``)."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from clew.cells.contacts import Contacts, Floats, Ints, read_contacts
from clew.cells.findings import FINDINGS_VERSION, RANKED, SUCCESSIONS, Findings
from clew.cells.membership import Membership, belonging
from clew.cells.parameters import FIRST_VERSION, METHOD, METHOD_VERSION, Parameters
from clew.cells.reasons import Explainer, Reason
from clew.cells.succession import Succession, successions
from clew.cells.together import stand_together
from clew.chain.graph import Detail, TracedGraph
from clew.words import sentences as say
from clew.words.sentences import Sentence

__all__ = ["find", "verbal_scale"]

_LEAST: Final = -700.0  # stands for the log of a weight too small to be written
_SCALE: Final = ((2.0, "no support"), (10.0, "weak"), (100.0, "moderate"), (1000.0, "moderately strong"))


def find(graph: TracedGraph, parameters: Parameters = FIRST_VERSION) -> Findings:
    """The ranked group of the seeds with reasons, and the successions, of one traced graph.

    Reads nothing else; the same graph gives the same findings, byte for byte.
    """
    contacts = read_contacts(graph)
    together = stand_together(contacts, contacts.events) if contacts.events is not None else None
    membership = belonging(contacts, together, parameters)
    explainer = Explainer(contacts, together, membership, parameters)
    changes = successions(contacts, parameters)
    document = {
        "version": FINDINGS_VERSION,
        "method": {
            "name": METHOD,
            "version": METHOD_VERSION,
            "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(parameters).items()},
            "calibration": Reason(say.NOTE_FIRST_VERSION, {}).document(),
        },
        "graph": {
            "case": graph.scope.case,
            "warrant": graph.scope.warrant,
            "stage": graph.scope.stage,
            "detail": graph.detail.value,
            "numbers": graph.bound.numbers,
            "pairs": graph.bound.pairs,
        },
        "seeds": _seeds(contacts),
        "hubs": _hubs(contacts, explainer, graph.scope.hub_limit),
        "summary": _summary(contacts, membership, parameters),
        "limits": [reason.document() for reason in _limits(graph, contacts)],
        "notes": [
            Reason(say.NOTE_LEADS, {}).document(),
            Reason(say.NOTE_FIRST_VERSION, {}).document(),
            *([Reason(say.NOTE_RATIO, {"limit": int(parameters.ratio_limit)}).document()] if changes else []),
        ],
    }
    return Findings(
        document,
        _ranked(contacts, membership, explainer, parameters),
        _changes(contacts, explainer, changes, parameters),
    )


def verbal_scale(ratio: float) -> str:
    """The word for a likelihood ratio (spec findings 3.3)."""
    return next((word for below, word in _SCALE if ratio < below), "strong")


def _ranked(contacts: Contacts, membership: Membership, explainer: Explainer, parameters: Parameters) -> pa.Table:
    numbers = np.flatnonzero(membership.ranked)
    order = numbers[np.lexsort((numbers, -membership.score[numbers]))]
    degree, volume = contacts.degree, contacts.volume
    rows = []
    for rank, number in enumerate(order.tolist(), 1):
        every = rank <= parameters.explained
        rows.append(
            {
                "rank": rank,
                "vertex": contacts.names[number],
                "probability": float(membership.probability[number]),
                "hop": int(contacts.hop[number]),
                "contacts": int(degree[number]),
                "calls": int(volume[number]),
                "heat": max(float(membership.heat[number]), _LEAST),
                "together": max(float(membership.together[number]), _LEAST),
                "reasons": [reason.row() for reason in explainer.reasons(number, every=every)],
                "benign": explainer.benign(number, every=every).row(),
            }
        )
    return pa.Table.from_pylist(rows, RANKED)


def _changes(contacts: Contacts, explainer: Explainer, changes: list[Succession], parameters: Parameters) -> pa.Table:
    rows = []
    for rank, change in enumerate(changes, 1):
        ratio = float(round(min(math.exp(min(change.log_ratio, 50.0)), parameters.ratio_limit), 1))
        rows.append(
            {
                "rank": rank,
                "old": [contacts.names[i] for i in change.old],
                "new": [contacts.names[i] for i in change.new],
                "moment": _moment((change.last + change.first) // 2),
                "begin": _moment(min(change.last, change.first)),
                "end": _moment(max(change.last, change.first)),
                "ratio": ratio,
                "scale": verbal_scale(ratio),
                "overlap": change.overlap,
                "score": change.log_ratio,
                "reasons": [reason.row() for reason in _change_reasons(explainer, change)],
                "benign": _change_benign(change).row(),
            }
        )
    return pa.Table.from_pylist(rows, SUCCESSIONS)


def _change_reasons(explainer: Explainer, change: Succession) -> list[Reason]:
    found: list[Reason] = []
    if len(change.old) > 1:
        found.append(Reason(say.SUCCESSION_ALIKE, {"k": len(change.old)}))
    if change.kept:
        kept = np.array(change.kept)
        values = {
            "k": len(kept),
            "numbers": explainer.numbers(kept),
            "share": {"share": round(min(change.overlap, 1.0), 3)},
        }
        found.append(_backed(explainer, say.SUCCESSION_KEPT, values, change, kept))
    if change.moved:
        moved = np.array([old for old, _ in change.moved])
        ends = np.array(sorted({number for pair in change.moved for number in pair}))
        values = {"k": len(moved), "numbers": explainer.numbers(moved)}
        found.append(_backed(explainer, say.SUCCESSION_MOVED, values, change, ends))
    overlapping = change.first < change.last
    times = {"last": {"moment": _moment(change.last, text=True)}, "first": {"moment": _moment(change.first, text=True)}}
    found.append(Reason(say.SUCCESSION_OVERLAPPING if overlapping else say.SUCCESSION_GAP, times))
    if change.rivals > 0:
        found.append(Reason(say.SUCCESSION_RIVALS, {"k": change.rivals}))
    return found


def _backed(
    explainer: Explainer, sentence: Sentence, values: dict[str, Any], change: Succession, others: Ints
) -> Reason:
    """The records shown are half of the old numbers' last ones, half of the new numbers' first ones."""
    sides = [
        np.unique(np.concatenate([explainer.between(number, others) for number in side]))
        for side in (change.old, change.new)
    ]
    (before, n), (after, m) = explainer.records(sides[0], latest=True), explainer.records(sides[1])
    shown = max(explainer.shown // 2, explainer.shown - min(len(before), len(after)))
    return Reason(sentence, values, (*before[-shown:], *after[: explainer.shown - len(before[-shown:])]), n + m)


def _change_benign(change: Succession) -> Reason:
    kept = len(change.kept) + len(change.moved)
    return Reason(say.BENIGN_FEW_KEPT, {"k": kept}) if kept < 3 else Reason(say.BENIGN_COLLEAGUE, {})


def _seeds(contacts: Contacts) -> list[dict[str, Any]]:
    degree = np.maximum(contacts.degree, contacts.known_contacts)
    rows = []
    for number in np.flatnonzero(contacts.seed).tolist():
        state = "absent" if degree[number] == 0 else "hub" if contacts.hub[number] else "used"
        rows.append({"vertex": contacts.names[number], "state": state, "contacts": int(degree[number]), "reasons": []})
    return rows


def _hubs(contacts: Contacts, explainer: Explainer, limit: int) -> list[dict[str, Any]]:
    return [
        {
            "vertex": contacts.names[number],
            "hop": int(contacts.hop[number]),
            "contacts": int(contacts.known_contacts[number]),
            "sentence": explainer.hub(number, limit).document(),
        }
        for number in np.flatnonzero(contacts.hub & ~contacts.seed).tolist()
    ]


def _summary(contacts: Contacts, membership: Membership, parameters: Parameters) -> dict[str, Any]:
    ranked = int(membership.ranked.sum())
    listed = int((membership.ranked & (membership.probability >= parameters.listed_at)).sum())
    if not ranked:
        return {"ranked": 0, "listed": 0, "chance": None, "sentences": [Reason(say.SUMMARY_EMPTY, {}).document()]}
    chance = round(_by_chance(membership.probability[membership.ranked], parameters), 1)
    at_least = {"listed": listed, "at": {"share": parameters.listed_at}}
    by_chance = {"numbers": contacts.size, "chance": {"decimal": chance}}
    return {
        "ranked": ranked,
        "listed": listed,
        "chance": chance,
        "sentences": [
            Reason(say.SUMMARY_RANKED, {"ranked": ranked}).document(),
            Reason(say.SUMMARY_LISTED, at_least).document(),
            Reason(say.SUMMARY_CHANCE, by_chance).document(),
        ],
    }


def _by_chance(probability: Floats, parameters: Parameters) -> float:
    """How many of the listed do not belong, by the shares of wrong ones in held-out simulated cases."""
    listed = probability[probability >= parameters.listed_at]
    band = np.searchsorted([0.7, 0.9], listed, "right")
    return float(np.asarray(parameters.wrong_shares)[band].sum())


def _limits(graph: TracedGraph, contacts: Contacts) -> list[Reason]:
    found: list[Reason] = []
    if graph.detail is Detail.COARSE:
        found.append(Reason(say.LIMIT_COARSE, {}))
    elif contacts.events is not None and (contacts.events.record < 0).any():
        found.append(Reason(say.LIMIT_PARTNER, {}))
    hub_seeds = int((contacts.seed & contacts.hub).sum())
    absent = int((contacts.seed & ~contacts.hub & (contacts.degree == 0)).sum())
    if absent:
        found.append(Reason(say.LIMIT_ABSENT_SEEDS, {"k": absent}))
    if hub_seeds:
        found.append(Reason(say.LIMIT_HUB_SEEDS, {"k": hub_seeds}))
    if int(contacts.sources.sum()) == 1:
        found.append(Reason(say.LIMIT_ONE_SEED, {}))
    pseudonyms = sum(name.startswith("p:") for name in contacts.names)
    if pseudonyms:
        found.append(Reason(say.LIMIT_PSEUDONYMS, {"k": pseudonyms}))
    last_hop = int((contacts.hop == graph.scope.hops).sum())
    if last_hop:
        found.append(Reason(say.LIMIT_HOPS, {"k": last_hop}))
    return found


def _moment(microseconds: int, *, text: bool = False) -> Any:
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if text else moment
