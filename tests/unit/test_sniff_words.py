"""Words for directions and kinds that a file has and nobody knows: asked for, never read as something else."""

from __future__ import annotations

from typing import Any

import pytest

from clew.errors import InputError
from clew.records.draft import Draft
from clew.records.settings import check_settings, parse_settings
from clew.records.sniff import sniff
from clew.records.sniff_numbers import is_number_like, look_at_numbers
from clew.records.words import direction_of, kind_of
from tests.unit.test_sniff import ANSWERS, HEAD, keys, look, sample

HEADER = "{},{},{},datetime,duration (s)\n"
LINE = "+9647901234567,{},+964771123456{},2026-03-25 12:30,5\n"


def lines(*words: str, header: tuple[str, str, str] = ("Subscriber", "Direction", "Other Number")) -> str:
    """Lines of one subscriber, in which each word stands twice."""
    return HEADER.format(*header) + "".join(LINE.format(word, place) for word in words for place in (1, 2))


def options(draft: Draft) -> list[str]:
    return [question.option for question in draft.questions]


# Directions


@pytest.mark.parametrize("words", [("1", "2"), ("0", "1"), ("S", "E"), ("->", "<-"), ("ص", "و"), ("X", "Y")])
def test_unknown_words_for_directions_never_make_incoming_calls_outgoing(words: tuple[str, str]) -> None:
    draft = look(lines(*words))
    assert options(draft) == ["--set direction.outgoing=WORDS", "--set direction.incoming=WORDS"]
    assert f"{words[0]!r} 2" in draft.questions[0].text
    half = look(lines(*words), **{"direction.outgoing": words[0]})
    assert keys(half) == {"direction.incoming"}
    assert half.questions[0].choices == (words[1],)
    rule = look(lines(*words), **{"direction.outgoing": words[0], "direction.incoming": words[1]}).profile().direction
    assert rule is not None
    assert (rule.outgoing, rule.incoming) == ((words[0],), (words[1],))


def test_the_likely_reading_is_offered_and_not_taken() -> None:
    draft = look(lines("E", "S"))
    assert "Often that is 'S'" in draft.questions[0].text
    assert "direction" not in draft.document


def test_one_known_way_does_not_settle_the_word_beside_it() -> None:
    draft = look(lines("O", "T"))
    assert keys(draft) == {"direction.incoming"}
    assert draft.questions[0].choices == ("T",)


def test_lines_of_a_subscriber_that_only_begin_outgoing_keep_the_rule() -> None:
    """The next file, or what stands behind the sample, may be incoming: it is rejected then, and never outgoing."""
    for word, ways in (("Outgoing", (("Outgoing",), ("incoming",))), ("Incoming", (("outgoing",), ("Incoming",)))):
        rule = look(lines(word)).profile().direction
        assert rule is not None
        assert (rule.outgoing, rule.incoming) == ways


def test_a_named_word_does_not_push_the_known_ones_out() -> None:
    rule = look(lines("In", "Out", "X"), **{"direction.incoming": "X"}).profile().direction
    assert rule is not None
    assert (rule.outgoing, rule.incoming) == (("Out",), ("In", "X"))


@pytest.mark.parametrize("word", ["X", "Out", "none"])
def test_a_word_that_was_named_for_both_ways_is_refused_and_neither_asked_again_nor_taken_for_one(word: str) -> None:
    with pytest.raises(InputError, match="both outgoing and incoming"):
        look(lines("In", "Out", "X"), **{"direction.outgoing": word, "direction.incoming": word})


def test_a_word_without_direction_beside_known_ones_is_named() -> None:
    draft = look(lines("In", "Out", "X"))
    assert keys(draft) == set()
    assert any("'X' 2" in note and "rejected" in note for note in draft.notes)


def test_a_subscriber_and_another_number_without_a_direction_are_not_caller_and_called() -> None:
    text = "Subscriber,Other Number,datetime,duration (s)\n+9647901234567,+9647711234567,2026-03-25 12:30,5\n"
    assert options(look(text)) == ["--set direction=outgoing|incoming"]
    out, back = look(text, direction="outgoing").profile(), look(text, direction="incoming").profile()
    assert (out.a.column, out.b.column) == ("Subscriber", "Other Number")
    assert (back.a.column, back.b.column) == ("Other Number", "Subscriber")
    assert "direction" in keys(look(text, direction="turn"))


