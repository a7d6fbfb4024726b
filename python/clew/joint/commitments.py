"""What the tracer commits to before any seed is named: its numbers, its couples, a seed (spec protocol 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from clew.joint import group, labels
from clew.joint.couples import Couples
from clew.joint.labels import digest, expand
from clew.joint.messages import TracerCommitments
from clew.joint.terms import Order, number_dst, tracer_statement
from clew.joint.trees import Tree
from clew.warrants.keys import SigningKey

__all__ = ["Commitments", "couple_leaf", "number_leaf"]

SALT = 16


def number_leaf(trace: bytes, salt: bytes, number: str) -> bytes:
    """The leaf of one number; the salt keeps those who see a path from guessing its neighbours."""
    return digest(labels.NUMBER_LEAF, trace, salt, number.encode())


def couple_leaf(trace: bytes, salt: bytes, a: str, b: str) -> bytes:
    """The leaf of one couple, ``a`` before ``b``."""
    return digest(labels.COUPLE_LEAF, trace, salt, a.encode(), b.encode())


@final
@dataclass(frozen=True, eq=False, repr=False)
class Commitments:
    """The tracer's lists and what hides them; ``seed`` is 32 random bytes that serve one trace."""

    couples: Couples
    trace: bytes
    seed: bytes

    def __repr__(self) -> str:
        return f"Commitments({self.couples!r})"

    def message(self, order: Order, key: SigningKey) -> TracerCommitments:
        """The commitments, signed."""
        found = TracerCommitments(
            trace=self.trace,
            numbers=len(self.couples.numbers),
            numbers_root=self.numbers_tree.root,
            couples=len(self.couples.a),
            couples_root=self.couples_tree.root,
            seed=digest(labels.SEED, self.trace, self.seed),
            signature=bytes(64),
        )
        return replace(found, signature=key.sign(tracer_statement(order, found)))

    @cached_property
    def numbers_tree(self) -> Tree:
        """The tree over all numbers of the window, in order of code point."""
        salts = self._salts(labels.NUMBERS, len(self.couples.numbers))
        numbers = self.couples.numbers.to_pylist()
        return Tree([number_leaf(self.trace, salt, number) for salt, number in zip(salts, numbers, strict=True)])

    @cached_property
    def couples_tree(self) -> Tree:
        """The tree over all couples, in order of their ends."""
        couples = self.couples
        a, b = (couples.numbers.take(ends).to_pylist() for ends in (couples.a, couples.b))
        leaves = zip(self.couple_salts, a, b, strict=True)
        return Tree([couple_leaf(self.trace, salt, first, second) for salt, first, second in leaves])

    @cached_property
    def recognition(self) -> tuple[group.Array, group.Hidden]:
        """All numbers as the holder is asked to name them, and what reads the names (spec 5.2).

        Nothing in it depends on a warrant: it is made while one is awaited.
        """
        points = group.hash_to_group(self.couples.numbers, number_dst(self.trace))
        return group.hide_numbers(points, digest(labels.RECOGNISE, self.trace, self.seed))

    @cached_property
    def couple_salts(self) -> list[bytes]:
        """The salt of each couple's leaf."""
        return self._salts(labels.COUPLES, len(self.couples.a))

    def _salts(self, label: bytes, count: int) -> list[bytes]:
        drawn = expand(self.seed, digest(labels.SALT, self.trace, label), SALT * count)
        return [drawn[at : at + SALT] for at in range(0, len(drawn), SALT)]
