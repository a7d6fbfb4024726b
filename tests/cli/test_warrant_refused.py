"""Every warrant that must be refused, through the real command, with its code and its exit code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder
from clew.warrants.authorisation import Budgets
from clew.warrants.dsse import Envelope, parse_envelope, sign
from clew.warrants.policy import policy_toml
from tests.command import run, run_json
from tests.warrant_vectors import cases
from tests.warrants import CLERK, JUDGE, PARTNER, STRANGER, amend, document, issue, policy, revoke

GOOD, RULES = issue()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good warrant and its policy."""
    (tmp_path / "warrant.json").write_bytes(GOOD)
    write_policy(tmp_path)
    return tmp_path


def write_policy(folder: Path, threshold: int = 1) -> None:
    rules = policy(JUDGE, PARTNER, CLERK) if threshold > 1 else RULES
    (folder / "policy.toml").write_text(policy_toml(rules.holders, threshold, ()), "utf-8")


def refused(folder: Path, code: str, *options: str, expect: int = 4) -> None:
    done = run("warrant", "verify", "warrant.json", *options, folder=folder, expect=expect)
    assert f"[{code}]" in done.stderr
    assert not re.search(r"\d{7,}", re.sub(r"\b[0-9a-f]{64}\b", "", done.stderr + done.stdout))


