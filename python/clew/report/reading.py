"""Read out of a case what a report tells, and refuse what does not belong together.

Everything comes from the case folder, each file checked against its hash: the warrant that the graph names by its
digest, the graph of the last stage, the findings made from that graph, the accounts, the log.
"""

from __future__ import annotations

import pyarrow.compute as pc

from clew.audit.log import Log
from clew.case.folder import CaseFolder, Part
from clew.cells.findings import Findings, parse_findings
from clew.chain.files import Documents, read_accounts, read_graph
from clew.chain.graph import TracedGraph
from clew.errors import InputError
from clew.report.contents import Contents
from clew.warrants.document import Warrant, parse_document
from clew.warrants.dsse import Envelope, parse_envelope
from clew.warrants.policy import Policy, parse_policy
from clew.words.catalogue import catalogue

__all__ = ["read_contents"]


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
    signers = _signers(envelope, parse_policy(documents.policy))
    return Contents(document, signers, read_accounts(case, graph.scope.stage), graph, findings, tuple(log.entries()))


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
    if (made_from["case"], made_from["warrant"], made_from["stage"]) != (
        graph.scope.case,
        graph.scope.warrant,
        graph.scope.stage,
    ):
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
