"""Two organisations in one process: lists, keys, and the way of a check between them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from clew.effects import Randomness
from clew.joint.overlap import steps
from clew.joint.overlap.desk import Desk
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.published import Published, new_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.standing import Step
from clew.joint.overlap.states import Own, State
from clew.joint.overlap.wire import Answer, Consent, Handover, Message, Opening, Overlap, Question
from clew.warrants.keys import SigningKey

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LIMITS = Limits(least=2, most=100)
FIRST, COMMON, OWN_EACH = 9647901230000, 4, 5


def randomness(seed: str = "") -> Randomness:
    """Bytes that are the same in every run."""
    counter = 0

    def give(size: int) -> bytes:
        nonlocal counter
        counter += 1
        return hashlib.shake_256(f"{seed} {counter}".encode()).digest(size)

    return give


def numbers(begin: int, end: int) -> pa.Array:
    """Canonical numbers, one after the other."""
    return pa.array([f"+{FIRST + place}" for place in range(begin, end)], pa.string())


def asker_list() -> pa.Array:
    """Nine numbers: five of the asker's own, four that the answerer has, too."""
    return numbers(0, OWN_EACH + COMMON)


def answerer_list() -> pa.Array:
    """Nine numbers: the same four, and five of the answerer's own."""
    return numbers(OWN_EACH, 2 * OWN_EACH + COMMON)


def common_list() -> list[str]:
    """What both have."""
    return [str(one) for one in numbers(OWN_EACH, OWN_EACH + COMMON).to_pylist()]


def references(own: pa.Array, whose: str) -> pa.Array:
    """A payload for each number."""
    return pa.array([f"{whose} {one[-3:]}" for one in own.to_pylist()], pa.string())


@cache
def signing_key(name: str) -> SigningKey:
    """The key of an organisation."""
    return SigningKey.generate(randomness(name))


@dataclass
class Walk:
    """A check that went the whole way: every state that it passed through, and every message."""

    states: dict[str, State] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    published: Published | None = None
    own: Own | None = None
    key: Secret | None = None


def walked(*, from_set: bool = False, payloads: bool = True, seed: str = "walk") -> Walk:
    """A whole check without I/O, from a list or from a published set."""
    give, walk = randomness(seed), Walk()
    if from_set:
        walk.key = Secret.generate(give)
        walk.own = steps.own_list(answerer_list(), walk.key)
        walk.published = new_set(signing_key("answerer"), walk.key.public, walk.own.tags)
    asker, question = steps.ask(
        asker_list(),
        LIMITS,
        asker=bytes.fromhex(signing_key("asker").public.id),
        answerer=bytes.fromhex(signing_key("answerer").public.id),
        published=walk.published,
        randomness=give,
    )
    walk.states["Asked"], walk.messages["Question"] = asker, question
    if from_set and walk.own is not None and walk.key is not None:
        answered, answer = steps.answer_from_set(question, walk.own, walk.key, LIMITS, randomness=give)
    else:
        answered, answer = steps.answer(question, answerer_list(), LIMITS, randomness=give)
    walk.states["Answered"], walk.messages["Answer"] = answered, answer
    counted, none = steps.receive(asker, answer, randomness=give, published=walk.published)
    assert none is None
    walk.states["Counted"] = counted
    texts = references(counted.numbers, "A") if payloads else None  # type: ignore[union-attr]
    agreed, consent = steps.agree(counted, texts, randomness=give)
    walk.states["Agreed"], walk.messages["Consent"] = agreed, consent
    considering, none = steps.receive(answered, consent, randomness=give)
    assert none is None
    walk.states["Considering"] = considering
    texts = references(answered.own.numbers, "B") if payloads else None
    opened, opening = steps.agree(considering, texts, randomness=give)
    walk.states["Opened"], walk.messages["Opening"] = opened, opening
    learnt, overlap = steps.receive(agreed, opening, randomness=give)
    assert isinstance(overlap, Overlap)
    walk.states["Learnt"], walk.messages["Overlap"] = learnt, overlap
    done, handover = steps.receive(opened, overlap, randomness=give)
    assert isinstance(handover, Handover)
    walk.states["DoneAnswerer"], walk.messages["Handover"] = done, handover
    done, none = steps.receive(learnt, handover, randomness=give)
    assert none is None
    walk.states["Done"] = done
    assert isinstance(question, Question)
    assert isinstance(answer, Answer)
    assert isinstance(consent, Consent)
    assert isinstance(opening, Opening)
    walk.states["Ended"], walk.messages["Refusal"] = steps.decline(asker)
    return walk


class Organisation:
    """One side with its state folder; its clock goes one second a look."""

    def __init__(self, name: str, folder: Path, limits: Limits = LIMITS) -> None:
        self.name = name
        self.key = signing_key(name)
        self.limits = limits
        self.now, self.later = NOW, timedelta(0)
        self.desk = Desk(folder / name, self._clock, randomness(name))

    def sign(self, _: str) -> SigningKey:
        """The signing key, without a file."""
        return self.key

    def kinds(self) -> list[str]:
        """The kinds of everything logged so far."""
        return [logged.entry.kind for logged in self.desk.log.entries()]

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def ask(a: Organisation, b: Organisation, **options: object) -> bytes:
    """A question's letter, about the asker's list."""
    step = a.desk.ask(asker_list(), a.limits, a.sign, b.key.public, b.name, **options)  # type: ignore[arg-type]
    assert step.letter is not None
    return step.letter


def answer(b: Organisation, a: Organisation, letter: bytes, limits: Limits | None = None, own: Any = None) -> Step:
    """The answer out of the answerer's list, or ``own``."""
    listed = answerer_list() if own is None else own
    return b.desk.answer(letter, limits or b.limits, b.sign, b.key.public.id, a.key.public, a.name, listed)
