"""A whole synthetic scenario: two countries, two services' records, a planted group, and the truth about everybody.

>>> made = scenario(DEMO_SEED)                       # doctest: +SKIP
>>> exports = made.write(Path("scenario"))           # doctest: +SKIP
>>> made.persons, made.numbers, made.cells           # doctest: +SKIP

Everything is drawn from one ``numpy`` generator (PCG64) of the given seed: the same seed gives the same bytes. The
model, its parameters and its measured difficulty are described in ``docs/reference/scenario.md``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clew.synth.calling import DAY, DAYS, FRANCE, IRAQ, MISSED, Events, Ties, call
from clew.synth.families import FAMILIES, GENERATOR_VERSION, Family, Size
from clew.synth.group import Group, plant, rounds_of_calls
from clew.synth.layouts import BEGIN, FRENCH, IRAQI, Export, Recorded, Shown, write_export
from clew.synth.population import People, Role, populate

__all__ = ["Scenario", "scenario"]

Ints = npt.NDArray[np.int64]

_COUNTRIES: Final = ("IQ", "FR")
_SESSIONS_A_PERSON: Final = 24.0

# Mobile numbers of metropolitan France; 0639 and 069x are read as those of overseas territories, 0700 is for machines.
_FRENCH: Final = np.array([60, 61, 62, 64, 65, 66, 67, 68, 73, 74, 75, 76, 77, 78])

# Parties that are no subscribers: what a service writes for them, as calling or called party.
_SHORT: Final = {IRAQ: ("104", "122", "115"), FRANCE: ("15", "17", "112")}
_SENDERS: Final = {IRAQ: ("ZAIN IQ", "Korek"), FRANCE: ("MA BANQUE", "Colis")}
_WITHHELD: Final = {IRAQ: "رقم محجوب", FRANCE: "masqué"}
_EXTERNAL: Final = 0.008


@final
@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """The records of a scenario before they are written, and the truth.

    ``persons``: person, role, country, cell (null for all but members), dedicated, circle. ``numbers``: number
    (E.164), person, from and to (UTC, half-open), handset kept or not. ``successions``: before, after, person, at,
    together (whether the person's whole cell or crew changed). ``cells``: cell, country, shape, size, coordinator.
    ``circles``: circle, role, size, changed. ``seeds``: the numbers that a first warrant may name.
    """

    seed: int
    family: Family
    size: Size
    begin: datetime
    middle: datetime
    end: datetime
    persons: pa.Table
    numbers: pa.Table
    successions: pa.Table
    cells: pa.Table
    circles: pa.Table
    seeds: tuple[str, ...]
    events: Recorded
    texts: tuple[str, ...]
    country: Ints  # of each number, by index; 2 for parties that are no subscribers
    _shown: dict[str, Shown]

    def __repr__(self) -> str:
        return f"Scenario(seed={self.seed}, family={self.family.name!r}, people={self.size.people})"

    def contacts(self) -> pa.Table:
        """Every contact between two subscribers as it was: a, b (E.164), start (UTC), kind. For yardsticks."""
        both = (self.country[self.events.caller] < 2) & (self.country[self.events.called] < 2)
        texts = pa.array(self.texts)
        start = BEGIN + self.events.start[both].astype("timedelta64[s]")
        return pa.table(
            {
                "a": texts.take(pa.array(self.events.caller[both])),
                "b": texts.take(pa.array(self.events.called[both])),
                "start": pa.array(start).cast(pa.timestamp("us", tz="UTC")),
                "kind": pa.array(self.events.kind[both].astype(np.int8)),
            }
        )

    def exports(self) -> list[tuple[bytes, Export]]:
        """Each service's file as bytes, and what it holds; the same at every call."""
        made = []
        for service in (IRAQI, FRENCH):
            random = np.random.Generator(np.random.PCG64([self.seed, GENERATOR_VERSION, service.country + 1]))
            one, other = self.country[self.events.caller], self.country[self.events.called]
            at_home = (one == service.country) | (other == service.country)
            made.append(write_export(random, service, self.events, self._shown[service.name], at_home))
        return made

    def write(self, folder: Path) -> list[Export]:
        """Write the two services' files and ``truth/`` (the tables as Parquet), and say what the files hold."""
        truth = folder / "truth"
        truth.mkdir(mode=0o700, parents=True, exist_ok=True)
        exports = []
        for data, export in self.exports():
            (folder / export.file).write_bytes(data)
            exports.append(export)
        for name in ("persons", "numbers", "successions", "cells", "circles"):
            pq.write_table(getattr(self, name), truth / f"{name}.parquet")
        description = {
            "generator": GENERATOR_VERSION,
            "seed": self.seed,
            "family": self.family.name,
            "people": self.size.people,
            "seeds": list(self.seeds),
            "begin": self.begin.isoformat(),
            "middle": self.middle.isoformat(),
            "end": self.end.isoformat(),
        }
        (truth / "scenario.json").write_text(json.dumps(description, indent=2) + "\n")
        return exports

    def both_recorded(self, exports: list[Export]) -> int:
        """How many calls both services' files hold whole: those must be merged into one record each."""
        return int((exports[0].whole & exports[1].whole).sum())


def scenario(seed: int, family: str | Family = "mixed", size: Size | None = None) -> Scenario:
    """The scenario of ``seed``: a population of ``size`` in which a group of this family is planted."""
    chosen = FAMILIES[family] if isinstance(family, str) else family
    size = size or Size()
    random = np.random.Generator(np.random.PCG64([seed, GENERATOR_VERSION]))
    people, ties, members = populate(random, size)
    innocent = _scaled(Ties.join(ties), size.people * _SESSIONS_A_PERSON)
    group = plant(random, people, members, chosen, size)
    events = Events.join(
        [
            call(random, Ties.join([innocent, group.ties]), people.phase, people.country),
            rounds_of_calls(random, people, group, chosen),
        ]
    )
    numbers = _Numbers.assign(random, people)
    recorded = numbers.recorded(random, people, events)
    texts, country, shown, recorded = _with_externals(random, numbers, recorded)
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    return Scenario(
        seed=seed,
        family=chosen,
        size=size,
        begin=begin,
        middle=begin + timedelta(days=DAYS // 2),
        end=begin + timedelta(days=DAYS),
        persons=_persons(people, group),
        numbers=numbers.table(people),
        successions=numbers.successions(people, group),
        cells=_cells(group),
        circles=_circles(people),
        seeds=_seeds(random, people, group, numbers, chosen, size),
        events=recorded,
        texts=texts,
        country=country,
        _shown=shown,
    )


def _scaled(ties: Ties, sessions: float) -> Ties:
    """The innocents' ties, so that they make that many conversations in all."""
    factor = sessions / ties.sessions.sum()
    return Ties(ties.left, ties.right, ties.sessions * factor, ties.rhythm, ties.begin, ties.end)


@final
@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers by index: ``first`` of every line is its own index, ``second`` -1 where the line never changed."""

    digits: Ints
    line: Ints
    second: Ints
    handset: Ints

    @classmethod
    def assign(cls, random: np.random.Generator, people: People) -> _Numbers:
        changed = np.flatnonzero(people.change >= 0)
        count = len(people.country)
        line = np.concatenate([np.arange(count), changed])
        second = np.full(count, -1, dtype=np.int64)
        second[changed] = count + np.arange(len(changed))
        country = people.country[line]
        draw = 10_000_000 + (random.integers(0, 90_000_000) + random.permutation(len(line)) * 55_621_117) % 90_000_000
        mobile = np.where(
            country == IRAQ,
            964 * 10**10 + np.array([75, 77, 78, 79])[random.integers(0, 4, len(line))] * 10**8 + draw,
            33 * 10**9 + _FRENCH[(random.random(len(line)) * len(_FRENCH)).astype(np.int64)] * 10**7 + draw % 10**7,
        )
        handset = line.copy()
        handset[count:] = np.where(people.keeps_handset[changed], changed, count + changed)
        return cls(mobile, line, second, handset)

    def texts(self) -> list[str]:
        return [f"+{number}" for number in self.digits.tolist()]

    def recorded(self, random: np.random.Generator, people: People, events: Events) -> Recorded:
        """The events between the numbers in use at their time.

        For two days after a change one call in ten still comes from the old SIM; for a week one call in twelve goes
        to the old number, and is missed.
        """
        since_caller = events.start - people.change[events.caller]
        since_called = events.start - people.change[events.called]
        draw = random.random(len(events.start))
        old_phone = (since_caller < 2 * DAY) & (draw < 0.1)
        late = (people.change[events.called] >= 0) & (since_called >= 0) & (since_called < 7 * DAY) & (draw > 11 / 12)
        caller = np.where((people.change[events.caller] >= 0) & (since_caller >= 0) & ~old_phone, 1, 0)
        called = np.where((people.change[events.called] >= 0) & (since_called >= 0) & ~late, 1, 0)
        kind = np.where(late, MISSED, events.kind)
        order = np.argsort(events.start, kind="stable")
        one = np.where(caller == 1, self.second[events.caller], events.caller)[order]
        two = np.where(called == 1, self.second[events.called], events.called)[order]
        duration = np.where(late, 0, events.duration)[order]
        return Recorded(one, two, events.start[order], kind[order], duration, self.handset[one])

    def table(self, people: People) -> pa.Table:
        count = len(people.country)
        change = people.change[self.line]
        new = np.arange(len(self.line)) >= count
        begin = np.where(new, change, people.begin[self.line] * DAY)
        end = np.where(~new & (change >= 0), change, people.end[self.line] * DAY)
        return pa.table(
            {
                "number": pa.array(self.texts()),
                "person": pa.array(self.line),
                "from": _moments(begin),
                "to": _moments(end),
                "handset": pa.array(self.handset),
            }
        )

    def successions(self, people: People, group: Group) -> pa.Table:
        texts = pa.array(self.texts())
        lines = np.flatnonzero(people.change >= 0)
        crews = [circle.lines for circle in people.circles if circle.change_day >= 0]
        together = np.concatenate([group.together, *crews])
        return pa.table(
            {
                "before": texts.take(pa.array(lines)),
                "after": texts.take(pa.array(self.second[lines])),
                "person": pa.array(lines),
                "at": _moments(people.change[lines]),
                "together": pa.array(np.isin(lines, together)),
            }
        )


def _with_externals(
    random: np.random.Generator, numbers: _Numbers, recorded: Recorded
) -> tuple[tuple[str, ...], Ints, dict[str, Shown], Recorded]:
    """The records with those of short codes, sender names and withheld callers among them, and all parties' texts."""
    texts = numbers.texts()
    country = np.where(numbers.digits // 10**10 == 964, IRAQ, FRANCE)
    parts = [recorded]
    for place in (IRAQ, FRANCE):
        subscribers = np.flatnonzero(country == place)
        size = int(len(recorded.start) * _EXTERNAL * len(subscribers) / len(numbers.digits))
        subscriber = random.choice(subscribers, size)
        what = random.choice(3, size, p=[0.35, 0.45, 0.2])
        base = len(texts)
        names = [*_SHORT[place], *_SENDERS[place], _WITHHELD[place]]
        texts += names
        index = base + np.where(what == 0, random.integers(0, 3, size), np.where(what == 1, 3, 5))
        index += np.where(what == 1, random.integers(0, 2, size), 0)
        dialled = what == 0
        kind = np.where(what == 1, 2, 1)
        parts.append(
            Recorded(
                np.where(dialled, subscriber, index),
                np.where(dialled, index, subscriber),
                random.integers(0, DAYS * DAY, size),
                kind,
                np.where(kind == 1, random.integers(5, 400, size), 0),
                numbers.handset[subscriber],
            )
        )
    names_of_all = ("caller", "called", "start", "kind", "duration", "handset")
    joined = Recorded(*(np.concatenate([getattr(part, name) for part in parts]) for name in names_of_all))
    country = np.concatenate([country, np.full(len(texts) - len(country), 2)])
    shown = {"iraq": _shown(random, texts, country, IRAQ), "france": _shown(random, texts, country, FRANCE)}
    return tuple(texts), country, shown, joined.take(np.argsort(joined.start, kind="stable"))


def _shown(random: np.random.Generator, texts: list[str], country: Ints, home: int) -> Shown:
    """Every number as one service writes it: national at home, mostly 00 abroad, and other forms here and there."""
    plus = pa.array(texts)
    bare = pc.replace_substring_regex(plus, r"^\+", "")
    zeros = pc.replace_substring_regex(plus, r"^\+", "00")
    trunk = pc.replace_substring_regex(plus, r"^\+(964|33)", "0")
    at_home, abroad = pa.array(country == home), pa.array((country != home) & (country < 2))
    draw = random.random(len(texts))
    if home == FRANCE:
        spaced = pc.replace_substring_regex(trunk, r"^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$", r"\1 \2 \3 \4 \5")
        usual = pc.if_else(at_home, pc.if_else(pa.array(draw < 0.8), trunk, spaced), pc.if_else(abroad, zeros, plus))
        return Shown(usual, pc.if_else(at_home, spaced, pc.if_else(abroad, plus, plus)))
    habit = pc.if_else(
        pa.array(draw < 0.45),
        trunk,
        pc.if_else(pa.array(draw < 0.75), plus, pc.if_else(pa.array(draw < 0.9), bare, zeros)),
    )
    usual = pc.if_else(at_home, habit, pc.if_else(abroad, pc.if_else(pa.array(draw < 0.7), zeros, plus), plus))
    arabic = trunk
    for digit in range(10):
        arabic = pc.replace_substring(arabic, str(digit), chr(0x0660 + digit))
    marked = pc.binary_join_element_wise("\u200e", plus, "")
    hidden = pc.binary_join_element_wise("#31#", trunk, "")
    rare = pc.if_else(pa.array(draw < 0.5), arabic, pc.if_else(pa.array(draw < 0.85), marked, hidden))
    return Shown(usual, pc.if_else(at_home, rare, pc.if_else(abroad, plus, plus)))


def _moments(seconds: Ints) -> pa.Array:
    return pa.array(BEGIN + seconds.astype("timedelta64[s]")).cast(pa.timestamp("us", tz="UTC"))


def _persons(people: People, group: Group) -> pa.Table:
    count = len(people.country)
    cell = np.full(count, -1, dtype=np.int64)
    for place, planted in enumerate(group.cells):
        cell[planted.lines] = place
    circle = np.full(count, -1, dtype=np.int64)
    for place, closed in enumerate(people.circles):
        circle[closed.lines] = place
    return pa.table(
        {
            "person": pa.array(np.arange(count)),
            "role": pa.array([str(role) for role in people.role.tolist()]),
            "country": pa.array(np.array(_COUNTRIES)[people.country]),
            "cell": pa.array(cell, mask=cell < 0),
            "dedicated": pa.array(np.isin(np.arange(count), group.dedicated)),
            "circle": pa.array(circle, mask=circle < 0),
        }
    )


def _cells(group: Group) -> pa.Table:
    return pa.table(
        {
            "cell": pa.array(range(len(group.cells)), pa.int64()),
            "country": pa.array([_COUNTRIES[cell.country] for cell in group.cells]),
            "shape": pa.array([cell.shape for cell in group.cells]),
            "size": pa.array([len(cell.lines) for cell in group.cells], pa.int64()),
            "coordinator": pa.array([int(cell.lines[0]) for cell in group.cells], pa.int64()),
        }
    )


def _circles(people: People) -> pa.Table:
    return pa.table(
        {
            "circle": pa.array(range(len(people.circles)), pa.int64()),
            "role": pa.array([str(circle.role) for circle in people.circles]),
            "size": pa.array([len(circle.lines) for circle in people.circles], pa.int64()),
            "changed": pa.array([circle.change_day >= 0 for circle in people.circles]),
        }
    )


def _seeds(
    random: np.random.Generator, people: People, group: Group, numbers: _Numbers, family: Family, size: Size
) -> tuple[str, ...]:
    """The first warrant's seeds: one member each of different cells of both countries, drawn by chance alone."""
    by_country = [
        [place for place in random.permutation(len(group.cells)) if group.cells[place].country == country]
        for country in (IRAQ, FRANCE)
    ]
    turns = [place for pair in zip(*by_country, strict=False) for place in pair]
    turns += [place for country in by_country for place in country if place not in turns]
    lines = [int(random.choice(group.cells[place].lines)) for place in turns[: size.seeds]]
    nobody = np.flatnonzero((people.role == Role.ORDINARY) & (people.begin == 0))
    lines[: family.wrong_seeds] = random.choice(nobody, family.wrong_seeds, replace=False).tolist()
    return tuple(f"+{numbers.digits[line]}" for line in lines)
