"""The beginning of a file of records, looked at before anything is imported: encoding, delimiter, lines, cells.

What the bytes do not tell is left open, as an :class:`Encoding` or delimiter with several candidates; nothing is
guessed. A file that is no text at all is named for what it is.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, final

from clew import _core
from clew.errors import InputError
from clew.records.words import column_role

__all__ = ["HEAD", "Encoding", "Sample", "decide_delimiter", "decide_encoding", "read_sample", "refuse_binary", "split"]

_HTML: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|table|meta|style)\b", re.IGNORECASE)

HEAD: Final = 512 * 1024
"""Bytes of the beginning that are looked at."""

_TAIL: Final = 8 * 1024
_BLOCK: Final = 1 << 20
_ROWS: Final = 5_000
_DELIMITERS: Final = (",", ";", "\t", "|")

_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive, as spreadsheets (.xlsx, .ods) are", "Save the sheet as CSV and import that."),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document (.xls)", "Save the sheet as CSV and import that."),
    (b"\x1f\x8b", "a gzip file", "Unpack it first: the account speaks of the operator's own bytes."),
    (b"BZh", "a bzip2 file", "Unpack it first: the account speaks of the operator's own bytes."),
    (b"\xfd7zXZ\x00", "an xz file", "Unpack it first: the account speaks of the operator's own bytes."),
    (b"\x28\xb5\x2f\xfd", "a zstd file", "Unpack it first: the account speaks of the operator's own bytes."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first: the account speaks of the operator's own bytes."),
    (b"Rar!", "a RAR archive", "Unpack it first: the account speaks of the operator's own bytes."),
    (b"%PDF", "a PDF", "Ask the operator for the records themselves, as CSV."),
    (b"PAR1", "a Parquet file", "Clew imports CSV and TSV."),
    (b"SQLite format 3", "a SQLite database", "Export the table of records as CSV."),
    (b"\x89PNG", "a picture", "Ask the operator for the records themselves, as CSV."),
    (b"\xff\xd8\xff", "a picture", "Ask the operator for the records themselves, as CSV."),
    (b"<?xml", "an XML file", "Clew imports CSV and TSV."),
    (b"{\\rtf", "a text document (RTF)", "Save the records as CSV."),
)


@final
@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file. ``name`` is None where the bytes do not tell which of ``candidates`` it is."""

    name: str | None
    candidates: tuple[str, ...]
    because: str


@final
@dataclass(frozen=True, slots=True, repr=False)
class Sample:
    """The first bytes and the last of a file. Its ``repr`` holds none of them."""

    path: Path
    size: int
    head: bytes
    tail: bytes  # the end, where ``head`` is not the whole file; else empty
    letters: bytes = b""  # where ``head`` is plain ASCII: the first part of the file that is not

    @property
    def whole(self) -> bool:
        """Whether ``head`` is the whole file."""
        return len(self.head) == self.size

    def __repr__(self) -> str:
        return f"Sample({str(self.path)!r}, {self.size} bytes)"


