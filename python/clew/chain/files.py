"""Traced graphs in a case folder: one set of files for each stage (``spec/graph.md``, 5).

Writing replaces the folder's part as a whole, and keeps what earlier stages wrote. Reading takes nothing on trust:
hashes, version, schemas, order and counts are checked, so that later steps need not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self, final

import pyarrow as pa
import pyarrow.compute as pc

from clew.audit.log import Entry, Log, Receipt, Value
from clew.audit.refusals import refusals_logged
from clew.case.folder import CaseFolder, Part
from clew.chain.graph import EVENTS, PAIRS, VERTICES, Detail, Header, TracedGraph, read_header
from clew.effects import Clock
from clew.errors import InputError, Refused, StorageError
from clew.parquet import from_parquet, to_parquet
from clew.records.account import ACCOUNT_VERSION, Account
from clew.warrants.authorisation import Authorisation
from clew.warrants.dsse import parse_envelope
from clew.warrants.policy import Policy, parse_policy, read_policy, revocations_folder
from clew.warrants.verify import verify_warrant

__all__ = [
    "Documents",
    "authorise",
    "case_digest",
    "enter_case",
    "graph_files",
    "graphs_under",
    "policy_for",
    "read_accounts",
    "read_graph",
    "require_case",
    "require_traced",
    "stages",
    "warrant_refusals",
    "write_trace",
]

_ORIGIN: Final = "policy-path.json"
_NAME = re.compile(r"stage-([1-9][0-9]{0,5})-graph\.json", re.ASCII)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Documents:
    """The signed documents and the policy that a graph was traced under: all that :func:`authorise` needs.

    ``origin`` is the file that the policy was read from, if it was one. ``places`` are the files of the warrant and
    the amendments, for errors to name; empty where they come out of the case.
    """

    warrant: bytes
    policy: bytes
    amendments: tuple[bytes, ...] = ()
    revocations: tuple[bytes, ...] = ()
    origin: Path | None = None
    places: tuple[str, ...] = ()

    def files(self) -> dict[str, bytes]:
        """The files of the case's ``warrant/`` by name (spec case, 5)."""
        files = {"warrant.json": self.warrant, "policy.toml": self.policy}
        files |= {f"amendment-{number}.json": data for number, data in enumerate(self.amendments, 1)}
        files |= {f"revocation-{number}.json": data for number, data in enumerate(self.revocations, 1)}
        if self.origin is not None:
            files[_ORIGIN] = (json.dumps({"policy": str(self.origin)}) + "\n").encode()
        return files

    def chain(self) -> list[str]:
        """The digests of the warrant and its amendments, in the order of stages."""
        return [parse_envelope(data).digest for data in (self.warrant, *self.amendments)]

    @classmethod
    def read(cls, case: CaseFolder) -> Self:
        """The documents that a case holds; ``InputError`` (``case.part-missing``) if nothing was traced yet."""
        names = case.names(Part.WARRANT)

        def numbered(word: str) -> tuple[bytes, ...]:
            numbers = sorted(int(found[1]) for name in names if (found := re.fullmatch(rf"{word}-(\d+)\.json", name)))
            return tuple(case.read(Part.WARRANT, f"{word}-{number}.json") for number in numbers)

        return cls(
            case.read(Part.WARRANT, "warrant.json"),
            case.read(Part.WARRANT, "policy.toml"),
            numbered("amendment"),
            numbered("revocation"),
            _origin(case) if _ORIGIN in names else None,
        )


def case_digest(case: str) -> str:
    """SHA-256 (hex) of a case's name: what the log holds of it, because a name may hold anything."""
    return hashlib.sha256(case.encode()).hexdigest()


def graph_files(graph: TracedGraph) -> dict[str, bytes]:
    """The files of one stage by name; the same graph always gives the same bytes."""
    prefix = f"stage-{graph.scope.stage}-"
    files = {
        prefix + "graph.json": graph.header(),
        prefix + "vertices.parquet": to_parquet(graph.vertices),
        prefix + "pairs.parquet": to_parquet(graph.pairs),
    }
    if graph.events is not None:
        files[prefix + "events.parquet"] = to_parquet(graph.events)
    return files


def stages(case: CaseFolder) -> list[int]:
    """The stages that the case has a traced graph of, ascending."""
    return sorted(int(found[1]) for name in case.names(Part.GRAPH) if (found := _NAME.fullmatch(name)))


def authorise(
    documents: Documents, case: CaseFolder, log: Log, clock: Clock, *, policy: Path | None = None
) -> Authorisation:
    """The authorisation that these documents give now, under the policy as it stands now (spec case, 5).

    ``policy`` names its file, if it is not where it was. In an existing case the log must hold the case's last change,
    and what the case holds counts too: its revocations, and that its policy names a folder of them. A refusal is logged
    before it is raised.
    """
    with warrant_refusals(case, log, documents.warrant):
        return _authorisation(documents, case, log, clock, policy)


