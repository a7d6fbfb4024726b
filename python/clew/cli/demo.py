"""``clew demo``: the whole way on a synthetic scenario, and what came of it against the planted truth."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, final

import click

from clew.cli.output import Output, json_option
from clew.cli.to_paste import clew_to_paste

if TYPE_CHECKING:
    from clew.cli.demo_joint import Joint
    from clew.cli.demo_steps import Demo, Stage
    from clew.synth.judgement import Judgement

__all__ = ["demo"]

_WIDTH: Final = 100
_NAME: Final = 10
_TEXT: Final = _WIDTH - _NAME - 8
_KINDS: Final = {
    "ordinary": ("ordinary person", "ordinary people"),
    "crew": ("of a night-shift crew", "of night-shift crews"),
    "clan": ("of a clan", "of clans"),
    "club": ("of a club", "of clubs"),
    "courier": ("courier", "couriers"),
    "low-use": ("low-use phone", "low-use phones"),
    "temporary": ("temporary SIM", "temporary SIMs"),
    "hub": ("hub", "hubs"),
}


@click.command(short_help="The whole way on a synthetic scenario, offline.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("clew-demo"),
    show_default=True,
    help="Where everything is put. What an earlier demo made there is replaced; any other folder is refused.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Another scenario than the demo's own.")
@click.option(
    "--people",
    type=click.IntRange(2_000, 60_000),
    default=20_000,
    show_default=True,
    help="How many people live in it; one in a hundred, and at least thirty, are of the group.",
)
@click.option("--keep", is_flag=True, help="Refuse to replace an earlier demo.")
@json_option
def demo(folder: Path, seed: int | None, people: int, keep: bool, as_json: bool) -> None:
    """Run the whole way on a synthetic scenario, and say what was found and what was missed.

    Two countries, two services with their own records, a group of two hundred among people who look like it and are
    innocent. Both files are imported, a warrant is signed and verified, the bound is counted and traced in five
    stages, the report is written. Then each service gets a node with its own records only, both trace the last stage
    jointly, and their graph is compared with the one that both stores give together. At the end everything is set
    against the truth that was planted. The nodes speak over this machine's loopback address; nothing leaves it, and
    every number is made up.

    \b
    Example:
      clew demo
      clew demo --seed 7 --people 5000 --folder /tmp/other
    """
    from clew.cli.demo_folder import make_room

    make_room(folder, keep=keep)
    # What follows takes a second to load, and a refusal should not.
    from clew.cli.demo_joint import run_joint
    from clew.cli.demo_joint_text import joint_document, joint_text
    from clew.cli.demo_steps import STAGES, Demo
    from clew.effects import system_clock, system_randomness
    from clew.synth.families import DEMO_SEED, Size

    output = Output(as_json)
    chosen = DEMO_SEED if seed is None else seed
    size = Size.of_people(people)
    run = Demo(folder, chosen, size, system_clock, system_randomness, output.progress())
    told = _Told(click.echo if not as_json else lambda _: None)
    told.line(f"A synthetic scenario, seed {chosen}: every number is made up, and nothing leaves this machine.\n")
    with told.step("scenario", lambda: _scenario(run)):
        run.make_scenario()
    with told.step("records", lambda: _records(run)):
        run.import_records()
    with told.step("warrant", lambda: _warrant(run)):
        run.open_authorities()
    for number in range(1, STAGES + 1):
        with told.step(f"stage {number}", lambda: _stage(run.stages[-1])):
            stage = run.run_stage(number)
        if stage.refused:
            break
    with told.step(
        "report", lambda: "One page each in Arabic, French and English; tables and graph files beside them."
    ):
        pages = run.write_report()
    with told.step("joint", lambda: joint_text(joint, run.traced.scope.stage, _WIDTH - _NAME)):
        joint = run_joint(run)
    judgement = run.judge()
    entries = run.log_entries()
    told.line("\n".join(_result(run, judgement, entries)))
    document = _document(run, judgement, entries, pages, told.seconds)
    document["joint"] = joint_document(joint)
    output.result(document, "\n".join(_next(run, pages, joint)))


@final
class _Told:
    """Prints what each step came to when it ends, with the seconds that it took."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self.line = echo
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, text: Callable[[], str]) -> Iterator[None]:
        """Run what stands inside, then tell what it came to: a paragraph, and after it lines as they are."""
        begin = monotonic()
        yield
        self.seconds[name] = round(monotonic() - begin, 2)
        paragraph, *lines = text().split("\n")
        first, *rest = (
            textwrap.wrap(paragraph, _TEXT, break_on_hyphens=False) if len(paragraph) > _TEXT else [paragraph]
        )
        self.line(f"{name:<{_NAME}}{first:<{_TEXT}}{self.seconds[name]:>6.1f} s")
        for line in [*rest, *lines]:
            self.line(" " * _NAME + line)


