"""Ctrl-C as a wish that is kept: what was asked once ends the command, wherever it was when it was asked.

Python turns Ctrl-C into a ``KeyboardInterrupt`` at whatever line it happens to be. In a callback of the garbage
collector or a ``__del__`` that exception is printed and forgotten, and a library may turn it into an error of its own.
So the wish is also remembered, work that runs outside Python is told of it, and the next step does not begin.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

__all__ = ["ctrl_c_is_kept", "is_wished", "stoppable"]

_wished = False
_running: list[Callable[[], None]] = []


def is_wished() -> bool:
    """Whether Ctrl-C was pressed since :func:`ctrl_c_is_kept` began."""
    return _wished


@contextmanager
def ctrl_c_is_kept() -> Iterator[None]:
    """Remember Ctrl-C for as long as this lasts.

    A process that was told to ignore it, as ``nohup`` and a shell's ``&`` do, or that answers it in its own way, goes
    on doing so.
    """
    global _wished
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    _wished = False
    signal.signal(signal.SIGINT, _wish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _wished = False


@contextmanager
def stoppable(interrupt: Callable[[], None]) -> Iterator[None]:
    """Work that ``interrupt`` ends before its time, from any thread; it may raise whatever it likes then.

    ``KeyboardInterrupt`` if the wish came before, in the midst, or while the work was ending.
    """
    _stop_if_wished()
    _running.append(interrupt)
    try:
        yield
    except Exception as error:
        if _wished:
            raise KeyboardInterrupt from error
        raise
    finally:
        _running.remove(interrupt)
    _stop_if_wished()


def _stop_if_wished() -> None:
    if _wished:
        raise KeyboardInterrupt


def _wish(number: int, frame: FrameType | None) -> NoReturn:
    global _wished
    _wished = True
    for interrupt in tuple(_running):
        interrupt()
    raise KeyboardInterrupt
