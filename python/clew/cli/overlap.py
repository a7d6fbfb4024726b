"""``clew overlap``: how many numbers two organisations' lists have in common, and, if both agree, which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clew.cli.output import Output, counted, json_option
from clew.cli.overlap_files import (
    FILE,
    OUT,
    account,
    confirmed,
    found_list,
    key_option,
    leave_out_option,
    limit_options,
    list_options,
    one_partner,
    open_desk,
    read_file,
    report_list,
    require_key_id,
    require_place,
    rows_beside,
    signer,
    state_option,
    write_out,
)
from clew.cli.readable import readable

if TYPE_CHECKING:
    import pyarrow as pa

    from clew.cli.overlap_files import Listed
    from clew.joint.overlap.desk import Desk
    from clew.joint.overlap.published import Published
    from clew.joint.overlap.standing import Step

__all__ = ["overlap"]


@click.group(short_help="Compare a list of numbers with a partner's: how many, then which.")
def overlap() -> None:
    """Find out how many numbers your list and a partner's have in common and, only if both agree, which ones.

    Nobody sends a list. The two sides hand each other letters, small sealed files, by whatever way they trust:

    \b
    you       clew overlap start OUR-LIST --partner THEM.pub.toml --key OURS.key
    partner   clew overlap answer LETTER --list THEIR-LIST --partner YOU.pub.toml --key THEIRS.key
    you       clew overlap read LETTER           says how many, and nothing else
    you       clew overlap agree                 or decline
    partner   clew overlap read LETTER, then clew overlap agree or decline
    both      clew overlap read LETTER           says which, until nobody has a letter to send

    docs/howto/overlap.md walks through it; docs/explain/overlap.md says who learns what.
    """


@overlap.command()
@click.argument("list_file", metavar="LIST", type=FILE)
@click.option("--partner", required=True, type=FILE, help="The partner's public key: their .pub.toml file.")
@click.option("--key", "key_file", required=True, type=FILE, help="Your signing key, from clew warrant key.")
@list_options
@limit_options
@leave_out_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the letter.")
@json_option
def start(list_file: Path, partner: Path, **options: object) -> None:
    """Begin a check of LIST with a partner's list: writes the first letter.

    LIST holds one number a line, or is a CSV file (--column). The letter holds the numbers under a secret of this
    check alone; the partner learns from it how many there are.

    \b
    Example:
      clew overlap start suspects.txt --country IQ --partner fr.key.pub.toml --key iq.key
    """
    _ask(list_file, partner, None, options)


@overlap.command()
@click.argument("list_file", metavar="LIST", type=FILE)
@click.option("--filter", "set_file", required=True, type=FILE, help="The set that the partner published.")
@click.option("--partner", required=True, type=FILE, help="The partner's public key: their .pub.toml file.")
@click.option("--key", "key_file", required=True, type=FILE, help="Your signing key, from clew warrant key.")
@list_options
@limit_options
@leave_out_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the letter.")
@json_option
def check(list_file: Path, set_file: Path, partner: Path, **options: object) -> None:
    """Begin a check of LIST with a set that the partner has published: small letters, however large the set is.

    The set's signature is checked, and the set is kept in the state folder. It says nothing without the partner, who
    counts every question. A large set needs --most, because nobody can tell a large list from a number plan.

    \b
    Example:
      clew overlap check suspects.txt --filter fr-watchlist.clewset --partner fr.key.pub.toml --key iq.key \\
        --most 1000000
    """
    from clew.joint.overlap.published import open_set

    found = open_set(read_file(set_file), one_partner(partner).key)
    _ask(list_file, partner, found, options)


def _ask(list_file: Path, partner: Path, published: Published | None, options: dict[str, object]) -> None:
    listed = found_list(list_file, options)
    holder = one_partner(partner)
    key_file = _path(options, "key_file")
    desk, output = open_desk(options), Output(bool(options["as_json"]))
    require_place(_out(options))
    step = desk.ask(
        listed.found.numbers,
        listed.limits,
        signer(options),
        holder.key,
        holder.name,
        str(key_file.resolve()),
        published,
    )
    target = write_out(step, options)
    of_set = f" and the set {published.digest.hex()[:16]}… of {published.listed:,}" if published is not None else ""
    size = counted(len(listed.found.numbers), "number")
    _report(
        output,
        step,
        target,
        f"Check {step.about.shown} with {readable(holder.name)}: your {size}{of_set}.\n"
        f"Send {target} to them. Their answer: clew overlap read LETTER",
        listed,
    )


@overlap.command()
@click.argument("letter", type=FILE)
@click.option(
    "--list", "list_file", type=FILE, help="Your list; not needed where the letter asks about a published set."
)
@click.option("--partner", required=True, type=FILE, help="The public key of whoever wrote the letter.")
@click.option("--key", "key_file", required=True, type=FILE, help="Your signing key, from clew warrant key.")
@list_options
@limit_options
@click.option(
    "--checks", type=click.IntRange(1), default=12, show_default=True, help="Answers to a partner in 30 days."
)
@leave_out_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the letter.")
@json_option
def answer(letter: Path, list_file: Path | None, partner: Path, **options: object) -> None:
    """Answer a partner's first LETTER with your list: the partner will learn how many numbers both have.

    You are told how many they ask about. Every answer is a query into your list: it is logged and counted.

    \b
    Example:
      clew overlap answer overlap-3f….letter --list our-case.csv --column msisdn --country FR \\
        --partner iq.key.pub.toml --key fr.key
    """
    from clew.joint.overlap.letters import letter_limit
    from clew.joint.overlap.states import Ended

    listed = found_list(list_file, options) if list_file is not None else None
    holder = one_partner(partner)
    key_file = _path(options, "key_file")
    desk, output = open_desk(options), Output(bool(options["as_json"]))
    limits = listed.limits if listed is not None else found_list(None, options).limits
    require_place(_out(options), desk.keeps)
    begun = desk.folder.exists()
    step = desk.answer(
        read_file(letter, lambda _: letter_limit(limits.most)),
        limits,
        signer(options),
        require_key_id(key_file),
        holder.key,
        holder.name,
        listed.found.numbers if listed is not None else None,
        str(key_file.resolve()),
    )
    if not begun:
        output.note(f"{desk.folder} is new: how often this partner was answered is counted from now, in this folder.")
    target = write_out(step, options)
    if isinstance(step.state, Ended):
        _refused(step, target)
    _report(
        output,
        step,
        target,
        f"Check {step.about.shown} with {readable(holder.name)}: {_answered(step, listed)}.{_question_sizes(step)}\n"
        f"Send {target} to them. It tells them how many numbers both lists have, and no more.",
        listed if not step.again else None,
    )


def _answered(step: Step, listed: Listed | None) -> str:
    if not step.again:
        return "answered"
    unread = "; your list was not read, the answer is from the one of the first time" if listed is not None else ""
    return f"answered already, and this is the same letter{unread}"


def _question_sizes(step: Step) -> str:
    """How many the partner asks about, and how many the list has that answers, while the check knows."""
    from clew.joint.overlap.standing import sizes_of

    asked, own = sizes_of(step.state)
    if asked is None or own is None:
        return ""
    return f"\nThey ask about {counted(asked, 'number')}; your list has {own:,}."


def _refused(step: Step, target: Path | None) -> None:
    """End with the refusal that the letter tells the partner."""
    from clew.errors import Refused
    from clew.joint.overlap.states import Ended

    why = step.state.why if isinstance(step.state, Ended) else ""
    raise Refused(
        "overlap.question-refused",
        f"the question, about {counted(step.refused, 'number')}, is beyond your limits ({why}) and was not answered",
        mend=f"{target} tells the partner so. --least, --most and --checks are yours to set.",
    )


@overlap.command()
@click.argument("letter", type=FILE)
@click.option("--result", type=OUT, help="Write the common numbers into this CSV file instead of printing them.")
@click.option("--filter", "set_file", type=FILE, help="The partner's set once more, if the copy kept here is spoilt.")
@key_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the reply, if there is one.")
@json_option
def read(letter: Path, result: Path | None, set_file: Path | None, **options: object) -> None:
    """Read a partner's LETTER of a check that has begun: says what it tells, and writes the reply if one is due.

    Reading a letter twice gives the same again. When the check is done, its secrets and lists are destroyed here.

    \b
    Examples:
      clew overlap read overlap-3f….letter
      clew overlap read overlap-3f….letter --result both.csv
    """
    from clew.cli.overlap_text import result_csv, step_text
    from clew.errors import UsageError
    from clew.joint.overlap.standing import common_of
    from clew.joint.overlap.states import Done

    desk, output = open_desk(options), Output(bool(options["as_json"]))
    data = read_file(letter, desk.most_bytes)
    require_place(_out(options), desk.keeps)
    if result is not None:
        told = desk.told(data)
        require_place(result, lambda path: told is not None and path.read_bytes() == result_csv(told))
        if result == _out(options):
            raise UsageError(
                "overlap.one-place", "--out and --result name one file", mend="Give each its own. Nothing was done."
            )
    if set_file is not None:
        desk.restore_set(data, read_file(set_file))
    step = desk.read(data, signer(options))
    target = write_out(step, options)
    common = common_of(step.state)
    if common is not None and result is not None:
        write_out(step, options | {"out": result}, result_csv(common))
    _report(output, step, target, step_text(step, target, result), None, shown=result is None)
    if isinstance(step.state, Done):
        # Everything is out: the reply, and what was learnt.
        desk.close(step.about.check)


@overlap.command()
@click.option("--check", "prefix", help="Which check, by the beginning of its identifier; needed if several wait.")
@click.option(
    "--payloads",
    type=FILE,
    help="CSV file: a number, and a short text to hand over if both have it: 254 bytes, or 127 Arabic letters.",
)
@click.option("--country", help="The country in whose plan the numbers of --payloads are written.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@key_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the letter.")
@json_option
def agree(prefix: str | None, payloads: Path | None, country: str | None, yes: bool, **options: object) -> None:
    """Agree to learning which numbers both lists have. Both sides must: the asker first.

    With --payloads a short text of yours, such as a case reference, goes to the partner for each common number, and
    for no other. It can be opened only with the number itself.

    \b
    Example:
      clew overlap agree --payloads references.csv
    """
    from clew.cli.overlap_text import question_text
    from clew.joint.overlap.states import Agreed, Considering, Counted, Opened

    desk, output = open_desk(options), Output(bool(options["as_json"]))
    waiting = any(isinstance(state, Counted | Considering) for _, state in desk.all())
    about, state = desk.one(prefix, *((Counted, Considering) if waiting else (Agreed, Opened)))
    agreed = isinstance(state, Agreed | Opened)
    require_place(_out(options), desk.keeps)
    if not agreed:
        confirmed(f"Check {about.shown} with {readable(about.partner_name)}: {question_text(state)}", yes)
    texts: Callable[[pa.Array], pa.Array] | None = None
    if payloads is not None and not agreed:
        texts = rows_beside(payloads, country)
    step = desk.agree(about.check, texts, signer(options))
    target = write_out(step, options)
    _report(
        output,
        step,
        target,
        f"Check {about.shown} with {readable(about.partner_name)}: {_agreed(step, payloads)}.\nSend {target} to them.",
        None,
    )


def _agreed(step: Step, payloads: Path | None) -> str:
    if not step.again:
        return "agreed"
    unread = "; --payloads was not read, what went with the letter stays" if payloads is not None else ""
    return f"agreed already, and this is the same letter{unread}"


@overlap.command()
@click.option("--check", "prefix", help="Which check, by the beginning of its identifier; needed if several wait.")
@key_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the letter.")
@json_option
def decline(prefix: str | None, **options: object) -> None:
    """End a check before anybody learns which numbers are common. The letter says that, and no reason.

    \b
    Example:
      clew overlap decline --check 3f
    """
    from clew.joint.overlap.states import Considering, Counted

    desk, output = open_desk(options), Output(bool(options["as_json"]))
    about, _ = desk.one(prefix, Counted, Considering)
    require_place(_out(options))
    step = desk.decline(about.check, signer(options), lambda declined: write_out(declined, options))
    target = write_out(step, options)
    text = f"Check {about.shown} with {readable(about.partner_name)} is over.\n{target} tells them, if you send it."
    _report(output, step, target, text, None)


@overlap.command()
@state_option
@json_option
def status(**options: object) -> None:
    """List the checks of the state folder and what each waits for, and the sets that are published from it.

    \b
    Example:
      clew overlap status
    """
    from clew.cli.overlap_text import sizes_document, waits_for

    desk, output = open_desk(options), Output(bool(options["as_json"]))
    checks, damaged = desk.all(), desk.damaged()
    sets, unfinished = desk.sets.names(), desk.sets.unfinished()
    lines = [f"{about.shown}  {readable(about.partner_name)}: {waits_for(state)}" for about, state in checks]
    lines += [f"{name}  damaged; clew overlap close --check {name} destroys what is left" for name in damaged]
    lines += [f"set {name}: {counted(found.listed, 'number')}, digest {found.digest.hex()}" for name, found in sets]
    lines += [
        f"set {name}  has remnants of a command that was cut off; publish or clew overlap retire {name} destroys them"
        for name in unfinished
    ]
    output.result(
        {
            "checks": [
                {
                    "check": about.check,
                    "partner": about.partner_name,
                    "role": about.role,
                    "state": type(state).__name__.lower(),
                    "waits_for": waits_for(state),
                    **sizes_document(state),
                }
                for about, state in checks
            ],
            "damaged": damaged,
            "sets": [{"set": name, "listed": found.listed, "digest": found.digest.hex()} for name, found in sets],
            "unfinished_sets": unfinished,
        },
        "\n".join(lines) or "No checks and no published sets in this folder.",
    )


@overlap.command()
@click.option("--check", "prefix", help="Which check, by the beginning of its identifier; needed if there are several.")
@state_option
@json_option
def close(prefix: str | None, **options: object) -> None:
    """End a check here: destroy its secrets, lists and letters. The partner hears nothing; decline tells them.

    \b
    Example:
      clew overlap close --check 3f
    """
    from clew.joint.overlap.states import (
        Agreed,
        Answered,
        Asked,
        Considering,
        Counted,
        Done,
        Learnt,
        Opened,
    )

    desk, output = open_desk(options), Output(bool(options["as_json"]))
    for name in desk.damaged():
        if prefix is not None and name.startswith(prefix):
            desk.remove_damaged(name)
            output.result({"check": name, "damaged": True}, f"What was left of check {name} is destroyed.")
            return
    kinds = (Asked, Counted, Agreed, Learnt, Answered, Considering, Opened, Done)
    about, _ = desk.one(prefix, *kinds)
    step = desk.close(about.check)
    _report(
        output,
        step,
        None,
        f"Check {about.shown} with {readable(about.partner_name)} is over; nothing of it is kept.",
        None,
    )


@overlap.command()
@click.argument("list_file", metavar="LIST", type=FILE)
@click.option("--set", "name", required=True, help="The set's name.")
@click.option("--key", "key_file", required=True, type=FILE, help="Your signing key, from clew warrant key.")
@list_options
@leave_out_option
@state_option
@click.option("--passphrase-file", type=FILE, help="Read the passphrase from this file instead of asking.")
@click.option("--out", type=OUT, help="Where to write the file for partners. NAME.clewset")
@json_option
def publish(list_file: Path, name: str, **options: object) -> None:
    """Prepare LIST once, so that partners can check short lists against it with letters of a few kilobytes.

    The file for partners holds no number and nothing that can be tried out: every question needs your key, and you
    count them. Whoever gets that key can find all numbers by running through the number plan: retire the set and
    publish it anew every few months and when in doubt.

    Each time the file is a new one, of LIST alone, under a key of its own. Files of this name that you gave out before
    are answered until you retire them.

    \b
    Example:
      clew overlap publish watchlist.txt --set watchlist --key fr.key --out fr-watchlist.clewset
    """
    from clew.warrants.files import write_file

    listed = found_list(list_file, options)
    desk, output = open_desk(options), Output(bool(options["as_json"]))
    target = _out(options) or Path(f"{name}.clewset")
    kept = [one.encode() for found_name, one in desk.sets.names() if found_name == name]
    require_place(target, lambda path: path.read_bytes() in kept)
    found = desk.publish(name, listed.found.numbers, signer(options))
    data = found.encode()
    write_file(target, data, replace=True)
    output.result(
        {
            "set": name,
            "file": str(target),
            "digest": found.digest.hex(),
            "listed": found.listed,
            "bytes": len(data),
            **report_list(listed.found),
        },
        f"{target}: {counted(found.listed, 'number')}, {len(data):,} bytes.\n"
        f"Digest {found.digest.hex()}\nGive partners the file, and the digest by another way.\n{account(listed.found)}",
    )
    listed.end(output)


@overlap.command()
@click.argument("name")
@click.option("--digest", default="", help="Only the file whose digest begins so; clew overlap status shows them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--lose-agreed-checks",
    "lose",
    is_flag=True,
    help="Even if both sides agreed in a check about it: the partner may learn which, and you never will.",
)
@state_option
@json_option
def retire(name: str, digest: str, yes: bool, lose: bool, **options: object) -> None:
    """Destroy published sets and their keys: all of a NAME, or one. Copies of the files become useless to everybody.

    Open checks about them end. If it is cut off, give it again.

    \b
    Examples:
      clew overlap retire watchlist
      clew overlap retire watchlist --digest 3f07
    """
    desk, output = open_desk(options), Output(bool(options["as_json"]))
    what = f"The file {digest}… of the set {name} and its key" if digest else f"The set {name} and its keys"
    ends = _ends_with(desk, name, digest, lose)
    confirmed(f"{what}: destroy?{ends}", yes)
    desk.retire(name, digest)
    output.result({"set": name, "digest": digest, "retired": True}, f"{what} are destroyed.")


def _ends_with(desk: Desk, name: str, digest: str, lose: bool) -> str:
    """What the open checks that end with a set are, for the question; ``Refused`` where both sides have agreed."""
    from clew.cli.overlap_text import waits_for
    from clew.errors import Refused
    from clew.joint.overlap.standing import set_of
    from clew.joint.overlap.states import Opened

    digests = desk.sets.digests(name, digest)
    found = [(about, state) for about, state in desk.all() if set_of(state) in digests]
    agreed = [about.shown for about, state in found if isinstance(state, Opened)]
    if agreed and not lose:
        raise Refused(
            "overlap.set-in-use",
            f"a check that both sides agreed to is answered from this set: {', '.join(agreed)}",
            mend="Read the partner's next letter first. --lose-agreed-checks gives up what you would learn from it.",
        )
    lines = [f"\n  {about.shown} with {readable(about.partner_name)}: {waits_for(state)}" for about, state in found]
    return "".join([" These checks are open and end with it:" if lines else "", *lines, "\n" if lines else ""])


def _out(options: dict[str, object]) -> Path | None:
    found = options.get("out")
    return found if isinstance(found, Path) else None


def _path(options: dict[str, object], name: str) -> Path:
    found = options[name]
    assert isinstance(found, Path)
    return found


def _report(
    output: Output, step: Step, target: Path | None, text: str, listed: Listed | None, *, shown: bool = True
) -> None:
    """Print what a step has done, and end with 1 if lines of the list were left out."""
    from clew.cli.overlap_text import step_document

    document = step_document(step, target, shown=shown)
    if listed is not None:
        document |= report_list(listed.found)
    output.result(document, text if listed is None else f"{text}\n{account(listed.found)}")
    if listed is not None:
        listed.end(output)
