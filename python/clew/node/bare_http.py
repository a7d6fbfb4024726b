"""HTTP of a node's server without what a web server usually says: no body with a status, no name, no line in a log.

What comes from the network may be anything. None of it is written on the terminal of the node's people, and nobody
learns from an answer which version of what library made it (spec node 6.6).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final, final

from aiohttp import web

__all__ = ["Server", "bare", "said_of"]

_SILENT: Final = logging.Logger("clew.node.http")
_SILENT.addHandler(logging.NullHandler())
_HEADERS: Final = {"Server": "clew"}


def bare(status: int, body: bytes | None = None) -> web.Response:
    """A response with nothing but what is named here."""
    return web.Response(status=status, body=body, headers=_HEADERS)


def said_of(error: BaseException) -> str:
    """Kind and place of an error that nobody foresaw; what it says is left out, it may quote what came."""
    frame = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}, {Path(frame.filename).name}:{frame.lineno}"


@final
class _Connection(web.RequestHandler):
    """What is no HTTP is answered with a status alone."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The status; the connection is closed after it."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun")
        response = bare(status)
        response.force_close()
        return response


@final
class Server(web.Server):
    """Hands every request to one function; a body may have ``largest`` bytes."""

    def __init__(
        self, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], *, largest: int, keep_seconds: float
    ) -> None:
        loop = asyncio.get_running_loop()

        def request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
            return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=largest)

        super().__init__(answer, request_factory=request, loop=loop)
        self._loop_of, self._keep_seconds = loop, keep_seconds

    def __call__(self) -> web.RequestHandler:
        """The protocol of one more connection."""
        return _Connection(
            self,
            loop=self._loop_of,
            keepalive_timeout=self._keep_seconds,
            access_log=None,  # type: ignore[arg-type]  # as aiohttp's own runner is told
            logger=_SILENT,
        )

    def transports(self) -> list[asyncio.Transport]:
        """Every connection that is open, in the order in which it came."""
        return [one.transport for one in self.connections if one.transport is not None]
