"""HTTPS between nodes: mutual TLS 1.3 with pinned certificates, and what goes wrong on the way (spec node 6)."""

from __future__ import annotations

import asyncio
import io
import secrets
import ssl
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, final

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from clew.errors import ClewError, PeerError, UsageError
from clew.joint.messages import MESSAGE_LIMIT
from clew.node.bare_http import Server, bare, said_of
from clew.node.envelope import CLOCK_APART, HEAD, Envelope, Kind, open_envelope, seal_envelope
from clew.node.identity import Card, Identity, parse_address
from clew.node.listening import HANDSHAKE_SECONDS, Listening, end_connections, listen, take_no_more
from clew.node.peers import Peers

__all__ = ["PATH", "Partners", "Receiver", "Reply", "Seconds"]

PATH: Final = "/clew/1"
_LARGEST: Final = MESSAGE_LIMIT + HEAD
_BODY_SECONDS: Final = 300
_CONNECT_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 600
_STOP_SECONDS: Final = 3  # what is durable is answered after the next start; a partner's slow body holds nobody up
_KEEP_SECONDS: Final = 60
_BACKLOG: Final = 128
_AT_ONCE: Final = 4
_CONNECTIONS: Final = 8
"""So many connections of one partner are kept; its node opens two."""
_A_SECOND: Final = 200
_BURST: Final = 400

Seconds = Callable[[], int]
"""The present moment in seconds since 1970."""

Reply = tuple[Kind, bytes]


def _context(identity: Identity, purpose: int, pinned: list[Card]) -> ssl.SSLContext:
    """TLS 1.3, both certificates required, none but the pinned ones trusted."""
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate itself is pinned, its name says nothing
    context.verify_mode = ssl.CERT_REQUIRED
    for card in pinned:
        context.load_verify_locations(cadata=card.pem)
    password = secrets.token_bytes(24).hex().encode()
    key = identity.tls_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    with tempfile.NamedTemporaryFile(dir=identity.settings.folder) as file:  # OpenSSL takes keys from files only
        file.write(identity.card.pem.encode() + key)
        file.flush()
        context.load_cert_chain(file.name, password=password)
    return context


@final
@dataclass
class _Bucket:
    """How fast one partner may ask."""

    left: float = _BURST
    at: float = 0.0
    inside: int = 0

    def take(self, now: float) -> bool:
        """Whether one more request may come now."""
        self.left = min(float(_BURST), self.left + (now - self.at) * _A_SECOND)
        self.at = now
        if self.left < 1 or self.inside >= _AT_ONCE:
            return False
        self.left -= 1
        return True


@final
@dataclass(eq=False)
class Receiver:
    """The server: takes envelopes of pinned partners and hands what is in them to ``handle``."""

    identity: Identity
    peers: Peers
    seconds: Seconds
    handle: Callable[[Card, Envelope], Awaitable[Reply]]
    note: Callable[[str], None]
    path: str = field(default_factory=lambda: PATH)
    """The path of the version that is spoken here: whoever asks by another is told that there is none."""
    _buckets: dict[bytes, _Bucket] = field(default_factory=dict)
    _server: Server | None = None
    _runner: web.ServerRunner | None = None
    _serving: list[asyncio.Server] = field(default_factory=list)
    _listening: list[Listening] = field(default_factory=list)
    _context: ssl.SSLContext | None = None
    _trusted: set[bytes] = field(default_factory=set)

    async def start(self) -> None:
        """Listen at the node's address."""
        cards = self.peers.all()
        self._context = _context(self.identity, ssl.PROTOCOL_TLS_SERVER, cards)
        self._context.num_tickets = 0
        self._trusted = {card.certificate for card in cards}
        self._server = Server(self._answered, largest=_LARGEST, keep_seconds=_KEEP_SECONDS)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_STOP_SECONDS)
        await self._runner.setup()
        try:
            self._listening = await listen(*parse_address(self.identity.settings.address))
            for one in self._listening:
                one.authenticated_by(self._authenticated)
                serving = await asyncio.get_running_loop().create_server(
                    self._server,
                    sock=one,
                    ssl=self._context,
                    backlog=_BACKLOG,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                )
                self._serving.append(serving)
        except OSError as error:
            raise UsageError(
                "node.cannot-listen",
                f"the node cannot listen at its address: {error.strerror}",
                where=self.identity.settings.address,
                mend="Another program may have the port, or the address is not one of this machine.",
            ) from error

    async def stop(self) -> None:
        """Listen no more, and leave no connection open."""
        if self._runner is None:
            return
        await take_no_more(self._listening)
        for one in self._serving:
            one.close()
        await self._runner.cleanup()
        await end_connections(self._listening)

    def look(self) -> None:
        """Trust partners that were pinned since the start, and keep no more connections of one than it needs."""
        for card in self.peers.all():
            if card.certificate not in self._trusted and self._context is not None:
                self._context.load_verify_locations(cadata=card.pem)
                self._trusted.add(card.certificate)
        if self._server is None or len(self._server.connections) <= _CONNECTIONS:
            return
        of: defaultdict[bytes, list[asyncio.Transport]] = defaultdict(list)
        for transport in self._server.transports():
            of[_certificate_of(transport) or b""].append(transport)
        for transports in of.values():
            for transport in transports[:-_CONNECTIONS]:
                transport.abort()

    def _authenticated(self) -> set[int]:
        """The file descriptors of connections whose handshake is done."""
        transports = self._server.transports() if self._server is not None else []
        return {transport.get_extra_info("socket").fileno() for transport in transports}

    async def _answered(self, request: web.BaseRequest) -> web.Response:
        """The answer to any request; whatever fails while it is made is one line, without the partner's bytes."""
        if request.path != self.path:
            return bare(404)
        if request.method != "POST":
            return bare(405)
        try:
            return await self._post(request)
        except web.HTTPException as error:
            return bare(error.status)
        except (web.PayloadAccessError, web.RequestPayloadError, ConnectionError):  # the partner broke off
            return bare(400)
        except Exception as error:  # of one request; the others are answered
            self.note(f"A partner's request met {said_of(error)}")
            return bare(503)

    async def _post(self, request: web.BaseRequest) -> web.Response:
        certificate = _certificate_of(request.transport) if request.transport is not None else None
        card = self.peers.known(certificate=certificate) if certificate else None
        if card is None:
            return bare(403)
        bucket = self._buckets.setdefault(card.identity, _Bucket(at=time.monotonic()))
        if not bucket.take(time.monotonic()):
            return bare(429)
        bucket.inside += 1
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                data = await request.read()
            return await self._answer(card, data)
        except TimeoutError:
            return bare(408)
        except ClewError as error:
            self.note(f"{card.name}: {error.what} [{error.code}]")
            return bare(_status_of(error))
        finally:
            bucket.inside -= 1

    async def _answer(self, card: Card, data: bytes) -> web.Response:
        envelope = open_envelope(data, card.identity, self.identity.key.public.raw)
        if abs(envelope.at - self.seconds()) > CLOCK_APART:
            self.note(f"{card.name}: its clock and this one are {abs(envelope.at - self.seconds()):,} seconds apart")
            return bare(409)
        kind, body = await self.handle(card, envelope)
        answer, _ = seal_envelope(kind, body, self.identity.key, card.identity, self.seconds(), envelope.name)
        return bare(200, answer)


