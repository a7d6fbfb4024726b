"""Why a contact was declared: sealed to the auditor, opened only by it (spec protocol 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from clew.errors import ClewError, InputError
from clew.joint import context, group, labels
from clew.joint.codec import blob, encode_fields, many, parse_fields, text, whole
from clew.joint.commitments import couple_leaf
from clew.joint.labels import digest
from clew.joint.messages import EVIDENCE_LIMIT, LIST_LIMIT, MESSAGE_LIMIT, Ask
from clew.joint.refusals import check_failed
from clew.joint.seeds import SeedShare, verify_seeds
from clew.joint.terms import Order, Roots, number_dst
from clew.joint.trees import verify_path
from clew.warrants.authorisation import Seed

__all__ = [
    "Checked",
    "Declared",
    "EvidenceList",
    "check_evidence",
    "most_declared",
    "open_evidence",
    "padded_size",
    "seal_evidence",
    "verify_evidence",
]

_NONCE: Final = bytes(12)  # an ephemeral key seals one list
_OVERHEAD: Final = 1 << 10
"""More than the bytes around the evidence, and around the fields of a message."""


@final
@dataclass(frozen=True, slots=True, repr=False)
class Declared:
    """One declared item: the couple that led to it with its path, and which end it is.

    An item that only fills the list names a seed: ``b`` and ``salt`` are empty, ``place`` is the seed's in the warrant,
    ``path`` the scalar that blinds it there.
    """

    place: int = whole(4)
    a: str = text(1, 170)
    b: str = text(0, 170)
    second: int = whole(1)
    salt: bytes = blob(16, 0, 1)
    path: bytes = blob(32, 0, 32)

    def __repr__(self) -> str:
        return "Declared(…)"


@final
@dataclass(frozen=True, slots=True, repr=False)
class EvidenceList:
    """The evidence of a list's declared items, in the list's order, and the seed that all their secrets come from:
    who has it can make the list again, byte for byte."""

    seed: bytes = blob(32)
    items: tuple[Declared, ...] = many(Declared, 0, LIST_LIMIT)

    def __repr__(self) -> str:
        return f"EvidenceList(items={len(self.items)})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """A declared item as its evidence shows it, and what is wrong with it, if anything is.

    ``contact`` is the other end of the couple that led to ``number``; ``None`` of a seed, which only fills the list.
    """

    number: str
    contact: str | None
    fault: ClewError | None

    def __repr__(self) -> str:
        return f"Checked(fault={self.fault!r})"


def padded_size(items: int, text: int, couples: int) -> int:
    """As many bytes as the evidence of so many items can take, if no number has more than ``text`` bytes and so many
    couples were committed to: which items they are, and how many fill the list, does not show in it."""
    path = bytes(32 * max(1, (couples - 1).bit_length()))
    largest = Declared(0, "0" * text, "0" * text, 0, bytes(16), path)
    none, one = (len(encode_fields(EvidenceList(bytes(32), (largest,) * count))) for count in (0, 1))
    return none + items * (one - none)


def most_declared(sealed: int, text: int, couples: int) -> int:
    """How many declared items, a power of two, a list with so many sealed ones can have: their evidence has a limit,
    and so has the message that all of it goes in."""
    most = LIST_LIMIT
    while _OVERHEAD + (size := padded_size(most, text, couples)) > EVIDENCE_LIMIT or (
        _OVERHEAD + 128 * sealed + 64 * most + size > MESSAGE_LIMIT
    ):
        most //= 2
    return most


def seal_evidence(found: EvidenceList, size: int, auditor: bytes, context: bytes, random: bytes) -> bytes:
    """The evidence, filled up to ``size`` bytes, readable by who has the auditor's X25519 secret; ``random`` are 32
    bytes used here only."""
    encoded = encode_fields(found)
    plain = len(encoded).to_bytes(4, "big") + encoded.ljust(size, b"\0")
    ephemeral = X25519PrivateKey.from_private_bytes(random)
    public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(auditor))
    key = digest(labels.EVIDENCE, shared, public, auditor, context)
    return public + ChaCha20Poly1305(key).encrypt(_NONCE, plain, context)


def open_evidence(sealed: bytes, auditor: X25519PrivateKey, context: bytes) -> EvidenceList:
    """What the tracer said to the auditor about a list's declared items."""
    own = auditor.public_key().public_bytes_raw()
    try:
        shared = auditor.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
        key = digest(labels.EVIDENCE, shared, sealed[:32], own, context)
        plain = ChaCha20Poly1305(key).decrypt(_NONCE, sealed[32:], context)
        end = 4 + int.from_bytes(plain[:4], "big")
        if any(plain[end:]):
            raise ValueError("filler that is none")
        return parse_fields(EvidenceList, plain[4:end])
    except (InvalidTag, ValueError) as error:
        raise InputError(
            "joint.evidence",
            "this evidence was not sealed to this key, or not for this list",
            mend="Take the auditor's key that the case order names.",
        ) from error


