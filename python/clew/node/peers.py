"""The partners that a node knows: their cards, pinned by ``clew node peer add`` (spec node 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Final, final

from clew.durable import make_folder, sync_folder
from clew.errors import InputError, Refused
from clew.node.identity import Card
from clew.warrants.files import read_file, write_file

__all__ = ["Peers"]

_LIMIT: Final = 64 * 1024


@final
class Peers:
    """The cards in a node's folder ``peers``; what is added while the node runs counts from then on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "peers"
        self._cards: list[Card] = []
        self._read_at = 0

    def add(self, card: Card, data: bytes) -> bool:
        """Pin a card; returns whether it is new. A known name or key under another card is ``Refused``."""
        for known in self.all():
            if known == card:
                return False
            if known.name == card.name or known.identity == card.identity:
                raise Refused(
                    "node.peer-differs",
                    "a partner of that name, or with that key, is pinned with another card",
                    mend="Ask the partner why it changed, over another channel; then remove the old card by hand.",
                )
        make_folder(self._folder)
        write_file(self._folder / f"{card.identity.hex()[:32]}.card", data)
        sync_folder(self._folder)
        return True

    def all(self) -> list[Card]:
        """All pinned cards, by name; read again only when one was added or removed."""
        if not self._folder.is_dir():
            return []
        changed = self._folder.stat().st_mtime_ns
        if changed != self._read_at:
            found = [Card.parse(read_file(path, _LIMIT), str(path)) for path in self._folder.glob("*.card")]
            self._cards, self._read_at = sorted(found, key=lambda card: card.name), changed
        return list(self._cards)

    def named(self, name: str) -> Card:
        """The card of the partner with that name; ``InputError`` if there is none."""
        for card in self.all():
            if card.name == name:
                return card
        raise InputError(
            "node.peer-unknown",
            "no partner of that name is pinned",
            mend="Pin the card that they gave you: clew node peer add NODE CARD.",
        )

    def known(self, *, identity: bytes = b"", certificate: bytes = b"") -> Card | None:
        """The card with that identity, or with that certificate (DER)."""
        for card in self.all():
            if card.identity == identity or card.certificate == certificate:
                return card
        return None
