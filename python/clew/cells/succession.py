"""Successions: which number went on where another one faded, by the contacts that both had.

A number *fades* at the moment that best divides its contacts into a dense time and a thin one after it; it *rises* at
the moment that best divides them the other way round. Neither has to be silent on the thin side. The contact profile
of a fading number before its moment and that of a rising one after it are compared by a Dirichlet-multinomial
likelihood ratio (Longjohn, Smyth and Stern, Law, Probability and Risk 2022) in which a contact that everybody has
counts little. Counts enter as 1 + log, since calls come in bursts; even so the ratio overclaims, and is brought down by
a fitted line and bounded. Rivals on both sides divide it. Where contacts changed as well, a contact that became
another counts as that other, as far as this is probable; three rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln

from clew.cells.contacts import Bools, Contacts, Floats, Ints, Matrix
from clew.cells.parameters import Parameters

__all__ = ["Candidates", "Succession", "candidates_of", "speaking", "successions", "tried_with"]

_BINS: Final = 64
_POINTS: Final = 8


@final
@dataclass(frozen=True, slots=True)
class Succession:
    """``old`` went on as ``new``; several on both sides where they cannot be told apart. Epoch microseconds."""

    old: tuple[int, ...]
    new: tuple[int, ...]
    last: int  # last contact counted for the old numbers
    first: int  # first contact counted for the new ones
    log_ratio: float  # rivals divided, fitted, not bounded
    overlap: float
    kept: tuple[int, ...]  # contacts that both sides had
    moved: tuple[tuple[int, int], ...]  # contacts that changed as well and are counted as their successors
    rivals: int


@final
@dataclass(frozen=True, slots=True, repr=False)
class Sightings:
    """Every contact seen from each end: one number, the other one, the moment, how many contacts it stands for."""

    number: Ints
    other: Ints
    moment: Ints
    weight: Floats


@final
@dataclass(frozen=True, slots=True, repr=False)
class Turns:
    """Where each number turns: moment bin, or -1 where it does not fade (rise); and the sightings on the dense side."""

    turns: Bools
    dense: Bools  # of the sightings
    edge: Ints  # microseconds: the last dense moment of a fading, the first one of a rising number
    strength: Floats  # log-likelihood ratio of two rates against one, by contact


@final
@dataclass(frozen=True, slots=True, repr=False)
class Candidates:
    """Pairs (old, new) with what speaks for them; ``link`` is the log of the rival-divided likelihood."""

    old: Ints
    new: Ints
    contacts_ratio: Floats  # Dirichlet-multinomial log-ratio, not brought down
    overlap: Floats
    shared: Floats  # how many contacts both had
    gap: Floats  # between fading and rising, in parts of the whole time
    talk: Bools  # the two were in contact with each other
    raw: Floats  # log-likelihood before rivals divide it
    link: Floats
    share: Floats  # raw likelihood against all rivals' and none's


def successions(contacts: Contacts, parameters: Parameters) -> list[Succession]:
    """The successions of a traced graph, strongest first; none where too little time or too few contacts were seen."""
    sightings = _sightings(contacts)
    if not len(sightings.number):
        return []
    fading = _turning(sightings, contacts, parameters.succession_turn, falling=True)
    rising = _turning(sightings, contacts, parameters.succession_turn, falling=False)
    found, before, after, moves = _candidates(contacts, sightings, fading, rising, parameters)
    groups = _alike(found)
    listed: list[Succession] = []
    for rows in groups:
        old, new = np.unique(found.old[rows]), np.unique(found.new[rows])
        best = rows[np.argmax(found.link[rows])]
        log_ratio = parameters.succession_line[0] + parameters.succession_line[1] * float(
            _divided(found, rows, parameters)
        )
        if log_ratio < np.log(parameters.succession_least):
            continue
        kept, moved = _kept(before, after, moves, int(found.old[best]), int(found.new[best]))
        listed.append(
            Succession(
                tuple(old.tolist()),
                tuple(new.tolist()),
                int(fading.edge[old].max()),
                int(rising.edge[new].min()),
                round(log_ratio, 6),
                round(float(found.overlap[rows].mean()), 4),
                kept,
                moved,
                int(((found.old == found.old[best]) | (found.new == found.new[best])).sum()) - len(old) - len(new) + 1,
            )
        )
    return sorted(listed, key=lambda s: (-s.log_ratio, -s.overlap, s.old, s.new))


def candidates_of(contacts: Contacts, parameters: Parameters) -> Candidates | None:
    """The weighed pairs themselves, for fitting and measuring; None where nothing was seen."""
    sightings = _sightings(contacts)
    if not len(sightings.number):
        return None
    fading = _turning(sightings, contacts, parameters.succession_turn, falling=True)
    rising = _turning(sightings, contacts, parameters.succession_turn, falling=False)
    return _candidates(contacts, sightings, fading, rising, parameters)[0]


def _candidates(
    contacts: Contacts, sightings: Sightings, fading: Turns, rising: Turns, parameters: Parameters
) -> tuple[Candidates, Matrix, Matrix, Matrix]:
    """All pairs of a fading and a rising number with a shared contact; their profiles; the last round's moves."""
    size = contacts.size
    able = ~contacts.hub
    before = _profiles(sightings, fading, able, size)
    after = _profiles(sightings, rising, able, size)
    popularity = np.maximum(contacts.degree, contacts.known_contacts).astype(np.float64)
    base = parameters.succession_base * popularity / max(popularity.sum(), 1.0)
    talks = contacts.matrix(np.ones(len(contacts.left)))
    span = float(sightings.moment.max() - sightings.moment.min()) or 1.0
    moves: Matrix = sparse.csr_array((size, size))
    for _ in range(parameters.succession_rounds):
        counted = _moved(before, moves)
        found = _compare(counted, after, base, fading, rising, talks, span, parameters)
        moves = sparse.csr_array((found.share, (found.old, found.new)), shape=(size, size))
    return found, before, after, moves


