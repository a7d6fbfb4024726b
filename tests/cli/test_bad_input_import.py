"""Bad files through the real ``clew import``: a clear error or an honest account, its exit code, and nothing lost."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clew.errors import InputError
from clew.records import sample
from tests.command import run, run_json
from tests.profile_text import profile_text

HEADER = "from,to,start,seconds,kind\n"
GOOD = "+9647901234567,+33612345678,2026-03-02 10:00:00,60,voice\n"
PROFILE = profile_text("bad", zone="Europe/Paris", more='\n[footer]\nprefix = "TRAILER"\ncount = "([0-9]+)"\n')


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "home"))
    (tmp_path / "bad.toml").write_text(PROFILE)
    return tmp_path


def bring(place: Path, data: bytes | str, *, expect: int = 0, profile: bool = True, name: str = "calls.csv") -> Any:
    """The JSON of importing ``data``."""
    (place / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    how = ["--profile", place / "bad.toml"] if profile else []
    return run_json("import", place / name, "--store", place / "store", *how, expect=expect)


def stored(place: Path, number: int = 1) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(place / f"store/imports/{number}/records.parquet").to_pylist()
    return rows


def state(store: Path) -> dict[str, bytes]:
    """What the store is: the files that store.json names, and store.json."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def test_broken_lines_cost_themselves_and_not_their_neighbours(place: Path) -> None:
    """Each broken line stands between two good ones; every good one arrives, and every broken one has its reason."""
    broken = [
        b"+9647901234567,+33612345678\n",
        b"+9647901234567,+33612345678,2026-03-02 10:00:00,60,voice,more\n",
        b"+9647901234567,+33612345678,2026-02-30 10:00:00,60,voice\n",
        b"+9647901234567,+33612345678,02/03/2026 10:00,60,voice\n",
        b"+9647901234567,+33612345678,2026-03-02 25:00:00,60,voice\n",
        b'"+9647901234567,+33612345678,2026-03-02 10:00:00,60,voice\n',
        b"+9647901234567,+33612345678,2026-03-02 10:00:00,60,\xff\xfe\n",
        b"+9647901234567,+3361234\x005678,2026-03-02 10:00:00,60,voice\n",
    ]
    data = HEADER.encode() + GOOD.encode() + b"".join(line + GOOD.encode() for line in broken)
    account = bring(place, data, expect=1)["files"][0]
    assert (account["records"], account["rejected"]) == (len(broken) + 1, len(broken))
    assert sum(account["reasons"].values()) == len(broken)
    assert {"too-few-fields", "too-many-fields", "time-impossible", "time", "encoding", "nul"} <= account[
        "reasons"
    ].keys()
    assert {row["duration"] for row in stored(place)} == {60}


def test_a_line_of_ten_megabytes_is_one_reject(place: Path) -> None:
    account = bring(place, HEADER + GOOD + "x" * 10_000_000 + "\n" + GOOD, expect=1)["files"][0]
    assert (account["records"], account["reasons"]) == (2, {"too-long": 1})
    assert account["size"] == len(HEADER + GOOD + GOOD) + 10_000_001


def test_a_file_that_is_one_endless_line_is_not_guessed_at(place: Path) -> None:
    error = bring(place, "x,y," * 1_000_000, expect=3, profile=False)["error"]
    assert error["code"] in {"file.no-records", "file.no-columns"}
    assert not (place / "store").exists()


def test_a_file_that_was_cut_off_says_so(place: Path) -> None:
    account = bring(place, HEADER + GOOD + GOOD[:30], expect=1)["files"][0]
    assert (account["records"], account["rejected"], account["last_unit_open"]) == (1, 1, True)
    text = run("records", "account", "--store", place / "store").stdout
    assert "may have been cut off" in text


def test_no_lines_and_only_a_header_are_honest_empty_imports(place: Path) -> None:
    header_only = bring(place, HEADER, name="header.csv")["files"][0]
    assert (header_only["units"], header_only["records"], header_only["header_and_footer"]) == (1, 0, 1)
    empty = bring(place, "", name="empty.csv")["files"][0]
    assert (empty["units"], empty["records"]) == (0, 0)
    text = run("records", "account", "--store", place / "store").stdout
    assert "an empty file is not an answer of no records" in text
    assert text.count("no line of records stands in it") == 1
    assert bring(place, "", expect=3, profile=False, name="nothing.csv")["error"]["code"] == "file.empty"
    assert bring(place, HEADER.replace("kind", "type"), expect=3, profile=False)["error"]["code"] == "file.no-records"


