"""No step is answered, and none is sent, before the case's log holds it: whatever kept the log from being written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clew.errors import StorageError, UsageError
from clew.joint.messages import Refusal, parse
from clew.node.running import Running
from clew.node.storage import Storage
from clew.node.told import Answer
from clew.node.trace_files import TraceFiles
from tests.node_pair import Desks, desks

SIDES = ("tracer", "holder")


@contextmanager
def unwritable_log() -> Iterator[None]:
    """The disk is full, or the process dies, between a step and its entries in the log."""

    def fail(*_given: object) -> None:
        raise StorageError("log.unwritable", "the log cannot be written")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TraceFiles, "write_log", fail)
        yield


def side_of(pair: Desks, side: str) -> Running:
    return pair.a if side == "tracer" else pair.b


def kinds(one: Running) -> list[str]:
    return [logged.entry.kind for logged in one.log.entries()]


def fails(step: Callable[[], object]) -> None:
    with unwritable_log(), pytest.raises(StorageError, match="cannot be written"):
        step()


@pytest.mark.parametrize("side", SIDES)
def test_the_end_of_a_trace_is_logged_after_a_crash_before_the_partner_hears_of_it(tmp_path: Path, side: str) -> None:
    pair = desks(tmp_path)
    pair.committed()
    fails(lambda: side_of(pair, side).refuse("no more"))
    assert "joint.stopped" not in kinds(side_of(pair, side))
    pair.restart(side)
    one = side_of(pair, side)
    assert one.row.state == "ended"
    assert isinstance(parse(one.outgoing or b""), Refusal)
    assert kinds(one).count("joint.stopped") == 1


@pytest.mark.parametrize("side", SIDES)
def test_a_step_that_could_not_be_logged_is_not_sent(tmp_path: Path, side: str) -> None:
    """It is once it is logged, and the node tries that again by itself."""
    pair = desks(tmp_path)
    pair.committed()
    one = side_of(pair, side)
    fails(lambda: one.refuse("no more"))
    assert one.outgoing is None
    with unwritable_log():
        getattr(pair, side).look_for_revocations()
    assert one.trouble_here.startswith("the log cannot be written")
    assert one.outgoing is None
    getattr(pair, side).look_for_revocations()
    assert one.trouble_here == ""
    assert isinstance(parse(one.outgoing or b""), Refusal)
    assert kinds(one).count("joint.stopped") == 1


@pytest.mark.parametrize("begun", [False, True], ids=["offered", "committed"])
def test_who_ends_a_trace_is_not_told_that_nothing_was_done_where_only_the_log_is_behind(
    tmp_path: Path, begun: bool
) -> None:
    pair = desks(tmp_path)
    if begun:
        pair.committed()
    else:
        pair.offered()
    with unwritable_log(), pytest.raises(StorageError) as raised:
        pair.b.refuse("no more")
    assert raised.value.code == "node.not-logged"
    assert "the step is taken" in str(raised.value)
    assert "nothing was done" not in str(raised.value)
    assert (pair.b.row.state, pair.b.row.open) == ("ended", False)
    with unwritable_log(), pytest.raises(UsageError, match="has ended"):
        pair.b.refuse("no more")
    pair.b.look_for_revocation()
    assert kinds(pair.b).count("joint.stopped") == 1


def test_secrets_that_could_not_be_destroyed_at_once_are_destroyed_when_it_can_be(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()

    def full(*_given: object) -> None:
        raise StorageError("node.database", "the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Storage, "destroy", full)
        with pytest.raises(StorageError, match="the step is taken"):
            pair.b.refuse("no more")
    assert pair.b.row.open
    pair.b.look_for_revocation()
    assert not pair.b.row.open


def test_an_acceptance_that_could_not_be_logged_answers_no_offer(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()
    offer = pair.a.outgoing or b""
    fails(pair.b.accept)
    fails(lambda: pair.holder.arrived(pair.tracer.identity.card, offer))
    before = kinds(pair.b)
    assert isinstance(pair.holder.arrived(pair.tracer.identity.card, offer), Answer)
    assert len(kinds(pair.b)) > len(before)


def test_what_answers_a_partner_is_not_sent_while_its_step_is_not_logged(tmp_path: Path) -> None:
    """Not even when the partner's answer was taken, and the sender goes on to what is next."""
    pair = desks(tmp_path)
    pair.committed()
    pair.authorised()
    told = pair.holder.arrived(pair.tracer.identity.card, pair.a.outgoing or b"")
    assert isinstance(told, Answer)
    answer = told.data
    fails(lambda: pair.a.answered(answer))
    assert pair.a.outgoing is None
    before = len(kinds(pair.a))
    pair.a.look_for_revocation()
    assert len(kinds(pair.a)) > before
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"
