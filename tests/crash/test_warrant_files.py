"""A key or a warrant is whole at every moment: a crash or a full disk while it is written anew loses neither."""

from __future__ import annotations

from pathlib import Path

from clew.errors import StorageError
from clew.warrants.files import read_secret_file, write_file
from tests.faults import crash_everywhere, fill_everywhere


def test_changing_a_passphrase_never_loses_the_key(tmp_path: Path) -> None:
    """The old file or the new one, whole, wherever the power goes."""
    runs = iter(range(10_000))
    seen = set()

    def prepare() -> Path:
        path = tmp_path / str(next(runs)) / "judge.key"
        path.parent.mkdir()
        write_file(path, b"old" * 1_000)
        return path

    def check(path: Path) -> None:
        found = read_secret_file(path)
        assert found in (b"old" * 1_000, b"new" * 2_000)
        seen.add(found[:3])
        write_file(path, b"again", replace=True)
        assert read_secret_file(path) == b"again"
        assert [one.name for one in path.parent.iterdir()] == ["judge.key"]

    assert crash_everywhere(prepare, lambda path: write_file(path, b"new" * 2_000, replace=True), check) >= 4
    assert seen == {b"old", b"new"}

    codes = []

    def filled(path: Path) -> None:
        try:
            write_file(path, b"new" * 2_000, replace=True)
        except StorageError as error:
            codes.append(error.code)
            raise

    assert fill_everywhere(prepare, filled, check) >= 3
    assert set(codes) == {"warrant.file-unwritable"}


def test_a_new_key_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    runs = iter(range(10_000))

    def prepare() -> Path:
        path = tmp_path / str(next(runs)) / "judge.key"
        path.parent.mkdir()
        return path

    def check(path: Path) -> None:
        if path.exists():
            assert read_secret_file(path) == b"key" * 1_000
        else:
            write_file(path, b"key" * 1_000)
            assert [one.name for one in path.parent.iterdir()] == ["judge.key"]

    assert crash_everywhere(prepare, lambda path: write_file(path, b"key" * 1_000), check) >= 3
