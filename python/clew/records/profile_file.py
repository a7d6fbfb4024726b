"""Profiles as TOML: read strictly, written in one spelling (``docs/reference/profiles.md``).

``parse_profile(format_profile(p)) == p`` for every profile that :func:`check_profile` passes, and a file that holds
anything unknown is refused with the nearest known word: a key that is silently ignored is a column silently lost.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, cast

from clew.errors import InputError
from clew.records.profile import (
    PROFILE_VERSION,
    Column,
    DirectionRule,
    DurationRule,
    FooterRule,
    KindRule,
    NumberRule,
    Outside,
    Profile,
    Recognise,
    TimeRule,
)
from clew.records.profile_check import check_profile
from clew.records.schema import RecordKind

__all__ = ["KIND_WORDS", "PROFILE_LIMIT", "format_profile", "parse_profile", "profile_from_document", "read_profile"]

PROFILE_LIMIT: Final = 256 * 1024
"""A profile larger than this many bytes is refused unread."""

KIND_WORDS: Final[Mapping[str, RecordKind | Outside]] = {
    "voice": RecordKind.VOICE,
    "message": RecordKind.MESSAGE,
    "missed": RecordKind.MISSED,
    "forwarded": RecordKind.FORWARDED,
    "unknown": RecordKind.UNKNOWN,
    "out of scope": "out of scope",
}
"""How kinds are written in a profile; ``out of scope`` counts a line and keeps nothing of it."""

_REQUIRED: Final = object()


def read_profile(path: str | Path) -> Profile:
    """The profile in the file ``path``; ``InputError`` says which key is wrong and how to mend it."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(PROFILE_LIMIT + 1)
    except OSError as error:
        raise InputError(
            "profile.unreadable",
            f"the profile cannot be read: {error.strerror}",
            where=str(path),
            mend="clew records layouts lists the profiles that Clew knows by name.",
        ) from error
    return parse_profile(data, str(path))


def parse_profile(data: bytes, where: str = "profile") -> Profile:
    """The profile that ``data`` (TOML, UTF-8) says; ``InputError`` with file and key for anything that is not one."""
    if len(data) > PROFILE_LIMIT:
        raise InputError(
            "profile.syntax", "the file is too large for a profile", where=where, mend="A profile is a page of TOML."
        )
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else _first_line(error)
        raise InputError(
            "profile.syntax",
            f"this is not a profile in TOML: {reason}",
            where=where,
            mend="See docs/reference/profiles.md for an example.",
        ) from error
    return profile_from_document(document, where)


def profile_from_document(document: Mapping[str, Any], where: str = "profile") -> Profile:
    """The profile that a TOML document says, once it is parsed into tables; errors as in :func:`parse_profile`."""
    top = _Reader(document, where, "")
    version = top.integer("version")
    if version != PROFILE_VERSION:
        raise InputError(
            "profile.version",
            f"the profile is of version {version}, this Clew reads version {PROFILE_VERSION}",
            where=f"{where}: version",
            mend="Use the Clew that wrote it, or describe the file anew with clew import.",
        )
    profile = _profile(top)
    top.finish()
    return check_profile(profile, where)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["it cannot be read"])[0]


def _profile(top: _Reader) -> Profile:
    file, identifiers, drop = top.optional("file"), top.optional("identifiers"), top.optional("drop")
    merge = top.optional("merge")
    profile = Profile(
        name=top.text("name"),
        operator=top.text("operator"),
        description=top.text("description", ""),
        a=_number(top.table("a")),
        b=_number(top.table("b")),
        start=_time(top.table("start")),
        duration=_duration(top.optional("duration")),
        kind=_kind(top.optional("kind")),
        direction=_direction(top.optional("direction")),
        imei=identifiers.column("imei", None) if identifiers else None,
        imsi=identifiers.column("imsi", None) if identifiers else None,
        operator_record=identifiers.column("record", None) if identifiers else None,
        call=identifiers.column("call", None) if identifiers else None,
        content=drop.columns("content") if drop else (),
        location=drop.columns("location") if drop else (),
        traits=drop.columns("traits") if drop else (),
        encoding=file.text("encoding", "utf-8") if file else "utf-8",
        delimiter=file.text("delimiter", ",") if file else ",",
        quote=file.text("quote", '"') if file else '"',
        header_lines=file.integer("header_lines", 1) if file else 1,
        footer=_footer(top.optional("footer")),
        merge_tolerance=merge.integer("tolerance", 2) if merge else 2,
        recognise=_recognise(top.optional("recognise")),
    )
    for reader in (file, identifiers, drop, merge):
        if reader:
            reader.finish()
    return profile


