"""Ctrl-C, pressed at any moment of a command, says so and leaves store and case as they were."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from clew.case.folder import CaseFolder, Part
from clew.records.folder import read_manifest
from tests.cli.tracing import PROFILE, make_store, write_papers
from tests.warrants import BEGIN

SEED, NEAR = "+9647901234567", "+9647901111111"
STOPPED = "Stopped. What was stored before is unchanged; what was logged stays logged."

# The command of sys.argv[2:], again and again: stopped at its first step, its second step, and so on until it gets
# through. Prints the exit codes, and what $WATCHED held after each.
AT_EVERY_STEP = """
import json, os, signal, sys
from pathlib import Path
from clew import engine
from clew.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)
whole, watched, codes = engine.step_text, Path(sys.argv[1]), []
sys.argv[1:2] = []

def stopped_at(step):
    left = [step]
    def text(package, name):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGINT)
        return whole(package, name)
    return text

while not codes or codes[-1][0] != 0:
    engine.step_text = stopped_at(len(codes))
    try:
        main()
    except SystemExit as end:
        codes.append((end.code, watched.read_text() if watched.exists() else None))
    assert len(codes) < 200
print()
print(json.dumps(codes))
"""


def program(text: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What a program did that presses Ctrl-C on itself."""
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def stopped_at_every_step(watched: Path, *arguments: str | Path) -> list[str | None]:
    """What ``watched`` held each time that the command was stopped; it was so often, and then it got through."""
    done = program(AT_EVERY_STEP, watched, *arguments)
    codes = json.loads(done.stdout.splitlines()[-1])
    assert [code for code, _ in codes] == [130] * (len(codes) - 1) + [0], done.stderr
    assert len(codes) > 3, "there are steps to be stopped at"
    assert done.stderr.count(STOPPED) == len(codes) - 1
    assert "Traceback" not in done.stderr
    return [held for _, held in codes[:-1]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path, [(SEED, NEAR, BEGIN + timedelta(days=1), 60, "voice")])


def test_an_import_that_is_stopped_leaves_the_store_as_it_was(store: Path, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(f"from,to,start,seconds,kind\n{NEAR},{SEED},2026-03-05T10:00:00,5,voice\n")
    (tmp_path / "profile.toml").write_text(PROFILE)
    manifest = store / "store.json"
    before = manifest.read_text()
    held = stopped_at_every_step(
        manifest, "import", tmp_path / "more.csv", "--store", store, "--profile", tmp_path / "profile.toml"
    )
    assert set(held) == {before}
    found = read_manifest(store)
    assert found is not None
    assert len(found[0].imports) == 2


def test_a_trace_that_is_stopped_leaves_the_case_as_it_was(store: Path, tmp_path: Path) -> None:
    """Harm stopped: half a graph, taken for all of it."""
    papers = write_papers(tmp_path / "papers", [SEED], hops=1)
    case = tmp_path / "case"
    held = stopped_at_every_step(case / "manifest.json", "trace", "--store", store, *papers, "--case", case)
    assert all(not json.loads(manifest)["files"] for manifest in held if manifest)
    assert CaseFolder.open(case).names(Part.GRAPH)


def test_ctrl_c_while_the_command_is_still_loading_is_no_crash() -> None:
    """Harm stopped: a page of a library's insides where somebody had only typed the wrong command."""
    early = """
import os, signal, sys

class OnTheWay:
    def find_spec(self, name, path, target=None):
        if name == "clew.cli.cells":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, OnTheWay())
from clew.cli.main import main
main()
"""
    done = program(early, "--help")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", STOPPED + os.linesep)
