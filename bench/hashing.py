"""Why a hash of a number hides nothing: the brute force, run.

A thousand numbers are drawn from the French mobile plan and only their SHA-256 digests kept; then every number of
``+336`` and ``+337`` is hashed until the digests have their numbers back (``hashing.rs``, compiled here for this
machine, on its processor alone; a graphics card does some hundred times as many). All must be found. Then the
same with a salt that the partner knows, and what the same search costs where the hash is a keyed function: for who
holds the key, and for who may ask its holder without a cap.

What is not run is extrapolated, and says so: the world from the numbering plans (``mobile_numbers.py``), the keyed
function from a measured rate.
"""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path
from random import SystemRandom

import numpy as np

from bench import Context, Figure, cores
from bench.mobile_numbers import matches, possible_mobile_numbers
from clew import _core as core
from clew.effects import system_randomness

RANGES = ("+336", "+337")
DIGITS = 8
FRANCE = 33
VICTIMS = 1_000
SALT = "8c1f2e7a94d05b36"
LOOP = 200_000
KEYED = 100_000
SOURCE = Path(__file__).with_name("hashing.rs")


def run(context: Context) -> list[Figure]:
    """The time for all French mobile numbers, found again from their hashes, and what follows from the rates."""
    program = _compiled(context.folder)
    numbers = _drawn(VICTIMS)
    threads = cores()
    alone, count = _undo(program, numbers, threads=1)
    together, _ = _undo(program, numbers, threads=threads)
    salted, _ = _undo(program, numbers, threads=threads, salt=SALT)
    plans = possible_mobile_numbers()
    undone = f"{VICTIMS:,} of {VICTIMS:,} hashed numbers found"
    world, vast = sum(plans.values()), plans[43]
    return [
        Figure(
            "all French mobiles, 1 core",
            alone,
            "s",
            f"{undone}; {count / alone / 1e6:.0f} million SHA-256 a second; {count:,} numbers, "
            f"{plans[FRANCE]:,} of them in the plan",
        ),
        Figure(f"all French mobiles, {threads} cores", together, "s", undone),
        Figure("the same with a known salt", salted, "s", undone),
        Figure("the same in one line of Python", count * _loop() / 60, "min", f"extrapolated from {LOOP:,}; hashlib"),
        Figure(
            "all the world's mobiles",
            (world - vast) * together / count / 60,
            "min",
            f"extrapolated; {(world - vast) / 1e9:.0f} thousand million numbers that the plans of {len(plans)} calling "
            f"codes allow, without Austria, whose plan alone allows {vast / 1e9:.0f} by its unused lengths",
        ),
        *_keyed(count),
    ]


def _compiled(folder: Path) -> Path:
    program = folder / "hashing"
    flags = ["-C", "opt-level=3", "-C", "target-cpu=native", "--edition", "2024"]
    subprocess.run(["rustc", *flags, "-o", program, SOURCE], check=True)
    return program


def _drawn(count: int) -> list[str]:
    """So many different numbers of the French mobile plan, drawn at random, and printed nowhere."""
    allowed, draw = matches(FRANCE), SystemRandom()
    numbers: set[str] = set()
    while len(numbers) < count:
        number = f"{draw.choice(RANGES)}{draw.randrange(10**DIGITS):0{DIGITS}}"
        if allowed.fullmatch(number):
            numbers.add(number)
    return sorted(numbers)


def _undo(program: Path, numbers: list[str], threads: int, salt: str = "") -> tuple[float, int]:
    """Seconds, and how many hashes, until every number was found again from its hash alone."""
    digests = {hashlib.sha256((salt + number).encode()).hexdigest(): salt + number for number in numbers}
    command = [program, str(threads), str(DIGITS), *(salt + prefix for prefix in RANGES)]
    done = subprocess.run(command, input="\n".join(digests), check=True, capture_output=True, text=True)
    seconds, count, *found = done.stdout.splitlines()
    if dict(line.split(" ", 1) for line in found) != digests:
        raise AssertionError("the search did not find every number")
    return float(seconds), int(count)


def _loop() -> float:
    """Seconds a hash in a plain Python loop, which is all that most people would write."""
    begin = time.perf_counter()
    {hashlib.sha256(b"+336%08d" % number).digest(): number for number in range(LOOP)}
    return (time.perf_counter() - begin) / LOOP


def _keyed(count: int) -> list[Figure]:
    """The same search through the OPRF of the overlap check, by the key's holder and by a client without a cap."""
    numbers = [b"+336%08d" % number for number in range(KEYED)]
    key = core.OprfKey.derive(system_randomness(32), b"", 0)
    begin = time.perf_counter()
    expected = key.outputs(numbers)
    held = (time.perf_counter() - begin) / KEYED
    begin = time.perf_counter()
    blinding = core.blind(numbers, system_randomness(32), 0)
    asked = blinding.elements
    found = blinding.finalise_unverified(key.evaluate(asked))
    uncapped = (time.perf_counter() - begin) / KEYED
    if not np.array_equal(found, expected):
        raise AssertionError("the client's outputs are not the holder's")
    note = f"extrapolated from {KEYED:,}; {core.backend()}"
    sent = f"{note}; both sides' work, {2 * asked.nbytes / KEYED * count / 1e9:.0f} GB on the wire, no count kept"
    return [
        Figure("all French mobiles, by a key's holder", held * count / 60, "min", note),
        Figure("all French mobiles, by an uncapped client", uncapped * count / 60, "min", sent),
    ]
