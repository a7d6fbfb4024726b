"""The transitions of both sides: people's acts, and ``receive`` for the partner's messages (spec 4).

No function here does any I/O, and none logs: the desk commits an entry before it lets a state or a letter out.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pyarrow as pa

from clew.effects import Randomness
from clew.errors import InputError, PeerError, UsageError
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.order import find, sorting
from clew.joint.overlap.published import Published
from clew.joint.overlap.secret import Secret, finalised, hashed, require_proof
from clew.joint.overlap.states import (
    Agreed,
    Answered,
    Asked,
    Common,
    Considering,
    Counted,
    Done,
    Ended,
    Learnt,
    Opened,
    Own,
    State,
)
from clew.joint.overlap.tags import held_proofs, open_payloads, seal_payloads, tags_of
from clew.joint.overlap.wire import (
    DIGEST,
    NO_SET,
    Answer,
    Consent,
    Handover,
    Message,
    Opening,
    Overlap,
    Question,
    Refusal,
)

__all__ = ["agree", "answer", "answer_from_set", "ask", "decline", "own_list", "receive"]

_NO_TAGS = np.zeros((0, 16), np.uint8)
_NO_PAYLOADS = np.zeros((0, 272), np.uint8)


def ask(
    numbers: pa.Array,
    limits: Limits,
    *,
    asker: bytes,
    answerer: bytes,
    published: Published | None,
    randomness: Randomness,
) -> tuple[Asked, Question]:
    """The question about a list of different canonical numbers (spec 4.1.1); ``asker``, ``answerer``: ids of keys."""
    limits.require_own(len(numbers))
    if published is not None:
        limits.require_theirs(published.listed)
    secret = Secret.generate(randomness)
    elements = secret.blinded(numbers)
    order = sorting(elements)
    digest = published.digest if published is not None else NO_SET
    question = Question(asker, answerer, randomness(DIGEST), digest, elements[order])
    public = published.public if published is not None else b""
    listed = published.listed if published is not None else 0
    return Asked(secret, limits, question, numbers.take(pa.array(order)), public, listed), question


def own_list(numbers: pa.Array, key: Secret) -> Own:
    """A list of different canonical numbers with its tags under a key, in the order of the tags."""
    tags = tags_of(key.own(numbers))
    order = sorting(tags)
    return Own(tags[order], numbers.take(pa.array(order)))


def answer(question: Question, numbers: pa.Array, limits: Limits, *, randomness: Randomness) -> tuple[Answered, Answer]:
    """The answer from a list, under a key of this check alone (spec 4.1.2)."""
    limits.require_own(len(numbers))
    if question.published != NO_SET:
        raise _other_set()
    secret = Secret.generate(randomness)
    return _answer(question, own_list(numbers, secret), limits, secret, secret)


def answer_from_set(
    question: Question, own: Own, key: Secret, limits: Limits, *, randomness: Randomness
) -> tuple[Answered, Answer]:
    """The answer from a published set, whose tags the asker's filter holds: ``own`` is the set as it was then."""
    limits.require_own(len(own.tags))
    if question.published == NO_SET:
        raise _other_set()
    return _answer(question, own, limits, Secret.generate(randomness), key)


def _answer(question: Question, own: Own, limits: Limits, secret: Secret, key: Secret) -> tuple[Answered, Answer]:
    limits.require_theirs(len(question.elements))
    evaluated = key.evaluated(question.elements)
    tags = own.tags if question.published == NO_SET else _NO_TAGS
    # Sorting is the shuffle: under an unknown key the encodings are as good as random, so their order says nothing.
    message = Answer(question.check, key.public, len(own.tags), evaluated[sorting(evaluated)], tags)
    return Answered(secret, limits, question, key, own, _digest(message)), message


def agree(state: State, payloads: pa.Array | None, *, randomness: Randomness) -> tuple[State, Consent | Opening]:
    """This side's consent to learning which numbers are common (spec 4.1.3, 4.1.4).

    ``payloads``: a text for each of the own numbers in the order of the state, to be handed over for the common ones.
    """
    texts = payloads if payloads is not None else pa.array([], pa.string())
    match state:
        case Counted():
            consent = Consent(state.question.check, state.previous, len(state.matched), payloads is not None)
            return Agreed(state, _digest(consent), texts), consent
        case Considering(answered, previous, common, offered):
            evaluated, proof = answered.key.evaluated_with_proof(answered.question.elements, randomness)
            opening = Opening(answered.question.check, previous, payloads is not None, evaluated, proof)
            return Opened(answered, _digest(opening), common, offered, texts), opening
        case _:
            raise UsageError(
                "overlap.nothing-to-decide",
                "this check does not wait for a decision",
                mend="clew overlap status shows what each check waits for.",
            )


