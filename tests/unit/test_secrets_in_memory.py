"""That secrets which nobody holds any more are nowhere in the memory of the process that held them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clew import _core

SEED = hashlib.sha256(b"a secret of this test").digest()
ORDER = 2**252 + 27742317777372353535851937790883648493
USER = """
import gc, sys
from clew import _core

def use(seed):
    one, points = _core.SecretScalar.expand(seed, "one"), _core.hash_to_group([b"a", b"b"] * 300, b"test")
    _core.multiply(points, one), one.public, one.inverse()
    _core.multiply(points, _core.SecretScalars.expand(seed, "each", 600))
    for key in (_core.OprfKey.from_secret(one, 1), _core.OprfKey.derive(seed, b"info", 1)):
        key.public, key.outputs([b"a"] * 600), key.evaluate_with_proof(points, b"r" * 32)
    blinded = _core.blind([b"a"] * 600, seed, 1)
    blinded.finalise_unverified(blinded.elements)
    _core.HolderSecrets(seed).public()

use(bytes(32))
use(bytes.fromhex(sys.argv[1]))
kept = _core.SecretScalar.expand(bytes.fromhex(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 2 else None
gc.collect()
print("done", flush=True)
sys.stdin.read()
"""


def derived(seed: bytes, info: bytes) -> bytes:
    """The secret of ``OprfKey.derive`` in mode 1 (RFC 9497, 3.2.1; RFC 9380, 5.3.1)."""
    tag = b"DeriveKeyPairOPRFV1-\x01-ristretto255-SHA512"
    message, tag = seed + len(info).to_bytes(2, "big") + info + b"\0", tag + bytes([len(tag)])
    first = hashlib.sha512(bytes(128) + message + b"\0\x40\0" + tag).digest()
    wide = hashlib.sha512(first + b"\x01" + tag).digest()
    return (int.from_bytes(wide, "little") % ORDER).to_bytes(32, "little")


def secrets() -> dict[str, bytes]:
    """What the other process used."""
    holder = _core.HolderSecrets(SEED)
    one = _core.SecretScalar.expand(SEED, "one")
    found = {name: getattr(holder, name).expose() for name in ("encryption", "seal", "name", "row")}
    for purpose in ("one", "each", "oprf blinds"):
        found[purpose] = _core.SecretScalar.expand(SEED, purpose).expose()
    key = derived(SEED, b"info")
    assert _core.SecretScalar.from_canonical(key).public == _core.OprfKey.derive(SEED, b"info", 1).public
    return {**found, "inverse": one.inverse().expose(), "derived": key}


def left_behind(backend: str, kept: tuple[str, ...] = ()) -> dict[str, int]:
    """How often each secret stands in the writable memory of a process that used all of them, and lives."""
    command = [sys.executable, "-c", USER, SEED.hex(), *kept]
    environment = {**os.environ, "CLEW_BACKEND": backend}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"done\n"
        found = secrets()
        parts = memory(process.pid)
        counts = {name: sum(part.count(secret) for part in parts) for name, secret in found.items()}
        process.stdin.close()
    return counts


def memory(pid: int) -> list[bytes]:
    """The parts of a process's memory that it can write."""
    parts = []
    try:
        with Path(f"/proc/{pid}/mem").open("rb", 0) as file:
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                where, rights = line.split()[:2]
                begin, end = (int(edge, 16) for edge in where.split("-"))
                if "rw" in rights:
                    file.seek(begin)
                    parts.append(file.read(end - begin))
    except OSError as error:
        pytest.skip(f"the memory of another process cannot be read here: {error.strerror}")
    return parts


@pytest.mark.parametrize("backend", _core.backends())
def test_a_secret_that_is_dropped_is_nowhere_in_memory(backend: str) -> None:
    assert not any(left_behind(backend).values())


def test_a_secret_that_is_kept_is_found_in_memory() -> None:
    counts = left_behind(_core.backends()[0], ("one",))
    assert counts.pop("one") == 1
    assert not any(counts.values())
