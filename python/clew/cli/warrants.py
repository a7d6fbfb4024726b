"""``clew warrant``: keys, policies, signatures, and what a warrant says and permits."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clew.cli.output import Output, json_option
from clew.cli.warrant_drafts import amend, draft, revoke
from clew.cli.warrant_files import (
    FILE,
    OUT,
    confirm,
    named,
    new_passphrase,
    passphrase,
    passphrase_option,
    read_paper,
    signing_options,
)
from clew.cli.warrant_joint import seeds_option, seeds_shown
from clew.cli.warrant_options import option_values
from clew.errors import ClewError

if TYPE_CHECKING:
    from clew.audit.log import Log
    from clew.warrants.authorisation import Authorisation
    from clew.warrants.document import Document
    from clew.warrants.policy import Holder, Policy, Requirement
    from clew.warrants.verify import Check

__all__ = ["warrant"]


@click.group(short_help="Write, sign and verify what may be looked at.")
def warrant() -> None:
    """Write, sign and verify the document that says whose calls may be followed, how far, and until when.

    \b
    From nothing to a verified warrant:
      clew warrant key judge.key --name "A. Example" --role magistrate
      clew warrant policy judge.key.pub.toml --threshold 1 --out policy.toml
      clew warrant draft --case lantern --seed +9647901234567 --from 2026-03-01 --to 2026-03-15 …
      clew warrant sign warrant.json --key judge.key
      clew warrant verify warrant.signed.json --policy policy.toml
    """


@warrant.command()
@click.argument("file", type=OUT)
@click.option("--name", help="The holder's name, as the policy will show it.")
@click.option("--role", help="The holder's role, for example magistrate.")
@click.option("--side", default="", help="The holder's side in joint work, for example iq.")
@click.option("--public", "public_only", is_flag=True, help="Only write the public half of the key in FILE anew.")
@click.option("--change-passphrase", is_flag=True, help="Encrypt the key in FILE with another passphrase.")
@passphrase_option
@click.option("--new-passphrase-file", type=FILE, help="Read the new one, for --change-passphrase, from this file.")
@json_option
def key(
    file: Path,
    name: str | None,
    role: str | None,
    side: str,
    public_only: bool,
    change_passphrase: bool,
    passphrase_file: Path | None,
    new_passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a signing key: FILE, encrypted with a passphrase, and FILE.pub.toml, which goes into policies.

    The secret key never leaves FILE. The passphrase is typed, or read from a file (--passphrase-file, or the one that
    CLEW_PASSPHRASE_FILE names) that nobody else can read. A new one for --change-passphrase is typed, or read from
    --new-passphrase-file alone. Make a backup of FILE: without it the key is lost.

    \b
    Examples:
      clew warrant key judge.key --name "A. Example" --role magistrate --side iq
      clew warrant key judge.key --change-passphrase
    """
    from clew.effects import system_randomness
    from clew.errors import UsageError
    from clew.warrants.files import write_file
    from clew.warrants.keyfile import read_key, require_key_file, require_other_passphrase, seal_key
    from clew.warrants.keys import SigningKey
    from clew.warrants.policy import Holder, holder_toml

    output = Output(as_json)
    if change_passphrase:
        require_key_file(file)
        present = passphrase(passphrase_file, "Present passphrase")
        signing = read_key(file, present)
        secret = new_passphrase(new_passphrase_file, "New passphrase")
        require_other_passphrase(present, secret)
        write_file(file, seal_key(signing, secret, system_randomness), replace=True)
        output.result(
            {"file": str(file), "id": signing.public.id},
            f"{file} now opens with the new passphrase. Old copies of it still open with the old one: destroy them.",
        )
        return
    if not name or not role:
        raise UsageError(
            "key.holder", "whose key it is is missing", mend="Add --name and --role; the policy will show both."
        )
    public = file.with_name(file.name + ".pub.toml")
    if public_only:
        require_key_file(file)
        signing = read_key(file, passphrase(passphrase_file, "Passphrase"))
    else:
        for path in (file, public):
            _require_free(path)
        signing = SigningKey.generate(system_randomness)
    with option_values("--name, --role, --side"):
        shown = holder_toml(Holder(name, role, signing.public, side))
    if not public_only:
        secret = passphrase(passphrase_file, "Passphrase for the new key", new=True)
        write_file(file, seal_key(signing, secret, system_randomness))
    write_file(public, shown.encode(), mode=0o644)
    output.result(
        {"file": str(file), "public_file": str(public), "id": signing.public.id, "public": signing.public.text},
        f"Key {signing.public.id}\n"
        f"  {file}  secret, encrypted: keep it, and a backup of it elsewhere\n"
        f"  {public}  public: give it to whoever writes the policy",
    )


