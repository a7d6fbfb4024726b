"""The vectors of warrant verification: one that passes, and what must be refused, each by the check that must do it.

``python -m tests.warrant_vectors`` writes ``tests/vectors/warrant/refused.json`` and ``warrant.json`` anew; a test
compares. The keys are those of RFC 8032, section 7.1, so that anybody can make the signatures again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Revocation, Warrant
from clew.warrants.dsse import Envelope, Signature, pae, parse_envelope
from clew.warrants.keys import SigningKey

FOLDER = Path(__file__).parent / "vectors" / "warrant"
ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of Ed25519's group: ``S`` and ``S + ORDER`` would be the same signature in two spellings."""

TYPE = Warrant.payload_type


def _key(number: int) -> SigningKey:
    rfc = json.loads((FOLDER / "ed25519.json").read_text("utf-8"))["vectors"][number - 1]
    return SigningKey.generate(lambda _: bytes.fromhex(rfc["secret"]))


JUDGE, PARTNER, CLERK = _key(1), _key(2), _key(3)


def holder(key: SigningKey, name: str, side: str, extra: str = "") -> str:
    """A ``[[keys]]`` table."""
    return (
        f'[[keys]]\nid = "{key.public.id}"\npublic = "{key.public.text}"\n'
        f'name = "{name}"\nrole = "magistrate"\nside = "{side}"\n{extra}'
    )


ONE = f"version = 1\nthreshold = 1\n\n{holder(JUDGE, 'A. Example', 'iq')}"
TWO = f"version = 1\nthreshold = 2\n\n{holder(JUDGE, 'A. Example', 'iq')}\n{holder(CLERK, 'C. Example', 'iq')}"
SIDES = (
    f"version = 1\nthreshold = 2\n\n{holder(JUDGE, 'A. Example', 'iq')}\n{holder(CLERK, 'C. Example', 'iq')}\n"
    f'{holder(PARTNER, "B. Exemple", "fr")}\n[[require]]\nat_least = 1\nside = "fr"\n'
)
RETIRED = f"version = 1\nthreshold = 1\n\n{holder(JUDGE, 'A. Example', 'iq', 'until = 2026-03-01T00:00:00Z' + chr(10))}"


def warrant(**fields: Any) -> Warrant:
    """The vectors' warrant; the two numbers are of ranges that no subscriber has."""
    values: dict[str, Any] = {
        "case": "lantern-7",
        "authority": "Court of Example, examining magistrate",
        "legal_basis": "Example Code of Procedure, article 1",
        "purpose": "Find the other members of the group that the named numbers belong to.",
        "issued": datetime(2026, 3, 15, 9, tzinfo=UTC),
        "not_before": datetime(2026, 3, 16, tzinfo=UTC),
        "expires": datetime(2026, 9, 16, tzinfo=UTC),
        "seeds": (Clear("+9640000000001"), Clear("+33199000001")),
        "begin": datetime(2026, 3, 1, tzinfo=UTC),
        "end": datetime(2026, 3, 15, tzinfo=UTC),
        "budgets": Budgets(numbers=5_000, sources=200),
        **fields,
    }
    return Warrant(**values)


def signed(document: bytes, *keys: SigningKey, payload_type: str = TYPE) -> bytes:
    """An envelope around any bytes, also such as ``sign`` would not sign."""
    message = pae(payload_type, document)
    signatures = tuple(Signature(key.public.id, key.sign(message)) for key in keys or (JUDGE,))
    return Envelope(payload_type, document, signatures).encode()


GOOD = warrant()
TEXT = GOOD.encode()
ENVELOPE = signed(TEXT)


@dataclass
class Case:
    """One vector: the check of ``spec/warrant.md``, section 5, that must refuse, and with which code."""

    name: str
    check: int
    code: str
    warrant: str
    amendments: list[str] = field(default_factory=list)
    revocations: list[str] = field(default_factory=list)
    policy: str = ONE
    now: str = "2026-04-01T12:00:00Z"
    case: str | None = None


