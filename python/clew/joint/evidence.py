"""Why a contact was declared: sealed to the auditor, opened only by it (spec protocol 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from clew.errors import InputError
from clew.joint import context, group, labels
from clew.joint.codec import blob, encode_fields, many, parse_fields, text, whole
from clew.joint.commitments import couple_leaf
from clew.joint.labels import digest
from clew.joint.messages import LIST_LIMIT, Ask
from clew.joint.refusals import check_failed
from clew.joint.seeds import SeedShare, verify_seeds
from clew.joint.terms import Order, Roots, number_dst
from clew.joint.trees import verify_path
from clew.warrants.authorisation import Seed

__all__ = ["Declared", "EvidenceList", "open_evidence", "padded_size", "seal_evidence", "verify_evidence"]

_NONCE: Final = bytes(12)  # an ephemeral key seals one list


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


def padded_size(items: int, text: int, couples: int) -> int:
    """As many bytes as the evidence of so many items can take, if no number has more than ``text`` bytes and so many
    couples were committed to: which items they are, and how many fill the list, does not show in it."""
    path = bytes(32 * max(1, (couples - 1).bit_length()))
    largest = Declared(0, "0" * text, "0" * text, 0, bytes(16), path)
    none, one = (len(encode_fields(EvidenceList(bytes(32), (largest,) * count))) for count in (0, 1))
    return none + items * (one - none)


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
    found = open_evidence(asked.evidence, auditor, context.evidence(order, asked.hop))
    if len(found.items) * 64 != len(asked.declared):
        raise check_failed("the evidence is of another number of declared contacts")
    numbers = [_committed(order, roots, seeds, item) for item in found.items]
    points = group.hash_to_group([number.encode() for number in numbers], number_dst(order.trace))
    if group.declare(points, group.HolderKeys(roots.holder.keys), found.seed)[0].tobytes() != asked.declared:
        raise check_failed("other contacts were declared than the evidence says")
    return tuple(numbers)


def _committed(order: Order, roots: Roots, seeds: Sequence[Seed], item: Declared) -> str:
    """The number that an item declares, if its couple was committed to, or it is a seed of the warrant."""
    if not item.b:
        if item.place >= len(seeds) or len(item.path) != 32:
            raise check_failed("the evidence names a seed that is not in the warrant")
        return verify_seeds(seeds[item.place : item.place + 1], [SeedShare(item.a, item.path)], order.trace)[0].number
    leaf = couple_leaf(order.trace, item.salt, item.a, item.b)
    path = [item.path[at : at + 32] for at in range(0, len(item.path), 32)]
    verify_path(leaf, item.place, roots.tracer.couples, path, roots.tracer.couples_root)
    return item.b if item.second else item.a
