"""Families of scenarios: how one covert group's telephony differs from another's (``docs/reference/scenario.md``).

The families, the sizes and the seeds below were fixed before any method of discovery was tried on them, and are not
changed to make a method look better. A change makes a new :data:`GENERATOR_VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

__all__ = [
    "CALIBRATION_SEEDS",
    "DEMO_SEED",
    "FAMILIES",
    "GENERATOR_VERSION",
    "JUDGING_SEEDS",
    "Family",
    "Size",
]

GENERATOR_VERSION: Final = 1

DEMO_SEED: Final = 96433
"""The demo's seed: the two country codes of the scenario."""

CALIBRATION_SEEDS: Final = tuple(range(1, 13))
"""For fitting and for checking the difficulty; never for judging."""

JUDGING_SEEDS: Final = tuple(range(1001, 1041))
"""For measured results only; nothing may be fitted or tuned on them."""


@final
@dataclass(frozen=True, slots=True)
class Family:
    """How the members of a group use their phones.

    ``dedicated``: share of the members with a phone for the group alone (the others call the group from the phone of
    their ordinary life). ``changing``: share who change SIMs in the middle. ``volume``: factor on their calls to each
    other. ``relay``: orders travel from one to the next instead of from one to all. ``wrong_seeds``: how many of the
    seeds are nobody.
    """

    name: str
    dedicated: float = 0.5
    changing: float = 2 / 3
    volume: float = 1.0
    relay: bool = False
    wrong_seeds: int = 0


FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family("mixed"),
            Family("dedicated", dedicated=1.0),
            Family("personal", dedicated=0.0),
            Family("no-change", changing=0.0),
            Family("half-volume", volume=0.5),
            Family("relay", relay=True),
            Family("wrong-seed", wrong_seeds=1),
        )
    }
)


@final
@dataclass(frozen=True, slots=True)
class Size:
    """How large a scenario is: people in all, members of the group among them, its cells, and the seeds given."""

    people: int = 20_000
    members: int = 200
    cells: int = 14
    seeds: int = 10

    def __post_init__(self) -> None:
        if self.people < 1_000 or self.members * 10 > self.people:
            raise ValueError("a scenario needs a thousand people, and ten for every member")
        if not 2 <= self.cells <= self.members // 4:
            raise ValueError("a scenario needs two cells, and four members for every cell")
        if not 1 <= self.seeds <= self.cells:
            raise ValueError("a scenario needs a seed, and no more seeds than cells")

    @classmethod
    def of_people(cls, people: int) -> Size:
        """The size with the usual proportions: one member in a hundred, about fourteen to a cell."""
        members = max(30, people // 100)
        cells = max(3, round(members / 14.3))
        return cls(people, members, cells, min(max(2, members // 20), cells))
