"""A report as one HTML page in one language: self-contained, no script, nothing from any network.

The template holds no words of its own: every text goes through :class:`clew.words.speaker.Speaker`, and everything that
comes out of a case is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from babel.dates import get_day_names
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

import clew.words.report_sentences as words
from clew.chain.graph import Detail
from clew.records.schema import record_id_text
from clew.report.chart import contacts_of, group_chart, most_tied, pairs_among, shades, week_of
from clew.report.contents import Contents, Said
from clew.report.labels import BUDGETS, DROPPED, ENTRIES, FLAGS, HOLDERS, KINDS, REJECTS, SCALE, STATES, SUMS, TABLES
from clew.warrants.authorisation import Clear
from clew.words.sentences import Sentence
from clew.words.speaker import Language, Speaker

__all__ = ["LANGUAGE_NAMES", "page_name", "render", "style"]

LANGUAGE_NAMES = {Language.AR: "العربية", Language.FR: "Français", Language.EN: "English"}
"""Each language's name in itself."""

CHARTED = 24
"""As many leads, and as many seeds, are drawn and set against each other."""

REASONED = 100
"""As many leads, and as many changes of number, are shown with their reasons; the tables hold all."""

PAIR_ROWS = 100
UNLISTED_ROWS = 100


_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2} UTC)")


def page_name(language: Language) -> str:
    """The file that holds the report in a language."""
    return f"report.{language.value}.html"