def test_a_footer_that_counts_none_is_an_answer_of_no_records(place: Path) -> None:
    bring(place, HEADER + "TRAILER 0\n")
    text = run("records", "account", "--store", place / "store").stdout
    assert "the footer claims 0 records: agrees" in text
    assert "no line of records" not in text


def test_an_empty_line_is_counted_where_the_account_says_so(place: Path) -> None:
    bring(place, HEADER + GOOD + "\n" + GOOD)
    assert "2  header, footer, empty lines" in run("records", "account", "--store", place / "store").stdout


def test_a_footer_with_another_count_is_told(place: Path) -> None:
    account = bring(place, HEADER + GOOD * 3 + "TRAILER 4\n")["files"][0]
    assert account["records"] == 3
    assert account["footers"] == [{"claimed": 4, "found": 3, "agrees": False}]
    assert "DOES NOT AGREE" in run("records", "account", "--store", place / "store").stdout


def test_local_times_that_occur_twice_or_never_are_kept_and_flagged(place: Path) -> None:
    twice = GOOD.replace("2026-03-02 10:00", "2026-10-25 02:30")
    never = GOOD.replace("2026-03-02 10:00", "2026-03-29 02:30")
    account = bring(place, HEADER + twice + never)["files"][0]
    assert account["records"] == 2
    assert {row["flags"]: f"{row['start']:%m-%d %H:%M}" for row in stored(place)} == {
        2: "10-25 00:30",
        4: "03-29 01:30",
    }


def test_missing_columns_are_named_with_those_that_are_there(place: Path) -> None:
    error = bring(place, HEADER.replace("to,", "callee,") + GOOD, expect=3)["error"]
    assert error["code"] == "profile.column-missing"
    assert "'to'" in error["what"]
    assert "callee" in error["what"]
    assert not list((place / "store" / "imports").glob("*"))


def test_a_name_that_is_not_utf_8_is_imported_and_shown_by_its_bytes(place: Path) -> None:
    """Harm stopped: a file with a name in windows-1256 is scanned to its end and then not imported."""
    path = os.fsdecode(os.fsencode(place) + b"/\xe3\xdf\xc7.csv")
    Path(path).write_text(HEADER + GOOD)
    how = ["--store", place / "store", "--profile", place / "bad.toml"]
    shown = r"\xe3\xdf\xc7.csv"
    assert run_json("import", path, *how)["files"][0]["file"] == shown
    assert shown in run("import", path, *how).stdout, "imported before"
    assert run_json("records", "check", "--store", place / "store")["imports"][0]["file"] == shown
    assert shown in run("records", "account", "--store", place / "store").stdout
    Path(path).write_text("no,columns\n")
    error = run_json("import", path, *how, expect=3)["error"]
    assert (error["code"], error["where"]) == ("profile.column-missing", f"{place}/{shown}")
    assert shown in run("import", path, *how, expect=3).stderr


def test_a_store_whose_name_is_not_utf_8_is_refused_before_anything_is_read(place: Path) -> None:
    store = os.fsdecode(os.fsencode(place) + b"/\xe3\xdf")
    for named in (store, f"{store}/within"):
        error = run_json("import", place / "not-there.csv", "--store", named, expect=3)["error"]
        assert error["code"] == "store.name"
        assert not Path(store).exists()
    assert run_json("records", "check", "--store", store, expect=3)["error"]["code"] == "store.name"


def test_a_file_in_the_place_of_the_store_is_called_a_file(place: Path) -> None:
    (place / "store").write_text("mine")
    error = bring(place, HEADER + GOOD, expect=3)["error"]
    assert (error["code"], "a store is a folder" in error["what"]) == ("store.not-a-store", True)
    assert (place / "store").read_text() == "mine"


SECRETS = ("07901234567", "790", "33612", "meet me at the bridge", "BAG-12", "2026")


