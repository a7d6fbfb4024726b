"""Messages and letters are read strictly: one spelling, bounded sizes, nothing changed on the way."""

from __future__ import annotations

import copy
import pickle
import struct
from collections.abc import Callable

import pytest

from clew.errors import ClewError, PeerError, Refused
from clew.joint.overlap.letters import NO_CHECK, letter_limit, open_letter, open_question, parse_letter, write_letter
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Answered, Asked
from clew.joint.overlap.wire import KINDS, MAGIC, Message, parse_message
from tests.overlap_parties import Walk, randomness, signing_key, walked

HEAD = len(MAGIC)


@pytest.fixture(scope="module")
def walk() -> Walk:
    return walked()


def malformed(data: bytes) -> None:
    with pytest.raises(PeerError) as refused:
        parse_message(data)
    assert refused.value.code == "overlap.malformed"


@pytest.mark.parametrize("name", [kind.__name__ for kind in KINDS])
def test_a_message_cut_short_or_with_something_left_over_is_refused(walk: Walk, name: str) -> None:
    data = walk.messages[name].encode()
    for end in range(0, len(data), max(1, len(data) // 40)):
        malformed(data[:end])
    malformed(data + b"\0")
    malformed(data[:HEAD] + b"\x08" + data[HEAD + 1 :])
    malformed(b"clew/2" + data[6:])
    malformed(b"")


def test_a_list_out_of_order_or_with_a_duplicate_is_refused(walk: Walk) -> None:
    data = walk.messages["Question"].encode()
    begin = len(data) - 9 * 32
    rows = [data[at : at + 32] for at in range(begin, len(data), 32)]
    malformed(data[:begin] + b"".join([rows[1], rows[0], *rows[2:]]))
    malformed(data[:begin] + b"".join([rows[0], rows[0], *rows[2:]]))
    same_head = [b"\0" * 31 + bytes([value]) for value in (3, 2, 1)]
    malformed(data[:begin] + b"".join([*same_head, *rows[3:]]))


def test_a_count_cannot_ask_for_memory(walk: Walk) -> None:
    data = walk.messages["Question"].encode()
    place = len(data) - 9 * 32 - 4
    for count in (10, (1 << 24) + 1, (1 << 32) - 1):
        malformed(data[:place] + struct.pack(">I", count) + data[place + 4 :])


@pytest.mark.parametrize(("name", "place"), [("Consent", -1), ("Refusal", -1)])
def test_a_flag_or_code_has_one_spelling(walk: Walk, name: str, place: int) -> None:
    data = bytearray(walk.messages[name].encode())
    for value in (0 if name == "Refusal" else 2, 255):
        data[place] = value
        malformed(bytes(data))


def test_no_state_message_or_secret_shows_what_is_in_it(walk: Walk) -> None:
    asked = walk.states["Asked"]
    assert isinstance(asked, Asked)
    for one in (*walk.states.values(), *walk.messages.values(), asked.secret, walk):
        if not isinstance(one, Walk):
            text = repr(one)
            assert "9647901" not in text
            assert asked.secret.bytes_for_state().hex() not in text
            assert "array" not in text
            assert len(text) < 160
    for function in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            function(asked.secret)


# Letters.


def two_letters(walk: Walk) -> tuple[bytes, bytes, Secret]:
    asked, answered = walk.states["Asked"], walk.states["Answered"]
    assert isinstance(asked, Asked)
    assert isinstance(answered, Answered)
    a, b = signing_key("asker"), signing_key("answerer")
    ours, theirs = asked.secret.exchange(), answered.secret.exchange()
    give = randomness("letters")
    first = write_letter(walk.messages["Question"], a, b.public, ours, b"", give)
    second = write_letter(walk.messages["Answer"], b, a.public, theirs, ours.public_key().public_bytes_raw(), give)
    return first, second, asked.secret


def opened(letter: bytes, secret: Secret, theirs: bytes = b"") -> Message:
    a, b = signing_key("asker"), signing_key("answerer")
    return open_letter(parse_letter(letter), b.public, bytes.fromhex(a.public.id), secret.exchange(), theirs)


def test_a_letter_changed_by_a_bit_is_refused(walk: Walk) -> None:
    first, second, secret = two_letters(walk)
    a, b = signing_key("asker"), signing_key("answerer")
    recipient = bytes.fromhex(b.public.id)
    ways: list[tuple[bytes, Callable[[bytes], object]]] = [
        (first, lambda data: open_question(parse_letter(data), a.public, recipient)),
        (second, lambda data: opened(data, secret)),
    ]
    for letter, way in ways:
        way(letter)
        for place in range(0, len(letter), 7):
            changed = bytearray(letter)
            changed[place] ^= 1
            with pytest.raises(ClewError):
                way(bytes(changed))
        for end in range(0, len(letter), 31):
            with pytest.raises(ClewError):
                way(letter[:end])


def test_what_is_in_a_letter_cannot_be_read_on_the_way(walk: Walk) -> None:
    _, second, _ = two_letters(walk)
    answer = walk.messages["Answer"].encode()
    assert answer not in second
    assert all(answer[at : at + 16] not in second for at in range(80, len(answer) - 16, 16))
    stranger = Secret.generate(randomness("stranger"))
    with pytest.raises(PeerError) as refused:
        opened(second, stranger)
    assert refused.value.code == "overlap.sealed"


def test_a_letter_of_somebody_else_or_to_somebody_else_is_refused(walk: Walk) -> None:
    first, second, secret = two_letters(walk)
    a, b, c = signing_key("asker"), signing_key("answerer"), signing_key("stranger")
    with pytest.raises(Refused) as refused:
        open_question(parse_letter(first), c.public, bytes.fromhex(b.public.id))
    assert refused.value.code == "overlap.other-sender"
    with pytest.raises(Refused) as refused:
        open_question(parse_letter(first), a.public, bytes.fromhex(c.public.id))
    assert refused.value.code == "overlap.other-recipient"
    with pytest.raises(PeerError) as broken:
        opened(second, secret, theirs=bytes(32))
    assert broken.value.code == "overlap.sealed"
    forged = write_letter(walk.messages["Question"], c, b.public, secret.exchange(), b"", randomness("forged"))
    with pytest.raises(PeerError) as broken:
        open_question(parse_letter(forged), c.public, bytes.fromhex(b.public.id))
    assert broken.value.code == "overlap.sealed"


def test_a_later_letter_is_no_first_letter(walk: Walk) -> None:
    _, second, _ = two_letters(walk)
    a, b = signing_key("asker"), signing_key("answerer")
    with pytest.raises(PeerError) as refused:
        open_question(parse_letter(second), b.public, bytes.fromhex(a.public.id))
    assert refused.value.code == "overlap.not-first"
    assert parse_letter(second).check != NO_CHECK


def test_a_letter_is_written_one_way_and_has_a_largest_size(walk: Walk) -> None:
    for letter in two_letters(walk)[:2]:
        assert parse_letter(letter).encode() == letter
    sizes = [len(message.encode()) for message in walk.messages.values()]
    assert max(sizes) + 300 < letter_limit(9)
