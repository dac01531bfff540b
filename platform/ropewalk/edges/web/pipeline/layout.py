"""Places for the boxes of a graph in columns from left to right, each after all that it needs. Pure.

The usual four steps: columns by the longest way, points where an edge passes a column, an order in each column with few
crossings, and heights near the neighbours'. Edges that close a circle are drawn and otherwise left aside.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

COLUMN, ROW = 284.0, 62.0  # from box to box
WIDTH, HEIGHT = 212.0, 46.0  # of a box
MARGIN = 12.0
_PASS_GAP = 16.0  # between edges that pass a column
_SWEEPS = 6
_MOST_PASSES = 4000  # above it long edges are drawn straight

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Laid:
    """``places`` are the boxes' left upper corners; ``paths`` the edges as SVG draws them, in the order they were given."""

    places: dict[Hashable, tuple[float, float]]
    paths: list[str]
    width: float
    height: float


def lay_out(nodes: Sequence[Hashable], edges: Sequence[tuple[Hashable, Hashable]]) -> Laid:
    """Places for nodes with edges from what is needed to what needs it."""
    forward = _acyclic(nodes, edges)
    column = _columns(nodes, forward)
    passes = sum(max(column[b] - column[a] - 1, 0) for a, b in forward)
    ways = {edge: _way(edge, column, passes <= _MOST_PASSES) for edge in forward}
    columns, before, after = _filled(nodes, column, ways)
    _order(columns, before, after)
    heights = _heights(columns, before, after)
    places = {node: (MARGIN + column[node] * COLUMN, heights[node] - HEIGHT / 2) for node in nodes}
    paths = [
        _path([places[a], *(_point(one, heights) for one in ways.get((a, b), ())), places[b]])
        if a != b
        else ""
        for a, b in edges
    ]
    bottom = max(heights.values(), default=0.0) + HEIGHT / 2
    return Laid(places, paths, MARGIN * 2 + max(column.values(), default=0) * COLUMN + WIDTH, bottom + MARGIN)


def _acyclic(
    nodes: Sequence[Hashable], edges: Sequence[tuple[Hashable, Hashable]]
) -> list[tuple[Hashable, Hashable]]:
    """The edges but for those that lead back on a walk along them."""
    out: dict[Hashable, list[Hashable]] = defaultdict(list)
    for a, b in dict.fromkeys(edges):
        out[a].append(b)
    kept: list[tuple[Hashable, Hashable]] = []
    state: dict[Hashable, int] = {}
    for root in nodes:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(out[root]))]
        while stack:
            node, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                state[node] = 2
                stack.pop()
            elif state.get(target) != 1:  # 1: it is on the way to here, so this edge would close a circle
                kept.append((node, target))
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(out[target])))
    return kept


def _columns(nodes: Sequence[Hashable], edges: Sequence[tuple[Hashable, Hashable]]) -> dict[Hashable, int]:
    needs: dict[Hashable, set[Hashable]] = {node: set() for node in nodes}
    users: dict[Hashable, set[Hashable]] = {node: set() for node in nodes}
    for a, b in edges:
        needs[b].add(a)
        users[a].add(b)
    column: dict[Hashable, int] = {}
    waiting = {node: len(needs[node]) for node in nodes}
    ready = [node for node in nodes if not waiting[node]]
    for node in ready:
        column[node] = max((column[one] + 1 for one in needs[node]), default=0)
        for user in users[node]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    for node in reversed(ready):  # what needs nothing stands beside its first user
        if not needs[node] and users[node]:
            column[node] = min(column[user] for user in users[node]) - 1
    return column


def _way(edge: tuple[Hashable, Hashable], column: Mapping[Hashable, int], wanted: bool) -> list[Hashable]:
    a, b = edge
    return [(edge, number) for number in range(column[a] + 1, column[b])] if wanted else []


