"""Declared contacts, from the auditor's key to the check of the evidence, by the commands (spec protocol 6.2)."""

from __future__ import annotations

import json
import os
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.errors import InputError
from clew.joint import context, group
from clew.joint import snapshot as sealing
from clew.joint.evidence import EvidenceList, open_evidence, seal_evidence
from clew.joint.messages import Ask, encode, parse
from clew.joint.terms import Order, number_dst
from clew.node.evidence_file import EvidenceFile
from clew.node.receipt import BROKEN
from clew.node.told import Answer
from clew.warrants.keyfile import open_auditor_key, open_key, parse_auditor, seal_auditor_key, seal_key
from clew.warrants.policy import read_policy
from tests.command import run, run_json
from tests.node_pair import BRIDGE, BUDGETS, PASSPHRASE, SEED, Desks, desks
from tests.node_processes import Process, judges_keys, two_processes
from tests.warrants import JUDGE

WINDOW = ["--from", "2026-03-02", "--through", "2026-03-08"]
AUDITOR = X25519PrivateKey.from_private_bytes(b"\x21" * 32)
DECLARED = [BRIDGE, "+33612000002", "+9647901000002"]
"""Whom the seed was in contact with in the tracer's own records."""
GUESS = "+33699999999"
POINT = group.hash_to_group([b"a point"], b"test").tobytes()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a Unix socket's name."""
    with tempfile.TemporaryDirectory(prefix="clew") as folder:
        yield Path(folder)


@pytest.fixture
def key(tmp_path: Path) -> list[str | Path]:
    """The options that open the auditor's key."""
    (tmp_path / "pass").write_text(PASSPHRASE)
    (tmp_path / "auditor.key").write_bytes(seal_auditor_key(AUDITOR, PASSPHRASE, os.urandom))
    for name in ("pass", "auditor.key"):
        (tmp_path / name).chmod(0o600)
    return ["--key", tmp_path / "auditor.key", "--passphrase-file", tmp_path / "pass"]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desks:
    """Two nodes whose traces are sealed to the auditor."""
    monkeypatch.setattr("tests.node_pair.AUDITOR", AUDITOR.public_key().public_bytes_raw().hex())
    return desks(tmp_path / "nodes")


def declaring(pair: Desks, case: str = "lantern-7") -> None:
    """A trace under a warrant that allows declared contacts, not started."""
    pair.committed(case)
    pair.authorised(budgets=replace(BUDGETS, declared=1000))


def evidence(pair: Desks) -> EvidenceFile:
    """What the holder's node writes."""
    return EvidenceFile.of(pair.b.documents, pair.holder.storage.evidence(pair.b.id))


def lied(pair: Desks, false: Callable[[Ask], Ask]) -> EvidenceFile:
    """The evidence of a trace whose tracer sent another list at hop 1, which the holder cannot tell and answers."""
    while (data := pair.a.outgoing) is not None:
        message = parse(data)
        if isinstance(message, Ask) and message.declared:
            assert isinstance(pair.holder.arrived(pair.tracer.identity.card, encode(false(message))), Answer)
            return evidence(pair)
        told = pair.holder.arrived(pair.tracer.identity.card, data)
        assert isinstance(told, Answer)
        pair.a.answered(told.data)
    raise AssertionError("nothing was declared")


def checked(pair: Desks, data: bytes, folder: Path, key: list[str | Path], expect: int = 0) -> Any:
    file = folder / "evidence.json"
    file.unlink(missing_ok=True)
    file.write_bytes(data)
    policy = pair.holder.identity.settings.policy
    return run_json("auditor", "check", file, *key, "--policy", policy, expect=expect)


def altered(data: bytes, place: int, message: Callable[[Any], Any]) -> bytes:
    """The file with another message at a place."""
    found = json.loads(data)
    other = message(parse(b64decode(found["messages"][place])))
    found["messages"][place] = b64encode(encode(other)).decode()
    return (json.dumps(found, indent=2) + "\n").encode()


def sent(data: bytes) -> list[Any]:
    """The messages in the file."""
    return [parse(b64decode(text)) for text in json.loads(data)["messages"]]


def order(pair: Desks) -> Order:
    found: Order = pair.b.state.kept.order  # type: ignore[union-attr]
    return found