def _sightings(contacts: Contacts) -> Sightings:
    """From the events; in a coarse graph each pair's contacts are spread evenly from its first to its last."""
    if contacts.events is not None:
        pair, moment = contacts.events.pair, (contacts.events.seconds * 1e6).astype(np.int64) + _origin(contacts)
        weight = np.ones(len(pair))
    else:
        points = np.clip(contacts.count, 1, _POINTS)
        pair = np.repeat(np.arange(len(points)), points)
        step = np.arange(len(pair)) - np.repeat(np.cumsum(points) - points, points)
        length = (contacts.last - contacts.first)[pair]
        moment = contacts.first[pair] + length * step // np.maximum(points[pair] - 1, 1)
        weight = (contacts.count / points)[pair]
    left, right = contacts.left[pair], contacts.right[pair]
    return Sightings(
        np.concatenate([left, right]), np.concatenate([right, left]), np.tile(moment, 2), np.tile(weight, 2)
    )


def _origin(contacts: Contacts) -> int:
    return int(contacts.first.min()) if len(contacts.first) else 0


def _turning(sightings: Sightings, contacts: Contacts, least: float, *, falling: bool) -> Turns:
    """Which numbers fade (``falling``) or rise, and when: the best of 63 moments for two Poisson rates.

    Two rates must explain the contacts better than one by ``least`` in log-likelihood.
    """
    size, begin = contacts.size, sightings.moment.min()
    span = max(int(sightings.moment.max() - begin), 1) + 1
    bins = ((sightings.moment - begin) * _BINS // span).astype(np.int64)
    counts = _sums(sightings.number * _BINS + bins, sightings.weight, size * _BINS).reshape(size, _BINS)
    early = np.cumsum(counts, axis=1)[:, :-1]
    late = counts.sum(axis=1)[:, None] - early
    length = np.arange(1, _BINS) / _BINS
    dense, thin = (early, late) if falling else (late, early)
    dense_length, thin_length = (length, 1 - length) if falling else (1 - length, length)
    gain = _xlogy(early, length) + _xlogy(late, 1 - length) - _xlogy(early + late, np.ones_like(length))
    right_way = (thin / thin_length <= 0.3 * dense / dense_length) & (dense >= 3)
    gain = np.where(right_way & (gain >= least), np.round(gain, 9), -1.0)
    cut = gain.argmax(axis=1) if falling else _BINS - 2 - gain[:, ::-1].argmax(axis=1)
    strength = gain[np.arange(size), cut]
    turns = (strength > 0) & ~contacts.hub
    on_dense_side = (bins <= cut[sightings.number]) == falling
    edge = np.full(size, np.iinfo(np.int64).min if falling else np.iinfo(np.int64).max)
    (np.maximum if falling else np.minimum).at(edge, sightings.number[on_dense_side], sightings.moment[on_dense_side])
    return Turns(turns, on_dense_side & turns[sightings.number], edge, np.maximum(strength, 0.0))


def _xlogy(count: Floats, length: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(count > 0, count * np.log(count / length), 0.0))


def _profiles(sightings: Sightings, turns: Turns, able: Bools, size: int) -> Matrix:
    """Rows: turning numbers; columns: contacts on the dense side, as 1 + log of their number. Hubs tell nothing."""
    rows = turns.dense & able[sightings.other]
    matrix = sparse.coo_array(
        (sightings.weight[rows], (sightings.number[rows], sightings.other[rows])), shape=(size, size)
    ).tocsr()
    matrix.sum_duplicates()
    matrix.data = 1.0 + np.log(np.maximum(matrix.data, 1.0))
    return matrix


def _moved(profiles: Matrix, moves: Matrix) -> Matrix:
    """Profiles in which the weight of a contact goes to its successors as far as it is probable that it has them."""
    stays = 1.0 - np.minimum(np.asarray(moves.sum(axis=1)).ravel(), 1.0)
    return sparse.csr_array(profiles @ (sparse.diags_array(stays) + moves))


def _compare(
    before: Matrix, after: Matrix, base: Floats, fading: Turns, rising: Turns, talks: Matrix, span: float, p: Parameters
) -> Candidates:
    old, new, contact, x, y = _meetings(before, after, p.succession_meetings)
    gap = (rising.edge[new] - fading.edge[old]) / span
    able = (old != new) & (x > 1e-3) & (np.abs(gap) <= p.succession_gap)
    old, new, contact, x, y = old[able], new[able], contact[able], x[able], y[able]
    alpha = base[contact]
    terms = gammaln(alpha + x + y) + gammaln(alpha) - gammaln(alpha + x) - gammaln(alpha + y)
    total_x, total_y = np.asarray(before.sum(axis=1)).ravel(), np.asarray(after.sum(axis=1)).ravel()
    size = len(base)
    pairs, member = np.unique(old * size + new, return_inverse=True)
    old, new = pairs // size, pairs % size
    shared = _sums(member, np.minimum(x / total_x[old[member]], y / total_y[new[member]]), len(pairs))
    a, tx, ty = float(base.sum()), total_x[old], total_y[new]
    everything = gammaln(a + tx) + gammaln(a + ty) - gammaln(a) - gammaln(a + tx + ty)
    ratio = _sums(member, terms, len(pairs)) + everything
    gap = (rising.edge[new] - fading.edge[old]) / span
    talk = np.asarray(talks[old, new]).ravel() > 0 if len(old) else np.zeros(0, np.bool_)
    kept = _sums(member, np.minimum(x, 1.0), len(pairs))
    raw = np.round(_raw(ratio, kept, gap, talk, p), 9)
    share, link = _divide(old, new, raw, size, p)
    return Candidates(old, new, ratio, shared, kept, gap, talk, raw, link, share)


def _sums(group: Ints, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(group, values, size), np.float64)


def _raw(ratio: Floats, kept: Floats, gap: Floats, talk: Bools, p: Parameters) -> Floats:
    """A number at the last hop stands in the graph only by a contact that many share: the first one tells little."""
    return np.asarray(speaking(ratio, kept, gap, talk) @ np.asarray(p.succession_weights))


def speaking(ratio: Floats, kept: Floats, gap: Floats, talk: Bools) -> Floats:
    """What speaks for a pair, one column each: contacts, how many of them, not late, not early, not in contact."""
    late, early = np.log1p(50.0 * np.maximum(gap, 0.0)), np.log1p(50.0 * np.maximum(-gap, 0.0))
    return np.column_stack([ratio, np.log(np.maximum(kept, 1.0)), -late, -early, -talk.astype(np.float64)])


def _divide(old: Ints, new: Ints, raw: Floats, size: int, p: Parameters) -> tuple[Floats, Floats]:
    """Share of each pair against its rivals on both sides and against chance; and the log of the odds of it.

    Chance grows with the number of pairs that were tried: among thousands one looks right by accident.
    """
    likelihood = np.exp(np.clip(raw, -50.0, 50.0))
    rivals = np.bincount(old, likelihood, size)[old] + np.bincount(new, likelihood, size)[new] - 2.0 * likelihood
    against = p.succession_none * tried_with(old, new) + np.maximum(rivals, 0.0)
    return likelihood / (likelihood + against), np.round(np.log(likelihood) - np.log(against), 9)


def tried_with(old: Ints, new: Ints) -> Floats:
    """For each pair how many pairs were tried with one of its numbers, the mean of both sides."""
    return np.asarray((np.bincount(old)[old] + np.bincount(new)[new]) / 2.0, np.float64) if len(old) else np.zeros(0)


def _meetings(before: Matrix, after: Matrix, limit: int) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Every (old, new, contact) in which both have it, with both weights; contacts of too many are left out."""
    left, right = sparse.csc_array(before), sparse.csc_array(after)
    left.sort_indices()
    right.sort_indices()
    old_count, new_count = np.diff(left.indptr).astype(np.int64), np.diff(right.indptr).astype(np.int64)
    meetings = np.where(old_count * new_count <= limit, old_count * new_count, 0)
    contact = np.repeat(np.arange(len(meetings)), meetings)
    inside = np.arange(len(contact)) - np.repeat(np.cumsum(meetings) - meetings, meetings)
    i = left.indptr[contact] + inside // np.maximum(new_count[contact], 1)
    j = right.indptr[contact] + inside % np.maximum(new_count[contact], 1)
    return (
        left.indices[i].astype(np.int64),
        right.indices[j].astype(np.int64),
        contact,
        left.data[i],
        right.data[j],
    )


def _alike(found: Candidates) -> list[Ints]:
    """Rows of the candidates that belong together: one mutual best pair, or pairs that cannot be told apart."""
    if not len(found.old):
        return []
    best_old, best_new = _best(found.old, found.raw), _best(found.new, found.raw)
    near = (found.raw >= best_old - np.log(2.0)) & (found.raw >= best_new - np.log(2.0))
    rows = np.flatnonzero(near)
    size = int(max(found.old.max(), found.new.max())) + 1
    links = sparse.coo_array(
        (np.ones(len(rows)), (found.old[rows], found.new[rows] + size)), shape=(2 * size, 2 * size)
    )
    _, part = connected_components(links, directed=False)
    groups: list[Ints] = []
    for label in np.unique(part[found.old[rows]]):
        group = rows[part[found.old[rows]] == label]
        old, new = np.unique(found.old[group]), np.unique(found.new[group])
        if len(old) == len(new) and len(group) >= len(old) * len(new) * 0.75:
            groups.append(group)
        else:
            top = (found.raw[group] >= best_old[group]) & (found.raw[group] >= best_new[group])
            groups.extend(_unrivalled(group[top], found))
    return groups


def _unrivalled(rows: Ints, found: Candidates) -> list[Ints]:
    """Single rows, of those that share no number with another one."""
    return [
        np.array([row])
        for row in rows.tolist()
        if (found.old[rows] == found.old[row]).sum() == 1 and (found.new[rows] == found.new[row]).sum() == 1
    ]


def _best(key: Ints, values: Floats) -> Floats:
    best = np.full(int(key.max()) + 1, -np.inf)
    np.maximum.at(best, key, values)
    return np.asarray(best[key])


def _divided(found: Candidates, rows: Ints, p: Parameters) -> float:
    """The log odds of a group of rows: those inside it are no rivals of each other."""
    if len(rows) == 1:
        return float(found.link[rows[0]])
    old, new = np.unique(found.old[rows]), np.unique(found.new[rows])
    touching = np.isin(found.old, old) | np.isin(found.new, new)
    touching[rows] = False
    outside = np.exp(np.clip(found.raw[touching], -50.0, 50.0)).sum() / len(old)
    chance = p.succession_none * float(tried_with(found.old, found.new)[rows].mean())
    return float(found.raw[rows].mean() - np.log(chance + outside))


def _kept(
    before: Matrix, after: Matrix, moves: Matrix, old: int, new: int
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Contacts that both had, and pairs of contacts that changed as well, most probable first."""
    mine, theirs = set(before[[old]].indices.tolist()), set(after[[new]].indices.tolist())
    changed: list[tuple[Any, int, int]] = []
    for contact in sorted(mine):
        row = moves[[contact]]
        changed += [
            (-s, contact, int(c)) for c, s in zip(row.indices, row.data, strict=True) if c in theirs and s > 0.3
        ]
    return tuple(sorted(mine & theirs)), tuple((a, b) for _, a, b in sorted(changed))
