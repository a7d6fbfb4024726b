"""A request to unmask as a file: what approvers of both sides read and sign, before it is sent (spec node 9)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self, final

from clew.errors import ClewError, InputError
from clew.joint.context import request_digest
from clew.joint.found import pseudonym
from clew.joint.messages import Unmask, encode, parse
from clew.joint.terms import moment
from clew.joint.unmasking import approve
from clew.warrants.keys import SigningKey

__all__ = ["UnmaskRequest", "joined"]

_VERSION: Final = 1


@final
@dataclass(frozen=True, slots=True, repr=False)
class UnmaskRequest:
    """A request and the approvals that it has; ``warrant`` is the digest of the warrant of its trace."""

    warrant: bytes
    message: Unmask

    @property
    def digest(self) -> bytes:
        """What approvers sign: computed from what the file shows, never read from it."""
        return request_digest(self.message.trace, self.warrant, self.message)

    @property
    def until(self) -> datetime:
        """Until when approvals hold."""
        return moment(self.message.until)

    def vertices(self) -> list[dict[str, str]]:
        """The pseudonyms that are to be unmasked, each with its reason."""
        return [{"pseudonym": pseudonym(want.name), "reason": want.reason} for want in self.message.wants]

    def approved(self, key: SigningKey) -> UnmaskRequest:
        """The request with one more approval."""
        made = approve(self.digest, key)
        others = tuple(known for known in self.message.approvals if known.key != made.key)
        return replace(self, message=replace(self.message, approvals=(*others, made)))

    def encode(self) -> bytes:
        """The file. The lines under ``vertices`` are for people; programs read the message."""
        document = {
            "version": _VERSION,
            "warrant": self.warrant.hex(),
            "vertices": self.vertices(),
            "message": encode(self.message).hex(),
        }
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes, where: str = "") -> Self:
        """The request in a file; ``InputError`` if it is none, or shows people something else than programs."""
        try:
            found = json.loads(data)
            message = parse(bytes.fromhex(found["message"]))
            if not isinstance(message, Unmask) or found["version"] != _VERSION:
                raise ValueError
            request = cls(bytes.fromhex(found["warrant"]), message)
            if len(request.warrant) != 32 or request.encode() != data:
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ClewError) as error:
            raise InputError(
                "node.unmask-file",
                "this is not a request to unmask, or it was changed",
                where=where,
                mend="Give the file that clew case request wrote, or clew case approve.",
            ) from error
        return request


def joined(requests: Sequence[UnmaskRequest]) -> UnmaskRequest:
    """One request with the approvals of all copies of it; ``InputError`` if they are copies of several."""
    first = requests[0]
    if any(request.digest != first.digest for request in requests):
        raise InputError(
            "node.unmask-differs",
            "these are not copies of one request",
            mend="Have every approver sign the same file.",
        )
    approvals = {approval.key: approval for request in requests for approval in request.message.approvals}
    return replace(first, message=replace(first.message, approvals=tuple(approvals.values())))
