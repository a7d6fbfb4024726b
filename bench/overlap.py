"""The overlap check, whole, against other programs for private set intersection.

*How many*: from two lists of a million numbers to the size of what they have in common; *which*: on to the common
numbers on both sides, with the proof that one key made all answers, which the peers do not have. Both parties work
here, one after the other, each message through its bytes; signing, sealing and files of ``clew overlap`` are left out,
as networks and disks are. *A short list against a large set*: the set's tags and its filter are made beforehand
("offline"), and what then passes between question and result is "online".

Ours runs before and after the peers; the mean is shown. ``openmined-psi`` takes minutes for a million items: by
default it runs on fewer, and its time is multiplied up, which is kind to it (its structures grow). ``--full`` runs it
whole, and ``spu`` with a true hash to the curve.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import mean

import pyarrow as pa

from bench import Context, Figure
from bench.psi_peers import Measured, items, openmined, spu
from clew import _core as core
from clew.effects import system_randomness
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.published import new_set, open_set
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Counted, Done
from clew.joint.overlap.steps import agree, answer, answer_from_set, ask, own_list, receive
from clew.joint.overlap.wire import Message, parse_message
from clew.warrants.keys import SigningKey

SIZE, COMMON = 1_000_000, 10_000
SHORT, SHORT_COMMON = 1_000, 100
SMALL = 20_000  # items of a peer that takes minutes for all of them
LIMITS = Limits(least=1, most=1 << 24)
ASKER, ANSWERER = b"\x01" * 32, b"\x02" * 32
ONLINE_TURNS = 7


@dataclass(frozen=True)
class Balanced:
    """Seconds from two lists to the size of their overlap, and from there to the numbers on both sides."""

    counted: float
    learnt: float


@dataclass(frozen=True)
class Unbalanced:
    """Seconds to prepare the set, seconds of each question, and bytes of the prepared set's filter."""

    offline: float
    online: list[float]
    filter_bytes: int


def _sent(message: Message) -> Message:
    return parse_message(message.encode())


def balanced(size: int, common: int) -> Balanced:
    """Two lists of ``size`` numbers of which ``common`` are the same."""
    mine, theirs = pa.array(items(size, common, 0)), pa.array(items(size, common, 1))
    begin = time.perf_counter()
    asked, question = ask(mine, LIMITS, asker=ASKER, answerer=ANSWERER, published=None, randomness=system_randomness)
    answered, reply = answer(_sent(question), theirs, LIMITS, randomness=system_randomness)
    state, _ = receive(asked, _sent(reply), randomness=system_randomness)
    counted = time.perf_counter()
    if not isinstance(state, Counted) or len(state.matched) != common:
        raise AssertionError("the size of the overlap is wrong")
    asker, consent = agree(state, None, randomness=system_randomness)
    answerer, _ = receive(answered, _sent(consent), randomness=system_randomness)
    answerer, opening = agree(answerer, None, randomness=system_randomness)
    asker, overlap = receive(asker, _sent(opening), randomness=system_randomness)
    answerer, handover = receive(answerer, _sent(overlap), randomness=system_randomness)
    asker, _ = receive(asker, _sent(handover), randomness=system_randomness)
    learnt = time.perf_counter()
    expected = set(items(common, common, 0))
    if any(not isinstance(one, Done) or set(one.common.numbers) != expected for one in (asker, answerer)):
        raise AssertionError("the overlap is wrong")
    return Balanced(counted - begin, learnt - counted)


