"""The partners that a node knows: their cards, pinned by ``clew node peer add`` (spec node 2)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from clew.durable import make_folder, sync_folder
from clew.errors import InputError, Refused
from clew.node.identity import Card
from clew.warrants.files import read_file, write_file

__all__ = ["Peers"]

_LIMIT: Final = 64 * 1024
_FOR_NOW: Final = (errno.EMFILE, errno.ENFILE)
"""Why a card may be unreadable that was not removed."""


@final
class Peers:
    """The cards in a node's folder ``peers``; what is added while the node runs counts from then on.

    A command raises the error of a file that is no card. A running node passes over it and goes on: it is said once to
    :attr:`note`, and the partners whose cards are good are served. Where the folder itself cannot be read at the
    moment, it goes on with the partners that it knows.
    """

    def __init__(self, folder: Path) -> None:
        self.note: Callable[[str], None] | None = None
        """Who hears of a card that is passed over; where nobody does, it is an error."""
        self._folder = folder / "peers"
        self._cards: list[Card] = []
        self._read: dict[str, tuple[int, int]] = {}
        self._noted: set[str] = set()
        self._unreadable = False

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
        """All pinned cards, by name; read again only when a file was added, removed or changed."""
        try:
            there = self._there()
            if there != self._read:
                found = [card for name in sorted(there) if (card := self._card(self._folder / name)) is not None]
                self._cards, self._read = sorted(found, key=lambda card: card.name), there
        except OSError as error:
            if self.note is None:
                raise
            if not self._unreadable:
                self._unreadable = True
                self.note(f"The folder of partners cannot be read: {error.strerror}. Those known before are served.")
            return list(self._cards)
        self._unreadable = False
        return list(self._cards)

    def _there(self) -> dict[str, tuple[int, int]]:
        """The files of cards, each with when it was written and its size: one that is still being copied changes."""
        found: dict[str, tuple[int, int]] = {}
        try:
            names = [name for name in os.listdir(self._folder) if name.endswith(".card")]
        except (FileNotFoundError, NotADirectoryError):  # none was pinned yet
            return found
        for name in names:
            with suppress(FileNotFoundError):  # removed since
                state = (self._folder / name).lstat()
                found[name] = state.st_mtime_ns, state.st_size
        return found

    def _card(self, path: Path) -> Card | None:
        """The card in a file; ``None`` where it was removed since, or where the running node passes over it."""
        try:
            card = Card.parse(_data(path), str(path))
        except InputError as error:
            if not os.path.lexists(path):
                return None
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _FOR_NOW:
                raise error.__cause__ from error
            if self.note is None:
                raise
            if path.name not in self._noted:
                self._noted.add(path.name)
                self.note(
                    f"A file in {self._folder} is not the card of a partner and is passed over [node.card]. "
                    "clew node peer list says which."
                )
            return None
        self._noted.discard(path.name)
        return card

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


def _data(path: Path) -> bytes:
    """The bytes of a card's file; a pipe is refused, because whoever opened it would wait for ever."""
    if path.exists() and not path.is_file():
        raise InputError(
            "node.card", "this is not the card of a node", where=str(path), mend="Remove it from the folder."
        )
    return read_file(path, _LIMIT)