def _resealed(pair: Desks, asked: Ask, found: EvidenceList) -> Ask:
    """A list declared as this evidence says, whatever stands in it."""
    points = group.hash_to_group(
        [(item.b if item.second else item.a).encode() for item in found.items], number_dst(order(pair).trace)
    )
    pairs, _ = group.declare(points, group.HolderKeys(pair.b.state.kept.keys.encodings), found.seed)  # type: ignore[union-attr]
    public = AUDITOR.public_key().public_bytes_raw()
    sealed = seal_evidence(found, 60_000, public, context.evidence(order(pair), asked.hop), os.urandom(32))
    return replace(asked, declared=pairs.tobytes(), evidence=sealed)


def test_a_contact_that_was_invented_for_the_trace_is_named_by_its_place(
    pair: Desks, tmp_path: Path, key: list[str | Path]
) -> None:
    declaring(pair)

    def invent(asked: Ask) -> Ask:
        found = open_evidence(asked.evidence, AUDITOR, context.evidence(order(pair), asked.hop))
        first = found.items[0]
        a, b = sorted((first.a, GUESS))
        item = replace(first, a=a, b=b, second=int(b == GUESS))
        return _resealed(pair, asked, replace(found, items=(item, *found.items[1:])))

    shown = checked(pair, lied(pair, invent).encode(), tmp_path, key, expect=4)
    assert shown["wrong"] == 1
    (one,) = shown["lists"]
    assert one["fault"] is None
    assert [(fault["position"], fault["code"]) for fault in one["faults"]] == [(0, "joint.not-committed")]
    assert one["contacts"] + one["seeds"] == one["declared"] - 1
    assert "+" not in json.dumps(shown["lists"])


