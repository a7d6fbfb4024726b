"""Partners that mean well and are set up wrongly, over real sockets: clear states, nothing lost, nothing half-revealed.

Wrong certificates, clocks that lie apart and a partner that never answers are in ``test_node_transport``.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clew.effects import system_clock
from clew.errors import PeerError, Refused
from clew.joint.messages import encode
from clew.node import transport
from clew.node.envelope import Kind
from clew.records.importer import import_files
from tests.cli.tracing import profile
from tests.node_attack import BOTH, ROOMY, Attack, attack, kinds
from tests.node_pair import AUDITOR, BEGIN, END, SEED, documents, papers, until


def terms(case: str) -> dict[str, Any]:
    return {"case": case, "stage": 1, "begin": BEGIN, "end": END, "hub_limit": 200, "auditor": AUDITOR}


def test_another_version_is_named_and_the_trace_goes_on_when_both_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(pair: Attack) -> None:
        await pair.holder.stop()
        with monkeypatch.context() as patch:
            patch.setattr(transport, "PATH", "/clew/2")
            await pair.holder.start()
        await pair.start_both()
        await until(lambda: "node.version" in pair.tracer.one.trouble, pair.tracer)
        assert pair.tracer.one.row.state == "starting"
        await pair.holder.restart()
        await pair.tracer.until("traced")
        assert pair.tracer.one.trouble == ""

    attack(tmp_path, story)


def test_an_offer_of_another_normaliser_is_not_accepted_and_leaves_other_traces_alone(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        card, send = pair.holder.identity.card, pair.tracer.node._partners.send
        offer = pair.tracer.one.terms
        assert offer is not None
        other = replace(offer, normaliser="clew-numbers/2")
        assert (await send(card, Kind.MESSAGE, encode(other))).kind is Kind.WAIT
        second = pair.holder.desk.traces()[1]
        with pytest.raises(PeerError, match="other rules"):
            await asyncio.to_thread(second.accept)
        assert second.row.state == "offered"
        await asyncio.to_thread(second.refuse, "our Clew reads numbers by other rules")
        assert (second.row.state, pair.holder.desk.traces()[0].row.state) == ("ended", "committed")

    attack(tmp_path, story)


@pytest.mark.parametrize("field", ["begin", "end"])
def test_an_offer_of_a_window_that_no_calendar_has_is_not_kept(tmp_path: Path, field: str) -> None:
    """Shown to the holder's people it would break every list of their traces."""

    async def story(pair: Attack) -> None:
        offer = pair.tracer.one.terms
        assert offer is not None
        data, width = encode(offer), getattr(offer, field).to_bytes(8, "big", signed=True)
        with pytest.raises(PeerError) as raised:
            await pair.tracer.node._partners.send(
                pair.holder.identity.card, Kind.MESSAGE, data.replace(width, (1 << 62).to_bytes(8, "big"))
            )
        assert raised.value.code == "node.envelope"
        assert len(pair.holder.desk.traces()) == 1

    attack(tmp_path, story)


