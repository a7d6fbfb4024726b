"""Texts of numbers to parties: the columns, the flags, what is refused, and that the pages say the same."""

from __future__ import annotations

import re
from pathlib import Path

import phonenumbers
import pytest

from clew import _core
from clew.errors import InputError
from clew.numbers import PartyKind, canonical_kind, party_key
from clew.records.numbering import READ_NUMBERS, metadata_version, read_numbers, short_codes
from clew.records.schema import NUMBERS

ROOT = Path(__file__).resolve().parents[2]


def one(raw: str, form: str, *prefixes: str) -> dict[str, object]:
    return read_numbers([raw], form, prefixes).to_pylist()[0]


def test_the_table_is_the_stores_without_its_counts() -> None:
    table = read_numbers(["0790 123 4567", ""], "national:IQ")
    assert table.schema == READ_NUMBERS
    assert [field.name for field in NUMBERS if field not in table.schema] == ["occurrences"]
    assert table.num_rows == 2
    assert read_numbers([], "e164").schema == READ_NUMBERS


def test_a_dialled_number_says_what_was_taken_off() -> None:
    party = one("#31#88 0790 123 4567", "national:IQ", "88")
    assert party["canonical"] == "+9647901234567"
    assert (party["suppressed"], party["routing_prefix"], party["country"]) == (True, "88", "IQ")
    assert (party["possible"], party["valid"], party["reason"]) == (True, True, None)


def test_a_prefix_that_was_not_there_is_not_said() -> None:
    party = one("0790 123 4567", "national:IQ", "88")
    assert (party["suppressed"], party["routing_prefix"]) == (False, None)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("*67 202 555 0123", "national:US"),
        ("1167 202 555 0123", "national:US"),
        ("141 020 7946 0123", "national:GB"),
        ("3651 06 12 34 56 78", "national:FR"),
        ("067 612 345 678", "national:ES"),
        ("*67# 347 123 4567", "national:IT"),
    ],
)
def test_calling_line_prefixes_belong_to_their_country(raw: str, form: str) -> None:
    assert one(raw, form)["suppressed"] is True
    assert one(raw, "national:IQ")["suppressed"] is False
    assert one(raw, "e164")["suppressed"] is False


def test_possible_numbers_are_kept_only_where_the_country_was_written() -> None:
    """Metadata lag behind plans, but a national number that the plan lacks may be a neighbour's."""
    kept = one("+33 6 39 98 12 34", "e164")
    assert (kept["canonical"], kept["possible"], kept["valid"]) == ("+33639981234", True, False)
    assert one("+964 790 123 456", "e164")["valid"] is False
    assert one("0760 123 45", "national:IQ")["kind"] == PartyKind.UNKNOWN


def test_an_impossible_number_is_never_stored_as_one() -> None:
    for raw in ("+3361234567", "+336123456789", "+1234567890123456", "+999123456789", "+33612"):
        party = one(raw, "e164")
        assert party["kind"] == PartyKind.UNKNOWN
        assert (party["possible"], party["valid"]) == (False, False)
        assert party["canonical"] == f"unknown:{raw}"


def test_the_last_ten_digits_decide_nothing() -> None:
    """The same last digits behind two country codes are two parties."""
    keys = {one(raw, "e164")["key"] for raw in ("+9647901234567", "+917901234567", "+77901234567")}
    assert len(keys) == 3


def test_keys_are_those_that_python_makes() -> None:
    raws = ["+9647901234567", "122", "MTN", "sip:alice@example.com", "9.6E+12", "زين", "0790O123456"]
    for party in read_numbers(raws, "mixed:IQ").to_pylist():
        assert party["key"] == party_key(party["canonical"])
    opaque = one("200", "opaque:vast2008")
    assert opaque["key"] == party_key("id:vast2008:200")
    assert canonical_kind(str(opaque["canonical"])) == PartyKind.OPAQUE
    assert one("", "opaque:vast2008")["key"] is None


@pytest.mark.parametrize(
    "form",
    ["", "e164:FR", "E164", "national", "national:", "national:fr", "national:ZZ", "mixed:XX", "opaque:", "x:IQ"],
)
def test_a_form_that_is_not_one_is_refused(form: str) -> None:
    with pytest.raises(InputError) as caught:
        read_numbers(["+9647901234567"], form)
    assert caught.value.code == "number.form"
    assert "790" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "+", "8 8", "prefix", "٨"])
def test_a_routing_prefix_that_is_not_one_is_refused(prefix: str) -> None:
    with pytest.raises(InputError):
        read_numbers(["0790"], "national:IQ", [prefix])


def test_a_very_long_text_is_kept_by_its_beginning() -> None:
    party = one("7" * 10_000_000, "mixed:IQ")
    assert party["kind"] == PartyKind.UNKNOWN
    assert len(str(party["canonical"])) < 300


def test_short_codes_come_from_the_columns_country() -> None:
    assert short_codes("e164") == short_codes("opaque:IQ") == short_codes("national:ZZ") == ()
    assert short_codes("mixed:IQ")[0][0] == "IQ"
    assert one("911", "national:IQ")["canonical"] == "short:IQ:911"
    assert one("17", "national:IQ")["kind"] == PartyKind.UNKNOWN


def test_the_version_of_the_plans_is_the_one_that_is_built_in() -> None:
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    locked = re.search(r'name = "rlibphonenumber"\nversion = "([^"]+)"', lock)
    assert locked is not None
    assert f"rlibphonenumber {locked[1]}" in metadata_version()
    assert phonenumbers.__version__ in metadata_version()


def test_the_spec_lists_every_reason() -> None:
    spec = (ROOT / "spec" / "records.md").read_text(encoding="utf-8")
    section = spec[spec.index("### 2.7 Reasons for unknown") : spec.index("## 3. Records")]
    listed = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    assert listed == sorted(_core.NUMBER_REASONS)


def test_the_pages_example_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "reference" / "numbers.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert code is not None
    exec(code[1], {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"^# (.*)$", code[1], re.MULTILINE)


def examples() -> list[tuple[str, phonenumbers.PhoneNumber]]:
    """An example number of every kind in every country, out of the other port of the same metadata."""
    made = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                made[phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)] = (region, number)
    return [made[text] for text in sorted(made)]


def test_both_ports_of_the_metadata_agree_on_international_numbers() -> None:
    """A check of the reader against a second implementation; the labels are in tests/vectors."""
    numbers = [number for _, number in examples()]
    texts = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in numbers]
    read = read_numbers(texts, "e164").to_pylist()
    differ = [
        text for text, party in zip(texts, read, strict=True) if (party["canonical"], party["valid"]) != (text, True)
    ]
    # Seven digits behind +1, and the like, are dialled in one place only, and have no E.164 form.
    assert len(texts) > 900
    assert len(differ) <= 0.005 * len(texts), differ
    for text, party in zip(texts, read, strict=True):
        assert party["kind"] == PartyKind.UNKNOWN or party["canonical"] == text


def test_both_ports_agree_on_numbers_as_each_country_writes_them() -> None:
    differ, given_up, count = [], [], 0
    for region, number in examples():
        if phonenumbers.region_code_for_number(number) != region or region in {"YT", "EH", "GG", "JE", "IM"}:
            continue
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        party = one(written, f"national:{region}")
        count += 1
        if party["kind"] == PartyKind.UNKNOWN:
            given_up.append((region, written, party["reason"]))
        elif party["canonical"] != phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164):
            differ.append((region, written, party["canonical"]))
    assert count > 800
    assert differ == []
    assert len(given_up) <= 0.02 * count, given_up
