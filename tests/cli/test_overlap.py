"""``clew overlap`` as people and programs use it: what it says, what it refuses, and with which exit code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.command import run, run_json

COMMON = [f"+96479012345{place}" for place in range(33, 40)]


class Side:
    """An organisation's folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.environment = {"CLEW_PASSPHRASE_FILE": str(folder / "passphrase")}
        run("warrant", "key", "own.key", "--name", f"Service {name}", "--role", "overlap", **self.options())

    def options(self) -> dict[str, Any]:
        return {"folder": self.folder, "environment": self.environment}

    def __call__(self, *arguments: str | Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
        return run("overlap", *arguments, expect=expect, **self.options())

    def json(self, *arguments: str | Path, expect: int = 0) -> Any:
        return run_json("overlap", *arguments, expect=expect, **self.options())


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Side, Side]:
    folder = tmp_path_factory.mktemp("overlap")
    (folder / "passphrase").write_text("correct horse battery\n", "utf-8")
    (folder / "passphrase").chmod(0o600)
    a, b = Side(folder, "A"), Side(folder, "B")
    for one, other in ((a, b), (b, a)):
        (one.folder / "partner.toml").write_bytes((other.folder / "own.key.pub.toml").read_bytes())
    lines = [f"٠٧٩٠ ١٢٣ ٤٥{place}" for place in range(10, 40)]
    (a.folder / "list.txt").write_text("\n".join(["# a case", "", *lines, lines[0]]), "utf-8")
    rows = [f"+96479012345{place};=case {place}" for place in range(33, 71)]
    (b.folder / "list.csv").write_text("\n".join(["number;case", *rows]), "utf-8")
    return a, b


KEYS = ("--partner", "partner.toml", "--key", "own.key")


def test_a_check_from_programs(sides: tuple[Side, Side]) -> None:
    a, b = sides
    first = a.json("start", "list.txt", "--country", "IQ", *KEYS, "--out", "../1")
    assert first["state"] == "asked"
    assert first["list"] == {
        "lines": 31,
        "numbers": 30,
        "duplicates": 1,
        "doubtful": 0,
        "passed": 2,
        "left_out": [],
    }
    assert (first["asked"], first["listed"]) == (30, None)
    second = b.json("answer", "../1", "--list", "list.csv", "--column", "number", *KEYS, "--out", "../2")
    assert (second["state"], second["common"]) == ("answered", None)
    assert (second["asked"], second["listed"], second["list"]["passed"]) == (30, 38, 1)
    counted = a.json("read", "../2")
    assert (counted["state"], counted["common"], counted["letter"]) == ("counted", 7, None)
    assert (counted["asked"], counted["listed"], counted["remarks"]) == (30, 38, [])
    assert "numbers" not in counted
    check = counted["check"]
    assert [one["waits_for"] for one in a.json("status")["checks"]] == [
        "7 numbers are in both lists (yours 30, theirs 38); waits for your decision"
    ]

    # A decision is a person's: without --yes, and with nobody there, nothing happens.
    unasked = a("agree", expect=2)
    assert unasked.stdout == ""
    assert "overlap.unconfirmed" in unasked.stderr
    assert a.json("agree", "--check", check[:8], "--yes", "--out", "../3")["state"] == "agreed"
    considered = b.json("read", "../3")
    assert [considered[name] for name in ("common", "asked", "listed", "remarks")] == [7, 30, 38, []]
    (waiting,) = b.json("status")["checks"]
    assert [waiting[name] for name in ("common", "asked", "listed", "remarks")] == [7, 30, 38, []]
    assert "(yours 38, theirs 30)" in waiting["waits_for"]
    assert b.json("agree", "--yes", "--payloads", "list.csv", "--out", "../4")["state"] == "opened"
    learnt = a.json("read", "../4", "--out", "../5")
    assert [one["number"] for one in learnt["numbers"]] == COMMON
    assert a.json("read", "../4", "--out", "../5") == learnt
    done = b.json("read", "../5", "--out", "../6", "--result", "../both.csv")
    assert (done["state"], done["common"]) == ("done", 7)
    assert "numbers" not in done
    assert "96479" not in json.dumps(done)
    assert (a.folder.parent / "both.csv").read_text("utf-8-sig").count("'+96479") == 7
    finished = a.json("read", "../6")
    assert finished["numbers"] == [{"number": one, "payload": f"=case {one[-2:]}"} for one in COMMON]
    for side in sides:
        (left,) = side.json("status")["checks"]
        assert (left["state"], left["common"]) == ("ended", None)
        log = (side.folder / "overlap-state" / "log" / "log.jsonl").read_text("utf-8")
        assert "79012345" not in log
        assert check in log
    # The letters of a check that is over tell nothing any more.
    assert "79012345" not in a("read", "../6").stdout
    assert "overlap.over" in a("read", "../4", expect=2).stderr
    # What a partner writes cannot become a formula in a spreadsheet.
    from clew.cli.overlap_text import result_csv
    from clew.joint.overlap.states import Common

    assert b'"\'=case"' in result_csv(Common(("+9647901234567",), ("=case",)))


