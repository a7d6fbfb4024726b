"""The import how-to's commands for scripts do what the page says, on a file that tells only what files usually tell."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.command import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "import.md"
CALLS = """caller;called;date;time;duration
07901234567;07712345678;13/04/2026;12:30:11;12
07901234567;07812345678;14/04/2026;12:31:11;140
"""


def test_the_commands_for_scripts_ask_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Harm stopped: a script that was written from the page ends with a question."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("clew import calls.csv")]
    commands = [shlex.split(line)[1:] for line in lines if "--operator" in line]
    assert len(commands) == 2
    for number, command in enumerate(commands):
        monkeypatch.setenv("CLEW_HOME", str(tmp_path / f"home-{number}"))
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "calls.csv").write_text(CALLS)
        assert "2  records" in run(*command, folder=folder).stdout
        assert (folder / "zain.toml").exists() is ("--save-profile" in command)
    again = ["import", "calls.csv", "--store", "others", "--profile", "zain.toml"]
    assert "2  records" in run(*again, folder=tmp_path / "1").stdout
