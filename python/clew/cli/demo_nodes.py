"""The demo's two nodes as processes of their own, ``clew node serve``, which end with the demo however it ends."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final, final

from clew.errors import StorageError, UsageError
from clew.node.asking import ask_node
from clew.node.identity import has_room_for_socket

__all__ = ["Nodes", "free_ports", "room_for_sockets", "running"]

_START_SECONDS: Final = 60.0
_STILL_SECONDS: Final = 600.0
_TROUBLED_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.05
_CONNECT_SECONDS: Final = 5.0
_END_SECONDS: Final = 15.0


@final
class Nodes:
    """Running nodes, asked through their sockets as ``clew case`` asks them."""

    def __init__(self, processes: dict[Path, subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    def ask(self, node: Path, what: str, **more: Any) -> Any:
        """What a node answers; ``StorageError`` if its process has ended."""
        try:
            return ask_node(node, {"do": what, **more})
        except UsageError as error:
            if error.code == "node.not-running":
                self._require_alive(node)
            raise

    def wait(self) -> None:
        """Return when every node serves; ``StorageError`` if one has ended."""
        begin = monotonic()
        for node in self._processes:
            while True:
                try:
                    self.ask(node, "list")
                    break
                except UsageError:
                    if monotonic() - begin > _START_SECONDS:
                        raise
                    sleep(_LOOK_SECONDS)

    def until(self, node: Path, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The trace of a node once it is as it should be; ``StorageError`` if it ended or does not move."""
        last, since, well = "", monotonic(), monotonic()
        while True:
            for each in self._processes:
                self._require_alive(each)
            traces = self.ask(node, "list")
            one: dict[str, Any] = traces[-1] if traces else {"state": "", "trouble": ""}
            if reached(one):
                return one
            now = monotonic()
            if one["state"] != last:
                last, since = one["state"], now
            if not one["trouble"]:
                well = now
            if last == "ended" or now - since > _STILL_SECONDS or now - well > _TROUBLED_SECONDS:
                raise StorageError(
                    "demo.joint-stopped",
                    f"the joint trace came as far as {last or 'nothing'!r} and does not go on: "
                    f"{one.get('reason') or one['trouble'] or 'no reason was given'}",
                    where=str(node),
                    mend="What the nodes said stands in said.txt beside them. Run the demo again.",
                )
            sleep(_LOOK_SECONDS)

    def _require_alive(self, node: Path) -> None:
        code = self._processes[node].poll()
        if code is None:
            return
        said = _said(node).read_text("utf-8", "replace").strip().splitlines()
        raise StorageError(
            "demo.node-ended",
            f"a node of the demo ended by itself, with {code}: {said[-1] if said else 'it said nothing'}",
            where=str(node),
            mend="The joint trace needs sockets in this folder and on 127.0.0.1. What the nodes said stands in "
            "said.txt beside them.",
        )


@contextmanager
def running(nodes: Sequence[Path], passphrase_file: Path) -> Iterator[Nodes]:
    """Start the nodes of these folders, and end them when what stands inside is over.

    They take a second or two to load: :meth:`Nodes.wait` returns when they serve. That what stands inside is over
    includes an error, Ctrl-C, being told to end, and being killed: a process that is left over would hold the demo's
    folder.
    """
    with ExitStack() as ending:
        ending.enter_context(_told_to_end())
        processes: dict[Path, subprocess.Popen[bytes]] = {}
        ending.callback(_end, processes)
        for node in nodes:
            processes[node] = _start(node, passphrase_file)
        yield Nodes(processes)


@contextmanager
def room_for_sockets(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Where nodes of these names can stand while they run: in the folder, or where its path is too long for a socket,
    in a temporary one, from which they are moved into the folder at the end."""
    longest = max(names, key=len)
    if has_room_for_socket(folder / longest / "node"):
        yield folder
        return
    short = Path(tempfile.mkdtemp(prefix="clew-demo-"))
    try:
        yield short
    finally:
        for name in names:
            if (short / name / "node").exists():
                shutil.move(short / name / "node", folder / name / "node")
        shutil.rmtree(short)


def free_ports(count: int) -> list[int]:
    """Ports of this machine's loopback address on which nobody listens."""
    with ExitStack() as open_sockets:
        try:
            found = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
            for one in found:
                one.bind(("127.0.0.1", 0))
            # An interface that is down lets ports be opened, and nothing come through: only a connection tells.
            found[0].listen()
            open_sockets.enter_context(socket.create_connection(found[0].getsockname(), _CONNECT_SECONDS))
        except OSError as error:
            raise StorageError(
                "demo.no-port",
                f"no port of 127.0.0.1 can be opened and reached: {error.strerror or 'nothing answers'}",
                mend="The demo's two nodes speak over the loopback address. Run it where sockets are allowed.",
            ) from error
        return [int(one.getsockname()[1]) for one in found]


def _start(node: Path, passphrase_file: Path) -> subprocess.Popen[bytes]:
    # -P: no module of the folder in which somebody runs the demo is taken for one of Clew's.
    command = [sys.executable, "-P", "-m", "clew.cli", "node", "serve", str(node)]
    # Its input ends when this process closes it, or dies in a way that leaves it no time to end anybody.
    command += ["--passphrase-file", str(passphrase_file), "--until-stdin-ends"]
    with _said(node).open("wb") as said:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)  # noqa: S603 - our own


def _said(node: Path) -> Path:
    return node.parent / "said.txt"


def _end(processes: dict[Path, subprocess.Popen[bytes]]) -> None:
    """End every process: told first, killed if it does not listen, or if this is interrupted, too."""
    try:
        for one in processes.values():
            assert one.stdin is not None
            one.stdin.close()
        for one in processes.values():
            one.wait(_END_SECONDS)
    finally:
        for one in processes.values():
            if one.poll() is None:
                one.kill()
                one.wait()


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP unwind like Ctrl-C instead of ending this process with its children left over."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
