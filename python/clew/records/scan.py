"""One file, scanned: its units as Arrow batches, read and hashed in one go (spec 5).

The scanning itself is in Rust (``crates/clew-records``); here are the profile's columns found in the file's header,
the reading of the file, and the threads.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

import pyarrow as pa
from hijridate import Hijri

from clew import _core
from clew.effects import NoProgress, Progress
from clew.errors import InputError
from clew.numbers import may_hold_number
from clew.records.lines import LineCount
from clew.records.numbering import short_codes
from clew.records.profile import Column, DirectionRule, Profile
from clew.records.profile_check import mapped_columns
from clew.records.schema import NUMBERS, RECORDS, REJECTS
from clew.records.sniff_numbers import names_no_column
from clew.records.words import column_role

__all__ = ["SCANNED", "FileScan", "Layout", "Preview", "preview", "resolve"]

SCANNED: Final = RECORDS.append(pa.field("call", pa.string()))
"""``RECORDS`` before legs and duplicates are found, with what the legs of one call share."""

_BLOCK: Final = 8 << 20
_HEAD: Final = 4 << 20
_LOOKED_AT: Final = 1000
_OUT_OF_SCOPE: Final = -1
_EPOCH: Final = 719163  # 1970-01-01 as a proleptic Gregorian ordinal
_FIRST_HIJRI, _LAST_HIJRI = 1343, 1500  # the years of the Umm al-Qura tables


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """A profile, resolved against one file: the core's specification, and what to call the columns."""

    specification: _core.Specification
    charset: _core.Charset
    names: tuple[str, ...]  # of every column; "column 3" where the file or good manners give no name
    groups: tuple[str, ...]  # of every column: kept, content, location, traits, unmapped


def _charset(name: str, head: bytes, where: str) -> _core.Charset:
    """How the core is told of an encoding; the file's byte order mark is heard."""
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    marked = marks.get(head[:2])
    folded = name.lower().replace("_", "-")
    if folded in ("utf-16", "utf16"):
        return marked or "utf-16-le"
    found = codecs.lookup(folded).name
    if found in ("utf-8", "utf-8-sig", "ascii"):
        if marked is not None:
            raise InputError(
                "file.encoding",
                "the file begins with the mark of UTF-16, the profile says " + name,
                where=where,
                mend='Write encoding = "utf-16" in the profile.',
            )
        return "utf-8"
    if found in ("utf-16-le", "utf-16-be"):
        return found
    page = [_character(bytes([value]), found) for value in range(256)]
    if [character for character in page[:128]] != [chr(value) for value in range(128)]:
        raise InputError(
            "profile.value",
            "this is not an encoding that Clew reads",
            where="profile: file.encoding",
            mend="Write utf-8, utf-16, windows-1256, windows-1252 or another one-byte page.",
        )
    return page


def _character(byte: bytes, page: str) -> str | None:
    try:
        return byte.decode(page)
    except UnicodeDecodeError:
        return None


def _shown(name: str, position: int) -> str:
    """A column's name for people; nothing that could be a number, for then it is no name."""
    name = name.strip()
    return name if name and len(name) <= 100 and not may_hold_number(name) else f"column {position}"


