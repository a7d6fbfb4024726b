"""The demo's acts, one method each, through the functions that the other commands use; nothing here prints.

Each act returns numbers that were counted while it ran. What the demo says of the planted truth is arithmetic of
:mod:`clew.synth.judgement` on what these acts have written, never a figure known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, final

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder
from clew.cells import Findings, find
from clew.cells.keep import keep_findings
from clew.chain import files
from clew.chain.graph import Bound, Detail, Scope, TracedGraph
from clew.chain.trace import trace
from clew.cli.demo_folder import storage
from clew.decisions import Decisions, keep_decisions
from clew.effects import Clock, Progress, Randomness
from clew.errors import Refused
from clew.records.account import Account
from clew.records.importer import import_files
from clew.records.profile_file import format_profile
from clew.records.schema import record_id_text
from clew.records.store import Store
from clew.report.write import write_report
from clew.synth.families import Size
from clew.synth.judgement import Judgement, Oracle, judge
from clew.synth.layouts import FRENCH, IRAQI, Export
from clew.synth.scenario import Scenario, scenario
from clew.warrants.authorisation import Budgets, Clear
from clew.warrants.document import Warrant
from clew.warrants.dsse import parse_envelope, sign
from clew.warrants.files import write_file
from clew.warrants.keyfile import seal_key
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Holder, policy_toml
from clew.words.speaker import LANGUAGES

__all__ = [
    "AUTHORITIES",
    "BUDGET",
    "CHECKED_A_STAGE",
    "PASSPHRASE",
    "SIGNERS",
    "STAGES",
    "WRONG_A_STAGE",
    "Demo",
    "Stage",
    "Traced",
]

STAGES: Final = 5
CHECKED_A_STAGE: Final = 40
WRONG_A_STAGE: Final = 5
"""Leads are checked by other evidence from the top of the list down, at most so many, and until so many were wrong:
then the next stage is asked for."""

BUDGET: Final = Budgets(numbers=10_000, sources=100)
PASSPHRASE: Final = "everything here is synthetic"  # noqa: S105 - it protects keys that open nothing
"""Of the demo's keys; a real one is nobody else's."""

CHECKER: Final = "The demo (synthetic)"
EVIDENCE: Final = "Compared with the planted truth, which stands in for other evidence"
"""What the decisions of the demo say of who decided, and on what evidence."""

AUTHORITIES: Final = (
    ("baghdad", "Investigating judge, Baghdad (synthetic)", "iraq"),
    ("paris", "Juge d'instruction, Paris (synthetic)", "france"),
    ("reserve", "Second judge, Paris (synthetic)", "france"),
)
SIGNERS: Final = 2


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: how many seeds, what lay inside the bound, what was listed, and what the checking came to."""

    number: int
    seeds: int
    bound: Bound
    allowed: int
    begin: datetime  # of the window
    until: datetime
    listed: int  # numbers with a probability of at least one half, those found wrong in earlier stages among them
    confirmed: int  # leads that were checked and are members'
    wrong: int  # leads that were checked and are innocent

    @property
    def refused(self) -> bool:
        """Whether nothing was traced, because more lay inside the bound than the warrant allows."""
        return self.bound.numbers > self.allowed


@final
@dataclass(frozen=True, slots=True)
class Traced:
    """What the last stage that was traced started from, and the numbers inside its bound."""

    scope: Scope
    seeds: tuple[str, ...]
    numbers: frozenset[str]


