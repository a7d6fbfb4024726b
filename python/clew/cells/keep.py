"""Put findings into a case and take them out again; the log hears of them first (``spec/findings.md``, 4)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from clew.audit.log import Entry, Log, Receipt
from clew.case.folder import CaseFolder, Part
from clew.cells.findings import Findings, parse_findings

__all__ = ["keep_findings", "read_findings"]


def keep_findings(case: CaseFolder, findings: Findings, log: Log) -> Receipt:
    """Commit ``cells.found`` and replace the case's ``findings/``; returns the receipt of the entry."""
    files = findings.files()
    receipt = log.commit(Entry("cells.found", _body(findings, files)))
    receipt.require("cells.found")
    case.replace({Part.FINDINGS: files}, receipt)
    return receipt


def read_findings(case: CaseFolder | str | Path) -> Findings:
    """The findings that a case holds, which may be named by its folder; ``InputError`` where step 5 has not run."""
    if not isinstance(case, CaseFolder):
        case = CaseFolder.open(case)
    return parse_findings({name: case.read(Part.FINDINGS, name) for name in _NAMES})


_NAMES = ("findings.json", "ranked.parquet", "successions.parquet")


def _body(findings: Findings, files: dict[str, bytes]) -> dict[str, str | int | bool]:
    """What the log hears: the warrant, how many were ranked and listed, and a digest; no number."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(hashlib.sha256(files[name]).digest())
    document = findings.document
    return {
        "warrant": document["graph"]["warrant"],
        "stage": document["graph"]["stage"],
        "method": f"{document['method']['name']} {document['method']['version']}",
        "numbers": document["graph"]["numbers"],
        "ranked": document["summary"]["ranked"],
        "listed": document["summary"]["listed"],
        "successions": findings.successions.num_rows,
        "findings": digest.hexdigest(),
    }
