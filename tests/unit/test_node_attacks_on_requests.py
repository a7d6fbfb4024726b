"""What a holder could see in requests, between two nodes over real sockets: marked rows, broken rows, and the two
traps, which are tried on lists that are made wrongly too."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clew.joint import group, labels
from clew.joint import snapshot as sealing
from tests.node_attack import Attack, attack, kinds
from tests.node_pair import until
from tests.protocol.test_attacks_of_the_holder import BROKEN, reopened

Sizes = list[tuple[bool, str, int]]


# Rows that are marked or broken: what the tracer sends is the same.


def traffic(pair: Attack) -> Sizes:
    """What the holder sees of the tracer's messages: kinds and sizes, in order."""
    return [(wire.sent, wire.kind, wire.size) for wire in pair.holder.one._storage.receipt(pair.holder.one.id)]


async def traced_with(pair: Attack) -> Sizes:
    await asyncio.to_thread(pair.holder.one.accept)
    await until(lambda: pair.tracer.one.snapshot_file.exists(), pair.tracer)
    await pair.start_both()
    await pair.tracer.until("traced")
    return traffic(pair)


@cache
def honest_traffic() -> Sizes:
    found: list[Sizes] = []

    async def story(pair: Attack) -> None:
        found.append(await traced_with(pair))
        assert len(pair.tracer.one.state.kept.found.owner) >= 4  # type: ignore[union-attr]

    with tempfile.TemporaryDirectory() as folder:
        attack(Path(folder), story, "offered")
    return found[0]


@pytest.mark.parametrize("what", [*BROKEN, "no authentication"])
def test_a_broken_row_counts_as_absent_and_the_holder_sees_the_same_traffic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    honest, expected = sealing._rows, honest_traffic()

    def broken(*given: Any) -> list[tuple[bytes, bytes]]:
        rows = honest(*given)
        if what not in BROKEN:
            return [(name, row[:-1] + bytes([row[-1] ^ 1])) for name, row in rows]
        keys = [row.tobytes() for row in group.row_keys(given[-1])[1]]
        change = reopened(BROKEN[what], given[0].trace)
        return [(name, change(name, key, row)) for (name, row), key in zip(rows, keys, strict=True)]

    monkeypatch.setattr(sealing, "_rows", broken)

    async def story(pair: Attack) -> None:
        assert await traced_with(pair) == expected
        kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
        assert len(kept.broken) >= 3
        assert not len(kept.found.owner)
        assert "joint.refused" not in kinds(pair.tracer) + kinds(pair.holder)  # nor was the holder told
        await asyncio.to_thread(pair.tracer.one.close)
        await pair.tracer.until("closed")
        await until(lambda: not pair.tracer.one.row.open, pair.tracer)
        signed = await asyncio.to_thread(pair.tracer.one.receipt_file)  # waits for the step that writes it
        assert signed is not None
        shown = (signed.parent / "broken-rows.json").read_bytes()  # to the auditor
        assert {row["row"] for row in json.loads(shown)["rows"]} == {
            kept.snapshot.row(row.place).hex() for row in kept.broken
        }
        receipt = json.loads(signed.read_bytes())
        assert receipt["files"]["broken-rows.json"] == hashlib.sha256(shown).hexdigest()

    attack(tmp_path, story, "offered")


def mark(numbers: Any, seals: Any, keys: Any, seed: bytes) -> Any:
    """Seals under a key of their own, by which the holder would know the row again."""
    other = group.SecretScalar.expand(b"\x05" * 32, "a mark")
    return SEAL(numbers, group.multiply(numbers, other), keys, seed)


def one_entry_of_nobody(numbers: Any, seals: Any, keys: Any, seed: bytes) -> Any:
    """The first entry is the identity, sealed as such: it passes every row proof."""

    def pairs(purpose: str) -> Any:
        randomness = group.SecretScalars.expand(seed, purpose, len(numbers))
        key = np.repeat(np.frombuffer(keys.encryption, np.uint8).reshape(1, 32), len(numbers), axis=0)
        return [group.multiply_base(randomness), group.multiply(key, randomness)]

    nothing = np.concatenate([*pairs("number randomness"), *pairs("seal randomness")], axis=1)
    return np.concatenate([nothing[:1], SEAL(numbers, seals, keys, seed)[1:]])


SEAL = group.seal


