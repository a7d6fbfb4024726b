"""What the page about reports shows to get every record behind a lead gives them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.made_case import LEADS, SEEDS, made_folder

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "report.md"


def test_all_records_behind_a_lead_are_found_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Harm stopped: an investigator takes the first few records that a page names for all there are."""
    (tmp_path / "cases").mkdir()
    made_folder(tmp_path / "cases" / "lantern")
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    found: dict[str, Any] = {}
    exec(program, found)
    assert found["lead"] == LEADS[0]
    (row,) = found["rows"].to_arrow_table().drop_columns("start").to_pylist()
    assert row["record"] == "1:7"
    assert {row["a"], row["b"]} == {LEADS[0], SEEDS[0]}