def resolve(profile: Profile, head: bytes, import_number: int, where: str) -> Layout:
    """Where the profile's columns stand in the file that begins with ``head``.

    Raises ``InputError`` ``profile.column-missing`` or ``profile.column-ambiguous``.
    """
    charset = _charset(profile.encoding, head, where)
    most = profile.header_lines + _LOOKED_AT
    units = [fields for _, fields in _core.first_units(head, charset, profile.delimiter, profile.quote or None, most)]
    header, width = _header(units, profile.header_lines)
    finder = _Finder(header, width, where, empty=not units)
    roles = _roles(profile, finder)
    groups = ["unmapped"] * width
    for group, columns in (("content", profile.content), ("location", profile.location), ("traits", profile.traits)):
        for column in columns:
            groups[finder.position(column)] = group
    start = [finder.position(column) for column in profile.start.columns]
    for position in (*start, *(position for position in roles.values() if position is not None)):
        groups[position] = "kept"
    duration, direction = profile.duration, profile.direction
    specification: _core.Specification = {
        "import_number": import_number,
        "charset": charset,
        "delimiter": profile.delimiter,
        "quote": profile.quote or None,
        "fields": width,
        "trailing": _trailing(units[profile.header_lines :], width),
        "header": profile.header_lines,
        "a": (roles["a"] or 0, profile.a.form, profile.a.routing_prefixes),
        "b": (roles["b"] or 0, profile.b.form, profile.b.routing_prefixes),
        "start": start,
        "time_format": profile.start.format,
        "zone": profile.start.zone,
        "months": _hijri_months() if profile.start.calendar == "umalqura" else None,
        "duration": (roles["duration"] or 0, duration.unit, duration.missed) if duration else None,
        "kind": roles["kind"],
        "words": {
            word: _OUT_OF_SCOPE if isinstance(meaning, str) else int(meaning)
            for word, meaning in profile.kind.words.items()
        },
        "constant": int(profile.kind.constant),
        "direction": (roles["direction"] or 0, _turning(direction)) if direction else None,
        "imei": roles["imei"],
        "imsi": roles["imsi"],
        "operator_record": roles["operator_record"],
        "call": roles["call"],
        "kept": [group == "kept" for group in groups],
        "footer": profile.footer.prefix if profile.footer else None,
        "short_codes": sorted({code for rule in (profile.a, profile.b) for code in short_codes(rule.form)}),
    }
    # Where no column is found by name, nothing says that the file's first line is a header and not a record.
    named = header if any(isinstance(column, str) for _, column in mapped_columns(profile)) else []
    names = tuple(_shown(named[i] if i < len(named) else "", i) for i in range(width))
    return Layout(specification, charset, names, tuple(groups))


def _header(units: list[list[str] | None], lines: int) -> tuple[list[str], int]:
    """The names of the columns, if there is a header, and how many columns there are."""
    header: list[str] = []
    if lines and len(units) >= lines:
        header = [name.strip() for name in units[lines - 1] or []]
        while header and not header[-1]:
            header.pop()
    if header:
        return header, len(header)
    # Without a header, as many as most lines have.
    widths = Counter(len(fields) for fields in units[lines:] if fields and fields != [""])
    return [], widths.most_common(1)[0][0] if widths else 1


def _is_record(header: list[str]) -> bool:
    """Whether what stands where the names of the columns are expected is a record: a name has a letter, no number."""
    return any(
        names_no_column(name)
        or may_hold_number(name)
        or (any(sign.isdigit() for sign in name) and not any(sign.isalpha() for sign in name))
        for name in header
    )


def _names_columns(header: list[str]) -> bool:
    """Whether words of it are known to stand above columns; a line of people's names and places has none of them."""
    return sum(column_role(name) is not None for name in header) > 1


def _trailing(units: list[list[str] | None], width: int) -> int:
    """How many empty fields most lines have behind the last column: those of files that end lines with delimiters."""
    excess = Counter(len(fields) - width for fields in units if fields and len(fields) >= width)
    beyond, lines = excess.most_common(1)[0] if excess else (0, 0)
    return beyond if 2 * lines > excess.total() else 0


def _roles(profile: Profile, finder: _Finder) -> dict[str, int | None]:
    """Where each column stands that the profile has and that holds one value."""
    columns = {
        "a": profile.a.column,
        "b": profile.b.column,
        "duration": profile.duration.column if profile.duration else None,
        "kind": profile.kind.column,
        "direction": profile.direction.column if profile.direction else None,
        "imei": profile.imei,
        "imsi": profile.imsi,
        "operator_record": profile.operator_record,
        "call": profile.call,
    }
    return {role: None if column is None else finder.position(column) for role, column in columns.items()}


def _turning(rule: DirectionRule) -> dict[str, bool]:
    """The words for directions, and whether they turn A and B round."""
    return {word: False for word in rule.outgoing} | {word: True for word in rule.incoming}


