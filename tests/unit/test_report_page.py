"""The report's page: complete in itself, safe against what stands in a case, right in right-to-left text."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from clew.chain.graph import DEFAULT_HOLDER, Detail
from clew.records.schema import RecordFlag, RecordKind
from clew.report.labels import BUDGETS, ENTRIES, FLAGS, KINDS, REJECTS
from clew.report.page import page_name, render, style
from clew.report.tables import csv_files
from clew.warrants.authorisation import Blinded, Budgets, Clear
from clew.warrants.document import Joint
from clew.words import report_sentences as words
from clew.words.catalogue import catalogue, translations
from clew.words.speaker import LANGUAGES, Language
from tests.made_case import HUB, LEADS, LOW, SEEDS, WRITTEN, made_contents, made_warrant

TABLES = {"vertices.csv": "12" * 32, "graph.gexf": "34" * 32}
HOSTILE = '</dd><script>alert(1)</script><img src=x onerror="alert(2)"> & "\' {{ 7*7 }} شيء'


def page(language: Language = Language.EN, **changed: object) -> str:
    contents = made_contents(**changed)
    return render(contents, language, WRITTEN, languages=LANGUAGES, tables=TABLES).decode()


class Page(HTMLParser):
    """The page as a reader meets it: its tags with attributes, and its text without the style sheet.

    A text goes on over the spans inside it, as it does for the bidirectional algorithm.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._goes_on = False
        self._inside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)
        self._goes_on = self._goes_on and tag == "span"

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass
        self._goes_on = self._goes_on and tag == "span"

    def handle_data(self, data: str) -> None:
        if "style" in self._inside:
            return
        if self._goes_on:
            self.texts[-1] += data
        elif data.strip():
            self.texts.append(data)
            self._goes_on = True


def test_page_of_each_language_says_its_direction() -> None:
    heads = {language: Page(page(language)).tags[0] for language in LANGUAGES}
    assert heads[Language.AR] == ("html", {"lang": "ar", "dir": "rtl"})
    assert heads[Language.FR] == ("html", {"lang": "fr", "dir": "ltr"})
    assert heads[Language.EN] == ("html", {"lang": "en", "dir": "ltr"})


def test_every_number_in_arabic_text_stands_inside_an_isolate() -> None:
    """In a right-to-left paragraph a bare number, date or hash would be displayed as another one."""
    checked = 0
    for text in Page(page(Language.AR)).texts:
        depth = 0
        for character in text:
            depth += (character in "\u2066\u2068") - (character == "\u2069")
            if character.isdigit():
                checked += 1
                assert depth > 0, text
        assert depth == 0, text
    assert checked > 500


def test_a_moment_is_broken_only_between_its_date_and_its_time() -> None:
    """A date that is cut at its hyphen reads as another one."""
    for language in LANGUAGES:
        bare = re.sub(r'<span class="keep">[^<]*</span>', "", page(language, purpose="-"))
        assert not re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}:[0-9]{2} UTC", bare)


def test_attributes_that_are_read_out_hold_no_bare_number() -> None:
    for _, attributes in Page(page(Language.AR)).tags:
        assert not re.search(r"\d", attributes.get("aria-label") or "")


def test_identifiers_have_ascii_digits_in_every_language() -> None:
    for language in LANGUAGES:
        text = page(language)
        for number in (*SEEDS, *LEADS, LOW, HUB, made_warrant().digest, "1:1204", "2026-03-01</span>"):
            assert number.replace("+", "&#43;") in text or number in text


def test_counts_take_the_digits_of_the_language() -> None:
    assert "\u2066١٢٬٤٤٧\u2069" in page(Language.AR)
    assert "12\u202f447" in page(Language.FR)
    assert "12,447" in page(Language.EN)


