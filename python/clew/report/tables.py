"""The findings as tables: Parquet as they are, CSV for people with a spreadsheet (``docs/howto/report.md``).

CSV is UTF-8 with a byte order mark (without it Excel reads Arabic as Windows-1252), every cell quoted. A spreadsheet
turns ``+9647901234567`` into ``9.6479E+12`` or runs it as a formula, so a telephone number is written as its RFC 3966
URI ``tel:+9647901234567``: no program takes it for a number, nothing is lost, and Clew reads it back. Any other cell
that would start a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from clew.errors import InputError
from clew.numbers import PartyKind, canonical_kind
from clew.parquet import to_parquet
from clew.records.schema import record_id_text
from clew.report.contents import Contents
from clew.words.speaker import Language, Speaker

__all__ = ["csv_files", "graph_tables", "parquet_files", "safe_cell"]

_FORMULA = tuple("=+-@\t\r\n＝＋－＠|%")
_LIST = "; "


def graph_tables(contents: Contents) -> dict[str, pa.Table]:
    """The four tables by name, in the schemas of ``spec/graph.md`` and ``spec/findings.md``.

    The ranked numbers have a column more, ``decision``: ``held``, ``did not hold``, or null (``spec/decisions.md``, 4).
    """
    ranked, latest = contents.findings.ranked, contents.decisions.latest
    words = [one.word if (one := latest.get(vertex)) else None for vertex in ranked["vertex"].to_pylist()]
    place = ranked.column_names.index("probability") + 1
    return {
        "vertices": contents.graph.vertices,
        "pairs": contents.graph.pairs,
        "ranked": ranked.add_column(place, pa.field("decision", pa.string()), pa.array(words, pa.string())),
        "successions": contents.findings.successions,
    }


def parquet_files(contents: Contents) -> dict[str, bytes]:
    """``NAME.parquet`` for each table; the same case gives the same bytes."""
    return {f"{name}.parquet": to_parquet(table) for name, table in graph_tables(contents).items()}


def csv_files(contents: Contents, languages: Sequence[Language]) -> dict[str, bytes]:
    """``NAME.csv`` for each table; reasons and innocent explanations in words, a column a language."""
    speakers = [Speaker(language) for language in languages]
    return {f"{name}.csv": _csv(table, speakers) for name, table in graph_tables(contents).items()}


def _csv(table: pa.Table, speakers: Sequence[Speaker]) -> bytes:
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = []
    for name in table.column_names:
        if name == "reasons":
            columns += [(f"reasons_{s.language.value}", _in_words("reasons", s)) for s in speakers]
            columns += [("records", _records), ("contacts_behind", _behind)]
        elif name == "benign":
            columns += [(f"benign_{s.language.value}", _in_words("benign", s)) for s in speakers]
        else:
            columns.append((name, _plain(name)))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([title for title, _ in columns])
    writer.writerows([write(row) for _, write in columns] for row in table.to_pylist())
    return text.getvalue().encode("utf-8-sig")


def _plain(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: _cell(row[name])


def _in_words(name: str, speaker: Speaker) -> Callable[[dict[str, Any]], str]:
    def write(row: dict[str, Any]) -> str:
        reasons = row[name] if isinstance(row[name], list) else [row[name]]
        return safe_cell(" ".join(speaker.say(reason["msgid"], json.loads(reason["values"])) for reason in reasons))

    return write


def _records(row: Mapping[str, Any]) -> str:
    """The records that a row's reasons name, of each reason the first few; ``_behind`` says of how many they are. The
    brackets keep a spreadsheet from reading ``1:07`` as a time."""
    found = dict.fromkeys(record for reason in row["reasons"] for record in reason["records"])
    return f"[{_LIST.join(map(record_id_text, found))}]" if found else ""


def _behind(row: Mapping[str, Any]) -> str:
    """How many contacts stand behind each of a row's reasons in all, in the order of the reasons."""
    return _cell([reason["count"] for reason in row["reasons"]])


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case [int(), *_]:
            return f"[{' '.join(map(str, value))}]"
        case list():
            return safe_cell(_LIST.join(map(_text, value)))
        case _:
            return safe_cell(_text(str(value)))


def _text(value: str) -> str:
    """A telephone number as a ``tel:`` URI, anything else as it is."""
    try:
        return f"tel:{value}" if canonical_kind(value) is PartyKind.E164 else value
    except InputError:
        return value


def safe_cell(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
