"""``make bench``: the cost of profiles and drift reports stays within its limits."""

from tests.benchmarks.drift import measure


def test_the_cost_of_drift() -> None:
    assert measure(rows=1_000_000, files=1) == []
