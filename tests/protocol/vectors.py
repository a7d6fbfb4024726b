"""Makes ``spec/vectors/protocol.json``: one small trace with every byte of it, and messages that must be refused.

    python -m tests.protocol.vectors > spec/vectors/protocol.json

Everything comes from the contacts below and from what each step is given. Whoever implements the protocol anew feeds
the same contacts and givens in and compares; whoever implements one side only plays the other side's messages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clew.chain.graph import VERTICES
from clew.joint import context, group, holder, tracer
from clew.joint.messages import AskRows, Message, encode, parse
from clew.joint.seeds import blind_seeds
from clew.joint.terms import number_dst
from tests.chain_cases import Contact
from tests.protocol.parties import APPROVER, AUDITOR, HOLDER, NOW, PLENTY, TRACER, Dice, Pair, couples, terms, warrant
from tests.protocol.test_attacks_of_the_tracer import approved

SEED = "+9641000001"
OWN = [Contact("+9641000001", "+9641000002"), Contact("+9641000001", "+33100000001")]
THEIRS = [
    Contact("+9641000001", "+33100000001"),
    Contact("+33100000001", "+33100000002", duration=30),
    Contact("+33100000002", "+33100000003", kind=2),
]


def document() -> dict[str, Any]:
    """All of it, as the file holds it."""
    run = Recorded()
    return {
        "comment": "spec/protocol.md, section 12; made by python -m tests.protocol.vectors",
        "records": {"tracer": listed(OWN), "holder": listed(THEIRS)},
        "keys": {
            "tracer": TRACER.secret_bytes().hex(),
            "holder": HOLDER.secret_bytes().hex(),
            "auditor": AUDITOR.private_bytes_raw().hex(),
            "approvers": {side: key.secret_bytes().hex() for side, key in APPROVER.items()},
        },
        **run.values,
        "steps": run.steps,
        "graph": run.graph,
        "refused": list(refused(run)),
    }


def listed(contacts: list[Contact]) -> list[dict[str, Any]]:
    return [{**c._asdict(), "start": c.start.isoformat()} for c in contacts]


class Recorded:
    """The trace, every step with what it was given and what it sent."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.states: dict[str, dict[int, Any]] = {"tracer": {}, "holder": {}}
        self.dice = {side: Dice(f"vectors {side}") for side in ("tracer", "holder")}
        own, theirs = couples(OWN), couples(THEIRS)
        given = self.dice["tracer"].given()
        begun = tracer.offer(terms(), TRACER, own, given)
        self.pair = Pair(begun.state)
        self.took("tracer", "offer", None, given, begun)
        offer = self.pair.tracer.party.offer  # type: ignore[union-attr]
        given = self.dice["holder"].given()
        accepted = holder.accept(offer, HOLDER, theirs, given)
        self.took("holder", "accept", offer, given, accepted)
        self.run(accepted.message, "tracer")
        points = self.values_of_commitments()
        assert isinstance(self.pair.tracer, tracer.Committed)
        assert isinstance(self.pair.holder, holder.Committed)
        paper = warrant(self.pair.tracer.order, self.pair.tracer.roots, [p for p, _ in points], 2, PLENTY)
        snapshot = self.pair.holder.kept.snapshot
        given = self.dice["holder"].given()
        from tests.protocol.parties import APPROVERS

        self.took("holder", "authorise", None, given, holder.authorise(self.pair.holder, paper, APPROVERS, given))
        given = self.dice["tracer"].given()
        shares = [share for _, share in points]
        started = tracer.authorise(self.pair.tracer, paper, shares, snapshot, given)
        self.values["warrant"] = {
            "digest": paper.digest,
            "seeds": [point.point.hex() for point, _ in points],
            "secrets": [share.secret.hex() for share in shares],
            "hops": paper.hops,
            "run_context": context.run(self.pair.holder.kept.order, self.pair.holder.kept.roots, paper).hex(),
        }
        self.took("tracer", "authorise", None, given, started)
        self.run(started.message, "holder")
        self.unmask()
        self.values["names"] = self.names()
        self.graph = graph_of(self.pair)

    def took(self, side: str, what: str, heard: Message | None, given: Any, step: Any) -> None:
        """Keep one step."""
        self.states[side][len(self.steps)] = getattr(self.pair, side, None)
        setattr(self.pair, side, step.state)
        self.steps.append(
            {
                "side": side,
                "what": what,
                "now": int(given.now.timestamp()),
                "random": given.random.hex(),
                "heard": None if heard is None else hashlib.sha256(encode(heard)).hexdigest(),
                "sent": None if step.message is None else encode(step.message).hex(),
                "state": type(step.state).__name__,
                "logged": [entry.kind for entry in step.entries],
            }
        )

    def run(self, message: Message | None, to: str) -> None:
        while message is not None:
            given = self.dice[to].given()
            module = {"holder": holder, "tracer": tracer}[to]
            step = module.receive(getattr(self.pair, to), message, given)
            self.took(to, "receive", message, given, step)
            message = step.message
            to = "tracer" if to == "holder" else "holder"

    def values_of_commitments(self) -> Any:
        state = self.pair.tracer
        assert isinstance(state, tracer.Committed)
        assert isinstance(self.pair.holder, holder.Committed)
        kept, trace = self.pair.holder.kept, state.order.trace
        secrets = kept.secrets
        self.values = {
            "order": {
                "trace": trace.hex(),
                "digest": state.order.digest.hex(),
                "number_dst": number_dst(trace).decode(),
                "roots": list(state.roots.digests),
            },
            "secrets": {
                name: getattr(secrets, role).expose().hex()
                for name, role in (("x", "encryption"), ("m", "seal"), ("j", "name"), ("k", "row"))
            },
            "snapshot": self.snapshot(kept),
        }
        return blind_seeds([SEED], trace, bytes(range(32)))

    def snapshot(self, kept: Any) -> dict[str, Any]:
        numbers = kept.party.couples.numbers.to_pylist()
        points = group.hash_to_group([n.encode() for n in numbers], number_dst(kept.id))
        row_points = group.multiply(points, kept.secrets.row)
        identifiers, keys = group.row_keys(row_points)
        index, found = kept.snapshot.index(), []
        for at, number in enumerate(numbers):
            identifier = identifiers[at].tobytes()
            row = kept.snapshot.row(index[identifier])
            found.append(
                {
                    "number": number,
                    "point": points[at].tobytes().hex(),
                    "row_point": row_points[at].tobytes().hex(),
                    "identifier": identifier.hex(),
                    "key": keys[at].tobytes().hex(),
                    "row": row.hex(),
                }
            )
        whole = hashlib.sha256(kept.snapshot.encode()).hexdigest()
        return {"rows": found, "all_rows": len(kept.snapshot), "file_sha256": whole}

    def unmask(self) -> None:
        assert isinstance(self.pair.tracer, tracer.Traced)
        shown = tracer.graph(self.pair.tracer).vertices["vertex"].to_pylist()
        reasons = {vertex: "two contacts of the seed" for vertex in shown if vertex.startswith("p:")}
        request, digest = tracer.draft_unmasking(self.pair.tracer, reasons, int(NOW.timestamp()) + 3600)
        self.values["unmasking"] = {"request": digest.hex()}
        given = self.dice["tracer"].given()
        step = tracer.unmask(self.pair.tracer, approved(request, digest, "iq", "fr"), given)
        self.took("tracer", "unmask", None, given, step)
        self.run(step.message, "holder")

    def names(self) -> dict[str, str]:
        kept = self.pair.holder.kept  # type: ignore[union-attr]
        return {kept.vault.number(place): name.hex() for name, place in sorted(kept.vault.places.items())}


