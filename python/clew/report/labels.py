"""What the codes of the store, the warrant, the findings and the log are called on the page."""

from __future__ import annotations

import clew.words.report_sentences as words
from clew.chain.graph import DEFAULT_HOLDER

__all__ = ["BUDGETS", "DROPPED", "ENTRIES", "FLAGS", "HOLDERS", "KINDS", "REJECTS", "SCALE", "STATES", "SUMS", "TABLES"]

SUMS = {
    "records": words.RECORDS,
    "merged_legs": words.MERGED_LEGS,
    "duplicate": words.DUPLICATES,
    "rejected": words.REJECTED,
    "header_and_footer": words.HEADER_FOOTER,
    "out_of_scope": words.OUT_OF_SCOPE,
}
"""The account's addends, in the order of the equation (``spec/records.md``, 4)."""

KINDS = {
    "voice": words.KIND_VOICE,
    "message": words.KIND_MESSAGE,
    "missed": words.KIND_MISSED,
    "forwarded": words.KIND_FORWARDED,
    "unknown": words.KIND_UNKNOWN,
}

FLAGS = {
    "negative duration": words.FLAG_NEGATIVE_DURATION,
    "time ambiguous": words.FLAG_TIME_AMBIGUOUS,
    "time nonexistent": words.FLAG_TIME_NONEXISTENT,
    "self": words.FLAG_SELF,
    "duration unreadable": words.FLAG_DURATION_UNREADABLE,
    "leg": words.FLAG_LEG,
    "legs differ": words.FLAG_LEGS_DIFFER,
    "impossible number": words.FLAG_IMPOSSIBLE_NUMBER,
    "kind unknown": words.FLAG_KIND_UNKNOWN,
    "identifier reused": words.FLAG_IDENTIFIER_REUSED,
}

REJECTS = {
    "too-long": words.REJECT_TOO_LONG,
    "encoding": words.REJECT_ENCODING,
    "nul": words.REJECT_NUL,
    "quotation": words.REJECT_QUOTATION,
    "too-few-fields": words.REJECT_TOO_FEW_FIELDS,
    "too-many-fields": words.REJECT_TOO_MANY_FIELDS,
    "direction": words.REJECT_DIRECTION,
    "time": words.REJECT_TIME,
    "time-impossible": words.REJECT_TIME_IMPOSSIBLE,
    "time-range": words.REJECT_TIME_RANGE,
    "number-too-long": words.REJECT_NUMBER_TOO_LONG,
}
"""Reasons of rejected units (``spec/records.md``, 5.2)."""

DROPPED = {
    "content": words.DROPPED_CONTENT,
    "location": words.DROPPED_LOCATION,
    "traits": words.DROPPED_TRAIT,
    "unmapped": words.DROPPED_UNMAPPED,
}

BUDGETS = {
    "numbers": words.BUDGET_NUMBERS,
    "sources": words.BUDGET_SOURCES,
    "items": words.BUDGET_ITEMS,
    "rows": words.BUDGET_ROWS,
    "declared": words.BUDGET_DECLARED,
    "recognised": words.BUDGET_RECOGNISED,
    "unmaskings": words.BUDGET_UNMASKINGS,
}

HOLDERS = {DEFAULT_HOLDER: words.HOLDER_OWN}
"""Holders that nobody named; a name that somebody gave is shown as it is."""

STATES = {"used": words.SEED_USED, "hub": words.SEED_HUB, "absent": words.SEED_ABSENT}

SCALE = {
    "weak": words.SCALE_WEAK,
    "moderate": words.SCALE_MODERATE,
    "moderately strong": words.SCALE_MODERATELY_STRONG,
    "strong": words.SCALE_STRONG,
}

ENTRIES = {
    "warrant.verified": words.ENTRY_WARRANT_VERIFIED,
    "warrant.refused": words.ENTRY_WARRANT_REFUSED,
    "warrant.revoked": words.ENTRY_WARRANT_REVOKED,
    "records.read": words.ENTRY_RECORDS_READ,
    "records.source": words.ENTRY_RECORDS_SOURCE,
    "source.refused": words.ENTRY_SOURCE_REFUSED,
    "trace.bound": words.ENTRY_TRACE_BOUND,
    "trace.refused": words.ENTRY_TRACE_REFUSED,
    "graph.written": words.ENTRY_GRAPH_WRITTEN,
    "cells.found": words.ENTRY_CELLS_FOUND,
    "decision.recorded": words.ENTRY_DECISION_RECORDED,
    "decision.refused": words.ENTRY_DECISION_REFUSED,
    "report.written": words.ENTRY_REPORT_WRITTEN,
    "export.written": words.ENTRY_EXPORT_WRITTEN,
    "overlap.asked": words.ENTRY_OVERLAP_ASKED,
    "overlap.answered": words.ENTRY_OVERLAP_ANSWERED,
    "overlap.counted": words.ENTRY_OVERLAP_COUNTED,
    "overlap.agreed": words.ENTRY_OVERLAP_AGREED,
    "overlap.learnt": words.ENTRY_OVERLAP_LEARNT,
    "overlap.received": words.ENTRY_OVERLAP_RECEIVED,
    "overlap.refused": words.ENTRY_OVERLAP_REFUSED,
    "overlap.ended": words.ENTRY_OVERLAP_ENDED,
    "overlap.published": words.ENTRY_OVERLAP_PUBLISHED,
    "overlap.retired": words.ENTRY_OVERLAP_RETIRED,
    "joint.agreed": words.ENTRY_JOINT_AGREED,
    "joint.offered": words.ENTRY_JOINT_OFFERED,
    "joint.accepted": words.ENTRY_JOINT_ACCEPTED,
    "joint.order": words.ENTRY_JOINT_ORDER,
    "joint.committed": words.ENTRY_JOINT_COMMITTED,
    "joint.authorised": words.ENTRY_JOINT_AUTHORISED,
    "joint.started": words.ENTRY_JOINT_STARTED,
    "joint.seeds-sealed": words.ENTRY_JOINT_SEEDS_SEALED,
    "joint.seeds": words.ENTRY_JOINT_SEEDS,
    "joint.recognise": words.ENTRY_JOINT_RECOGNISE,
    "joint.recognised": words.ENTRY_JOINT_RECOGNISED,
    "joint.asked": words.ENTRY_JOINT_ASKED,
    "joint.names": words.ENTRY_JOINT_NAMES,
    "joint.rows": words.ENTRY_JOINT_ROWS,
    "joint.traced": words.ENTRY_JOINT_TRACED,
    "joint.unmask-asked": words.ENTRY_JOINT_UNMASK_ASKED,
    "joint.unmasked": words.ENTRY_JOINT_UNMASKED,
    "joint.refused": words.ENTRY_JOINT_REFUSED,
    "joint.partner-refused": words.ENTRY_JOINT_PARTNER_REFUSED,
    "joint.stopped": words.ENTRY_JOINT_STOPPED,
    "joint.receipt": words.ENTRY_JOINT_RECEIPT,
    "joint.closing": words.ENTRY_JOINT_CLOSING,
    "joint.closed": words.ENTRY_JOINT_CLOSED,
}
"""Kinds of log entries (``spec/log.md``)."""

TABLES = {
    "vertices": words.TABLE_VERTICES,
    "pairs": words.TABLE_PAIRS,
    "ranked": words.TABLE_RANKED,
    "successions": words.TABLE_SUCCESSIONS,
    "graph": words.TABLE_GRAPH,
}
