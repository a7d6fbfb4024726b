"""One spelling for everything: what is read is written again byte for byte, and nothing else is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import ClewError
from clew.warrants.authorisation import Blinded, Budgets, Clear, Joint, Seed
from clew.warrants.document import Revocation, Warrant, parse_document
from clew.warrants.dsse import Envelope, Signature, pae, parse_envelope, sign
from clew.warrants.policy import Policy
from clew.warrants.verify import verify_warrant
from tests.warrants import CLERK, JUDGE, NOW, PARTNER, STRANGER, clock, document, issue, policy

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS = int((datetime(2200, 1, 1, tzinfo=UTC) - FIRST).total_seconds()) - 3

moments = st.integers(0, SECONDS).map(lambda seconds: FIRST + timedelta(seconds=seconds))
numbers = st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z").map(Clear)
opaque = st.from_regex(r"\Aid:[a-z0-9][a-z0-9._-]{0,8}:[!-~]{1,20}\Z").map(Clear)
points = st.binary(min_size=32, max_size=32).map(Blinded)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
texts = st.sampled_from(
    ["Court of Example", "محكمة المثال", "Juge d'instruction, Paris – 2ᵉ", "می‌خواهم", 'a\\u0041"quoted"', "1", "😀"]
)
cases = st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,63}\Z")
budgets = st.builds(Budgets, st.integers(1, 10**9), *[st.integers(0, 10**9)] * 6)


@st.composite
def warrants(draw: Any) -> Warrant:
    """Any warrant that can be made."""
    blinded = draw(st.booleans())
    seeds: list[Seed] = draw(st.lists(points if blinded else numbers | opaque, min_size=1, max_size=8, unique=True))
    begin, end = sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True)))
    issued, valid, expires = sorted(draw(st.lists(moments, min_size=3, max_size=3)))
    stage = draw(st.integers(1, 100))
    return Warrant(
        case=draw(cases),
        seeds=tuple(seeds),
        begin=begin,
        end=end,
        issued=issued,
        not_before=valid,
        expires=max(expires, valid + timedelta(seconds=1)),
        budgets=draw(budgets),
        authority=draw(texts),
        legal_basis=draw(texts),
        purpose=draw(texts),
        hops=draw(st.integers(1, 4)),
        hub_limit=draw(st.integers(1, 10_000)),
        stage=stage,
        amends=None if stage == 1 else draw(digests),
        joint=Joint(draw(digests), draw(digests), tuple(draw(st.lists(digests, min_size=1, max_size=3))))
        if blinded
        else None,
    )


revocations = st.builds(Revocation, case=cases, revokes=digests, issued=moments, authority=texts, reason=texts)


@given(warrants() | revocations)
def test_what_can_be_made_is_read_back_as_it_was(made: Warrant | Revocation) -> None:
    data = made.encode()
    found = parse_document(data)
    assert found == made
    assert found.encode() == data
    assert parse_envelope(sign(data, JUDGE)).payload == data


@given(warrants(), st.sampled_from([0, 1, 4, None]), st.booleans(), st.booleans())
def test_other_spellings_are_refused_and_can_be_tidied(
    made: Warrant, indent: int | None, ascii_only: bool, turned: bool
) -> None:
    data = made.encode()
    loose = json.loads(data)
    if turned:
        loose = dict(reversed(loose.items()))
    spelt = json.dumps(loose, indent=indent, ensure_ascii=ascii_only).encode()
    with pytest.raises(ClewError) as refused:
        parse_document(spelt)
    assert refused.value.code == "warrant.spelling"
    assert parse_document(spelt, tidy=True).encode() == data


@given(st.data())
def test_one_changed_byte_is_another_document_or_none(data: st.DataObject) -> None:
    text = document().encode()
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + bytes([data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))]) + text[at + 1 :]
    try:
        found = parse_document(changed)
    except ClewError:
        return
    assert found.encode() == changed
    assert found != document()


SIGNED, RULES = issue(["+9647901234567", "id:vast:200"])


@given(st.data())
def test_one_changed_bit_of_a_signed_warrant_permits_nothing(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SIGNED) * 8 - 1))
    changed = bytearray(SIGNED)
    changed[at // 8] ^= 1 << at % 8
    with pytest.raises(ClewError):
        verify_warrant(bytes(changed), RULES, clock=clock())


@given(st.integers(0, len(SIGNED) - 1))
def test_a_warrant_that_is_cut_off_permits_nothing(size: int) -> None:
    with pytest.raises(ClewError):
        verify_warrant(SIGNED[:size], RULES, clock=clock())


@given(st.binary(max_size=200))
def test_bytes_that_nobody_signed_are_refused_and_never_a_bug(data: bytes) -> None:
    for call in (parse_document, parse_envelope):
        with pytest.raises(ClewError):
            call(data)
    with pytest.raises(ClewError):
        verify_warrant(data, RULES, clock=clock())


@given(
    st.sampled_from([Warrant.payload_type, Revocation.payload_type, "a", "application/x y"]),
    st.binary(max_size=300),
    st.lists(st.builds(Signature, digests, st.binary(max_size=80)), max_size=4),
)
def test_any_envelope_is_read_back_as_it_was(kind: str, payload: bytes, signatures: list[Signature]) -> None:
    envelope = Envelope(kind, payload, tuple(signatures))
    assert parse_envelope(envelope.encode()) == envelope


@given(st.text(max_size=20), st.binary(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_two_contents_never_give_the_same_bytes_to_sign(kind: str, body: bytes, kind_2: str, body_2: bytes) -> None:
    assert (pae(kind, body) == pae(kind_2, body_2)) == ((kind, body) == (kind_2, body_2))


@given(st.integers(-(10**6), 10**6))
def test_in_force_exactly_from_not_before_until_expiry(seconds: int) -> None:
    """The window of validity is half open, to the microsecond."""
    envelope, rules = issue(not_before=NOW, expires=NOW + timedelta(seconds=1))
    at = NOW + timedelta(microseconds=seconds * 3)
    expected = "warrant.not-yet-valid" if at < NOW else "warrant.expired"
    assert outcome(envelope, rules, at) == ("" if NOW <= at < NOW + timedelta(seconds=1) else expected)


@given(st.lists(st.sampled_from(range(4)), max_size=6), st.integers(1, 4))
def test_a_policy_counts_different_keys_and_nothing_else(order: list[int], threshold: int) -> None:
    keys = [JUDGE, PARTNER, CLERK, STRANGER]
    text = document().encode()
    message = pae(Warrant.payload_type, text)
    signatures = tuple(Signature(keys[n].public.id, keys[n].sign(message)) for n in order)
    envelope = Envelope(Warrant.payload_type, text, signatures).encode()
    rules = policy(JUDGE, PARTNER, CLERK, threshold=min(threshold, 3))
    counted = set(order) - {3}
    missing = (
        "warrant.unsigned" if not order else "warrant.unknown-signer" if not counted else "warrant.too-few-signers"
    )
    assert outcome(envelope, rules) == ("" if len(counted) >= rules.threshold else missing)


def outcome(envelope: bytes, rules: Policy, at: datetime = NOW) -> str:
    """The code with which verification refuses, or nothing."""
    try:
        verify_warrant(envelope, rules, clock=clock(at))
    except ClewError as error:
        return error.code
    return ""
