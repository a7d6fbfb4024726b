"""libsodium's ristretto255, the peer of the group arithmetic: what one call of each kind costs a core.

It comes with ``rbcl``, which carries libsodium inside itself. The calls go through ``ctypes`` straight to the
library, with addresses made beforehand, so that Python's share is small, and it is measured and taken off: what the
same loop costs around a function of libsodium that does nothing.

What it is compared with keeps all cores busy, and what a machine calls two cores is often one that they share. So
every other core multiplies by libsodium meanwhile, in a thread; such a call runs without the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, median
from threading import Event, Thread
from typing import Any

import numpy as np

from bench import cores

__all__ = ["LibSodium", "Yardstick", "load"]


def load() -> LibSodium | str:
    """The peer, or in words why it is not here."""
    try:
        from rbcl._sodium import _sodium
    except ImportError as missing:
        return f"libsodium (rbcl) not installed: {missing}"
    except OSError as broken:
        return f"libsodium (rbcl) does not load here: {broken}"
    if _sodium.sodium_init() < 0:
        return "libsodium (rbcl) does not start"
    _sodium.sodium_version_string.restype = ctypes.c_char_p
    return LibSodium(_sodium, _sodium.sodium_version_string().decode())


class Yardstick:
    """What calls of libsodium cost before and after the work that they stand beside."""

    def __init__(self, *calls: str) -> None:
        self._calls = calls
        self._peer = load()
        self._moments: list[dict[str, float]] = []

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Measure, let the work be done, and measure again."""
        self._measure()
        yield
        self._measure()

    def costs(self) -> dict[str, float] | str:
        """Processor seconds of each call, the mean of all moments; or in words why there are none."""
        if isinstance(self._peer, str):
            return self._peer
        return {call: mean(moment[call] for moment in self._moments) for call in self._calls}

    def _measure(self) -> None:
        if isinstance(self._peer, LibSodium):
            self._moments.append(self._peer.costs(self._calls))


@dataclass(frozen=True)
class LibSodium:
    """The library, with points and scalars to work on; each measure is processor seconds a call, all cores busy."""

    library: Any
    version: str
    calls: int = 500  # of each kind in one turn

    def costs(self, calls: Iterable[str], turns: int = 9) -> dict[str, float]:
        """What each of the calls costs, by its name: the median of so many turns."""
        return {call: median(getattr(self, call)() for _ in range(turns)) for call in calls}

    def multiply(self) -> float:
        """Decode a point, multiply it by a secret scalar, encode."""
        return self._each("crypto_scalarmult_ristretto255", "out", "scalars", "points")

    def multiply_base(self) -> float:
        """Multiply the generator by a secret scalar, encode."""
        return self._each("crypto_scalarmult_ristretto255_base", "out", "scalars")

    def add(self) -> float:
        """Decode two points, add them, encode."""
        return self._each("crypto_core_ristretto255_add", "out", "points", "points")

    def map(self) -> float:
        """Map 64 uniform bytes to a point, encode."""
        return self._each("crypto_core_ristretto255_from_hash", "out", "uniform")

    def hash(self) -> float:
        """Hash a short text to a point: the two SHA-512 of ``expand_message_xmd`` (three blocks), and the map."""
        long, short = (
            self._each("crypto_hash_sha512", "out", "texts", last=ctypes.c_ulonglong(size)) for size in (200, 110)
        )
        return long + short + self.map()

    @cached_property
    def overhead(self) -> float:
        """What the loop and a call cost before the library does anything: a comparison of no bytes."""
        return median(self._raw("sodium_memcmp", "out", "points", last=ctypes.c_size_t(0)) for _ in range(9))

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Addresses of what the calls read and write, and, by ``_kept``, the arrays themselves."""
        return {name: [array.ctypes.data + array.shape[1] * i for i in range(self.calls)] for name, array in self._kept}

    @cached_property
    def _kept(self) -> list[tuple[str, np.ndarray[Any, Any]]]:
        generator = np.random.default_rng(1)
        uniform = generator.integers(0, 256, (self.calls, 64), dtype=np.uint8)
        scalars = generator.integers(0, 256, (self.calls, 32), dtype=np.uint8)
        scalars[:, 31] &= 0x0F  # below the order of the group
        points = np.empty((self.calls, 32), np.uint8)
        to_point = self.library.crypto_core_ristretto255_from_hash
        for i in range(self.calls):
            to_point(ctypes.c_void_p(points[i].ctypes.data), ctypes.c_void_p(uniform[i].ctypes.data))
        texts = np.zeros((self.calls, 200), np.uint8)
        inputs = [("uniform", uniform), ("scalars", scalars), ("points", points), ("texts", texts)]
        return [*inputs, *((name, np.empty((self.calls, 64), np.uint8)) for name in ("out", "spare"))]

    def _each(self, name: str, *operands: str, last: Any = None) -> float:
        return self._raw(name, *operands, last=last) - self.overhead

    def _raw(self, name: str, *operands: str, last: Any = None) -> float:
        every = self._loop(name, *operands, last=last)
        with self._company():
            begin = time.thread_time()
            every()
            return (time.thread_time() - begin) / self.calls

    def _loop(self, name: str, *operands: str, last: Any = None) -> Callable[[], None]:
        function = getattr(self.library, name)
        function.argtypes = [ctypes.c_void_p] * len(operands) + ([type(last)] if last is not None else [])
        function.restype = ctypes.c_int
        rows = [(*row, last) if last is not None else row for row in zip(*map(self._places.get, operands), strict=True)]

        def every() -> None:
            for row in rows:
                function(*row)

        return every

    @contextmanager
    def _company(self) -> Iterator[None]:
        every, done = self._loop("crypto_scalarmult_ristretto255", "spare", "scalars", "points"), Event()

        def work() -> None:
            while not done.is_set():
                every()

        others = [Thread(target=work) for _ in range(cores() - 1)]
        for other in others:
            other.start()
        try:
            yield
        finally:
            done.set()
            for other in others:
                other.join()
