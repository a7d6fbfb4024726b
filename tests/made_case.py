"""A small made-up case for the report's tests: six numbers, two holders, one change of number, an Arabic warrant."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from clew.audit.log import Entry, FileLog, LoggedEntry
from clew.case.folder import CaseFolder, Part
from clew.cells.findings import RANKED, SUCCESSIONS, Findings
from clew.chain.files import Documents, write_trace
from clew.chain.graph import EVENTS, HOURS, PAIRS, VERTICES, Bound, Detail, Scope, TracedGraph
from clew.records.account import Account, Footer
from clew.report.contents import Contents
from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Warrant
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from clew.words import sentences

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
WRITTEN = datetime(2026, 4, 20, 9, 30, tzinfo=UTC)
SEEDS = ("+9647901234567", "+33612345678")
LEADS = ("+9647901110001", "+33612000002", "+9647901110003")
LOW = "+9647809999999"
HUB = "+9641234567"
HOLDERS = ("Opérateur Ouest", "شركة النور")


def sentence(found: sentences.Sentence, **values: Any) -> dict[str, Any]:
    """A sentence as findings hold it."""
    return {"msgid": found.one, "values": values}


def reason(found: sentences.Sentence, records: tuple[int, ...] = (), count: int = 0, **values: Any) -> dict[str, Any]:
    """A reason as the tables of findings hold it."""
    text = json.dumps(values, ensure_ascii=False)
    return {"msgid": found.one, "values": text, "records": list(records), "count": count or len(records)}


def _pair(a: str, b: str, holder: str, calls: int, day: int) -> dict[str, Any]:
    a, b = sorted((a, b))
    hours = [0] * HOURS
    hours[(day % 7) * 24 + 20] = calls
    row: dict[str, Any] = {
        field.name: 0 for field in PAIRS if field.name not in {"a", "b", "holder", "first", "last", "hours"}
    }
    row |= {"a": a, "b": b, "holder": holder, "calls_ab": calls, "seconds_ab": 61 * calls, "hours": hours}
    return row | {"first": BEGIN + timedelta(days=day), "last": BEGIN + timedelta(days=day + 7, seconds=5)}


def made_graph(warrant: str = "") -> TracedGraph:
    """The traced graph: two seeds, three leads, a hub, and one number that nothing much ties to them."""
    hops = {SEEDS[0]: 0, SEEDS[1]: 0, LEADS[0]: 1, LEADS[1]: 1, HUB: 1, LEADS[2]: 2, LOW: 2}
    vertices = [
        {
            "vertex": vertex,
            "hop": hop,
            "seed": hop == 0,
            "hub": None if hop == 2 else vertex == HUB,
            "contacts": None if hop == 2 else 950 if vertex == HUB else 3,
            "holders": [] if vertex == SEEDS[1] else [HOLDERS[0]],
        }
        for vertex, hop in hops.items()
    ]
    pairs = [
        _pair(SEEDS[0], LEADS[0], HOLDERS[0], 12, 2),
        _pair(SEEDS[0], LEADS[0], HOLDERS[1], 11, 2),
        _pair(SEEDS[0], LEADS[1], HOLDERS[0], 5, 3),
        _pair(SEEDS[0], HUB, HOLDERS[0], 1, 4),
        _pair(LEADS[0], LEADS[2], HOLDERS[1], 7, 5),
        _pair(LEADS[0], LEADS[1], HOLDERS[1], 2, 6),
        _pair(LEADS[1], LOW, HOLDERS[0], 1, 8),
    ]
    scope = Scope("thread-12", warrant or made_warrant().digest, 1, BEGIN, END, 2, 200)
    bound = Bound((2, 3, 2), 6, 1, 0, 1)
    events = [
        {
            "a": SEEDS[0],
            "b": LEADS[0],
            "holder": HOLDERS[0],
            "start": BEGIN + timedelta(days=2),
            "zone_offset": 180,
            "kind": 1,
            "duration": 61,
            "record_id": (1 << 36) + 7,
        }
    ]
    return TracedGraph(
        scope,
        bound,
        Detail.CALLS,
        pa.Table.from_pylist(sorted(vertices, key=lambda row: (row["hop"], row["vertex"])), VERTICES),
        pa.Table.from_pylist(sorted(pairs, key=lambda row: (row["a"], row["b"], row["holder"])), PAIRS),
        pa.Table.from_pylist(events, EVENTS),
    )


def made_findings() -> Findings:
    """Three leads above the threshold, one number below it, one change of number."""
    together = reason(
        sentences.CONTACT_WITH_SEEDS,
        ((1 << 36) + 7, (1 << 36) + 1204),
        19,
        k=1,
        total=2,
        seeds={"numbers": [SEEDS[0]], "more": 0},
        contacts=19,
    )
    shared = reason(sentences.SHARED_RARE, (), 3, k=3, numbers={"numbers": [LEADS[2], LOW], "more": 1})
    benign = reason(sentences.BENIGN_ONE_TIE, share={"share": 0.834}, number={"number": SEEDS[0]})
    probabilities = dict(zip((*LEADS, LOW), (0.9713, 0.81, 0.52, 0.0041), strict=True))
    ranked = [
        {
            "rank": rank,
            "vertex": vertex,
            "probability": probability,
            "hop": 1 if rank < 3 else 2,
            "contacts": 3,
            "calls": 1220 // rank,
            "heat": -2.5,
            "together": -3.25,
            "reasons": [together, shared] if rank < 3 else [shared],
            "benign": benign,
        }
        for rank, (vertex, probability) in enumerate(probabilities.items(), 1)
    ]
    successions = [
        {
            "rank": 1,
            "old": [LEADS[1]],
            "new": [LEADS[2]],
            "moment": BEGIN + timedelta(days=14),
            "begin": BEGIN + timedelta(days=13),
            "end": BEGIN + timedelta(days=15),
            "ratio": 1000.0,
            "scale": "moderately strong",
            "overlap": 0.75,
            "score": 9.5,
            "reasons": [shared],
            "benign": benign,
        }
    ]
    few = sentence(sentences.BENIGN_FEW, contacts=11)
    document = {
        "version": 1,
        "method": {
            "name": "heat-and-together",
            "version": 1,
            "parameters": {"listed_at": 0.5, "records_shown": 12},
            "calibration": sentence(sentences.BENIGN_ACQUAINTANCE),
        },
        "graph": {"case": "thread-12", "warrant": made_warrant().digest, "stage": 1},
        "seeds": [
            {"vertex": SEEDS[0], "state": "used", "contacts": 3, "reasons": []},
            {"vertex": SEEDS[1], "state": "absent", "contacts": 0, "reasons": []},
        ],
        "hubs": [{"vertex": HUB, "hop": 1, "contacts": 950, "sentence": few}],
        "summary": {"ranked": 4, "listed": 3, "chance": 0.4, "sentences": [few]},
        "limits": [few],
        "notes": [few],
    }
    return Findings(document, pa.Table.from_pylist(ranked, RANKED), pa.Table.from_pylist(successions, SUCCESSIONS))


def made_warrant(**changed: Any) -> Warrant:
    """The warrant; ``changed`` replaces fields, for example by hostile texts."""
    facts: dict[str, Any] = {
        "case": "thread-12",
        "purpose": "كشف المجموعة المتصلة بالرقم +964 790 123 4567 منذ 2026-03-02.",
        "legal_basis": "Code de procédure pénale, art. 77-1-1",
        "authority": "محكمة بداءة الكرخ",
        "seeds": tuple(Clear(seed) for seed in SEEDS),
        "begin": BEGIN,
        "end": END,
        "issued": datetime(2026, 4, 2, tzinfo=UTC),
        "expires": datetime(2026, 12, 31, tzinfo=UTC),
        "budgets": Budgets(numbers=5000, sources=25),
    }
    return Warrant(**{**facts, **changed})


def made_accounts() -> tuple[Account, ...]:
    """Two imported files whose sums agree."""
    common: dict[str, Any] = {
        "size": 9999,
        "operator": "west",
        "imported_at": "2026-04-19T08:00:00Z",
        "number_plans": "9",
    }
    return (
        Account(
            import_number=1,
            file="relevés mars 2026.csv",
            sha256="0123456789abcdef" * 4,
            profile="west",
            units=12346,
            records=12000,
            merged_legs=300,
            duplicate=5,
            rejected=40,
            header_and_footer=1,
            out_of_scope=0,
            reasons={"time-impossible": 40},
            kinds={"voice": 11000, "missed": 1000},
            flags={"negative duration": 4},
            dropped={"content": {"texte": 12}, "location": {"cellule": 12345, "azimut": 12345}},
            footers=(Footer(12000, 12000, True), Footer(13000, 12346, False)),
            last_unit_open=True,
            first_start="2026-03-01T00:00:05Z",
            last_start="2026-03-31T23:59:00Z",
            **common,
        ),
        Account(
            import_number=2,
            file="سجلات 03.csv",
            sha256="fedcba9876543210" * 4,
            profile="noor",
            units=101,
            records=100,
            merged_legs=0,
            duplicate=0,
            rejected=0,
            header_and_footer=1,
            out_of_scope=0,
            **common,
        ),
    )


def made_contents(**changed: Any) -> Contents:
    """The whole; ``changed`` replaces fields of the warrant."""
    entries = tuple(
        LoggedEntry(index, WRITTEN + timedelta(minutes=index), Entry(kind, {}), f"{index:064x}")
        for index, kind in enumerate(("trace.bound", "trace.graph", "report.written"))
    )
    signers = ("القاضي الأول", "Procureure de la République")
    return Contents(made_warrant(**changed), signers, made_accounts(), made_graph(), made_findings(), entries)


def made_folder(path: Path, **changed: Any) -> CaseFolder:
    """The made-up case on disk, signed, logged and written as the steps before the report write it."""
    case = CaseFolder.create(path)
    log = FileLog(case.log_path, lambda: WRITTEN)
    key = SigningKey.generate(lambda size: bytes(size))
    warrant: Warrant = changed.get("warrant", made_warrant())
    policy = (
        f'version = 1\nthreshold = 1\n\n[[keys]]\nname = "القاضي الأول"\nrole = "judge"\n'
        f'id = "{key.public.id}"\npublic = "{key.public.text}"\n'
    )
    signed = changed.get("signed", sign(warrant.encode(), key))
    write_trace(case, made_graph(warrant.digest), Documents(signed, policy.encode()), log, made_accounts())
    found = made_findings()
    graph = {**found.document["graph"], "warrant": warrant.digest}
    findings = changed.get("findings", replace(found, document={**found.document, "graph": graph}))
    if findings is not None:
        case.replace({Part.FINDINGS: findings.files()}, log.commit(Entry("findings.written", {})))
    return case
