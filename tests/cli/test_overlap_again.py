"""A command that is given twice, or with a place where nothing can be written, loses nothing and decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_overlap import KEYS, Side, sides

__all__ = ["sides"]

LISTED = ("--list", "list.csv", "--column", "number")


def test_no_step_is_done_whose_letter_has_no_place_and_each_can_be_had_again(sides: tuple[Side, Side]) -> None:
    a, b = sides
    home = a.folder.parent
    (home / "taken").write_text("somebody's", "utf-8")
    start = ("start", "list.txt", "--country", "IQ", *KEYS, "--out")
    assert a.json(*start, "../taken", expect=2)["error"]["code"] == "overlap.file-exists"
    assert a.json(*start, "../nowhere/1", expect=6)["error"]["code"] == "overlap.out-unwritable"
    assert a.json("status")["checks"] == []
    said = a(*start, "../1").stdout
    assert "31 lines: 30 numbers, 1 said again; 2 lines passed over (comment, header or empty)." in said
    assert a.json("read", "../1", expect=2)["error"]["code"] == "overlap.own-letter"

    answer = ("answer", "../1", *LISTED, *KEYS, "--out")
    assert b.json(*answer, "../taken", expect=2)["error"]["code"] == "overlap.file-exists"
    assert b.json("status")["checks"] == []
    b(*answer, "../2")
    again = b(*answer, "../2").stdout
    assert "answered already" in again
    assert "list was not read" in again
    a("read", "../2")
    b.json(*answer, "../2-again")
    assert (home / "2-again").read_bytes() == (home / "2").read_bytes()

    assert a.json("agree", "--yes", "--out", "../taken", expect=2)["error"]["code"] == "overlap.file-exists"
    assert a.json("status")["checks"][0]["state"] == "counted"
    a("agree", "--yes", "--out", "../3")
    assert "agreed already" in a("agree", "--out", "../3-again").stdout
    assert (home / "3-again").read_bytes() == (home / "3").read_bytes()
    assert a.json("status")["checks"][0]["common"] == 7
    b("read", "../3")
    b("agree", "--yes", "--out", "../4")
    assert a.json("read", "../4", "--result", "../taken", "--out", "../5", expect=2)["error"]["code"] == (
        "overlap.file-exists"
    )
    assert a.json("read", "../4", "--result", "../5", "--out", "../5", expect=2)["error"]["code"] == "overlap.one-place"
    assert a.json("status")["checks"][0]["state"] == "agreed"
    read = ("read", "../4", "--result", "../which.csv", "--out", "../5")
    assert a(*read).stdout == a(*read).stdout
    assert (home / "taken").read_text("utf-8") == "somebody's"


def test_a_set_with_an_agreed_check_is_not_destroyed_by_the_way(sides: tuple[Side, Side]) -> None:
    a, b = sides
    home = a.folder.parent
    publish = ("publish", "list.csv", "--column", "number", "--set", "held", "--key", "own.key", "--out")
    (home / "diary").write_text("mine", "utf-8")
    assert b.json(*publish, "../diary", expect=2)["error"]["code"] == "overlap.file-exists"
    assert (home / "diary").read_text("utf-8") == "mine"
    b(*publish, "../held")
    asked = a.json("check", "list.txt", "--country", "IQ", "--filter", "../held", *KEYS, "--out", "../h1")["check"]
    b("answer", "../h1", *KEYS, "--out", "../h2")
    a("read", "../h2")
    a("agree", "--check", asked, "--yes", "--out", "../h3")
    b("read", "../h3")
    b("agree", "--check", asked, "--yes", "--out", "../h4")
    refused = b("retire", "held", "--yes", expect=4)
    assert "overlap.set-in-use" in refused.stderr
    assert asked[:12] in refused.stderr
    b("retire", "held", "--yes", "--lose-agreed-checks")


def test_a_log_that_is_gone_does_not_begin_the_count_anew(sides: tuple[Side, Side]) -> None:
    _, b = sides
    b("publish", "list.csv", "--column", "number", "--set", "logged", "--key", "own.key", "--out", "../logged")
    log = b.folder / "overlap-state" / "log" / "log.jsonl"
    log.rename(log.with_name("away"))
    assert b.json("retire", "logged", "--yes", expect=4)["error"]["code"] == "overlap.log-missing"
    log.with_name("away").rename(log)
    b("retire", "logged", "--yes")


@pytest.mark.parametrize("mode", [0o750, 0o701])
def test_a_state_folder_that_others_can_look_into_is_refused(tmp_path: Path, mode: int) -> None:
    from clew.cli.overlap_files import require_private
    from clew.errors import Refused

    tmp_path.chmod(mode)
    with pytest.raises(Refused, match=r"overlap\.state-permissions"):
        require_private(tmp_path)
    tmp_path.chmod(0o700)
    require_private(tmp_path)
