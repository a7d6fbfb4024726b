"""The one place where data steps are executed: named SQL files on DuckDB.

A step is a file ``<package>/sql/<name>.sql`` beside the module that uses it, in SQL that DuckDB and Spark both
understand where that is possible; a step that cannot be says so in its first comment. Values are bound as named
parameters (``$name``), tables are registered by name; no SQL text is ever put together from strings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from clew.stopping import stoppable

__all__ = ["STORAGE_VERSION", "Engine", "step_text"]

STORAGE_VERSION = "v1.2.0"
"""The DuckDB storage version that Clew's own database files are written with: opened by DuckDB 1.2 and newer."""

_FEW_KEYS = 1000
"""A join with at most so many keys on its smaller side tells the scan of the other side which keys it wants, so that
blocks of a sorted table without any of them are never read. DuckDB's own limit of 50 is less than a number's contacts,
and a hop of a trace then reads the whole index. With more keys than blocks nothing is won."""


@cache
def step_text(package: str, name: str) -> str:
    """The SQL of step ``name`` of ``clew.<package>``, for example ``step_text("chain", "frontier")``."""
    return files(f"clew.{package}").joinpath("sql", f"{name}.sql").read_text("utf-8")


class Engine:
    """A DuckDB connection that runs named steps; use as a context manager.

    It never reaches the network, never loads an extension, and spills to ``scratch`` if it is given, else to memory
    only.
    """

    def __init__(self, *, threads: int | None = None, memory: str | None = None, scratch: Path | None = None) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
            "dynamic_or_filter_threshold": _FEW_KEYS,
        }
        if threads is not None:
            config["threads"] = threads
        if memory is not None:
            config["memory_limit"] = memory
        config["temp_directory"] = str(scratch) if scratch is not None else ""
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.execute("SET TimeZone = 'UTC'")
        # Without a script DuckDB takes the session for an interactive one, and a step would print a progress bar into
        # it. (In a notebook without ipywidgets it can neither draw the bar nor be told not to.)
        if not hasattr(sys.modules["__main__"], "__file__"):
            with suppress(duckdb.InvalidInputException):
                self._connection.execute("SET enable_progress_bar = false")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The raw connection, for attaching files; steps go through :meth:`run` and :meth:`table`."""
        return self._connection

    def register(self, name: str, table: pa.Table | pa.RecordBatchReader) -> None:
        """Make an Arrow table visible to steps under ``name``."""
        self._connection.register(name, table)

    def run(self, package: str, step: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Execute a step for its effect on the connection's tables."""
        with self._stoppable():
            self._connection.execute(step_text(package, step), dict(parameters) if parameters else None)

    def table(self, package: str, step: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The result of a step as an Arrow table."""
        with self._stoppable():
            found = self._connection.sql(step_text(package, step), params=dict(parameters) if parameters else None)
            return found.to_arrow_table()

    def batches(self, package: str, step: str, parameters: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        """The result of a step as Arrow batches, one after another, never all of it in memory."""
        with self._stoppable():
            found = self._connection.sql(step_text(package, step), params=dict(parameters) if parameters else None)
            yield from found.to_arrow_reader()

    def value(self, package: str, step: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The single value of a step that returns one row with one column."""
        with self._stoppable():
            row = self._connection.execute(
                step_text(package, step), dict(parameters) if parameters else None
            ).fetchone()
        if row is None:  # pragma: no cover - a step that returns a value always returns a row
            sys.exit(f"step {package}/{step} returned no row")
        return row[0]

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """A step that Ctrl-C ends: DuckDB's word for it, a plain ``RuntimeError``, becomes ``KeyboardInterrupt``."""
        with stoppable(self._connection.interrupt):
            try:
                yield
            except (RuntimeError, duckdb.InterruptException) as error:
                if isinstance(error, duckdb.InterruptException) or "interrupted" in str(error).lower():
                    raise KeyboardInterrupt from error
                raise