@pytest.mark.parametrize(
    "cells",
    [
        "07901234567,0790-123-4568,2026-03-02 10:00:00,60,voice,meet me at the bridge,BAG-12",
        "٠٧٩٠١٢٣٤٥٦٧,122,soon,sixty,voice,meet me at the bridge,BAG-12",
        "alice,bob,2026-03-02T10:00:00Z,sixty,voice,meet me at the bridge,BAG-12",
        "176,122,soon,sixty,voice,meet me at the bridge,BAG-12",
        "alice,bob,soon,sixty,voice,meet me at the bridge,in the city",
    ],
)
def test_a_record_that_is_taken_for_the_header_is_never_shown(place: Path, cells: str) -> None:
    """Harm stopped: the first person's message and whereabouts in the error of a file without a header line."""
    path = place / "nohead.csv"
    path.write_text(f"{cells}\n" * 3)
    place_and_how = ["--store", place / "store", "--profile", place / "bad.toml"]
    shown = [json.dumps(run_json("import", path, *place_and_how, expect=3), ensure_ascii=False)]
    shown += [run("import", path, *place_and_how, expect=3).stderr]
    shown += [run("records", "profile", "check", place / "bad.toml", "--against", path, expect=3).stderr]
    for text in (text.replace(str(place), "") for text in shown):
        assert "profile.column-missing" in text
        assert "header_lines = 0" in text
        assert not [secret for secret in (*SECRETS, "٠٧٩٠", "alice", "176") if secret in text]


def test_a_record_that_is_said_to_be_the_header_is_never_shown(place: Path) -> None:
    path = place / "nohead.csv"
    path.write_text("07901234567,07901234568,2026-03-02 10:00:00,60,voice,meet me at the bridge,BAG-12\n" * 3)
    said = ["import", path, "--store", place / "store", "--set", "file.header_lines=1", "--look", "--no-input"]
    for done in (run(*said, expect=3), run(*said, "--json", expect=3)):
        assert "file.no-header" in done.stderr
        assert not [secret for secret in SECRETS if secret in (done.stdout + done.stderr).replace(str(place), "")]


def test_the_wrong_encoding_rejects_lines_or_the_file_and_never_reads_rubbish(place: Path) -> None:
    arabic = HEADER + GOOD.replace("voice", "صوت")
    account = bring(place, arabic.encode("cp1256"), expect=1)["files"][0]
    assert (account["records"], account["reasons"]) == (0, {"encoding": 1})
    error = bring(place, arabic.encode("utf-16"), expect=3, name="wide.csv")["error"]
    assert error["code"] == "file.encoding"


