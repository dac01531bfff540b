"""Which cells of two notebooks are the same cell: equal ones first, then nbdime between them, then those that moved."""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import nbdime

_MOST_CHARS = 400  # of a cell's source that nbdime compares: its likeness takes quadratic time
_MOST_PAIRS = 2500  # of one stretch
_MOST_PAIRS_IN_ALL = 10_000
Pairing = tuple[int | None, int | None, bool]


class Alignable(Protocol):
    """What of a cell decides."""

    @property
    def kind(self) -> str:
        """``code``, ``markdown`` or ``raw``."""

    @property
    def source(self) -> str:
        """Its text."""

    @property
    def id(self) -> str:
        """Its id in newer notebooks, else empty."""


def aligned(
    old: Sequence[Alignable], new: Sequence[Alignable], progress: Callable[[float], None]
) -> list[Pairing]:
    """Every cell of both once, in the new order: (old place, new place, whether it moved); None for a side that lacks it."""
    pairs: list[tuple[int | None, int | None]] = []
    looks = [(cell.kind, cell.source) for cell in old], [(cell.kind, cell.source) for cell in new]
    matcher = difflib.SequenceMatcher(None, *looks, autojunk=False)
    budget, total = _MOST_PAIRS_IN_ALL, max(len(new), 1)
    for tag, start, end, other, other_end in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(range(start, end), range(other, other_end), strict=True)
            continue
        size = (end - start) * (other_end - other)
        if tag == "replace" and size <= min(_MOST_PAIRS, budget):
            budget -= size
            pairs += [
                (None if a is None else a + start, None if b is None else b + other)
                for a, b in _alike(old[start:end], new[other:other_end])
            ]
        else:
            pairs += [(place, None) for place in range(start, end)]
            pairs += [(None, place) for place in range(other, other_end)]
        progress(other_end / total)
    return _with_moves(old, new, pairs)


def _alike(old: Sequence[Alignable], new: Sequence[Alignable]) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of a stretch without equal cells, as nbdime finds them: by id, then by how alike their sources are."""
    operations = nbdime.diff_notebooks(_stub(old), _stub(new))
    cells: list[Any] = next((one["diff"] for one in operations if one["key"] == "cells"), [])
    at, there = 0, 0
    for one in [*cells, {"op": "end", "key": len(old)}]:
        while at < one["key"]:
            yield at, there
            at, there = at + 1, there + 1
        if one["op"] == "addrange":
            for _ in one["valuelist"]:
                yield None, there
                there += 1
        elif one["op"] == "removerange":
            for _ in range(one["length"]):
                yield at, None
                at += 1


def _stub(cells: Sequence[Alignable]) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": cell.kind, "source": cell.source[:_MOST_CHARS], "metadata": {}, "outputs": []}
            | ({"id": cell.id} if cell.id else {})
            for cell in cells
        ],
    }


def _with_moves(
    old: Sequence[Alignable], new: Sequence[Alignable], pairs: list[tuple[int | None, int | None]]
) -> list[Pairing]:
    """Join cells that went at one place and came at another: those of one id, then those of one text."""
    gone = [a for a, b in pairs if b is None and a is not None]
    origin: dict[int, int] = {}
    for look in (lambda cell: cell.id, lambda cell: (cell.kind, cell.source) if cell.source.strip() else ""):
        places: dict[Any, list[int]] = defaultdict(list)
        taken = set(origin.values())
        for place in reversed(gone):
            if place not in taken and look(old[place]):
                places[look(old[place])].append(place)
        for a, b in pairs:
            if a is None and b is not None and b not in origin and places.get(look(new[b])):
                origin[b] = places[look(new[b])].pop()
    moved = set(origin.values())
    found: list[Pairing] = []
    for a, b in pairs:
        if a is None and b in origin:
            found.append((origin[b], b, True))
        elif b is not None or a not in moved:
            found.append((a, b, False))
    return found
