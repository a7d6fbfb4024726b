"""What ``tests/fuzz.py`` feeds to the group arithmetic: every decoder of a partner's bytes, on every backend at once.

Every backend must give the same bytes or the same error. Points are accepted as the plain transcription of RFC 9496
below accepts them; a proof is accepted if and only if it is the one that was made.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clew import _core
from clew.errors import ClewError, InputError
from clew.joint import group
from tests.group_run import using

_P = 2**255 - 19
_Q = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_I = pow(2, (_P - 1) // 4, _P)

SEED = bytes(range(32))
KEY = group.OprfKey.derive(SEED, b"fuzz", 1)
SECRETS = group.HolderSecrets(SEED)
KEYS = SECRETS.public()
POINTS = group.hash_to_group([b"%d" % number for number in range(3)], b"fuzz")
NAMES = group.multiply(POINTS, SECRETS.name)
SEALS = group.multiply(POINTS, SECRETS.seal)
ITEMS = group.seal(POINTS, SEALS, KEYS, SEED)
ASKED, HIDDEN = group.hide_sealed(ITEMS, KEYS, SEED)
DECLARED = group.declare(POINTS[:1], KEYS, SEED)[0]
OPENED = group.open_list(ASKED, DECLARED, SECRETS)
ANSWERS = OPENED.names(SECRETS)
PAIRS = group.encrypt(POINTS, KEYS, SEED)
SOUGHT, SEEKER = group.hide_numbers(POINTS, SEED)
RECOGNISED = group.multiply(SOUGHT, SECRETS.name)
ROWS = OPENED.row_points([0, 3], SECRETS)
IDS = group.row_keys(POINTS)[0]
FEATURES = [b"a", b"b", b"c"]
EVALUATED, OPRF_PROOF = KEY.evaluate_with_proof(group.blind([b"a", b"b"], SEED, 1).elements, SEED)
PUBLIC = KEY.public


def same_everywhere(run: Callable[[], bytes]) -> bytes:
    """What every backend gives; the error, if every backend raises the same."""
    outcomes: list[tuple[bytes, ClewError | None]] = []
    for backend in _core.backends():
        with using(backend):
            try:
                outcomes.append((run(), None))
            except ClewError as error:
                outcomes.append((str(error).encode(), error))
    assert len({outcome for outcome, _ in outcomes}) == 1, f"{_core.backends()} differ: {outcomes}"
    found, error = outcomes[0]
    if error is not None:
        raise error
    return found


def is_point(encoding: bytes) -> bool:
    """Whether a point other than the identity has this encoding (RFC 9496, 4.3.1, word for word)."""
    s = int.from_bytes(encoding, "little")
    if s >= _P or s & 1:
        return False
    u1, u2 = (1 - s * s) % _P, (1 + s * s) % _P
    v = (-_D * u1 * u1 - u2 * u2) % _P
    was_square, root = _inverse_root(v * u2 * u2 % _P)
    x = 2 * s * root * u2 % _P
    x = _P - x if x & 1 else x
    y = u1 * root * root * u2 * v % _P
    return was_square and not (x * y % _P) & 1 and y != 0 and s != 0


def _inverse_root(v: int) -> tuple[bool, int]:
    """SQRT_RATIO_M1 of 1 and v (RFC 9496, 4.2)."""
    root = pow(v, 3, _P) * pow(pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    check = v * root * root % _P
    correct, flipped = check == 1, check == _P - 1
    if flipped or check == _P - _I:
        root = root * _I % _P
    return correct or flipped, root


def _rows(data: bytes, width: int) -> bytes:
    """As many whole rows as there are: most mutations change the length, and lengths are refused at once."""
    return data[: max(len(data) // width, 1) * width]


def _filled(data: bytes, rest: group.Array, length: int) -> bytes:
    """The data with the end of true rows behind it, so that what one mutation cuts off is not all that is looked at."""
    return (data + rest.tobytes()[len(data) :])[:length]


def points(data: bytes) -> None:
    """Points are decoded, and multiplied, if all are points; the first bad one is named otherwise."""
    data = _rows(data, 32)
    good = len(data) % 32 == 0 and all(is_point(data[at : at + 32]) for at in range(0, len(data), 32))

    def run() -> bytes:
        group.check_points(data)
        return group.multiply(data, SECRETS.name).tobytes()

    try:
        found = same_everywhere(run)
    except ClewError:
        assert not good
        raise
    assert good
    assert all(is_point(found[at : at + 32]) for at in range(0, len(found), 32))


def scalar(data: bytes) -> None:
    """A stored or revealed scalar is refused unless it is canonical and not zero, and is what it was."""
    secret = group.SecretScalar.from_canonical(data)
    assert secret.expose() == data
    assert 0 < int.from_bytes(data, "little") < _Q
    same_everywhere(lambda: group.answers_of(NAMES[:1], data, KEYS).tobytes())


def keys(data: bytes) -> None:
    """Four published keys are points, or are refused."""
    found = group.HolderKeys(data)
    assert found.encodings == data
    assert all(is_point(data[at : at + 32]) for at in range(0, 128, 32))


def evaluation(data: bytes) -> None:
    """Evaluated elements, proof and public key: nothing but the true ones is accepted."""
    public, proof, evaluated = data[:32], data[32:96], _rows(data[96:], 32)

    def run() -> bytes:
        return group.blind([b"a", b"b"], SEED, 1).finalise_verified(evaluated, proof, public).tobytes()

    same_everywhere(run)
    assert (public, proof, evaluated) == (PUBLIC, OPRF_PROOF, EVALUATED.tobytes())


def request(data: bytes) -> None:
    """A list of items is opened if every seal fits; then each is the seal of its number."""
    data = _rows(data, 128)
    same_everywhere(lambda: group.open_list(data, b"", SECRETS).names(SECRETS).tobytes())


def declared(data: bytes) -> None:
    """Declared pairs of points are opened behind a list, each by itself; what is no point is refused."""
    data = _rows(data, 64)
    found = same_everywhere(lambda: group.open_list(ASKED, data, SECRETS).names(SECRETS).tobytes())
    assert all(is_point(data[at : at + 32]) for at in range(0, len(data), 32))
    assert len(found) == 32 * (len(ASKED) + len(data) // 64)
    assert found.startswith(ANSWERS[: len(ASKED)].tobytes())


def pairs(data: bytes) -> None:
    """Pairs are decrypted, or refused; rerandomised ones hold what they held."""
    data = _rows(data, 64)
    found = same_everywhere(lambda: group.decrypt(data, SECRETS).tobytes())
    again = same_everywhere(lambda: group.rerandomise(data, KEYS, SEED).tobytes())
    assert not data or again != data
    assert group.decrypt(again, SECRETS).tobytes() == found
    assert all(is_point(data[at : at + 32]) for at in range(0, len(data), 32))


def row_answers(data: bytes) -> None:
    """Answers about rows, each at a place of the list that the first bytes choose, are read, or refused."""
    count, rest = (data[0] % 4 if data else 0), data[1:]
    places, given = [byte % (len(HIDDEN) + 1) for byte in rest[:count]], _filled(rest[count:], NAMES, 32 * count)
    found = same_everywhere(lambda: HIDDEN.read_at(places, given, KEYS, True).tobytes())
    assert len(found) == len(given) == 32 * len(places)
    if data == ROW_ANSWERS[0]:
        assert found == group.multiply(np.concatenate([POINTS[:1], POINTS[:1]]), SECRETS.row).tobytes()


def recognised(data: bytes) -> None:
    """A holder's answers about sought numbers are read, or refused; true ones are the numbers' names."""
    data = _filled(data, RECOGNISED, 96)
    found = same_everywhere(lambda: SEEKER.read(data, KEYS).tobytes())
    assert (found == NAMES.tobytes()) is (data == RECOGNISED.tobytes())
    assert all(is_point(found[at : at + 32]) for at in range(0, len(found), 32))


def answers(data: bytes) -> None:
    """Answers are read, or refused."""
    data = _rows(data, 32)
    same_everywhere(lambda: HIDDEN.read(data, KEYS).tobytes())


def _accepted(verify: Callable[[bytes], None], made: bytes) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        same_everywhere(lambda: verify(data) or b"accepted")
        assert data == made

    return run


_POSSESSION = group.prove_possession(SECRETS, b"", SEED)
_SEEDS = group.prove_seeds(SECRETS, POINTS, SEALS, b"", SEED)
_NAMES = group.prove_names(SECRETS, ASKED, DECLARED, ANSWERS, b"", SEED)
_ROW_POINTS = group.prove_row_points(SECRETS, ASKED, DECLARED, ANSWERS, [0, 3], ROWS, b"", SEED)
_SNAPSHOT = group.prove_rows(SECRETS, IDS, [1, 2, 3], ITEMS, FEATURES, SEED, b"", SEED).tobytes()

possession = _accepted(lambda proof: group.verify_possession(KEYS, b"", proof), _POSSESSION)
seeds = _accepted(lambda proof: group.verify_seeds(KEYS, POINTS, SEALS, b"", proof), _SEEDS)
names = _accepted(lambda proof: group.verify_names(KEYS, ASKED, DECLARED, ANSWERS, b"", proof), _NAMES)
row_points = _accepted(
    lambda proof: group.verify_row_points(KEYS, ASKED, DECLARED, ANSWERS, [0, 3], ROWS, b"", proof), _ROW_POINTS
)


def rows(data: bytes) -> None:
    """Rows whose entries and proofs are a partner's: one bad row is bad alone."""
    width = 128 + group.ROW_PROOF_LENGTH
    data = data[: 3 * width].ljust(3 * width, b"\0")
    parts = [data[at : at + width] for at in range(0, len(data), width)]
    entries, proofs = b"".join(part[:128] for part in parts), b"".join(part[128:] for part in parts)
    found = same_everywhere(lambda: group.verify_rows(KEYS, IDS, [1, 2, 3], entries, FEATURES, b"", proofs).tobytes())
    assert [bool(sound) for sound in found] == [part == good for part, good in zip(parts, GOOD_ROWS, strict=True)]


