"""``clew trace`` as a user runs it: the bound first, refusals that write nothing, a graph beside its papers."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clew.audit.log import FileLog
from clew.case.folder import CaseFolder, Part
from clew.chain.files import Documents, authorise, graphs_under, read_graph, stages
from clew.chain.graph import Detail
from clew.effects import system_clock
from clew.errors import Refused
from clew.warrants.authorisation import Blinded, Budgets, Joint
from clew.warrants.dsse import parse_envelope, sign
from clew.warrants.policy import Holder, holder_toml, parse_policy, policy_toml
from clew.warrants.verify import verify_warrant
from tests.cli.tracing import make_store, write_amendment, write_papers
from tests.command import run, run_json
from tests.warrants import BEGIN, CLERK, END, JUDGE, PARTNER, STRANGER, document, revoke

SEED, NEAR, FAR, BEYOND = "+9647901234567", "+9647901111111", "+33612345678", "+33698765432"
DAY = timedelta(days=1)
ROWS = [
    (SEED, NEAR, BEGIN, 60, "voice"),
    (NEAR, SEED, BEGIN + DAY, 0, "missed"),
    (NEAR, FAR, BEGIN + 2 * DAY, 30, "voice"),
    (FAR, BEYOND, BEGIN + 3 * DAY, 30, "voice"),
    (SEED, BEYOND, END, 30, "voice"),
    (SEED, BEYOND, BEGIN - timedelta(seconds=1), 30, "voice"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("records"), ROWS)


def files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file under a folder, the log and the lock left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"log.jsonl", ".lock"}
    }


def kinds(case: Path) -> list[str]:
    return [logged.entry.kind for logged in FileLog(case / "log" / "log.jsonl", system_clock).entries()]


def require_only_refused(case: Path, code: str) -> None:
    """Nothing is in the case but a log that says who was refused what."""
    (logged,) = FileLog(case / "log" / "log.jsonl", system_clock).entries()
    assert (logged.entry.kind, logged.entry.body["code"]) == ("warrant.refused", code)
    assert set(files(case)) == {"manifest.json"}
    assert [CaseFolder.open(case).names(part) for part in Part] == [[]] * len(Part)


def arguments(store: Path, folder: Path, *seeds: Any, **scope: Any) -> list[str | Path]:
    papers = write_papers(folder / "papers", seeds or (SEED,), **scope)
    return ["trace", "--store", store, *papers, "--case", folder / "case"]


def test_the_bound_is_said_first_and_then_the_graph_is_written(store: Path, tmp_path: Path) -> None:
    done = run(*arguments(store, tmp_path))
    lines = done.stdout.splitlines()
    assert lines[0] == "Inside the bound: 3 numbers, 2 pairs"
    assert lines[-1].startswith("Traced stage 1")
    graph = read_graph(CaseFolder.open(tmp_path / "case"))
    assert graph.vertices["vertex"].to_pylist() == [SEED, NEAR, FAR]
    assert graph.detail is Detail.CALLS
    assert kinds(tmp_path / "case") == ["warrant.verified", "records.read", "trace.bound", "graph.written"]


def test_json_is_one_document_with_the_bound(store: Path, tmp_path: Path) -> None:
    document = run_json(*arguments(store, tmp_path), "--detail", "coarse", "--holder", "Service A")
    assert document["bound"] == {
        "numbers": 3,
        "numbers_by_hop": [1, 1, 1],
        "pairs": 2,
        "hubs": 0,
        "hub_seeds": 0,
        "absent_seeds": 0,
    }
    assert (document["stage"], document["within"], document["detail"]) == (1, True, "coarse")
    graph = read_graph(CaseFolder.open(tmp_path / "case"))
    assert graph.pairs["holder"].to_pylist() == ["Service A"] * 2
    assert graph.stores == (("Service A", document["store"]),)
    assert graph.events is None


def test_running_again_gives_the_same_bytes(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    first = run_json(*command)["graph"]
    before = files(tmp_path / "case" / "graph")
    assert run_json(*command)["graph"] == first
    assert files(tmp_path / "case" / "graph") == before
    assert set(first) == {
        f"stage-1-{name}"
        for name in ("accounts.json", "graph.json", "vertices.parquet", "pairs.parquet", "events.parquet")
    }


def test_nothing_is_written_when_the_budget_is_exceeded(store: Path, tmp_path: Path) -> None:
    done = run(*arguments(store, tmp_path, budgets=Budgets(numbers=2)), expect=4)
    assert "Inside the bound: 3 numbers" in done.stdout
    assert "more than the warrant allows (2): nothing is traced." in done.stdout
    assert "3 numbers lie inside the bound, and the warrant allows 2" in done.stderr
    counts = {"numbers": 3, "allowed": 2}
    log = FileLog(tmp_path / "case" / "log" / "log.jsonl", system_clock)
    assert log.entries()[-1].entry.body == {"code": "trace.over-budget", **counts}
    case = CaseFolder.open(tmp_path / "case")
    assert [case.names(part) for part in Part] == [[]] * len(Part)
    assert set(files(tmp_path / "case")) == {"manifest.json"}
    assert kinds(tmp_path / "case") == ["warrant.verified", "records.read", "trace.bound", "trace.refused"]


def test_a_program_is_told_by_how_much_the_budget_is_exceeded(store: Path, tmp_path: Path) -> None:
    error = run_json(*arguments(store, tmp_path, budgets=Budgets(numbers=2)), expect=4)["error"]
    assert (error["code"], error["counts"]) == ("trace.over-budget", {"numbers": 3, "allowed": 2})


def test_a_refused_second_stage_leaves_the_first_as_it_was(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    run(*command)
    before = files(tmp_path / "case")
    amendment = write_amendment(tmp_path / "papers", [NEAR, FAR], budgets=Budgets(numbers=1))
    run(*command, *amendment, expect=4)
    assert files(tmp_path / "case") == before


def test_only_counting_writes_no_graph(store: Path, tmp_path: Path) -> None:
    document = run_json(*arguments(store, tmp_path, budgets=Budgets(numbers=2)), "--count-only")
    assert (document["bound"]["numbers"], document["allowed"], document["within"]) == (3, 2, False)
    assert CaseFolder.open(tmp_path / "case").names(Part.GRAPH) == []
    assert kinds(tmp_path / "case") == ["warrant.verified", "records.read", "trace.bound"]


def test_a_second_stage_stands_beside_the_first(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path, hops=1)
    run(*command)
    before = files(tmp_path / "case" / "graph")
    document = run_json(*command, *write_amendment(tmp_path / "papers", [NEAR]))
    assert document["stage"] == 2
    case = CaseFolder.open(tmp_path / "case")
    assert stages(case) == [1, 2]
    assert read_graph(case).scope.warrant == document["warrant"]
    assert files(tmp_path / "case" / "graph").items() >= before.items()
    done = run(*command, expect=4)
    assert "trace.later-stage" in done.stderr


def test_the_papers_in_the_case_verify_again(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    run(*command, *write_amendment(tmp_path / "papers", [NEAR]))
    case = CaseFolder.open(tmp_path / "case")
    papers = Documents.read(case)
    policy = parse_policy(papers.policy, revocations=papers.revocations)
    scope = verify_warrant(papers.warrant, policy, clock=system_clock, amendments=papers.amendments)
    assert scope.digest == read_graph(case).scope.warrant


def test_a_folder_that_holds_another_case_is_refused(store: Path, tmp_path: Path) -> None:
    run(*arguments(store, tmp_path))
    before = files(tmp_path / "case")
    done = run(*arguments(store, tmp_path, case="another-case"), expect=4)
    assert "another case" in done.stderr
    assert files(tmp_path / "case") == before


def test_a_folder_that_is_no_case_is_left_alone(store: Path, tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "notes.txt").write_text("mine")
    done = run(*arguments(store, tmp_path), expect=3)
    assert "case.not-a-case" in done.stderr
    assert os.listdir(tmp_path / "case") == ["notes.txt"]


def test_an_expired_warrant_leaves_only_its_refusal(store: Path, tmp_path: Path) -> None:
    done = run(*arguments(store, tmp_path, expires=datetime(2026, 3, 20, tzinfo=UTC)), expect=4)
    assert "warrant.expired" in done.stderr
    assert "warrant.json: " in done.stderr, "the error names the file, not only what it is"
    require_only_refused(tmp_path / "case", "warrant.expired")


def test_who_tries_a_warrant_that_does_not_hold_is_in_the_log_of_the_case_to_be(store: Path, tmp_path: Path) -> None:
    """Harm stopped: one warrant after another is tried until one passes, and an auditor sees only the last."""
    command = arguments(store, tmp_path)
    warrant = tmp_path / "papers" / "warrant.json"
    good = warrant.read_bytes()
    warrant.write_bytes(sign(document((SEED,)).encode(), STRANGER))
    run(*command, expect=4)
    require_only_refused(tmp_path / "case", "warrant.unknown-signer")
    run("cells", tmp_path / "case", expect=3)
    warrant.write_bytes(good)
    run(*command)
    assert kinds(tmp_path / "case") == [
        "warrant.refused", "warrant.verified", "records.read", "trace.bound", "graph.written"
    ]  # fmt: skip


def test_a_refusal_that_can_be_logged_nowhere_is_not_shown_as_one(store: Path, tmp_path: Path) -> None:
    """The folder is named wrong: that is what is said, and whoever mends it is refused with a log to tell of it."""
    command = arguments(store, tmp_path)
    (tmp_path / "papers" / "warrant.json").write_bytes(sign(document((SEED,)).encode(), STRANGER))
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "notes.txt").write_text("mine")
    assert "case.not-a-case" in run(*command, expect=3).stderr
    assert os.listdir(tmp_path / "case") == ["notes.txt"]


def test_an_altered_warrant_makes_no_case(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    signed = sign(document((SEED,)).encode(), JUDGE)
    (tmp_path / "papers" / "warrant.json").write_bytes(signed.replace(b'"payload"', b'"payl0ad"'))
    assert run(*command, expect=3).stderr
    assert not (tmp_path / "case").exists()


def test_a_refusal_is_in_the_log_of_the_case(store: Path, tmp_path: Path) -> None:
    words = arguments(store, tmp_path)
    run(*words)
    before = kinds(tmp_path / "case")
    warrant = tmp_path / "papers" / "warrant.json"
    warrant.write_bytes(sign(document((SEED,)).encode(), STRANGER))
    run(*words, expect=4)
    assert kinds(tmp_path / "case") == [*before, "warrant.refused"]
    body = FileLog(tmp_path / "case" / "log" / "log.jsonl", system_clock).entries()[-1].entry.body
    assert body == {"code": "warrant.unknown-signer", "file": hashlib.sha256(warrant.read_bytes()).hexdigest()}


def test_without_a_policy_nobody_may_trace(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    (tmp_path / "papers" / "policy.toml").unlink()
    assert "policy.absent" in run(*command, expect=4).stderr
    require_only_refused(tmp_path / "case", "policy.absent")


def test_a_store_that_is_not_there_makes_no_case(tmp_path: Path) -> None:
    done = run(*arguments(tmp_path / "nowhere", tmp_path), expect=3)
    assert "store.missing" in done.stderr
    assert not (tmp_path / "case").exists()


def test_a_holder_named_like_a_number_is_refused(store: Path, tmp_path: Path) -> None:
    done = run(*arguments(store, tmp_path), "--holder", "0790 123 4567", expect=2)
    assert "0790" not in done.stderr
    assert not (tmp_path / "case").exists()


@pytest.mark.parametrize(
    ("seeds", "scope", "numbers", "said"),
    [
        (("+4915112345678",), {}, [1, 0, 0], "No seed occurs in any record of the window"),
        ((SEED, "+4915112345678"), {}, [2, 1, 1], "1 of 2 occur in no record of the window"),
        ((NEAR,), {"hub_limit": 1}, [1, 0, 0], "1 of 1 are hubs (more than 1 contacts): not followed"),
        ((SEED,), {"begin": END + DAY, "end": END + 2 * DAY, "issued": END + 3 * DAY}, [1, 0, 0], "No seed occurs"),
    ],
    ids=["absent", "one absent", "a hub", "a window without records"],
)
def test_an_empty_result_is_said_plainly(
    store: Path, tmp_path: Path, seeds: tuple[str, ...], scope: dict[str, Any], numbers: list[int], said: str
) -> None:
    done = run(*arguments(store, tmp_path, *seeds, **scope))
    assert said in done.stdout
    graph = read_graph(CaseFolder.open(tmp_path / "case"))
    assert list(graph.bound.numbers_by_hop) == numbers


def test_an_empty_store_gives_the_seeds_alone(tmp_path: Path) -> None:
    empty = make_store(tmp_path, [])
    done = run(*arguments(empty, tmp_path))
    assert "the graph holds only the seeds" in done.stdout


def test_no_number_is_shown_or_logged(store: Path, tmp_path: Path) -> None:
    done = run(*arguments(store, tmp_path))
    log = (tmp_path / "case" / "log" / "log.jsonl").read_text()
    assert not any(number[1:] in done.stdout + done.stderr + log for number in (SEED, NEAR, FAR, BEYOND))


def test_nobody_else_may_read_the_case(store: Path, tmp_path: Path) -> None:
    run(*arguments(store, tmp_path))
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "case").rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (tmp_path / "case").rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_blinded_seeds_are_pointed_to_the_joint_trace(store: Path, tmp_path: Path) -> None:
    joint = Joint(trace="ab" * 32, case_order="cd" * 32, roots=("ef" * 32,))
    given = arguments(store, tmp_path, Blinded(bytes([1] * 32)), joint=joint)
    judges = [Holder("Judge", "judge", JUDGE.public, "iq"), Holder("Partner", "judge", PARTNER.public, "fr")]
    (tmp_path / "papers" / "policy.toml").write_text(policy_toml(judges, 2, []))
    signed = tmp_path / "papers" / "warrant.json"
    signed.write_bytes(sign(parse_envelope(signed.read_bytes()).payload, JUDGE, PARTNER))
    done = run(*given, expect=4)
    assert "joint trace" in done.stderr
    require_only_refused(tmp_path / "case", "warrant.blinded-seeds")


# What later steps may do with a case


def revocable(store: Path, folder: Path) -> list[str | Path]:
    """``clew trace`` under a policy that names a folder of revocations, an empty one."""
    command = arguments(store, folder, budgets=Budgets(numbers=100, sources=5))
    policy = folder / "papers" / "policy.toml"
    policy.write_text(policy.read_text().replace("threshold = 1\n", 'threshold = 1\nrevocations = "revoked"\n'))
    (folder / "papers" / "revoked").mkdir()
    return command


def later_steps(store: Path, folder: Path) -> list[list[str | Path]]:
    case = folder / "case"
    return [
        ["records", "source", "1:1", "--store", store, "--case", case, "--file", store.parent / "records.csv"],
        ["cells", case],
        ["report", case],
        ["export", case, "--format", "csv", "--out", folder / "out"],
    ]


def test_a_revocation_after_the_trace_stops_every_later_step(store: Path, tmp_path: Path) -> None:
    """Harm stopped: a warrant is revoked, and its case is read, ranked, reported and handed on all the same."""
    run(*revocable(store, tmp_path))
    for step in later_steps(store, tmp_path):
        run(*step)
    before = files(tmp_path / "case")
    papers = tmp_path / "papers"
    (papers / "revoked" / "one.json").write_bytes(revoke((papers / "warrant.json").read_bytes()))
    (tmp_path / "out" / "pairs.csv").unlink()
    for step in later_steps(store, tmp_path):
        assert "warrant.revoked" in run(*step, expect=4).stderr, step
        assert kinds(tmp_path / "case")[-1] == "warrant.refused"
    assert files(tmp_path / "case") == before
    assert not (tmp_path / "out" / "pairs.csv").exists()


def test_a_policy_that_is_gone_is_not_one_without_revocations(store: Path, tmp_path: Path) -> None:
    """Harm stopped: moving the folder of revocations away brings a revoked warrant back."""
    run(*revocable(store, tmp_path))
    papers = tmp_path / "papers"
    (papers / "revoked").rename(papers / "elsewhere")
    for step in later_steps(store, tmp_path):
        done = run(*step, expect=4)
        assert "policy.revocations-missing" in done.stderr, step
        assert "--policy" in done.stderr
    (papers / "elsewhere").rename(papers / "revoked")
    papers.rename(tmp_path / "moved")
    steps = later_steps(store, tmp_path)
    assert "policy.revocations-missing" in run(*steps[1], expect=4).stderr
    for step in steps:
        run(*step, "--policy", tmp_path / "moved" / "policy.toml")
    (tmp_path / "moved" / "revoked" / "one.json").write_bytes(
        revoke((tmp_path / "moved" / "warrant.json").read_bytes())
    )
    for step in steps:
        done = run(*step, "--policy", tmp_path / "moved" / "policy.toml", expect=4)
        assert "warrant.revoked" in done.stderr, step


def test_a_policy_without_its_revocations_does_not_stand_in_for_one_with_them(store: Path, tmp_path: Path) -> None:
    run(*revocable(store, tmp_path))
    other = tmp_path / "other.toml"
    other.write_text((tmp_path / "papers" / "policy.toml").read_text().replace('revocations = "revoked"\n', ""))
    assert "policy.revocations-missing" in run("cells", tmp_path / "case", "--policy", other, expect=4).stderr


def test_a_revocation_that_the_case_holds_counts_also_when_its_folder_was_emptied(store: Path, tmp_path: Path) -> None:
    command = revocable(store, tmp_path)
    papers = tmp_path / "papers"
    amendment = write_amendment(papers, [NEAR])
    (papers / "revoked" / "two.json").write_bytes(revoke((papers / "stage-2.json").read_bytes()))
    run(*command)
    (papers / "revoked" / "two.json").unlink()
    case = CaseFolder.open(tmp_path / "case")
    kept = Documents.read(case)
    assert len(kept.revocations) == 1
    widened = replace(kept, amendments=((papers / "stage-2.json").read_bytes(),))
    log = FileLog(case.log_path, system_clock)
    with pytest.raises(Refused, match=r"warrant\.revoked"):
        authorise(widened, case, log, system_clock)
    assert amendment


def test_an_older_log_stops_every_step(store: Path, tmp_path: Path) -> None:
    """Harm stopped: putting an older log back, so that less of the budget seems used."""
    command = revocable(store, tmp_path)
    run(*command)
    older = (tmp_path / "case" / "log" / "log.jsonl").read_bytes()
    run("cells", tmp_path / "case")
    (tmp_path / "case" / "log" / "log.jsonl").write_bytes(older)
    for step in [*later_steps(store, tmp_path), command]:
        assert "log.rolled-back" in run(*step, expect=6).stderr, step


def test_one_case_folder_does_not_mix_two_warrants(store: Path, tmp_path: Path) -> None:
    """Harm stopped: a second warrant of the same case name brings a fresh budget to the same folder."""
    run(*arguments(store, tmp_path))
    before = files(tmp_path / "case")
    done = run(*arguments(store, tmp_path, NEAR), expect=4)
    assert "trace.other-warrant" in done.stderr
    assert files(tmp_path / "case") == before
    assert kinds(tmp_path / "case")[-1] == "trace.refused"


def test_only_graphs_of_the_warrant_that_the_case_holds_are_opened(store: Path, tmp_path: Path) -> None:
    run(*arguments(store, tmp_path))
    case = CaseFolder.open(tmp_path / "case")
    papers = Documents.read(case)
    assert [graph.scope.warrant for graph in graphs_under(case, papers)] == papers.chain()
    with pytest.raises(Refused, match=r"cells\.other-warrant"):
        graphs_under(case, replace(papers, warrant=sign(document((NEAR,)).encode(), JUDGE)))


def test_a_policy_made_out_of_an_older_one_keeps_its_revocations(store: Path, tmp_path: Path) -> None:
    """Harm stopped: a key is rotated as the page says, and a revoked warrant is traced again."""
    command = revocable(store, tmp_path)
    papers = tmp_path / "papers"
    (papers / "revoked" / "one.json").write_bytes(revoke((papers / "warrant.json").read_bytes()))
    (papers / "new.pub.toml").write_text(holder_toml(Holder("Over the threshold", "judge", CLERK.public)))
    (tmp_path / "next").mkdir()
    made = ["warrant", "policy", papers / "policy.toml", papers / "new.pub.toml"]
    for out in (papers / "policy-2027.toml", tmp_path / "next" / "policy.toml"):
        run(*made, "--out", out)
        rotated = [*command[:5], "--policy", out, *command[7:]]
        assert "warrant.revoked" in run(*rotated, expect=4).stderr
    other = run(*made, "--revocations", "others", "--out", papers / "third.toml", expect=2)
    assert "policy.other-revocations" in other.stderr
    assert not (papers / "third.toml").exists()


def test_a_trace_into_a_case_takes_no_policy_that_forgot_the_revocations(store: Path, tmp_path: Path) -> None:
    """Harm stopped: a policy without its folder brings a revoked warrant back into its case."""
    command = revocable(store, tmp_path)
    run(*command)
    papers = tmp_path / "papers"
    bare = tmp_path / "bare.toml"
    bare.write_text((papers / "policy.toml").read_text().replace('revocations = "revoked"\n', ""))
    again = [*command[:5], "--policy", bare, *command[7:]]
    assert "policy.revocations-missing" in run(*again, expect=4).stderr
    check = ["warrant", "verify", papers / "warrant.json", "--policy", bare, "--case", tmp_path / "case"]
    assert "policy.revocations-missing" in run(*check, expect=4).stderr


def test_a_check_against_a_case_says_what_a_trace_into_it_would(store: Path, tmp_path: Path) -> None:
    """Harm stopped: a warrant is called good for a folder that refuses it."""
    run(*arguments(store, tmp_path))
    case, papers = tmp_path / "case", tmp_path / "papers"
    before = (case / "log" / "log.jsonl").read_bytes()
    check = ["warrant", "verify", papers / "warrant.json", "--policy", papers / "policy.toml"]
    assert "no case given" in run(*check).stdout
    assert "no case given" not in run(*check, "--case", case).stdout
    write_papers(papers, [NEAR])
    error = run_json(*check, "--case", case, expect=4)["error"]
    assert (error["code"], error["counts"]) == ("trace.other-warrant", {"check": 9})
    write_papers(papers, [SEED], case="other")
    assert "trace.other-case" in run(*check, "--case", case, expect=4).stderr
    assert (case / "log" / "log.jsonl").read_bytes() == before
    (case / "log" / "log.jsonl").write_bytes(before.splitlines(keepends=True)[0])
    assert "log.rolled-back" in run(*check, "--case", case, expect=6).stderr


def test_a_warrant_whose_amendment_was_traced_is_refused_and_that_is_logged(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    run(*command)
    run(*command, *write_amendment(tmp_path / "papers", [NEAR]))
    assert "trace.later-stage" in run(*command, expect=4).stderr
    assert kinds(tmp_path / "case")[-1] == "trace.refused"


def test_a_folder_name_that_is_too_long_is_no_bug(store: Path, tmp_path: Path) -> None:
    command = arguments(store, tmp_path)
    command[-1] = tmp_path / ("x" * 300)
    assert "case.unwritable" in run(*command, expect=6).stderr
    assert "case.unwritable" in run("cells", tmp_path / ("x" * 300), expect=6).stderr
