"""What step 5 finds, as a value and as the files of ``findings/`` (``spec/findings.md``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import pyarrow as pa

from clew.errors import InputError
from clew.parquet import from_parquet, to_parquet

__all__ = ["FINDINGS_VERSION", "RANKED", "REASON", "SUCCESSIONS", "Findings", "parse_findings"]

FINDINGS_VERSION = 1

REASON: Final = pa.struct(
    [
        pa.field("msgid", pa.string(), nullable=False),
        pa.field("values", pa.string(), nullable=False),
        pa.field("records", pa.list_(pa.int64()), nullable=False),
        pa.field("count", pa.int32(), nullable=False),
    ]
)

RANKED: Final = pa.schema(
    [
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("vertex", pa.string(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("hop", pa.int8(), nullable=False),
        pa.field("contacts", pa.int32(), nullable=False),
        pa.field("calls", pa.int32(), nullable=False),
        pa.field("heat", pa.float64(), nullable=False),
        pa.field("together", pa.float64(), nullable=False),
        pa.field("reasons", pa.list_(REASON), nullable=False),
        pa.field("benign", REASON, nullable=False),
    ]
)

SUCCESSIONS: Final = pa.schema(
    [
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("old", pa.list_(pa.string()), nullable=False),
        pa.field("new", pa.list_(pa.string()), nullable=False),
        pa.field("moment", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("begin", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("end", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("ratio", pa.float64(), nullable=False),
        pa.field("scale", pa.string(), nullable=False),
        pa.field("overlap", pa.float64(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("reasons", pa.list_(REASON), nullable=False),
        pa.field("benign", REASON, nullable=False),
    ]
)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Findings:
    """Findings of one traced graph: ``document`` is ``findings.json``, the tables have the schemas above."""

    document: Mapping[str, Any]
    ranked: pa.Table
    successions: pa.Table

    def __post_init__(self) -> None:
        if self.ranked.schema != RANKED or self.successions.schema != SUCCESSIONS:
            raise ValueError("the tables of findings have the schemas of spec/findings.md")

    def __repr__(self) -> str:
        return f"Findings(ranked={self.ranked.num_rows}, successions={self.successions.num_rows})"

    def files(self) -> dict[str, bytes]:
        """The files of the part ``findings/``; the same findings give the same bytes."""
        text = json.dumps(self.document, indent=2, ensure_ascii=False) + "\n"
        return {
            "findings.json": text.encode(),
            "ranked.parquet": to_parquet(self.ranked),
            "successions.parquet": to_parquet(self.successions),
        }


def parse_findings(files: Mapping[str, bytes]) -> Findings:
    """The findings in the files of a case's ``findings/`` part; ``InputError`` where they are not of this version."""
    try:
        document = json.loads(files["findings.json"])
        version = document["version"]
        ranked = _typed(files["ranked.parquet"], RANKED)
        successions = _typed(files["successions.parquet"], SUCCESSIONS)
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        raise InputError(
            "findings.unreadable",
            "the findings of this case cannot be read",
            where="findings",
            mend="Run clew cells again.",
        ) from error
    if version != FINDINGS_VERSION:
        raise InputError(
            "findings.version",
            f"the findings are of version {version}, this Clew reads version {FINDINGS_VERSION}",
            where="findings/findings.json",
            mend="Run clew cells again.",
        )
    return Findings(document, ranked, successions)


def _typed(data: bytes, schema: pa.Schema) -> pa.Table:
    return from_parquet(data).select(schema.names).cast(schema)
