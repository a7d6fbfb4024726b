"""Traced graphs in a case folder: written by stage, read back strictly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder, Part
from clew.chain.files import Documents, graph_files, read_graph, require_case, stages, verified_entry, write_trace
from clew.chain.graph import Detail, TracedGraph, read_header
from clew.chain.trace import trace
from clew.errors import ClewError, InputError, Refused, StorageError
from tests.chain_cases import Contact, FakeStore, MemoryLog, authorise

SEED, NEAR, FAR = "+9641111111", "id:town:7", "+9643333333"
CONTACTS = [Contact(SEED, NEAR, 3), Contact(NEAR, SEED, 1, record_id=1), Contact(NEAR, FAR, 2, record_id=2)]
PAPERS = Documents(b"warrant", b"policy", (b"second", b"third"), (b"revoked",))


def graph(detail: Detail = Detail.CALLS, **scope: Any) -> TracedGraph:
    return trace(FakeStore(CONTACTS), authorise(SEED, **scope), MemoryLog(), detail=detail)


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
    written = trace(FakeStore([]), authorise(SEED), MemoryLog(), detail=Detail.CALLS)
    write_trace(case, written, PAPERS, log)
    assert same(read_graph(case), written)


def test_the_same_records_give_the_same_bytes() -> None:
    assert graph_files(graph()) == graph_files(graph())


def test_the_documents_are_kept_beside_the_graph(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(), PAPERS, log)
    assert case.names(Part.WARRANT) == [
        "amendment-1.json",
        "amendment-2.json",
        "policy.toml",
        "revocation-1.json",
        "warrant.json",
    ]
    assert Documents.read(case).files() == PAPERS.files()


def test_an_earlier_stage_is_kept_and_the_latest_is_read_by_default(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    first, second = graph(), graph(stage=2, hops=1)
    write_trace(case, first, PAPERS, log)
    before = {name: case.read(Part.GRAPH, name) for name in case.names(Part.GRAPH)}
    write_trace(case, second, PAPERS, log)
    assert stages(case) == [1, 2]
    assert same(read_graph(case), second)
    assert same(read_graph(case, 1), first)
    assert all(case.read(Part.GRAPH, name) == data for name, data in before.items())


def test_a_coarse_graph_leaves_no_events_of_an_earlier_run_behind(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(Detail.CALLS), PAPERS, log)
    write_trace(case, graph(Detail.COARSE), PAPERS, log)
    assert "stage-1-events.parquet" not in case.names(Part.GRAPH)


def test_a_case_is_not_filled_with_the_graph_of_another_case(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    require_case(case, authorise(SEED), log)
    write_trace(case, graph(), PAPERS, log)
    with pytest.raises(Refused, match="another case"):
        require_case(case, authorise(SEED, case="other"), log)


def test_a_case_in_which_nothing_was_traced_yet_belongs_to_its_first_warrant(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    log.commit(verified_entry(authorise(SEED), PAPERS))
    require_case(case, authorise(SEED), log)
    with pytest.raises(Refused, match="another case"):
        require_case(case, authorise(SEED, case="other"), log)


def test_a_later_stage_is_not_overwritten_by_an_earlier_one(tmp_path: Path) -> None:
    case, log = a_case(tmp_path)
    write_trace(case, graph(stage=2), PAPERS, log)
    with pytest.raises(InputError, match="already at stage 2"):
        require_case(case, authorise(SEED), log)


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
    traced = trace(FakeStore(CONTACTS[:2]), authorise(SEED), MemoryLog()) if forge is turned else graph()
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
