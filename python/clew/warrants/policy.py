"""Whose signatures count, and how many: ``policy.toml`` (``spec/warrant.md``, section 4.4).

There is no default: without a policy nothing is verified, and a policy without keys is refused.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

from clew.errors import ClewError, InputError, Refused
from clew.warrants.dsse import ENVELOPE_LIMIT
from clew.warrants.files import read_file
from clew.warrants.keys import PublicKey
from clew.warrants.strict import Fields, check_moment, plain_text

__all__ = [
    "POLICY_LIMIT",
    "POLICY_VERSION",
    "Holder",
    "Policy",
    "Requirement",
    "holder_toml",
    "is_policy",
    "parse_holders",
    "parse_policy",
    "policy_toml",
    "read_policy",
    "require_different",
    "revocations_folder",
]

POLICY_VERSION = 1
POLICY_LIMIT = 256 * 1024
KEY_LIMIT = 64
_REVOCATION_LIMIT = 10_000


@final
@dataclass(frozen=True, slots=True)
class Holder:
    """One key of the policy and who holds it. After ``until`` its signatures on new documents do not count."""

    name: str
    role: str
    key: PublicKey
    side: str = ""
    until: datetime | None = None

    def __post_init__(self) -> None:
        try:
            for text in (self.name, self.role, *([self.side] if self.side else [])):
                plain_text(text, "policy.keys", 200)
            if self.until is not None:
                check_moment(self.until, "policy.keys.until")
        except InputError as error:
            raise _bad(error.what, error.where) from error


@final
@dataclass(frozen=True, slots=True)
class Requirement:
    """At least so many of the counted signers are of that role, or of that side."""

    at_least: int
    role: str = ""
    side: str = ""

    def met_by(self, holders: Sequence[Holder]) -> bool:
        """Whether enough of ``holders`` are of the role or side."""
        return sum(1 for holder in holders if self.names(holder)) >= self.at_least

    def names(self, holder: Holder) -> bool:
        """Whether ``holder`` is of the role or side."""
        return holder.role == self.role if self.role else holder.side == self.side

    @property
    def text(self) -> str:
        """The requirement in words."""
        return f"{self.at_least} of role {self.role}" if self.role else f"{self.at_least} of side {self.side}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Keys, how many of them must sign, and signed revocations; refuses to be empty.

    ``source`` are the bytes that it was read from (empty if it was made in code), ``revocations`` the envelopes that
    were found in its folder of revocations, ``revocation_files`` where each was found, for errors to name.
    """

    holders: tuple[Holder, ...]
    threshold: int
    requirements: tuple[Requirement, ...] = ()
    revocations: tuple[bytes, ...] = ()
    source: bytes = b""
    revocation_files: Mapping[bytes, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.holders:
            raise Refused(
                "policy.empty",
                "the policy names no key, so nobody's signature counts",
                mend="Name the issuing authorities' keys with clew warrant policy.",
            )
        if len(self.holders) > KEY_LIMIT:
            raise _bad(f"a policy names at most {KEY_LIMIT} keys")
        require_different(self.holders)
        if type(self.threshold) is not int or not 1 <= self.threshold <= len(self.holders):
            raise InputError(
                "policy.threshold",
                "the threshold is not between 1 and the number of keys",
                where="policy.threshold",
                mend=f"Ask for 1 to {len(self.holders)} signatures.",
            )
        for requirement in self.requirements:
            if bool(requirement.role) == bool(requirement.side) or requirement.at_least < 1:
                raise _bad("a requirement names a role or a side, and at least one signer of it")
            if not requirement.met_by(self.holders):
                raise InputError(
                    "policy.threshold",
                    f"the policy asks for {requirement.text} and names too few such keys",
                    where="policy.require",
                    mend="Name more such keys, or ask for fewer.",
                )

    def holder(self, keyid: str) -> Holder | None:
        """Who holds the key with that id, if the policy names it."""
        return next((holder for holder in self.holders if holder.key.id == keyid), None)

    @property
    def digest(self) -> str:
        """The SHA-256 of the file that it was read from."""
        return hashlib.sha256(self.source).hexdigest()


def require_different(holders: Sequence[Holder]) -> None:
    """Return if no key stands twice; else ``InputError``."""
    if len({holder.key.id for holder in holders}) != len(holders):
        raise InputError(
            "policy.duplicate-key",
            "a key stands twice, so that one holder would count as two",
            where="policy",
            mend="Name each key once.",
        )


def parse_policy(data: bytes, *, revocations: Sequence[bytes] = ()) -> Policy:
    """The policy in the bytes of a ``policy.toml``; a folder of revocations that it names is not read here."""
    return _policy(data, tuple(revocations))[0]


def is_policy(data: bytes) -> bool:
    """Whether this says more than whose keys there are, as a ``policy.toml`` does and a ``.pub.toml`` does not."""
    return bool(_toml(data).keys() - {"keys"})


def revocations_folder(data: bytes) -> str:
    """The folder of revocations that the policy in the bytes of a ``policy.toml`` names; empty if it names none."""
    return _policy(data, ())[1]


def read_policy(path: str | Path) -> Policy:
    """The policy in a file, with the revocations of the folder that it names, which must be there."""
    path = Path(path)
    try:
        data = read_file(path, POLICY_LIMIT)
    except InputError as error:
        if not isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise
        raise Refused(
            "policy.absent",
            "there is no policy, so nobody's signature counts",
            where=str(path),
            mend="Ask your issuing authority for its policy.toml, or write one with clew warrant policy.",
        ) from error
    try:
        policy, folder = _policy(data, ())
        if not folder:
            return policy
        found = _revocations(path.parent / folder)
        return replace(policy, revocations=tuple(envelope for _, envelope in found), revocation_files=_by_bytes(found))
    except ClewError as error:
        error.where = f"{path}: {error.where}" if error.where else str(path)
        raise


def _by_bytes(found: Sequence[tuple[Path, bytes]]) -> dict[bytes, str]:
    """The file of each envelope; the first by name of those that hold the same."""
    return {envelope: str(path) for path, envelope in reversed(found)}


def _revocations(folder: Path) -> list[tuple[Path, bytes]]:
    """The files of the folder, by name, each with its bytes."""
    try:
        paths = sorted(folder.iterdir())
        if len(paths) > _REVOCATION_LIMIT:
            raise _bad(f"the folder of revocations holds more than {_REVOCATION_LIMIT} files")
        return [(path, _revocation(path)) for path in paths if not path.name.startswith(".")]
    except OSError as error:
        raise Refused(
            "policy.revocations-missing",
            "the folder of revocations that the policy names cannot be read, so a warrant might be revoked",
            where=str(folder),
            mend="Restore the folder; an empty one will do.",
        ) from error


def _revocation(path: Path) -> bytes:
    """The bytes of one entry of the folder. What is passed over might be a revocation under a wrong name."""
    try:
        if path.suffix == ".json" and path.is_file():
            return read_file(path, ENVELOPE_LIMIT)
    except (OSError, InputError):
        pass
    raise Refused(
        "policy.revocations-entry",
        "something in the folder of revocations is not a readable .json file of at most 1 MiB, and might be a "
        "revocation",
        where=str(path),
        mend="If it is a revocation, name it NAME.json and make it readable; else move it away.",
    )


def _policy(data: bytes, revocations: tuple[bytes, ...]) -> tuple[Policy, str]:
    """The policy and the name of its folder of revocations."""
    document = _toml(data)
    if not document:
        raise Refused(
            "policy.empty",
            "the policy is empty, so nobody's signature counts",
            mend="Name the issuing authorities' keys with clew warrant policy.",
        )
    try:
        found = Fields(document, "policy")
        found.one_of("version", [POLICY_VERSION])
        threshold = found.integer("threshold")
        folder = found.text("revocations") if found.has("revocations") else ""
        holders = tuple(_holder(item) for item in _list(found, "keys"))
        requirements = tuple(_requirement(item) for item in _list(found, "require"))
        found.done()
    except InputError as error:
        if error.code != "warrant.malformed":
            raise
        raise _bad(error.what, error.where) from error
    policy = Policy(
        holders=holders, threshold=threshold, requirements=requirements, revocations=revocations, source=data
    )
    return policy, folder


def parse_holders(data: bytes) -> tuple[Holder, ...]:
    """The holders in a ``.pub.toml`` file: the ``[[keys]]`` tables of a policy, and nothing else."""
    try:
        found = Fields(_toml(data), "keys")
        holders = tuple(_holder(item) for item in _list(found, "keys"))
        found.done()
    except InputError as error:
        if error.code != "warrant.malformed":
            raise
        raise _bad(error.what, error.where) from error
    if not holders:
        raise _bad("there is no key in it")
    return holders


def holder_toml(holder: Holder) -> str:
    """A holder as a ``[[keys]]`` table."""
    lines = [
        "[[keys]]",
        f'id = "{holder.key.id}"',
        f'public = "{holder.key.text}"',
        f"name = {_quoted(holder.name)}",
        f"role = {_quoted(holder.role)}",
    ]
    if holder.side:
        lines.append(f"side = {_quoted(holder.side)}")
    if holder.until is not None:
        lines.append(f"until = {holder.until:%Y-%m-%dT%H:%M:%SZ}")
    return "\n".join(lines) + "\n"


def policy_toml(
    holders: Sequence[Holder], threshold: int, requirements: Sequence[Requirement], revocations: str = ""
) -> str:
    """A ``policy.toml`` that :func:`parse_policy` reads."""
    head = f"version = {POLICY_VERSION}\nthreshold = {threshold}\n"
    if revocations:
        head += f"revocations = {_quoted(plain_text(revocations, 'revocations', 200))}\n"
    tables = [holder_toml(holder) for holder in holders]
    for requirement in requirements:
        what = "role" if requirement.role else "side"
        value = _quoted(plain_text(requirement.role or requirement.side, "require", 200))
        tables.append(f"[[require]]\nat_least = {requirement.at_least}\n{what} = {value}\n")
    return "\n".join([head, *tables])


def _quoted(text: str) -> str:
    """A TOML string; the texts of a policy hold no control characters, so that JSON's is the same."""
    return json.dumps(text, ensure_ascii=False)


def _toml(data: bytes) -> dict[str, Any]:
    if len(data) > POLICY_LIMIT:
        raise _bad(f"a policy is at most {POLICY_LIMIT} bytes")
    if data.startswith(b"-----BEGIN "):
        raise InputError(
            "policy.secret-key",
            "this is a secret key; a policy names public ones",
            mend="Give the .pub.toml file that stands beside it. Send the secret key to nobody.",
        )
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _bad("this is not TOML") from error


def _list(found: Fields, name: str) -> list[Any]:
    value = found.take(name) if found.has(name) else []
    if not isinstance(value, list):
        raise _bad(f"[[{name}]] is a list of tables", f"policy.{name}")
    return value


def _holder(item: object) -> Holder:
    found = Fields(item, "policy.keys")
    keyid = found.digest("id")
    key = PublicKey.parse(found.text("public"))
    if key.id != keyid:
        raise InputError(
            "policy.key-mismatch",
            "an id is not that of the public key beside it",
            where="policy.keys",
            mend="Copy both lines out of the holder's .pub.toml file.",
        )
    holder = Holder(
        name=found.text("name"),
        role=found.text("role"),
        key=key,
        side=found.text("side") if found.has("side") else "",
        until=_until(found) if found.has("until") else None,
    )
    found.done()
    return holder


def _until(found: Fields) -> datetime:
    value = found.take("until")
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _bad("until is a moment with a zone, such as 2026-05-01T00:00:00Z", "policy.keys.until")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise _bad("there is no such moment", "policy.keys.until") from error


def _requirement(item: object) -> Requirement:
    found = Fields(item, "policy.require")
    requirement = Requirement(
        at_least=found.integer("at_least"),
        role=found.text("role") if found.has("role") else "",
        side=found.text("side") if found.has("side") else "",
    )
    found.done()
    return requirement


def _bad(what: str, where: str = "policy") -> InputError:
    return InputError("policy.malformed", what, where=where, mend="See docs/howto/warrants.md for a policy to copy.")
