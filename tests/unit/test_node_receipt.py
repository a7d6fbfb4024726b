"""The receipt of a joint trace: both sides' agree, it names no number, and nothing of it can be changed unnoticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clew.case.folder import CaseFolder, Part
from clew.chain.files import read_graph
from clew.errors import InputError
from clew.node.receipt import verify_receipt
from clew.node.running import Running
from tests.node_pair import REACHED, Desks, desks
from tests.unit.test_node_unmasking import UNTIL, both_sides, vertices
from tests.warrants import JUDGE, PARTNER

FAR = ["+33612000003", "+33612000004"]
"""Two numbers in no record of the tracer's, with a call between them in the holder's."""


def stored(one: Running) -> dict[str, Any]:
    """The signed receipt in a case folder, verified."""
    return verify_receipt(CaseFolder.open(one.folder).read(Part.JOINT, "receipt.json"))


def unmask(pair: Desks, pseudonyms: list[str]) -> None:
    request = pair.a.draft_unmasking(dict.fromkeys(pseudonyms, "called both bridges"), UNTIL)
    pair.a.unmask(request.approved(JUDGE).approved(PARTNER))
    assert pair.pass_on() is None


def hidden(pair: Desks) -> list[str]:
    return [vertex for vertex in vertices(pair) if vertex.startswith("p:")]


@pytest.fixture
def far(tmp_path: Path) -> Desks:
    """A trace of three hops, in which both numbers are reached."""
    return both_sides(tmp_path, hops=3)


def test_both_receipts_say_the_same_of_what_went_between_the_nodes(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.traced()
    a, b = stored(pair.a), stored(pair.b)
    assert a["sent"] == b["received"]
    assert a["received"] == b["sent"]
    for name in ("snapshot_bytes", "answered", "trace", "warrant"):
        assert a[name] == b[name]
    assert a["revealed"]["hops"] == b["revealed"]["hops"]
    assert [hop["items"] for hop in a["revealed"]["hops"]] == [64, 64, 64]
    assert [hop["rows"] for hop in a["revealed"]["hops"]] == [64, 64, 0]
    assert a["sent"]["bytes"] == sum(one["size"] for one in a["messages"] if one["sent"]) > 3 * 64 * 128
    assert a["sent"]["kinds"]["Ask"]["messages"] == 3
    assert a["revealed"]["reached"] == {"numbers": REACHED - 1, "pseudonyms": 1}
    assert b["revealed"]["reached"] is None  # the holder cannot know
    assert {a["revealed"]["to"], b["revealed"]["to"]} == {"Tracer"}
    assert a["records_sent"] == b["records_sent"] == 0


def test_a_receipt_counts_the_records_that_unmasking_hands_over(far: Desks) -> None:
    """It is not said that no record was sent when some were."""
    assert far.b.receipt()["records_sent"] == 0
    unmask(far, hidden(far))
    assert set(FAR) <= set(vertices(far))
    a, b = stored(far.a), stored(far.b)
    assert a["records_received"] == b["records_sent"] == 1
    assert a["answered"]["unmaskings"] == b["answered"]["unmaskings"] == 2
    (one,) = b["revealed"]["unmasked"]
    assert [vertex["revealed"] for vertex in one["vertices"]] == [True, True]
    assert one["approved_by"] == [JUDGE.public.id, PARTNER.public.id]
    table = pq.read_table(far.a.folder / "joint" / "records.parquet")
    (row,) = table.to_pylist()
    assert [row["a"], row["b"], row["holder"], row["duration"]] == [*FAR, "Holder", 60]
    assert "records.parquet" not in CaseFolder.open(far.b.folder).names(Part.JOINT)  # they are its own


def test_both_sides_keep_the_same_signed_list_of_what_was_unmasked(far: Desks) -> None:
    first, second = sorted(hidden(far))
    unmask(far, [first])
    unmask(far, [second])
    lists = [(one.folder / "joint" / "unmasked.json").read_bytes() for one in (far.a, far.b)]
    assert lists[0] == lists[1]
    requests = json.loads(lists[0])["requests"]
    assert [one["serial"] for one in requests] == [1, 2]
    assert sorted(vertex["number"] for one in requests for vertex in one["vertices"]) == FAR
    assert all(len(one["approvals"]) == 2 for one in requests)
    assert [one["records"]["count"] for one in requests] == [0, 1]


def test_no_receipt_and_no_log_entry_holds_a_number(far: Desks) -> None:
    unmask(far, hidden(far))
    for one in (far.a, far.b):
        texts = [
            json.dumps(one.receipt()),
            (one.folder / "joint" / "receipt.json").read_text(),
            (one.folder / "log" / "log.jsonl").read_text(),
        ]
        assert not any("+33" in text or "+964" in text for text in texts)


def test_what_was_shown_before_and_after_unmasking_stands_in_the_log(far: Desks) -> None:
    def graphs() -> list[str]:
        return [str(one.entry.body["vertices"]) for one in far.a.log.entries() if one.entry.kind == "graph.written"]

    assert len(graphs()) == 1
    unmask(far, hidden(far)[:1])
    assert len(set(graphs())) == 2
    far.a.result()
    far.restart("tracer")
    far.a.result()
    assert len(graphs()) == 2  # nothing is written or logged where it stands there already
    kinds = [one.entry.kind for one in far.a.log.entries() if one.entry.kind not in ("joint.agreed", "records.read")]
    assert kinds[-4:] == ["joint.unmask-asked", "joint.unmasked", "joint.receipt", "graph.written"]


def test_a_receipt_stays_when_the_secrets_are_destroyed(far: Desks) -> None:
    unmask(far, hidden(far)[:1])
    before = stored(far.a)
    far.a.close()
    assert far.pass_on() is None
    for side in ("tracer", "holder"):
        far.restart(side)
    a, b = stored(far.a), stored(far.b)
    assert a["state"] == b["state"] == "closed"
    for name in ("snapshot_bytes", "answered", "records_received"):
        assert a[name] == before[name]
    assert a["revealed"]["unmasked"] == before["revealed"]["unmasked"]
    assert a["sent"]["bytes"] == b["received"]["bytes"] > before["sent"]["bytes"]
    assert (far.a.folder / "joint" / "unmasked.json").read_bytes() == (
        far.b.folder / "joint" / "unmasked.json"
    ).read_bytes()
    assert read_graph(CaseFolder.open(far.a.folder)).bound.numbers > REACHED


def test_a_changed_receipt_is_not_taken_for_the_nodes(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.traced()
    data = (pair.a.folder / "joint" / "receipt.json").read_bytes()
    assert verify_receipt(data)["state"] == "traced"
    for changed in (data.replace(b'"records_sent": 0', b'"records_sent": 1'), data[:-40], b"[]", b"{}"):
        with pytest.raises(InputError, match="changed"):
            verify_receipt(changed)
    assert verify_receipt(data, node=pair.tracer.identity.card.identity) == verify_receipt(data)
    with pytest.raises(InputError, match="changed"):  # a receipt that another key signed, and names
        verify_receipt(data, node=pair.holder.identity.card.identity)
    last = stored(pair.a)["log"]
    assert pair.a.log.entries()[last["index"]].digest == last["digest"]


def test_a_case_that_a_crash_left_behind_its_steps_is_written_when_the_node_starts(far: Desks) -> None:
    """A power cut between the step of an unmasking and its case folder must not leave pseudonyms in the graph."""
    one = far.a

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    object.__setattr__(one.files, "write_case", cut)
    request = one.draft_unmasking({hidden(far)[0]: "called both bridges"}, UNTIL).approved(JUDGE).approved(PARTNER)
    one.unmask(request)
    with pytest.raises(KeyboardInterrupt):
        far.pass_on()
    assert len(hidden_in(one.folder)) == 2
    far.restart("tracer")
    assert len(hidden_in(far.a.folder)) == 1
    assert stored(far.a)["answered"]["unmaskings"] == 1


def hidden_in(folder: Path) -> list[str]:
    found: list[str] = read_graph(CaseFolder.open(folder)).vertices["vertex"].to_pylist()
    return [vertex for vertex in found if vertex.startswith("p:")]


def test_a_trace_that_was_refused_has_a_receipt_of_what_had_gone(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.b.refuse("our court says no")
    found = stored(pair.b)
    assert found["state"] == "ended"
    assert found["sent"]["kinds"].keys() == {"Acceptance", "HolderCommitments", "Refusal"}
    assert found["answered"] == dict.fromkeys(("items", "rows", "declared", "recognised", "unmaskings"), 0)