def _filled(
    nodes: Sequence[Hashable],
    column: Mapping[Hashable, int],
    ways: Mapping[tuple[Hashable, Hashable], list[Hashable]],
) -> tuple[list[list[Hashable]], dict[Hashable, list[Hashable]], dict[Hashable, list[Hashable]]]:
    columns: list[list[Hashable]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    before: dict[Hashable, list[Hashable]] = defaultdict(list)
    after: dict[Hashable, list[Hashable]] = defaultdict(list)
    for node in nodes:
        columns[column[node]].append(node)
    for (a, b), way in ways.items():
        for number, one in enumerate(way, column[a] + 1):
            columns[number].append(one)
        chain = [a, *way, b]
        for left, right in pairwise(chain):
            after[left].append(right)
            before[right].append(left)
    return columns, before, after


def _order(
    columns: list[list[Hashable]],
    before: Mapping[Hashable, list[Hashable]],
    after: Mapping[Hashable, list[Hashable]],
) -> None:
    """Sort each column by the middle of its neighbours' places, back and forth."""
    place = {node: float(at) for column in columns for at, node in enumerate(column)}
    for sweep in range(_SWEEPS):
        turn = columns if sweep % 2 == 0 else columns[::-1]
        near = before if sweep % 2 == 0 else after
        for column in turn:
            middle = {node: _mean([place[one] for one in near.get(node, ())], place[node]) for node in column}
            column.sort(key=middle.__getitem__)
            for at, node in enumerate(column):
                place[node] = float(at)


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _heights(
    columns: list[list[Hashable]],
    before: Mapping[Hashable, list[Hashable]],
    after: Mapping[Hashable, list[Hashable]],
) -> dict[Hashable, float]:
    heights: dict[Hashable, float] = {}
    for column in columns:
        at = 0.0
        for previous, node in zip([None, *column], column, strict=False):
            at += _gap(previous, node) if previous is not None else 0.0
            heights[node] = at
    for sweep in range(_SWEEPS):
        near = after if sweep % 2 == 0 else before
        for column in columns[::-1] if sweep % 2 == 0 else columns:
            wanted = [_mean([heights[one] for one in near.get(node, ())], heights[node]) for node in column]
            heights.update(zip(column, _apart(column, wanted), strict=True))
    top = min(heights.values(), default=0.0)
    return {node: at - top + MARGIN + HEIGHT / 2 for node, at in heights.items()}


def _gap(above: Hashable, below: Hashable) -> float:
    passing = isinstance(above, tuple) + isinstance(below, tuple)
    return (ROW, (ROW + _PASS_GAP) / 2, _PASS_GAP)[passing]


def _apart(column: list[Hashable], wanted: list[float]) -> list[float]:
    """Heights near the wanted ones with room between them: the mean of what pushing down and pushing up gives."""
    down, up = list(wanted), list(wanted)
    for at in range(1, len(column)):
        down[at] = max(down[at], down[at - 1] + _gap(column[at - 1], column[at]))
    for at in range(len(column) - 2, -1, -1):
        up[at] = min(up[at], up[at + 1] - _gap(column[at], column[at + 1]))
    return [(low + high) / 2 for low, high in zip(down, up, strict=True)]


def _point(one: Hashable, heights: Mapping[Hashable, float]) -> tuple[float, float]:
    assert isinstance(one, tuple)  # noqa: S101  # an edge and the column that it passes
    return MARGIN + one[1] * COLUMN, heights[one] - HEIGHT / 2


def _path(points: list[tuple[float, float]]) -> str:
    """From the first box's right side to the last one's left side, level through what lies between."""
    x, y = points[0][0] + WIDTH, points[0][1] + HEIGHT / 2
    parts = [f"M{x:.0f} {y:.0f}"]
    for number, (left, upper) in enumerate(points[1:], 1):
        middle = upper + HEIGHT / 2
        bend = max((left - x) / 2, 24.0)
        parts.append(f"C{x + bend:.0f} {y:.0f} {left - bend:.0f} {middle:.0f} {left:.0f} {middle:.0f}")
        x, y = left, middle
        if number < len(points) - 1:
            x += WIDTH
            parts.append(f"H{x:.0f}")
    return "".join(parts)
