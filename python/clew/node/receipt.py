"""The receipt of a joint trace: what was sent, what was revealed, to whom (spec node 10). Files of a case folder.

Everything is counted from the messages and the log, which both outlast the trace's secrets, so that a receipt can be
made at any time, the closing included.
"""

from __future__ import annotations

import hashlib
import json
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self, final

import pyarrow as pa
import pyarrow.compute as pc

from clew.audit.log import Entry, LoggedEntry
from clew.chain.graph import EVENTS
from clew.errors import ClewError, InputError
from clew.joint.broken import Broken
from clew.joint.context import request_digest
from clew.joint.found import pseudonym
from clew.joint.messages import Unmask, Unmasked, parse
from clew.joint.terms import moment
from clew.joint.unmasking import Record, read_records
from clew.node.identity import Card
from clew.node.storage import Row, Wire
from clew.parquet import to_parquet
from clew.warrants.keys import PublicKey, SigningKey

__all__ = [
    "BROKEN",
    "RECEIPT",
    "Exchange",
    "Reached",
    "broken_file",
    "exchanges",
    "make_receipt",
    "read_broken",
    "receipt_files",
    "unsigned",
    "verify_receipt",
]

RECEIPT: Final = "receipt.json"
BROKEN: Final = "broken-rows.json"
_LIST: Final = "unmasked.json"
_RECORDS: Final = "records.parquet"
_LABEL: Final = b"clew/1 receipt\n"
_VERSION: Final = 1
_COUNTED: Final = {
    "tracer": {"joint.recognise": ("recognised",), "joint.asked": ("items", "declared"), "joint.names": ("rows",)},
    "holder": {"joint.recognised": ("recognised",), "joint.names": ("items", "declared"), "joint.rows": ("rows",)},
}
"""Which entry of each side's log counts what; padding is included (spec protocol 6.7)."""


@final
@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """A request to unmask that was answered, when this side knew the answer, and the records that came with it."""

    asked: Unmask
    answer: Unmasked
    at: str
    records: tuple[Record, ...]

    def vertices(self) -> list[tuple[str, str, str | None]]:
        """Pseudonym, reason and number of each vertex; no number where the holder's records do not hold it."""
        both = zip(self.asked.wants, self.answer.numbers, strict=True)
        return [(pseudonym(want.name), want.reason, found.number or None) for want, found in both]


@final
@dataclass(frozen=True, slots=True)
class Reached:
    """What stands in the tracer's graph: numbers that it knew or was told, and pseudonyms."""

    numbers: int
    pseudonyms: int

    @classmethod
    def of(cls, vertices: pa.Table) -> Self:
        """What stands in these vertices of a graph."""
        hidden: int = pc.sum(pc.starts_with(vertices["vertex"], "p:"), min_count=0).as_py()
        return cls(vertices.num_rows - hidden, hidden)


def exchanges(messages: Iterable[tuple[Wire, bytes]], taken: int) -> list[Exchange]:
    """The first ``taken`` answered requests to unmask among these messages, in their order: an answer that was refused
    ended the trace, and revealed nothing."""
    found: list[Exchange] = []
    asked: Unmask | None = None
    known: set[str] = set()
    for wire, data in messages:
        message = parse(data)
        if isinstance(message, Unmask):
            asked = message
        elif isinstance(message, Unmasked) and asked is not None and len(found) < taken:
            known |= {one.number for one in message.numbers}
            found.append(Exchange(asked, message, wire.at, read_records(message.records, known)))
    return found


def make_receipt(
    row: Row,
    me: Card,
    partner: Card | None,
    wires: Sequence[Wire],
    unmaskings: Sequence[Exchange],
    log: Sequence[LoggedEntry],
    snapshot_bytes: int,
    reached: Reached | None,
) -> dict[str, Any]:
    """The receipt without its signature. It names pseudonyms and no number."""
    entries = [logged.entry for logged in log]
    records = sum(len(one.records) for one in unmaskings)
    hops = _hops(row.role, entries)
    warrant = _warrant(entries)
    return {
        "version": _VERSION,
        "case": row.name,
        "trace": row.trace.hex() if row.trace is not None else None,
        "warrant": warrant,
        "role": row.role,
        "state": row.state,
        "node": _who(me),
        "partner": _who(partner) if partner is not None else _unpinned(row.peer),
        **{
            way: _way([wire for wire in wires if wire.sent is sent])
            for way, sent in (("sent", True), ("received", False))
        },
        "snapshot_bytes": snapshot_bytes,
        "records_sent": records if row.role == "holder" else 0,
        "records_received": records if row.role == "tracer" else 0,
        "answered": {
            "items": sum(hop["items"] for hop in hops),
            "rows": sum(hop["rows"] for hop in hops),
            "declared": sum(hop["declared"] for hop in hops),
            "recognised": sum(_int(entry, "recognised") for entry in entries if entry.kind == _recognised(row.role)),
            "unmaskings": sum(len(one.asked.wants) for one in unmaskings),
        },
        "revealed": {
            "to": me.name if row.role == "tracer" else _name(partner),
            "hops": hops,
            "reached": asdict(reached) if reached is not None else None,
            "unmasked": [_unmasked(one, warrant) for one in unmaskings],
        },
        "messages": [asdict(wire) for wire in wires],
    }


