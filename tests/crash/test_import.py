"""An import that is stopped anywhere, or meets a full disk, leaves the store as it was or as it is meant to be."""

from __future__ import annotations

import itertools
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clew.errors import StorageError
from clew.records.folder import leftovers, read_manifest
from clew.records.importer import import_files
from clew.records.profile import NumberRule, Profile, TimeRule
from clew.records.store import Store
from tests import faults

PROFILE = Profile(
    name="plain",
    operator="one",
    a=NumberRule("a", "e164"),
    b=NumberRule("b", "e164"),
    start=TimeRule(("start",), "iso", "UTC"),
)


def _file(folder: Path, minute: int) -> Path:
    path = folder / f"{minute}.csv"
    path.write_text(f"a,b,start\n+9647901234567,+33612345678,2026-03-02T10:{minute:02d}:00\nbroken\n")
    return path


def _clock() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[Callable[[], Path], Callable[[Path], None], Callable[[Path], None], list[int]]:
    """A store with one import in it; two more files, one of them of another operator; what must hold afterwards."""
    one, two, three = (_file(tmp_path, minute) for minute in (1, 2, 3))
    template = tmp_path / "template"
    before = import_files(template, [(one, PROFILE)], clock=_clock).identity
    new = [(two, PROFILE), (three, replace(PROFILE, operator="two"))]
    outcomes = [0, 0]

    def operate(store: Path) -> None:
        import_files(store, new, clock=_clock, threads=1)

    def check(store: Path) -> None:
        opened = Store.open(store)
        opened.verify()
        happened = len(opened.imports()) == 3
        outcomes[happened] += 1
        assert happened or opened.identity == before, "the store is neither as it was nor as it is meant"
        manifest = read_manifest(store)
        assert manifest is not None
        left = tuple(str(path.relative_to(store)) for path in leftovers(store, manifest[0]))
        assert opened.interrupted == left, "opening must tell what was left behind"
        if left or outcomes[happened] == 1:
            report = import_files(store, new, clock=_clock, threads=1)
            assert report.removed == left, "the next import must say what it removed"
            assert report.changed is not happened
            assert not leftovers(store, read_manifest(store)[0])  # type: ignore[index]
            Store.open(store).verify()
        shutil.rmtree(store)

    return faults.copies(template, tmp_path), operate, check, outcomes


def test_a_crash_at_any_system_call_leaves_the_store_as_it_was_or_as_it_is_meant(stopped) -> None:  # type: ignore[no-untyped-def]
    prepare, operate, check, outcomes = stopped
    calls = faults.crash_everywhere(prepare, operate, check)
    assert calls > 40
    assert min(outcomes) > 0


def test_a_full_disk_at_any_system_call_leaves_the_store_as_it_was(stopped) -> None:  # type: ignore[no-untyped-def]
    prepare, operate, check, outcomes = stopped
    errors: set[str] = set()
    told_truly: list[bool] = []

    def filling(store: Path) -> None:
        try:
            operate(store)
        except StorageError as error:
            errors.add(error.code)
            told_truly.append((len(Store.open(store).imports()) == 3) is (error.code == "store.unconfirmed"))
            raise

    calls = faults.fill_everywhere(prepare, filling, check)
    assert calls > 30
    assert errors == {"store.full", "store.unconfirmed"}
    assert outcomes[0] > 30
    assert len(told_truly) > 30
    assert all(told_truly), "an error says whether anything was imported"


def test_a_crash_while_a_store_is_made_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    one = _file(tmp_path, 1)
    numbers = itertools.count()

    def prepare() -> Path:
        return tmp_path / f"new-{next(numbers)}"

    def operate(store: Path) -> None:
        import_files(store, [(one, PROFILE)], clock=_clock, threads=1)

    def check(store: Path) -> None:
        operate(store)
        opened = Store.open(store)
        opened.verify()
        assert (len(opened.imports()), opened.interrupted) == (1, ())
        shutil.rmtree(store)

    assert faults.crash_everywhere(prepare, operate, check) > 30
    assert faults.fill_everywhere(prepare, operate, check) > 20


@pytest.mark.parametrize("limit", [300, 200_000])
def test_a_disk_that_fills_under_arrow_or_duckdb_leaves_the_store_as_it_was(tmp_path: Path, limit: int) -> None:
    lines = [f"+9647901{i % 9973:06d},+336123{i % 7919:05d},2026-03-02T10:00:00\n" for i in range(20_000)]
    (tmp_path / "f.csv").write_text("a,b,start\n" + ("".join(lines) if limit > 300 else lines[0]))
    store = tmp_path / "store"
    before = import_files(store, [(_file(tmp_path, 1), PROFILE)], clock=_clock).identity
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(StorageError) as caught:
            import_files(store, [(tmp_path / "f.csv", PROFILE)], clock=_clock)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "store.full"
    opened = Store.open(store)
    assert opened.identity == before
    assert opened.interrupted == ()
    opened.verify()
