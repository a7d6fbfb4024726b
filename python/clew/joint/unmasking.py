"""Unmasking: who must approve, what is refused, and the records between unmasked numbers (spec protocol 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.errors import ClewError, Refused
from clew.joint import group
from clew.joint.codec import FIRST_SECOND, LAST_SECOND, encode_fields, many, parse_fields, text, whole
from clew.joint.couples import Couples
from clew.joint.labels import APPROVAL
from clew.joint.messages import RECORDS_LIMIT, Approval, Names, Unmask, Unmasked
from clew.joint.refusals import check_failed
from clew.joint.snapshot import Vault
from clew.joint.terms import moment
from clew.numbers import canonical_kind
from clew.records.schema import RecordKind
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Policy

__all__ = [
    "Approvers",
    "Record",
    "approve",
    "find_wanted",
    "prove_numbers",
    "read_records",
    "records_between",
    "verified_numbers",
]

_STATEMENT: Final = APPROVAL + b"\n"
_DAY: Final = 24 * 60
_RECORD_LIMIT: Final = 1 << 20


def approve(request: bytes, key: SigningKey) -> Approval:
    """An approver's signature over a request's digest."""
    return Approval(bytes.fromhex(key.public.id), key.sign(_STATEMENT + request))


@final
@dataclass(frozen=True, slots=True)
class Approvers:
    """Whose approvals count: a policy with a requirement for each of both sides (spec 8.2)."""

    policy: Policy

    def __post_init__(self) -> None:
        if len({requirement.side for requirement in self.policy.requirements if requirement.side}) < 2:
            raise Refused(
                "joint.approvers",
                "the policy does not ask for an approver of each side",
                mend="Add a [[require]] table with at_least = 1 for each side.",
            )

    def verify(self, message: Unmask, request: bytes, now: datetime) -> Unmask:
        """``message`` if enough approvers of both sides signed this request and it is not stale; else ``Refused``
        (spec 8.2)."""
        if now >= moment(message.until):
            raise _not_approved("the approvals are out of date")
        signed = []
        for approval in message.approvals:
            holder = self.policy.holder(approval.key.hex())
            if holder is None or (holder.until is not None and now >= holder.until):
                continue
            try:
                holder.key.verify(approval.signature, _STATEMENT + request)
            except ClewError as error:
                raise _not_approved("an approval is of another request") from error
            signed.append(holder)
        counted = {holder.key.id: holder for holder in signed}.values()
        if len(counted) < self.policy.threshold:
            raise _not_approved("too few approvers signed it")
        if not all(requirement.met_by(list(counted)) for requirement in self.policy.requirements):
            raise _not_approved("the approvers of one side did not sign it")
        return message


def find_wanted(
    message: Unmask, answered: Sequence[Names], keys: group.HolderKeys, vault: Vault
) -> tuple[int | None, ...]:
    """Where the holder's records hold each wanted vertex; the trace ends unless every name was answered there.

    A name that was only recognised, or guessed, fits no answer: nobody can give the blind that leads from one to the
    other (spec 8.3).
    """
    asked = [(want.hop, want.position) for want in message.wants]
    if len(set(asked)) != len(asked) or len({want.name for want in message.wants}) != len(asked):
        raise check_failed("a vertex stands twice in a request to unmask")
    logged = []
    for hop, position in asked:
        if hop >= len(answered) or position >= len(answered[hop].points) // 32:
            raise check_failed("a request to unmask names a position that was never answered")
        logged.append(answered[hop].points[32 * position : 32 * position + 32])
    names = _array(want.name for want in message.wants)
    blinds = _array(want.blind for want in message.wants)
    if group.answers_of(names, blinds, keys).tobytes() != b"".join(logged):
        raise check_failed("a request to unmask names a vertex that was not answered there")
    return tuple(vault.find(want.name) for want in message.wants)


def prove_numbers(
    message: Unmask,
    places: Sequence[int | None],
    vault: Vault,
    secrets: group.HolderSecrets,
    request: bytes,
    random: bytes,
) -> bytes:
    """The proof that the numbers found have the names that were asked for; empty if none was found."""
    found = [at for at, place in enumerate(places) if place is not None]
    if not found:
        return b""
    points = vault.points[[place for place in places if place is not None]]
    names = _array(message.wants[at].name for at in found)
    return group.prove_unmasking(secrets, points, names, request, random)


def verified_numbers(
    message: Unmask, answer: Unmasked, keys: group.HolderKeys, dst: bytes, request: bytes
) -> tuple[str | None, ...]:
    """The numbers in the order of the request, ``None`` where the holder says it has none; else ``PeerError``.

    A holder can deny a number. It cannot give another one: every number must hash to the point that has the name, and
    be one, since any text hashes to some point: one that is a pseudonym, or that a table calculates, does not come in.
    """
    if len(answer.numbers) != len(message.wants) or answer.serial != message.serial:
        raise check_failed("the partner unmasked other vertices than were asked for")
    numbers = [item.number for item in answer.numbers]
    found = [at for at, number in enumerate(numbers) if number]
    if bool(found) != bool(answer.proof):
        raise check_failed("a proof of names is missing, or of nothing")
    if found:
        _require_numbers(numbers[at] for at in found)
        points = group.hash_to_group([numbers[at].encode() for at in found], dst)
        names = _array(message.wants[at].name for at in found)
        group.verify_unmasking(keys, points, names, request, answer.proof)
    return tuple(number or None for number in numbers)


def _require_numbers(texts: Iterable[str]) -> None:
    try:
        for text in texts:
            canonical_kind(text)
    except ClewError as error:
        raise check_failed("what the partner unmasked is no number in canonical form") from error


@final
@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One contact between two unmasked numbers, from ``a`` to ``b``."""

    a: str = text(1, 170)
    b: str = text(1, 170)
    start: int = whole(8, signed=True)  # microseconds since 1970
    zone_offset: int = whole(2, signed=True)
    kind: int = whole(1)
    duration: int = whole(8, signed=True)  # -1 where it is not known

    def __repr__(self) -> str:
        return "Record(…)"


