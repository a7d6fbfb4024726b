"""The overlap check, whole, against other programs for private set intersection.

*How many*: from two lists of a million numbers to the size of what they have in common; *which*: on to the common
numbers on both sides, with the proof that one key made all answers, which the peers do not have. Both parties work
here, one after the other, each message through its bytes; signing, sealing and files of ``clew overlap`` are left out,
as networks and disks are. *A short list against a large set*: the set's tags and its filter are made beforehand
("offline"), and what then passes between question and result is "online".

Ours runs before and after the peers; the mean is shown. ``openmined-psi`` takes minutes for a million items: by
default it runs on fewer, and its time is multiplied up, which is kind to it (its structures grow). ``--full`` runs it
whole, and ``spu`` with a true hash to the curve.

libsodium has no such check. What stands beside every line is the processor time of its single calls for the same group
arithmetic, both parties' together, over ours for the whole, with everything that is not arithmetic.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyarrow as pa

from bench import Context, Figure
from bench.core import CALLS
from bench.libsodium import Yardstick
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


HOW_MANY = {"hash": 2, "multiply": 4}
WHICH = {"multiply": 4, "add": 4}
ONLINE = {"hash": 1, "multiply": 3}
OFFLINE = {"hash": 1, "multiply": 1}
"""libsodium's calls for an item of each line. The proof of *which* is a sum over all items, on both sides."""


@dataclass(frozen=True)
class Taken:
    """Seconds on the wall, and seconds of a core."""

    wall: float
    processor: float


@dataclass(frozen=True)
class Balanced:
    """From two lists to the size of their overlap, and from there to the numbers on both sides."""

    counted: Taken
    learnt: Taken


@dataclass(frozen=True)
class Unbalanced:
    """Preparing the set, each question, and bytes of the prepared set's filter."""

    offline: Taken
    online: list[Taken]
    filter_bytes: int


