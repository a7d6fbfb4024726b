"""The published trace is what this implementation computes, byte for byte; and what must be refused is refused."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import traceback
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from clew.errors import ClewError
from clew.joint import holder, tracer
from clew.joint.messages import Refusal, RefusalCode, encode, parse
from clew.joint.snapshot import Snapshot, open_rows
from tests.protocol.parties import Dice
from tests.protocol.vectors import Recorded, text

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "protocol.json"
PUBLISHED: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
SIDES = ("holder", "tracer")


@cache
def recorded() -> Recorded:
    return Recorded()


def test_the_file_holds_a_whole_trace_and_enough_refusals() -> None:
    assert len(PUBLISHED["steps"]) >= 20
    assert len(PUBLISHED["refused"]) >= 30
    sections = {side: {case["section"] for case in PUBLISHED["refused"] if case["side"] == side} for side in SIDES}
    assert sections["holder"] >= {"2.1", "2.5", "3.3", "5.1", "5.2", "6.1", "6.2", "6.3", "6.4", "6.5", "8.2"}
    assert sections["tracer"] >= {"4.1", "4.2", "4.6", "5.1", "5.2", "6.3", "6.4", "8.3"}
    assert len(PUBLISHED["unsound_rows"]) >= 6


def test_the_published_trace_is_the_one_that_is_computed() -> None:
    assert text() == FILE.read_text("utf-8"), "run python -m tests.protocol.vectors > spec/vectors/protocol.json"


def test_every_published_message_is_one() -> None:
    sent = [bytes.fromhex(step["sent"]) for step in PUBLISHED["steps"] if step["sent"]]
    assert len(sent) >= 17
    for data in sent:
        assert encode(parse(data)) == data


def sections_of(error: BaseException) -> set[str]:
    """The sections that the code says it carries out where the error arose: those that the docstring names of the
    innermost function of the joint trace whose docstring names any."""
    found: set[str] = set()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals["__name__"]
        if module.startswith("clew.joint."):
            function = reduce(getattr, frame.f_code.co_qualname.split("."), sys.modules[module])
            said = re.findall(r"\(spec (?:protocol )?([^)]*)\)", function.__doc__ or "")
            found = set(re.findall(r"\d+\.\d+", " ".join(said))) or found
    return found


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["name"])
def test_what_must_be_refused_is_refused_by_the_check_of_its_section(case: dict[str, Any]) -> None:
    """Several checks share what the partner hears, and one that sees a message first must not hide that another is
    gone: the error is the one in the file, and the function that raises it says that it carries out that section."""
    run, module = recorded(), {"holder": holder, "tracer": tracer}[case["side"]]
    states = run.states[case["side"]]
    state = states[next(place for place in sorted(states) if place > case["step"])]
    honest = bytes.fromhex(PUBLISHED["steps"][case["step"]]["sent"])
    message = parse(honest[: case["from"]] + bytes.fromhex(case["bytes"]) + honest[case["to"] :])
    step = module.receive(state, message, Dice("refused").given())
    assert isinstance(step.message, Refusal)
    assert step.message.code is RefusalCode[case["code"]]
    assert [entry.kind for entry in step.entries] == ["joint.refused"]
    assert isinstance(step.state, module.Ended) == (step.message.code is RefusalCode.CHECK_FAILED)
    with pytest.raises(ClewError) as refused:
        module._received(state, message, Dice("refused").given())
    assert refused.value.code == case["error"]
    assert case["section"] in sections_of(refused.value), refused.value.what


@pytest.mark.parametrize("case", PUBLISHED["unsound_rows"], ids=lambda case: case["name"])
def test_a_row_that_is_not_sound_counts_as_absent(case: dict[str, Any]) -> None:
    kept = recorded().pair.tracer.kept  # type: ignore[union-attr]
    first = PUBLISHED["snapshot"]["rows"][0]
    point = np.frombuffer(bytes.fromhex(first["row_point"]), np.uint8).reshape(1, 32)
    for row, broken in ((first["row"], 0), (case["row"], 1)):
        data = bytes.fromhex(row)
        alone = Snapshot(kept.order.trace, bytes.fromhex(case["identifier"]), np.array([len(data)]), data)
        found = open_rows(alone, alone.index(), point, kept.keys, kept.order)
        assert (len(found.found), len(found.broken)) == (1 - broken, broken)


# The values between, made again with nothing of Clew's.


def digest(label: str, *fields: bytes) -> bytes:
    """2.2, once more."""
    parts = (f"clew/1 {label}".encode(), *fields)
    return hashlib.sha512(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()[:32]


def stream(seed: bytes, purpose: bytes, size: int) -> bytes:
    key = digest("stream", seed, purpose)
    return Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(size))


def tree(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is written there."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree(leaves[:half]) + tree(leaves[half:])).digest()


def hexed(value: str) -> bytes:
    return bytes.fromhex(value)


TRACE = hexed(PUBLISHED["order"]["trace"])


def message_of(kind: str, hop: int | None = None) -> Any:
    sent = [parse(hexed(step["sent"])) for step in PUBLISHED["steps"] if step["sent"]]
    return next(m for m in sent if type(m).__name__ == kind and (hop is None or m.hop == hop))  # type: ignore[union-attr]


def test_the_published_commitments_follow_from_their_seed() -> None:
    """Salts, leaves and roots, and the commitment to the seed (spec 4.3)."""
    found, said = PUBLISHED["commitments"], message_of("TracerCommitments")
    seed = hexed(found["seed"])
    assert digest("seed", TRACE, seed) == said.seed
    for name, label, ends in (("numbers", "number-leaf", ("number",)), ("couples", "couple-leaf", ("a", "b"))):
        listed = found[name]
        salts = stream(seed, digest("salt", TRACE, f"clew/1 {name}".encode()), 16 * len(listed))
        for at, one in enumerate(listed):
            assert hexed(one["salt"]) == salts[16 * at : 16 * at + 16]
            texts = [one[end].encode() for end in ends]
            assert hexed(one["leaf"]) == digest(label, TRACE, hexed(one["salt"]), *texts)
        root = tree([hexed(one["leaf"]) for one in listed])
        assert root == hexed(found[f"{name}_root"]) == getattr(said, f"{name}_root")
    assert hexed(found["recognition_seed"]) == digest("recognise", TRACE, seed)


def test_the_published_snapshot_follows_from_its_seed_and_its_rows() -> None:
    """Batches, the order of entries, what a row holds, the rows that only fill, and the root (spec 4.4 to 4.6)."""
    found, said = PUBLISHED["snapshot"], message_of("HolderCommitments")
    seed = hexed(found["seed"])
    assert digest("seed", TRACE, seed) == said.seed
    assert hexed(found["batches"][0]["seed"]) == digest("snapshot", TRACE, seed, bytes(4))
    rows = found["rows"]
    words = stream(hexed(found["batches"][0]["seed"]), b"order", 8 * sum(len(row["entries"]) for row in rows))
    left = [int.from_bytes(words[at : at + 8], "big") for at in range(0, len(words), 8)]
    for row in rows:
        contacts = sorted(one["contact"] for one in row["entries"])
        drawn = {contact: left.pop(0) for contact in contacts}
        assert row["entries"] == [
            {"word": drawn[one], "contact": one} for one in sorted(contacts, key=drawn.__getitem__)
        ]
        plain, shown = (
            ChaCha20Poly1305(hexed(row["key"])).decrypt(bytes(12), hexed(row["row"]), TRACE + hexed(row["identifier"])),
            row["plaintext"],
        )
        parts = "".join(shown[name] for name in ("proof", "sealed", "fixed", "spread", "hours"))
        assert plain[:2] == shown["entries"].to_bytes(2, "big") == len(contacts).to_bytes(2, "big")
        assert plain[2:].rstrip(b"\0") == hexed(parts).rstrip(b"\0")
        assert len(plain) == 1024
    count = found["all_rows"] - len(rows)
    drawn = stream(seed, digest("snapshot", TRACE, b"dummies"), 24 * count)
    filler = stream(seed, digest("snapshot", TRACE, b"filler"), 1040 * count)
    made = {drawn[8 * count + 16 * at :][:16].hex(): filler[1040 * at :][:1040].hex() for at in range(count)}
    assert {one["identifier"]: one["row"] for one in found["fillers"]} == made
    every = sorted(hexed(one["identifier"]) + hexed(one["row"]) for one in (*rows, *found["fillers"]))
    assert tree(every) == hexed(found["root"]) == said.snapshot_root


def test_the_published_lists_follow_from_what_their_steps_were_given() -> None:
    """Draws, contexts, the evidence's key and filler, and the digests of a request to unmask (2.4, 6.2, 8.1, 12)."""
    order, run = PUBLISHED["order"], hexed(PUBLISHED["warrant"]["run_context"])
    warrant = hexed(PUBLISHED["warrant"]["digest"])
    assert run == digest("hop", TRACE, hexed(order["digest"]), warrant, *map(hexed, order["roots"]))
    for found in PUBLISHED["hops"]:
        hop, ask = bytes([found["hop"]]), message_of("Ask", found["hop"])
        assert hexed(found["names_context"]) == digest("hop", run, hop, b"names", ask.evidence)
        step = next(step for step in PUBLISHED["steps"] if step["sent"] == encode(ask).hex())
        size = len(ask.sealed) // 128
        words = stream(digest("given", hexed(step["random"]), b"sealed order"), b"draw", 16 * size)
        numbers = [int.from_bytes(words[at : at + 8], "big") for at in range(0, len(words), 8)]
        choices = len(set(found["sealed"]))
        places = [*range(choices), *(word % choices for word in numbers[choices:size])]
        keys = numbers[size:]
        assert found["sealed"] == [places[at] for at in sorted(range(size), key=keys.__getitem__)]
        assert len(found["offsets"]) == len(found["names"]) == size + len(found["declared"])
        if "rows_context" in found:
            names = encode(message_of("Names", found["hop"]))
            assert hexed(found["rows_context"]) == digest("hop", run, hop, b"rows", names)
        assert bool(ask.evidence) == ("evidence" in found)
        if ask.evidence:
            check_evidence(found["evidence"], ask.evidence, digest("evidence", TRACE, hop))
    unmasking = PUBLISHED["unmasking"]
    until = unmasking["until"].to_bytes(8, "big")
    wants = b"".join(map(hexed, unmasking["wants"]))
    assert hexed(unmasking["request"]) == digest("unmask", TRACE, warrant, (1).to_bytes(2, "big"), until, wants)


def check_evidence(found: dict[str, Any], sealed: bytes, where: bytes) -> None:
    auditor = X25519PrivateKey.from_private_bytes(hexed(PUBLISHED["keys"]["auditor"]))
    shared = auditor.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    key = digest("evidence", shared, sealed[:32], auditor.public_key().public_bytes_raw(), where)
    assert (found["context"], found["shared"], found["key"]) == (where.hex(), shared.hex(), key.hex())
    plain = ChaCha20Poly1305(key).decrypt(bytes(12), sealed[32:], where)
    assert (len(plain), hashlib.sha256(plain).hexdigest()) == (found["plaintext_bytes"], found["plaintext_sha256"])
    length = int.from_bytes(plain[:4], "big")
    assert not any(plain[4 + length :])
    assert found["seed"] in plain.hex()
    for item in found["items"]:
        assert item["a"].encode() in plain
        assert hexed(item["path"]) in plain
