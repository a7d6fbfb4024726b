"""A store and signed papers on disk, for tests of ``clew trace``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from clew.effects import system_clock
from clew.records.importer import import_files
from clew.records.layouts import find_profile
from clew.records.profile import Profile
from clew.records.profile_file import parse_profile
from clew.warrants.authorisation import Seed
from tests.profile_text import profile_text
from tests.warrants import JUDGE, amend, issue

PROFILE = profile_text("test", form="mixed:IQ", kinds=("voice", "message", "missed", "forwarded"))


def profile() -> Profile:
    """Five columns: from, to, start, seconds, kind."""
    return parse_profile(PROFILE.encode())


def make_store(folder: Path, rows: Sequence[tuple[str, str, datetime, int, str]]) -> Path:
    """A store of these records (from, to, start, seconds, kind)."""
    lines = ["from,to,start,seconds,kind"]
    lines += [f"{a},{b},{start.isoformat()},{seconds},{kind}" for a, b, start, seconds, kind in rows]
    file = folder / "records.csv"
    file.write_text("\n".join(lines) + "\n")
    import_files(folder / "store", [(file, profile())], clock=system_clock)
    return folder / "store"


def public_store(folder: Path, file: Path, layout: str) -> Path:
    """A store of one public file, read with a built-in layout."""
    import_files(folder / "store", [(file, find_profile(layout, []).profile)], clock=system_clock)
    return folder / "store"


def write_papers(folder: Path, seeds: Sequence[str | Seed], **scope: Any) -> list[str | Path]:
    """A signed warrant and its policy on disk, as the options that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "warrant.json").write_bytes(issue(seeds, **scope)[0])
    key = f'id = "{JUDGE.public.id}"\npublic = "{JUDGE.public.text}"\n'
    (folder / "policy.toml").write_text(
        f'version = 1\nthreshold = 1\n\n[[keys]]\nname = "Judge"\nrole = "judge"\n{key}'
    )
    return ["--warrant", folder / "warrant.json", "--policy", folder / "policy.toml"]


def write_amendment(folder: Path, seeds: Sequence[str | Seed], **scope: Any) -> list[str | Path]:
    """The signed second stage of the warrant in that folder, as an option."""
    (folder / "stage-2.json").write_bytes(amend((folder / "warrant.json").read_bytes(), seeds, **scope))
    return ["--amendment", folder / "stage-2.json"]
