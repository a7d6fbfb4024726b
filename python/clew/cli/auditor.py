"""``clew auditor``: the key that declared contacts are sealed to, and the check of what was answered and declared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import Output, counted, json_option
from clew.cli.warrant_files import FILE, OUT, passphrase, passphrase_option

if TYPE_CHECKING:
    from clew.errors import ClewError
    from clew.joint.evidence import Checked
    from clew.node.evidence_file import AuditedAnswer, AuditedList, AuditedRow, EvidenceFile

__all__ = ["auditor", "public_key"]

_PUBLIC_LIMIT = 1024
_REFUSED = 4


@click.group()
def auditor() -> None:
    """Make an auditor's key, and check the contacts that a joint trace declared.

    \b
    The auditor                                         The one who traces
      clew auditor key auditor.key
                                                          clew case open NODE --auditor auditor.key.pub …
                                                          clew warrant draft --node NODE --declared 5000 …
      (gets a file from each side)                        clew case evidence NODE 1
      clew auditor check evidence.json --key auditor.key --policy policy.toml
    """


@auditor.command()
@click.argument("file", type=OUT)
@passphrase_option
@json_option
def key(file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make an auditor's key: FILE, encrypted with a passphrase, and FILE.pub, which goes to who opens a trace.

    The auditor belongs to neither side's investigation: whoever has this key reads what was declared, and by which
    contact. Keep FILE, and a backup of it, for as long as a trace may be audited.

    \b
    Example:
      clew auditor key auditor.key
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from clew.effects import system_randomness
    from clew.warrants.files import require_free, write_file
    from clew.warrants.keyfile import seal_auditor_key

    public = file.with_name(file.name + ".pub")
    for path in (file, public):
        require_free(path)
    secret = passphrase(passphrase_file, "Passphrase for the new key", new=True)
    made = X25519PrivateKey.from_private_bytes(system_randomness(32))
    shown = made.public_key().public_bytes_raw().hex()
    write_file(file, seal_auditor_key(made, secret, system_randomness))
    write_file(public, f"{shown}\n".encode(), mode=0o644)
    Output(as_json).result(
        {"file": str(file), "public_file": str(public), "public": shown},
        f"Auditor's key {shown}\n"
        f"  {file}  secret, encrypted: keep it, and a backup of it elsewhere\n"
        f"  {public}  public: give it to whoever opens the trace, for clew case open --auditor",
    )


@auditor.command()
@click.argument("file", type=FILE)
@click.option("--key", "key_file", type=FILE, help="Your secret key, from clew auditor key: opens what was declared.")
@click.option("--policy", "policy_file", required=True, type=FILE, help="Whose signatures on warrants count.")
@click.option("--broken", type=FILE, help="Rows that were not sound: broken-rows.json of the tracer's case folder.")
@click.option("--numbers", is_flag=True, help="Show the declared numbers, each with the contact that led to it.")
@passphrase_option
@json_option
@click.pass_context
def check(
    context: click.Context,
    file: Path,
    key_file: Path | None,
    policy_file: Path,
    broken: Path | None,
    numbers: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Check every answer of a trace, and every contact that it declared; FILE is what clew case evidence wrote.

    Looked at are: the warrant's signatures and that it is of this trace; both nodes' signatures on what they committed
    to before a seed was named; and the proof of every answer, for which no key is needed. With --key also of each
    declared item that it stands for a contact in the committed records, or for a seed of the warrant that only fills
    the list. With --broken of each row that the tracer says was not sound whether it convicts the partner or proves
    nothing. Ends with 4 if anything is wrong.

    A contact that was committed to can still be invented: compare what --numbers shows with the operator's own files.

    \b
    Example:
      clew auditor check evidence.json --key auditor.key --policy policy.toml
    """
    from clew.cli.warrant_files import named
    from clew.node.evidence_file import FILE_LIMIT, EvidenceFile
    from clew.node.receipt import read_broken
    from clew.warrants.files import read_file
    from clew.warrants.keyfile import read_auditor_key, require_key_file
    from clew.warrants.policy import POLICY_LIMIT, parse_policy

    output = Output(as_json)
    found = EvidenceFile.parse(read_file(file, FILE_LIMIT), str(file))
    with named(policy_file):
        policy = parse_policy(read_file(policy_file, POLICY_LIMIT))
    with named(file):
        warrant = found.authorised(policy)
    lists: Sequence[AuditedList] | None = None
    if key_file is not None:
        require_key_file(key_file)
        secret = read_auditor_key(key_file, passphrase(passphrase_file, f"Passphrase of {key_file}"))
        lists = found.audited(warrant, secret)
    rows: Sequence[AuditedRow] = ()
    if broken is not None:
        with named(broken):
            rows = found.broken(warrant, *read_broken(read_file(broken, FILE_LIMIT)))
    document = _document(file, found, warrant.digest, lists, numbers)
    document |= _answers(found.answers(warrant), rows)
    document["wrong"] += sum(one["fault"] is not None for one in document["answers"]) + len(rows)
    output.result(document, _text(document, lists, numbers))
    if document["wrong"]:
        context.exit(_REFUSED)