@pytest.mark.parametrize("seal", [mark, one_entry_of_nobody], ids=lambda f: f.__name__)
def test_a_marked_row_is_not_seen_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seal: Any) -> None:
    expected = honest_traffic()
    monkeypatch.setattr(group, "seal", seal)

    async def story(pair: Attack) -> None:
        assert await traced_with(pair) == expected
        kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
        if seal is mark:
            assert len(kept.broken) >= 3
            assert not len(kept.found.owner)
        assert "joint.refused" not in kinds(pair.tracer) + kinds(pair.holder)

    attack(tmp_path, story, "offered")


# The two traps: what a holder could find in lists that were made wrongly, and not in ours.


def asked(pair: Attack) -> list[np.ndarray[Any, Any]]:
    """The sealed items of every list as the holder received them: 128 bytes each."""
    kept = pair.tracer.one.state.kept  # type: ignore[union-attr]
    return [np.frombuffer(one.message.sealed, np.uint8).reshape(-1, 128) for one in kept.asked]


def linked(pair: Attack) -> int:
    """How many points of the lists the holder finds among those that it made: its snapshot's, and the seeds'."""
    own = pair.tracer.one.state.kept  # type: ignore[union-attr]
    made = {row[at : at + 32].tobytes() for row in [*own.seals, *own.seeds] for at in range(0, 128, 32)}
    return sum(row[at : at + 32].tobytes() in made for one in asked(pair) for row in one for at in range(0, 128, 32))


def related(pair: Attack) -> int:
    """How many pairs of items of a list differ by what two of the holder's own numbers differ by. Under offsets that
    are equal, differences between numbers survive; under factors it would be ratios."""
    kept = pair.holder.one.state.kept  # type: ignore[union-attr]
    minus = group.SecretScalar.from_canonical((2**252 + 27742317777372353535851937790883648492).to_bytes(32, "little"))

    def differences(points: Any) -> set[bytes]:
        negative = group.multiply(points, minus)
        at, to = np.nonzero(~np.eye(len(points), dtype=bool))
        return {row.tobytes() for row in group.add(points[at], negative[to])}

    known = differences(group.multiply(kept.vault.points, kept.secrets.name))
    names = [np.frombuffer(one.points, np.uint8).reshape(-1, 32) for one in kept.names]
    found: set[bytes] = set()
    for one in names:
        found |= differences(np.unique(one[:64], axis=0)) & known
    return len(found)


def test_requests_of_ours_are_linked_to_nothing_and_have_no_ratios(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        assert linked(pair) == 0
        assert related(pair) == 0

    attack(tmp_path, story, "traced")


def test_requests_that_were_not_rerandomised_would_be_linkable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide = group.hide_sealed

    def bare(seals: Any, keys: Any, seed: bytes) -> Any:
        """Hidden by nothing: the items are sent as they stood in the rows, and read as if the offset were none."""
        _, hidden = hide(seals, keys, seed)
        return np.ascontiguousarray(seals), SimpleNamespace(
            read_at=lambda positions, points, keys, rows: points, reveal=lambda place: bytes(32), given=hidden
        )

    monkeypatch.setattr(group, "hide_sealed", bare)

    async def story(pair: Attack) -> None:
        await pair.start_both()
        await pair.tracer.until("traced")
        assert linked(pair) >= 64 * 4

    attack(tmp_path, story)


def test_equal_blinds_would_leave_ratios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide = group.hide_sealed

    def the_same(seals: Any, keys: Any, seed: bytes) -> Any:
        """Every item hidden by one offset: each in a list of its own, under one seed."""
        parts = [hide(seals[at : at + 1], keys, labels.digest(b"test", b"equal")) for at in range(len(seals))]
        return np.concatenate([part for part, _ in parts]), SimpleNamespace(
            read_at=lambda positions, points, keys, rows: np.concatenate(
                [
                    parts[int(at)][1].read_at(np.zeros(1, np.int64), points[place : place + 1], keys, rows)
                    for place, at in enumerate(positions)
                ]
                or [points]
            ),
            reveal=lambda place: parts[place][1].reveal(0),
        )

    monkeypatch.setattr(group, "hide_sealed", the_same)

    async def story(pair: Attack) -> None:
        await pair.start_both()
        await pair.tracer.until("traced")
        assert related(pair) > 0

    attack(tmp_path, story)
