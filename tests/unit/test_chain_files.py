"""Traced graphs in a case folder: written by stage, read back strictly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder, Part
from clew.chain.files import Documents, enter_case, graph_files, read_graph, stages, write_trace
from clew.chain.graph import Detail, TracedGraph, read_header
from clew.chain.trace import trace
from clew.errors import ClewError, InputError, Refused, StorageError
from clew.warrants.authorisation import Authorisation
from clew.warrants.verify import verify_warrant
from tests.chain_cases import Contact, FakeStore, MemoryLog
from tests.warrants import amend, clock, issue, policy

SEED, NEAR, FAR = "+9641111111", "id:town:7", "+9643333333"
CONTACTS = [Contact(SEED, NEAR, 3), Contact(NEAR, SEED, 1, record_id=1), Contact(NEAR, FAR, 2, record_id=2)]
WARRANT = issue([SEED])[0]
SECOND = amend(WARRANT, [SEED], hops=1)
PAPERS = Documents(WARRANT, b"policy")
AMENDED = Documents(WARRANT, b"policy", (SECOND,))
ELSE = Documents(WARRANT, b"policy", (amend(WARRANT, [NEAR]),))
"""Another second stage of the same warrant."""


def allowed(papers: Documents = PAPERS) -> Authorisation:
    return verify_warrant(papers.warrant, policy(), clock=clock(), amendments=papers.amendments)


def graph(detail: Detail = Detail.CALLS, papers: Documents = PAPERS) -> TracedGraph:
    return trace(FakeStore(CONTACTS), allowed(papers), MemoryLog(), detail=detail)


def a_case(tmp_path: Path) -> tuple[CaseFolder, FileLog]:
    case = CaseFolder.create(tmp_path / "case")
    return case, FileLog(case.log_path, lambda: datetime.now(UTC))


def same(one: TracedGraph, two: TracedGraph) -> bool:
    return (one.header(), one.vertices, one.pairs, one.events) == (two.header(), two.vertices, two.pairs, two.events)


@pytest.mark.parametrize("detail", list(Detail))
def test_a_graph_is_read_back_as_it_was_written(tmp_path: Path, detail: Detail) -> None:
    case, log = a_case(tmp_path)
    written = graph(detail)
    write_trace(case, written, PAPERS, log)
    assert same(read_graph(case), written)
    assert log.entries()[-1].entry.kind == "graph.written"


def test_an_empty_graph_is_read_back_too(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    written = trace(FakeStore([]), allowed(), MemoryLog(), detail=Detail.CALLS)
    write_trace(case, written, PAPERS, log)
    assert same(read_graph(case), written)


def test_the_same_records_give_the_same_bytes() -> None:
    assert graph_files(graph()) == graph_files(graph())


def test_the_documents_are_kept_beside_the_graph(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    papers = Documents(WARRANT, b"policy", (SECOND, amend(SECOND, [FAR])), (b"revoked",))
    write_trace(case, graph(papers=papers), papers, log)
    assert case.names(Part.WARRANT) == [
        "amendment-1.json",
        "amendment-2.json",
        "policy.toml",
        "revocation-1.json",
        "warrant.json",
    ]
    assert Documents.read(case).files() == papers.files()


def test_an_earlier_stage_is_kept_and_the_latest_is_read_by_default(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    first, second = graph(), graph(papers=AMENDED)
    write_trace(case, first, PAPERS, log)
    before = {name: case.read(Part.GRAPH, name) for name in case.names(Part.GRAPH)}
    write_trace(case, second, AMENDED, log)
    assert stages(case) == [1, 2]
    assert same(read_graph(case), second)
    assert same(read_graph(case, 1), first)
    assert all(case.read(Part.GRAPH, name) == data for name, data in before.items())


def test_a_coarse_graph_leaves_no_events_of_an_earlier_run_behind(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(Detail.CALLS), PAPERS, log)
    write_trace(case, graph(Detail.COARSE), PAPERS, log)
    assert "stage-1-events.parquet" not in case.names(Part.GRAPH)


def refused_with(log: FileLog) -> str:
    """The code of the refusal that the log ends with."""
    last = log.entries()[-1].entry
    assert last.kind == "trace.refused"
    return str(last.body["code"])


def test_a_case_is_not_filled_with_the_graph_of_another_case(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    enter_case(case, allowed(), PAPERS, log)
    write_trace(case, graph(), PAPERS, log)
    other = Documents(issue([SEED], case="other")[0], b"policy")
    with pytest.raises(Refused, match="another case"):
        enter_case(case, allowed(other), other, log)
    assert refused_with(log) == "trace.other-case"


def test_a_case_in_which_nothing_was_traced_yet_belongs_to_its_first_warrant(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    enter_case(case, allowed(), PAPERS, log)
    other = Documents(issue([FAR])[0], b"policy")
    with pytest.raises(Refused, match="another warrant"):
        enter_case(case, allowed(other), other, log)
    assert refused_with(log) == "trace.other-warrant"


def test_of_two_warrants_that_come_at_once_one_begins_the_case(tmp_path: Path) -> None:
    """Harm stopped: two first warrants in one log, after which the folder takes the graph of neither."""
    for round_ in range(5):
        case = CaseFolder.create(tmp_path / str(round_))
        papers = [PAPERS, Documents(issue([FAR])[0], b"policy")]
        both = threading.Barrier(2)
        refused: list[str] = []

        def enter(of: Documents, path: Path = case.path, both: Any = both, refused: list[str] = refused) -> None:
            one = CaseFolder.open(path)
            log = FileLog(one.log_path, lambda: datetime.now(UTC))
            both.wait()
            try:
                enter_case(one, allowed(of), of, log)
            except Refused as error:
                refused.append(error.code)

        threads = [threading.Thread(target=enter, args=(of,)) for of in papers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        logged = FileLog(case.log_path, lambda: datetime.now(UTC)).entries()
        roots = {one.entry.body["root"] for one in logged if one.entry.kind == "warrant.verified"}
        assert (refused, len(roots)) == (["trace.other-warrant"], 1)


def test_a_later_stage_is_not_overwritten_by_an_earlier_one(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(papers=AMENDED), AMENDED, log)
    with pytest.raises(Refused, match="already at stage 2"):
        enter_case(case, allowed(), PAPERS, log)
    assert refused_with(log) == "trace.later-stage"


def test_a_stage_that_was_finished_during_a_slower_trace_is_not_lost(tmp_path: Path) -> None:
    """Harm stopped: a trace of stage 1 that was begun first ends last, and takes the place of stage 2."""
    case, log = a_case(tmp_path)
    enter_case(case, allowed(), PAPERS, log)
    slow = graph()
    enter_case(case, allowed(AMENDED), AMENDED, log)
    write_trace(case, graph(papers=AMENDED), AMENDED, log)
    before = {
        path: path.read_bytes() for path in case.path.rglob("*.*") if path.is_file() and path.parent.name != "log"
    }
    with pytest.raises(Refused, match="already at stage 2"):
        write_trace(case, slow, PAPERS, log)
    assert refused_with(log) == "trace.later-stage"
    assert stages(case) == [2]
    assert all(path.read_bytes() == data for path, data in before.items())


def test_two_amendments_of_one_stage_do_not_take_each_others_place(tmp_path: Path) -> None:
    """Harm stopped: of two second stages that were signed, the one that was traced is replaced without a word."""
    case, log = a_case(tmp_path)
    write_trace(case, graph(papers=AMENDED), AMENDED, log)
    for attempt in (
        lambda: enter_case(case, allowed(ELSE), ELSE, log),
        lambda: write_trace(case, graph(papers=ELSE), ELSE, log),
    ):
        with pytest.raises(Refused, match="stage 2 of this case was traced under another document"):
            attempt()
        assert refused_with(log) == "trace.other-document"
    assert Documents.read(case).amendments == (SECOND,)


def test_a_revocation_that_a_case_holds_is_kept_by_the_next_trace(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(), replace(PAPERS, revocations=(b"one",)), log)
    write_trace(case, graph(), replace(PAPERS, revocations=(b"two",)), log)
    assert Documents.read(case).revocations == (b"one", b"two")


def test_a_case_without_a_graph_says_which_step_is_missing(tmp_path: Path) -> None:
    case, _ = a_case(tmp_path)
    with pytest.raises(InputError, match="stage-1-graph"):
        read_graph(case)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(), PAPERS, log)
    path = case.path / "graph" / "stage-1-pairs.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match="is not what the manifest says"):
        read_graph(case)


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def turned(table: pa.Table) -> pa.Table:
    """Every pair with its ends changed round."""
    names = ["b" if name == "a" else "a" if name == "b" else name for name in table.column_names]
    return table.rename_columns(names).select(table.column_names).cast(table.schema)


FORGERIES: list[tuple[str, str, Callable[[pa.Table], pa.Table]]] = [
    ("vertices", "out of order", lambda t: t.take(list(range(t.num_rows))[::-1])),
    ("vertices", "not the columns", lambda t: t.drop_columns(["hub"])),
    ("vertices", "not the columns", lambda t: t.set_column(1, "hop", t["hop"].cast(pa.int32()))),
    ("vertices", "what its bound counts", lambda t: t.slice(0, t.num_rows - 1)),
    ("vertices", "beyond its last hop", lambda t: t.set_column(1, t.schema.field(1), pa.array([0, 1, 9], pa.int8()))),
    ("pairs", "out of order", lambda t: pa.concat_tables([t, t])),
    ("pairs", "what its bound counts", lambda t: t.slice(1)),
    ("pairs", "not in order", turned),
    ("pairs", "no vertex", lambda t: t.set_column(0, t.schema.field(0), pa.array(["+1", "+2"]))),
    ("events", "out of order", lambda t: t.take(list(range(t.num_rows))[::-1])),
    ("events", "no vertex", lambda t: t.set_column(0, t.schema.field(0), pa.array(["+1", "+2", "+3"]))),
]


@pytest.mark.parametrize(("name", "said", "forge"), FORGERIES, ids=[f"{n}: {s}" for n, s, _ in FORGERIES])
def test_a_table_that_clew_would_not_write_is_not_read(
    tmp_path: Path, name: str, said: str, forge: Callable[[pa.Table], pa.Table]
) -> None:
    case, log = a_case(tmp_path)
    # The order of columns in a forged pair (b, a) may break the order of rows as well: one pair keeps it simple.
    traced = trace(FakeStore(CONTACTS[:2]), allowed(), MemoryLog()) if forge is turned else graph()
    write_trace(case, traced, PAPERS, log)
    files = {file: case.read(Part.GRAPH, file) for file in case.names(Part.GRAPH)}
    table = getattr(traced, name)
    files[f"stage-1-{name}.parquet"] = parquet(forge(table))
    case.replace({Part.GRAPH: files}, log.commit(log.entries()[-1].entry))
    with pytest.raises(InputError, match=said):
        read_graph(case)


def test_a_file_that_is_no_parquet_is_an_error_of_the_input(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(), PAPERS, log)
    files = {file: case.read(Part.GRAPH, file) for file in case.names(Part.GRAPH)} | {"stage-1-pairs.parquet": b"PAR1"}
    case.replace({Part.GRAPH: files}, log.commit(log.entries()[-1].entry))
    with pytest.raises(InputError, match="Parquet"):
        read_graph(case)


def test_a_header_is_read_back_to_the_byte() -> None:
    data = graph().header()
    assert read_header(data).encode() == data


def changed(path: str, value: object) -> bytes:
    document = json.loads(graph().header())
    place = document
    *way, last = path.split(".")
    for name in way:
        place = place[name]
    place[last] = value
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("detail", "all"),
        ("extra", 1),
        ("scope.stage", 0),
        ("scope.stage", True),
        ("scope.hops", 3),
        ("scope.hops", "2"),
        ("scope.case", 7),
        ("scope.warrant", "ab"),
        ("scope.warrant", "A" * 64),
        ("scope.from", "2026-03-02T03:00:00+03:00"),
        ("scope.from", "2027-03-02T00:00:00+00:00"),
        ("scope.from", "yesterday"),
        ("scope", []),
        ("bound.pairs", -1),
        ("bound.pairs", 1.0),
        ("bound.numbers_by_hop", [1, 2]),
        ("bound.numbers_by_hop", {"1": 2}),
        ("stores", {"own": "ab"}),
        ("stores", {"b": "0" * 64, "a": "0" * 64}),
        ("stores", [["own", "0" * 64]]),
        ("version", "1"),
        ("version", 1.0),
    ],
)
def test_a_header_with_a_value_that_clew_never_writes_is_refused(path: str, value: object) -> None:
    with pytest.raises(InputError) as refusal:
        read_header(changed(path, value))
    assert refusal.value.code == "graph.header"


def test_a_header_of_another_version_says_so() -> None:
    with pytest.raises(InputError) as refusal:
        read_header(changed("version", 2))
    assert refusal.value.code == "graph.version"


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d + b" ",
        lambda d: d[:-1],
        lambda d: d.replace(b"\n", b"\r\n"),
        lambda d: d[2:],
        lambda d: b"\xff" + d,
        lambda d: b"[" * 99_999,
    ],
)
def test_a_header_that_differs_in_one_byte_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ClewError):
        read_header(change(graph().header()))