def public_key(given: str) -> str:
    """An auditor's public key in 64 hexadecimal digits, from these or from the file that holds them."""
    from clew.errors import InputError
    from clew.warrants.files import read_file
    from clew.warrants.keyfile import parse_auditor

    path = Path(given)
    try:
        text = read_file(path, _PUBLIC_LIMIT).decode("ascii", "replace") if path.is_file() else given
        return parse_auditor(text).hex()
    except InputError as error:
        error.where = error.where or "--auditor"
        raise


def _document(
    file: Path, found: EvidenceFile, warrant: str, lists: Sequence[AuditedList] | None, numbers: bool
) -> dict[str, Any]:
    from clew.joint.terms import moment

    offer = found.order.offer
    return {
        "file": str(file),
        "case": offer.case,
        "stage": offer.stage,
        "begin": moment(offer.begin).isoformat(),
        "end": moment(offer.end).isoformat(),
        "trace": found.order.trace.hex(),
        "warrant": warrant,
        "declared": sum(len(asked.declared) // 64 for asked, _ in found.lists),
        "lists": [_list(one, numbers) for one in lists or ()],
        "wrong": sum(one.faults for one in lists or ()),
    }


def _answers(answers: Sequence[AuditedAnswer], rows: Sequence[AuditedRow]) -> dict[str, Any]:
    return {
        "answers": [
            {"what": one.what, "hop": one.hop, "points": one.points, "fault": _fault(one.fault)} for one in answers
        ],
        "broken": [
            {
                "hop": one.hop,
                "position": one.position,
                "convicts": "nobody" if one.fault is not None else "the holder",
                "fault": _fault(one.fault),
            }
            for one in rows
        ],
    }


def _fault(fault: ClewError | None) -> dict[str, str] | None:
    return None if fault is None else {"code": fault.code, "what": fault.what}


def _list(one: AuditedList, numbers: bool) -> dict[str, Any]:
    proved = [item for item in one.items if item.fault is None]
    contacts = _contacts(one.items)
    faults = [
        {"position": position, "code": item.fault.code, "what": item.fault.what}
        for position, item in enumerate(one.items)
        if item.fault is not None
    ]
    shown: dict[str, Any] = {
        "hop": one.hop,
        "declared": one.declared,
        "contacts": sum(item.contact is not None for item in proved),
        "different": len({number for number, _ in contacts}),
        "seeds": sum(item.contact is None for item in proved),
        "fault": _fault(one.fault),
        "faults": faults,
    }
    if numbers:
        shown["numbers"] = [{"number": number, "contact": contact} for number, contact in contacts]
    return shown


def _contacts(items: Sequence[Checked]) -> list[tuple[str, str]]:
    """The proved contacts, each once: a list is filled by repeating some."""
    return sorted({(item.number, item.contact) for item in items if item.fault is None and item.contact is not None})


def _text(document: dict[str, Any], lists: Sequence[AuditedList] | None, numbers: bool) -> str:
    lines = [
        f"Trace {document['trace'][:16]}… of case {document['case']}, stage {document['stage']}, "
        f"{document['begin'][:10]} to {document['end'][:10]}",
        f"Warrant {document['warrant'][:16]}…: signed as the policy asks, and of this trace",
    ]
    wrong = [one for one in document["answers"] if one["fault"] is not None]
    proved = counted(len(document["answers"]), "answer")
    lines.append(f"{len(wrong):,} of {proved} NOT proved" if wrong else f"{proved}: every proof holds")
    lines += [f"  {one['what']} of hop {one['hop']}: {one['fault']['what']} [{one['fault']['code']}]" for one in wrong]
    lines += [_row_text(one) for one in document["broken"]]
    if lists is None:
        if document["declared"]:
            lines.append(f"{counted(document['declared'], 'declared item')} not looked at: that takes --key.")
        return "\n".join(lines)
    for shown in document["lists"]:
        lines += _list_text(shown)
    total, faults = document["declared"], sum(one.faults for one in lists)
    if not total:
        return "\n".join([*lines, "No contact was declared."])
    if faults:
        lines.append(f"{faults:,} of {counted(total, 'declared item')} NOT proved. Keep the file and both logs.")
    else:
        lines.append(f"All {counted(total, 'declared item')} proved by what was committed to before the warrant.")
    if not numbers:
        lines.append("Compare the contacts with the operator's own files: --numbers shows them.")
    return "\n".join(lines)


def _row_text(shown: dict[str, Any]) -> str:
    where = f"Row answered at position {shown['position']} of hop {shown['hop']}"
    if shown["fault"] is None:
        return f"{where}: convicts the holder, who committed to a row that is not sound"
    return f"{where}: proves nothing: {shown['fault']['what']} [{shown['fault']['code']}]"


def _list_text(shown: dict[str, Any]) -> list[str]:
    head = f"Hop {shown['hop']}: {counted(shown['declared'], 'declared item')}"
    if shown["fault"] is not None:
        return [f"{head}; none can be looked at: {shown['fault']['what']} [{shown['fault']['code']}]"]
    contacts = f"{counted(shown['contacts'], 'contact')} proved ({shown['different']:,} different)"
    lines = [f"{head}: {contacts}, {counted(shown['seeds'], 'seed')} that only fill the list"]
    lines += [f"  item {one['position']}: {one['what']} [{one['code']}]" for one in shown["faults"]]
    return lines + [f"  {one['number']}  in contact with {one['contact']}" for one in shown.get("numbers", ())]
