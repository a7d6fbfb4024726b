"""Sentences said in three languages: plural forms, values in the language's form, nothing that can be turned round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.words import report_sentences as words
from clew.words.isolation import isolate, isolate_text
from clew.words.sentences import Sentence
from clew.words.speaker import Language, Speaker

AR, FR, EN = Speaker(Language.AR), Speaker(Language.FR), Speaker(Language.EN)
CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "لا يقع أي رقم"),
        (1, "يقع رقم واحد"),
        (2, "يقع رقمان"),
        (3, "تقع \u2066٣\u2069 أرقام"),
        (10, "تقع \u2066١٠\u2069 أرقام"),
        (11, "يقع \u2066١١\u2069 رقمًا"),
        (99, "يقع \u2066٩٩\u2069 رقمًا"),
        (100, "يقع \u2066١٠٠\u2069 رقم"),
        (103, "تقع \u2066١٠٣\u2069 أرقام"),
        (2350, "يقع \u2066٢٬٣٥٠\u2069 رقم"),
    ],
)
def test_arabic_has_six_plural_forms(count: int, said: str) -> None:
    assert AR.say(words.BOUND_INTRO, n=count).startswith(said)


def test_french_counts_none_as_one() -> None:
    assert FR.say(words.BOUND_INTRO, n=0).startswith("0 numéro se trouve")
    assert FR.say(words.BOUND_INTRO, n=1).startswith("1 numéro se trouve")
    assert FR.say(words.BOUND_INTRO, n=2350).startswith("2\u202f350 numéros se trouvent")
    assert FR.say(words.BOUND_INTRO, n=1_000_000).startswith("1\u202f000\u202f000 numéros se trouvent")


def test_english_counts_none_as_many() -> None:
    assert EN.say(words.BOUND_INTRO, n=0).startswith("0 numbers lie")
    assert EN.say(words.BOUND_INTRO, n=1).startswith("1 number lies")


def test_identifiers_keep_their_ascii_digits_in_arabic() -> None:
    said = AR.say(words.RECORDS_BEHIND, records={"numbers": ["1:7", "1:1204"], "more": 12})
    assert "\u20661:7\u2069، \u20661:1204\u2069" in said
    assert "\u2066١٢\u2069" in said


@pytest.mark.parametrize(
    ("value", "ar", "fr", "en"),
    [
        (12345, "\u2066١٢٬٣٤٥\u2069", "12\u202f345", "12,345"),
        ({"decimal": 2.54}, "\u2066٢٫٥\u2069", "2,5", "2.5"),
        ({"share": 0.834}, "\u2066٨٣\u2069٪", "83\u202f%", "83%"),
        ({"number": "+9647901234567"}, "\u2066+9647901234567\u2069", "+9647901234567", "+9647901234567"),
        (
            {"moment": "2026-03-02T10:00:00Z"},
            "\u20662026-03-02 10:00:00 UTC\u2069",
        )
        + ("2026-03-02 10:00:00 UTC",) * 2,
        ({"seconds": 3723}, "\u20661:02:03\u2069", "1:02:03", "1:02:03"),
        ({"numbers": ["+1", "+2"], "more": 0}, "\u2066+1\u2069، \u2066+2\u2069", "+1, +2", "+1, +2"),
        ({"numbers": ["+1"], "more": 3}, "\u2066+1\u2069 و\u2066٣\u2069 أخرى", "+1 et 3 autres", "+1 and 3 more"),
        ({"word": "weak"}, "ضعيف", "faible", "weak"),
    ],
)
def test_values_take_the_form_of_the_language(value: Any, ar: str, fr: str, en: str) -> None:
    assert [AR.value(value), FR.value(value), EN.value(value)] == [ar, fr, en]


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (0.0004, "<1%"), (0.0051, "1%"), (0.5, "50%"), (0.994, "99%"), (0.9999, ">99%"), (1.0, "100%")],
)
def test_a_share_never_rounds_to_none_or_all(share: float, shown: str) -> None:
    assert EN.percent(share) == shown
    assert AR.percent(share) == f"\u2066{shown[:-1].translate(str.maketrans('0123456789', '٠١٢٣٤٥٦٧٨٩'))}\u2069٪"


def test_moments_are_shown_in_utc() -> None:
    east = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=3)))
    assert EN.moment(east) == "2026-03-01 22:00:00 UTC"
    assert EN.moment(datetime(2026, 3, 2, tzinfo=UTC)) == "2026-03-02 00:00:00 UTC"


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        EN.moment("2026-03-02T10:00:00")


@pytest.mark.parametrize("value", [True, 2.5, "text", None, {"unknown": 1}, {"numbers": "+1"}, {"number": 5}])
def test_a_value_of_no_known_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="value"):
        EN.value(value)


def test_a_value_too_few_or_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="given"):
        EN.say(words.BOUND_INTRO)
    with pytest.raises(ValueError, match="given"):
        EN.say(words.TITLE, n=1)


def test_a_sentence_without_translation_is_refused_not_shown_in_english() -> None:
    with pytest.raises(LookupError):
        AR.say(Sentence("Nobody translated this."))
    with pytest.raises(KeyError):
        EN.say("Nobody wrote this down.")


@given(st.text())
def test_nothing_inside_an_isolate_can_close_it(text: str) -> None:
    for whole in (isolate(text), isolate_text(text)):
        depth = 0
        for place, character in enumerate(whole):
            depth += (character in "\u2066\u2068") - (character == "\u2069")
            assert depth > 0 or place == len(whole) - 1
        assert depth == 0


@given(st.text(alphabet=CONTROLS + "ab1+"))
def test_direction_marks_of_the_text_are_taken_out(text: str) -> None:
    inner = isolate(text)[1:-1]
    assert inner == "".join(character for character in text if character not in CONTROLS)


@given(st.text(alphabet="كتاب 0123456789+-:/."))
def test_every_digit_of_a_free_text_stands_in_a_left_to_right_isolate(text: str) -> None:
    depth = 0
    for character in isolate_text(text)[1:-1]:
        depth += (character == "\u2066") - (character == "\u2069")
        assert depth == 1 or not character.isdigit()