def warrant_refusals(case: CaseFolder, log: Log, warrant: bytes) -> AbstractContextManager[None]:
    """Within it, what is refused to who holds this signed warrant is logged as ``warrant.refused``.

    A case that is not there yet is begun, so that there is a log: who tries a warrant that does not hold leaves a
    folder with nothing in it but that.
    """
    file = hashlib.sha256(warrant).hexdigest()
    return refusals_logged(log, "warrant.refused", {"file": file}, lambda: CaseFolder.create(case.path))


def require_traced(
    case: CaseFolder,
    graph: TracedGraph,
    log: Log,
    clock: Clock,
    *,
    policy: Path | None = None,
    after_expiry: bool = False,
) -> None:
    """Return if the case's warrant verifies now and is the one that its graph was traced under; else ``Refused``.

    With ``after_expiry`` a warrant that has expired, and against which nothing else speaks, will do: expiry is looked
    at after signatures, revocations and the clock (spec warrant, 5).
    """
    documents = Documents.read(case)
    with warrant_refusals(case, log, documents.warrant):
        try:
            _authorisation(documents, case, log, clock, policy)
        except Refused as refused:
            if not after_expiry or refused.code != "warrant.expired":
                raise
        chain = documents.chain()
        if (chain[-1], len(chain)) != (graph.scope.warrant, graph.scope.stage):
            raise _other_warrant(case)


def graphs_under(case: CaseFolder, documents: Documents) -> list[TracedGraph]:
    """The case's graphs that were traced under one of these documents; ``Refused`` if it holds none but others."""
    found = [read_graph(case, stage) for stage in stages(case)]
    chain = set(documents.chain())
    own = [graph for graph in found if graph.scope.warrant in chain]
    if found and not own:
        raise _other_warrant(case)
    return own


def _authorisation(
    documents: Documents, case: CaseFolder, log: Log, clock: Clock, policy: Path | None
) -> Authorisation:
    rules = policy_for(documents, case, log, policy)
    return verify_warrant(
        documents.warrant, rules, clock=clock, amendments=documents.amendments, log=log, files=documents.places
    )


def policy_for(documents: Documents, case: CaseFolder, log: Log, policy: Path | None = None) -> Policy:
    """The policy that counts for these documents in this case now; ``policy`` names its file, if it has moved.

    In an existing case the log must hold the case's last change (``StorageError`` ``log.rolled-back``).
    """
    held = documents
    if case.exists:
        CaseFolder.open(case.path).require_logged(log)
        held = Documents.read(case) if case.names(Part.WARRANT) else documents
    return _current(documents, held, policy or documents.origin)


def _current(documents: Documents, held: Documents, path: Path | None) -> Policy:
    """The policy as its file is now, with the revocations of its folder, and those given and ``held`` by the case.

    Without a file, the copy given will do if neither it nor the case's names a folder of revocations.
    """
    folder = revocations_folder(documents.policy) or revocations_folder(held.policy)
    known = dict.fromkeys((*held.revocations, *documents.revocations))
    kept = {data: f"{Part.WARRANT}/revocation-{number}.json" for number, data in enumerate(known, 1)}
    what = "the policy that the case was traced under, or its folder of revocations, cannot be read"
    where = str(path or "")
    if path is not None:
        try:
            found = read_policy(path)
        except Refused as error:
            if error.code not in {"policy.absent", "policy.revocations-missing"}:
                raise
            where = error.where
        else:
            if revocations_folder(found.source) or not folder:
                revocations = tuple(dict.fromkeys((*known, *found.revocations)))
                return replace(found, revocations=revocations, revocation_files={**kept, **found.revocation_files})
            what = "this policy names no folder of revocations, and the one that the case was traced under names one"
    elif not folder:
        rules = parse_policy(documents.policy, revocations=tuple(known))
        return replace(rules, revocation_files=kept)
    raise Refused(
        "policy.revocations-missing",
        f"{what}, so the warrant might be revoked",
        where=where,
        mend="Say with --policy FILE where the policy.toml is now, its folder of revocations beside it.",
    )