def _require_free(path: Path) -> None:
    from clew.errors import UsageError

    if path.exists():
        raise UsageError(
            "warrant.file-exists", "the file is already there", where=str(path), mend="A key is never overwritten."
        )


@warrant.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--threshold", type=int, help="How many different keys must sign. The first policy's, if one is given.")
@click.option("--require", "required", multiple=True, help="At least so many of a role or side, e.g. side=iq:1.")
@click.option(
    "--revocations",
    help="A folder beside the policy that holds signed revocations. An older policy's, if one is given.",
)
@click.option("--out", type=OUT, default="policy.toml", show_default=True, help="Where to write it.")
@json_option
def policy(
    files: tuple[Path, ...],
    threshold: int | None,
    required: tuple[str, ...],
    revocations: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Write policy.toml, which says whose signatures count, out of holders' .pub.toml files or older policies.

    Compare the ids with the holders themselves, by telephone or in person: whoever can change the policy can sign. The
    folder of revocations that an older policy names is named in the new one too: what was revoked stays revoked.

    \b
    Examples:
      clew warrant policy judge.pub.toml partner.pub.toml clerk.pub.toml --threshold 2
      clew warrant policy iq.pub.toml fr.pub.toml --threshold 2 --require side=iq:1 --require side=fr:1
      clew warrant policy policy.toml new-judge.pub.toml --threshold 2 --out policy-2027.toml
    """
    from clew.errors import UsageError
    from clew.warrants.files import read_file, write_file
    from clew.warrants.policy import (
        POLICY_LIMIT,
        is_policy,
        parse_holders,
        parse_policy,
        policy_toml,
        require_different,
        revocations_folder,
    )

    output = Output(as_json)
    holders: list[Holder] = []
    folders: list[Path] = []
    requirements = [_requirement(text) for text in required]
    for path in files:
        data = read_file(path, POLICY_LIMIT)
        with named(path):
            if is_policy(data):
                older = parse_policy(data)
                folders.extend([path.parent / folder] if (folder := revocations_folder(data)) else [])
                holders.extend(older.holders)
                requirements.extend(older.requirements if not required else ())
                threshold = threshold if threshold is not None else older.threshold
            else:
                holders.extend(parse_holders(data))
    if threshold is None:
        raise UsageError("policy.no-threshold", "how many must sign is missing", mend="Add --threshold.")
    require_different(holders)
    with option_values("--threshold, --require, --revocations"):
        text = policy_toml(holders, threshold, requirements, _revocations(revocations, folders, out))
        parsed = parse_policy(text.encode())
    if revocations:
        (out.parent / revocations).mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(out, text.encode())
    output.result(
        {"file": str(out), "threshold": threshold, "keys": [holder.key.id for holder in parsed.holders]},
        f"{out}: {threshold} of {len(parsed.holders)} must sign.\n{_holders_text(parsed)}\n"
        "Compare the ids with the holders themselves.",
    )


def _revocations(given: str | None, folders: Sequence[Path], out: Path) -> str:
    """The folder of revocations as the new policy names it: the one given, or that of the older policies."""
    from clew.errors import UsageError

    if given is None and not folders:
        return ""
    named = {folder.resolve() for folder in folders}
    chosen = (out.parent / given).resolve() if given is not None else next(iter(named))
    if named - {chosen}:
        raise UsageError(
            "policy.other-revocations",
            "an older policy names another folder of revocations, and what was revoked there would count again",
            where=", ".join(sorted(map(str, named))),
            mend="Move all revocations into one folder, and let the older policy name that one.",
        )
    return given if given is not None else os.path.relpath(chosen, out.parent.resolve())


def _requirement(text: str) -> Requirement:
    from clew.errors import UsageError
    from clew.warrants.policy import Requirement

    what, _, count = text.rpartition(":")
    field, _, value = what.partition("=")
    if field not in ("role", "side") or not value or not (count.isascii() and count.isdigit()):
        raise UsageError(
            "policy.requirement",
            "a requirement is written role=NAME:COUNT or side=NAME:COUNT",
            where="--require",
            mend="For example --require side=iq:1.",
        )
    return Requirement(int(count), **{field: value})


def _holders_text(policy: Policy) -> str:
    return "\n".join(
        f"  {holder.key.id}  {holder.name}, {holder.role}" + (f", side {holder.side}" if holder.side else "")
        for holder in policy.holders
    )


@warrant.command()
@click.argument("file", type=FILE)
@signing_options
@seeds_option
@click.option("--out", type=OUT, help="Where to write it. NAME.signed.json, or FILE itself if it is signed already.")
@click.option("--yes", is_flag=True, help="Do not ask: the document was read elsewhere.")
@json_option
def sign(
    file: Path,
    key_file: Path,
    passphrase_file: Path | None,
    seeds_file: Path | None,
    out: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Sign a warrant, an amendment or a revocation, after showing the whole of it.

    FILE is a draft, or one that others have signed already: then your signature is added. A joint warrant names points
    instead of numbers: they are computed again from the file of seeds, shown, and signed only if they are equal.

    \b
    Example:
      clew warrant sign warrant.json --key judge.key
      clew warrant sign warrant.signed.json --key partner.key
      clew warrant sign joint-warrant.json --key judge.key --seeds joint-seeds.json
    """
    from clew.cli.warrant_text import document_text, seeds_text
    from clew.effects import system_clock
    from clew.warrants.document import Revocation, Warrant
    from clew.warrants.dsse import add_signature, parse_envelope
    from clew.warrants.dsse import sign as first_signature
    from clew.warrants.files import write_file
    from clew.warrants.keyfile import read_key, require_key_file

    output = Output(as_json)
    paper = read_paper(file)
    seeds = seeds_shown(paper.document, seeds_file)
    require_key_file(key_file)
    if not as_json:
        click.echo(document_text(paper.document) + "\n" + seeds_text(seeds))
    if isinstance(paper.document, Warrant) and paper.document.expires <= system_clock():
        output.note("Note: it has expired already, and will permit nothing.")
    confirm("Sign this?", yes)
    signing = read_key(key_file, passphrase(passphrase_file, f"Passphrase of {key_file}"))
    if paper.envelope is None:
        made = first_signature(paper.document.encode(), signing)
        target = out or file.with_name(file.stem + ".signed.json")
    else:
        made = add_signature(paper.envelope.encode(), signing)
        target = out or file
    envelope = parse_envelope(made)
    known = paper.envelope is not None and envelope == paper.envelope
    if not known or target != file:
        write_file(target, made, replace=target == file)
    keys = [signature.keyid for signature in envelope.signatures]
    said = "This key had signed it already; nothing was added." if known else f"Signed by key {signing.public.id}."
    revocation = isinstance(paper.document, Revocation)
    after = "Put it into the policy's folder of revocations." if revocation else _how_to_check(paper.document, target)
    output.result(
        {"file": str(target), "digest": envelope.digest, "signatures": keys, "added": not known, "seeds": seeds},
        f"{said}\n{target}: {len(keys)} signature{'s'[: len(keys) != 1]}. {after}",
    )


def _how_to_check(document: Document, file: Path) -> str:
    from clew.warrants.document import Warrant

    if isinstance(document, Warrant) and document.stage > 1:
        return f"Check it: clew warrant verify WARRANT --amendment {file} --policy policy.toml"
    return f"Check it: clew warrant verify {file} --policy policy.toml"


@warrant.command()
@click.argument("file", type=FILE)
@click.option("--policy", "policy_file", type=FILE, help="Name the signers, and check signatures and form.")
@seeds_option
@json_option
def show(file: Path, policy_file: Path | None, seeds_file: Path | None, as_json: bool) -> None:
    """Show what a warrant, amendment or revocation says, and who signed it.

    With --seeds the points of a joint warrant are computed again, and the numbers that it starts from are shown;
    refused if they are others. This does not tell whether it is in force: use clew warrant verify.

    \b
    Example:
      clew warrant show warrant.signed.json --policy policy.toml
    """
    from clew.cli.warrant_text import document_json, document_text, seeds_text, signatures_text
    from clew.warrants.policy import read_policy
    from clew.warrants.verify import open_signed

    output = Output(as_json)
    paper = read_paper(file)
    seeds = seeds_shown(paper.document, seeds_file) if seeds_file is not None else []
    rules = read_policy(policy_file) if policy_file is not None else None
    counted: Sequence[Holder] = ()
    if rules is not None and paper.envelope is not None:
        counted = open_signed(paper.envelope.encode(), rules, type(paper.document), str(file)).signers
    envelope = paper.envelope
    signers = "Signed by nobody: a draft." if envelope is None else signatures_text(envelope, rules, counted)
    output.result(
        {
            "document": document_json(paper.document),
            "digest": paper.document.digest,
            "signatures": [] if envelope is None else [signature.keyid for signature in envelope.signatures],
            "signers": [{"id": holder.key.id, "name": holder.name, "role": holder.role} for holder in counted],
            "seeds": seeds,
        },
        f"{document_text(paper.document)}\n{seeds_text(seeds)}\n{signers}",
    )


@warrant.command()
@click.argument("file", type=FILE)
@click.option(
    "--policy", "policy_file", type=FILE, default="policy.toml", show_default=True, help="Whose signatures count."
)
@click.option("--amendment", "amendments", multiple=True, type=FILE, help="A signed amendment; repeat, in order.")
@click.option("--revocation", "revocations", multiple=True, type=FILE, help="A signed revocation to look at, too.")
@click.option(
    "--case",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Check against this case and its log: whether clew trace would take the warrant there.",
)
@click.option("--case-name", help="The case that the warrant must be of.")
@json_option
def verify(
    file: Path,
    policy_file: Path,
    amendments: tuple[Path, ...],
    revocations: tuple[Path, ...],
    folder: Path | None,
    case_name: str | None,
    as_json: bool,
) -> None:
    """Make the thirteen checks of a signed warrant (spec/warrant.md, section 5), and say what it permits.

    Ends with 0 if all pass; with 4 if one refuses, with 3 if a file is not what it should be. With --json the number of
    the check that failed is counts.check of the error. Nothing is written, not even into the log of --case.

    \b
    Example:
      clew warrant verify warrant.signed.json --policy policy.toml
      clew warrant verify warrant.signed.json --amendment stage-2.signed.json --case cases/lantern
    """
    from clew.effects import system_clock
    from clew.warrants.dsse import ENVELOPE_LIMIT
    from clew.warrants.files import read_file
    from clew.warrants.policy import read_policy
    from clew.warrants.verify import verify_warrant

    output = Output(as_json)
    checks: list[Check] = []

    def witness(check: Check) -> None:
        checks.append(check)
        if not as_json:
            click.echo(f"{check.number:>3}  {'ok     ' if check.passed else 'REFUSED'}  {check.title}: {check.found}")

    signed, *later_stages = (read_file(path, ENVELOPE_LIMIT) for path in (file, *amendments))
    rules = read_policy(policy_file)
    log, fits = None, None
    if folder is not None:
        rules, log, fits = _of_case(folder, policy_file, rules, signed, later_stages)
    try:
        scope = verify_warrant(
            signed,
            rules,
            clock=system_clock,
            amendments=later_stages,
            revocations=[read_file(path, ENVELOPE_LIMIT) for path in revocations],
            log=log,
            case=case_name,
            fits=fits,
            witness=witness,
            files=[str(path) for path in (file, *amendments, *revocations)],
        )
    except ClewError as error:
        if checks and not checks[-1].passed:
            error.counts["check"] = checks[-1].number
        raise
    later = "".join(f" --amendment {path}" for path in amendments)
    output.result(
        {
            "checks": [
                {"number": check.number, "title": check.title, "passed": check.passed, "found": check.found}
                for check in checks
            ],
            "authorisation": _scope_json(scope),
        },
        f"\nThe warrant is good: case {scope.case}, stage {scope.stage}, {len(scope.seeds)} seed"
        f"{'s'[: len(scope.seeds) != 1]}, {scope.hops} hop{'s'[: scope.hops != 1]}.\n"
        + (
            f"Next: clew case start NODE TRACE --warrant {file}{later}"
            if scope.joint is not None
            else f"Next: clew trace --store STORE --warrant {file}{later} --policy {policy_file} "
            f"--case {folder or 'FOLDER'}"
        ),
    )


def _of_case(
    folder: Path, policy_file: Path, rules: Policy, signed: bytes, amendments: Sequence[bytes]
) -> tuple[Policy, Log, Callable[[str], None]]:
    """The policy as it counts in this case, the case's log, and what looks whether the folder may take a warrant."""
    from functools import partial

    from clew.audit.log import FileLog
    from clew.case.folder import CaseFolder
    from clew.chain.files import Documents, policy_for, require_case
    from clew.effects import system_clock

    case = CaseFolder.open(folder)
    log = FileLog(case.log_path, system_clock)
    papers = Documents(signed, rules.source, tuple(amendments), rules.revocations, policy_file.resolve())
    return policy_for(papers, case, log), log, partial(require_case, case, documents=papers, log=log)


def _scope_json(scope: Authorisation) -> dict[str, Any]:
    """What an authorisation permits, without its seeds."""
    from dataclasses import asdict

    return {
        "case": scope.case,
        "digest": scope.digest,
        "root": scope.root,
        "stage": scope.stage,
        "seeds": len(scope.seeds),
        "window": {"from": scope.begin.isoformat(), "to": scope.end.isoformat()},
        "hops": scope.hops,
        "hub_limit": scope.hub_limit,
        "expires": scope.expires.isoformat(),
        "remaining": asdict(scope.remaining),
    }


warrant.add_command(draft)
warrant.add_command(amend)
warrant.add_command(revoke)