def test_lines_that_cannot_be_read_stop_a_check_or_are_named(sides: tuple[Side, Side]) -> None:
    a, _ = sides
    (a.folder / "mixed.txt").write_text(
        "".join(f"+96479012345{place}\n" for place in range(10, 40)) + "122\n0790\n", "utf-8"
    )
    before = sorted(a.folder.glob("*.letter"))
    stopped = a("start", "mixed.txt", "--country", "IQ", *KEYS, expect=3)
    assert "overlap.list-unreadable" in stopped.stderr
    assert "lines 31, 32" in stopped.stderr
    assert "a short code, the same for everybody: 1" in stopped.stderr
    assert sorted(a.folder.glob("*.letter")) == before
    left = a("start", "mixed.txt", "--country", "IQ", "--leave-out", *KEYS, expect=1)
    assert "line 31: a short code" in left.stderr
    assert "your 30 numbers" in left.stdout
    (written,) = set(a.folder.glob("*.letter")) - set(before)
    assert f"Send {written.name}" in left.stdout
    waiting = [one["check"] for one in a.json("status")["checks"] if one["state"] == "asked"]
    assert len(waiting) == 1
    a("close")
    assert all(one["state"] == "ended" for one in a.json("status")["checks"])


def test_limits_are_said_with_a_letter_and_exit_code_4(sides: tuple[Side, Side]) -> None:
    a, b = sides
    (a.folder / "few.txt").write_text("+9647901234533\n+9647901234534\n", "utf-8")
    refused = a("start", "few.txt", *KEYS, expect=4)
    assert "overlap.too-few" in refused.stderr
    assert "2 of at least 20" in refused.stderr
    a("start", "few.txt", "--least", "2", *KEYS, "--out", "../few-1")
    refused = b("answer", "../few-1", "--list", "list.csv", "--column", "number", *KEYS, "--out", "../few-2", expect=4)
    assert "overlap.question-refused" in refused.stderr
    assert "too-few" in refused.stderr
    assert "about 2 numbers" in refused.stderr
    told = a("read", "../few-2")
    assert "over (too few)" in told.stdout
    assert a.json("start", "list.txt", "--country", "IQ", "--most", "25", *KEYS, expect=4)["error"]["code"] == (
        "overlap.too-many"
    )
    assert a("start", "list.txt", "--country", "IQ", "--least", "9", "--most", "8", *KEYS, expect=2)


