"""Which number form a column of numbers has, by looking at its distinct texts; a country is never guessed.

``964-790-123-4567`` can be read as French and gives another, possible number: so a form is told only where no other
reading fits (RECORDS.md, "Numbers").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, final

import phonenumbers

from clew.errors import InputError
from clew.records.sniff_times import ascii_digits, formats_of

__all__ = [
    "FormSeen",
    "is_number_like",
    "look_at_numbers",
    "names_no_column",
    "refuse_damage",
    "refuse_record_as_header",
    "spreadsheet_damage",
]

_DISTINCT: Final = 200
_JUDGED: Final = 60
_NUMBER_DIGITS: Final = 7
_MOST: Final = 0.95
_SIGNS: Final = re.compile(r"[\s().\-/]")
_SPREADSHEET: Final = re.compile(r"=?['\"`](.*?)['\"`]?|=(\+.*)", re.DOTALL)
_PREFIXES: Final = re.compile(r"^(?:[#*]31#|\*67|\*82)")
_NUMBER: Final = re.compile(r"(?:\+|00)?[0-9]{6,15}", re.ASCII)
_DAMAGE: Final = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,3}[.,][0-9]+", re.ASCII)
_URI: Final = re.compile(r"(?:sips?|tel):.+", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[0-9a-fA-F]{16,64}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)


@final
@dataclass(frozen=True, slots=True)
class FormSeen:
    """What the texts of a column say. ``form`` is complete, or ends in ``:`` where a country or namespace is to be
    asked, or None; ``candidates`` are the forms that would fit; ``because`` says what was seen, without any number."""

    form: str | None
    candidates: tuple[str, ...]
    because: str


def _clean(text: str) -> str:
    """The text as the reader sees it: without what keeps a spreadsheet from reading a number, and without layout."""
    if wrapped := _SPREADSHEET.fullmatch(text.strip()):
        text = wrapped[1] if wrapped[1] is not None else wrapped[2]
    return _PREFIXES.sub("", _SIGNS.sub("", ascii_digits(text)))


def is_number_like(text: str) -> bool:
    """Whether a cell could be a telephone number or a number's address."""
    if _DECIMAL.fullmatch(text.strip()):
        return False  # a coordinate, an amount
    return _NUMBER.fullmatch(_clean(text)) is not None or _URI.fullmatch(text.strip()) is not None


def names_no_column(cell: str) -> bool:
    """Whether a cell holds a number or a moment, so that the line in which it stands is a record and no header."""
    digits = sum(sign.isdigit() for sign in cell)
    return digits >= _NUMBER_DIGITS or is_number_like(cell) or bool(formats_of(ascii_digits(cell).strip()))


def refuse_record_as_header(names: Collection[str], where: str) -> None:
    """Return if no name that was said to be a column's holds a number; else ``InputError``, which shows none."""
    if any(names_no_column(name) for name in names):
        raise InputError(
            "file.no-header",
            "the line that is said to name the columns looks like a record",
            where=where,
            mend="Say --set file.header_lines=0 if the file has no header line.",
        )


def spreadsheet_damage(texts: Collection[str]) -> int:
    """How many cells are numbers that a spreadsheet rounded, such as ``9.6E+12``."""
    return sum(_DAMAGE.fullmatch(text.strip()) is not None for text in texts)


def refuse_damage(texts: Collection[str], where: str) -> None:
    """Return if no cell is a number that a spreadsheet rounded; else ``InputError``: the digits cannot be had back."""
    damaged = spreadsheet_damage(texts)
    if damaged:
        raise InputError(
            "file.spreadsheet-damage",
            f"{damaged} numbers of this column were rounded by a spreadsheet (such as 9.6E+12) and are lost",
            where=where,
            mend="Get the operator's original file; do not open it in a spreadsheet first.",
        )


def look_at_numbers(texts: Collection[str]) -> FormSeen:
    """The number form that fits the distinct ``texts`` of a column, or the candidates."""
    distinct = list(dict.fromkeys(text.strip() for text in texts if text.strip()))[:_DISTINCT]
    if not distinct:
        return FormSeen(None, (), "the column is empty")
    share = 1 / len(distinct)
    if sum(_URI.fullmatch(text) is not None for text in distinct) * share > 0.5:
        return FormSeen("sip:", ("sip:",), "its cells are SIP or TEL addresses")
    if sum(_TOKEN.fullmatch(text) is not None and not text.isdigit() for text in distinct) * share > _MOST:
        return FormSeen("opaque:", ("opaque:",), "its cells are identifiers, not numbers")
    cleaned = [_clean(text) for text in distinct]
    # Short codes and senders' names stand among numbers in every form; they say nothing about it.
    numbers = [text for text in cleaned if _NUMBER.fullmatch(text)]
    if len(numbers) * share < 0.2:
        if all(len(text) <= 6 and text.isdigit() for text in cleaned):
            return FormSeen(None, ("opaque:",), "its cells are too short for telephone numbers")
        return FormSeen(None, ("opaque:", "e164"), "its cells do not look like telephone numbers")
    plus = [text for text in numbers if text.startswith("+")]
    if len(plus) == len(numbers):
        return FormSeen("e164", ("e164",), "every number begins with +")
    rest = [text for text in numbers if not text.startswith("+")]
    if all(text.startswith("00") for text in rest):
        return FormSeen("international", ("international",), "every number begins with + or 00")
    return _without_plus(rest, mixed=bool(plus) or any(text.startswith("00") for text in rest))


def _without_plus(numbers: list[str], *, mixed: bool) -> FormSeen:
    """Numbers without a plus: international, national of some country, or both."""
    if any(text.startswith("0") and not text.startswith("00") for text in numbers):
        # National columns hold foreign numbers with + or 00; mixed ones also foreign numbers with nothing before them.
        kind = "national:" if all(text.startswith("0") for text in numbers) else "mixed:"
        return FormSeen(kind, (kind,), "numbers begin with a single 0, as national numbers do")
    judged = numbers[:_JUDGED]
    abroad = _share_valid(judged, None) >= _MOST
    at_home = [code for code in sorted(phonenumbers.SUPPORTED_REGIONS) if _share_valid(judged, code) >= _MOST]
    if abroad and not at_home and not mixed:
        return FormSeen(
            "international", ("international",), "no country has such national numbers, and all are valid abroad"
        )
    kind = "mixed:" if mixed else "national:"
    if at_home and not abroad:
        return FormSeen(kind, (kind,), "its numbers are national ones, of a country that they do not tell")
    candidates = ("international", kind) if not mixed else (kind, "international")
    return FormSeen(None, candidates, "its numbers fit as international ones without + and as national ones")


def _share_valid(numbers: list[str], country: str | None) -> float:
    """The share of ``numbers`` that are valid with a plus put before, or as national ones of ``country``."""
    good = misses = 0
    for text in numbers:
        try:
            parsed = phonenumbers.parse("+" + text if country is None else text, country)
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed is not None and phonenumbers.is_valid_number(parsed) and _as_written(parsed, text, country):
            good += 1
        else:
            misses += 1
            if misses > len(numbers) * (1 - _MOST) + 1:
                return 0.0
    return good / max(1, len(numbers))


def _as_written(parsed: phonenumbers.PhoneNumber, text: str, country: str | None) -> bool:
    """Whether the library read all the digits as a national number, and did not take a country code off itself."""
    return country is None or len(str(parsed.national_number)) >= len(text) - 1