def _origin(case: CaseFolder) -> Path:
    try:
        return Path(json.loads(case.read(Part.WARRANT, _ORIGIN))["policy"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(
            "case.altered",
            f"{_ORIGIN} is not what Clew writes",
            where=str(case.path),
            mend="Restore the case from a backup, or trace into a new folder.",
        ) from error


def _other_warrant(case: CaseFolder) -> Refused:
    return Refused(
        "cells.other-warrant",
        "the traced graph of this case was not traced under the warrant that the case holds",
        where=str(case.path),
        mend="Run clew trace again with the warrant and all its amendments.",
    )


def enter_case(case: CaseFolder, authorisation: Authorisation, documents: Documents, log: Log) -> Receipt:
    """The receipt of ``warrant.verified``, which stands before everything that is done under an authorisation.

    Whether the folder may take its graph is decided, and the entry made, while nobody else changes the case: of two
    warrants that come at once, one begins the folder. Raises what :func:`require_case` does, logged as
    ``trace.refused``.
    """
    entry = Entry(
        "warrant.verified",
        {
            "case": case_digest(authorisation.case),
            "warrant": authorisation.digest,
            "root": authorisation.root,
            "stage": authorisation.stage,
            "policy": hashlib.sha256(documents.policy).hexdigest(),
        },
    )
    with refusals_logged(log, "trace.refused", {"warrant": authorisation.digest}), case.alone():
        require_case(case, authorisation.case, documents, log)
        return log.commit(entry)


def require_case(case: CaseFolder, name: str, documents: Documents, log: Log) -> None:
    """Return if this folder may take a graph of the case of this name under these documents; nothing is logged.

    Raises ``Refused``: ``trace.other-case``, ``trace.other-warrant`` if it was begun under another first warrant,
    ``trace.later-stage`` if it has a stage that these documents do not reach, ``trace.other-document`` if one of its
    stages was traced under a document that is not among them.
    """
    expected, chain = case_digest(name), documents.chain()
    found = {stage: _header(case, stage).scope for stage in stages(case)}
    verified = [logged.entry.body for logged in log.entries() if logged.entry.kind == "warrant.verified"]
    names = {case_digest(scope.case) for scope in found.values()} | {str(body.get("case")) for body in verified}
    if names - {expected}:
        raise Refused(
            "trace.other-case",
            "this folder holds another case than the warrant names",
            where=str(case.path),
            mend="Name the folder of this warrant's case, or a new one.",
        )
    if {str(body.get("root")) for body in verified} - {chain[0]}:
        raise Refused(
            "trace.other-warrant",
            "this folder was begun under another warrant of the same case",
            where=str(case.path),
            mend="Name a new folder. A warrant and its amendments share one; a warrant issued anew has its own.",
        )
    last = max(found, default=0)
    if last > len(chain):
        raise Refused(
            "trace.later-stage",
            f"this case is already at stage {last}, and the warrant as given is at stage {len(chain)}",
            where=str(case.path),
            mend="Give every amendment with --amendment, or name a new folder.",
        )
    for stage, scope in found.items():
        if scope.warrant != chain[stage - 1]:
            raise Refused(
                "trace.other-document",
                f"stage {stage} of this case was traced under another document than the one given for it",
                where=str(case.path),
                mend="Give the warrant and the amendments that the case holds in warrant/, or name a new folder.",
            )


def write_trace(
    case: CaseFolder,
    graph: TracedGraph,
    documents: Documents,
    log: Log,
    accounts: Sequence[Account] = (),
    beside: Mapping[Part, Mapping[str, bytes]] | None = None,
) -> dict[str, str]:
    """Write the graph of one stage, and the documents it was traced under, all at once; logged as ``graph.written``.

    ``accounts`` are those of the store that was read, kept beside the graph because a report shows them; ``beside``
    are further parts that are replaced in the same moment. Graphs of other stages stay as they are, and so do the
    revocations that the case holds. Returns the SHA-256 (hex) of the graph's files by name.

    Raises what :func:`require_case` does, logged as ``trace.refused``: somebody else may have traced into the case
    since this trace entered it.
    """
    files = graph_files(graph)
    if accounts:
        document = {"version": ACCOUNT_VERSION, "accounts": [account.as_json() for account in accounts]}
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        files[f"stage-{graph.scope.stage}-accounts.json"] = text.encode()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    body: dict[str, Value] = {
        "stage": graph.scope.stage,
        "detail": graph.detail.value,
        "numbers": graph.bound.numbers,
        "pairs": graph.bound.pairs,
    }
    for name, digest in digests.items():
        body[name.split("-")[2].partition(".")[0]] = digest
    own = f"stage-{graph.scope.stage}-"
    with refusals_logged(log, "trace.refused", {"warrant": graph.scope.warrant}), case.alone():
        require_case(case, graph.scope.case, documents, log)
        kept = {name: case.read(Part.GRAPH, name) for name in case.names(Part.GRAPH) if not name.startswith(own)}
        if case.names(Part.WARRANT):
            known = dict.fromkeys((*Documents.read(case).revocations, *documents.revocations))
            documents = replace(documents, revocations=tuple(known))
        receipt = log.commit(Entry("graph.written", body))
        case.replace({**(beside or {}), Part.WARRANT: documents.files(), Part.GRAPH: {**kept, **files}}, receipt)
    return digests


def read_graph(case: CaseFolder | str | Path, stage: int | None = None) -> TracedGraph:
    """The traced graph of a stage, by default the latest, checked whole; ``case`` may be named by its folder.

    Raises ``InputError``: ``case.part-missing``, ``graph.version``, ``graph.header``, ``graph.table``;
    ``StorageError`` (``case.altered``) where a file is not the one that was written.
    """
    if not isinstance(case, CaseFolder):
        case = CaseFolder.open(case)
    if stage is None:
        stage = max(stages(case), default=1)
    header = _header(case, stage)
    vertices = _table(case, stage, "vertices", VERTICES)
    pairs = _table(case, stage, "pairs", PAIRS)
    events = _table(case, stage, "events", EVENTS) if header.detail is Detail.CALLS else None
    graph = TracedGraph(header.scope, header.bound, header.detail, vertices, pairs, events, header.stores)
    _check(graph, f"{case.path}: stage {stage}")
    return graph


def read_accounts(case: CaseFolder, stage: int) -> tuple[Account, ...]:
    """The accounts of the imports that a stage's graph was traced in; empty if none were kept."""
    name = f"stage-{stage}-accounts.json"
    if name not in case.names(Part.GRAPH):
        return ()
    try:
        document = json.loads(case.read(Part.GRAPH, name))
        if document["version"] == ACCOUNT_VERSION:
            return tuple(Account.decode(json.dumps(account).encode()) for account in document["accounts"])
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError(
        "graph.accounts",
        "the accounts of the imports cannot be read",
        where=f"{case.path}/{Part.GRAPH.value}/{name}",
        mend="Run clew trace again.",
    )


def _header(case: CaseFolder, stage: int) -> Header:
    name = f"stage-{stage}-graph.json"
    return read_header(case.read(Part.GRAPH, name), f"{case.path}/{Part.GRAPH.value}/{name}")


def _table(case: CaseFolder, stage: int, name: str, schema: pa.Schema) -> pa.Table:
    file = f"stage-{stage}-{name}.parquet"
    where = f"{case.path}/{Part.GRAPH.value}/{file}"
    try:
        table = from_parquet(case.read(Part.GRAPH, file))
    except (pa.ArrowException, OSError) as error:
        raise _broken("cannot be read as Parquet", where) from error
    if table.schema != schema:
        raise _broken("has not the columns of this version", where)
    return table.replace_schema_metadata(None)


def _check(graph: TracedGraph, where: str) -> None:
    """Order, counts and ends of the tables (spec 2 to 5)."""
    if not _ascending(graph.vertices, ("hop", "vertex")):
        raise _broken("has vertices out of order", where)
    if not _ascending(graph.pairs, ("a", "b", "holder")):
        raise _broken("has pairs out of order", where)
    if graph.events is not None and not _ascending(
        graph.events, ("start", "a", "b", "holder", "kind", "record_id"), strictly=False
    ):
        raise _broken("has events out of order", where)
    by_hop = [0] * (graph.scope.hops + 1)
    for row in graph.vertices.group_by("hop").aggregate([([], "count_all")]).to_pylist():
        if not 0 <= row["hop"] <= graph.scope.hops:
            raise _broken("has a vertex beyond its last hop", where)
        by_hop[row["hop"]] = row["count_all"]
    distinct = graph.pairs.group_by(["a", "b"]).aggregate([]).num_rows
    if tuple(by_hop) != graph.bound.numbers_by_hop or distinct != graph.bound.pairs:
        raise _broken("does not hold what its bound counts", where)
    if not pc.all(pc.less(graph.pairs["a"], graph.pairs["b"]), min_count=0).as_py():
        raise _broken("has a pair whose ends are not in order", where)
    for table in (graph.pairs, graph.events):
        for end in ("a", "b"):
            if table is not None and not pc.all(pc.is_in(table[end], graph.vertices["vertex"]), min_count=0).as_py():
                raise _broken("has a pair of which one end is no vertex", where)


def _ascending(table: pa.Table, names: Sequence[str], *, strictly: bool = True) -> bool:
    """Whether the rows ascend by these columns; a null stands before every value."""
    rows = table.num_rows
    if rows < 2:
        return True
    before = pa.repeat(False, rows - 1)
    same = pa.repeat(True, rows - 1)
    for name in names:
        column = pc.fill_null(table[name], -1) if name == "record_id" else table[name]
        left, right = column.slice(0, rows - 1), column.slice(1)
        before = pc.or_(before, pc.and_(same, pc.less(left, right)))
        same = pc.and_(same, pc.equal(left, right))
    return bool(pc.all(before if strictly else pc.or_(before, same)).as_py())


def _broken(what: str, where: str) -> InputError:
    return InputError("graph.table", f"the traced graph {what}", where=where, mend="Run clew trace again.")
