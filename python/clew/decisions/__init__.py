"""What people decided about the numbers of a case after they had checked them (``spec/decisions.md``)."""

from clew.decisions.decision import Decision, Decisions
from clew.decisions.keep import keep_decisions, read_decisions

__all__ = ["Decision", "Decisions", "keep_decisions", "read_decisions"]
