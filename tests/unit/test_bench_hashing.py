"""The benchmark that undoes hashes really does, and counts what it says it counts."""

import hashlib
import itertools
import re
import shutil
import subprocess
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]

import pytest

from bench import Figure, core, hashing, mobile_numbers
from bench.__main__ import comparable


@pytest.mark.skipif(shutil.which("rustc") is None, reason="the search is compiled with rustc")
def test_the_search_finds_every_hash_wherever_its_digits_lie(tmp_path: Path) -> None:
    program = hashing._compiled(tmp_path)
    befores = [("salt" * 12)[:length] for length in (1, 2, 3, 4, 17, 46)]
    texts = {f"{before}{number:05}" for before in befores for number in (0, 9, 15, 16, 9999, 10000, 99999)}
    digests = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    nothing = hashlib.sha256(b"no number").hexdigest()
    lines = "\n".join([*digests, nothing])
    done = subprocess.run([program, "2", "5", *befores], input=lines, check=True, capture_output=True, text=True)
    _, count, *found = done.stdout.splitlines()
    assert int(count) == 100_000 * len(befores)
    assert dict(line.split(" ", 1) for line in found) == digests


@pytest.mark.parametrize("pattern", [r"6(?:[0-24-8]\d|3[0-8])|7[3-9]\d", r"1\d{1,3}|12?3", r"(?:4[01]|4\d)5?", r"9"])
def test_numbers_are_counted_as_if_each_were_tried(pattern: str) -> None:
    tried = ("".join(digits) for length in range(6) for digits in itertools.product("0123456789", repeat=length))
    expected = sum(re.fullmatch(pattern, text) is not None for text in tried)
    assert mobile_numbers._count(frozenset([mobile_numbers._read(_parser.parse(pattern))])) == expected


def test_what_is_not_on_this_machine_is_not_compared_and_what_is_must_be_measured() -> None:
    baseline = {"ifma: name": 9.0, "portable: name": 1.5, "import": 0.4, "against a peer": 3.0}
    figures = [Figure("portable: name", 1, "/s", ratio=1.6), Figure("against a peer", 1, "/s", "not installed")]
    expected = {"portable: name", "import"} | ({"ifma: name"} if "ifma" in core.backends() else set())
    assert set(comparable(baseline, figures, some=False)) == expected
    assert set(comparable(baseline, figures, some=True)) == {"portable: name"}
