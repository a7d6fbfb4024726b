"""Secrets stay where they are: not shown, not copied, not compared, used once where they must be."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from clew.errors import InputError, PeerError
from clew.joint import group

SEED = bytes(range(32))
WIDE = bytes(range(64))
SCALAR = group.SecretScalar.from_wide(WIDE)
SECRETS = group.HolderSecrets(SEED)
POINTS = group.hash_to_group([b"a", b"b"], b"test")


def sealed() -> group.Array:
    return group.seal(POINTS, group.multiply(POINTS, SECRETS.seal), SECRETS.public(), SEED)


MADE: dict[str, Callable[[], Any]] = {
    "SecretScalar": lambda: SCALAR,
    "SecretScalars": lambda: group.SecretScalars.from_wide(WIDE * 2),
    "OprfKey": lambda: group.OprfKey.derive(SEED, b"info", 1),
    "Blinding": lambda: group.blind([b"+9647901234567"], SEED, 1),
    "HolderSecrets": lambda: SECRETS,
    "Hidden": lambda: group.hide_sealed(sealed(), SECRETS.public(), SEED)[1],
    "Opened": lambda: group.open_list(sealed(), b"", SECRETS),
    "Permutation": lambda: group.Permutation(SEED, 5),
}
PUBLIC = {"HolderKeys"}


def test_every_class_is_a_secret_that_is_tested_here_or_public() -> None:
    classes = {name for name in group.__all__ if isinstance(getattr(group, name), type)}
    assert classes - PUBLIC == set(MADE)


def shown_parts(secret: Any) -> list[str]:
    """Texts under which what is in it could be seen."""
    parts = [SEED.hex(), WIDE.hex(), SCALAR.expose().hex(), "9647901234567"]
    return [part[:8] for part in parts] + [str(list(SCALAR.expose()))[:10]]


@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
def test_it_is_not_shown(make: Callable[[], Any]) -> None:
    """Harm stopped: a key in a log line, a traceback or a notebook."""
    secret = make()
    for text in (repr(secret), str(secret), f"{secret}", repr([secret]), repr({"secret": secret})):
        assert len(text) < 80
        assert not any(part in text for part in shown_parts(secret))
    assert not hasattr(secret, "__dict__")
    assert not any(isinstance(getattr(type(secret), name, None), memoryview) for name in dir(secret))
    with pytest.raises(TypeError):
        memoryview(secret)
    with pytest.raises(TypeError):
        bytes(secret)
    with pytest.raises(AttributeError):
        secret.anything = 1


@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
@pytest.mark.parametrize(
    "way", [copy.copy, copy.deepcopy, *(lambda x, p=p: pickle.dumps(x, p) for p in range(pickle.HIGHEST_PROTOCOL + 1))]
)
def test_it_is_not_copied(make: Callable[[], Any], way: Callable[[Any], object]) -> None:
    """Harm stopped: a key that outlives its trace in a copy, a queue or a file."""
    with pytest.raises(TypeError, match="cannot be copied, pickled or serialised"):
        way(make())


@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
def test_it_is_not_compared(make: Callable[[], Any]) -> None:
    """Harm stopped: the time a comparison takes says where two secrets differ."""
    kind = type(make())
    assert kind.__eq__ is object.__eq__
    assert kind.__lt__ is object.__lt__
    assert kind.__hash__ is object.__hash__


@pytest.mark.parametrize("name", sorted(set(MADE) - {"HolderSecrets", "Permutation"}))
def test_it_is_made_only_where_it_must_be(name: str) -> None:
    with pytest.raises(TypeError):
        getattr(group, name)()


def test_blinds_serve_once() -> None:
    """Harm stopped: two lists under the same blinds can be compared by the partner."""
    blinds = group.SecretScalars.from_wide(WIDE * 2)
    blinding = group.blind([b"a", b"b"], blinds, 0)
    for again in (
        lambda: group.blind([b"a", b"b"], blinds, 0),
        lambda: len(blinds),
        lambda: group.multiply_base(blinds),
    ):
        with pytest.raises(InputError) as error:
            again()
        assert error.value.code == "group.used"
    key = group.OprfKey.derive(SEED, b"", 0)
    evaluated = key.evaluate(blinding.elements)
    blinding.finalise_unverified(evaluated)
    with pytest.raises(InputError) as error:
        blinding.finalise_unverified(evaluated)
    assert error.value.code == "group.used"
    with pytest.raises(InputError):
        _ = blinding.elements


def test_a_failed_exchange_is_over() -> None:
    """Harm stopped: a partner whose proof failed gets another try at the same blinds."""
    key, other = (group.OprfKey.derive(SEED, info, 1) for info in (b"a", b"b"))
    blinding = group.blind([b"a"], SEED, 1)
    evaluated, proof = key.evaluate_with_proof(blinding.elements, SEED)
    with pytest.raises(PeerError) as error:
        blinding.finalise_verified(evaluated, proof, other.public)
    assert error.value.code == "group.proof"
    with pytest.raises(InputError) as used:
        blinding.finalise_verified(evaluated, proof, key.public)
    assert used.value.code == "group.used"


def test_a_call_with_a_wrong_array_consumes_nothing() -> None:
    blinding = group.blind([b"a"], SEED, 0)
    with pytest.raises(InputError):
        blinding.finalise_unverified(b"short")
    assert len(blinding) == 1


def test_broken_randomness_is_refused() -> None:
    """Harm stopped: a generator that returns zeros makes points that hide nothing."""
    for make in (group.SecretScalar.from_wide, group.SecretScalars.from_wide):
        with pytest.raises(InputError) as error:
            make(bytes(64))
        assert error.value.code == "group.scalar"
    for stored in (bytes(32), b"\xff" * 32, bytes(31), bytes(33)):
        with pytest.raises(InputError):
            group.SecretScalar.from_canonical(stored)


def test_a_stored_scalar_is_the_same_scalar() -> None:
    again = group.SecretScalar.from_canonical(SCALAR.expose())
    assert again.public == SCALAR.public
    assert (
        group.multiply(SCALAR.public, SCALAR.inverse()).tobytes()
        == group.OprfKey.from_secret(group.SecretScalar.from_wide(bytes([1]) + bytes(63)), 0).public
    )
    assert group.OprfKey.from_secret(SCALAR, 1).public == SCALAR.public


@pytest.mark.parametrize("mode", [2, 255])
def test_there_are_two_modes(mode: Any) -> None:
    for call in (lambda: group.OprfKey.derive(SEED, b"", mode), lambda: group.blind([b"a"], SEED, mode)):
        with pytest.raises(InputError) as error:
            call()
        assert error.value.code == "group.mode"


def test_an_answer_that_is_the_identity_is_nobodys_and_stops_nothing() -> None:
    """Harm stopped: a holder that planted an entry of no number sees, by the trace's end, that its row was opened."""
    keys = SECRETS.public()
    asked, hidden = group.hide_sealed(sealed(), keys, SEED)
    names = group.open_list(asked, b"", SECRETS).names(SECRETS).copy()
    planted = group.SecretScalar.from_canonical(hidden.reveal(1))
    names[1] = group.multiply(keys.name, planted)
    read = hidden.read(names, keys)
    assert bytes(read[0]) == bytes(group.multiply(POINTS[:1], SECRETS.name)[0])
    assert bytes(read[1]) == bytes(32)
    assert bytes(hidden.read_at([1], names[1:], keys)[0]) == bytes(32)
