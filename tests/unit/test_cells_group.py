"""The ranked group: what lifts a number, what must not, and what is said about it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from clew.cells import Findings, find, parse_findings
from clew.cells.contacts import read_contacts
from clew.cells.find import verbal_scale
from clew.cells.together import HALF_HOUR, stand_together
from clew.chain.graph import VERTICES, Detail, TracedGraph
from clew.errors import InputError
from clew.words import sentences
from clew.words.sentences import Sentence
from clew.words.speaker import LANGUAGES, Language, Speaker
from tests.cells_graphs import Contact, call, trace, vast
from tests.shared_data import shared

SEEDS = ["id:t:s1", "id:t:s2"]


def town(seed: int = 4) -> list[Contact]:
    """Two seeds in a crew of six that relays in bursts, each with a family, and a hotline that everybody calls."""
    dice = random.Random(seed)
    crew = [*SEEDS, *(f"id:t:m{n}" for n in range(4))]
    rows: list[Contact] = []
    for day in range(0, 28, 2):
        minute = day * 1440 + dice.randint(500, 1200)
        for a, b in zip(crew, crew[1:] + crew[:1], strict=True):
            minute += dice.randint(2, 9)
            rows.append(call(a, b, minute))
            dice.shuffle(crew)
    for person, relative in product([*SEEDS, *(f"id:t:m{n}" for n in range(4))], range(4)):
        for _ in range(dice.randint(2, 9)):
            rows.append(call(person, f"id:t:{person[-2:]}r{relative}", dice.randint(0, 28 * 1440)))
    callers = sorted({number for row in rows for number in row[:2]})
    return rows + [call(number, "id:t:hotline", dice.randint(0, 28 * 1440)) for number in callers]


def reasons_of(findings: Findings, vertex: str) -> list[dict[str, Any]]:
    (row,) = [row for row in findings.ranked.to_pylist() if row["vertex"] == vertex]
    return [*row["reasons"], row["benign"]]


def said(findings: Findings, vertex: str) -> list[str]:
    """Everything said about a number, in English."""
    speaker = Speaker(Language.EN)
    return [speaker.say(r["msgid"], json.loads(r["values"])) for r in reasons_of(findings, vertex)]


@pytest.fixture(scope="module")
def traced() -> TracedGraph:
    return trace(town(), SEEDS, hub_limit=20)


@pytest.fixture(scope="module")
def found(traced: TracedGraph) -> Findings:
    return find(traced)


def test_the_crew_comes_before_the_families(found: Findings) -> None:
    first = found.ranked["vertex"].to_pylist()[:4]
    assert first == sorted(first, key=first.index)
    assert set(first) == {f"id:t:m{n}" for n in range(4)}


def test_a_hub_of_a_partner_is_not_said_to_have_few_contacts_that_are_more_than_the_limit() -> None:
    """The partner's node says that a number is a hub, and not how many contacts it has."""
    graph = trace(town(), SEEDS, hub_limit=20)
    place = graph.vertices.schema.get_field_index("contacts")
    hotline = pc.equal(graph.vertices["vertex"], "id:t:hotline")
    contacts = pc.if_else(hotline, pa.scalar(3, pa.int32()), graph.vertices["contacts"])
    ends = [pc.equal(graph.pairs[end], "id:t:hotline") for end in ("a", "b")]
    known = replace(
        graph,
        vertices=graph.vertices.set_column(place, VERTICES.field("contacts"), contacts),
        pairs=graph.pairs.filter(pc.invert(pc.or_(*ends))),
    )
    (hub,) = find(known).document["hubs"]
    assert hub["sentence"] == {"msgid": sentences.HUB_OF_THE_PARTNER.one, "values": {"limit": 20}}


def test_seeds_and_hubs_are_listed_apart_and_never_ranked(found: Findings) -> None:
    ranked = set(found.ranked["vertex"].to_pylist())
    assert not ranked & {*SEEDS, "id:t:hotline"}
    assert [seed["state"] for seed in found.document["seeds"]] == ["used", "used"]
    (hub,) = found.document["hubs"]
    assert hub["vertex"] == "id:t:hotline"
    assert hub["contacts"] == 30


