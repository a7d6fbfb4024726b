"""Texts of numbers to parties, as the import reads them (``spec/records.md``, section 2).

The reading itself is in Rust (``crates/clew-records/src/numbers.rs``); here are its border and its tables.
``docs/reference/numbers.md`` is for those who write profiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

import phonenumbers
import pyarrow as pa

from clew import _core
from clew.errors import InputError
from clew.records.schema import NUMBERS

__all__ = ["EMERGENCY_EVERYWHERE", "READ_NUMBERS", "metadata_version", "read_numbers", "short_codes"]

READ_NUMBERS: Final = pa.schema([field for field in NUMBERS if field.name != "occurrences"])
"""The store's table of numbers without the count of occurrences: what :func:`read_numbers` returns."""


EMERGENCY_EVERYWHERE: Final = "112|911"
"""What every mobile network takes for an emergency call (3GPP TS 22.101, 10.1.1)."""


@cache
def short_codes(form: str) -> tuple[tuple[str, str], ...]:
    """The short codes of a number form's country: (country, regular expression), or nothing without a country.

    Source: the short-number metadata of ``phonenumbers``, after the national plans; the Rust metadata has none.
    """
    word, _, country = form.partition(":")
    if word == "opaque" or country not in phonenumbers.SUPPORTED_REGIONS:
        return ()
    metadata = phonenumbers.PhoneMetadata.short_metadata_for_region(country)
    pattern = metadata.short_code.national_number_pattern if metadata and metadata.short_code else None
    return ((country, f"{pattern}|{EMERGENCY_EVERYWHERE}" if pattern else EMERGENCY_EVERYWHERE),)


def metadata_version() -> str:
    """Which number plans the results come from; the account records it, because number plans change."""
    return f"{_core.NUMBER_METADATA}; short codes: phonenumbers {phonenumbers.__version__}"


def read_numbers(raws: Iterable[str], form: str, routing_prefixes: Sequence[str] = ()) -> pa.Table:
    """One row per text, in order, with the columns of ``READ_NUMBERS``.

    ``form`` is a number form (spec 2.4); ``routing_prefixes`` are taken off into a column of their own (spec 2.5).
    A form that is not one raises ``InputError``; a text never does: what cannot be read is unknown, with a reason.
    """
    texts = list(raws)
    try:
        columns = _core.read_numbers(texts, form, list(routing_prefixes), list(short_codes(form)))
    except ValueError as error:
        raise InputError(
            "number.form", f"the number form cannot be used: {error}", mend="See docs/reference/numbers.md."
        ) from None
    return pa.table({"raw": texts, "form": [form] * len(texts), **columns}, schema=READ_NUMBERS)
