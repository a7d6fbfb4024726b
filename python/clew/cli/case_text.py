"""What ``clew case status`` shows of a joint trace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from clew.cli.output import counted
from clew.cli.readable import readable

__all__ = ["DONE", "auditor_text", "line_text", "receipt_text", "summary_text", "table_text"]

DONE: Final = frozenset({"closed", "ended"})
_HELD: Final = frozenset({"paused", "stopped"})
_CODE: Final = re.compile(r"\[([a-z.-]+)\]")


def table_text(found: Sequence[dict[str, Any]]) -> str:
    """One line a trace."""
    if not found:
        return "There is no trace. Offer one with clew case open, or wait for a partner's offer."
    return "\n".join(
        f"{one['number']:>3}  {_said(one['case']):<20} {one['role']:<7} {one['partner']:<20} {_state(one):<16} "
        f"{_at_a_glance(one)}".rstrip()
        for one in found
    )


def summary_text(one: dict[str, Any]) -> str:
    """Everything about one trace that a person may want to know."""
    rows = [
        ("trace", f"{one['number']}, case {_said(one['case'])}"),
        ("role", f"{one['role']}, with {one['partner']}"),
        ("state", _state(one)),
    ]
    if terms := one.get("terms"):
        rows.append(("window", f"{terms['begin']} to {terms['end']}, hub limit {terms['hub_limit']:,}"))
        rows.append(("auditor", auditor_text(terms)))
    if one["reason"]:
        rows.append(("reason", _said(one["reason"])))
    if one["snapshot"] is not None:
        rows.append(("snapshot", _snapshot(one)))
    if said := one["partner_says"]["state"]:
        rows.append(("partner", ": ".join(_said(part) for part in (said, one["partner_says"]["reason"]) if part)))
    if one["trouble"]:
        rows.append(("trouble", _said(one["trouble"])))
    if receipt := one.get("receipt"):
        rows += _receipt_rows(receipt)
    if one["next"]:
        rows.append(("next", one["next"]))
    if one["awaits"]:
        rows.append(("awaits", one["awaits"]))
    return "\n".join(f"{name:<10}{text}" for name, text in rows)


def line_text(one: dict[str, Any], *, sizes: bool = True) -> str:
    """How far a trace has come, on one line for who waits; without ``sizes`` where a bar shows them."""
    parts = [f"Trace {one['number']}: {one['state']}"]
    if one["snapshot"] not in (None, "whole"):
        parts.append(f"snapshot {_snapshot(one) if sizes else one['snapshot']}")
    if said := one["partner_says"]["state"]:
        parts.append(f"the partner says: {_said(said)}")
    if one["trouble"]:
        parts.append(_said(one["trouble"]))
    return ", ".join(parts)


def receipt_text(receipt: dict[str, Any], file: str | None, approvers: Mapping[str, str]) -> str:
    """The whole receipt of a trace: what was sent, what was revealed, to whom, who approved it. It holds no number.

    ``approvers`` are the names that the own policy gives to keys.
    """
    lines = [
        f"Receipt of case {receipt['case']}, {receipt['state']}",
        *(
            f"  {side}  {who['name']}  {who['fingerprint']}"
            for side, who in (("here ", receipt["node"]), ("there", receipt["partner"]))
        ),
    ]
    for way in ("sent", "received"):
        lines.append(f"{way.capitalize()}: {_total(receipt[way])}")
        lines += [f"  {kind:<20} {_total(counts)}" for kind, counts in receipt[way]["kinds"].items()]
    lines += [f"{name.capitalize()}: {text}" for name, text in _receipt_rows(receipt)[2:] if name != "unmasked"]
    revealed = receipt["revealed"]
    lines.append(f"Revealed to {revealed['to']}, padding included:")
    for hop in revealed["hops"]:
        declared = f", {hop['declared']:,} of them declared" if hop["declared"] else ""
        items = counted(hop["items"] + hop["declared"], "item") + " named"
        lines.append(f"  hop {hop['hop']}: {items}{declared}; {counted(hop['rows'], 'row')} opened")
    if known := receipt["answered"]["recognised"]:
        lines.append(f"  its own numbers recognised: {known:,}")
    if reached := revealed["reached"]:
        clear, hidden = counted(reached["numbers"], "number"), counted(reached["pseudonyms"], "pseudonym")
        lines.append(f"  in the graph now: {clear} in the clear, {hidden}")
    lines += _unmasked_lines(revealed["unmasked"], approvers)
    if file is not None:
        lines.append(f"Signed by this node, and chained to its log: {file}")
    return "\n".join(lines)


def _unmasked_lines(requests: Sequence[dict[str, Any]], approvers: Mapping[str, str]) -> list[str]:
    if not requests:
        return ["  unmasked: nothing"]
    lines = []
    for one in requests:
        who = ", ".join(readable(approvers.get(key, f"key {key[:16]}…")) for key in one["approved_by"])
        lines.append(f"  request {one['serial']}, answered {one['at']}, approved by {who} until {one['until']}:")
        for vertex in one["vertices"]:
            found = "its number" if vertex["revealed"] else "not in their records"
            lines.append(f"    {vertex['pseudonym'][:18]}…  {found}  {readable(vertex['reason'])}")
        lines.append(f"    and {counted(one['records'], 'record')} between unmasked numbers")
    return lines


def _total(counts: dict[str, Any]) -> str:
    return f"{counted(counts['messages'], 'message')}, {counts['bytes']:,} bytes"


def _receipt_rows(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [(way, _total(receipt[way])) for way in ("sent", "received")]
    if receipt["snapshot_bytes"]:
        rows.append(("snapshot", f"{receipt['snapshot_bytes']:,} bytes, which nobody opens without the partner"))
    used = ", ".join(f"{name} {count:,}" for name, count in receipt["answered"].items() if count)
    rows.append(("used", used or "nothing yet"))
    if requests := receipt["revealed"]["unmasked"]:
        told = sum(vertex["revealed"] for one in requests for vertex in one["vertices"])
        rows.append(("unmasked", f"{counted(told, 'number')}, to {receipt['revealed']['to']}"))
    received = f", received: {receipt['records_received']}" if receipt["records_received"] else ""
    return [*rows, ("records", f"sent: {receipt['records_sent']}{received}")]


def auditor_text(terms: dict[str, Any]) -> str:
    """Whose key declared contacts are sealed to, and how many there may be."""
    if terms["auditor"] is None:
        return "none: no contact can be declared (strict)"
    if terms["declared"] == 0:
        return f"{terms['auditor']}; the warrant lets no contact be declared (strict)"
    up_to = f"up to {terms['declared']:,} contacts" if terms["declared"] is not None else "as many as the warrant says"
    return f"{terms['auditor']}; declared {up_to}, sealed to this key"


def _at_a_glance(one: dict[str, Any]) -> str:
    """Whether a trace waits for this side, for the partner, or for something to be mended."""
    if one["state"] in DONE:
        return f"({_said(one['reason'])})" if one["reason"] else ""
    if found := _CODE.search(one["trouble"]):
        return f"trouble: {found[1]}"
    if one["trouble"]:
        return "trouble"
    if one["partner_says"]["state"] in _HELD:
        return f"the partner: {_said(one['partner_says']['state'])}"
    if one["paused"] is not None:
        return ""
    if one["next"]:
        return "your turn"
    return "the partner's turn" if one["awaits"] else ""


def _snapshot(one: dict[str, Any]) -> str:
    """``coming, 12.0 of 64.0 MB``."""
    size = one.get("snapshot_bytes")
    if size is None:
        return str(one["snapshot"])
    whole = f" of {size['whole'] / 1e6:,.1f}" if size["whole"] is not None else ""
    return f"{one['snapshot']}, {size['here'] / 1e6:,.1f}{whole} MB"


def _said(text: str) -> str:
    """What may come from elsewhere, on one line, and without signs that hide or turn round what stands beside them."""
    return readable("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text))


def _state(one: dict[str, Any]) -> str:
    return one["state"] if one["paused"] is None else f"{one['state']}, paused here: {_said(one['paused'])}"
