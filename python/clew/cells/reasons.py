"""Why a number stands where it stands: sentences with the records behind them, and the innocent explanation.

Nothing here changes a score. Every fact is counted from the graph; which innocent explanation is given is chosen by
the facts alone, never by the number's own probability (``spec/findings.md``, 2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from scipy import sparse

from clew.cells.contacts import Bools, Contacts, Floats, Ints
from clew.cells.membership import Membership
from clew.cells.parameters import Parameters
from clew.cells.together import Together
from clew.words import sentences as say
from clew.words.sentences import Sentence

__all__ = ["Explainer", "Reason"]

_NIGHT: Final = np.isin(np.arange(168) % 24, [22, 23, 0, 1, 2, 3, 4, 5])
_OFFICE: Final = np.isin(np.arange(168) % 24, np.arange(8, 18))


@final
@dataclass(frozen=True, slots=True, repr=False)
class Reason:
    """A sentence, its values, the record identifiers shown and the number of contacts behind it."""

    sentence: Sentence
    values: Mapping[str, Any]
    records: tuple[int, ...] = ()
    count: int = 0

    def row(self) -> dict[str, Any]:
        """The reason as a row of the findings' tables."""
        values = json.dumps(self.values, ensure_ascii=False, separators=(",", ":"))
        return {
            "msgid": self.sentence.one,
            "values": values,
            "records": list(self.records),
            "count": self.count,
        }

    def document(self) -> dict[str, Any]:
        """The sentence as it stands in ``findings.json``."""
        return {"msgid": self.sentence.one, "values": dict(self.values)}


