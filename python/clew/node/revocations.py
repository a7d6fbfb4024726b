"""Whether a trace's warrant was revoked since it was verified: looked at before every step (spec node 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, final

from clew.audit.log import Log
from clew.case.folder import CaseFolder
from clew.chain.files import Documents, authorise
from clew.effects import Clock
from clew.errors import ClewError, InputError, Refused
from clew.warrants.policy import read_policy

__all__ = ["REVOKED", "UNSURE", "Watch"]

REVOKED: Final = "the warrant was revoked"
"""What the partner is told when a trace ends for that."""

UNSURE: Final = "a revocation or the policy cannot be verified here"
"""What the partner is told while nobody can say whether the warrant is revoked."""

_OF_TIME: Final = frozenset({"warrant.expired", "warrant.not-yet-valid", "log.clock-behind"})
"""Every step looks at these by itself."""


@final
class Watch:
    """The node's policy and its folder of revocations, verified against only when they have changed."""

    def __init__(self, policy: Path) -> None:
        self._policy = policy
        self._seen: tuple[bytes, tuple[bytes, ...]] | None = None
        self._looked: tuple[bytes, tuple[bytes, ...]] | None = None

    def changed(self) -> bool:
        """Whether policy or revocations are others than at the last look, whatever that found."""
        try:
            policy = read_policy(self._policy)
        except (Refused, InputError):
            return False
        return (policy.source, policy.revocations) != self._looked

    def look(self, documents: Documents, case: CaseFolder, log: Log, clock: Clock) -> ClewError | None:
        """What speaks against the warrant now; ``None`` where nothing does, or nothing new is there."""
        try:
            policy = read_policy(self._policy)
            seen = self._looked = policy.source, policy.revocations
            if seen != self._seen:
                _against(lambda: authorise(documents, case, log, clock, policy=self._policy))
            self._seen = seen
        except (Refused, InputError) as error:
            return error
        return None

    def among(self, documents: Documents) -> Documents:
        """The documents with the revocations that the folder holds."""
        return _with(documents, read_policy(self._policy).revocations)

    def require_revoked(self, documents: Documents, data: bytes, case: CaseFolder, log: Log, clock: Clock) -> Documents:
        """The documents with a revocation that names one of them, verified under the policy as it stands now.

        ``Refused`` if it cannot be verified, ``InputError`` if it revokes something else.
        """
        revoked = _with(documents, (data,))
        try:
            _against(lambda: authorise(revoked, case, log, clock, policy=self._policy))
        except Refused as error:
            if error.code == "warrant.revoked":
                return revoked
            raise
        raise InputError(
            "node.revocation-other",
            "the revocation does not name the warrant of this trace",
            mend="Compare the digests: clew warrant show shows both.",
        )


def _with(documents: Documents, revocations: tuple[bytes, ...]) -> Documents:
    return replace(documents, revocations=tuple(dict.fromkeys((*documents.revocations, *revocations))))


def _against(verify: Callable[[], object]) -> None:
    """Raises what speaks against a warrant, but for what time alone does."""
    try:
        verify()
    except Refused as error:
        if error.code not in _OF_TIME:
            raise
