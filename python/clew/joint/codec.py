"""Fields of a message and their one encoding: a length in four bytes, then that many bytes (spec protocol 3.1).

A field refuses everything that it would not write itself, so that ``encode(parse(data)) == data``.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Protocol, TypeVar, final

import numpy as np

from clew.errors import PeerError

__all__ = [
    "FIRST_SECOND",
    "LAST_SECOND",
    "Reader",
    "blob",
    "choice",
    "encode_fields",
    "malformed",
    "many",
    "parse_fields",
    "positions",
    "seconds",
    "text",
    "whole",
]

FIRST_SECOND: Final = -62_135_596_800
LAST_SECOND: Final = 253_402_300_799
"""The years 1 to 9999, in seconds since 1970: what every calendar and table here can hold."""

_LENGTH: Final = 4


class Field(Protocol):
    """How the value of one field is written and read."""

    def encode(self, value: Any) -> bytes:
        """The bytes of a value; ``ValueError`` for one that the field cannot hold."""

    def parse(self, data: bytes) -> Any:
        """The value; ``ValueError`` unless ``encode`` of it gives these bytes."""


@final
@dataclass(frozen=True, slots=True)
class _Whole:
    size: int
    signed: bool

    def encode(self, value: int) -> bytes:
        try:
            return value.to_bytes(self.size, "big", signed=self.signed)
        except OverflowError as error:
            raise ValueError("a whole number is out of range") from error

    def parse(self, data: bytes) -> int:
        if len(data) != self.size:
            raise ValueError("a whole number has another width")
        return int.from_bytes(data, "big", signed=self.signed)


@final
@dataclass(frozen=True, slots=True)
class _Moment:
    def encode(self, value: int) -> bytes:
        return self._checked(value).to_bytes(8, "big", signed=True)

    def parse(self, data: bytes) -> int:
        if len(data) != 8:
            raise ValueError("a moment has another width")
        return self._checked(int.from_bytes(data, "big", signed=True))

    def _checked(self, value: int) -> int:
        if not FIRST_SECOND <= value <= LAST_SECOND:
            raise ValueError("a moment that is in no calendar")
        return value


@final
@dataclass(frozen=True, slots=True)
class _Choice:
    of: type[IntEnum]

    def encode(self, value: IntEnum) -> bytes:
        return bytes([self.of(value)])

    def parse(self, data: bytes) -> IntEnum:
        if len(data) != 1:
            raise ValueError("a choice is one byte")
        return self.of(data[0])


@final
@dataclass(frozen=True, slots=True)
class _Blob:
    """Bytes in units of ``width``, from ``least`` to ``most`` of them."""

    width: int
    least: int
    most: int

    def encode(self, value: bytes) -> bytes:
        if len(value) % self.width or not self.least <= len(value) // self.width <= self.most:
            raise ValueError("bytes of another length")
        return value

    def parse(self, data: bytes) -> bytes:
        return self.encode(data)


@final
@dataclass(frozen=True, slots=True)
class _Positions:
    """Strictly increasing positions, four bytes each."""

    most: int

    def encode(self, value: bytes) -> bytes:
        if len(value) % 4 or not 0 < len(value) // 4 <= self.most:
            raise ValueError("positions of another number")
        places = np.frombuffer(value, ">u4")
        if not np.all(places[1:] > places[:-1]):
            raise ValueError("positions that do not rise")
        return value

    def parse(self, data: bytes) -> bytes:
        return self.encode(data)


@final
@dataclass(frozen=True, slots=True)
class _Text:
    """One readable line in NFC, without control or format characters; it may be empty if ``least`` is 0."""

    least: int
    most: int

    def encode(self, value: str) -> bytes:
        data = value.encode("utf-8")
        if not self.least <= len(data) <= self.most or value != value.strip():
            raise ValueError("a text of another length")
        if not unicodedata.is_normalized("NFC", value) or not (value.isprintable() or not value):
            raise ValueError("a text with characters that cannot be seen")
        return data

    def parse(self, data: bytes) -> str:
        try:
            value = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError("a text that is not UTF-8") from error
        self.encode(value)
        return value


@final
@dataclass(frozen=True, slots=True)
class _Many:
    """A tuple of one record type, each led by its length."""

    of: type[Any]
    least: int
    most: int

    def encode(self, value: tuple[Any, ...]) -> bytes:
        if not self.least <= len(value) <= self.most:
            raise ValueError("a list of another length")
        return b"".join(_framed(encode_fields(item)) for item in value)

    def parse(self, data: bytes) -> tuple[Any, ...]:
        reader = Reader(data)
        found: list[Any] = []
        while not reader.done:
            if len(found) == self.most:
                raise ValueError("a list of another length")
            found.append(parse_fields(self.of, reader.take()))
        if len(found) < self.least:
            raise ValueError("a list of another length")
        return tuple(found)


def whole(size: int, *, signed: bool = False) -> Any:
    """A field: a whole number of ``size`` bytes, big-endian."""
    return field(metadata={"field": _Whole(size, signed)})


def seconds() -> Any:
    """A field: a moment in seconds since 1970, of the years 1 to 9999."""
    return field(metadata={"field": _Moment()})


def choice(of: type[IntEnum]) -> Any:
    """A field: one of the numbers of ``of``, in one byte."""
    return field(metadata={"field": _Choice(of)})


def blob(width: int, least: int = 1, most: int = 1) -> Any:
    """A field: bytes in units of ``width``; without more, exactly one unit."""
    return field(repr=False, metadata={"field": _Blob(width, least, most)})


def positions(most: int) -> Any:
    """A field: strictly increasing positions, four bytes each."""
    return field(repr=False, metadata={"field": _Positions(most)})


def text(least: int, most: int) -> Any:
    """A field: a readable line of ``least`` to ``most`` bytes in UTF-8."""
    return field(repr=False, metadata={"field": _Text(least, most)})


def many(of: type[Any], least: int, most: int) -> Any:
    """A field: a list of records of one type."""
    return field(repr=False, metadata={"field": _Many(of, least, most)})


@final
class Reader:
    """Takes length-prefixed parts off the front of some bytes; ``ValueError`` where they end too soon."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._data)

    def take(self) -> bytes:
        """The next part."""
        begin = self._at + _LENGTH
        end = begin + int.from_bytes(self._data[self._at : begin], "big")
        if begin > len(self._data) or end > len(self._data):
            raise ValueError("a part ends behind the message")
        self._at = end
        return self._data[begin:end]


T = TypeVar("T")


def _fields(of: Any) -> tuple[tuple[str, Field], ...]:
    return tuple((f.name, f.metadata["field"]) for f in dataclasses.fields(of))


def encode_fields(item: Any) -> bytes:
    """All fields of a record in the order of its definition; ``ValueError`` where one cannot hold its value."""
    return b"".join(_framed(how.encode(getattr(item, name))) for name, how in _fields(type(item)))


def parse_fields(of: type[T], data: bytes) -> T:
    """The record that these bytes are, to the byte; else ``ValueError``."""
    reader = Reader(data)
    found = of(*(how.parse(reader.take()) for _, how in _fields(of)))
    if not reader.done:
        raise ValueError("something is left over")
    return found


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH, "big") + data


def malformed(why: str) -> PeerError:
    """The error for bytes that are no message."""
    return PeerError(
        "joint.malformed",
        f"the partner sent something that is no message of this protocol: {why}",
        mend="Compare the versions of Clew on both sides.",
    )
