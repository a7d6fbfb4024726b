"""Verification against what surrounds a warrant: amendments, revocations, the log, the clock, other signers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clew.audit.log import Entry, FileLog, Value
from clew.errors import ClewError, InputError, Refused
from clew.warrants.authorisation import Blinded, Budgets, Clear, Joint
from clew.warrants.dsse import Envelope, add_signature, parse_envelope, sign
from clew.warrants.policy import Holder, Policy, Requirement
from clew.warrants.strict import plain_text
from clew.warrants.verify import Check, open_signed, verify_warrant
from tests.warrants import (
    CLERK,
    END,
    EXPIRES,
    ISSUED,
    JUDGE,
    NOW,
    PARTNER,
    STRANGER,
    amend,
    clock,
    document,
    issue,
    policy,
    revoke,
)


def refusal(envelope: bytes, rules: Policy, at: datetime = NOW, **options: object) -> str:
    """The code with which verification refuses."""
    with pytest.raises(ClewError) as refused:
        verify_warrant(envelope, rules, clock=clock(at), **options)  # type: ignore[arg-type]
    return refused.value.code


def log_with(folder: Path, *entries: tuple[str, Mapping[str, Value]], at: datetime = NOW) -> FileLog:
    log = FileLog(folder / "log.jsonl", clock(at))
    for kind, body in entries:
        log.commit(Entry(kind, body))
    return log


# Amendments


def test_the_seeds_of_a_stage_are_those_that_its_own_document_names() -> None:
    envelope, rules = issue(["+9647900000200"])
    second = amend(envelope, ["+9647900000001", "+9647900000002"])
    first_stage = verify_warrant(envelope, rules, clock=clock())
    second_stage = verify_warrant(envelope, rules, clock=clock(), amendments=[second])
    assert (first_stage.stage, first_stage.clear_seeds()) == (1, ("+9647900000200",))
    assert (second_stage.stage, second_stage.clear_seeds()) == (2, ("+9647900000001", "+9647900000002"))
    assert first_stage.digest == first_stage.root == second_stage.root != second_stage.digest


def test_an_amendment_states_its_whole_scope() -> None:
    envelope, rules = issue(hops=2)
    changed = {"end": END + timedelta(days=7), "hops": 3, "hub_limit": 50, "expires": EXPIRES - timedelta(days=9)}
    second = amend(envelope, ["+33612345678"], budgets=Budgets(numbers=7, sources=3), **changed)
    third = amend(second, ["+33612345679"])
    scope = verify_warrant(envelope, rules, clock=clock(), amendments=[second, third])
    assert (scope.stage, scope.end, scope.hops, scope.hub_limit, scope.expires) == (3, *changed.values())
    assert scope.remaining == Budgets(numbers=7, sources=3)


def test_an_amendment_cannot_be_added_by_whoever_is_not_in_the_policy() -> None:
    envelope, rules = issue()
    second = amend(envelope, ["+33612345678"])
    forged = sign(parse_envelope(second).payload, STRANGER)
    assert refusal(envelope, rules, amendments=[forged]) == "warrant.unknown-signer"


def test_a_stage_is_not_in_force_before_its_own_amendment_is() -> None:
    envelope, rules = issue()
    second = amend(envelope, ["+33612345678"], not_before=NOW + timedelta(hours=1))
    assert refusal(envelope, rules, amendments=[second]) == "warrant.not-yet-valid"
    assert verify_warrant(envelope, rules, clock=clock(NOW + timedelta(hours=1)), amendments=[second]).stage == 2


def test_a_hundred_stages_are_enough() -> None:
    envelope, rules = issue()
    chain = [envelope]
    for number in range(99):
        chain.append(amend(chain[-1], [f"+336{number:08d}"]))
    assert verify_warrant(envelope, rules, clock=clock(), amendments=chain[1:]).stage == 100
    assert refusal(envelope, rules, amendments=[*chain[1:], chain[-1]]) == "warrant.too-large"


# Revocations


def test_a_revoked_warrant_permits_nothing_not_even_its_amendments() -> None:
    envelope, rules = issue()
    second = amend(envelope, ["+33612345678"])
    assert refusal(envelope, rules, revocations=[revoke(envelope)]) == "warrant.revoked"
    assert refusal(envelope, rules, amendments=[second], revocations=[revoke(envelope)]) == "warrant.revoked"


def test_a_revoked_amendment_leaves_the_stages_before_it() -> None:
    envelope, rules = issue()
    second = amend(envelope, ["+33612345678"])
    third = amend(second, ["+33612345679"])
    gone = [revoke(second)]
    assert refusal(envelope, rules, amendments=[second], revocations=gone) == "warrant.revoked"
    assert refusal(envelope, rules, amendments=[second, third], revocations=gone) == "warrant.revoked"
    assert verify_warrant(envelope, rules, clock=clock(), revocations=gone).stage == 1


def test_a_revocation_in_the_policys_folder_is_seen_without_being_asked_for() -> None:
    envelope, _ = issue()
    assert refusal(envelope, policy(revocations=(revoke(envelope),))) == "warrant.revoked"


def test_revocations_of_other_warrants_do_not_hinder() -> None:
    envelope, rules = issue()
    other, _ = issue(["+33612345678"])
    unsigned = Envelope("application/vnd.clew.revocation+json", parse_envelope(revoke(other)).payload, ()).encode()
    assert verify_warrant(envelope, rules, clock=clock(), revocations=[revoke(other), unsigned]).stage == 1


def test_a_later_signature_does_not_save_a_revoked_warrant() -> None:
    """The digest is of the document: one more signature makes no other warrant of it."""
    envelope, _ = issue()
    both = add_signature(envelope, PARTNER)
    assert refusal(both, policy(JUDGE, PARTNER), revocations=[revoke(envelope)]) == "warrant.revoked"


# The clock and the log


def test_a_clock_turned_back_cannot_revive_an_expired_warrant(tmp_path: Path) -> None:
    envelope, rules = issue(expires=NOW + timedelta(days=1))
    log = log_with(tmp_path, ("trace.bound", {"numbers": 3}), at=NOW + timedelta(days=2))
    assert refusal(envelope, rules, at=NOW + timedelta(days=2), log=log) == "warrant.expired"
    assert refusal(envelope, rules, at=NOW, log=log) == "log.clock-behind"


def test_the_log_refuses_too_when_the_clock_falls_behind_after_verification(tmp_path: Path) -> None:
    log_with(tmp_path, ("trace.bound", {"numbers": 3}))
    with pytest.raises(Refused) as refused:
        log_with(tmp_path, ("records.read", {"stage": 1}), at=NOW - timedelta(seconds=1))
    assert refused.value.code == "log.clock-behind"


def test_in_force_from_its_first_second_to_the_last_before_expiry() -> None:
    envelope, rules = issue(not_before=NOW, expires=NOW + timedelta(seconds=10))
    assert refusal(envelope, rules, at=NOW - timedelta(seconds=1)) == "warrant.not-yet-valid"
    verify_warrant(envelope, rules, clock=clock(NOW))
    verify_warrant(envelope, rules, clock=clock(NOW + timedelta(seconds=9, milliseconds=999)))
    assert refusal(envelope, rules, at=NOW + timedelta(seconds=10)) == "warrant.expired"


# Budgets


def test_source_lines_shown_before_are_taken_off_the_budget(tmp_path: Path) -> None:
    envelope, rules = issue(budgets=Budgets(numbers=10, sources=5))
    root = parse_envelope(envelope).digest
    log = log_with(
        tmp_path,
        ("records.source", {"root": root, "lines": 2}),
        ("records.source", {"root": root}),
        ("records.source", {"root": "0" * 64, "lines": 100}),
        ("trace.bound", {"root": root, "numbers": 9}),
    )
    assert verify_warrant(envelope, rules, clock=clock(), log=log).remaining == Budgets(numbers=10, sources=2)


def test_a_used_up_budget_never_falls_below_nothing(tmp_path: Path) -> None:
    envelope, rules = issue(budgets=Budgets(numbers=10, sources=5))
    root = parse_envelope(envelope).digest
    log = log_with(tmp_path, ("records.source", {"root": root, "lines": 9}))
    assert verify_warrant(envelope, rules, clock=clock(), log=log).remaining.sources == 0


def test_no_entry_of_the_log_can_give_budget_back(tmp_path: Path) -> None:
    envelope, rules = issue(budgets=Budgets(numbers=10, sources=5))
    root = parse_envelope(envelope).digest
    log = log_with(
        tmp_path,
        ("records.source", {"root": root, "lines": -4}),
        ("records.source", {"root": root, "lines": True}),
        ("records.source", {"root": root, "lines": "none"}),
    )
    assert verify_warrant(envelope, rules, clock=clock(), log=log).remaining.sources == 2


def test_an_amendment_does_not_give_the_lines_shown_before_anew(tmp_path: Path) -> None:
    envelope, rules = issue(budgets=Budgets(numbers=10, sources=10))
    root = parse_envelope(envelope).digest
    second = amend(envelope, ["+33612345678"], budgets=Budgets(numbers=10, sources=15))
    log = log_with(tmp_path, ("records.source", {"root": root, "lines": 10}))
    assert verify_warrant(envelope, rules, clock=clock(), log=log).remaining.sources == 0
    assert verify_warrant(envelope, rules, clock=clock(), log=log, amendments=[second]).remaining.sources == 5


# Signers


def test_two_of_three_in_any_order() -> None:
    rules = policy(JUDGE, PARTNER, CLERK, threshold=2)
    text = document().encode()
    for pair in ((JUDGE, CLERK), (CLERK, JUDGE), (PARTNER, CLERK), (JUDGE, PARTNER, CLERK)):
        assert verify_warrant(sign(text, *pair), rules, clock=clock()).stage == 1
    assert refusal(sign(text, PARTNER), rules) == "warrant.too-few-signers"


def test_one_holder_cannot_sign_for_two() -> None:
    rules = policy(JUDGE, PARTNER, threshold=2)
    envelope = parse_envelope(sign(document().encode(), JUDGE))
    twice = Envelope(envelope.payload_type, envelope.payload, envelope.signatures * 2).encode()
    assert refusal(twice, rules) == "warrant.too-few-signers"


def test_unknown_signers_are_named_and_do_not_count() -> None:
    envelope = sign(document().encode(), STRANGER, JUDGE)
    checks: list[Check] = []
    verify_warrant(envelope, policy(), clock=clock(), witness=checks.append)
    assert STRANGER.public.id in checks[3].found
    signed = open_signed(envelope, policy())
    assert [holder.key for holder in signed.signers] == [JUDGE.public]
    assert signed.unknown == (STRANGER.public.id,)


def test_each_side_must_sign_where_the_policy_says_so() -> None:
    holders = tuple(
        Holder(f"H{n}", "judge", key.public, side)
        for n, (key, side) in enumerate([(JUDGE, "iq"), (CLERK, "iq"), (PARTNER, "fr")])
    )
    rules = Policy(holders=holders, threshold=2, requirements=(Requirement(1, side="iq"), Requirement(1, side="fr")))
    text = document().encode()
    assert refusal(sign(text, JUDGE, CLERK), rules) == "warrant.signers-missing"
    assert verify_warrant(sign(text, JUDGE, PARTNER), rules, clock=clock()).stage == 1


def test_a_joint_trace_is_warranted_by_both_its_sides_whatever_the_policy_asks_for() -> None:
    joint = Joint(trace="ab" * 32, case_order="cd" * 32, roots=("ef" * 32,))
    envelope = sign(document([Blinded(bytes([1] * 32))], joint=joint).encode(), JUDGE, PARTNER)

    def rules(*sides: str) -> Policy:
        keys = zip((JUDGE, PARTNER), sides, strict=True)
        return Policy(holders=tuple(Holder("A. Judge", "judge", key.public, side) for key, side in keys), threshold=1)

    for sides in (("iq", "iq"), ("iq", ""), ("", "")):
        assert refusal(envelope, rules(*sides)) == "warrant.signers-missing"
    assert verify_warrant(envelope, rules("iq", "fr"), clock=clock()).joint == joint


def test_a_revocation_needs_the_signatures_that_a_warrant_needs() -> None:
    rules = policy(JUDGE, PARTNER, threshold=2)
    envelope = sign(document().encode(), JUDGE, PARTNER)
    assert refusal(envelope, rules, revocations=[revoke(envelope, JUDGE)]) == "warrant.revocation-unverified"
    assert refusal(envelope, rules, revocations=[revoke(envelope, JUDGE, PARTNER)]) == "warrant.revoked"


def test_a_warrant_of_another_case_is_refused() -> None:
    envelope, rules = issue()
    assert verify_warrant(envelope, rules, clock=clock(), case="lantern-7").case == "lantern-7"
    assert refusal(envelope, rules, case="lantern-8") == "warrant.wrong-case"


def test_an_amendment_that_is_given_as_the_warrant_is_refused() -> None:
    envelope, rules = issue()
    assert refusal(amend(envelope, ["+33612345678"]), rules) == "warrant.chain"


def test_a_revocation_that_is_given_as_the_warrant_is_refused() -> None:
    envelope, rules = issue()
    assert refusal(revoke(envelope), rules) == "warrant.payload-type"


def test_the_documents_name_what_is_wrong_and_where() -> None:
    with pytest.raises(ClewError) as refused:
        document(["+9647901234567"], issued=ISSUED, expires=ISSUED)
    assert (refused.value.code, refused.value.where) == ("warrant.malformed", "expires")
    assert document([Clear("id:vast:1"), "+33612345678"]).seeds == (Clear("+33612345678"), Clear("id:vast:1"))


def test_nobody_signs_what_would_be_refused() -> None:
    text = document().encode()
    for wrong in (text[:-1], text.replace(b'"hops": 2', b'"hops": 9'), b"{}", b""):
        with pytest.raises(ClewError):
            sign(wrong, JUDGE)
        with pytest.raises(ClewError):
            add_signature(Envelope("application/vnd.clew.warrant+json", wrong, ()).encode(), JUDGE)
    with pytest.raises(ClewError) as refused:
        add_signature(Envelope("application/vnd.clew.revocation+json", text, ()).encode(), JUDGE)
    assert refused.value.code == "warrant.envelope"


def test_a_second_signature_by_the_same_key_changes_nothing() -> None:
    envelope, _ = issue()
    assert add_signature(envelope, JUDGE) == envelope
    assert len(parse_envelope(add_signature(envelope, PARTNER)).signatures) == 2


def test_an_envelope_of_two_megabytes_is_not_read() -> None:
    _, rules = issue()
    assert refusal(b"{" + b" " * 1_200_000 + b"}", rules) == "warrant.too-large"
    assert refusal(b'{"a":' + b"[" * 400_000, rules) == "warrant.envelope"


@pytest.mark.parametrize(
    "name",
    [
        "القاضي أحمد بن عليّ المُحمَّد",
        "دادگاه می\u200cخواهد",
        "Cour d’appel de Paris\u00a0: chambre de l’instruction, cabinet de Mme Lefèvre-Çelik",
    ],
    ids=["Arabic", "Persian", "French"],
)
def test_names_are_written_as_their_languages_write_them(name: str) -> None:
    assert plain_text(name, "authority", 200) == name


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"Court{sign}of Example"
            for sign in "\u034f\u115f\u17b5\u180e\u2800\u3164\ufe0f\uffa0\U000e0100\u0378\u2065"
        ),
        *("\u3164", "\u2800", "\u200d", "\u0301", "\u0378"),
        *("Court\u200dof", "م\u200c", "\u200cم", "م\u200c\u200cم", "١\u200c٢"),
        "Court" + "\u00a0" * 1_500 + "of Example",
        "Court  of Example",
        "Court \u2003of Example",
    ],
    ids=ascii,
)
def test_nothing_is_signed_that_cannot_be_seen(text: str) -> None:
    """Harm stopped: a signer reads one name or purpose, and signs another, or signs an empty one."""
    with pytest.raises(InputError):
        plain_text(text, "purpose", 2_000)


def test_an_amendment_that_does_not_follow_is_named_by_its_file() -> None:
    envelope, rules = issue()
    other = amend(issue(["+33612345678"])[0], ["+33612345678"])
    with pytest.raises(Refused) as refused:
        verify_warrant(envelope, rules, clock=clock(), amendments=[other], files=["w.json", "two.json"])
    assert (refused.value.code, refused.value.where) == ("warrant.chain", "two.json")
    with pytest.raises(Refused) as refused:
        verify_warrant(amend(envelope, ["+33612345678"]), rules, clock=clock(), files=["two.json"])
    assert (refused.value.code, refused.value.where) == ("warrant.chain", "two.json")
