"""The Rust core: numbers read, files of lines scanned into columns, batches of group arithmetic.

Arguments of group arithmetic are buffers of unsigned bytes, of whatever strides, copied before anything is computed;
results are read-only NumPy arrays. The GIL is released while a batch is computed.
"""

from collections.abc import Sequence
from typing import Any, TypedDict, final

from _typeshed import ReadableBuffer

__version__: str
NUMBER_METADATA: str
NUMBER_REASONS: list[str]

Charset = str | Sequence[str | None]
"""``utf-8``, ``utf-16-le``, ``utf-16-be``, or the 256 characters of a one-byte page, None for its holes."""

Values = bytes
"""Little-endian values of an Arrow column without nulls."""

OptionalValues = tuple[bytes, bytes, int]
"""Values, validity bits, and how many are null."""

Texts = tuple[bytes, bytes, bytes, int]
"""Offsets (32 bits), UTF-8 data, validity bits, and how many are null."""

class Specification(TypedDict):
    import_number: int
    charset: Charset
    delimiter: str
    quote: str | None
    fields: int
    trailing: int
    header: int
    a: tuple[int, str, Sequence[str]]
    b: tuple[int, str, Sequence[str]]
    start: Sequence[int]
    time_format: str
    zone: str
    months: tuple[int, Sequence[int]] | None
    duration: tuple[int, str, Sequence[str]] | None
    kind: int | None
    words: dict[str, int]
    constant: int
    direction: tuple[int, dict[str, bool]] | None
    imei: int | None
    imsi: int | None
    operator_record: int | None
    call: int | None
    kept: Sequence[bool]
    footer: str | None
    short_codes: Sequence[tuple[str, str]]

class Scanned(TypedDict):
    count: int
    records: dict[str, Any]
    others_count: int
    others: dict[str, Any]
    dropped: list[int]
    unknown_words: dict[str, int]
    unreadable: dict[str, int]
    footers: list[str]

@final
class Piece:
    """Some whole units of a file, in its own bytes."""

    @property
    def units(self) -> int: ...
    @property
    def length(self) -> int: ...

@final
class Framer:
    """Cuts the bytes of a file into pieces of whole units, in order."""

    def __new__(cls, charset: Charset, delimiter: str, quote: str | None, fields: int) -> Framer: ...
    def push(self, data: bytes) -> list[Piece]: ...
    def finish(self) -> list[Piece]: ...

@final
class Scanner:
    """Reads units into columns, from any number of threads; reads each distinct number once."""

    def __new__(cls, specification: Specification) -> Scanner: ...
    def scan(self, piece: Piece) -> Scanned: ...
    def numbers(self) -> list[dict[str, Any]]: ...

def first_units(
    data: bytes, charset: Charset, delimiter: str, quote: str | None, most: int
) -> list[tuple[int, list[str] | None]]: ...
def read_numbers(
    raws: Sequence[str],
    form: str,
    routing_prefixes: Sequence[str] = (),
    short_codes: Sequence[tuple[str, str]] = (),
) -> dict[str, list[Any]]: ...
def backend() -> str: ...
def backends() -> list[str]: ...
def _use_backend(name: str | None) -> None: ...
def check_points(points: ReadableBuffer) -> None: ...
