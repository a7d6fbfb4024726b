"""The sizes that a partner sees: padded lists, and size classes of the snapshot (spec protocol 2.5)."""

from __future__ import annotations

from typing import Final

__all__ = ["LEAST_LIST", "may_be_padded_to", "padded", "size_class"]

LEAST_LIST: Final = 64


def padded(wanted: int, most: int) -> int:
    """How long a list of ``wanted`` items is made: the next power of two, at least 64, and at most ``most``.

    ``most`` is what is left of the budget (or the number of positions that there are); the caller has checked that
    ``wanted`` is not above it.
    """
    return min(max(LEAST_LIST, 1 << max(wanted - 1, 0).bit_length()), most)


def may_be_padded_to(size: int, most: int) -> bool:
    """Whether a list of ``size`` items is one that :func:`padded` makes."""
    return 0 < size <= most and (size == most or (size >= LEAST_LIST and size.bit_count() == 1))


def size_class(size: int, steps: int) -> int:
    """The next size class: ``steps`` (a power of two) classes between a power of two and the next."""
    step = 1 << max(max(size - 1, 0).bit_length() - steps.bit_length(), 0)
    return -(-size // step) * step