def cases() -> list[Case]:
    """Every vector that must be refused."""
    found = [*_envelopes(), *_signatures(), *_documents(), *_signers(), *_chains(), *_circumstances()]
    names = [case.name for case in found]
    assert len(set(names)) == len(names)
    return found


def _case(name: str, check: int, code: str, envelope: bytes = ENVELOPE, **more: Any) -> Case:
    return Case(name, check, code, envelope.decode(), **more)


def _envelopes() -> Iterator[Case]:
    text = ENVELOPE.decode()
    odd = next(one for n in range(9) if len(one := warrant(purpose="ÿ?>" * (n + 1) + "." * n).encode()) % 3)
    payload = base64.b64encode(odd).decode()
    for name, changed in {
        "envelope-empty": "",
        "envelope-not-json": "warrant",
        "envelope-list": "[]\n",
        "envelope-trailing-space": text + " ",
        "envelope-no-newline": text.rstrip("\n"),
        "envelope-second-document": text + text,
        "envelope-unknown-field": text.replace("{\n", '{\n  "note": "",\n', 1),
        "envelope-field-twice": text.replace("{\n", f'{{\n  "payloadType": "{TYPE}",\n', 1),
        "envelope-key-id-upper-case": text.replace(JUDGE.public.id, JUDGE.public.id.upper()),
        "envelope-key-id-missing": text.replace(f'      "keyid": "{JUDGE.public.id}",\n', ""),
        "envelope-signatures-an-object": text.replace("[", "{").replace("]", "}"),
        "envelope-of-65-signatures": signed(TEXT, *[JUDGE] * 65).decode(),
    }.items():
        assert changed != text, name
        yield _case(name, 2, "warrant.envelope", changed.encode())
    for name, spelt in {
        "payload-in-url-safe-base64": payload.replace("+", "-").replace("/", "_"),
        "payload-without-padding": payload.rstrip("="),
    }.items():
        assert spelt != payload, name
        yield _case(name, 2, "warrant.envelope", signed(odd).replace(payload.encode(), spelt.encode()))
    yield _case("typed-as-plain-json", 3, "warrant.payload-type", signed(TEXT, payload_type="application/json"))
    yield _case("typed-as-revocation", 3, "warrant.payload-type", signed(TEXT, payload_type=Revocation.payload_type))


def _signatures() -> Iterator[Case]:
    good = parse_envelope(ENVELOPE)
    value = good.signatures[0].value
    scalar = int.from_bytes(value[32:], "little")

    def with_signature(signature: bytes, key: SigningKey = JUDGE) -> bytes:
        return Envelope(TYPE, TEXT, (Signature(key.public.id, signature),)).encode()

    altered = TEXT.replace(b"+9640000000001", b"+9640000000002")
    yield _case("unsigned", 4, "warrant.unsigned", Envelope(TYPE, TEXT, ()).encode())
    yield _case("one-seed-changed", 4, "warrant.altered", Envelope(TYPE, altered, good.signatures).encode())
    yield _case("one-bit-of-signature", 4, "warrant.altered", with_signature(bytes([value[0] ^ 1]) + value[1:]))
    yield _case("signature-cut-short", 4, "warrant.altered", with_signature(value[:-1]))
    yield _case("signature-too-long", 4, "warrant.altered", with_signature(value + b"\0"))
    yield _case("signature-empty", 4, "warrant.altered", with_signature(b""))
    malleable = value[:32] + (scalar + ORDER).to_bytes(32, "little")
    yield _case("signature-malleable-s", 4, "warrant.altered", with_signature(malleable))
    yield _case("signature-of-the-bare-document", 4, "warrant.altered", with_signature(JUDGE.sign(TEXT)))
    as_other = JUDGE.sign(pae(Revocation.payload_type, TEXT))
    yield _case("signature-of-another-type", 4, "warrant.altered", with_signature(as_other))
    yield _case("signature-under-another-key-id", 4, "warrant.altered", with_signature(CLERK.sign(good.signed_bytes)))
    both = Envelope(TYPE, TEXT, (*good.signatures, Signature(CLERK.public.id, b"\0" * 64))).encode()
    yield _case("a-good-and-a-bad-signature", 4, "warrant.altered", both, policy=TWO)
    yield _case("unknown-signer", 4, "warrant.unknown-signer", signed(TEXT, PARTNER))


