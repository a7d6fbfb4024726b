"""What comes in as points, values and positions, what is refused, and what goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clew.errors import InputError, PeerError
from clew.joint import group

COUNT = 5
POINTS = group.hash_to_group([b"%d" % number for number in range(COUNT)], b"test")
ONE = group.SecretScalar.from_wide(bytes([1]) + bytes(63))
ROWS = [bytes(row) for row in POINTS]
COLUMN = pa.array(ROWS, pa.binary(32))


def wide_rows() -> np.ndarray[Any, np.dtype[np.uint8]]:
    rows = np.zeros((2 * COUNT, 40), np.uint8)
    rows[::2, 3:35] = POINTS
    return rows


SAME: dict[str, Any] = {
    "as it is": POINTS,
    "flat bytes": POINTS.tobytes(),
    "bytearray": bytearray(POINTS.tobytes()),
    "memoryview": memoryview(POINTS.tobytes()),
    "list of rows": [bytes(row) for row in POINTS],
    "list of arrays": list(POINTS),
    "every other row of a wider array": wide_rows()[::2, 3:35],
    "column order": np.asfortranarray(POINTS),
    "backwards twice": POINTS[::-1].copy()[::-1],
    "writable": POINTS.copy(),
    "an Arrow buffer": pa.py_buffer(POINTS.tobytes()),
    "signed": POINTS.view(np.int8),
    "a memoryview of signed bytes": memoryview(POINTS.tobytes()).cast("b"),
    "an Arrow column": COLUMN,
    "a slice of an Arrow column": pa.concat_arrays([COLUMN[3:], COLUMN, COLUMN[:1]])[2 : 2 + COUNT],
    "an Arrow column in pieces": pa.chunked_array([COLUMN[:1], COLUMN[:0], COLUMN[1:]]),
    "a column of an Arrow table": pa.table({"points": COLUMN})["points"],
    "an Arrow column whose missing rows were left out": pa.array([None, *ROWS], pa.binary(32))[1:],
}


@pytest.mark.parametrize("points", SAME.values(), ids=SAME.keys())
def test_points_of_any_layout_are_the_same_points(points: Any) -> None:
    assert group.multiply(points, ONE).tobytes() == POINTS.tobytes()


WRONG: dict[str, Any] = {
    "too narrow": np.zeros((2, 31), np.uint8),
    "too wide": np.zeros((2, 33), np.uint8),
    "three dimensions": np.zeros((2, 2, 32), np.uint8),
    "no dimension": np.array(7, np.uint8),
    "words": POINTS.view(np.uint32),
    "floats": np.zeros((2, 32)),
    "booleans": np.zeros((2, 32), np.bool_),
    "objects": np.zeros((2, 32), object),
    "cut": POINTS.tobytes()[:-1],
    "text": "e2" * 32,
    "nothing": None,
    "a list with a short row": [bytes(32), bytes(31)],
    "a list of texts": ["a" * 32],
    "a tuple": (bytes(POINTS[0]),),
    "an Arrow column of another width": pa.array([bytes(31)], pa.binary(31)),
    "an Arrow column of any width": pa.array(ROWS, pa.binary()),
    "an Arrow column of numbers of 32 bytes": pa.array([1], pa.decimal256(40)),
    "an Arrow column in pieces of text": pa.chunked_array([["a" * 32]]),
}


@pytest.mark.parametrize("points", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("function", [group.check_points, lambda points: group.multiply(points, ONE)])
def test_anything_else_is_refused_by_name(points: Any, function: Callable[[Any], object]) -> None:
    with pytest.raises(InputError) as error:
        function(points)
    assert error.value.code == "group.array"
    assert "points" in error.value.what
    assert error.value.mend


@pytest.mark.parametrize(
    "points", [pa.array([ROWS[0], None], pa.binary(32)), pa.chunked_array([COLUMN, pa.array([None], pa.binary(32))])]
)
def test_a_missing_point_is_refused(points: Any) -> None:
    """Harm stopped: a row that is missing is taken for whatever bytes its place holds."""
    with pytest.raises(InputError) as error:
        group.check_points(points)
    assert error.value.code == "group.missing-value"


def test_a_result_becomes_an_arrow_column_as_the_module_says() -> None:
    (way,) = (line for line in (group.__doc__ or "").splitlines() if line.startswith("    pa."))
    points = group.multiply(POINTS, ONE)
    column = eval(way.strip(), {"pa": pa, "points": points})
    assert column.equals(COLUMN)
    assert column.buffers()[1].address == points.ctypes.data
    assert (group.multiply(column, ONE) == POINTS).all()


@pytest.mark.parametrize(
    "none", [b"", np.zeros((0, 32), np.uint8), [], COLUMN[:0], pa.chunked_array([], pa.binary(32))]
)
def test_no_points_are_a_batch_too(none: Any) -> None:
    group.check_points(none)
    for found in (group.multiply(none, ONE), group.add(none, none), group.hash_to_group([], b"test")):
        assert (found.shape, found.dtype) == ((0, 32), np.uint8)


@pytest.mark.parametrize("rows", [(1 << 26) + 1, 1 << 40])
def test_a_broadcast_array_does_not_take_the_memory(rows: int) -> None:
    """Harm stopped: a length that a partner or a slip named ends the process."""
    huge = np.broadcast_to(np.zeros((1, 32), np.uint8), (rows, 32))
    with pytest.raises(InputError) as error:
        group.check_points(huge)
    assert error.value.code == "group.limit"
    for call in (
        lambda: group.SecretScalars.expand(bytes(32), "test", rows),
        lambda: group.Permutation(bytes(32), rows),
        lambda: group.hash_to_group(huge, b"test"),
        lambda: group.hash_to_group(np.broadcast_to(np.zeros((1, 1), np.uint8), (1, rows << 5)), b"test"),
    ):
        with pytest.raises(InputError) as error:
            call()
        assert error.value.code == "group.limit"


def test_results_cannot_be_changed_and_are_nobody_elses() -> None:
    """Harm stopped: a list that was checked is changed before it is answered."""
    given = POINTS.copy()
    found = group.multiply(given, ONE)
    assert not np.shares_memory(found, given)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        found.flags.writeable = True
    assert found.flags.c_contiguous


def test_the_place_of_a_bad_point_is_said_and_the_fault_is_the_partners() -> None:
    bad = POINTS.copy()
    bad[3] = 0xFF
    for function in (group.check_points, lambda points: group.multiply(points, ONE)):
        with pytest.raises(PeerError) as error:
            function(bad)
        assert error.value.code == "group.encoding"
        assert " 3 " in error.value.what
    bad[3] = 0
    with pytest.raises(PeerError) as error:
        group.check_points(bad)
    assert error.value.code == "group.identity"


def test_a_sum_that_is_the_identity_is_refused() -> None:
    minus = (2**252 + 27742317777372353535851937790883648493 - 1).to_bytes(32, "little")
    negated = group.multiply(POINTS, group.SecretScalar.from_canonical(minus))
    with pytest.raises(PeerError) as error:
        group.add(POINTS, negated)
    assert error.value.code == "group.identity"
    assert group.add(POINTS[:2], negated[2:4]).shape == (2, 32)
    with pytest.raises(InputError) as wrong:
        group.add(POINTS, negated[:2])
    assert wrong.value.code == "group.lengths"


TEXTS = ["", "a", "+9647901234567", "é" * 200]
RAW = [text.encode() for text in TEXTS]
HASHED = group.hash_to_group(RAW, b"test").tobytes()
COLUMNS: dict[str, Any] = {
    "binary": pa.array(RAW, pa.binary()),
    "large binary": pa.array(RAW, pa.large_binary()),
    "text": pa.array(TEXTS),
    "large text": pa.array(TEXTS, pa.large_string()),
    "view": pa.array(TEXTS, pa.string_view()),
    "dictionary": pa.array(TEXTS).dictionary_encode(),
    "a slice": pa.array(["x", *TEXTS, "y"])[1:-1],
    "pieces": pa.chunked_array([pa.array(TEXTS[:1]), pa.array([], pa.string()), pa.array(TEXTS[1:])]),
    "a slice of pieces": pa.chunked_array([pa.array(["x", *TEXTS[:2]]), pa.array(TEXTS[2:])])[1:],
    "a column of a table": pa.table({"number": TEXTS})["number"],
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS.keys())
def test_a_column_hashes_as_its_values_do(values: Any) -> None:
    assert group.hash_to_group(values, b"test").tobytes() == HASHED
    assert group.OprfKey.derive(bytes(32), b"", 0).outputs(values).shape == (len(TEXTS), 64)


def test_rows_of_an_array_and_values_of_one_width_hash_alike() -> None:
    rows = np.arange(36, dtype=np.uint8).reshape(3, 12)
    expected = group.hash_to_group([bytes(row) for row in rows], b"test").tobytes()
    assert group.hash_to_group(rows, b"test").tobytes() == expected
    assert group.hash_to_group(np.asfortranarray(rows), b"test").tobytes() == expected
    fixed = pa.array([bytes(row) for row in rows], pa.binary(12))
    assert group.hash_to_group(fixed, b"test").tobytes() == expected
    assert group.hash_to_group(np.zeros((3, 0), np.uint8), b"test").tobytes() == (
        group.hash_to_group([b""] * 3, b"test").tobytes()
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (pa.array(["a", None]), "group.missing-value"),
        (pa.chunked_array([pa.array(["a"]), pa.array([None], pa.string())]), "group.missing-value"),
        (pa.array([[b"a"]]), "group.array"),
        (["a"], "group.array"),
        ([b"a", None], "group.array"),
        ("a", "group.array"),
        (b"a", "group.array"),
        (7, "group.array"),
        (np.zeros((2, 2)), "group.array"),
    ],
)
def test_values_that_cannot_be_hashed_are_refused(values: Any, code: str) -> None:
    """Harm stopped: a missing number is hashed as an empty one, and matches the partner's missing numbers."""
    with pytest.raises(InputError) as error:
        group.hash_to_group(values, b"test")
    assert error.value.code == code


