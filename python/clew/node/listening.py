"""A listening socket that can end every connection it took, those in the middle of a TLS handshake too."""

from __future__ import annotations

import asyncio
import socket
from typing import Final, final
from weakref import WeakSet

__all__ = ["Listening", "end_connections", "listen", "take_no_more"]

_END_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.005


@final
class Listening(socket.socket):
    """asyncio tells nobody of a connection before its handshake is done, so the socket itself keeps account of them."""

    __slots__ = ("_full", "_taken")

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._taken: WeakSet[socket.socket] = WeakSet()
        self._full = False

    def accept(self) -> tuple[socket.socket, object]:
        """As of any socket, until it is to take no more."""
        if self._full:
            raise BlockingIOError
        connection, address = super().accept()
        self._taken.add(connection)
        return connection, address

    def take_no_more(self) -> None:
        """From now on nothing comes in."""
        self._full = True

    def open_connections(self) -> list[socket.socket]:
        """What was taken and is not closed."""
        return [one for one in self._taken if one.fileno() != -1]


async def listen(host: str, port: int) -> list[Listening]:
    """Sockets bound to the host's addresses; ``OSError`` if one cannot be bound."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[Listening] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = Listening(family, kind, protocol)
            bound.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
    except OSError:
        for one in bound:
            one.close()
        raise
    return bound


async def take_no_more(listening: list[Listening]) -> None:
    """Let nothing more in, and wait until asyncio has taken up what is in: what it takes up after its server was closed
    it would leave open for good."""
    for one in listening:
        one.take_no_more()
    for _ in range(2):  # rounds of the loop: one to accept, one to make the connection's transport
        await asyncio.sleep(0)


async def end_connections(listening: list[Listening]) -> None:
    """End them without the polite close of TLS, which would wait for the partner."""
    until = asyncio.get_running_loop().time() + _END_SECONDS
    ended: set[socket.socket] = set()
    while left := [one for socket_ in listening for one in socket_.open_connections()]:
        for one in left:
            if one not in ended:
                ended.add(one)
                _shut(one)
        if asyncio.get_running_loop().time() > until:
            return
        await asyncio.sleep(_LOOK_SECONDS)  # the loop sees the end and closes the socket itself


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # the partner was faster
        return