def test_a_store_that_changed_since_the_snapshot_stops_the_trace_until_it_is_back(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        original, store = pair.holder.identity.settings.store, tmp_path / "store"
        shutil.copytree(original, store)
        more = tmp_path / "more.csv"
        more.write_text("from,to,start,seconds,kind\n+33612000003,+33612000077,2026-03-02T10:00:00+00:00,60,voice\n")
        await asyncio.to_thread(lambda: import_files(store, [(more, profile())], clock=system_clock))
        honest = pair.holder.identity
        await pair.holder.stop()
        pair.holder.identity = replace(honest, settings=replace(honest.settings, store=store))
        await pair.holder.start()
        assert pair.holder.one.broken is not None
        assert pair.holder.one.broken.code == "node.records-changed"
        warrant, shares = papers(pair.tracer.one.terms_document(), [SEED], BOTH, budgets=ROOMY)
        await pair.start(pair.tracer, warrant, shares)
        await until(lambda: pair.tracer.one.partner_says.state == "stopped", pair.tracer)
        await pair.holder.stop()
        pair.holder.identity = honest
        await pair.holder.start()
        await pair.start(pair.holder, warrant)
        await pair.tracer.until("traced")

    attack(tmp_path, story)


async def another(pair: Attack, case: str) -> None:
    """A second trace of the same partners, committed."""
    await asyncio.to_thread(pair.tracer.desk.open, "Holder", terms(case))
    await until(lambda: len(pair.holder.desk.traces()) == 2, pair.holder)
    await asyncio.to_thread(pair.holder.desk.traces()[1].accept)
    await until(lambda: pair.tracer.desk.traces()[1].snapshot_file.exists(), pair.tracer)


def test_a_warrant_that_names_another_traces_keys_starts_neither(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        await another(pair, "lantern-7")
        first, second = pair.tracer.desk.traces()
        keys = first.terms_document()["roots"][3]
        mixed = second.terms_document()
        mixed["roots"] = [*mixed["roots"][:3], keys, mixed["roots"][4]]
        warrant, shares = papers(mixed, [SEED], BOTH, budgets=ROOMY)
        for desk, given in ((pair.holder.desk, ()), (pair.tracer.desk, shares)):
            for one in desk.traces():
                with pytest.raises(Refused, match="not of this trace"):
                    await asyncio.to_thread(one.start, documents(desk, warrant), given)
                assert one.row.state == "committed"
                assert "warrant.verified" not in [entry.entry.kind for entry in one.log.entries()]

    attack(tmp_path, story)


def test_two_traces_at_once_go_their_ways_and_one_that_ends_leaves_the_other(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        await another(pair, "lantern-8")
        mine, theirs = pair.tracer.desk.traces(), pair.holder.desk.traces()
        papers_of = [papers(one.terms_document(), [SEED], BOTH, budgets=ROOMY) for one in mine]
        for (warrant, _), one in zip(papers_of, theirs, strict=True):
            await asyncio.to_thread(one.start, documents(pair.holder.desk, warrant), ())
        await asyncio.gather(
            *(
                asyncio.to_thread(one.start, documents(pair.tracer.desk, warrant), shares)
                for (warrant, shares), one in zip(papers_of, mine, strict=True)
            )
        )
        await until(lambda: all(one.row.state == "traced" for one in mine), pair.tracer)
        await asyncio.to_thread(theirs[0].refuse, "our court says no")
        await until(lambda: mine[0].row.state == "ended", pair.tracer)
        assert (mine[1].row.state, theirs[1].row.state) == ("traced", "answered")
        await asyncio.to_thread(mine[1].close)
        await until(lambda: theirs[1].row.state == "closed", pair.holder)

    attack(tmp_path, story)


@pytest.mark.parametrize("where", ["answered", "look_for_revocation"])
def test_a_bug_in_one_trace_stops_neither_the_node_nor_its_other_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async def story(pair: Attack) -> None:
        await another(pair, "lantern-8")
        sick, well = pair.tracer.desk.traces()

        def fails(*_: bytes) -> None:
            raise RuntimeError(f"a text with {SEED} in it")

        with monkeypatch.context() as patch:
            patch.setattr(sick, where, fails)
            for one, other in zip(pair.tracer.desk.traces(), pair.holder.desk.traces(), strict=True):
                warrant, shares = papers(one.terms_document(), [SEED], BOTH, budgets=ROOMY)
                await asyncio.to_thread(other.start, documents(pair.holder.desk, warrant), ())
                await asyncio.to_thread(one.start, documents(pair.tracer.desk, warrant), shares)
            await until(lambda: well.row.state == "traced", pair.tracer)
            await until(lambda: sick.broken is not None, pair.tracer)
        assert sick.row.state in {"committed", "starting"}
        (note,) = [note for note in pair.tracer.notes if "node.bug" in note]
        assert "RuntimeError" in note
        assert SEED[1:] not in note
        await pair.tracer.restart()
        await until(lambda: all(one.row.state == "traced" for one in pair.tracer.desk.traces()), pair.tracer)

    attack(tmp_path, story)


def test_a_clock_that_jumps_back_answers_nothing_until_it_is_right(tmp_path: Path) -> None:
    async def story(pair: Attack) -> None:
        pair.holder.desk.clock = lambda: pair.clock() - timedelta(seconds=200)  # less than the nodes may be apart
        one = pair.holder.one
        # The nodes were begun by whichever test came first, maybe longer ago than the jump goes back.
        last = one._steps._last
        assert last is not None
        one._steps._clock, right = lambda: last - timedelta(seconds=1), one._steps._clock
        warrant, shares = papers(pair.tracer.one.terms_document(), [SEED], BOTH, budgets=ROOMY)
        with pytest.raises(Refused, match="behind"):
            await pair.start(pair.holder, warrant)
        assert one.row.state == "committed"
        one._steps._clock = right
        pair.holder.desk.clock = pair.clock
        await pair.start(pair.holder, warrant)
        one._steps._clock = lambda: pair.clock() - timedelta(seconds=200)
        await pair.start(pair.tracer, warrant, shares)
        await until(lambda: "node.partner-unable" in pair.tracer.one.trouble, pair.tracer)
        assert "joint.seeds-sealed" not in kinds(pair.holder)
        one._steps._clock = right
        await pair.tracer.until("traced")

    attack(tmp_path, story)