def decline(state: State, code: str = "declined") -> tuple[Ended, Refusal]:
    """The end of a check by this side, and what the partner hears of it."""
    return Ended(code), Refusal(check_of(state), code)


def check_of(state: State) -> bytes:
    """The identifier of the check that a state belongs to."""
    match state:
        case Asked() | Counted() | Answered():
            return state.question.check
        case Agreed(counted):
            return counted.question.check
        case Considering() | Opened():
            return state.answered.question.check
        case Learnt():
            return state.check
        case _:
            raise UsageError("overlap.over", "this check is over", mend="clew overlap start begins another one.")


def receive(
    state: State, message: Message, *, randomness: Randomness, published: Published | None = None
) -> tuple[State, Message | None]:
    """The state after a message of the partner, and the reply if one is due (spec 4.2); all else is refused.

    ``published`` is the set that an ``Asked`` asks about, if it asks about one.
    """
    match state, message:
        case Done() | Ended(), _:
            raise _unexpected(state, message)
        case _, Question():
            raise _unexpected(state, message)
        case _, _ if message.check != check_of(state):
            raise PeerError(
                "overlap.other-check", "the message belongs to another check", mend="Look which letter is whose."
            )
        case _, Refusal(_, code):
            return Ended(code), None
        case Asked(), Answer():
            return _counted(state, message, published), None
        case Agreed(), Opening():
            return _learnt(state, message, randomness)
        case Learnt(), Handover():
            return _finished(state, message), None
        case Answered(), Consent():
            return _considering(state, message), None
        case Opened(), Overlap():
            return _handed_over(state, message, randomness)
        case _:
            raise _unexpected(state, message)


def _counted(state: Asked, message: Answer, published: Published | None) -> Counted:
    question = state.question
    fresh = question.published == NO_SET
    if len(message.evaluated) != len(question.elements) or fresh != (len(message.tags) == message.listed):
        raise _broken("the answer is not to as many numbers as were asked about, or lacks the partner's own")
    if not fresh and (message.public != state.public or message.listed != state.listed):
        raise PeerError(
            "overlap.other-key",
            "the answer was given under another key, or from another set, than the published one",
            mend="Ask the partner for the set that they answer from now.",
        )
    if not fresh and (published is None or published.digest != question.published):
        raise InputError(
            "overlap.set-missing",
            "the published set of this check is not at hand",
            mend="Give it again: clew overlap read LETTER --filter FILE.",
        )
    state.limits.require_theirs(message.listed)
    points = state.secret.unblinded(message.evaluated)
    tags = tags_of(points)
    common = find(tags, message.tags) >= 0 if published is None or fresh else published.holds(tags)
    matched = np.flatnonzero(common)
    return Counted(
        state.secret,
        state.limits,
        question,
        state.numbers,
        message.public,
        message.listed,
        _digest(message),
        message.evaluated,
        matched,
        points[matched],
    )


def _learnt(state: Agreed, message: Opening, randomness: Randomness) -> tuple[Learnt, Overlap]:
    counted = state.counted
    _require_previous(message.previous, state.consent)
    if len(message.evaluated) != len(counted.evaluated):
        raise _broken("the opening is not of as many numbers as were asked about")
    order = sorting(message.evaluated)
    if not np.array_equal(message.evaluated[order], counted.evaluated):
        raise _broken("the opening is not of the answer that the size was counted from")
    require_proof(counted.question.elements, message.evaluated, message.proof, counted.public)
    places = order[counted.matched]
    by_tag = sorting(tags_of(counted.points)) if len(places) else places
    places, points = places[by_tag], counted.points[by_tag]
    numbers = tuple(counted.numbers.take(pa.array(places)).to_pylist())
    outputs = tuple(finalised(number, point.tobytes()) for number, point in zip(numbers, points, strict=True))
    check, salt = counted.question.check, randomness(DIGEST)
    sealed = _NO_PAYLOADS
    if len(state.payloads):
        sealed = seal_payloads(state.payloads.take(pa.array(places)).to_pylist(), outputs, check, salt, asker=True)
    blind, proof = counted.secret.blinded_with_proof(pa.array(numbers, pa.string()), randomness)
    held = held_proofs(outputs, check)
    reply = Overlap(check, _digest(message), salt, blind, tags_of(points), places, proof, held, sealed)
    return Learnt(counted.secret, check, _digest(reply), numbers, outputs, message.payloads), reply