def _certificate_of(transport: asyncio.BaseTransport) -> bytes | None:
    """The certificate of whoever is at the other end (DER)."""
    tls = transport.get_extra_info("ssl_object")
    found: bytes | None = tls.getpeercert(binary_form=True) if tls is not None else None
    return found


def _status_of(error: ClewError) -> int:
    if error.code == "node.trace-unknown":
        return 410
    return 400 if isinstance(error, PeerError) else 503


@final
class Partners:
    """The client: sends envelopes to partners and opens what they answer."""

    def __init__(self, identity: Identity, seconds: Seconds) -> None:
        self._identity = identity
        self._seconds = seconds
        self._sessions: dict[bytes, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    async def send(self, card: Card, kind: Kind, body: bytes) -> Envelope:
        """The partner's answer; ``PeerError`` with a clear word where there is none."""
        me = self._identity.key
        data, name = seal_envelope(kind, body, me, card.identity, self._seconds())
        try:
            async with self._session(card).post(_url(card), data=io.BytesIO(data)) as response:
                wire = response.connection.transport if response.connection is not None else None
                tls = wire.get_extra_info("ssl_object") if wire is not None else None
                if tls is not None and tls.getpeercert(binary_form=True) != card.certificate:
                    raise _certificate()
                if response.status != 200:
                    raise _said(response.status)
                found = await _read(response)
        except aiohttp.ClientConnectorCertificateError as error:
            raise _certificate() from error
        except aiohttp.ClientSSLError as error:
            raise _certificate() from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PeerError(
                "node.unreachable",
                "the partner's node does not answer",
                mend="Its address or the network may be wrong, or it is not running. It is tried again by itself.",
            ) from error
        return open_envelope(found, card.identity, me.public.raw, name)

    def _session(self, card: Card) -> aiohttp.ClientSession:
        if card.certificate not in self._sessions:
            context = _context(self._identity, ssl.PROTOCOL_TLS_CLIENT, [card])
            timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS, connect=_CONNECT_SECONDS, sock_read=_BODY_SECONDS)
            connector = aiohttp.TCPConnector(ssl=context, limit=2)
            self._sessions[card.certificate] = aiohttp.ClientSession(
                connector=connector, timeout=timeout, auto_decompress=False, trust_env=False
            )
        return self._sessions[card.certificate]


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_chunked(1 << 16):
        size += len(part)
        if size > _LARGEST:
            raise PeerError("node.too-large", "the partner's node answers with more than any message may have")
        parts.append(part)
    return b"".join(parts)


def _url(card: Card) -> str:
    host, port = parse_address(card.address)
    return f"https://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def _said(status: int) -> PeerError:
    """What a status of the partner's node means."""
    match status:
        case 400:
            return PeerError(
                "node.envelope", "the partner's node could not take what was sent", mend="Compare the versions of Clew."
            )
        case 403:
            return PeerError(
                "node.unknown-here", "the partner's node does not know this one", mend="Send them your card again."
            )
        case 404:
            return PeerError(
                "node.version",
                "the partner's node speaks another version",
                mend="Use the same version of Clew on both sides.",
            )
        case 409:
            return PeerError(
                "node.clock",
                "the clocks of the two nodes are too far apart",
                mend="Set both clocks. Nothing was answered.",
            )
        case 410:
            return PeerError(
                "node.trace-unknown", "the partner's node does not know this trace", mend="Compare both sides."
            )
        case 413:
            return PeerError(
                "node.too-large",
                "the partner's node takes no message of this size",
                mend="Ask for a smaller bound.",
            )
        case 429:
            return PeerError("node.too-fast", "the partner's node asks for patience", mend="It goes on by itself.")
    return PeerError(
        "node.partner-unable", "the partner's node cannot answer at the moment", mend="It goes on by itself."
    )


def _certificate() -> PeerError:
    return PeerError(
        "node.certificate",
        "what answers at the partner's address is not the node whose card is pinned, or does not know this one",
        mend="Compare the fingerprints of both cards with the partner, over another channel.",
    )
