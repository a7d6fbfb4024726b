"""Telling partners that a person has paused a trace, or lets it go on, until they have heard it (spec node 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from clew.errors import ClewError
from clew.node.envelope import Kind
from clew.node.identity import Card
from clew.node.running import Running
from clew.node.states import ENDED
from clew.node.told import Wait
from clew.node.transport import Partners

__all__ = ["Telling"]

_FIRST_SECONDS: Final = 0.5
_AGAIN_SECONDS: Final = 30.0
"""A pause is told again as often: a partner's node that starts again has forgotten what it heard."""
_ANSWER_SECONDS: Final = 15.0
_UNTOLD: Final = "The partner has not heard of the pause yet, and is told again. "


@final
@dataclass
class _Told:
    """What one partner knows of one trace, and when it is told next."""

    heard: tuple[str | None] | None
    """The reason of the pause that they know of, ``(None,)`` if of none; ``None`` where nobody can say."""
    wanted: str | None = None
    due: float = 0.0
    pause: float = _FIRST_SECONDS
    trouble: str = ""
    task: asyncio.Task[None] | None = None


@final
class Telling:
    """What partners have to hear of pauses. Nobody waits for it: a partner's node may be frozen for hours."""

    def __init__(self, partners: Partners) -> None:
        self._partners = partners
        self._told: dict[int, _Told] = {}

    def begin(self, traces: Iterable[Running]) -> None:
        """After a start: what was told before it, and what was not, is forgotten, so that all of it is told again."""
        for one in traces:
            self._told[one.id] = _Told(None)

    def look(self, traces: Iterable[Running]) -> None:
        """Start to tell what is due."""
        now = asyncio.get_running_loop().time()
        for one in traces:
            told = self._told.setdefault(one.id, _Told((None,)))
            if told.task is not None and not told.task.done():
                continue
            if told.wanted != one.paused:
                told.wanted, told.due, told.pause = one.paused, now, _FIRST_SECONDS
            if now < told.due or (one.paused is None and told.heard == (None,)):
                continue
            told.due = now + (_AGAIN_SECONDS if told.heard == (one.paused,) else told.pause)
            if one.partner is not None and one.row.state not in ENDED:
                told.task = asyncio.create_task(self._tell(one, one.partner, told))

    async def stop(self) -> None:
        """Tell nothing more."""
        tasks = [told.task for told in self._told.values() if told.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, one: Running, card: Card, told: _Told) -> None:
        """Tell it once. From the first byte that is sent until the answer nobody can say what the partner knows."""
        told.heard, wanted = None, told.wanted
        trace = one.row.trace or one.row.offer or b""
        state, reason = ("paused", wanted) if wanted is not None else ("going on", "")
        body = Wait(state, reason).encode(trace)
        trouble = ""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._partners.send(card, Kind.WAIT, body)
            told.heard, told.pause, wait = (wanted,), _FIRST_SECONDS, _AGAIN_SECONDS
        except ClewError as error:
            trouble = f"{_UNTOLD}{error}"
        except TimeoutError:
            trouble = f"{_UNTOLD}Its node does not answer."
        if trouble:
            told.pause = wait = min(_AGAIN_SECONDS, told.pause * 1.6)
        told.due = asyncio.get_running_loop().time() + wait
        if wanted is not None and trouble:
            told.trouble = one.trouble = trouble
        elif told.trouble and one.trouble == told.trouble:
            told.trouble = one.trouble = ""
