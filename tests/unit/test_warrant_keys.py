"""Keys: what may not be shown, what may not verify, and files that only their owner opens."""

from __future__ import annotations

import base64
import copy
import os
import pickle
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from clew.errors import ClewError, InputError, Refused, StorageError, UsageError
from clew.warrants.files import read_secret_file, write_file
from clew.warrants.keyfile import open_key, read_key, seal_key
from clew.warrants.keys import PublicKey, SigningKey
from tests.warrants import JUDGE

PASSPHRASE = "correct horse battery"
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P


def randomness(size: int) -> bytes:
    return bytes(range(size))


@pytest.fixture(scope="module")
def sealed() -> bytes:
    """The judge's key file; stretching the passphrase takes a while, so it is made once."""
    return seal_key(JUDGE, PASSPHRASE, randomness)


def test_a_secret_key_is_not_shown_copied_or_pickled() -> None:
    secret = JUDGE.secret_bytes()
    for text in (repr(JUDGE), str(JUDGE), f"{JUDGE}"):
        assert secret.hex() not in text
        assert repr(secret) not in text
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            attempt(JUDGE)
    assert not hasattr(JUDGE, "__dict__")


def small_order_points() -> list[int]:
    """The y of every point whose eightfold is the neutral one, worked out from the curve's equation."""

    def double(x: int, y: int) -> tuple[int, int]:
        product = D * x * x * y * y % P
        return (
            2 * x * y * pow(1 + product, P - 2, P) % P,
            (y * y + x * x) * pow(1 - product, P - 2, P) % P,
        )

    def x_of(y: int) -> int | None:
        square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
        root = pow(square, (P + 3) // 8, P)
        if (root * root - square) % P:
            root = root * pow(2, (P - 1) // 4, P) % P
        return root if (root * root - square) % P == 0 else None

    order_8 = int.from_bytes(
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
    )
    found = [0, 1, P - 1, order_8, P - order_8]
    for y in found:
        x = x_of(y)
        assert x is not None
        point = (x, y)
        for _ in range(3):
            point = double(*point)
        assert point == (0, 1)
    return found


@pytest.mark.parametrize("y", small_order_points())
@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_under_which_anything_verifies_is_refused(y: int, sign: int) -> None:
    with pytest.raises(InputError) as refused:
        PublicKey((y | sign << 255).to_bytes(32, "little"))
    assert refused.value.code == "key.malformed"


@pytest.mark.parametrize("raw", [b"", b"\1" * 31, b"\1" * 33, (P + 3).to_bytes(32, "little"), b"\xff" * 32])
def test_a_key_in_another_encoding_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        PublicKey(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [("ed25519:", ""), ("ed25519:", "ED25519:"), ("=", ""), ("=", "==="), ("=", "=\n"), ("o=", "p="), ("11q", " 11q")],
)
def test_a_public_key_has_one_spelling(old: str, new: str) -> None:
    text = signing_key_of_rfc_8032().public.text
    assert PublicKey.parse(text).text == text
    assert text.count(old) == 1
    with pytest.raises(InputError) as refused:
        PublicKey.parse(text.replace(old, new))
    assert refused.value.code == "key.malformed"


def signing_key_of_rfc_8032() -> SigningKey:
    """Test 1 of section 7.1; its public key ends in ``o=``."""
    secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    return SigningKey.generate(lambda size: bytes.fromhex(secret))


def test_backup_a_copied_key_file_opens_with_its_passphrase(tmp_path: Path, sealed: bytes) -> None:
    """docs/howto/keys.md, backup."""
    write_file(tmp_path / "judge.key", sealed)
    copied = tmp_path / "backup.key"
    copied.write_bytes((tmp_path / "judge.key").read_bytes())
    copied.chmod(0o600)
    assert read_key(copied, PASSPHRASE).secret_bytes() == JUDGE.secret_bytes()


def test_a_key_file_is_the_standard_one_that_others_can_open(sealed: bytes) -> None:
    key = load_pem_private_key(sealed, PASSPHRASE.encode())
    assert key.private_bytes_raw() == JUDGE.secret_bytes()  # type: ignore[union-attr]
    assert JUDGE.secret_bytes() not in sealed


def test_the_wrong_passphrase_opens_nothing(sealed: bytes) -> None:
    with pytest.raises(InputError) as refused:
        open_key(sealed, "Correct horse battery")
    assert refused.value.code == "key.passphrase"
    assert "horse" not in str(refused.value)


def test_a_passphrase_typed_on_another_keyboard_is_the_same_passphrase() -> None:
    made = seal_key(JUDGE, "clé de chêne à Béziers", randomness)
    assert open_key(made, "cle\u0301 de che\u0302ne a\u0300 Be\u0301ziers").public == JUDGE.public


def test_a_short_passphrase_is_refused_before_a_key_is_written() -> None:
    with pytest.raises(UsageError) as refused:
        seal_key(JUDGE, "elevenchars", randomness)
    assert refused.value.code == "key.passphrase-short"


def test_no_two_files_share_their_randomness() -> None:
    taken: list[int] = []

    def watched(size: int) -> bytes:
        taken.append(size)
        return os.urandom(size)

    first, second = (seal_key(JUDGE, PASSPHRASE, watched) for _ in range(2))
    assert taken == [32, 16, 32, 16]
    assert first != second


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
        b"\0" * 300,
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAk\n",
    ],
)
def test_what_is_no_key_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as refused:
        open_key(data, PASSPHRASE)
    assert refused.value.code == "key.file"


