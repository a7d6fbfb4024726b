"""``clew import`` as a user runs it: layouts recognised, found out or asked; accounts; profiles to give away."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clew.records.profile_file import read_profile
from tests.command import run, run_json
from tests.shared_data import shared

ARABIC = """الرقم المتصل;رقم المتصل به;تاريخ المكالمة;الوقت;المدة (ثانية);نوع المكالمة;البرج;نص
07901234567;07712345678;03/04/2026;12:30:11;12;مكالمة صادرة;BAG-12;
07901234567;+33612345678;03/05/2026;12:31:11;0;رسالة;BAG-12;سلام عليكم
07901234569;122;03/05/2026;12:31:11;1900;مكالمة صادرة;BAG-12;
عدد السجلات: 3
"""
ANSWERS = ["--operator", "زين", "--zone", "Asia/Baghdad", "--country", "IQ", "--date-format", "%d/%m/%Y %H:%M:%S"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, with an empty home for profiles."""
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def arabic(place: Path) -> Path:
    path = place / "سجلات آسيا.csv"
    path.write_bytes(ARABIC.encode("cp1256"))
    return path


def stored(store: Path, number: int = 1) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(store / f"imports/{number}/records.parquet").to_pylist()
    return rows


def canonical(store: Path, number: int = 1) -> dict[str, str]:
    rows = pq.read_table(store / f"imports/{number}/numbers.parquet").to_pylist()
    return {row["raw"]: row["canonical"] for row in rows}


def test_vast_2008_is_recognised_and_no_negative_duration_is_lost(place: Path) -> None:
    document = run_json("import", shared("vast2008_mc3/CellPhoneCallRecords.csv"), "--store", place / "s")
    account = document["files"][0]
    assert (account["units"], account["records"], account["header_and_footer"]) == (9835, 9834, 1)
    assert account["flags"] == {"negative duration": 4}
    assert account["dropped"] == {"location": {"Cell Tower": 9834}}
    negative = [row for row in stored(place / "s") if row["flags"] & 1]
    assert sorted(row["duration_raw"] for row in negative) == ["-113", "-145", "-2", "-44"]
    assert {row["duration"] for row in negative} == {None}
    assert canonical(place / "s")["200"] == "id:vast2008:200"


def test_copenhagen_is_recognised_and_no_record_is_lost_to_equality(place: Path) -> None:
    files = [shared("copenhagen/calls.csv"), shared("copenhagen/sms.csv")]
    document = run_json("import", *files, "--store", place / "s")
    calls, messages = document["files"]
    assert (calls["records"], calls["kinds"]) == (3600, {"voice": 3234, "missed": 366})
    assert (messages["records"], messages["kinds"]) == (24333, {"message": 24333})
    assert document["total"] == {
        "units": 27935, "records": 27933, "merged_legs": 0, "duplicate": 0, "rejected": 0, "header_and_footer": 2,
        "out_of_scope": 0,
    }  # fmt: skip
    again = run_json("import", files[0], "--store", place / "s")
    assert again["changed"] is False
    assert (again["files"][0]["duplicate"], again["files"][0]["duplicate_of"]) == (3601, 1)
    assert again["store"]["identity"] == document["store"]["identity"]


def test_the_sums_are_printed_so_that_one_sees_that_they_agree(arabic: Path, place: Path) -> None:
    text = run("import", arabic, "--store", place / "s", *ANSWERS).stdout
    figures = [int(figure) for figure in re.findall(r"^  [ =+] +([0-9]+)  ", text, re.MULTILINE)]
    assert figures == [5, 3, 0, 0, 0, 2, 0]
    assert run("records", "account", "--store", place / "s").stdout.strip() == text.strip()


