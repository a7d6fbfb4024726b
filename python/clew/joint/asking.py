"""The tracer's lists: what it asks in a hop, hidden, permuted and padded, and how it reads answers (spec 6.1, 6.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import pyarrow.compute as pc

from clew.joint import context, group
from clew.joint.commitments import Commitments
from clew.joint.evidence import Declared, EvidenceList, most_declared, padded_size, seal_evidence
from clew.joint.found import Found, Vertices
from clew.joint.labels import expand
from clew.joint.messages import LIST_LIMIT, Ask, Names
from clew.joint.refusals import over_budget
from clew.joint.seeds import SeedShare
from clew.joint.sizes import padded
from clew.joint.steps import Given
from clew.joint.terms import Order, number_dst

__all__ = ["Asked", "Asker", "Drawn", "List", "ask", "draw"]


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
        points = group.points(answer.points)
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
    room: dict[str, int],
    given: Given,
) -> Asked:
    """The list of a hop: every item hidden by secrets of its own, in random order, padded with repeated items.

    ``room`` is what the budgets allow. Raises ``Refused`` ``joint.over-budget`` where the list does not fit: nothing is
    left out to make it fit.
    """
    order, keys = asker.order, asker.keys
    most = min(room["items"], LIST_LIMIT)
    _require_room("items", len(content.seals), most, hop)
    source = draw(len(content.seals), padded(len(content.seals), most), given.seed(b"sealed order"))
    sealed, hidden = group.hide_sealed(content.seals[source], keys, given.seed(b"sealed"))
    message = Ask(order.trace, hop, sealed.tobytes(), b"", b"")
    if content.declared is None:
        return Asked(content, message, source, np.zeros(0, np.int64), (hidden, None))
    longest, couples = _longest(asker, found), len(found.own.a)
    fits = most_declared(len(source), longest, couples)
    if len(content.declared) > fits:
        raise over_budget(
            f"hop {hop} has {len(content.declared):,} declared contacts, and evidence of {fits:,} goes beside one list",
            hop=hop,
            wanted=len(content.declared),
            room=fits,
        )
    most = min(room["declared"], fits)
    _require_room("declared contacts", len(content.declared), most, hop)
    pool = content.declared if len(content.declared) else found.seeds
    places = draw(len(pool), padded(len(pool), most), given.seed(b"declared order"))
    seed = given.seed(b"declared")
    points = group.hash_to_group(
        [found.text(vertex).encode() for vertex in pool[places].tolist()], number_dst(order.trace)
    )
    pairs, hidden_pairs = group.declare(points, keys, seed)
    items = [_evidence(asker, found, content, place) for place in places.tolist()]
    where = context.evidence(order, hop)
    told, size = EvidenceList(seed, tuple(items)), padded_size(len(items), longest, couples)
    evidence = seal_evidence(told, size, order.offer.auditor, where, given.seed(b"evidence"))
    message = Ask(order.trace, hop, sealed.tobytes(), pairs.tobytes(), evidence)
    return Asked(content, message, source, pool[places], (hidden, hidden_pairs))


def _require_room(what: str, wanted: int, room: int, hop: int) -> None:
    if wanted > room or not room:
        raise over_budget(
            f"hop {hop} has {wanted:,} {what}, and there is room for {room:,}: every hop has its lists, and"
            " something is kept for those of later ones",
            hop=hop,
            wanted=wanted,
            room=room,
        )


def _longest(asker: Asker, found: Found) -> int:
    """How many bytes the longest of the own numbers and seeds has."""
    own = pc.max(pc.binary_length(found.own.numbers)).as_py() or 0
    return max(own, *(len(share.number.encode()) for share in asker.shares))


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


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Drawn:
    """The positions of a list in random order, those of its sealed part first, and for each of its ``vertices`` the
    first ``at`` which it stands: any of its places is as likely.

    So where a vertex is asked about does not depend on how often it stands in the list. Every choice is made along
    this order, and what is chosen shows nothing but how much it is (spec 6.4).
    """

    order: Vertices
    sealed: int
    vertices: Vertices
    at: Vertices

    @classmethod
    def of(cls, vertices: Vertices, sealed: int, random: bytes) -> Drawn:
        """Drawn for a list in which these vertices stand, at the first ``sealed`` positions by a sealed item."""
        words = np.frombuffer(expand(random, b"positions", 8 * len(vertices)), ">u8")
        behind = np.arange(len(vertices)) >= sealed
        order = np.lexsort((words, behind))
        found, first = np.unique(vertices[order], return_index=True)
        return cls(order, sealed, found, order[first])

    def positions(self, wanted: Vertices, room: int) -> Vertices:
        """The positions to ask the rows of, rising: the ``wanted`` ones and others of the sealed part, as many as a
        padded list has; and the whole declared part, of which all that is real is wanted."""
        declared = len(self.order) - self.sealed
        sealed = wanted[wanted < self.sealed]
        if len(sealed) + declared > room or room <= declared:
            raise over_budget(
                f"rows of {len(sealed):,} sealed and {declared:,} declared positions are wanted, and there is room for"
                f" {room:,}",
                rows=len(sealed) + declared,
                room=room,
            )
        here = self.order[: self.sealed]
        others = here[~np.isin(here, sealed)]
        filler = others[: padded(len(sealed), min(self.sealed, room - declared)) - len(sealed)]
        return np.sort(np.concatenate([sealed, filler, self.order[self.sealed :]]))