def receipt_files(
    receipt: Mapping[str, Any],
    unmaskings: Sequence[Exchange],
    broken: Mapping[str, bytes],
    log: Sequence[LoggedEntry],
    key: SigningKey,
) -> dict[str, bytes]:
    """The receipt, signed by the node and chained to its log; the list of what was unmasked, which is the same on
    both sides; and on the tracer's side the records that came with it, as a table, and the file of ``broken`` rows."""
    listed = {
        "version": _VERSION,
        **{name: receipt[name] for name in ("case", "trace", "warrant")},
        "requests": [_listed(one, receipt["warrant"]) for one in unmaskings],
    }
    files = dict(broken)
    if unmaskings:
        files[_LIST] = (json.dumps(listed, indent=2, ensure_ascii=False) + "\n").encode()
    records = [record for one in unmaskings for record in one.records]
    if records and receipt["role"] == "tracer":
        files[_RECORDS] = to_parquet(_table(records, receipt["partner"]["name"]))
    last = log[-1]
    document = {
        **receipt,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "log": {"index": last.index, "digest": last.digest},
    }
    signed = {**document, "signature": key.sign(_LABEL + _canonical(document)).hex()}
    return {RECEIPT: (json.dumps(signed, indent=2, ensure_ascii=False) + "\n").encode(), **files}


def broken_file(trace: bytes, rows: Sequence[Broken]) -> dict[str, bytes]:
    """What the auditor is shown of rows that were not sound (protocol 6.6)."""
    if not rows:
        return {}
    listed = [
        {
            "hop": row.hop,
            "position": row.position,
            "secret": row.secret.hex(),
            "point": row.point.hex(),
            "place": row.place,
            "path": [beside.hex() for beside in row.path],
            "row": row.row.hex(),
        }
        for row in rows
    ]
    document = {"version": _VERSION, "trace": trace.hex(), "rows": listed}
    return {BROKEN: (json.dumps(document, indent=2) + "\n").encode()}


def read_broken(data: bytes, where: str = "") -> tuple[bytes, tuple[Broken, ...]]:
    """The trace and the rows in a file that :func:`broken_file` made; ``InputError`` if it is none, to the byte."""
    try:
        found = json.loads(data)
        trace, rows = bytes.fromhex(found["trace"]), tuple(_broken(row) for row in found["rows"])
        if broken_file(trace, rows) != {BROKEN: data}:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(
            "node.broken-file",
            "this is not a file of rows that were not sound, or it was changed",
            where=where,
            mend=f"Take {BROKEN} from the tracer's case folder, as its node wrote it.",
        ) from error
    return trace, rows


def _broken(row: Mapping[str, Any]) -> Broken:
    hop, position, place = (operator.index(row[name]) for name in ("hop", "position", "place"))
    secret, point, data = (bytes.fromhex(row[name]) for name in ("secret", "point", "row"))
    if min(hop, position, place) < 0 or len(secret) != 32 or len(point) != 32:
        raise ValueError("a place or a length that no row has")
    return Broken(hop, position, secret, point, place, tuple(bytes.fromhex(beside) for beside in row["path"]), data)


def unsigned(data: bytes) -> dict[str, Any]:
    """The receipt in a file, as :func:`make_receipt` made it."""
    found: dict[str, Any] = json.loads(data)
    return {name: value for name, value in found.items() if name not in {"files", "log", "signature"}}


