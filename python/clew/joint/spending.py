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
