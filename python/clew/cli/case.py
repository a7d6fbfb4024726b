"""``clew case``: joint traces of a running node, from the offer to the closing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from clew.cli.case_text import auditor_text, receipt_text, summary_text, table_text
from clew.cli.node import FOLDER
from clew.cli.output import Output, counted, json_option
from clew.cli.readable import readable
from clew.cli.warrant_files import FILE, OUT, signing_options
from clew.cli.warrant_options import after_day, option_values, read_moment

__all__ = ["case"]

_SEEDS_LIMIT = 1 << 24
_NO_AUDITOR = "00" * 32


class _InOrder(click.Group):
    """Lists its commands in the order in which a trace needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands as they were added."""
        return list(self.commands)


@click.group(cls=_InOrder)
def case() -> None:
    """Trace jointly with a partner, through the running node of this organisation.

    \b
    The one who traces                                  The one whose records are asked
      clew case open NODE --partner "Service B" …
                                                          clew case accept NODE 1
      clew warrant draft --node NODE --case 1 …
      (the authorities see the seeds, and sign)
                                                          clew case start NODE 1 --warrant W
      clew case start NODE 1 --warrant W --seeds S
      clew case result NODE 1
      clew case close NODE 1
    Either side: clew case status, receipt, evidence, pause, resume, refuse, revoke.
    """


def _trace(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments of every command about one trace."""
    command = click.argument("trace", metavar="TRACE")(command)
    return click.argument("folder", metavar="NODE", type=FOLDER)(command)


def _say(name: str, said: str, about: str, *, why: bool = False) -> None:
    """Add a command that tells the node one thing about a trace; with ``why`` a person gives the reason."""

    @case.command(name, help=about)
    @_trace
    @json_option
    def command(folder: Path, trace: str, as_json: bool, **more: str) -> None:
        _shown(as_json, _ask(folder, name, case=trace, **more), said)

    if why:
        reason = "Why, in a line; the partner sees it. Write no number into it."
        command.params.insert(2, click.Option(["--reason"], required=True, help=reason))


