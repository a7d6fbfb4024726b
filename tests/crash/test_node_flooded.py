"""A real process whose port anybody may reach: strangers who open connections and are silent do not end it."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from clew.node.identity import parse_address, read_settings
from tests.node_processes import two_processes

DESCRIPTORS = 200
STRANGERS = 400
"""More than a process can hold with so few descriptors."""


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="the limit is set with prlimit (util-linux)")
def test_a_stranger_cannot_end_a_node_or_take_its_partners_place_with_silent_connections() -> None:
    with tempfile.TemporaryDirectory(prefix="clew") as folder, ExitStack() as opened:
        tracer, holder = both = two_processes(Path(folder))
        try:
            holder.serve(DESCRIPTORS)
            tracer.serve()
            address = parse_address(read_settings(holder.node).address)
            for _ in range(STRANGERS):
                stranger = opened.enter_context(socket.socket())
                stranger.settimeout(2)
                with suppress(OSError):
                    stranger.connect(address)
            time.sleep(1)  # the node looks at its partners' cards twenty times meanwhile
            assert holder.case("status") == {"traces": []}  # its own people are answered
            window = ["--from", "2026-03-02", "--through", "2026-03-08"]
            tracer.case("open", "--partner", "Holder", "--case", "lantern-7", *window)
            holder.until("offered")  # and so is the partner
            holder.case("accept", "1")
            tracer.until("committed")
            assert holder.running is not None
            assert holder.running.poll() is None
            said = (holder.folder / "stderr").read_text()
            assert "Traceback" not in said
            assert len(said.splitlines()) < 5
        finally:
            for process in both:
                process.end()
