"""What every command waits for before it does anything."""

from __future__ import annotations

import subprocess
import sys

SLOW_TO_LOAD = ("aiohttp", "asyncio", "babel", "duckdb", "jinja2", "numpy", "pyarrow", "rich", "scipy", "sqlite3")


def test_help_does_not_wait_for_what_it_does_not_use() -> None:
    """Each of these takes longer to load than ``clew --help`` takes to answer: a command imports what it needs."""
    program = f"import sys, clew.cli.commands\nprint(*(name for name in {SLOW_TO_LOAD!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
