"""The steps of ``clew import``: find out how each file is read, ask, import, print the account, keep the profile."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from clew.cli.accounts import accounts_document, accounts_text
from clew.cli.asking import ask_until_settled, draft_document, draft_text, questions_text
from clew.cli.output import Output, counted
from clew.cli.profiles import chosen_profile, known_layout, remember
from clew.cli.readable import readable
from clew.effects import system_clock
from clew.errors import InputError, UsageError
from clew.records.draft import Draft, Question, draft_of, refuse_damaged
from clew.records.folder import require_usable_name
from clew.records.importer import import_files
from clew.records.layouts import Layout, recognise, save_profile
from clew.records.profile import Profile
from clew.records.sample import Sample, read_sample
from clew.records.settings import check_settings, parse_settings
from clew.records.sniff import sniff
from clew.records.sniff_encoding import refuse_other_encoding

__all__ = ["run_import"]


@dataclass(frozen=True)
class Plan:
    """One file and how it will be read; ``how`` says why so; ``draft`` where the layout was found out."""

    path: Path
    profile: Profile | None
    how: str
    draft: Draft | None = None
    questions: tuple[Question, ...] = ()

    @property
    def new(self) -> bool:
        """Whether the profile was made in this call."""
        return self.draft is not None


def run_import(
    files: Sequence[Path],
    store: Path,
    profile: str | None,
    settings: Sequence[str],
    options: dict[str, Any],
    output: Output,
) -> int:
    """The exit code, after everything was done and printed."""
    require_usable_name(store)
    _refuse_standard_input(files)
    answers = _answers(settings, options)
    asking = sys.stdin.isatty() and not output.as_json and not options["no_input"]
    plans = _plan(files, profile, answers, output if asking else None)
    open_plans = [plan for plan in plans if plan.questions]
    if options["look"] or open_plans:
        error = _unsettled(open_plans) if open_plans else None
        _show(plans, output, error)
        if error is not None:
            output.note(_said_in_lines(open_plans, error))
            return error.exit_code
        return 0
    if asking and not options["yes"] and any(plan.new for plan in plans):
        _show([plan for plan in plans if plan.new], output, None)
        click.confirm("Import so?", abort=True, default=True)
    ready = [(plan.path, plan.profile) for plan in plans if plan.profile is not None]
    if options["save_profile"] is not None:
        _save(plans, options["save_profile"], output)
    progress = output.progress()
    try:
        report = import_files(store, ready, clock=system_clock, progress=progress)
    finally:
        progress.end()
    for left in report.removed:
        output.note(f"An import had been interrupted; what it left was removed: {left}")
    text = accounts_text(report.accounts)
    if not report.changed:
        text += "\n\nNothing was added: every file was imported before."
    store_said = {"path": str(store), "identity": report.identity, "generation": report.generation}
    document = {"store": store_said, "changed": report.changed, **accounts_document(report.accounts)}
    output.result(document | {"profiles": [plan.how for plan in plans]}, text)
    _keep(plans, output)
    if not asking:
        # Whoever was asked has seen them above the last question.
        for plan in plans:
            for note in plan.draft.notes if plan.draft is not None else ():
                output.note(f"{plan.path.name}: {readable(note)}")
    if report.spreadsheet_damage:
        output.note(
            f"clew: a spreadsheet destroyed {counted(report.spreadsheet_damage, 'number')} before the import, whose "
            "parties are unknown. Get the operator's original file and import it into a new store."
        )
    return 1 if report.rejected or report.spreadsheet_damage else 0


def _refuse_standard_input(files: Sequence[Path]) -> None:
    if Path("-") in files:
        raise InputError(
            "file.unreadable",
            "records are not read from standard input: the store names its source by a file that can be read again",
            where="-",
            mend="Write them into a file and name that; a file of this name is named by its whole path.",
        )


def _answers(settings: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    answers = parse_settings(settings)
    for option, key in (
        ("operator", "operator"),
        ("zone", "start.zone"),
        ("number_form", "form"),
        ("country", "country"),
        ("date_format", "start.format"),
    ):
        if options[option] is not None:
            answers |= parse_settings([f"{key}={options[option]}"])
    check_settings(answers)
    return answers


def _plan(files: Sequence[Path], profile: str | None, answers: dict[str, Any], asker: Output | None) -> list[Plan]:
    """How each file will be read; with ``asker`` a person is asked for what is open, else it stays open."""
    if profile is not None:
        if answers:
            raise UsageError(
                "import.profile-and-settings",
                "a profile says everything, and something else is said beside it",
                where=", ".join(answers),
                mend="Put it into the profile, or leave --profile out.",
            )
        layout = chosen_profile(profile)
        encoding = layout.profile.encoding
        samples = [read_sample(path, empty=True, encoding=encoding) for path in files]
        for sample in samples:
            refuse_other_encoding(sample, layout.profile)
            refuse_damaged(sample, layout.profile)
        return [Plan(sample.path, layout.profile, f"profile {layout.profile.name}") for sample in samples]
    plans: list[Plan] = []
    encoding = str(answers.get("file.encoding", ""))
    for sample in [read_sample(path, encoding=encoding) for path in files]:
        plans.append(_plan_one(sample, answers, asker, plans))
    return plans


def _plan_one(sample: Sample, answers: dict[str, Any], asker: Output | None, before: Sequence[Plan]) -> Plan:
    made = [Layout(plan.profile, str(plan.path)) for plan in before if plan.new and plan.profile is not None]
    if same := recognise(sample, made):
        return Plan(sample.path, same[0].profile, f"as {same[0].source}")
    if not answers:
        known, saved = known_layout(sample)
        if known is not None:
            return Plan(sample.path, known.profile, f"recognised as {known.profile.name}: {known.profile.description}")
        if saved:
            return _offer(sample, saved, asker) or _find_out(sample, answers, asker)
    return _find_out(sample, answers, asker)


def _offer(sample: Sample, saved: Sequence[Layout], asker: Output | None) -> Plan | None:
    """The saved profile that a person takes; None if none is taken."""
    counts = Counter(layout.profile.name for layout in saved)
    names = tuple(one.profile.name if counts[one.profile.name] == 1 else one.source for one in saved)
    if asker is None:
        question = Question(
            "profile",
            f"--profile {names[0]}" if len(names) == 1 else "--profile NAME",
            "The file has the header of a profile that was saved. Is it to be read so?",
            names,
        )
        return Plan(sample.path, None, "", None, (question,))
    for layout, name in zip(saved, names, strict=True):
        said = f"{sample.path.name} has the header of your profile {name} ({layout.profile.start.zone})."
        if click.confirm(f"{said} Read it so?", default=True):
            return Plan(sample.path, layout.profile, f"profile {layout.profile.name}")
    return None


def _find_out(sample: Sample, answers: dict[str, Any], asker: Output | None) -> Plan:
    draft = sniff(sample, answers, asking=asker is not None)
    if draft.questions and asker is not None:
        draft = ask_until_settled(sample, answers, asker)
    if draft.questions:
        return Plan(sample.path, None, "", draft, draft.questions)
    return Plan(sample.path, draft.profile(str(sample.path)), "found out", draft)


def _options(plans: Sequence[Plan]) -> tuple[str, ...]:
    """What is to be said on the command line, each once."""
    return tuple(dict.fromkeys(question.option for plan in plans for question in plan.questions))


def _said_in_lines(plans: Sequence[Plan], error: InputError) -> str:
    """The error for people: each option that is to be said on a line of its own."""
    return "\n".join(
        [f"clew: {error.place}: {error.what} [{error.code}] Say", *(f"  {one}" for one in _options(plans))]
    )


def _unsettled(plans: Sequence[Plan]) -> InputError:
    options = _options(plans)
    return InputError(
        "layout.questions",
        f"the file does not tell {len(options)} thing{'s' if len(options) > 1 else ''}",
        where=str(plans[0].path),
        mend=f"Say {', '.join(options)}.",
    )


def _show(plans: Sequence[Plan], output: Output, error: InputError | None) -> None:
    """The looked-at files: what was found, ten lines raw and canonical, what is open."""
    documents, texts = [], []
    for plan in plans:
        draft = plan.draft
        if draft is None and plan.profile is not None:
            draft = draft_of(plan.profile, read_sample(plan.path, empty=True, encoding="known"))
        if draft is None:
            questions = [question.as_json() for question in plan.questions]
            documents.append({"file": str(plan.path), "how": plan.how, "questions": questions})
            texts.append(f"{plan.path}\n{questions_text(plan.questions)}")
            continue
        documents.append({"file": str(plan.path), "how": plan.how, **draft_document(draft)})
        how = f": {plan.how}" if plan.how else ""
        texts.append(f"{plan.path}{how}\n{draft_text(draft)}")
    document: dict[str, Any] = {"files": documents}
    if error is not None:
        document = {"error": error.as_json(), **document}
    output.result(document, "\n\n".join(texts))


def _save(plans: Sequence[Plan], path: Path, output: Output) -> None:
    """Save the one profile of this import, for a colleague."""
    profiles = [plan.profile for plan in plans if plan.profile is not None]
    if any(profile != profiles[0] for profile in profiles):
        raise UsageError(
            "import.several-profiles",
            "the files are read with several profiles, which one file cannot hold",
            where=str(path),
            mend="Import them one after the other.",
        )
    if save_profile(profiles[0], path):
        output.note(f"Profile saved: {path}")


def _keep(plans: Sequence[Plan], output: Output) -> None:
    """Keep the profiles that were made, for the next file."""
    for plan in plans:
        if plan.new and plan.profile is not None:
            try:
                kept = remember(plan.profile)
            except InputError as error:
                # The records are in the store: that the next file will be asked about again is no failure of this.
                output.note(f"The profile was not kept, and the next file will be asked about again: {error}")
                continue
            if kept is not None:
                output.note(f"Profile kept as {kept.profile.name}: {kept.source}")