def _finished(state: Learnt, message: Handover) -> Done:
    _require_previous(message.previous, state.previous)
    if len(message.sealed) != (len(state.numbers) if state.offered else 0):
        raise _broken("the payloads are not as many as were offered")
    texts = open_payloads(message.sealed, state.outputs[: len(message.sealed)], state.check, message.salt, asker=False)
    return Done(state.secret, Common(state.numbers, tuple(texts)))


def _considering(state: Answered, message: Consent) -> Considering:
    _require_previous(message.previous, state.previous)
    if message.common > min(len(state.question.elements), len(state.own.tags)):
        raise _broken("more are said to be common than the shorter list has")
    return Considering(state, _digest(message), message.common, message.payloads)


def _handed_over(state: Opened, message: Overlap, randomness: Randomness) -> tuple[Done, Handover]:
    answered = state.answered
    _require_previous(message.previous, state.previous)
    if len(message.tags) != state.common or len(message.sealed) != (state.common if state.offered else 0):
        raise _broken("numbers or payloads are not as many as were announced")
    places = find(message.tags, answered.own.tags)
    if np.any(places < 0):
        raise _broken("a number is named that is not in this side's list")
    chosen = answered.own.numbers.take(pa.array(places))
    _require_asked(message, chosen, answered.question)
    numbers = tuple(chosen.to_pylist())
    points = answered.key.own(chosen) if numbers else np.zeros((0, 32), np.uint8)
    outputs = tuple(finalised(number, point.tobytes()) for number, point in zip(numbers, points, strict=True))
    check = answered.question.check
    if not hmac.compare_digest(held_proofs(outputs, check).tobytes(), message.held.tobytes()):
        raise _broken("the partner names a number without having had it evaluated")
    texts = open_payloads(message.sealed, outputs[: len(message.sealed)], check, message.salt, asker=True)
    salt, sealed = randomness(DIGEST), _NO_PAYLOADS
    if len(state.payloads):
        sealed = seal_payloads(state.payloads.take(pa.array(places)).to_pylist(), outputs, check, salt, asker=False)
    reply = Handover(check, _digest(message), salt, sealed)
    return Done(answered.secret, Common(numbers, tuple(texts))), reply


def _require_asked(message: Overlap, claimed: pa.Array, question: Question) -> None:
    """Return if the question of this very check asked about every number that is claimed, under one blind (spec 3.6).

    Holding the output is not enough: under the key of a published set an earlier check gave the same one.
    """
    places = message.places
    if np.any(places >= len(question.elements)) or len(np.unique(places)) != len(places):
        raise _broken("a number is said to stand in the question where none does, or where another one does")
    if not len(places):
        if message.proof:
            raise _broken("there is a proof of nothing")
        return
    try:
        require_proof(hashed(claimed), question.elements[places], message.proof, message.blind)
    except PeerError as error:
        raise _broken("the partner names a number that it did not ask about, or not under one blind") from error


def _digest(message: Message) -> bytes:
    return hashlib.sha256(message.encode()).digest()


def _require_previous(said: bytes, known: bytes) -> None:
    if said != known:
        raise _broken("it answers another message than the one that was sent")


def _broken(why: str) -> PeerError:
    return PeerError(
        "overlap.broken",
        f"the partner's message does not fit the check: {why}",
        mend="Nothing was accepted. Ask the partner, and do not go on with this check unless you understand it.",
    )


def _unexpected(state: State, message: Message) -> PeerError:
    return PeerError(
        "overlap.unexpected",
        f"a message {type(message).__name__} does not belong where the check stands ({type(state).__name__})",
        mend="clew overlap status shows what each check waits for.",
    )


def _other_set() -> PeerError:
    return PeerError(
        "overlap.other-set",
        "the question is about another list or set than the one to answer from",
        mend="Answer from the set that the question names, or ask the partner for a question without one.",
    )
