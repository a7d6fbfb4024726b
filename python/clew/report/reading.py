"""Read out of a case what a report tells, and refuse what does not belong together.

Everything comes from the case folder, each file checked against its hash: the warrant that the graph names by its
digest, the graph of the last stage, the findings made from that graph, the accounts, the log, the decisions.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow.compute as pc

from clew.audit.log import Log
from clew.case.folder import CaseFolder, Part
from clew.cells.findings import Findings, parse_findings
from clew.chain.files import Documents, read_accounts, read_graph
from clew.chain.graph import TracedGraph
from clew.decisions import read_decisions
from clew.errors import InputError
from clew.report.contents import Contents, Joint, Unmasked
from clew.warrants.document import Warrant, parse_document
from clew.warrants.dsse import Envelope, parse_envelope
from clew.warrants.policy import Policy, parse_policy
from clew.words.catalogue import catalogue

__all__ = ["read_contents"]

_RECEIPT: Final = "receipt.json"
_UNMASKED: Final = "unmasked.json"


def read_contents(case: CaseFolder, log: Log) -> Contents:
    """All of it. ``InputError`` where a step has not run (``case.part-missing``) or parts do not belong
    together (``report.stale``, ``report.sentence``, ``report.warrant``); ``StorageError`` where a file was altered
    (``case.altered``)."""
    graph = read_graph(case)
    findings = _findings(case, graph)
    documents = Documents.read(case)
    envelope = _envelope(case, documents, graph.scope.warrant)
    document = parse_document(envelope.payload)
    if not isinstance(document, Warrant):
        raise _no_warrant(case)
    policy = parse_policy(documents.policy)
    return Contents(
        document,
        _signers(envelope, policy),
        read_accounts(case, graph.scope.stage),
        graph,
        findings,
        tuple(log.entries()),
        _joint(case, document, policy),
        read_decisions(case),
    )


def _findings(case: CaseFolder, graph: TracedGraph) -> Findings:
    names = case.names(Part.FINDINGS)
    if not names:
        raise InputError(
            "case.part-missing",
            "the case has no findings yet",
            where=str(case.path),
            mend="Run clew cells first.",
        )
    findings = parse_findings({name: case.read(Part.FINDINGS, name) for name in names})
    made_from = findings.document["graph"]
    scope = (graph.scope.case, graph.scope.warrant, graph.scope.stage)
    there = pc.all(pc.is_in(findings.ranked["vertex"], graph.vertices["vertex"]), min_count=0).as_py()
    if (made_from["case"], made_from["warrant"], made_from["stage"]) != scope or not there:
        raise InputError(
            "report.stale",
            "the findings were made from another traced graph than the case holds now",
            where=str(case.path),
            mend="Run clew cells again, then the report.",
        )
    if unknown := _sentences(findings) - catalogue().keys():
        raise InputError(
            "report.sentence",
            f"the findings say {len(unknown)} sentences that this Clew does not know: another version found them",
            where=str(case.path),
            mend="Run clew cells again, then the report.",
        )
    return findings


def _joint(case: CaseFolder, warrant: Warrant, policy: Policy) -> Joint | None:
    """What a node wrote beside a graph of a joint trace: the receipt, and the list of what was unmasked."""
    if warrant.joint is None or _RECEIPT not in (names := case.names(Part.JOINT)):
        return None
    data = case.read(Part.JOINT, _RECEIPT)
    try:
        receipt = json.loads(data)
        listed = json.loads(case.read(Part.JOINT, _UNMASKED))["requests"] if _UNMASKED in names else []
        if receipt["version"] != 1 or receipt["trace"] != warrant.joint.trace:
            raise ValueError
        unmasked = tuple(
            Unmasked(vertex["pseudonym"], vertex["number"], vertex["reason"], _names(request, policy), _moment(told))
            for request, told in zip(listed, receipt["revealed"]["unmasked"], strict=True)
            for vertex in request["vertices"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            "report.receipt",
            "the receipt of the joint trace is of another trace or version than the graph",
            where=str(case.path),
            mend="Ask the node for it again: clew case receipt, then the report.",
        ) from error
    return Joint(receipt, hashlib.sha256(data).hexdigest(), unmasked)


def _names(request: dict[str, Any], policy: Policy) -> tuple[str, ...]:
    """Who approved a request: by name where the policy knows the key."""
    keys = [approval["key"] for approval in request["approvals"]]
    return tuple(holder.name if (holder := policy.holder(key)) is not None else key for key in keys)


def _moment(told: dict[str, Any]) -> datetime:
    return datetime.strptime(told["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _sentences(findings: Findings) -> set[str]:
    """The English of every sentence that the findings use."""
    document = findings.document
    parts = [*document["summary"]["sentences"], *document["limits"], *document["notes"]]
    parts += [hub["sentence"] for hub in document["hubs"]] + [document["method"]["calibration"]]
    said = {part["msgid"] for part in parts}
    for table in (findings.ranked, findings.successions):
        for column in (pc.list_flatten(table["reasons"]), table["benign"]):
            said.update(pc.unique(pc.struct_field(column, "msgid")).to_pylist())
    return said


def _envelope(case: CaseFolder, documents: Documents, digest: str) -> Envelope:
    """The signed warrant or amendment of that digest."""
    for data in (*documents.amendments, documents.warrant):
        envelope = parse_envelope(data)
        if envelope.digest == digest:
            return envelope
    raise _no_warrant(case)


def _signers(envelope: Envelope, policy: Policy) -> tuple[str, ...]:
    """The names that the policy gives those whose signatures hold; an invalid signature raises ``Refused``."""
    names = []
    for signature in envelope.signatures:
        holder = policy.holder(signature.keyid)
        if holder is not None:
            holder.key.verify(signature.value, envelope.signed_bytes)
            names.append(holder.name)
    return tuple(names)


def _no_warrant(case: CaseFolder) -> InputError:
    return InputError(
        "report.warrant",
        "the case does not hold the warrant that its traced graph names",
        where=str(case.path),
        mend="Run clew trace again with the warrant and its amendments.",
    )
