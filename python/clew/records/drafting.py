"""A profile while a file is being looked at: what was found and said so far, and the questions that it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from clew.errors import InputError
from clew.numbers import may_hold_number
from clew.records.columns import Columns, look_at_columns
from clew.records.draft import Draft, Question, Unit
from clew.records.profile import Column
from clew.records.sample import Sample

__all__ = ["DROPPED", "LENGTH_SHOWN", "WORDS_ASKED", "Drafting", "counted", "is_plain"]

DROPPED: Final = ("content", "location", "traits")
WORDS_ASKED: Final = 12
LENGTH_SHOWN: Final = 40


@final
class Drafting:
    """The sample, the answers so far, and the draft that every step of :func:`clew.records.sniff.sniff` adds to."""

    def __init__(self, sample: Sample, answers: Mapping[str, Any], asking: bool) -> None:
        self.sample = sample
        self.answers = answers
        self.asking = asking
        self.columns: Columns = look_at_columns([])  # until the lines are cut
        self.document: dict[str, Any] = {"version": 1}
        self.questions: list[Question] = []
        self.notes: list[str] = []
        self.found: list[tuple[str, str]] = []
        self.shown: set[int] = set()

    @property
    def file(self) -> dict[str, Any]:
        """The table of the document that says how the file is written."""
        table: dict[str, Any] = self.document.setdefault("file", {})
        return table

    def say(self, what: str, how: str) -> None:
        """Note what was found, and how."""
        self.found.append((what, how))

    def note(self, text: str) -> None:
        """Say what is worth knowing, and needs no answer."""
        self.notes.append(text)

    def ask(self, key: str, option: str, text: str, choices: Sequence[str] = ()) -> None:
        """Ask what the file does not tell."""
        self.questions.append(Question(key, option, text, tuple(choices)))

    def column(self, key: str, found: int | None) -> int | None:
        """The position of a column: what was answered for ``key``, else what was found."""
        answer = self.answers.get(key)
        return found if answer is None else self.given(key, answer)

    def given(self, key: str, column: Column) -> int:
        """The position of a column that was answered for ``key``; ``InputError`` if the file has none such."""
        position = self.columns.position(column.strip() if isinstance(column, str) else column)
        if position is None:
            raise InputError(
                "profile.column-missing",
                "the file has no such column",
                where=f"{self.sample.path}: {key}",
                mend=f"Its columns are {', '.join(self.columns.label(at) for at in range(self.columns.width))}.",
            )
        return position

    def use(self, position: int) -> Column:
        """How the profile names the column, whose cells may be shown from now on."""
        self.shown.add(position)
        return self.columns.reference(position)

    def listed(self, key: str) -> list[str]:
        """The words that were answered for ``key``."""
        answer = self.answers.get(key, [])
        return [str(item) for item in answer] if isinstance(answer, list | tuple) else [str(answer)]

    def draft(self, units: Sequence[Unit]) -> Draft:
        """What all of it comes to, for the units of the sample."""
        return Draft(
            self.document,
            tuple(self.questions),
            tuple(self.notes),
            tuple(self.found),
            self.sample.head if units else b"",
            tuple(units),
            self.columns,
            str(self.sample.path),
            frozenset(self.shown),
        )


def counted(words: Counter[str]) -> str:
    """The words with how often each stands; of many, the most frequent. What is no plain word is not repeated."""
    named: Counter[str] = Counter()
    for word, count in words.items():
        named["(nothing)" if not word else repr(word) if is_plain(word) else "(other)"] += count
    shown = [f"{word} {count}" for word, count in named.most_common(WORDS_ASKED)]
    return ", ".join(shown) + (", …" if len(named) > WORDS_ASKED else "")


def is_plain(word: str) -> bool:
    """Whether a cell may be repeated in a question: it is a word or sign, and may be neither content nor a number."""
    return len(word) <= LENGTH_SHOWN and not may_hold_number(word)
