"""Merkle trees against a naive twin written from RFC 9162, and paths that prove what they say and nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import PeerError
from clew.joint.trees import Tree, root_of_path, verify_path


def naive(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + naive(leaves[:split]) + naive(leaves[split:])).digest()


lists = st.integers(0, 40).map(lambda n: [b"leaf %d" % i for i in range(n)])


@given(lists)
def test_the_root_is_that_of_the_rfc(leaves: list[bytes]) -> None:
    assert Tree(leaves).root == naive(leaves)


@given(lists.filter(bool), st.data())
def test_a_path_proves_its_leaf_at_its_place_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree(leaves)
    place = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.path(place)
    assert verify_path(leaves[place], place, len(leaves), path, tree.root) == leaves[place]
    other = data.draw(st.integers(0, len(leaves)))
    if other != place:
        assert root_of_path(leaves[place], other, len(leaves), path) != tree.root
    assert root_of_path(b"another", place, len(leaves), path) != tree.root
    assert root_of_path(leaves[place], place, len(leaves), (*path, bytes(32))) is None
    if path:
        assert root_of_path(leaves[place], place, len(leaves), path[:-1]) is None


def test_what_was_not_committed_to_is_refused() -> None:
    tree = Tree([b"one", b"two", b"three"])
    with pytest.raises(PeerError, match="not in the list"):
        verify_path(b"four", 1, 3, tree.path(1), tree.root)
