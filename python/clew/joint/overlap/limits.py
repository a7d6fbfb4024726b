"""How large a list may be, how small, and how often a partner may ask (spec 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

from clew.audit.log import LoggedEntry
from clew.errors import Refused, UsageError

__all__ = ["LARGEST", "RATE_WINDOW", "Limits", "answered_within", "require_rate"]

LARGEST: Final = 1 << 24
"""Numbers in one list that any message can carry; what is accepted is far less (spec 6)."""

RATE_WINDOW: Final = timedelta(days=30)
"""Checks with one partner are counted over this time."""


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """What one side demands of both lists, and of the partner's questions in :data:`RATE_WINDOW`.

    The defaults are made for case lists: of fewer than 20 numbers a size says nearly which, and of a list of more than
    10,000 nobody knows whether it is a case or the number plan.
    """

    least: int = 20
    most: int = 10_000
    checks: int = 12

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= LARGEST or self.checks < 1:
            raise UsageError(
                "overlap.limits",
                f"limits are 1 <= least <= most <= {LARGEST:,}, and at least one check",
                where="--least, --most, --checks",
                mend="Give other limits; the partner's must allow the lists, too.",
            )

    def require_own(self, size: int) -> None:
        """Return if the own list may go into a check; else ``Refused``."""
        self._require(
            size,
            "your list has",
            "Ask about more numbers of the case, or agree with the partner on a smaller --least.",
            "Ask about fewer numbers, or agree with the partner on a larger --most.",
        )

    def require_theirs(self, size: int) -> None:
        """Return if the partner's list may; else ``Refused``."""
        self._require(
            size,
            "the partner's list has",
            "Talk to the partner about more numbers; --least is yours to set.",
            "Talk to the partner about fewer numbers; --most is yours to set.",
        )

    def _require(self, size: int, whose: str, more: str, fewer: str) -> None:
        if size < self.least:
            raise Refused(
                "overlap.too-few",
                f"{whose} {size:,} of at least {self.least:,} numbers",
                mend=more,
                counts={"numbers": size, "least": self.least},
            )
        if size > self.most:
            raise Refused(
                "overlap.too-many",
                f"{whose} more than {self.most:,} numbers",
                mend=fewer,
                counts={"numbers": size, "most": self.most},
            )


def answered_within(entries: Sequence[LoggedEntry], partner: str, now: datetime) -> int:
    """How many questions of a partner (by key id) the log says were answered in the window that ends now."""
    return sum(
        logged.entry.kind == "overlap.answered"
        and logged.entry.body.get("partner") == partner
        and now - logged.at < RATE_WINDOW
        for logged in entries
    )


def require_rate(limits: Limits, answered: int) -> None:
    """Return if one more question may be answered; else ``Refused``."""
    if answered >= limits.checks:
        raise Refused(
            "overlap.too-often",
            f"this partner was answered {answered:,} times in {RATE_WINDOW.days} days, as often as is allowed",
            mend="Every check is a query: two lists that differ in one number tell about it. --checks is yours to set.",
            counts={"answered": answered, "allowed": limits.checks},
        )
