"""The Pareto front against its definition."""

import math

from hypothesis import given
from hypothesis import strategies as st

from ropewalk.comparisons.pareto import front

NUMBER = st.sampled_from([0.0, 1.0, 2.0, 3.0, -1.0, math.nan, math.inf])
POINTS = st.lists(st.none() | st.tuples(NUMBER, NUMBER), max_size=12)


@given(POINTS, st.tuples(st.booleans(), st.booleans()))
def test_it_is_what_nothing_dominates(points: list, higher: tuple[bool, bool]) -> None:
    known = {n: p for n, p in enumerate(points) if p is not None and all(map(math.isfinite, p))}

    def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
        gains = [(a - b) * (1 if more else -1) for a, b, more in zip(one, other, higher, strict=True)]
        return min(gains) >= 0 and max(gains) > 0

    expected = {n for n, p in known.items() if not any(beats(other, p) for other in known.values())}
    found = front(points, higher)
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [points[n][0] for n in found] == sorted((points[n][0] for n in found), reverse=higher[0])
