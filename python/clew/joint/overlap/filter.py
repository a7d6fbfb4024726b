"""A compact filter: which tags are in a large set, in about 34 bits for each, with one wrong yes in 2^30 (spec 7.2).

A tag's first bits choose a bucket (two to four tags each on average), its next 32 bits are kept. So the filter of a
set has one spelling, needs no random choice, cannot fail, and looking up is an array operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
import numpy.typing as npt

from clew.errors import InputError
from clew.joint.overlap.limits import LARGEST
from clew.joint.overlap.order import Bytes

__all__ = ["TagFilter", "filter_of", "parse_filter"]

_REMAINDER_BITS: Final = 32
_PER_BUCKET: Final = 4
_MOST_BITS: Final = 24


@final
@dataclass(frozen=True, eq=False, repr=False)
class TagFilter:
    """``counts``: tags in each of 2^bits buckets; ``remainders``: their next 32 bits, bucket by bucket, not falling."""

    counts: npt.NDArray[np.uint8]
    remainders: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.remainders)

    def encode(self) -> bytes:
        """The number of tags in four bytes, the counts, the remainders; all big-endian."""
        return len(self).to_bytes(4, "big") + self.counts.tobytes() + self.remainders.astype(">u4").tobytes()

    def holds(self, tags: Bytes) -> npt.NDArray[np.bool_]:
        """For each tag whether it is in the set; a tag that is not gets a wrong yes once in 2^30."""
        buckets, wanted = _split(tags, _bits(len(self)))
        starts, sizes = self._starts[buckets], self.counts[buckets]
        found = np.zeros(len(tags), np.bool_)
        for step in range(int(sizes.max(initial=0))):
            inside = np.flatnonzero(sizes > step)
            found[inside] |= self.remainders[starts[inside] + step] == wanted[inside]
        return found

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        ends = np.cumsum(self.counts, dtype=np.int64)
        return ends - self.counts


def filter_of(tags: Bytes) -> TagFilter:
    """The filter of a set of tags, in any order."""
    buckets, remainders = _split(tags, _bits(len(tags)))
    order = np.lexsort((remainders, buckets))
    counts = np.bincount(buckets, minlength=1 << _bits(len(tags)))
    if int(counts.max(initial=0)) > 255:
        raise ValueError("these are not tags: more than 255 of them share one bucket")
    return TagFilter(counts.astype(np.uint8), remainders[order])


def parse_filter(data: bytes) -> TagFilter:
    """The filter that ``data`` holds, written its one way; else ``InputError``."""
    count = int.from_bytes(data[:4], "big")
    if len(data) < 4 or count > LARGEST:
        raise _malformed()
    buckets = 1 << _bits(count)
    if len(data) != 4 + buckets + 4 * count:
        raise _malformed()
    counts = np.frombuffer(data, np.uint8, buckets, 4)
    remainders = np.frombuffer(data, ">u4", count, 4 + buckets).astype(np.uint32)
    if int(counts.sum(dtype=np.int64)) != count:
        raise _malformed()
    bucket_of = np.repeat(np.arange(buckets), counts)
    if np.any((remainders[1:] < remainders[:-1]) & (bucket_of[1:] == bucket_of[:-1])):
        raise _malformed()
    return TagFilter(counts, remainders)


def _bits(count: int) -> int:
    """How many bits choose a bucket, so that two to four tags share one (fewer in small sets)."""
    return min(_MOST_BITS, max(0, (count // _PER_BUCKET).bit_length()))


def _split(tags: Bytes, bits: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    """The bucket and the remainder of each tag."""
    heads = np.ascontiguousarray(tags[:, :8]).view(">u8")[:, 0].astype(np.uint64)
    value = heads >> np.uint64(64 - bits - _REMAINDER_BITS)
    buckets = (value >> np.uint64(_REMAINDER_BITS)).astype(np.int64)
    return buckets, (value & np.uint64((1 << _REMAINDER_BITS) - 1)).astype(np.uint32)


def _malformed() -> InputError:
    return InputError(
        "overlap.set",
        "this is not a published set as clew overlap publish writes it",
        mend="Ask the partner for the file again, and compare its digest.",
    )
