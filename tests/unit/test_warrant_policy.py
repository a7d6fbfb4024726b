"""The policy: no default, nothing implied, no key that stands for two."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clew.errors import ClewError, InputError, Refused
from clew.warrants.dsse import parse_envelope, sign
from clew.warrants.policy import Holder, Policy, Requirement, parse_holders, parse_policy, policy_toml, read_policy
from clew.warrants.verify import verify_warrant
from tests.warrant_vectors import (
    CLERK,
    ENVELOPE,
    GOOD,
    JUDGE,
    ONE,
    PARTNER,
    RETIRED,
    SIDES,
    TWO,
    holder,
    signed,
    warrant,
)
from tests.warrants import STRANGER, clock, document, issue, policy, revoke, signing_key

SPEC = Path(__file__).resolve().parent.parent.parent / "spec" / "warrant.md"


def code(data: str) -> str:
    with pytest.raises(ClewError) as refused:
        parse_policy(data.encode())
    assert not re.search(r"\d{7,}", str(refused.value))
    return refused.value.code


def test_an_empty_policy_refuses_instead_of_permitting_everything() -> None:
    assert code("") == code("# nobody yet\n") == "policy.empty"
    assert code("version = 1\nthreshold = 1\n") == "policy.empty"
    assert code("version = 1\nthreshold = 0\nkeys = []\n") == "policy.empty"
    with pytest.raises(Refused) as refused:
        Policy(holders=(), threshold=0)
    assert refused.value.code == "policy.empty"


def test_an_absent_policy_refuses(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_policy(tmp_path / "policy.toml")
    assert refused.value.code == "policy.absent"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (ONE.replace("threshold = 1", "threshold = 0"), "policy.threshold"),
        (ONE.replace("threshold = 1", "threshold = 2"), "policy.threshold"),
        (ONE.replace("threshold = 1", "threshold = -1"), "policy.threshold"),
        (ONE.replace("threshold = 1", "threshold = true"), "policy.malformed"),
        (ONE.replace("threshold = 1", 'threshold = "1"'), "policy.malformed"),
        (ONE.replace("threshold = 1\n", ""), "policy.malformed"),
        (ONE.replace("version = 1", "version = 2"), "policy.malformed"),
        (ONE.replace("version = 1\n", ""), "policy.malformed"),
        (ONE.replace("threshold = 1", "threshold = 1\nunsafe = true"), "policy.malformed"),
        (ONE + 'comment = "x"\n', "policy.malformed"),
        (ONE + ONE.split("\n\n")[1], "policy.duplicate-key"),
        (ONE.replace(JUDGE.public.id, PARTNER.public.id), "policy.key-mismatch"),
        (ONE.replace(JUDGE.public.text, PARTNER.public.text), "policy.key-mismatch"),
        (ONE.replace("ed25519:", ""), "key.malformed"),
        (ONE.replace(JUDGE.public.text, JUDGE.public.text[:-1]), "key.malformed"),
        (ONE.replace(JUDGE.public.text, "ed25519:" + "A" * 43 + "="), "key.malformed"),
        (ONE.replace("A. Example", "A.\\nExample"), "policy.malformed"),
        (ONE.replace("A. Example", "A. \\u202eelpmaxE"), "policy.malformed"),
        (ONE.replace("A. Example", ""), "policy.malformed"),
        (ONE + "until = 2026-01-01\n", "policy.malformed"),
        (ONE + "until = 2026-01-01T00:00:00\n", "policy.malformed"),
        (ONE + "until = 2026-01-01T00:00:00.5Z\n", "policy.malformed"),
        (ONE + "until = 0001-01-01T00:00:00+23:59\n", "policy.malformed"),
        (ONE + '\n[[require]]\nat_least = 1\nside = "fr"\n', "policy.threshold"),
        (ONE + '\n[[require]]\nat_least = 2\nside = "iq"\n', "policy.threshold"),
        (ONE + '\n[[require]]\nat_least = 0\nside = "iq"\n', "policy.malformed"),
        (ONE + '\n[[require]]\nat_least = 1\nside = "iq"\nrole = "magistrate"\n', "policy.malformed"),
        (ONE + "\n[[require]]\nat_least = 1\n", "policy.malformed"),
        ("not toml", "policy.malformed"),
        ("a = " + "[" * 5_000, "policy.malformed"),
        ("#" * 300_000, "policy.malformed"),
    ],
)
def test_a_policy_that_is_not_exactly_right_is_refused(changed: str, expected: str) -> None:
    assert code(changed) == expected


def test_the_policy_of_the_specification_is_one_but_for_its_second_key() -> None:
    block = re.findall(r"```toml\n(.*?)```", SPEC.read_text("utf-8"), re.DOTALL)[0]
    other = holder(PARTNER, "B. Exemple", "fr")
    found = parse_policy(block.replace("[[require]]", other + "\n[[require]]").encode())
    assert found.threshold == 2
    assert found.holders[0] == Holder("A. Example", "magistrate", JUDGE.public, "iq", datetime(2027, 1, 1, tzinfo=UTC))
    assert found.requirements == (Requirement(1, role="magistrate"),)


@pytest.mark.parametrize("text", [ONE, TWO, SIDES, RETIRED])
def test_a_policy_that_is_written_says_what_was_read(text: str) -> None:
    found = parse_policy(text.encode())
    again = policy_toml(found.holders, found.threshold, found.requirements)
    assert replace(parse_policy(again.encode()), source=b"") == replace(found, source=b"")


def test_a_holders_file_is_keys_and_nothing_else() -> None:
    assert parse_holders(holder(JUDGE, "A. Example", "iq").encode())[0].key == JUDGE.public
    for data in (ONE, "", "version = 1\n", "keys = 1\n"):
        with pytest.raises(InputError) as refused:
            parse_holders(data.encode())
        assert refused.value.code == "policy.malformed"


# Revocations beside the policy


def test_a_folder_of_revocations_is_read_with_the_policy(tmp_path: Path) -> None:
    envelope, rules = issue()
    (tmp_path / "policy.toml").write_text(policy_toml(rules.holders, 1, (), "gone"), "utf-8")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / ".keep").write_text("", "utf-8")
    assert verify_warrant(envelope, read_policy(tmp_path / "policy.toml"), clock=clock()).stage == 1
    (tmp_path / "gone" / "one.json").write_bytes(revoke(envelope))
    with pytest.raises(Refused) as refused:
        verify_warrant(envelope, read_policy(tmp_path / "policy.toml"), clock=clock())
    assert refused.value.code == "warrant.revoked"


def test_a_missing_folder_of_revocations_is_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(policy_toml(policy().holders, 1, (), "gone"), "utf-8")
    with pytest.raises(Refused) as refused:
        read_policy(tmp_path / "policy.toml")
    assert refused.value.code == "policy.revocations-missing"


def test_a_damaged_file_among_the_revocations_stops_everything(tmp_path: Path) -> None:
    envelope, rules = issue()
    (tmp_path / "policy.toml").write_text(policy_toml(rules.holders, 1, (), "gone"), "utf-8")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "one.json").write_bytes(revoke(envelope)[:100])
    with pytest.raises(Refused) as refused:
        verify_warrant(envelope, read_policy(tmp_path / "policy.toml"), clock=clock())
    assert refused.value.code == "warrant.revocation-unverified"


def test_a_revocation_that_blocks_every_case_can_be_found(tmp_path: Path) -> None:
    """Harm stopped: one spoilt file stops all work, and nobody can tell which of a hundred it is."""
    envelope, rules = issue()
    (tmp_path / "policy.toml").write_text(policy_toml(rules.holders, 1, (), "gone"), "utf-8")
    (tmp_path / "gone").mkdir()
    other, _ = issue(purpose="Another case.")
    (tmp_path / "gone" / "good.json").write_bytes(revoke(other))
    for name, data in (("cut.json", revoke(other)[:-20]), ("unsigned.json", revoke(envelope, STRANGER))):
        (tmp_path / "gone" / name).write_bytes(data)
        with pytest.raises(Refused) as refused:
            verify_warrant(envelope, read_policy(tmp_path / "policy.toml"), clock=clock())
        assert refused.value.code == "warrant.revocation-unverified"
        assert refused.value.where == str(tmp_path / "gone" / name)
        (tmp_path / "gone" / name).unlink()


@pytest.mark.parametrize(
    "name", ["one.JSON", "one.json.txt", "one", "two/one.json", "folder.json/one.json", "gone.json"]
)
def test_a_revocation_under_a_wrong_name_is_not_passed_over(tmp_path: Path, name: str) -> None:
    """Harm stopped: a revocation was saved as ``one.json.txt``, and the warrant goes on."""
    envelope, rules = issue()
    (tmp_path / "policy.toml").write_text(policy_toml(rules.holders, 1, (), "gone"), "utf-8")
    path = tmp_path / "gone" / name
    path.parent.mkdir(parents=True)
    if name == "gone.json":
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_bytes(revoke(envelope))
    with pytest.raises(Refused) as refused:
        read_policy(tmp_path / "policy.toml")
    assert refused.value.code == "policy.revocations-entry"


# Rotation and loss


def test_rotation_old_warrants_stay_good_and_the_old_key_signs_no_new_ones() -> None:
    """docs/howto/keys.md, rotation: the old key stays in the policy with ``until``, the new one stands beside it."""
    old, new = signing_key("of 2026"), signing_key("of 2027")
    handover = datetime(2026, 6, 1, tzinfo=UTC)
    rules = Policy(
        holders=(
            Holder("A. Example", "magistrate", old.public, until=handover),
            Holder("B.", "magistrate", new.public),
        ),
        threshold=1,
    )
    before = {"issued": datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)}
    after = {"issued": handover}
    now = clock(datetime(2026, 7, 1, tzinfo=UTC))
    assert verify_warrant(sign(document(**before).encode(), old), rules, clock=now).stage == 1
    assert verify_warrant(sign(document(**after).encode(), new), rules, clock=now).stage == 1
    with pytest.raises(Refused) as refused:
        verify_warrant(sign(document(**after).encode(), old), rules, clock=now)
    assert refused.value.code == "warrant.too-few-signers"


def test_rotation_after_the_old_key_is_gone_its_warrants_need_a_new_signature() -> None:
    """docs/howto/keys.md, stolen: the key leaves the policy; what it signed is signed anew, the digest unchanged."""
    stolen, new = signing_key("stolen"), signing_key("new")
    envelope = sign(document().encode(), stolen)
    rules = policy(new)
    with pytest.raises(Refused) as refused:
        verify_warrant(envelope, rules, clock=clock())
    assert refused.value.code == "warrant.unknown-signer"
    again = sign(parse_envelope(envelope).payload, new)
    scope = verify_warrant(again, rules, clock=clock())
    assert scope.digest == parse_envelope(envelope).digest


def test_loss_of_one_key_of_three_lets_the_others_go_on() -> None:
    """docs/howto/keys.md, loss: two of three still sign, revoke and reissue without the lost key."""
    rules = policy(JUDGE, PARTNER, CLERK, threshold=2)
    text = document().encode()
    envelope = sign(text, PARTNER, CLERK)
    assert verify_warrant(envelope, rules, clock=clock()).stage == 1
    gone = revoke(envelope, PARTNER, CLERK)
    with pytest.raises(Refused) as refused:
        verify_warrant(envelope, rules, clock=clock(), revocations=[gone])
    assert refused.value.code == "warrant.revoked"
    reissued = sign(document(purpose="The same, after a key was lost.").encode(), PARTNER, CLERK)
    assert verify_warrant(reissued, rules, clock=clock(), revocations=[gone]).stage == 1


def test_retired_by_its_date_in_the_vectors_too() -> None:
    rules = parse_policy(RETIRED.encode())
    early = warrant(issued=datetime(2026, 2, 1, tzinfo=UTC), not_before=None)
    at = clock(datetime(2026, 4, 1, tzinfo=UTC))
    assert verify_warrant(signed(early.encode()), rules, clock=at).stage == 1
    assert GOOD.issued > datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(Refused):
        verify_warrant(ENVELOPE, rules, clock=at)


def test_a_revocation_of_any_size_costs_no_more_than_an_envelope(tmp_path: Path) -> None:
    """Harm stopped: a file of 30 GB among the revocations ends every command for want of memory."""
    (tmp_path / "revoked").mkdir()
    (tmp_path / "policy.toml").write_text(ONE.replace("threshold = 1", 'threshold = 1\nrevocations = "revoked"'))
    with (tmp_path / "revoked" / "huge.json").open("wb") as file:
        file.truncate(30 << 30)
    with pytest.raises(Refused) as refused:
        read_policy(tmp_path / "policy.toml")
    assert refused.value.code == "policy.revocations-entry"


def test_a_policy_that_is_there_and_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError) as failed:
        read_policy(tmp_path / ("x" * 300))
    assert failed.value.code == "warrant.file-unreadable"
    with pytest.raises(InputError) as failed:
        read_policy(tmp_path)
    assert failed.value.code == "warrant.file-unreadable"
