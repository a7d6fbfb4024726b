"""What is to be shown and cannot be written is a full disk, and not a bug in Clew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_full_disk_behind_the_output_is_not_reported_as_a_bug(tmp_path: Path, json: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "clew.cli", "overlap", "status", *json],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=tmp_path,
            check=False,
            timeout=120,
        )
    assert done.returncode == 6
    assert "output.not-shown" in done.stderr
    assert "give the command again" in done.stderr
    assert "bug" not in done.stderr
    # Looking makes no folder.
    assert list(tmp_path.iterdir()) == []