def _number(reader: _Reader) -> NumberRule:
    rule = NumberRule(reader.column("column"), reader.text("form"), reader.texts("routing_prefixes"))
    reader.finish()
    return rule


def _time(reader: _Reader) -> TimeRule:
    calendar = reader.text("calendar", "gregorian")
    if calendar not in ("gregorian", "umalqura"):
        raise reader.wrong("calendar", "the calendar is gregorian or umalqura")
    rule = TimeRule(
        columns=reader.columns("columns", required=True),
        format=reader.text("format"),
        zone=reader.text("zone"),
        calendar=cast(Literal["gregorian", "umalqura"], calendar),
    )
    reader.finish()
    return rule


def _duration(reader: _Reader | None) -> DurationRule | None:
    if reader is None:
        return None
    rule = DurationRule(reader.column("column"), reader.text("unit", "s"), reader.texts("missed"))
    reader.finish()
    return rule


def _kind(reader: _Reader | None) -> KindRule:
    if reader is None:
        return KindRule()
    words = reader.optional("words")
    mapping = {word: _kind_word(words, word) for word in words.names()} if words else {}
    constant = _kind_word(reader, "constant") if reader.has("constant") else RecordKind.VOICE
    if constant == "out of scope":
        raise reader.wrong("constant", "a file of which every line is out of scope need not be imported")
    rule = KindRule(reader.column("column", None), mapping, constant)
    reader.finish()
    return rule


def _kind_word(reader: _Reader, key: str) -> RecordKind | Outside:
    text = reader.text(key)
    if text not in KIND_WORDS:
        near = _near(text, KIND_WORDS)
        raise reader.wrong(key, f"the kinds are {', '.join(KIND_WORDS)}", near)
    return KIND_WORDS[text]


def _direction(reader: _Reader | None) -> DirectionRule | None:
    if reader is None:
        return None
    rule = DirectionRule(reader.column("column"), reader.texts("outgoing"), reader.texts("incoming"))
    reader.finish()
    return rule


def _footer(reader: _Reader | None) -> FooterRule | None:
    if reader is None:
        return None
    rule = FooterRule(reader.text("prefix"), reader.text("count", None))
    reader.finish()
    return rule


def _recognise(reader: _Reader | None) -> Recognise | None:
    if reader is None:
        return None
    fits = reader.optional("fits")
    rule = Recognise(reader.texts("header"), {column: fits.text(column) for column in fits.names()} if fits else {})
    reader.finish()
    return rule


