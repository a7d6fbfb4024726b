"""Merkle trees of committed lists: RFC 9162, section 2.1, with SHA-256 (spec protocol 4.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import final

from clew.errors import PeerError

__all__ = ["Tree", "leaf_hash", "root_of_path", "verify_path"]


def leaf_hash(*parts: bytes | memoryview) -> bytes:
    """The hash of the leaf that is these parts, one after the other."""
    found = hashlib.sha256(b"\0")
    for part in parts:
        found.update(part)
    return found.digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


@final
class Tree:
    """The tree over some leaves; all its levels are kept, so that a path costs nothing.

    A node without a sibling moves up as it is, which gives the same tree as RFC 9162's division at the largest power
    of two.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._grow([leaf_hash(leaf) for leaf in leaves])

    @classmethod
    def of_hashes(cls, hashes: Sequence[bytes]) -> Tree:
        """The tree over leaves that stand elsewhere, from their hashes (:func:`leaf_hash`)."""
        found = cls(())
        found._grow(list(hashes))
        return found

    def _grow(self, level: list[bytes]) -> None:
        self._levels = [level]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [_node(left, right) for left, right in pairs] + (level[-1:] if len(level) % 2 else [])
            self._levels.append(level)

    def __len__(self) -> int:
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """32 bytes; of no leaves, the hash of nothing."""
        return self._levels[-1][0] if self._levels[-1] else hashlib.sha256(b"").digest()

    def path(self, index: int) -> tuple[bytes, ...]:
        """The siblings from the leaf up to the root."""
        siblings = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                siblings.append(level[beside])
            index >>= 1
        return tuple(siblings)


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to, or ``None`` if a tree of ``size`` leaves has no path of this shape."""
    if not 0 <= index < size:
        return None
    found, last, left = leaf_hash(leaf), size - 1, list(path)
    while last:
        if index ^ 1 <= last:
            if not left:
                return None
            beside = left.pop(0)
            found = _node(beside, found) if index & 1 else _node(found, beside)
        index, last = index >> 1, last >> 1
    return None if left else found


def verify_path(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bytes:
    """``leaf``, if it stands at ``index`` of the tree of ``size`` leaves with that root; else ``PeerError``."""
    if root_of_path(leaf, index, size, path) != root:
        raise PeerError(
            "joint.not-committed",
            "what was shown is not in the list that was committed to",
            mend="Stop, keep both logs, and have the partner explain it.",
        )
    return leaf
