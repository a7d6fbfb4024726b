"""A bad line between two nodes: a TCP proxy that delays, cuts, drops bytes in the middle, and half-closes."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

FATES = ("good", "good", "good", "cut", "dropped", "half-closed", "never answered")


@dataclass
class BadLine:
    """Forwards connections from one port of loopback to another, each with a fate of its own."""

    port: int
    to: int
    dice: random.Random
    fates: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            fate = self.dice.choice(FATES)
            self.fates.append(fate)
            try:
                far = socket.create_connection(("127.0.0.1", self.to), 5)
            except OSError:  # that node is being started
                near.close()
                continue
            # Where bytes are lost: in the handshake, in a request, or in a long answer.
            bounds = {"there": self.dice.randrange(500, 40_000), "back": self.dice.randrange(500, 60_000)}
            both = near, far
            for way, (source, sink) in (("there", both), ("back", both[::-1])):
                arguments = source, sink, fate, way, bounds[way]
                threading.Thread(target=self._forward, args=arguments, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, fate: str, way: str, bound: int) -> None:
        passed, done = 0, False
        with suppress(OSError):
            while data := source.recv(1 << 14):
                time.sleep(0.004)
                passed += len(data)
                if passed >= bound and not done and fate != "good":
                    done = True
                    if fate == "cut":
                        break
                    if fate == "dropped":
                        data = data[: len(data) // 2] + data[len(data) // 2 + 7 :]
                    if fate == "never answered" and way == "back":
                        time.sleep(0.5)
                        break
                    if fate == "half-closed" and way == "there":
                        sink.shutdown(socket.SHUT_WR)
                        time.sleep(0.3)
                        break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
