"""What a node keeps, and what it says to people and partners; without sockets."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder, Part
from clew.chain.files import read_graph
from clew.effects import system_clock
from clew.errors import InputError, PeerError, Refused, StorageError, UsageError
from clew.joint.messages import Offer, Refusal, RefusalCode, encode, parse
from clew.node.storage import Storage
from clew.node.told import Answer, Nothing, Wait
from clew.node.window import offer_digest
from clew.records.importer import import_files
from clew.records.store import Store
from tests.cli.tracing import profile
from tests.node_pair import AUDITOR, BEGIN, BUDGETS, END, REACHED, SEED, Desks, desks, documents, papers

Break = Callable[[Storage, Callable[..., int]], Callable[..., int]]


def numbers(pair: Desks) -> int:
    return read_graph(CaseFolder.open(pair.a.result())).vertices.num_rows


class PowerCutError(Exception):
    """The process is gone."""


def cut_before(of: int) -> Break:
    """The power goes before the step with that number is committed."""

    def broken(storage: Storage, take: Callable[..., int]) -> Callable[..., int]:
        left = [of]

        def taken(*arguments: Any, **columns: Any) -> int:
            left[0] -= 1
            if left[0] == 0:
                raise PowerCutError
            return take(*arguments, **columns)

        return taken

    return broken


def cut_after(of: int) -> Break:
    """The power goes when the step with that number is committed: nothing is logged, and no answer leaves."""

    def broken(storage: Storage, take: Callable[..., int]) -> Callable[..., int]:
        left = [of]

        def taken(*arguments: Any, **columns: Any) -> int:
            serial = take(*arguments, **columns)
            left[0] -= 1
            if left[0] == 0:
                raise PowerCutError
            return serial

        return taken

    return broken


@pytest.mark.parametrize("cut", [cut_before, cut_after], ids=["before", "after"])
@pytest.mark.parametrize("side", ["tracer", "holder"])
def test_the_power_may_go_at_any_step_and_nothing_is_asked_twice(
    tmp_path: Path, side: str, cut: Callable[[int], Break], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    cuts = 0
    for _ in range(40):
        storage = getattr(pair, side).storage
        storage.take_step = cut(1)(storage, storage.take_step)
        try:
            pair.pass_on()
            break
        except PowerCutError:
            cuts += 1
            pair.restart(side)
            if cut is cut_before:  # the step cannot be made with the power going: let one through
                before = pair.a.row.state, pair.b.row.state
                while pair.a.outgoing is not None and (pair.a.row.state, pair.b.row.state) == before:
                    told = pair.holder.arrived(pair.tracer.identity.card, pair.a.outgoing)
                    assert isinstance(told, Answer)
                    if (pair.a.row.state, pair.b.row.state) == before:
                        pair.a.answered(told.data)
    assert cuts >= 5
    assert pair.a.row.state == "traced"
    assert numbers(pair) == REACHED
    for one in (pair.a, pair.b):
        kinds = [(wire.sent, wire.kind) for wire in one._storage.receipt(one.row.id)]
        asked = [kind for _, kind in kinds if kind in {"Ask", "Recognise", "Start"}]
        assert sorted(asked) == ["Ask", "Ask", "Ask", "Recognise", "Start"]
        marks = [(e.entry.body["step"], e.entry.body["part"]) for e in one.log.entries() if "step" in e.entry.body]
        assert len(marks) == len(set(marks))
        assert len(marks) > 5


def test_a_restart_in_any_state_leads_to_the_same_state(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    seen = set()
    pair.offered()
    for step in (pair.b.accept, pair.pass_on, pair.fetch, pair.authorised, pair.pass_on):
        before = pair.a.row, pair.b.row, pair.a.outgoing
        for side in ("tracer", "holder"):
            pair.restart(side)
        assert (pair.a.broken, pair.b.broken) == (None, None)
        assert (pair.a.row, pair.b.row, pair.a.outgoing) == before
        seen |= {pair.a.row.state, pair.b.row.state}
        getattr(pair.b if step.__name__ == "accept" else pair, step.__name__)()
    assert {"offered", "accepted", "committed", "starting", "authorised"} <= seen
    assert numbers(pair) == REACHED


def test_no_number_and_no_secret_stands_readable_in_the_database(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.traced()
    secret = pair.a.state.kept.shares[0].secret  # type: ignore[union-attr]
    for side in (pair.tracer, pair.holder):
        side.close()
        folder = side.identity.settings.folder
        data = b"".join(path.read_bytes() for path in folder.glob("node.db*"))
        assert len(data) > 10_000
        for number in (SEED, "+33612000003"):
            assert number.encode() not in data
        assert secret not in data
        assert secret.hex().encode() not in data


def test_closing_destroys_the_steps_the_key_and_the_snapshot_on_both_sides(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.traced()
    assert pair.a.snapshot_file.exists()
    pair.a.close()
    pair.restart("tracer")  # a crash before the partner has heard of it
    assert pair.a.row.state == "closing"
    assert pair.pass_on() is None
    assert (pair.a.row.state, pair.b.row.state) == ("closed", "closed")
    for one in (pair.a, pair.b):
        assert not one.row.open
        assert one._storage.steps(one.row.id) == []
    assert not pair.a.snapshot_file.exists()
    assert numbers(pair) == REACHED  # the graph stays
    for side in ("tracer", "holder"):
        pair.restart(side)
    assert (pair.a.row.state, pair.b.row.state, pair.a.outgoing) == ("closed", "closed", None)


def test_a_row_of_another_place_or_node_does_not_open(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    storage = pair.tracer.storage
    storage._db.execute("UPDATE steps SET serial = serial + 7")
    pair.restart("tracer")
    assert pair.a.broken is not None
    assert pair.a.broken.code == "node.altered"


def test_a_pause_holds_the_partner_and_shows_the_reason(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    pair.b.pause("our court looks at it until Monday")
    pair.restart("holder")
    assert pair.pass_on() == Wait("paused", "our court looks at it until Monday")
    pair.b.go_on()
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


@pytest.mark.parametrize("moment", ["offered", "committed", "traced"])
@pytest.mark.parametrize("side", ["a", "b"])
def test_either_side_refuses_at_any_step_and_the_other_sees_the_reason(tmp_path: Path, side: str, moment: str) -> None:
    pair = desks(tmp_path)
    getattr(pair, moment)()
    one = getattr(pair, side)
    one.refuse("our court says no")
    other = pair.b if side == "a" else pair.a
    sender = (pair.tracer if side == "a" else pair.holder).identity.card
    receiver = pair.holder if side == "a" else pair.tracer
    assert one.outgoing is not None
    receiver.arrived(sender, one.outgoing)
    one.acknowledged()
    for shown in (one, other):
        row = shown.row
        assert (row.state, row.reason, row.open, row.pending) == ("ended", "our court says no", False, None)
    with pytest.raises(UsageError, match="ended"):
        one.refuse("again")


def test_a_partner_that_asks_after_a_refusal_hears_the_reason(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    pair.b.refuse("our court says no")
    told = pair.holder.arrived(pair.tracer.identity.card, pair.a.outgoing or b"")
    assert isinstance(told, Answer)
    assert parse(told.data) == Refusal(pair.a.row.trace or b"", RefusalCode.STOPPED, "our court says no")
    pair.a.answered(told.data)
    assert (pair.a.row.state, pair.a.row.reason) == ("ended", "our court says no")


def test_a_reason_with_a_number_in_it_is_not_shown_to_the_partner(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()
    for act in (pair.b.refuse, pair.b.pause):
        with pytest.raises(UsageError, match="long number"):
            act("it is about +964 790 100 0001")


def test_a_warrant_of_another_trace_is_not_taken_and_the_right_one_is(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    terms = {**pair.a.terms_document(), "trace": "ab" * 32}
    other, shares = papers(terms, [SEED])
    with pytest.raises(Refused, match="another trace"):
        pair.b.start(documents(pair.holder, other), ())
    with pytest.raises(Refused, match="another trace"):
        pair.a.start(documents(pair.tracer, other), shares)
    pair.authorised()
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def test_a_warrant_without_its_seeds_is_not_started(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    warrant, _ = pair.papers()
    with pytest.raises(Refused, match="not those of the seeds"):
        pair.a.start(documents(pair.tracer, warrant), ())
    assert pair.a.row.state == "committed"


def test_a_budget_that_is_too_small_ends_in_a_clear_state(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised(budgets=replace(BUDGETS, items=70))
    pair.pass_on()
    row = pair.a.row
    assert (row.state, RefusalCode(row.code)) == ("ended", RefusalCode.OVER_BUDGET)
    assert "items" in row.reason


def test_two_traces_at_once_do_not_touch_each_other(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed("lantern-7")
    first = pair.a, pair.b
    pair.committed("lantern-8")
    pair.authorised()
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"
    assert [one.row.state for one in first] == ["committed", "committed"]
    with pytest.raises(InputError, match="no such trace"):
        pair.tracer.find("lantern-9")
    assert pair.tracer.find("lantern-8") is pair.a
    assert pair.tracer.find("1") is first[0]


def test_a_case_holds_the_accounts_of_the_records_that_were_traced_and_no_others(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    store = tmp_path / "store"
    shutil.copytree(pair.tracer.identity.settings.store, store)
    pair.tracer.identity = replace(pair.tracer.identity, settings=replace(pair.tracer.identity.settings, store=store))
    pair.committed()
    more = tmp_path / "more.csv"
    more.write_text("from,to,start,seconds,kind\n+33612000003,+33612000077,2026-03-02T10:00:00+00:00,60,voice\n")
    traced = [account.file for account in Store.open(store).accounts()]
    import_files(store, [(more, profile())], clock=system_clock)
    pair.authorised()
    assert pair.pass_on() is None
    case = CaseFolder.open(pair.a.result())
    (name,) = [name for name in case.names(Part.GRAPH) if name.endswith("accounts.json")]
    shown = case.read(Part.GRAPH, name).decode()
    assert "more.csv" not in shown
    assert all(file in shown for file in traced)


@pytest.mark.parametrize("text", ["called +9647901000005 daily", "0790—1000—005", "٠٧٩٠ ١٠٠ ٠٠٥", "two\nlines", ""])
def test_no_number_goes_into_a_reason_or_the_name_of_a_case(tmp_path: Path, text: str) -> None:
    pair = desks(tmp_path)
    pair.traced()
    (hidden,) = [v for v in read_graph(CaseFolder.open(pair.a.result())).vertices["vertex"].to_pylist() if "p:" in v]
    later = int(system_clock().timestamp()) + 3600
    with pytest.raises(UsageError, match="reason"):
        pair.a.draft_unmasking({hidden: text}, later)
    with pytest.raises(UsageError, match="has passed"):
        pair.a.draft_unmasking({hidden: "called on 2026-03-02"}, later - 7200)
    assert pair.a.draft_unmasking({hidden: "called on 2026-03-02"}, later).message.wants[0].reason
    if "\n" not in text:
        with pytest.raises(UsageError):
            pair.offered(text)
        assert len(pair.tracer.traces()) == 1


def test_a_store_that_changed_since_the_snapshot_stops_the_trace_until_it_is_back(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    original = pair.holder.identity.settings.store
    store = tmp_path / "store"
    shutil.copytree(original, store)
    pair.holder.identity = replace(pair.holder.identity, settings=replace(pair.holder.identity.settings, store=store))
    pair.committed()
    more = tmp_path / "more.csv"
    more.write_text("from,to,start,seconds,kind\n+33612000003,+33612000077,2026-03-02T10:00:00+00:00,60,voice\n")
    import_files(store, [(more, profile())], clock=system_clock)
    pair.restart("holder")
    assert pair.b.broken is not None
    assert pair.b.broken.code == "node.records-changed"
    warrant, shares = pair.papers()
    with pytest.raises(StorageError, match="has changed"):
        pair.b.start(documents(pair.holder, warrant), ())
    pair.a.start(documents(pair.tracer, warrant), shares)
    assert pair.pass_on() == Wait("stopped", "this side cannot go on at the moment")
    shutil.rmtree(store)
    shutil.copytree(original, store)
    pair.restart("holder")
    assert pair.b.broken is None
    pair.b.start(documents(pair.holder, warrant), ())
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def test_a_trace_whose_store_has_changed_can_be_refused(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.holder.storage.note(pair.b.row.id, records="ab" * 32)
    pair.restart("holder")
    assert pair.b.broken is not None
    pair.b.refuse("the records have changed")
    pair.tracer.arrived(pair.holder.identity.card, pair.b.outgoing or b"")
    assert pair.a.row.reason == "the records have changed"
    assert not pair.b.row.open


def test_a_clock_that_jumps_back_stops_a_step_and_changes_nothing(tmp_path: Path) -> None:
    jump = [timedelta(0)]

    def clock() -> datetime:
        return system_clock() + jump[0]

    pair = desks(tmp_path, clock)
    pair.committed()
    pair.authorised()
    jump[0] = timedelta(hours=-1)
    with pytest.raises(Refused, match="behind"):
        pair.pass_on()
    assert pair.b.row.state == "authorised"
    jump[0] = timedelta(0)
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def test_a_full_disk_answers_nothing_and_the_next_try_goes_on(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    pages = pair.holder.storage._db.execute("PRAGMA page_count").fetchone()[0]
    pair.holder.storage._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        pair.pass_on()
    pair.holder.storage._db.execute("PRAGMA max_page_count = 1000000")
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def test_a_log_that_cannot_be_written_holds_the_answer_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    with monkeypatch.context() as patch:

        def full(self: FileLog, entry: object) -> None:
            raise StorageError("log.unwritable", "no space left")

        patch.setattr(FileLog, "commit", full)
        with pytest.raises(StorageError, match="no space"):
            pair.pass_on()
        with pytest.raises(StorageError, match="no space"):  # nor does the same message get the stored answer
            pair.holder.arrived(pair.tracer.identity.card, pair.a.outgoing or b"")
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def test_a_partner_may_leave_sixteen_offers_undecided_and_no_more(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    card = pair.tracer.identity.card
    offer = Offer("c", 1, 0, 1, 200, 0, "clew-numbers/1", bytes(32), card.identity, bytes.fromhex(AUDITOR))
    for number in range(16):
        told = pair.holder.arrived(card, encode(replace(offer, nonce=bytes([number]) * 32)))
        assert told == Wait("deciding")
    with pytest.raises(Refused, match="wait for a decision"):
        pair.holder.arrived(card, encode(replace(offer, nonce=b"\xff" * 32)))
    assert pair.holder.arrived(card, encode(offer)) == Wait("deciding")  # the first one again: no new trace
    assert len(pair.holder.traces()) == 16


def test_a_partner_who_takes_back_every_offer_cannot_fill_the_disk(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    now = system_clock()
    pair.holder.clock = lambda: now
    card = pair.tracer.identity.card
    offer = Offer("c", 1, 0, 1, 200, 0, "clew-numbers/1", bytes(32), card.identity, bytes.fromhex(AUDITOR))

    def make_and_take_back(number: int) -> None:
        made = replace(offer, nonce=bytes([number]) * 32)
        assert pair.holder.arrived(card, encode(made)) == Wait("deciding")
        back = Refusal(offer_digest(made), RefusalCode.STOPPED, "not needed")
        assert pair.holder.arrived(card, encode(back)) == Nothing()

    for number in range(100):
        make_and_take_back(number)
    with pytest.raises(Refused, match="100 offers within a day"):
        make_and_take_back(100)
    assert len(pair.holder.traces()) == 100
    now += timedelta(days=1)
    make_and_take_back(100)


def test_nobody_offers_in_anothers_name_or_speaks_of_anothers_trace(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    stranger = replace(pair.tracer.identity.card, identity=bytes(32))
    offer = pair.a.terms
    assert offer is not None
    with pytest.raises(PeerError, match="another node's name"):
        pair.holder.arrived(stranger, encode(offer))
    with pytest.raises(PeerError, match="none of its own"):
        pair.holder.arrived(stranger, encode(Refusal(pair.a.row.trace or b"", RefusalCode.STOPPED, "x")))
    with pytest.raises(PeerError, match="none of its own"):
        pair.holder.snapshot(stranger, pair.a.row.trace or b"")
    with pytest.raises(PeerError, match="none of its own"):
        pair.tracer.snapshot(pair.holder.identity.card, pair.a.row.trace or b"")  # the tracer has none to give


def test_commands_have_their_places(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()
    for act in (pair.a.close, pair.a.accept, pair.a.result, pair.a.terms_document):
        with pytest.raises(UsageError):
            act()
    with pytest.raises(InputError, match="no partner"):
        pair.tracer.open("Nobody", {})
    with pytest.raises(UsageError, match="terms"):
        pair.tracer.open("Holder", {"case": "x", "stage": 1, "begin": END, "end": BEGIN, "hub_limit": 200})
    assert len(pair.tracer.traces()) == 1


def test_one_database_has_one_process(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    identity = pair.tracer.identity
    with pytest.raises(StorageError, match="another process"):
        Storage(identity.settings.database, identity.sealing, pair.tracer.randomness)
