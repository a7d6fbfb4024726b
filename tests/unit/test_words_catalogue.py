"""Every sentence is translated, with the same places and all plural forms; none is left over, none is beside."""

from __future__ import annotations

import ast
import gettext
import re
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from babel import Locale

import clew
from clew.words.catalogue import SECTIONS, catalogue, places, translations
from clew.words.sentences import Sentence
from clew.words.speaker import PLURAL_FORMS, Language
from clew.words.update import PLURAL_RULES, po_path, updated

PACKAGE = Path(clew.__file__).parent
TRANSLATED = (Language.AR, Language.FR)
SENTENCES = list(catalogue().values())


def test_there_are_as_many_sentences_as_there_should_be() -> None:
    assert len(SENTENCES) > 150


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: Language) -> None:
    for sentence in SENTENCES:
        message = translations(language.value).get(sentence.one)
        assert message is not None, f"not in {language.value}.po: {sentence.one} (python -m clew.words.update)"
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert len(forms) == (len(PLURAL_FORMS[language]) if sentence.many else 1), sentence.one
        assert all(form.strip() for form in forms), f"no {language.value} translation: {sentence.one}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_places(language: Language) -> None:
    """Only the Arabic forms for none, one and two, which stand for one count each, may say it in words."""
    for sentence in SENTENCES:
        message = translations(language.value).get(sentence.one)
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        for name, form in zip(PLURAL_FORMS[language] if sentence.many else ("other",), forms, strict=True):
            wanted = places(sentence.one)
            spare = {sentence.count} if language is Language.AR and name in {"zero", "one", "two"} else set()
            assert wanted - spare <= places(form) <= wanted, f"{language.value}, {name}: {sentence.one}"


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.one[:40])
def test_plurals_of_the_source_agree(sentence: Sentence) -> None:
    assert bool(sentence.many) == bool(sentence.count)
    if sentence.many:
        assert places(sentence.one) == places(sentence.many)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_write_no_number_themselves(language: Language) -> None:
    """A number in the text would stand outside its isolate: it comes in as a value."""
    for message in translations(language.value):
        if message.id:
            forms = [message.string] if isinstance(message.string, str) else message.string
            assert not any(re.search(r"[0-9٠-٩]", re.sub(r"\{[^}]*\}", "", form)) for form in forms), message.id


def test_french_marks_do_not_begin_a_line() -> None:
    """Before a colon, a semicolon, and the like, French has a space that does not break."""
    for message in translations("fr"):
        forms = [message.string] if isinstance(message.string, str) else message.string
        assert not any(re.search(r" [:;?!»]|« ", form) for form in forms), message.string


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogue_files_are_up_to_date(language: Language) -> None:
    """No leftover entry, no missing one: ``python -m clew.words.update`` would change nothing."""
    assert po_path(language).read_bytes() == updated(language, translations(language.value))
    assert {message.id[0] if isinstance(message.id, tuple) else message.id for message in translations(language.value)}
    known = {m.id[0] if isinstance(m.id, tuple) else m.id for m in translations(language.value) if m.id}
    assert known == set(catalogue())


@pytest.mark.parametrize("language", TRANSLATED)
def test_plural_rules_agree_with_unicode(language: Language) -> None:
    """The rule that translators' tools read chooses the same form as CLDR does, for every count."""
    rule = gettext.c2py(PLURAL_RULES[language].split("plural=")[1].rstrip(";"))  # type: ignore[attr-defined]
    forms, locale = PLURAL_FORMS[language], Locale.parse(language.value)
    for count in range(2000):
        name = locale.plural_form(count)
        assert forms[rule(count)] == (name if name in forms else "other"), count


def _template() -> str:
    return (PACKAGE / "report" / "template" / "report.html").read_text("utf-8")


def _constants() -> dict[str, Sentence]:
    return {name: value for section in SECTIONS for name, value in vars(section).items() if isinstance(value, Sentence)}


def test_every_sentence_is_used() -> None:
    """A sentence that nothing says would be translated for nobody."""
    used = set(re.findall(r"\bw\.([A-Z_]+)", _template()))
    sections = {Path(section.__file__ or "").name for section in SECTIONS}
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        if "clew.words" not in text or (path.parent.name == "words" and path.name in sections):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Name):
                used.add(node.id)
    assert sorted(set(_constants()) - used) == []


def test_no_two_sentences_share_their_english() -> None:
    texts = [sentence.one for sentence in _constants().values()]
    assert sorted(text for text in set(texts) if texts.count(text) > 1) == []


class _Literals(HTMLParser):
    """Collects what a reader would see: text, and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"title", "alt", "aria-label", "placeholder"}]


def test_template_says_nothing_that_is_not_in_the_catalogue() -> None:
    """With every expression taken out, no letter is left in the template's text."""
    environment = jinja2.Environment(autoescape=True)
    literal = "".join(
        node.data
        for output in environment.parse(_template()).find_all(jinja2.nodes.Output)
        for node in output.nodes
        if isinstance(node, jinja2.nodes.TemplateData)
    )
    parser = _Literals()
    parser.feed(literal)
    assert [text for text in parser.found if re.search(r"\w", text)] == []


def test_template_scan_finds_a_literal() -> None:
    """The scan above is worth something: it sees a word that somebody writes straight into the template."""
    parser = _Literals()
    parser.feed('<p>Forgotten</p><svg aria-label="also"></svg>')
    assert [text for text in parser.found if re.search(r"\w", text)] == ["Forgotten", "also"]
