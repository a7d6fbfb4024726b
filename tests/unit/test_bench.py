"""What makes a benchmark fail."""

from __future__ import annotations

from bench import Figure
from bench.__main__ import failures, kept_for, line


def test_a_missed_target_a_fallen_ratio_and_a_measure_that_was_not_taken_fail() -> None:
    good = Figure("a", 0.25, "of its rate", least=0.18, ratio=0.25)
    assert failures([good], {"a": 0.3}) == []
    assert failures([good], {"a": 0.4}) == ["slower than it was: a: 0.250, was 0.400"]
    assert failures([good], {"a": 0.25, "b": 1.0}) == ["not measured: b"]
    large = Figure("memory", 5.0, "GiB", most=4.0)
    (failed,) = failures([large], {})
    assert "target missed: memory" in failed
    assert "MISSED" in line(large)
    assert "met" in line(good)


def test_a_slow_machine_alone_fails_nothing_and_is_not_hidden() -> None:
    slow = Figure("trace", 0.7, "s", most=0.5, ratio=2.0)
    assert failures([slow], {"trace": 2.1}) == []
    assert "MISSED" in line(slow)
    assert failures([slow], {"trace": 3.0}) == ["slower than it was: trace: 2.000, was 3.000"]
    assert failures([Figure("rate", 10, "rows/s", least=20)], {}) == []


def test_a_processor_without_kept_ratios_is_compared_with_the_lowest_of_any_and_another_with_its_own() -> None:
    baseline = {"a": {"avx2: name": 2.6, "import": 0.4}, "b": {"avx2: name": 1.8, "ifma: name": 9.0}}
    assert kept_for("a", baseline) == {"avx2: name": 2.6, "import": 0.4, "ifma: name": 9.0}
    assert kept_for("c", baseline) == {"avx2: name": 1.8, "import": 0.4, "ifma: name": 9.0}
