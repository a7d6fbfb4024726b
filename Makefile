# One way in. On a fresh machine with Python 3.11+, Rust and make, nothing else is installed by hand.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS := .tools
UV := $(TOOLS)/bin/uv
RUN := $(UV) run --locked --no-sync
PYTHON ?= python3

# Some machines forbid Python to keep what it compiled. Each of the many commands that the tests run would then compile
# everything that it imports again, which takes longer than most of them.
unexport PYTHONDONTWRITEBYTECODE

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

# The second run has what this processor may lack (docs/explain/kernels.md). It leaves out two long tests that are not about
# arithmetic: 65,536 items to cross a limit, and bytes that are no proof.
rust:  ## the Rust crates' own tests
	cargo test --locked --quiet --workspace --exclude clew-py
	RUSTFLAGS="$${RUSTFLAGS:-} --cfg curve25519_dalek_backend=\"serial\"" cargo test --locked --quiet \
	  --target-dir "$${CARGO_TARGET_DIR:-target}/modelled" --lib --tests \
	  -p clew-kernels -p clew-core --features clew-kernels/modelled -- \
	  --skip batches_longer_than_a_proof_can_cover --skip arbitrary_bytes_are_no_proof
	@"$${CARGO_TARGET_DIR:-target}/debug/examples/backends"
	@test -e ../shared/vectors/joint-trace-1.json || \
	  echo "NOT TESTED: the values of ../shared/vectors/joint-trace-1.json, which is absent"

lint: setup  ## formatting and lint, Python and Rust
	$(RUN) ruff format --check python tests bench
	$(RUN) ruff check python tests bench
	cargo fmt --check
	cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	cargo clippy --locked --quiet -p clew-kernels --all-targets --features modelled -- -D warnings

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