def test_a_key_file_with_weaker_stretching_is_refused(sealed: bytes) -> None:
    """Whoever can change the file must not make the next copy of it cheap to guess at, or opening it endless."""
    head, *middle, end = sealed.splitlines(keepends=True)
    der = base64.b64decode(b"".join(middle))
    cost = bytes.fromhex("0203020000")
    assert der.count(cost) == 1
    for other in ("0203010000", "0203400000"):
        body = base64.encodebytes(der.replace(cost, bytes.fromhex(other))).replace(b"\n", b"")
        lines = b"".join(body[at : at + 64] + b"\n" for at in range(0, len(body), 64))
        with pytest.raises(InputError) as refused:
            open_key(head + lines + end, PASSPHRASE)
        assert refused.value.code == "key.file"


def test_an_unencrypted_key_is_refused() -> None:
    plain = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    with pytest.raises(Refused) as refused:
        open_key(plain + b"-----END PRIVATE KEY-----\n", PASSPHRASE)
    assert refused.value.code == "key.unencrypted"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_that_others_can_read_signs_nothing(tmp_path: Path, sealed: bytes, mode: int) -> None:
    path = tmp_path / "judge.key"
    write_file(path, sealed)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(mode)
    with pytest.raises(Refused) as refused:
        read_key(path, PASSPHRASE)
    assert (refused.value.code, refused.value.where) == ("key.permissions", str(path))


def test_a_file_is_never_overwritten_by_accident(tmp_path: Path) -> None:
    path = tmp_path / "judge.key"
    write_file(path, b"first")
    with pytest.raises(UsageError) as refused:
        write_file(path, b"second")
    assert refused.value.code == "warrant.file-exists"
    assert path.read_bytes() == b"first"
    write_file(path, b"third", replace=True)
    assert read_secret_file(path) == b"third"
    assert os.listdir(tmp_path) == ["judge.key"]


def test_a_failed_write_leaves_the_old_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "judge.key"
    write_file(path, b"first")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError) as failed:
        write_file(path, b"second", replace=True)
    assert failed.value.code == "warrant.file-unwritable"
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["judge.key"]


def test_generating_takes_exactly_the_randomness_it_is_given() -> None:
    assert SigningKey.generate(lambda size: b"\7" * size).secret_bytes() == b"\7" * 32
    with pytest.raises((ValueError, ClewError)):
        SigningKey.generate(lambda size: b"\7" * (size - 1))
