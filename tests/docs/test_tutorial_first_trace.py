"""The tutorial's own commands, run as they stand there, and what it shows under them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-trace.md"
SCENARIO = Path(__file__).parents[2] / "docs" / "reference" / "scenario.md"


class Command(NamedTuple):
    """A command of the page, the lines shown under it, and the exit code that the page names."""

    text: str
    shown: list[str]
    exit: int


def commands() -> list[Command]:
    found: list[Command] = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:], [], 0))
            elif code := re.fullmatch(r"\(exit (\d)\)", line):
                found[-1] = found[-1]._replace(exit=int(code[1]))
            else:
                found[-1].shown.append(line)
    return found


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, str]]]:
    """The folder after the walk, and the exit code and output of each command: one shell, as a reader has."""
    folder = tmp_path_factory.mktemp("walk")
    script = "\n".join(f"{{ {command.text}; }} 2>&1; printf '\\n@@ %d\\n' $?" for command in commands())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=500,
        check=True,
    )
    parts = re.split(r"\n@@ (\d+)\n", done.stdout)
    return folder, [(int(code), text) for text, code in zip(parts[::2], parts[1::2], strict=False)]


def test_the_page_has_the_whole_way() -> None:
    texts = [command.text for command in commands()]
    assert len(texts) >= 24
    for step in ("demo", "import", "records", "warrant", "trace", "cells", "report"):
        assert any(text.startswith(f"clew {step}") for text in texts)


def test_every_command_does_what_the_page_says(walked: tuple[Path, list[tuple[int, str]]]) -> None:
    _, results = walked
    assert len(results) == len(commands())
    for command, (code, output) in zip(commands(), results, strict=True):
        assert code == command.exit, f"{command.text}\n{output}"
        rest = iter(output.splitlines())
        for line in command.shown:
            if line == "…":
                continue
            assert any(line.rstrip() in found for found in rest), f"{command.text}\nnot shown: {line}\n{output}"


def test_the_leads_that_the_page_confirms_are_members(walked: tuple[Path, list[tuple[int, str]]]) -> None:
    truth = walked[0] / "clew-demo" / "truth"
    numbers = pq.read_table(truth / "numbers.parquet").to_pylist()
    roles = pq.read_table(truth / "persons.parquet")["role"].to_pylist()
    members = {row["number"] for row in numbers if roles[row["person"]] == "member"}
    confirmed = re.findall(r"--seed (\+\d+)", PAGE.read_text("utf-8"))
    assert len(confirmed) == 2
    assert members.issuperset(confirmed)


def test_the_scenario_page_shows_python_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", SCENARIO.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        exec(compile(block, str(SCENARIO), "exec"), {})
    assert (tmp_path / "scenario" / "truth" / "persons.parquet").exists()


def test_the_scenario_page_names_every_family_and_role() -> None:
    from clew.synth.families import DEMO_SEED, FAMILIES
    from clew.synth.population import Role

    page = SCENARIO.read_text("utf-8")
    for name in [*FAMILIES, *(str(role) for role in Role if role is not Role.MEMBER), str(DEMO_SEED)]:
        assert f"`{name}`" in page or f"({name})" in page
