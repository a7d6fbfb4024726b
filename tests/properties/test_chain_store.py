"""From lines of files to the traced graph: what importing keeps out of chaining, chaining never sees."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.chain.graph import Detail
from clew.chain.trace import trace
from clew.effects import system_clock
from clew.records.importer import import_files
from clew.records.store import Store
from tests.chain_cases import BEGIN, Contact, MemoryLog, authorise
from tests.cli.tracing import profile
from tests.properties.test_chain import naive, naive_features

KINDS = {"video": 0, "voice": 1, "message": 2, "missed": 3, "forwarded": 4}
# Two spellings of one number; a short code, a sender and a withheld number, which are no vertices.
PARTIES = {
    "+9647901234567": "+9647901234567",
    "00964 790 123 4567": "+9647901234567",
    "+33612345678": "+33612345678",
    "+12025550100": "+12025550100",
    "+4915112345678": "+4915112345678",
    "122": None,
    "BANK": None,
    "": None,
}


class Line(NamedTuple):
    """One line of a file."""

    a: str
    b: str
    kind: str
    hour: int
    seconds: int


lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(list(PARTIES)),
        st.sampled_from(list(PARTIES)),
        st.sampled_from(list(KINDS)),
        st.integers(-2, 7 * 24 + 1),
        st.integers(0, 900),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 3))
def test_chaining_follows_the_lines_between_vertices_and_nothing_else(
    files: list[list[Line]], hops: int, limit: int
) -> None:
    contacts = []
    with tempfile.TemporaryDirectory() as folder:
        for number, found in enumerate(files, 1):
            path = Path(folder) / f"{number}.csv"
            rows = [f"{x.a},{x.b},{(BEGIN + timedelta(hours=x.hour)).isoformat()},{x.seconds},{x.kind}" for x in found]
            path.write_text("\n".join(["from,to,start,seconds,kind", *rows, ""]))
            import_files(Path(folder) / "store", [(path, profile())], clock=system_clock)
            for unit, x in enumerate(found, 1):  # unit 0 is the header
                a, b = PARTIES[x.a], PARTIES[x.b]
                if a is not None and b is not None:
                    start = BEGIN + timedelta(hours=x.hour)
                    contacts.append(Contact(a, b, KINDS[x.kind], start, x.seconds, 0, number * 2**36 + unit))
        seeds = ["+9647901234567"]
        scope = authorise(*seeds, hops=hops, hub_limit=limit)
        graph = trace(Store.open(Path(folder) / "store"), scope, MemoryLog(), detail=Detail.CALLS)

    hop, _, _, pairs = naive(contacts, seeds, scope.begin, scope.end, hops, limit)
    assert graph.vertices["vertex"].to_pylist() == sorted(hop, key=lambda number: (hop[number], number))
    assert graph.pairs.to_pylist() == [
        {"a": a, "b": b, "holder": "own", **naive_features(a, found)} for (a, b), found in sorted(pairs.items())
    ]
    assert graph.events is not None
    expected = {(r.record_id, r.a, r.b) for found in pairs.values() for r in found}
    assert set(zip(*(graph.events[name].to_pylist() for name in ("record_id", "a", "b")), strict=True)) == expected


def test_the_legs_of_one_call_are_one_contact(tmp_path: Path) -> None:
    rows = [
        "from,to,start,seconds,kind,call",
        "+9647901234567,+33612345678,2026-03-02T10:00:00Z,0,missed,x1",
        "+9647901234567,+33612345678,2026-03-02T10:00:05Z,40,voice,x1",
        "+9647901234567,+33612345678,2026-03-02T11:00:00Z,50,voice,x2",
    ]
    path = tmp_path / "legs.csv"
    path.write_text("\n".join([*rows, ""]))
    import_files(tmp_path / "store", [(path, replace(profile(), call="call"))], clock=system_clock)
    scope = authorise("+9647901234567")
    graph = trace(Store.open(tmp_path / "store"), scope, MemoryLog(), detail=Detail.CALLS)
    (pair,) = graph.pairs.to_pylist()
    assert (pair["calls_ab"] + pair["calls_ba"], pair["missed_ab"] + pair["missed_ba"]) == (2, 0)
    assert pair["seconds_ab"] + pair["seconds_ba"] == 90
