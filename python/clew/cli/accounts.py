"""The account of an import as people read it: the sums laid out so that one sees that they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.cli.output import counted
from clew.cli.readable import readable
from clew.records.account import Account

__all__ = ["account_text", "accounts_document", "accounts_text"]

_MUCH = 10
"""One in so many: a file with more unknown than that was probably read by the wrong rules."""

_NUMBER_MENDS = {
    "no-plus": "They have no +: say the country with --country, or international as the number form",
    "no-country": "They begin with no country code: is a national form (--country) the right one?",
    "national": "They begin with a trunk prefix: a national or mixed form (--country) may be the right one",
    "foreign": "They are foreign numbers without +: mixed:CC may be the right number form",
    "not-in-plan": "They are in no plan of the country: is it another country, or opaque:NAMESPACE?",
    "too-short": "They are too short for the plan: is it another country, or opaque:NAMESPACE?",
    "too-long": "They are too long for the plan: is it another country, or a routing prefix?",
    "ambiguous": "They are numbers of two countries: a national or international form is the narrower one",
    "digits-lost": "Get the operator's original file",
}

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
        ("parties unknown because", account.unknown_parties),
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
    lines += [f"  {remark}" for remark in (_nothing_in_it(account), *_remarks(account)) if remark]
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


def _remarks(account: Account) -> list[str]:
    """What makes a store that looks whole hold less than its file, each with the likely mend."""
    remarks = []
    if damaged := account.spreadsheet_damage:
        remarks.append(
            f"NUMBERS DESTROYED: a spreadsheet rounded or replaced {damaged:,} (such as 9.6E+12). Get the operator's "
            "original file"
        )
    unknown, ends = account.parties.get("unknown", 0), sum(account.parties.values())
    if _MUCH * unknown > ends:
        most = max(account.unknown_parties, key=lambda reason: account.unknown_parties[reason], default="")
        mend = _NUMBER_MENDS.get(most, "Is the number form of the profile right?")
        remarks.append(f"{unknown:,} of {ends:,} parties are unknown, so no trace finds them. {mend}")
    if _MUCH * (kinds := account.kinds.get("unknown", 0)) > account.records:
        remarks.append(
            f"{kinds:,} of {account.records:,} records are of unknown kind, and no contacts. Put the words for kinds "
            "into [kind.words] of the profile"
        )
    if _MUCH * (durations := account.flags.get("duration unreadable", 0)) > account.records:
        remarks.append(
            f"{durations:,} of {account.records:,} durations cannot be read. Is the unit of [duration] in the profile "
            "right?"
        )
    if turned := account.reasons.get("direction", 0):
        remarks.append(
            f"{counted(turned, 'line')} with a word for the direction that the profile does not name: in no trace. "
            "Put the word into direction.outgoing or direction.incoming"
        )
    return remarks


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
