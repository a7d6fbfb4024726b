"""Findings as plain English text for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import clew.words.report_sentences as words
from clew.cells.findings import Findings
from clew.cli.output import counted
from clew.decisions import Decisions
from clew.records.schema import record_id_text
from clew.words.speaker import Language, Speaker

__all__ = ["findings_text"]

_WIDTH = 100
_RECORDS = 3


def findings_text(findings: Findings, decisions: Decisions, top: int) -> str:
    """The ranked list with reasons and innocent explanations, number changes, hubs, and what limits all of it.

    What was checked and did not hold stands apart from the leads.
    """
    return "\n".join(_Text(findings, decisions).lines(top)) + "\n"


class _Text:
    def __init__(self, findings: Findings, decisions: Decisions) -> None:
        self._findings = findings
        self._decisions, self._latest = decisions, decisions.latest
        self._speaker = Speaker(Language.EN)

    def lines(self, top: int) -> Iterator[str]:
        """All lines, in the order in which they are to be read: what was looked at comes before who is listed."""
        document = self._findings.document
        seeds = document["seeds"]
        looked = document["graph"]
        yield (
            f"Stage {looked['stage']}: {counted(len(seeds), 'seed')}, {counted(looked['numbers'], 'number')} inside "
            f"the bound, {counted(looked['pairs'], 'contact pair')}."
        )
        for sentence in document["summary"]["sentences"]:
            yield from self._wrapped(sentence, "")
        if looked["stage"] > 1:
            yield from self._wrapped({"msgid": words.LATER_STAGE.one, "values": {}}, "")
        yield ""
        leads, apart = self._decisions.apart(self._findings.ranked.to_pylist())
        yield from self._ranked(leads, top)
        yield from self._apart(apart)
        yield from self._changes(top)
        yield from self._hubs(document["hubs"])
        for sentence in (*document["limits"], *document["notes"]):
            yield from self._wrapped(sentence, "", bullet="* ")

    def _ranked(self, leads: list[dict[str, Any]], top: int) -> Iterator[str]:
        if not leads:
            return
        rows = leads[:top]
        width = max(len(row["vertex"]) for row in rows)
        for row in rows:
            yield f"{self._head(row, width)}{self._decided(row)}"
            yield from self._reasons(row)
        rest = len(leads) - len(rows)
        if rest:
            yield f"      … and {counted(rest, 'number')} ranked below; --top shows more."
        yield ""

    def _apart(self, rows: list[dict[str, Any]]) -> Iterator[str]:
        """The numbers that are no leads any more, each with its place in the order and who decided."""
        if not rows:
            return
        yield words.REFUTED.one
        yield from self._wrapped({"msgid": words.REFUTED_INTRO.one, "values": {"n": len(rows)}}, "")
        width = max(len(row["vertex"]) for row in rows)
        for row in rows:
            yield f"{self._head(row, width)}{self._decided(row)}"
        yield ""

    def _head(self, row: Mapping[str, Any], width: int) -> str:
        share = self._speaker.value({"share": row["probability"]})
        return (
            f"{row['rank']:>4}  {row['vertex']:<{width}}  {share:>4}  hop {row['hop']}  "
            f"{counted(row['contacts'], 'number')} in contact, {counted(row['calls'], 'contact')}"
        )

    def _decided(self, row: Mapping[str, Any]) -> str:
        one = self._latest.get(row["vertex"])
        return "" if one is None else f"\n      = checked: {one.word} ({one.by}, {one.on})"

    def _changes(self, top: int) -> Iterator[str]:
        table = self._findings.successions
        if not table.num_rows:
            return
        yield "Number changes"
        for row in table.slice(0, top).to_pylist():
            ratio = self._speaker.count(round(row["ratio"]))
            yield (
                f"{row['rank']:>4}  {', '.join(row['old'])} -> {', '.join(row['new'])}  "
                f"between {row['begin']:%Y-%m-%d %H:%M} and {row['end']:%Y-%m-%d %H:%M} UTC  "
                f"{row['scale']} (ratio {ratio})"
            )
            yield from self._reasons(row)
        rest = table.num_rows - top
        if rest > 0:
            yield f"      … and {rest:,} more; --top shows more."
        yield ""

    def _hubs(self, hubs: list[Mapping[str, Any]]) -> Iterator[str]:
        if not hubs:
            return
        yield "Hubs"
        for hub in hubs:
            yield from self._wrapped(hub["sentence"], "      ", bullet=f"{hub['vertex']}  ")
        yield ""

    def _reasons(self, row: Mapping[str, Any]) -> Iterator[str]:
        for reason in row["reasons"]:
            yield from self._wrapped(self._read(reason), "      ", bullet="+ ", after=_records(reason))
        yield from self._wrapped(self._read(row["benign"]), "      ", bullet="- ", after="")

    def _read(self, reason: Mapping[str, Any]) -> dict[str, Any]:
        return {"msgid": reason["msgid"], "values": json.loads(reason["values"])}

    def _wrapped(self, sentence: Mapping[str, Any], indent: str, *, bullet: str = "", after: str = "") -> Iterator[str]:
        said = self._speaker.say(sentence["msgid"], sentence["values"]) + after
        yield from textwrap.wrap(
            said,
            _WIDTH,
            initial_indent=indent + bullet,
            subsequent_indent=indent + " " * min(len(bullet), 2),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _records(reason: Mapping[str, Any]) -> str:
    """The first record identifiers behind a reason, for ``clew records source``."""
    records = [record_id_text(record) for record in reason["records"][:_RECORDS]]
    if not records:
        return ""
    more = reason["count"] - len(records)
    return f" [{', '.join(records)}{f' and {more:,} more' if more > 0 else ''}]"
