"""The Pareto front of two metrics: the runs that no other run beats in both."""

import math
from collections.abc import Sequence

Point = tuple[float, float]


def front(points: Sequence[Point | None], higher: tuple[bool, bool]) -> list[int]:
    """Positions of the points that no other one dominates: is at least as good in both and better in one.

    ``higher`` says of each metric whether more is better. Points that are None or not finite take no part; equal ones are all in.
    Sorted by the first metric, the best first. O(n log n) (Kung, Luccio, Preparata 1975, in two dimensions).
    """
    signs = tuple(1.0 if more else -1.0 for more in higher)
    known = [
        (signs[0] * point[0], signs[1] * point[1], position)
        for position, point in enumerate(points)
        if point is not None and all(math.isfinite(value) for value in point)
    ]
    known.sort(key=lambda one: (-one[0], -one[1], one[2]))
    found: list[int] = []
    best, last = -math.inf, None
    for x, y, position in known:
        if y > best or (x, y) == last:
            found.append(position)
            best, last = max(best, y), (x, y)
    return found
