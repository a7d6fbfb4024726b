"""The commands and the code of the pages on warrants and keys, run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from clew.warrants.authorisation import Authorisation
from clew.warrants.keyfile import PASSPHRASE_LEAST
from tests.command import run

PAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "howto"
ASKING = {"draft", "amend", "revoke", "sign"}


def test_the_commands_of_the_page_on_warrants_run_in_their_order(tmp_path: Path) -> None:
    text = (PAGES / "warrants.md").read_text("utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 14
    (tmp_path / "passphrase").write_text("correct horse battery\n", "utf-8")
    (tmp_path / "passphrase").chmod(0o600)
    here = {"folder": tmp_path, "environment": {"CLEW_PASSPHRASE_FILE": str(tmp_path / "passphrase")}}
    for line in lines:
        command, *arguments = shlex.split(line)
        assert (command, arguments[0]) == ("clew", "warrant")
        run(*arguments, *(["--yes"] if arguments[1] in ASKING else []), **here)  # type: ignore[arg-type]
    refused = run("warrant", "verify", "warrant.signed.json", expect=4, **here)  # type: ignore[arg-type]
    assert "warrant.revoked" in refused.stderr


def test_the_python_of_the_page_on_warrants_gives_an_authorisation() -> None:
    text = (PAGES / "warrants.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    assert isinstance(names["authorisation"], Authorisation)
    assert names["authorisation"].clear_seeds() == ("id:vast2008:200",)


def test_the_page_on_keys_says_what_the_code_does() -> None:
    text = (PAGES / "keys.md").read_text("utf-8")
    assert f"at least {PASSPHRASE_LEAST} characters" in text
    assert "scrypt (N = 131072, r = 8, p = 1)" in text
    source = (PAGES.parent.parent / "python" / "clew" / "warrants" / "keyfile.py").read_text("utf-8")
    for line in ("_SCRYPT_N: Final = 1 << 17", "_SCRYPT_R: Final = 8", "_SCRYPT_P: Final = 1"):
        assert line in source