class _Finder:
    """Finds columns by header text or position."""

    def __init__(self, header: list[str], width: int, where: str, *, empty: bool) -> None:
        self._header = header
        self._width = width
        self._where = where
        self._empty = empty

    def position(self, column: Column) -> int:
        if self._empty:
            # An empty file has no columns and no units; its account is all zeros.
            return 0
        if isinstance(column, int):
            if 0 <= column < self._width:
                return column
            raise self._missing(f"column {column}")
        found = [position for position, name in enumerate(self._header) if name == column.strip()]
        if len(found) > 1:
            raise InputError(
                "profile.column-ambiguous",
                f"the file has {len(found)} columns named {_shown(column, found[0])!r}",
                where=self._where,
                mend="Name the column by its position, counted from 0, in the profile.",
            )
        if not found:
            raise self._missing(repr(_shown(column, 0)))
        return found[0]

    def _missing(self, column: str) -> InputError:
        if self._header and (_is_record(self._header) or not _names_columns(self._header)):
            # Its cells are somebody's numbers, whereabouts and messages, which no error shows.
            return InputError(
                "profile.column-missing",
                f"the file has no {column}, and where the profile expects the columns' names stands what may be "
                "a record",
                where=self._where,
                mend="If the file has no header line, write header_lines = 0 under [file] in the profile and name its "
                "columns by position, counted from 0; or leave --profile out.",
            )
        present = ", ".join(_shown(name, position) for position, name in enumerate(self._header[:40]))
        return InputError(
            "profile.column-missing",
            f"the file has no {column}" + (f"; its columns are: {present}" if present else ""),
            where=self._where,
            mend="Use the profile that fits this file, or change the profile.",
        )


@cache
def _hijri_months() -> tuple[int, tuple[int, ...]]:
    """The first year of the Umm al-Qura tables, and the first day of each month in days since 1970-01-01."""
    starts = [
        Hijri(year, month, 1).to_gregorian().toordinal() - _EPOCH
        for year in range(_FIRST_HIJRI, _LAST_HIJRI + 1)
        for month in range(1, 13)
    ]
    last = Hijri(_LAST_HIJRI, 12, 1)
    return _FIRST_HIJRI, (*starts, starts[-1] + last.month_length())


@final
@dataclass(slots=True)
class Beside:
    """What is counted beside the units."""

    units: int = 0
    dropped: Counter[int] = field(default_factory=Counter)
    unknown_words: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    footers: list[str] = field(default_factory=list)


