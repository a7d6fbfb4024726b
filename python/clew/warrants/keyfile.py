"""Secret keys in files: encrypted with a passphrase, readable by their owner only (``docs/howto/keys.md``).

The format is a standard one, PKCS #8 with PBES2 (RFC 5958, RFC 8018): scrypt (RFC 7914) and AES-256-CBC. It is
written here because the library's own writer stretches the passphrase with 2,048 rounds of PBKDF2, which a graphics
card undoes at millions of guesses a second; scrypt with 128 MiB allows a few.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_private_key

from clew.effects import Randomness
from clew.errors import InputError, Refused, UsageError
from clew.warrants.files import read_file, read_secret_file
from clew.warrants.keys import SigningKey

__all__ = [
    "PASSPHRASE_LEAST",
    "check_passphrase",
    "key_file_parts",
    "open_auditor_key",
    "open_key",
    "parse_auditor",
    "read_auditor_key",
    "read_key",
    "require_key_file",
    "require_other_passphrase",
    "seal_auditor_key",
    "seal_key",
]

PASSPHRASE_LEAST = 12
"""Characters that a passphrase must have. Four random words have more."""

_SCRYPT_N: Final = 1 << 17
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
_SALT: Final = 32
_IV: Final = 16

_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
_AES256_CBC: Final = bytes.fromhex("060960864801650304012a")
_PKCS8_ED25519: Final = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 secret bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7)."""
_PKCS8_X25519: Final = bytes.fromhex("302e020100300506032b656e04220420")
"""The same of an X25519 key, which an auditor has: it opens evidence and signs nothing (spec protocol 6.2)."""

_FILE_LIMIT: Final = 64 * 1024
_BEGIN: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
_END: Final = b"-----END ENCRYPTED PRIVATE KEY-----\n"


def check_passphrase(passphrase: str) -> str:
    """``passphrase`` if it is long enough to protect a key; else ``UsageError``."""
    if len(passphrase) < PASSPHRASE_LEAST:
        raise UsageError(
            "key.passphrase-short",
            f"a passphrase has at least {PASSPHRASE_LEAST} characters",
            mend="Take four or more random words.",
        )
    return passphrase


def require_other_passphrase(present: str, new: str) -> None:
    """Return if ``new`` is another passphrase than ``present``; else ``UsageError``: no change is told that is none."""
    if _text(present) == _text(new):
        raise UsageError(
            "key.passphrase-same",
            "the new passphrase is the present one, so nothing would change",
            mend="Choose another one; nothing was done.",
        )


def seal_key(key: SigningKey, passphrase: str, randomness: Randomness) -> bytes:
    """The key's encrypted file; takes 128 MiB and a fraction of a second."""
    return _sealed(_PKCS8_ED25519 + key.secret_bytes(), passphrase, randomness)


def seal_auditor_key(key: X25519PrivateKey, passphrase: str, randomness: Randomness) -> bytes:
    """The same of the key that opens evidence."""
    return _sealed(_PKCS8_X25519 + key.private_bytes_raw(), passphrase, randomness)


def _sealed(pkcs8: bytes, passphrase: str, randomness: Randomness) -> bytes:
    salt, iv = randomness(_SALT), randomness(_IV)
    padder = PKCS7(AES256.block_size).padder()
    plain = padder.update(pkcs8) + padder.finalize()
    encryptor = Cipher(AES256(_stretch(check_passphrase(passphrase), salt)), CBC(iv)).encryptor()
    return _file(salt, iv, encryptor.update(plain) + encryptor.finalize())