def unbalanced(short: int, size: int, common: int) -> Unbalanced:
    """A list of ``short`` numbers against a prepared set of ``size``."""
    mine, theirs = pa.array(items(short, common, 0)), pa.array(items(size, common, 1))
    owner = SigningKey.generate(system_randomness)
    begin = time.perf_counter()
    key = Secret.generate(system_randomness)
    own = own_list(theirs, key)
    data = new_set(owner, key.public, own.tags).encode()
    offline = time.perf_counter() - begin
    published = open_set(data, owner.public)
    published.holds(own.tags[:1])  # what is computed at the first look is kept with the set
    online = []
    for _ in range(ONLINE_TURNS):
        begin = time.perf_counter()
        asked, question = ask(
            mine, LIMITS, asker=ASKER, answerer=ANSWERER, published=published, randomness=system_randomness
        )
        _, reply = answer_from_set(_sent(question), own, key, LIMITS, randomness=system_randomness)
        state, _ = receive(asked, _sent(reply), randomness=system_randomness, published=published)
        online.append(time.perf_counter() - begin)
        if not isinstance(state, Counted) or len(state.matched) != common:
            raise AssertionError("the size of the overlap is wrong")
    return Unbalanced(offline, online, len(data))


def run(context: Context) -> list[Figure]:
    """Both uses, and how many times as fast they are as each peer."""
    backend = core.backend()
    lists, short = balanced(SIZE, COMMON), unbalanced(SHORT, SIZE, SHORT_COMMON)
    small = SIZE if context.whole_peers else SMALL
    whole = [openmined(small, small, small // 100), spu("ecdh", SIZE, SIZE, COMMON), spu("rr22", SIZE, SIZE, COMMON)]
    if context.whole_peers:
        whole.append(spu("ecdh-elligator", SIZE, SIZE, COMMON))
    prepared = [openmined(SHORT, small, SHORT_COMMON), spu("unbalanced", SHORT, SIZE, SHORT_COMMON)]
    again, short_again = balanced(SIZE, COMMON), unbalanced(SHORT, SIZE, SHORT_COMMON)
    counted, learnt = mean([lists.counted, again.counted]), mean([lists.learnt, again.learnt])
    online = sorted(short.online + short_again.online)[ONLINE_TURNS]
    offline = mean([short.offline, short_again.offline])
    size, both = f"{SIZE // 1_000_000} M x {SIZE // 1_000_000} M", f"{SHORT:,} against {SIZE // 1_000_000} M"
    turns = f"{backend}; {lists.counted:.1f} and {again.counted:.1f} s"
    proven = f"{backend}; with the proof that one key made all answers"
    filtered = f"{backend}; {8 * short.filter_bytes / SIZE:.0f} bits a number"
    figures = [
        Figure(f"overlap {size}, how many", counted, "s", turns, most=9.0),
        Figure(f"overlap {size}, and then which", learnt, "s", proven),
        Figure(f"overlap {both}, online", online, "s", f"{backend}; median of {2 * ONLINE_TURNS}", most=0.030),
        Figure(f"overlap {both}, offline", SIZE / offline, "items/s", filtered, least=450_000),
    ]
    for peer in whole:
        figures += _against(peer, f"overlap {size}", counted, SIZE)
    for peer in prepared:
        if isinstance(peer, Measured):
            named = f"overlap {both} against {peer.peer}"
            note = f"it takes {peer.online * 1e3:.0f} ms against {peer.theirs:,}"
            figures.append(Figure(f"{named}, online", peer.online / online, "times as fast", note))
            rate, ours = peer.theirs / peer.offline, SIZE / offline
            note = f"its offline part does {rate:,.0f} items a second"
            figures.append(Figure(f"{named}, offline", ours / rate, "times as fast", note, ratio=ours / rate))
        else:
            figures.append(Figure(f"overlap {both} against", 0, "times as fast", peer))
    return figures


def _against(peer: Measured | str, name: str, ours: float, size: int) -> list[Figure]:
    if isinstance(peer, str):
        return [Figure(f"{name} against", 0, "times as fast", peer)]
    seconds = peer.whole * size / peer.theirs
    extrapolated = "" if peer.theirs == size else f", multiplied up from {peer.theirs:,}"
    note = f"it takes {seconds:.1f} s{extrapolated}"
    ratio = seconds / ours
    return [Figure(f"{name} against {peer.peer}", ratio, "times as fast", note, ratio=ratio)]