class Watch:
    """What has been taken since it was made or last asked."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def taken(self) -> Taken:
        """Since then; it begins anew."""
        wall, processor = self._wall, self._processor
        self._wall, self._processor = time.perf_counter(), time.process_time()
        return Taken(self._wall - wall, self._processor - processor)


def _sent(message: Message) -> Message:
    return parse_message(message.encode())


def balanced(size: int, common: int) -> Balanced:
    """Two lists of ``size`` numbers of which ``common`` are the same."""
    mine, theirs = pa.array(items(size, common, 0)), pa.array(items(size, common, 1))
    watch = Watch()
    asked, question = ask(mine, LIMITS, asker=ASKER, answerer=ANSWERER, published=None, randomness=system_randomness)
    answered, reply = answer(_sent(question), theirs, LIMITS, randomness=system_randomness)
    state, _ = receive(asked, _sent(reply), randomness=system_randomness)
    counted = watch.taken()
    if not isinstance(state, Counted) or len(state.matched) != common:
        raise AssertionError("the size of the overlap is wrong")
    asker, consent = agree(state, None, randomness=system_randomness)
    answerer, _ = receive(answered, _sent(consent), randomness=system_randomness)
    answerer, opening = agree(answerer, None, randomness=system_randomness)
    asker, overlap = receive(asker, _sent(opening), randomness=system_randomness)
    answerer, handover = receive(answerer, _sent(overlap), randomness=system_randomness)
    asker, _ = receive(asker, _sent(handover), randomness=system_randomness)
    learnt = watch.taken()
    expected = set(items(common, common, 0))
    if any(not isinstance(one, Done) or set(one.common.numbers) != expected for one in (asker, answerer)):
        raise AssertionError("the overlap is wrong")
    return Balanced(counted, learnt)


def unbalanced(short: int, size: int, common: int) -> Unbalanced:
    """A list of ``short`` numbers against a prepared set of ``size``."""
    mine, theirs = pa.array(items(short, common, 0)), pa.array(items(size, common, 1))
    owner = SigningKey.generate(system_randomness)
    watch = Watch()
    key = Secret.generate(system_randomness)
    own = own_list(theirs, key)
    data = new_set(owner, key.public, own.tags).encode()
    offline = watch.taken()
    published = open_set(data, owner.public)
    published.holds(own.tags[:1])  # what is computed at the first look is kept with the set
    online = []
    for _ in range(ONLINE_TURNS):
        watch = Watch()
        asked, question = ask(
            mine, LIMITS, asker=ASKER, answerer=ANSWERER, published=published, randomness=system_randomness
        )
        _, reply = answer_from_set(_sent(question), own, key, LIMITS, randomness=system_randomness)
        state, _ = receive(asked, _sent(reply), randomness=system_randomness, published=published)
        online.append(watch.taken())
        if not isinstance(state, Counted) or len(state.matched) != common:
            raise AssertionError("the size of the overlap is wrong")
    return Unbalanced(offline, online, len(data))


def run(context: Context) -> list[Figure]:
    """Both uses beside libsodium's arithmetic, and how many times as fast they are as each peer."""
    yardstick = Yardstick(*CALLS)
    with yardstick.beside():
        lists, short = balanced(SIZE, COMMON), unbalanced(SHORT, SIZE, SHORT_COMMON)
    small = SIZE if context.whole_peers else SMALL
    whole = [openmined(small, small, small // 100), spu("ecdh", SIZE, SIZE, COMMON), spu("rr22", SIZE, SIZE, COMMON)]
    if context.whole_peers:
        whole.append(spu("ecdh-elligator", SIZE, SIZE, COMMON))
    prepared = [openmined(SHORT, small, SHORT_COMMON), spu("unbalanced", SHORT, SIZE, SHORT_COMMON)]
    with yardstick.beside():
        again, short_again = balanced(SIZE, COMMON), unbalanced(SHORT, SIZE, SHORT_COMMON)
    counted, learnt = _mean(lists.counted, again.counted), _mean(lists.learnt, again.learnt)
    online = sorted(short.online + short_again.online, key=lambda taken: taken.wall)[ONLINE_TURNS]
    offline = _mean(short.offline, short_again.offline)
    balance = f"{core.backend()}: overlap {SIZE // 1_000_000} M x {SIZE // 1_000_000} M"
    unbalance = f"{core.backend()}: overlap {SHORT:,} against {SIZE // 1_000_000} M"
    turns = f"{lists.counted.wall:.1f} and {again.counted.wall:.1f} s"
    proven = "with the proof that one key made all answers"
    filtered = f"{8 * short.filter_bytes / SIZE:.0f} bits a number"
    sodium = yardstick.costs()
    figures = [
        _figure(f"{balance}, how many", counted, SIZE, turns, sodium, HOW_MANY, most=9.0),
        _figure(f"{balance}, and then which", learnt, SIZE, proven, sodium, WHICH),
        _figure(f"{unbalance}, online", online, SHORT, f"median of {2 * ONLINE_TURNS}", sodium, ONLINE, most=0.030),
        _figure(f"{unbalance}, offline", offline, SIZE, filtered, sodium, OFFLINE, least=450_000),
    ]
    for peer in whole:
        figures += _against(peer, balance, counted.wall, SIZE)
    for peer in prepared:
        if isinstance(peer, Measured):
            named = f"{unbalance} against {peer.peer}"
            note = f"it takes {peer.online * 1e3:.0f} ms against {peer.theirs:,}"
            ratio = peer.online / online.wall
            figures.append(Figure(f"{named}, online", ratio, "times as fast", note, ratio=ratio))
            rate, ours = peer.theirs / peer.offline, SIZE / offline.wall
            note = f"its offline part does {rate:,.0f} items a second"
            figures.append(Figure(f"{named}, offline", ours / rate, "times as fast", note, ratio=ours / rate))
        else:
            figures.append(Figure(f"{unbalance} against", 0, "times as fast", peer))
    return figures


def _mean(one: Taken, other: Taken) -> Taken:
    return Taken((one.wall + other.wall) / 2, (one.processor + other.processor) / 2)


def _figure(
    name: str,
    taken: Taken,
    items: int,
    note: str,
    sodium: dict[str, float] | str,
    calls: dict[str, int],
    *,
    most: float | None = None,
    least: float | None = None,
) -> Figure:
    """Seconds, or with ``least`` a rate, with the ratio to libsodium's calls for so many items."""
    if isinstance(sodium, str):
        note, ratio = f"{note}; {sodium}", None
    else:
        ratio = items * sum(sodium[call] * count for call, count in calls.items()) / taken.processor
        spelled = " + ".join(f"{count} {call}" for call, count in calls.items())
        note = (
            f"{note}; {taken.processor / items * 1e6:.2f} us of a core an item, {ratio:.1f} times libsodium ({spelled})"
        )
    value, unit = (taken.wall, "s") if least is None else (items / taken.wall, "items/s")
    return Figure(name, value, unit, note, least=least, most=most, ratio=ratio)


def _against(peer: Measured | str, name: str, ours: float, size: int) -> list[Figure]:
    if isinstance(peer, str):
        return [Figure(f"{name} against", 0, "times as fast", peer)]
    seconds = peer.whole * size / peer.theirs
    extrapolated = "" if peer.theirs == size else f", multiplied up from {peer.theirs:,}"
    note = f"it takes {seconds:.1f} s{extrapolated}"
    ratio = seconds / ours
    return [Figure(f"{name} against {peer.peer}", ratio, "times as fast", note, ratio=ratio)]
