"""Rows that were not sound, and whom they convict (spec protocol 6.6).

A tracer that is shown such a row goes on as if it were absent. After the closing an auditor is convinced by it without
trusting either side: the row stands in the snapshot that both logs name, and its key comes from an answer that the
holder proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from clew.joint import context, group
from clew.joint.messages import AskRows, Rows
from clew.joint.refusals import check_failed
from clew.joint.snapshot import Snapshot, open_rows
from clew.joint.terms import Order, Roots
from clew.joint.trees import verify_path

__all__ = ["Broken", "Unsound", "verify_broken"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Unsound:
    """A row that was not sound: where its point was answered, the point, and its place in the snapshot."""

    hop: int
    position: int
    point: bytes
    place: int


@final
@dataclass(frozen=True, slots=True, repr=False)
class Broken:
    """A row that was not sound, as an auditor is shown it.

    ``point`` is its row point, ``secret`` what hid it at ``position`` of the list of ``hop``; ``path`` leads from
    ``place`` of the snapshot to its root.
    """

    hop: int
    position: int
    secret: bytes
    point: bytes
    place: int
    path: tuple[bytes, ...]
    row: bytes


def verify_broken(order: Order, roots: Roots, asked: AskRows, answer: Rows, shown: Broken) -> Broken:
    """``shown`` if it convicts the holder; else ``PeerError``: it proves nothing.

    The proof of ``answer`` was verified before. Nobody but the holder can make a row that convicts it: a row's
    identifier is a hash of its point, and the point that leads to it comes out of the holder's own answer.
    """
    keys = group.HolderKeys(roots.holder.keys)
    places = context.positions(asked)
    at = int(np.searchsorted(places, shown.position))
    if at == len(places) or int(places[at]) != shown.position:
        raise check_failed("no row was asked for at this position")
    point = np.frombuffer(shown.point, np.uint8).reshape(1, 32)
    key = np.frombuffer(keys.row, np.uint8).reshape(1, 32)
    hidden = group.add(point, group.multiply(key, group.SecretScalar.from_canonical(shown.secret)))
    if hidden.tobytes() != answer.points[32 * at : 32 * at + 32]:
        raise check_failed("the row point is not the one that was answered at this position")
    identifier = group.row_keys(point)[0].tobytes()
    holder = roots.holder
    verify_path(identifier + shown.row, shown.place, holder.rows, shown.path, holder.snapshot_root)
    alone = Snapshot(order.trace, identifier, np.array([len(shown.row)], np.int64), shown.row)
    if not open_rows(alone, alone.index(), point, keys, order).broken:
        raise check_failed("the row is sound")
    return shown