@pytest.mark.parametrize("header", ["Mode", "المسار"])
def test_a_column_that_may_say_the_direction_is_asked_for(header: str) -> None:
    text = lines("->", "<-", header=("Phone", header, "Contact"))
    draft = look(text)
    assert keys(draft) == {"direction.column"}
    assert draft.questions[0].choices == (header, "none")
    assert keys(look(text, **{"direction.column": header})) == {"direction.outgoing", "direction.incoming"}
    assert keys(look(text, **{"direction.column": "none"})) == {"direction"}
    assert keys(look(text, **{"direction.column": "none"}, direction="outgoing")) == set()
    assert keys(look(text, direction="incoming")) == set()


def test_caller_and_called_with_unknown_words_are_asked_about_once() -> None:
    text = lines("1", "2", header=("Caller", "Direction", "Called"))
    assert keys(look(text)) == {"direction"}
    assert keys(look(text, direction="keep")) == set()
    assert keys(look(text, direction="turn")) == {"direction.outgoing", "direction.incoming"}


@pytest.mark.parametrize(
    ("word", "kind", "way"),
    [
        ("Voix sortante", 1, "outgoing"),
        ("Voix entrante", 1, "incoming"),
        ("MO Call", 1, "outgoing"),
        ("SMS received", 2, "incoming"),
        ("Sort.", None, "outgoing"),
        ("TERM", None, "incoming"),
        ("Made", None, "outgoing"),
        ("مستلم", None, "incoming"),
        ("اتصال وارد", 1, "incoming"),
        ("Missed incoming call", 3, "incoming"),
        ("outgoing missed", 3, "outgoing"),
        # A kind that hides in the word for the direction, or a word that nobody knows: nothing is read.
        ("incoming sms rejected", None, None),
        ("voice mail in", None, None),
    ],
)
def test_a_kind_beside_a_direction_says_both(word: str, kind: int | None, way: str | None) -> None:
    assert (kind_of(word), direction_of(word)) == (kind, way)


# Kinds


def test_a_file_whose_kinds_nobody_knows_is_not_imported_as_no_contacts() -> None:
    text = lines("Outgoing", "Incoming").replace("duration (s)", "duration (s),Type").replace(",5\n", ",5,TEC one\n")
    draft = look(text)
    assert options(draft) == ["--set 'kind.words.TEC one'=KIND"]
    assert "4 of the first 4" in draft.questions[0].text
    answered = look(text, **{"kind.words.TEC one": "unknown"}).profile()
    assert answered.kind.words == {"TEC one": 0}


def test_a_person_is_asked_for_every_unknown_word_and_a_script_told_of_it() -> None:
    text = lines("Outgoing").replace("duration (s)", "duration (s),Type")
    text = text.replace(",5\n", ",5,call\n", 1).replace(",5\n", ",5,TEC\n")
    told = look(text)
    assert keys(told) == set()
    assert any("1 words of column 'Type' are not known" in note for note in told.notes)
    asked = sniff(sample(text), ANSWERS, asking=True)
    assert keys(asked) == {"kind.words.TEC"}


def test_a_word_that_may_be_a_number_is_not_asked_about() -> None:
    text = lines("Outgoing").replace("duration (s)", "duration (s),Type").replace(",5\n", ",5,07901234567\n")
    assert not any("0790" in option for option in options(look(text)))


# Durations, footers, headers


def durations(*cells: str, **answers: Any) -> Draft:
    line = "+9647901234567,+9647711234567,2026-03-25 12:30,{}\n"
    return look("from,to,datetime,duration\n" + "".join(line.format(cell) for cell in cells), **answers)


@pytest.mark.parametrize("cells", [("5 sec", "7 sec"), ("3m 4s", "0m 9s"), ("٣ د ٤ ث",), ("1 h 02 min",)])
def test_durations_that_name_their_unit_are_read(cells: tuple[str, ...]) -> None:
    draft = durations(*cells)
    assert draft.document["duration"]["unit"] == "s"
    assert keys(draft) | set(draft.notes) == set()


def test_durations_that_would_all_be_lost_are_asked_about() -> None:
    line = "from,to,datetime,duration (s)\n" + "+9647901234567,+9647711234567,2026-03-25 12:30,0:05:00\n" * 3
    assert keys(look(line)) == {"duration.unit"}
    assert keys(look(line, **{"duration.unit": "h:m:s"})) == set()
    kept = look(line, **{"duration.unit": "s"})
    assert any("3 of the first 3 durations cannot be read" in note for note in kept.notes)


