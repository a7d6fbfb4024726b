"""A profile for a file of unknown layout, as far as the file tells, and questions for the rest.

Nothing is guessed: a zone, a country, whose records these are, 03/04/2026, or a number that fits two readings are
asked for. :func:`sniff` is a pure function of the sample and the answers so far; it is called again after each
answer, and an answered question is not asked again.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from clew.errors import InputError
from clew.numbers import may_hold_number
from clew.records.columns import Columns, look_at_columns, readable_durations, unit_of, without_empty_end
from clew.records.draft import Draft, Unit
from clew.records.drafting import DROPPED, LENGTH_SHOWN, WORDS_ASKED, Drafting, is_plain
from clew.records.profile import Column
from clew.records.sample import Sample, decide_delimiter, decide_encoding, split
from clew.records.sniff_direction import WAYS
from clew.records.sniff_encoding import refuse_other_mark
from clew.records.sniff_numbers import refuse_record_as_header
from clew.records.sniff_parties import settle_parties
from clew.records.sniff_times import ascii_digits, look_at_times
from clew.records.words import counts_records, duration_unit, is_footer_word, kind_of, says_utc

__all__ = ["sniff"]

_LONG: Final = re.compile(r"\d(?:[ ().\-/]?\d){5,}")
_DAY_NUMBER: Final = re.compile(r"[2-6]\d{4}([.,]\d+)?", re.ASCII)
_DATES: Final = re.compile(r"\d{1,4}([-/.:])\d{1,2}\1\d{1,4}")
_KINDS: Final = ("voice", "message", "missed", "forwarded", "out of scope", "unknown")
_COLUMNS_SHOWN: Final = 40
_UNITS: Final = ("s", "min", "ms", "h:m:s")
_SIGN_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_TAKEN_KEYS: Final = frozenset(
    {
        *(f"direction.{way}" for way in WAYS),
        *(f"{table}.column" for table in ("a", "b", "duration", "kind", "direction")),
        *(f"identifiers.{role}" for role in ("imei", "imsi", "record", "call")),
        "start.columns",
    }
)


def sniff(sample: Sample, answers: Mapping[str, Any], *, asking: bool = False) -> Draft:
    """What the sample and the answers (question key or dotted profile key to value) make together.

    With ``asking`` somebody is there to ask, and is asked as well for what may stay open: words of single kinds.
    """
    drafting = Drafting(sample, answers, asking)
    open_encoding = _encoding(drafting)
    _delimiter(drafting)
    if any(question.key == "file.delimiter" for question in drafting.questions):
        return drafting.draft([])
    units = without_empty_end(
        split(sample, drafting.file["encoding"], drafting.file["delimiter"], drafting.file["quote"])
    )
    _columns(drafting, units)
    settle_parties(drafting)
    _start(drafting)
    _duration(drafting)
    _kind(drafting)
    _identifiers(drafting)
    _dropped(drafting)
    _footer(drafting, units)
    _owner(drafting)
    _settle_encoding(drafting, open_encoding)
    _overrides(drafting)
    return drafting.draft(units)


def _columns(drafting: Drafting, units: Sequence[Unit]) -> None:
    header, where = drafting.answers.get("file.header_lines"), str(drafting.sample.path)
    drafting.columns = columns = look_at_columns(units, None if header is None else int(header))
    if not columns.rows:
        raise InputError(
            "file.no-records",
            "no line of records stands in the beginning of this file",
            where=where,
            mend="Is it cut short, or is there only a header? Ask whoever sent it.",
        )
    if header is not None:
        refuse_record_as_header(columns.names, where)
    drafting.file["header_lines"] = columns.header_lines
    drafting.say("header", _header_said(columns))


def _encoding(drafting: Drafting) -> tuple[str, ...]:
    """Sets the encoding, a provisional one where the bytes do not tell; returns the candidates then."""
    answer = drafting.answers.get("file.encoding")
    if answer is not None:
        refuse_other_mark(drafting.sample, answer, by_profile=False)
        drafting.file["encoding"] = answer
        return ()
    seen = decide_encoding(drafting.sample)
    drafting.file["encoding"] = seen.name or "windows-1252"
    if seen.name is not None:
        drafting.say("encoding", f"{seen.name}: {seen.because}")
        return ()
    return seen.candidates


def _settle_encoding(drafting: Drafting, candidates: tuple[str, ...]) -> None:
    """Ask for an open encoding, unless nothing that is kept or named holds such a letter."""
    if not candidates:
        return
    columns = drafting.columns
    kept = [cell for position in drafting.shown for cell in columns.cells(position)]
    if all(text.isascii() for text in (*columns.names, *kept)):
        drafting.say("encoding", "its letters fit several pages, but stand only in columns that are dropped")
        return
    drafting.ask(
        "file.encoding",
        "--set file.encoding=NAME",
        "In which encoding is the file? Its letters fit several.",
        candidates,
    )


def _delimiter(drafting: Drafting) -> None:
    drafting.file["quote"] = drafting.answers.get("file.quote", '"')
    answer = drafting.answers.get("file.delimiter")
    if answer is not None:
        drafting.file["delimiter"] = {"tab": "\t", "\\t": "\t"}.get(str(answer), answer)
        return
    name, candidates = decide_delimiter(drafting.sample, drafting.file["encoding"])
    if name is None and len(candidates) != 1 and not _some_columns(drafting.sample, drafting.file["encoding"]):
        raise InputError(
            "file.no-columns",
            "the lines of this file have no columns that a comma, semicolon, tab or bar would part",
            where=str(drafting.sample.path),
            mend="Clew imports CSV and TSV. Is this the file of records?",
        )
    drafting.file["delimiter"] = name or candidates[0]
    if name is None:
        shown = [{"\t": "tab"}.get(sign, sign) for sign in candidates]
        drafting.ask("file.delimiter", "--set file.delimiter=SIGN", "Which sign parts the columns?", shown)
    else:
        drafting.say("columns", f"parted by {_SIGN_NAMES.get(name, name)}")


def _start(drafting: Drafting) -> None:
    columns = drafting.columns
    positions = _start_columns(drafting)
    if positions is None:
        return
    cells = [" ".join(row[at] for at in positions).strip() for row in columns.rows]
    seen = look_at_times(cells)
    table = drafting.document.setdefault("start", {})
    table["columns"] = [drafting.use(position) for position in positions]
    drafting.say("start", "column " + " and ".join(repr(columns.label(at)) for at in positions))
    text = drafting.answers.get("start.format") or (seen.formats[0] if len(seen.formats) == 1 else None)
    if text is None:
        why = "They fit several orders" if seen.formats else "They fit no format that Clew knows"
        why += f", such as {example!r}." if (example := _example(cells)) else "."
        if _DAY_NUMBER.fullmatch(next(filter(None, cells), "")):
            why = (
                "They are a spreadsheet's numbers of days, which Clew does not read: ask for the operator's "
                "original, or show the column as dates and save it again."
            )
        drafting.ask("start.format", "--date-format FORMAT", f"How are the times written? {why}", seen.formats)
    else:
        table["format"] = text
        if not drafting.answers.get("start.format"):
            drafting.say("times", text)
    if seen.hijri is not False and drafting.answers.get("start.calendar") is None:
        if seen.hijri:
            table["calendar"] = "umalqura"
            drafting.say("calendar", "Hijri years")
        else:
            drafting.ask(
                "start.calendar",
                "--set start.calendar=umalqura",
                "Years are Hijri. Clew reads the lunar calendar (Umm al-Qura), not the solar one. Is it lunar?",
                ("umalqura",),
            )
    _zone(drafting, table, positions, counted=text in ("epoch", "epoch-ms") or seen.own_zone)


def _start_columns(drafting: Drafting) -> tuple[int, ...] | None:
    columns = drafting.columns
    answer = drafting.answers.get("start.columns")
    if answer is not None:
        given = answer if isinstance(answer, list) else [answer]
        return tuple(drafting.given("start.columns", item) for item in given)
    start, date, time = columns.one("start"), columns.one("date"), columns.one("time")
    for candidate in (start, date, time):
        if candidate is not None and look_at_times(columns.cells(candidate)).formats:
            return (candidate,)
    if date is not None and time is not None:
        return (date, time)
    if start is not None and time is not None:
        return (start, time)
    if start is not None:
        return (start,)
    choices = columns.choices(columns.roles.get("start", ()) or range(min(columns.width, _COLUMNS_SHOWN)))
    drafting.shown.update(columns.roles.get("start", ()))
    drafting.ask("start.columns", "--set start.columns=COLUMN", "Which column holds the start of the call?", choices)
    return None


def _zone(drafting: Drafting, table: dict[str, Any], positions: tuple[int, ...], *, counted: bool) -> None:
    answer = drafting.answers.get("start.zone")
    if answer is not None:
        table["zone"] = answer
    elif counted:
        table["zone"] = "UTC"
        drafting.say("zone", "every time says its own")
    elif any(says_utc(drafting.columns.label(position)) for position in positions):
        table["zone"] = "UTC"
        drafting.say("zone", "UTC, as the header says")
    else:
        drafting.ask("start.zone", "--zone ZONE", "In which time zone are the times? (Asia/Baghdad, UTC, +03:00, …)")


def _duration(drafting: Drafting) -> None:
    position = drafting.column("duration.column", drafting.columns.one("duration"))
    if position is None:
        return
    cells = [ascii_digits(cell) for cell in drafting.columns.cells(position) if cell]
    unit = drafting.answers.get("duration.unit") or duration_unit(drafting.columns.label(position)) or unit_of(cells)
    drafting.document["duration"] = {"column": drafting.use(position)}
    lost = len(cells) - readable_durations(cells, unit) if unit else 0
    if lost * 2 > len(cells) and drafting.answers.get("duration.unit") is None:
        drafting.ask(
            "duration.unit",
            "--set duration.unit=UNIT",
            f"Most durations cannot be read as {unit}, and would be lost. In which unit are they?",
            _UNITS,
        )
    elif lost * 10 > len(cells):
        drafting.note(
            f"{lost} of the first {len(cells)} durations cannot be read in the unit {unit}: their records are kept "
            f"without one. Is --set duration.unit={'|'.join(other for other in _UNITS if other != unit)} right?"
        )
    if unit is None:
        drafting.ask("duration.unit", "--set duration.unit=s", "In which unit are the durations?", ("s", "min", "ms"))
    else:
        drafting.document["duration"]["unit"] = unit
        drafting.say("duration", f"column {drafting.columns.label(position)!r}, in {unit}")
    if drafting.answers.get("duration.missed") is None:
        negative = Counter(cell for cell in cells if cell.startswith("-"))
        # Where a column says the kind, no second sign for a missed call is needed.
        says_kind = drafting.column("kind.column", drafting.columns.one("kind")) is not None
        zero = Counter(cell for cell in cells if re.fullmatch(r"[0:.,]+", cell) and not says_kind)
        for values, text in ((negative, "negative durations"), (zero, "durations of zero")):
            value, count = values.most_common(1)[0] if len(values) == 1 else ("", 0)
            if count > 1:
                drafting.note(
                    f"{count} {text} among the first {len(cells)}: if {value} means that a call was not answered, "
                    f"say --set duration.missed={value}."
                )


def _kind(drafting: Drafting) -> None:
    position = drafting.column("kind.column", drafting.columns.one("kind"))
    table = drafting.document.setdefault("kind", {})
    answer = drafting.answers.get("kind.constant")
    if answer is not None:
        table["constant"] = answer
    if position is not None and (drafting.columns.words(position) or "kind.column" in drafting.answers):
        _kind_words(drafting, position, table)
    elif answer is None and "duration" not in drafting.document:
        drafting.ask("kind.constant", "--set kind.constant=KIND", "Are these calls or messages?", ("voice", "message"))


def _kind_words(drafting: Drafting, position: int, table: dict[str, Any]) -> None:
    """The words that are known; the others are asked for by a person, and by a script where none is known."""
    name, words = drafting.columns.label(position), drafting.columns.words(position)
    known = {word: kind for word in words if (kind := kind_of(word)) is not None}
    said = {key.removeprefix("kind.words.") for key in drafting.answers if key.startswith("kind.words.")}
    table["column"] = drafting.use(position)
    table["words"] = {
        word: kind if isinstance(kind, str) else kind.name.lower() for word, kind in sorted(known.items())
    }
    drafting.say("kind", f"column {name!r}, {len(known)} words known")
    unknown = [word for word in words if word not in known and word not in said]
    if unknown and (drafting.asking or not known.keys() | said):
        for word in list(words)[:WORDS_ASKED]:
            if word in unknown and is_plain(word) and "=" not in word:
                drafting.ask(
                    f"kind.words.{word}",
                    f"--set {shlex.quote(f'kind.words.{word}')}=KIND",
                    f"Column {name!r} says {word!r} in {words[word]} of the first {words.total()} records. Which "
                    "kind is that? Records of unknown kind are kept, and are no contacts.",
                    _KINDS,
                )
    elif unknown:
        drafting.note(
            f"{len(unknown)} words of column {name!r} are not known: their records are kept as of unknown kind, "
            "which are no contacts. --set kind.words.WORD=KIND says what one means."
        )


def _identifiers(drafting: Drafting) -> None:
    table = drafting.document.setdefault("identifiers", {})
    for role in ("imei", "imsi"):
        position = drafting.column(f"identifiers.{role}", drafting.columns.one(role))
        if position is not None:
            table[role] = drafting.use(position)
    for role, meaning in (("record", "the operator's own record identifier"), ("call", "a call's identifier")):
        position = drafting.columns.one(role)
        if drafting.answers.get(f"identifiers.{role}") is not None:
            position = drafting.column(f"identifiers.{role}", None)
            if position is not None:
                table[role] = drafting.use(position)
        elif position is not None:
            name = drafting.columns.label(position)
            drafting.note(
                f"Column {name!r} may be {meaning}: if it is the same in no two {role}s of any file, "
                f"say --set identifiers.{role}={name!r}."
            )


def _dropped(drafting: Drafting) -> None:
    used = {drafting.columns.position(column) for column in _columns_in(drafting.document)}
    drop: dict[str, list[Column]] = {}
    for role in DROPPED:
        at = [position for position in drafting.columns.roles.get(role, ()) if position not in used]
        if at:
            drop[role] = [drafting.columns.reference(position) for position in at]
            drafting.say("dropped", f"{role}: {', '.join(repr(drafting.columns.label(position)) for position in at)}")
        drafting.shown.difference_update(at)
    if drop:
        drafting.document["drop"] = drop
    known = used | {position for role in drop for position in drafting.columns.roles[role]}
    others = [drafting.columns.label(at) for at in range(drafting.columns.width) if at not in known]
    if others:
        drafting.say("not kept", ", ".join(repr(name) for name in others))


def _footer(drafting: Drafting, units: Sequence[Unit]) -> None:
    encoding = drafting.file["encoding"]
    if encoding == "utf-16" and drafting.sample.tail:
        encoding = "utf-16-be" if drafting.sample.head.startswith(b"\xfe\xff") else "utf-16-le"
    tail = drafting.sample.tail.decode(encoding, "replace") if drafting.sample.tail else ""
    lines = [line for line in re.split(r"[\r\n]+", tail) if line.strip()] or [raw for raw, _ in units if raw.strip()]
    last = lines[-1] if len(lines) > 1 else ""
    found = re.match(r"\D{3,}", last)
    if not found or not is_footer_word(found[0]) or len(drafting.columns.rows) < 1:
        return
    prefix = found[0]
    if any(raw.startswith(prefix) for raw, _ in units[:-1]):
        return
    footer = {"prefix": prefix}
    # In a line with a cell for every column a figure may be the sum of its column, and claims no records.
    row = last.count(drafting.file["delimiter"]) >= drafting.columns.width - 1 and drafting.columns.width > 1
    if re.match(r"\D*\d+\D*$", last) and (not row or counts_records(prefix)):
        footer["count"] = "([0-9]+)"
    drafting.document["footer"] = footer
    drafting.say("footer", f"lines that begin with {prefix.strip()!r}")


def _owner(drafting: Drafting) -> None:
    operator = drafting.answers.get("operator")
    if operator is None:
        drafting.ask("operator", "--operator NAME", "Whose records are these? Duplicates and merging go by it.")
    else:
        drafting.document["operator"] = operator
    drafting.document["name"] = drafting.answers.get("name") or operator or "open"
    if drafting.columns.names and not any(_LONG.search(name) for name in drafting.columns.names):
        # A header with a number in it is not kept: a profile holds none.
        drafting.document["recognise"] = {"header": list(drafting.columns.names)}


def _overrides(drafting: Drafting) -> None:
    """Whatever else was said with a dotted key of the profile; the rest was taken where it was looked at."""
    for key, value in drafting.answers.items():
        if key in ("form", "country", "direction", "name", "operator") or key in _TAKEN_KEYS:
            continue
        table = drafting.document
        if key.startswith("kind.words."):
            drafting.document["kind"].setdefault("words", {})[key.removeprefix("kind.words.")] = value
            continue
        *path, last = key.split(".")
        for part in path:
            table = table.setdefault(part, {})
        if key != "file.delimiter":
            table[last] = value


def _some_columns(sample: Sample, encoding: str) -> bool:
    return any(len(cells) > 1 for sign in _SIGN_NAMES for _, cells in split(sample, encoding, sign, most=50))


def _example(cells: Sequence[str]) -> str:
    """A time as it stands in the file; nothing where what stands there may be a telephone number."""
    filled = (cell for cell in cells if cell and not may_hold_number(_DATES.sub("", cell)))
    return next(filled, "")[:LENGTH_SHOWN]


def _header_said(columns: Columns) -> str:
    if not columns.header_lines:
        return "none: the first line is a record"
    return f"line {columns.header_lines}: {', '.join(columns.names)}"


def _columns_in(document: Mapping[str, Any]) -> list[Column]:
    start = document.get("start", {}).get("columns", [])
    single = [document.get(table, {}).get("column") for table in ("a", "b", "duration", "kind", "direction")]
    return [*start, *(column for column in single if column is not None), *document.get("identifiers", {}).values()]