@final
@dataclass(slots=True)
class Demo:
    """One run of the demo in its folder. The acts are to be called in the order in which they stand."""

    folder: Path
    seed: int
    size: Size
    clock: Clock
    randomness: Randomness
    progress: Progress
    made: Scenario = field(init=False)
    exports: list[Export] = field(init=False)
    accounts: Sequence[Account] = field(init=False)
    stages: list[Stage] = field(default_factory=list)
    findings: Findings = field(init=False)
    traced: Traced = field(init=False)
    _store: Store = field(init=False)
    _keys: list[SigningKey] = field(init=False)
    _policy: bytes = field(init=False)
    _signed: list[bytes] = field(default_factory=list)
    _oracle: Oracle = field(init=False)
    _seeds: list[str] = field(init=False)
    _inside: set[str] = field(default_factory=set)
    _decisions: Decisions = field(default_factory=Decisions)

    def make_scenario(self) -> None:
        """Write both services' files, their profiles, the first warrant's seeds, and the truth beside them."""
        self.made = scenario(self.seed, "mixed", self.size)
        with storage(self.folder):
            self.exports = self.made.write(self.folder)
            (self.folder / "profiles").mkdir(mode=0o700)
            for service in (IRAQI, FRENCH):
                text = format_profile(service.profile())
                (self.folder / "profiles" / f"{service.name}.toml").write_text(text, "utf-8")
            (self.folder / "seeds.txt").write_text("".join(f"{seed}\n" for seed in self.made.seeds))
        self._oracle = Oracle(self.made)
        self._seeds = list(self.made.seeds)

    def import_records(self) -> None:
        """Import both files into one store."""
        store = self.folder / "store"
        sources = [(self.folder / service.file, service.profile()) for service in (IRAQI, FRENCH)]
        self.accounts = import_files(store, sources, clock=self.clock, progress=self.progress).accounts
        self._store = Store.open(store)

    def open_authorities(self) -> None:
        """Make the authorities' keys, each in its encrypted file, and the policy that asks for two of them."""
        self._keys = [SigningKey.generate(self.randomness) for _ in AUTHORITIES]
        folder = self.folder / "keys"
        with storage(self.folder):
            folder.mkdir(mode=0o700)
        for (name, _, _), key in zip(AUTHORITIES, self._keys, strict=True):
            write_file(folder / f"{name}.key", seal_key(key, PASSPHRASE, self.randomness))
        self._policy = policy_toml(self.authorities(), SIGNERS, []).encode()
        write_file(self.folder / "policy.toml", self._policy)

    def authorities(self) -> list[Holder]:
        """Whose signatures count, as a policy names them."""
        return [
            Holder(title, "judge", key.public, side)
            for (_, title, side), key in zip(AUTHORITIES, self._keys, strict=True)
        ]

    def signed(self, document: bytes) -> bytes:
        """A warrant as the first two authorities sign it, one of each side."""
        return sign(document, *self._keys[:SIGNERS])

    def run_stage(self, number: int) -> Stage:
        """Have the stage's warrant signed, verify it, count the bound, trace, rank, and check the first leads.

        Stage 1 sees the first four weeks, before most changes of SIM; later ones all eight, with the confirmed leads
        as seeds. After the last stage nobody is checked: its list is what the analyst is left with. A stage that the
        warrant's budget refuses ends the tracing; what was found before it stays.
        """
        counted: list[Bound] = []
        try:
            graph = self._trace(number, counted.append)
        except Refused as refusal:
            if refusal.code != "trace.over-budget":
                raise
            return self._refused(number, counted[0])
        self.findings = find(graph)
        case = CaseFolder.open(self.folder / "case")
        keep_findings(case, self.findings, self._log())
        inside = graph.vertices["vertex"].to_pylist()
        self._inside.update(inside)
        self.traced = Traced(graph.scope, tuple(self._seeds), frozenset(inside))
        refuted_before = self._decisions.refuted
        leads = [lead for lead in self.findings.ranked["vertex"].to_pylist() if lead not in refuted_before]
        confirmed, refuted = self._check(leads) if number < STAGES else ([], [])
        self._record(case, graph, confirmed, held=True)
        self._record(case, graph, refuted, held=False)
        stage = Stage(
            number=number,
            seeds=len(self._seeds),
            bound=graph.bound,
            allowed=BUDGET.numbers,
            listed=len(self._listed()),
            confirmed=len(confirmed),
            wrong=len(refuted),
            begin=graph.scope.begin,
            until=graph.scope.end,
        )
        self._seeds += confirmed
        self.stages.append(stage)
        return stage

    def _refused(self, number: int, bound: Bound) -> Stage:
        """The stage that was not traced, because more lay inside its bound than the warrant allows."""
        stage = Stage(
            number=number,
            seeds=len(self._seeds),
            bound=bound,
            allowed=BUDGET.numbers,
            begin=self.made.begin,
            until=self.made.end,
            listed=0,
            confirmed=0,
            wrong=0,
        )
        self.stages.append(stage)
        return stage

    def write_report(self) -> list[Path]:
        """Write the report in all languages; the pages, in the order of the languages."""
        from clew.report.page import page_name

        case = CaseFolder.open(self.folder / "case")
        write_report(case, self._log(), self.clock, LANGUAGES, self.progress, None)
        return [case.path / "report" / page_name(language) for language in LANGUAGES]

    def log_entries(self) -> int:
        """How many entries the case's log holds, after its whole chain was checked."""
        return len(self._log().entries())

    def judge(self) -> Judgement:
        """What all stages together came to, against the planted truth."""
        return judge(
            self.made,
            inside=self._inside,
            listed=self._listed(),
            checked=self._decisions.latest,
            confirmed=self._decisions.held,
            successions=self.findings.successions,
        )

    def listed_and_refuted(self) -> int:
        """How many of the numbers listed at the end were checked in an earlier stage and found wrong."""
        return len(self._decisions.refuted.intersection(self._listed()))

    def first_record(self) -> str:
        """A record behind the first reason of the first lead, as ``IMPORT:UNIT``."""
        reasons = self.findings.ranked["reasons"][0].as_py()
        return record_id_text(next(record for reason in reasons for record in reason["records"]))

    def changes_of_members(self) -> int:
        """How many members of the group changed SIMs."""
        roles = self.made.persons["role"].to_pylist()
        return sum(roles[person] == "member" for person in self.made.successions["person"].to_pylist())

    def _trace(self, number: int, announce: Callable[[Bound], None]) -> TracedGraph:
        """The traced graph of a stage, written into the case with the documents that allow it."""
        signed = self.signed(self._document(number).encode())
        write_file(self.folder / f"warrant-{number}.json", signed)
        self._signed.append(signed)
        case = CaseFolder.create(self.folder / "case")
        log = self._log()
        papers = files.Documents(self._signed[0], self._policy, tuple(self._signed[1:]))
        scope = files.authorise(papers, case, log, self.clock)
        files.enter_case(case, scope, papers, log)
        graph = trace(self._store, scope, log, detail=Detail.CALLS, announce=announce, progress=self.progress)
        files.write_trace(case, graph, papers, log, self._store.accounts())
        return graph

    def _document(self, number: int) -> Warrant:
        """The warrant of stage 1, or the amendment of a later one."""
        now = self.clock().replace(microsecond=0)
        return Warrant(
            case=f"demo-{self.seed}",
            stage=number,
            amends=None if number == 1 else parse_envelope(self._signed[-1]).digest,
            seeds=tuple(Clear(seed) for seed in sorted(set(self._seeds))),
            begin=self.made.begin,
            end=self.made.middle if number == 1 else self.made.end,
            issued=now,
            expires=now + timedelta(days=30),
            budgets=BUDGET,
            authority="Two of three judges of a synthetic scenario",
            legal_basis="None: every number and every record of this scenario is synthetic",
            purpose="Show how a group is followed from the numbers that a warrant names, and no further",
        )

    def _check(self, leads: list[str]) -> tuple[list[str], list[str]]:
        """The leads that hold and those that do not, of those that are checked."""
        confirmed: list[str] = []
        refuted: list[str] = []
        for lead in leads[:CHECKED_A_STAGE]:
            (confirmed if self._oracle.confirms(lead) else refuted).append(lead)
            if len(refuted) == WRONG_A_STAGE:
                break
        return confirmed, refuted

    def _record(self, case: CaseFolder, graph: TracedGraph, leads: list[str], *, held: bool) -> None:
        """Record what the checking of these leads came to, as ``clew decide`` does."""
        if leads:
            named = dict.fromkeys(leads, "the demo")
            self._decisions = keep_decisions(
                case, graph, named, held=held, by=CHECKER, reason=EVIDENCE, on=self.clock().date(), log=self._log()
            )

    def _listed(self) -> list[str]:
        """The numbers to which the last findings give a probability of one half or more.

        Those that were checked and found wrong are among them, because the findings know only the graph; ``clew
        cells`` and the report list them apart.
        """
        ranked = self.findings.ranked
        limit = float(self.findings.document["method"]["parameters"]["listed_at"])
        rows = zip(ranked["vertex"].to_pylist(), ranked["probability"].to_pylist(), strict=True)
        return [number for number, probability in rows if probability >= limit]

    def _log(self) -> FileLog:
        return FileLog(CaseFolder.open(self.folder / "case").log_path, self.clock)
