"""``clew doctor`` says that a sound installation is sound, and ends loudly where something is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clew import _core
from clew.audit.log import Entry, FileLog
from clew.case.folder import CaseFolder
from clew.cli import doctor_checks as checks
from clew.cli import main as command_line
from clew.effects import system_clock
from clew.errors import Refused
from clew.joint import group, selftest
from clew.records.importer import import_files
from clew.records.profile_file import parse_profile
from tests.command import run, run_json
from tests.group_run import using
from tests.profile_text import profile_text

PROFILE = profile_text("small", kinds=()).encode()
LINE = "from,to,start\n+9647901234567,+33612345678,2026-03-02T10:11:12\n"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "calls.csv").write_text(LINE)
    import_files(tmp_path / "store", [(tmp_path / "calls.csv", parse_profile(PROFILE))], clock=system_clock)
    return tmp_path / "store"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    made = CaseFolder.create(tmp_path / "case")
    FileLog(made.log_path, system_clock).commit(Entry("case.begun", {"words": "a b"}))
    return tmp_path / "case"


def in_process(*arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and output of a command that runs here, where a fault can be put in."""
    monkeypatch.setattr("sys.argv", ["clew", *arguments])
    with pytest.raises(SystemExit) as stop:
        command_line.main()
    assert isinstance(stop.value.code, int)
    return stop.value.code, capsys.readouterr().out


def by_area(document: Any, area: str) -> list[Any]:
    return [finding for finding in document["findings"] if finding["area"] == area]


def test_a_sound_installation_is_sound(store: Path, case: Path) -> None:
    document = run_json("doctor", "--store", store, "--case", case)
    assert document["sound"] is True
    assert {finding["state"] for finding in document["findings"]} <= {"sound", "note"}
    backends = {found["backend"]: found for found in by_area(document, "arithmetic")}
    assert set(backends) == {"ifma", "avx2", "portable"}
    assert [name for name in backends if backends[name]["available"]] == _core.backends()
    for name in _core.backends():
        assert backends[name]["in_use"] == (name == _core.backends()[0])
        assert backends[name]["checks"] >= 58
        assert backends[name]["wrong"] == []
        assert backends[name]["multiplications_per_second"] > 100
    (software,) = by_area(document, "software")
    assert software["clew"] == software["core"]
    assert by_area(document, "numbers")[0]["metadata"] == _core.NUMBER_METADATA
    assert by_area(document, "store")[0]["records"] == 1
    assert by_area(document, "case")[0]["log_entries"] == 1


def test_the_text_names_the_backend_in_use_and_nothing_of_the_records(store: Path) -> None:
    done = run("doctor", "--store", store, environment={"CLEW_BACKEND": "portable"})
    assert "portable, in use" in done.stdout
    assert done.stdout.endswith("Everything is sound.\n")
    assert "12345" not in done.stdout + done.stderr


def test_a_backend_that_cannot_be_used_is_said_and_the_others_are_still_tested() -> None:
    done = run("doctor", "--case", "none", expect=2, environment={"CLEW_BACKEND": "neon"})
    assert "[group.backend]" in done.stdout
    assert "CLEW_BACKEND=neon: " in done.stdout
    assert f"has: {', '.join(_core.backends())}." in done.stdout
    assert done.stdout.count("known values right") == len(_core.backends())
    assert "[case.missing]" in done.stdout
    assert "2 things of" in done.stdout


@pytest.mark.parametrize("backend", _core.backends())
def test_a_backend_that_computes_one_bit_wrong_is_found(
    backend: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Harm stopped: a processor or a build with a fault makes keys and proofs that are worth nothing."""
    right = group.multiply

    def wrong(points: Any, scalars: Any) -> Any:
        found = right(points, scalars)
        if group.backend() != backend or len(found) < 100:
            return found
        found = found.copy()
        found[77, 31] ^= 1
        return found

    monkeypatch.setattr(group, "multiply", wrong)
    code, output = in_process("doctor", "--json", monkeypatch=monkeypatch, capsys=capsys)
    document = json.loads(output)
    assert code == 70
    assert document["sound"] is False
    bad = [found for found in by_area(document, "arithmetic") if found["state"] == "wrong"]
    assert [found["backend"] for found in bad] == [backend]
    assert bad[0]["error"]["code"] == "doctor.self-test"
    assert bad[0]["wrong"]
    assert group.backend() == _core.backends()[0], "the choice is what it was before"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hash_to_group", lambda found: np.roll(found, 1, axis=0)),
        ("multiply_base", lambda found: found[::-1]),
        ("check_points", lambda found: found),
    ],
)
def test_the_self_test_fails_for_every_operation_that_is_wrong(
    name: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(group, name)
    monkeypatch.setattr(group, name, lambda *given: None if name == "check_points" else change(right(*given)))
    with using("portable"):
        assert not all(selftest.self_test().values())


def test_others_rights_in_a_store_are_found(store: Path) -> None:
    """Harm stopped: everybody on the machine reads the records, and nobody notices."""
    (store / "store.json").chmod(0o644)
    errors = [finding.error for finding in checks.store(store) if finding.error]
    assert [error.code for error in errors] == ["doctor.permissions"]
    assert errors[0].exit_code == 6


def test_a_case_that_was_altered_or_is_ahead_of_the_clock_is_found(case: Path) -> None:
    past = datetime(2026, 2, 1, tzinfo=UTC)
    behind = [finding.error for finding in checks.case(case, lambda: past) if finding.error]
    assert [(error.code, error.exit_code) for error in behind] == [("doctor.clock-behind", 4)]
    log = case / "log" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"a b", b"a c"))
    found = list(checks.found("case", lambda: checks.case(case, system_clock)))
    assert [finding.error.code for finding in found if finding.error] == ["log.broken"]


def test_a_clock_before_clew_was_written_is_wrong() -> None:
    """Harm stopped: warrants are judged by the day that a machine with an empty battery starts with."""
    long_ago = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=1)
    (error,) = (finding.error for finding in checks.clock(lambda: long_ago) if finding.error)
    assert isinstance(error, Refused)
    assert (error.code, error.exit_code) == ("doctor.clock", 4), "a wrong clock is no bug in Clew"


def test_what_is_not_there_is_said_and_the_rest_still_looked_at(tmp_path: Path) -> None:
    found = list(checks.found("case", lambda: checks.case(tmp_path / "none", system_clock)))
    assert [finding.error.code for finding in found if finding.error] == ["case.missing"]
