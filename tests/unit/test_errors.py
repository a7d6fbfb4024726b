"""Errors say what, where and how to mend it; exit codes follow from whose fault it is."""

from __future__ import annotations

import json

import click
import pytest

from clew.cli import commands
from clew.cli.main import main
from clew.errors import ClewError, InputError, PeerError, Refused, StorageError, UsageError

EXITS = {UsageError: 2, InputError: 3, Refused: 4, PeerError: 5, StorageError: 6}


@pytest.mark.parametrize(("kind", "code"), EXITS.items())
def test_exit_code_follows_the_class(
    kind: type[ClewError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise kind("some.code", "something is wrong", where="file.csv, line 3", mend="Mend it.")

    monkeypatch.setattr(commands, "cli", click.Command("clew", callback=fail))
    monkeypatch.setattr("sys.argv", ["clew"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == code
    assert capsys.readouterr().err == "clew: file.csv, line 3: something is wrong [some.code] Mend it.\n"


def test_a_bug_ends_with_70_and_shows_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise KeyError("+9647901234567")

    monkeypatch.setattr(commands, "cli", click.Command("clew", callback=fail))
    monkeypatch.setattr("sys.argv", ["clew"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 70
    error = capsys.readouterr().err
    assert "KeyError" in error
    assert "9647901234567" not in error
    assert "test_errors.py" in error


def test_a_usage_error_is_json_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["clew", "trace", "--json"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_a_file_named_after_a_number_shows_none_in_its_error() -> None:
    """Harm stopped: a target's number in a terminal, a bug report or the log of a build."""
    error = InputError("some.code", "it holds 1234567 bytes", where="in/+9647901234567_٠٧٩٠١٢٣٤.csv, line 123456")
    shown = "in/+…_….csv, line 123456"
    assert str(error) == f"{shown}: it holds 1234567 bytes [some.code]"
    assert error.as_json()["where"] == shown
