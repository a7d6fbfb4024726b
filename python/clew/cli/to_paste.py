"""How the command that is running is called by a person who pastes what it printed into the same shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

__all__ = ["clew_to_paste"]


def clew_to_paste() -> str:
    """``clew`` where the shell would find this environment's; else the path that leads to it from here.

    The environment is often not on the shell's path: ``make`` runs what is in it without that.
    """
    beside = Path(sys.executable).with_name("clew")
    found = shutil.which("clew")
    if found is not None and beside.exists() and os.path.samefile(found, beside):
        return "clew"
    if not beside.exists():
        return shlex.join([sys.executable, "-m", "clew.cli"])
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))
