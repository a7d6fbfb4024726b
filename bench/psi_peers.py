"""Other programs for private set intersection, whole: both parties' work, from texts to the common ones.

``openmined-psi`` runs here, both parties in this process, one after the other, through its own messages;
``spu`` runs in an environment of its own (``spu_peer.py``). A peer that is not installed is named with the reason.
Both are semi-honest: neither proves that the server used one key. ``spu``'s ECDH on Curve25519 takes the SHA-256 of
an item for a coordinate, which is no hash to the curve; it has one ("elligator"), measured with ``--full``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Measured", "items", "openmined", "spu"]

SPU = Path(__file__).with_name("spu_peer.py")
LONGEST = 900  # seconds


@dataclass(frozen=True)
class Measured:
    """Seconds of one run. ``offline`` is what can be done before there is a question; ``online`` all the rest."""

    peer: str
    mine: int
    theirs: int
    offline: float
    online: float

    @property
    def whole(self) -> float:
        """Both parties' work from start to end."""
        return self.offline + self.online


def items(size: int, common: int, side: int) -> list[str]:
    """``size`` made-up numbers, of which the first ``common`` are the same on both sides."""
    return [f"+9647{number if number < common else number + side * 500_000_000:09}" for number in range(size)]


def openmined(mine: int, theirs: int, common: int) -> Measured | str:
    """Its client with ``mine`` items against its server with ``theirs``; the client learns which are common."""
    try:
        from private_set_intersection import python as psi
    except ImportError as missing:
        return f"openmined-psi not installed: {missing}"
    client_items, server_items = items(mine, common, 0), items(theirs, common, 1)
    begin = time.perf_counter()
    server = psi.server.CreateWithNewKey(True)
    setup = server.CreateSetupMessage(1e-9, mine, server_items, psi.DataStructure.GCS).SerializeToString()
    ready = time.perf_counter()
    client = psi.client.CreateWithNewKey(True)
    request = client.CreateRequest(client_items)
    response = server.ProcessRequest(request)
    received = psi.ServerSetup()
    received.ParseFromString(setup)
    found = client.GetIntersection(received, response)
    done = time.perf_counter()
    if sorted(found) != list(range(common)):
        raise AssertionError(f"openmined-psi found {len(found)} of {common}")
    return Measured("openmined-psi", mine, theirs, ready - begin, done - ready)


def spu(what: str, mine: int, theirs: int, common: int) -> Measured | str:
    """``ecdh``, ``ecdh-elligator``, ``rr22`` or ``unbalanced`` (its ub_psi), each party with one thread of its own."""
    local = Path(".tools/bin/uv")
    uv = str(local) if local.exists() else shutil.which("uv")
    if uv is None:
        return "spu not installed: there is no uv to make its environment"
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as folder:
        command = [uv, "run", "--quiet", "--locked", "--script", SPU, what, mine, theirs, common, folder]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()
        return f"spu not installed: {reason[-1]}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if found["common"] != common:
        raise AssertionError(f"spu found {found['common']} of {common}")
    offline = found.get("offline", 0.0) + found.get("transfer", 0.0)
    return Measured(f"spu {what}", mine, theirs, offline, found["seconds"])
