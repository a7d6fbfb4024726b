"""A joint trace from the first word to the last, as a story: no mocks, no sockets, every message encoded and parsed."""

from __future__ import annotations

from pathlib import Path

from clew.audit.log import FileLog
from clew.joint import holder, tracer
from clew.joint.unmasking import approve
from tests.protocol.parties import APPROVER, NOW, authorised, committed, sample

SEED = "+9641000001"


def test_two_services_trace_one_group_and_hand_over_no_record() -> None:
    # Two services each hold half of the calls. They agree on a window and a hub limit; then each commits to what it
    # holds, before anybody has named a number.
    own, theirs = sample()
    pair = committed(own, theirs)

    # A court names one number. The warrant shows the holder only a point; the tracer was told the number by its court.
    start = authorised(pair, [SEED], hops=2)

    # The tracer asks, hop after hop. The holder sees lists of 64 random points, and answers with proofs.
    pair.run(start)
    assert isinstance(pair.tracer, tracer.Traced)
    assert isinstance(pair.holder, holder.Finished)

    # The graph: the tracer's own numbers by number, the partner's by pseudonym, the same as out of one pooled store.
    graph = tracer.graph(pair.tracer)
    found = {row["vertex"]: row["hop"] for row in graph.vertices.to_pylist()}
    assert {v: h for v, h in found.items() if v.startswith("+")} == {
        SEED: 0,
        "+9641000002": 1,
        "+33100000001": 1,
        "+33100000002": 1,
        "+9641000003": 2,
    }
    (stranger,) = [v for v in found if v.startswith("p:")]
    assert found[stranger] == 2

    # Whose number is that? Both sides' approvers look at the reason, and sign.
    until = int(NOW.timestamp()) + 3600
    request, digest = tracer.draft_unmasking(pair.tracer, {stranger: "spoke with both of the seed's contacts"}, until)
    approved = type(request)(
        request.trace,
        request.serial,
        request.until,
        request.wants,
        tuple(approve(digest, key) for key in APPROVER.values()),
    )
    pair.run(pair.step("tracer", tracer.unmask(pair.tracer, approved, pair.dice["tracer"].given())))
    assert isinstance(pair.tracer, tracer.Traced)
    graph = tracer.graph(pair.tracer)
    assert "+33100000003" in graph.vertices["vertex"].to_pylist()
    assert stranger not in graph.vertices["vertex"].to_pylist()

    # Nothing of the rest of either store went over: not the seed, not the four numbers that nobody reached.
    said = b"".join(repr(message).encode() for _, message in pair.sent)
    for number in (SEED, "+33100000004", "+33100000008", "+33100000009"):
        assert number.encode() not in said

    # The trace is closed. The holder destroys its keys, the tracer its blinds and the snapshot.
    pair.run(pair.step("tracer", tracer.close(pair.tracer)))
    assert isinstance(pair.tracer, tracer.Done)
    assert isinstance(pair.holder, holder.Destroyed)


def test_every_step_is_logged_on_both_sides_and_no_entry_holds_a_number(tmp_path: Path) -> None:
    pair = committed(*sample())
    pair.run(authorised(pair, [SEED], hops=2))
    pair.run(pair.step("tracer", tracer.close(pair.tracer)))  # type: ignore[arg-type]
    logs = {side: FileLog(tmp_path / f"{side}.jsonl", lambda: NOW) for side in ("tracer", "holder")}
    for side, entry in pair.log:
        logs[side].commit(entry)  # a log refuses what might be a number
    kinds = {side: [logged.entry.kind for logged in log.entries()] for side, log in logs.items()}
    hops = ["joint.names", "joint.rows"] * 2 + ["joint.names"]
    assert kinds["holder"] == [
        "joint.accepted",
        "joint.committed",
        "joint.authorised",
        "joint.seeds-sealed",
        "joint.recognised",
        *hops,
        "joint.closed",
    ]
    assert kinds["tracer"][-3:] == ["joint.traced", "joint.closing", "joint.closed"]
    listed = (Path(__file__).resolve().parents[2] / "spec" / "log.md").read_text("utf-8")
    assert all(f"`{kind}`" in listed for side in kinds.values() for kind in side)
