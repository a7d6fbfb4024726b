"""Every parser of Clew against broken input, for a bounded time: ``python tests/fuzz.py --seconds 60 [--seed N]``.

A target may return or raise a ``ClewError``. Anything else is a finding: the input is printed, ready to become a
test, and the run fails. It also fails if a target was run fewer times than is stated for it: a target that nobody
runs finds nothing. Inputs are mutated from small corpora; the seed is printed, and repeats the run.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clew.errors import ClewError
from tests.fuzz_targets import TARGETS, Target

LARGEST = 1 << 16
INTERESTING = (
    *(bytes([value]) for value in b"\x00\xff\"',;|\t\n=[]{}+-%\\"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"-1", b"0", b"99999999999999999999", b"1e309", b"NaN", b"true", b"null"),
    *(b"\xd9\xa0\xd9\xa1", b"\xe2\x80\x8f", b"\\u0000", b"\xed\xa0\x80", "é".encode(), "\U0001f600".encode()),
)


@dataclass
class Tally:
    """How often a target was run, and how often it refused."""

    runs: int = 0
    refused: int = 0


def mutate(source: random.Random, corpus: list[bytes]) -> bytes:
    """One of the corpus, changed in one to eight places."""
    data = bytearray(source.choice(corpus))
    for _ in range(source.choice((1, 1, 1, 2, 3, 5, 8))):
        place = source.randrange(len(data) + 1)
        change = source.randrange(8)
        if change == 0 and data:
            data[place % len(data)] = source.randrange(256)
        elif change == 1 and data:
            data[place % len(data)] ^= 1 << source.randrange(8)
        elif change == 2:
            data[place:place] = source.choice(INTERESTING)
        elif change == 3:
            del data[place : place + source.randrange(1, 9)]
        elif change == 4:
            data[place:place] = data[place : place + source.randrange(1, 65)]
        elif change == 5:
            other = source.choice(corpus)
            begin = source.randrange(len(other) + 1)
            data[place:place] = other[begin : begin + source.randrange(1, 65)]
        elif change == 6:
            del data[place:]
        else:
            data[place:place] = bytes([source.randrange(256)]) * source.choice((1, 16, 300))
    return bytes(data[:LARGEST])


def attempt(run: Callable[[bytes], object], data: bytes, tally: Tally) -> BaseException | None:
    """Run once; the exception if it is a finding."""
    tally.runs += 1
    try:
        run(data)
    except ClewError:
        tally.refused += 1
    except Exception as error:  # Whatever it is, it is what this program looks for.
        return error
    return None


def fuzz(target: Target, seed: int, seconds: float) -> tuple[Tally, bytes | None, BaseException | None]:
    """Run one target, the corpus itself first; stops at the first finding."""
    source = random.Random(f"{seed} {target.name}")
    tally = Tally()
    for data in target.corpus:
        if error := attempt(target.run, data, tally):
            return tally, data, error
    if tally.refused == len(target.corpus):
        return tally, target.corpus[0], AssertionError("every input of the corpus is refused: it finds nothing")
    end = time.monotonic() + seconds
    while time.monotonic() < end or tally.runs < target.least:
        data = mutate(source, target.corpus)
        if error := attempt(target.run, data, tally):
            return tally, data, error
        if time.monotonic() > end + 10 * seconds + 30:
            break
    return tally, None, None


def main() -> int:
    """0 if nothing was found and every target was run often enough, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run")
    parser.add_argument("--target", help="only this one")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    targets = [target for target in TARGETS if given.target in (None, target.name)]
    if not targets:
        print(f"no target {given.target}; there are {', '.join(target.name for target in TARGETS)}")
        return 1
    print(f"seed {seed}, {len(targets)} targets, {given.seconds:g} s")
    failed = False
    for target in targets:
        tally, data, error = fuzz(target, seed, given.seconds / len(targets))
        print(f"{target.name}: {tally.runs} runs, {tally.refused} refused", flush=True)
        if error is not None:
            failed = True
            print(f"FOUND in {target.name}, input {data!r}")
            traceback.print_exception(error)
        elif tally.runs < target.least:
            failed = True
            print(f"FAILED: {target.name} was run {tally.runs} times, {target.least} are demanded")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