def open_key(data: bytes, passphrase: str) -> SigningKey:
    """The key in an encrypted file; ``InputError`` if it is no such file or the passphrase is wrong."""
    key = _opened(data, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise _other_use("this key opens evidence, and does not sign", "Give a key that clew warrant key made.")
    return SigningKey(key)


def open_auditor_key(data: bytes, passphrase: str) -> X25519PrivateKey:
    """The same of the key that opens evidence."""
    key = _opened(data, passphrase)
    if not isinstance(key, X25519PrivateKey):
        raise _other_use("this key signs, and does not open evidence", "Give the key that clew auditor key made.")
    return key


def _opened(data: bytes, passphrase: str) -> object:
    salt, iv, sealed = key_file_parts(data)
    decryptor = Cipher(AES256(_stretch(passphrase, salt)), CBC(iv)).decryptor()
    unpadder = PKCS7(AES256.block_size).unpadder()
    try:
        plain = unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
        return load_der_private_key(plain, None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _wrong_passphrase() from error


def parse_auditor(text: str) -> bytes:
    """The auditor's public key, 32 bytes, out of 64 hexadecimal digits; one that would hide nothing is refused."""
    try:
        raw = bytes.fromhex(text.strip())
        X25519PrivateKey.from_private_bytes(bytes(32)).exchange(X25519PublicKey.from_public_bytes(raw))
    except ValueError as error:
        raise InputError(
            "key.auditor",
            "this is not an auditor's public key",
            mend="Give the .pub file that clew auditor key wrote, or the 64 hexadecimal digits in it.",
        ) from error
    return raw


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P).derive(_text(passphrase))


def _text(passphrase: str) -> bytes:
    """The one spelling of a passphrase: keyboards compose accents differently."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8")


def _file(salt: bytes, iv: bytes, sealed: bytes) -> bytes:
    costs = b"".join(_der(0x02, value.to_bytes(3, "big").lstrip(b"\0")) for value in (_SCRYPT_N, _SCRYPT_R, _SCRYPT_P))
    stretching = _der(0x30, _SCRYPT + _der(0x30, _der(0x04, salt) + costs))
    cipher = _der(0x30, _AES256_CBC + _der(0x04, iv))
    der = _der(0x30, _der(0x30, _PBES2 + _der(0x30, stretching + cipher)) + _der(0x04, sealed))
    text = base64.standard_b64encode(der)
    return _BEGIN + b"".join(text[start : start + 64] + b"\n" for start in range(0, len(text), 64)) + _END


def _der(tag: int, content: bytes) -> bytes:
    """One ASN.1 value in DER."""
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x81, size]) + content


_LAYOUT: Final = _file(b"\0" * _SALT, b"\0" * _IV, b"\0" * 64)


def key_file_parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Salt, initial vector and encrypted key of a file in the one form that :func:`_file` writes."""
    if re.search(rb"-----BEGIN (OPENSSH )?PRIVATE KEY-----", data):
        raise Refused(
            "key.unencrypted",
            "this key file is not encrypted: whoever reads it has the key",
            mend="Treat the key as known to others: make a new one, and change the policy that names it.",
        )
    if len(data) != len(_LAYOUT) or not data.startswith(_BEGIN):
        raise _not_a_key_file()
    try:
        der = base64.b64decode(data[len(_BEGIN) : -len(_END)].replace(b"\n", b""), validate=True)
    except ValueError as error:
        raise _not_a_key_file() from error
    sealed, rest = der[-64:], der[: -64 - 2]
    iv = rest[-_IV:]
    salt_at = rest.find(bytes([0x04, _SALT])) + 2
    salt = rest[salt_at : salt_at + _SALT]
    if _file(salt, iv, sealed) != data:
        raise _not_a_key_file()
    return salt, iv, sealed


def _not_a_key_file() -> InputError:
    return InputError(
        "key.file",
        "this is not a key file as Clew writes it",
        mend="Give the secret key file (not the public one beside it), or restore it from its backup.",
    )


def _other_use(what: str, mend: str) -> InputError:
    return InputError("key.use", what, mend=mend)


def _wrong_passphrase() -> InputError:
    return InputError("key.passphrase", "the passphrase does not open this key", mend="Try again; nothing was done.")


def require_key_file(path: Path) -> bytes:
    """The bytes of an encrypted key file, before anybody types its passphrase.

    A public file is recognised first: everybody may read it, and nothing is wrong with that.
    """
    try:
        if b'public = "ed25519:' in read_file(path, _FILE_LIMIT):
            raise InputError(
                "key.file",
                "this is the public half of a key, and only the secret one signs",
                mend=f"Give the secret key file, such as {path.name.removesuffix('.pub.toml')}."
                if path.name.endswith(".pub.toml")
                else "Give the secret key file.",
            )
        data = read_secret_file(path)
        key_file_parts(data)
        return data
    except (InputError, Refused) as error:
        error.where = error.where or str(path)
        raise


def read_key(path: Path, passphrase: str) -> SigningKey:
    """The secret key in a file."""
    try:
        return open_key(require_key_file(path), passphrase)
    except (InputError, Refused) as error:
        error.where = error.where or str(path)
        raise


def read_auditor_key(path: Path, passphrase: str) -> X25519PrivateKey:
    """The secret key of an auditor in a file."""
    try:
        return open_auditor_key(require_key_file(path), passphrase)
    except (InputError, Refused) as error:
        error.where = error.where or str(path)
        raise