FAULTS = {
    "expired": (sign(document(expires=LONG_AGO + timedelta(days=9)).encode(), JUDGE), "warrant.expired", 4),
    "not yet valid": (
        sign(document(not_before=datetime(2198, 1, 1, tzinfo=UTC)).encode(), JUDGE),
        "warrant.not-yet-valid",
        4,
    ),
    "unsigned": (
        Envelope("application/vnd.clew.warrant+json", document().encode(), ()).encode(),
        "warrant.unsigned",
        4,
    ),
    "altered": (
        Envelope(
            "application/vnd.clew.warrant+json", document(hops=3).encode(), parse_envelope(GOOD).signatures
        ).encode(),
        "warrant.altered",
        4,
    ),
    "signed by a stranger": (sign(document().encode(), STRANGER), "warrant.unknown-signer", 4),
    "a draft, not signed": (document().encode(), "warrant.envelope", 3),
    "a revocation": (revoke(GOOD), "warrant.payload-type", 4),
    "an amendment alone": (amend(GOOD, ["+33612345678"]), "warrant.chain", 4),
    "a spreadsheet": (b"a;b;c\n1;2;3\n", "warrant.envelope", 3),
    "nothing": (b"", "warrant.envelope", 3),
    "two megabytes": (b"[" * 2_000_000, "warrant.too-large", 3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_warrant_that_permits_nothing(folder: Path, fault: str) -> None:
    data, code, exit_code = FAULTS[fault]
    (folder / "warrant.json").write_bytes(data)
    refused(folder, code, expect=exit_code)


@pytest.mark.parametrize("name", ["window-empty", "hops-0", "hops-5", "hub-limit-0", "seed-national", "field-unknown"])
def test_a_signed_document_that_is_out_of_range(folder: Path, name: str) -> None:
    case = next(case for case in cases() if case.name == name)
    (folder / "warrant.json").write_text(case.warrant, "utf-8")
    (folder / "policy.toml").write_text(case.policy, "utf-8")
    refused(folder, case.code, expect=3)


def test_too_few_signers(folder: Path) -> None:
    write_policy(folder, threshold=2)
    refused(folder, "warrant.too-few-signers")


def test_no_policy_and_an_empty_one(folder: Path) -> None:
    (folder / "policy.toml").write_text("", "utf-8")
    refused(folder, "policy.empty")
    (folder / "policy.toml").unlink()
    refused(folder, "policy.absent")


def test_another_case(folder: Path) -> None:
    refused(folder, "warrant.wrong-case", "--case-name", "lantern-8")


def test_revoked(folder: Path) -> None:
    (folder / "gone.json").write_bytes(revoke(GOOD))
    refused(folder, "warrant.revoked", "--revocation", "gone.json")


def test_a_clock_behind_the_cases_log(folder: Path) -> None:
    case = CaseFolder.create(folder / "case")
    log = FileLog(case.log_path, lambda: datetime(2190, 1, 1, tzinfo=UTC))
    log.commit(Entry("records.read", {"stage": 1}))
    refused(folder, "log.clock-behind", "--case", "case")


def test_a_missing_file_and_a_failure_as_json(folder: Path) -> None:
    refused(folder, "warrant.file-unreadable", "--amendment", "stage-2.json", expect=3)
    (folder / "policy.toml").unlink()
    document = run_json("warrant", "verify", "warrant.json", folder=folder, expect=4)
    assert document["error"]["code"] == "policy.absent"


def test_what_was_shown_before_is_taken_off(folder: Path) -> None:
    envelope, _ = issue(budgets=Budgets(numbers=10, sources=5))
    (folder / "warrant.json").write_bytes(envelope)
    case = CaseFolder.create(folder / "case")
    log = FileLog(case.log_path, lambda: datetime(2025, 1, 1, tzinfo=UTC))
    log.commit(Entry("records.source", {"root": parse_envelope(envelope).digest, "lines": 3}))
    found = run_json("warrant", "verify", "warrant.json", "--case", "case", folder=folder)
    assert found["authorisation"]["remaining"]["sources"] == 2


def test_an_error_names_the_file_and_a_draft_and_a_key_are_known_by_sight(folder: Path) -> None:
    """Where several files are given, a reader must know which one to mend, and how."""
    (folder / "stage-2.json").write_bytes(document().encode())
    (folder / "empty.json").write_bytes(b"")
    (folder / "passphrase").write_text("correct horse battery\n", "utf-8")
    (folder / "passphrase").chmod(0o600)
    here: dict[str, Any] = {"folder": folder, "environment": {"CLEW_PASSPHRASE_FILE": str(folder / "passphrase")}}
    run("warrant", "key", "judge.key", "--name", "A", "--role", "judge", **here)
    one = ["warrant", "policy", "judge.key.pub.toml", "--out", "one.toml"]
    for arguments, exit_code, words in [
        (["warrant", "verify", "warrant.json", "--amendment", "stage-2.json"], 3, "stage-2.json: this is a draft that"),
        (["warrant", "verify", "warrant.json", "--amendment", "stage-2.json"], 3, "clew warrant sign FILE"),
        (["warrant", "verify", "warrant.json", "--revocation", "stage-2.json"], 4, "clew: stage-2.json: "),
        (["warrant", "verify", "empty.json"], 3, "empty.json: this is not a signed warrant: the file is empty"),
        (["warrant", "show", "empty.json"], 3, "empty.json: the file is empty"),
        (["warrant", "draft", "--tidy", "warrant.json"], 3, "warrant.json: this is signed"),
        (["warrant", "policy", "judge.key", "--threshold", "1"], 3, "judge.key: this is a secret key"),
        (["warrant", "verify", "warrant.json", "--policy", "judge.key"], 3, "judge.key"),
        (["warrant", "sign", "stage-2.json", "--yes", "--key", "judge.key.pub.toml"], 3, "such as judge.key."),
        ([*one, "--threshold", "2"], 2, "--threshold: "),
        ([*one, "--threshold", "1", "--require", "side=iq:1"], 2, "--require: "),
        (["warrant", "key", "b.key", "--name", " b", "--role", "judge"], 2, "--name, --role, --side: "),
        (["warrant", "amend", "warrant.json", "--seed", "+33612345678", "--hops", "9", "--out", "o"], 2, "--hops: "),
        (["warrant", "revoke", "warrant.json", "--authority", " ", "--reason", "x", "--yes"], 2, "--authority: "),
    ]:
        assert words in run(*arguments, expect=exit_code, **here).stderr
    assert not (folder / "one.toml").exists()
    assert not (folder / "b.key").exists()
