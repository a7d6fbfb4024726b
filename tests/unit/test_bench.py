"""What makes a benchmark fail."""

from __future__ import annotations

from bench import Figure
from bench.__main__ import failures, line


def test_a_missed_target_a_fallen_ratio_and_a_measure_that_was_not_taken_fail() -> None:
    good = Figure("a", 0.25, "of its rate", least=0.18, ratio=0.25)
    assert failures([good], {"a": 0.3}) == []
    assert failures([good], {"a": 0.4}) == ["slower than it was: a: 0.250, was 0.400"]
    assert failures([good], {"a": 0.25, "b": 1.0}) == ["not measured: b"]
    slow = Figure("trace", 0.7, "s", most=0.5)
    (failed,) = failures([slow], {})
    assert "target missed: trace" in failed
    assert "MISSED" in line(slow)
    assert "met" in line(good)