@final
class Explainer:
    """Explains numbers of one graph; everything that is the same for all of them is counted once."""

    def __init__(
        self, contacts: Contacts, together: Together | None, membership: Membership, parameters: Parameters
    ) -> None:
        self._contacts = contacts
        self._parameters = parameters
        pairs = np.arange(len(contacts.left))
        shape = (contacts.size, contacts.size)
        rows = np.concatenate([contacts.left, contacts.right])
        columns = np.concatenate([contacts.right, contacts.left])
        around = sparse.csr_array((np.tile(pairs, 2), (rows, columns)), shape=shape)
        around.sort_indices()
        self._starts, self._others, self._pairs = around.indptr, around.indices.astype(np.int64), around.data
        self._plain = contacts.matrix(np.ones(len(pairs)))
        self._sources = contacts.sources
        self._seed_count = int(self._sources.sum())
        self._degree = np.maximum(contacts.degree, contacts.known_contacts)
        self._volume = contacts.volume
        self._near_seeds = np.asarray(self._plain @ self._sources.astype(np.float64)) > 0
        self._listed: Bools = membership.ranked & (membership.probability >= parameters.listed_at)
        self._near, self._expected = _near_by_pair(contacts, together)
        events = contacts.events
        self._by_pair = np.argsort(events.pair, kind="stable") if events is not None else np.zeros(0, np.int64)
        counts = np.bincount(events.pair, minlength=len(pairs)) if events is not None else np.zeros(len(pairs), int)
        self._events_end = np.cumsum(counts)
        self._events_count = counts

    def reasons(self, number: int, *, every: bool) -> list[Reason]:
        """Why the number stands here, the nearest tie first; never empty. ``every`` False gives the first one only."""
        others, pairs = self._around(number)
        found = self._contact_with_seeds(others, pairs)
        if every:
            found += self._stand_together(number, others, pairs)
            ties = self._shared(others, pairs, rare=True) + self._contact_with_leads(others, pairs)
            found += ties or self._shared(others, pairs, rare=False)
        return found or [self._path(others, pairs)]

    def benign(self, number: int, *, every: bool) -> Reason:
        """The innocent explanation that the facts fit best; circles are looked for only with ``every``."""
        others, pairs = self._around(number)
        counts = self._contacts.count[pairs]
        volume = int(self._volume[number])
        if volume <= 4:
            return self._reason(say.BENIGN_FEW, {"contacts": volume}, pairs)
        few_times = float(np.mean(counts <= 2))
        if len(others) >= 25 and few_times >= 0.5:
            return self._reason(say.BENIGN_SERVICE, {"k": len(others), "share": {"share": round(few_times, 3)}}, pairs)
        top = int(np.argmax(counts))
        if counts[top] >= 0.6 * volume:
            share = {"share": round(float(counts[top]) / volume, 3)}
            values = {"share": share, "number": {"number": self._contacts.names[others[top]]}}
            return self._reason(say.BENIGN_ONE_TIE, values, pairs[[top]])
        return self._circle(others, pairs) if every else self._acquaintance(others)

    def hub(self, number: int, limit: int) -> Reason:
        """That a number is a hub; of one in a partner's records the graph knows fewer contacts than it has."""
        if self._degree[number] <= limit:
            return Reason(say.HUB_OF_THE_PARTNER, {"limit": limit})
        return Reason(say.HUB_SENTENCE, {"contacts": int(self._degree[number]), "limit": limit})

    def between(self, number: int, others: Ints) -> Ints:
        """The pairs of a number with some others."""
        around, pairs = self._around(number)
        return pairs[np.isin(around, others)]

    @property
    def shown(self) -> int:
        """How many record identifiers a reason shows at most."""
        return self._parameters.records_shown

    def records(self, pairs: Ints, *, latest: bool = False) -> tuple[tuple[int, ...], int]:
        """Identifiers of the earliest (or ``latest``) records behind some pairs, in time order; and how many
        contacts there are in all."""
        events = self._contacts.events
        if events is None:
            return (), int(self._contacts.count[pairs].sum())
        ends = self._events_end[pairs]
        rows = np.concatenate(
            [self._by_pair[e - n : e] for e, n in zip(ends, self._events_count[pairs], strict=True)] or [ends]
        )
        known = events.record[np.sort(rows)]
        known = known[known >= 0]
        return tuple((known[-self.shown :] if latest else known[: self.shown]).tolist()), len(rows)

    def numbers(self, indices: Ints) -> dict[str, Any]:
        """A value that shows the first few of some numbers and counts the rest."""
        shown = self._parameters.numbers_shown
        return {
            "numbers": [self._contacts.names[i] for i in indices[:shown].tolist()],
            "more": max(0, len(indices) - shown),
        }

    def _around(self, number: int) -> tuple[Ints, Ints]:
        """The contacts of a number, most contacts first, and its pairs with them."""
        part = slice(self._starts[number], self._starts[number + 1])
        others, pairs = self._others[part], self._pairs[part]
        order = np.lexsort((others, -self._contacts.count[pairs]))
        return others[order], pairs[order]

    def _reason(self, sentence: Sentence, values: Mapping[str, Any], pairs: Ints) -> Reason:
        return Reason(sentence, values, *self.records(pairs))

    def _contact_with_seeds(self, others: Ints, pairs: Ints) -> list[Reason]:
        mine = self._sources[others]
        if not mine.any():
            return []
        contacts = int(self._contacts.count[pairs[mine]].sum())
        if self._seed_count == 1:
            return [self._reason(say.CONTACT_WITH_THE_SEED, {"contacts": contacts}, pairs[mine])]
        seeds = self.numbers(others[mine])
        values = {"k": int(mine.sum()), "total": self._seed_count, "seeds": seeds, "contacts": contacts}
        return [self._reason(say.CONTACT_WITH_SEEDS, values, pairs[mine])]

    def _contact_with_leads(self, others: Ints, pairs: Ints) -> list[Reason]:
        mine = self._listed[others]
        if not mine.any():
            return []
        values = {"k": int(mine.sum()), "numbers": self.numbers(others[mine])}
        return [self._reason(say.CONTACT_WITH_LEADS, values, pairs[mine])]

    def _shared(self, others: Ints, pairs: Ints, *, rare: bool) -> list[Reason]:
        few = self._degree[others] <= self._parameters.few_others
        mine = self._near_seeds[others] & ~self._contacts.seed[others] & ~self._contacts.hub[others] & (few == rare)
        if not mine.any():
            return []
        sentence = say.SHARED_RARE if rare else say.SHARED_COMMON
        values = {"k": int(mine.sum()), "numbers": self.numbers(others[mine])}
        return [self._reason(sentence, values, pairs[mine])]

    def _stand_together(self, number: int, others: Ints, pairs: Ints) -> list[Reason]:
        """The contacts' own haste first, then the number's; only where it is clearly more than the rhythm brings."""
        group = (self._sources | self._listed | self._near_seeds)[others] & ~self._contacts.hub[others]
        for own, sentence in ((False, say.STAND_TOGETHER), (True, say.STAND_TOGETHER_OWN)):
            end = ((self._contacts.left[pairs] == number) != own).astype(np.int64)
            near, expected = self._near[end, pairs], self._expected[end, pairs]
            excess = np.where(group, near - expected, 0.0)
            order = np.lexsort((others, -np.round(excess, 6)))[:3]
            chosen = order[excess[order] > 0]
            observed, brought = float(near[chosen].sum()), float(expected[chosen].sum())
            if observed >= 2 and observed - brought >= 2.0 * np.sqrt(brought + 0.25):
                total = int(self._events_count[pairs[chosen]].sum())
                values = {
                    "total": total,
                    "numbers": self.numbers(others[chosen]),
                    "observed": int(observed),
                    "expected": {"decimal": round(brought, 1)},
                }
                return [self._reason(sentence, values, pairs[chosen])]
        return []

    def _path(self, others: Ints, pairs: Ints) -> Reason:
        return self._reason(say.ONLY_A_PATH, {"numbers": self.numbers(others)}, pairs)

    def _acquaintance(self, others: Ints) -> Reason:
        """Whoever knows two of the group may be an acquaintance of theirs; of one who knows more that is not enough."""
        k = int((self._sources | self._listed)[others].sum())
        return Reason(say.BENIGN_COMMON_ACQUAINTANCE, {"k": k}) if k > 2 else Reason(say.BENIGN_ACQUAINTANCE, {})

    def _circle(self, others: Ints, pairs: Ints) -> Reason:
        able = ~self._contacts.hub[others]
        others, pairs = others[able], pairs[able]
        inside = self._plain[others][:, others]
        circle = np.asarray(inside.sum(axis=1)).ravel() > 0
        if circle.sum() < 2:
            return self._acquaintance(others)
        hours: Floats = self._contacts.hours[pairs[circle]].sum(axis=0).astype(np.float64)
        total = max(float(hours.sum()), 1.0)
        night, office = float(hours[_NIGHT].sum()) / total, float(hours[_OFFICE].sum()) / total
        k = int(circle.sum()) + 1
        if night >= 0.5:
            values: dict[str, Any] = {"k": k, "share": {"share": round(night, 3)}}
            return self._reason(say.BENIGN_NIGHT, values, pairs[circle])
        if office >= 0.75:
            values = {"k": k, "share": {"share": round(office, 3)}}
            return self._reason(say.BENIGN_WORK, values, pairs[circle])
        return self._reason(say.BENIGN_CREW, {"k": k}, pairs[circle])


def _near_by_pair(contacts: Contacts, together: Together | None) -> tuple[Floats, Floats]:
    """For both ends (0 left, 1 right) of each pair: contacts with another contact near, and how many to expect."""
    shape = (2, len(contacts.left))
    near, expected = np.zeros(shape), np.zeros(shape)
    events = contacts.events
    if events is None or together is None:
        return near, expected
    a_is_left = events.a < events.b
    for end in (0, 1):
        row = np.where(a_is_left, end, 1 - end)
        observed = np.take_along_axis(together.observed, row[None, :], axis=0)[0]
        rate = np.take_along_axis(together.expected, row[None, :], axis=0)[0]
        near[end] = np.bincount(events.pair, observed > 0, shape[1])
        expected[end] = np.bincount(events.pair, 1.0 - np.exp(-rate), shape[1])
    return near, expected
