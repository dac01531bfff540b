"""The names of a stored histogram's bars, wherever one is drawn."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ropewalk.edges.web.templatetags.formats import moment

Ends = tuple[str, str]
NOTES = {"asinh": "The bars get wider away from the middle, so that long tails can be seen."}


def bar_labels(histogram: Mapping[str, Any]) -> tuple[list[str], Ends]:
    """What each bar holds, and the ends of the axis; an outer bar may hold everything beyond, which both say."""
    if histogram["axis"] == "discrete":
        values = [moment(value) for value in histogram["values"]]
        return values, (values[0], values[-1]) if values else ("", "")
    edges = [moment(edge) for edge in histogram["edges"]]
    labels = [f"{low} to {high}" for low, high in pairwise(edges)]
    below, above = histogram.get("open", [False, False])
    if labels and below:
        labels[0] = f"below {edges[1]}"
    if labels and above:
        labels[-1] = f"above {edges[-2]}"
    return labels, (f"< {edges[1]}" if below else edges[0], f"> {edges[-2]}" if above else edges[-1])


def note_of(histogram: Mapping[str, Any]) -> str:
    """What there is to say of the axis; empty for an even one."""
    return NOTES.get(histogram["axis"], "")
