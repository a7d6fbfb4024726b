"""What a running node survives, and what it says while it is busy: stray cards, pauses, taking up, progress."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from clew.cli import case_waiting
from clew.cli.case_text import summary_text
from clew.cli.case_waiting import waited
from clew.cli.output import Output
from clew.errors import InputError, PeerError, UsageError
from clew.joint import tracer
from clew.node import peers, runner, telling, transport
from clew.node.asking import ask_node
from clew.node.desk import Desk
from clew.node.envelope import Envelope, Kind
from clew.node.identity import Card
from clew.node.peers import Peers
from clew.node.steps import Steps
from clew.node.storage import Row
from clew.node.told import Wait
from clew.node.transport import Reply
from tests.node_pair import SEED, Side, Two, copies, papers, until
from tests.unit.test_node_transport import TERMS, at_both, fresh


def test_a_stray_file_among_the_cards_does_not_end_a_running_node(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        folder = pair.holder.identity.settings.folder / "peers"
        (folder / "zz.card").write_text("garbage +9647901000001\n")
        os.mkfifo(folder / "pipe.card")
        (folder / "folder.card").mkdir()
        await asyncio.sleep(0.3)
        await pair.committed()  # which needs the card that is good, on both sides
        assert not pair.holder._task.done()  # type: ignore[union-attr]
        said = [note for note in pair.holder.notes if "node.card" in note]
        assert len(said) == 3  # one for each, although the folder is looked at twenty times a second
        assert not any("9647901000001" in note for note in said)

    at_both(tmp_path, story)


def test_a_node_starts_beside_a_stray_file_among_the_cards(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.holder.stop()
        stray = pair.holder.identity.settings.folder / "peers" / "zz.card"
        stray.write_text("garbage")
        await pair.holder.start()
        await pair.committed()

    at_both(tmp_path, story)


def test_a_card_that_is_still_being_copied_counts_when_it_is_whole(tmp_path: Path) -> None:
    a, b = fresh(tmp_path, pinned=False)
    notes: list[str] = []
    known = Peers(b.settings.folder)
    known.note = notes.append
    (b.settings.folder / "peers").mkdir(exist_ok=True)
    copied = b.settings.folder / "peers" / "a.card"
    copied.write_bytes(a.settings.card[:100])
    assert known.all() == []
    assert known.all() == []
    assert len(notes) == 1
    with copied.open("ab") as file:  # the folder itself does not change
        file.write(a.settings.card[100:])
    assert known.all() == [a.card]


def test_a_card_removed_while_the_folder_is_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, b = copies(tmp_path)
    read = peers.read_file

    def removed_first(path: Path, limit: int) -> bytes:
        path.unlink()
        return read(path, limit)

    monkeypatch.setattr(peers, "read_file", removed_first)
    assert Peers(b.settings.folder).all() == []


def test_the_commands_still_say_which_file_is_no_card(tmp_path: Path) -> None:
    _, b = copies(tmp_path)
    stray = b.settings.folder / "peers" / "zz.card"
    stray.write_text("garbage")
    with pytest.raises(InputError) as raised:
        Peers(b.settings.folder).all()
    assert (raised.value.code, raised.value.where) == ("node.card", str(stray))


COURT = "our court looks at it"


async def asked(side: Side, what: str, **more: str) -> Any:
    """What the node answers to a command, within the time that a person waits for it."""
    async with asyncio.timeout(5):
        return await asyncio.to_thread(ask_node, side.identity.settings.folder, {"do": what, **more})


async def heard(side: Side, state: str, reason: str = "") -> None:
    await until(lambda: side.one.partner_says == Wait(state, reason), side)


def deaf(side: Side) -> list[bool]:
    """While the list holds ``True`` the node takes nothing that the partner says of itself."""
    handle, closed = side.node._handle, [True]

    async def handled(card: Card, envelope: Envelope) -> Reply:
        if envelope.kind is Kind.WAIT and closed[0]:
            raise PeerError("node.envelope", "not heard")
        return await handle(card, envelope)

    side.node._receiver.handle = handled
    return closed


@asynccontextmanager
async def frozen(folder: Path) -> AsyncIterator[Side]:
    """A tracer with an offer to a partner whose node takes connections and is silent, as a stopped process is."""
    a, b = fresh(folder)
    context = transport._context(b, ssl.PROTOCOL_TLS_SERVER, [a.card])
    writers = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read()

    host, port = b.card.address.split(":")
    server = await asyncio.start_server(silent, host, int(port), ssl=context)
    side = Side(a)
    await side.start()
    await asyncio.to_thread(side.desk.open, "Holder", TERMS)
    try:
        yield side
    finally:
        await side.stop()
        for writer in writers:
            writer.transport.abort()
        server.close()
        await asyncio.sleep(0)


def test_a_frozen_partner_does_not_hold_up_a_pause_or_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_ANSWER_SECONDS", 0.5)

    async def run() -> None:
        async with frozen(tmp_path) as side:
            assert (await asked(side, "pause", case="1", reason=COURT))["paused"] == COURT
            await until(lambda: "has not heard of the pause" in side.one.trouble, side)
            assert (await asked(side, "resume", case="1"))["paused"] is None
            assert (await asked(side, "pause", case="1", reason=COURT))["paused"] == COURT

    asyncio.run(run())


def test_a_pause_that_the_partner_missed_is_told_until_it_is_heard(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        await pair.tracer.stop()
        await asked(pair.holder, "pause", case="1", reason=COURT)
        await until(lambda: "has not heard of the pause" in pair.holder.one.trouble, pair.holder)
        await pair.holder.stop()  # that it was not told is not forgotten with the process
        await pair.tracer.start()
        await pair.holder.start()
        await heard(pair.tracer, "paused", COURT)
        await until(lambda: pair.holder.one.trouble == "", pair.holder)

    at_both(tmp_path, story)


def test_a_partner_that_starts_again_hears_of_a_pause_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_AGAIN_SECONDS", 0.3)

    async def story(pair: Two) -> None:
        await pair.committed()
        await asked(pair.holder, "pause", case="1", reason=COURT)
        await heard(pair.tracer, "paused", COURT)
        await pair.tracer.restart()
        await heard(pair.tracer, "paused", COURT)

    at_both(tmp_path, story)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_partner_does_not_believe_in_a_pause_that_is_over(tmp_path: Path, restarted: bool) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        await asked(pair.holder, "pause", case="1", reason=COURT)
        await heard(pair.tracer, "paused", COURT)
        closed = deaf(pair.tracer)
        await asked(pair.holder, "resume", case="1")
        if restarted:
            await pair.holder.restart()
        await asyncio.sleep(0.3)
        assert pair.tracer.one.partner_says.state == "paused"
        closed[0] = False
        await heard(pair.tracer, "going on")

    at_both(tmp_path, story)


def test_that_a_node_started_hides_nothing_else_that_it_said(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.offered()
        await heard(pair.tracer, "deciding")
        body = b'{"trace": "%s", "state": "going on", "reason": ""}' % (pair.tracer.one.row.offer or b"").hex().encode()
        pair.tracer.desk.partner_says(pair.holder.identity.card, body)
        assert pair.tracer.one.partner_says.state == "deciding"

    at_both(tmp_path, story)


@contextmanager
def slow_to_take_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No trace is taken up before the event is set."""
    take_up, gate = Desk.take_up, threading.Event()

    def held(desk: Desk, row: Row) -> None:
        gate.wait(20)
        take_up(desk, row)

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "take_up", held)
        yield gate


