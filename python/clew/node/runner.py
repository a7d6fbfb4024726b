"""The process of a node: takes what partners send, carries what waits to be sent, fetches snapshots (spec node 4, 6).

Nothing here knows what a message means. Whatever computes or waits for the disk runs in a thread.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, final

from clew.errors import ClewError, PeerError
from clew.node.bare_http import said_of
from clew.node.control import Control
from clew.node.desk import Desk
from clew.node.envelope import Envelope, Kind
from clew.node.identity import Card
from clew.node.running import Running, machine_trouble
from clew.node.states import ENDED
from clew.node.telling import Telling
from clew.node.told import Answer, Wait
from clew.node.transport import Partners, Receiver, Reply

__all__ = ["Node", "append_part"]

_CHUNK: Final = 4 << 20
_LARGEST_SNAPSHOT: Final = 1 << 36
_LOOK_SECONDS: Final = 0.05
_FIRST_SECONDS: Final = 0.1
_REVOCATIONS_SECONDS: Final = 1.0
_LAST_SECONDS: Final = 10.0


@final
class Node:
    """A running node."""

    def __init__(self, desk: Desk, note: Callable[[str], None]) -> None:
        self._desk = desk
        desk.peers.note = note  # a stray file among the cards must not end a node that serves
        self._partners = Partners(desk.identity, self._seconds)
        self._receiver = Receiver(desk.identity, desk.peers, self._seconds, self._handle, note)
        self._telling = Telling(self._partners)
        self._control = Control(desk)
        self._note = note
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._exhausted = False

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until ``stop`` is set; ``ready`` is called when every trace is taken up and both sockets are open.

        The own people are answered from the start, the partner when every trace is taken up.
        """
        asyncio.get_running_loop().set_exception_handler(self._unhandled)
        try:
            await self._control.start()
            await self._take_up(stop)
            if stop.is_set():
                return
            await self._receiver.start()
            self._control.taking_up = None
            self._telling.begin(self._desk.traces())
            ready()
            looked = 0.0
            while not stop.is_set():
                self._receiver.look()
                if (now := asyncio.get_running_loop().time()) - looked >= _REVOCATIONS_SECONDS:
                    looked = now
                    for one, error in await asyncio.to_thread(self._desk.look_for_revocations):
                        if one.broken is None:
                            self._stop_one(one, error)
                self._look()
                self._telling.look(self._desk.traces())
                try:
                    await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
                except TimeoutError:
                    continue
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            await self._telling.stop()
            await self._control.stop()
            await self._receiver.stop()
            await self._partners.close()
            self._desk.close()

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What asyncio meets outside every task: that no descriptor is left is said once, and it tries again itself."""
        error = context.get("exception")
        if not isinstance(error, OSError) or "socket" not in context:
            loop.default_exception_handler(context)
        elif not self._exhausted:
            self._exhausted = True
            self._note(
                f"No connection can be taken at the moment: {error.strerror}. The node goes on, and tries again."
            )

    async def _take_up(self, stop: asyncio.Event) -> None:
        """Take up every trace, the next one only if nobody has asked the node to stop by then."""
        rows = await asyncio.to_thread(self._desk.left)
        under_way = [row.id for row in rows if row.state not in ENDED]
        for row in rows:
            if stop.is_set():
                return
            if row.id in under_way:
                where = f"{under_way.index(row.id) + 1:,} of {len(under_way):,}"
                self._control.taking_up = f"trace {where}"
                self._note(f"Taking up trace {row.id} where it was left ({where})")
            await asyncio.to_thread(self._desk.take_up, row)

    def _seconds(self) -> int:
        moment: datetime = self._desk.clock()
        return int(moment.timestamp())

    def _look(self) -> None:
        """Start what has to be done for each trace, if it is not being done."""
        for one in self._desk.traces():
            key = one.id
            task = self._busy.get(key)
            if task is not None and not task.done():
                continue
            if task is not None and not task.cancelled() and (error := task.exception()) is not None:
                self._stop_one(one, error)
            if one.partner is None or one.paused is not None or one.broken is not None:
                continue
            if one.outgoing is not None:
                self._busy[key] = asyncio.create_task(self._carry(one, one.partner))
            elif one.wants_snapshot:
                self._busy[key] = asyncio.create_task(self._fetch(one, one.partner))

    def _stop_one(self, one: Running, error: BaseException) -> None:
        """A bug stops the trace that met it, not the node: what a partner sends must not end the others' traces."""
        self._busy.pop(one.id, None)
        one.broken = ClewError(
            "node.bug",
            f"a step of this trace met a bug in Clew ({said_of(error)}); what was committed is unchanged",
            mend="Please report it. The trace is taken up again when the node starts again.",
        )
        self._note(f"Trace {one.id}: {one.broken}")

    async def _carry(self, one: Running, card: Card) -> None:
        """Send what waits, take the answer, and so on until nothing waits."""
        pause = _FIRST_SECONDS
        while (data := one.outgoing) is not None and one.paused is None:
            try:
                await asyncio.to_thread(one.look_for_revocation)
                if one.outgoing is not data or one.paused is not None:
                    continue
                answer = await self._partners.send(card, Kind.MESSAGE, data)
                one.trouble = ""
                one.partner_says = Wait("")
                if answer.kind is Kind.MESSAGE:
                    await asyncio.to_thread(one.answered, answer.body)
                    pause = _FIRST_SECONDS
                    continue
                if answer.kind is Kind.NOTHING:
                    await asyncio.to_thread(one.acknowledged)
                    continue
                if answer.kind is Kind.WAIT:
                    one.partner_says = Wait.parse(answer.body)[0]
            except ClewError as error:
                if error.code == "node.trace-unknown" and one.row.state == "ended":  # nobody there waits for its end
                    await asyncio.to_thread(one.acknowledged)
                    continue
                one.trouble = one.said(error)
            except OSError as error:
                one.trouble = machine_trouble(error)
            await asyncio.sleep(pause)
            pause = min(_LAST_SECONDS, pause * 1.6)

    async def _fetch(self, one: Running, card: Card) -> None:
        """The holder's snapshot, a part at a time, from where it was left."""
        pause = _FIRST_SECONDS
        while one.wants_snapshot and one.paused is None:
            try:
                part = one.files.partial
                offset = part.stat().st_size if part.exists() else 0
                wanted = (one.row.trace or b"") + offset.to_bytes(8, "big")
                answer = await self._partners.send(card, Kind.CHUNK_WANTED, wanted)
                if answer.kind is Kind.CHUNK:
                    await asyncio.to_thread(append_part, one, offset, answer.body)
                    self._desk.snapshot_sizes[one.id] = int.from_bytes(answer.body[:8], "big")
                    one.trouble, pause = "", _FIRST_SECONDS
                    continue
                one.partner_says = Wait.parse(answer.body)[0]
            except ClewError as error:
                one.trouble = one.said(error)
            except OSError as error:
                one.trouble = f"The snapshot cannot be written: {error.strerror}."
            await asyncio.sleep(pause)
            pause = min(_LAST_SECONDS, pause * 1.6)

    async def _handle(self, card: Card, envelope: Envelope) -> Reply:
        """What a partner's envelope is answered with."""
        match envelope.kind:
            case Kind.MESSAGE:
                told = await asyncio.to_thread(self._desk.arrived, card, envelope.body)
                if isinstance(told, Answer):
                    return Kind.MESSAGE, told.data
                if isinstance(told, Wait):
                    return Kind.WAIT, told.encode()
                return Kind.NOTHING, b""
            case Kind.CHUNK_WANTED if len(envelope.body) == 40:
                data = await asyncio.to_thread(self._desk.snapshot, card, envelope.body[:32])
                offset = int.from_bytes(envelope.body[32:], "big")
                return Kind.CHUNK, len(data).to_bytes(8, "big") + data[offset : offset + _CHUNK]
            case Kind.WAIT:
                self._desk.partner_says(card, envelope.body)
                return Kind.NOTHING, b""
        raise PeerError("node.envelope", "the partner's node sent what only answers")


def append_part(one: Running, offset: int, body: bytes) -> None:
    """One part of a snapshot written; it is looked at and gets its name when it is whole."""
    total, data = int.from_bytes(body[:8], "big"), body[8:]
    part = one.files.partial
    if total > _LARGEST_SNAPSHOT or offset + len(data) > total or (not data and offset < total):
        part.unlink(missing_ok=True)
        raise PeerError("node.snapshot", "the parts of the partner's snapshot do not fit together")
    part.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if offset + len(data) == total:
        one.take_snapshot()
