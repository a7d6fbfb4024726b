"""The case folder: everything about one case in one place, replaced atomically (``spec/case.md``)."""

from clew.case.folder import CASE_VERSION, CaseFolder, Part

__all__ = ["CASE_VERSION", "CaseFolder", "Part"]
