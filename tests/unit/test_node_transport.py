"""What two nodes do to each other's sockets: certificates, clocks, versions, sizes, and partners that are silent."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import json
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from clew.effects import system_clock
from clew.errors import InputError, PeerError, Refused, UsageError
from clew.joint.messages import AskRows, Refusal, RefusalCode, encode, parse
from clew.node import listening, transport
from clew.node.envelope import Envelope, Kind, open_envelope, seal_envelope
from clew.node.identity import Card, Identity, open_identity
from clew.node.peers import Peers
from clew.node.told import Wait
from clew.node.transport import PATH, Partners, Reply
from tests.node_pair import (
    PASSPHRASE,
    SEED,
    Side,
    Two,
    copies,
    documents,
    free_port,
    make_node,
    papers,
    pin,
    serving,
    until,
)

TERMS = {"case": "c", "stage": 1, "begin": "2026-03-02", "end": "2026-03-09", "hub_limit": 9, "auditor": "0" * 64}


def moved(one: Identity) -> Identity:
    """The node at an address of its own, so that tests beside each other do not meet."""
    card = replace(one.card, address=f"127.0.0.1:{free_port()}")
    return replace(one, card=card, settings=replace(one.settings, address=card.address, card=card.encode(one.key)))


def fresh(folder: Path, *, pinned: bool = True) -> tuple[Identity, Identity]:
    a, b = (moved(one) for one in copies(folder))
    for one, other in ((a, b), (b, a)):
        for path in (one.settings.folder / "peers").glob("*.card"):
            path.unlink()
        if pinned:
            pin(one, other)
    return a, b


def at_both(folder: Path, story: Callable[[Two], Awaitable[None]]) -> None:
    """Run a story with both nodes serving."""

    async def run() -> None:
        async with serving(Two(*(Side(one) for one in fresh(folder)))) as pair:
            await story(pair)

    asyncio.run(run())


def at_holder(folder: Path, story: Callable[[Side, Partners, Identity], Awaitable[None]]) -> None:
    """Run a story with the holder serving, and a client that has the tracer's keys."""

    async def run() -> None:
        a, b = fresh(folder)
        side, partners = Side(b), Partners(a, lambda: int(system_clock().timestamp()))
        await side.start()
        try:
            await story(side, partners, a)
        finally:
            await partners.close()
            await side.stop()

    asyncio.run(run())


async def post(me: Identity, partner: Card, data: bytes, path: str = PATH) -> int:
    """The status that the partner's node gives to these bytes."""
    context = transport._context(me, ssl.PROTOCOL_TLS_CLIENT, [partner])
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"https://{partner.address}{path}", data=data, ssl=context) as response,
    ):
        return response.status


def now() -> int:
    return int(system_clock().timestamp())


def test_a_node_without_a_pinned_certificate_gets_no_answer(tmp_path: Path) -> None:
    stranger = moved(make_node(tmp_path / "c", "Stranger", []))

    async def story(side: Side, partners: Partners, me: Identity) -> None:
        client = Partners(stranger, now)
        with pytest.raises(PeerError) as raised:
            await client.send(side.identity.card, Kind.MESSAGE, b"")
        assert raised.value.code in {"node.certificate", "node.unreachable"}
        await client.close()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with pytest.raises((aiohttp.ClientError, ConnectionError)):  # and none at all without a certificate
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"https://{side.identity.card.address}{PATH}", data=b"", ssl=context) as response,
            ):
                await response.read()
        assert side.desk.traces() == []

    at_holder(tmp_path, story)


def test_only_tls_1_3_is_spoken(tmp_path: Path) -> None:
    async def story(side: Side, partners: Partners, me: Identity) -> None:
        context = transport._context(me, ssl.PROTOCOL_TLS_CLIENT, [side.identity.card])
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(aiohttp.ClientConnectorError):
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"https://{side.identity.card.address}{PATH}", data=b"", ssl=context),
            ):
                pass

    at_holder(tmp_path, story)


def test_another_node_at_the_partners_address_is_not_spoken_to(tmp_path: Path) -> None:
    async def story(side: Side, partners: Partners, me: Identity) -> None:
        stranger = make_node(tmp_path / "c", "Stranger", []).card
        taken = replace(stranger, address=side.identity.card.address)
        with pytest.raises(PeerError) as raised:
            await partners.send(taken, Kind.MESSAGE, b"secret")
        assert raised.value.code == "node.certificate"

    at_holder(tmp_path, story)


