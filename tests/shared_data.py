"""Where the public research data lies; tests that need it skip, with the reason, where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent / "shared"


def shared(name: str) -> Path:
    """The file ``name`` of the shared data folder, for example ``vast2008_mc3/CellPhoneCallRecords.csv``."""
    path = ROOT / "data" / name
    if not path.exists():
        pytest.skip(f"public data not present: ../shared/data/{name}")
    return path
