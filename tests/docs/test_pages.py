"""What the pages say is what the code does: commands, error codes, links."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from clew.cli.reference import page

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "python" / "clew"
CLASSES = {"ClewError", "UsageError", "InputError", "Refused", "PeerError", "StorageError"}


def test_the_command_reference_is_what_the_commands_say() -> None:
    assert (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8") == page(), "run make docs"


def raised_codes() -> set[tuple[str, str]]:
    """(code, class) of every error that the package, or its border with Rust, constructs with a literal code."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                code = node.args[0]
                assert isinstance(code, ast.Constant), f"{path}:{node.lineno}: an error's code is a literal"
                found.add((code.value, node.func.id))
    border = (ROOT / "crates" / "clew-py" / "src" / "errors.rs").read_text("utf-8")
    return found | {(code, kind) for kind, code in re.findall(r'"(\w+)",\s*"([a-z]+\.[a-z-]+)"', border)}


def listed_codes() -> set[tuple[str, str]]:
    """(code, class) of every row of the errors page."""
    text = (ROOT / "spec" / "errors.md").read_text("utf-8")
    return set(re.findall(r"^\| `([a-z0-9.-]+)` \| (\w+)", text, re.MULTILINE))


def test_every_error_code_is_listed_and_every_listed_one_exists() -> None:
    raised, listed = raised_codes(), listed_codes()
    assert len(raised) > 30
    assert raised - listed == set(), "not in spec/errors.md"
    assert listed - raised == set(), "in spec/errors.md, but raised nowhere"


def markdown_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [ROOT / name for name in listed.split()] or [path for path in ROOT.glob("*.md")]


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#", "mailto:")):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name} links to {target}"


def test_files_can_be_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for folder in ("python", "crates", "tests", "bench")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".rs"} and (count := len(path.read_text("utf-8").splitlines())) > 700
    }
    assert not long
