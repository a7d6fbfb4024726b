"""Every sentence that Clew shows, and its translations, with numbers that bidirectional text cannot turn round.

A *sentence* is an English text with ``{name}`` places (:mod:`clew.words.sentences` for findings,
:mod:`clew.words.report_sentences` for the report); its French and Arabic stand in ``locale/<language>.po``.
:class:`clew.words.speaker.Speaker` says it in one language; :mod:`clew.words.isolation` is the one place that wraps
what must not be reordered. Nothing is imported here: a command that says no finding does not wait for the plural rules.
"""
