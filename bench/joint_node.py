"""A node as ``clew node serve`` runs it, for the benchmark: ``python -m bench.joint_node KEPT NODE PASSPHRASE-FILE``.

How long it reads its window and makes its snapshot is noted in the folder ``KEPT``. With ``keep`` as a last word both
are kept there, and a node that is started again on a copy of the same folder takes them: they are the same bytes,
whatever the backend, and to make them again would take longer than what is measured. Features of couples, which only
the making of a snapshot needs, are not kept. Nothing else differs from the command.
"""

from __future__ import annotations

import json
import pickle
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import clew.joint.snapshot
import clew.node.window
from clew.joint.snapshot import parse_snapshot


def kept_window(folder: Path, keep: bool, read: Callable[..., Any]) -> Callable[..., Any]:
    """``read_window``, once."""

    def again(*arguments: Any) -> Any:
        file = folder / "window.pickle"
        if not file.exists():
            with Timed(folder / "window.json") as timed:
                found = read(*arguments)
            timed.note(numbers=len(found.numbers), couples=len(found.a))
            if keep:
                needed = replace(found, features=found.features.slice(0, 0), events=None)
                file.write_bytes(pickle.dumps(needed, protocol=5))
            return found
        return pickle.loads(file.read_bytes())

    return again


def kept_snapshot(folder: Path, keep: bool, make: Callable[..., Any]) -> Callable[..., Any]:
    """``seal_snapshot``, once."""

    def again(*arguments: Any) -> Any:
        file, table = folder / "snapshot.clew", folder / "vault.pickle"
        if not file.exists():
            with Timed(folder / "snapshot.json") as timed:
                snapshot, vault = make(*arguments)
            entries = len(arguments[0].adjacency.other)
            timed.note(rows=len(snapshot), entries=entries, bytes=len(snapshot.data))
            if keep:
                file.write_bytes(snapshot.encode())
                table.write_bytes(pickle.dumps((vault.numbers, vault.points, vault.places), protocol=5))
            return snapshot, vault
        numbers, points, places = pickle.loads(table.read_bytes())
        return parse_snapshot(file.read_bytes()), clew.joint.snapshot.Vault(numbers, points, places)

    return again


class Timed:
    """Wall and processor seconds of a block, written with what :meth:`note` says."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> Timed:
        self._begin = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self._end = time.perf_counter(), time.process_time()

    def note(self, **facts: int) -> None:
        """Write them."""
        seconds, processor = (end - begin for begin, end in zip(self._begin, self._end, strict=True))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        found = {"seconds": seconds, "processor": processor, "memory": memory, **facts}
        self._file.write_text(json.dumps(found))


def main() -> None:
    """Serve."""
    kept, node, secret, *keep = sys.argv[1:]
    Path(kept).mkdir(exist_ok=True)
    clew.node.window.read_window = kept_window(Path(kept), bool(keep), clew.node.window.read_window)
    clew.joint.snapshot.seal_snapshot = kept_snapshot(Path(kept), bool(keep), clew.joint.snapshot.seal_snapshot)
    from clew.cli.main import main as command  # after both: what it imports takes them from there

    sys.argv = ["clew", "node", "serve", node, "--passphrase-file", secret]
    command()


if __name__ == "__main__":
    main()
