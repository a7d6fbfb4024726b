"""Small tables as Parquet bytes and back: the one place where whole files of a case or a store are written and read."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["from_parquet", "to_parquet"]


def to_parquet(table: pa.Table) -> bytes:
    """The table as a Parquet file; the same table always gives the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", version="2.6", row_group_size=1 << 17)
    return bytes(sink.getvalue().to_pybytes())


def from_parquet(data: bytes) -> pa.Table:
    """The table of a Parquet file; ``pa.ArrowException`` or ``OSError`` where it is none.

    Read on the calling thread alone. Arrow's pool may still be starting a thread when a short command ends, and the
    process then aborts with all its work done (apache/arrow issue 34314).
    """
    return pq.ParquetFile(pa.BufferReader(data), pre_buffer=False).read(use_threads=False)
