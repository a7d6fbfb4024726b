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
from clew.records.columns import (
    Columns,
    a_is_the_subscriber,
    look_at_columns,
    mostly_numbers,
    plain_numbers,
    readable_durations,
    unit_of,
    without_empty_end,
    word_columns,
)
from clew.records.draft import Draft, Question, Unit
from clew.records.profile import Column
from clew.records.sample import Sample, decide_delimiter, decide_encoding, split
from clew.records.sniff_encoding import refuse_other_mark
from clew.records.sniff_numbers import look_at_numbers, refuse_damage, refuse_record_as_header
from clew.records.sniff_times import ascii_digits, look_at_times
from clew.records.words import (
    Direction,
    counts_records,
    direction_of,
    duration_unit,
    is_footer_word,
    kind_of,
    likely_direction,
    says_utc,
)

__all__ = ["sniff"]

_LONG: Final = re.compile(r"\d(?:[ ().\-/]?\d){5,}")
_DAY_NUMBER: Final = re.compile(r"[2-6]\d{4}([.,]\d+)?", re.ASCII)
_DATES: Final = re.compile(r"\d{1,4}([-/.:])\d{1,2}\1\d{1,4}")
_WAYS: Final[tuple[Direction, ...]] = ("outgoing", "incoming")
_KINDS: Final = ("voice", "message", "missed", "forwarded", "out of scope", "unknown")
_WORDS_ASKED: Final = 12
_COLUMNS_SHOWN: Final = 40
_WORD_LENGTH: Final = 40


def sniff(sample: Sample, answers: Mapping[str, Any], *, asking: bool = False) -> Draft:
    """What the sample and the answers (question key or dotted profile key to value) make together.

    With ``asking`` somebody is there to ask, and is asked as well for what may stay open: words of single kinds.
    """
    return _Sniffer(sample, answers, asking).draft()


