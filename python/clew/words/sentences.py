"""Every sentence that findings and reports show, as English texts with ``{name}`` places (``spec/findings.md``, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

__all__ = ["CELLS", "Sentence"]


@final
@dataclass(frozen=True, slots=True)
class Sentence:
    """A text to translate; ``one`` is its msgid. With ``many``, the value named ``count`` chooses the form."""

    one: str
    many: str = ""
    count: str = ""


# Section: cells. Reasons, benign explanations, limits and notes of step 5.

CONTACT_WITH_SEEDS = Sentence(
    "In contact with {k} of the {total} seeds: {seeds}.",
    "In contact with {k} of the {total} seeds: {seeds}.",
    "k",
)
CONTACT_WITH_THE_SEED = Sentence(
    "In contact with the seed: {contacts} contact.", "In contact with the seed: {contacts} contacts.", "contacts"
)
SHARED_WITH_SEEDS = Sentence(
    "Shares {k} contact with the seeds that few others have: {numbers}.",
    "Shares {k} contacts with the seeds that few others have: {numbers}.",
    "k",
)
SHARED_COMMON = Sentence(
    "Shares {k} contact with the seeds, one that many others have as well: {numbers}.",
    "Shares {k} contacts with the seeds, which many others have as well: {numbers}.",
    "k",
)
THROUGH_LEADS = Sentence(
    "In contact with {k} number listed here with it: {numbers}.",
    "In contact with {k} numbers listed here with it: {numbers}.",
    "k",
)
HALF_HOUR = Sentence(
    "Within half an hour of its contacts with {numbers}, these made {observed} contact with others; "
    "their own rhythm would bring about {expected}.",
    "Within half an hour of its contacts with {numbers}, these made {observed} contacts with others; "
    "their own rhythm would bring about {expected}.",
    "observed",
)
HALF_HOUR_OWN = Sentence(
    "Within half an hour of its contacts with {numbers} it made {observed} contact with others; "
    "its own rhythm would bring about {expected}.",
    "Within half an hour of its contacts with {numbers} it made {observed} contacts with others; "
    "its own rhythm would bring about {expected}.",
    "observed",
)
ONLY_A_PATH = Sentence("Is reached over {numbers} only; nothing else ties it to the seeds.")

BENIGN_FEW = Sentence(
    "Only {contacts} contact was seen: little can be said either way.",
    "Only {contacts} contacts were seen: little can be said either way.",
    "contacts",
)
BENIGN_SERVICE = Sentence(
    "{numbers} numbers were in contact with it, most of them once or twice: "
    "a shared service such as a courier, a taxi or a shop fits as well."
)
BENIGN_ONE_TIE = Sentence(
    "{share} of its contacts are with {number}: a relative, partner or friend of that number fits as well."
)
BENIGN_NIGHT = Sentence(
    "It and {k} of its contacts all call one another, {share} of the time at night: a night shift does the same."
)
BENIGN_WORK = Sentence(
    "It and {k} of its contacts all call one another, {share} of the time in office hours: colleagues do the same."
)
BENIGN_CREW = Sentence("It and {k} of its contacts all call one another: a family, a crew or a club does the same.")
BENIGN_ACQUAINTANCE = Sentence("Nothing here is more than the acquaintance of one or two of these numbers would show.")
