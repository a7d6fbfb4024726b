"""States as bytes for the state folder, and back (spec 8.2); what is not written this way is damage.

A state is its name and its fields, each behind a letter for its type and its length. The list and the key of a
published set are not written into a check's state: they are found again where the set is kept.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

import numpy as np
import pyarrow as pa

from clew.errors import ClewError, StorageError
from clew.joint.overlap import states
from clew.joint.overlap.limits import Limits
from clew.joint.overlap.secret import Secret
from clew.joint.overlap.states import Answered, Own, State
from clew.joint.overlap.wire import NO_SET, Question, parse_message

__all__ = ["SetAtHand", "decode_state", "encode_state"]

SetAtHand = Callable[[bytes], tuple[Secret, Own]]
"""The key and the list of the published set with a digest, from where it is kept."""

_MAGIC: Final = b"clew/1 overlap-state\n"
_HASH: Final = 32
_LAYOUTS: Final = {
    "Asked": "secret limits question texts bytes integer",
    "Counted": "secret limits question texts bytes integer bytes rows places rows",
    "Agreed": "record bytes texts",
    "Learnt": "secret bytes bytes strings outputs flag",
    "Answered": "secret limits question secret record bytes",
    "Considering": "record bytes integer flag",
    "Opened": "record bytes integer flag texts",
    "Done": "secret record",
    "Ended": "string",
    "Own": "rows texts",
    "Common": "strings strings",
}
"""The types of the fields of each state, in their order."""

_LEFT_OUT: Final = "Answered from a published set"


def encode_state(state: State) -> bytes:
    """The bytes of a state: secrets and numbers lie open in them, so they are for a file of mode 0600."""
    body = _MAGIC + _record(state)
    return body + hashlib.sha256(body).digest()


def decode_state(data: bytes, at_hand: SetAtHand) -> State:
    """The state that was written; ``StorageError`` if the bytes are damaged."""
    body, digest = data[:-_HASH], data[-_HASH:]
    if not body.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
        raise damaged()
    try:
        found: Any = _parse_record(body[len(_MAGIC) :], at_hand)
    except (ValueError, KeyError, TypeError, IndexError, ClewError) as error:
        raise damaged() from error
    return found  # type: ignore[no-any-return]


def damaged() -> StorageError:
    """The error for a file of the state folder that is not as it was written."""
    return StorageError(
        "overlap.state",
        "the state of this check is damaged or of another version",
        mend="Restore the folder from a backup, or end the check with clew overlap close.",
    )


def _record(value: Any) -> bytes:
    name = type(value).__name__
    kinds = _LAYOUTS[name].split()
    found = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Answered) and value.question.published != NO_SET:
        # The key and the list of a published set stay where they are.
        name, kinds, found = _LEFT_OUT, [*kinds[:3], kinds[5]], [*found[:3], found[5]]
    parts = [_framed(name.encode())]
    parts += [_framed(_WRITERS[kind](one)) for kind, one in zip(kinds, found, strict=True)]
    return b"".join(parts)


def _parse_record(data: bytes, at_hand: SetAtHand) -> Any:
    name, *values = _frames(data)
    if name == _LEFT_OUT.encode():
        kinds = _LAYOUTS["Answered"].split()
        secret, limits, question, previous = (
            _READERS[kind](one) for kind, one in zip([*kinds[:3], kinds[5]], values, strict=True)
        )
        key, own = at_hand(question.published)
        return Answered(secret, limits, question, key, own, previous)
    kinds = _LAYOUTS[name.decode()].split()
    found = (
        _parse_record(one, at_hand) if kind == "record" else _READERS[kind](one)
        for kind, one in zip(kinds, values, strict=True)
    )
    return getattr(states, name.decode())(*found)


def _framed(data: bytes) -> bytes:
    return struct.pack(">Q", len(data)) + data


def _frames(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 8], "big")
        if at + 8 + size > len(data):
            raise ValueError("cut short")
        found.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    return found


def _texts(data: bytes) -> pa.Array:
    return pa.array(_strings(data), pa.string())


def _strings(data: bytes) -> tuple[str, ...]:
    """Texts without line breaks, one a line, each line with its break: an empty text is a line, too."""
    return tuple(data.decode("utf-8").split("\n")[:-1])


def _lines(values: tuple[str, ...] | list[str]) -> bytes:
    return "".join(f"{value}\n" for value in values).encode("utf-8")


def _limits(data: bytes) -> Limits:
    return Limits(*struct.unpack(">III", data))


def _question(data: bytes) -> Question:
    found = parse_message(data)
    if not isinstance(found, Question):
        raise ValueError("another message")
    return found


def _rows(data: bytes) -> Any:
    width = int.from_bytes(data[:2], "big")
    return np.frombuffer(data, np.uint8, -1, 2).reshape(-1, width)


_WRITERS: Final[dict[str, Callable[[Any], bytes]]] = {
    "secret": Secret.bytes_for_state,
    "limits": lambda value: struct.pack(">III", value.least, value.most, value.checks),
    "question": Question.encode,
    "texts": lambda value: _lines(value.to_pylist()),
    "strings": _lines,
    "outputs": b"".join,
    "string": str.encode,
    "bytes": bytes,
    "integer": lambda value: struct.pack(">Q", value),
    "flag": lambda value: bytes([value]),
    "rows": lambda value: struct.pack(">H", value.shape[1]) + value.tobytes(),
    "places": lambda value: value.astype("<u4").tobytes(),
    "record": _record,
}

_READERS: Final[dict[str, Callable[[bytes], Any]]] = {
    "secret": Secret,
    "limits": _limits,
    "question": _question,
    "texts": _texts,
    "strings": _strings,
    "outputs": lambda data: tuple(data[at : at + 64] for at in range(0, len(data), 64)),
    "string": bytes.decode,
    "bytes": bytes,
    "integer": lambda data: struct.unpack(">Q", data)[0],
    "flag": lambda data: data == b"\x01",
    "rows": _rows,
    "places": lambda data: np.frombuffer(data, "<u4").astype(np.intp),
}