class _Sniffer:
    def __init__(self, sample: Sample, answers: Mapping[str, Any], asking: bool) -> None:
        self._sample = sample
        self._answers = answers
        self._asking = asking
        self._document: dict[str, Any] = {"version": 1}
        self._questions: list[Question] = []
        self._notes: list[str] = []
        self._found: list[tuple[str, str]] = []
        self._shown: set[int] = set()

    def draft(self) -> Draft:
        open_encoding = self._encoding()
        self._delimiter()
        if any(question.key == "file.delimiter" for question in self._questions):
            nothing = look_at_columns([])
            file = str(self._sample.path)
            return Draft(self._document, tuple(self._questions), (), (), b"", (), nothing, file, frozenset())
        cut = split(self._sample, self._file["encoding"], self._file["delimiter"], self._file["quote"])
        units = without_empty_end(cut)
        header = self._answers.get("file.header_lines")
        self._columns = columns = look_at_columns(units, None if header is None else int(header))
        if not columns.rows:
            raise InputError(
                "file.no-records",
                "no line of records stands in the beginning of this file",
                where=str(self._sample.path),
                mend="Is it cut short, or is there only a header? Ask whoever sent it.",
            )
        if header is not None:
            refuse_record_as_header(columns.names, str(self._sample.path))
        self._file["header_lines"] = columns.header_lines
        self._say("header", _header_said(columns))
        self._parties()
        self._start()
        self._duration()
        self._kind()
        self._identifiers()
        self._dropped()
        self._footer(units)
        self._owner()
        self._settle_encoding(open_encoding)
        self._overrides()
        return Draft(
            self._document,
            tuple(self._questions),
            tuple(self._notes),
            tuple(self._found),
            self._sample.head,
            tuple(units),
            columns,
            str(self._sample.path),
            frozenset(self._shown),
        )

    @property
    def _file(self) -> dict[str, Any]:
        table: dict[str, Any] = self._document.setdefault("file", {})
        return table

    def _say(self, what: str, how: str) -> None:
        self._found.append((what, how))

    def _ask(self, key: str, option: str, text: str, choices: Sequence[str] = ()) -> None:
        self._questions.append(Question(key, option, text, tuple(choices)))

    def _encoding(self) -> tuple[str, ...]:
        """Sets the encoding, a provisional one where the bytes do not tell; returns the candidates then."""
        answer = self._answers.get("file.encoding")
        if answer is not None:
            refuse_other_mark(self._sample, answer, by_profile=False)
            self._file["encoding"] = answer
            return ()
        seen = decide_encoding(self._sample)
        self._file["encoding"] = seen.name or "windows-1252"
        if seen.name is not None:
            self._say("encoding", f"{seen.name}: {seen.because}")
            return ()
        return seen.candidates

    def _settle_encoding(self, candidates: tuple[str, ...]) -> None:
        """Ask for an open encoding, unless nothing that is kept or named holds such a letter."""
        if not candidates:
            return
        columns = self._columns
        kept = [cell for position in self._shown for cell in columns.cells(position)]
        if all(text.isascii() for text in (*columns.names, *kept)):
            self._say("encoding", "its letters fit several pages, but stand only in columns that are dropped")
            return
        self._ask(
            "file.encoding",
            "--set file.encoding=NAME",
            "In which encoding is the file? Its letters fit several.",
            candidates,
        )

    def _delimiter(self) -> None:
        self._file["quote"] = self._answers.get("file.quote", '"')
        answer = self._answers.get("file.delimiter")
        if answer is not None:
            self._file["delimiter"] = {"tab": "\t", "\\t": "\t"}.get(str(answer), answer)
            return
        name, candidates = decide_delimiter(self._sample, self._file["encoding"])
        if name is None and len(candidates) != 1 and not _some_columns(self._sample, self._file["encoding"]):
            raise InputError(
                "file.no-columns",
                "the lines of this file have no columns that a comma, semicolon, tab or bar would part",
                where=str(self._sample.path),
                mend="Clew imports CSV and TSV. Is this the file of records?",
            )
        self._file["delimiter"] = name or candidates[0]
        if name is None:
            shown = [{"\t": "tab"}.get(sign, sign) for sign in candidates]
            self._ask("file.delimiter", "--set file.delimiter=SIGN", "Which sign parts the columns?", shown)
        else:
            self._say("columns", f"parted by {_SIGN_NAMES.get(name, name)}")

    def _column(self, key: str, found: int | None) -> int | None:
        """The position of a column: what was answered for ``key``, else what was found."""
        answer = self._answers.get(key)
        return found if answer is None else self._given(key, answer)

    def _given(self, key: str, column: Column) -> int:
        position = self._columns.position(column.strip() if isinstance(column, str) else column)
        if position is None:
            raise InputError(
                "profile.column-missing",
                "the file has no such column",
                where=f"{self._sample.path}: {key}",
                mend=f"Its columns are {', '.join(self._columns.label(at) for at in range(self._columns.width))}.",
            )
        return position

    def _use(self, position: int) -> Column:
        self._shown.add(position)
        return self._columns.reference(position)

    def _parties(self) -> None:
        columns = self._columns
        a, b = columns.one("a"), columns.one("b")
        subscriber, other = columns.one("subscriber"), columns.one("other")
        phones = columns.roles.get("phone", ())
        if a is None and subscriber is None and len(phones) == 1:
            subscriber = phones[0]
        if a is None and (b is not None or other is not None):
            a = subscriber
        if b is None and a is not None:
            b = other
        a, b = self._column("a.column", a), self._column("b.column", b)
        mapped = {position for role, at in columns.roles.items() if role not in ("a", "b", "phone") for position in at}
        loose = [at for at in range(columns.width) if at not in mapped | {a, b} and mostly_numbers(columns.cells(at))]
        # A column of cells' identifiers looks like numbers too: it is shown only where nothing looks better.
        plain = [at for at in loose if plain_numbers(columns.cells(at))]
        loose = plain if len(plain) >= 2 else loose
        sides = (("a", a, "calls (the A-number)"), ("b", b, "is called (the B-number)"))
        for side, position, text in sides:
            if position is None:
                self._shown.update(loose)
                names = columns.choices(loose)
                self._ask(f"{side}.column", f"--set {side}.column=COLUMN", f"Which column holds who {text}?", names)
            else:
                table = self._document.setdefault(side, {})
                table["column"] = self._use(position)
                self._say(f"{side.upper()}-number", f"column {columns.label(position)!r}")
        self._forms(a, b)
        if a is not None and b is not None:
            self._direction(a, b, subscriber=a == subscriber, other=b == other)

    def _forms(self, a: int | None, b: int | None) -> None:
        open_sides: list[tuple[str, tuple[str, ...], str]] = []
        for side, position in (("a", a), ("b", b)):
            if position is None:
                continue
            cells = self._columns.cells(position)
            refuse_damage(cells, f"{self._sample.path}: {self._columns.label(position)}")
            seen = look_at_numbers(cells)
            form = self._answers.get(f"{side}.form") or self._answers.get("form") or seen.form
            country = self._answers.get("country")
            if form is not None and form in ("national", "mixed", "sip", "opaque"):
                form += ":"
            if form is not None and form.endswith(":") and form != "opaque:" and country is not None:
                form += country
            if form is None or form.endswith(":"):
                open_sides.append((side, (form,) if form else seen.candidates, seen.because))
            else:
                self._document[side]["form"] = form
                self._say(f"number form {side.upper()}", f"{form}" + (f": {seen.because}" if seen.form else ""))
        self._ask_forms(open_sides)

    def _ask_forms(self, sides: list[tuple[str, tuple[str, ...], str]]) -> None:
        """One question for both columns where they leave the same open."""
        if not sides:
            return
        kinds = {candidates for _, candidates, _ in sides}
        because = "; ".join(dict.fromkeys(f"{why}" for _, _, why in sides))
        if kinds <= {("national:",), ("mixed:",), ("sip:",)}:
            self._ask("country", "--country CC", f"In which country's form are the numbers? ({because})")
        elif kinds == {("opaque:",)}:
            self._ask(
                "form",
                "--number-form opaque:NAMESPACE",
                f"Whose identifiers are these? Give their namespace a name. ({because})",
                ("opaque:NAMESPACE",),
            )
        else:
            choices = dict.fromkeys(
                candidate + {"opaque:": "NAMESPACE"}.get(candidate, "CC" if candidate.endswith(":") else "")
                for _, candidates, _ in sides
                for candidate in candidates
            )
            self._ask("form", "--number-form FORM", f"In which form are the numbers? ({because})", tuple(choices))

    def _direction(self, a: int, b: int, *, subscriber: bool, other: bool) -> None:
        """The rule that turns incoming lines round. It is never left out because nothing could be read of it."""
        position = self._direction_column(subscriber)
        if position is None or self._answers.get("direction") in _WAYS:
            self._one_direction(a, b, subscriber=subscriber)
            return
        words = self._columns.words(position)
        ways = {word: way for word in words if (way := direction_of(word)) is not None}
        named = {word: way for way in _WAYS for word in self._listed(f"direction.{way}")}
        ways |= named
        turned = True if subscriber and other else None
        if turned is None:
            turned = a_is_the_subscriber(
                self._columns, a, b, [ways.get(cell) for cell in self._columns.cells(position)]
            )
        if turned is None and a in self._columns.roles.get("subscriber", ()):
            turned = True
        if "direction" in self._answers:
            turned = self._answers["direction"] == "turn"
        elif named:
            turned = True
        name = self._columns.label(position)
        if turned is None:
            self._shown.add(position)
            self._ask(
                "direction",
                "--set direction=turn|keep",
                f"Column {name!r} ({_counted(words)}) says a direction. Does {self._columns.label(a)!r} hold the "
                "subscriber in every line, so that incoming calls came from the other one (turn), or already the "
                "caller (keep)?",
                ("turn", "keep"),
            )
        elif turned:
            self._turn(position, words, ways)
        else:
            self._say("direction", f"column {name!r} is not needed: {self._columns.label(a)!r} holds the caller")

    def _turn(self, position: int, words: Counter[str], ways: Mapping[str, Direction]) -> None:
        """The words that say outgoing and incoming; those that nobody knows are asked for, where one way has none."""
        name = self._columns.label(position)
        column = self._use(position)
        lists = {way: sorted(word for word, found in ways.items() if found == way) for way in _WAYS}
        strange = [word for word in words if word not in ways]
        missing = [way for way in _WAYS if not lists[way]]
        if strange and missing:
            for way in missing:
                likely = [word for word in strange if likely_direction(word) == way]
                guess = f" Often that is {', '.join(map(repr, likely))}." if likely else ""
                self._ask(
                    f"direction.{way}",
                    f"--set direction.{way}=WORDS",
                    f"Which words of column {name!r} ({_counted(words)}) mark {_MEANS[way]}?{guess} Say none if none "
                    "of them does.",
                    [word for word in strange if _is_plain(word)][:_WORDS_ASKED],
                )
            return
        # With one way only in the beginning, its counterpart stands for it: what comes later is rejected, not turned.
        self._document["direction"] = {"column": column, **{way: lists[way] or [way] for way in _WAYS}}
        self._say("direction", f"column {name!r} turns incoming lines round")
        empty = self._columns.cells(position).count("")
        if strange or empty:
            shown = _counted(Counter({word: words[word] for word in strange} | ({"": empty} if empty else {})))
            self._notes.append(
                f"{shown} in column {name!r} says no direction: these lines are rejected. --set direction.incoming=… "
                "or direction.outgoing=… names more words."
            )

    def _direction_column(self, subscriber: bool) -> int | None:
        """The column that says the direction; of a subscriber's lines, the one for kinds where that says it."""
        columns, answer = self._columns, self._answers.get("direction.column")
        if answer == "none" and columns.position("none") is None:
            return None
        position = self._column("direction.column", columns.one("direction"))
        if answer is None and position is not None and not columns.words(position):
            position = None
        kind = self._column("kind.column", columns.one("kind"))
        if position is None and subscriber and kind is not None:
            says = any(direction_of(word) is not None for word in columns.words(kind))
            position = kind if says else None
        return position

    def _one_direction(self, a: int, b: int, *, subscriber: bool) -> None:
        """Lines of which no column says the direction: all outgoing, or all incoming, or another column says it."""
        columns, said = self._columns, self._answers.get("direction")
        named = any(self._listed(f"direction.{way}") for way in _WAYS)
        several = len(columns.roles.get("direction", ())) > 1
        if said == "incoming":
            self._document["a"], self._document["b"] = self._document["b"], self._document["a"]
            self._say("direction", f"every line is incoming: {columns.label(b)!r} calls {columns.label(a)!r}")
        elif said in ("outgoing", "keep"):
            self._say("direction", f"every line is outgoing: {columns.label(a)!r} calls {columns.label(b)!r}")
        elif (subscriber or named or several) and "direction.column" not in self._answers:
            self._ask_direction_column(a, b)
        elif subscriber:
            self._ask_direction(
                f"No column says who called: {columns.label(a)!r} holds the subscriber and "
                f"{columns.label(b)!r} the other one."
            )

    def _ask_direction(self, why: str) -> None:
        text = f"{why} Is every line outgoing, or every line incoming?"
        self._ask("direction", "--set direction=outgoing|incoming", text, _WAYS)

    def _ask_direction_column(self, a: int, b: int) -> None:
        columns = self._columns
        used = {
            a,
            b,
            *(
                at
                for role in (*_DROPPED, "start", "date", "time", "end", "duration")
                for at in columns.roles.get(role, ())
            ),
        }
        found = [at for at in word_columns(columns) if at not in used]
        who = f"{columns.label(a)!r} holds the subscriber and {columns.label(b)!r} the other one"
        if not found:
            self._ask_direction(f"No column says who called: {who}.")
            return
        self._shown.update(found)
        shown = "; ".join(f"{columns.label(at)!r}: {_counted(columns.words(at))}" for at in found[:4])
        self._ask(
            "direction.column",
            "--set direction.column=COLUMN (or --set direction=outgoing|incoming for every line)",
            f"Which column says who called? {who}. ({shown}) Say none if none of them does.",
            [*columns.choices(found), "none"],
        )

    def _listed(self, key: str) -> list[str]:
        answer = self._answers.get(key, [])
        return [str(item) for item in answer] if isinstance(answer, list | tuple) else [str(answer)]

    def _start(self) -> None:
        columns = self._columns
        positions = self._start_columns()
        if positions is None:
            return
        cells = [" ".join(row[at] for at in positions).strip() for row in columns.rows]
        seen = look_at_times(cells)
        table = self._document.setdefault("start", {})
        table["columns"] = [self._use(position) for position in positions]
        self._say("start", "column " + " and ".join(repr(columns.label(at)) for at in positions))
        text = self._answers.get("start.format") or (seen.formats[0] if len(seen.formats) == 1 else None)
        if text is None:
            why = "They fit several orders" if seen.formats else "They fit no format that Clew knows"
            why += f", such as {example!r}." if (example := _example(cells)) else "."
            if _DAY_NUMBER.fullmatch(next(filter(None, cells), "")):
                why = (
                    "They are a spreadsheet's numbers of days, which Clew does not read: ask for the operator's "
                    "original, or show the column as dates and save it again."
                )
            self._ask("start.format", "--date-format FORMAT", f"How are the times written? {why}", seen.formats)
        else:
            table["format"] = text
            if not self._answers.get("start.format"):
                self._say("times", text)
        if seen.hijri is not False and self._answers.get("start.calendar") is None:
            if seen.hijri:
                table["calendar"] = "umalqura"
                self._say("calendar", "Hijri years")
            else:
                self._ask(
                    "start.calendar",
                    "--set start.calendar=umalqura",
                    "Years are Hijri. Clew reads the lunar calendar (Umm al-Qura), not the solar one. Is it lunar?",
                    ("umalqura",),
                )
        self._zone(table, positions, counted=text in ("epoch", "epoch-ms") or seen.own_zone)

    def _start_columns(self) -> tuple[int, ...] | None:
        columns = self._columns
        answer = self._answers.get("start.columns")
        if answer is not None:
            given = answer if isinstance(answer, list) else [answer]
            return tuple(self._given("start.columns", item) for item in given)
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
        self._shown.update(columns.roles.get("start", ()))
        self._ask("start.columns", "--set start.columns=COLUMN", "Which column holds the start of the call?", choices)
        return None

    def _zone(self, table: dict[str, Any], positions: tuple[int, ...], *, counted: bool) -> None:
        answer = self._answers.get("start.zone")
        if answer is not None:
            table["zone"] = answer
        elif counted:
            table["zone"] = "UTC"
            self._say("zone", "every time says its own")
        elif any(says_utc(self._columns.label(position)) for position in positions):
            table["zone"] = "UTC"
            self._say("zone", "UTC, as the header says")
        else:
            self._ask("start.zone", "--zone ZONE", "In which time zone are the times? (Asia/Baghdad, UTC, +03:00, …)")

    def _duration(self) -> None:
        position = self._column("duration.column", self._columns.one("duration"))
        if position is None:
            return
        cells = [ascii_digits(cell) for cell in self._columns.cells(position) if cell]
        unit = self._answers.get("duration.unit") or duration_unit(self._columns.label(position)) or unit_of(cells)
        self._document["duration"] = {"column": self._use(position)}
        lost = len(cells) - readable_durations(cells, unit) if unit else 0
        if lost * 2 > len(cells) and self._answers.get("duration.unit") is None:
            self._ask(
                "duration.unit",
                "--set duration.unit=UNIT",
                f"Most durations cannot be read as {unit}, and would be lost. In which unit are they?",
                _UNITS,
            )
        elif lost * 10 > len(cells):
            self._notes.append(
                f"{lost} of the first {len(cells)} durations cannot be read in the unit {unit}: their records are kept "
                f"without one. Is --set duration.unit={'|'.join(other for other in _UNITS if other != unit)} right?"
            )
        if unit is None:
            self._ask("duration.unit", "--set duration.unit=s", "In which unit are the durations?", ("s", "min", "ms"))
        else:
            self._document["duration"]["unit"] = unit
            self._say("duration", f"column {self._columns.label(position)!r}, in {unit}")
        if self._answers.get("duration.missed") is None:
            negative = Counter(cell for cell in cells if cell.startswith("-"))
            # Where a column says the kind, no second sign for a missed call is needed.
            says_kind = self._column("kind.column", self._columns.one("kind")) is not None
            zero = Counter(cell for cell in cells if re.fullmatch(r"[0:.,]+", cell) and not says_kind)
            for values, text in ((negative, "negative durations"), (zero, "durations of zero")):
                value, count = values.most_common(1)[0] if len(values) == 1 else ("", 0)
                if count > 1:
                    self._notes.append(
                        f"{count} {text} among the first {len(cells)}: if {value} means that a call was not answered, "
                        f"say --set duration.missed={value}."
                    )

    def _kind(self) -> None:
        position = self._column("kind.column", self._columns.one("kind"))
        table = self._document.setdefault("kind", {})
        answer = self._answers.get("kind.constant")
        if answer is not None:
            table["constant"] = answer
        if position is not None and (self._columns.words(position) or "kind.column" in self._answers):
            self._kind_words(position, table)
        elif answer is None and "duration" not in self._document:
            self._ask("kind.constant", "--set kind.constant=KIND", "Are these calls or messages?", ("voice", "message"))

    def _kind_words(self, position: int, table: dict[str, Any]) -> None:
        """The words that are known; the others are asked for by a person, and by a script where none is known."""
        name, words = self._columns.label(position), self._columns.words(position)
        known = {word: kind for word in words if (kind := kind_of(word)) is not None}
        said = {key.removeprefix("kind.words.") for key in self._answers if key.startswith("kind.words.")}
        table["column"] = self._use(position)
        table["words"] = {
            word: kind if isinstance(kind, str) else kind.name.lower() for word, kind in sorted(known.items())
        }
        self._say("kind", f"column {name!r}, {len(known)} words known")
        unknown = [word for word in words if word not in known and word not in said]
        if unknown and (self._asking or not known.keys() | said):
            for word in list(words)[:_WORDS_ASKED]:
                if word in unknown and _is_plain(word) and "=" not in word:
                    self._ask(
                        f"kind.words.{word}",
                        f"--set {shlex.quote(f'kind.words.{word}')}=KIND",
                        f"Column {name!r} says {word!r} in {words[word]} of the first {words.total()} records. Which "
                        "kind is that? Records of unknown kind are kept, and are no contacts.",
                        _KINDS,
                    )
        elif unknown:
            self._notes.append(
                f"{len(unknown)} words of column {name!r} are not known: their records are kept as of unknown kind, "
                "which are no contacts. --set kind.words.WORD=KIND says what one means."
            )

    def _identifiers(self) -> None:
        table = self._document.setdefault("identifiers", {})
        for role in ("imei", "imsi"):
            position = self._column(f"identifiers.{role}", self._columns.one(role))
            if position is not None:
                table[role] = self._use(position)
        for role, meaning in (("record", "the operator's own record identifier"), ("call", "a call's identifier")):
            position = self._columns.one(role)
            if self._answers.get(f"identifiers.{role}") is not None:
                position = self._column(f"identifiers.{role}", None)
                if position is not None:
                    table[role] = self._use(position)
            elif position is not None:
                name = self._columns.label(position)
                self._notes.append(
                    f"Column {name!r} may be {meaning}: if it is the same in no two {role}s of any file, "
                    f"say --set identifiers.{role}={name!r}."
                )

    def _dropped(self) -> None:
        used = {self._columns.position(column) for column in _columns_in(self._document)}
        drop: dict[str, list[Column]] = {}
        for role in _DROPPED:
            at = [position for position in self._columns.roles.get(role, ()) if position not in used]
            if at:
                drop[role] = [self._columns.reference(position) for position in at]
                self._say("dropped", f"{role}: {', '.join(repr(self._columns.label(position)) for position in at)}")
            self._shown.difference_update(at)
        if drop:
            self._document["drop"] = drop
        known = used | {position for role in drop for position in self._columns.roles[role]}
        others = [self._columns.label(at) for at in range(self._columns.width) if at not in known]
        if others:
            self._say("not kept", ", ".join(repr(name) for name in others))

    def _footer(self, units: Sequence[Unit]) -> None:
        encoding = self._file["encoding"]
        if encoding == "utf-16" and self._sample.tail:
            encoding = "utf-16-be" if self._sample.head.startswith(b"\xfe\xff") else "utf-16-le"
        tail = self._sample.tail.decode(encoding, "replace") if self._sample.tail else ""
        lines = [line for line in re.split(r"[\r\n]+", tail) if line.strip()] or [
            raw for raw, _ in units if raw.strip()
        ]
        last = lines[-1] if len(lines) > 1 else ""
        found = re.match(r"\D{3,}", last)
        if not found or not is_footer_word(found[0]) or len(self._columns.rows) < 1:
            return
        prefix = found[0]
        if any(raw.startswith(prefix) for raw, _ in units[:-1]):
            return
        footer = {"prefix": prefix}
        # In a line with a cell for every column a figure may be the sum of its column, and claims no records.
        row = last.count(self._file["delimiter"]) >= self._columns.width - 1 and self._columns.width > 1
        if re.match(r"\D*\d+\D*$", last) and (not row or counts_records(prefix)):
            footer["count"] = "([0-9]+)"
        self._document["footer"] = footer
        self._say("footer", f"lines that begin with {prefix.strip()!r}")

    def _owner(self) -> None:
        operator = self._answers.get("operator")
        if operator is None:
            self._ask("operator", "--operator NAME", "Whose records are these? Duplicates and merging go by it.")
        else:
            self._document["operator"] = operator
        self._document["name"] = self._answers.get("name") or operator or "open"
        if self._columns.names and not any(_LONG.search(name) for name in self._columns.names):
            # A header with a number in it is not kept: a profile holds none.
            self._document["recognise"] = {"header": list(self._columns.names)}

    def _overrides(self) -> None:
        """Whatever else was said with a dotted key of the profile; the rest was taken where it was looked at."""
        for key, value in self._answers.items():
            if key in ("form", "country", "direction", "name", "operator") or key in _TAKEN_KEYS:
                continue
            table = self._document
            if key.startswith("kind.words."):
                self._document["kind"].setdefault("words", {})[key.removeprefix("kind.words.")] = value
                continue
            *path, last = key.split(".")
            for part in path:
                table = table.setdefault(part, {})
            if key != "file.delimiter":
                table[last] = value


