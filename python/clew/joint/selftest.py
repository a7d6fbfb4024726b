"""Published values, computed anew by the backend in use: whether this machine's group arithmetic can be trusted.

Each published list is repeated until it fills the widest vector several times over, with every value in every lane: a
wrong lane, or a batch that is treated otherwise than a single value, shows. ``published.json`` says where each value
was published.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from clew.errors import PeerError
from clew.joint import group

__all__ = ["LARGE_BATCH", "self_test"]

_ROWS: Final = 119  # no multiple of eight or of four, so that the last vector is not full
_LARGE: Final = 2_000
LARGE_BATCH: Final = "716eb48874c8d9d53bdee5ce3931dc91"
"""What :func:`_large_batch` gave when it was written, by ``curve25519-dalek``."""


@cache
def _published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("clew.joint").joinpath("published.json").read_text("utf-8"))
    return found


def self_test() -> dict[str, bool]:
    """For each published value, named by document and place, whether the backend in use computes it."""
    outcome = {**_multiples(), **_invalid()}
    for mode, name in enumerate(("oprf", "voprf")):
        outcome |= _exchanges(mode, name)
    outcome[f"{_LARGE} products, Clew's own"] = _large_batch() == LARGE_BATCH
    return outcome


def _multiples() -> dict[str, bool]:
    """RFC 9496, A.1: i times the generator."""
    expected = [bytes.fromhex(text) for text in _published()["multiples"][1:]]
    order = np.arange(_ROWS) % len(expected)
    wide = b"".join((int(place) + 1).to_bytes(64, "little") for place in order)
    found = group.multiply_base(group.SecretScalars.from_wide(wide))
    generator = expected[:1] * _ROWS
    multiplied = group.multiply(generator, group.SecretScalars.from_wide(wide))
    return {
        f"RFC 9496 A.1 B[{place + 1}]": all(
            bytes(row) == expected[place] for rows in (found, multiplied) for row in rows[order == place]
        )
        for place in range(len(expected))
    }


def _invalid() -> dict[str, bool]:
    """RFC 9496, A.2: encodings of no point, wherever among good ones they stand."""
    good = bytes.fromhex(_published()["multiples"][1])
    outcome = {}
    for number, text in enumerate(_published()["invalid"]):
        place = 7 * number % _ROWS
        outcome[f"RFC 9496 A.2 {text[:8]}…{text[-4:]}"] = _refused(
            [*[good] * place, bytes.fromhex(text), *[good] * (_ROWS - place)]
        )
    return outcome


def _refused(points: list[bytes]) -> bool:
    try:
        group.check_points(points)
    except PeerError as error:
        return error.code == "group.encoding"
    return False


def _exchanges(mode: int, name: str) -> dict[str, bool]:
    """RFC 9497, A.1.1 and A.1.2: blinding, evaluation, proof and output, alone and repeated."""
    published = _published()[name]
    key = group.OprfKey.derive(bytes.fromhex(published["seed"]), bytes.fromhex(published["info"]), mode)  # type: ignore[arg-type]
    outcome = {}
    if "public" in published:
        outcome["RFC 9497 A.1.2 pkSm"] = key.public.hex() == published["public"]
    for number, case in enumerate(published["cases"], 1):
        place = f"RFC 9497 A.1.{mode + 1}.{number}"
        outcome |= {f"{place} {what}": right for what, right in _exchange(mode, key, case).items()}
    return outcome


def _exchange(mode: int, key: group.OprfKey, case: dict[str, Any]) -> dict[str, bool]:
    inputs, blinds, blinded, evaluated, outputs = (
        [bytes.fromhex(text) for text in case[name]] for name in ("inputs", "blinds", "blinded", "evaluated", "outputs")
    )

    def blinding(times: int) -> group.Blinding:
        scalars = group.SecretScalars.from_wide(b"".join(blind + bytes(32) for blind in blinds * times))
        return group.blind(inputs * times, scalars, mode)  # type: ignore[arg-type]

    many = blinding(_ROWS)
    answers = key.evaluate(many.elements)
    right = {
        "BlindedElement": many.elements.tobytes() == b"".join(blinded * _ROWS),
        "EvaluationElement": answers.tobytes() == b"".join(evaluated * _ROWS),
        "Output": many.finalise_unverified(answers).tobytes() == b"".join(outputs * _ROWS),
        "Evaluate": key.outputs(inputs * _ROWS).tobytes() == b"".join(outputs * _ROWS),
    }
    if "proof" in case:
        proof = bytes.fromhex(case["proof"])
        right["Proof"] = _verified(blinding(1), answers[: len(inputs)], proof, key.public)
        right["Proof, altered"] = not _verified(blinding(1), answers[: len(inputs)], proof[::-1], key.public)
    return right


def _verified(blinding: group.Blinding, answers: group.Array, proof: bytes, public: bytes) -> bool:
    try:
        blinding.finalise_verified(answers, proof, public)
    except PeerError:
        return False
    return True


def _large_batch() -> str:
    """A digest over hashing to the group, and multiplying by one scalar, by one each, and the generator."""
    scalars = group.SecretScalars.expand(bytes(32), "self-test", _LARGE)
    one = group.SecretScalar.expand(bytes(32), "self-test")
    points = group.hash_to_group([number.to_bytes(4, "big") for number in range(_LARGE)], b"clew/1 self-test")
    results = (points, group.multiply(points, scalars), group.multiply(points, one), group.multiply_base(scalars))
    return hashlib.sha256(b"".join(result.tobytes() for result in results)).hexdigest()[:32]