def _documents() -> Iterator[Case]:
    def change(name: str, code: str, old: str, new: str) -> Case:
        text = TEXT.decode()
        assert text.count(old) == 1, (name, old)
        return _case(name, 5, code, signed(text.replace(old, new).encode()))

    seeds = '    "+33199000001",\n    "+9640000000001"\n'
    malformed = {
        "version-2": ('"version": 1', '"version": 2'),
        "version-a-fraction": ('"version": 1', '"version": 1.0'),
        "version-true": ('"version": 1', '"version": true'),
        "type-unknown": ('"type": "warrant"', '"type": "licence"'),
        "type-amendment-in-stage-1": ('"type": "warrant"', '"type": "amendment"'),
        "field-unknown": ('"hops": 2,', '"hops": 2,\n  "cells": true,'),
        "field-missing": ('  "hops": 2,\n', ""),
        "field-twice": ('"hops": 2,', '"hops": 2,\n  "hops": 2,'),
        "hops-a-text": ('"hops": 2', '"hops": "2"'),
        "hops-an-exponent": ('"hops": 2', '"hops": 2e0'),
        "hops-a-truth-value": ('"hops": 2', '"hops": true'),
        "hops-not-a-number": ('"hops": 2', '"hops": NaN'),
        "case-with-a-space": ('"lantern-7"', '"lantern 7"'),
        "case-with-arabic-digits": ('"lantern-7"', '"lantern-٧"'),
        "moment-with-offset": ('"2026-09-16T00:00:00Z"', '"2026-09-16T00:00:00+00:00"'),
        "moment-with-fraction": ('"2026-09-16T00:00:00Z"', '"2026-09-16T00:00:00.0Z"'),
        "moment-with-arabic-digits": ('"2026-09-16T00:00:00Z"', '"٢٠٢٦-09-16T00:00:00Z"'),
        "moment-that-never-was": ('"2026-09-16T00:00:00Z"', '"2026-02-30T00:00:00Z"'),
        "moment-of-1969": ('"from": "2026-03-01T00:00:00Z"', '"from": "1969-12-31T23:59:59Z"'),
        "moment-at-24": ('"2026-09-16T00:00:00Z"', '"2026-09-16T24:00:00Z"'),
        "expires-before-issued": ('"expires": "2026-09-16', '"expires": "2026-03-01'),
        "valid-before-issued": ('"not_before": "2026-03-16', '"not_before": "2026-03-14'),
        "stage-1-amends": ('"amends": null', f'"amends": "{"0" * 64}"'),
        "stage-0": ('"stage": 1', '"stage": 0'),
        "stage-2-amends-nothing": ('"stage": 1', '"stage": 2'),
        "purpose-empty": (f'"{GOOD.purpose}"', '""'),
        "purpose-turned-round": ("the named numbers", "the \u202enamed\u202c numbers"),
        "purpose-with-invisible-space": ("the named numbers", "the \u200bnamed numbers"),
        "purpose-on-two-lines": ("the named numbers", "the\\nnamed numbers"),
        "purpose-with-lone-surrogate": ("the named numbers", "the \\ud800 numbers"),
        "purpose-not-composed": ("the named numbers", "the nume\u0301ros"),
        "purpose-with-space-at-end": ("belong to.", "belong to. "),
        "window-without-end": (',\n    "to": "2026-03-15T00:00:00Z"', ""),
        "budget-missing": (',\n    "unmaskings": 0', ""),
        "budget-unknown": ('"unmaskings": 0', '"unmaskings": 0,\n    "dinners": 0'),
        "joint-without-blinded-seeds": (
            '"joint": null',
            f'"joint": {{"trace": "{"0" * 64}", "case_order": "{"0" * 64}", "roots": ["{"0" * 64}"]}}',
        ),
        "blinded-seeds-without-joint": (seeds, f'    "point:{"0" * 64}"\n'),
    }
    for name, (old, new) in malformed.items():
        yield change(name, "warrant.malformed", old, new)
    for name, (old, new) in {
        "spelling-indent": ('  "hops": 2', '    "hops": 2'),
        "spelling-escape": ("Court of Example", "Court of Ex\\u0061mple"),
        "spelling-order": ('  "hops": 2,\n  "hub_limit": 200,\n', '  "hub_limit": 200,\n  "hops": 2,\n'),
        "spelling-crlf": ('"hops": 2,\n', '"hops": 2,\r\n'),
        "spelling-minus-zero": ('"unmaskings": 0', '"unmaskings": -0'),
    }.items():
        yield change(name, "warrant.spelling", old, new)
    for name, new in {
        "seed-without-plus": '    "33199000001",\n    "9640000000001"\n',
        "seed-national": '    "+33199000001",\n    "0790000001"\n',
        "seed-with-spaces": '    "+33 1 99 00 00 01",\n    "+9640000000001"\n',
        "seed-in-arabic-digits": '    "+33199000001",\n    "+٩٦٤0000000001"\n',
        "seed-a-short-code": '    "short:IQ:122"\n',
        "seed-point-upper-case": f'    "point:{"A" * 64}"\n',
        "seed-point-too-short": f'    "point:{"a" * 62}"\n',
    }.items():
        yield change(name, "number.not-canonical", seeds, new)
    for name, new in {
        "seeds-none": "",
        "seeds-not-sorted": '    "+9640000000001",\n    "+33199000001"\n',
        "seed-twice": '    "+33199000001",\n    "+33199000001"\n',
        "seeds-clear-and-blinded": f'    "+33199000001",\n    "point:{"0" * 64}"\n',
        "seeds-too-many": ",\n".join(f'    "+{10_000_000 + n}"' for n in range(1_001)) + "\n",
    }.items():
        yield change(name, "warrant.seeds", seeds, new)
    yield change("hops-0", "warrant.hops-range", '"hops": 2', '"hops": 0')
    yield change("hops-5", "warrant.hops-range", '"hops": 2', '"hops": 5')
    yield change("hub-limit-0", "warrant.hub-limit-range", '"hub_limit": 200', '"hub_limit": 0')
    yield change("hub-limit-10001", "warrant.hub-limit-range", '"hub_limit": 200', '"hub_limit": 10001')
    yield change("budget-of-no-numbers", "warrant.budget-range", '"numbers": 5000', '"numbers": 0')
    yield change("budget-below-zero", "warrant.budget-range", '"sources": 200', '"sources": -1')
    yield change("budget-above-range", "warrant.budget-range", '"sources": 200', '"sources": 1000000001')
    yield change("window-empty", "warrant.window-empty", '"to": "2026-03-15', '"to": "2026-03-01')
    yield change("window-reversed", "warrant.window-empty", '"to": "2026-03-15', '"to": "2026-02-15')


