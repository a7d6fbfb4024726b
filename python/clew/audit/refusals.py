"""Refusals into the log: who asked for what a warrant does not allow is told apart from who never asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from clew.audit.log import Entry, Log, Value
from clew.errors import Refused

__all__ = ["refusals_logged"]


@contextmanager
def refusals_logged(
    log: Log, kind: str, body: Mapping[str, Value], begin: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Whatever is refused in here stands in the log before it gets out, once: its code, its counts and ``body``.

    ``begin`` makes ready the place that the log is in; what it raises goes before the refusal. A clock behind the log
    refuses the entry too: then nothing can be logged.
    """
    try:
        yield
    except Refused as refused:
        if not refused.logged:
            begin()
            with suppress(Refused):
                log.commit(Entry(kind, {"code": refused.code, **refused.counts, **body}))
                refused.logged = True
        raise
