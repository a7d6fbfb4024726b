"""What a step was given and done, as the node's database keeps it: made again after a restart (spec node 4)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew.chain.files import Documents
from clew.errors import StorageError
from clew.joint.messages import Message, Offer, parse
from clew.joint.tracer import Terms

__all__ = ["altered", "offer_in", "papers_from", "papers_json", "require_offer", "terms_from", "terms_json"]


def terms_json(terms: Terms) -> dict[str, Any]:
    """The terms of an offer."""
    found = {name: getattr(terms, name) for name in Terms.__slots__}
    return found | {"auditor": terms.auditor.hex()}


def terms_from(found: Mapping[str, Any]) -> Terms:
    """The terms again."""
    return Terms(**{**found, "auditor": bytes.fromhex(found["auditor"])})


def papers_json(documents: Documents) -> dict[str, Any]:
    """Warrant, policy, amendments and revocations."""

    def coded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "warrant": coded(documents.warrant),
        "policy": coded(documents.policy),
        "amendments": [coded(data) for data in documents.amendments],
        "revocations": [coded(data) for data in documents.revocations],
        "origin": str(documents.origin or ""),
    }


def papers_from(found: Mapping[str, Any]) -> Documents:
    """The papers again."""
    decoded = base64.b64decode
    return Documents(
        decoded(found["warrant"]),
        decoded(found["policy"]),
        tuple(decoded(text) for text in found["amendments"]),
        tuple(decoded(text) for text in found["revocations"]),
        Path(found["origin"]) if found["origin"] else None,
    )


def offer_in(data: bytes) -> Offer:
    """The offer that these bytes are."""
    return require_offer(parse(data))


def require_offer(message: Message | None) -> Offer:
    """``message`` if it is an offer."""
    if not isinstance(message, Offer):
        raise altered()
    return message


def altered() -> StorageError:
    """Steps and messages in the database do not go together."""
    return StorageError(
        "node.replay",
        "the steps in the node's database do not lead to the messages beside them",
        mend="It was changed, or written by another version of Clew. Restore the node folder, or use that version.",
    )