def _signers() -> Iterator[Case]:
    yield _case("one-of-two", 6, "warrant.too-few-signers", policy=TWO)
    yield _case("one-key-twice-is-one", 6, "warrant.too-few-signers", signed(TEXT, JUDGE, JUDGE), policy=TWO)
    yield _case("unknown-key-does-not-count", 6, "warrant.too-few-signers", signed(TEXT, JUDGE, PARTNER), policy=TWO)
    yield _case("retired-key-does-not-count", 6, "warrant.too-few-signers", policy=RETIRED)
    yield _case("one-side-only", 7, "warrant.signers-missing", signed(TEXT, JUDGE, CLERK), policy=SIDES)


def _chains() -> Iterator[Case]:
    later = {"issued": datetime(2026, 3, 20, tzinfo=UTC), "not_before": None, "seeds": (Clear("+9640000000003"),)}
    second = warrant(stage=2, amends=GOOD.digest, **later)
    third = warrant(stage=3, amends=second.digest, **later)

    def chain(name: str, *amendments: Warrant) -> Case:
        return _case(name, 8, "warrant.chain", amendments=[signed(one.encode()).decode() for one in amendments])

    yield _case("amendment-alone", 8, "warrant.chain", signed(second.encode()))
    yield chain("amendment-of-another-warrant", warrant(stage=2, amends="0" * 64, **later))
    yield chain("amendment-left-out", third)
    yield chain("amendments-in-the-wrong-order", third, second)
    yield chain("amendment-twice", second, second)
    yield chain("amendment-skips-a-stage", warrant(stage=3, amends=GOOD.digest, **later))
    yield chain("amendment-of-another-case", warrant(stage=2, amends=GOOD.digest, case="lantern-8", **later))
    yield chain("a-second-first-stage", warrant())
    lapsed = {**later, "issued": GOOD.expires, "expires": datetime(2027, 1, 1, tzinfo=UTC)}
    yield chain("amendment-after-expiry", warrant(stage=2, amends=GOOD.digest, **lapsed))
    early = {**later, "issued": datetime(2026, 3, 14, tzinfo=UTC)}
    yield chain("amendment-before-the-warrant", warrant(stage=2, amends=GOOD.digest, **early))
    unsigned = Envelope(TYPE, second.encode(), ()).encode().decode()
    yield _case("amendment-unsigned", 4, "warrant.unsigned", amendments=[unsigned])


