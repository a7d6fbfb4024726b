"""Whatever the processor can do, the same bytes come out."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew import _core
from clew.errors import UsageError
from clew.joint import group
from tests.group_run import everything, using

CHOICES = {"backend", "backends"}
OTHERS = [name for name in _core.backends() if name != "portable"]


def functions() -> set[str]:
    return {name for name in group.__all__ if type(getattr(group, name)).__name__ == "builtin_function_or_method"}


def test_the_run_calls_every_function_that_there_is() -> None:
    assert len(functions()) > 30
    assert functions() - CHOICES - set(everything("portable", 0, 3)) == set()


@pytest.mark.parametrize("backend", OTHERS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1 << 30), count=st.integers(1, 40))
def test_every_backend_gives_the_same_bytes(backend: str, seed: int, count: int) -> None:
    assert everything(backend, seed, count) == everything("portable", seed, count)


@pytest.mark.parametrize("backend", OTHERS)
def test_a_batch_of_many_chunks_gives_the_same_bytes(backend: str) -> None:
    results = []
    for name in (backend, "portable"):
        with using(name):
            scalars = group.SecretScalars.expand(bytes(32), "test", 3001)
            points = group.multiply_base(scalars)
            results.append((points.tobytes(), group.multiply(points, scalars).tobytes()))
    assert results[0] == results[1]


def in_process(variable: str | None, line: str) -> subprocess.CompletedProcess[str]:
    """One line of Python in a new process with ``CLEW_BACKEND`` set so."""
    environment = {name: value for name, value in os.environ.items() if name != "CLEW_BACKEND"}
    if variable is not None:
        environment["CLEW_BACKEND"] = variable
    return subprocess.run(
        [sys.executable, "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


SHOW = "from clew.joint import group; print(group.backend(), group.hash_to_group([b'x'], b'y').tobytes().hex())"


def test_the_variable_chooses_the_backend_once() -> None:
    shown = {name: in_process(name, SHOW).stdout.split() for name in _core.backends()}
    assert [chosen for chosen, _ in shown.values()] == _core.backends()
    assert len({point for _, point in shown.values()}) == 1
    assert in_process(None, SHOW).stdout.split()[0] == _core.backends()[0]
    assert in_process("", SHOW).stdout.split()[0] == _core.backends()[0]
    later = "import os; from clew.joint import group; group.backend(); os.environ['CLEW_BACKEND'] = 'x'; " + SHOW
    assert in_process("portable", later).stdout.split()[0] == "portable"


def test_an_unknown_backend_is_named_and_nothing_is_computed_by_another() -> None:
    """Harm stopped: a machine whose fast path was switched off for a fault goes on using it, for a typing error."""
    done = in_process("portabel", SHOW)
    assert done.returncode == 1
    assert "[group.backend]" in done.stderr
    assert "clew.errors.UsageError" in done.stderr
    with pytest.raises(UsageError) as error:
        _core._use_backend("portabel")
    assert error.value.code == "group.backend"
