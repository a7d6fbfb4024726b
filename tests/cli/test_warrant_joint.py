"""Drafting and signing a joint warrant: seeds blinded for the document, computed again by whoever signs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clew.joint.seeds import SeedShare
from clew.node.drafting import drafted, shares_file
from clew.warrants.document import Warrant, parse_document
from clew.warrants.dsse import parse_envelope
from tests.command import run, run_json
from tests.node_pair import BUDGETS, SEED, Desks, desks
from tests.node_processes import judges_keys
from tests.warrants import EXPIRES, ISSUED

OTHER = "+9647901000099"
WORDS = ["--authority", "Court of Example", "--legal-basis", "Article 1", "--purpose", "Find the group"]


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], bytes, tuple[SeedShare, ...]]:
    """The terms of a trace to which both sides have committed, its drafted warrant, and what blinds its seed."""
    pair: Desks = desks(tmp_path_factory.mktemp("pair"))
    pair.committed()
    terms = pair.a.terms_document()
    words = {"authority": "Court of Example", "legal_basis": "Article 1", "purpose": "Find the group"}
    warrant, shares = drafted(
        terms, [SEED], os.urandom(32), hops=2, budgets=BUDGETS, issued=ISSUED, expires=EXPIRES, **words
    )
    return terms, warrant.encode(), shares


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    return judges_keys(tmp_path_factory.mktemp("keys"))[0]


def written(folder: Path, draft: Any) -> tuple[Path, Path]:
    terms, warrant, shares = draft
    (folder / "w.json").write_bytes(warrant)
    (folder / "s.json").write_bytes(shares_file(terms["trace"], shares))
    return folder / "w.json", folder / "s.json"


def test_nobody_signs_a_blinded_warrant_whose_seeds_it_has_not_seen(
    tmp_path: Path, draft: Any, key: list[str | Path]
) -> None:
    warrant, _ = written(tmp_path, draft)
    refused = run_json("warrant", "sign", warrant, *key, "--yes", expect=4)
    assert refused["error"]["code"] == "node.seeds-unseen"
    assert not (tmp_path / "w.signed.json").exists()


def test_nobody_is_shown_one_seed_and_signs_another(tmp_path: Path, draft: Any, key: list[str | Path]) -> None:
    warrant, seeds = written(tmp_path, draft)
    document = json.loads(seeds.read_bytes())
    document["seeds"][0]["number"] = OTHER
    seeds.write_text(json.dumps(document))
    for command in (["sign", warrant, *key, "--yes"], ["show", warrant]):
        refused = run_json("warrant", *command, "--seeds", seeds, expect=4)
        assert refused["error"]["code"] == "joint.seeds-differ"
        assert OTHER not in json.dumps(refused)
    assert not (tmp_path / "w.signed.json").exists()


def test_whoever_signs_is_shown_the_numbers_that_the_points_stand_for(
    tmp_path: Path, draft: Any, key: list[str | Path]
) -> None:
    warrant, seeds = written(tmp_path, draft)
    shown = run("warrant", "sign", warrant, *key, "--seeds", seeds, "--yes").stdout
    assert f"exactly those of these numbers:\n    {SEED}\n" in shown
    signed = parse_envelope((tmp_path / "w.signed.json").read_bytes())
    assert signed.payload == draft[1]
    assert SEED.encode() not in signed.payload
    assert run_json("warrant", "show", tmp_path / "w.signed.json", "--seeds", seeds)["seeds"] == [SEED]


def test_options_of_a_joint_draft_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    """A person who means a joint trace does not get a warrant with the seeds in the clear."""
    alone = run_json("warrant", "draft", "--case", "x", "--unmaskings", "3", expect=2, folder=tmp_path)
    assert alone["error"]["code"] == "node.draft-alone"
    fixed = run_json("warrant", "draft", "--node", "n", "--case", "1", "--hub-limit", "9", expect=2, folder=tmp_path)
    assert fixed["error"]["code"] == "node.draft-fixed"
    unnamed = run_json("warrant", "draft", "--node", "n", *WORDS, expect=2, folder=tmp_path)
    assert unnamed["error"]["code"] == "node.draft-trace"
    assert not list(tmp_path.iterdir())


def test_a_warrant_in_the_clear_takes_no_file_of_seeds(tmp_path: Path, key: list[str | Path]) -> None:
    window = ["--from", "2026-03-01", "--through", "2026-03-14", "--expires", "2198-01-01"]
    run("warrant", "draft", "--case", "x", *WORDS, "--seed", SEED, *window, "--yes", folder=tmp_path)
    found = parse_document((tmp_path / "warrant.json").read_bytes())
    assert isinstance(found, Warrant)
    assert found.joint is None
    (tmp_path / "s.json").write_text("{}")
    asked = ["warrant", "sign", "warrant.json", *key, "--seeds", "s.json", "--yes"]
    assert run_json(*asked, expect=2, folder=tmp_path)["error"]["code"] == "node.seeds-clear"
