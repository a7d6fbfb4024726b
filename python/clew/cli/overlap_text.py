"""What the steps of an overlap check say to people and to programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clew.cli.output import counted
from clew.cli.readable import readable
from clew.joint.overlap.standing import common_of, remarks_of, size_of, sizes_of
from clew.joint.overlap.states import (
    Agreed,
    Answered,
    Asked,
    Considering,
    Counted,
    Done,
    Ended,
    Learnt,
    Opened,
    State,
)

if TYPE_CHECKING:
    from clew.joint.overlap.standing import Step
    from clew.joint.overlap.states import Common

__all__ = ["question_text", "result_csv", "sizes_document", "sizes_text", "step_document", "step_text", "waits_for"]

_REMARKS: Final = {
    ("all-of-yours", True): "All of yours are in it: so you know which. A list as wide as a number plan would say the "
    "same.",
    ("all-of-theirs", True): "All of theirs are in yours: so they will know which, if they learn the size.",
    ("none-common", True): "None is common: that says it of every number of yours.",
    ("all-of-yours", False): "All of yours are in theirs, they say: so you know which. A list as wide as a number plan "
    "would say the same.",
    ("all-of-theirs", False): "All of theirs are in yours: so they know which already.",
    ("none-common", False): "None is common, they say: so there is nothing to learn.",
}
"""What a size says beyond itself, to the asker (true) and to the answerer."""


def step_document(step: Step, target: Path | None, *, shown: bool) -> dict[str, Any]:
    """A step for ``--json``; the common numbers are in it unless they went into a file."""
    common = common_of(step.state)
    document: dict[str, Any] = {
        "check": step.about.check,
        "partner": step.about.partner_name,
        "role": step.about.role,
        "state": type(step.state).__name__.lower(),
        "letter": str(target) if target is not None else None,
        **sizes_document(step.state),
    }
    if isinstance(step.state, Ended):
        document["why"] = step.state.why
    if common is not None and shown:
        document["numbers"] = [{"number": number, "payload": text} for number, text in _rows(common)]
    return document


def step_text(step: Step, target: Path | None, result: Path | None) -> str:
    """A step after a letter was read, as people read it."""
    name = readable(step.about.partner_name)
    head = f"Check {step.about.shown} with {name}: "
    match step.state:
        case Counted():
            return head + _counted_text(step.state)
        case Considering():
            return head + _considering_text(step.state, name)
        case Learnt():
            last = "brings their payloads and ends the check" if step.state.offered else "ends the check"
            waits = f"\nSend {target} to {name}: it tells them which. Their reply {last}."
            return f"{head}{_numbers_text(step.state, result)}{waits}"
        case Done():
            reply = f"\nSend {target} to {name}." if target is not None else ""
            return (
                f"{head}{_numbers_text(step.state, result)}{reply}\nThe check is done; its secrets are destroyed here."
            )
        case Ended(why):
            return f"{head}over ({why.replace('-', ' ')}). Nothing of it is kept."
        case _:
            return f"{head}{waits_for(step.state)}."


def _counted_text(state: Counted) -> str:
    if not len(state.matched):
        return f"no number is in both lists ({sizes_text(state)}).\n  clew overlap close"
    return "\n".join(
        [
            f"{_common_text(len(state.matched))} ({sizes_text(state)}).",
            *_remarks(state),
            "Which, nobody has been told. To learn it both must agree:",
            "  clew overlap agree      tells them the size, and that you agree",
            "  clew overlap decline    ends the check; they hear only that",
        ]
    )


def _considering_text(state: Considering, name: str) -> str:
    payloads = [f"{name} will hand over a payload for each."] if state.offered and state.common else []
    return "\n".join(
        [
            f"{_common_text(state.common)}, says {name}, who agrees to learning which ({sizes_text(state)}).",
            *_remarks(state),
            *payloads,
            "Do you? Then both learn it, and nothing about any other number.",
            "  clew overlap agree      or      clew overlap decline",
        ]
    )


def question_text(state: State) -> str:
    """What a person who decides is shown with the question: the size, both lists', and what they say."""
    shown = [f"{_common_text(size_of(state) or 0)} ({sizes_text(state)}).", *_remarks(state)]
    return "\n".join([*shown, "Shall both learn which?"])


def sizes_text(state: State) -> str:
    """Both lists' sizes, the own first: ``yours 30, theirs 38``."""
    asked, listed = sizes_of(state)
    assert asked is not None
    assert listed is not None
    yours, theirs = (asked, listed) if _asks(state) else (listed, asked)
    return f"yours {yours:,}, theirs {theirs:,}"


def sizes_document(state: State) -> dict[str, Any]:
    """The size and both lists' for ``--json``, null where it is not known or no longer kept; and the remarks' codes."""
    asked, listed = sizes_of(state)
    return {"asked": asked, "listed": listed, "common": size_of(state), "remarks": list(remarks_of(state))}


def _remarks(state: State) -> list[str]:
    return [_REMARKS[remark, _asks(state)] for remark in remarks_of(state)]


def _asks(state: State) -> bool:
    return isinstance(state, Asked | Counted | Agreed)


def _common_text(common: int) -> str:
    return f"{common:,} number{' is' if common == 1 else 's are'} in both lists"


def _numbers_text(state: State, result: Path | None) -> str:
    common = common_of(state)
    assert common is not None
    if result is not None:
        return f"{counted(len(common.numbers), 'common number')} written to {result}."
    lines = [f"  {number}  {readable(text)}".rstrip() for number, text in _rows(common)]
    return "\n".join([f"{_common_text(len(common.numbers))}:", *lines])


def _rows(common: Common) -> list[tuple[str, str]]:
    """Each common number and the partner's payload for it, in the order of the numbers."""
    texts = common.payloads or ("",) * len(common.numbers)
    return sorted(zip(common.numbers, texts, strict=True))


def result_csv(common: Common) -> bytes:
    """The common numbers and the partner's payloads, safe to open in a spreadsheet."""
    from clew.report.tables import safe_cell

    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(("number", "payload"))
    writer.writerows((safe_cell(number), safe_cell(payload)) for number, payload in _rows(common))
    return text.getvalue().encode("utf-8-sig")


def waits_for(state: State) -> str:
    """What a check waits for."""
    match state:
        case Asked():
            return "waits for the partner's answer"
        case Counted():
            return f"{_common_text(len(state.matched))} ({sizes_text(state)}); waits for your decision"
        case Agreed():
            return (
                f"{_common_text(size_of(state) or 0)} ({sizes_text(state)}); agreed; waits for the partner's decision"
            )
        case Learnt():
            return "you know which; waits for the partner's last letter"
        case Answered():
            return f"answered ({sizes_text(state)}); waits for the partner's decision"
        case Considering():
            return f"{_common_text(state.common)}, says the partner ({sizes_text(state)}); waits for your decision"
        case Opened():
            return f"{_common_text(state.common)}, says the partner; agreed; waits for the partner to say which"
        case Done():
            return "done; clew overlap close destroys what is left"
        case Ended(why):
            return f"over ({why.replace('-', ' ')})"
