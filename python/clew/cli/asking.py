"""What ``clew import`` shows of a file of unknown layout, and how it asks for what the file does not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from clew.cli.output import Output
from clew.cli.readable import readable
from clew.errors import ClewError
from clew.records.draft import Draft, Question
from clew.records.preview import PreviewLine, preview
from clew.records.sample import Sample
from clew.records.settings import check_settings, parse_settings
from clew.records.sniff import sniff

__all__ = ["ask_until_settled", "draft_document", "draft_text", "questions_text"]


def draft_document(draft: Draft) -> dict[str, Any]:
    """The draft as ``--json`` shows it: what was found, the profile so far, the preview, the open questions."""
    return {
        "found": [{"what": what, "how": how} for what, how in draft.found],
        "profile": draft.document,
        "preview": [{"raw": list(line.raw), "canonical": line.canonical} for line in preview(draft)],
        "notes": list(draft.notes),
        "questions": [question.as_json() for question in draft.questions],
    }


def draft_text(draft: Draft) -> str:
    """The same for people: ten lines of the file, each beside the record it becomes."""
    width = max((len(what) for what, _ in draft.found), default=0)
    found = [f"  {what:<{width}}  {readable(how)}" for what, how in draft.found]
    parts = ["\n".join(found), _preview_text(preview(draft)), *(f"  Note: {readable(note)}" for note in draft.notes)]
    if draft.questions:
        parts.append(questions_text(draft.questions))
    return "\n\n".join(part for part in parts if part)


def questions_text(questions: Sequence[Question]) -> str:
    """The open questions, each with the option that answers it."""
    if not questions:
        return ""
    lines = ["  The file does not tell:"]
    for question in questions:
        lines.append(f"  ? {readable(question.text)}")
        lines.append(f"      {question.option}")
        if question.choices:
            lines.append(f"      fits: {', '.join(readable(choice) for choice in question.choices)}")
    return "\n".join(lines)


def _preview_text(lines: Sequence[PreviewLine]) -> str:
    """Raw and canonical, one under the other: operators' lines are too long to stand side by side."""
    if not lines:
        return ""
    texts = ["  Ten lines of the file, and the records they become (••• is never kept):"]
    for number, line in enumerate(lines, start=1):
        texts.append(f"  {number:>3}  {' | '.join(readable(cell) for cell in line.raw)}")
        texts.append(f"       → {readable(line.canonical)}")
    return "\n".join(texts)


def ask_until_settled(sample: Sample, answers: dict[str, Any], output: Output) -> Draft:
    """The draft with everything answered by the person at the terminal; each answer is looked at at once."""
    said = dict(answers)
    draft = sniff(sample, said, asking=True)
    output.note(f"{sample.path}\n{draft_text(draft)}\n")
    while draft.questions:
        said, draft = _ask(draft.questions[0], sample, said)
    return draft


def _ask(question: Question, sample: Sample, said: Mapping[str, Any]) -> tuple[dict[str, Any], Draft]:
    """What is said with one more answer, asked for again until it can be used, and the draft that it makes."""
    choices = question.choices
    default = choices[0] if len(choices) == 1 and "NAMESPACE" not in choices[0] else None
    # Where a choice is itself a number, the choices are not counted: nobody could tell which of the two was meant.
    counted = len(choices) > 1 and not any(choice.isdecimal() for choice in choices)
    shown = [f"{number} {choice}" if counted else choice for number, choice in enumerate(choices, start=1)]
    hint = f"\n  fits: {', '.join(readable(choice) for choice in shown)}" if choices else ""
    while True:
        text: str = click.prompt(f"{readable(question.text)}{hint}\n ", default=default, prompt_suffix="> ", err=True)
        text = text.strip()
        if counted and text.isdecimal() and 0 < int(text) <= len(choices):
            text = choices[int(text) - 1]
        try:
            answer = parse_settings([f"{question.key}={text}"])
            check_settings(answer)
            answered = {**said, **answer}
            draft = sniff(sample, answered, asking=True)
        except ClewError as error:
            click.echo(f"  {readable(error.what)}. {readable(error.mend)}", err=True)
            continue
        if any(again.key == question.key for again in draft.questions):
            example = f" For example {readable(choices[0])}." if choices else ""
            click.echo(f"  This answers nothing here.{example}", err=True)
            continue
        return answered, draft