def test_a_shared_hotline_ties_nobody_to_the_seeds() -> None:
    """Harm stopped: everybody who called the same bank becomes a lead."""
    alone = [call(SEEDS[0], f"id:t:friend{n}", 100 * n) for n in range(5)]
    bank = [
        call(number, "id:t:bank", 77 * n) for n, number in enumerate([SEEDS[0], *(f"id:t:x{n}" for n in range(30))])
    ]
    without = find(trace(alone, SEEDS[:1], hub_limit=20))
    with_bank = find(trace(alone + bank, SEEDS[:1], hub_limit=20))
    assert set(with_bank.ranked["vertex"].to_pylist()) == set(without.ranked["vertex"].to_pylist())


def test_a_new_or_short_lived_number_stands_like_an_old_one() -> None:
    """Harm stopped: guilt made out of a new, cheap, short-lived telephone."""
    rows = [call(SEEDS[0], number, minute) for number in ("id:t:old", "id:t:new") for minute in range(0, 40000, 5000)]
    graph = trace(rows, SEEDS[:1], detail=Detail.COARSE)
    table = graph.pairs.to_pylist()
    short = next(row for row in table if "id:t:new" in (row["a"], row["b"]))
    short["first"] = short["last"]
    graph = replace(graph, pairs=pa.Table.from_pylist(table, graph.pairs.schema))
    by_name = {row["vertex"]: row for row in find(graph).ranked.to_pylist()}
    assert by_name["id:t:old"]["probability"] == by_name["id:t:new"]["probability"]


def test_relaying_within_the_half_hour_lifts_more_than_the_same_calls_scattered() -> None:
    rows: list[Contact] = []
    for day in range(12):
        rows += [call(SEEDS[0], "id:t:relay", day * 1440 + 600), call("id:t:relay", "id:t:far", day * 1440 + 610)]
        rows += [
            call(SEEDS[0], "id:t:plain", day * 1440 + 100),
            call("id:t:plain", "id:t:away", day * 1440 + 400 + 50 * day),
        ]
        rows += [call("id:t:relay", "id:t:far", day * 1440 + 90 * day), call("id:t:plain", "id:t:away", day * 1440)]
    scores = {row["vertex"]: row["together"] for row in find(trace(rows, SEEDS[:1])).ranked.to_pylist()}
    assert scores["id:t:relay"] > scores["id:t:plain"]


@pytest.mark.parametrize("seed", range(6))
def test_standing_together_is_what_two_loops_count(seed: int) -> None:
    dice = random.Random(seed)
    people = [f"id:t:{n}" for n in range(6)]
    rows = [call(*dice.sample(people, 2), dice.randint(0, 6 * 1440)) for _ in range(70)]
    contacts = read_contacts(trace(rows, people[:1], hops=4))
    events = contacts.events
    assert events is not None
    found = stand_together(contacts, events)
    ends = list(zip(events.a.tolist(), events.b.tolist(), events.seconds.tolist(), strict=True))
    for row, (a, b, at) in enumerate(ends):
        for end, (mine, other) in enumerate(((a, b), (b, a))):
            others = [t for x, y, t in ends if mine in (x, y) and other not in (x, y)]
            near = sum(abs(t - at) <= HALF_HOUR for t in others)
            of_day = [abs((t - at + 43200) % 86400 - 43200) for t in others]
            own = [t for x, y, t in ends if mine in (x, y)]
            days = max(int(np.ceil((max(own) - min(own)) / 86400)), 1)
            same_hour = sum(d <= HALF_HOUR for d in of_day)
            assert found.observed[end, row] == near
            expected = (same_hour - near + len(others) / days / 24) / days
            assert found.expected[end, row] == pytest.approx(max(expected, 0.0))


def test_every_number_has_reasons_and_an_innocent_explanation(found: Findings) -> None:
    for row in found.ranked.to_pylist():
        assert row["reasons"], row["rank"]
        assert row["benign"]["msgid"].strip()
    assert any("In contact with" in text for text in said(found, "id:t:m0"))


