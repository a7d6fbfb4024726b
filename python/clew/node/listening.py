"""A listening socket that can end every connection it took, those in the middle of a TLS handshake too.

It holds few that nobody has authenticated: whoever reaches the port may open as many as they like, and shall take from
the node neither the file descriptors that its own files and its own people need, nor the place of its partners.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable, Collection
from typing import Final, final

__all__ = ["HANDSHAKE_SECONDS", "Listening", "end_connections", "listen", "most_strangers", "take_no_more"]

HANDSHAKE_SECONDS: Final = 10.0
"""A connection whose handshake is not done by then is closed."""
_FEWEST: Final = 16
_MOST: Final = 256
_OF_ONE_ADDRESS: Final = 32
_SHARE: Final = 4
"""One in so many of the process's file descriptors may be a stranger's."""
_SHUT: Final = 32
"""So many may be shut and not closed yet, besides."""
_END_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.005


def most_strangers() -> int:
    """How many connections may be open that nobody has authenticated."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(_FEWEST, min(_MOST, soft // _SHARE))


@final
class Listening(socket.socket):
    """asyncio tells nobody of a connection before its handshake is done, so the socket itself keeps account of them."""

    __slots__ = ("_full", "_known", "_most", "_taken")

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._taken: dict[socket.socket, str] = {}
        self._known: Callable[[], Collection[int]] = frozenset
        self._most = most_strangers()
        self._full = False

    def authenticated_by(self, known: Callable[[], Collection[int]]) -> None:
        """``known`` names the file descriptors of connections whose certificate is a partner's."""
        self._known = known

    def accept(self) -> tuple[socket.socket, object]:
        """As of any socket, until it is to take no more.

        Where there are too many strangers, the one who has been here longest without an authentication gives way: a
        partner needs milliseconds for it, and finds a place whoever else knocks.
        """
        if self._full:
            raise BlockingIOError
        for _ in range(_FEWEST):
            connection, address = super().accept()
            host = str(address[0])
            if self._make_room(host):
                self._taken[connection] = host
                return connection, address
            connection.close()
        raise BlockingIOError  # the rest in the loop's next round

    def take_no_more(self) -> None:
        """From now on nothing comes in."""
        self._full = True

    def open_connections(self) -> list[socket.socket]:
        """What was taken and is not closed, in the order in which it came."""
        self._taken = {one: host for one, host in self._taken.items() if one.fileno() != -1}
        return list(self._taken)

    def _make_room(self, host: str) -> bool:
        """Whether one more may come in; what has to go for it is shut, and asyncio closes it soon."""
        there = self.open_connections()
        if len(there) < min(self._most, _OF_ONE_ADDRESS):
            return True
        known = self._known()
        strangers = [one for one in there if one.fileno() not in known]
        if len(strangers) >= self._most + _SHUT:
            return False
        same = [one for one in strangers if self._taken[one] == host]
        if len(same) >= _OF_ONE_ADDRESS:
            _shut(same[-_OF_ONE_ADDRESS])
        elif len(strangers) >= self._most:
            _shut(strangers[-self._most])
        return True


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