@pytest.mark.parametrize("language", [Language.AR, Language.FR])
def test_no_english_sentence_is_left_in_a_translated_page(language: Language) -> None:
    shown = " ".join(Page(page(language)).texts)
    for text in catalogue():
        translated = translations(language.value).get(text).string
        if len(text) > 25 and text != translated:
            parts = [part for part in re.split(r"\{[^}]*\}", text) if len(part) > 15]
            assert not parts or not all(part in shown for part in parts), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_holder_that_nobody_named_is_said_in_the_language(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Harm stopped: a word of the program stands in evidence as if it were a service's name. Tables keep it."""
    monkeypatch.setattr("tests.made_case.HOLDERS", (DEFAULT_HOLDER, "شركة النور"))
    cells = re.findall(r"<bdi>([^<]*)</bdi>", page(language))
    said = {Language.AR: "الجهة نفسها", Language.FR: "en propre", Language.EN: "own"}[language]
    assert cells.count(said) >= 2
    assert (DEFAULT_HOLDER in cells) == (language is Language.EN)
    assert any("شركة النور" in cell for cell in cells)
    assert b'"own"' in csv_files(made_contents(), [language])["pairs.csv"]


def test_hostile_text_cannot_break_out_of_the_page() -> None:
    for language in LANGUAGES:
        text = page(language, purpose=HOSTILE, legal_basis=HOSTILE, authority=HOSTILE)
        tags = [tag for tag, _ in Page(text).tags]
        assert tags == [tag for tag, _ in Page(page(language)).tags], "a text of the case became markup"
        assert "script" not in tags
        assert "img" not in tags
        assert "{{" in " ".join(Page(text).texts), "the template's own language is not run on texts of the case"


def test_hostile_names_of_holders_and_signers_are_escaped() -> None:
    contents = dataclasses.replace(made_contents(), signers=("<b onclick=x>judge</b>", "a\u202eb\u2069c"))
    text = render(contents, Language.EN, WRITTEN, languages=LANGUAGES, tables=TABLES).decode()
    assert "<b onclick" not in text
    assert "&lt;b onclick=x&gt;judge" in text
    assert "\u202e" not in text, "an override would turn the text behind it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_opens_no_network_resource(language: Language) -> None:
    """Whoever opens the report must not be seen to open it."""
    text = page(language)
    found = Page(text)
    assert not {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "base",
        "form",
        "image",
        "use",
    } & {tag for tag, _ in found.tags}
    for tag, attributes in found.tags:
        for name, value in attributes.items():
            assert name not in {"src", "srcset", "action", "data", "xlink:href", "style", "poster", "background"}
            assert not name.startswith("on")
            if name == "href":
                assert re.fullmatch(r"#[a-z]+|report\.(ar|fr|en)\.html", value or ""), (tag, value)
    assert not re.search(r"https?:|//|url\(|@import|expression\(", text.replace("<!DOCTYPE html>", ""))


def test_content_policy_allows_this_style_sheet_and_nothing_else() -> None:
    text = page()
    sheet = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    policy = next(tag for tag in Page(text).tags if tag[1].get("http-equiv") == "Content-Security-Policy")[1]["content"]
    assert sheet is not None
    digest = base64.b64encode(hashlib.sha256(sheet[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_style_sheet_knows_no_left_and_right() -> None:
    """Logical properties only: the same sheet serves both directions."""
    assert not re.search(r"\b(left|right)\b", style("case"))
    assert not re.search(r"\b(margin|padding|border)-(top|bottom)\b", style("case"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_outside_the_traced_graph_appears(language: Language) -> None:
    """No number that the warrant did not let be traced stands anywhere in the report."""
    text = page(language, purpose="-", legal_basis="-")
    inside = set(made_contents().graph.vertices["vertex"].to_pylist())
    shown = set(re.findall(r"\+[0-9]{7,15}", text))
    assert shown <= inside
    assert shown >= {*SEEDS, *LEADS, LOW, HUB}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_unsaid_and_no_python_shows_through(language: Language) -> None:
    shown = " ".join(Page(page(language, purpose="-")).texts)
    for leak in ("None", "True", "False", "{", "}", "Sentence(", "Undefined", "datetime"):
        assert leak not in shown


def test_every_code_has_a_name_on_the_page() -> None:
    """Kinds and flags of records, budgets of warrants, kinds of log entries: none is shown bare."""
    assert set(KINDS) == {kind.name.lower() for kind in RecordKind}
    assert set(FLAGS) == {(flag.name or "").lower().replace("_", " ") for flag in RecordFlag}
    assert set(BUDGETS) == {field.name for field in dataclasses.fields(Budgets)}
    records = (Path(__file__).parents[2] / "spec" / "records.md").read_text("utf-8")
    assert set(REJECTS) == set(re.findall(r"^\| `([a-z-]+)` \|.*\| rejected \|$", records, re.MULTILINE))
    spec = (Path(__file__).parents[2] / "spec" / "log.md").read_text("utf-8")
    assert set(ENTRIES) >= set(re.findall(r"^\| `([a-z.-]+)` \|", spec, re.MULTILINE))


def test_page_tells_the_whole_case() -> None:
    shown = " ".join(Page(page()).texts)
    for told in (
        "thread-12",
        "7 numbers lie inside the bound",
        "In contact with 1 of the 2 seeds (+9647901234567): 19 contacts.",
        "Records: 1:7, 1:1204 and 17 more",
        "83% of its contacts are with +9647901234567",
        "moderately strong",
        "occurs in no record of the window",
        "200 contacts; tracing stops at a number with more",
        "negative duration, kept as the file has it: 4",
        "location: 24,690",
        "no such day or time of day: 40",
        "13,000 records, which does not agree: there are 12,346",
        "Procureure de la République",
        "0123456789abcdef" * 4,
        "trace.bound",
        "graph.gexf",
        words.NO_VERDICT.one,
    ):
        assert told in shown, told


def test_a_chart_never_stands_without_its_table() -> None:
    text = page()
    chart = text.index("<svg")
    lines = re.findall(r"<line ", text)
    table = text[text.index("<table", chart) :]
    rows = table[: table.index("</table>")].count("<tr>") - 1
    assert (len(lines), rows) == (4, 5)  # one line for the pair that two holders recorded


def test_same_case_gives_the_same_bytes() -> None:
    """Also in another process, where Python orders its sets otherwise."""
    program = (
        "import hashlib; from tests.made_case import *; from clew.report.write import report_files\n"
        "from clew.words.speaker import LANGUAGES; from clew.effects import NoProgress\n"
        "files = report_files(made_contents(), LANGUAGES, WRITTEN, NoProgress())\n"
        "print(*(hashlib.sha256(data).hexdigest() for data in files.values()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 13


def test_links_lead_only_to_pages_that_were_written() -> None:
    alone = render(made_contents(), Language.AR, WRITTEN, languages=[Language.AR], tables=TABLES).decode()
    assert "report.fr.html" not in alone
    assert all(page_name(other) in page(Language.AR) for other in (Language.FR, Language.EN))


def test_a_case_without_leads_changes_or_accounts_says_so() -> None:
    contents = made_contents(seeds=(Clear(SEEDS[0]),))
    findings = dataclasses.replace(
        contents.findings,
        document={**contents.findings.document, "summary": {"ranked": 0, "listed": 0, "chance": None, "sentences": []}},
        ranked=contents.findings.ranked.slice(0, 0),
        successions=contents.findings.successions.slice(0, 0),
    )
    empty = dataclasses.replace(contents, findings=findings, accounts=(), entries=())
    for language, said in ((Language.EN, words.LEADS_NONE.one), (Language.AR, "لا يبلغ أي رقم")):
        text = render(empty, language, WRITTEN, languages=LANGUAGES, tables={}).decode()
        assert said in text
    assert words.SUCCESSIONS_NONE.one in render(empty, Language.EN, WRITTEN, languages=LANGUAGES, tables={}).decode()
    assert words.ACCOUNT_MISSING.one in render(empty, Language.EN, WRITTEN, languages=LANGUAGES, tables={}).decode()


def test_blinded_seeds_are_counted_and_not_shown() -> None:
    """A point that stands for a number is no business of whoever reads the report."""
    joint = Joint("aa" * 32, "bb" * 32, ("cc" * 32,))
    contents = made_contents(seeds=(Blinded(b"\x07" * 32), Blinded(b"\x08" * 32)), joint=joint)
    text = render(contents, Language.EN, WRITTEN, languages=LANGUAGES, tables=TABLES).decode()
    assert '<tr><td>blinded</td><td></td><td class="n">2</td></tr>' in text
    assert "07" * 32 not in text


def test_the_chart_shows_the_named_numbers_that_its_leads_are_tied_to_and_says_how_many() -> None:
    """Harm stopped: of many named numbers the first by name are drawn, most leads stand alone, and nothing says so."""
    contents = made_contents()
    others = tuple(f"+33{n:09d}" for n in range(40))
    row = contents.graph.pairs.to_pylist()[0]
    pairs = [*contents.graph.pairs.to_pylist(), *({**row, "a": other, "b": LOW} for other in others)]
    graph = dataclasses.replace(contents.graph, pairs=pa.Table.from_pylist(pairs, contents.graph.pairs.schema))
    seeds = [{"vertex": seed, "state": "used", "contacts": 3, "reasons": []} for seed in (*others, *SEEDS)]
    findings = dataclasses.replace(contents.findings, document={**contents.findings.document, "seeds": seeds})
    many = dataclasses.replace(
        made_contents(seeds=tuple(Clear(seed["vertex"]) for seed in seeds)), graph=graph, findings=findings
    )
    for language, said in (
        (Language.EN, "24 of 42 named numbers"),
        (Language.FR, "24 numéros visés sur 42"),
        (Language.AR, "\u2066٢٤\u2069 من أصل \u2066٤٢\u2069"),
    ):
        text = render(many, language, WRITTEN, languages=LANGUAGES, tables=TABLES).decode()
        chart = text[text.index("<figure>") : text.index("</figure>")]
        assert said in chart
        assert SEEDS[0] in chart
        assert chart.count("<line ") == page(language).count("<line ")
    assert "lead stands alone" not in page()
    alone = dataclasses.replace(many, graph=dataclasses.replace(graph, pairs=graph.pairs.slice(0, 0)))
    assert "3 leads stand alone" in render(alone, Language.EN, WRITTEN, languages=LANGUAGES, tables=TABLES).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_where_the_records_are_that_it_does_not_name(language: Language) -> None:
    """Harm stopped: the first few records behind a reason are taken for all of them."""
    assert "graph/stage-1-events.parquet" in page(language)
    contents = made_contents()
    coarse = dataclasses.replace(contents.graph, detail=Detail.COARSE, events=None)
    text = render(
        dataclasses.replace(contents, graph=coarse), language, WRITTEN, languages=LANGUAGES, tables=TABLES
    ).decode()
    assert "events.parquet" not in text


def _luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_every_shade_of_the_week_can_be_read() -> None:
    """Harm stopped: a count that is too pale to read (WCAG 2.2, 1.4.3: a contrast of 4.5)."""
    found = re.findall(r"\.week \.h\d \{ background: (#[0-9a-f]+);(?: color: (#[0-9a-f]+);)? \}", style("case"))
    assert len(found) == 6
    for behind, ink in found:
        full = "#ffffff" if ink == "#fff" else ink or "#1b1f24"
        light, dark = sorted((_luminance(behind), _luminance(full)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, behind


def test_the_innocent_explanation_stands_beneath_the_reasons_on_a_narrow_screen() -> None:
    """Harm stopped: on a telephone the reasons fill the screen, and what speaks against them lies beside it."""
    narrow = style("case").split("@media screen and (max-width: 45rem)")[1].split("@media")[0]
    assert re.search(r"\.why \{ grid-template-columns: minmax\(0, 1fr\);", narrow)


def test_every_printed_page_names_its_case() -> None:
    """Harm stopped: a page of one case among those of another."""
    assert '@bottom-center { content: "thread-12 · " counter(page) " / " counter(pages);' in page()


def test_named_numbers_do_not_stand_between_a_reader_and_the_leads() -> None:
    text = page()
    assert text.index('<h2 id="leads">') < text.index('<h2 id="seeds">') < text.index('<h2 id="limits">')