def verify_evidence(
    order: Order, roots: Roots, seeds: Sequence[Seed], asked: Ask, auditor: X25519PrivateKey
) -> tuple[str, ...]:
    """The numbers that a list declared, in its order; ``PeerError`` unless each is what was sent and committed to.

    For the auditor, years later: it makes the declared items again out of the evidence and compares their bytes.
    """
    checked = check_evidence(order, roots, seeds, asked, auditor)
    for item in checked:
        if item.fault is not None:
            raise item.fault
    return tuple(item.number for item in checked)


def check_evidence(
    order: Order, roots: Roots, seeds: Sequence[Seed], asked: Ask, auditor: X25519PrivateKey
) -> tuple[Checked, ...]:
    """Every declared item of a list, in its order, with what is wrong with it.

    ``InputError`` or ``PeerError`` where the evidence is none of this list, so that no item of it can be looked at.
    """
    found = open_evidence(asked.evidence, auditor, context.evidence(order, asked.hop))
    if len(found.items) * 64 != len(asked.declared):
        raise check_failed("the evidence is of another number of declared contacts")
    ends = [_ends(item) for item in found.items]
    points = group.hash_to_group([number.encode() for number, _ in ends], number_dst(order.trace))
    made = group.declare(points, group.HolderKeys(roots.holder.keys), found.seed)[0].reshape(-1, 64)
    same = (made == np.frombuffer(asked.declared, np.uint8).reshape(-1, 64)).all(axis=1).tolist()
    faults = [_fault(order, roots, seeds, item, sent) for item, sent in zip(found.items, same, strict=True)]
    return tuple(Checked(number, contact, fault) for (number, contact), fault in zip(ends, faults, strict=True))


def _ends(item: Declared) -> tuple[str, str | None]:
    """The number that an item says to declare, and the contact that led to it."""
    if not item.b:
        return item.a, None
    return (item.b, item.a) if item.second else (item.a, item.b)


def _fault(order: Order, roots: Roots, seeds: Sequence[Seed], item: Declared, sent: bool) -> ClewError | None:
    try:
        _require_committed(order, roots, seeds, item)
    except ClewError as error:
        return error
    return None if sent else check_failed("other contacts were declared than the evidence says")


def _require_committed(order: Order, roots: Roots, seeds: Sequence[Seed], item: Declared) -> None:
    """Return if the item's couple was committed to, or it is a seed of the warrant."""
    if not item.b:
        if item.place >= len(seeds) or len(item.path) != 32:
            raise check_failed("the evidence names a seed that is not in the warrant")
        verify_seeds(seeds[item.place : item.place + 1], [SeedShare(item.a, item.path)], order.trace)
        return
    leaf = couple_leaf(order.trace, item.salt, item.a, item.b)
    path = [item.path[at : at + 32] for at in range(0, len(item.path), 32)]
    verify_path(leaf, item.place, roots.tracer.couples, path, roots.tracer.couples_root)
