"""The targets that ``tests/fuzz.py`` drives through the messages of the joint trace, and what nodes send and keep.

A message that is taken must be written again byte for byte; each state of either party takes it or refuses it, and
none breaks. Corpora are one honest trace's.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from clew.effects import system_clock, system_randomness
from clew.errors import InputError
from clew.joint import context, holder, tracer
from clew.joint.evidence import open_evidence
from clew.joint.messages import Ask, Unmask, Unmasked, encode, parse
from clew.joint.rows import parse_rows, read_rows, write_row
from clew.joint.snapshot import parse_snapshot
from clew.joint.steps import Given
from clew.joint.unmasking import Record, _Records, encode_fields, read_records
from clew.node.envelope import HEAD, Kind, open_envelope, seal_envelope
from clew.node.identity import Card
from clew.node.running import Running
from clew.node.sealing import SealingKey
from clew.node.told import Wait
from clew.node.unmask_request import UnmaskRequest
from tests.node_pair import Desks, desks
from tests.protocol.parties import AUDITOR, HOLDER, NOW, TRACER, authorised, committed, sample
from tests.protocol.test_rows import PROOF, a_row
from tests.protocol.test_states import whole_trace

__all__ = [
    "CARDS",
    "ENVELOPES",
    "EVIDENCE",
    "MESSAGES",
    "RECORDS",
    "REQUESTS",
    "ROWS",
    "SEALED",
    "SNAPSHOTS",
    "STEPS",
    "WAITS",
    "card",
    "envelope",
    "evidence",
    "message",
    "records",
    "request",
    "row",
    "sealed",
    "snapshot",
    "step",
    "waits",
]

_TRACERS, _HOLDERS, _SAID = whole_trace()
_GIVEN = Given(NOW, bytes(range(32)))


def _declaring() -> tuple[Ask, Any, bytes]:
    """A list with declared contacts, the holder's state that awaits it, and what its evidence is bound to."""
    pair = committed(*sample())
    said, to = authorised(pair, ["+9641000001"], 2), "holder"
    while not (isinstance(said, Ask) and said.declared):
        module = {"holder": holder, "tracer": tracer}[to]
        answer = pair.step(to, module.receive(getattr(pair, to), said, pair.dice[to].given()))
        assert answer is not None
        said, to = answer, {"holder": "tracer", "tracer": "holder"}[to]
    return said, pair.holder, context.evidence(pair.tracer.kept.order, 1)  # type: ignore[union-attr]


_DECLARING, _HOLDERS["awaits declared contacts"], _BOUND = _declaring()
MESSAGES = [*(encode(one) for one in _SAID.values()), encode(_DECLARING)]


def message(data: bytes) -> None:
    """A message is refused, or is written again as it was; each state of both parties takes it or refuses it."""
    found = parse(data)
    assert encode(found) == data
    for mine in _TRACERS.values():
        assert tracer.receive(mine, found, _GIVEN).state is not None
    for theirs in _HOLDERS.values():
        assert holder.receive(theirs, found, _GIVEN).state is not None


EVIDENCE = [_DECLARING.evidence]


def evidence(data: bytes) -> None:
    """Evidence opens for its auditor as it was sealed, or not at all."""
    open_evidence(data, AUDITOR, _BOUND)
    assert data == _DECLARING.evidence


_RECORD = Record("+9647901234567", "+33612000003", 1_700_000_000_000_000, 60, 1, -1)
RECORDS = [encode_fields(_Records((_RECORD,))), encode_fields(_Records((_RECORD, _RECORD)))]


def records(data: bytes) -> None:
    """Records are refused, or are of the numbers that were unmasked, and are written again as they were."""
    found = read_records(data, {"+9647901234567", "+33612000003"})
    assert not found or encode_fields(_Records(found)) == data


SNAPSHOTS = [committed(*sample()).holder.kept.snapshot.encode()]  # type: ignore[union-attr]


def snapshot(data: bytes) -> None:
    """A snapshot is refused, or is written again as it was."""
    found = parse_snapshot(data)
    assert found.encode() == data
    assert len(found.root) == 32


ROWS = [a_row(1), a_row(3), a_row(40)]


def row(data: bytes) -> None:
    """What stands in a row that authenticates is still the holder's word: it is none, or is written again as it was."""
    rows = parse_rows([data, ROWS[0], data], PROOF, 200)
    assert rows[1] is not None
    for found in (rows[0], rows[2]):
        if found is None:
            raise NO_ROW
        assert write_row(found.proof, found.seals, found.fixed + found.spread + found.hours) == data
        assert len(read_rows([found])) == found.count


