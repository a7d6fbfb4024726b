"""Who a node is: its folder, its settings, its keys, and the card that a partner pins (spec node 2)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self, final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from clew.chain.graph import check_holder
from clew.durable import make_folder, sync_folder
from clew.effects import Randomness
from clew.errors import ClewError, InputError, UsageError
from clew.node.asking import SOCKET
from clew.node.sealing import SealingKey, derive
from clew.warrants.files import read_file, write_file
from clew.warrants.keyfile import read_key, seal_key
from clew.warrants.keys import PublicKey, SigningKey

__all__ = [
    "Card",
    "Identity",
    "Settings",
    "has_room_for_socket",
    "open_identity",
    "parse_address",
    "read_settings",
    "require_short",
    "set_up",
]

_SETTINGS: Final = "node.json"
_KEY: Final = "identity.key"
_VERSION: Final = 1
_LIMIT: Final = 64 * 1024
_SOCKET_LENGTH: Final = 100
"""Longer paths are refused for a node's socket; the systems' own limits are 104 and 108 bytes."""
_LABEL: Final = b"clew/1 node-card\n"
_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[0-9a-f:]+)\]|(?P<name>[A-Za-z0-9.-]{1,253})):(?P<port>\d{1,5})", re.ASCII)


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """What ``clew node init`` wrote: the node's name, where it listens, its store, and the policy for warrants."""

    folder: Path
    name: str
    address: str
    store: Path
    policy: Path
    card: bytes

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.folder / "node.db"

    @property
    def socket(self) -> Path:
        """Where the running node takes its own people's commands."""
        return self.folder / SOCKET


