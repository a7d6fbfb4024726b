"""The group arithmetic through its Python border, on every backend that this processor runs, against libsodium.

Each turn takes libsodium's calls, then every line once, for one backend after the other, so that what the machine
does meanwhile hurts all alike; medians of the turns are shown. A rate is wall time on all cores. A *ratio* is
libsodium's processor time for the same work over ours, both with all cores busy: how many cores' worth of libsodium one
core of Clew is. libsodium has no batches, no tables of other bases than the generator and no sums of products, so its
part of a line is the sum of its single calls, which the line states.

Targets were set on a Zen 5, where libsodium took 41 microseconds for a multiplication. What it takes here is in every
line, so that a slower machine can be told from slower code; targets are not bent to the machine.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from bench import Context, Figure
from bench.libsodium import LibSodium, load
from clew import _core as core
from clew.effects import system_randomness

backends = core.backends
ITEMS = {"ifma": 8192, "avx2": 4096, "portable": 1024}
TURNS = 7
ZEN_5 = 41e-6  # seconds of a multiplication by libsodium where the targets were set
CALLS = ("multiply", "multiply_base", "add", "hash")
TAG = b"clew/1 benchmark"
CONTEXT = b"benchmark"
ROW = 16  # entries in a row of a snapshot

Cost = dict[str, float]


@dataclass(frozen=True)
class Line:
    """One kind of work: what prepares it, untimed, and does it; what libsodium does for it; what is to be reached."""

    name: str
    work: Callable[[], object]
    sodium: Cost  # calls of libsodium for one item
    before: Callable[[], object] = lambda: None
    least: Cost = field(default_factory=dict)  # items a second on two cores, by backend


@dataclass
class Taken:
    """Seconds an item of one line on one backend, turn by turn."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    def add(self, other: Taken) -> Taken:
        """Line and other line one after the other."""
        pairs = [(self.wall, other.wall), (self.processor, other.processor), (self.peer, other.peer)]
        return Taken(*([a + b for a, b in zip(*pair, strict=True)] for pair in pairs))


