"""What every proof of a trace is bound to beside its own statement (spec protocol 2.4), and other shared digests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from clew.joint import labels
from clew.joint.codec import encode_fields
from clew.joint.labels import digest
from clew.joint.messages import Ask, AskRows, Names, Unmask, encode
from clew.joint.terms import Order, Roots
from clew.warrants.authorisation import Authorisation

__all__ = [
    "evidence",
    "items",
    "names",
    "possession",
    "request",
    "request_digest",
    "roots_body",
    "rows",
    "run",
    "snapshot",
]


def possession(order: Order) -> bytes:
    """Of the proofs that the holder knows the secrets of its keys. The order names both nodes: a holder that takes
    over the nonces of another trace cannot show that one's keys and proofs as its own."""
    return digest(labels.POSSESSION, order.trace, order.digest)


def snapshot(order: Order) -> bytes:
    """Of the proofs of a snapshot's rows."""
    return digest(labels.ROW, order.trace, order.digest)


def run(order: Order, roots: Roots, warrant: Authorisation) -> bytes:
    """Of everything under one warrant: trace, case order, roots and warrant."""
    parts = [bytes.fromhex(root) for root in roots.digests]
    return digest(labels.HOP, order.trace, order.digest, bytes.fromhex(warrant.digest), *parts)


def names(order: Order, roots: Roots, warrant: Authorisation, hop: int, sealed_evidence: bytes) -> bytes:
    """Of the answer to a hop's list."""
    return digest(labels.HOP, run(order, roots, warrant), bytes([hop]), b"names", sealed_evidence)


def rows(order: Order, roots: Roots, warrant: Authorisation, answer: Names) -> bytes:
    """Of the row points of a hop; it covers the names that were answered before."""
    return digest(labels.HOP, run(order, roots, warrant), bytes([answer.hop]), b"rows", encode(answer))


def evidence(order: Order, hop: int) -> bytes:
    """Of the evidence beside a hop's declared contacts."""
    return digest(labels.EVIDENCE, order.trace, bytes([hop]))


def request(order: Order, warrant: Authorisation, message: Unmask) -> bytes:
    """The digest of a request to unmask, which its approvers sign: everything but their signatures."""
    return request_digest(order.trace, bytes.fromhex(warrant.digest), message)


def request_digest(trace: bytes, warrant: bytes, message: Unmask) -> bytes:
    """The same from the identifier of the trace and the digest of the warrant: what an approver has at hand."""
    wants = b"".join(digest(labels.UNMASK, encode_fields(want)) for want in message.wants)
    head = trace, warrant, message.serial.to_bytes(2, "big")
    return digest(labels.UNMASK, *head, message.until.to_bytes(8, "big", signed=True), wants)


def items(ask: Ask) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The sealed items of a list, 128 bytes each, and the declared ones, 64 bytes each."""
    sealed = np.frombuffer(ask.sealed, np.uint8).reshape(-1, 128)
    return sealed, np.frombuffer(ask.declared, np.uint8).reshape(-1, 64)


def positions(asked: AskRows) -> npt.NDArray[np.int64]:
    """The positions whose rows are asked for, rising."""
    return np.frombuffer(asked.positions, ">u4").astype(np.int64)


def roots_body(roots: Roots) -> dict[str, Any]:
    """The five roots as fields of a log entry."""
    return dict(zip(("numbers", "couples", "seed", "keys", "snapshot"), roots.digests, strict=True))