@cache
def style(case: str) -> str:
    """The page's style sheet; on paper it writes the case beneath each page, whose name is plain ASCII
    (:func:`clew.warrants.document.check_case`)."""
    return files("clew.report").joinpath("template", "report.css").read_text("utf-8").replace("{case}", case)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("clew.report", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(
    contents: Contents,
    language: Language,
    written: datetime,
    *,
    languages: Sequence[Language],
    tables: Mapping[str, str],
) -> bytes:
    """The page, UTF-8. ``written`` is shown as its moment; ``tables`` are the files beside it with their SHA-256.

    The same arguments give the same bytes.
    """
    speaker = Speaker(language)
    sheet = style(contents.warrant.case)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    template = _environment().get_template("report.html")
    page = template.render(
        w=words,
        say=lambda sentence, **values: _kept(speaker.say(sentence, **values)),
        count=speaker.count,
        id=speaker.identifier,
        moment=lambda moment: _kept(speaker.moment(moment)),
        percent=speaker.percent,
        decimal=speaker.decimal,
        duration=speaker.duration,
        free=lambda text: speaker.value({"text": text}),
        holder=lambda name: speaker.say(HOLDERS[name]) if name in HOLDERS else speaker.value({"text": name}),
        lang=language.value,
        dir=speaker.direction,
        style=sheet,
        style_digest=digest,
        written=written,
        software=f"Clew {version('clew')}",
        others=[(LANGUAGE_NAMES[other], other.value, page_name(other)) for other in languages if other != language],
        warrant=contents.warrant,
        signers=contents.signers,
        named=len(contents.warrant.seeds),
        blinded=max(0, len(contents.warrant.seeds) - len(_seeds(contents))),
        joint=contents.joint,
        bound=contents.graph.bound,
        budgets=_budgets(contents),
        seeds=_seeds(contents),
        accounts=contents.accounts,
        account_rows=_account_rows(contents),
        account_details=_account_details(contents, speaker),
        leads=_leads(contents, speaker),
        later=contents.graph.scope.stage > 1,
        decisions=contents.decisions.all,
        group=_group(contents, speaker),
        successions=_successions(contents, speaker),
        changes=contents.findings.successions.num_rows,
        hubs=_hubs(contents, speaker),
        findings=contents.findings.document,
        events=_events(contents),
        notes=_notes(contents),
        said=lambda sentences: [_kept(_say(speaker, sentence)) for sentence in sentences],
        listed_at=contents.listed_at,
        method=_method(contents),
        entries=[(entry, ENTRIES.get(entry.entry.kind)) for entry in contents.entries],
        tables=[(name, TABLES[name.split(".")[0]], sha256) for name, sha256 in sorted(tables.items())],
        state=STATES,
        sums=list(SUMS.values()),
        sha256_name={"number": "SHA-256"},
    )
    return page.encode()


def _kept(text: str) -> Markup:
    """The text, escaped, with every moment kept from being broken, but for the space between its date and its time."""
    return Markup(_MOMENT.sub(r'<span class="keep">\1</span> <span class="keep">\2</span>', str(escape(text))))  # noqa: S704


def _say(speaker: Speaker, sentence: Mapping[str, Any]) -> str:
    return speaker.say(sentence["msgid"], sentence["values"])


def _budgets(contents: Contents) -> list[tuple[Sentence, int]]:
    """The budgets of numbers and of source lines, and of those for a joint trace the ones that allow anything."""
    amounts = {name: getattr(contents.warrant.budgets, name) for name in BUDGETS}
    return [(BUDGETS[name], amount) for name, amount in amounts.items() if amount or name in {"numbers", "sources"}]


def _seeds(contents: Contents) -> list[dict[str, Any]]:
    """The seeds of the warrant; where it blinds them, as those who traced knew them."""
    found = {seed["vertex"]: seed for seed in contents.findings.document["seeds"]}
    clear = [seed.number for seed in contents.warrant.seeds if isinstance(seed, Clear)]
    absent = {"state": "absent", "contacts": 0}
    known = clear if contents.joint is None else clear or sorted(found)
    return [found.get(seed, {"vertex": seed, **absent}) for seed in known]


def _account_rows(contents: Contents) -> list[tuple[str, list[int]]]:
    return [
        (account.file, [account.units, *(getattr(account, name) for name in SUMS)]) for account in contents.accounts
    ]


def _account_details(contents: Contents, speaker: Speaker) -> list[tuple[Sentence, list[str]]]:
    """What was counted beside the sums, over all files: a title and lines in words for each kind of count."""

    def lines(labels: Mapping[str, str], counts: Sequence[Mapping[str, int]]) -> list[str]:
        names = sorted(
            {name for found in counts for name in found}, key=lambda name: ([*labels, name].index(name), name)
        )
        titles = {name: {"said": labels.get(name) or speaker.identifier(name)} for name in names}
        return [
            speaker.say(words.LABEL_COUNT, label=titles[name], count=total)
            for name in names
            if (total := sum(found.get(name, 0) for found in counts))
        ]

    def said(labels: Mapping[str, Sentence]) -> dict[str, str]:
        return {name: speaker.say(sentence) for name, sentence in labels.items()}

    accounts = contents.accounts
    dropped = [{group: sum(columns.values()) for group, columns in account.dropped.items()} for account in accounts]
    footers = [
        speaker.say(
            words.FOOTER_AGREES if footer.agrees else words.FOOTER_DISAGREES,
            file={"text": account.file},
            claimed=footer.claimed,
            **({} if footer.agrees else {"found": footer.found}),
        )
        for account in accounts
        for footer in account.footers
    ]
    cut = [speaker.say(words.CUT_OFF_FILE, file={"text": a.file}) for a in accounts if a.last_unit_open]
    details = [
        (words.RECORDS_BY_KIND, lines(said(KINDS), [account.kinds for account in accounts])),
        (words.REJECTED_BECAUSE, lines(said(REJECTS), [account.reasons for account in accounts])),
        (words.FLAGGED, lines(said(FLAGS), [account.flags for account in accounts])),
        (words.DROPPED, lines(said(DROPPED), dropped)),
    ]
    empty = [speaker.say(words.NONE)]
    optional = [(title, found) for title, found in ((words.FOOTERS, footers), (words.CUT_OFF, cut)) if found]
    return [(title, found or empty) for title, found in details] + optional


def _reason(reason: Mapping[str, Any], speaker: Speaker) -> dict[str, str | Markup]:
    said = Said(reason["msgid"], json.loads(reason["values"]), tuple(reason["records"]), reason["count"])
    behind = ""
    if said.records:
        behind = speaker.say(
            words.RECORDS_BEHIND,
            records={
                "numbers": [record_id_text(record) for record in said.records],
                "more": max(0, said.count - len(said.records)),
            },
        )
    elif said.count:
        behind = speaker.say(words.CONTACTS_BEHIND, n=said.count)
    return {"text": _kept(speaker.say(said.msgid, said.values)), "behind": behind}


def _leads(contents: Contents, speaker: Speaker) -> dict[str, Any]:
    """The leads, and apart from them the numbers that did not hold, and those ranked below the list."""
    latest = contents.decisions.latest
    left, refuted = contents.decisions.apart(contents.findings.ranked.to_pylist())
    listed = [row for row in left if row["probability"] >= contents.listed_at]
    rest = left[len(listed) :]
    for row in listed[:REASONED]:
        row["reasons"] = [_reason(reason, speaker) for reason in row["reasons"]]
        row["benign"] = _reason(row["benign"], speaker)
        row["decision"] = latest.get(row["vertex"])
    return {
        "count": len(listed),
        "reasoned": listed[:REASONED],
        "brief": listed[REASONED:],
        "refuted": refuted,
        "rest": rest[:UNLISTED_ROWS],
        "unlisted": len(rest),
    }


def _events(contents: Contents) -> str:
    """Where in the case folder all contacts of the graph stand with their records; empty where no step kept them."""
    graph = contents.graph
    return f"graph/stage-{graph.scope.stage}-events.parquet" if graph.detail is Detail.CALLS else ""


def _group(contents: Contents, speaker: Speaker) -> dict[str, Any]:
    named = _seeds(contents)
    present = [seed["vertex"] for seed in named if seed["state"] != "absent"]
    ranked, refuted = contents.findings.ranked, contents.decisions.refuted
    rows_of = zip(ranked["vertex"].to_pylist(), ranked["probability"].to_pylist(), strict=True)
    listed = [vertex for vertex, share in rows_of if share >= contents.listed_at and vertex not in refuted]
    leads = listed[:CHARTED]
    seeds = most_tied(contents.graph.pairs, present, leads, CHARTED)
    rows = pairs_among(contents.graph.pairs, [*seeds, *leads])
    tied = {row[end] for row in rows for end in ("a", "b")}
    week = week_of(rows)
    days = get_day_names("wide", locale=speaker.language.value)
    shaded = shades(week)
    return {
        "chart": group_chart(seeds, leads, rows),
        "leads": len(leads),
        "cut": len(listed) > len(leads),
        "seeds": len(seeds),
        "named": len(named),
        "seeds_cut": len(present) > len(seeds),
        "alone": sum(lead not in tied for lead in leads),
        "pairs": sorted(rows, key=lambda row: (-contacts_of(row), row["a"], row["b"], row["holder"]))[:PAIR_ROWS],
        "pairs_cut": len(rows) > PAIR_ROWS,
        "week": [(days[day], list(zip(week[day].tolist(), shaded[day].tolist(), strict=True))) for day in range(7)],
    }


def _successions(contents: Contents, speaker: Speaker) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = contents.findings.successions.slice(0, REASONED).to_pylist()
    for row in rows:
        row["reasons"] = [_reason(reason, speaker) for reason in row["reasons"]]
        row["benign"] = _reason(row["benign"], speaker)
        row["support"] = SCALE[row["scale"]]
    return rows


def _hubs(contents: Contents, speaker: Speaker) -> list[dict[str, Any]]:
    return [{**hub, "text": _say(speaker, hub["sentence"])} for hub in contents.findings.document["hubs"]]


def _notes(contents: Contents) -> list[Mapping[str, Any]]:
    """What the findings say of their limits, without the sentence that stands with the method."""
    document = contents.findings.document
    said: list[Mapping[str, Any]] = [*document["limits"], *document["notes"]]
    return [sentence for sentence in said if sentence["msgid"] != document["method"]["calibration"]["msgid"]]


def _method(contents: Contents) -> str:
    method = contents.findings.document["method"]
    return f"{method['name']} {method['version']}"