def test_a_footers_figure_in_arabic_digits_is_compared_and_is_no_part_of_the_prefix() -> None:
    line = "07901234567,07711234567,2026-03-25 12:30,5000\n"
    footer = look(HEAD + line * 3 + "المجموع: ٤١\n").profile().footer
    assert footer is not None
    assert (footer.prefix, footer.count) == ("المجموع: ", "([0-9]+)")


def test_the_sum_of_a_column_claims_no_records() -> None:
    line = "07901234567,07711234567,2026-03-25 12:30,5000\n"
    footer = look(HEAD + line * 12 + ",,Total,60000\n").profile().footer
    assert footer is not None
    assert footer.count is None
    counted = look(HEAD + line * 12 + "Total records,12,,\n").profile().footer
    assert counted is not None
    assert counted.count == "([0-9]+)"


def test_records_that_end_with_a_delimiter_have_the_headers_names() -> None:
    line = "07901234567,07711234567,2026-03-25 12:30,5000,\n"
    draft = look(HEAD + line * 3)
    assert keys(draft) == set()
    assert draft.columns.names == ("from", "to", "datetime", "duration (s)")
    filled = look(HEAD + line * 3 + line.replace(",\n", ",x\n"))
    assert filled.columns.names == ()


def test_numbers_wrapped_for_a_spreadsheet_are_numbers() -> None:
    assert is_number_like('="+33612345678"')
    assert look_at_numbers(['="+33612345678"', '="+33712345678"', "'+33612345679"]).form == "e164"


def test_a_column_of_days_out_of_a_spreadsheet_is_named() -> None:
    draft = look("from,to,start\n+9647901234567,+9647711234567,46082.125\n", **{"kind.constant": "voice"})
    assert "spreadsheet's numbers of days" in next(one.text for one in draft.questions if one.key == "start.format")


@pytest.mark.parametrize(
    "cell", ["01/03/2026 1:05:00 م", "13/03/2026 1:05:00 ص", "1 آذار 2026 10:05", "1 mars 2026 10:05"]
)
def test_times_in_arabic_and_french_words_are_told(cell: str) -> None:
    draft = look(f"from,to,start\n+9647901234567,+9647711234567,{cell}\n", **{"kind.constant": "voice"})
    formats = draft.document["start"].get("format") or draft.questions[0].choices
    assert formats


def test_equal_headers_are_chosen_by_position() -> None:
    text = "number,number,datetime\n07901234567,07711234567,2026-03-25 12:30\n"
    draft = look(text, **{"kind.constant": "voice"})
    assert draft.questions[0].choices == ("0", "1")


@pytest.mark.parametrize("header", ["رقم المشترك,الرقم الآخر", "Target Number,B Party", "رقم أ,رقم ب"])
def test_headers_of_two_parties_are_known(header: str) -> None:
    draft = look(header + ",datetime\n07901234567,07711234567,2026-03-25 12:30\n", **{"kind.constant": "voice"})
    assert (draft.document["a"]["column"], draft.document["b"]["column"]) == tuple(header.split(","))


def test_an_operator_that_is_a_number_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        look(lines("In", "Out"), operator="+9647901234567").profile()
    assert caught.value.code == "profile.value"
    assert "0790" not in str(caught.value)
    assert "964" not in str(caught.value)


def test_numbers_in_a_column_of_directions_are_not_repeated() -> None:
    """A note goes to the terminal's error stream, which holds no number."""
    draft = look(lines("In", "Out", "07901234567"))
    assert any("(other) 2" in note for note in draft.notes)
    assert "0790" not in "".join(draft.notes)
    assert "0790" not in str([one.as_json() for one in look(lines("07901234567")).questions])


def test_a_country_may_be_said_by_its_name() -> None:
    for name, code in (("Iraq", "IQ"), ("العراق", "IQ"), ("iq", "IQ"), ("Allemagne", "DE")):
        answer = parse_settings([f"country={name}"])
        check_settings(answer)
        assert answer == {"country": code}
    with pytest.raises(InputError):
        check_settings(parse_settings(["country=Mesopotamia"]))
