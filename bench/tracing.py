"""Traces in the store that ``bench.importing`` made: how long two and three hops take from seeds drawn at random.

A trace's time is that of the library from the signed warrant to the traced graph in memory: verification, its own log
with every entry fsynced, opening the store, the bound, the features, detail ``calls``. The command's wall time (with
the start of Python, and the graph written) stands beside it.

The peer is DuckDB by itself on the records as Parquet, which is what an analyst without an index would write: it only
counts the numbers inside the bound, with no warrant, log or features. Both must count the same.

Seeds are drawn uniformly from the numbers with 10 to 200 contacts in the window, which is the whole store. To draw
them the benchmark reads the index past any warrant: its records are synthetic.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import duckdb
import numpy as np

from bench import Context, Figure
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
PEER_SEEDS = 9
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


def bare_bounds(store: Path, drawn: Drawn, hops: int, bounds: Sequence[Bound]) -> list[float]:
    """Seconds in which the peer counts the bound of each of the first seeds; it must agree with ``bounds``."""
    times = []
    with duckdb.connect(config={"threads": 2}) as connection:
        files = [str(path) for path in sorted((store / "imports").glob("*/records.parquet"))]
        connection.read_parquet(files).create_view("records")
        connection.execute(_CONTACTS)
        for seed, bound in zip(drawn.seeds[:PEER_SEEDS], bounds, strict=False):
            begin = time.perf_counter()
            connection.execute("CREATE OR REPLACE TEMP TABLE seen (number BIGINT, hop INTEGER)")
            connection.execute("INSERT INTO seen VALUES ($seed, 0)", {"seed": int(seed[1:])})
            for hop in range(hops):
                connection.execute(_NEXT_HOP, {"hop": hop, "hub_limit": HUB_LIMIT})
            ((numbers,),) = connection.execute("SELECT count(*) FROM seen").fetchall()
            times.append(time.perf_counter() - begin)
            if numbers != bound.numbers:
                raise AssertionError(f"the peer counts {numbers} numbers inside the bound, the trace {bound.numbers}")
    return times


_CONTACTS = """CREATE TEMP VIEW contacts AS
WITH counted AS (
  SELECT a_key, b_key FROM records
  WHERE kind BETWEEN 1 AND 4 AND a_kind IN (1, 2) AND b_kind IN (1, 2) AND a_key <> b_key AND flags & 32 = 0
)
SELECT a_key AS number, b_key AS other FROM counted UNION ALL SELECT b_key, a_key FROM counted"""

_NEXT_HOP = """INSERT INTO seen
SELECT DISTINCT c.other, $hop + 1
FROM contacts AS c
JOIN (
  SELECT f.number FROM contacts AS f JOIN seen AS s ON s.number = f.number
  WHERE s.hop = $hop GROUP BY f.number HAVING count(DISTINCT f.other) <= $hub_limit
) AS p ON p.number = c.number
WHERE c.other NOT IN (SELECT number FROM seen)"""


def run(context: Context) -> list[Figure]:
    """Times, sizes of the bounds, and the ratio to the peer, for two and three hops."""
    drawn = draw(context.store)
    figures = []
    for hops, targets in TARGETS.items():
        times, bounds = library_times(context.store, drawn, hops)
        peer = median(bare_bounds(context.store, drawn, hops, bounds))
        sizes = ", ".join(f"{size:,.0f}" for size in np.quantile([bound.numbers for bound in bounds], [0.5, 0.95, 1]))
        for name, quantile in {"p50": 0.5, "p95": 0.95}.items():
            note = f"from {len(drawn.seeds)} seeds; p50, p95, max inside the bound: {sizes} numbers"
            value = float(np.quantile(times, quantile))
            figures.append(Figure(f"trace {hops} hops {name}", value, "s", note, most=targets.get(name)))
        ours = median(times[:PEER_SEEDS])
        note = f"DuckDB on the Parquet records {peer:.2f} s, only counting; {PEER_SEEDS} seeds"
        figures.append(Figure(f"trace {hops} hops against bare", peer / ours, "times as fast", note, ratio=peer / ours))
        command = median(command_times(context.store, drawn, hops))
        figures.append(Figure(f"trace {hops} hops, whole command", command, "s", "p50"))
    return figures
