"""How many mobile numbers there can be: the strings that the patterns of the world's numbering plans allow, counted.

The patterns are those of ``phonenumbers`` (libphonenumber's metadata). They say what a number may look like, not which
numbers are in use; where a plan allows several lengths, as in Austria, they allow far more than are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

DIGITS = "0123456789"

Sequence = tuple[Any, ...]
"""Items of a pattern, each matching its part one after the other: ("one of", digits), ("either", sequences) or
("again", least, most, sequence)."""


def possible_mobile_numbers() -> dict[int, int]:
    """How many mobile numbers each calling code's patterns allow; two regions with one code count once."""
    found = {}
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        metadata = [PhoneMetadata.metadata_for_region(region) for region in regions if region != "001"]
        described = {region.mobile.national_number_pattern for region in metadata if region and region.mobile}
        patterns = {pattern for pattern in described if pattern}
        if patterns:
            found[code] = _count(frozenset(_read(_parser.parse(pattern)) for pattern in patterns))
    return found


def matches(code: int) -> re.Pattern[str]:
    """What matches the mobile numbers of a calling code with one region, in canonical form."""
    (region,) = COUNTRY_CODE_TO_REGION_CODE[code]
    return re.compile(rf"\+{code}(?:{PhoneMetadata.metadata_for_region(region).mobile.national_number_pattern})")


def _read(parsed: Any) -> Sequence:
    items: list[Any] = []
    for operator, argument in parsed:
        match str(operator):
            case "LITERAL":
                items.append(("one of", frozenset({chr(argument)})))
            case "IN":
                items.append(("one of", frozenset(digit for part in argument for digit in _digits(*part))))
            case "SUBPATTERN":
                items.append(("either", (_read(argument[-1]),)))
            case "BRANCH":
                items.append(("either", tuple(_read(branch) for branch in argument[1])))
            case "MAX_REPEAT":
                items.append(("again", argument[0], argument[1], _read(argument[2])))
            case other:
                raise ValueError(f"a numbering pattern uses {other}, which is not counted")
    return tuple(items)


def _digits(operator: object, argument: Any) -> str:
    match str(operator):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return "".join(chr(code) for code in range(argument[0], argument[1] + 1))
        case "CATEGORY":
            return DIGITS
        case other:
            raise ValueError(f"a numbering pattern uses {other} in a set, which is not counted")


def _after(sequence: Sequence, digit: str) -> Iterator[Sequence]:
    """What may follow once ``digit`` is read (Antimirov's partial derivatives, 1996)."""
    if not sequence:
        return
    item, rest = sequence[0], sequence[1:]
    match item:
        case ("one of", digits):
            if digit in digits:
                yield rest
        case ("either", options):
            for option in options:
                yield from _after(option + rest, digit)
        case (_, least, most, body):
            if most:
                yield from _after((*body, ("again", max(least - 1, 0), most - 1, body), *rest), digit)
            if not least:
                yield from _after(rest, digit)


def _may_end(sequence: Sequence) -> bool:
    def empty(item: Any) -> bool:
        match item:
            case ("one of", _):
                return False
            case ("either", options):
                return any(map(_may_end, options))
            case (_, least, _, body):
                return least == 0 or _may_end(body)
        raise ValueError(item)

    return all(map(empty, sequence))


@cache
def _count(sequences: frozenset[Sequence]) -> int:
    """How many different strings match one of ``sequences`` or more."""
    total = int(any(map(_may_end, sequences)))
    for digit in DIGITS:
        following = frozenset(after for sequence in sequences for after in _after(sequence, digit))
        total += _count(following) if following else 0
    return total
