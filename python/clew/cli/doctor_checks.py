"""What ``clew doctor`` looks at: one function for each part of the installation, returning what it found."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, final

from clew import _core
from clew.audit.log import FileLog
from clew.case.folder import CaseFolder, Part
from clew.cli.output import counted
from clew.cli.readable import readable
from clew.effects import Clock
from clew.engine import Engine
from clew.errors import ClewError, Refused, StorageError
from clew.records.store import Store
from clew.words.catalogue import translations

__all__ = ["Finding", "arithmetic", "case", "clock", "found", "languages", "libraries", "numbers", "software", "store"]

_LIBRARIES: Final = ("duckdb", "pyarrow", "numpy", "scipy", "networkx", "cryptography", "babel")
_ZONES: Final = ("UTC", "Asia/Baghdad", "Europe/Paris", "America/New_York")
_NEEDS: Final = {"ifma": "AVX-512 IFMA", "avx2": "AVX2"}
_WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ROOM: Final = 1 << 30
_MEASURED_ROWS: Final = 2048


@final
@dataclass(frozen=True)
class Finding:
    """What was found in one area: one line for people, ``detail`` for programs, ``error`` if it is wrong."""

    area: str
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    error: ClewError | None = None
    remark: bool = False  # worth knowing, and not wrong

    @property
    def state(self) -> str:
        """``sound``, ``note`` or ``wrong``."""
        return "wrong" if self.error else "note" if self.remark else "sound"


def software() -> Iterator[Finding]:
    """Versions of Clew, its Rust core, Python and the system."""
    clew = version("clew")
    detail = {
        "clew": clew,
        "core": _core.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
    }
    text = f"Clew {clew}, Python {detail['python']}, {detail['system']}, {counted(os.cpu_count() or 1, 'processor')}"
    if _core.__version__ != clew:
        yield Finding("software", text, detail, _of_other_version())
    else:
        yield Finding("software", text, detail)


def _of_other_version() -> ClewError:
    return ClewError(
        "doctor.core-version",
        f"the Rust core is of version {_core.__version__}, the Python code of {version('clew')}",
        mend="Install Clew anew.",
    )


def libraries() -> Iterator[Finding]:
    """Versions of the libraries underneath, and whether DuckDB and Arrow understand each other."""
    versions = {name: version(name) for name in _LIBRARIES}
    text = ", ".join(f"{name} {number}" for name, number in versions.items())
    with Engine(threads=1) as engine:
        there = engine.connection.sql("SELECT 1 AS one").to_arrow_table()
        engine.register("there", there)
        back = engine.connection.sql("SELECT sum(one)::BIGINT AS one FROM there").to_arrow_table()
    if back.to_pydict() != {"one": [1]}:
        error = ClewError("doctor.libraries", "DuckDB and Arrow do not hand tables to each other", mend="Install anew.")
        yield Finding("libraries", text, versions, error)
    else:
        yield Finding("libraries", text, versions)


def arithmetic() -> Iterator[Finding]:
    """Each backend against the published vectors, with its speed; a backend that is wrong must not be used."""
    in_use = ""
    try:
        in_use = _core.backend()
    except ClewError as error:
        error.what = error.what.removeprefix("CLEW_BACKEND: ")
        error.where = f"CLEW_BACKEND={readable(os.environ.get('CLEW_BACKEND', ''))}"
        error.mend = f"Unset CLEW_BACKEND, or set it to one that this machine has: {', '.join(_core.backends())}."
        yield Finding("arithmetic", "no backend can be used", {"available": _core.backends()}, error)
    available = _core.backends()
    for name in ("ifma", "avx2", "portable"):
        if name not in available:
            missing = f"{name}: not here, this processor has no {_NEEDS[name]}"
            yield Finding("arithmetic", missing, {"backend": name, "available": False}, remark=True)
            continue
        _core._use_backend(name)
        try:
            yield _backend(name, name == in_use)
        finally:
            _core._use_backend(None)


def _backend(name: str, in_use: bool) -> Finding:
    from clew.joint.selftest import self_test

    outcome = self_test()
    speed = _speed()
    wrong = sorted(check for check, right in outcome.items() if not right)
    detail = {
        "backend": name,
        "available": True,
        "in_use": in_use,
        "checks": len(outcome),
        "wrong": wrong,
        "multiplications_per_second": round(speed),
    }
    text = f"{name}{', in use' if in_use else ''}: {counted(len(outcome) - len(wrong), 'known value')} right"
    text += f", {round(speed, -3):,.0f} multiplications a second"
    if not wrong:
        return Finding("arithmetic", text, detail)
    error = ClewError(
        "doctor.self-test",
        f"backend {name} computes wrong values: {', '.join(wrong)}",
        mend="Do not use this machine for joint work. Set CLEW_BACKEND to a backend that is right, and report this.",
    )
    return Finding("arithmetic", text, detail, error)


def _speed() -> float:
    """Points decoded, multiplied and encoded in a second: the better of three short runs."""
    from clew.joint import group

    scalars = group.SecretScalars.from_wide(bytes(range(64)) * _MEASURED_ROWS)
    points = group.multiply_base(scalars)
    best = 0.0
    for _ in range(3):
        begin = time.perf_counter()
        group.multiply(points, scalars)
        best = max(best, _MEASURED_ROWS / (time.perf_counter() - begin))
    return best


def numbers() -> Iterator[Finding]:
    """Whose metadata numbers are read by."""
    metadata = _core.NUMBER_METADATA
    yield Finding("numbers", f"numbering plans of {metadata}", {"metadata": metadata})


def clock(now: Clock) -> Iterator[Finding]:
    """The machine's clock, and the zones that profiles name."""
    from zoneinfo import available_timezones

    moment = now()
    detail = {"now": moment.isoformat(timespec="seconds"), "zone": time.tzname[0]}
    text = f"{moment:%Y-%m-%d %H:%M:%S} UTC; local zone {time.tzname[0]}"
    if moment < _WRITTEN:
        behind = Refused(
            "doctor.clock",
            "the clock is before this Clew was written",
            mend="Set it: warrants would be judged by a wrong day, and logs would refuse.",
        )
        yield Finding("clock", text, detail, behind)
    else:
        yield Finding("clock", text, detail)
    known = available_timezones()
    missing = sorted(set(_ZONES) - known)
    zones = f"{counted(len(known), 'zone')} known"
    if missing:
        error = ClewError(
            "doctor.time-zones",
            f"the system's time zones are incomplete: {', '.join(missing)} missing",
            mend="Install the system's tzdata package, or tzdata from PyPI.",
        )
        yield Finding("zones", zones, {"zones": len(known), "missing": missing}, error)
    else:
        yield Finding("zones", zones, {"zones": len(known), "missing": []})