def test_numbers_are_not_hashed_as_texts_of_numbers() -> None:
    with pytest.raises(InputError) as error:
        group.hash_to_group(pa.array([1, 2]), b"test")
    assert error.value.code == "group.array"


@pytest.mark.parametrize("dst", [b"", b"x" * 256])
def test_a_tag_that_separates_nothing_is_refused(dst: bytes) -> None:
    with pytest.raises(InputError) as error:
        group.hash_to_group([b"a"], dst)
    assert error.value.code == "group.limit"


@pytest.mark.parametrize(
    "positions", [np.array([0, 2]), [0, 2], np.array([0, 9, 2])[[0, 2]], np.array([[0], [2]]).T[0]]
)
def test_positions_come_as_an_array_or_a_list(positions: Any) -> None:
    secrets = group.HolderSecrets(bytes(32))
    sealed = group.seal(POINTS, group.multiply(POINTS, secrets.seal), secrets.public(), bytes(32))
    opened = group.open_list(sealed, b"", secrets)
    expected = group.multiply(POINTS[[0, 2]], secrets.row)
    assert (opened.row_points(positions, secrets) == expected).all()
    for wrong in (np.array([-1]), [-1], [0.5], "0", np.zeros(1), None):
        with pytest.raises(InputError) as error:
            opened.row_points(wrong, secrets)  # type: ignore[arg-type]
        assert error.value.code == "group.array"
    for refused in ([2, 0], [1, 1], [COUNT], [1 << 40]):
        with pytest.raises(PeerError) as peer:
            opened.row_points(refused, secrets)
        assert peer.value.code == "group.order"
