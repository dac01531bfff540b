"""Places of a graph's boxes: none lies on another, arrows lead to the right, circles are drawn all the same."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as some

from ropewalk.edges.web.pipeline.layout import COLUMN, HEIGHT, ROW, WIDTH, lay_out

_NODES = some.integers(1, 30)
_PAIRS = some.lists(some.tuples(some.integers(0, 29), some.integers(0, 29)), max_size=60)


def graph(count: int, pairs: list[tuple[int, int]]) -> tuple[list[str], list[tuple[str, str]]]:
    names = [f"n{number}" for number in range(count)]
    return names, sorted({(f"n{a}", f"n{b}") for a, b in pairs if a < count and b < count})


@given(_NODES, _PAIRS)
@settings(max_examples=150, deadline=None)
def test_boxes_lie_apart_inside_the_drawing(count: int, pairs: list[tuple[int, int]]):
    nodes, edges = graph(count, pairs)
    laid = lay_out(nodes, edges)
    assert set(laid.places) == set(nodes) and len(laid.paths) == len(edges)
    for x, y in laid.places.values():
        assert x >= 0 and y >= 0 and x + WIDTH <= laid.width + 0.01 and y + HEIGHT <= laid.height + 0.01
    for (x, y), (other_x, other_y) in combinations(laid.places.values(), 2):
        assert x != other_x or abs(y - other_y) >= HEIGHT


@given(_NODES, _PAIRS)
@settings(max_examples=100, deadline=None)
def test_without_circles_all_arrows_lead_to_the_right(count: int, pairs: list[tuple[int, int]]):
    nodes, edges = graph(count, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]])
    places = lay_out(nodes, edges).places
    assert all(places[a][0] < places[b][0] for a, b in edges)


def test_a_chain_is_level_and_data_stands_before_its_user():
    laid = lay_out(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("d", "c")])
    (ax, ay), (bx, by), (cx, _), (dx, dy) = (laid.places[name] for name in "abcd")
    assert (bx - ax, cx - bx, dx) == (COLUMN, COLUMN, bx) and ay == by and abs(dy - by) >= ROW - 0.01


def test_a_long_arrow_passes_between_the_boxes():
    laid = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    assert "H" in laid.paths[2] and "H" not in laid.paths[0]


def test_a_fork_into_many_is_sorted_by_what_follows():
    left, right = [f"l{n}" for n in range(8)], [f"r{n}" for n in range(8)]
    edges = [(a, right[7 - n]) for n, a in enumerate(left)]
    places = lay_out(left + right, edges).places
    assert all(abs(places[a][1] - places[b][1]) < 0.01 for a, b in edges)
