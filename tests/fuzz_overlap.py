"""The targets that ``tests/fuzz.py`` drives through the parsers of the overlap check.

Each may refuse with a ``ClewError``; what it takes must be written again byte for byte.
"""

from __future__ import annotations

from contextlib import suppress

from clew.errors import ClewError
from clew.joint.overlap import steps
from clew.joint.overlap.codec import decode_state, encode_state
from clew.joint.overlap.filter import parse_filter
from clew.joint.overlap.letters import parse_letter, write_letter
from clew.joint.overlap.lists import read_list
from clew.joint.overlap.published import open_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Asked
from clew.joint.overlap.wire import parse_message
from tests.overlap_parties import randomness, signing_key, walked

__all__ = [
    "FILTERS",
    "LETTERS",
    "LISTS",
    "MESSAGES",
    "SETS",
    "STATES",
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
        _WALK.messages["Question"],
        signing_key("asker"),
        signing_key("answerer").public,
        Secret.generate(randomness("fuzz")).exchange(),
        b"",
        randomness("fuzz"),
    )
]
SETS = [_SET.published.encode()]
FILTERS = [_SET.published.filter.encode()]
STATES = [encode_state(one) for one in _WALK.states.values()]
LISTS = [b"+9647901234567\n0790\n# x\nid:vast:200\n", "number;case\n٠٧٩٠١٢٣٤٥٦٧;أ\n".encode(), b"\xff\xfe+\x003\x00"]


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