def _scenario(run: Demo) -> str:
    import pyarrow.compute as pc

    made = run.made
    weeks = (made.end - made.begin).days // 7
    crews, clans, clubs = (
        made.circles.filter(pc.equal(made.circles["role"], role)) for role in ("crew", "clan", "club")
    )
    return (
        f"{made.size.people:,} people in Iraq and France, {weeks} weeks. {made.size.members} of them are a group in "
        f"{made.cells.num_rows} cells, and {run.changes_of_members()} of these change SIMs. Beside them innocents who "
        f"look like it: {crews.num_rows} night-shift crews ({pc.sum(crews['changed']).as_py()} of which change SIMs "
        f"together), {clans.num_rows} clans, {clubs.num_rows} clubs, couriers, low-use phones, temporary SIMs, hubs."
    )


def _records(run: Demo) -> str:
    """The account: one line a file, the sums laid out to be checked by eye."""
    columns = ("units", "records", "merged_legs", "duplicate", "rejected", "header_and_footer", "out_of_scope")
    titles = ("units", "records", "merged legs", "duplicate", "rejected", "head, foot", "out of scope")
    rows = [[getattr(account, column) for column in columns] for account in run.accounts]
    widths = [max(len(title), *(len(f"{row[i]:,}") for row in rows)) for i, title in enumerate(titles)]
    signs = ("", " = ", *[" + "] * (len(titles) - 2))
    head = "".join(f"{sign}{title:>{width}}" for sign, title, width in zip(signs, titles, widths, strict=True))
    lines = ["Two services' files in one store: both are synthetic, and one machine holds them.", f"{'':<7}{head}"]
    for export, row in zip(run.exports, rows, strict=True):
        sums = "".join(f"{sign}{value:>{width},}" for sign, value, width in zip(signs, row, widths, strict=True))
        lines.append(f"{export.service:<7}{sums}")
    dropped = [
        f"{sum(sum(account.dropped.get(what, {}).values()) for account in run.accounts):,} {word}"
        for what, word in (("content", "message texts"), ("location", "places"), ("traits", "subscribers' names"))
    ]
    lines.append(f"Dropped while reading: {', '.join(dropped)}.")
    lines += [
        f"The footer of {export.service} claims {footer.claimed:,} records; there are {footer.found:,}."
        for export, account in zip(run.exports, run.accounts, strict=True)
        for footer in account.footers
        if not footer.agrees
    ]
    return "\n".join(lines)


def _warrant(run: Demo) -> str:
    from clew.cli.demo_steps import AUTHORITIES, CHECKED_A_STAGE, SIGNERS, WRONG_A_STAGE

    return (
        f"Of {len(AUTHORITIES)} judges {SIGNERS} must sign: a warrant for stage 1, an amendment for each later one. In "
        f"each, leads are checked from the top of the list (until {WRONG_A_STAGE} are wrong, at most "
        f"{CHECKED_A_STAGE}) by other evidence, which the planted truth stands in for here; those that hold become "
        "seeds of the next.\n"
        f"{'seeds':>5}  {'window':<14}{'numbers inside the bound, by hop':<36}{'leads checked':<18}{'listed':>6}"
    )