def read_sample(path: Path, *, empty: bool = False, encoding: str = "") -> Sample:
    """The beginning and the end of the file; ``InputError`` if it is missing, unreadable or no text.

    An empty file is refused as well, unless ``empty`` says that somebody knows what it would hold. ``encoding`` is
    what somebody has said it is.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _cannot_open(path, error) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise _not_regular(path, folder=stat.S_ISDIR(status.st_mode))
    with os.fdopen(descriptor, "rb") as file:
        try:
            head = file.read(HEAD)
            tail = letters = b""
            if len(head) < status.st_size:
                # An even place, so that UTF-16 is not read half a letter off.
                file.seek(max(len(head), status.st_size - _TAIL) & ~1)
                tail = file.read(_TAIL + 1)
                letters = _first_letters(file, len(head)) if not encoding and head.isascii() else b""
        except OSError as error:
            raise _cannot_open(path, error) from error
    size = len(head) if not tail else status.st_size
    if not head and not empty:
        raise InputError(
            "file.empty",
            "the file is empty",
            where=str(path),
            mend="Ask whoever sent it: an empty file is not an answer of no records.",
        )
    refuse_binary(head, path, wide=encoding.startswith("utf-16"))
    return Sample(path, size, head, tail, letters)


def _first_letters(file: BinaryIO, begin: int) -> bytes:
    """What stands from the first byte on that is not ASCII, to tell the encoding by; empty if there is none."""
    file.seek(begin)
    while block := file.read(_BLOCK):
        if not block.isascii():
            place = next(at for at, value in enumerate(block) if value > 127)
            return block[max(0, place - _TAIL) :][:HEAD]
    return b""


def _not_regular(path: Path, *, folder: bool) -> InputError:
    if folder:
        return InputError(
            "file.folder", "this is a folder", where=str(path), mend="Name the files in it, for example with *.csv."
        )
    return InputError(
        "file.not-regular",
        "this is a pipe or a device",
        where=str(path),
        mend="Save the records to a file first: every record points back into its file.",
    )


def _cannot_open(path: Path, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError("file.missing", "there is no such file", where=str(path), mend="Check the name.")
    if isinstance(error, PermissionError):
        return InputError(
            "file.permission",
            "you are not allowed to read this file",
            where=str(path),
            mend="Ask its owner, or change its permissions.",
        )
    return InputError("file.unreadable", f"the file cannot be read: {error.strerror}", where=str(path))


def refuse_binary(head: bytes, path: Path, *, wide: bool = False) -> None:
    """Return if ``head`` may be text; else ``InputError`` that says what it is."""
    for magic, name, mend in _MAGIC:
        if head.startswith(magic):
            raise InputError("file.not-text", f"this is {name}, not CSV or TSV", where=str(path), mend=mend)
    if _HTML.match(head):
        raise InputError(
            "file.not-text",
            "this is a web page, as some portals name .xls, not CSV or TSV",
            where=str(path),
            mend="Ask the operator for CSV. A spreadsheet that opens it may round the numbers.",
        )
    if head[:1] in b"{[" and re.match(rb'[\[{]\s*(["{\[]|$)', head):
        raise InputError(
            "file.not-text", "this is JSON, not CSV or TSV", where=str(path), mend="Clew imports CSV and TSV."
        )
    if b"\0" in head and not wide and not _mostly_text(head) and _utf16(head) is None:
        raise InputError(
            "file.not-text",
            "this is a binary file, not CSV or TSV",
            where=str(path),
            mend="Ask the operator for the records as text.",
        )
    if b"\r" in head and b"\n" not in head:
        raise InputError(
            "file.line-ends",
            "its lines end with a carriage return alone, so that the whole file would be one line",
            where=str(path),
            mend="Ask for it with ordinary line ends, or import a copy: tr '\\r' '\\n' < FILE > COPY",
        )


def _mostly_text(head: bytes) -> bool:
    """Whether a few NULs stand in what is text otherwise: broken lines, which the account will count."""
    controls = sum(head.count(value) for value in (*range(9), *range(14, 32)))
    return controls < 0.01 * len(head)


def decide_encoding(sample: Sample) -> Encoding:
    """The encoding that the bytes prove, or the candidates that they leave."""
    head = sample.head
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return Encoding(name, (name,), "a byte order mark")
    if wide := _utf16(head):
        return Encoding(wide, (wide,), "every other byte of its letters is zero")
    seen = b"\n".join((head, sample.letters, sample.tail))
    if seen.isascii():
        return Encoding("utf-8", ("utf-8",), "plain ASCII")
    counts = [_utf8_counts(head), *(_utf8_counts(_from_a_letter(part)) for part in (sample.letters, sample.tail))]
    good, bad = sum(count[0] for count in counts), sum(count[1] for count in counts)
    if bad == 0 or good >= 10 * bad:
        return Encoding("utf-8", ("utf-8",), "its letters are valid UTF-8")
    return _one_byte(seen)


def _utf16(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    first = head[:4096]
    pairs = max(1, len(first) // 2)
    even, odd = first[0::2], first[1::2]
    for low, high, name in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        # The high bytes of Latin and Arabic letters, of digits and of typographic signs.
        pages = sum(high.count(page) for page in (0x00, 0x06, 0x20))
        if pages > 0.95 * pairs and high.count(0) > 0.1 * pairs and low.count(0) < 0.05 * pairs:
            return name
    return None


def _from_a_letter(part: bytes) -> bytes:
    """``part`` without the end of a UTF-8 letter that was cut off before it."""
    cut = next((at for at, value in enumerate(part[:4]) if not 0x80 <= value < 0xC0), 0)
    return part[cut:] if cut < 4 else part


def _utf8_counts(data: bytes) -> tuple[int, int]:
    """How many non-ASCII characters are valid UTF-8, and how many bytes are not; a cut last character is neither."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data, final=False)
    bad = text.count("\ufffd")
    good = sum(not sign.isascii() for sign in text) - bad
    return good, bad


