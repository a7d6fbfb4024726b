"""From who knows whom to who called whom when: sessions, replies, call-backs and cascades, all with whole arrays.

Innocent and covert pairs go through the same functions. Sources of the shapes: log-normal contacts and heavy-tailed
tie strength (Onnela et al., PNAS 104, 2007), bursts and call-backs within minutes (Karsai et al., Scientific Reports
2, 2012), daily rhythms that keep a person's own phase (Aledavood et al., PLoS ONE 10, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

import numpy as np
import numpy.typing as npt

__all__ = ["DAY", "DAYS", "FRANCE", "IRAQ", "MISSED", "Events", "Rhythm", "Ties", "call", "wall_clock"]

DAY: Final = 86_400
DAYS: Final = 56

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

IRAQ: Final = 0
FRANCE: Final = 1
_SUMMER_TIME: Final = 27 * DAY + 3_600  # 2026-03-29T01:00Z, when France goes from one hour ahead of UTC to two

MISSED: Final = 3
MESSAGE: Final = 2
VOICE: Final = 1


class Rhythm(IntEnum):
    """When in the week a pair is likely to call, by the caller's wall clock."""

    IRAQ = 0
    FRANCE = 1
    NIGHT = 2
    EVENING = 3  # a club: one evening a week, and the days before it
    OFFICE = 4


@final
@dataclass(frozen=True, slots=True)
class Ties:
    """Pairs of lines. ``sessions``: how many conversations are expected between ``begin`` and ``end`` (days)."""

    left: Ints
    right: Ints
    sessions: Floats
    rhythm: Ints
    begin: Ints
    end: Ints

    @classmethod
    def of(cls, left: Ints, right: Ints, sessions: Floats, rhythm: Ints | int) -> Ties:
        """Ties that last the whole time, without those of a line to itself."""
        keep = left != right
        size = int(keep.sum())
        rhythms = np.broadcast_to(np.asarray(rhythm, dtype=np.int64), left.shape)[keep]
        return cls(
            left[keep],
            right[keep],
            sessions[keep],
            rhythms.copy(),
            np.zeros(size, dtype=np.int64),
            np.full(size, DAYS, dtype=np.int64),
        )

    @classmethod
    def join(cls, parts: list[Ties]) -> Ties:
        """All of them, one after the other."""
        names = ("left", "right", "sessions", "rhythm", "begin", "end")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@final
@dataclass(frozen=True, slots=True)
class Events:
    """Calls and messages: from line to line, second since the beginning in UTC, kind of record, seconds."""

    caller: Ints
    called: Ints
    start: Ints
    kind: Ints
    duration: Ints

    @classmethod
    def join(cls, parts: list[Events]) -> Events:
        """All of them, one after the other."""
        names = ("caller", "called", "start", "kind", "duration")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def take(self, which: Ints | npt.NDArray[np.bool_]) -> Events:
        """The chosen events."""
        return Events(self.caller[which], self.called[which], self.start[which], self.kind[which], self.duration[which])


def wall_clock(country: Ints, start: Ints) -> Ints:
    """Seconds since the beginning on the wall clock of each country, from seconds in UTC."""
    return start + np.where(country == IRAQ, 3 * 3_600, np.where(start >= _SUMMER_TIME, 2 * 3_600, 3_600))


def call(random: np.random.Generator, ties: Ties, phase: Floats, country: Ints) -> Events:
    """The events of all ties, unsorted. ``phase``: hours by which each line's day is shifted; ``country`` of a line."""
    tie = np.repeat(np.arange(len(ties.left)), random.poisson(ties.sessions))
    lean = random.beta(2, 2, len(ties.left))
    forward = random.random(len(tie)) < lean[tie]
    caller = np.where(forward, ties.left[tie], ties.right[tie])
    called = np.where(forward, ties.right[tie], ties.left[tie])
    local = _moments(random, ties.rhythm[tie], phase[caller])
    local = _clustered(random, tie, _within(local, ties.begin[tie], ties.end[tie]), ties.end[tie] * DAY)
    start = local - (wall_clock(country[caller], local - 3_600) - (local - 3_600))
    texting = random.beta(0.8, 2.0, len(ties.left))[tie]
    parts = [_events(random, caller, called, start, texting)]
    for _ in range(3):
        parts.append(_answers(random, parts[-1]))
    events = Events.join(parts)
    events = Events.join([events, _passed_on(random, events, len(phase))])
    return events.take((events.start >= 0) & (events.start < DAYS * DAY))


def _rhythms() -> Floats:
    """A row of 168 weights for each :class:`Rhythm`, Monday 00:00 first."""
    hour = np.arange(168) % 24
    day = np.arange(168) // 24
    waking = 0.04 + np.exp(-(((hour - 11.0) / 3.2) ** 2)) + 1.2 * np.exp(-(((hour - 19.0) / 2.8) ** 2))
    iraq = waking * np.array([1.0, 1.0, 1.0, 1.1, 0.75, 0.9, 1.0])[day]
    france = waking * np.array([1.0, 1.0, 1.0, 1.0, 1.1, 0.9, 0.7])[day]
    night = 0.05 + np.exp(-((((hour + 12) % 24 - 14.0) / 3.0) ** 2))
    evening = 0.02 + np.exp(-(((hour - 20.0) / 2.0) ** 2)) * np.array([0.1, 0.2, 0.5, 2.0, 0.4, 0.2, 0.1])[day]
    office = 0.02 + np.exp(-(((hour - 12.0) / 3.5) ** 4)) * np.array([1.0, 1.0, 1.0, 1.0, 0.6, 0.2, 0.5])[day]
    return np.cumsum(np.stack([row / row.sum() for row in (iraq, france, night, evening, office)]), axis=1)


