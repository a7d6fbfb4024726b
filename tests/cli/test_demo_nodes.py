"""The demo's nodes are processes that end with the demo, however it ends; and a place where none can run is said."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clew.cli import demo_nodes
from clew.cli.demo_folder import make_room
from clew.cli.demo_nodes import free_ports, room_for_sockets, running
from clew.errors import ClewError, StorageError
from clew.node.asking import ask_node
from clew.node.identity import read_settings
from tests.node_pair import AUDITOR, BEGIN, END, PASSPHRASE, copies

TERMS = {
    "case": "lantern-7",
    "stage": 1,
    "begin": BEGIN.isoformat(),
    "end": END.isoformat(),
    "hub_limit": 200,
    "auditor": AUDITOR,
}
PROGRAM = """
import sys, time
from pathlib import Path
from clew.cli.demo_nodes import running
secret, *nodes = sys.argv[1:]
with running([Path(node) for node in nodes], Path(secret)) as found:
    found.wait()
    print(*(one.pid for one in found._processes.values()), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def nodes(tmp_path: Path) -> list[Path]:
    """Two nodes that know each other, and a file with their passphrase."""
    copies(tmp_path)
    found = []
    for name in "ab":
        node = tmp_path / f"service-{name}" / "node"
        node.parent.mkdir()
        (tmp_path / name).rename(node)
        found.append(node)
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    return found


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().split(")")[-1].split()[0]


def gone(processes: list[int]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not any(map(is_there, processes)):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="says by /proc which processes are left")
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_no_node_is_left_over_when_the_demo_is_stopped(how: str, nodes: list[Path]) -> None:
    """Harm stopped: a process that nobody knows of, which goes on answering and holds the folder."""
    command = [sys.executable, "-c", PROGRAM, nodes[0].parents[1] / "passphrase", nodes[0]]
    demo = subprocess.Popen(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert demo.stdout is not None
    processes = [int(text) for text in demo.stdout.readline().split()]
    assert len(processes) == 1, demo.communicate()
    assert all(map(is_there, processes))
    demo.send_signal(signal.Signals[how])
    _, said = demo.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert gone(processes)
    with pytest.raises(ClewError, match="not running"):
        ask_node(nodes[0], {"do": "list"})


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="says by /proc which processes are left")
def test_no_node_is_left_over_when_the_demo_is_killed_where_there_is_no_terminal(nodes: list[Path]) -> None:
    """Harm stopped: a demo that a service manager or a lack of memory kills leaves nodes which serve for ever."""
    command = [sys.executable, "-c", PROGRAM, nodes[0].parents[1] / "passphrase", *nodes]
    demo = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert demo.stdout is not None
    processes = [int(text) for text in demo.stdout.readline().split()]
    assert len(processes) == 2
    assert all(map(is_there, processes))
    demo.kill()
    demo.communicate(timeout=60)
    assert gone(processes)


def test_a_node_that_cannot_serve_is_said_and_the_other_one_ends(nodes: list[Path]) -> None:
    """Harm stopped: a demo that waits for ever, or leaves its user with a page of Python."""
    host, port = read_settings(nodes[1]).address.split(":")
    with (
        socket.create_server((host, int(port))),
        pytest.raises(StorageError) as stop,
        running(nodes, nodes[0].parents[1] / "passphrase") as found,
    ):
        found.wait()
    assert stop.value.code == "demo.node-ended"
    assert "node." in stop.value.what  # the node's own error, with its code
    assert not (nodes[0] / "control.sock").exists()


def test_nodes_in_a_long_path_stand_elsewhere_while_they_run_and_a_failure_ends_them(
    nodes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Harm stopped: a demo that cannot run where folders have long names, that waits for ever for a partner that does
    not answer, or leaves its nodes over where it fails."""
    monkeypatch.setattr(demo_nodes, "_TROUBLED_SECONDS", 0.2)
    folder = tmp_path / ("a-long-name-" * 8)
    (folder / "service-a").mkdir(parents=True)
    seen: list[Path] = []

    def fails() -> None:
        with room_for_sockets(folder, ["service-a"]) as room:
            assert folder not in room.parents
            node = room / "service-a" / "node"
            shutil.copytree(nodes[0], node)
            with running([node], tmp_path / "passphrase") as found:
                found.wait()
                assert found.ask(node, "list") == []
                found.ask(node, "open", partner="Holder", terms=TERMS)
                with pytest.raises(StorageError, match="does not answer") as stop:
                    found.until(node, lambda one: one["state"] == "committed")
                assert stop.value.code == "demo.joint-stopped"
                seen.append(room)
                raise ValueError("the demo fails here")

    with pytest.raises(ValueError, match="fails here"):
        fails()
    assert not seen[0].exists()
    assert (folder / "service-a" / "node" / "node.db").exists()
    assert not (folder / "service-a" / "node" / "control.sock").exists()
    with room_for_sockets(tmp_path, ["a"]) as room:
        assert room == tmp_path


def test_ports_are_free_and_differ() -> None:
    ports = free_ports(4)
    assert len(set(ports)) == 4
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_a_machine_without_a_loopback_address_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("clew.cli.demo_nodes.socket.socket", refused)
    with pytest.raises(StorageError, match=r"loopback") as stop:
        free_ports(2)
    assert stop.value.code == "demo.no-port"


def test_a_loopback_interface_that_is_down_is_said_before_anything_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Harm stopped: ports that can be opened and not be reached, and a demo that is silent for ten minutes."""

    def unreachable(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("clew.cli.demo_nodes.socket.create_connection", unreachable)
    with pytest.raises(StorageError, match="Network is unreachable") as stop:
        free_ports(2)
    assert stop.value.code == "demo.no-port"


def test_a_new_demo_replaces_the_nodes_of_an_earlier_one(tmp_path: Path) -> None:
    """Harm stopped: a node that finds another's database in its folder."""
    make_room(tmp_path / "demo", keep=False)
    left = tmp_path / "demo" / "joint" / "iraq" / "node" / "node.db"
    left.parent.mkdir(parents=True)
    left.write_text("of an earlier demo")
    make_room(tmp_path / "demo", keep=False)
    assert not (tmp_path / "demo" / "joint").exists()