NO_ROW = InputError("joint.snapshot", "this row is none")


_UNMASK = _SAID["Unmask"]
assert isinstance(_UNMASK, Unmask)
assert isinstance(_SAID["Unmasked"], Unmasked)
REQUESTS = [UnmaskRequest(bytes(32), _UNMASK).encode()]


def request(data: bytes) -> None:
    """A file of a request is refused, or is written again as it was."""
    assert UnmaskRequest.parse(data).encode() == data


_TO = HOLDER.public.raw
ENVELOPES = [
    seal_envelope(kind, body, TRACER, _TO, 1_700_000_000, answers)[0]
    for kind, body, answers in (
        (Kind.MESSAGE, MESSAGES[0], bytes(32)),
        (Kind.WAIT, b'{"state": "paused", "reason": ""}', b"\x01" * 32),
        (Kind.NOTHING, b"", bytes(32)),
        (Kind.CHUNK_WANTED, bytes(40), bytes(32)),
        (Kind.CHUNK, (5).to_bytes(8, "big") + b"12345", b"\x01" * 32),
    )
]


def envelope(data: bytes) -> None:
    """An envelope opens as its sender sealed it, or not at all."""
    answers = data[HEAD - 32 : HEAD]
    found = open_envelope(data, TRACER.public.raw, _TO, answers)
    assert seal_envelope(found.kind, found.body, TRACER, _TO, found.at, answers)[0] == data


WAITS = [
    json.dumps({"state": state, "reason": reason, "trace": "00" * 32}).encode()
    for state, reason in (("paused", "our court looks at it"), ("working", ""), ("ü" * 40, "م" * 200))
]


def waits(data: bytes) -> None:
    """What a partner's node says of itself is refused, or is short."""
    said, trace = Wait.parse(data)
    assert Wait.parse(said.encode(trace)) == (said, trace)
    assert (said.state + said.reason).isprintable()
    assert len(said.state) <= 40
    assert len(said.reason) <= 200


_KEY = SealingKey(bytes(32))
SEALED = [_KEY.seal(b"a step", "step 1 1", lambda size: bytes(size)), _KEY.seal(b"", "step 1 1", system_randomness)]


def sealed(data: bytes) -> None:
    """What stands in the database opens as it was sealed, in its place, or not at all."""
    assert _KEY.open(data, "step 1 1") in (b"a step", b"")
    assert data in SEALED


@cache
def _offered() -> Desks:
    folder = Path(tempfile.mkdtemp(prefix="clew-fuzz"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pair = desks(folder)
    pair.offered()
    return pair


def _step(**fields: Any) -> bytes:
    return json.dumps({"now": "2026-04-01T00:00:00+00:00", "random": "00" * 32, **fields}).encode()


_PAPERS = {"warrant": "e30=", "policy": "eA==", "amendments": [], "revocations": [], "origin": ""}
STEPS = [
    _step(do="keep"),
    _step(do="stop", reason="no"),
    _step(do="receive"),
    _step(do="close"),
    _step(do="unmask", message=MESSAGES[-1].hex()),
    _step(do="authorise", **_PAPERS, shares=[["+33612000003", "00" * 32]]),
]
CARDS = [_offered().tracer.identity.settings.card, _offered().holder.identity.settings.card]


def step(data: bytes) -> None:
    """A trace whose stored steps another version wrote, or something spoilt, is taken up or says that it cannot be."""
    desk = _offered().holder
    begun = desk.traces()[0].row
    kept = desk.storage.steps
    first = kept(begun.id)
    taken = []
    try:
        for steps in ([(first[0][0], data)], [*first, (7, data)]):
            desk.storage.steps = lambda of, steps=steps: steps  # type: ignore[method-assign,misc]
            taken.append(Running(desk.identity, None, desk.storage, system_clock, system_randomness, begun))
    finally:
        desk.storage.steps = kept  # type: ignore[method-assign]
    if (broken := taken[0].broken) is not None:
        raise broken


def card(data: bytes) -> None:
    """A card is refused, or is its own signer's, and names a key, an address and a certificate."""
    found = Card.parse(data)
    assert len(found.identity) == 32
    assert found.fingerprint