def test_a_contact_that_was_declared_in_the_place_of_the_one_in_the_evidence_is_found(
    pair: Desks, tmp_path: Path, key: list[str | Path]
) -> None:
    declaring(pair)

    def other(asked: Ask) -> Ask:
        point = group.hash_to_group([GUESS.encode()], number_dst(order(pair).trace))
        keys = group.HolderKeys(pair.b.state.kept.keys.encodings)  # type: ignore[union-attr]
        pairs, _ = group.declare(np.repeat(point, len(asked.declared) // 64, axis=0), keys, b"\x08" * 32)
        return replace(asked, declared=pairs[:1].tobytes() + asked.declared[64:])

    shown = checked(pair, lied(pair, other).encode(), tmp_path, key, expect=4)
    assert [fault["position"] for fault in shown["lists"][0]["faults"]] == [0]
    assert shown["lists"][0]["faults"][0]["what"] == "other contacts were declared than the evidence says"


def test_evidence_that_was_spoilt_by_who_sent_it_proves_nothing(
    pair: Desks, tmp_path: Path, key: list[str | Path]
) -> None:
    declaring(pair)
    spoilt = lied(pair, lambda asked: replace(asked, evidence=asked.evidence[:-1] + bytes([asked.evidence[-1] ^ 1])))
    shown = checked(pair, spoilt.encode(), tmp_path, key, expect=4)
    assert shown["lists"][0]["fault"]["code"] == "joint.evidence"
    assert shown["wrong"] == shown["lists"][0]["declared"] == 64


def test_evidence_that_was_changed_after_the_trace_is_found(pair: Desks, tmp_path: Path, key: list[str | Path]) -> None:
    """One side cannot put another list into the file: the holder's proof is of the list that it answered."""
    declaring(pair)
    pair.pass_on()
    data = evidence(pair).encode()
    assert checked(pair, data, tmp_path, key)["wrong"] == 0
    own = EvidenceFile.of(pair.a.documents, pair.tracer.storage.evidence(pair.a.id))
    assert own.encode() == data
    place = next(at for at, one in enumerate(sent(data)) if isinstance(one, Ask) and one.declared)
    other = altered(data, place, lambda asked: replace(asked, declared=asked.declared[64:] + asked.declared[:64]))
    assert checked(pair, other, tmp_path, key, expect=4)["lists"][0]["fault"]["code"].startswith("group.")
    for place, field in ((0, "auditor"), (2, "couples_root"), (3, "snapshot_root")):
        changed = altered(data, place, lambda message, field=field: replace(message, **{field: b"\x09" * 32}))
        with pytest.raises(InputError, match="it was changed"):
            EvidenceFile.parse(changed)
    assert checked(pair, data + b"\n", tmp_path, key, expect=3)["error"]["code"] == "node.evidence-file"


def test_evidence_of_another_trace_is_no_evidence_of_this_one(
    pair: Desks, tmp_path: Path, key: list[str | Path]
) -> None:
    declaring(pair)
    pair.pass_on()
    first = evidence(pair).encode()
    declaring(pair, "lantern-8")
    pair.pass_on()
    second = json.loads(evidence(pair).encode())
    mixed, borrowed = json.loads(first), json.loads(first)
    mixed["messages"][4:] = second["messages"][4:]
    borrowed["warrant"] = second["warrant"]
    for document, expect, code in ((mixed, 3, "node.evidence-file"), (borrowed, 4, "joint.not-authorised")):
        data = (json.dumps(document, indent=2) + "\n").encode()
        assert checked(pair, data, tmp_path, key, expect=expect)["error"]["code"] == code


def test_every_answer_of_a_strict_trace_is_checked_without_any_key(pair: Desks, tmp_path: Path) -> None:
    """Seeds, recognition, names and rows: their proofs are of what was asked, whoever looks at them."""
    pair.traced()
    data = evidence(pair).encode()
    kinds = ["seeds", "recognition", "names", "rows", "names", "rows", "names"]
    found = checked(pair, data, tmp_path, [])
    assert [one["what"] for one in found["answers"]] == kinds
    assert (found["wrong"], found["declared"], found["broken"]) == (0, 0, [])
    policy = read_policy(pair.holder.identity.settings.policy)
    for place, what in enumerate(kinds):
        field = "seals" if what == "seeds" else "points"

        def other(answer: Any, field: str = field) -> Any:
            points = getattr(answer, field)
            return replace(answer, **{field: points[32:] + points[:32] if len(points) > 32 else POINT})

        changed = EvidenceFile.parse(altered(data, 5 + 2 * place, other))
        wrong = [one for one in changed.answers(changed.authorised(policy)) if one.fault is not None]
        assert wrong[0].what == what
        assert wrong[0].fault is not None
        assert wrong[0].fault.code.startswith("group.")


def test_a_broken_row_convicts_the_holder_and_an_invented_one_nobody(
    pair: Desks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder sealed every row otherwise than it must. The tracer's file says so; a changed file says nothing."""
    honest = sealing._rows

    def spoilt(*given: Any) -> list[tuple[bytes, bytes]]:
        return [(name, row[:-1] + bytes([row[-1] ^ 1])) for name, row in honest(*given)]

    monkeypatch.setattr(sealing, "_rows", spoilt)
    pair.traced()
    data, policy = evidence(pair).encode(), pair.holder.identity.settings.policy
    (tmp_path / "evidence.json").write_bytes(data)
    shown = pair.a.result() / "joint" / BROKEN
    check = ["auditor", "check", tmp_path / "evidence.json", "--policy", policy, "--broken"]
    found = run_json(*check, shown, expect=4)
    assert [one["convicts"] for one in found["broken"]] == ["the holder"]
    assert "convicts the holder" in run(*check, shown, expect=4).stdout
    document = json.loads(shown.read_bytes())
    first = document["rows"][0]
    first["row"] = first["row"][:-2] + f"{int(first['row'][-2:], 16) ^ 1:02x}"
    (tmp_path / "invented.json").write_text(json.dumps(document, indent=2) + "\n")
    (row, *_) = run_json(*check, tmp_path / "invented.json", expect=4)["broken"]
    assert (row["convicts"], row["fault"]["code"]) == ("nobody", "joint.not-committed")
    document["trace"] = "00" * 32
    (tmp_path / "other.json").write_text(json.dumps(document, indent=2) + "\n")
    (tmp_path / "none.json").write_bytes(shown.read_bytes() + b"\n")
    for name in ("other.json", "none.json"):
        assert run_json(*check, tmp_path / name, expect=3)["error"]["code"] == "node.broken-file"


def _drafted(tracer: Process, folder: Path) -> tuple[Path, Path]:
    warrant, seeds, signed = folder / "w.json", folder / "s.json", folder / "w.signed.json"
    words = ["--authority", "Court of Example", "--legal-basis", "Article 1", "--purpose", "Find the group"]
    limits = ["--expires", "2199-01-01", "--hops", "2", "--declared", "5000"]
    named = ["--node", tracer.node, "--case", "1", "--seed", SEED, "--out", warrant, "--seeds-out", seeds]
    run("warrant", "draft", *named, *words, *limits, "--yes")
    for key in judges_keys(folder):
        draft = warrant if not signed.exists() else signed
        run("warrant", "sign", draft, *key, "--seeds", seeds, "--yes", "--out", signed)
    return signed, seeds


def test_an_auditor_checks_what_a_trace_declared_by_the_commands(short: Path) -> None:
    tracer, holder = two_processes(short)
    secret = ["--passphrase-file", tracer.secret]
    made = run_json("auditor", "key", short / "auditor.key", *secret)
    assert (short / "auditor.key").stat().st_mode & 0o777 == 0o600
    try:
        tracer.serve()
        holder.serve()
        opening = ["--partner", "Holder", "--case", "lantern-7", *WINDOW, "--auditor"]
        secret_half = tracer.case("open", *opening, short / "auditor.key", expect=3)
        assert secret_half["error"]["code"] == "key.auditor"
        tracer.case("open", *opening, made["public_file"])
        holder.until("offered")
        holder.case("accept", "1")
        tracer.case("status", "1", "--wait")
        assert holder.case("evidence", "1", "--out", short / "none", expect=2)["error"]["code"] == "node.no-evidence"
        warrant, seeds = _drafted(tracer, short)
        holder.case("start", "1", "--warrant", warrant)
        tracer.case("start", "1", "--warrant", warrant, "--seeds", seeds)
        assert tracer.case("status", "1", "--wait")["state"] == "traced"
        holder.case("evidence", "1", "--out", short / "theirs.json")
        tracer.case("close", "1")
        holder.until("closed")
        tracer.case("evidence", "1", "--out", short / "own.json")
    finally:
        tracer.end()
        holder.end()
    assert (short / "own.json").read_bytes() == (short / "theirs.json").read_bytes()
    _read(short, holder.folder / "policy.toml", secret)


def _read(folder: Path, policy: Path, secret: list[Any]) -> None:
    """What the auditor sees, and what others do not."""
    check = ["auditor", "check", folder / "own.json", "--policy", policy]
    right = [*check, "--key", folder / "auditor.key", *secret]
    text = run(*right).stdout
    assert "Hop 1: 64 declared items: 64 contacts proved (3 different), 0 seeds" in text
    assert "All 64 declared items proved" in text
    assert "+" not in text
    shown = run_json(*right, "--numbers")
    assert shown["wrong"] == 0
    assert shown["lists"][0]["numbers"] == [{"number": number, "contact": SEED} for number in DECLARED]
    (folder / "wrong").write_text("another passphrase than that")
    (folder / "wrong").chmod(0o600)
    closed = run_json(*check, "--key", folder / "auditor.key", "--passphrase-file", folder / "wrong", expect=3)
    assert closed["error"]["code"] == "key.passphrase"
    run("auditor", "key", folder / "other.key", *secret)
    assert run_json(*check, "--key", folder / "other.key", *secret, expect=3)["error"]["code"] == "node.other-auditor"


@pytest.mark.parametrize("text", ["12", "00" * 32, "01" + "00" * 31, "g" * 64, "21" * 33], ids=range(5))
def test_a_key_to_which_nothing_can_be_sealed_is_no_auditors_key(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_auditor(text)
    assert refused.value.code == "key.auditor"


def test_an_auditors_key_signs_nothing_and_a_signers_key_opens_no_evidence() -> None:
    sealed = seal_auditor_key(AUDITOR, PASSPHRASE, os.urandom)
    assert open_auditor_key(sealed, PASSPHRASE).private_bytes_raw() == AUDITOR.private_bytes_raw()
    for data, opened in ((sealed, open_key), (seal_key(JUDGE, PASSPHRASE, os.urandom), open_auditor_key)):
        with pytest.raises(InputError) as refused:
            opened(data, PASSPHRASE)
        assert refused.value.code == "key.use"