def test_records_behind_a_reason_are_contacts_of_that_number(traced: TracedGraph, found: Findings) -> None:
    """Harm stopped: somebody else's calls shown as evidence against a number."""
    assert traced.events is not None
    ends = {row["record_id"]: {row["a"], row["b"]} for row in traced.events.to_pylist()}
    shown = 0
    for row in found.ranked.to_pylist():
        for reason in [*row["reasons"], row["benign"]]:
            assert len(reason["records"]) <= found.document["method"]["parameters"]["records_shown"]
            assert len(reason["records"]) <= reason["count"]
            assert all(row["vertex"] in ends[record] for record in reason["records"])
            shown += len(reason["records"])
    assert shown > 100


def test_a_count_of_contacts_with_the_seed_is_the_count_in_the_records() -> None:
    rows = [call(SEEDS[0], "id:t:a", 10 * n) for n in range(7)] + [call("id:t:a", SEEDS[1], 5)]
    found = find(trace(rows, SEEDS))
    assert "In contact with 2 of the 2 seeds (id:t:s1, id:t:s2): 8 contacts." in said(found, "id:t:a")
    assert len(reasons_of(found, "id:t:a")[0]["records"]) == 8


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([call(SEEDS[0], "id:t:v", 9)], sentences.BENIGN_FEW),
        ([call(SEEDS[0], "id:t:v", 9 * n) for n in range(20)], sentences.BENIGN_ONE_TIE),
        (
            [call(f"id:t:c{n}", "id:t:v", 9 * n) for n in range(30)] + [call(SEEDS[0], "id:t:v", 1)],
            sentences.BENIGN_SERVICE,
        ),
        (
            [
                call(a, b, 1440 * day + 60 * (23 + 2 * (day % 2)) + minute)
                for day in range(9)
                for minute, (a, b) in enumerate(product([SEEDS[0], "id:t:v"], ["id:t:w", "id:t:x"]))
            ]
            + [call(SEEDS[0], "id:t:v", 1440 * 5 + 5)]
            + [call("id:t:w", "id:t:x", 1440 * 6 + 5)],
            sentences.BENIGN_NIGHT,
        ),
        (
            [
                call(a, b, 1440 * day + 600 + minute)
                for day in range(9)
                for minute, (a, b) in enumerate(product([SEEDS[0], "id:t:v"], ["id:t:w", "id:t:x"]))
            ]
            + [call("id:t:w", "id:t:x", 1440 * 6 + 605)],
            sentences.BENIGN_WORK,
        ),
    ],
    ids=["few", "one tie", "service", "night", "work"],
)
def test_the_innocent_explanation_is_chosen_by_the_facts(rows: list[Contact], expected: Sentence) -> None:
    found = find(trace(rows, SEEDS[:1]))
    assert reasons_of(found, "id:t:v")[-1]["msgid"] == expected.one


@pytest.mark.parametrize(("known", "k"), [(1, 0), (2, 0), (3, 3)])
def test_an_acquaintance_of_one_or_two_is_offered_only_where_it_is_so(known: int, k: int) -> None:
    """Harm stopped: a number in contact with five of the seeds is called an acquaintance of one or two of them."""
    seeds = [f"id:t:s{n}" for n in range(1, 6)]
    rows = [call(seed, f"id:t:{seed[-2:]}r{n}", 90 * n) for seed in seeds for n in range(4)]
    rows += [call(seed, "id:t:v", 2000 * n) for n in range(1, 5) for seed in seeds[:known]]
    rows += [call("id:t:v", f"id:t:w{n}", 7000 + 500 * n) for n in range(8)]
    benign = reasons_of(find(trace(rows, seeds)), "id:t:v")[-1]
    expected = sentences.BENIGN_COMMON_ACQUAINTANCE if k else sentences.BENIGN_ACQUAINTANCE
    assert benign["msgid"] == expected.one
    assert json.loads(benign["values"]) == ({"k": k} if k else {})


def test_of_one_listed_number_it_is_said_that_it_has_the_probability(traced: TracedGraph) -> None:
    """Harm stopped: "4,616 numbers were ranked; 1 have": the plural of one count chosen by another."""
    summary = find(traced).document["summary"]
    assert summary["sentences"][1]["values"]["listed"] == summary["listed"]
    one = {"listed": 1, "at": {"share": 0.5}}
    assert Speaker(Language.EN).say(sentences.SUMMARY_LISTED, one) == "1 of them has a probability of 50% or more."


