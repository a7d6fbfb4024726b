"""What a running node survives, and what it says while it is busy: stray cards, pauses, taking up, progress."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from clew.errors import InputError
from clew.node import peers
from clew.node.peers import Peers
from tests.node_pair import Two, copies
from tests.unit.test_node_transport import at_both, fresh


def test_a_stray_file_among_the_cards_does_not_end_a_running_node(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        folder = pair.holder.identity.settings.folder / "peers"
        (folder / "zz.card").write_text("garbage +9647901000001\n")
        os.mkfifo(folder / "pipe.card")
        (folder / "folder.card").mkdir()
        await asyncio.sleep(0.3)
        await pair.committed()  # which needs the card that is good, on both sides
        assert not pair.holder._task.done()  # type: ignore[union-attr]
        said = [note for note in pair.holder.notes if "node.card" in note]
        assert len(said) == 3  # one for each, although the folder is looked at twenty times a second
        assert not any("9647901000001" in note for note in said)

    at_both(tmp_path, story)


def test_a_node_starts_beside_a_stray_file_among_the_cards(tmp_path: Path) -> None:
    async def story(pair: Two) -> None:
        await pair.holder.stop()
        stray = pair.holder.identity.settings.folder / "peers" / "zz.card"
        stray.write_text("garbage")
        await pair.holder.start()
        await pair.committed()

    at_both(tmp_path, story)


def test_a_card_that_is_still_being_copied_counts_when_it_is_whole(tmp_path: Path) -> None:
    a, b = fresh(tmp_path, pinned=False)
    notes: list[str] = []
    known = Peers(b.settings.folder)
    known.note = notes.append
    (b.settings.folder / "peers").mkdir(exist_ok=True)
    copied = b.settings.folder / "peers" / "a.card"
    copied.write_bytes(a.settings.card[:100])
    assert known.all() == []
    assert known.all() == []
    assert len(notes) == 1
    with copied.open("ab") as file:  # the folder itself does not change
        file.write(a.settings.card[100:])
    assert known.all() == [a.card]


def test_a_card_removed_while_the_folder_is_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, b = copies(tmp_path)
    read = peers.read_file

    def removed_first(path: Path, limit: int) -> bytes:
        path.unlink()
        return read(path, limit)

    monkeypatch.setattr(peers, "read_file", removed_first)
    assert Peers(b.settings.folder).all() == []


def test_the_commands_still_say_which_file_is_no_card(tmp_path: Path) -> None:
    _, b = copies(tmp_path)
    stray = b.settings.folder / "peers" / "zz.card"
    stray.write_text("garbage")
    with pytest.raises(InputError) as raised:
        Peers(b.settings.folder).all()
    assert (raised.value.code, raised.value.where) == ("node.card", str(stray))
