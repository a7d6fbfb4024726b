"""Every error that Clew raises on purpose, with its code, whose fault it is, and its exit code.

Codes are stable and listed in ``spec/errors.md``; ``tests/docs/test_errors_page.py`` compares the two. An error
that is not one of these is a bug: it is not caught, and the command line ends with 70. No phone number ever stands
in the text of an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

__all__ = ["ClewError", "InputError", "PeerError", "Refused", "StorageError", "UsageError"]


_LONG_DIGITS: Final = re.compile(r"\d{7,}")


class ClewError(Exception):
    """What went wrong, where, and how to mend it; the base of the five below.

    ``code`` is a stable word such as ``profile.column-missing``. ``where`` names a file, line or field. ``mend``
    is one sentence that tells the reader what to do. Seven or more digits in ``where`` are shown as "…": operators
    name files after the number that they asked about. ``counts`` are the figures that ``what`` speaks of, by name,
    for programs: how many there were, how many are allowed.
    """

    exit_code: ClassVar[int] = 70
    fault: ClassVar[str] = "Clew's"

    def __init__(
        self, code: str, what: str, *, where: str = "", mend: str = "", counts: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.mend = mend
        self.counts = dict(counts or {})

    def __str__(self) -> str:
        place = f"{self._place()}: " if self.where else ""
        mend = f" {self.mend}" if self.mend else ""
        return f"{place}{self.what} [{self.code}]{mend}"

    def as_json(self) -> dict[str, Any]:
        """The error as the command line's ``--json`` shows it; ``counts`` only where there are any."""
        shown = {"code": self.code, "what": self.what, "where": self._place(), "mend": self.mend}
        return shown | ({"counts": self.counts} if self.counts else {})

    def _place(self) -> str:
        return _LONG_DIGITS.sub("…", self.where)


class UsageError(ClewError):
    """The command or call was used wrongly; exit 2."""

    exit_code = 2
    fault = "the caller's"


class InputError(ClewError):
    """The user's data is not what it should be; exit 3."""

    exit_code = 3
    fault = "the input's"


class Refused(ClewError):  # noqa: N818 - the word that the warrant and the protocol use
    """A warrant, a policy or a budget says no; exit 4. ``logged`` once it stands in a log."""

    exit_code = 4
    fault = "nobody's: the warrant or the policy says no"
    logged = False


class PeerError(ClewError):
    """The partner broke the protocol; exit 5."""

    exit_code = 5
    fault = "the partner's"


class StorageError(ClewError):
    """The disk, the store or the case folder failed, or somebody else holds it; exit 6."""

    exit_code = 6
    fault = "the storage's"
