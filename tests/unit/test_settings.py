"""What a person says beforehand is looked at before any file is, and a number in its place is never said again."""

from __future__ import annotations

import pytest

from clew.errors import ClewError
from clew.records.settings import check_settings, parse_settings

NUMBER = "07901234567"


@pytest.mark.parametrize(
    "key",
    [
        "form", "a.form", "b.form", "country", "start.zone", "start.format", "start.calendar", "duration.unit",
        "direction", "kind.constant", "kind.words.call", "file.encoding",
    ],
)  # fmt: skip
def test_a_number_in_the_place_of_an_answer_is_refused_and_not_said_again(key: str) -> None:
    with pytest.raises(ClewError) as caught:
        check_settings({key: NUMBER})
    assert (caught.value.code, caught.value.where) == ("profile.value", key)
    assert NUMBER not in str(caught.value)


@pytest.mark.parametrize("text", [NUMBER, f"{NUMBER}=s", f"kind.words.{NUMBER}=07901234568", f"country{NUMBER}=IQ"])
def test_a_number_in_the_place_of_a_key_is_not_said_again(text: str) -> None:
    with pytest.raises(ClewError) as caught:
        check_settings(parse_settings([text]))
    assert "0790" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "form=national", "form=mixed:", "form=national:IQ", "a.form=opaque:study-1", "country=FR", "start.zone=+03:00",
        "start.format=%d/%m/%Y %H:%M", "start.calendar=umalqura", "duration.unit=h:m:s", "direction=turn",
        "kind.constant=message", "kind.words.MOC=out of scope", "file.encoding=windows-1256",
    ],
)  # fmt: skip
def test_what_can_be_right_is_taken(text: str) -> None:
    check_settings(parse_settings([text]))


def test_an_error_names_what_would_be_right() -> None:
    with pytest.raises(ClewError, match="Asia/Baghdad"):
        check_settings({"start.zone": "Asia/Bagdad"})
    with pytest.raises(ClewError, match="out of scope") as caught:
        check_settings({"kind.words.x": "calls"})
    assert "voice" in caught.value.mend
    with pytest.raises(ClewError) as caught:
        check_settings({"kind.constant": "out of scope"})
    assert "voice" in caught.value.mend