def test_a_letter_that_was_changed_ends_with_exit_code_5(sides: tuple[Side, Side]) -> None:
    a, b = sides
    a("start", "list.txt", "--country", "IQ", *KEYS, "--out", "../c1")
    letter = bytearray((a.folder.parent / "c1").read_bytes())
    letter[-1] ^= 1
    (a.folder.parent / "c1-bad").write_bytes(letter)
    arguments = ("--list", "list.csv", "--column", "number", *KEYS)
    assert "overlap.signature" in b("answer", "../c1-bad", *arguments, expect=5).stderr
    assert "overlap.no-letter" in b("answer", "list.csv", *arguments, expect=5).stderr
    assert b("answer", "../c1", *KEYS, expect=2).stderr.count("overlap.no-list") == 1
    b("answer", "../c1", *arguments, "--out", "../c2")
    first = (a.folder.parent / "c2").read_bytes()
    b("answer", "../c1", *arguments, "--out", "../c2")
    assert (a.folder.parent / "c2").read_bytes() == first
    assert "overlap.file-exists" in b("answer", "../c1", *arguments, "--out", "list.csv", expect=2).stderr
    a("read", "../c2")
    a("decline", "--out", "../c3")
    assert "over (declined)" in b("read", "../c3").stdout


def test_a_published_set_is_checked_with_small_letters(sides: tuple[Side, Side]) -> None:
    a, b = sides
    made = b.json("publish", "list.csv", "--column", "number", "--set", "cases", "--key", "own.key", "--out", "../s")
    assert made["listed"] == 38
    (a.folder.parent / "s").rename(a.folder.parent / "s-before")
    again = b("publish", "list.csv", "--column", "number", "--set", "cases", "--key", "own.key", "--out", "../s")
    assert "38 numbers" in again.stdout
    first, second = b.json("status")["sets"]
    assert first["digest"] == made["digest"] != second["digest"]
    a("check", "list.txt", "--country", "IQ", "--filter", "../s", *KEYS, "--out", "../s1")
    assert "They ask about 30 numbers; your list has 38." in b("answer", "../s1", *KEYS, "--out", "../s2").stdout
    assert (a.folder.parent / "s2").stat().st_size < 30 * 32 + 600
    assert "7 numbers are in both lists" in a("read", "../s2").stdout
    a("close")
    spoilt = bytearray((a.folder.parent / "s").read_bytes())
    spoilt[-70] ^= 1
    (a.folder.parent / "s-bad").write_bytes(spoilt)
    arguments = ("check", "list.txt", "--country", "IQ", "--filter", "../s-bad", *KEYS)
    assert a.json(*arguments, expect=5)["error"]["code"] == "overlap.set-altered"
    assert "overlap.unconfirmed" in b("retire", "cases", expect=2).stderr
    b("retire", "cases", "--digest", made["digest"][:9], "--yes")
    assert b.json("status")["sets"] == [second]
    b("retire", "cases", "--yes")
    assert b.json("status")["sets"] == []


def test_a_spoilt_copy_of_a_partners_set_is_not_blamed_on_the_partner_and_can_be_mended(
    sides: tuple[Side, Side],
) -> None:
    a, b = sides
    b("publish", "list.csv", "--column", "number", "--set", "kept", "--key", "own.key", "--out", "../k")
    a("check", "list.txt", "--country", "IQ", "--filter", "../k", *KEYS, "--out", "../k1")
    b("answer", "../k1", *KEYS, "--out", "../k2")
    (copy,) = (a.folder / "overlap-state" / "partner-sets").iterdir()
    copy.write_bytes(copy.read_bytes()[:-80])
    log = a.folder / "overlap-state" / "log" / "log.jsonl"
    before = log.read_bytes()
    stopped = a("read", "../k2", expect=6)
    assert "overlap.set-spoilt" in stopped.stderr
    assert "--filter" in stopped.stderr
    assert log.read_bytes() == before
    assert a.json("read", "../k2", "--filter", "../s-bad", expect=5)["error"]["code"] == "overlap.set-altered"
    assert "7 numbers are in both lists (yours 30, theirs 38)" in a("read", "../k2", "--filter", "../k").stdout
    a("close")
    b("close")
    b("retire", "kept", "--yes")


def test_every_command_has_an_example_and_json() -> None:
    from clew.cli.reference import page

    sections = {part.split("`")[0]: part for part in page().split("## `clew overlap ")[1:]}
    assert len(sections) >= 10
    for name, text in sections.items():
        assert f"clew overlap {name} " in text or f"clew overlap {name}\n" in text
        assert "--json" in text
