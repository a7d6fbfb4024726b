"""Every sentence that findings and reports show, as English texts with ``{name}`` places (``spec/findings.md``, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

__all__ = ["Sentence"]


@final
@dataclass(frozen=True, slots=True)
class Sentence:
    """A text to translate; ``one`` is its msgid. With ``many``, the value named ``count`` chooses the form."""

    one: str
    many: str = ""
    count: str = ""


# Section: cells. Reasons, benign explanations, limits and notes of step 5.

CONTACT_WITH_SEEDS = Sentence(
    "In contact with {k} of the {total} seeds ({seeds}): {contacts} contact.",
    "In contact with {k} of the {total} seeds ({seeds}): {contacts} contacts.",
    "contacts",
)
CONTACT_WITH_THE_SEED = Sentence(
    "In contact with the seed: {contacts} contact.", "In contact with the seed: {contacts} contacts.", "contacts"
)
CONTACT_WITH_LEADS = Sentence(
    "In contact with {k} number listed here ({numbers}).",
    "In contact with {k} numbers listed here ({numbers}).",
    "k",
)
SHARED_RARE = Sentence(
    "Shares {k} contact with the seeds that few others have ({numbers}).",
    "Shares {k} contacts with the seeds that few others have ({numbers}).",
    "k",
)
SHARED_COMMON = Sentence(
    "Shares {k} contact with the seeds, but many others have it too ({numbers}).",
    "Shares {k} contacts with the seeds, but many others have them too ({numbers}).",
    "k",
)
STAND_TOGETHER = Sentence(
    "Of its {total} contact with {numbers}, {observed} stand within half an hour of other contacts of these numbers; "
    "their own rhythm would bring about {expected}.",
    "Of its {total} contacts with {numbers}, {observed} stand within half an hour of other contacts of these numbers; "
    "their own rhythm would bring about {expected}.",
    "total",
)
STAND_TOGETHER_OWN = Sentence(
    "Of its {total} contact with {numbers}, {observed} stand within half an hour of its contacts with others; "
    "its own rhythm would bring about {expected}.",
    "Of its {total} contacts with {numbers}, {observed} stand within half an hour of its contacts with others; "
    "its own rhythm would bring about {expected}.",
    "total",
)
ONLY_A_PATH = Sentence("Is tied to the seeds only through others ({numbers}).")

BENIGN_FEW = Sentence(
    "Only {contacts} contact was seen: little can be said either way.",
    "Only {contacts} contacts were seen: little can be said either way.",
    "contacts",
)
BENIGN_SERVICE = Sentence(
    "{k} number was in contact with it, {share} of them once or twice: "
    "a shared service such as a courier, a taxi or a shop fits as well.",
    "{k} numbers were in contact with it, {share} of them once or twice: "
    "a shared service such as a courier, a taxi or a shop fits as well.",
    "k",
)
BENIGN_ONE_TIE = Sentence(
    "{share} of its contacts are with {number}: a relative, partner or friend of that number fits as well."
)
BENIGN_NIGHT = Sentence(
    "It belongs to a circle of {k} number in contact with one another, {share} of the time at night: "
    "a night shift looks the same.",
    "It belongs to a circle of {k} numbers in contact with one another, {share} of the time at night: "
    "a night shift looks the same.",
    "k",
)
BENIGN_WORK = Sentence(
    "It belongs to a circle of {k} number in contact with one another, {share} of the time in office hours: "
    "colleagues look the same.",
    "It belongs to a circle of {k} numbers in contact with one another, {share} of the time in office hours: "
    "colleagues look the same.",
    "k",
)
BENIGN_CREW = Sentence(
    "It belongs to a circle of {k} number in contact with one another: a family, a crew or a club looks the same.",
    "It belongs to a circle of {k} numbers in contact with one another: a family, a crew or a club looks the same.",
    "k",
)
BENIGN_ACQUAINTANCE = Sentence("An acquaintance of one or two of these numbers, and no more, fits as well.")
BENIGN_COMMON_ACQUAINTANCE = Sentence(
    "{k} number of the seeds and the leads is in contact with it: an acquaintance, a neighbour or a tradesman of that "
    "number fits as well.",
    "{k} numbers of the seeds and the leads are in contact with it: an acquaintance, a neighbour or a tradesman whom "
    "they have in common fits as well.",
    "k",
)

HUB_SENTENCE = Sentence(
    "Has {contacts} contact, more than the limit of {limit}: a service or a busy number. Not followed, not ranked.",
    "Has {contacts} contacts, more than the limit of {limit}: a service or a busy number. Not followed, not ranked.",
    "contacts",
)
HUB_OF_THE_PARTNER = Sentence(
    "The partner's records show more contacts than the limit of {limit}, and do not say how many: a service or a busy "
    "number. Not followed, not ranked."
)

SUCCESSION_KEPT = Sentence(
    "{k} contact of before is a contact of after ({numbers}); the profiles overlap by {share}.",
    "{k} contacts of before are contacts of after ({numbers}); the profiles overlap by {share}.",
    "k",
)
SUCCESSION_MOVED = Sentence(
    "{k} contact changed its number as well and is counted as its successor ({numbers}).",
    "{k} contacts changed their numbers as well and are counted as their successors ({numbers}).",
    "k",
)
SUCCESSION_GAP = Sentence("The old one's regular contacts end at {last}, the new one's begin at {first}.")
SUCCESSION_OVERLAPPING = Sentence(
    "For a time both were in use: the new one's regular contacts begin at {first}, the old one's end at {last}."
)
SUCCESSION_RIVALS = Sentence(
    "{k} other pair with one of these numbers was weighed against it.",
    "{k} other pairs with one of these numbers were weighed against it.",
    "k",
)
SUCCESSION_ALIKE = Sentence(
    "These {k} became those {k}; their contacts are alike, so which became which cannot be told.",
)
BENIGN_COLLEAGUE = Sentence(
    "A successor in the same job, or a relative who took over the same contacts, would look the same."
)
BENIGN_FEW_KEPT = Sentence(
    "Only {k} contact is common to both: another acquaintance of the same people would look the same.",
    "Only {k} contacts are common to both: another acquaintance of the same people would look the same.",
    "k",
)

SUMMARY_RANKED = Sentence(
    "{ranked} number inside the bound was ranked.", "{ranked} numbers inside the bound were ranked.", "ranked"
)
SUMMARY_LISTED = Sentence(
    "{listed} of them has a probability of {at} or more.",
    "{listed} of them have a probability of {at} or more.",
    "listed",
)
SUMMARY_CHANCE = Sentence(
    "Of the {numbers} numbers inside the bound, about {chance} are listed by chance, if this case is like those "
    "that were simulated."
)
SUMMARY_EMPTY = Sentence("No number can be ranked: none of the seeds has a contact that the warrant lets be followed.")

LIMIT_COARSE = Sentence(
    "The graph holds no single calls: contacts that stand together in time could not be used, "
    "and no record identifiers can be given."
)
LIMIT_ABSENT_SEEDS = Sentence(
    "{k} seed occurs in no record of the window and gives no evidence.",
    "{k} seeds occur in no record of the window and give no evidence.",
    "k",
)
LIMIT_HUB_SEEDS = Sentence(
    "{k} seed is a hub and was not followed; it gives no evidence.",
    "{k} seeds are hubs and were not followed; they give no evidence.",
    "k",
)
LIMIT_ONE_SEED = Sentence(
    "There is one seed only: nobody can be told apart from its family or its colleagues by a second one."
)
LIMIT_HOPS = Sentence("Contacts of the {k} numbers at the last hop with one another are outside the bound and unknown.")
LIMIT_PSEUDONYMS = Sentence(
    "{k} number here is known by a pseudonym only (p:…): it stands in a partner's records.",
    "{k} numbers here are known by pseudonyms only (p:…): they stand in a partner's records.",
    "k",
)
LIMIT_PARTNER = Sentence("Records of a partner have no identifier here; they are counted only.")

NOTE_LEADS = Sentence(
    "These are leads, not verdicts: a place in this list says only that a number may belong to the same closed "
    "calling group as the seeds. Call records cannot tell a covert group from a shift, a family or a club."
)
NOTE_FIRST_VERSION = Sentence(
    "The probabilities are of a first version: fitted on a simulation, not yet calibrated on real cases."
)
NOTE_RATIO = Sentence(
    "The strength of a succession is a first-version likelihood ratio, fitted on a simulation and never above {limit}."
)
