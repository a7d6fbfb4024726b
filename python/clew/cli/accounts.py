"""The account of an import as people read it: the sums laid out so that one sees that they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.cli.readable import readable
from clew.records.account import Account

__all__ = ["account_text", "accounts_document", "accounts_text"]

_SUM = (
    ("records", "records"),
    ("merged legs", "merged_legs"),
    ("duplicate", "duplicate"),
    ("rejected", "rejected"),
    ("header, footer, empty lines", "header_and_footer"),
    ("out of scope", "out_of_scope"),
)


def accounts_document(accounts: Sequence[Account]) -> dict[str, Any]:
    """The accounts, and their sums over all files, as ``--json`` shows them."""
    total = {"units": sum(account.units for account in accounts)}
    total |= {key: sum(getattr(account, key) for account in accounts) for _, key in _SUM}
    return {"files": [account.as_json() for account in accounts], "total": total}


def accounts_text(accounts: Sequence[Account]) -> str:
    """One account after the other, and the sum of all files where there are several."""
    texts = [account_text(account) for account in accounts]
    if len(accounts) > 1:
        document = accounts_document(accounts)["total"]
        texts.append(f"All {len(accounts)} files\n{_sum(document)}")
    return "\n\n".join(texts)


def account_text(account: Account) -> str:
    """What became of every unit of one file."""
    lines = [readable(account.file)]
    if account.duplicate_of is not None:
        lines.append(f"  imported before, as import {account.duplicate_of}: nothing is added")
    else:
        lines.append(f"  import {account.import_number}, read as {readable(account.profile)}")
    lines.append(f"  {account.size:,} bytes, SHA-256 {account.sha256}")
    if account.first_start and account.last_start:
        lines.append(f"  records from {account.first_start} to {account.last_start}")
    lines.append(_sum({key: getattr(account, key) for key in ("units", *(key for _, key in _SUM))}))
    if account.continued_lines:
        lines.append(f"  {_continued(account)}")
    details = (
        ("rejected because", account.reasons),
        ("kinds of records", account.kinds),
        ("parties", account.parties),
        ("distinct numbers", account.numbers),
        ("flags", account.flags),
        *((f"dropped, {what}", columns) for what, columns in account.dropped.items()),
        ("unknown words for kinds", account.unknown_words),
        ("not kept, unreadable", account.unreadable),
    )
    lines += [text for name, counts in details if (text := _counts(name, counts))]
    for footer in account.footers:
        verdict = "agrees" if footer.agrees else f"DOES NOT AGREE: there are {footer.found:,}"
        lines.append(f"  the footer claims {footer.claimed:,} records: {verdict}")
    if remark := _nothing_in_it(account):
        lines.append(f"  {remark}")
    if account.last_unit_open:
        lines.append("  the last line has no end: the file may have been cut off")
    return "\n".join(lines)


def _continued(account: Account) -> str:
    """How the units come out of the file's lines, which anybody can count."""
    more = account.continued_lines
    lines = "1 line goes" if more == 1 else f"{more:,} lines go"
    return f"of {account.units + more:,} lines in the file, {lines} on inside a quoted field of the line before"


def _nothing_in_it(account: Account) -> str:
    """What is to be said of a file without a line of records; nothing where its footer says that there are none."""
    if account.units == 0:
        return "the file is empty. Ask whoever sent it: an empty file is not an answer of no records"
    if account.header_and_footer < account.units or any(footer.agrees for footer in account.footers):
        return ""
    return "no line of records stands in it. Is it cut short, or is there only a header? Ask whoever sent it"


def _sum(counts: Mapping[str, int]) -> str:
    """``units`` above its parts, right-aligned, so that the sum can be checked by eye."""
    width = max(len(f"{count:,}") for count in counts.values())
    lines = [f"  {counts['units']:>{width},}  units"]
    for number, (name, key) in enumerate(_SUM):
        lines.append(f"  {'=' if number == 0 else '+'} {counts[key]:>{width},}  {name}")
    lines[0] = "  " + lines[0]
    return "\n".join(lines)


def _counts(name: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    parts = [f"{readable(word)} {count:,}" for word, count in counts.items()]
    return f"  {name}: {', '.join(parts)}"
