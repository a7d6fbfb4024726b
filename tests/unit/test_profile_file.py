"""Profiles as files: what is refused, where the error points, and what it suggests."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from clew.errors import InputError
from clew.records.layouts import built_in_layouts, find_profile, save_profile, saved_layouts
from clew.records.patterns import first_groups, matching
from clew.records.profile import Profile
from clew.records.profile_file import format_profile, parse_profile, read_profile
from clew.records.schema import RecordKind

GOOD = """\
version = 1
name = "zain-voice"
operator = "zain"

[file]
encoding = "windows-1256"
delimiter = ";"

[a]
column = "الرقم المتصل"
form = "national:IQ"
routing_prefixes = ["009", "1595"]

[b]
column = "رقم المتصل به"
form = "mixed:IQ"

[start]
columns = ["تاريخ", "وقت"]
format = "%d/%m/%Y %H:%M:%S"
zone = "Asia/Baghdad"

[duration]
column = "مدة"
missed = ["0", "-1"]

[kind]
column = "نوع"
constant = "unknown"

[kind.words]
"صوت" = "voice"
table = "message"
GPRS = "out of scope"

[identifiers]
imei = "IMEI"

[drop]
content = ["نص"]
location = ["برج"]

[footer]
prefix = "TRAILER"
count = "([0-9]+)"
"""


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_profile(text.encode(), "zain.toml")
    return caught.value


def test_everything_said_arrives() -> None:
    profile = parse_profile(GOOD.encode())
    assert profile.a.routing_prefixes == ("009", "1595")
    assert profile.b.form == "mixed:IQ"
    assert profile.start.columns == ("تاريخ", "وقت")
    assert profile.kind.words == {"صوت": RecordKind.VOICE, "table": RecordKind.MESSAGE, "GPRS": "out of scope"}
    assert profile.kind.constant is RecordKind.UNKNOWN
    assert profile.duration is not None
    assert profile.duration.missed == ("0", "-1")
    assert (profile.content, profile.location, profile.traits) == (("نص",), ("برج",), ())
    assert profile.merge_tolerance == 2
    assert parse_profile(format_profile(profile).encode()) == profile


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "mend"),
    [
        ("encoding =", "enconding =", "profile.unknown-key", "zain.toml: file.enconding", "encoding"),
        ("[drop]", "[drops]", "profile.unknown-key", "zain.toml: drops", "drop"),
        ('operator = "zain"\n', "", "profile.missing-key", "zain.toml: operator", "operator"),
        ("columns = [", "column = [", "profile.missing-key", "zain.toml: start.columns", "column"),
        ('"Asia/Baghdad"', '"Asia/Bagdad"', "profile.value", "zain.toml: start.zone", "Asia/Baghdad"),
        ('"Asia/Baghdad"', '"+15:30"', "profile.value", "zain.toml: start.zone", ""),
        ('"national:IQ"', '"national:iq"', "profile.value", "zain.toml: a.form", "national:IQ"),
        ('"national:IQ"', '"nationl:IQ"', "profile.value", "zain.toml: a.form", "national:CC"),
        ('"national:IQ"', '"opaque:Study 1"', "profile.value", "zain.toml: a.form", "opaque:"),
        ('"voice"', '"voise"', "profile.value", "zain.toml: kind.words.صوت", "voice"),
        ("%d/%m/%Y %H", "%d/%m/%Q %H", "profile.value", "zain.toml: start.format", "%Y"),
        ("%d/%m/%Y %H:%M:%S", "%m/%Y %H", "profile.value", "zain.toml: start.format", "%Y-%m-%d"),
        ('";"', '";;"', "profile.value", "zain.toml: file.delimiter", ""),
        ('"windows-1256"', '"base64"', "profile.value", "zain.toml: file.encoding", "windows-1256"),
        ('"windows-1256"', '"utf-7"', "profile.value", "zain.toml: file.encoding", "windows-1256"),
        ("version = 1", "version = 2", "profile.version", "zain.toml: version", ""),
        ("version = 1", 'version = "1"', "profile.type", "zain.toml: version", ""),
        ("version = 1", "version = true", "profile.type", "zain.toml: version", ""),
        ('["0", "-1"]', "[0, -1]", "profile.type", "zain.toml: duration.missed", ""),
        ('"([0-9]+)"', '"[0-9]+"', "profile.value", "zain.toml: footer.count", ""),
        ('"([0-9]+)"', '"(["', "profile.value", "zain.toml: footer.count", ""),
        ('prefix = "TRAILER"', 'prefix = ""', "profile.value", "zain.toml: footer.prefix", ""),
        ('imei = "IMEI"', 'imei = "نص"', "profile.value", "zain.toml: drop.content", ""),
        ('imei = "IMEI"', "imei = -1", "profile.value", "zain.toml: identifiers.imei", ""),
        ('name = "zain-voice"', 'name = "../zain"', "profile.value", "zain.toml: name", ""),
        ("version = 1", "version = ", "profile.syntax", "zain.toml", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, code: str, where: str, mend: str) -> None:
    assert GOOD.count(old) >= 1
    error = refused(GOOD.replace(old, new, 1))
    assert (error.code, error.where) == (code, where)
    assert mend in error.mend


def test_a_position_needs_no_header_and_a_name_does() -> None:
    headerless = GOOD.replace('delimiter = ";"', 'delimiter = ";"\nheader_lines = 0')
    assert refused(headerless).where == "zain.toml: a.column"


def test_a_column_dropped_as_content_cannot_also_be_kept() -> None:
    error = refused(GOOD.replace('content = ["نص"]', 'content = ["الرقم المتصل"]'))
    assert error.where == "zain.toml: drop.content"


def test_a_file_that_is_no_text_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        parse_profile(b"\xff\xfe\x00")
    assert caught.value.code == "profile.syntax"
    with pytest.raises(InputError) as caught:
        read_profile(tmp_path / "none.toml")
    assert caught.value.code == "profile.unreadable"
    with pytest.raises(InputError) as caught:
        parse_profile(b"#" * 300_000)
    assert caught.value.code == "profile.syntax"


def test_the_built_in_layouts_are_written_as_clew_writes_them() -> None:
    layouts = built_in_layouts()
    assert {"vast2008", "copenhagen-calls", "copenhagen-sms", "clew"} <= {layout.profile.name for layout in layouts}
    for layout in layouts:
        assert parse_profile(format_profile(layout.profile).encode()) == layout.profile
        assert layout.profile.recognise is not None, f"{layout.profile.name} cannot be recognised"


def test_saving_does_not_overwrite_another_profile(tmp_path: Path) -> None:
    profile = parse_profile(GOOD.encode())
    path = tmp_path / "أسيا" / "ملف.toml"
    assert save_profile(profile, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not save_profile(profile, path)
    other = parse_profile(GOOD.replace("zain-voice", "zain-sms").encode())
    with pytest.raises(InputError) as caught:
        save_profile(other, path)
    assert caught.value.code == "profile.exists"
    assert read_profile(path) == profile


def test_profiles_are_found_by_name_and_by_file(tmp_path: Path) -> None:
    profile: Profile = parse_profile(GOOD.encode())
    save_profile(profile, tmp_path / "z.toml")
    (tmp_path / "broken.toml").write_text("version = ")
    layouts, errors = saved_layouts(tmp_path)
    assert [layout.profile for layout in layouts] == [profile]
    assert [error.code for error in errors] == ["profile.syntax"]
    assert find_profile("zain-voice", [tmp_path]).profile == profile
    assert find_profile(str(tmp_path / "z.toml"), []).profile == profile
    assert find_profile("vast2008", [tmp_path]).built_in
    with pytest.raises(InputError) as caught:
        find_profile("zain-vioce", [tmp_path])
    assert caught.value.code == "profile.not-found"


def test_two_different_profiles_of_one_name_are_not_chosen_between(tmp_path: Path) -> None:
    save_profile(parse_profile(GOOD.encode()), tmp_path / "1.toml")
    save_profile(parse_profile(GOOD.replace("Asia/Baghdad", "UTC").encode()), tmp_path / "2.toml")
    with pytest.raises(InputError) as caught:
        find_profile("zain-voice", [tmp_path])
    assert "1.toml" in caught.value.mend
    assert "2.toml" in caught.value.mend


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)([0-9]+)", "invalid perl operator"),
        (r"(a)\\1", "invalid escape sequence"),
        ("((a{1000}){1000})", "invalid repetition size"),
        ("[0-9]+", "needs a group"),
        ("a)|(b", "unexpected )"),
        ("(" + "a" * 200 + ")", "at most 200 characters"),
    ],
)
def test_a_pattern_that_cannot_be_read_in_bounded_time_is_refused(pattern: str, why: str) -> None:
    error = refused(GOOD.replace('"([0-9]+)"', f'"{pattern}"'))
    assert (error.code, error.where) == ("profile.value", "zain.toml: footer.count")
    assert why in error.what
    assert "RE2" in error.mend


@pytest.mark.parametrize("pattern", ["((a+)+)$", "(a|a)*([0-9]+)", "(a?){90}x", ".*" * 60 + "x([0-9]+)"])
def test_a_pattern_that_could_take_years_on_one_line_takes_no_time(pattern: str) -> None:
    """Harm stopped: an import that a profile from somebody else never lets end. The last one is not even nested."""
    profile = parse_profile(GOOD.replace('"([0-9]+)"', f'"{pattern}"').encode())
    assert profile.footer is not None
    assert profile.footer.count is not None
    began = process_time()
    assert first_groups(profile.footer.count, ["a" * 199 + "!"] * 100) == [None] * 100
    assert matching(profile.footer.count, ["a" * 199 + "!"] * 100) == 0
    assert process_time() - began < 5


def test_patterns_mean_the_digits_and_spaces_of_every_script() -> None:
    assert first_groups(r":\s*(\d+)", ["العدد:\u00a0١٢٣", "Total :\u202f45", "none"]) == ["123", "45", None]
    assert first_groups("([٠-٩]+)", ["7", "۸", ""]) == ["7", "8", None]
    assert matching("[0-9]{1,2}", ["1", "٤٢", "1a", "123"]) == 2
    assert matching("a|b", ["a", "b", "ab"]) == 2
