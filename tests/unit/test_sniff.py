"""What is told from a file's beginning and what is asked: nothing that the bytes do not prove is taken for granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clew.errors import InputError
from clew.records.draft import Draft
from clew.records.sample import Sample, decide_delimiter, decide_encoding, read_sample
from clew.records.sniff import sniff
from clew.records.sniff_numbers import look_at_numbers, spreadsheet_damage
from clew.records.sniff_times import look_at_times
from clew.records.words import _words, column_role, direction_of, fold, kind_of

ANSWERS = {"operator": "zain", "start.zone": "Asia/Baghdad", "country": "IQ"}


def sample(data: bytes | str, encoding: str = "utf-8") -> Sample:
    data = data if isinstance(data, bytes) else data.encode(encoding)
    return Sample(Path("file.csv"), len(data), data, b"")


def look(data: bytes | str, encoding: str = "utf-8", **answers: Any) -> Draft:
    return sniff(sample(data, encoding), ANSWERS | answers)


def keys(draft: Draft) -> set[str]:
    return {question.key for question in draft.questions}


# Words


@pytest.mark.parametrize(
    ("role", "headers"),
    {
        "a": ["From", "Calling Number", "calling_party_number", "A-Number", "ANumber", "N° appelant", "الرقم المُتَّصِل"],
        "b": ["To", "CalledNumber", "B Number", "Numéro de l'appelé", "Destinataire", "رقم المتصل به", "الرقم المطلوب"],
        "start": ["Datetime", "StartTime", "Call Start", "Date/Heure", "Date et heure", "التاريخ والوقت"],
        "date": ["Date", "Call Date", "Date d'appel", "تاريخ المكالمة", "التاريخ"],
        "time": ["Time", "Heure", "الوقت", "الساعة"],
        "duration": ["Duration(seconds)", "Durée", "DUREE (s)", "Call Duration", "المدة", "مدة المكالمة", "billsec"],
        "kind": ["Type", "Call Type", "Type d'appel", "نوع المكالمة"],
        "direction": ["Direction", "Sens", "اتجاه المكالمة"],
        "imei": ["IMEI", "imei"],
        "imsi": ["IMSI"],
        "location": ["Cell Tower", "Cell ID", "First_Cell", "LAC", "Adresse antenne", "البرج", "موقع الخلية"],
        "content": ["Message", "SMS Text", "Texte", "Contenu du message", "نص الرسالة"],
        "traits": ["Caller Name", "Nationality", "Nom de l'abonné", "Date of Birth", "اسم المشترك", "الجنسية"],
        None: ["Charge", "Tariff class", "XYZ", "", "رصيد"],
    }.items(),
)  # fmt: skip
def test_headers_in_three_languages_are_known(role: str | None, headers: list[str]) -> None:
    assert {header: column_role(header) for header in headers} == dict.fromkeys(headers, role)


def test_no_word_has_two_meanings() -> None:
    for section in ("header", "holds", "kind", "direction", "unit"):
        seen: dict[str, str] = {}
        for meaning, words in _words()[section].items():
            for word in words:
                assert seen.setdefault(fold(word), meaning) == meaning, f"{section}: {word}"


def test_a_name_beside_a_number_is_a_trait_and_never_the_number() -> None:
    assert column_role("Called Party Name") == "traits"
    assert column_role("Calling Cell") == "location"


def test_words_of_kinds_and_directions() -> None:
    assert [kind_of(word) for word in ("SMS-MO", "Appel manqué", "مكالمة فائتة", "GPRS", "TEC")] == [
        2,
        3,
        3,
        "out of scope",
        None,
    ]
    assert [direction_of(word) for word in ("MTC", "Sortant", "واردة", "TEC")] == [
        "incoming",
        "outgoing",
        "incoming",
        None,
    ]


# Encoding and delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_told(encoding: str) -> None:
    data = "appelant;appelé;date\n0612345678;0145678901;25/03/2026 10:11\n".encode(encoding)
    name = decide_encoding(sample(data)).name
    assert name is not None
    assert data.decode(name).lstrip("\ufeff").startswith("appelant;appelé")


def test_windows_1256_and_1252_and_8859_6_are_told_apart() -> None:
    arabic = "الرقم المتصل;الرقم المطلوب;التاريخ;المدة\n0790;0791;1/2/2026;5\n"
    french = "numéro appelant;numéro appelé;durée;prénom\n0612;0613;5;Zoé\n"
    assert decide_encoding(sample(arabic, "cp1256")).name == "windows-1256"
    assert decide_encoding(sample(arabic, "iso-8859-6")).name == "iso-8859-6"
    assert decide_encoding(sample(french, "cp1252")).name == "windows-1252"


def test_an_encoding_that_the_bytes_leave_open_is_asked() -> None:
    draft = look(b"from,to,datetime,type\n0790,0791,2026-03-25 10:11,\xc7\xd5\n0790,0791,2026-03-25 10:12,\xe9\n")
    assert "file.encoding" in keys(draft)


def test_an_encoding_that_matters_to_nothing_kept_is_not_asked() -> None:
    draft = look(b"from,to,datetime,duration,text\n07901234567,07711234567,2026-03-25 10:11,5000,\xc7\xd5\n")
    assert "file.encoding" not in keys(draft)


def test_one_broken_letter_does_not_make_a_file_windows() -> None:
    data = ("متصل,مطلوب\n" * 40).encode() + b"\xff,1\n"
    assert decide_encoding(sample(data)).name == "utf-8"


def test_letters_far_behind_the_beginning_tell_the_encoding_too(tmp_path: Path) -> None:
    """A text message in Arabic after a million plain bytes must not make the whole file look like UTF-8."""
    line = "07901234567,07711234567,2026-03-25 12:30,5000,{}\n"
    plain = ("from,to,datetime,duration (s),text\n" + line.format("") * 20_000).encode()
    path = tmp_path / "long.csv"
    path.write_bytes(
        plain + (line.format("السلام على العراق و المدينة") * 3).encode("cp1256") + line.format("").encode() * 20_000
    )
    assert decide_encoding(read_sample(path)).name == "windows-1256"
    path.write_bytes(plain + (line.format("السلام") * 3).encode() + line.format("").encode() * 20_000)
    assert decide_encoding(read_sample(path)).name == "utf-8"


def test_one_accent_in_a_windows_file_is_not_utf_8() -> None:
    assert decide_encoding(sample(b"from,to,date\n1,2,\xe9\n")).name is None


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters_are_told(sign: str) -> None:
    text = (
        sign.join(("from", "to", "date", "duration"))
        + "\n"
        + sign.join(("0790", "0791", "1/2/2026 10:00", '"1,5"'))
        + "\n"
    )
    assert decide_delimiter(sample(text), "utf-8") == (sign, (sign,))


def test_semicolons_with_decimal_commas() -> None:
    text = "a;b;date;durée\n0790;0791;1/2/2026;12,5\n0790;0791;1/2/2026;3,5\n"
    assert decide_delimiter(sample(text), "utf-8")[0] == ";"


def test_lines_without_columns_are_refused_not_imported() -> None:
    with pytest.raises(InputError) as caught:
        look("This is a letter.\nIt holds no records.\n")
    assert caught.value.code == "file.no-columns"


# Times


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["2026-03-02 10:11:12", "2026-03-02T10:11:12+03:00"], {"iso"}),
        (["25/03/2026 10:11", "03/04/2026 12:30"], {"%d/%m/%Y %H:%M"}),
        (["3/25/2026 1:02 PM", "03/04/2026 12:30 AM"], {"%m/%d/%Y %I:%M %p"}),
        (["03/04/2026 12:30", "05/06/2026 12:31"], {"%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"}),
        (["20060601 0008"], {"%Y%m%d %H%M"}),
        (["20240927020503+0200"], {"%Y%m%d%H%M%S%z"}),
        (["2020/2/10 22:41"], {"%Y/%m/%d %H:%M"}),
        (["02-Mar-2026 10:00:00"], {"%d-%b-%Y %H:%M:%S"}),
        (["03.04.26 10:11"], {"%d.%m.%y %H:%M", "%m.%d.%y %H:%M", "%y.%m.%d %H:%M"}),
        (["1467676800"], {"epoch"}),
        (["1467676800123"], {"epoch-ms"}),
        (["٢٠٢٦-٠٣-٠٢ ١٠:١١"], {"iso"}),
        (["yesterday"], set()),
        ([], set()),
    ],
)
def test_times(cells: list[str], formats: set[str]) -> None:
    assert set(look_at_times(cells).formats) == formats


def test_a_few_broken_times_do_not_hide_the_format() -> None:
    assert look_at_times(["25/03/2026 10:11"] * 30 + ["99/99/9999 10:11", "x"]).formats == ("%d/%m/%Y %H:%M",)


def test_hijri_years_are_seen() -> None:
    assert look_at_times(["1447/09/01 10:00"]).hijri is True
    assert look_at_times(["1447-09-01 10:00"]).formats == ("%Y-%m-%d %H:%M",)
    assert look_at_times(["1405/01/10 10:00"]).hijri is None, "lunar 1984 or solar 2026"
    assert look_at_times(["2026/03/10 10:00"]).hijri is False


HEAD = "from,to,datetime,duration (s)\n"


def test_the_order_of_day_and_month_is_asked_if_no_day_tells() -> None:
    draft = look(HEAD + "07901234567,07711234567,03/04/2026 12:30,5000\n")
    assert keys(draft) == {"start.format"}
    assert set(draft.questions[0].choices) == {"%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"}


def test_a_zone_is_asked_always_except_where_the_file_says_it() -> None:
    line = "07901234567,07711234567,2026-03-25 12:30,5000\n"
    assert keys(sniff(sample(HEAD + line), {"operator": "x", "country": "IQ"})) == {"start.zone"}
    utc = HEAD.replace("datetime", "datetime (UTC)")
    assert keys(sniff(sample(utc + line), {"operator": "x", "country": "IQ"})) == set()
    own = line.replace("12:30", "12:30+03:00")
    assert keys(sniff(sample(HEAD + own), {"operator": "x", "country": "IQ"})) == set()


def test_utc_plus_three_in_a_header_is_not_utc() -> None:
    text = HEAD.replace("datetime", "datetime (UTC +3)") + "07901234567,07711234567,2026-03-25 12:30,5000\n"
    assert "start.zone" in keys(sniff(sample(text), {"operator": "x", "country": "IQ"}))


# Numbers


def test_a_country_is_never_guessed() -> None:
    assert look_at_numbers(["07901234567", "07711234567"]).form == "national:"
    assert look_at_numbers(["+9647901234567", "07711234567", "0033612345678"]).form == "national:"
    assert look_at_numbers(["33612345678", "07711234567"]).form == "mixed:"
    draft = sniff(
        sample(HEAD + "07901234567,+33612345678,2026-03-25 12:30,5000\n"), {"operator": "x", "start.zone": "UTC"}
    )
    assert keys(draft) == {"country"}


def test_digits_that_fit_two_readings_are_asked() -> None:
    seen = look_at_numbers(["9647901234567", "9647711234567"])
    assert seen.form is None
    assert seen.candidates == ("international", "national:")


def test_forms_that_the_texts_prove() -> None:
    assert look_at_numbers(["+9647901234567", "122", "ZainInfo"]).form == "e164"
    assert look_at_numbers(["009647901234567", "+33612345678"]).form == "international"
    assert look_at_numbers(["sip:+9647901234567@op.example"]).form == "sip:"
    assert look_at_numbers(["349", "23"]).candidates == ("opaque:",)
    assert look_at_numbers(["d41d8cd98f00b204e9800998ecf8427e"]).form == "opaque:"


def test_numbers_that_a_spreadsheet_rounded_stop_the_import() -> None:
    assert spreadsheet_damage(["9.6E+12", "9,65E+11", "07901234567", "1e"]) == 2
    with pytest.raises(InputError) as caught:
        look(HEAD + "9.6E+12,07711234567,2026-03-25 12:30,5\n")
    assert caught.value.code == "file.spreadsheet-damage"


# Columns, direction, footer


def test_without_a_header_who_calls_is_asked() -> None:
    draft = look("07901234567,07711234567,2026-03-25 12:30\n07901234567,07711234568,2026-03-25 12:31\n")
    assert draft.document["file"]["header_lines"] == 0
    assert {"a.column", "b.column"} <= keys(draft)
    answered = look(
        "07901234567,07711234567,2026-03-25 12:30\n", **{"a.column": "0", "b.column": "1", "kind.constant": "voice"}
    )
    assert keys(answered) == set()
    profile = answered.profile()
    assert (profile.a.column, profile.b.column, profile.start.columns) == (0, 1, (2,))


def test_a_record_is_never_taken_for_a_header() -> None:
    """Its numbers would stand in the profile as names of columns."""
    line = "07901234567,0771123456{},2026-03-25 12:3{},{},call\n"
    draft = look(line.format(1, 1, "site-7") + line.format(2, 2, "x"))
    assert draft.document["file"]["header_lines"] == 0
    assert draft.columns.names == ()


def test_without_a_header_only_what_looks_like_a_telephone_number_is_shown() -> None:
    line = "0790123456{},07711234567,2026-03-25 12:30,41803-123{},{}\n"
    draft = look(line.format(1, 4, "MOC") + line.format(2, 5, "MTC"))
    assert draft.questions[0].choices == ("0", "1")
    assert draft.shown == {0, 1, 2, 4}


def test_a_missed_call_is_an_incoming_one() -> None:
    line = "07901234567,07711234567,{},2026-03-25 12:30,5\n"
    head = SUBSCRIBER.replace("duration", "duration (s)")
    profile = look(head + "".join(line.format(way) for way in ("Incoming", "Missed", "Outgoing"))).profile()
    assert profile.direction is not None
    assert profile.direction.incoming == ("Incoming", "Missed")
    assert profile.kind.words == {"Incoming": 1, "Missed": 3, "Outgoing": 1}


def test_lines_before_the_header_are_skipped() -> None:
    text = "Extrait du 12/03/2026,,,\nRéf. 17,,,\n" + HEAD + "07901234567,07711234567,2026-03-25 12:30,5000\n"
    assert look(text).document["file"]["header_lines"] == 3


def test_equal_headers_are_named_by_position() -> None:
    profile = look("from,to,datetime,x,x\n07901234567,07711234567,2026-03-25 12:30,1,2\n", **{"kind.constant": "voice"})
    assert profile.profile().a.column == "from"
    twice = look(
        "number,number,datetime\n07901234567,07711234567,2026-03-25 12:30\n",
        **{"a.column": "1", "b.column": "0", "kind.constant": "voice"},
    )
    assert (twice.profile().a.column, twice.profile().b.column) == (1, 0)


SUBSCRIBER = "subscriber,other party,direction,datetime,duration\n"


def test_incoming_lines_of_a_subscriber_are_turned_round() -> None:
    text = (
        SUBSCRIBER
        + "07901234567,07711234567,Incoming,2026-03-25 12:30,5000\n07901234567,0771123,Outgoing,2026-03-25 12:31,5\n"
    )
    profile = look(text).profile()
    assert profile.direction is not None
    assert (profile.direction.incoming, profile.direction.outgoing) == (("Incoming",), ("Outgoing",))


def test_incoming_shown_as_outgoing_is_not_left_to_chance() -> None:
    """Caller and called with a direction: the numbers tell which of the two readings holds, or it is asked."""
    head = "caller,called,direction,datetime\n"
    line = "{},{},{},2026-03-25 12:30\n"
    target, other = "07901234567", "0771123456{}"
    stays = "".join(line.format(target, other.format(at), way) for at in range(4) for way in ("IN", "OUT"))
    changes = "".join(
        line.format(*((target, other.format(at)) if way == "OUT" else (other.format(at), target)), way)
        for at in range(4)
        for way in ("IN", "OUT")
    )
    open_ = "".join(
        line.format(other.format(at), other.format(9 - at), way) for at in range(4) for way in ("IN", "OUT")
    )
    said = {"kind.constant": "voice"}
    turned = look(head + stays, **said)
    assert keys(turned) == set()
    assert turned.profile().direction is not None
    kept = look(head + changes, **said)
    assert keys(kept) == set()
    assert kept.profile().direction is None
    assert keys(look(head + open_, **said)) == {"direction"}
    assert look(head + open_, **said, direction="turn").profile().direction is not None
    assert look(head + open_, **said, direction="keep").profile().direction is None


def test_a_footer_is_seen_and_its_count_read() -> None:
    line = "07901234567,07711234567,2026-03-25 12:30,5000\n"
    footer = look(HEAD + line * 3 + "Nombre d'enregistrements : 3\n").profile().footer
    assert footer is not None
    assert footer.prefix == "Nombre d'enregistrements : "
    assert footer.count == "([0-9]+)"
    assert look(HEAD + line * 3).profile().footer is None


def test_identifiers_are_not_taken_for_the_operators_own_by_a_header_alone() -> None:
    """A line number taken for a record identifier would make the records of the next file duplicates."""
    draft = look("id," + HEAD + "1,07901234567,07711234567,2026-03-25 12:30,5000\n")
    assert draft.profile().operator_record is None
    assert any("identifiers.record" in note for note in draft.notes)
    said = look("id," + HEAD + "1,07901234567,07711234567,2026-03-25 12:30,5000\n", **{"identifiers.record": "id"})
    assert said.profile().operator_record == "id"


def test_content_location_and_traits_are_dropped_by_name_and_never_shown() -> None:
    draft = look(
        "from,to,datetime,message,cell,caller name\n07901234567,07711234567,2026-03-25 12:30,x,y,z\n",
        **{"kind.constant": "message"},
    )
    profile = draft.profile()
    assert (profile.content, profile.location, profile.traits) == (("message",), ("cell",), ("caller name",))
    assert draft.shown == {0, 1, 2}


def test_durations_and_their_units() -> None:
    bare, line = "from,to,datetime,duration\n", "07901234567,07711234567,2026-03-25 12:30,{}\n"
    assert look(bare + line.format("0:01:02")).document["duration"]["unit"] == "h:m:s"
    assert look(bare + line.format(5000) + line.format(12)).document["duration"]["unit"] == "s"
    assert "duration.unit" in keys(look(bare + line.format(5000))), "milliseconds would fit as well"
    assert "duration.unit" in keys(look(bare + line.format(7))), "minutes would fit as well"
    assert look(bare.replace("duration", "durée (min)") + line.format(7)).document["duration"]["unit"] == "min"


def test_an_answered_question_is_not_asked_again_and_a_wrong_column_is_named() -> None:
    with pytest.raises(InputError) as caught:
        look(HEAD + "07901234567,07711234567,2026-03-25 12:30,5\n", **{"a.column": "caller"})
    assert caught.value.code == "profile.column-missing"
    assert "from" in caught.value.mend


def test_the_profile_found_out_says_why_it_is_not_ready() -> None:
    with pytest.raises(InputError) as caught:
        sniff(sample(HEAD + "07901234567,07711234567,2026-03-25 12:30,5000\n"), {}).profile()
    assert caught.value.code == "layout.questions"


def test_a_sample_and_a_draft_do_not_show_their_numbers() -> None:
    data = sample(HEAD + "07901234567,07711234567,2026-03-25 12:30,5\n")
    assert "0790" not in repr(data) + repr(sniff(data, ANSWERS)) + repr(sniff(data, ANSWERS).columns)


# Files that are no text


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PK\x03\x04" + b"\x00" * 30, "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"<?xml version='1.0'?>", "XML"),
        (b'{"calls": []}', "JSON"),
        (b"a,b\x00\x01\x02\x03,c\n", "binary"),
    ],
)
def test_what_is_no_csv_is_named(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_sample(path)
    assert caught.value.code == "file.not-text"
    assert word in caught.value.what
    assert str(path) == caught.value.where
