"""Makes ``spec/vectors/protocol.json``: one small trace with every byte of it, and messages that must be refused.

    python -m tests.protocol.vectors > spec/vectors/protocol.json

Everything comes from the contacts below and from what each step is given. Whoever implements the protocol anew feeds
the same contacts and givens in and compares; whoever implements one side only plays the other side's messages.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from clew.chain.graph import VERTICES
from clew.errors import ClewError
from clew.joint import context, group, holder, labels, tracer
from clew.joint.codec import encode_fields
from clew.joint.commitments import Commitments, couple_leaf, number_leaf
from clew.joint.evidence import open_evidence
from clew.joint.messages import (
    AskRows,
    HolderCommitments,
    Message,
    Names,
    Rows,
    UnmaskedNumber,
    encode,
    parse,
)
from clew.joint.rows import parse_rows
from clew.joint.seeds import blind_seeds
from clew.joint.steps import Given
from clew.joint.terms import Roots, holder_statement, number_dst
from clew.joint.unmasking import Record, _Records
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
        "unsound_rows": list(unsound(run)),
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
            "commitments": commitments(state.commitments),
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
        seed = self.given("holder", "receive", 0).seed(b"snapshot")
        for row in found:
            row["plaintext"], row["entries"] = plaintext(kept, row), []
        drawn = order_of_entries(kept, seed)
        for number, word, contact in drawn["entries"]:
            next(row for row in found if row["number"] == number)["entries"].append({"word": word, "contact": contact})
        real = {row["identifier"] for row in found}
        dummies = [name.hex() for name in index if name.hex() not in real]
        return {
            "seed": seed.hex(),
            "batches": drawn["batches"],
            "rows": found,
            "fillers": [{"identifier": name, "row": row_of(kept.snapshot, index, name)} for name in dummies],
            "all_rows": len(kept.snapshot),
            "root": kept.snapshot.root.hex(),
            "file_sha256": hashlib.sha256(kept.snapshot.encode()).hexdigest(),
        }

    def given(self, side: str, what: str, which: int) -> Given:
        """What one of a side's steps was given."""
        steps = [step for step in self.steps if step["side"] == side and step["what"] == what]
        return Given(NOW, bytes.fromhex(steps[which]["random"]))

    def unmask(self) -> None:
        assert isinstance(self.pair.tracer, tracer.Traced)
        shown = tracer.graph(self.pair.tracer).vertices["vertex"].to_pylist()
        reasons = {vertex: "two contacts of the seed" for vertex in shown if vertex.startswith("p:")}
        request, digest = tracer.draft_unmasking(self.pair.tracer, reasons, int(NOW.timestamp()) + 3600)
        wants = [labels.digest(labels.UNMASK, encode_fields(want)).hex() for want in request.wants]
        self.values["unmasking"] = {"request": digest.hex(), "until": request.until, "wants": wants}
        self.values["hops"] = [self.hop(hop) for hop in range(3)]
        given = self.dice["tracer"].given()
        step = tracer.unmask(self.pair.tracer, approved(request, digest, "iq", "fr"), given)
        self.took("tracer", "unmask", None, given, step)
        self.run(step.message, "holder")

    def hop(self, hop: int) -> dict[str, Any]:
        """What the tracer drew for a hop's lists, what hides each item, what the auditor reads, and every context."""
        kept = self.pair.tracer.kept  # type: ignore[union-attr]
        asked, under = kept.asked[hop], (kept.order, kept.roots, kept.authorisation)
        answers = {type(m): m for _, m in self.sent() if isinstance(m, Names | Rows) and m.hop == hop}
        names = answers[Names]
        assert isinstance(names, Names)
        count = len(asked.source) + len(asked.declared)
        found: dict[str, Any] = {
            "hop": hop,
            "sealed": asked.source.tolist(),
            "declared": [kept.found.text(vertex) for vertex in asked.declared.tolist()],
            "offsets": [asked.secret(position).hex() for position in range(count)],
            "names_context": context.names(*under, hop, asked.message.evidence).hex(),
            "names": [name.tobytes().hex() for name in asked.names(names, kept.keys)],
        }
        if asked.message.evidence:
            found["evidence"] = evidence_of(asked.message.evidence, context.evidence(kept.order, hop))
        if Rows in answers:
            found["rows_context"] = context.rows(*under, names).hex()
            found["row_points"] = self.row_points(hop, answers[Rows])
        return found

    def row_points(self, hop: int, answer: Any) -> list[str]:
        kept = self.pair.tracer.kept  # type: ignore[union-attr]
        (request,) = (m for _, m in self.sent() if isinstance(m, AskRows) and m.hop == hop)
        places = np.frombuffer(request.positions, ">u4").astype(np.int64)
        points = np.frombuffer(answer.points, np.uint8).reshape(-1, 32)
        return [point.tobytes().hex() for point in kept.asked[hop].read(places, points, kept.keys, rows=True)]

    def sent(self) -> list[tuple[str, Message]]:
        """Every message so far, with its sender."""
        return [(step["side"], parse(bytes.fromhex(step["sent"]))) for step in self.steps if step["sent"]]

    def names(self) -> dict[str, str]:
        kept = self.pair.holder.kept  # type: ignore[union-attr]
        return {kept.vault.number(place): name.hex() for name, place in sorted(kept.vault.places.items())}


