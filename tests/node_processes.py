"""Two nodes as processes, driven by the real command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.node.asking import ask_node
from clew.warrants.keyfile import seal_key
from clew.warrants.policy import Holder, Requirement, policy_toml
from tests.cli.tracing import make_store
from tests.command import run, run_json
from tests.node_pair import OWN, PASSPHRASE, SEED, THEIRS, Rows, free_port
from tests.warrants import JUDGE, PARTNER


@dataclass
class Process:
    """One node: its folder, and the process that serves it."""

    folder: Path
    name: str
    rows: Rows
    secret: Path = field(init=False)
    running: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.secret = self.folder / "passphrase"
        self.secret.write_text(PASSPHRASE)
        self.secret.chmod(0o600)
        store = make_store(self.folder, self.rows)
        policy = self.folder / "policy.toml"
        judges = [Holder("Judge", "judge", JUDGE.public, "iq"), Holder("Partner", "judge", PARTNER.public, "fr")]
        policy.write_text(policy_toml(judges, 2, [Requirement(1, side="iq"), Requirement(1, side="fr")]))
        options = ["--name", self.name, "--address", f"127.0.0.1:{free_port()}", "--store", store, "--policy", policy]
        run("node", "init", self.node, *options, "--passphrase-file", self.secret)
        run("node", "card", self.node, "--out", self.card)

    @property
    def node(self) -> Path:
        return self.folder / "n"

    @property
    def card(self) -> Path:
        return self.folder / f"{self.name}.card"

    def serve(self, descriptors: int | None = None) -> None:
        """Start it; with ``descriptors`` it may have so many files and connections open."""
        command = [sys.executable, "-m", "clew.cli", "node", "serve", self.node, "--passphrase-file", self.secret]
        with (self.folder / "stderr").open("a") as errors:
            self.running = subprocess.Popen(
                [*(["prlimit", f"--nofile={descriptors}", "--"] if descriptors else []), *map(str, command)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=dict(os.environ),
            )
        assert self.running.stdout is not None
        line = self.running.stdout.readline()
        assert line.startswith(f"Serving {self.name}"), line + (self.folder / "stderr").read_text()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, or kill it; returns its exit code."""
        if self.running is None:
            return 0
        self.running.send_signal(how)
        code = self.running.wait(30)
        assert self.running.stdout is not None
        self.running.stdout.close()
        self.running = None
        return code

    def case(self, what: str, *arguments: str | Path, expect: int = 0) -> Any:
        return run_json("case", what, self.node, *arguments, expect=expect)

    def until(self, state: str, seconds: float = 60) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = ask_node(self.node, {"do": "list"})  # the command itself starts an interpreter each time
            if found and found[-1]["state"] == state:
                return found[-1]
            time.sleep(0.1)
        raise AssertionError(f"waited in vain for {state}: {found} {(self.folder / 'stderr').read_text()}")


def two_processes(folder: Path, own: Rows = OWN, theirs: Rows = THEIRS) -> tuple[Process, Process]:
    a, b = Process(folder / "a", "Tracer", own), Process(folder / "b", "Holder", theirs)
    for one, other in ((a, b), (b, a)):
        run("node", "peer", "add", one.node, other.card)
    return a, b


def drafted_and_signed(tracer: Process, folder: Path, hops: int = 2) -> tuple[Path, Path]:
    """The signed warrant and its file of seeds, made and checked by the commands."""
    warrant, seeds, signed = folder / "w.json", folder / "s.json", folder / "w.signed.json"
    words = ["--authority", "Court of Example", "--legal-basis", "Article 1", "--purpose", "Find the group"]
    limits = ["--expires", "2199-01-01", "--hops", str(hops), "--unmaskings", "2"]
    named = ["--node", tracer.node, "--case", "1", "--seed", SEED, "--out", warrant, "--seeds-out", seeds]
    run("warrant", "draft", *named, *words, *limits, "--yes")
    for key in judges_keys(folder):
        draft = warrant if not signed.exists() else signed
        run("warrant", "sign", draft, *key, "--seeds", seeds, "--yes", "--out", signed)
    return signed, seeds


def judges_keys(folder: Path) -> list[list[str | Path]]:
    """The options that name the key of each side's judge."""
    secret, found = folder / "judges.pass", []
    if not secret.exists():
        secret.write_text(PASSPHRASE)
        secret.chmod(0o600)
    for name, key in (("judge", JUDGE), ("partner", PARTNER)):
        file = folder / f"{name}.key"
        if not file.exists():
            file.write_bytes(seal_key(key, PASSPHRASE, os.urandom))
            file.chmod(0o600)
        found.append(["--key", file, "--passphrase-file", secret])
    return found
