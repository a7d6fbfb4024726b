"""Run the real command line, as a user would, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def run(
    *arguments: str | Path,
    expect: int = 0,
    stdin: str = "",
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """``clew ARGUMENTS`` with its output; fails with everything it printed if it does not end with ``expect``."""
    done = subprocess.run(
        [sys.executable, "-m", "clew.cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **(environment or {})},
        cwd=folder,
        check=False,
        timeout=300,
    )
    assert done.returncode == expect, (
        f"clew {arguments[0]} ended with {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}"
    )
    return done


def run_json(*arguments: str | Path, expect: int = 0, **options: Any) -> Any:
    """The JSON document that ``clew ARGUMENTS --json`` prints."""
    return json.loads(run(*arguments, "--json", expect=expect, **options).stdout)
