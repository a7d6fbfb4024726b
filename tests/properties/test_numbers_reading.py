"""What holds for every text and every number: nothing raises, nothing foreign becomes domestic, nothing is made up."""

from __future__ import annotations

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.numbers import PartyKind, canonical_kind
from clew.records.numbering import read_numbers
from tests.fuzz_numbers import read_number

COUNTRIES = ["IQ", "FR", "DE", "GB", "IT", "ES", "TR", "JO", "LB", "SY", "IR", "SA", "AE", "EG", "US", "BE", "MX", "AR"]
FORMS = ["e164", "international", "opaque:x"] + [
    f"{word}:{country}" for word in ("national", "mixed", "sip") for country in COUNTRIES
]
CODES = sorted(code for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if code < 1000)

forms = st.sampled_from(FORMS)
near_numbers = st.text(st.sampled_from("0123456789٠١٢٣٤٥٦٧٨٩۰۹+-. ()/#*,;:@eExsipt\u200f\u202a\u00a0"), max_size=24)
texts = st.one_of(
    st.text(max_size=40), near_numbers, st.binary(max_size=30).map(lambda data: data.decode("utf-8", "replace"))
)


def read(raw: str, form: str) -> dict[str, object]:
    return read_numbers([raw], form).to_pylist()[0]


@st.composite
def foreign_numbers(draw: st.DrawFn) -> str:
    """The digits of a valid number of some country, country code first: an example with its last digits changed."""
    code = draw(st.sampled_from(CODES))
    region = phonenumbers.region_code_for_country_code(code)
    example = (
        phonenumbers.example_number_for_non_geo_entity(code)
        if region == "001"
        else (
            phonenumbers.example_number_for_type(region, draw(st.sampled_from([0, 1])))
            or phonenumbers.example_number(region)
        )
    )
    digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:]
    tail = draw(st.integers(0, 999))
    changed = f"{digits[:-3]}{tail:03d}"
    valid = phonenumbers.is_valid_number(phonenumbers.parse("+" + changed))
    return changed if valid else digits


@given(texts, forms)
def test_any_text_becomes_one_party(raw: str, form: str) -> None:
    party = read(raw, form)
    kind = PartyKind(party["kind"])
    assert (party["canonical"] is None) == (party["key"] is None) == (kind == PartyKind.WITHHELD)
    assert (party["reason"] is not None) == (kind == PartyKind.UNKNOWN)
    if kind in {PartyKind.E164, PartyKind.OPAQUE}:
        assert canonical_kind(str(party["canonical"])) == kind
    if kind == PartyKind.E164:
        assert party["key"] == int(str(party["canonical"])[1:])
        assert party["possible"]
    else:
        assert not party["possible"]
        assert not party["valid"]


@given(st.binary(max_size=60))
def test_any_bytes_can_be_read(data: bytes) -> None:
    read_number(data)


@given(texts, forms)
def test_a_canonical_number_reads_as_itself(raw: str, form: str) -> None:
    party = read(raw, form)
    if party["kind"] != PartyKind.E164:
        return
    for other in ("e164", "international", form):
        again = read(str(party["canonical"]), other)
        assert (again["canonical"], again["valid"]) == (party["canonical"], party["valid"])


@given(near_numbers, st.sampled_from(["e164", "international"]))
def test_no_digit_is_made_up_where_the_country_is_written(raw: str, form: str) -> None:
    """Every digit of the result stands in the text, in that order."""
    party = read(raw, form)
    if party["kind"] != PartyKind.E164:
        return
    written = iter(str(int(character)) for character in raw if character.isdigit())
    assert all(digit in written for digit in str(party["canonical"])[1:])


@settings(max_examples=300)
@given(foreign_numbers(), st.sampled_from(COUNTRIES), st.sampled_from(["national", "mixed", "sip"]))
def test_a_written_country_code_is_never_lost(digits: str, country: str, word: str) -> None:
    """With + or an international prefix the number is the number, in whatever country it was dialled."""
    abroad = "011" if country == "US" else "00"
    for raw in (f"+{digits}", f"{abroad}{digits}", f"{abroad} {digits}", f"00{digits}", f"tel:+{digits}"):
        party = read(raw, f"{word}:{country}")
        if digits.startswith("00"):
            continue
        assert party["kind"] in {PartyKind.E164, PartyKind.UNKNOWN}
        if party["kind"] == PartyKind.E164:
            assert party["canonical"] == f"+{digits}"
    assert read(f"+{digits}", f"{word}:{country}")["canonical"] == read(f"+{digits}", "e164")["canonical"]


@settings(max_examples=300)
@given(foreign_numbers(), st.sampled_from(COUNTRIES))
def test_a_bare_foreign_number_is_itself_or_unknown_in_a_mixed_column(digits: str, country: str) -> None:
    party = read(digits, f"mixed:{country}")
    assert party["kind"] in {PartyKind.E164, PartyKind.UNKNOWN}
    if party["kind"] == PartyKind.E164:
        assert party["canonical"] == f"+{digits}"


@settings(max_examples=300)
@given(
    foreign_numbers(), st.sampled_from(["IQ", "FR", "DE", "GB", "TR", "JO", "SY", "IR", "SA", "AE", "EG", "BE", "AR"])
)
def test_a_bare_foreign_number_never_becomes_domestic_in_a_national_column(digits: str, country: str) -> None:
    """Unless its plan writes that very number without a trunk prefix, as it does 800 numbers in the Emirates: there
    the form itself says domestic."""
    party = read(digits, f"national:{country}")
    if party["kind"] != PartyKind.E164 or party["canonical"] == f"+{digits}":
        return
    number = phonenumbers.parse(str(party["canonical"]))
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert phonenumbers.normalize_digits_only(written) == digits


@given(
    st.sampled_from(["7901234567", "7701234567", "15412345"]),
    st.text(st.sampled_from(" -.()\u200e\u200f\u00a0"), max_size=6),
)
def test_layout_does_not_change_a_number(national: str, layout: str) -> None:
    raw = layout.join(["0" + national[:3], national[3:6], national[6:]])
    assert read(raw, "national:IQ")["canonical"] == f"+964{national}"
