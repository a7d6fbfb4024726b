"""What the positions whose rows are asked for show: how many they are, and nothing else (spec protocol 6.4).

The tracer's randomness is the same in every run, so that the bounds below, four standard deviations of uniform
positions, hold always or never.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from clew.joint import tracer
from clew.joint.asking import Drawn
from clew.joint.couples import Couples
from clew.joint.messages import Ask, AskRows
from clew.warrants.authorisation import Budgets
from tests.chain_cases import Contact
from tests.protocol.parties import PLENTY, STRICT, Dice, Pair, authorised, committed, couples

SEED = "+9641000001"
ELSEWHERE = Contact("+9647777000", "+9647777001")


def many(own: Couples, theirs: Couples, hops: int, budgets: Budgets, times: int) -> list[Pair]:
    """The same trace with other dice each time."""
    begun = committed(own, theirs)
    found = []
    for time in range(times):
        pair = Pair(begun.tracer, begun.holder)
        pair.dice["tracer"] = Dice(f"tracer {time}")
        pair.run(authorised(pair, [SEED], hops, budgets))
        assert isinstance(pair.tracer, tracer.Traced)
        found.append(pair)
    return found


def asked(pair: Pair, hop: int) -> tuple[np.ndarray, int, int]:
    """The positions of a hop, and how long its list's sealed and declared parts are."""
    (ask,) = [m for _, m in pair.sent if isinstance(m, Ask) and m.hop == hop]
    (rows,) = [m for _, m in pair.sent if isinstance(m, AskRows) and m.hop == hop]
    return np.frombuffer(rows.positions, ">u4").astype(np.int64), len(ask.sealed) // 128, len(ask.declared) // 64


def require_uniform(places: list[np.ndarray], size: int) -> None:
    """Return if the mean of these sets of places is that of sets drawn from all ``size`` alike."""
    count = sum(map(len, places))
    share = np.mean([len(one) for one in places]) / size
    spread = size / np.sqrt(12 * count) * np.sqrt(1 - share)  # drawn without putting back
    mean = float(np.concatenate(places).mean())
    assert abs(mean - (size - 1) / 2) <= 4 * spread + 1e-9, (mean, size)


@pytest.mark.parametrize("real", [0, 1, 20])
def test_row_positions_do_not_tell_a_filler_from_a_contact(real: int) -> None:
    """Whether the tracer's own records led to nobody, to one or to many: the holder is asked for as many positions of
    either part, and they lie alike."""
    border = [Contact(SEED, f"+3310000{n:04}") for n in range(30)]
    own = [Contact(SEED, f"+9642000{n:04}") for n in range(real)] + [ELSEWHERE]
    found = [asked(pair, 1) for pair in many(couples(own), couples(border), 2, PLENTY, 6)]
    assert {(len(places), sealed, declared) for places, sealed, declared in found} == {(128, 64, 64)}
    for places, sealed, declared in found:
        assert int((places < sealed).sum()) == 64
        assert places[places >= sealed].tolist() == list(range(sealed, sealed + declared))


@pytest.mark.parametrize("dense", [True, False], ids=["everybody knows everybody", "nobody knows another"])
def test_row_positions_do_not_tell_a_dense_group_from_a_sparse_one(dense: bool) -> None:
    """In a dense group the same few numbers stand in the list again and again; the first places at which they stand
    would lie near its beginning."""
    group = [f"+3310000{n:04}" for n in range(12)]
    theirs = [Contact(SEED, one) for one in group] + [
        Contact(one, f"+3320000{n:04}") for one in group for n in range(9)
    ]
    if dense:
        theirs += [Contact(a, b) for a, b in combinations(group, 2)]
    else:
        theirs += [Contact(one, f"+333{at:04}{n:04}") for at, one in enumerate(group) for n in range(11)]
    found = [asked(pair, 2) for pair in many(couples([ELSEWHERE]), couples(theirs), 3, STRICT, 8)]
    ((size, sealed),) = {(len(places), sealed) for places, sealed, _ in found}
    assert (size < sealed) == dense
    require_uniform([places for places, _, _ in found], sealed)


def test_the_position_of_an_unmasked_number_does_not_tell_how_often_it_stands_in_the_list() -> None:
    """A number to which many rows lead stands in the list many times; the place at which it is unmasked is any."""
    group = [f"+3310000{n:04}" for n in range(8)]
    theirs = [Contact(SEED, one) for one in group] + [Contact(one, "+33200000001") for one in group]
    places = []
    for pair in many(couples([ELSEWHERE]), couples(theirs), 2, STRICT, 24):
        kept = pair.tracer.kept  # type: ignore[union-attr]
        texts = {kept.found.text(vertex): at for vertex, at in kept.positions.items()}
        (hidden,) = [text for text, (hop, _) in texts.items() if hop == 2 and text != SEED]
        request, _ = tracer.draft_unmasking(pair.tracer, {hidden: "a reason"}, 4_102_444_800)  # type: ignore[arg-type]
        places.append(np.array([request.wants[0].position]))
    require_uniform(places, 64)


def test_a_number_is_unmasked_at_the_position_at_which_its_row_was_asked_for() -> None:
    """Another of its places, not among those asked for, would tell that it stands there more than once."""
    group = [f"+3310000{n:04}" for n in range(12)]
    theirs = [Contact(SEED, group[0])] + [Contact(a, b) for a, b in combinations(group, 2)]
    for pair in many(couples([ELSEWHERE]), couples(theirs), 3, STRICT, 4):
        kept = pair.tracer.kept  # type: ignore[union-attr]
        rows = {hop: set(asked(pair, hop)[0].tolist()) for hop in range(3)}
        assert all(position in rows[hop] for hop, position in kept.positions.values() if hop < 3)


def test_every_place_of_a_vertex_is_as_likely_and_a_sealed_one_goes_before_a_declared_one() -> None:
    vertices = np.array([5, 7, 5, 5, 8, 7, 9, 5])  # the last two are declared
    counts = np.zeros(8, np.int64)
    for time in range(2000):
        drawn = Drawn.of(vertices, 6, time.to_bytes(32, "big"))
        assert drawn.vertices.tolist() == [5, 7, 8, 9]
        assert vertices[drawn.at].tolist() == [5, 7, 8, 9]
        assert drawn.positions(drawn.at, 100).tolist()[-2:] == [6, 7]
        counts[drawn.at] += 1
    assert counts[[4, 6, 7]].tolist() == [2000, 2000, 0]
    assert np.all(np.abs(counts[[0, 2, 3]] - 2000 / 3) < 85)  # four standard deviations
    assert np.all(np.abs(counts[[1, 5]] - 1000) < 90)
