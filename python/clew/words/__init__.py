"""Every sentence that Clew shows, and its translations, with numbers that bidirectional text cannot turn round.

A *sentence* is an English text with ``{name}`` places (:mod:`clew.words.sentences` for findings,
:mod:`clew.words.report_sentences` for the report); its French and Arabic stand in ``locale/<language>.po``.
:class:`Speaker` says it in one language. :func:`isolate` is the one place that wraps what must not be reordered.
"""

from __future__ import annotations

from clew.words.isolation import isolate, isolate_text
from clew.words.speaker import LANGUAGES, Language, Speaker

__all__ = ["LANGUAGES", "Language", "Speaker", "isolate", "isolate_text"]
