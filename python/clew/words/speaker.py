"""Say a sentence in a language: the translation, its plural form, and each value in the form that language gives it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, final

from babel import Locale
from babel.numbers import format_decimal

from clew.words.catalogue import catalogue, translations, wanted
from clew.words.isolation import isolate, isolate_text
from clew.words.report_sentences import AND_MORE
from clew.words.sentences import Sentence

__all__ = ["LANGUAGES", "PLURAL_FORMS", "Language", "Speaker"]


class Language(StrEnum):
    """The languages a report is written in."""

    AR = "ar"
    FR = "fr"
    EN = "en"


LANGUAGES: tuple[Language, ...] = tuple(Language)

PLURAL_FORMS: Mapping[Language, tuple[str, ...]] = {
    Language.AR: ("zero", "one", "two", "few", "many", "other"),
    Language.FR: ("one", "other"),
    Language.EN: ("one", "other"),
}
"""The plural forms of each language, by their Unicode CLDR names, in the order of ``msgstr[0]``, ``msgstr[1]``, …"""

_LOCALES = {Language.AR: "ar_IQ", Language.FR: "fr_FR", Language.EN: "en_GB"}
_LIST_SEPARATORS = {Language.AR: "، ", Language.FR: ", ", Language.EN: ", "}
_ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_PERCENT = {Language.AR: "٪", Language.FR: "\u202f%", Language.EN: "%"}


@final
class Speaker:
    """Says sentences in one language. ``direction`` is ``rtl`` or ``ltr``, as HTML writes it.

    Everything returned is plain text: whoever puts it into HTML escapes it.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.direction = "rtl" if language is Language.AR else "ltr"
        self._locale = Locale.parse(_LOCALES[language])
        self._patterns: dict[tuple[Sentence, int], str] = {}
        self._numbers: dict[tuple[float, str], str] = {}

    def say(self, sentence: Sentence | str, values: Mapping[str, Any] | None = None, /, **more: Any) -> str:
        """The sentence (or the one with that English text) with every place filled (``spec/findings.md``, 2).

        ``LookupError`` for a sentence that the catalogue has not, ``ValueError`` if a place or a value is left over
        or a value is of no known form.
        """
        if isinstance(sentence, str):
            sentence = catalogue()[sentence]
        given = {**(values or {}), **more}
        if wanted(sentence) != given.keys():
            raise ValueError(f"the sentence {sentence.one!r} was given {sorted(given)}")
        form = self.plural_form(given[sentence.count]) if sentence.many else 0
        pattern = self._patterns.get((sentence, form))
        if pattern is None:
            pattern = self._patterns[sentence, form] = self._text(sentence, form)
        return pattern.format_map({name: self.value(value) for name, value in given.items()})

    def _text(self, sentence: Sentence, form: int) -> str:
        if self.language is Language.EN:
            return sentence.many if form else sentence.one
        message = translations(self.language.value).get(sentence.one)
        if message is None or not message.string:
            raise LookupError(f"no {self.language.value} translation: {sentence.one}")
        return message.string if isinstance(message.string, str) else message.string[form]

    def plural_form(self, count: int) -> int:
        """Which of the language's plural forms goes with a count."""
        forms = PLURAL_FORMS[self.language]
        name = self._locale.plural_form(abs(count))
        return forms.index(name) if name in forms else len(forms) - 1

    def value(self, value: Any) -> str:
        """One value of a sentence, by its form (``spec/findings.md``, 2)."""
        match value:
            case bool():
                raise ValueError("a truth value is no value of a sentence")
            case int():
                return self.count(value)
            case {"decimal": number}:
                return self.decimal(number)
            case {"share": number}:
                return self.percent(number)
            case {"number": str(number)}:
                return self.identifier(number)
            case {"numbers": [*numbers], "more": int(more)}:
                return self.identifiers(numbers, more)
            case {"numbers": [*numbers]}:
                return self.identifiers(numbers)
            case {"moment": moment}:
                return self.moment(moment)
            case {"seconds": seconds}:
                return self.duration(seconds)
            case {"word": str(word)}:
                return self.say(word)
            case {"said": str(text)}:
                return text  # said in this language already
            case {"text": str(text)}:
                return isolate_text(text)
            case _:
                raise ValueError("a value of a sentence is of no known form")

    def count(self, value: int) -> str:
        """A whole number in the language's digits and grouping."""
        return self._isolated(self._number(value, "#,##0"))

    def decimal(self, value: float, places: int = 1) -> str:
        """A number with up to so many places after the point."""
        return self._isolated(self._number(value, "#,##0." + "#" * places))

    def percent(self, value: float) -> str:
        """A share of one as a percentage; what is more than nothing or less than all is never rounded to it."""
        shown = round(value * 100)
        sign = ""
        if shown == 0 and value > 0:
            sign, shown = "<", 1
        elif shown == 100 and value < 1:
            sign, shown = ">", 99
        return self._isolated(sign + self._number(shown, "0")) + _PERCENT[self.language]

    def identifier(self, value: str) -> str:
        """A telephone number, hash or other identifier: always as it is, always in ASCII digits."""
        return self._isolated(value)

    def identifiers(self, values: list[str], more: int = 0) -> str:
        """Several identifiers with the language's comma between them, then "and so many more"."""
        listed = _LIST_SEPARATORS[self.language].join(map(self.identifier, values))
        return f"{listed} {self.say(AND_MORE, more=more)}" if more else listed

    def moment(self, value: datetime | str) -> str:
        """A moment to the second in UTC, the same in every language, so that two pages can be compared."""
        return self._isolated(f"{_utc(value):%Y-%m-%d %H:%M:%S} UTC")

    def duration(self, seconds: float) -> str:
        """Hours, minutes and seconds."""
        whole = round(seconds)
        return self._isolated(f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}")

    def _number(self, value: float, pattern: str) -> str:
        known = self._numbers.get((value, pattern))
        if known is None:
            known = str(format_decimal(value, format=pattern, locale=self._locale, numbering_system="default"))
            if self._locale.default_numbering_system == "arab":
                # babel takes the separators of the locale's numbering system, and leaves the digits for us.
                known = known.translate(_ARABIC_INDIC)
            self._numbers[value, pattern] = known
        return known

    def _isolated(self, text: str) -> str:
        return isolate(text) if self.direction == "rtl" else text


def _utc(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment.astimezone(UTC)