def languages() -> Iterator[Finding]:
    """The languages of reports, and whether this terminal can show them."""
    sizes = {"en": None, **{language: len(translations(language)) for language in ("fr", "ar")}}
    encoding = sys.stdout.encoding or "unknown"
    can_show = encoding.lower().replace("-", "") == "utf8"
    text = f"{', '.join(sizes)}; output in {encoding}"
    if not can_show:
        text += ": names in Arabic or with accents may not be shown. Set PYTHONUTF8=1."
    yield Finding("languages", text, {"languages": list(sizes), "output": encoding}, remark=not can_show)


def store(path: Path) -> Iterator[Finding]:
    """A store: whether it opens, who can read it, and the room beside it."""
    opened = Store.open(path)
    imports = opened.imports()
    rows = sum(entry.rows for entry in imports)
    detail = {"path": str(path), "imports": len(imports), "records": rows, "interrupted": list(opened.interrupted)}
    text = f"{counted(len(imports), 'import')}, {counted(rows, 'record')}; clew records check compares every file"
    yield Finding("store", text, detail)
    if opened.interrupted:
        yield Finding("store", "an import was interrupted; the next one removes what it left", remark=True)
    yield from _kept_private("store", path)


def case(path: Path, now: Clock) -> Iterator[Finding]:
    """A case: whether its files are those of its manifest, its log chains and is not ahead of the clock."""
    opened = CaseFolder.open(path)
    names = [(part, name) for part in Part for name in opened.names(part)]
    for part, name in names:
        opened.read(part, name)
    log = FileLog(opened.log_path, now)
    entries = log.entries()
    opened.require_logged(log)
    text = f"{counted(len(names), 'file')} as written, {len(entries):,} log entries in their chain"
    detail = {"path": str(path), "files": len(names), "log_entries": len(entries)}
    if entries and now() < entries[-1].at:
        error = Refused(
            "doctor.clock-behind",
            "the clock is behind the last log entry of the case",
            mend="Set the machine's clock; until then every step in this case is refused.",
        )
        yield Finding("case", text, detail, error)
    else:
        yield Finding("case", text, detail)
    yield from _kept_private("case", path)


def _kept_private(area: str, path: Path) -> Iterator[Finding]:
    """Whether only the owner can read what is in the folder, and whether there is room."""
    entries = [path, *path.rglob("*")]
    modes = [entry.lstat() for entry in entries]
    exposed = sum(1 for mode in modes if not stat.S_ISLNK(mode.st_mode) and mode.st_mode & 0o077)
    foreign = sum(1 for mode in modes if mode.st_uid != os.geteuid())
    if exposed:
        error = StorageError(
            "doctor.permissions",
            f"others can read or change {counted(exposed, 'file')} or folders in it",
            where=str(path),
            mend="Take the others' rights away: chmod -R go= FOLDER.",
        )
        yield Finding(area, "others have rights in it", {"exposed": exposed}, error)
    else:
        yield Finding(area, "only its owner can read it", {"exposed": 0})
    if foreign:
        yield Finding(area, f"{counted(foreign, 'entry')} in it of another user", {"foreign": foreign}, remark=True)
    free = shutil.disk_usage(path).free
    room = f"{free / 1e9:,.1f} GB free on its disk"
    yield Finding(area, room, {"free_bytes": free}, remark=free < _ROOM)


def found(area: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a check finds; an error that it meets is a finding too, so that the other checks are still made."""
    try:
        yield from check()
    except ClewError as error:
        yield Finding(area, "", {}, error)
