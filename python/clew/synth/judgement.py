"""What a search came to, against the planted truth: found, missed, innocents listed and touched, successions.

Counts are of persons unless they say numbers. A person with several numbers counts once. Nothing here is an estimate:
it is arithmetic on tables, and :func:`judge` checks that the sums agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import pyarrow as pa

from clew.synth.population import Role
from clew.synth.scenario import Scenario

__all__ = ["Judgement", "Oracle", "judge"]


@final
@dataclass(frozen=True, slots=True)
class Judgement:
    """``members = seeds + found + missed_inside + missed_outside``."""

    members: int
    seeds: int  # members whom the first warrant named
    found: int  # members listed or confirmed, seeds apart
    missed_inside: int  # members inside a bound, but neither listed nor confirmed
    missed_outside: int
    cells: int
    cells_touched: int  # cells with a member who was a seed, or found
    innocents: int
    listed: int  # numbers listed at the end
    listed_right: int  # of these, members' numbers
    innocents_touched: int  # innocents inside a bound
    innocents_listed: int  # innocents listed at the end
    innocents_checked: int  # innocents who were checked as leads, and refuted
    innocents_named_by_role: dict[str, int]  # what those are who were listed or checked
    look_alikes_touched: int  # crews, clans and clubs with a person inside a bound
    successions_inside: int  # changes of members whose two numbers both lie inside a bound
    successions_named: int  # pairs of an old and a new number that the findings name
    successions_right: int  # of these, the pairs that are so, members' and innocents'
    successions_found: int  # members' changes among them

    @property
    def missed(self) -> int:
        """Members who were neither named nor found."""
        return self.missed_inside + self.missed_outside


@final
class Oracle:
    """Says whether a number is a member's, and counts how often it was asked: the demo's "other evidence"."""

    def __init__(self, made: Scenario) -> None:
        self._members = _numbers_of_members(made)
        self.asked = 0

    def confirms(self, number: str) -> bool:
        """Whether this number is one of the group's."""
        self.asked += 1
        return number in self._members


def judge(
    made: Scenario,
    *,
    inside: Iterable[str],
    listed: Iterable[str],
    checked: Iterable[str],
    confirmed: Iterable[str],
    successions: pa.Table,
) -> Judgement:
    """The judgement of a whole case. ``inside``: all numbers of all bounds; ``listed``: at the end; ``checked``: all
    leads that were checked; ``confirmed``: the members' numbers among them; ``successions``: rows with ``old`` and
    ``new`` lists.

    A row that says "these became those" names as many pairs as it has old numbers, and they are right where the truth
    leads from exactly these to exactly those.
    """
    owner = dict(zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True))
    persons = made.persons.to_pylist()
    members = {row["person"] for row in persons if row["role"] == Role.MEMBER}
    known, at_the_end = set(inside), set(listed)
    seen = {owner[number] for number in known}
    named = {owner[number] for number in at_the_end}
    seeds = {owner[number] for number in made.seeds} & members
    found = ((named | {owner[number] for number in confirmed}) & members) - seeds
    missed = members - seeds - found
    refuted = {owner[number] for number in checked} - members
    after = dict(zip(made.successions["before"].to_pylist(), made.successions["after"].to_pylist(), strict=True))
    pairs = right = right_members = 0
    for old, new in zip(successions["old"].to_pylist(), successions["new"].to_pylist(), strict=True):
        pairs += len(old)
        if {after.get(number) for number in old} == set(new):
            right += len(old)
            right_members += sum(owner[number] in members for number in old)
    result = Judgement(
        members=len(members),
        seeds=len(seeds),
        found=len(found),
        missed_inside=len(missed & seen),
        missed_outside=len(missed - seen),
        cells=made.cells.num_rows,
        cells_touched=len({persons[person]["cell"] for person in seeds | found}),
        innocents=len(persons) - len(members),
        listed=len(at_the_end),
        listed_right=sum(owner[number] in members for number in at_the_end),
        innocents_touched=len(seen - members),
        innocents_listed=len(named - members),
        innocents_checked=len(refuted),
        innocents_named_by_role=dict(
            Counter(persons[person]["role"] for person in sorted(refuted | named - members)).most_common()
        ),
        look_alikes_touched=len({persons[person]["circle"] for person in seen} - {None}),
        successions_inside=sum(owner[old] in members and old in known and new in known for old, new in after.items()),
        successions_named=pairs,
        successions_right=right,
        successions_found=right_members,
    )
    if result.members != result.seeds + result.found + result.missed:
        raise AssertionError("the members do not add up")
    return result


def _numbers_of_members(made: Scenario) -> frozenset[str]:
    roles = made.persons["role"].to_pylist()
    rows = zip(made.numbers["number"].to_pylist(), made.numbers["person"].to_pylist(), strict=True)
    return frozenset(number for number, person in rows if roles[person] == Role.MEMBER)