_TAKEN_KEYS: Final = frozenset(
    {
        *(f"direction.{way}" for way in _WAYS),
        *(f"{table}.column" for table in ("a", "b", "duration", "kind", "direction")),
        *(f"identifiers.{role}" for role in ("imei", "imsi", "record", "call")),
        "start.columns",
    }
)
_MEANS: Final[Mapping[Direction, str]] = {
    "outgoing": "outgoing calls, which the subscriber made",
    "incoming": "incoming calls, which the subscriber got",
}
_DROPPED: Final = ("content", "location", "traits")
_UNITS: Final = ("s", "min", "ms", "h:m:s")
_SIGN_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def _some_columns(sample: Sample, encoding: str) -> bool:
    return any(len(cells) > 1 for sign in _SIGN_NAMES for _, cells in split(sample, encoding, sign, most=50))


def _counted(words: Counter[str]) -> str:
    """The words with how often each stands; of many, the most frequent. What is no plain word is not repeated."""
    named: Counter[str] = Counter()
    for word, count in words.items():
        named["(nothing)" if not word else repr(word) if _is_plain(word) else "(other)"] += count
    shown = [f"{word} {count}" for word, count in named.most_common(_WORDS_ASKED)]
    return ", ".join(shown) + (", …" if len(named) > _WORDS_ASKED else "")


def _is_plain(word: str) -> bool:
    """Whether a cell may be repeated in a question: it is a word or sign, and may be neither content nor a number."""
    return len(word) <= _WORD_LENGTH and not may_hold_number(word)


def _example(cells: Sequence[str]) -> str:
    """A time as it stands in the file; nothing where what stands there may be a telephone number."""
    filled = (cell for cell in cells if cell and not may_hold_number(_DATES.sub("", cell)))
    return next(filled, "")[:_WORD_LENGTH]


def _header_said(columns: Columns) -> str:
    if not columns.header_lines:
        return "none: the first line is a record"
    return f"line {columns.header_lines}: {', '.join(columns.names)}"


def _columns_in(document: Mapping[str, Any]) -> list[Column]:
    start = document.get("start", {}).get("columns", [])
    single = [document.get(table, {}).get("column") for table in ("a", "b", "duration", "kind", "direction")]
    return [*start, *(column for column in single if column is not None), *document.get("identifiers", {}).values()]
