"""From call records and a signed warrant to the covert group behind the seeds, and nothing beyond.

The steps of the command line as functions; tables are Arrow. ``docs/tutorial/python.ipynb`` shows them in order, and
``docs/reference/python.md`` says of every name what it takes and gives:

>>> report = clew.import_files(store_path, [(file, profile)], clock=clew.system_clock)   # doctest: +SKIP
>>> store = clew.Store.open(store_path)                                                  # doctest: +SKIP
>>> log = clew.FileLog(case.log_path, clew.system_clock)                                 # doctest: +SKIP
>>> authorisation = clew.verify_warrant(envelope, policy, clock=clew.system_clock, log=log)  # doctest: +SKIP
>>> graph = clew.trace(store, authorisation, log)                                        # doctest: +SKIP
>>> findings = clew.find(graph)                                                          # doctest: +SKIP

Names are loaded when they are first used, so that a short command starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.audit.log import Entry as Entry
    from clew.audit.log import FileLog as FileLog
    from clew.case import CaseFolder as CaseFolder
    from clew.cells import Findings as Findings
    from clew.cells.find import find as find
    from clew.cells.keep import keep_findings as keep_findings
    from clew.cells.keep import read_findings as read_findings
    from clew.chain.files import Documents as Documents
    from clew.chain.files import authorise as authorise
    from clew.chain.files import enter_case as enter_case
    from clew.chain.files import read_graph as read_graph
    from clew.chain.files import require_traced as require_traced
    from clew.chain.files import write_trace as write_trace
    from clew.chain.graph import Bound as Bound
    from clew.chain.graph import Detail as Detail
    from clew.chain.graph import TracedGraph as TracedGraph
    from clew.chain.trace import count as count
    from clew.chain.trace import trace as trace
    from clew.effects import system_clock as system_clock
    from clew.effects import system_randomness as system_randomness
    from clew.errors import ClewError as ClewError
    from clew.errors import InputError as InputError
    from clew.errors import PeerError as PeerError
    from clew.errors import Refused as Refused
    from clew.errors import StorageError as StorageError
    from clew.errors import UsageError as UsageError
    from clew.records.importer import import_files as import_files
    from clew.records.profile import Profile as Profile
    from clew.records.profile_file import read_profile as read_profile
    from clew.records.store import Store as Store
    from clew.report.write import FORMATS as FORMATS
    from clew.report.write import export_tables as export_tables
    from clew.report.write import write_report as write_report
    from clew.warrants.authorisation import Authorisation as Authorisation
    from clew.warrants.policy import Policy as Policy
    from clew.warrants.policy import read_policy as read_policy
    from clew.warrants.verify import verify_warrant as verify_warrant
    from clew.words.speaker import LANGUAGES as LANGUAGES
    from clew.words.speaker import Language as Language

_WHERE = {
    "Authorisation": "clew.warrants.authorisation",
    "Bound": "clew.chain.graph",
    "CaseFolder": "clew.case",
    "ClewError": "clew.errors",
    "Detail": "clew.chain.graph",
    "Documents": "clew.chain.files",
    "Entry": "clew.audit.log",
    "FORMATS": "clew.report.write",
    "FileLog": "clew.audit.log",
    "Findings": "clew.cells",
    "InputError": "clew.errors",
    "LANGUAGES": "clew.words.speaker",
    "Language": "clew.words.speaker",
    "PeerError": "clew.errors",
    "Policy": "clew.warrants.policy",
    "Profile": "clew.records.profile",
    "Refused": "clew.errors",
    "StorageError": "clew.errors",
    "Store": "clew.records.store",
    "TracedGraph": "clew.chain.graph",
    "UsageError": "clew.errors",
    "authorise": "clew.chain.files",
    "count": "clew.chain.trace",
    "enter_case": "clew.chain.files",
    "export_tables": "clew.report.write",
    "find": "clew.cells.find",
    "import_files": "clew.records.importer",
    "keep_findings": "clew.cells.keep",
    "read_findings": "clew.cells.keep",
    "read_graph": "clew.chain.files",
    "read_policy": "clew.warrants.policy",
    "read_profile": "clew.records.profile_file",
    "require_traced": "clew.chain.files",
    "system_clock": "clew.effects",
    "system_randomness": "clew.effects",
    "trace": "clew.chain.trace",
    "verify_warrant": "clew.warrants.verify",
    "write_report": "clew.report.write",
    "write_trace": "clew.chain.files",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'clew' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_WHERE]