class Work:
    """Inputs of every line for one backend: made-up numbers, keys, sealed items."""

    def __init__(self, items: int) -> None:
        self.items = items
        self.texts = [b"+9647%09d" % number for number in range(items)]
        self.points = core.hash_to_group(self.texts, TAG)
        self.scalars = self.fresh()
        self.secrets = core.HolderSecrets(system_randomness(32))
        self.keys = self.secrets.public()
        seals = core.multiply(self.points, self.secrets.seal)
        self.sealed = core.seal(self.points, seals, self.keys, system_randomness(32))
        self.pairs = np.ascontiguousarray(self.sealed[:, :64])
        self.asked, self.hidden = core.hide_sealed(self.sealed, self.keys, system_randomness(32))
        self.opened = core.open_list(self.asked, [], self.secrets)
        self.answers = self.opened.names(self.secrets)
        self.name_proof = self.prove_names()
        self.ids = np.frombuffer(system_randomness(16 * (items // ROW)), np.uint8).reshape(-1, 16)
        self.ends = [ROW * (row + 1) for row in range(items // ROW)]
        self.features = [b"\0" * 64] * (items // ROW)
        self.seed = system_randomness(32)
        self.entries = core.seal(self.points, seals, self.keys, self.seed)
        self.row_proofs = self.prove_rows()
        self.key = core.OprfKey.derive(system_randomness(32), b"", 1)
        self.begin()

    def fresh(self) -> core.SecretScalars:
        """A new secret for each item."""
        return core.SecretScalars.expand(system_randomness(32), "benchmark", self.items)

    def begin(self) -> None:
        """An exchange of which all but the last step is done."""
        self.blinding = core.blind(self.texts, system_randomness(32), 1)
        self.elements = self.blinding.elements
        self.evaluated, self.proof = self.key.evaluate_with_proof(self.elements, system_randomness(32))

    def prove_names(self) -> bytes:
        """A proof that every seal of the list checked and every name is right."""
        return core.prove_names(self.secrets, self.asked, [], self.answers, CONTEXT, system_randomness(32))

    def prove_rows(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """A proof for each row that its seals were made with the seal key."""
        rows = (self.ids, self.ends, self.entries, self.features)
        return core.prove_rows(self.secrets, *rows, self.seed, CONTEXT, system_randomness(32))

    def verify_rows(self) -> None:
        """Whether all of them hold."""
        rows = (self.ids, self.ends, self.entries, self.features)
        if not core.verify_rows(self.keys, *rows, CONTEXT, self.row_proofs).all():
            raise AssertionError("a row proof does not hold")

    def lines(self) -> Iterator[Line]:
        """What is measured."""
        pair: Cost = {"multiply_base": 1, "multiply": 1, "add": 2}
        yield Line(
            "decode, multiply, encode",
            lambda: core.multiply(self.points, self.scalars),
            {"multiply": 1},
            least={"ifma": 550_000, "avx2": 130_000},
        )
        yield Line("fixed base", lambda: core.multiply_base(self.scalars), {"multiply_base": 1})
        yield Line("hash to group", lambda: core.hash_to_group(self.texts, TAG), {"hash": 1})
        yield Line(
            "rerandomise a pair",
            lambda: core.rerandomise(self.pairs, self.keys, system_randomness(32)),
            pair,
            least={"ifma": 500_000},
        )
        yield Line(
            "hide a sealed number",
            lambda: core.hide_sealed(self.sealed, self.keys, system_randomness(32)),
            {call: 3 * count for call, count in pair.items()},
        )
        yield Line(
            "decrypt and check a seal",
            lambda: core.open_list(self.asked, [], self.secrets),
            {"multiply": 3, "add": 2},
        )
        yield Line("name", lambda: self.opened.names(self.secrets), {"multiply": 1})
        yield Line("read a name", lambda: self.hidden.read(self.answers, self.keys), {"multiply": 1, "add": 1})
        yield Line("prove names", self.prove_names, {"multiply": 5, "add": 5})
        yield Line(
            "verify names",
            lambda: core.verify_names(self.keys, self.asked, [], self.answers, CONTEXT, self.name_proof),
            {"multiply": 5, "add": 5},
        )
        yield Line("prove rows, an entry", self.prove_rows, {"multiply": 1, "add": 1})
        yield Line("verify rows, an entry", self.verify_rows, {"multiply": 4, "add": 4})
        yield Line("OPRF, own list", lambda: self.key.outputs(self.texts), {"hash": 1, "multiply": 1})
        yield Line("VOPRF blind", lambda: core.blind(self.texts, system_randomness(32), 1), {"hash": 1, "multiply": 1})
        yield Line(
            "VOPRF evaluate and prove",
            lambda: self.key.evaluate_with_proof(self.elements, system_randomness(32)),
            {"multiply": 2, "add": 1},
        )
        yield Line(
            "VOPRF verify and finalise",
            lambda: self.blinding.finalise_verified(self.evaluated, self.proof, self.key.public),
            {"multiply": 3, "add": 2},
            before=self.begin,
        )


VOPRF = "VOPRF, all three steps"
VOPRF_LEAST = {"ifma": 100_000}


def run(context: Context) -> list[Figure]:
    """Items a second of each line on each backend, with the ratio to libsodium."""
    peer = load()
    taken, lines, costs = _measure(core.backends(), peer if isinstance(peer, LibSodium) else None)
    figures = []
    for backend, name in sorted(taken, key=lambda key: core.backends().index(key[0])):
        times = taken[backend, name]
        value = 1 / median(times.wall)
        ratio = median(b / a for a, b in zip(times.processor, times.peer, strict=True)) if times.peer else None
        line = lines.get(name)
        least = (line.least if line else VOPRF_LEAST).get(backend)
        note = f"{median(times.processor) * 1e6:.2f} us of a core"
        note += f"; {ratio:.1f} times libsodium" if ratio else f"; {peer}"
        if line and ratio:
            note += f" ({' + '.join(f'{count:g} {call}' for call, count in line.sodium.items())})"
        if costs and least and value < least:
            slower = costs["multiply"] / ZEN_5
            note += f"; libsodium is {slower:.2f} times as slow here as where the target was set"
        figures.append(Figure(f"{backend}: {name}", value, "/s", note, least=least, ratio=ratio))
    if costs and isinstance(peer, LibSodium):
        calls = ", ".join(f"{call} {seconds * 1e6:.1f}" for call, seconds in costs.items())
        note = f"us a call: {calls}; {peer.overhead * 1e6:.2f} us of Python taken off each"
        figures.append(Figure(f"libsodium {peer.version}, a core", 1 / costs["multiply"], "/s", note))
    return figures


def _measure(backends: list[str], peer: LibSodium | None) -> tuple[dict[tuple[str, str], Taken], dict[str, Line], Cost]:
    work: dict[str, Work] = {}
    taken: dict[tuple[str, str], Taken] = defaultdict(Taken)
    lines: dict[str, Line] = {}
    costs: dict[str, list[float]] = defaultdict(list)
    try:
        for turn in range(-1, TURNS):  # turn -1 warms up: tables, threads, memory
            now = peer.costs(CALLS, turns=1) if peer else {}
            for call, seconds in now.items():
                costs[call].append(seconds)
            for backend in backends:
                core._use_backend(backend)
                if backend not in work:
                    work[backend] = Work(ITEMS[backend])
                for line in work[backend].lines():
                    lines[line.name] = line
                    wall, processor = _timed(line, work[backend].items)
                    if turn >= 0:
                        times = taken[backend, line.name]
                        times.wall.append(wall)
                        times.processor.append(processor)
                        if now:
                            times.peer.append(sum(now[call] * count for call, count in line.sodium.items()))
    finally:
        core._use_backend(None)
    for backend in backends:
        steps = [times for (one, name), times in taken.items() if one == backend and name.startswith("VOPRF ")]
        taken[backend, VOPRF] = steps[0].add(steps[1]).add(steps[2])
    return taken, lines, {call: median(seconds) for call, seconds in costs.items()}


def _timed(line: Line, items: int) -> tuple[float, float]:
    """Wall and processor seconds an item."""
    line.before()
    wall, processor = time.perf_counter(), time.process_time()
    line.work()
    return (time.perf_counter() - wall) / items, (time.process_time() - processor) / items
