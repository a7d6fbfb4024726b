"""``clew node``: the process through which an organisation traces jointly with its partners."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import Output, json_option
from clew.cli.warrant_files import FILE, passphrase, passphrase_option

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from clew.node.identity import Card

__all__ = ["FOLDER", "node"]

FOLDER = click.Path(path_type=Path, file_okay=False)
_CARD_LIMIT = 64 * 1024
_CHUNK = 64 * 1024


@click.group()
def node() -> None:
    """Run this organisation's node, and say which partners it knows.

    \b
    Once, on each side:
      clew node init NODE --name "Service A" --address 10.0.0.7:7443 --store records --policy policy.toml
      clew node card NODE --out service-a.card        # give it to the partner
      clew node peer add NODE service-b.card          # theirs; compare the fingerprints by telephone
      clew node serve NODE
    Then trace with clew case.
    """


@node.command()
@click.argument("folder", type=FOLDER)
@click.option("--name", required=True, help="What partners and reports call this organisation.")
@click.option("--address", required=True, help="Where it listens, and partners reach it: HOST:PORT.")
@click.option("--store", required=True, type=FOLDER, help="The store that clew import filled.")
@click.option("--policy", required=True, type=FILE, help="Whose signatures on warrants count: policy.toml.")
@passphrase_option
@json_option
def init(
    folder: Path, name: str, address: str, store: Path, policy: Path, passphrase_file: Path | None, as_json: bool
) -> None:
    """Make a node in FOLDER: its keys, encrypted with a passphrase, and its settings.

    The secrets of every trace stand in the folder too, encrypted under the same passphrase. Keep the folder on a disk
    of this machine, and the path short: a Unix socket stands in it.

    \b
    Example:
      clew node init node --name "Service A" --address 10.0.0.7:7443 --store records --policy policy.toml
    """
    from clew.effects import system_randomness
    from clew.node.identity import parse_address, set_up
    from clew.records.store import Store
    from clew.warrants.policy import read_policy

    parse_address(address)
    Store.open(store)
    read_policy(policy)
    secret = passphrase(passphrase_file, "Passphrase for the new node", new=True)
    card = set_up(folder, name, address, store, policy, secret, system_randomness)
    Output(as_json).result(
        {"node": str(folder), **_document(card)},
        f"Node {card.name} in {folder}, at {card.address}\n"
        f"Fingerprint of its card: {card.fingerprint}\n"
        f"Next: clew node card {folder} --out FILE, and give the file to your partner.",
    )


@node.command()
@click.argument("folder", type=FOLDER)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the card into this file.")
@json_option
def card(folder: Path, out: Path | None, as_json: bool) -> None:
    """Show the card of the node in FOLDER, or write it into a file for a partner. It holds nothing secret.

    \b
    Example:
      clew node card node --out service-a.card
    """
    from clew.node.identity import Card, read_settings
    from clew.warrants.files import write_file

    settings = read_settings(folder)
    found = Card.parse(settings.card, str(folder))
    if out is not None:
        write_file(out, settings.card, mode=0o644)
    where = f"{out}: the card of {found.name}" if out is not None else f"The card of {found.name}, at {found.address}"
    Output(as_json).result(
        {"file": str(out) if out is not None else None, **_document(found)},
        f"{where}\nFingerprint: {found.fingerprint}\n"
        "Read the fingerprint to your partner over another channel, such as the telephone.",
    )


@node.group()
def peer() -> None:
    """Say which partners the node knows: their cards are pinned, and nobody else is answered."""


@peer.command()
@click.argument("folder", type=FOLDER)
@click.argument("file", metavar="CARD", type=FILE)
@click.option("--fingerprint", help="What the partner read to you; refused if the card has another.")
@json_option
def add(folder: Path, file: Path, fingerprint: str | None, as_json: bool) -> None:
    """Pin the card of a partner in the node of FOLDER. A running node knows it at once.

    \b
    Example:
      clew node peer add node service-b.card --fingerprint "1a2b 3c4d 5e6f 7081 92a3 b4c5 d6e7 f809"
    """
    from clew.errors import Refused
    from clew.node.identity import Card, read_settings
    from clew.node.peers import Peers
    from clew.warrants.files import read_file

    own = Card.parse(read_settings(folder).card, str(folder))
    data = read_file(file, _CARD_LIMIT)
    found = Card.parse(data, str(file))
    if found.identity == own.identity:
        raise Refused(
            "node.own-card",
            "this is the node's own card",
            where=str(file),
            mend="Pin the partner's, and give this one to them.",
        )
    if fingerprint is not None and "".join(fingerprint.split()).lower() != found.fingerprint.replace(" ", ""):
        raise Refused(
            "node.fingerprint",
            "the card has another fingerprint than the partner read to you",
            where=str(file),
            mend="Do not pin it. Somebody may have changed it on the way; ask for it again.",
        )
    new = Peers(folder).add(found, data)
    Output(as_json).result(
        {"new": new, **_document(found)},
        f"{found.name} at {found.address} is {'pinned' if new else 'pinned already'}.\nFingerprint: {found.fingerprint}"
        + ("" if fingerprint is not None else "\nCompare it with the partner before the first trace."),
    )


@peer.command("list")
@click.argument("folder", type=FOLDER)
@json_option
def list_peers(folder: Path, as_json: bool) -> None:
    """List the partners that the node of FOLDER knows.

    \b
    Example:
      clew node peer list node
    """
    from clew.node.identity import read_settings
    from clew.node.peers import Peers

    read_settings(folder)
    found = Peers(folder).all()
    lines = [f"{one.name}  {one.address}  {one.fingerprint}" for one in found]
    Output(as_json).result({"peers": [_document(one) for one in found]}, "\n".join(lines) or "No partner is pinned.")


@node.command()
@click.argument("folder", type=FOLDER)
@passphrase_option
@click.option(
    "--until-stdin-ends",
    is_flag=True,
    help="Stop, too, when standard input ends: for a program that starts the node, and must not leave it over.",
)
@json_option
def serve(folder: Path, passphrase_file: Path | None, until_stdin_ends: bool, as_json: bool) -> None:
    """Run the node of FOLDER until it is stopped (Ctrl-C). Every trace goes on where it was left.

    It may be stopped, or lose its power, at any moment: nothing is asked twice and nothing is answered differently.

    \b
    Example:
      clew node serve node
    """
    import asyncio
    import signal
    import threading

    from clew.effects import system_clock, system_randomness
    from clew.node.desk import Desk
    from clew.node.identity import open_identity, read_settings
    from clew.node.notes import Notes
    from clew.node.runner import Node

    output = Output(as_json)
    read_settings(folder)
    identity = open_identity(folder, passphrase(passphrase_file, f"Passphrase of {folder}"))
    desk = Desk(identity, system_clock, system_randomness)
    running = Node(desk, Notes(output.note, system_clock))

    def ready() -> None:
        shown = identity.card
        output.result(
            {"serving": str(folder), **_document(shown)}, f"Serving {shown.name} at {shown.address}. Ctrl-C stops it."
        )
        sys.stdout.flush()

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

        def serving() -> None:
            # Not before: an interpreter that ends by an error while a thread reads says more than the error.
            if until_stdin_ends:
                threading.Thread(target=_tell_end_of_stdin, args=(loop, stop.set), daemon=True).start()
            ready()

        await running.run(stop, serving)

    asyncio.run(run())


def _tell_end_of_stdin(loop: AbstractEventLoop, tell: Callable[[], object]) -> None:
    """Have the loop call ``tell`` when standard input ends, which it does however the process at its other end dies.

    A thread waits, because no event loop of every system can wait for a file or a device as it waits for a pipe.
    """
    while os.read(0, _CHUNK):
        pass
    with suppress(RuntimeError):  # the node was stopped otherwise, and its loop is closed
        loop.call_soon_threadsafe(tell)


def _document(card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "address": card.address,
        "fingerprint": card.fingerprint,
        "identity": card.identity.hex(),
    }