def _moments(random: np.random.Generator, rhythm: Ints, phase: Floats) -> Ints:
    """Seconds since the beginning on the caller's wall clock."""
    cumulated = _rhythms()
    draw = random.random(len(rhythm))
    hour = np.zeros(len(rhythm), dtype=np.int64)
    for index, row in enumerate(cumulated):
        mine = rhythm == index
        hour[mine] = np.minimum(np.searchsorted(row, draw[mine]), 167)
    seconds = hour * 3_600 + random.integers(0, 3_600, len(rhythm)) + (phase * 3_600).astype(np.int64)
    return np.asarray(random.integers(0, DAYS // 7, len(rhythm)) * 7 * DAY + seconds % (7 * DAY), dtype=np.int64)


def _within(local: Ints, begin: Ints, end: Ints) -> Ints:
    """The moments moved by whole weeks (or days, where the tie is shorter than a week) into the tie's time."""
    length = end - begin
    period = np.where(length >= 7, length // 7 * 7, np.maximum(length, 1)) * DAY
    return np.asarray(begin * DAY + (local - begin * DAY) % period, dtype=np.int64)


def _clustered(random: np.random.Generator, tie: Ints, start: Ints, end: Ints) -> Ints:
    """About a third of a pair's conversations follow its one before: within hours, or near the same hour next day."""
    again = np.zeros(len(tie), dtype=bool)
    again[1:] = (tie[1:] == tie[:-1]) & (random.random(len(tie) - 1) < 0.35)
    days = random.choice(3, len(tie), p=[0.4, 0.4, 0.2])
    later = np.where(days == 0, random.exponential(5_400, len(tie)), days * DAY + random.normal(0, 3_600, len(tie)))
    before = np.roll(start, 1)
    moved = before + later.astype(np.int64)
    return np.where(again & (moved < end), moved, start)


def _events(random: np.random.Generator, caller: Ints, called: Ints, start: Ints, texting: Floats) -> Events:
    size = len(caller)
    missed = random.random(size) < 0.14
    kind = np.where(random.random(size) < texting, MESSAGE, np.where(missed, MISSED, VOICE))
    return Events(caller, called, start, kind, _seconds(random, kind))


def _seconds(random: np.random.Generator, kind: Ints) -> Ints:
    talked = np.minimum(random.lognormal(4.1, 1.1, len(kind)), 7_200).astype(np.int64) + 1
    return np.where(kind == VOICE, talked, 0)


def _answers(random: np.random.Generator, events: Events) -> Events:
    """What follows at once: call-backs and retries after missed calls, replies to messages, a second call."""
    size = len(events.caller)
    draw = random.random(size)
    missed, message, voice = events.kind == MISSED, events.kind == MESSAGE, events.kind == VOICE
    back = (missed & (draw < 0.55)) | (message & (draw < 0.5)) | (voice & (draw < 0.08))
    retry = (missed & (draw >= 0.55) & (draw < 0.8)) | (voice & (draw >= 0.08) & (draw < 0.16))
    which = np.flatnonzero(back | retry)
    turned = back[which]
    wait = np.where(
        message[which],
        random.exponential(240, len(which)),
        np.where(missed[which] & turned, random.lognormal(6.6, 1.0, len(which)), random.exponential(900, len(which))),
    )
    begin = events.start[which] + events.duration[which] + 5 + wait.astype(np.int64)
    caller = np.where(turned, events.called[which], events.caller[which])
    called = np.where(turned, events.caller[which], events.called[which])
    answered = random.random(len(which)) < 0.9
    kind = np.where(message[which], MESSAGE, np.where(answered, VOICE, MISSED))
    return Events(caller, called, begin, kind, _seconds(random, kind))


def _passed_on(random: np.random.Generator, events: Events, lines: int) -> Events:
    """News travels among innocents too: one answered call in fourteen makes its receiver call somebody he knows."""
    ends = np.concatenate([events.caller, events.called])
    others = np.concatenate([events.called, events.caller])
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(lines + 1))
    which = np.flatnonzero((events.kind == VOICE) & (random.random(len(events.kind)) < 1 / 14))
    caller = events.called[which]
    choice = first[caller] + (random.random(len(which)) * (first[caller + 1] - first[caller])).astype(np.int64)
    called = others[order][choice]
    start = events.start[which] + events.duration[which] + random.exponential(900, len(which)).astype(np.int64)
    kind = np.where(random.random(len(which)) < 0.86, VOICE, MISSED)
    return Events(caller, called, start, kind, _seconds(random, kind))