def _near(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""


class _Reader:
    """One table of the document, whose keys are asked for one by one; :meth:`finish` refuses what nobody asked for."""

    def __init__(self, table: Mapping[str, Any], where: str, path: str) -> None:
        self._table = table
        self._where = where
        self._path = path
        self._asked: list[str] = []

    def names(self) -> list[str]:
        return list(self._table)

    def has(self, key: str) -> bool:
        return key in self._table

    def wrong(self, key: str, what: str, mend: str = "") -> InputError:
        return InputError("profile.value", what, where=self._place(key), mend=mend)

    def _mistyped(self, key: str, name: str) -> InputError:
        return InputError("profile.type", f"this must be {name}", where=self._place(key))

    def _place(self, key: str) -> str:
        return f"{self._where}: {self._path}{key}"

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        return self._get(key, default, str, "a text in quotes")

    def integer(self, key: str, default: Any = _REQUIRED) -> Any:
        return self._get(key, default, int, "a whole number")

    def column(self, key: str, default: Any = _REQUIRED) -> Any:
        return self._get(key, default, (str, int), "a column's header text, or its position from 0")

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._get(key, [], list, "a list of texts")
        if not all(isinstance(value, str) for value in values):
            raise self._mistyped(key, "a list of texts in quotes")
        return tuple(values)

    def columns(self, key: str, *, required: bool = False) -> tuple[Column, ...]:
        values = self._get(key, _REQUIRED if required else [], list, "a list of columns")
        if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
            raise self._mistyped(key, "a list of header texts or positions from 0")
        return tuple(values)

    def table(self, key: str) -> _Reader:
        found = self._get(key, _REQUIRED, dict, f"a table, [{key}]")
        return _Reader(found, self._where, f"{self._path}{key}.")

    def optional(self, key: str) -> _Reader | None:
        found = self._get(key, None, dict, f"a table, [{key}]")
        return None if found is None else _Reader(found, self._where, f"{self._path}{key}.")

    def finish(self) -> None:
        for key in self._table:
            if key not in self._asked:
                mend = _near(key, self._asked) or f"Known here: {', '.join(self._asked)}."
                raise InputError("profile.unknown-key", "a profile has no such key", where=self._place(key), mend=mend)

    def _get(self, key: str, default: Any, kind: type | tuple[type, ...], name: str) -> Any:
        if key not in self._asked:
            self._asked.append(key)
        if key not in self._table:
            if default is _REQUIRED:
                near = [found for found in self._table if difflib.SequenceMatcher(None, found, key).ratio() > 0.7]
                mend = f"There is {near[0]}: did you mean {key}?" if near else f"Add {key}: {name}."
                raise InputError(
                    "profile.missing-key", "the profile does not say this", where=self._place(key), mend=mend
                )
            return default
        value = self._table[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self._mistyped(key, name)
        return value


def format_profile(profile: Profile) -> str:
    """The profile as TOML text in its one spelling: a fixed order of keys, defaults left out of optional tables."""
    blocks = [
        _block(
            None,
            version=PROFILE_VERSION,
            name=profile.name,
            operator=profile.operator,
            description=profile.description or None,
        ),
        _block(
            "file",
            encoding=profile.encoding,
            delimiter=profile.delimiter,
            quote=profile.quote,
            header_lines=profile.header_lines,
        ),
        _block("a", **_number_keys(profile.a)),
        _block("b", **_number_keys(profile.b)),
        _block(
            "start",
            columns=profile.start.columns,
            format=profile.start.format,
            zone=profile.start.zone,
            calendar=None if profile.start.calendar == "gregorian" else profile.start.calendar,
        ),
    ]
    if profile.duration is not None:
        rule = profile.duration
        blocks.append(_block("duration", column=rule.column, unit=rule.unit, missed=rule.missed or None))
    blocks += _kind_blocks(profile.kind)
    if profile.direction is not None:
        way = profile.direction
        blocks.append(_block("direction", column=way.column, outgoing=way.outgoing, incoming=way.incoming))
    blocks.append(
        _block("identifiers", imei=profile.imei, imsi=profile.imsi, record=profile.operator_record, call=profile.call)
    )
    blocks.append(
        _block(
            "drop",
            content=profile.content or None,
            location=profile.location or None,
            traits=profile.traits or None,
        )
    )
    if profile.footer is not None:
        blocks.append(_block("footer", prefix=profile.footer.prefix, count=profile.footer.count))
    blocks.append(_block("merge", tolerance=None if profile.merge_tolerance == 2 else profile.merge_tolerance))
    if profile.recognise is not None:
        blocks.append(_block("recognise", header=profile.recognise.header))
        blocks.append(_block("recognise.fits", **profile.recognise.fits))
    return "\n".join(block for block in blocks if block)


def _number_keys(rule: NumberRule) -> dict[str, Any]:
    return {"column": rule.column, "form": rule.form, "routing_prefixes": rule.routing_prefixes or None}


def _kind_blocks(rule: KindRule) -> list[str]:
    names = {kind: name for name, kind in KIND_WORDS.items()}
    words = {word: names[kind] for word, kind in rule.words.items()}
    return [
        _block("kind", column=rule.column, constant=names[rule.constant]),
        _block("kind.words", **words),
    ]


def _block(table: str | None, /, **values: Any) -> str:
    """A TOML table with the keys whose value is not None; empty if there are none."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if value is not None]
    if not lines:
        return ""
    head = [f"[{table}]"] if table else []
    return "\n".join([*head, *lines]) + "\n"


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