def test_clocks_that_lie_apart_stop_both_and_say_so(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.tracer.stop()
        pair.tracer.clock = lambda: system_clock() + timedelta(hours=1)
        await pair.tracer.start()
        await asyncio.to_thread(pair.tracer.desk.open, "Holder", TERMS)
        await until(lambda: "node.clock" in pair.tracer.one.trouble, pair.tracer)
        assert pair.holder.desk.traces() == []
        assert any("seconds apart" in note for note in pair.holder.notes)

    at_both(tmp_path, story)


def test_other_versions_sizes_and_bytes_get_a_status_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_LARGEST", 1 << 16)

    async def story(side: Side, partners: Partners, me: Identity) -> None:
        card, key = side.identity.card, me.key
        good, _ = seal_envelope(Kind.MESSAGE, b"no message", key, card.identity, now())
        other, _ = seal_envelope(Kind.MESSAGE, b"no message", key, bytes(32), now())
        unknown, _ = seal_envelope(
            Kind.MESSAGE, encode(Refusal(bytes(32), RefusalCode.STOPPED, "x")), key, card.identity, now()
        )
        answering, _ = seal_envelope(Kind.MESSAGE, b"", key, card.identity, now(), b"\x01" * 32)
        chunk, _ = seal_envelope(Kind.CHUNK, b"", key, card.identity, now())
        stray, _ = seal_envelope(Kind.WAIT, b"{}", key, card.identity, now())
        for data in (good, other, answering, chunk, stray, good[:-1], good[:50], b"", b"\x00" * 200):
            assert await post(me, card, data) == 400
        assert await post(me, card, unknown) == 410
        assert await post(me, card, good, "/clew/2") == 404
        assert await post(me, card, b"\x00" * (1 << 17)) == 413
        with pytest.raises(PeerError) as raised:
            await partners.send(card, Kind.MESSAGE, encode(AskRows(bytes(32), 0, bytes(4))))
        assert raised.value.code == "node.trace-unknown"
        assert side.desk.traces() == []

    at_holder(tmp_path, story)


def test_large_bodies_go_both_ways(tmp_path: Path) -> None:
    async def story(side: Side, partners: Partners, me: Identity) -> None:
        async def back(card: Card, envelope: Envelope) -> Reply:
            return Kind.CHUNK, envelope.body

        side.node._receiver.handle = back
        body = bytes(range(256)) * (3 << 12)
        answer = await partners.send(side.identity.card, Kind.CHUNK_WANTED, body)
        assert answer.body == body

    at_holder(tmp_path, story)


def test_a_partner_that_asks_too_fast_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_BURST", 3)
    monkeypatch.setattr(transport, "_A_SECOND", 0)
    monkeypatch.setattr(transport._Bucket.__init__, "__defaults__", (3.0, 0.0, 0))

    async def story(side: Side, partners: Partners, me: Identity) -> None:
        statuses = [await post(me, side.identity.card, b"") for _ in range(5)]
        assert statuses == [400, 400, 400, 429, 429]

    at_holder(tmp_path, story)


def test_a_slow_body_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_BODY_SECONDS", 0.2)

    async def story(side: Side, partners: Partners, me: Identity) -> None:
        context = transport._context(me, ssl.PROTOCOL_TLS_CLIENT, [side.identity.card])

        async def dripping():  # type: ignore[no-untyped-def]
            yield b"clew"
            await asyncio.sleep(5)

        async with (
            aiohttp.ClientSession() as session,
            session.post(f"https://{side.identity.card.address}{PATH}", data=dripping(), ssl=context) as response,
        ):
            assert response.status == 408

    at_holder(tmp_path, story)


def test_a_partner_that_is_not_there_is_tried_again_until_it_is(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.holder.stop()
        await asyncio.to_thread(pair.tracer.desk.open, "Holder", TERMS)
        await until(lambda: "node.unreachable" in pair.tracer.one.trouble, pair.tracer)
        await pair.holder.start()
        await pair.holder.until("offered")
        await until(lambda: pair.tracer.one.partner_says.state == "deciding", pair.tracer)
        assert pair.tracer.one.trouble == ""

    at_both(tmp_path, story)


def test_a_partner_that_never_answers_leaves_a_clear_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_BODY_SECONDS", 0.3)

    async def run() -> None:
        a, b = fresh(tmp_path)
        context = transport._context(b, ssl.PROTOCOL_TLS_SERVER, [a.card])
        open_writers = []

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_writers.append(writer)
            await reader.read()

        host, port = b.card.address.split(":")
        server = await asyncio.start_server(silent, host, int(port), ssl=context)
        side = Side(a)
        await side.start()
        await asyncio.to_thread(side.desk.open, "Holder", TERMS)
        await until(lambda: "node.unreachable" in side.one.trouble, side)
        assert side.one.row.state == "offered"
        await side.stop()
        for writer in open_writers:
            writer.transport.abort()
        server.close()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_a_node_that_stops_leaves_no_connection_open_to_a_partner_who_does_not_read(tmp_path: Path) -> None:
    async def run() -> None:
        a, b = fresh(tmp_path)
        side = Side(b)
        await side.start()
        context = transport._context(a, ssl.PROTOCOL_TLS_CLIENT, [b.card])
        host, port = b.card.address.split(":")

        def connect(said: bytes) -> ssl.SSLSocket:
            """A connection in the middle of a request, and nobody who would take part in its end."""
            found = context.wrap_socket(socket.create_connection((host, int(port))))
            found.sendall(said)
            return found

        half = f"POST {PATH} HTTP/1.1\r\nHost: b\r\nContent-Length: 100\r\n\r\nhalf".encode()
        ours = [await asyncio.to_thread(connect, said) for said in (b"", half)]
        server = side.node._receiver._runner.server  # type: ignore[union-attr]
        while not any(one._current_request for one in server.connections):  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        theirs = [one.transport.get_extra_info("socket") for one in server.connections]  # type: ignore[union-attr]
        await side.stop()
        assert [one.fileno() for one in theirs] == [-1, -1]
        for one in ours:
            one.close()

    asyncio.run(run())


@pytest.mark.parametrize("rounds", range(6))
def test_a_node_that_stops_leaves_no_connection_open_that_has_only_just_come(tmp_path: Path, rounds: int) -> None:
    async def run() -> None:
        side = Side(fresh(tmp_path)[1])
        await side.start()
        host, port = side.identity.card.address.split(":")
        listening = side.node._receiver._listening
        ours = socket.create_connection((host, int(port)))  # it says nothing: no handshake begins
        for _ in range(rounds):
            await asyncio.sleep(0)
        await side.stop()
        assert listening[0].fileno() == -1
        assert [one.open_connections() for one in listening] == [[]]
        ours.settimeout(5)
        with contextlib.suppress(ConnectionResetError):
            assert ours.recv(1) == b""
        ours.close()
        del side
        gc.collect()  # what nobody closed says so here

    asyncio.run(run())


def test_a_snapshot_goes_on_where_it_stopped_and_a_wrong_part_is_fetched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clew.node import runner

    monkeypatch.setattr(runner, "_CHUNK", 9_000)
    wanted: list[int] = []

    async def story(pair: Two) -> None:
        handle = pair.holder.node._handle

        async def counted(card, envelope):  # type: ignore[no-untyped-def]
            if envelope.kind is Kind.CHUNK_WANTED:
                wanted.append(int.from_bytes(envelope.body[32:], "big"))
                if len(wanted) == 3:
                    raise PeerError("node.envelope", "the line breaks here")
                if len(wanted) == 4:
                    await pair.tracer.stop()
            return await handle(card, envelope)

        pair.holder.node._receiver.handle = counted
        await pair.offered()
        await asyncio.to_thread(pair.holder.one.accept)
        await until(lambda: len(wanted) >= 4, pair.holder)
        while pair.tracer._task is not None:
            await asyncio.sleep(0.01)
        await pair.tracer.start()
        await until(lambda: pair.tracer.one.snapshot_file.exists(), pair.tracer)
        data = pair.tracer.one.snapshot_file.read_bytes()
        assert data == pair.holder.one.snapshot_bytes()
        assert wanted[:3] == [0, 9_000, 18_000]
        assert wanted.count(0) == 1  # no part that had come was fetched again

    at_both(tmp_path, story)


def test_a_pause_is_told_to_the_partner(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        await asyncio.to_thread(pair.tracer.one.pause, "our court looks at it")
        said = Wait("paused", "our court looks at it")
        await until(lambda: pair.holder.one.partner_says == said, pair.holder)
        await asyncio.to_thread(pair.tracer.one.go_on)
        await until(lambda: pair.holder.one.partner_says.state == "going on", pair.holder)

    at_both(tmp_path, story)


def test_a_refusal_reaches_the_partner_by_itself(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.committed()
        await asyncio.to_thread(pair.holder.one.refuse, "our court says no")
        found = await pair.tracer.until("ended")
        assert found.row.reason == "our court says no"
        await until(lambda: pair.holder.one.row.pending is None, pair.holder)

    at_both(tmp_path, story)


def test_a_list_of_positions_that_is_not_padded_is_refused_over_sockets_too(tmp_path: Path) -> None:
    """The holder refuses and logs it; the honest list is answered after it."""

    async def story(pair: Two) -> None:
        await pair.committed()
        warrant, shares = papers(pair.tracer.one.terms_document(), [SEED])
        await asyncio.to_thread(pair.holder.one.start, documents(pair.holder.desk, warrant), ())
        sent: list[bytes] = []
        send = pair.tracer.node._partners.send

        async def dishonest(card, kind, body):  # type: ignore[no-untyped-def]
            if kind is Kind.MESSAGE and isinstance(message := parse(body), AskRows) and not sent:
                sent.append(body)
                forged = encode(replace(message, positions=message.positions[:-4]))
                answer = await send(card, kind, forged)
                found = parse(answer.body)
                assert isinstance(found, Refusal)
                assert found.code in {RefusalCode.OVER_BUDGET, RefusalCode.OUT_OF_TURN}
            return await send(card, kind, body)

        pair.tracer.node._partners.send = dishonest  # type: ignore[method-assign]
        await asyncio.to_thread(pair.tracer.one.start, documents(pair.tracer.desk, warrant), shares)
        await pair.tracer.until("traced")
        assert sent
        kinds = [entry.entry.kind for entry in pair.holder.one.log.entries()]
        assert "joint.refused" in kinds

    at_both(tmp_path, story)


def test_cards_that_cannot_be_read_for_a_moment_leave_the_partners_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = fresh(tmp_path)
    notes: list[str] = []
    known = Peers(a.settings.folder)
    known.note = notes.append
    assert known.all() == [b.card]

    def exhausted(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    card = next((a.settings.folder / "peers").glob("*.card"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", exhausted)
        assert [known.all(), known.all()] == [[b.card]] * 2
    with monkeypatch.context() as patch:
        os.utime(card, (1, 1))  # so that it is read again
        patch.setattr(Path, "open", exhausted)
        assert known.all() == [b.card]
    assert known.all() == [b.card]
    assert len(notes) == 1
    assert "Too many open files" in notes[0]


def test_strangers_give_way_to_whoever_comes_after_them_and_partners_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_OF_ONE_ADDRESS", 4)

    async def story(side: Side, partners: Partners, me: Identity) -> None:
        assert (await partners.send(side.identity.card, Kind.WAIT, Wait("paused", "").encode(bytes(32)))).kind
        host, port = side.identity.card.address.split(":")
        strangers = [await asyncio.open_connection(host, int(port)) for _ in range(40)]
        await asyncio.sleep(0.2)
        (ours,) = side.node._receiver._listening
        assert len(ours.open_connections()) == 5  # four strangers, and the partner
        assert (await partners.send(side.identity.card, Kind.WAIT, Wait("paused", "").encode(bytes(32)))).kind
        assert len(side.node._receiver._server.connections) == 1  # type: ignore[union-attr]  # the same connection
        for _, writer in strangers:
            writer.close()

    at_holder(tmp_path, story)


def test_a_partner_cannot_take_the_others_place_with_connections(tmp_path: Path) -> None:
    async def story(side: Side, partners: Partners, me: Identity) -> None:
        host, port = side.identity.card.address.split(":")
        context = transport._context(me, ssl.PROTOCOL_TLS_CLIENT, [side.identity.card])
        opened = [await asyncio.open_connection(host, int(port), ssl=context) for _ in range(20)]
        await asyncio.sleep(0.3)
        assert len(side.node._receiver._server.connections) == 8  # type: ignore[union-attr]
        for _, writer in opened:
            writer.transport.abort()

    at_holder(tmp_path, story)


def test_what_is_no_request_is_answered_with_a_status_alone_and_is_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No word of the library that serves, and none of the partner's bytes on the terminal of the node's people."""
    asked = (
        b"GET /clew/1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"POST /clew/1 HTTP/1.1\r\nHost: x\r\nX-Long: " + b"marked" * 3_000 + b"\r\n\r\n",
        b"POST /clew/1 HTTP/1.1\r\nmarked\x1b[31m\r\n\r\n",
        b"POST /clew/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nmarked\r\n",
        b"POST /clew/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
    )

    async def story(side: Side, partners: Partners, me: Identity) -> None:
        host, port = side.identity.card.address.split(":")
        context = transport._context(me, ssl.PROTOCOL_TLS_CLIENT, [side.identity.card])
        statuses = []
        for data in asked:
            reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
            writer.write(data)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert b"aiohttp" not in head
            assert b"Python" not in head
            assert b"content-length: 0" in head.lower()
            statuses.append(int(head.split()[1]))
            writer.transport.abort()
        assert statuses == [405, 404, 400, 400, 400, 400]
        assert "marked" not in "".join(side.notes)

    at_holder(tmp_path, story)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_an_address_that_is_taken_is_said_in_words(tmp_path: Path) -> None:
    async def story(side: Side, partners: Partners, me: Identity) -> None:
        second = Side(replace(me, settings=replace(me.settings, address=side.identity.settings.address)))
        with pytest.raises(UsageError) as raised:
            await second.start()
        assert raised.value.code == "node.cannot-listen"

    at_holder(tmp_path, story)


def test_an_envelope_opens_for_its_reader_alone_and_unchanged(tmp_path: Path) -> None:
    a, b = copies(tmp_path)
    data, name = seal_envelope(Kind.WAIT, b"{}", a.key, b.card.identity, 7)
    found = open_envelope(data, a.card.identity, b.card.identity)
    assert (found.kind, found.at, found.body, found.name) == (Kind.WAIT, 7, b"{}", name)
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(PeerError):
            open_envelope(changed, a.card.identity, b.card.identity)
    with pytest.raises(PeerError):
        open_envelope(data, a.card.identity, a.card.identity)
    with pytest.raises(PeerError):
        open_envelope(data, b.card.identity, b.card.identity)
    answer, _ = seal_envelope(Kind.NOTHING, b"", b.key, a.card.identity, 8, name)
    assert open_envelope(answer, b.card.identity, a.card.identity, name).kind is Kind.NOTHING
    for other in (bytes(32), name[:-1] + bytes([name[-1] ^ 1])):  # an answer to another request of the same node
        with pytest.raises(PeerError, match="answers another request"):
            open_envelope(answer, b.card.identity, a.card.identity, other)


def test_a_card_is_its_own_signers_and_is_pinned_once(tmp_path: Path) -> None:
    a, b = copies(tmp_path)
    data = a.settings.card
    assert Card.parse(data) == a.card
    document = json.loads(data)
    for name, value in (("name", "Other"), ("address", "10.0.0.1:1"), ("version", 2), ("more", 1)):
        with pytest.raises(InputError, match="not the card"):
            Card.parse(json.dumps({**document, name: value}).encode())
    other = replace(a.card, address="127.0.0.1:9")
    with pytest.raises(Refused, match="another card"):
        Peers(b.settings.folder).add(other, other.encode(a.key))
    assert Peers(b.settings.folder).add(a.card, data) is False


def test_a_wrong_passphrase_opens_no_node(tmp_path: Path) -> None:
    a, _ = copies(tmp_path)
    with pytest.raises(InputError, match="passphrase"):
        open_identity(a.settings.folder, "not the right words")
    assert open_identity(a.settings.folder, PASSPHRASE).card == a.card
    assert PASSPHRASE not in repr(a)
    assert a.key.secret_bytes().hex() not in repr(a)