async def refused_meanwhile(side: Side, what: str, **more: str) -> str:
    """What a node that takes up its traces answers to a command."""
    while not side.identity.settings.socket.exists():
        await asyncio.sleep(0.01)
    for _ in range(50):
        with pytest.raises(UsageError) as raised:
            await asked(side, what, **more)
        if raised.value.code == "node.taking-up" and "trace" in raised.value.what:
            return raised.value.what
        await asyncio.sleep(0.02)
    raise AssertionError(raised.value)


def test_a_node_that_takes_up_its_traces_says_so_to_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(pair: Two) -> None:
        await pair.offered()
        await asyncio.to_thread(pair.tracer.desk.open, "Holder", {**TERMS, "case": "second"})
        await pair.tracer.stop()
        with slow_to_take_up(monkeypatch) as gate:
            starting = asyncio.create_task(pair.tracer.start())
            await until_noted(pair.tracer, "Taking up trace 1 where it was left (1 of 2)")
            for what in ("list", "status", "pause"):
                assert "trace 1 of 2" in await refused_meanwhile(pair.tracer, what, case="1", reason=COURT)
            assert not starting.done()
            gate.set()
            await starting
        assert "Taking up trace 2 where it was left (2 of 2)" in pair.tracer.notes
        assert len(await asked(pair.tracer, "list")) == 2

    at_both(tmp_path, story)


