"""Write the ``.po`` files again: every sentence in the catalogue's order, translations kept, the unused left out.

Run as ``python -m clew.words.update`` after adding or changing a sentence. A translator fills the empty ``msgstr``;
the tests fail until none is left.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from clew.words.catalogue import catalogue, translations
from clew.words.speaker import LANGUAGES, PLURAL_FORMS, Language

__all__ = ["PLURAL_RULES", "po_path", "updated"]

PLURAL_RULES = {
    Language.AR: "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    Language.FR: "nplurals=2; plural=(n > 1);",
}
"""``PLURAL_FORMS`` in gettext's words, for translators' tools; a test compares the two."""


def po_path(language: Language) -> Path:
    """Where the translations into a language stand."""
    return Path(__file__).parent / "locale" / f"{language.value}.po"


def updated(language: Language, old: Catalog | None) -> bytes:
    """The ``.po`` file of a language: all sentences, with the translations of ``old`` where the English is the same."""
    catalog = Catalog(locale=language.value, fuzzy=False)
    for sentence in catalogue().values():
        message = old.get(sentence.one) if old is not None else None
        empty: str | tuple[str, ...] = ("",) * len(PLURAL_FORMS[language]) if sentence.many else ""
        kept = message.string if message is not None and isinstance(message.string, type(empty)) else empty
        catalog.add((sentence.one, sentence.many) if sentence.many else sentence.one, kept)
    buffer = BytesIO()
    write_po(buffer, catalog, width=118, omit_header=True)
    header = (
        f'# Clew\'s sentences; python -m clew.words.update adds new ones.\nmsgid ""\nmsgstr ""\n'
        f'"Language: {language.value}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {PLURAL_RULES[language]}\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def main() -> None:
    """Update the files in place."""
    for language in LANGUAGES:
        if language is not Language.EN:
            path = po_path(language)
            path.write_bytes(updated(language, translations(language.value) if path.exists() else None))


if __name__ == "__main__":
    main()
