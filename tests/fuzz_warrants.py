"""The targets that ``tests/fuzz.py`` drives through the parsers of warrants, policies and key files.

Each may refuse with a ``ClewError``; what it takes must be written again byte for byte.
"""

from __future__ import annotations

from clew.errors import ClewError
from clew.warrants.document import parse_document
from clew.warrants.dsse import parse_envelope, sign
from clew.warrants.keyfile import key_file_parts
from clew.warrants.policy import parse_policy, policy_toml
from clew.warrants.verify import verify_warrant
from tests import warrant_vectors as vectors
from tests.warrants import JUDGE, NOW, amend, issue, revoke

__all__ = [
    "DOCUMENTS",
    "ENVELOPES",
    "KEY_FILES",
    "POLICIES",
    "document",
    "envelope",
    "key_file",
    "policy",
    "verification",
]

_SIGNED, _POLICY = issue(["+9647901234567", "id:vast:200"])
_SECOND = amend(_SIGNED, ["+33612345678"])
_REVOKED = revoke(_SIGNED)

ENVELOPES = [_SIGNED, _SECOND, _REVOKED, vectors.ENVELOPE]
DOCUMENTS = [parse_envelope(data).payload for data in ENVELOPES]
POLICIES = [text.encode() for text in (vectors.ONE, vectors.TWO, vectors.SIDES, vectors.RETIRED)]
KEY_FILES = [
    b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    b"MIGsMGgGCSqGSIb3DQEFDTBbMDoGCSsGAQQB2kcECzAtBCDAOdKqweSFtsdUXgYr\n"
    b"4B8jnQaIsiJlac+epFRBQpl63wIDAgAAAgEIAgEBMB0GCWCGSAFlAwQBKgQQcpnW\n"
    b"NQTeyPWhA5+H9iImngRAQImY6Fnzj2C6lGP1Gmd0bAyKQWqW+rllAHN0SpsvKr6p\n"
    b"YOQWa/bXal6SWXgnOiABQB5fRvpL1p6mB7nb2MbtPA==\n"
    b"-----END ENCRYPTED PRIVATE KEY-----\n"
]


def envelope(data: bytes) -> None:
    """An envelope is refused, or is written again as it was."""
    assert parse_envelope(data).encode() == data


def document(data: bytes) -> None:
    """A document is refused, or is written again as it was; what can be read can be signed and verified again."""
    found = parse_document(data)
    assert found.encode() == data
    assert parse_document(data, tidy=True) == found
    assert parse_envelope(sign(data, JUDGE)).payload == data


def policy(data: bytes) -> None:
    """A policy is refused, or says the same when it is written anew; one without keys never comes out."""
    found = parse_policy(data)
    assert 1 <= found.threshold <= len(found.holders)
    again = parse_policy(policy_toml(found.holders, found.threshold, found.requirements).encode())
    assert (again.holders, again.threshold, again.requirements) == (
        found.holders,
        found.threshold,
        found.requirements,
    )


def key_file(data: bytes) -> None:
    """A key file is refused, or has the one layout."""
    salt, iv, sealed = key_file_parts(data)
    assert (len(salt), len(iv), len(sealed)) == (32, 16, 64)


def verification(data: bytes) -> None:
    """No change of a signed warrant, an amendment or a revocation gets anything through that was not signed."""
    for amendments, revocations in (([], []), ([data], []), ([], [data])):
        first = _SIGNED if amendments or revocations else data
        try:
            scope = verify_warrant(first, _POLICY, clock=lambda: NOW, amendments=amendments, revocations=revocations)
        except ClewError:
            continue
        assert scope.root == parse_envelope(_SIGNED).digest
        assert (scope.stage == 1) or parse_envelope(data).payload == parse_envelope(_SECOND).payload