def test_a_node_that_takes_up_its_traces_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(pair: Two) -> None:
        await pair.offered()
        await asyncio.to_thread(pair.tracer.desk.open, "Holder", {**TERMS, "case": "second"})
        await pair.tracer.stop()
        with slow_to_take_up(monkeypatch) as gate:
            starting = asyncio.create_task(pair.tracer.start())
            await until_noted(pair.tracer, "Taking up trace 1 where it was left (1 of 2)")
            pair.tracer._stop.set()
            gate.set()
            await asyncio.wait_for(starting, 10)
        assert not any("(2 of 2)" in note for note in pair.tracer.notes)
        assert not pair.tracer.identity.settings.socket.exists()

    at_both(tmp_path, story)


async def until_noted(side: Side, note: str) -> None:
    async with asyncio.timeout(20):
        while note not in side.notes:
            await asyncio.sleep(0.01)


def test_status_shows_how_much_of_a_snapshot_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_CHUNK", 9_000)

    async def story(pair: Two) -> None:
        handle, parts, broken = pair.holder.node._handle, [0], [True]

        async def handled(card: Card, envelope: Envelope) -> Reply:
            if envelope.kind is Kind.CHUNK_WANTED:
                parts[0] += 1
                if parts[0] > 2 and broken[0]:
                    raise PeerError("node.envelope", "the line breaks here")
            return await handle(card, envelope)

        pair.holder.node._receiver.handle = handled
        await pair.offered()
        await asyncio.to_thread(pair.holder.one.accept)
        await until(lambda: parts[0] > 2, pair.holder)
        whole = len(pair.holder.one.snapshot_bytes())
        one = await asked(pair.tracer, "status", case="1")
        assert one["snapshot_bytes"] == {"here": 18_000, "whole": whole}
        assert f"snapshot  coming, 0.0 of {whole / 1e6:,.1f} MB" in summary_text(one)
        broken[0] = False
        await until(lambda: pair.tracer.one.snapshot_file.exists(), pair.tracer)
        one = await asked(pair.tracer, "status", case="1")
        assert (one["snapshot"], one["snapshot_bytes"]) == ("whole", None)

    at_both(tmp_path, story)


def test_a_trace_is_not_called_done_before_its_graph_is_in_the_case_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, gate = Steps.write_case, threading.Event()

    def held(steps: Steps) -> None:
        if isinstance(steps.state, tracer.Traced):
            gate.wait(20)
        write(steps)

    monkeypatch.setattr(Steps, "write_case", held)

    async def story(pair: Two) -> None:
        await pair.committed()
        warrant, shares = papers(pair.tracer.one.terms_document(), [SEED])
        await pair.start(pair.holder, warrant)
        await pair.start(pair.tracer, warrant, shares)
        folder = pair.tracer.identity.settings.folder

        def ask() -> dict[str, Any]:
            found: dict[str, Any] = ask_node(folder, {"do": "status", "case": "1"})
            return found

        waiting = asyncio.create_task(asyncio.to_thread(waited, ask, Output(as_json=True)))
        await pair.tracer.until("traced")
        await asyncio.sleep(0.5)
        assert (await asked(pair.tracer, "status", case="1"))["next"] == ""
        assert not waiting.done()
        gate.set()
        assert "The graph is in the case folder" in (await asyncio.wait_for(waiting, 10))["next"]
        assert pair.tracer.one.files.has_graph

    at_both(tmp_path, story)