@case.command("open")
@click.argument("folder", metavar="NODE", type=FOLDER)
@click.option("--partner", required=True, help="The partner's name, as clew node peer list shows it.")
@click.option("--case", "name", required=True, help="The case's short name, for example lantern-7.")
@click.option("--from", "begin", required=True, help="The window's first moment, e.g. 2026-03-01.")
@click.option("--to", "end", help="The moment at which the window is over; not included.")
@click.option("--through", help="Instead of --to: the window's last day, included.")
@click.option("--hub-limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="As in the warrant.")
@click.option("--stage", type=click.IntRange(1, 100), default=1, show_default=True, help="The stage of the case.")
@click.option("--auditor", help="The auditor's public key, for declared contacts: its .pub file, or its 64 digits.")
@json_option
def open_case(
    folder: Path,
    partner: str,
    name: str,
    begin: str,
    end: str | None,
    through: str | None,
    hub_limit: int,
    stage: int,
    auditor: str | None,
    as_json: bool,
) -> None:
    """Offer a partner a joint trace. No seed is named yet; the partner sees case, window and hub limit.

    The node reads its own records of the window, to commit to them. A window is the same on both sides and in the
    warrant.

    \b
    Example:
      clew case open node --partner "Service B" --case lantern-7 --from 2026-03-01 --through 2026-03-14
    """
    from clew.cli.auditor import public_key
    from clew.errors import UsageError
    from clew.warrants.document import check_case

    with option_values():
        check_case(name)
    if (end is None) == (through is None):
        raise UsageError("warrant.two-ends", "--to or --through says when the window ends", mend="Give one of them.")
    last = read_moment(end, "--to") if end is not None else after_day(str(through), "--through")
    terms = {
        "case": name,
        "stage": stage,
        "begin": read_moment(begin, "--from").isoformat(),
        "end": last.isoformat(),
        "hub_limit": hub_limit,
        "auditor": _NO_AUDITOR if auditor is None else public_key(auditor),
    }
    found = _ask(folder, "open", partner=partner, terms=terms)
    _shown(as_json, found, f"Offered to {partner} as trace {found['number']}.")


@case.command()
@click.argument("folder", metavar="NODE", type=FOLDER)
@click.argument("trace", metavar="TRACE", required=False)
@click.option("--wait", is_flag=True, help="Return when it is this side's turn to do something, or the trace is over.")
@json_option
def status(folder: Path, trace: str | None, wait: bool, as_json: bool) -> None:
    """Show where the traces of the node are; with TRACE (its number, or its case) one of them, with its receipt.

    \b
    Example:
      clew case status node
      clew case status node 1 --wait
    """
    from clew.cli.case_waiting import waited
    from clew.errors import UsageError

    output = Output(as_json)
    if trace is None:
        if wait:
            raise UsageError("node.wait", "--wait needs a trace", mend="Name its number.")
        found = _ask(folder, "list")
        output.result({"traces": found}, table_text(found))
        return
    ask = partial(_ask, folder, "status", case=trace)
    one = waited(ask, output) if wait else ask()
    output.result(one, summary_text(one))


@case.command()
@_trace
@json_option
def accept(folder: Path, trace: str, as_json: bool) -> None:
    """Accept the trace that a partner offers: the node seals its snapshot of the window, which opens under a warrant.

    clew case status shows the offer first: its window, and the auditor's key that declared contacts are sealed to.

    \b
    Example:
      clew case accept node 1
    """
    found = _ask(folder, "accept", case=trace)
    _shown(as_json, found, f"Accepted.\nAuditor: {auditor_text(found['terms'])}")


@case.command()
@_trace
@click.option("--warrant", required=True, type=FILE, help="The signed warrant of this trace.")
@click.option("--amendment", "amendments", multiple=True, type=FILE, help="Of a later stage: each, in order; repeat.")
@click.option("--seeds", type=FILE, help="Its seeds, from clew warrant draft; on the tracer's side only.")
@json_option
def start(
    folder: Path, trace: str, warrant: Path, amendments: tuple[Path, ...], seeds: Path | None, as_json: bool
) -> None:
    """Take the signed warrant of a trace: it is verified now. When both sides have, the nodes trace by themselves.

    A trace of a later stage takes the warrant and every amendment up to its own. What the policy's folder of
    revocations holds is looked at before every step from now on.

    \b
    Examples:
      clew case start node 1 --warrant joint-warrant.signed.json --seeds joint-seeds.json
      clew case start node 2 --warrant joint-warrant.signed.json --amendment stage-2.signed.json
    """
    from clew.node.drafting import read_shares
    from clew.warrants.files import read_file

    shares = read_shares(read_file(seeds, _SEEDS_LIMIT), str(seeds))[1] if seeds is not None else []
    shown = [[share.number, share.secret.hex()] for share in shares]
    papers = {"warrant": str(warrant.resolve()), "amendments": [str(path.resolve()) for path in amendments]}
    found = _ask(folder, "start", case=trace, seeds=shown, **papers)
    _shown(as_json, found, f"The warrant is verified for trace {found['number']}.")


_say(
    "pause",
    "Paused.",
    """Ask and answer nothing more until clew case resume. The partner sees the reason.

    \b
    Example:
      clew case pause node 1 --reason "our court looks at it until Monday"
    """,
    why=True,
)
_say(
    "resume",
    "Going on.",
    """Go on after a pause, or ask again what the partner refused for the time being.

    \b
    Example:
      clew case resume node 1
    """,
)
_say(
    "refuse",
    "Refused. The trace has ended on this side.",
    """End a trace for good, at any step; its secrets are destroyed. The partner sees the reason.

    \b
    Example:
      clew case refuse node 1 --reason "the warrant was revoked"
    """,
    why=True,
)


@case.command()
@_trace
@click.argument("revocation", type=FILE)
@json_option
def revoke(folder: Path, trace: str, revocation: Path, as_json: bool) -> None:
    """Hand the node a signed revocation of a trace's warrant: the trace ends on both sides, its secrets are destroyed.

    A revocation in the folder that policy.toml names does the same by itself. The case folder keeps it: clew cells and
    clew report refuse the case from then on.

    \b
    Example:
      clew case revoke node 1 revocation-1cfa2cb24d18.signed.json
    """
    found = _ask(folder, "revoke", case=trace, revocation=str(revocation.resolve()))
    _shown(as_json, found, "The warrant is revoked, and the trace has ended on this side.")


@case.command()
@_trace
@json_option
def result(folder: Path, trace: str, as_json: bool) -> None:
    """Show where the traced graph is, and the receipt: what was sent, how many bytes, what was answered.

    \b
    Example:
      clew case result node 1
    """
    found = _ask(folder, "result", case=trace)
    Output(as_json).result(
        found, f"{summary_text(found)}\nThe graph is in {found['folder']}. Next: clew cells {found['folder']}"
    )


@case.command()
@_trace
@json_option
def receipt(folder: Path, trace: str, as_json: bool) -> None:
    """Show the receipt of a trace: what was sent in messages and bytes, what was revealed, to whom, who approved it.

    Both sides have one. When every hop was answered, and again when something is unmasked or the trace is over, it is
    written into the case folder, signed by the node and chained to the log. It names pseudonyms and no number; the
    numbers that were unmasked stand beside it in joint/unmasked.json.

    \b
    Example:
      clew case receipt node 1
    """
    found = _ask(folder, "receipt", case=trace)
    Output(as_json).result(found, receipt_text(found["receipt"], found["file"], found["approvers"]))


@case.command()
@_trace
@click.option("--out", type=OUT, default="evidence.json", show_default=True, help="Where to write it.")
@json_option
def evidence(folder: Path, trace: str, out: Path, as_json: bool) -> None:
    """Write what an auditor needs to check the answers and declared contacts of a trace; also after the closing.

    It names no number in the clear: what was declared is sealed to the auditor. Both sides' files say the same.

    \b
    Example:
      clew case evidence node 1 --out evidence.json
    """
    from clew.warrants.files import require_free, write_file

    require_free(out)
    found = _ask(folder, "evidence", case=trace)
    write_file(out, found["file"].encode())
    Output(as_json).result(
        {"file": str(out), "trace": found["trace"], "answers": found["answers"], "lists": found["lists"]},
        f"{out}: {counted(found['answers'], 'answer')}, {counted(found['lists'], 'list')} with declared contacts. "
        "Give it to the auditor: clew auditor check",
    )


@case.command()
@_trace
@click.option(
    "--unmask", "pseudonyms", required=True, multiple=True, help="A pseudonym of the graph, or how it begins; repeat."
)
@click.option("--reason", "reasons", required=True, multiple=True, help="Why; one for each, or one for all.")
@click.option("--until", required=True, help="Until when approvals of it hold, e.g. 2026-12-01.")
@click.option("--out", type=OUT, default="unmask.json", show_default=True, help="Where to write the request.")
@json_option
def request(
    folder: Path,
    trace: str,
    pseudonyms: tuple[str, ...],
    reasons: tuple[str, ...],
    until: str,
    out: Path,
    as_json: bool,
) -> None:
    """Write a request to unmask pseudonyms of a traced graph, for approvers of both sides to sign.

    \b
    Example:
      clew case request node 1 --unmask p:1f3a09c2 --reason "called every seed within the hour" --until 2026-12-01
    """
    from clew.errors import UsageError
    from clew.warrants.files import require_free, write_file

    if len(reasons) not in (1, len(pseudonyms)):
        raise UsageError("node.unmask-reasons", "each pseudonym needs its reason", mend="One --reason each, or one.")
    if len(set(pseudonyms)) < len(pseudonyms):
        raise UsageError("node.unmask-twice", "a pseudonym is named twice", mend="Name each once, with its reason.")
    require_free(out)
    each = reasons if len(reasons) == len(pseudonyms) else reasons * len(pseudonyms)
    moment = int(read_moment(until, "--until").timestamp())
    found = _ask(folder, "request", case=trace, reasons=dict(zip(pseudonyms, each, strict=True)), until=moment)
    write_file(out, found["file"].encode())
    Output(as_json).result(
        {"file": str(out), "request": found["request"]},
        f"{out}: not approved yet. Next, for an approver of each side: clew case approve {out} --key KEY",
    )


@case.command()
@click.argument("file", type=FILE)
@signing_options
@click.option("--out", type=OUT, help="Where to write it; else FILE itself is replaced.")
@click.option("--yes", is_flag=True, help="Do not ask: the reasons were read elsewhere.")
@json_option
def approve(
    file: Path, key_file: Path, passphrase_file: Path | None, out: Path | None, yes: bool, as_json: bool
) -> None:
    """Approve a request to unmask, after showing what it asks for and why. Your signature is added to it.

    \b
    Example:
      clew case approve unmask.json --key approver.key
    """
    from clew.cli.warrant_files import confirm, passphrase
    from clew.node.unmask_request import UnmaskRequest
    from clew.warrants.files import read_file, write_file
    from clew.warrants.keyfile import read_key, require_key_file

    output = Output(as_json)
    found = UnmaskRequest.parse(read_file(file, _SEEDS_LIMIT), str(file))
    require_key_file(key_file)
    lines = [f"  {one['pseudonym'][:18]}…  {readable(one['reason'])}" for one in found.vertices()]
    shown = "\n".join(
        [f"Unmask, until {found.until:%Y-%m-%d %H:%M} UTC, in trace {found.message.trace.hex()}:", *lines]
    )
    if not as_json:
        click.echo(shown)
    confirm("Approve this?", yes)
    signed = found.approved(read_key(key_file, passphrase(passphrase_file, f"Passphrase of {key_file}")))
    target = out or file
    write_file(target, signed.encode(), replace=target == file)
    output.result(
        {"file": str(target), "request": found.digest.hex(), "approvals": len(signed.message.approvals)},
        f"{target}: {counted(len(signed.message.approvals), 'approval')}.",
    )


@case.command()
@_trace
@click.argument("files", metavar="REQUEST", nargs=-1, required=True, type=FILE)
@json_option
def unmask(folder: Path, trace: str, files: tuple[Path, ...], as_json: bool) -> None:
    """Send an approved request; copies of it with one approval each are joined.

    The numbers come with proofs, and the graph in the case folder is written again with them.

    \b
    Example:
      clew case unmask node 1 unmask.json
    """
    from clew.node.unmask_request import UnmaskRequest, joined
    from clew.warrants.files import read_file

    asked = joined([UnmaskRequest.parse(read_file(path, _SEEDS_LIMIT), str(path)) for path in files])
    found = _ask(folder, "unmask", case=trace, file=asked.encode().decode())
    _shown(
        as_json, found, f"Asked for {counted(len(asked.message.wants), 'number')}; clew case status shows the answer."
    )


_say(
    "close",
    "Closing; the partner destroys its keys too.",
    """Close a trace that is done: both sides destroy what opens anything of it. The graph stays in its case folder.

    \b
    Example:
      clew case close node 1
    """,
)


def _ask(folder: Path, what: str, **more: Any) -> Any:
    from clew.node.asking import ask_node

    return ask_node(folder, {"do": what, **more})


def _shown(as_json: bool, found: dict[str, Any], said: str) -> None:
    then = found["next"] or found["awaits"]
    Output(as_json).result(found, f"{said}\n{then}" if then else said)