def _circumstances() -> Iterator[Case]:
    revocation = Revocation(
        case="lantern-7",
        revokes=GOOD.digest,
        issued=datetime(2026, 3, 20, tzinfo=UTC),
        authority="Court of Example, examining magistrate",
        reason="The grounds have fallen away.",
    ).encode()

    def revoked(name: str, code: str, envelope: bytes, policy: str = ONE, warrant: bytes = ENVELOPE) -> Case:
        return _case(name, 10, code, warrant, revocations=[envelope.decode()], policy=policy)

    kind = Revocation.payload_type
    good = signed(revocation, payload_type=kind)
    yield _case("of-another-case", 9, "warrant.wrong-case", case="lantern-8")
    yield revoked("revoked", "warrant.revoked", good)
    damaged = revocation.replace(b"fallen", b"risen!")
    unverified = "warrant.revocation-unverified"
    yield revoked("revocation-unsigned", unverified, Envelope(kind, revocation, ()).encode())
    yield revoked("revocation-altered", unverified, Envelope(kind, damaged, parse_envelope(good).signatures).encode())
    yield revoked("revocation-unreadable", unverified, good[:-10])
    yield revoked("revocation-by-a-stranger", unverified, signed(revocation, PARTNER, payload_type=kind))
    half = signed(TEXT, JUDGE, CLERK)
    yield revoked("revocation-signed-by-too-few", unverified, good, TWO, half)
    yield revoked("revocation-signed-as-a-warrant", unverified, signed(revocation))
    yield _case("not-yet-valid", 12, "warrant.not-yet-valid", now="2026-03-15T23:59:59Z")
    yield _case("expired", 12, "warrant.expired", now="2026-12-01T00:00:00Z")
    yield _case("expired-this-second", 12, "warrant.expired", now="2026-09-16T00:00:00Z")


def good_vector() -> dict[str, Any]:
    """The warrant that passes, with every value on the way."""
    envelope = parse_envelope(ENVELOPE)
    return {
        "source": "spec/warrant.md, section 7; the key is that of RFC 8032, section 7.1, test 1",
        "document": TEXT.decode(),
        "document_bytes": len(TEXT),
        "digest": GOOD.digest,
        "pae": envelope.signed_bytes.decode(),
        "public": JUDGE.public.text,
        "key_id": JUDGE.public.id,
        "signature": envelope.signatures[0].value.hex(),
        "envelope": ENVELOPE.decode(),
        "policy": ONE,
        "now": "2026-04-01T12:00:00Z",
    }


def files() -> dict[str, Callable[[], str]]:
    """The generated files' names, each with what it must hold."""
    return {
        "warrant.json": lambda: _json(good_vector()),
        "refused.json": lambda: _json({"source": "spec/warrant.md, section 5", "cases": [asdict(c) for c in cases()]}),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text(), "utf-8")