@final
@dataclass(frozen=True, slots=True, repr=False)
class _Records:
    records: tuple[Record, ...] = many(Record, 0, _RECORD_LIMIT)


def records_between(couples: Couples, places: Sequence[int], before: Collection[int]) -> bytes:
    """The holder's records of the window between numbers at ``places``, without those between ``before``.

    Raises ``Refused`` ``joint.over-budget`` where they are more than an answer holds.
    """
    if couples.events is None or len(places) < 2:
        return b""
    numbers = couples.numbers.take(list(places))
    events = couples.events.filter(
        pc.and_(pc.is_in(couples.events["a"], value_set=numbers), pc.is_in(couples.events["b"], value_set=numbers))
    )
    given = couples.numbers.take(pa.array(sorted(before), pa.int64()))
    events = events.filter(
        pc.invert(pc.and_(pc.is_in(events["a"], value_set=given), pc.is_in(events["b"], value_set=given)))
    )
    if len(events) > _RECORD_LIMIT:
        raise _too_many(len(events))
    found = [
        Record(
            a=row["a"],
            b=row["b"],
            start=row["start"],
            zone_offset=row["zone_offset"],
            kind=row["kind"],
            duration=-1 if row["duration"] is None else row["duration"],
        )
        for row in events.set_column(
            events.schema.get_field_index("start"), "start", pc.cast(events["start"], "int64")
        ).to_pylist()
    ]
    encoded = encode_fields(_Records(tuple(found))) if found else b""
    if len(encoded) > RECORDS_LIMIT:
        raise _too_many(len(found))
    return encoded


def read_records(data: bytes, numbers: Collection[str]) -> tuple[Record, ...]:
    """The records that came with unmasked numbers; ``PeerError`` if one is of another number."""
    if not data:
        return ()
    try:
        records = parse_fields(_Records, data).records
    except ValueError as error:
        raise check_failed("the records between unmasked numbers are not written as they must be") from error
    if any(record.a not in numbers or record.b not in numbers for record in records):
        raise check_failed("a record of a number that was not unmasked")
    if not all(_possible(record) for record in records):
        raise check_failed("a record that no import can have made")
    return tuple(records)


def _possible(record: Record) -> bool:
    """Whether every field of a record has a value that the tables of records hold."""
    return (
        FIRST_SECOND <= record.start // 1_000_000 <= LAST_SECOND
        and abs(record.zone_offset) < _DAY
        and record.kind <= max(RecordKind)
        and -1 <= record.duration < 1 << 31
    )


def _array(parts: object) -> group.Array:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(-1, 32)  # type: ignore[arg-type]


def _too_many(records: int) -> Refused:
    return Refused(
        "joint.over-budget",
        f"{records:,} records lie between the numbers that are to be unmasked, and one answer cannot hold them",
        mend="Nothing was answered. The tracer may ask for fewer vertices at a time.",
        counts={"records": records},
    )


def _not_approved(what: str) -> Refused:
    return Refused(
        "joint.not-approved",
        f"nothing is unmasked: {what}",
        mend="Have approvers of both sides look at this request and sign it.",
    )