class FileScan:
    """Scans one file; a context manager. Iterate :meth:`batches` to the end, then the other members are there.

    ``sha256`` and ``size`` are those of the very bytes that were scanned. A file that is changed while it is read
    raises ``InputError`` ``file.changed``.
    """

    def __init__(
        self,
        path: Path,
        profile: Profile,
        import_number: int,
        *,
        threads: int = 2,
        progress: Progress | None = None,
        block: int = _BLOCK,
    ) -> None:
        self._path = path
        self._progress = progress or NoProgress()
        self._threads = max(1, threads)
        self._block = block
        self._descriptor = _open(path)
        try:
            self._before = os.fstat(self._descriptor)
            head = os.pread(self._descriptor, _HEAD, 0)
            self.layout = resolve(profile, head, import_number, str(path))
            try:
                self._scanner = _core.Scanner(self.layout.specification)
            except ValueError as error:
                raise InputError(
                    "profile.value",
                    f"the profile cannot be used: {error}",
                    where=f"profile {profile.name}",
                    mend="Correct the profile.",
                ) from error
        except BaseException:
            os.close(self._descriptor)
            raise
        self.size = 0
        self.sha256 = ""
        self.lines = LineCount(self.layout.charset)
        self.beside = Beside()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def batches(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Batches of ``SCANNED`` and ``REJECTS``, in the order of the file."""
        waiting: deque[Future[_core.Scanned]] = deque()
        self._progress.begin("reading", self._before.st_size, "bytes")
        with ThreadPoolExecutor(self._threads, "clew-scan") as pool:
            try:
                for piece in self._pieces():
                    self.beside.units += piece.units
                    waiting.append(pool.submit(self._scanner.scan, piece))
                    while len(waiting) > self._threads + 1:
                        yield self._tables(waiting.popleft().result())
                while waiting:
                    yield self._tables(waiting.popleft().result())
            finally:
                for future in waiting:
                    future.cancel()
        self._progress.end()

    def numbers(self) -> Iterator[pa.RecordBatch]:
        """Batches of ``NUMBERS``: one row for each distinct text and form. Once only."""
        try:
            parts = self._scanner.numbers()
        except ValueError as error:
            raise shared_key() from error
        for part in parts:
            columns = {name: _array(part[name], part["count"], NUMBERS.field(name).type) for name in NUMBERS.names}
            yield pa.record_batch(columns, schema=NUMBERS)

    def _pieces(self) -> Iterator[_core.Piece]:
        specification = self.layout.specification
        framer = _core.Framer(
            self.layout.charset, specification["delimiter"], specification["quote"], specification["fields"]
        )
        digest = hashlib.sha256()
        while data := os.read(self._descriptor, self._block):
            digest.update(data)
            self.size += len(data)
            self.lines.take(data)
            yield from framer.push(data)
            self._progress.advance(len(data))
        yield from framer.finish()
        self._check_unchanged()
        self.sha256 = digest.hexdigest()

    def _check_unchanged(self) -> None:
        after = os.fstat(self._descriptor)
        try:
            named = os.stat(self._path)
        except OSError:
            named = after
        same = all(
            (found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns)
            == (self._before.st_ino, self._before.st_dev, self.size, self._before.st_mtime_ns)
            for found in (after, named)
        )
        if not same:
            raise InputError(
                "file.changed",
                "the file was changed while it was read; nothing was imported",
                where=str(self._path),
                mend="Wait until whoever writes it has finished, or import a copy.",
            )

    def _tables(self, scanned: _core.Scanned) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        for position, count in enumerate(scanned["dropped"]):
            if count:
                self.beside.dropped[position] += count
        self.beside.unknown_words.update(scanned["unknown_words"])
        self.beside.unreadable.update(scanned["unreadable"])
        self.beside.footers.extend(scanned["footers"])
        return (
            _batch(scanned["records"], scanned["count"], SCANNED),
            _batch(scanned["others"], scanned["others_count"], REJECTS),
        )


def shared_key() -> InputError:
    """Two canonical texts have one key (spec 2.3)."""
    return InputError(
        "number.shared-key",
        "two different identifiers have the same key; nothing was imported",
        mend="Import the files into stores of their own, and report this: it should happen once in a billion years.",
    )


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InputError(
            "file.unreadable",
            f"the file cannot be read: {error.strerror}",
            where=str(path),
            mend="Check the name and its permissions.",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(
            "file.unreadable",
            "this is not a file",
            where=str(path),
            mend="Name a file; a pipe or a folder cannot be hashed and read again.",
        )
    return descriptor


def _batch(columns: dict[str, Any], count: int, schema: pa.Schema) -> pa.RecordBatch:
    arrays = [
        _array(columns[name], count, schema.field(name).type)
        if name in columns
        else pa.nulls(count, schema.field(name).type)
        for name in schema.names
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(buffers: Any, count: int, kind: pa.DataType) -> pa.Array:
    """An Arrow array over the core's buffers, without copying them."""
    if isinstance(buffers, bytes):
        if pa.types.is_boolean(kind):
            return pa.Array.from_buffers(pa.int8(), count, [None, pa.py_buffer(buffers)]).cast(kind)
        return pa.Array.from_buffers(kind, count, [None, pa.py_buffer(buffers)], 0)
    *values, valid, nulls = buffers
    validity = pa.py_buffer(valid) if nulls else None
    return pa.Array.from_buffers(kind, count, [validity, *map(pa.py_buffer, values)], nulls)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """The first units of a file and what they become: tables of ``SCANNED``, ``REJECTS`` and ``NUMBERS``."""

    records: pa.Table
    others: pa.Table
    numbers: pa.Table
    names: tuple[str, ...]


def preview(data: bytes, profile: Profile, where: str) -> Preview:
    """What ``data``, the beginning of a file in whole lines, becomes with this profile; nothing is stored."""
    layout = resolve(profile, data, 0, where)
    specification = layout.specification
    scanner = _core.Scanner(specification)
    framer = _core.Framer(layout.charset, specification["delimiter"], specification["quote"], specification["fields"])
    scanned = [scanner.scan(piece) for piece in (*framer.push(data), *framer.finish())]
    numbers = [
        pa.record_batch(
            {n: _array(part[n], part["count"], NUMBERS.field(n).type) for n in NUMBERS.names}, schema=NUMBERS
        )
        for part in scanner.numbers()
    ]
    return Preview(
        pa.Table.from_batches([_batch(one["records"], one["count"], SCANNED) for one in scanned], SCANNED),
        pa.Table.from_batches([_batch(one["others"], one["others_count"], REJECTS) for one in scanned], REJECTS),
        pa.Table.from_batches(numbers, NUMBERS),
        layout.names,
    )
