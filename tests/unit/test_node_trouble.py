"""What people hear of a trace that cannot go on here: a wrong clock, a full disk, a pause that ends in a refusal."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clew.cli.case_text import summary_text, table_text
from clew.effects import system_clock, system_randomness
from clew.errors import ClewError, PeerError, Refused, StorageError, UsageError
from clew.joint.messages import Offer, Refusal, encode, parse
from clew.node.asking import ask_node
from clew.node.control import summary
from clew.node.desk import Desk
from clew.node.identity import read_settings, set_up
from clew.node.notes import Notes
from clew.node.peers import Peers
from clew.node.running import Running
from clew.node.storage import Storage
from clew.node.told import Wait
from clew.node.trace_files import TraceFiles
from tests.node_pair import AUDITOR, BUDGETS, PASSPHRASE, Desks, Two, copies, desks, until
from tests.unit.test_node_transport import TERMS, at_both


class Clock:
    """A clock that can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead


@pytest.mark.parametrize("side", ["tracer", "holder"])
def test_a_refusal_of_a_paused_trace_reaches_the_partner(tmp_path: Path, side: str) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        ours, theirs = (pair.tracer, pair.holder) if side == "tracer" else (pair.holder, pair.tracer)
        await asyncio.to_thread(ours.one.pause, "our court looks at it")
        await until(lambda: theirs.one.partner_says.state == "paused", theirs)
        await asyncio.to_thread(ours.one.refuse, "our court says no")
        assert (await theirs.until("ended")).row.reason == "our court says no"
        assert (ours.one.paused, ours.one.row.paused) == (None, None)
        await until(lambda: ours.one.row.pending is None, ours)

    at_both(tmp_path, story)


