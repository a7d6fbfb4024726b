"""A profile written and read again is the same profile; a text is either refused or has one spelling."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hypothesis import assume, given
from hypothesis import strategies as st

from clew.errors import InputError
from clew.records.profile import (
    Column,
    DirectionRule,
    DurationRule,
    FooterRule,
    KindRule,
    NumberRule,
    Profile,
    Recognise,
    TimeRule,
)
from clew.records.profile_check import check_profile
from clew.records.profile_file import KIND_WORDS, format_profile, parse_profile

LETTERS = st.characters(exclude_categories=("Cs",))
TEXT = st.text(LETTERS, min_size=1, max_size=12)
NAME = st.text("abcdefghij-نص رقمéà", min_size=1, max_size=20).map(lambda text: "p" + text.strip())
FORM = st.sampled_from(["e164", "international", "national:IQ", "mixed:FR", "sip:IQ", "opaque:study-1"])
TIMES = st.sampled_from(
    [
        "iso",
        "epoch",
        "epoch-ms",
        "seconds-since:2020-01-31T00:00:00Z",
        "%d/%m/%Y %H:%M:%S",
        "%y%m%d %I:%M %p",
        "%Y-%b-%d %H %z",
    ]
)
ZONE = st.sampled_from(["UTC", "+03:00", "-05:30", "Asia/Baghdad", "Europe/Paris"])
KIND = st.sampled_from(list(KIND_WORDS.values()))


@st.composite
def profiles(draw: Callable[..., object]) -> Profile:
    """Profiles of any shape, named and unnamed columns mixed."""
    columns: list[Column] = draw(  # type: ignore[assignment]
        st.lists(st.one_of(TEXT.filter(str.strip), st.integers(0, 50)), min_size=16, max_size=16, unique=True)
    )
    optional = lambda strategy: draw(st.one_of(st.none(), strategy))  # noqa: E731
    prefixes = st.lists(st.text("0123456789+*#", min_size=1, max_size=6), max_size=3).map(tuple)
    words = st.lists(TEXT, max_size=3).map(tuple)
    fits = st.dictionaries(st.just("from"), st.sampled_from(["[0-9]+", ".*"]), max_size=1)
    return Profile(
        name=draw(NAME),  # type: ignore[arg-type]
        operator=draw(NAME),  # type: ignore[arg-type]
        a=NumberRule(columns[0], draw(FORM), draw(prefixes)),  # type: ignore[arg-type]
        b=NumberRule(columns[1], draw(FORM), draw(prefixes)),  # type: ignore[arg-type]
        start=TimeRule(tuple(columns[2 : 3 + draw(st.integers(0, 1))]), draw(TIMES), draw(ZONE)),  # type: ignore[operator,arg-type]
        duration=optional(
            st.builds(DurationRule, st.just(columns[4]), st.sampled_from(["s", "ms", "min", "h:m:s"]), words)
        ),  # type: ignore[arg-type]
        kind=draw(  # type: ignore[arg-type]
            st.one_of(
                st.just(KindRule()),
                st.builds(
                    KindRule,
                    st.just(columns[5]),
                    st.dictionaries(TEXT, KIND, max_size=4),
                    KIND.filter(lambda kind: kind != "out of scope"),
                ),
            )
        ),
        direction=optional(st.just(DirectionRule(columns[6], ("out", "صادر"), ("in", "وارد")))),  # type: ignore[arg-type]
        imei=optional(st.just(columns[7])),  # type: ignore[arg-type]
        imsi=optional(st.just(columns[8])),  # type: ignore[arg-type]
        operator_record=optional(st.just(columns[9])),  # type: ignore[arg-type]
        call=optional(st.just(columns[10])),  # type: ignore[arg-type]
        content=tuple(columns[11 : 11 + draw(st.integers(0, 2))]),  # type: ignore[operator]
        location=tuple(columns[13 : 13 + draw(st.integers(0, 1))]),  # type: ignore[operator]
        traits=tuple(columns[14 : 14 + draw(st.integers(0, 2))]),  # type: ignore[operator]
        encoding=draw(st.sampled_from(["utf-8", "utf-16", "windows-1256", "windows-1252", "latin-1"])),  # type: ignore[arg-type]
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),  # type: ignore[arg-type]
        quote=draw(st.sampled_from(['"', "'", ""])),  # type: ignore[arg-type]
        header_lines=draw(st.integers(1, 20)),  # type: ignore[arg-type]
        footer=optional(st.builds(FooterRule, TEXT, st.sampled_from([None, "([0-9]+)"]))),  # type: ignore[arg-type]
        merge_tolerance=draw(st.integers(0, 60)),  # type: ignore[arg-type]
        description=draw(st.text(LETTERS, max_size=40)),  # type: ignore[arg-type]
        recognise=optional(st.builds(Recognise, st.just(("from", "to")), fits)),  # type: ignore[arg-type]
    )


@given(profiles())
def test_a_profile_survives_being_written(profile: Profile) -> None:
    check_profile(profile)
    text = format_profile(profile)
    assert parse_profile(text.encode()) == profile
    assert format_profile(parse_profile(text.encode())) == text


@given(profiles(), st.data())
def test_a_damaged_profile_is_refused_or_is_another_profile(profile: Profile, data: st.DataObject) -> None:
    text = format_profile(profile)
    place = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:place] + data.draw(st.sampled_from(["", "x", '"', "=", "[", "\n", "\\"])) + text[place + 1 :]
    assume(damaged != text)
    other = None
    with suppress(InputError):
        other = parse_profile(damaged.encode())
    if other is not None:
        assert parse_profile(format_profile(other).encode()) == other
