"""What the commands say to the running node of a folder: one HTTP request over its Unix socket (spec node 7)."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final, final

from clew.errors import ClewError, InputError, PeerError, Refused, StorageError, UsageError

__all__ = ["SOCKET", "ask_node"]

SOCKET: Final = "control.sock"
"""The socket's name in the node's folder."""

_ERRORS: Final[dict[str, type[ClewError]]] = {
    kind.__name__: kind for kind in (ClewError, InputError, PeerError, Refused, StorageError, UsageError)
}


@final
class _Connection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("node")
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def ask_node(folder: Path, asked: Mapping[str, Any]) -> Any:
    """What the running node in a folder answers to a command; its errors are raised here."""
    if not (folder / "node.json").is_file():
        raise InputError(
            "node.missing", "there is no node in this folder", where=str(folder), mend="Make one with clew node init."
        )
    connection = _Connection(folder / SOCKET)
    try:
        connection.request("POST", "/", json.dumps(dict(asked)), {"Content-Type": "application/json"})
        found = json.loads(connection.getresponse().read())
    except (HTTPException, OSError, ValueError) as error:
        raise UsageError(
            "node.not-running",
            "the node of this folder is not running, or stopped before it answered",
            where=str(folder),
            mend=f"Start it in another terminal: clew node serve {folder}",
        ) from error
    finally:
        connection.close()
    if "error" not in found:
        return found["result"]
    said = found["error"]
    raise _ERRORS.get(said["class"], StorageError)(
        said["code"], said["what"], where=said["where"], mend=said["mend"], counts=said.get("counts")
    )
