"""Batches of arithmetic in ristretto255 (RFC 9496), as the Rust core computes them: what joint work stands on.

Points are 32 bytes each. Arguments may be any buffer of bytes, an array of shape (n, 32) or flat, of whatever strides,
or an Arrow column of ``binary(32)`` without nulls, and are copied before anything is computed; results are read-only
arrays. The GIL is released meanwhile. As a column of Arrow, over the same memory, a result ``points`` is

    pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), len(points), [None, pa.py_buffer(points)])

Whatever a partner's bytes say is its own fault (``PeerError``); how a function is called is the caller's
(``InputError``). Randomness comes in as bytes from :mod:`clew.effects`; the same bytes never serve twice.

Secrets are classes: they hide in ``repr``, cannot be copied or pickled, offer no comparison, and are wiped when the
last reference goes. What is said to consume a secret leaves it empty. The bytes that a secret is made from, and those
that ``expose`` and ``reveal`` return, are plain Python bytes: nothing wipes them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clew._core import (
    OPRF_MOST_PROVEN,
    ROW_PROOF_LENGTH,
    Blinding,
    Hidden,
    HolderKeys,
    HolderSecrets,
    Opened,
    OprfKey,
    Permutation,
    SecretScalar,
    SecretScalars,
    add,
    answers_of,
    backend,
    backends,
    blind,
    check_points,
    declare,
    decrypt,
    encrypt,
    hash_and_multiply,
    hash_to_group,
    hide_numbers,
    hide_sealed,
    multiply,
    multiply_base,
    open_list,
    prove_names,
    prove_possession,
    prove_recognition,
    prove_row_points,
    prove_rows,
    prove_seeds,
    prove_unmasking,
    rerandomise,
    row_keys,
    seal,
    seal_seeds,
    sum_products_vartime,
    verify_evaluation,
    verify_names,
    verify_possession,
    verify_recognition,
    verify_row_points,
    verify_rows,
    verify_seeds,
    verify_unmasking,
)

__all__ = [
    "OPRF_MOST_PROVEN",
    "ROW_PROOF_LENGTH",
    "Array",
    "Blinding",
    "Hidden",
    "HolderKeys",
    "HolderSecrets",
    "Opened",
    "OprfKey",
    "Permutation",
    "SecretScalar",
    "SecretScalars",
    "Values",
    "add",
    "answers_of",
    "backend",
    "backends",
    "blind",
    "check_points",
    "declare",
    "decrypt",
    "encrypt",
    "hash_and_multiply",
    "hash_to_group",
    "hide_numbers",
    "hide_sealed",
    "multiply",
    "multiply_base",
    "open_list",
    "points",
    "prove_names",
    "prove_possession",
    "prove_recognition",
    "prove_row_points",
    "prove_rows",
    "prove_seeds",
    "prove_unmasking",
    "rerandomise",
    "row_keys",
    "seal",
    "seal_seeds",
    "sum_products_vartime",
    "verify_evaluation",
    "verify_names",
    "verify_possession",
    "verify_recognition",
    "verify_row_points",
    "verify_rows",
    "verify_seeds",
    "verify_unmasking",
]

Array = npt.NDArray[np.uint8]
"""Rows of bytes; read-only where it is a result."""

Values = list[bytes] | pa.Array | pa.ChunkedArray | npt.NDArray[np.uint8]
"""What is hashed: bytes, an Arrow column of binary or string type without nulls, or the rows of an array."""


def points(data: bytes) -> Array:
    """The points of a message, which stand in it one after another; shape (n, 32), over the same memory."""
    return np.frombuffer(data, np.uint8).reshape(-1, 32)
