# One way in. On a fresh machine with Python 3.11+, Rust and make, nothing else is installed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS := .tools
UV := $(TOOLS)/bin/uv
RUN := $(UV) run --locked --no-sync
PYTHON ?= python3

.PHONY: help setup demo test check bench docs lint types contracts rust fuzz constant-time clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

setup: $(UV)  ## the locked environment with Clew and its Rust core built in
	$(UV) sync --locked --quiet

demo: setup  ## the main job on a synthetic scenario, offline, about a minute
	.venv/bin/clew demo

test: setup rust  ## every test
	$(RUN) pytest -n 2 --dist loadfile tests

rust:  ## the Rust crates' own tests
	cargo test --locked --quiet --workspace --exclude clew-py

lint: setup  ## formatting and lint, Python and Rust
	$(RUN) ruff format --check python tests bench
	$(RUN) ruff check python tests bench
	cargo fmt --check
	cargo clippy --locked --quiet --workspace --all-targets -- -D warnings

types: setup  ## strict types
	$(RUN) mypy

contracts: setup  ## which package may import which
	$(RUN) lint-imports

docs: setup  ## regenerate what is generated: the command reference
	$(RUN) python -m clew.cli.reference docs/reference/commands.md

fuzz: setup  ## parsers against broken input, for a bounded time
	$(RUN) python tests/fuzz.py --seconds 60

constant-time:  ## whether the time of group arithmetic depends on its secrets; minutes, best on an idle machine
	cargo run --locked --quiet --release -p clew-kernels --example constant_time
	cargo test --locked --quiet --release -p clew-core --test delays -- --ignored
	if command -v valgrind > /dev/null; then \
	  cargo run --locked --quiet --release -p clew-kernels --example memcheck --config \
	    'target."cfg(unix)".runner = "valgrind -q --suppressions=crates/clew-kernels/examples/memcheck.supp"'; \
	else echo "valgrind is not installed: the check for branches and addresses was left out"; fi

check: lint types contracts test fuzz  ## what CI runs: lint, types, contracts, tests, docs and help comparison, fuzzing

bench: setup  ## the benchmarks, against their peers and the committed ratios
	-$(UV) sync --locked --quiet --inexact --group bench
	$(RUN) python -m bench

clean:  ## remove what the targets built
	rm -rf $(TOOLS) .venv target .mypy_cache .pytest_cache .ruff_cache .hypothesis
