"""What was typed in the wrong place is not repeated where it could be a number: not on the terminal, not in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import run

TYPED = [
    ("warrant", "draft", "+9647901234567"),
    ("07901234567",),
    ("trace", "--warrant", "+9647901234568.json", "--store", "."),
    ("cells", "--top", "07901234567x", "case1"),
    ("records", "layouts", "0790-123-4567"),
    ("records", "layouts", "0790", "123", "4567"),
    ("import", "--٠٧٩٠١٢٣٤٥٦٧"),
]


@pytest.mark.parametrize("typed", TYPED)
def test_a_number_typed_in_the_wrong_place_is_not_repeated(typed: tuple[str, ...], tmp_path: Path) -> None:
    """Harm stopped: a target's number in a terminal that is shared, or in the log of a script."""
    plain = run(*typed, expect=2, folder=tmp_path)
    assert "…" in plain.stderr
    assert "Usage: " in plain.stderr
    as_json = run(*typed, "--json", expect=2, folder=tmp_path)
    error = json.loads(as_json.stdout)["error"]
    assert (error["code"], "…" in error["what"]) == ("usage", True)
    for text in (plain.stdout, plain.stderr, as_json.stdout, as_json.stderr):
        assert not [part for part in ("790", "123", "٧٩٠") if part in text]


def test_what_was_typed_is_still_named_where_it_is_no_number(tmp_path: Path) -> None:
    assert "No such command 'tracee'" in run("tracee", expect=2, folder=tmp_path).stderr
    assert "calls_20260301.json' does not exist" in run(
        "trace", "--warrant", "calls_20260301.json", "--store", ".", expect=2, folder=tmp_path
    ).stderr  # fmt: skip
