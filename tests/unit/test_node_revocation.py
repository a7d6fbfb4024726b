"""Revocations that come while a trace runs, and the later stages of a case: what ends, what is kept, what goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from clew.case.folder import CaseFolder
from clew.chain.files import Documents, read_graph, require_traced
from clew.effects import system_clock, system_randomness
from clew.errors import InputError, Refused, UsageError
from clew.joint.messages import Refusal, RefusalCode, parse
from clew.node.desk import Desk
from clew.node.drafting import drafted
from clew.node.revocations import REVOKED, UNSURE
from clew.node.running import Running
from clew.node.told import Answer, Wait
from clew.warrants.dsse import parse_envelope, sign
from clew.warrants.policy import policy_toml, read_policy
from tests.node_pair import AUDITOR, BEGIN, BUDGETS, END, JUDGES, REACHED, SEED, Desks, desks, papers, two
from tests.warrants import EXPIRES, ISSUED, JUDGE, PARTNER, STRANGER, revoke

SIDES = ("tracer", "holder")


def with_folders(folder: Path) -> Desks:
    """Two nodes after both have committed, each with a policy of its own that names a folder of revocations."""
    pair = desks(folder)
    for side in SIDES:
        place = folder / f"{side}-policy"
        (place / "revocations").mkdir(parents=True)
        text = policy_toml(JUDGES, 1, [], "revocations")
        (place / "policy.toml").write_text(text)
        desk: Desk = getattr(pair, side)
        desk.identity = replace(desk.identity, settings=replace(desk.identity.settings, policy=place / "policy.toml"))
    pair.committed()
    return pair


def start(pair: Desks) -> bytes:
    """Both sides take a warrant, which is returned."""
    made, shares = pair.papers()
    for side, one, given in (("holder", pair.b, ()), ("tracer", pair.a, shares)):
        policy = read_policy(_policy(pair, side))
        one.start(Documents(made, policy.source, (), policy.revocations, _policy(pair, side)), given)
    return made


def _policy(pair: Desks, side: str) -> Path:
    found: Path = getattr(pair, side).identity.settings.policy
    return found


def put(pair: Desks, side: str, revocation: bytes, name: str = "r.json") -> Path:
    file = _policy(pair, side).parent / "revocations" / name
    file.write_bytes(revocation)
    return file


def kinds(one: Running) -> list[str]:
    return [logged.entry.kind for logged in one.log.entries()]


def ended(one: Running) -> bool:
    row = one.row
    return (row.state, row.code, row.reason, row.open) == ("ended", RefusalCode.STOPPED, REVOKED, False)


@pytest.mark.parametrize("steps", [0, 1, 4])
@pytest.mark.parametrize("side", SIDES)
def test_a_revocation_stops_a_trace_at_its_next_step_on_both_sides(tmp_path: Path, side: str, steps: int) -> None:
    """Whichever side has it: nothing more is asked or answered, and the secrets of both are destroyed."""
    pair = with_folders(tmp_path)
    warrant = start(pair)
    for _ in range(steps):
        told = pair.holder.arrived(pair.tracer.identity.card, pair.a.outgoing or b"")
        assert isinstance(told, Answer)
        pair.a.answered(told.data)
    named = kinds(pair.b).count("joint.names")
    put(pair, side, revoke(warrant))
    pair.a.look_for_revocation()  # as its process does before it sends
    for _ in range(2):  # a refusal of the tracer's is only acknowledged
        pair.pass_on()
    assert ended(pair.a)
    assert ended(pair.b)
    assert kinds(pair.b).count("joint.names") == named
    mine = getattr(pair, "a" if side == "tracer" else "b")
    assert kinds(mine).index("warrant.refused") < kinds(mine).index("warrant.revoked")


def test_a_revocation_ends_a_trace_in_which_nothing_happens(tmp_path: Path) -> None:
    """The graph of a revoked warrant is shown no more, and nothing is unmasked in it."""
    pair = with_folders(tmp_path)
    warrant = start(pair)
    assert pair.pass_on() is None
    pair.tracer.look_for_revocations()
    assert pair.a.row.state == "traced"
    put(pair, "tracer", revoke(warrant)).chmod(0o600)
    pair.tracer.look_for_revocations()
    assert ended(pair.a)
    assert isinstance(parse(pair.a.outgoing or b""), Refusal)
    case = CaseFolder.open(pair.a.folder)
    assert len(Documents.read(case).revocations) == 1
    with pytest.raises(Refused, match="was revoked"):
        require_traced(case, read_graph(case), pair.a.log, system_clock, after_expiry=True)


def test_a_pause_keeps_no_revoked_trace_alive(tmp_path: Path) -> None:
    """While it is paused nothing is asked, but its secrets stand, and a partner would wait for it in vain."""
    pair = with_folders(tmp_path)
    warrant = start(pair)
    pair.a.pause("the court is asked")
    put(pair, "tracer", revoke(warrant, STRANGER)).chmod(0o600)
    pair.tracer.look_for_revocations()
    assert (pair.a.row.state, pair.a.paused) == ("starting", UNSURE)
    logged = kinds(pair.a)
    pair.tracer.look_for_revocations()
    assert kinds(pair.a) == logged
    put(pair, "tracer", revoke(warrant)).chmod(0o600)
    pair.tracer.look_for_revocations()
    assert ended(pair.a)
    assert pair.a.paused is None
    assert isinstance(parse(pair.a.outgoing or b""), Refusal)


def test_a_revocation_handed_to_the_node_ends_the_trace_and_stays_in_the_case(tmp_path: Path) -> None:
    pair = desks(tmp_path)  # a policy without a folder
    pair.committed()
    with pytest.raises(UsageError, match="no warrant was taken"):
        pair.a.revoke(b"{}")
    warrant = start(pair)
    assert pair.pass_on() is None
    pair.b.revoke(revoke(warrant))
    assert ended(pair.b)
    pair.a.revoke(revoke(warrant))
    assert ended(pair.a)
    for one in (pair.a, pair.b):
        assert Documents.read(CaseFolder.open(one.folder)).revocations == (revoke(warrant),)
    for side in SIDES:
        pair.restart(side)
    assert ended(pair.a)
    assert ended(pair.b)


def test_nobody_ends_a_trace_with_a_revocation_of_another_warrant_or_of_his_own(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    warrant = start(pair)
    other = of_another_case()
    with pytest.raises(InputError, match="does not name the warrant"):
        pair.b.revoke(revoke(other))
    with pytest.raises(Refused, match="cannot be verified"):
        pair.b.revoke(revoke(warrant, STRANGER))
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def of_another_case() -> bytes:
    """A warrant of another case."""
    words = {"authority": "Court of Example", "legal_basis": "Article 1", "purpose": "Find the group."}
    terms = {
        "case": "other-1",
        "stage": 1,
        "begin": int(BEGIN.timestamp()),
        "end": int(END.timestamp()),
        "hub_limit": 200,
        "trace": "ab" * 32,
        "case_order": "cd" * 32,
        "roots": ["ef" * 32],
    }
    made, _ = drafted(
        terms, [SEED], system_randomness(32), hops=2, budgets=BUDGETS, issued=ISSUED, expires=EXPIRES, **words
    )
    return sign(made.encode(), JUDGE, PARTNER)


def test_a_revocation_that_cannot_be_verified_pauses_and_destroys_nothing(tmp_path: Path) -> None:
    """Else anybody who can put a file there ends every trace; going on might be going on without a warrant."""
    pair = with_folders(tmp_path)
    warrant = start(pair)
    for junk in (revoke(warrant, STRANGER), b"{"):
        file = put(pair, "holder", junk)
        assert pair.pass_on() == Wait("paused", UNSURE)
        assert pair.b.row.state == "authorised"
        file.unlink()
        pair.b.go_on()
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"


def test_a_later_stage_is_a_trace_of_its_own_under_the_warrant_and_its_amendment(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.committed()
    first = start(pair)
    assert pair.pass_on() is None
    pair.a.close()
    assert pair.pass_on() is None
    terms = {"case": "lantern-7", "stage": 2, "begin": BEGIN, "end": END, "hub_limit": 200, "auditor": AUDITOR}
    pair.tracer.open("Holder", terms)
    assert pair.pass_on() == Wait("deciding")
    pair.b.accept()
    assert pair.pass_on() is None
    pair.fetch()
    amended = pair.papers(amends=parse_envelope(first).digest, issued=ISSUED)
    for side, one, shares in (("holder", pair.b, ()), ("tracer", pair.a, amended[1])):
        policy = read_policy(_policy(pair, side))
        with pytest.raises(Refused, match="the warrant that it amends is missing"):
            one.start(Documents(amended[0], policy.source, (), (), _policy(pair, side)), shares)
        one.start(Documents(first, policy.source, (amended[0],), (), _policy(pair, side)), shares)
    pair.restart("tracer")
    assert pair.pass_on() is None
    graph = read_graph(CaseFolder.open(pair.a.result()))
    assert (graph.scope.stage, graph.bound.numbers) == (2, REACHED)
    require_traced(CaseFolder.open(pair.a.folder), graph, pair.a.log, system_clock)
    pair.a.revoke(revoke(first))  # whoever revokes the first stage ends every stage after it
    assert ended(pair.a)


def test_a_file_in_the_folder_stops_running_nodes_by_itself(tmp_path: Path) -> None:
    """Nobody has to be asked anything: over real sockets, in a trace in which nothing happens."""

    async def story() -> None:
        async with two(tmp_path) as pair:
            policy = tmp_path / "b" / "policy.toml"
            text = policy_toml(JUDGES, 1, [], "revocations")
            (tmp_path / "b" / "revocations").mkdir()
            policy.write_text(text)
            await pair.committed()
            warrant, shares = papers(pair.tracer.one.terms_document(), [SEED])
            await pair.start(pair.holder, warrant)
            await pair.start(pair.tracer, warrant, shares)
            await pair.tracer.until("traced")
            (tmp_path / "b" / "revocations" / "r.json").write_bytes(revoke(warrant))
            await pair.tracer.until("ended")
            await pair.holder.until("ended")
            assert ended(pair.tracer.one)
            assert ended(pair.holder.one)

    asyncio.run(story())