@pytest.mark.parametrize("profile", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_is_one_line_for_its_line_ends_is_said_to_be_so(place: Path, encoding: str, profile: bool) -> None:
    data = (HEADER + GOOD * 3).replace("\n", "\r").encode(encoding)
    error = bring(place, data, expect=3, profile=profile)["error"]
    assert error["code"] == "file.line-ends"
    assert not list((place / "store").glob("imports/*"))


def test_a_web_page_under_the_name_of_a_spreadsheet_is_said_to_be_one(place: Path) -> None:
    for data in ("<html><body><table>", "\ufeff \n<!DOCTYPE html>\n<html>", '<TABLE border="1">\n'):
        error = bring(place, data, expect=3, profile=False, name="calls.xls")["error"]
        assert (error["code"], "web page" in error["what"]) == ("file.not-text", True)


def test_an_unknown_format_is_said_to_be_one(place: Path) -> None:
    error = bring(place, "Dear colleague,\nplease find the records attached.\n", expect=3, profile=False)["error"]
    assert error["code"] in {"file.no-columns", "file.no-records", "layout.questions"}
    assert not (place / "store").exists()


def test_a_spreadsheet_named_csv_is_refused_with_and_without_a_profile(place: Path) -> None:
    with zipfile.ZipFile(place / "sheet.csv", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    data = (place / "sheet.csv").read_bytes()
    for profile in (True, False):
        error = bring(place, data, expect=3, profile=profile)["error"]
        assert error["code"] == "file.not-text"
        assert "Save the sheet as CSV" in error["mend"]


def test_numbers_that_a_spreadsheet_rounded_are_never_imported_as_numbers(place: Path) -> None:
    damaged = GOOD.replace("+9647901234567", "9.64790E+12")
    error = bring(place, HEADER.replace("start", "datetime") + damaged, expect=3, profile=False)["error"]
    assert error["code"] == "file.spreadsheet-damage"
    assert bring(place, HEADER + damaged, expect=3, name="known.csv")["error"]["code"] == "file.spreadsheet-damage"
    late = bring(place, HEADER + GOOD * 20_000 + damaged, expect=1, name="late.csv")["files"][0]
    assert late["parties"] == {"e164": 40_001, "unknown": 1}, "found behind what was looked at, it is still no number"


def test_folders_missing_files_and_pipes_are_named(place: Path) -> None:
    (place / "folder").mkdir()
    os.mkfifo(place / "pipe")
    for name, code in (("folder", "file.folder"), ("none.csv", "file.missing"), ("pipe", "file.not-regular")):
        error = run_json("import", place / name, "--store", place / "store", expect=3)["error"]
        assert (error["code"], error["where"]) == (code, str(place / name))


def test_a_file_that_may_not_be_read_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sample.os, "open", refuse)
    with pytest.raises(InputError) as caught:
        sample.read_sample(place / "calls.csv")
    assert caught.value.code == "file.permission"


def test_one_bad_file_of_several_leaves_the_store_as_it_was(place: Path) -> None:
    bring(place, HEADER + GOOD)
    before = state(place / "store")
    (place / "other.csv").write_text(HEADER + GOOD.replace("60", "61"))
    (place / "wrong.csv").write_text("x,y\n1,2\n")
    files = [place / "other.csv", place / "wrong.csv"]
    run("import", *files, "--store", place / "store", "--profile", place / "bad.toml", expect=3)
    assert state(place / "store") == before


def test_a_file_that_changes_while_it_is_read_is_not_imported(place: Path) -> None:
    bring(place, HEADER + GOOD)
    before = state(place / "store")
    growing = place / "growing.csv"
    growing.write_text(HEADER + GOOD * 20_000)
    done = threading.Event()

    def write() -> None:
        with growing.open("a") as file:
            while not done.wait(0.002):
                file.write(GOOD)
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        how = ["--store", place / "store", "--profile", place / "bad.toml"]
        error = run_json("import", growing, *how, expect=3)["error"]
    finally:
        done.set()
        writer.join()
    assert error["code"] == "file.changed"
    assert state(place / "store") == before


def test_two_imports_at_once_do_not_write_over_each_other(place: Path) -> None:
    bring(place, HEADER + GOOD)
    before = state(place / "store")
    descriptor = os.open(place / "store" / "lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert bring(place, HEADER + GOOD * 2, expect=6, name="second.csv")["error"]["code"] == "store.busy"
        assert state(place / "store") == before
    finally:
        os.close(descriptor)
    assert bring(place, HEADER + GOOD * 2, name="second.csv")["files"][0]["records"] == 2


def test_a_disk_that_is_full_leaves_the_store_as_it_was_and_the_next_call_works(place: Path) -> None:
    """A limit on the size of files stands for the full disk: the write fails in the middle either way."""
    bring(place, HEADER + GOOD)
    before = state(place / "store")
    big = place / "big.csv"
    big.write_text(HEADER + "".join(GOOD.replace("12345", f"{n:05}") for n in range(30_000)))
    command = [sys.executable, "-m", "clew.cli", "import", str(big), "--store", str(place / "store")]
    limited = f'ulimit -f 64; exec "$@" --profile "{place / "bad.toml"}"'
    done = subprocess.run(
        ["bash", "-c", limited, "-", *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 6, done.stderr
    assert "store." in done.stderr
    named = {name: data for name, data in state(place / "store").items() if name in before}
    assert named == before
    how = ["--store", place / "store", "--profile", place / "bad.toml"]
    assert run_json("import", big, *how)["files"][0]["records"] == 30_000


def test_nothing_that_is_said_to_be_wrong_holds_a_number(place: Path) -> None:
    done = run("import", place / "calls.csv", "--store", place / "store", expect=3)
    assert "Traceback" not in done.stderr
    (place / "calls.csv").write_text(
        "07901234567,07712345678,03/04/2026 10:00\n07901234567,07712345678,03/04/2026 10:01\n"
    )
    done = run("import", place / "calls.csv", "--store", place / "store", expect=3)
    assert "07901234567" not in done.stderr
    assert "07712345678" not in done.stderr


def test_a_profile_for_another_file_is_an_error_and_not_an_empty_store(place: Path) -> None:
    (place / "calls.csv").write_text(HEADER + GOOD)
    error = run_json("import", place / "calls.csv", "--store", place / "s", "--profile", "vast2008", expect=3)["error"]
    assert error["code"] == "profile.column-missing"
    error = run_json("import", place / "calls.csv", "--store", place / "s", "--profile", "vast2080", expect=3)["error"]
    assert error["code"] == "profile.not-found"
    assert "vast2008" in error["mend"]


def test_what_cannot_be_read_is_an_error_of_the_file_and_not_of_the_command_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told to a program as JSON, with exit code 3; an owner's permissions do not stop root, so they are feigned."""
    from clew.cli import main

    (place / "calls.csv").write_text(HEADER + GOOD)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(sample.os, "open", refuse)
    command = ["clew", "import", str(place / "calls.csv"), "--store", str(place / "store"), "--json"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "file.permission"


def test_a_folder_is_an_error_of_the_file_too(place: Path) -> None:
    for how in (["--profile", place / "bad.toml"], []):
        error = run_json("import", place, "--store", place / "store", *how, expect=3)["error"]
        assert error["code"] == "file.folder"
    for name in ("folder.toml", "x" * 300):
        (place / "folder.toml").mkdir(exist_ok=True)
        error = run_json("import", place, "--store", place / "store", "--profile", place / name, expect=3)["error"]
        assert error["code"] in ("profile.unreadable", "profile.not-found")


def test_a_wrong_answer_is_told_before_anything_is_asked(place: Path) -> None:
    (place / "calls.csv").write_text("from,to,start,length\n0612345678,0145678901,2026-03-02 10:00,60\n")
    for wrong in (["--zone", "07901234567"], ["--set", "duration.unit=07901234567"], ["--country", "07901234567"]):
        done = run("import", place / "calls.csv", "--store", place / "store", *wrong, expect=3)
        assert "profile.value" in done.stderr
        assert "07901234567" not in done.stderr + done.stdout


def test_what_is_to_be_said_stands_on_lines_of_its_own(place: Path) -> None:
    (place / "calls.csv").write_text("from,to,start,length\n0612345678,0145678901,2026-03-02 10:00,60\n")
    done = run("import", place / "calls.csv", "--store", place / "store", expect=3)
    assert {"  --country CC", "  --zone ZONE", "  --operator NAME"} <= set(done.stderr.splitlines())
    assert all(line == line.rstrip() for line in done.stdout.splitlines())


FRENCH = "Numéro appelant;Numéro appelé;début;durée (s)\n0612345678;0145678901;2026-03-02 10:00;60\n"


@pytest.fixture
def french(place: Path) -> Path:
    """A profile that reads windows-1252, made by importing such a file."""
    path = place / "french.csv"
    path.write_bytes(FRENCH.encode("cp1252"))
    how = ["--operator", "orange", "--zone", "Europe/Paris", "--country", "FR", "--save-profile", place / "french.toml"]
    run("import", path, "--store", place / "first", *how, "--set", "file.encoding=windows-1252")
    return place / "french.toml"


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-16-le", "\ufeff", "UTF-16"),
        ("utf-16-be", "\ufeff", "UTF-16"),
        ("utf-16-le", "", "UTF-16-LE"),
        ("utf-8", "\ufeff", "UTF-8"),
        ("utf-8", "", "UTF-8"),
    ],
)
def test_another_encoding_is_named_and_nothing_of_the_wrong_letters_is_printed(
    place: Path, french: Path, encoding: str, mark: str, name: str
) -> None:
    (place / "copy.csv").write_bytes((mark + FRENCH).encode(encoding))
    error = run_json("import", place / "copy.csv", "--store", place / "store", "--profile", french, expect=3)["error"]
    assert error["code"] == "file.encoding"
    assert error["what"] == f"the file is {name}, and the profile says windows-1252"
    assert f'encoding = "{name.lower()}"' in error["mend"]
    assert not (place / "store").exists()


def test_a_mark_of_another_encoding_than_was_said_is_told(place: Path) -> None:
    (place / "copy.csv").write_bytes(FRENCH.encode("utf-16"))
    how = ["--set", "file.encoding=windows-1252"]
    error = run_json("import", place / "copy.csv", "--store", place / "store", *how, expect=3)["error"]
    assert error["code"] == "file.encoding"


def test_no_control_character_of_a_file_reaches_the_terminal(place: Path) -> None:
    header = "fr\x1b[31mom;to\x9b2J;start;seconds\x07\n"
    (place / "calls.csv").write_bytes((header + "0612345678;0145678901;2026-03-02 10:00;60\n").encode())
    how = ["import", place / "calls.csv", "--store", place / "store"]
    for more in ([], ["--profile", place / "bad.toml"], ["--set", "a.column=x"], ["--json"]):
        done = run(*how, *more, expect=3)
        assert not {"\x1b", "\x9b", "\x07"} & set(done.stdout + done.stderr)
