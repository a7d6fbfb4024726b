"""All sentences of all sections by their English text, and the translations as they stand in the ``.po`` files."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType, ModuleType

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import clew.words.report_sentences as report_sentences
import clew.words.sentences as sentences
from clew.words.sentences import Sentence

__all__ = ["SECTIONS", "catalogue", "places", "translations", "wanted"]

SECTIONS: tuple[ModuleType, ...] = (sentences, report_sentences)
"""Modules whose constants of type ``Sentence`` make up the catalogue, in the order of the ``.po`` files."""


@cache
def catalogue() -> Mapping[str, Sentence]:
    """Every sentence by its English text (``Sentence.one``)."""
    found = (value for section in SECTIONS for value in vars(section).values() if isinstance(value, Sentence))
    return MappingProxyType({sentence.one: sentence for sentence in found})


def places(text: str) -> set[str]:
    """The names between braces in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@cache
def wanted(sentence: Sentence) -> frozenset[str]:
    """The names of all values that a sentence needs: its places, and the count that chooses its plural."""
    return frozenset(places(sentence.one) | places(sentence.many) | ({sentence.count} if sentence.many else set()))


@cache
def translations(language: str) -> Catalog:
    """The translations into ``fr`` or ``ar``; gettext files are read as they are, nothing has to be compiled."""
    with files("clew.words").joinpath("locale", f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)