@final
@dataclass(frozen=True, slots=True)
class Card:
    """What a partner must know of a node, signed by its identity. ``certificate`` is DER."""

    name: str
    address: str
    identity: bytes
    certificate: bytes

    @property
    def fingerprint(self) -> str:
        """What both sides compare over another channel: eight groups of four hexadecimal digits."""
        text = hashlib.sha256(_LABEL + self._signed()).hexdigest()[:32]
        return " ".join(text[at : at + 4] for at in range(0, 32, 4))

    @property
    def pem(self) -> str:
        """The certificate in PEM."""
        return x509.load_der_x509_certificate(self.certificate).public_bytes(Encoding.PEM).decode()

    def encode(self, key: SigningKey) -> bytes:
        """The card's file, signed."""
        document = json.loads(self._signed())
        document["signature"] = base64.b64encode(key.sign(_LABEL + self._signed())).decode()
        return (json.dumps(document, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes, where: str = "") -> Self:
        """The card in a file; ``InputError`` unless its own identity signed it."""
        try:
            found: dict[str, Any] = json.loads(data)
            if found.pop("version") != _VERSION:
                raise ValueError
            signature = base64.b64decode(found.pop("signature"), validate=True)
            card = cls(
                found.pop("name"),
                found.pop("address"),
                base64.b64decode(found.pop("identity"), validate=True),
                base64.b64decode(found.pop("certificate"), validate=True),
            )
            if found:
                raise ValueError
            check_holder(card.name)
            parse_address(card.address)
            PublicKey(card.identity).verify(signature, _LABEL + card._signed())
            x509.load_der_x509_certificate(card.certificate)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ClewError) as error:
            raise InputError(
                "node.card",
                "this is not the card of a node, or it was changed",
                where=where,
                mend="Ask the partner for the file that clew node card writes.",
            ) from error
        return card

    def _signed(self) -> bytes:
        document = {
            "version": _VERSION,
            "name": self.name,
            "address": self.address,
            "identity": base64.b64encode(self.identity).decode(),
            "certificate": base64.b64encode(self.certificate).decode(),
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@final
@dataclass(frozen=True, slots=True)
class Identity:
    """A node whose passphrase was given: its settings, its card, and its keys."""

    settings: Settings
    card: Card
    key: SigningKey = field(repr=False)
    sealing: SealingKey = field(repr=False)

    @property
    def tls_key(self) -> Ed25519PrivateKey:
        """The key of the certificate."""
        return Ed25519PrivateKey.from_private_bytes(derive(self.key, "tls"))


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT`` or ``[IPv6]:PORT``."""
    found = _ADDRESS.fullmatch(text)
    try:
        if found is None or not 0 < int(found["port"]) < 65536:
            raise ValueError
        host = str(ip_address(found["six"])) if found["six"] else found["name"]
    except ValueError as error:
        raise UsageError(
            "node.address", "an address is HOST:PORT or [IPv6]:PORT", mend="For example 10.0.0.7:7443."
        ) from error
    return host, int(found["port"])


def has_room_for_socket(folder: Path) -> bool:
    """Whether a node's socket can stand in the folder: its path is not too long for one."""
    return len(bytes(folder.resolve() / SOCKET)) <= _SOCKET_LENGTH


def require_short(folder: Path) -> None:
    """Return if a socket can stand in the folder; ``UsageError`` if its path is too long for one."""
    if not has_room_for_socket(folder):
        raise UsageError(
            "node.path-long",
            "the node's folder has too long a path for a socket in it",
            where=str(folder),
            mend=f"Take a folder whose path has fewer than {_SOCKET_LENGTH - 15} characters.",
        )


def set_up(
    folder: Path, name: str, address: str, store: Path, policy: Path, passphrase: str, randomness: Randomness
) -> Card:
    """A new node in a folder; ``UsageError`` if there is one. Its keys are made here and encrypted with the
    passphrase."""
    check_holder(name)
    parse_address(address)
    require_short(folder)
    if (folder / _SETTINGS).exists():
        raise UsageError("node.exists", "there is a node in this folder", where=str(folder), mend="Name a new folder.")
    make_folder(folder)
    key = SigningKey.generate(randomness)
    tls = Ed25519PrivateKey.from_private_bytes(derive(key, "tls"))
    card = Card(name, address, key.public.raw, _certificate(name, tls))
    (folder / _KEY).unlink(missing_ok=True)  # of an attempt that a crash ended: nothing was made with it
    write_file(folder / _KEY, seal_key(key, passphrase, randomness))
    document = {
        "version": _VERSION,
        "name": name,
        "address": address,
        "store": str(store.resolve()),
        "policy": str(policy.resolve()),
        "card": card.encode(key).decode(),
    }
    write_file(folder / _SETTINGS, (json.dumps(document, indent=2) + "\n").encode())
    sync_folder(folder)
    return card


def read_settings(folder: Path) -> Settings:
    """The settings of the node in a folder; ``InputError`` if there is none."""
    path = folder / _SETTINGS
    if not path.is_file():
        raise InputError(
            "node.missing", "there is no node in this folder", where=str(folder), mend="Make one with clew node init."
        )
    try:
        found = json.loads(read_file(path, _LIMIT))
        if found["version"] != _VERSION:
            raise ValueError
        return Settings(  # the running node shows paths to people who stand in other folders than it was started in
            folder.resolve(),
            found["name"],
            found["address"],
            Path(found["store"]),
            Path(found["policy"]),
            found["card"].encode(),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "node.settings",
            "the node's settings cannot be read",
            where=str(path),
            mend="Restore the node folder from a backup.",
        ) from error


def open_identity(folder: Path, passphrase: str) -> Identity:
    """The node in a folder with its keys; ``InputError`` if the passphrase is wrong."""
    settings = read_settings(folder)
    key = read_key(folder / _KEY, passphrase)
    card = Card.parse(settings.card, str(folder / _SETTINGS))
    if card.identity != key.public.raw:
        raise InputError(
            "node.settings",
            "the node's key is not the one on its card",
            where=str(folder),
            mend="Restore the node folder from a backup.",
        )
    return Identity(settings, card, key, SealingKey(derive(key, "database")))


def _certificate(name: str, key: Ed25519PrivateKey) -> bytes:
    """A self-signed certificate. It is pinned, so that its dates say nothing: a wrong clock is found by other means."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    public = key.public_key()
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(int.from_bytes(hashlib.sha256(public.public_bytes_raw()).digest()[:16], "big") | 1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, None)
    )
    return built.public_bytes(Encoding.DER)
