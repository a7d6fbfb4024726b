"""``clew records``: what a store tells of its imports, of one that did not end, and of one that it has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import run, run_json
from tests.profile_text import profile_text

HEADER = "from,to,start,seconds,kind\n"
GOOD = "+9647901234567,+33612345678,2026-03-02 10:00:00,60,voice\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of one file."""
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "home"))
    (tmp_path / "profile.toml").write_text(profile_text("plain"))
    (tmp_path / "calls.csv").write_text(HEADER + GOOD)
    run("import", tmp_path / "calls.csv", "--store", tmp_path / "store", "--profile", tmp_path / "profile.toml")
    return tmp_path / "store"


def test_an_import_that_was_killed_is_told_wherever_the_imports_are_looked_at(store: Path) -> None:
    """Harm stopped: after a crash somebody takes what is there for everything that was sent."""
    (store / "imports" / "2").mkdir()
    (store / "imports" / "2" / "records.parquet").write_bytes(b"half")
    for look in ("account", "check"):
        assert run_json("records", look, "--store", store)["interrupted"] == ["imports/2"]
        text = run("records", look, "--store", store).stdout
        assert "left by an interrupted import, no part of the store: imports/2" in text


def test_an_import_that_is_not_there_is_refused_without_its_number_and_with_the_way_to_the_list(store: Path) -> None:
    for look in ("account", "rejects"):
        for number in ("99", "790123456", "9647901234567"):
            done = run("records", look, "--store", store, "--import", number, expect=3)
            assert "store.no-import" in done.stderr
            assert "clew records check lists the imports." in done.stderr
            assert number not in done.stderr.replace(str(store), "")


def test_an_error_while_a_file_is_looked_at_names_the_file(store: Path) -> None:
    file, profile = store.with_name("other.csv"), store.with_name("profile.toml")
    file.write_text(HEADER.replace("from", "caller") + GOOD)
    error = run_json("import", file, "--store", store, "--look", "--profile", profile, expect=3)["error"]
    assert (error["code"], error["where"]) == ("profile.column-missing", str(file))


@pytest.mark.parametrize(
    "said", [("--operator", "za\udce3"), ("--set", "kind.words.\udce3=voice"), ("--operator", "za\tin")]
)
def test_a_word_that_cannot_be_stored_is_refused_with_a_way_out(store: Path, said: tuple[str, str]) -> None:
    file = store.with_name("calls.csv")
    rest = ["--zone", "UTC", "--set", "duration.unit=s", *(() if "--operator" in said else ("--operator", "zain"))]
    error = run_json("import", file, "--store", store, *rest, *said, expect=3)["error"]
    assert error["code"] == "profile.value"
    assert error["mend"]
