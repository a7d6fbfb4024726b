"""Traces in a large store: how long two and three hops take from seeds drawn at random.

``python -m bench.tracing STORE`` measures a store that ``bench.importing`` made; without a store it makes a smaller
one. A trace's time is that of the library from the signed warrant to the traced graph in memory: verification, its
own log with every entry fsynced, opening the store, the bound, the features, detail ``calls``. The command's wall
time (with the start of Python, and the graph written) stands beside it.

Seeds are drawn uniformly from the numbers with 10 to 200 contacts in the window, which is the whole store. To draw
them the benchmark reads the index past any warrant: its records are synthetic.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from clew.audit.log import FileLog
from clew.chain.graph import Bound, Detail
from clew.chain.trace import trace
from clew.effects import system_clock, system_randomness
from clew.records.store import Store
from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Warrant
from clew.warrants.dsse import sign
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Holder, Policy
from clew.warrants.verify import verify_warrant

SEEDS = 200
FEWEST, MOST = 10, 200  # contacts of a seed
HUB_LIMIT = 200
TARGETS = {2: {"p50": 0.100, "p95": 0.500}, 3: {"p50": 1.0}}  # seconds
_KEY = SigningKey.generate(system_randomness)


@dataclass(frozen=True)
class Drawn:
    """Seeds of a store and the window that holds all its records."""

    seeds: tuple[str, ...]
    begin: datetime
    end: datetime
    rows: int
    numbers: int


def draw(store: Path, count: int = SEEDS, seed: int = 1) -> Drawn:
    """``count`` seeds with 10 to 200 contacts, the same ones for the same store and ``seed``."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        files = [str(path) for path in sorted((store / "index").glob("*.duckdb"))]
        table = connection.sql("SELECT * FROM read_duckdb($files, table_name := 'incidence')", params={"files": files})
        table.create_view("incidence")
        counted = "SELECT count(*) // 2, epoch_us(min(start)), epoch_us(max(start)) FROM incidence"
        ((rows, first, last),) = connection.execute(counted).fetchall()
        numbers = connection.execute("SELECT count(DISTINCT number) FROM incidence").fetchall()[0][0]
        found = connection.execute(
            "SELECT number FROM incidence WHERE number > 0 GROUP BY number "
            "HAVING count(DISTINCT other) BETWEEN $fewest AND $most ORDER BY number",
            {"fewest": FEWEST, "most": MOST},
        ).fetchnumpy()["number"]
    chosen = np.random.default_rng(seed).choice(found, size=min(count, len(found)), replace=False)
    begin, end = (datetime.fromtimestamp(moment // 1_000_000, UTC) for moment in (first, last))
    seeds = tuple(f"+{number}" for number in chosen)
    return Drawn(seeds, begin, end + timedelta(seconds=1), int(rows), int(numbers))


def warrant(drawn: Drawn, seeds: Sequence[str], hops: int) -> bytes:
    """A signed warrant for these seeds over the whole store."""
    now = system_clock().replace(microsecond=0)
    document = Warrant(
        case="benchmark",
        seeds=tuple(Clear(seed) for seed in seeds),
        begin=drawn.begin,
        end=drawn.end,
        hops=hops,
        hub_limit=HUB_LIMIT,
        budgets=Budgets(numbers=10_000_000),
        issued=now - timedelta(hours=1),
        expires=now + timedelta(days=1),
        authority="Benchmark",
        legal_basis="Synthetic records",
        purpose="Measure how long a trace takes.",
    )
    return sign(document.encode(), _KEY)


def policy() -> Policy:
    """The policy that accepts :func:`warrant`."""
    return Policy(holders=(Holder("Benchmark", "judge", _KEY.public),), threshold=1)


def library_times(store: Path, drawn: Drawn, hops: int) -> tuple[list[float], list[Bound]]:
    """Seconds of one trace from each seed, and its bound."""
    rules = policy()
    times, bounds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(drawn.seeds):
            envelope = warrant(drawn, [seed], hops)
            log = FileLog(Path(folder) / str(number) / "log.jsonl", system_clock)
            begin = time.perf_counter()
            scope = verify_warrant(envelope, rules, clock=system_clock, log=log)
            graph = trace(Store.open(store), scope, log, detail=Detail.CALLS)
            times.append(time.perf_counter() - begin)
            bounds.append(graph.bound)
    return times, bounds


def command_times(store: Path, drawn: Drawn, hops: int, count: int = 5) -> list[float]:
    """Wall seconds of ``clew trace`` from the first ``count`` seeds, each into a case of its own."""
    key = f'id = "{_KEY.public.id}"\npublic = "{_KEY.public.text}"\n'
    times = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.toml").write_text(
            f'version = 1\nthreshold = 1\n\n[[keys]]\nname = "Benchmark"\nrole = "judge"\n{key}'
        )
        for number, seed in enumerate(drawn.seeds[:count]):
            (folder / "warrant.json").write_bytes(warrant(drawn, [seed], hops))
            papers = ["--warrant", folder / "warrant.json", "--policy", folder / "policy.toml"]
            command = ["trace", "--store", store, *papers, "--case", folder / f"case-{number}", "--json"]
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-m", "clew.cli", *map(str, command)], check=True, capture_output=True)
            times.append(time.perf_counter() - begin)
    return times


def measure(store: Path, count: int = SEEDS) -> dict[str, Any]:
    """Times in seconds and sizes of bounds, for two and three hops."""
    drawn = draw(store, count)
    found: dict[str, Any] = {
        "records": drawn.rows,
        "numbers": drawn.numbers,
        "seeds": len(drawn.seeds),
        "detail": "calls",
    }
    for hops, targets in TARGETS.items():
        times, bounds = library_times(store, drawn, hops)
        p50, p95 = np.quantile(times, [0.5, 0.95])
        sizes = np.quantile([bound.numbers for bound in bounds], [0.5, 0.95, 1.0])
        pairs = np.quantile([bound.pairs for bound in bounds], [0.5, 0.95, 1.0])
        found[f"hops_{hops}"] = {
            "p50": round(float(p50), 4),
            "p95": round(float(p95), 4),
            "command_p50": round(float(np.median(command_times(store, drawn, hops))), 3),
            "bound_numbers_p50_p95_max": [int(size) for size in sizes],
            "bound_pairs_p50_p95_max": [int(size) for size in pairs],
            "targets": targets,
            "met": all({"p50": p50, "p95": p95}[name] < target for name, target in targets.items()),
        }
    return found


def small_store(folder: Path, records: int) -> Path:
    """A store of made-up records: towns of sixty numbers that call among themselves, and some that everybody calls."""
    from clew.records.importer import import_files
    from clew.records.profile_file import parse_profile

    random = np.random.default_rng(7)
    population = max(1_000, records // 10)
    a = (population * random.random(records) ** 1.6).astype(np.int64)
    near = (a + random.integers(-30, 31, records)) % population
    far = (population * random.random(records) ** 1.6).astype(np.int64)
    famous = random.integers(0, 20, records)
    which = random.random(records)
    b = np.where(which < 0.01, famous, np.where(which < 0.15, far, near))
    second = np.sort(random.integers(0, 60 * 86_400, records))
    duration, kind = (
        random.integers(0, 300, records),
        random.choice(["voice", "message", "missed"], records, p=[0.6, 0.25, 0.15]),
    )
    file = folder / "records.csv"
    with file.open("w") as out:
        out.write("from,to,start,seconds,kind\n")
        for row in zip(a, b, second, duration, kind, strict=True):
            out.write(f"+96479{row[0]:08d},+96479{row[1]:08d},{1_767_225_600 + row[2]},{row[3]},{row[4]}\n")
    import_files(folder / "store", [(file, parse_profile(_PROFILE.encode()))], clock=system_clock)
    return folder / "store"


_PROFILE = """version = 1
name = "bench"
operator = "bench"
[file]
header_lines = 1
[a]
column = "from"
form = "e164"
[b]
column = "to"
form = "e164"
[start]
columns = ["start"]
format = "epoch"
zone = "UTC"
[duration]
column = "seconds"
[kind]
column = "kind"
[kind.words]
voice = "voice"
message = "message"
missed = "missed"
"""


def main() -> int:
    """Print the measures as JSON; 1 if a target was missed on a store of at least ten million records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", nargs="?", type=Path, help="a store; without it a smaller one is made")
    parser.add_argument("--records", type=int, default=300_000, help="records of the store that is made")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or small_store(Path(folder), given.records)
        found = measure(store, given.seeds)
    print(json.dumps(found, indent=2))
    missed = not all(value["met"] for name, value in found.items() if name.startswith("hops_"))
    return int(missed and found["records"] >= 10_000_000)


if __name__ == "__main__":
    sys.exit(main())
