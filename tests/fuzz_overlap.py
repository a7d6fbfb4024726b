"""The targets that ``tests/fuzz.py`` drives through the parsers of the overlap check.

Each may refuse with a ``ClewError``; what it takes must be written again byte for byte.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from clew.errors import ClewError
from clew.joint.overlap import steps
from clew.joint.overlap.about import About, decode_check, encode_check
from clew.joint.overlap.codec import decode_state, encode_state
from clew.joint.overlap.filter import parse_filter
from clew.joint.overlap.labels import SIGNATURE
from clew.joint.overlap.letters import open_question, parse_letter, write_letter
from clew.joint.overlap.lists import _text, read_list
from clew.joint.overlap.published import open_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Asked
from clew.joint.overlap.wire import NO_SET, Answer, parse_message
from tests.fuzz_group import is_point, same_everywhere
from tests.overlap_parties import LIMITS, answerer_list, randomness, signing_key, walked

__all__ = [
    "CHECKS",
    "FILTERS",
    "LETTERS",
    "LISTS",
    "MESSAGES",
    "SETS",
    "STATES",
    "check_file",
    "first_letter",
    "letter",
    "message",
    "number_list",
    "published",
    "state",
    "tag_filter",
]

_WALK, _SET = walked(seed="fuzz"), walked(from_set=True, seed="fuzz")
_ASKED = _WALK.states["Asked"]
assert isinstance(_ASKED, Asked)
assert _SET.published is not None

MESSAGES = [one.encode() for one in (*_WALK.messages.values(), _SET.messages["Answer"])]
LETTERS = [
    write_letter(
        question,
        signing_key("asker"),
        signing_key("answerer").public,
        Secret.generate(randomness("fuzz")).exchange(),
        b"",
        randomness("fuzz"),
    )
    for question in (_WALK.messages["Question"], _SET.messages["Question"])
]
CHECKS = [
    encode_check(About("ab" * 32, role, "cd" * 32, name, "ef" * 32, "/keys/own.key", *rest), _ASKED).split(b"\n")[0]
    for role, name, *rest in (
        ("asker", "Service B", "", 1, "", "letter-1"),
        ("answerer", "خدمة", "01" * 32, 12, "23" * 32, ""),
    )
]
SETS = [_SET.published.encode()]
FILTERS = [_SET.published.filter.encode()]
STATES = [encode_state(one) for one in _WALK.states.values()]
LISTS = [
    b"+9647901234567\n0790\n# x\n#31#0790123456\nid:vast:200\n",
    "number;case\n٠٧٩٠١٢٣٤٥٦٧;أ\n".encode(),
    b"\xff\xfe+\x003\x00",
]


def message(data: bytes) -> None:
    """A message is refused, or is written again as it was; each state takes it or refuses it, and none breaks."""
    found = parse_message(data)
    assert found.encode() == data
    for one in _WALK.states.values():
        # One state's refusal is what most messages meet; it must not keep the next state from seeing the message.
        with suppress(ClewError):
            steps.receive(one, found, randomness=randomness())


def letter(data: bytes) -> None:
    """A letter is refused, or is written again as it was."""
    assert parse_letter(data).encode() == data


def first_letter(data: bytes) -> None:
    """A first letter that a partner signed, whatever stands in it, is refused, or answered alike on every backend."""
    letter, key = parse_letter(data), signing_key("asker")
    signed = replace(letter, signature=key.sign(SIGNATURE + letter.head + letter.body))
    question = open_question(signed, key.public, bytes.fromhex(signing_key("answerer").public.id))

    def run() -> bytes:
        if question.published == NO_SET:
            return steps.answer(question, answerer_list(), LIMITS, randomness=randomness())[1].encode()
        assert _SET.own is not None
        assert _SET.key is not None
        return steps.answer_from_set(question, _SET.own, _SET.key, LIMITS, randomness=randomness())[1].encode()

    found = parse_message(same_everywhere(run))
    assert isinstance(found, Answer)
    assert len(found.evaluated) == len(question.elements)
    assert all(is_point(one.tobytes()) for one in question.elements)


def check_file(head: bytes) -> None:
    """The line about a check in front of its state is damaged, or is written again as it was."""
    data = head + b"\n" + sha256(head).digest() + encode_state(_ASKED)
    about, kept = decode_check(data, lambda _: (_ASKED.secret, None))  # type: ignore[arg-type,return-value]
    assert encode_check(about, kept) == data


def published(data: bytes) -> None:
    """A published set is refused, or is written again as it was."""
    assert open_set(data, signing_key("answerer").public).encode() == data


def tag_filter(data: bytes) -> None:
    """A filter is refused, or is written again as it was."""
    assert parse_filter(data).encode() == data


def state(data: bytes) -> None:
    """A state is damaged, or is written again as it was."""
    assert encode_state(decode_state(data, lambda _: (_ASKED.secret, None))) == data  # type: ignore[arg-type]


def number_list(data: bytes) -> None:
    """A list is refused, or every line of it has its place in the account."""
    for column, beside in ((None, False), (None, True), ("1", False)):
        found = read_list(data, country="IQ", column=column, beside=beside)
        assert found.lines == len(found.numbers) + found.duplicates + len(found.left_out)
        if column is None and not beside:
            assert found.lines + found.passed == len(_text(data).splitlines())