def shown(**changed: Any) -> dict[str, Any]:
    """A trace as ``clew case status`` hears of it."""
    return {
        "number": 1,
        "state": "committed",
        "next": "",
        "paused": None,
        "snapshot": None,
        "snapshot_bytes": None,
        "partner_says": {"state": "", "reason": ""},
        "trouble": "",
        **changed,
    }


def replies(*answers: dict[str, Any] | UsageError) -> Callable[[], dict[str, Any]]:
    left = iter(answers)

    def ask() -> dict[str, Any]:
        answer = next(left)
        if isinstance(answer, UsageError):
            raise answer
        return answer

    return ask


def test_who_waits_sees_how_far_a_snapshot_has_come_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(case_waiting, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(case_waiting, "_LINE_SECONDS", 0)
    coming = [
        shown(snapshot="coming", snapshot_bytes={"here": here, "whole": 64_000_000})
        for here in (12_000_000, 12_000_000, 48_000_000)
    ]
    last = shown(snapshot="whole", next="Draft the warrant.")
    assert waited(replies(*coming, last), Output(as_json=True)) == last
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "Trace 1: committed, snapshot coming, 12.0 of 64.0 MB",
        "Trace 1: committed, snapshot coming, 48.0 of 64.0 MB",
    ]
    assert said.out == ""


def test_who_waits_does_not_fill_a_file_with_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(case_waiting, "_LOOK_SECONDS", 0)
    hops = [shown(state=f"asking, hop {hop}") for hop in range(1_000)]
    waited(replies(*hops, shown(state="ended")), Output(as_json=True))
    assert capsys.readouterr().err.splitlines() == ["Trace 1: asking, hop 0"]


def test_who_waits_goes_on_waiting_while_the_node_takes_up_its_traces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(case_waiting, "_LOOK_SECONDS", 0)
    busy = UsageError(
        "node.taking-up", "the node starts, and is taking up trace 2 of 3 where it was left", mend="Wait."
    )
    assert waited(replies(busy, busy, shown(state="closed")), Output(as_json=True))["state"] == "closed"
    assert "trace 2 of 3" in capsys.readouterr().err
    gone = UsageError("node.not-running", "the node is not running", mend="Start it.")
    with pytest.raises(UsageError):
        waited(replies(gone), Output(as_json=True))


def test_who_waits_for_a_graph_that_cannot_be_written_hears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_waiting, "_LOOK_SECONDS", 0)
    full = shown(state="traced", trouble="no space left on the disk")
    assert waited(replies(shown(state="traced"), full), Output(as_json=True)) == full


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"state": "paused"}',
        b'{"state": 7, "reason": ""}',
        b'{"state": "paused", "reason": null}',
        b'{"state": "paused", "reason": "\\u001b[2J"}',
        b'{"state": "paused", "reason": "one\\ntwo"}',
        b'{"state": "\\ud800", "reason": ""}',
        b'{"state": "paused", "reason": "%s"}' % (b"x" * 201),
        b'{"state": "%s", "reason": ""}' % (b"x" * 41),
        b'{"state": "paused", "reason": "", "trace": 5}',
        b'{"state": "paused", "reason": "", "trace": "zz"}',
    ],
)
def test_what_a_partner_says_of_itself_cannot_fill_or_garble_the_screen(body: bytes) -> None:
    with pytest.raises(PeerError, match="no state"):
        Wait.parse(body)


def test_what_a_partner_says_of_itself_is_shown_as_it_was_said() -> None:
    said = Wait("paused", "ننتظر المحكمة")
    assert Wait.parse(said.encode(b"\x07" * 32)) == (said, b"\x07" * 32)
    assert Wait.parse(said.encode()) == (said, b"")
