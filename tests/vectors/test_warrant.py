"""Every vector of warrant verification: by the library's functions, and for those that refuse, at the check named."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from clew.errors import ClewError, Refused
from clew.warrants.dsse import pae, parse_envelope, sign
from clew.warrants.keys import PublicKey, SigningKey
from clew.warrants.policy import parse_policy
from clew.warrants.verify import Check, verify_warrant
from tests import warrant_vectors

FOLDER = Path(__file__).parent / "warrant"
SPEC = Path(__file__).parent.parent.parent / "spec" / "warrant.md"


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


REFUSED = load("refused.json")["cases"]
GOOD = load("warrant.json")


def test_no_vector_got_lost() -> None:
    """A moved folder or an emptied file must not look like success."""
    assert len(REFUSED) >= 110
    assert {case["check"] for case in REFUSED} == {2, 3, 4, 5, 6, 7, 8, 9, 10, 12}
    assert len(load("ed25519.json")["vectors"]) == 3


@pytest.mark.parametrize("name", ["warrant.json", "refused.json"])
def test_generated_vectors_are_what_their_generator_writes(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == warrant_vectors.files()[name]()


@pytest.mark.parametrize("case", load("ed25519.json")["vectors"], ids=lambda case: case["message"] or "empty")
def test_ed25519_is_that_of_rfc_8032(case: dict[str, str]) -> None:
    key = SigningKey.generate(lambda size: bytes.fromhex(case["secret"]))
    message, signature = bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
    assert key.public.raw.hex() == case["public"]
    assert key.sign(message) == signature
    assert PublicKey(bytes.fromhex(case["public"])).verify(signature, message) == message
    with pytest.raises(Refused) as refused:
        key.public.verify(signature, message + b"\0")
    assert refused.value.code == "warrant.altered"


def test_pae_is_what_another_implementation_signed() -> None:
    case = load("dsse.json")
    made = pae(case["payloadType"], case["body"].encode())
    assert made == case["pae"].encode()
    raw = base64.b64decode(case["sig"])
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = EllipticCurvePublicNumbers(int(case["x"]), int(case["y"]), SECP256R1()).public_key()
    key.verify(signature, made, ECDSA(SHA256()))


def test_the_example_passes_with_every_value_on_the_way() -> None:
    document = GOOD["document"].encode()
    key = SigningKey.generate(lambda size: bytes.fromhex(load("ed25519.json")["vectors"][0]["secret"]))
    assert sign(document, key).decode() == GOOD["envelope"]
    envelope = parse_envelope(GOOD["envelope"].encode())
    assert envelope.payload == document
    assert len(document) == GOOD["document_bytes"]
    assert envelope.digest == GOOD["digest"]
    assert envelope.signed_bytes.decode() == GOOD["pae"]
    assert envelope.signatures[0].value.hex() == GOOD["signature"]
    assert (key.public.text, key.public.id) == (GOOD["public"], GOOD["key_id"])
    checks: list[Check] = []
    scope = verify_warrant(
        GOOD["envelope"].encode(),
        parse_policy(GOOD["policy"].encode()),
        clock=lambda: moment(GOOD["now"]),
        witness=checks.append,
    )
    assert [check.number for check in checks] == list(range(1, 14))
    assert all(check.passed for check in checks)
    assert scope.clear_seeds() == ("+33199000001", "+9640000000001")
    assert (scope.digest, scope.root, scope.stage, scope.hops, scope.hub_limit) == (
        GOOD["digest"],
        GOOD["digest"],
        1,
        2,
        200,
    )


def test_the_specification_shows_the_example() -> None:
    text = SPEC.read_text("utf-8")
    blocks = re.findall(r"```(?:json|text)\n(.*?)```", text, re.DOTALL)
    assert GOOD["document"] in blocks
    assert GOOD["envelope"] in blocks
    for value in (GOOD["digest"], GOOD["public"], GOOD["key_id"], GOOD["signature"], f"{GOOD['document_bytes']} bytes"):
        assert value in text
    assert GOOD["pae"].split("{")[0] in text


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_must_be_refused_by_the_check_named(case: dict[str, Any]) -> None:
    checks: list[Check] = []
    with pytest.raises(ClewError) as refused:
        verify_warrant(
            case["warrant"].encode("utf-8"),
            parse_policy(case["policy"].encode()),
            clock=lambda: moment(case["now"]),
            amendments=[one.encode() for one in case["amendments"]],
            revocations=[one.encode() for one in case["revocations"]],
            case=case["case"],
            witness=checks.append,
        )
    assert refused.value.code == case["code"], refused.value
    assert (checks[-1].number, checks[-1].passed) == (case["check"], False)
    assert all(check.passed for check in checks[:-1])
    without_digests = re.sub(r"\b[0-9a-f]{64}\b", "", str(refused.value))
    assert not re.search(r"\d{7,}", without_digests), "an error names a number"


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
