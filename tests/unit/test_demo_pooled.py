"""The demo's comparison: its pooled graph is that of the naive oracle, and every kind of difference is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from clew.chain.graph import PAIRS, VERTICES, TracedGraph
from clew.cli.demo_joint import require_agreement, require_equal
from clew.cli.demo_pooled import Comparison, Pooled, compare, pooled
from clew.errors import ClewError
from clew.joint import holder, tracer
from clew.joint.couples import Couples
from tests.chain_cases import Contact
from tests.protocol import parties

SEED = "+9641000001"
HUB_LIMIT = 3


def stores() -> tuple[Couples, Couples]:
    """The sample, with a number that is a hub in the second store only, and followed in the first."""
    many = [Contact("+33100000001", f"+3310000001{digit}") for digit in range(HUB_LIMIT + 1)]
    border = [Contact(SEED, "+33100000001"), Contact(SEED, "+33100000002", kind=2)]
    own = [Contact(SEED, "+9641000002"), Contact("+9641000002", "+9641000003"), *border]
    own += [Contact("+33100000001", "+9641000009")]
    theirs = [Contact("+33100000003", "+33100000002", duration=30), Contact("+33100000003", "+33100000004")]
    return parties.couples(own, HUB_LIMIT), parties.couples([*theirs, *many, *border], HUB_LIMIT)


def named(own: Couples, theirs: Couples, hops: int) -> tuple[TracedGraph, dict[str, str]]:
    """The joint graph, and the numbers behind its pseudonyms."""
    pair = parties.traced(own, theirs, [SEED], hops, hub_limit=HUB_LIMIT)
    assert isinstance(pair.tracer, tracer.Traced)
    assert isinstance(pair.holder, holder.Finished)
    graph, vault = tracer.graph(pair.tracer), pair.holder.kept.vault
    numbers = {}
    for vertex in graph.vertices["vertex"].to_pylist():
        if vertex.startswith("p:"):
            place = vault.find(bytes.fromhex(vertex[2:]))
            assert place is not None
            numbers[vertex] = vault.number(place)
    return graph, numbers


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_the_pooled_graph_is_the_naive_oracles_and_the_joint_graph_equals_it(hops: int) -> None:
    own, theirs = stores()
    expected = pooled({"iq": own, "fr": theirs}, [SEED], hops)
    naive = parties.pooled({"iq": own, "fr": theirs}, [SEED], hops)
    assert dict(expected.hops) == naive.hop
    keys = list(zip(*(expected.pairs[name].to_pylist() for name in ("a", "b", "holder")), strict=True))
    assert set(keys) == naive.pairs
    assert len(keys) == len(naive.pairs)
    graph, numbers = named(own, theirs, hops)
    found = compare(graph, numbers, expected)
    assert found.equal, found
    assert (found.vertices, found.pairs) == (len(naive.hop), len(naive.pairs))
    require_equal(found)


def test_receipts_that_do_not_agree_are_no_result() -> None:
    """Harm stopped: "records sent: 0" on the word of one side."""
    nothing = {"messages": 0, "bytes": 0}
    tracer_says = {"snapshot_bytes": 9, "answered": {"items": 64}, "sent": {"messages": 1, "bytes": 7}}
    tracer_says |= {"received": nothing, "records_sent": 0, "records_received": 0}
    holder_says = {**tracer_says, "sent": nothing, "received": tracer_says["sent"]}
    require_agreement(tracer_says, holder_says)
    for name, other in (("records_sent", 1), ("sent", {"messages": 1, "bytes": 1}), ("answered", {"items": 65})):
        with pytest.raises(ClewError, match="differ in") as stop:
            require_agreement(tracer_says, {**holder_says, name: other})
        assert (stop.value.code, stop.value.exit_code) == ("demo.receipts-differ", 70)


def changed(graph: TracedGraph, **tables: pa.Table) -> TracedGraph:
    return replace(graph, **tables)


def without(table: pa.Table, place: int) -> pa.Table:
    return table.take([row for row in range(table.num_rows) if row != place])


def with_value(table: pa.Table, name: str, place: int, value: Any) -> pa.Table:
    rows = table.to_pylist()
    rows[place][name] = value
    return pa.Table.from_pylist(rows, table.schema)


@pytest.fixture(scope="module")
def equal() -> tuple[TracedGraph, dict[str, str], Pooled]:
    own, theirs = stores()
    return *named(own, theirs, 3), pooled({"iq": own, "fr": theirs}, [SEED], 3)


Equal = tuple[TracedGraph, dict[str, str], Pooled]


def differing(equal: Equal, **tables: pa.Table) -> dict[str, int]:
    """What the comparison says of a changed graph."""
    graph, numbers, expected = equal
    found: Comparison = compare(changed(graph, **tables), numbers, expected)
    with pytest.raises(ClewError, match=r"differs from the pooled one: \d") as stop:
        require_equal(found)
    assert (stop.value.code, stop.value.exit_code) == ("demo.unequal", 70)
    return {what: count for what, count in found.differences() if count}


def test_a_number_that_is_missing_or_too_many_is_no_equality(equal: Equal) -> None:
    vertices = equal[0].vertices
    assert differing(equal, vertices=without(vertices, 2)) == {"numbers are missing": 1}
    assert differing(equal, vertices=pa.concat_tables([vertices, vertices.slice(2, 1)])) == {"numbers are too many": 1}
    other = with_value(vertices, "vertex", 2, "+4900000001")
    assert differing(equal, vertices=other.cast(VERTICES)) == {"numbers are missing": 1, "numbers are too many": 1}


def test_another_hop_is_no_equality(equal: Equal) -> None:
    assert differing(equal, vertices=with_value(equal[0].vertices, "hop", 1, 2)) == {"numbers have another hop": 1}


def test_a_pair_that_is_missing_twice_or_another_holders_is_no_equality(equal: Equal) -> None:
    pairs = equal[0].pairs
    assert differing(equal, pairs=without(pairs, 0)) == {"pairs are missing": 1}
    assert differing(equal, pairs=pa.concat_tables([pairs, pairs.slice(0, 1)])) == {"pairs are too many": 1}
    assert set(differing(equal, pairs=with_value(pairs, "holder", 0, "nobody"))) == {
        "pairs are missing",
        "pairs are too many",
    }


def test_another_feature_of_one_pair_is_no_equality(equal: Equal) -> None:
    pairs = equal[0].pairs
    for name in ("calls_ab", "seconds_ba"):
        altered = pairs.set_column(
            PAIRS.names.index(name), PAIRS.field(name), pc.add(pairs[name], 1).cast(PAIRS.field(name).type)
        )
        assert differing(equal, pairs=altered) == {"pairs have other features": pairs.num_rows}
    week = list(pairs["hours"][1].as_py())
    week[5] += 1
    assert differing(equal, pairs=with_value(pairs, "hours", 1, week)) == {"pairs have other features": 1}


def test_a_pseudonym_that_stands_for_another_number_is_no_equality(equal: Equal) -> None:
    graph, numbers, expected = equal
    first, second = list(numbers)[:2]
    swapped = {**numbers, first: numbers[second], second: numbers[first]}
    assert not compare(graph, swapped, expected).equal
