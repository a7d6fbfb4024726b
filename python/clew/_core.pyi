"""The Rust core: numbers read, files of lines scanned into columns, batches of group arithmetic.

Arguments of group arithmetic are buffers of unsigned bytes, of whatever strides, copied before anything is computed;
results are read-only NumPy arrays. The GIL is released while a batch is computed.
"""

from collections.abc import Sequence
from typing import Any, Literal, NoReturn, TypedDict, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from _typeshed import ReadableBuffer

__version__: str
NUMBER_METADATA: str
NUMBER_REASONS: list[str]

Charset = str | Sequence[str | None]
"""``utf-8``, ``utf-16-le``, ``utf-16-be``, or the 256 characters of a one-byte page, None for its holes."""

ColumnValues = bytes
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

Array = npt.NDArray[np.uint8]
"""Rows of bytes; read-only where it is a result."""

Values = list[bytes] | pa.Array | pa.ChunkedArray | npt.NDArray[np.uint8]
"""What is hashed: bytes, an Arrow column of binary or string type without nulls, or the rows of an array."""

OPRF_MOST_PROVEN: int

@final
class SecretScalar:
    """One secret scalar, not zero. Wiped when the last reference to it goes; its repr shows nothing."""

    @staticmethod
    def from_wide(randomness: ReadableBuffer) -> SecretScalar: ...
    @staticmethod
    def expand(seed: ReadableBuffer, purpose: str) -> SecretScalar: ...
    @staticmethod
    def from_canonical(encoding: ReadableBuffer) -> SecretScalar: ...
    @property
    def public(self) -> bytes: ...
    def inverse(self) -> SecretScalar: ...
    def expose(self) -> bytes: ...
    def __reduce__(self) -> NoReturn: ...

@final
class SecretScalars:
    """Secret scalars, one for each item of a batch, none zero. What consumes them says so; then they are gone."""

    @staticmethod
    def from_wide(randomness: ReadableBuffer) -> SecretScalars: ...
    @staticmethod
    def expand(seed: ReadableBuffer, purpose: str, count: int) -> SecretScalars: ...
    def __len__(self) -> int: ...
    def __reduce__(self) -> NoReturn: ...

@final
class OprfKey:
    """The server's key pair for one mode of RFC 9497. Wiped when the last reference goes; its repr shows nothing."""

    @staticmethod
    def derive(seed: ReadableBuffer, info: bytes, mode: Literal[0, 1]) -> OprfKey: ...
    @staticmethod
    def from_secret(secret: SecretScalar, mode: Literal[0, 1]) -> OprfKey: ...
    @property
    def mode(self) -> Literal[0, 1]: ...
    @property
    def public(self) -> bytes: ...
    def evaluate(self, elements: ReadableBuffer) -> Array: ...
    def evaluate_with_proof(self, elements: ReadableBuffer, randomness: ReadableBuffer) -> tuple[Array, bytes]: ...
    def outputs(self, inputs: Values) -> Array: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Blinding:
    """The client's side of one exchange. Finalising consumes it, whether it succeeds or not."""

    @property
    def elements(self) -> Array: ...
    def finalise(self, evaluated: ReadableBuffer) -> Array: ...
    def finalise_verified(self, evaluated: ReadableBuffer, proof: bytes, public: ReadableBuffer) -> Array: ...
    def __len__(self) -> int: ...
    def __reduce__(self) -> NoReturn: ...

def backend() -> str: ...
def backends() -> list[str]: ...
def _use_backend(name: str | None) -> None: ...
def hash_to_group(values: Values, dst: bytes) -> Array: ...
def multiply(points: ReadableBuffer, scalars: SecretScalar | SecretScalars) -> Array: ...
def multiply_base(scalars: SecretScalars) -> Array: ...
def add(first: ReadableBuffer, second: ReadableBuffer) -> Array: ...
def check_points(points: ReadableBuffer) -> None: ...
def blind(inputs: Values, randomness: ReadableBuffer | SecretScalars, mode: Literal[0, 1]) -> Blinding: ...
def verify_evaluation(
    elements: ReadableBuffer, evaluated: ReadableBuffer, proof: bytes, public: ReadableBuffer
) -> None: ...
