"""How many lines a file has, counted while it is read and by nothing but its line ends."""

from __future__ import annotations

from typing import Final, final

import numpy as np

from clew import _core

__all__ = ["LineCount"]

_UTF_16: Final = {"utf-16-le": "<u2", "utf-16-be": ">u2"}


@final
class LineCount:
    """The lines of a file whose bytes are taken one block after another.

    ``open`` says whether the last line has no end. The units of a file (spec records, 5.1) are cut elsewhere: where
    there are fewer of them than lines, the rest stand inside quoted fields.
    """

    def __init__(self, charset: _core.Charset) -> None:
        self._form = _UTF_16.get(charset) if isinstance(charset, str) else None
        self._ends = 0
        self._rest = b""
        self.open = False

    @property
    def lines(self) -> int:
        """How many there are, an open one included."""
        return self._ends + self.open

    def take(self, data: bytes) -> None:
        """Count the next bytes of the file; any number of them, in UTF-16 also half a character."""
        if not data:
            return
        if self._form is None:
            self._ends += data.count(b"\n")
            self.open = not data.endswith(b"\n")
            return
        data = self._rest + data
        whole = len(data) // 2 * 2
        ends = np.frombuffer(data[:whole], self._form) == ord("\n")
        self._ends += int(np.count_nonzero(ends))
        self._rest = data[whole:]
        self.open = bool(self._rest) or not ends[-1]