def verify_receipt(data: bytes, where: str = "", *, node: bytes | None = None) -> dict[str, Any]:
    """The receipt in a file, if the node that it names signed it, and that is ``node`` where one is given.

    ``InputError`` ``node.receipt`` if not.
    """
    try:
        found: dict[str, Any] = json.loads(data)
        signature = bytes.fromhex(found.pop("signature"))
        PublicKey(bytes.fromhex(found["node"]["identity"])).verify(signature, _LABEL + _canonical(found))
        if found["version"] != _VERSION or node not in (None, bytes.fromhex(found["node"]["identity"])):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ClewError) as error:
        raise InputError(
            "node.receipt",
            "this is not the receipt of a joint trace, or it was changed",
            where=where,
            mend="Ask the node that wrote it for it again: clew case receipt.",
        ) from error
    return found


def _who(card: Card) -> dict[str, str]:
    return {"name": card.name, "fingerprint": card.fingerprint, "identity": card.identity.hex()}


def _unpinned(identity: bytes) -> dict[str, str]:
    return {"name": _name(None), "fingerprint": "", "identity": identity.hex()}


def _name(card: Card | None) -> str:
    return card.name if card is not None else "(no longer pinned)"


def _way(wires: Sequence[Wire]) -> dict[str, Any]:
    kinds: defaultdict[str, dict[str, int]] = defaultdict(lambda: {"messages": 0, "bytes": 0})
    for wire in wires:
        kinds[wire.kind]["messages"] += 1
        kinds[wire.kind]["bytes"] += wire.size
    return {"messages": len(wires), "bytes": sum(wire.size for wire in wires), "kinds": dict(kinds)}


def _hops(role: str, entries: Sequence[Entry]) -> list[dict[str, int]]:
    """What was answered in each hop, padding included."""
    hops: dict[int, dict[str, int]] = {}
    answered = {_int(entry, "hop") for entry in entries if entry.kind == "joint.names"}
    opened = {_int(entry, "hop") for entry in entries if entry.kind == "joint.rows"}
    for entry in entries:
        hop = _int(entry, "hop")
        for name in _COUNTED[role].get(entry.kind, ()):
            if name != "recognised" and hop in (opened if name == "rows" else answered):
                counts = hops.setdefault(hop, {"hop": hop, "items": 0, "declared": 0, "rows": 0})
                counts[name] += _int(entry, name)
    return [hops[hop] for hop in sorted(hops)]


def _recognised(role: str) -> str:
    return "joint.recognise" if role == "tracer" else "joint.recognised"


def _int(entry: Entry, name: str) -> int:
    return int(entry.body.get(name, 0))


def _warrant(entries: Sequence[Entry]) -> str | None:
    found = [entry.body["warrant"] for entry in entries if entry.kind in ("joint.started", "joint.authorised")]
    return str(found[0]) if found else None


def _request(one: Exchange, warrant: str | None) -> dict[str, Any]:
    until: datetime = moment(one.asked.until)
    return {
        "serial": one.asked.serial,
        "request": request_digest(one.asked.trace, bytes.fromhex(warrant or ""), one.asked).hex(),
        "until": until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _unmasked(one: Exchange, warrant: str | None) -> dict[str, Any]:
    """An answered request without its numbers."""
    return {
        **_request(one, warrant),
        "at": one.at,
        "approved_by": [approval.key.hex() for approval in one.asked.approvals],
        "vertices": [
            {"pseudonym": name, "reason": reason, "revealed": number is not None}
            for name, reason, number in one.vertices()
        ],
        "records": len(one.records),
    }


def _listed(one: Exchange, warrant: str | None) -> dict[str, Any]:
    """An answered request with its numbers: the same on both sides."""
    return {
        **_request(one, warrant),
        "approvals": [{"key": a.key.hex(), "signature": a.signature.hex()} for a in one.asked.approvals],
        "vertices": [
            {"pseudonym": name, "reason": reason, "number": number} for name, reason, number in one.vertices()
        ],
        "records": {"count": len(one.records), "sha256": hashlib.sha256(one.answer.records).hexdigest()},
    }


def _table(records: Sequence[Record], holder: str) -> pa.Table:
    """The records as the event table of a traced graph, in its order."""
    columns = {
        "a": [record.a for record in records],
        "b": [record.b for record in records],
        "holder": [holder] * len(records),
        "start": pa.array([record.start for record in records], pa.int64()).cast(EVENTS.field("start").type),
        "zone_offset": [record.zone_offset for record in records],
        "kind": [record.kind for record in records],
        "duration": [None if record.duration < 0 else record.duration for record in records],
        "record_id": [None] * len(records),
    }
    table = pa.table([columns[name] for name in EVENTS.names], schema=EVENTS)
    return table.sort_by([(name, "ascending") for name in ("start", "a", "b", "kind")])


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
