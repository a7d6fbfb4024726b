"""Blinded seeds: what the authority writes into the warrant, and what a co-signer checks (spec protocol 5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from clew.errors import Refused
from clew.joint import group, labels
from clew.joint.labels import digest
from clew.joint.terms import number_dst
from clew.warrants.authorisation import Blinded, Seed

__all__ = ["SeedShare", "blind_seeds", "verify_seeds"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class SeedShare:
    """A seed and the scalar that blinds it: for the tracer and for every authority that signs, for nobody else."""

    number: str
    secret: bytes

    def __repr__(self) -> str:
        return "SeedShare(…)"


def blind_seeds(numbers: Sequence[str], trace: bytes, random: bytes) -> tuple[tuple[Blinded, SeedShare], ...]:
    """The points that the warrant names, each with what its signers must be shown; ``random`` are 32 bytes."""
    seeds = [digest(labels.SEEDS, trace, random, at.to_bytes(4, "big")) for at in range(len(numbers))]
    shares = [
        SeedShare(number, group.SecretScalar.expand(seed, "clew/1 seed").expose())
        for number, seed in zip(numbers, seeds, strict=True)
    ]
    points = _points(shares, trace)
    return tuple((Blinded(point), share) for point, share in zip(points, shares, strict=True))


def verify_seeds(seeds: Sequence[Seed], shares: Sequence[SeedShare], trace: bytes) -> tuple[SeedShare, ...]:
    """The shares in the order of the warrant's points; ``Refused`` unless they are exactly its seeds (spec 5.1).

    A co-signing authority calls this before it signs, the tracer before it starts: nobody is shown one seed and
    signs another.
    """
    found: Mapping[bytes, SeedShare] = dict(zip(_points(shares, trace), shares, strict=True))
    points = [seed.point for seed in seeds if isinstance(seed, Blinded)]
    if len(points) != len(seeds) or set(points) != set(found) or len(found) != len(shares):
        raise Refused(
            "joint.seeds-differ",
            "the warrant's points are not those of the seeds that were shown",
            mend="Do not sign, and do not trace. Ask the issuing authority which seeds it means.",
        )
    return tuple(found[point] for point in points)


def _points(shares: Sequence[SeedShare], trace: bytes) -> list[bytes]:
    points = group.hash_to_group([share.number.encode() for share in shares], number_dst(trace))
    secrets = [group.SecretScalar.from_canonical(share.secret) for share in shares]
    return [group.multiply(points[at : at + 1], secret).tobytes() for at, secret in enumerate(secrets)]
