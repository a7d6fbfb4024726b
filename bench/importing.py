"""Importing ten million rows: everything on, against DuckDB's bare copy of the same file to Parquet.

The peer reads the CSV, guesses types and writes Parquet: no numbers read, no hash, no pointers, no account, no index,
no fsync, and lines it cannot read are dropped without a word. Both run alternately, each in a process of its own, on
two threads, with the file in the page cache.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from bench import Context, Figure
from clew.effects import system_clock
from clew.records.importer import import_files
from clew.synth.traffic import traffic_profile, write_traffic

THREADS = 2
LEAST_RATIO = 0.18
MOST_MEMORY = 4.0  # GiB


def run(context: Context) -> list[Figure]:
    """The import's rate, its ratio to the bare copy's, its work and memory; leaves the store for others."""
    made = write_traffic(context.file, seed=1, rows=context.rows)
    parquet = context.folder / "peer.parquet"
    ours, peers = [], []
    for _ in range(context.repeats):
        peers.append(_apart("copy", context.file, parquet))
        parquet.unlink()
        shutil.rmtree(context.store, ignore_errors=True)
        ours.append(_apart("import", context.file, context.store))
    account = ours[-1]["account"]
    if account["units"] != made.rows + 1 or account["rejected"] != made.broken:
        raise AssertionError("the account does not say what was written")
    seconds, peer = median(one["seconds"] for one in ours), median(one["seconds"] for one in peers)
    effort, peer_effort = median(one["processor"] for one in ours), median(one["processor"] for one in peers)
    memory = max(one["memory"] for one in ours)
    size = context.file.stat().st_size / 1e6
    disk = sum(file.stat().st_size for file in context.store.rglob("*") if file.is_file()) / 1e6
    rows = f"{made.rows:,} rows, {size:,.0f} MB, {made.numbers:,} numbers, {account['numbers']['distinct']:,} texts"
    dropped = made.rows - made.broken - peers[-1]["rows"]
    return [
        Figure("import rows a second", made.rows / seconds, "rows/s", f"{seconds:.2f} s; {rows}; store {disk:,.0f} MB"),
        Figure(
            "import against bare copy",
            peer / seconds,
            "of its rate",
            f"DuckDB {duckdb.__version__} COPY to Parquet {peer:.2f} s, keeping {-dropped:,} broken rows",
            least=LEAST_RATIO,
        ),
        # Beside the wall's ratio: work done by others on the machine moves this one least, so it is the one kept.
        Figure(
            "import, processor time",
            effort,
            "s",
            f"{1e6 * effort / made.rows:.2f} s a million rows; bare copy {peer_effort:.2f} s",
            ratio=peer_effort / effort,
        ),
        Figure("import memory", memory, "GiB", "most resident", most=MOST_MEMORY),
    ]


def _apart(what: str, *paths: Path) -> dict[str, Any]:
    """The measures of one run in a process of its own."""
    command = [sys.executable, "-m", "bench.importing", what, *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measures: dict[str, Any] = json.loads(done.stdout)
    return measures


def _import(file: Path, store: Path) -> dict[str, Any]:
    report = import_files(store, [(file, traffic_profile())], clock=system_clock, threads=THREADS)
    return {"account": report.accounts[0].as_json()}


def _copy(file: Path, parquet: Path) -> dict[str, Any]:
    with duckdb.connect(config={"threads": THREADS}) as connection:
        rows = connection.read_csv(str(file), ignore_errors=True)
        rows.write_parquet(str(parquet))
        kept = connection.read_parquet(str(parquet)).shape[0]
    return {"rows": kept}


def main() -> None:
    """Run one measure and print it as JSON; called by :func:`run`."""
    what, *paths = sys.argv[1:]
    begin, begin_processor = time.perf_counter(), time.process_time()
    found = {"import": _import, "copy": _copy}[what](*map(Path, paths))
    found["seconds"] = time.perf_counter() - begin
    found["processor"] = time.process_time() - begin_processor
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