def test_a_refusal_of_a_paused_offer_reaches_the_partner(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.offered()
        await asyncio.to_thread(pair.holder.one.pause, "our court looks at it")
        await asyncio.to_thread(pair.holder.one.refuse, "our court says no")
        await pair.tracer.until("ended")
        await asyncio.to_thread(pair.tracer.desk.open, "Holder", {**TERMS, "case": "second"})
        second = pair.tracer.desk.traces()[1]
        await asyncio.to_thread(second.pause, "not now")
        await asyncio.to_thread(second.refuse, "we offer nothing any more")
        await until(lambda: second.row.pending is None, pair.tracer)

    at_both(tmp_path, story)


def test_the_pause_of_a_trace_that_was_refused_does_not_come_back_with_a_restart(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.a.pause("our court looks at it")
    pair.a.refuse("our court says no")
    pair.restart("tracer")
    assert pair.a.paused is None
    assert isinstance(parse(pair.a.outgoing or b""), Refusal)


def test_nobody_is_told_that_a_trace_that_has_ended_goes_on(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.a.refuse("no more")
    pair.pass_on()
    with pytest.raises(UsageError, match="has ended"):
        pair.a.go_on()


def behind(tmp_path: Path) -> tuple[Desks, Clock]:
    """A trace whose holder's clock was a day ahead while it was accepted, and is right since its node started again."""
    clock = Clock()
    pair = desks(tmp_path, clock)
    pair.offered()
    clock.ahead = timedelta(days=1)
    pair.b.accept()
    assert pair.pass_on() is None
    clock.ahead = timedelta()
    pair.restart("holder")
    return pair, clock


def test_a_trace_whose_clock_was_ahead_goes_on_by_itself_when_its_moment_has_come(tmp_path: Path) -> None:
    pair, clock = behind(tmp_path)
    assert pair.b.broken is not None
    shown = summary(pair.holder, pair.b)
    assert "behind the trace's last step" in shown["trouble"]
    assert f"nothing is done before {system_clock() + timedelta(days=1):%Y-%m-%d}" in shown["trouble"]
    assert "clew case refuse" in shown["trouble"]
    assert shown["awaits"] == ""
    pair.holder.look_for_revocations()
    assert pair.b.broken is not None
    clock.ahead = timedelta(days=1, seconds=1)
    pair.holder.look_for_revocations()
    assert pair.b.broken is None
    assert summary(pair.holder, pair.b)["trouble"] == ""
    pair.fetch()
    assert (pair.a.row.state, pair.b.row.state) == ("committed", "committed")


def test_a_trace_that_waits_for_the_clock_can_be_ended_and_that_is_said_as_it_is(tmp_path: Path) -> None:
    pair, clock = behind(tmp_path)
    with pytest.raises(StorageError, match="the step is taken") as raised:
        pair.b.refuse("we set our clock right")
    assert "nothing was done" not in str(raised.value)
    assert (pair.b.row.state, pair.b.row.open, pair.b.outgoing) == ("ended", False, None)
    clock.ahead = timedelta(days=1, seconds=1)
    pair.holder.look_for_revocations()
    assert isinstance(parse(pair.b.outgoing or b""), Refusal)


def test_a_disk_that_is_full_while_a_partner_asks_is_shown_to_the_own_people(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    data = pair.a.outgoing or b""

    def full(*_given: object) -> None:
        raise StorageError("log.unwritable", "the log cannot be written: no space left on the disk")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TraceFiles, "write_log", full)
        with pytest.raises(ClewError):
            pair.holder.arrived(pair.tracer.identity.card, data)
        with pytest.raises(ClewError):
            pair.holder.arrived(pair.tracer.identity.card, data)
    shown = summary(pair.holder, pair.b)
    assert "no space left on the disk" in shown["trouble"]
    assert shown["awaits"] == ""  # the tracer is not waited for
    pair.holder.arrived(pair.tracer.identity.card, data)
    assert summary(pair.holder, pair.b)["trouble"] == ""


def test_a_database_on_a_full_disk_says_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = desks(tmp_path)
    found = os.statvfs(tmp_path)

    def nothing_free(_: object) -> os.statvfs_result:
        return os.statvfs_result((*found[:4], 0, *found[5:]))

    class Failing:
        def execute(self, *_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(pair.tracer.storage, "_db", Failing())
    with pytest.raises(StorageError, match="disk I/O error"):
        Storage.traces(pair.tracer.storage)
    monkeypatch.setattr(os, "statvfs", nothing_free)
    with pytest.raises(StorageError, match="the disk is full"):
        Storage.traces(pair.tracer.storage)


def test_both_sides_see_whose_key_declared_contacts_are_sealed_to_before_they_agree(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()
    for desk, one in ((pair.tracer, pair.a), (pair.holder, pair.b)):
        terms = summary(desk, one)["terms"]
        assert (terms["auditor"], terms["declared"]) == (AUDITOR, None)
        assert f"auditor   {AUDITOR}; declared as many as the warrant says" in summary_text(summary(desk, one))
    pair.b.accept()
    pair.pass_on()
    pair.fetch()
    pair.authorised(budgets=replace(BUDGETS, declared=7))
    for desk, one in ((pair.tracer, pair.a), (pair.holder, pair.b)):
        assert "declared up to 7 contacts" in summary_text(summary(desk, one))
    pair.tracer.open("Holder", {**TERMS, "case": "strict"})
    assert "no contact can be declared (strict)" in summary_text(summary(pair.tracer, pair.a))


def test_the_list_of_traces_shows_whose_turn_it_is_and_what_is_wrong(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()

    def line(desk: Desk, one: Running) -> str:
        return table_text([summary(desk, one)])

    assert line(pair.tracer, pair.a).endswith("offered          the partner's turn")
    assert line(pair.holder, pair.b).endswith("offered          your turn")
    pair.a.trouble = "the partner's node does not answer [node.unreachable] Its address may be wrong."
    assert line(pair.tracer, pair.a).endswith("trouble: node.unreachable")
    pair.a.trouble = ""
    pair.b.pause("تنظر المحكمة 2026")
    assert "paused here: \u2068تنظر المحكمة\u2069 2026" in line(pair.holder, pair.b)
    pair.a.partner_says = Wait("paused", "our court")
    assert line(pair.tracer, pair.a).endswith("the partner: paused")
    pair.b.refuse("the court says no")
    assert line(pair.holder, pair.b).endswith("(the court says no)")


def test_paths_that_a_node_shows_do_not_depend_on_where_it_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, _ = copies(tmp_path)
    monkeypatch.chdir(a.settings.folder.parent)
    assert read_settings(Path(a.settings.folder.name)).folder == a.settings.folder.resolve()


def test_no_node_is_made_where_it_could_not_serve(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 90)
    with pytest.raises(UsageError, match="too long a path"):
        set_up(folder, "A", "127.0.0.1:1", tmp_path, tmp_path, PASSPHRASE, system_randomness)
    assert not folder.exists()


def test_a_node_does_not_trace_with_itself(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    Peers(pair.tracer.identity.settings.folder).add(pair.tracer.identity.card, pair.tracer.identity.settings.card)
    with pytest.raises(Refused, match="not with itself"):
        pair.tracer.open("Tracer", TERMS)
    assert pair.tracer.traces() == []


def test_a_partners_offer_cannot_put_a_number_into_the_name_of_a_folder(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()
    offer = parse(pair.a.outgoing or b"")
    assert isinstance(offer, Offer)
    forged = encode(replace(offer, case="9647901000001"))
    with pytest.raises(PeerError) as raised:
        pair.holder.arrived(pair.tracer.identity.card, forged)
    assert raised.value.code == "node.case-name"
    assert "9647901000001" not in str(raised.value)
    assert len(pair.holder.traces()) == 1


def test_a_command_that_meets_a_bug_does_not_say_that_the_node_is_not_running(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        def bug(_: str) -> Running:
            raise ZeroDivisionError

        pair.holder.desk.find = bug  # type: ignore[method-assign]
        with pytest.raises(ClewError) as raised:
            await asyncio.to_thread(ask_node, pair.holder.identity.settings.folder, {"do": "status", "case": "1"})
        assert (raised.value.code, raised.value.exit_code) == ("node.bug", 70)
        assert "ZeroDivisionError" in raised.value.what

    at_both(tmp_path, story)


def test_a_partner_cannot_fill_the_terminal_with_the_same_line() -> None:
    clock, said = Clock(), list[str]()
    notes = Notes(said.append, clock)
    for _ in range(1_000):
        notes("Holder: not an envelope")
    assert len(said) == 1
    clock.ahead = timedelta(minutes=11)
    notes("Holder: not an envelope")
    assert said[1].endswith("Z Holder: not an envelope (999 times more since then)")
    assert said[1].startswith("20")
