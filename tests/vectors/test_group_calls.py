"""``spec/core-calls.md``: what each seed serves, computed again from scalars and multiplications alone."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from clew.joint import group

PAGE = Path(__file__).resolve().parent.parent.parent / "spec" / "core-calls.md"
COUNT = 9
SEED = bytes(range(32))
SECRETS = group.HolderSecrets(bytes(32))
KEYS = SECRETS.public()
POINTS = group.hash_to_group([b"%d" % number for number in range(COUNT)], b"test")
SEALS = group.multiply(POINTS, SECRETS.seal)


def drawn(purpose: str) -> group.SecretScalars:
    return group.SecretScalars.expand(SEED, purpose, COUNT)


def times(base: bytes, purpose: str) -> group.Array:
    """Each scalar of a purpose times one base."""
    return group.multiply(base * COUNT, drawn(purpose))


def pair(points: group.Array, *purposes: str) -> group.Array:
    """``(r G, P + r X)`` with ``r`` the sum of the scalars of the purposes."""
    first, second = group.multiply_base(drawn(purposes[0])), points
    for purpose in purposes[1:]:
        first = group.add(first, group.multiply_base(drawn(purpose)))
    for purpose in purposes:
        second = group.add(second, times(KEYS.encryption, purpose))
    return np.hstack([first, second])


def test_the_page_names_the_calls_and_purposes_that_are_tested_here() -> None:
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| (`.*) \| .* \| (.*) \|$", text, re.MULTILINE)
    calls = {name for row, _ in rows for name in re.findall(r"`(\w+)`", row)}
    assert calls == {
        *("HolderSecrets", "encrypt", "seal", "seal_seeds", "prove_rows", "rerandomise"),
        *("hide_sealed", "declare", "hide_numbers", "blind"),
    }
    purposes = {
        name for _, row in rows for name in re.findall(r"`([a-z ]+)`:|`(oprf blinds)`", row) for name in name if name
    }
    assert purposes == {
        *("encryption randomness", "number randomness", "seal randomness"),
        *("offset", "factor", "oprf blinds"),
    }


def test_keys() -> None:
    for role, key in (("encryption", KEYS.encryption), ("seal", KEYS.seal), ("name", KEYS.name), ("row", KEYS.row)):
        assert group.SecretScalar.expand(bytes(32), f"{role} key").public == key


def test_encryption() -> None:
    assert (group.encrypt(POINTS, KEYS, SEED) == pair(POINTS, "encryption randomness")).all()


def test_sealing() -> None:
    expected = np.hstack([pair(POINTS, "number randomness"), pair(SEALS, "seal randomness")])
    assert (group.seal(POINTS, SEALS, KEYS, SEED) == expected).all()
    own = [group.SecretScalar.from_wide(bytes([number + 1]) * 64) for number in range(COUNT)]
    answers = np.concatenate([group.multiply(SEALS[at : at + 1], one) for at, one in enumerate(own)])
    exposed = [one.expose() for one in own]
    assert (group.seal_seeds(POINTS, answers, exposed, KEYS, SEED) == expected).all()


def test_hiding_a_list() -> None:
    offsets, seal_offsets = group.multiply_base(drawn("offset")), times(KEYS.seal, "offset")
    hidden = pair(group.add(POINTS, offsets), "number randomness")
    hidden_seals = pair(group.add(SEALS, seal_offsets), "seal randomness")
    # Sealed with another seed, so that what is there and what is added differ.
    made = group.seal(POINTS, SEALS, KEYS, bytes(32))
    there = [group.SecretScalars.expand(bytes(32), f"{what} randomness", COUNT) for what in ("number", "seal")]
    asked = group.hide_sealed(made, KEYS, SEED)[0]
    for column, (fresh, old) in enumerate(zip((hidden, hidden_seals), there, strict=True)):
        first = group.add(fresh[:, :32], group.multiply_base(old))
        second = group.add(fresh[:, 32:], group.multiply(KEYS.encryption * COUNT, old))
        assert (asked[:, 64 * column : 64 * column + 64] == np.hstack([first, second])).all()


def test_declaring_and_rerandomising() -> None:
    hidden = group.add(POINTS, group.multiply_base(drawn("offset")))
    pairs, reader = group.declare(POINTS, KEYS, SEED)
    assert (pairs == pair(hidden, "encryption randomness", "number randomness")).all()
    assert len(reader) == COUNT
    encrypted = group.encrypt(POINTS, KEYS, SEED)
    again = group.rerandomise(encrypted, KEYS, SEED)
    assert (again == pair(POINTS, "encryption randomness", "number randomness")).all()


def test_recognition_and_blinding() -> None:
    points, _ = group.hide_numbers(POINTS, SEED)
    assert (points == group.multiply(POINTS, drawn("factor"))).all()
    inputs = [b"%d" % number for number in range(COUNT)]
    blinded = group.blind(inputs, SEED, 1).elements
    assert (blinded == group.blind(inputs, drawn("oprf blinds"), 1).elements).all()


@pytest.mark.parametrize("role", range(4))
def test_possession_is_four_proofs_in_the_order_of_the_roles(role: int) -> None:
    proof = group.prove_possession(SECRETS, b"trace", SEED)
    assert len(proof) == 256
    group.verify_possession(KEYS, b"trace", proof)
    other = group.HolderSecrets(SEED)
    swapped = [KEYS.encodings[at : at + 32] for at in range(0, 128, 32)]
    swapped[role] = other.public().encodings[32 * role : 32 * role + 32]
    proofs = [proof[at : at + 64] for at in range(0, 256, 64)]
    proofs[role] = group.prove_possession(other, b"trace", SEED)[64 * role : 64 * role + 64]
    group.verify_possession(group.HolderKeys(b"".join(swapped)), b"trace", b"".join(proofs))