def graph_of(pair: Pair) -> dict[str, Any]:
    assert isinstance(pair.tracer, tracer.Traced)
    found = tracer.graph(pair.tracer)
    pairs = found.pairs.select(["a", "b", "holder", "calls_ab", "calls_ba", "messages_ab", "messages_ba", "seconds_ab"])
    return {"vertices": found.vertices.select(VERTICES.names).to_pylist(), "pairs": pairs.to_pylist()}


def alike(one: bytes, other: bytes) -> int:
    """How many bytes two messages have in common from their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def refused(run: Recorded) -> Iterator[dict[str, Any]]:
    """Messages that the holder must refuse: at which step of the trace, with which code, by which section."""
    sent = {at: parse(bytes.fromhex(step["sent"])) for at, step in enumerate(run.steps) if step["sent"]}

    def at(kind: str, hop: int | None = None) -> tuple[int, Any]:
        for place, message in sent.items():
            if type(message).__name__ == kind and (hop is None or message.hop == hop):  # type: ignore[union-attr]
                return place, message
        raise AssertionError(kind)

    def case(name: str, section: str, place: int, message: Message, code: str) -> dict[str, Any]:
        """The message as a cut in the one that was sent: bytes from ``from`` to ``to`` are replaced by ``bytes``."""
        honest, changed = encode(sent[place]), encode(message)
        head = alike(honest, changed)
        tail = alike(honest[head:][::-1], changed[head:][::-1])
        cut = {"from": head, "to": len(honest) - tail, "bytes": changed[head : len(changed) - tail].hex()}
        return {"name": name, "section": section, "step": place, **cut, "code": code}

    place, ask = at("Ask", 0)
    later, second = at("Ask", 1)
    last, third = at("Ask", 2)
    rows_at, rows = at("AskRows", 0)
    recognise_at, recognise = at("Recognise")
    unmask_at, unmask = at("Unmask")
    start_at, start = at("Start")
    borrowed = second.sealed[:64] + second.sealed[192:256] + second.sealed[128:]
    mirrored = second.sealed[64:128] + second.sealed[:64] + second.sealed[128:]
    yield case("the seal of another item", "6.3", later, replace(second, sealed=borrowed), "CHECK_FAILED")
    yield case("number and seal exchanged", "6.3", later, replace(second, sealed=mirrored), "CHECK_FAILED")
    borrowed = second.sealed[:64] + ask.sealed[64:128] + second.sealed[128:]
    yield case("a seal borrowed from another list", "6.3", later, replace(second, sealed=borrowed), "CHECK_FAILED")
    yield case("the identity", "2.1", place, replace(ask, sealed=bytes(32) + ask.sealed[32:]), "MALFORMED")
    yield case(
        "an encoding that is not canonical",
        "2.1",
        place,
        replace(ask, sealed=b"\xff" * 32 + ask.sealed[32:]),
        "MALFORMED",
    )
    yield case("the wrong hop", "6.5", place, replace(ask, hop=1), "OUT_OF_TURN")
    yield case(
        "another list for a hop that was answered", "6.5", later, replace(ask, sealed=second.sealed), "OUT_OF_TURN"
    )
    yield case("not padded", "2.5", place, replace(ask, sealed=ask.sealed[128:]), "OVER_BUDGET")
    yield case(
        "declared at hop 0",
        "6.1",
        place,
        replace(ask, declared=second.declared, evidence=second.evidence),
        "OUT_OF_TURN",
    )
    yield case("declared without evidence", "6.2", later, replace(second, evidence=b""), "MALFORMED")
    yield case("rows at the last hop", "6.4", unmask_at, AskRows(ask.trace, 2, rows.positions), "OUT_OF_TURN")
    beyond = (1 << 20).to_bytes(4, "big")
    yield case(
        "a position out of range", "6.4", rows_at, replace(rows, positions=rows.positions[:-4] + beyond), "OUT_OF_TURN"
    )
    yield case(
        "not all committed numbers",
        "5.2",
        recognise_at,
        replace(recognise, points=recognise.points[32:]),
        "OUT_OF_TURN",
    )
    yield case("another warrant", "5.1", start_at, replace(start, warrant=bytes(32)), "NOT_AUTHORISED")
    yield case("no approvals", "8.2", unmask_at, replace(unmask, approvals=()), "NOT_AUTHORISED")
    yield case(
        "one side's approval", "8.2", unmask_at, replace(unmask, approvals=unmask.approvals[:1]), "NOT_AUTHORISED"
    )
    yield case("approvals of another request", "8.2", unmask_at, replace(unmask, serial=2), "NOT_AUTHORISED")
    yield case("another trace", "3.3", last, replace(third, trace=bytes(32)), "OUT_OF_TURN")


def text() -> str:
    """The file's text."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
