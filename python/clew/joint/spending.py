"""How much of a warrant's budgets a trace has used: what was answered, padding included (spec protocol 6.7)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, final

from clew.joint.refusals import over_budget
from clew.warrants.authorisation import Budgets

__all__ = ["NOTHING", "Spent"]


@final
@dataclass(frozen=True, slots=True)
class Spent:
    """Used in this trace; both sides count, and the holder's count decides."""

    items: int = 0
    rows: int = 0
    declared: int = 0
    recognised: int = 0
    unmaskings: int = 0

    def left(self, budgets: Budgets) -> dict[str, int]:
        """What remains of each budget."""
        return {f.name: max(0, getattr(budgets, f.name) - getattr(self, f.name)) for f in fields(self)}

    def room(self, budgets: Budgets, hop: int, hops: int) -> dict[str, int]:
        """What the lists of a hop may take: what is left, less what the lists of later hops need at the least.

        Those have to be sent though nothing is left to ask, so that one item is kept for each. The rows of all declared
        positions are asked for, and of one sealed position at least (spec 2.5, 6.4).
        """
        left = self.left(budgets)
        later = max(0, hops - 1 - hop)
        rows = max(0, left["rows"] - later * (2 if budgets.declared else 1))
        return {
            "items": max(0, left["items"] - (hops - hop)),
            "rows": rows,
            "declared": max(0, min(left["declared"] - later, rows - 1)),
        }

    def with_more(self, budgets: Budgets, **more: int) -> Spent:
        """The count after so many more; ``Refused`` ``joint.over-budget`` if one budget does not allow them."""
        left = self.left(budgets)
        for name, count in more.items():
            if count > left[name]:
                raise over_budget(
                    f"{count:,} {name} are asked for, and the warrant has {left[name]:,} left",
                    asked=count,
                    left=left[name],
                )
        return replace(self, **{name: getattr(self, name) + count for name, count in more.items()})


NOTHING: Final = Spent()
"""What is spent before anything was answered."""
