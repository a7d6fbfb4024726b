"""Where a person's own profiles are kept, and how one is chosen for a file."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from clew.errors import InputError
from clew.records.layouts import Layout, built_in_layouts, find_profile, recognise, save_profile, saved_layouts
from clew.records.profile import Profile, Recognise
from clew.records.profile_file import format_profile
from clew.records.sample import Sample

__all__ = ["chosen_profile", "known_layout", "own_layouts", "profile_folder", "remember"]

_BLANKS: Final = re.compile(r"\s+")
_MOST_OF_A_NAME: Final = 100
_NAME_LIMIT: Final = 80  # what a profile's name may have (records/profile_check.py)


def own_layouts() -> tuple[Layout, ...]:
    """The layouts that come with Clew, those of the synthetic scenario among them."""
    from clew.synth.layouts import FRENCH, IRAQI

    made = []
    for service in (FRENCH, IRAQI):
        profile = service.profile()
        header = tuple(service.header.split(profile.delimiter))
        made.append(Layout(replace(profile, recognise=Recognise(header)), "clew"))
    return tuple(sorted((*built_in_layouts(), *made), key=lambda layout: layout.profile.name))


def chosen_profile(text: str) -> Layout:
    """The profile that a person names: a file, a name of Clew's, or one of their own."""
    return find_profile(text, [profile_folder()], own_layouts())


def profile_folder() -> Path:
    """``$CLEW_HOME/profiles``, else ``$XDG_CONFIG_HOME/clew/profiles``, else ``~/.config/clew/profiles``."""
    home = os.environ.get("CLEW_HOME")
    if home:
        return Path(home) / "profiles"
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "clew" / "profiles"


def known_layout(sample: Sample) -> tuple[Layout | None, tuple[Layout, ...]]:
    """The layout of Clew's own that the file surely is, and the saved profiles that have its header."""
    certain = recognise(sample, own_layouts())
    saved = recognise(sample, saved_layouts(profile_folder())[0])
    return (certain[0] if len(certain) == 1 else None), tuple(saved)


def remember(profile: Profile) -> Layout | None:
    """The profile as it is kept among a person's own from now on; None if just this one was kept before.

    Where its name is taken by another, it is kept as ``NAME-2`` and so on, in a file of that name: whoever says
    ``--profile NAME-2`` then gets this one. ``InputError`` ``profile.unwritable`` if it cannot be kept.
    """
    folder = profile_folder()
    taken = {
        layout.profile.name: format_profile(layout.profile) for layout in (*saved_layouts(folder)[0], *own_layouts())
    }
    for number in range(1, _MOST_OF_A_NAME):
        end = "" if number == 1 else f"-{number}"
        kept = replace(profile, name=profile.name[: _NAME_LIMIT - len(end)].rstrip() + end)
        if taken.get(kept.name) not in (None, format_profile(kept)):
            continue
        path = folder / f"{_BLANKS.sub('-', kept.name)}.toml"
        try:
            return Layout(kept, str(path)) if save_profile(kept, path) else None
        except InputError as error:
            if error.code != "profile.exists":
                raise
    raise InputError(
        "profile.unwritable",
        f"{_MOST_OF_A_NAME - 1} profiles have this name already",
        where=str(folder),
        mend="Say another one with --set name=NAME.",
    )
