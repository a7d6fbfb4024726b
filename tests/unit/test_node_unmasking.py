"""Unmasking between two nodes: what approvers read is what they sign, and nothing else is unmasked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from clew.case.folder import CaseFolder
from clew.chain.files import read_graph
from clew.errors import InputError, Refused, UsageError
from clew.node.unmask_request import UnmaskRequest, joined
from clew.warrants.policy import Requirement, policy_toml
from tests.node_pair import BUDGETS, JUDGES, Desks, desks
from tests.warrants import CLERK, JUDGE, PARTNER

UNTIL = 4_102_444_800  # the year 2100
HIDDEN = "+33612000003"
"""Reached over the border, and in no record of the tracer's."""


def both_sides(folder: Path, hops: int = 2) -> Desks:
    """Two nodes whose policies ask for a signer of each side, after a trace."""
    pair = desks(folder)
    text = policy_toml(JUDGES, 2, [Requirement(1, side="iq"), Requirement(1, side="fr")])
    (folder / "policy.toml").write_text(text)
    for desk in (pair.tracer, pair.holder):
        settings = replace(desk.identity.settings, policy=folder / "policy.toml")
        desk.identity = replace(desk.identity, settings=settings)
    pair.committed()
    pair.authorised(keys=(JUDGE, PARTNER), hops=hops, budgets=replace(BUDGETS, unmaskings=2))
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"
    return pair


def vertices(pair: Desks) -> list[str]:
    found: list[str] = read_graph(CaseFolder.open(pair.a.result())).vertices["vertex"].to_pylist()
    return found


def drafted(pair: Desks) -> UnmaskRequest:
    (hidden,) = [vertex for vertex in vertices(pair) if vertex.startswith("p:")]
    return pair.a.draft_unmasking({hidden: "called both bridges within the hour"}, UNTIL)


def test_a_number_is_unmasked_when_approvers_of_both_sides_have_signed(tmp_path: Path) -> None:
    pair = both_sides(tmp_path)
    request = drafted(pair)
    copies = [UnmaskRequest.parse(request.approved(key).encode()) for key in (JUDGE, PARTNER)]
    pair.a.unmask(joined(copies))
    for side in ("tracer", "holder"):
        pair.restart(side)
    assert pair.pass_on() is None
    assert HIDDEN in vertices(pair)
    assert not any(vertex.startswith("p:") for vertex in vertices(pair))
    kinds = [entry.entry.kind for entry in pair.b.log.entries()]
    assert "joint.unmasked" in kinds
    for side in ("tracer", "holder"):
        pair.restart(side)
    assert HIDDEN in vertices(pair)
    with pytest.raises(Refused, match="answered already"):
        pair.a.unmask(joined(copies))


def test_nothing_is_unmasked_on_the_word_of_one_side(tmp_path: Path) -> None:
    pair = both_sides(tmp_path)
    request = drafted(pair)
    for keys in ((), (JUDGE,), (JUDGE, CLERK)):
        signed = request
        for key in keys:
            signed = signed.approved(key)
        with pytest.raises(Refused, match="nothing is unmasked"):
            pair.a.unmask(signed)
    assert pair.a.row.state == "traced"


def test_a_partner_whose_policy_knows_other_approvers_refuses_and_it_may_be_asked_again(tmp_path: Path) -> None:
    pair = both_sides(tmp_path)
    request = drafted(pair).approved(JUDGE).approved(PARTNER)
    kept = pair.b.state.kept  # type: ignore[union-attr]
    object.__setattr__(kept, "approvers", None)
    pair.a.unmask(request)
    assert pair.pass_on() is None
    assert pair.a.row.state == "traced"
    assert "not authorised" in pair.a.trouble
    pair.restart("tracer")
    pair.restart("holder")
    pair.a.unmask(request)
    assert pair.pass_on() is None
    assert HIDDEN in vertices(pair)


def test_approvals_of_another_request_or_of_yesterday_count_for_nothing(tmp_path: Path) -> None:
    pair = both_sides(tmp_path)
    request = drafted(pair).approved(JUDGE).approved(PARTNER)
    want = replace(request.message.wants[0], reason="another reason")
    changed = replace(request, message=replace(request.message, wants=(want,)))
    with pytest.raises(Refused, match="of another request"):
        pair.a.unmask(changed)
    stale = replace(request, message=replace(request.message, until=1)).approved(JUDGE).approved(PARTNER)
    with pytest.raises(Refused, match="out of date"):
        pair.a.unmask(stale)
    with pytest.raises(InputError, match="not copies"):
        joined([request, changed])


def test_an_approver_reads_what_is_signed(tmp_path: Path) -> None:
    """A file that shows other reasons or pseudonyms than its message holds is no request."""
    pair = both_sides(tmp_path)
    data = drafted(pair).encode()
    document = json.loads(data)
    assert document["vertices"][0]["reason"] == "called both bridges within the hour"
    document["vertices"][0]["reason"] = "a formality"
    with pytest.raises(InputError, match="changed"):
        UnmaskRequest.parse((json.dumps(document, indent=2) + "\n").encode())


def test_a_vertex_that_was_not_reached_is_not_asked_for(tmp_path: Path) -> None:
    pair = both_sides(tmp_path)
    with pytest.raises(Refused, match="not reached"):
        pair.a.draft_unmasking({"p:" + "ab" * 32: "a guess"}, UNTIL)


def test_without_a_policy_for_both_sides_nobody_unmasks(tmp_path: Path) -> None:
    pair = desks(tmp_path)
    pair.offered()
    with pytest.raises(UsageError, match="every hop is done"):
        pair.a.draft_unmasking({}, UNTIL)
    pair.b.accept()
    assert pair.pass_on() is None
    pair.fetch()
    pair.authorised()
    assert pair.pass_on() is None
    with pytest.raises(Refused, match="each side"):
        pair.a.unmask(drafted(pair).approved(JUDGE).approved(PARTNER))
