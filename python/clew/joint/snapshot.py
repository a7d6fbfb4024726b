"""The holder's sealed snapshot: made once, deterministically, and opened row by row (spec protocol 4.4, 4.5).

It holds one encrypted row for every number with 1 to ``hub limit`` contacts. Who has it can open nothing in it
without the holder, one request a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from clew.errors import InputError
from clew.joint import context, group, labels
from clew.joint.couples import Adjacency, Couples
from clew.joint.labels import digest, expand
from clew.joint.rows import LEAST_ROW, Entries, Row, entries_of, parse_rows, read_rows, write_row
from clew.joint.sizes import LEAST_LIST, size_class
from clew.joint.terms import Order, number_dst
from clew.joint.trees import Tree, leaf_hash

__all__ = ["Opened", "Snapshot", "Vault", "open_rows", "parse_snapshot", "seal_snapshot"]

_MAGIC: Final = b"clew/1 snapshot\n"
_TAG: Final = 16
_NONCE: Final = bytes(12)  # a row key encrypts one row, once
_CHUNK: Final = 1024
"""Rows that are sealed at a time, under a seed of their own (spec 4.4)."""


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Snapshot:
    """Encrypted rows in the order of their identifiers; ``ends`` says where each ends in ``data``."""

    trace: bytes
    identifiers: bytes
    ends: npt.NDArray[np.int64]
    data: bytes | memoryview

    def __repr__(self) -> str:
        return f"Snapshot(rows={len(self)}, bytes={len(self.data)})"

    def __len__(self) -> int:
        return len(self.ends)

    def row(self, place: int) -> bytes:
        """The encrypted bytes of one row."""
        begin = int(self.ends[place - 1]) if place else 0
        return bytes(self.data[begin : int(self.ends[place])])

    @property
    def root(self) -> bytes:
        """The root over identifiers and rows, to which the holder commits."""
        return self.tree().root

    def tree(self) -> Tree:
        """The tree over identifiers and rows; every byte is hashed."""
        rows = zip(_units(self.identifiers, 16), pairwise([0, *self.ends.tolist()]), strict=True)
        data = memoryview(self.data)
        return Tree.of_hashes([leaf_hash(identifier, data[begin:end]) for identifier, (begin, end) in rows])

    def index(self) -> dict[bytes, int]:
        """Where the row with each identifier stands."""
        return {identifier: place for place, identifier in enumerate(_units(self.identifiers, 16))}

    def encode(self) -> bytes:
        """The snapshot as a file: trace, number of rows, identifiers, ends, rows."""
        count = len(self).to_bytes(4, "big")
        return b"".join([_MAGIC, self.trace, count, self.identifiers, self.ends.astype(">i8").tobytes(), self.data])


def parse_snapshot(file: bytes) -> Snapshot:
    """The snapshot in a file; ``InputError`` unless it is one, to the byte. Rows stay where they are."""
    data = memoryview(file)
    head = len(_MAGIC) + 36
    count = int.from_bytes(data[head - 4 : head], "big")
    begin = head + 24 * count
    if bytes(data[: len(_MAGIC)]) != _MAGIC or len(data) < begin:
        raise _no_snapshot()
    identifiers = bytes(data[head : head + 16 * count])
    ends = np.frombuffer(data, ">i8", count, head + 16 * count).astype(np.int64)
    sizes = np.diff(ends, prepend=0)
    places = _units(identifiers, 16)
    if np.any(sizes < LEAST_ROW + _TAG) or len(data) - begin != (ends[-1] if count else 0):
        raise _no_snapshot()
    if any(a >= b for a, b in pairwise(places)):
        raise _no_snapshot()
    return Snapshot(bytes(data[len(_MAGIC) : head - 4]), identifiers, ends, data[begin:])


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Vault:
    """What the holder keeps beside its snapshot: which number has which name (spec 8.3)."""

    numbers: pa.Array
    points: group.Array
    places: dict[bytes, int]

    def __repr__(self) -> str:
        return f"Vault(numbers={len(self.numbers)})"

    def number(self, place: int) -> str:
        """The number at a place."""
        return str(self.numbers[place].as_py())

    def find(self, name: bytes) -> int | None:
        """Where the number with that name stands."""
        return self.places.get(name)


def seal_snapshot(
    couples: Couples, secrets: group.HolderSecrets, keys: group.HolderKeys, order: Order, seed: bytes
) -> tuple[Snapshot, Vault]:
    """The snapshot of the holder's couples, and the names to its numbers.

    The same couples, keys, order and seed give the same bytes. ``seed`` is the random value that the holder commits
    to; it is used once.
    """
    trace = order.trace
    if np.any(couples.contacts[~couples.hub] > order.offer.hub_limit):
        raise ValueError("the couples were made under another hub limit")
    points = group.hash_to_group(couples.numbers, number_dst(trace))
    names = group.multiply(points, secrets.name)
    places = {name: place for place, name in enumerate(_units(names, 32))}
    owners = np.flatnonzero(~couples.hub & (np.diff(couples.adjacency.begin) > 0))
    material = _Material(
        trace=trace,
        context=context.snapshot(order),
        secrets=secrets,
        keys=keys,
        adjacency=couples.adjacency,
        features=entries_of(couples.features),
        points=points,
        sealed=group.multiply(points, secrets.seal),
        row_points=group.multiply(points[owners], secrets.row),
    )

    def rows_from(at: int) -> list[tuple[bytes, bytes]]:
        own_seed = digest(labels.SNAPSHOT, trace, seed, at.to_bytes(4, "big"))
        return _rows(material, own_seed, owners[at : at + _CHUNK], material.row_points[at : at + _CHUNK])

    with ThreadPoolExecutor(2) as two:  # while the core computes for one batch, the other is written
        rows = [row for part in two.map(rows_from, range(0, len(owners), _CHUNK)) for row in part]
    rows += _dummies([len(row) for _, row in rows], seed, trace)
    rows.sort(key=lambda row: row[0])
    identifiers = b"".join(identifier for identifier, _ in rows)
    ends = np.cumsum([len(row) for _, row in rows], dtype=np.int64)
    snapshot = Snapshot(trace, identifiers, ends, b"".join(row for _, row in rows))
    return snapshot, Vault(couples.numbers, points, places)


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Material:
    """What all rows are made of: of each couple the features, of each number its point, sealed too, and that of its
    row."""

    trace: bytes
    context: bytes
    secrets: group.HolderSecrets
    keys: group.HolderKeys
    adjacency: Adjacency
    features: Entries
    points: group.Array
    sealed: group.Array
    row_points: group.Array


def _rows(
    material: _Material, seed: bytes, owners: npt.NDArray[np.int64], row_points: group.Array
) -> list[tuple[bytes, bytes]]:
    """Identifier and encrypted row of each of ``owners``; their entries stand in an order drawn from ``seed``."""
    adjacency, trace = material.adjacency, material.trace
    places, whose = adjacency.of(owners)
    drawn = np.frombuffer(expand(seed, b"order", 8 * len(places)), ">u8")
    places = places[np.lexsort((drawn, whose))]
    ends = np.cumsum(np.diff(adjacency.begin)[owners])
    other = adjacency.other[places]
    seals = group.seal(material.points[other], material.sealed[other], material.keys, seed)
    features = material.features.taken(adjacency.couple[places], ~adjacency.forward[places]).split(ends)
    identifiers, row_keys = group.row_keys(row_points)
    nonces = digest(labels.SEED, seed)
    proofs = group.prove_rows(material.secrets, identifiers, ends, seals, features, seed, material.context, nonces)
    parts = zip(_units(proofs, group.ROW_PROOF_LENGTH), _split(seals, ends), features, strict=True)
    named = zip(_units(identifiers, 16), _units(row_keys, 32), strict=True)
    return [
        (identifier, ChaCha20Poly1305(key).encrypt(_NONCE, write_row(*row), trace + identifier))
        for (identifier, key), row in zip(named, parts, strict=True)
    ]


def _split(seals: group.Array, ends: npt.NDArray[np.int64]) -> list[bytes]:
    """The sealed numbers of rows that end at ``ends``."""
    whole, width = seals.tobytes(), seals.shape[1]
    return [whole[width * begin : width * end] for begin, end in pairwise([0, *ends.tolist()])]


def _dummies(sizes: Sequence[int], seed: bytes, trace: bytes) -> list[tuple[bytes, bytes]]:
    """Random rows up to the next size class of their number, as long as rows drawn from the real ones."""
    count = max(size_class(len(sizes), 8), LEAST_LIST) - len(sizes)
    drawn = expand(seed, digest(labels.SNAPSHOT, trace, b"dummies"), 24 * count)
    lengths = sizes or [LEAST_ROW + _TAG]
    chosen = [lengths[int(place) % len(lengths)] for place in np.frombuffer(drawn, ">u8", count)]
    body = expand(seed, digest(labels.SNAPSHOT, trace, b"filler"), sum(chosen))
    ends = np.cumsum([0, *chosen]).tolist()
    identifiers = _units(drawn[8 * count :], 16)
    return [(identifier, body[a:b]) for identifier, a, b in zip(identifiers, ends, ends[1:], strict=False)]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Opened:
    """What a batch of row points opened: ``found`` says for which, ``sizes`` how many entries each has, ``entries``
    and ``seals`` are those of all. ``broken`` says for which a row was there and was not sound, and where it stands."""

    found: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    entries: Entries
    seals: group.Array
    broken: tuple[tuple[int, int], ...]


def open_rows(
    snapshot: Snapshot, index: Mapping[bytes, int], points: group.Array, keys: group.HolderKeys, order: Order
) -> Opened:
    """The rows of some row points. One that is not sound counts as absent (spec 6.6)."""
    identifiers, row_keys = group.row_keys(points)
    named = enumerate(zip(_units(identifiers, 16), _units(row_keys, 32), strict=True))
    there = [(at, identifier, key) for at, (identifier, key) in named if identifier in index]
    plains = [_decrypted(snapshot, index[identifier], identifier, key) for _, identifier, key in there]
    rows = parse_rows(plains, group.ROW_PROOF_LENGTH, order.offer.hub_limit)
    candidates = [(*one, row) for one, row in zip(there, rows, strict=True) if row is not None]
    unsound = [one for one, row in zip(there, rows, strict=True) if row is None]
    sound = _sound(order, candidates, keys)
    unsound += [one[:3] for one, good in zip(candidates, sound, strict=True) if not good]
    kept = [one for one, good in zip(candidates, sound, strict=True) if good]
    return Opened(
        found=np.array([at for at, _, _, _ in kept], np.int64),
        sizes=np.array([row.count for _, _, _, row in kept], np.int64),
        entries=read_rows([row for _, _, _, row in kept]),
        seals=_array(b"".join(row.seals for _, _, _, row in kept), 128),
        broken=tuple((at, index[identifier]) for at, identifier, _ in unsound),
    )


def _sound(
    order: Order, candidates: Sequence[tuple[int, bytes, bytes, Row]], keys: group.HolderKeys
) -> npt.NDArray[np.bool_]:
    """Of which rows the proof holds that every seal was made with the published key."""
    if not candidates:
        return np.zeros(0, np.bool_)
    rows = [row for _, _, _, row in candidates]
    identifiers = _array(b"".join(identifier for _, identifier, _, _ in candidates), 16)
    seals = _array(b"".join(row.seals for row in rows), 128)
    proofs = _array(b"".join(row.proof for row in rows), group.ROW_PROOF_LENGTH)
    ends = np.cumsum([row.count for row in rows], dtype=np.int64)
    features = [row.features for row in rows]
    return group.verify_rows(keys, identifiers, ends, seals, features, context.snapshot(order), proofs)


def _decrypted(snapshot: Snapshot, place: int, identifier: bytes, key: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(_NONCE, snapshot.row(place), snapshot.trace + identifier)
    except InvalidTag:
        return None


def _array(data: bytes, width: int) -> group.Array:
    return np.frombuffer(data, np.uint8).reshape(-1, width)


def _units(data: Any, width: int) -> list[bytes]:
    whole = data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()
    return [whole[at : at + width] for at in range(0, len(whole), width)]


def _no_snapshot() -> InputError:
    return InputError(
        "joint.snapshot",
        "this is not a snapshot, or not all of one",
        mend="Ask the partner for it again.",
    )
