"""Signed envelopes: DSSE version 1 with Ed25519 (``spec/warrant.md``, section 4).

Source: secure-systems-lab/dsse, ``protocol.md`` and ``envelope.md`` 1.0.0. Narrower than it in two points, so that
an envelope has one spelling: payloads are in standard base64 only, and every signature names its key.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import final

from clew.errors import InputError
from clew.warrants.document import Document, digest_of, parse_document
from clew.warrants.keys import SigningKey
from clew.warrants.strict import Fields, load_json, write_json

__all__ = ["ENVELOPE_LIMIT", "Envelope", "Signature", "add_signature", "pae", "parse_envelope", "sign"]

ENVELOPE_LIMIT = 1024 * 1024
SIGNATURE_LIMIT = 64


def pae(payload_type: str, body: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


@final
@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and the id of the key that is said to have made it; nothing is verified yet."""

    keyid: str
    value: bytes


@final
@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """A payload, its type and signatures, none of them verified yet."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What every signature signs."""
        return pae(self.payload_type, self.payload)

    @property
    def digest(self) -> str:
        """The digest of the document inside."""
        return digest_of(self.payload)

    def encode(self) -> bytes:
        """The envelope's bytes, in their one spelling."""
        return write_json(
            {
                "payloadType": self.payload_type,
                "payload": base64.standard_b64encode(self.payload).decode("ascii"),
                "signatures": [
                    {"keyid": signature.keyid, "sig": base64.standard_b64encode(signature.value).decode("ascii")}
                    for signature in self.signatures
                ],
            }
        )

    def __repr__(self) -> str:
        return f"Envelope({self.digest[:12]}…, signatures={len(self.signatures)})"


def parse_envelope(data: bytes) -> Envelope:
    """The envelope in ``data``; ``InputError`` unless it is written in its one spelling (spec 4.2)."""
    try:
        found = Fields(load_json(data, ENVELOPE_LIMIT, "envelope"), "envelope")
        if found.has("type") and not found.has("payloadType"):
            raise InputError(
                "warrant.envelope", "this is a draft that nobody has signed", mend="Sign it: clew warrant sign FILE."
            )
        payload_type = found.text("payloadType")
        payload = _base64(found.take("payload"))
        signatures = []
        listed = found.take("signatures")
        if not isinstance(listed, list) or len(listed) > SIGNATURE_LIMIT:
            raise _not_an_envelope(f"signatures are a list of at most {SIGNATURE_LIMIT}")
        for item in listed:
            one = Fields(item, "envelope.signatures")
            signatures.append(Signature(one.digest("keyid"), _base64(one.take("sig"))))
            one.done()
        found.done()
    except InputError as error:
        if error.code != "warrant.malformed":
            raise
        raise _not_an_envelope(error.what) from error
    envelope = Envelope(payload_type, payload, tuple(signatures))
    if envelope.encode() != data:
        raise _not_an_envelope("it is not written the one way in which it can be")
    return envelope


def sign(document: bytes, *keys: SigningKey) -> bytes:
    """The envelope, encoded, of a document in its one spelling, signed by each of ``keys``."""
    parsed: Document = parse_document(document)
    envelope = Envelope(parsed.payload_type, document, ()).encode()
    for key in keys:
        envelope = add_signature(envelope, key)
    return envelope


def add_signature(envelope: bytes, key: SigningKey) -> bytes:
    """The envelope, encoded, with one more signature; unchanged if this key has signed it already.

    The document inside must be one that could be verified: nobody signs what will be refused.
    """
    found = parse_envelope(envelope)
    if parse_document(found.payload).payload_type != found.payload_type:
        raise _not_an_envelope("the payload is not of the type that it says")
    made = Signature(key.public.id, key.sign(found.signed_bytes))
    if made in found.signatures:
        return envelope
    return Envelope(found.payload_type, found.payload, (*found.signatures, made)).encode()


def _base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise _not_an_envelope("base64 is needed")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _not_an_envelope("this is not standard base64") from error


def _not_an_envelope(why: str) -> InputError:
    return InputError(
        "warrant.envelope",
        f"this is not a signed warrant: {why}",
        mend="A signed warrant is what clew warrant sign writes, unchanged.",
    )
