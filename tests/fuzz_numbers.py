"""The target that ``tests/fuzz.py`` drives through the reader of numbers."""

from __future__ import annotations

from clew.records.numbering import read_numbers

__all__ = ["read_number"]


def read_number(data: bytes) -> None:
    """Nothing; reads arbitrary bytes in every number form, which must never raise."""
    text = data.decode("utf-8", "replace")
    for form in ("e164", "international", "national:IQ", "mixed:FR", "sip:US", "opaque:fuzz"):
        read_numbers([text], form, () if form.startswith("opaque") else ("88", "1"))
