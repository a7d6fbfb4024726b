"""Every label of the overlap check: what a hash or a key is for stands in front of what goes into it."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BLIND",
    "EXCHANGE",
    "HELD",
    "KEY",
    "LETTER",
    "PAYLOAD_FROM_ANSWERER",
    "PAYLOAD_FROM_ASKER",
    "SEAL",
    "SET",
    "SET_SIGNATURE",
    "SIGNATURE",
]

KEY: Final = b"clew/1 overlap-key\n"
BLIND: Final = b"clew/1 overlap-blind\n"
EXCHANGE: Final = b"clew/1 overlap-exchange\n"
HELD: Final = b"clew/1 overlap-held\n"
PAYLOAD_FROM_ASKER: Final = b"clew/1 overlap-payload-from-asker\n"
PAYLOAD_FROM_ANSWERER: Final = b"clew/1 overlap-payload-from-answerer\n"
LETTER: Final = b"clew/1 letter\n"
SIGNATURE: Final = b"clew/1 letter-signature\n"
SEAL: Final = b"clew/1 letter-seal\n"
SET: Final = b"clew/1 overlap-set\n"
SET_SIGNATURE: Final = b"clew/1 overlap-set-signature\n"
