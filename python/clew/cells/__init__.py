"""Step 5: the group of the seeds in a traced graph, its number changes, reasons and uncertainty.

One function, ``find(graph) -> Findings``; whatever replaces the method replaces what is behind it.
"""

from clew.cells.find import find
from clew.cells.findings import Findings, parse_findings

__all__ = ["Findings", "find", "parse_findings"]
