"""Errors say what, where and how to mend it; exit codes follow from whose fault it is."""

from __future__ import annotations

import json
from time import process_time

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.cli import commands
from clew.cli.main import main
from clew.errors import ClewError, InputError, PeerError, Refused, StorageError, UsageError, without_numbers

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
    shown = "in/+….csv, line 123456"
    assert str(error) == f"{shown}: it holds 1234567 bytes [some.code]"
    assert error.as_json()["where"] == shown


NUMBERS = [
    "07901234567",
    "+9647901234567",
    "009647901234567",
    "٠٧٩٠١٢٣٤٥٦٧",
    "۰۷۹۰۱۲۳۴۵۶۷",
    "0790-123-4567",
    "0790 123 4567",
    "(0790) 123-4567",
    "+964 (790) 123.45.67",
    "0790_123_4567",
    "0790/1234567",
    "0790\u00a0123\u202f4567",
    "0790\u2011123\u20114567",
    "\u202a+964 790 123 4567\u202c",
    "06.12.34.56.78",
    "1234567",
    "12 34 56 7",
    "20261301",
    "18991231",
    "+20260301",
    "+(20260301",
    "20260301120000",
    "2026030112",
    "20260301 9999",
    "964 20260301",
    "32" * 20,
    "192.168.178.20",
]
"""What a person would know for a number, or could: whole, or masked whole."""

KEPT = [
    "calls_20260301.csv",
    "calls_01032026.csv",
    "calls-2026-03-01.csv",
    "calls_2026_03_01.csv",
    "calls 01.03.2026.csv",
    "٢٠٢٦٠٣٠١.csv",
    "in/2026/03/01/calls.csv",
    "calls_20260301_20260331.csv",
    "calls_20260301-120059.csv",
    "calls_20260301_002.csv",
    "calls_20260301 (2).csv",
    "2026-03-01T08:00:00.123456+03:00",
    "2026-03-01 08:00:00.123456789",
    "key da8918f18d1234567890123456789012345678901234567890d91a43689901ab",
    "warrants/7/12345678901234567890123456789012345678901234567890123456789012ab",
    "192.168.178.20:8443",
    "calls.csv, line 1234567",
    "1:4711",
    "123456",
    "1,234,567 bytes",
]


@pytest.mark.parametrize("around", ["{}", "in/{}.csv", "'{}x' is none", "{}: line", "n{}m"])
@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_is_shown_however_it_is_written(number: str, around: str) -> None:
    """Harm stopped: a target's number on a screen, because it was grouped, or in Arabic digits."""
    shown = without_numbers(around.format(number))
    assert not any(sign.isdecimal() for sign in shown)
    assert "…" in shown


@pytest.mark.parametrize("text", KEPT)
def test_what_tells_files_keys_and_moments_apart_stays(text: str) -> None:
    """Harm stopped: thirty daily files of which one is bad, and an error that names none of them."""
    assert without_numbers(text) == text


def test_a_file_named_after_a_number_and_a_day_is_told_from_the_next_days() -> None:
    for day in ("20260301", "2026-03-01", "01_03_2026"):
        assert without_numbers(f"+9647901234567_{day}.csv") == f"+…_{day}.csv"
        assert without_numbers(f"{day}-07901234567.csv") == f"{day}-….csv"
    assert without_numbers("20260301 123456 20260302") == "20260301 …"


@given(st.from_regex(r"\+?[0-9]([ ()./_-]{0,2}[0-9]){8,14}", fullmatch=True), st.text("abcz:, ", max_size=5))
def test_a_grouped_number_never_stands_unless_it_is_written_as_a_day(number: str, beside: str) -> None:
    shown = without_numbers(f"{beside}{number}{beside}")
    if any(sign.isdecimal() for sign in shown):
        digits = [sign for sign in number if sign.isdecimal()]
        assert any(1990 <= int("".join(digits[at : at + 4])) <= 2099 for at in range(len(digits) - 3))
        assert not number.startswith("+")


@given(st.text("0123456789abcf-_. (:+٣\u202a", max_size=200))
def test_masking_what_was_masked_changes_nothing(text: str) -> None:
    assert without_numbers(without_numbers(text)) == without_numbers(text)


@pytest.mark.parametrize("part", ["1", "1 ", "f", "20260301_", "20260301  ", "12-", "1.1.", "f1g"])
def test_a_long_text_is_masked_in_time_proportional_to_its_length(part: str) -> None:
    began = process_time()
    without_numbers(part * 100_000)
    assert process_time() - began < 5
