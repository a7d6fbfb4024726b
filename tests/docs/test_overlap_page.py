"""The walk of the page on overlap checks, in two terminals, as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "howto" / "overlap.md"
ASKING = ("clew overlap agree", "clew overlap retire")


def commands() -> list[tuple[str, str, list[str]]]:
    """Terminal, command, and the lines shown under it."""
    found: list[tuple[str, str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if prompt := re.fullmatch(r"(iq|fr)\$ (.*)", line):
                found.append((prompt[1], prompt[2], []))
            else:
                found[-1][2].append(line)
    return found


def test_the_two_terminals_do_what_the_page_says(tmp_path: Path) -> None:
    walk = commands()
    assert len(walk) >= 24
    assert {command.split()[2] for _, command, _ in walk if command.startswith("clew overlap")} >= {
        *("start", "answer", "read", "agree", "decline", "status", "publish", "check", "retire")
    }
    (tmp_path / "passphrase").write_text("correct horse battery\n", "utf-8")
    (tmp_path / "passphrase").chmod(0o600)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CLEW_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "LC_ALL": "C.UTF-8",
    }
    for terminal in ("iq", "fr"):
        (tmp_path / terminal).mkdir()
    for terminal, command, shown in walk:
        done = subprocess.run(
            ["bash", "-c", command + (" --yes" if command.startswith(ASKING) else "")],
            cwd=tmp_path / terminal,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        rest = iter(done.stdout.splitlines())
        for line in shown:
            pattern = ".*".join(map(re.escape, line.rstrip().split("…")))
            assert any(re.search(pattern, found) for found in rest), (
                f"{command}\nnot shown: {line}\n{done.stdout}\n{done.stderr}"
            )
    logs = "".join(path.read_text("utf-8") for path in tmp_path.rglob("log.jsonl"))
    assert "overlap.learnt" in logs
    assert "79012345" not in logs


def test_the_pages_say_the_limits_that_the_code_has() -> None:
    from clew.joint.overlap.limits import RATE_WINDOW, Limits

    default = Limits()
    howto, explain = PAGE.read_text("utf-8"), (DOCS / "explain" / "overlap.md").read_text("utf-8")
    specification = (DOCS.parent / "spec" / "overlap.md").read_text("utf-8")
    assert f"fewer than {default.least} or more than {default.most:,} numbers" in howto
    assert f"{default.checks} times in {RATE_WINDOW.days} days" in howto
    assert f"at least {default.least}, at most {default.most:,} numbers a list" in specification
    assert f"at most {default.checks} answers to one partner in {RATE_WINDOW.days} days" in specification
    assert f"Hence {default.least} numbers at least" in explain
    assert f"Hence {default.most:,} numbers at most" in explain


def test_the_specification_has_every_label_message_state_and_refusal() -> None:
    from clew.joint.overlap import labels
    from clew.joint.overlap.wire import KINDS, REFUSALS
    from tests.unit.test_overlap_steps import STATES, TABLE

    text = (DOCS.parent / "spec" / "overlap.md").read_text("utf-8")
    for kind in KINDS:
        assert f"| {kind.kind} | {kind.__name__}" in text
    for number, code in enumerate(REFUSALS, 1):
        assert f"{number} {code.replace('-', ' ')}" in text
    for state, message in TABLE:
        if message != "Refusal":
            assert re.search(rf"^\| {state} \| [AB] \| {message} \| {TABLE[state, message]} \|", text, re.MULTILINE)
    assert all(state.removesuffix("Answerer") in text for state in STATES)
    for name in labels.__all__:
        label = getattr(labels, name).decode().rstrip("\n")
        assert label in text or label.removeprefix("clew/1 overlap-payload") in text, name
