"""The one place where data steps run."""

from __future__ import annotations

import ast
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from queue import Queue

import duckdb
import pyarrow as pa
import pytest

from clew.engine import Engine
from clew.stopping import ctrl_c_is_kept, is_wished

PACKAGE = Path(__file__).resolve().parent.parent.parent / "python" / "clew"


def test_a_data_step_cannot_reach_the_network_or_load_code() -> None:
    with Engine() as engine:
        for statement in ("INSTALL httpfs", "LOAD httpfs", "FROM 'https://localhost:1/x.parquet'"):
            with pytest.raises(duckdb.Error):
                engine.connection.execute(statement)


def test_times_come_out_in_utc() -> None:
    with Engine() as engine:
        engine.register("t", pa.table({"n": [1]}))
        zone = engine.connection.execute("SELECT current_setting('TimeZone')").fetchone()
        assert zone == ("UTC",)


def test_sql_is_never_put_together_from_strings() -> None:
    calls = 0
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"execute", "sql", "executemany", "query"}
            ):
                calls += 1
                text = node.args[0]
                formatted = isinstance(text, ast.JoinedStr | ast.BinOp) or (
                    isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute) and text.func.attr == "format"
                )
                assert not formatted, f"{path.name}:{node.lineno} puts SQL together"
    assert calls > 0


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as at a terminal: whoever runs the tests with ``&`` or ``nohup`` has them begin with it switched off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def long_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of many minutes."""
    text = "CREATE TABLE t AS SELECT count(*) FROM range(10000000000) AS a(i), range(100) AS b(j)"
    monkeypatch.setattr("clew.engine.step_text", lambda package, name: text)


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c", "long_step")
@pytest.mark.parametrize("kept", [True, False])
def test_ctrl_c_in_a_step_is_no_bug(kept: bool) -> None:
    with ctrl_c_is_kept() if kept else nullcontext(), Engine(threads=1) as engine:
        timer = threading.Timer(0.5, press_ctrl_c)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            engine.run("chain", "anything")
        timer.join()


@pytest.mark.usefixtures("ctrl_c", "long_step")
def test_ctrl_c_ends_a_step_that_another_thread_runs() -> None:
    """Harm stopped: a command that looks stopped and goes on reading records."""
    ended: Queue[type[BaseException]] = Queue()

    def work() -> None:
        try:
            engine.run("chain", "anything")
        except BaseException as error:
            ended.put(type(error))

    with ctrl_c_is_kept(), Engine(threads=1) as engine:
        worker = threading.Thread(target=work)
        worker.start()
        timer = threading.Timer(0.5, press_ctrl_c)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(60)
        assert ended.get(timeout=60) is KeyboardInterrupt
        worker.join()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_that_python_forgets_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in a ``__del__`` is printed and dropped, ``KeyboardInterrupt`` as well."""

    class Unlucky:
        def __del__(self) -> None:
            press_ctrl_c()

    monkeypatch.setattr("clew.engine.step_text", lambda package, name: "SELECT 1")
    with ctrl_c_is_kept(), Engine(threads=1) as engine:
        assert engine.value("chain", "anything") == 1
        Unlucky()
        assert is_wished()
        with pytest.raises(KeyboardInterrupt):
            engine.value("chain", "anything")
    assert not is_wished()


def test_who_is_told_to_ignore_ctrl_c_goes_on_ignoring_it() -> None:
    """Harm stopped: a night's import, begun with ``nohup``, that ends with the terminal it was begun in."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ctrl_c_is_kept():
            press_ctrl_c()
            assert not is_wished()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
