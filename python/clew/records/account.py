"""The account of an import: what became of every unit of a file, and that the sum agrees (spec 4)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, final

__all__ = ["ACCOUNT_VERSION", "Account", "AccountError", "Footer", "stored_name"]

ACCOUNT_VERSION: Final = 1


def stored_name(path: Path) -> str:
    r"""The file's name as accounts and the manifest hold it: its bytes that are no UTF-8 as ``\xNN``.

    Names in windows-1256 or another page come with old disks and archives, and JSON has no way to write them.
    """
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


class AccountError(Exception):
    """The sums of an account do not agree. A bug in Clew, never the data's fault; nothing is stored."""


@final
@dataclass(frozen=True, slots=True)
class Footer:
    """The number of records that a footer claims, the number of units that it could mean, and whether they agree."""

    claimed: int
    found: int
    agrees: bool


@final
@dataclass(frozen=True, slots=True)
class Account:
    """What became of every unit of one file.

    ``import_number`` is None for a file that was imported before: then every unit is a duplicate, and
    ``duplicate_of`` names the import. Counts by name leave out what does not occur.
    """

    import_number: int | None
    file: str
    sha256: str
    size: int
    profile: str
    operator: str
    imported_at: str  # ISO 8601, UTC
    number_plans: str
    units: int
    records: int
    merged_legs: int
    duplicate: int
    rejected: int
    header_and_footer: int
    out_of_scope: int
    duplicate_of: int | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)  # of the rejected
    header_footer_parts: Mapping[str, int] = field(default_factory=dict)  # header, footer, empty
    kinds: Mapping[str, int] = field(default_factory=dict)  # of the records
    parties: Mapping[str, int] = field(default_factory=dict)  # of the two ends of the records, by kind
    flags: Mapping[str, int] = field(default_factory=dict)  # of records and merged legs
    numbers: Mapping[str, int] = field(default_factory=dict)  # distinct texts: by kind, possible, valid
    dropped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # content, location, traits, unmapped
    unknown_words: Mapping[str, int] = field(default_factory=dict)
    unknown_parties: Mapping[str, int] = field(
        default_factory=dict
    )  # ends at which an unknown number stands, by reason
    unreadable: Mapping[str, int] = field(default_factory=dict)  # identifiers that were not kept, by name
    footers: tuple[Footer, ...] = ()
    continued_lines: int = 0  # inside quoted fields: the file has so many lines more than units
    last_unit_open: bool = False  # the file does not end with a line end; it may have been cut off
    first_start: str | None = None
    last_start: str | None = None
    version: int = ACCOUNT_VERSION

    @property
    def spreadsheet_damage(self) -> int:
        """At how many ends stands a number that a spreadsheet destroyed: it was there, and nothing brings it back."""
        return sum(self.unknown_parties.get(reason, 0) for reason in ("digits-lost", "spreadsheet-error"))

    def check(self, covered: int) -> None:
        """Raise :class:`AccountError` unless every unit, and every byte, is counted exactly once.

        ``covered`` is the sum of the lengths of all units.
        """
        parts = (
            self.records,
            self.merged_legs,
            self.duplicate,
            self.rejected,
            self.header_and_footer,
            self.out_of_scope,
        )
        agreements = {
            "units": (self.units, sum(parts)),
            "bytes": (self.size, covered),
            "reasons": (self.rejected, sum(self.reasons.values())),
            "kinds": (self.records, sum(self.kinds.values())),
            "parties": (2 * self.records, sum(self.parties.values())),
            "header and footer": (self.header_and_footer, sum(self.header_footer_parts.values())),
        }
        for name, (whole, total) in agreements.items():
            if whole != total:
                raise AccountError(f"the account does not agree: {name}: {whole} are not {total}")
        if self.continued_lines < 0:
            raise AccountError("the account does not agree: there are more units than lines")

    def as_json(self) -> dict[str, Any]:
        """The account as ``account.json`` and ``--json`` show it."""
        return asdict(self)

    def encode(self) -> bytes:
        """The bytes of ``account.json``."""
        return (json.dumps(self.as_json(), ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def decode(cls, data: bytes) -> Account:
        """The account in those bytes."""
        document = json.loads(data)
        document["footers"] = tuple(Footer(**footer) for footer in document["footers"])
        return cls(**document)
