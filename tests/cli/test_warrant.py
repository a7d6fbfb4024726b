"""``clew warrant`` from keys to revocation, as its users type it."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clew.warrants.document import Warrant, parse_document
from clew.warrants.dsse import parse_envelope
from tests.cli.terminal import at_terminal
from tests.command import run, run_json
from tests.warrants import amend, issue

PASSPHRASE = "correct horse battery"
SCOPE = ["--authority", "Court of Example", "--legal-basis", "Article 1", "--purpose", "Find the group"]
WINDOW = ["--from", "2026-03-01", "--through", "2026-03-14", "--expires", "2199-01-01"]


def secret_file(folder: Path, text: str, name: str = "passphrase") -> Path:
    path = folder / name
    path.write_text(text + "\n", "utf-8")
    path.chmod(0o600)
    return path


def warrant_at(path: Path) -> Warrant:
    data = path.read_bytes()
    found = parse_document(parse_envelope(data).payload if b"payloadType" in data else data)
    assert isinstance(found, Warrant)
    return found


def test_two_authorities_issue_amend_and_revoke(tmp_path: Path) -> None:
    """The whole life of a warrant, by the commands that the pages show."""
    here: dict[str, Any] = {
        "folder": tmp_path,
        "environment": {"CLEW_PASSPHRASE_FILE": str(secret_file(tmp_path, PASSPHRASE))},
    }
    for name, side in (("iq", "iq"), ("fr", "fr")):
        made = run_json("warrant", "key", f"{name}.key", "--name", name, "--role", "judge", "--side", side, **here)
        assert stat.S_IMODE((tmp_path / f"{name}.key").stat().st_mode) == 0o600
        assert re.fullmatch("[0-9a-f]{64}", made["id"])
    run(
        *["warrant", "policy", "iq.key.pub.toml", "fr.key.pub.toml", "--threshold", "2"],
        *["--require", "side=iq:1", "--require", "side=fr:1", "--revocations", "revoked"],
        **here,
    )
    drafted = run(
        *["warrant", "draft", "--case", "lantern-7", *SCOPE, *WINDOW, "--yes"],
        *["--seed", "0790 123 4567", "--seed", "+33 1 99 00 00 01", "--country", "IQ"],
        **here,
    ).stdout
    assert "+9647901234567" in drafted
    assert "up to, not including, 2026-03-15 00:00 UTC (14 days)" in drafted
    assert [seed.number for seed in warrant_at(tmp_path / "warrant.json").seeds] == ["+33199000001", "+9647901234567"]  # type: ignore[union-attr]

    signed = run("warrant", "sign", "warrant.json", "--key", "iq.key", "--yes", **here).stdout
    for value in ("Court of Example", "Article 1", "Find the group", "+9647901234567", "2199-01-01", "10,000"):
        assert value in signed, "a signer must see the whole document"
    refused = run("warrant", "verify", "warrant.signed.json", expect=4, **here)
    assert "6  REFUSED" in refused.stdout
    assert "warrant.too-few-signers" in refused.stderr
    run("warrant", "sign", "warrant.signed.json", "--key", "fr.key", "--yes", **here)
    passed = run("warrant", "verify", "warrant.signed.json", **here).stdout
    assert [int(n) for n in re.findall(r"^ *(\d+)  ok ", passed, re.M)] == list(range(1, 14))
    assert "iq, fr" in passed
    again = run_json("warrant", "sign", "warrant.signed.json", "--key", "fr.key", "--yes", **here)
    assert (again["added"], len(again["signatures"])) == (False, 2)

    amended = run(
        *["warrant", "amend", "warrant.signed.json", "--seed", "+9647901234568", "--through", "2026-03-21"],
        *["--numbers", "500", "--yes"],
        **here,
    ).stdout
    assert "1 in this stage: 1 new, 0 named again" in amended
    assert "10,000 → 500" in amended
    for name in ("iq", "fr"):
        source = "stage-2.json" if name == "iq" else "stage-2.signed.json"
        run("warrant", "sign", source, "--key", f"{name}.key", "--yes", **here)
    second = run_json("warrant", "verify", "warrant.signed.json", "--amendment", "stage-2.signed.json", **here)
    scope = second["authorisation"]
    assert (scope["stage"], scope["seeds"], scope["remaining"]["numbers"]) == (2, 1, 500)
    assert scope["window"] == {"from": "2026-03-01T00:00:00+00:00", "to": "2026-03-22T00:00:00+00:00"}
    assert len(second["checks"]) == 13

    shown = run("warrant", "show", "stage-2.signed.json", "--policy", "policy.toml", **here).stdout
    assert "Amendment of case lantern-7, stage 2" in shown
    assert "iq, judge" in shown

    revocation = ["--authority", "Court of Example", "--reason", "The grounds have fallen away", "--out", "gone.json"]
    run("warrant", "revoke", "warrant.signed.json", *revocation, **here)
    run("warrant", "sign", "gone.json", "--key", "iq.key", "--out", "revoked/1.json", "--yes", **here)
    half = run("warrant", "verify", "warrant.signed.json", expect=4, **here)
    assert "warrant.revocation-unverified" in half.stderr
    run("warrant", "sign", "revoked/1.json", "--key", "fr.key", "--yes", **here)
    gone = run("warrant", "verify", "warrant.signed.json", expect=4, **here)
    assert "warrant.revoked" in gone.stderr
    assert "10  REFUSED" in gone.stdout


def test_backup_and_another_passphrase(tmp_path: Path) -> None:
    """docs/howto/keys.md: a copy restores the key; changing the passphrase leaves the key what it was."""
    old, new = secret_file(tmp_path, PASSPHRASE, "old"), secret_file(tmp_path, "another long one", "new")
    holder = ["--name", "A. Example", "--role", "judge"]
    made = run_json("warrant", "key", "a.key", *holder, "--passphrase-file", old, folder=tmp_path)
    (tmp_path / "backup").write_bytes((tmp_path / "a.key").read_bytes())
    (tmp_path / "backup").chmod(0o600)
    changed = ["--change-passphrase", "--passphrase-file", old, "--new-passphrase-file", new]
    assert run_json("warrant", "key", "a.key", *changed, folder=tmp_path)["id"] == made["id"]
    refused = run("warrant", "key", "a.key", *changed, folder=tmp_path, expect=3)
    assert "key.passphrase" in refused.stderr
    (tmp_path / "a.key").unlink()
    (tmp_path / "a.key.pub.toml").unlink()
    (tmp_path / "backup").rename(tmp_path / "a.key")
    public = run_json("warrant", "key", "a.key", "--public", *holder, "--passphrase-file", old, folder=tmp_path)
    assert public["public"] == made["public"]
    assert made["public"] in (tmp_path / "a.key.pub.toml").read_text("utf-8")


def test_a_change_of_passphrase_that_changes_nothing_is_not_told_as_one(tmp_path: Path) -> None:
    """Harm stopped: backups are destroyed, and a passphrase believed dead that still opens the key."""
    old = secret_file(tmp_path, PASSPHRASE, "old")
    here: dict[str, Any] = {"folder": tmp_path, "environment": {"CLEW_PASSPHRASE_FILE": str(old)}}
    run("warrant", "key", "a.key", "--name", "A", "--role", "judge", **here)
    before = (tmp_path / "a.key").read_bytes()
    change = ["warrant", "key", "a.key", "--change-passphrase"]
    asked = run(*change, expect=2, **here)
    assert "key.passphrase-missing" in asked.stderr
    assert "--new-passphrase-file" in asked.stderr
    assert "key.passphrase-same" in run(*change, "--new-passphrase-file", old, expect=2, **here).stderr
    assert (tmp_path / "a.key").read_bytes() == before
    new = secret_file(tmp_path, "another long one", "new")
    run(*change, "--new-passphrase-file", new, **here)
    assert "key.passphrase" in run(*change, "--new-passphrase-file", new, expect=3, **here).stderr


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_text("the only copy", "utf-8")
    options = ["--name", "A", "--role", "judge", "--passphrase-file", secret_file(tmp_path, PASSPHRASE)]
    assert "warrant.file-exists" in run("warrant", "key", "a.key", *options, folder=tmp_path, expect=2).stderr
    assert (tmp_path / "a.key").read_text("utf-8") == "the only copy"


def test_no_passphrase_on_the_command_line_or_from_a_file_that_others_read(tmp_path: Path) -> None:
    assert "--passphrase " not in run("warrant", "key", "--help").stdout
    loose = secret_file(tmp_path, PASSPHRASE)
    loose.chmod(0o644)
    options = ["warrant", "key", "a.key", "--name", "A", "--role", "judge"]
    refused = run(*options, "--passphrase-file", loose, folder=tmp_path, expect=4)
    assert "key.permissions" in refused.stderr
    missing = run(*options, folder=tmp_path, expect=2, environment={"CLEW_PASSPHRASE_FILE": ""})
    assert "key.passphrase-missing" in missing.stderr
    short = run(*options, "--passphrase-file", secret_file(tmp_path, "short", "s"), folder=tmp_path, expect=2)
    assert "key.passphrase-short" in short.stderr
    assert not list(tmp_path.glob("a.key*"))


def test_everything_that_a_draft_lacks_is_named_at_once(tmp_path: Path) -> None:
    refused = run("warrant", "draft", "--case", "x", expect=2, folder=tmp_path).stderr
    for option in ("--authority", "--legal-basis", "--purpose", "--seed", "--from", "--to", "--expires"):
        assert option in refused


@pytest.mark.parametrize(
    ("options", "code", "exit_code"),
    [
        (["--seed", "0790 123 4567"], "warrant.seed-country", 2),
        (["--seed", "+964 790 123 4567"], "warrant.seed-country", 2),
        (["--seed", "0790 123 4567", "--country", "IQ"], "warrant.unconfirmed", 2),
        (["--seed", "964-790-123-4567", "--country", "FR"], "warrant.seed-number", 2),
        (["--seed", "0790 123 4567", "--country", "France"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--case", "../x"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--numbers", "0"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--purpose", ""], "warrant.option", 2),
        (["--seed", "9.6E+12", "--country", "IQ", "--yes"], "warrant.seed-number", 2),
        (["--seed", "122", "--country", "IQ", "--yes"], "warrant.seed-number", 2),
        (["--seed", "+9647901234567", "--seed", "+9647901234567"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--hops", "5"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--hub-limit", "0"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--from", "2026-03-15"], "warrant.option", 2),
        (["--seed", "+9647901234567", "--from", "2026-03-01T08:00"], "warrant.date", 2),
        (["--seed", "+9647901234567", "--from", "٢٠٢٦-03-01"], "warrant.date", 2),
        (["--seed", "+9647901234567", "--from", "2026-02-30"], "warrant.no-such-day", 2),
        (["--seed", "+9647901234567", "--to", "2026-03-15"], "warrant.two-ends", 2),
        (["--seed", "+9647901234567", "--expires", "2020-01-01"], "warrant.option", 2),
    ],
)
def test_a_draft_that_is_not_right_is_not_written(
    tmp_path: Path, options: list[str], code: str, exit_code: int
) -> None:
    refused = run("warrant", "draft", "--case", "x", *SCOPE, *WINDOW, *options, folder=tmp_path, expect=exit_code)
    assert f"[{code}]" in refused.stderr
    assert not re.search(r"\d{6,}|790.123", refused.stderr), "an error names a number"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said", "option"),
    [
        (["--expires", "2020-01-01"], "would expire before it is issued", "--expires"),
        (["--not-before", "2020-01-01"], "could be used before it is issued", "--not-before"),
        (["--not-before", "2199-01-02"], "would expire before it may be used", "--expires"),
    ],
)
def test_days_in_the_wrong_order_are_said_as_what_they_mean(
    tmp_path: Path, options: list[str], said: str, option: str
) -> None:
    """Harm stopped: an official changes the right one of three dates until the program is content."""
    seed = ["--seed", "+9647901234567"]
    refused = run("warrant", "draft", "--case", "x", *SCOPE, *WINDOW, *seed, *options, folder=tmp_path, expect=2)
    assert said in refused.stderr
    assert f"{option}: " in refused.stderr


def test_a_draft_edited_by_hand_is_tidied_and_a_signed_one_is_not(tmp_path: Path) -> None:
    options = ["--seed", "+9647901234567", "--seed", "id:vast:200", "--from", "2026-03-01T08:00+03:00"]
    run("warrant", "draft", "--case", "x", *SCOPE, *WINDOW, *options, folder=tmp_path)
    path = tmp_path / "warrant.json"
    assert warrant_at(path).begin.isoformat() == "2026-03-01T05:00:00+00:00"
    loose = json.loads(path.read_text("utf-8"))
    loose["hops"] = 3
    loose["seeds"].reverse()
    path.write_text(json.dumps(loose), "utf-8")
    assert "warrant.seeds" in run("warrant", "show", "warrant.json", folder=tmp_path, expect=3).stderr
    run("warrant", "draft", "--tidy", "warrant.json", folder=tmp_path)
    assert warrant_at(path).hops == 3
    (tmp_path / "signed.json").write_bytes(issue()[0])
    run("warrant", "draft", "--tidy", "signed.json", folder=tmp_path, expect=3)


def test_what_has_expired_cannot_be_amended(tmp_path: Path) -> None:
    envelope, _ = issue(expires=datetime(2025, 1, 1, tzinfo=UTC))
    (tmp_path / "w.json").write_bytes(envelope)
    options = ["--seed", "+33612345678", "--expires", "2199-01-01"]
    assert "warrant.chain" in run("warrant", "amend", "w.json", *options, folder=tmp_path, expect=4).stderr


def test_an_amendment_may_name_the_earlier_seeds_again(tmp_path: Path) -> None:
    envelope, _ = issue(["+9647901234567"])
    (tmp_path / "w.json").write_bytes(amend(envelope, ["+9647901234568"]))
    run("warrant", "amend", "w.json", "--seed", "+33612345678", "--keep-seeds", folder=tmp_path)
    third = warrant_at(tmp_path / "stage-3.json")
    assert [seed.number for seed in third.seeds] == ["+33612345678", "+9647901234568"]  # type: ignore[union-attr]


def test_a_person_is_asked_for_what_is_missing_and_shown_it_before_it_is_written(tmp_path: Path) -> None:
    shown = at_terminal(
        ["warrant", "draft", "--country", "IQ"],
        [
            ("Short name of the case", "my case"),
            ("Short name of the case", "lantern-7"),
            ("Who issues it", "Court of Example"),
            ("Legal basis", "Article 1"),
            ("Purpose", "Find the group"),
            ("A number to start from", "٠٧٩٠ ١٢٣ ٤٥٦٧"),
            ("right number", "y"),
            ("A number to start from", ""),
            ("First moment", "in March"),
            ("First moment", "2026-03-01"),
            ("Last day", "2026-03-14"),
            ("Not to be used from", "2199-01-01"),
            ("Hops", "9"),
            ("Hops", "3"),
            ("Most numbers", "0"),
            ("Most numbers", ""),
            ("Most operators", ""),
            ("Write it to warrant.json", "y"),
        ],
        folder=tmp_path,
    )
    assert "+9647901234567" in shown
    assert "warrant.date" not in shown
    assert "not a day or a time" in shown
    written = warrant_at(tmp_path / "warrant.json")
    assert [seed.number for seed in written.seeds] == ["+9647901234567"]  # type: ignore[union-attr]
    assert (written.hops, written.hub_limit) == (3, 200)


def test_a_passphrase_is_not_shown_and_nothing_is_signed_without_a_yes(tmp_path: Path) -> None:
    shown = at_terminal(
        ["warrant", "key", "a.key", "--name", "A", "--role", "judge"],
        [("Passphrase", PASSPHRASE), ("Repeat", PASSPHRASE)],
        folder=tmp_path,
    )
    assert PASSPHRASE not in shown
    run("warrant", "draft", "--case", "x", *SCOPE, *WINDOW, "--seed", "+9647901234567", folder=tmp_path)
    declined = at_terminal(
        ["warrant", "sign", "warrant.json", "--key", "a.key"], [("Sign this", "n")], folder=tmp_path, expect=130
    )
    assert "Court of Example" in declined
    assert not (tmp_path / "warrant.signed.json").exists()
    unasked = run("warrant", "sign", "warrant.json", "--key", "a.key", folder=tmp_path, expect=2)
    assert "warrant.unconfirmed" in unasked.stderr
    signed = at_terminal(
        ["warrant", "sign", "warrant.json", "--key", "a.key"],
        [("Sign this", "y"), ("Passphrase", PASSPHRASE)],
        folder=tmp_path,
    )
    assert PASSPHRASE not in signed
    assert len(parse_envelope((tmp_path / "warrant.signed.json").read_bytes()).signatures) == 1


def test_no_answer_is_lost_when_a_number_needs_its_country(tmp_path: Path) -> None:
    """A wrong answer is asked for again at its own question; earlier answers stay."""
    at_terminal(
        ["warrant", "draft", "--case", "lantern-7", *SCOPE, "--through", "2026-03-14"],
        [
            ("A number to start from", ""),
            ("(?s)at least one.*A number to start from", "not a number"),
            ("Country", "France"),
            ("(?s)two letters.*Country", "FR"),
            ("A number to start from", "06 12 49 70 81"),
            (r"Country of its number plan, such as IQ \[FR\]", ""),
            (r"(?s)\+33612497081  FR.*right number", "n"),
            ("A number to start from", "0612497081"),
            ("Country", "fr"),
            ("right number", "y"),
            ("A number to start from", "+33612497081"),
            ("(?s)already.*A number to start from", ""),
            ("First moment", "2026-03-15"),
            ("(?s)must be earlier.*First moment", "2026-03-01"),
            ("Not to be used from", "2020-01-01"),
            ("(?s)must be later.*Not to be used from", "2199-01-01"),
            ("Hops", ""),
            ("Most numbers", "many"),
            ("(?s)not a whole number.*Most numbers", "500"),
            ("Most operators", ""),
            ("Write it to warrant.json", "y"),
        ],
        folder=tmp_path,
    )
    written = warrant_at(tmp_path / "warrant.json")
    assert [seed.number for seed in written.seeds] == ["+33612497081"]  # type: ignore[union-attr]
    assert (written.hops, written.budgets.numbers) == (2, 500)


def test_options_and_the_place_are_looked_at_before_anybody_is_asked(tmp_path: Path) -> None:
    at_terminal(["warrant", "draft", "--hops", "9"], [("--hops: .*warrant.option", "")], folder=tmp_path, expect=2)
    (tmp_path / "warrant.json").write_text("an older one", "utf-8")
    at_terminal(["warrant", "draft"], [("warrant.file-exists", "")], folder=tmp_path, expect=2)


def test_a_file_of_seeds_with_comments(tmp_path: Path) -> None:
    (tmp_path / "seeds.txt").write_text("\ufeff# confirmed on 2 March\n\n+9647901234567\n  \n", "utf-8")
    run("warrant", "draft", "--case", "x", *SCOPE, *WINDOW, "--seeds-file", "seeds.txt", folder=tmp_path)
    assert len(warrant_at(tmp_path / "warrant.json").seeds) == 1


@pytest.mark.parametrize(
    ("data", "where", "code", "exit_code"),
    [
        (b"", "seeds.txt: ", "warrant.seeds-file", 3),
        (b"# nobody yet\n\n", "seeds.txt: ", "warrant.seeds-file", 3),
        ("+9647901234567\n".encode("utf-16"), "seeds.txt: ", "warrant.seeds-file", 3),
        (b"# one\n\n+9647901234567\n0790 123\n", "seeds.txt, line 4: ", "warrant.seeds-file", 3),
        (b"+9647901234567\n# again\n0790 123 4567\n", "seeds.txt, line 3: ", "warrant.seeds-file", 3),
    ],
)
def test_what_is_wrong_in_a_file_of_seeds_is_named_by_its_line(
    tmp_path: Path, data: bytes, where: str, code: str, exit_code: int
) -> None:
    (tmp_path / "seeds.txt").write_bytes(data)
    options = ["--seeds-file", "seeds.txt", "--country", "IQ", "--yes"]
    refused = run("warrant", "draft", "--case", "x", *SCOPE, *WINDOW, *options, folder=tmp_path, expect=exit_code)
    assert f"clew: {where}" in refused.stderr
    assert re.search(rf"\[{code}\] \w", refused.stderr), "no mend"
    assert not (tmp_path / "warrant.json").exists()


def test_a_line_that_needs_a_country_is_named(tmp_path: Path) -> None:
    (tmp_path / "seeds.txt").write_text("+9647901234567\n0790 123 4567\n", "utf-8")
    options = ["--case", "x", *SCOPE, *WINDOW, "--seeds-file", "seeds.txt"]
    refused = run("warrant", "draft", *options, folder=tmp_path, expect=2)
    assert "clew: seeds.txt, line 2: " in refused.stderr
    assert "--country" in refused.stderr