def _stage(stage: Stage) -> str:
    hops = " + ".join(f"{count:,}" for count in stage.bound.numbers_by_hop)
    if stage.refused:
        return (
            f"{stage.seeds:>5}  refused: {stage.bound.numbers:,} numbers inside the bound, the warrant allows "
            f"{stage.allowed:,}"
        )
    checked = f"{stage.confirmed} hold, {stage.wrong} wrong" if stage.confirmed + stage.wrong else ""
    window = f"{stage.begin:%d %b} – {stage.until:%d %b}"
    return f"{stage.seeds:>5}  {window:<14}{stage.bound.numbers:>6,} = {hops:<27}{checked:<18}{stage.listed:>6,}"


def _result(run: Demo, found: Judgement, entries: int) -> list[str]:
    """What came of it, from the judgement alone."""
    named = ", ".join(f"{count} {_KINDS[role][count > 1]}" for role, count in found.innocents_named_by_role.items())
    wrong = sum(stage.wrong for stage in run.stages)
    checked = wrong + sum(stage.confirmed for stage in run.stages)
    rows = (
        (
            found.members,
            f"members = {found.seeds} named in the first warrant + {found.found} found + {found.missed_inside} missed "
            f"inside a bound + {found.missed_outside} outside every bound",
        ),
        (found.cells, f"cells, {found.cells_touched} of them with a member named or found"),
        (checked, f"leads checked: {checked - wrong} members' numbers, {wrong} innocent people's"),
        (
            found.listed,
            f"numbers listed at the end (probability one half or more): {found.listed_right} members', "
            f"{found.listed - found.listed_right} innocent people's, of which {run.listed_and_refuted()} were checked "
            "before and found wrong: no leads any more, they stand apart",
        ),
        (
            found.innocents,
            f"innocents: {found.innocents_touched:,} inside a bound"
            + (f"; listed or checked: {named}" if named else "; none of them listed or checked"),
        ),
        (
            found.successions_named,
            f"number changes named, {found.successions_right} right; of {found.successions_inside} members' changes "
            f"with both numbers inside a bound {found.successions_found} are found",
        ),
        (entries, "entries in the log, each chained to the one before it: checked"),
    )
    lines = ["", "Against the planted truth"]
    for count, text in rows:
        first, *rest = textwrap.wrap(text, _WIDTH - _NAME, break_on_hyphens=False)
        lines += [f"{count:>{_NAME - 1},} {first}", *(" " * _NAME + line for line in rest)]
    return lines


def _next(run: Demo, pages: Sequence[Path], joint: Joint) -> list[str]:
    """The report, and commands that work as they stand when they are pasted where the demo was run."""
    clew, case = clew_to_paste(), run.folder / "case"
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("cells", case, "--top", "5"),
        ("warrant", "verify", run.folder / "warrant-1.json", "--policy", run.folder / "policy.toml"),
        ("records", "source", run.first_record(), "--store", run.folder / "store", "--case", case),
        ("cells", joint.case, "--top", "5"),
        ("report", joint.case),
    )
    return [
        "",
        f"The report: {pages[-1]} (and .fr, .ar beside it). Next, try:",
        *(f"  {clew} {shlex.join(map(str, words))}" for words in commands),
    ]


def _document(
    run: Demo, found: Judgement, entries: int, pages: Sequence[Path], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Everything that the text says, for programs."""
    from dataclasses import asdict

    return {
        "seed": run.seed,
        "folder": str(run.folder),
        "people": run.size.people,
        "accounts": [account.as_json() for account in run.accounts],
        "planted": [
            {
                name: getattr(export, name)
                for name in ("service", "units", "records", "duplicates", "rejected", "claimed")
            }
            for export in run.exports
        ],
        "stages": [
            {
                "stage": stage.number,
                "seeds": stage.seeds,
                "numbers": stage.bound.numbers,
                "numbers_by_hop": list(stage.bound.numbers_by_hop),
                "pairs": stage.bound.pairs,
                "hubs": stage.bound.hubs,
                "allowed": stage.allowed,
                "refused": stage.refused,
                "listed": stage.listed,
                "until": f"{stage.until:%Y-%m-%dT%H:%M:%SZ}",
                "confirmed": stage.confirmed,
                "wrong": stage.wrong,
            }
            for stage in run.stages
        ],
        "judgement": asdict(found),
        "listed_and_refuted": run.listed_and_refuted(),
        "log_entries": entries,
        "report": [str(page) for page in pages],
        "seconds": dict(seconds),
    }