def commitments(mine: Commitments) -> dict[str, Any]:
    """The tracer's seed, and salt and leaf of each number and couple."""
    numbers = mine.couples.numbers.to_pylist()
    ends = zip(mine.couples.a.tolist(), mine.couples.b.tolist(), strict=True)
    couples = [(numbers[a], numbers[b]) for a, b in ends]
    salts = mine._salts(labels.NUMBERS, len(numbers))
    return {
        "seed": mine.seed.hex(),
        "numbers": [
            {"number": number, "salt": salt.hex(), "leaf": number_leaf(mine.trace, salt, number).hex()}
            for number, salt in zip(numbers, salts, strict=True)
        ],
        "numbers_root": mine.numbers_tree.root.hex(),
        "couples": [
            {"a": a, "b": b, "salt": salt.hex(), "leaf": couple_leaf(mine.trace, salt, a, b).hex()}
            for (a, b), salt in zip(couples, mine.couple_salts, strict=True)
        ],
        "couples_root": mine.couples_tree.root.hex(),
        "recognition_seed": labels.digest(labels.RECOGNISE, mine.trace, mine.seed).hex(),
    }


def plaintext(kept: Any, row: dict[str, Any]) -> dict[str, Any]:
    """A row opened: its parts, as they stand in it."""
    name, key = bytes.fromhex(row["identifier"]), bytes.fromhex(row["key"])
    plain = ChaCha20Poly1305(key).decrypt(bytes(12), bytes.fromhex(row["row"]), kept.id + name)
    (found,) = parse_rows([plain], group.ROW_PROOF_LENGTH, kept.order.offer.hub_limit)
    assert found is not None
    parts = {"proof": found.proof, "sealed": found.seals, "fixed": found.fixed, "spread": found.spread}
    return {"entries": found.count, **{name: part.hex() for name, part in parts.items()}, "hours": found.hours.hex()}


def order_of_entries(kept: Any, seed: bytes) -> dict[str, Any]:
    """The seed of each batch of rows, and number, drawn word and contact of each entry in the order of its row."""
    couples = kept.party.couples
    numbers, near = couples.numbers.to_pylist(), couples.adjacency
    owners = np.flatnonzero(~couples.hub & (np.diff(near.begin) > 0))
    assert len(owners) <= 1024, "one batch"
    batch = labels.digest(labels.SNAPSHOT, kept.id, seed, bytes(4))
    places, whose = near.of(owners)
    words = np.frombuffer(labels.expand(batch, b"order", 8 * len(places)), ">u8")
    order = np.lexsort((words, whose))
    entries = [(numbers[whose[at]], int(words[at]), numbers[near.other[places[at]]]) for at in order.tolist()]
    return {"batches": [{"first": 0, "seed": batch.hex()}], "entries": entries}


def row_of(snapshot: Any, index: dict[bytes, int], name: str) -> str:
    return str(snapshot.row(index[bytes.fromhex(name)]).hex())


def evidence_of(sealed: bytes, where: bytes) -> dict[str, Any]:
    """The evidence of a list, as the auditor opens it."""
    shared = AUDITOR.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    auditor = AUDITOR.public_key().public_bytes_raw()
    key = labels.digest(labels.EVIDENCE, shared, sealed[:32], auditor, where)
    found = open_evidence(sealed, AUDITOR, where)
    plain = ChaCha20Poly1305(key).decrypt(bytes(12), sealed[32:], where)
    return {
        "context": where.hex(),
        "shared": shared.hex(),
        "key": key.hex(),
        "plaintext_bytes": len(plain),
        "plaintext_sha256": hashlib.sha256(plain).hexdigest(),
        "seed": found.seed.hex(),
        "items": [
            {
                "place": one.place,
                "a": one.a,
                "b": one.b,
                "second": one.second,
                "salt": one.salt.hex(),
                "path": one.path.hex(),
            }
            for one in found.items
        ],
    }


def graph_of(pair: Pair) -> dict[str, Any]:
    assert isinstance(pair.tracer, tracer.Traced)
    found = tracer.graph(pair.tracer)
    pairs = found.pairs.select(["a", "b", "holder", "calls_ab", "calls_ba", "messages_ab", "messages_ba", "seconds_ab"])
    return {"vertices": found.vertices.select(VERTICES.names).to_pylist(), "pairs": pairs.to_pylist()}


