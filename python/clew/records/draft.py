"""A profile in the making: what a file told, what is still asked, and what may be shown of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from clew.errors import InputError
from clew.records.columns import Columns, look_at_columns, without_empty_end
from clew.records.profile import Profile
from clew.records.profile_check import mapped_columns
from clew.records.profile_file import format_profile, profile_from_document
from clew.records.sample import Sample, split
from clew.records.sniff_numbers import refuse_damage

__all__ = ["Draft", "Question", "Unit", "draft_of", "refuse_damaged"]

Unit = tuple[str, tuple[str, ...]]
"""A unit's raw text and its cells; no cells where they cannot be told apart."""


@final
@dataclass(frozen=True, slots=True)
class Question:
    """Something that the file does not tell. ``key`` is what is answered, ``option`` how the command line says it;
    ``choices`` are answers that would fit, empty where only the asker knows."""

    key: str
    option: str
    text: str
    choices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The question as ``--json`` shows it."""
        return {"key": self.key, "option": self.option, "question": self.text, "choices": list(self.choices)}


@final
@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A profile in the making: its TOML document, what is still asked, and what is worth knowing."""

    document: Mapping[str, Any]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    found: tuple[tuple[str, str], ...]  # what was found, and how
    head: bytes  # the beginning of the file
    units: tuple[Unit, ...]
    columns: Columns
    file: str  # its path, for errors
    shown: frozenset[int]  # columns whose raw cells may be looked at: the mapped ones, and those asked about

    def __repr__(self) -> str:
        return f"Draft({len(self.questions)} questions)"

    def profile(self, where: str = "answers") -> Profile:
        """The finished profile; ``InputError`` ``layout.questions`` as long as anything is open."""
        if self.questions:
            raise InputError(
                "layout.questions",
                f"the file does not tell {len(self.questions)} thing(s)",
                where=where,
                mend=" ".join(question.option for question in self.questions),
            )
        return profile_from_document(self.document, where)


def refuse_damaged(sample: Sample, profile: Profile) -> None:
    """Return if the numbers in the beginning of a file of known layout went through no spreadsheet."""
    draft = draft_of(profile, sample)
    for rule in (profile.a, profile.b):
        position = draft.columns.position(rule.column)
        if position is not None and not rule.form.startswith("opaque:"):
            refuse_damage(draft.columns.cells(position), f"{sample.path}: {draft.columns.label(position)}")


def draft_of(profile: Profile, sample: Sample) -> Draft:
    """A draft with nothing open, of a file whose profile is known."""
    units = without_empty_end(split(sample, profile.encoding, profile.delimiter, profile.quote))
    columns = look_at_columns(units, profile.header_lines, roles_known=True)
    kept = (columns.position(column) for key, column in mapped_columns(profile) if not key.startswith("drop."))
    document = tomllib.loads(format_profile(profile))
    shown = frozenset(position for position in kept if position is not None)
    return Draft(
        document, (), (), (("profile", profile.name),), sample.head, tuple(units), columns, str(sample.path), shown
    )
