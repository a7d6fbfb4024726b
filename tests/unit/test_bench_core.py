"""The benchmarks of group arithmetic and overlap check do what they say, on few items."""

from statistics import median

import pytest

from bench import core, overlap
from clew.joint import group


@pytest.mark.parametrize("backend", group.backends())
def test_every_line_runs_on_every_backend(backend: str) -> None:
    core.core._use_backend(backend)
    try:
        lines = list(core.Work(2 * core.ROW).lines())
        for line in lines:
            assert min(core._timed(line, 1)) >= 0
    finally:
        core.core._use_backend(None)
    assert len({line.name for line in lines}) == len(lines) > 12
    assert {call for line in lines for call in line.sodium} == set(core.CALLS)


def test_both_ways_of_the_overlap_check_find_what_is_common() -> None:
    assert overlap.balanced(200, 20).counted.wall > 0
    found = overlap.unbalanced(30, 200, 10)
    assert median(one.wall for one in found.online) > 0
    assert found.offline.wall > 0


def test_a_peer_that_is_not_here_is_named_with_the_reason() -> None:
    (figure,) = overlap._against("spu not installed: no wheel for this machine", "overlap", 1.0, 1)
    assert figure.ratio is None
    assert figure.note == "spu not installed: no wheel for this machine"
