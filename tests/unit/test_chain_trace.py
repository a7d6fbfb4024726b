"""What a trace reads, follows, logs and refuses; each test is named for the harm it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clew.audit.log import Entry, Receipt
from clew.chain.graph import EVENTS, PAIRS, VERTICES, Bound, Detail, TracedGraph
from clew.chain.trace import count, trace
from clew.engine import Engine
from clew.errors import Refused, StorageError, UsageError
from clew.warrants.authorisation import Authorisation
from tests.chain_cases import BEGIN, END, PARTIES, Contact, FakeStore, MemoryLog, authorise

MICROSECOND = timedelta(microseconds=1)
SEED, NEAR, FAR, BEYOND = "+9641111111", "+9642222222", "+9643333333", "+9644444444"
CHAIN = [Contact(SEED, NEAR, record_id=1), Contact(FAR, NEAR, record_id=2), Contact(FAR, BEYOND, record_id=3)]


def traced(contacts: list[Contact], authorisation: Authorisation, detail: Detail = Detail.CALLS) -> TracedGraph:
    return trace(FakeStore(contacts), authorisation, MemoryLog(), detail=detail)


def names(graph: TracedGraph) -> set[str]:
    return set(graph.vertices["vertex"].to_pylist())


def pair_names(graph: TracedGraph) -> list[tuple[str, str]]:
    return list(zip(graph.pairs["a"].to_pylist(), graph.pairs["b"].to_pylist(), strict=True))


def row(graph: TracedGraph, a: str, b: str) -> dict[str, object]:
    return next(r for r in graph.pairs.to_pylist() if (r["a"], r["b"]) == (a, b))


def star(centre: str, leaves: int) -> list[Contact]:
    return [Contact(centre, f"+9645{leaf:06d}", record_id=100 + leaf) for leaf in range(leaves)]


def test_no_record_outside_the_window_is_ever_read() -> None:
    outside = [
        Contact(SEED, NEAR, start=BEGIN - MICROSECOND),
        Contact(SEED, FAR, start=END),
        Contact(SEED, BEYOND, start=END + timedelta(days=1)),
    ]
    inside = [Contact(SEED, "+9645555555", start=BEGIN), Contact(SEED, "+9646666666", start=END - MICROSECOND)]
    graph = traced(outside + inside, authorise(SEED))
    assert names(graph) == {SEED, "+9645555555", "+9646666666"}
    assert graph.events is not None
    assert all(BEGIN <= moment < END for moment in graph.events["start"].to_pylist())


def test_a_number_beyond_the_last_hop_never_appears() -> None:
    graph = traced(CHAIN, authorise(SEED, hops=2))
    assert names(graph) == {SEED, NEAR, FAR}
    assert pair_names(graph) == [(SEED, NEAR), (NEAR, FAR)]
    assert graph.events is not None
    assert BEYOND not in {*graph.events["a"].to_pylist(), *graph.events["b"].to_pylist()}


def test_nothing_is_looked_up_for_the_last_hop() -> None:
    crowd = [Contact(FAR, f"+9647{n:06d}") for n in range(50)]
    graph = traced(CHAIN + crowd, authorise(SEED, hops=2, hub_limit=10))
    last = graph.vertices.to_pylist()[-1]
    assert (last["vertex"], last["hop"], last["hub"], last["contacts"]) == (FAR, 2, None, None)


def test_a_pair_between_two_numbers_of_the_last_hop_is_not_in_the_graph() -> None:
    triangle = [Contact(SEED, NEAR), Contact(SEED, FAR), Contact(NEAR, FAR)]
    assert pair_names(traced(triangle, authorise(SEED, hops=1))) == [(SEED, NEAR), (SEED, FAR)]
    assert len(pair_names(traced(triangle, authorise(SEED, hops=2)))) == 3


def test_contacts_of_a_hub_are_not_followed() -> None:
    graph = traced([Contact(SEED, NEAR), *star(NEAR, 5)], authorise(SEED, hops=3, hub_limit=5))
    assert names(graph) == {SEED, NEAR}
    hub = graph.vertices.to_pylist()[1]
    assert (hub["hub"], hub["contacts"]) == (True, 6)
    assert (graph.bound.hubs, graph.bound.hub_seeds) == (1, 0)


def test_a_number_with_exactly_as_many_contacts_as_the_limit_is_no_hub() -> None:
    graph = traced([Contact(SEED, NEAR), *star(NEAR, 4)], authorise(SEED, hops=2, hub_limit=5))
    assert graph.bound.numbers == 6
    assert graph.bound.hubs == 0


def test_a_seed_that_is_a_hub_is_reported_and_not_passed() -> None:
    graph = traced([*star(SEED, 9), Contact(NEAR, FAR)], authorise(SEED, NEAR, hops=2, hub_limit=5))
    assert names(graph) == {SEED, NEAR, FAR}
    assert (graph.bound.hubs, graph.bound.hub_seeds, graph.bound.absent_seeds) == (1, 1, 0)
    seed = graph.vertices.to_pylist()[0]
    assert (seed["seed"], seed["hub"], seed["contacts"], seed["holders"]) == (True, True, 9, ["own"])


def test_a_pair_of_two_hubs_is_not_in_the_graph_and_a_pair_of_a_hub_and_a_passed_number_is() -> None:
    two_hubs = [Contact(SEED, NEAR), Contact(SEED, FAR), Contact(NEAR, FAR), *star(NEAR, 9), *star(FAR, 9)]
    assert pair_names(traced(two_hubs, authorise(SEED, hops=2, hub_limit=5))) == [(SEED, NEAR), (SEED, FAR)]


def test_a_seed_that_does_not_occur_is_a_vertex_and_is_counted_as_absent() -> None:
    graph = traced(CHAIN, authorise(SEED, "+33612345678", "id:elsewhere:1"))
    assert graph.bound.absent_seeds == 2
    absent = [r for r in graph.vertices.to_pylist() if not r["holders"]]
    assert [(r["vertex"], r["hub"], r["contacts"]) for r in absent] == [
        ("+33612345678", False, 0),
        ("id:elsewhere:1", False, 0),
    ]


@pytest.mark.parametrize("contacts", [[], [Contact(FAR, BEYOND)]], ids=["an empty store", "strangers' records"])
def test_seeds_without_records_give_an_honest_empty_graph(contacts: list[Contact]) -> None:
    graph = traced(contacts, authorise(SEED, NEAR))
    assert graph.bound == Bound((2, 0, 0), 0, 0, 0, 2)
    assert (graph.vertices.num_rows, graph.pairs.num_rows) == (2, 0)
    assert graph.events is not None
    assert graph.events.num_rows == 0


def test_an_empty_window_gives_an_empty_graph() -> None:
    assert traced(CHAIN, authorise(SEED, begin=BEGIN, end=BEGIN)).bound == Bound((1, 0, 0), 0, 0, 0, 1)


def test_a_warrant_without_a_hop_looks_at_no_record() -> None:
    graph = traced(CHAIN, authorise(SEED, hops=0))
    assert graph.bound == Bound((1,), 0, 0, 0, 0)
    assert graph.vertices.to_pylist() == [
        {"vertex": SEED, "hop": 0, "seed": True, "hub": None, "contacts": None, "holders": []}
    ]


def test_a_budget_is_never_met_by_leaving_numbers_out() -> None:
    log = MemoryLog()
    with pytest.raises(Refused) as refusal:
        trace(FakeStore(CHAIN), authorise(SEED, numbers=2), log)
    assert refusal.value.code == "trace.over-budget"
    assert "3 numbers lie inside the bound, and the warrant allows 2" in str(refusal.value)
    assert log.kinds() == ["records.read", "trace.bound", "trace.refused"]
    assert traced(CHAIN, authorise(SEED, numbers=3)).bound.numbers == 3


def test_counting_alone_says_more_than_the_budget_allows_without_tracing() -> None:
    log = MemoryLog()
    assert count(FakeStore(CHAIN), authorise(SEED, numbers=1), log).numbers == 3
    assert log.kinds() == ["records.read", "trace.bound"]
    assert log.logged[-1].entry.body["within"] is False


def test_the_bound_is_told_and_logged_before_any_feature_is_computed() -> None:
    log = MemoryLog()
    heard: list[tuple[int, list[str]]] = []
    trace(FakeStore(CHAIN), authorise(SEED), log, announce=lambda bound: heard.append((bound.numbers, log.kinds())))
    assert heard == [(3, ["records.read", "trace.bound"])]
    body = log.logged[1].entry.body
    assert {name: body[name] for name in ("hop_zero", "hop_one", "hop_two", "numbers", "pairs", "hubs")} == {
        "hop_zero": 1,
        "hop_one": 1,
        "hop_two": 1,
        "numbers": 3,
        "pairs": 2,
        "hubs": 0,
    }


def test_records_are_not_read_before_the_reading_is_logged() -> None:
    class FullDisk(MemoryLog):
        def commit(self, entry: Entry) -> Receipt:
            raise StorageError("log.unwritable", "the log cannot be written")

    class Watched(FakeStore):
        def attach(self, engine: Engine, authorisation: Authorisation, receipt: Receipt) -> None:
            raise AssertionError("records were read")

    with pytest.raises(StorageError):
        trace(Watched(CHAIN), authorise(SEED), FullDisk())


def test_no_number_stands_in_the_log_or_in_what_is_printed_of_a_graph() -> None:
    log = MemoryLog()
    graph = trace(FakeStore(CHAIN), authorise(SEED), log, detail=Detail.CALLS)
    shown = repr([logged.entry for logged in log.entries()]) + repr(graph) + str(graph)
    assert not any(number.removeprefix("+") in shown for number in (SEED, NEAR, FAR))


def test_an_expired_warrant_reads_nothing() -> None:
    log = MemoryLog()
    with pytest.raises(Refused, match="expired"):
        trace(FakeStore(CHAIN), authorise(SEED, expired=True), log)
    assert log.kinds() == []


def test_blinded_seeds_are_left_to_the_joint_trace() -> None:
    log = MemoryLog()
    with pytest.raises(Refused, match="joint trace"):
        trace(FakeStore(CHAIN), authorise(SEED, bytes(32)), log)
    assert log.kinds() == []


def test_a_missed_call_is_answered_once_and_only_strictly_later_within_the_hour() -> None:
    hour = timedelta(hours=1)
    day = [BEGIN + timedelta(days=d) for d in range(6)]
    contacts = [
        Contact(NEAR, SEED, 3, day[0]),  # called back at the very end of the hour
        Contact(SEED, NEAR, 1, day[0] + hour),
        Contact(NEAR, SEED, 3, day[1]),  # too late by a microsecond
        Contact(SEED, NEAR, 1, day[1] + hour + MICROSECOND),
        Contact(NEAR, SEED, 3, day[2]),  # at the same moment: not after it
        Contact(SEED, NEAR, 1, day[2]),
        Contact(NEAR, SEED, 3, day[3]),  # two missed calls, one message back: both are answered
        Contact(NEAR, SEED, 3, day[3] + MICROSECOND),
        Contact(SEED, NEAR, 2, day[3] + 2 * MICROSECOND),
        Contact(NEAR, SEED, 3, day[4]),  # two calls back: answered once
        Contact(SEED, NEAR, 1, day[4] + MICROSECOND),
        Contact(SEED, NEAR, 1, day[4] + 2 * MICROSECOND),
        Contact(NEAR, SEED, 3, day[5]),  # neither a missed call back nor their own next call answers it
        Contact(SEED, NEAR, 3, day[5] + MICROSECOND),
        Contact(NEAR, SEED, 1, day[5] + 2 * MICROSECOND),
    ]
    found = row(traced(contacts, authorise(SEED)), SEED, NEAR)
    assert found["callbacks_ab"] == 4  # day 0, twice on day 3, day 4
    assert found["callbacks_ba"] == 1  # their call after the missed one of day 5


def test_hours_of_the_week_go_by_the_wall_clock_of_the_record() -> None:
    late = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)  # Tuesday
    contacts = [Contact(SEED, NEAR, start=late, zone_offset=180), Contact(SEED, NEAR, start=BEGIN, zone_offset=0)]
    hours = row(traced(contacts, authorise(SEED)), SEED, NEAR)["hours"]
    assert isinstance(hours, list)
    assert {hour: n for hour, n in enumerate(hours) if n} == {0: 1, 2 * 24 + 1: 1}  # Monday 00, Wednesday 01


def test_a_record_of_unknown_kind_is_no_contact() -> None:
    graph = traced([Contact(SEED, NEAR, 1, record_id=1), Contact(SEED, NEAR, 0, record_id=2)], authorise(SEED))
    assert graph.events is not None
    assert graph.events["record_id"].to_pylist() == [1]
    assert sum(row(graph, SEED, NEAR)["hours"]) == 1  # type: ignore[call-overload]


def test_events_of_one_moment_are_in_one_order() -> None:
    contacts = [Contact(NEAR, SEED, 2), Contact(SEED, FAR, 1), Contact(SEED, NEAR, 2), Contact(SEED, NEAR, 1)]
    graph = traced(contacts, authorise(SEED))
    assert graph.events is not None
    found = [(e["a"], e["b"], e["kind"]) for e in graph.events.to_pylist()]
    assert found == [(SEED, NEAR, 1), (SEED, NEAR, 2), (SEED, FAR, 1), (NEAR, SEED, 2)]


def test_durations_that_are_not_known_add_nothing() -> None:
    contacts = [
        Contact(SEED, NEAR, 1, duration=None),
        Contact(SEED, NEAR, 1, duration=30),
        Contact(SEED, NEAR, 3, duration=9),
    ]
    assert row(traced(contacts, authorise(SEED)), SEED, NEAR)["seconds_ab"] == 30


def test_pairs_are_ordered_by_code_point_and_not_by_value() -> None:
    ten, nine, opaque = "+10123456789", "+9123456", "id:t:1"
    graph = traced([Contact(nine, ten), Contact(opaque, nine, 2)], authorise(nine))
    assert pair_names(graph) == [(ten, nine), (nine, opaque)]
    assert row(graph, ten, nine)["calls_ba"] == 1
    assert row(graph, nine, opaque)["messages_ba"] == 1


def test_a_store_that_lost_the_text_of_an_identifier_is_refused() -> None:
    class Forgetful(FakeStore):
        def attach(self, engine: Engine, authorisation: Authorisation, receipt: Receipt) -> None:
            super().attach(engine, authorisation, receipt)
            engine.register("parties", PARTIES.empty_table())

    with pytest.raises(StorageError, match="has no text"):
        trace(Forgetful([Contact(SEED, "id:t:1")]), authorise(SEED), MemoryLog())


def test_a_coarse_graph_has_no_events_and_tables_have_the_schemas_of_the_spec() -> None:
    coarse, detailed = (traced(CHAIN, authorise(SEED), detail) for detail in Detail)
    assert coarse.events is None
    assert detailed.events is not None
    assert (coarse.vertices, coarse.pairs) == (detailed.vertices, detailed.pairs)
    assert (detailed.vertices.schema, detailed.pairs.schema, detailed.events.schema) == (VERTICES, PAIRS, EVENTS)


@pytest.mark.parametrize("name", ["", " own", "+9647901234567", "0790 123 45 67", "a\nb", "x" * 65])
def test_a_holder_cannot_be_called_like_a_number(name: str) -> None:
    with pytest.raises(UsageError, match="holder"):
        trace(FakeStore(CHAIN), authorise(SEED), MemoryLog(), holder=name)