def alike(one: bytes, other: bytes) -> int:
    """How many bytes two messages have in common from their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def refused(run: Recorded) -> Iterator[dict[str, Any]]:
    """Messages that must be refused: at which step of the trace, by whom, with which code, by which section."""
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
        side = "holder" if run.steps[place]["side"] == "tracer" else "tracer"
        error = error_of(run, side, place, message)
        return {"name": name, "section": section, "side": side, "step": place, **cut, "code": code, "error": error}

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
    yield case("rows at the last hop", "3.3", unmask_at, AskRows(ask.trace, 2, rows.positions), "OUT_OF_TURN")
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
    yield from refused_by_the_tracer(run, at, case)


def error_of(run: Recorded, side: str, place: int, message: Message) -> str:
    """The code of the error with which a side refuses a message in the place of that of a step."""
    states = run.states[side]
    state = states[next(at for at in sorted(states) if at > place)]
    try:
        {"holder": holder, "tracer": tracer}[side]._received(state, message, Dice("refused").given())
    except ClewError as error:
        return error.code
    raise AssertionError("nothing is wrong with this message")


def refused_by_the_tracer(run: Recorded, at: Any, case: Any) -> Iterator[dict[str, Any]]:
    """What a tracer must refuse of a holder: each ends the trace."""
    point = group.hash_to_group([b"a point"], b"test").tobytes()
    kept = run.pair.tracer.kept  # type: ignore[union-attr]

    def signed(found: HolderCommitments) -> HolderCommitments:
        """The commitments signed again by the holder's node: only what they say is wrong."""
        said = holder_statement(kept.order, Roots(kept.roots.tracer, found))
        return replace(found, signature=HOLDER.sign(said))

    place, found = at("Acceptance")
    yield case("an order that another node signed", "4.1", place, replace(found, signature=bytes(64)), "CHECK_FAILED")
    place, found = at("HolderCommitments")
    yield case("roots that are not signed", "4.6", place, replace(found, snapshot_root=bytes(32)), "CHECK_FAILED")
    rogue = signed(replace(found, keys=point + found.keys[32:]))
    yield case("a key without its secret", "4.2", place, rogue, "CHECK_FAILED")
    place, found = at("SealedSeeds")
    yield case("a seed under another seal", "5.1", place, replace(found, seals=point), "CHECK_FAILED")
    yield case("a seed too many", "5.1", place, replace(found, seals=2 * found.seals), "CHECK_FAILED")
    place, found = at("Recognised")
    yield case(
        "names of own numbers exchanged", "5.2", place, replace(found, points=exchanged(found.points)), "CHECK_FAILED"
    )
    place, found = at("Names", 1)
    yield case("names exchanged", "6.3", place, replace(found, points=exchanged(found.points)), "CHECK_FAILED")
    yield case("a name too few", "6.3", place, replace(found, points=found.points[32:]), "CHECK_FAILED")
    place, found = at("Rows", 1)
    yield case("row points exchanged", "6.4", place, replace(found, points=exchanged(found.points)), "CHECK_FAILED")
    yield case("a row point too few", "6.4", place, replace(found, points=found.points[32:]), "CHECK_FAILED")
    place, found = at("Unmasked")
    other = (UnmaskedNumber(THEIRS[0].a), *found.numbers[1:])
    yield case("another number for a name", "8.3", place, replace(found, numbers=other), "CHECK_FAILED")
    yield case("a number without its proof", "8.3", place, replace(found, proof=b""), "CHECK_FAILED")
    stray = encode_fields(_Records((Record(SEED, "+33100000009", 0, 0, 1, 5),)))
    yield case("a record of another number", "8.3", place, replace(found, records=stray), "CHECK_FAILED")


def exchanged(points: bytes) -> bytes:
    return points[32:64] + points[:32] + points[64:]


UNSOUND: dict[str, Callable[[bytes], bytes]] = {
    "no entries": lambda plain: bytes(2) + plain[2:],
    "too many entries": lambda plain: b"\xff\xff" + plain[2:],
    "another size class": lambda plain: plain + bytes(len(plain)),
    "filler that is not zero": lambda plain: plain[:-1] + b"\1",
    "a proof of other entries": lambda plain: plain[:2] + bytes([plain[2] ^ 1]) + plain[3:],
}
"""Plaintexts that count as absent (6.6)."""


def unsound(run: Recorded) -> Iterator[dict[str, Any]]:
    """Rows that are not sound: each in the place of the first real one, under its key."""
    row = run.values["snapshot"]["rows"][0]
    name, key = bytes.fromhex(row["identifier"]), ChaCha20Poly1305(bytes.fromhex(row["key"]))
    data, beside = bytes.fromhex(row["row"]), bytes.fromhex(run.values["order"]["trace"]) + name
    plain = key.decrypt(bytes(12), data, beside)
    made = {what: key.encrypt(bytes(12), change(plain), beside) for what, change in UNSOUND.items()}
    made["bytes that do not authenticate"] = data[:-1] + bytes([data[-1] ^ 1])
    for what, changed in made.items():
        yield {"name": what, "section": "6.6", "identifier": row["identifier"], "row": changed.hex()}


def text() -> str:
    """The file's text."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