_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
_HIGH: Final = re.compile(rb"[\x80-\xff]+")


def _one_byte(head: bytes) -> Encoding:
    """Windows-1256 or ISO-8859-6 (Arabic), or Windows-1252 (French), by how their letters stand together.

    French letters with accents stand between plain ones; Arabic words hold no plain letters, and the article, which
    begins a third of them, is C7 E1 in the one page and C7 E4 in the other.
    """
    words = _WORD.findall(head)
    whole = [word for word in words if len(word) >= 3 and _HIGH.fullmatch(word)]
    mixed = [word for word in words if _HIGH.search(word) and not _HIGH.fullmatch(word)]
    article, other_article = (sum(word.startswith(begin) for word in whole) for begin in (b"\xc7\xe1", b"\xc7\xe4"))
    candidates = ("windows-1256", "windows-1252", "iso-8859-6")
    if len(whole) >= 3 and len(whole) > 10 * len(mixed) and max(article, other_article) >= 2:
        if article > 4 * other_article:
            return Encoding("windows-1256", candidates, "whole words in the place of Arabic letters")
        if other_article > 4 * article:
            return Encoding("iso-8859-6", candidates, "whole words in the place of Arabic letters")
    if len(mixed) >= 3 and len(mixed) > 10 * len(whole):
        return Encoding("windows-1252", candidates, "single accented letters inside Latin words")
    return Encoding(None, candidates, "its letters fit several one-byte pages")


def decode(sample: Sample, encoding: str) -> str:
    """The beginning as text; what does not fit the encoding shows as U+FFFD."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    return codecs.getincrementaldecoder(name)("replace").decode(sample.head, final=sample.whole)


def split(
    sample: Sample, encoding: str, delimiter: str, quote: str = '"', *, most: int = _ROWS
) -> list[tuple[str, tuple[str, ...]]]:
    """The first units, at most 2,000: raw text without its line end, and its cells; a cut last unit is left out."""
    # The importer's own splitter, over the text as UTF-8: what is shown here is what an import will see.
    data = decode(sample, encoding).encode("utf-8", "replace")
    found = _core.first_units(data, "utf-8", delimiter, quote or None, most + 1)
    units: list[tuple[str, tuple[str, ...]]] = []
    place = 0
    for length, cells in found:
        raw = data[place : place + length].decode("utf-8", "replace").rstrip("\r\n")
        place += length
        units.append((raw, tuple(cells or ())))
    if units and place == len(data) and not sample.whole:
        units.pop()
    return units[:most]


def decide_delimiter(sample: Sample, encoding: str) -> tuple[str | None, tuple[str, ...]]:
    """The delimiter, and the candidates: that under which most lines have the same number of cells, more than one.

    Two that do so equally well are told apart by the header, in which the right one gives known words.
    """
    scores: dict[str, tuple[float, int, int]] = {}
    for delimiter in _DELIMITERS:
        rows = [cells for raw, cells in split(sample, encoding, delimiter, most=500) if raw.strip()]
        if not rows:
            continue
        width, times = Counter(len(row) for row in rows).most_common(1)[0]
        if width < 2:
            continue
        known = max((sum(column_role(cell) is not None for cell in row) for row in rows[:5]), default=0)
        scores[delimiter] = (times / len(rows), known, width)
    enough = 0.8 if len(scores) > 1 else 0.4
    good = [delimiter for delimiter, (share, _, _) in scores.items() if share >= enough]
    if not good:
        return None, tuple(scores) or _DELIMITERS
    if len(good) > 1:
        best = max(scores[delimiter][1] for delimiter in good)
        if best >= 2:
            good = [delimiter for delimiter in good if scores[delimiter][1] == best]
    if len(good) > 1:
        # A decimal comma or a time's colon parts a line once or twice; the real delimiter parts it most often.
        widest = max(scores[delimiter][2] for delimiter in good)
        good = [delimiter for delimiter in good if scores[delimiter][2] == widest]
    return (good[0] if len(good) == 1 else None), tuple(good)
