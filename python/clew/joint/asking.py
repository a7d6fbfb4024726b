"""The tracer's lists: what it asks in a hop, hidden, permuted and padded, and how it reads the answers (spec 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import pyarrow.compute as pc

from clew.joint import context, group
from clew.joint.commitments import Commitments
from clew.joint.evidence import Declared, EvidenceList, padded_size, seal_evidence
from clew.joint.found import Found, Vertices
from clew.joint.labels import expand
from clew.joint.messages import LIST_LIMIT, Ask, Names
from clew.joint.refusals import over_budget
from clew.joint.seeds import SeedShare
from clew.joint.sizes import padded
from clew.joint.steps import Given
from clew.joint.terms import Order, number_dst

__all__ = ["Asked", "Asker", "List", "ask", "draw", "padded_positions"]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class List:
    """What a hop asks about: sealed numbers (of ``edges``; of the seeds, where that is ``None``), and declared
    vertices with the own couple that led to each; ``declared`` is ``None`` where nothing may be declared."""

    seals: group.Array
    edges: Vertices | None
    declared: Vertices | None
    couples: Vertices


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Asked:
    """A list as it was sent and what reads its answers. ``source`` and ``declared`` say, for each position, which
    element of the :class:`List` stands there."""

    content: List
    message: Ask
    source: Vertices
    declared: Vertices
    hidden: tuple[group.Hidden, group.Hidden | None]

    def names(self, answer: Names, keys: group.HolderKeys) -> group.Array:
        """The name at each position, the hiding undone."""
        points = np.frombuffer(answer.points, np.uint8).reshape(-1, 32)
        return self.read(np.arange(len(points)), points, keys, rows=False)

    def read(self, positions: Vertices, points: group.Array, keys: group.HolderKeys, *, rows: bool) -> group.Array:
        """Answers at strictly increasing positions, the hiding undone: names, or row points if ``rows``."""
        count = len(self.source)
        split = int(np.searchsorted(positions, count))
        parts = [self.hidden[0].read_at(positions[:split], points[:split], keys, rows)]
        if self.hidden[1] is not None:
            parts.append(self.hidden[1].read_at(positions[split:] - count, points[split:], keys, rows))
        return np.concatenate(parts)

    def secret(self, position: int) -> bytes:
        """What hides the item at a position; telling it tells the holder which item it was."""
        count = len(self.source)
        hidden, place = (self.hidden[0], position) if position < count else (self.hidden[1], position - count)
        if hidden is None:
            raise ValueError("the list has no such position")
        return hidden.reveal(place)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Asker:
    """What a tracer makes its lists with."""

    order: Order
    keys: group.HolderKeys
    commitments: Commitments
    shares: tuple[SeedShare, ...]


def ask(
    asker: Asker,
    found: Found,
    content: List,
    hop: int,
    left: dict[str, int],
    given: Given,
) -> Asked:
    """The list of a hop: every item hidden by secrets of its own, in random order, padded with repeated items.

    ``left`` are the budgets; one of 0 for declared contacts means none are declared. Raises ``Refused``
    ``joint.over-budget`` where the list does not fit: nothing is left out to make it fit.
    """
    order, keys = asker.order, asker.keys
    left = {name: min(room, LIST_LIMIT) for name, room in left.items()}
    _require_room("items", len(content.seals), left["items"], hop)
    source = draw(len(content.seals), padded(len(content.seals), left["items"]), given.seed(b"sealed order"))
    sealed, hidden = group.hide_sealed(content.seals[source], keys, given.seed(b"sealed"))
    message = Ask(order.trace, hop, sealed.tobytes(), b"", b"")
    if content.declared is None:
        return Asked(content, message, source, np.zeros(0, np.int64), (hidden, None))
    _require_room("declared contacts", len(content.declared), left["declared"], hop)
    pool = content.declared if len(content.declared) else found.seeds
    places = draw(len(pool), padded(len(pool), left["declared"]), given.seed(b"declared order"))
    seed = given.seed(b"declared")
    points = group.hash_to_group(
        [found.text(vertex).encode() for vertex in pool[places].tolist()], number_dst(order.trace)
    )
    pairs, hidden_pairs = group.declare(points, keys, seed)
    items = [_evidence(asker, found, content, place) for place in places.tolist()]
    where = context.evidence(order, hop)
    own = pc.max(pc.binary_length(found.own.numbers)).as_py() or 0
    longest = max(own, *(len(share.number.encode()) for share in asker.shares))
    size = padded_size(len(items), longest, len(found.own.a))
    told = EvidenceList(seed, tuple(items))
    evidence = seal_evidence(told, size, order.offer.auditor, where, given.seed(b"evidence"))
    message = Ask(order.trace, hop, sealed.tobytes(), pairs.tobytes(), evidence)
    return Asked(content, message, source, pool[places], (hidden, hidden_pairs))


def _require_room(what: str, wanted: int, left: int, hop: int) -> None:
    if wanted > left or not left:
        raise over_budget(
            f"hop {hop} has {wanted:,} {what}, and there is room for {left:,}", hop=hop, wanted=wanted, room=left
        )


def _evidence(asker: Asker, found: Found, content: List, place: int) -> Declared:
    """Why the item at ``place`` was declared: its couple, or, where there is none, the seed that fills the list."""
    if content.declared is None or not len(content.declared):
        share = asker.shares[place]
        return Declared(place, share.number, "", 0, b"", share.secret)
    couple, vertex = int(content.couples[place]), int(content.declared[place])
    own = found.own
    a, b = int(own.a[couple]), int(own.b[couple])
    path = b"".join(asker.commitments.couples_tree.path(couple))
    salt = asker.commitments.couple_salts[couple]
    return Declared(couple, found.text(a), found.text(b), int(vertex == b), salt, path)


def draw(choices: int, size: int, random: bytes) -> Vertices:
    """``size`` places in random order: each of ``choices`` once, the rest repeated at random."""
    words = np.frombuffer(expand(random, b"draw", 16 * size), ">u8")
    repeated = (words[choices:size] % np.uint64(choices)).astype(np.int64)
    places = np.concatenate([np.arange(choices, dtype=np.int64), repeated])
    return places[np.argsort(words[size:], kind="stable")]


def padded_positions(wanted: Vertices, total: int, left: int, random: bytes) -> Vertices:
    """``wanted`` positions and random others, rising, as many as a padded list has."""
    if len(wanted) > left or not left:
        raise over_budget(
            f"{len(wanted):,} rows are wanted, and there is room for {left:,}", rows=len(wanted), room=left
        )
    others = np.setdiff1d(np.arange(total, dtype=np.int64), wanted)
    words = np.frombuffer(expand(random, b"positions", 8 * len(others)), ">u8")
    filler = others[np.argsort(words, kind="stable")][: padded(len(wanted), min(total, left)) - len(wanted)]
    return np.sort(np.concatenate([wanted, filler]))
