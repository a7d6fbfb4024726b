"""``python -m bench``: run the benchmarks, print their figures, compare with targets and committed ratios.

Exit 1 if a ratio falls below 0.8 of ``baseline.json``, is not measured, or misses its target. Ratios are kept for each
kind of processor; on one that has none, the lowest of any kind is what a ratio is compared with. A missed target that
is a time or a rate is said, and fails nothing: it was set on one machine, and this one may be half as fast. Targets
and ratios are stated for ten million rows; with ``--rows`` a smaller run only prints. ``--only`` runs some, and
compares those. ``--full`` runs slow peers at the full size. ``--write`` keeps the ratios of this run as the baseline;
let nothing else run on the machine then.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from bench import Context, Figure, core, cores, hashing, importing, joint, overlap, tracing

BASELINE = Path(__file__).with_name("baseline.json")
FLOOR = 0.8
ROWS = 10_000_000


BENCHMARKS: dict[str, Callable[[Context], list[Figure]]] = {
    "import": importing.run,
    "traces": tracing.run,
    "hashing": hashing.run,
    "core": core.run,
    "overlap": overlap.run,
    "joint": joint.run,
}
"""In this order: the traces read the store that the import leaves."""


def main() -> int:
    """Run everything; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be given again")
    parser.add_argument("--full", action="store_true", help="slow peers at the full size too: half an hour")
    parser.add_argument("--write", action="store_true", help="keep this run's ratios as the baseline")
    given = parser.parse_args()
    print(machine(), flush=True)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="clew-bench-") as folder:
        context = Context(Path(folder), given.rows, given.repeats, given.full)
        chosen = [BENCHMARKS[name] for name in given.only] if given.only else list(BENCHMARKS.values())
        for benchmark in chosen:
            for figure in benchmark(context):
                figures.append(figure)
                print(line(figure), flush=True)
    if not context.full:
        print(f"targets and ratios are stated for {ROWS:,} rows; not compared")
        return 0
    kind, baseline = processor(), json.loads(BASELINE.read_text())
    if given.write:
        ratios = {figure.name: round(figure.ratio, 4) for figure in figures if figure.ratio is not None}
        baseline[kind] = baseline.get(kind, {}) | ratios
        BASELINE.write_text(json.dumps(baseline, indent=2) + "\n")
    for figure in figures:
        if not figure.met and figure.depends_on_machine:
            print(f"target missed, on this machine: {line(figure)}")
    kept = kept_for(kind, baseline)
    compared = comparable(kept, figures, bool(given.only))
    print(f"compared with {len(compared)} of {len(kept)} kept ratios: the others are of what did not run here")
    failed = failures(figures, compared)
    for failure in failed:
        print(failure, file=sys.stderr)
    return int(bool(failed))


def kept_for(kind: str, baseline: dict[str, dict[str, float]]) -> dict[str, float]:
    """The ratios of a kind of processor; what was never measured on one is the lowest of any kind."""
    lowest: dict[str, float] = {}
    for kept in baseline.values():
        for name, ratio in kept.items():
            lowest[name] = min(ratio, lowest.get(name, ratio))
    return lowest | baseline.get(kind, {})


def comparable(baseline: dict[str, float], figures: list[Figure], some: bool) -> dict[str, float]:
    """The ratios that this run must have: all, less those of a peer or a backend that is not on this machine.

    With ``some``, only those of the benchmarks that ran.
    """
    measured = {figure.name for figure in figures}
    alone = {figure.name for figure in figures if figure.ratio is None}
    absent = tuple(f"{backend}: " for backend in core.ITEMS if backend not in core.backends())
    expected = {name: ratio for name, ratio in baseline.items() if name not in alone and not name.startswith(absent)}
    return {name: ratio for name, ratio in expected.items() if name in measured or not some}


def failures(figures: list[Figure], baseline: dict[str, float]) -> list[str]:
    """What is worse than it may be on any machine, in words; a ratio that was not measured is, too."""
    missed = [figure for figure in figures if not figure.met and not figure.depends_on_machine]
    failed = [f"target missed: {line(figure)}" for figure in missed]
    ratios = {figure.name: figure.ratio for figure in figures if figure.ratio is not None}
    for name, kept in baseline.items():
        ratio = ratios.get(name)
        if ratio is None:
            failed.append(f"not measured: {name}")
        elif ratio < FLOOR * kept:
            failed.append(f"slower than it was: {name}: {ratio:.3f}, was {kept:.3f}")
    return failed


def line(figure: Figure) -> str:
    """A figure as it is printed."""
    value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:.3f}"
    bounds = [f"at least {figure.least:g}" if figure.least is not None else ""]
    bounds.append(f"at most {figure.most:g}" if figure.most is not None else "")
    target = " ".join(bound for bound in bounds if bound)
    verdict = f" [{target}: {'met' if figure.met else 'MISSED'}]" if target else ""
    return f"{figure.name:42} {value:>12} {figure.unit}{verdict}" + (f"  ({figure.note})" if figure.note else "")


def processor() -> str:
    """The kind of processor as far as ratios depend on it: who made it, its family, and its widest arithmetic.

    A vector kernel and libsodium do not gain alike from one generation to the next: on a Zen 3 the AVX2 kernel is 1.8
    libsodiums, on a Zen 4 it is 2.6.
    """
    named = _cpuinfo()
    made = f"{named.get('vendor_id', platform.machine())} family {named.get('cpu family', 'unknown')}"
    return f"{made}, {core.backends()[0]}"


def _cpuinfo() -> dict[str, str]:
    cpuinfo = Path("/proc/cpuinfo")
    first = cpuinfo.read_text().split("\n\n")[0].splitlines() if cpuinfo.exists() else []
    return {name.strip(): value.strip() for name, _, value in (text.partition(":") for text in first)}


def machine() -> str:
    """The machine and versions, as measured figures need them beside them."""
    model = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    load = f"{os.getloadavg()[0]:.1f}"
    versions = f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, Arrow {pa.__version__}"
    return f"{model}, {cores()} cores, {platform.system()} {platform.release()}, load {load}; {versions}"


if __name__ == "__main__":
    sys.exit(main())
