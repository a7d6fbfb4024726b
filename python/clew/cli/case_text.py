"""What ``clew case status`` shows of a joint trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from clew.cli.output import counted

__all__ = ["DONE", "summary_text", "table_text"]

DONE: Final = frozenset({"closed", "ended"})


def table_text(found: Sequence[dict[str, Any]]) -> str:
    """One line a trace."""
    if not found:
        return "There is no trace. Offer one with clew case open, or wait for a partner's offer."
    return "\n".join(
        f"{one['number']:>3}  {one['case']:<20} {one['role']:<7} {one['partner']:<20} {_state(one)}" for one in found
    )


def summary_text(one: dict[str, Any]) -> str:
    """Everything about one trace that a person may want to know."""
    rows = [
        ("trace", f"{one['number']}, case {one['case']}"),
        ("role", f"{one['role']}, with {one['partner']}"),
        ("state", _state(one)),
    ]
    if terms := one.get("terms"):
        rows.append(("window", f"{terms['begin']} to {terms['end']}, hub limit {terms['hub_limit']:,}"))
    if one["reason"]:
        rows.append(("reason", one["reason"]))
    if one["snapshot"] is not None:
        rows.append(("snapshot", one["snapshot"]))
    if said := one["partner_says"]["state"]:
        rows.append(("partner", ": ".join(part for part in (said, one["partner_says"]["reason"]) if part)))
    if one["trouble"]:
        rows.append(("trouble", one["trouble"]))
    if receipt := one.get("receipt"):
        rows += _receipt_rows(receipt)
    if one["next"]:
        rows.append(("next", one["next"]))
    if one["awaits"]:
        rows.append(("awaits", one["awaits"]))
    return "\n".join(f"{name:<10}{text}" for name, text in rows)


def _receipt_rows(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        (way, f"{counted(receipt[way]['messages'], 'message')}, {receipt[way]['bytes']:,} bytes")
        for way in ("sent", "received")
    ]
    if receipt["snapshot_bytes"]:
        rows.append(("snapshot", f"{receipt['snapshot_bytes']:,} bytes, which nobody opens without the partner"))
    if receipt["answered"] is not None:
        used = ", ".join(f"{name} {count:,}" for name, count in receipt["answered"].items() if count)
        rows.append(("used", used or "nothing yet"))
    return [*rows, ("records", f"sent: {receipt['records_sent']}")]


def _state(one: dict[str, Any]) -> str:
    return one["state"] if one["paused"] is None else f"{one['state']}, paused here: {one['paused']}"