_ENDS = 3
_IDS_END = _ENDS + 3 * 16


def described_rows(data: bytes) -> None:
    """Rows whose identifiers, ends and features are a partner's: a row with another one is bad, and bad alone."""
    data = data.ljust(_IDS_END, b"\0")
    ends = list(data[:_ENDS])
    ids = data[_ENDS:_IDS_END]
    features = [*data[_IDS_END:].split(b"|", 2), b"", b""][:3]
    found = same_everywhere(lambda: group.verify_rows(KEYS, ids, ends, ITEMS, features, b"", _SNAPSHOT).tobytes())
    good = [
        end == place + 1
        and ids[16 * place : 16 * place + 16] == IDS[place].tobytes()
        and features[place] == FEATURES[place]
        for place, end in enumerate(ends)
    ]
    assert [bool(sound) for sound in found] == good
    if not any(good):
        raise NO_ROW


NO_ROW = InputError("joint.snapshot", "no row of these is sound")
GOOD_ROWS = [
    bytes(item) + _SNAPSHOT[place * group.ROW_PROOF_LENGTH : (place + 1) * group.ROW_PROOF_LENGTH]
    for place, item in enumerate(ITEMS)
]
EDGES = [
    value.to_bytes(32, "little")
    for value in (0, 1, 2, _P - 1, _P, _P + 1, 2**255 - 1, 2**256 - 1, _Q - 1, _Q, _Q + 1, (_P - 1) // 2)
]
POINT_LISTS = [POINTS.tobytes(), NAMES.tobytes() * 3, *(POINTS.tobytes() + edge for edge in EDGES)]
SCALARS = [SECRETS.name.expose(), *EDGES]
KEY_LISTS = [KEYS.encodings, *(KEYS.encodings[:96] + edge for edge in EDGES)]
EVALUATIONS = [PUBLIC + OPRF_PROOF + EVALUATED.tobytes()]
REQUESTS = [ASKED.tobytes(), ITEMS.tobytes(), np.concatenate([ASKED, ITEMS] * 4).tobytes()]
PAIR_LISTS = [PAIRS.tobytes(), DECLARED.tobytes(), *(PAIRS.tobytes() + edge + PAIRS.tobytes()[:32] for edge in EDGES)]
ROW_ANSWERS = [b"\2\0\3" + ROWS.tobytes(), b"\3\0\1\2" + RECOGNISED.tobytes(), b"\1\0" + EDGES[-1]]
RECOGNITIONS = [RECOGNISED.tobytes(), NAMES.tobytes(), *(RECOGNISED[:2].tobytes() + edge for edge in EDGES)]
DESCRIPTIONS = [bytes(ends) + IDS.tobytes() + b"|".join(FEATURES) for ends in ((1, 2, 3), (1, 3, 2))]
ANSWER_LISTS = [ANSWERS[:3].tobytes(), NAMES.tobytes(), *(NAMES[:2].tobytes() + edge for edge in EDGES)]
POSSESSIONS, SEED_PROOFS, NAME_PROOFS, ROW_POINT_PROOFS = [_POSSESSION], [_SEEDS], [_NAMES], [_ROW_POINTS]
SNAPSHOTS = [b"".join(GOOD_ROWS)]
