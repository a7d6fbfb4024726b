"""Run the real command at a terminal of its own, with a person's answers."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_SHIM = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "clew.cli", *sys.argv[1:]])
"""
"""Makes the terminal the process's own, as a login does, before it becomes the command."""


def at_terminal(
    arguments: Sequence[str | Path], answers: Sequence[tuple[str, str]], *, folder: Path, expect: int = 0
) -> str:
    """Everything that was shown; each of ``answers`` is typed once its question stands on the screen."""
    main, other = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CLEW_PASSPHRASE_FILE"}
    process = subprocess.Popen(
        [sys.executable, "-c", _SHIM, *map(str, arguments)],
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
        cwd=folder,
        env={**environment, "TERM": "dumb", "COLUMNS": "200"},
    )
    os.close(other)
    shown = ""
    waiting = list(answers)
    seen = 0
    end = time.monotonic() + 120
    try:
        while time.monotonic() < end:
            if select.select([main], [], [], 0.1)[0]:
                try:
                    data = os.read(main, 65_536)
                except OSError:  # the other end was closed: the command has ended
                    break
                if not data:
                    break
                shown += data.decode("utf-8", "replace")
            if waiting and (found := re.search(waiting[0][0], shown[seen:])):
                seen += found.end()
                os.write(main, waiting.pop(0)[1].encode() + b"\n")
    finally:
        os.close(main)
        try:
            code = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert not waiting, f"never asked: {waiting[0][0]}\n{shown}"
    assert code == expect, f"ended with {code}, not {expect}\n{shown}"
    return shown