def test_a_coarse_graph_says_what_it_could_not_use() -> None:
    found = find(trace(town(), SEEDS, hub_limit=20, detail=Detail.COARSE))
    assert sentences.LIMIT_COARSE.one in {limit["msgid"] for limit in found.document["limits"]}
    assert set(found.ranked["vertex"].to_pylist()[:4]) == {f"id:t:m{n}" for n in range(4)}
    assert all(not reason["records"] for row in found.ranked.to_pylist() for reason in row["reasons"])


def test_absent_and_hub_seeds_are_said_and_give_no_weight() -> None:
    rows = [call("id:t:s1", f"id:t:x{n}", n) for n in range(30)] + [call("id:t:s2", "id:t:a", n) for n in range(3)]
    found = find(trace(rows, ["id:t:s1", "id:t:s2", "id:t:gone"], hub_limit=20))
    states = {seed["vertex"]: seed["state"] for seed in found.document["seeds"]}
    assert states == {"id:t:s1": "hub", "id:t:s2": "used", "id:t:gone": "absent"}
    assert found.ranked["vertex"].to_pylist() == ["id:t:a"]
    limits = {limit["msgid"] for limit in found.document["limits"]}
    assert {sentences.LIMIT_ABSENT_SEEDS.one, sentences.LIMIT_HUB_SEEDS.one} <= limits


def test_no_sentence_gives_a_verdict_a_role_or_a_trait() -> None:
    """Harm stopped: a list of leads that reads like a list of the guilty."""
    forbidden = [
        "terroris",
        "crimin",
        "guilt",
        "suspect",
        "leader",
        "boss",
        "burner",
        "offender",
        "enemy",
        "accomplice",
    ]
    for one in vars(sentences).values():
        if isinstance(one, Sentence):
            assert not [word for word in forbidden if word in f"{one.one} {one.many}".lower()], one.one


def test_every_sentence_said_can_be_said_in_every_language(found: Findings) -> None:
    said_in_all = 0
    for language in LANGUAGES:
        speaker = Speaker(language)
        document = found.document
        for sentence in (*document["limits"], *document["notes"], *document["summary"]["sentences"]):
            assert speaker.say(sentence["msgid"], sentence["values"])
        for row in found.ranked.to_pylist():
            for reason in [*row["reasons"], row["benign"]]:
                assert speaker.say(reason["msgid"], json.loads(reason["values"]))
                said_in_all += 1
    assert said_in_all > 100


def test_findings_come_back_from_their_files(found: Findings) -> None:
    again = parse_findings(found.files())
    assert again.document == json.loads(found.files()["findings.json"])
    assert again.ranked.equals(found.ranked)
    assert again.successions.equals(found.successions)
    assert again.files() == found.files()


@pytest.mark.parametrize("name", ["findings.json", "ranked.parquet", "successions.parquet"])
def test_broken_findings_are_an_input_error(found: Findings, name: str) -> None:
    files = found.files()
    with pytest.raises(InputError, match=r"findings\.unreadable"):
        parse_findings({**files, name: files[name][:40]})
    newer = files["findings.json"].replace(b'"version": 1', b'"version": 9', 1)
    with pytest.raises(InputError, match=r"findings\.version"):
        parse_findings({**files, "findings.json": newer})


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (1.9, "no support"),
        (2, "weak"),
        (10, "moderate"),
        (100, "moderately strong"),
        (1000, "strong"),
        (10_000, "strong"),
    ],
)
def test_the_verbal_scale(ratio: float, word: str) -> None:
    assert verbal_scale(ratio) == word


def test_vast_the_first_four_around_200_are_those_of_the_answer_key() -> None:
    contacts = vast(shared("vast2008_mc3/CellPhoneCallRecords.csv"))
    week = (datetime(2006, 6, 1, tzinfo=UTC), datetime(2006, 6, 8, tzinfo=UTC))
    graph = trace(contacts, ["id:vast2008:200"], window=week)
    assert graph.bound.numbers_by_hop == (1, 5, 124)
    first = find(graph).ranked["vertex"].to_pylist()[:4]
    assert set(first) == {f"id:vast2008:{n}" for n in (1, 2, 3, 5)}
