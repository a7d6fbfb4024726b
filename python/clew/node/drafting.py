"""The warrant of a joint trace: its seeds blinded for the document, and shown to those who sign (spec node 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from clew.errors import InputError, Refused
from clew.joint.seeds import SeedShare, blind_seeds, verify_seeds
from clew.joint.terms import moment
from clew.numbers import canonical_kind
from clew.warrants.authorisation import Joint
from clew.warrants.document import Warrant

__all__ = ["drafted", "read_shares", "shares_file", "verify_shares"]

_VERSION: Final = 1


def drafted(
    terms: Mapping[str, Any], seeds: Sequence[str], random: bytes, **document: Any
) -> tuple[Warrant, tuple[SeedShare, ...]]:
    """The warrant for the trace with these terms (:meth:`~clew.node.running.Running.terms_document`), not signed, and
    what blinds its seeds; ``random`` are 32 bytes that serve nothing else."""
    trace = bytes.fromhex(terms["trace"])
    blinded = blind_seeds(seeds, trace, random)
    warrant = Warrant(
        case=terms["case"],
        stage=terms["stage"],
        seeds=tuple(point for point, _ in blinded),
        begin=moment(terms["begin"]),
        end=moment(terms["end"]),
        hub_limit=terms["hub_limit"],
        joint=Joint(terms["trace"], terms["case_order"], tuple(terms["roots"])),
        **document,
    )
    return warrant, tuple(share for _, share in blinded)


def shares_file(trace: str, shares: Sequence[SeedShare]) -> bytes:
    """The file that the signing authorities and the tracer are given over their own channel. It names the seeds."""
    seeds = [{"number": share.number, "secret": share.secret.hex()} for share in shares]
    return (json.dumps({"version": _VERSION, "trace": trace, "seeds": seeds}, indent=2) + "\n").encode()


def read_shares(data: bytes, where: str = "") -> tuple[bytes, list[SeedShare]]:
    """The trace and the seeds in such a file."""
    try:
        found = json.loads(data)
        if found["version"] != _VERSION:
            raise ValueError
        shares = [SeedShare(seed["number"], bytes.fromhex(seed["secret"])) for seed in found["seeds"]]
        for share in shares:
            canonical_kind(share.number)
            if len(share.secret) != 32:
                raise ValueError
        return bytes.fromhex(found["trace"]), shares
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError) as error:
        raise InputError(
            "node.seeds-file",
            "this is not a file of blinded seeds",
            where=where,
            mend="Give the file that clew warrant draft wrote beside the warrant.",
        ) from error


def verify_shares(warrant: Warrant, data: bytes, where: str = "") -> list[str]:
    """The seeds of a warrant, if the file shows exactly them; else ``Refused``. A co-signer looks before it signs."""
    trace, shares = read_shares(data, where)
    if warrant.joint is None or warrant.joint.trace != trace.hex():
        raise Refused(
            "joint.seeds-differ",
            "the warrant and the file of seeds are of two traces",
            where=where,
            mend="Do not sign. Ask the issuing authority for the file of this warrant.",
        )
    return [share.number for share in verify_seeds(warrant.seeds, shares, trace)]
