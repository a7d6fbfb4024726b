"""Profiles by name, and the layout of a file by its header: those that come with Clew, and those a person saved.

A layout that comes with Clew is recognised by its whole header and by cells that fit. A saved profile is recognised
too, but two operators may write one header and mean two time zones by it: so it is offered, and taken only when
somebody says its name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, final

from clew.errors import ClewError, InputError
from clew.records.patterns import matching
from clew.records.profile import Profile
from clew.records.profile_file import format_profile, parse_profile, read_profile
from clew.records.sample import Sample, split

__all__ = ["Layout", "built_in_layouts", "find_profile", "recognise", "save_profile", "saved_layouts"]

_CELL_LIMIT: Final = 64
_ENOUGH: Final = 0.98
"""A file with a few broken lines is still of its layout."""


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """A profile, and where it is from: ``clew`` or the file it was saved in."""

    profile: Profile
    source: str

    @property
    def built_in(self) -> bool:
        """Whether it comes with Clew."""
        return self.source == "clew"


@cache
def built_in_layouts() -> tuple[Layout, ...]:
    """The layouts that come with Clew, by name."""
    entries = files("clew.records").joinpath("layouts").iterdir()
    found = [Layout(parse_profile(entry.read_bytes(), entry.name), "clew") for entry in entries]
    return tuple(sorted(found, key=lambda layout: layout.profile.name))


def saved_layouts(folder: Path) -> tuple[tuple[Layout, ...], tuple[ClewError, ...]]:
    """The profiles saved in ``folder`` by name, and an error for each file of it that is no profile."""
    layouts: list[Layout] = []
    errors: list[ClewError] = []
    for path in _files(folder, errors):
        try:
            layouts.append(Layout(read_profile(path), str(path)))
        except ClewError as error:
            errors.append(error)
    return tuple(sorted(layouts, key=lambda layout: layout.profile.name)), tuple(errors)


def _files(folder: Path, errors: list[ClewError]) -> list[Path]:
    """The files of the folder that should be profiles, none if it is not there; what forbids to look is added."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        errors.append(
            InputError(
                "profile.unreadable",
                f"the folder of profiles cannot be read: {error.strerror}",
                where=str(folder),
                mend="Change its permissions, or set CLEW_HOME to another folder.",
            )
        )
        return []


def find_profile(text: str, folders: Iterable[Path], own: Iterable[Layout] | None = None) -> Layout:
    """The profile that ``text`` names: a file, the name of one of ``own``, or of one saved in ``folders``.

    ``own`` are the layouts that come with Clew, by default :func:`built_in_layouts`.
    """
    come_with = tuple(built_in_layouts() if own is None else own)
    path = Path(text)
    # Unlike pathlib's, this one says no to what is too long or may not be looked at.
    if path.suffix == ".toml" or os.path.isfile(path):
        return Layout(read_profile(path), str(path))
    saved = [layout for folder in folders for layout in saved_layouts(folder)[0]]
    named = [layout for layout in (*saved, *come_with) if layout.profile.name == text]
    if len({format_profile(layout.profile) for layout in named}) == 1:
        return named[0]
    if named:
        raise InputError(
            "profile.not-found",
            f"{len(named)} different profiles have this name",
            where=text,
            mend=f"Name the file: {', '.join(layout.source for layout in named)}.",
        )
    known = sorted({layout.profile.name for layout in (*saved, *come_with)})
    raise InputError(
        "profile.not-found",
        "there is no profile of this name",
        where=text,
        mend=f"Known: {', '.join(known)}. Or name a profile's file (.toml).",
    )


def recognise(sample: Sample, layouts: Iterable[Layout]) -> list[Layout]:
    """Those of ``layouts`` whose whole header the file has, and whose patterns its cells fit."""
    return [layout for layout in layouts if _fits(sample, layout.profile)]


def _fits(sample: Sample, profile: Profile) -> bool:
    rule = profile.recognise
    if rule is None or profile.header_lines < 1:
        return False
    try:
        units = split(sample, profile.encoding, profile.delimiter, profile.quote)
    except UnicodeError:
        return False
    if len(units) < profile.header_lines:
        return False
    header = tuple(cell.strip().removeprefix("\ufeff") for cell in units[profile.header_lines - 1][1])
    if header != rule.header:
        return False
    rows = [cells for raw, cells in units[profile.header_lines :] if raw.strip() and len(cells) == len(header)]
    if rule.fits and not rows:
        return False
    for column, pattern in rule.fits.items():
        place = header.index(column)
        if matching(pattern, [row[place].strip()[:_CELL_LIMIT] for row in rows]) < _ENOUGH * len(rows):
            return False
    return True


def save_profile(profile: Profile, path: Path, *, replace: bool = False) -> bool:
    """Write the profile to ``path``, mode 0600; False if exactly this stands there. Another one is not overwritten."""
    text = format_profile(profile)
    try:
        if path.exists() and not replace:
            if path.read_text("utf-8") == text:
                return False
            raise InputError(
                "profile.exists",
                "another profile is saved there",
                where=str(path),
                mend="Choose another name, or take that file away first.",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "profile.unwritable",
            f"the profile cannot be saved: {getattr(error, 'strerror', None) or 'another file is in its place'}",
            where=str(path),
            mend="Name another place.",
        ) from error
    return True