def test_only_what_the_file_does_not_tell_is_asked_and_ends_with_3(arabic: Path, place: Path) -> None:
    document = run_json("import", arabic, "--store", place / "s", expect=3)
    questions = document["files"][0]["questions"]
    assert [question["key"] for question in questions] == ["country", "start.format", "start.zone", "operator"]
    assert document["error"]["code"] == "layout.questions"
    assert questions[1]["choices"] == ["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]
    assert not (place / "s").exists()
    found = document["files"][0]["profile"]
    assert found["a"]["column"] == "الرقم المتصل"
    assert found["drop"] == {"content": ["نص"], "location": ["البرج"]}


def test_raw_lines_stand_beside_canonical_ones_and_content_is_never_shown(arabic: Path, place: Path) -> None:
    text = run("import", arabic, "--store", place / "s", *ANSWERS, "--look").stdout
    assert "07901234567 | 07712345678 | 03/04/2026" in text
    assert "+9647901234567 → +9647712345678  2026-04-03T12:30:11+03:00  12 s  voice" in text
    assert "short:IQ:122" in text
    for hidden in ("سلام", "BAG-12"):
        assert hidden not in text
    assert not (place / "s").exists()


def test_what_the_preview_shows_is_what_the_import_stores(arabic: Path, place: Path) -> None:
    looked = run_json("import", arabic, "--store", place / "s", *ANSWERS, "--look")["files"][0]["preview"]
    run("import", arabic, "--store", place / "s", *ANSWERS)
    names = {
        (row["kind"], row["key"]): row["canonical"]
        for row in pq.read_table(place / "s/imports/1/numbers.parquet").to_pylist()
    }
    for shown, row in zip(looked, stored(place / "s"), strict=False):
        assert shown["canonical"].startswith(
            f"{names[row['a_kind'], row['a_key']]} → {names[row['b_kind'], row['b_key']]}  "
        )
        assert f"{row['duration']} s" in shown["canonical"]
    assert looked[3]["canonical"] == "no record: footer"


def test_answers_become_a_profile_that_a_colleague_can_use(
    arabic: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = place / "ملف زين.toml"
    first = run_json("import", arabic, "--store", place / "s", *ANSWERS, "--save-profile", given)
    profile = read_profile(given)
    assert (profile.name, profile.operator, profile.start.zone) == ("زين", "زين", "Asia/Baghdad")
    assert "0790" not in given.read_text("utf-8")
    monkeypatch.setenv("CLEW_HOME", str(place / "colleague"))
    second = run_json("import", arabic, "--store", place / "t", "--profile", given)
    same = ("sha256", "units", "records", "kinds", "parties", "dropped", "header_and_footer")
    assert {key: first["files"][0][key] for key in same} == {key: second["files"][0][key] for key in same}
    assert canonical(place / "s") == canonical(place / "t")


def test_a_saved_profile_is_offered_and_never_taken_by_itself(arabic: Path, place: Path) -> None:
    """Two operators may write one header and mean two time zones by it."""
    run("import", arabic, "--store", place / "s", *ANSWERS)
    assert "زين" in run("records", "layouts").stdout
    next_file = place / "next.csv"
    next_file.write_bytes(ARABIC.replace("12:30:11", "13:30:11").encode("cp1256"))
    document = run_json("import", next_file, "--store", place / "s", expect=3)
    assert document["files"][0]["questions"][0]["choices"] == ["زين"]
    done = run_json("import", next_file, "--store", place / "s", "--profile", "زين")
    assert done["files"][0]["records"] == 3


def test_files_of_one_layout_are_asked_about_once(place: Path) -> None:
    line = "0612345678,0145678901,{},60\n"
    for name, day in (("1.csv", "2026-03-02 10:00"), ("2.csv", "2026-03-03 10:00")):
        (place / name).write_text("from,to,start,duration (s)\n" + line.format(day))
    document = run_json(
        "import", place / "1.csv", place / "2.csv", "--store", place / "s", "--operator", "orange", "--zone",
        "Europe/Paris", "--country", "FR",
    )  # fmt: skip
    assert [account["records"] for account in document["files"]] == [1, 1]
    assert canonical(place / "s") == {"0612345678": "+33612345678", "0145678901": "+33145678901"}


def test_content_and_location_never_reach_the_store(arabic: Path, place: Path) -> None:
    run("import", arabic, "--store", place / "s", *ANSWERS)
    everything = b"".join(path.read_bytes() for path in (place / "s").rglob("*") if path.is_file())
    for hidden in ("سلام عليكم", "BAG-12"):
        assert hidden.encode() not in everything
        assert hidden.encode("cp1256") not in everything
    assert {oct(path.stat().st_mode & 0o777) for path in (place / "s").rglob("*") if path.is_file()} == {"0o600"}


def test_a_profile_and_settings_beside_it_are_not_silently_mixed(arabic: Path, place: Path) -> None:
    done = run("import", arabic, "--store", place / "s", "--profile", "vast2008", "--zone", "UTC", expect=2)
    assert "import.profile-and-settings" in done.stderr


def test_a_misspelt_setting_is_named(arabic: Path, place: Path) -> None:
    done = run("import", arabic, "--store", place / "s", "--set", "start.zne=UTC", expect=2)
    assert "start.zone" in done.stderr


def test_a_person_at_the_terminal_is_asked_and_asked_again(arabic: Path, place: Path) -> None:
    """The whole conversation: answers that cannot be used, a country's name, a choice by its place."""
    near, far = pty.openpty()
    answers = ["Mesopotamia", "Iraq", "1", "Asia/Baghdad", "+9647901234567", "zain", "y"]
    os.write(near, "".join(f"{answer}\n" for answer in answers).encode())
    done = subprocess.run(
        [sys.executable, "-m", "clew.cli", "import", str(arabic), "--store", str(place / "s")],
        stdin=far, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    os.close(near)
    os.close(far)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("In which country's form are the numbers?") == 3, "shown, asked, asked again"
    assert "this is no country with a number plan" in done.stderr
    assert "this looks like a telephone number" in done.stderr
    assert "fits: 1 %d/%m/%Y %H:%M:%S, 2 %m/%d/%Y %H:%M:%S" in done.stderr
    assert "Import so?" in done.stdout
    assert canonical(place / "s")["07901234567"] == "+9647901234567"
    assert (place / "home" / "profiles" / "zain.toml").exists()


def test_no_at_the_terminal_changes_nothing(arabic: Path, place: Path) -> None:
    near, far = pty.openpty()
    os.write(near, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "clew.cli", "import", str(arabic), "--store", str(place / "s"), *ANSWERS],
        stdin=far, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    os.close(near)
    os.close(far)
    assert done.returncode == 130
    assert not (place / "s").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_unicode_files_give_the_same_records(place: Path, encoding: str) -> None:
    path = place / "x.csv"
    path.write_bytes(ARABIC.encode(encoding))
    document = run_json("import", path, "--store", place / "s", *ANSWERS)
    assert document["files"][0]["kinds"] == {"voice": 2, "message": 1}
    assert canonical(place / "s")["+33612345678"] == "+33612345678"


def french(place: Path, name: str, header: str = "from,to,start,duration (s)") -> Path:
    """A file of one record under ``header``."""
    path = place / name
    path.write_text(f"{header}\n0612345678,0145678901,2026-03-02 10:00,60\n")
    return path


FRENCH = ["--operator", "orange", "--zone", "Europe/Paris", "--country", "FR"]


def test_two_layouts_of_one_operator_are_both_found_by_the_names_that_were_said(place: Path) -> None:
    layouts = ("from,to,start,duration (s)", "caller,callee,start,duration (s)", "A number,B number,start,seconds")
    for number, header in enumerate(layouts, start=1):
        path = french(place, f"{number}.csv", header)
        said = run("import", path, "--store", place / "s", *FRENCH, "--set", "duration.unit=s").stderr
        name = "orange" if number == 1 else f"orange-{number}"
        assert f"Profile kept as {name}: {place / 'home' / 'profiles' / name}.toml" in said
        assert read_profile(place / "home" / "profiles" / f"{name}.toml").name == name
    for number in (1, 2, 3):
        name = "orange" if number == 1 else f"orange-{number}"
        document = run_json("import", place / f"{number}.csv", "--store", place / "t", expect=3)
        assert document["files"][0]["questions"][0]["option"] == f"--profile {name}"
        run("import", place / f"{number}.csv", "--store", place / "t", "--profile", name)
    again = run("import", place / "2.csv", "--store", place / "u", *FRENCH, "--set", "duration.unit=s")
    assert "kept" not in again.stderr


def test_a_profile_never_takes_the_name_of_one_of_clews_own(place: Path) -> None:
    how = [*FRENCH, "--set", "name=vast2008"]
    assert "kept as vast2008-2:" in run("import", french(place, "1.csv"), "--store", place / "s", *how).stderr
    run("import", place / "1.csv", "--store", place / "t", "--profile", "vast2008-2")


def test_a_profile_that_cannot_be_kept_is_told_and_the_import_is_done(place: Path) -> None:
    (place / "home").write_text("a file where the folder should be")
    done = run("import", french(place, "1.csv"), "--store", place / "s", *FRENCH, "--json")
    assert "The profile was not kept" in done.stderr
    assert "profile.unwritable" in done.stderr
    assert len(stored(place / "s")) == 1


# What a store must not look whole after


SUBSCRIBER = "Subscriber,Direction,Other Number,Date Time,Duration (s)\n"
LINE = "+9647901234567,{},+96477112345{:02},2026-03-25 12:30,5\n"
OPTIONS = ["--operator", "z", "--zone", "Asia/Baghdad"]


def test_unknown_words_for_directions_end_with_3_and_name_the_options(place: Path) -> None:
    path = place / "calls.csv"
    path.write_text(SUBSCRIBER + "".join(LINE.format(1 + at % 2, at) for at in range(10)))
    document = run_json("import", path, "--store", place / "s", *OPTIONS, expect=3)
    assert document["error"]["code"] == "layout.questions"
    assert "--set direction.outgoing=WORDS" in document["error"]["mend"]
    assert "--set direction.incoming=WORDS" in document["error"]["mend"]
    said = ["--set", "direction.outgoing=1", "--set", "direction.incoming=2"]
    run_json("import", path, "--store", place / "s", *OPTIONS, *said)
    subscriber = 9647901234567
    assert [row["a_key"] == subscriber for row in stored(place / "s")] == [True, False] * 5
    assert [row["b_key"] == subscriber for row in stored(place / "s")] == [False, True] * 5


def test_a_direction_behind_the_sample_that_nobody_named_is_never_outgoing(place: Path) -> None:
    """The profile was made from a beginning in which every line was outgoing."""
    path = place / "calls.csv"
    path.write_text(
        SUBSCRIBER
        + "".join(LINE.format("Out", at % 100) for at in range(60_000))
        + "".join(LINE.format(word, 1) for word in ("In", "Recv", "Out", ""))
    )
    account = run_json("import", path, "--store", place / "s", *OPTIONS, expect=1)["files"][0]
    assert (account["records"], account["reasons"]) == (60_001, {"direction": 3})
    text = run("records", "account", "--store", place / "s").stdout
    assert "3 lines with a word for the direction that the profile does not name" in text


def test_numbers_that_a_spreadsheet_destroyed_behind_the_sample_do_not_look_clean(place: Path) -> None:
    path = place / "calls.csv"
    path.write_text(
        "Caller,Callee,Start,Duration (s)\n"
        + "+9647901234567,+9647711234567,2026-03-25 12:30,5\n" * 60_000
        + "9.6E+12,+9647711234567,2026-03-25 12:30,5\n" * 3
    )
    done = run("import", path, "--store", place / "s", *OPTIONS, expect=1)
    assert "clew: a spreadsheet destroyed 3 numbers" in done.stderr
    assert "NUMBERS DESTROYED: a spreadsheet rounded or replaced 3" in done.stdout
    assert "parties unknown because: digits-lost 3" in done.stdout
    account = run_json("records", "account", "--store", place / "s")["files"][0]
    assert account["unknown_parties"] == {"digits-lost": 3}


def test_many_unknown_parties_are_said_with_the_likely_mend(place: Path) -> None:
    path = place / "calls.csv"
    path.write_text("Caller,Callee,Start,Duration (s)\n" + "07901234567,+9647711234567,2026-03-25 12:30,5\n" * 20)
    text = run("import", path, "--store", place / "s", *OPTIONS, "--number-form", "e164").stdout
    assert "20 of 40 parties are unknown, so no trace finds them. They have no +" in text


def test_records_of_unknown_kind_and_lost_durations_are_said(place: Path) -> None:
    path = place / "calls.csv"
    line = "+9647901234567,+9647711234567,2026-03-25 12:30,{},{}\n"
    path.write_text("Caller,Callee,Start,Duration (s),Type\n" + line.format(5, "call") + line.format("x", "TEC") * 5)
    done = run("import", path, "--store", place / "s", *OPTIONS, "--set", "duration.unit=s")
    assert "5 of 6 records are of unknown kind, and no contacts" in done.stdout
    assert "5 of 6 durations cannot be read" in done.stdout
    assert "words of column 'Type' are not known" in done.stderr


def test_an_operators_name_that_is_a_number_is_not_repeated(place: Path) -> None:
    path = place / "calls.csv"
    path.write_text("Caller,Callee,Start,Duration (s)\n+9647901234567,+9647711234567,2026-03-25 12:30,5\n")
    done = run("import", path, "--store", place / "s", "--operator", "+9647901234567", "--zone", "UTC", expect=3)
    assert "9647901234567" not in done.stdout + done.stderr
    assert not (place / "home").exists()


def test_standard_input_is_no_file_of_records(place: Path) -> None:
    done = run("import", "-", "--store", place / "s", *OPTIONS, expect=3)
    assert "standard input" in done.stderr
