"""The one place where data steps run."""

from __future__ import annotations

import ast
import os
import signal
import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from clew.engine import Engine

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


def test_ctrl_c_in_a_step_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "clew.engine.step_text",
        lambda package, name: "CREATE TABLE t AS SELECT count(*) FROM range(10000000000) AS a(i), range(100) AS b(j)",
    )
    with Engine(threads=1) as engine:
        timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            engine.run("chain", "anything")
