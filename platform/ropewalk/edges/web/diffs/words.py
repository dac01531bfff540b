"""Which words of a changed line changed. Pure."""

import re

from rapidfuzz.distance import Indel

Range = tuple[int, int]
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_WORDS = 400
_LEAST_ALIKE = 0.35


def marks(old: str, new: str) -> tuple[list[Range], list[Range]]:
    """The character ranges of each side that the other has not; none at all when the lines have little in common.

    Outside the ranges both sides are the same text.
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    if not before or not after or len(before) > _MOST_WORDS or len(after) > _MOST_WORDS:
        return [], []
    places = _places(before), _places(after)
    found: tuple[list[Range], list[Range]] = [], []
    same = 0
    for step in Indel.opcodes(before, after):
        if step.tag == "equal":
            words = before[step.src_start : step.src_end]
            same += sum(len(word) for word in words if not word.isspace())
            continue
        spans = (step.src_start, step.src_end), (step.dest_start, step.dest_end)
        for side, place, (start, end) in zip(found, places, spans, strict=True):
            if end > start:
                _append(side, place[start], place[end])
    longest = max(_ink(before), _ink(after))
    return found if same >= _LEAST_ALIKE * longest else ([], [])


def _ink(words: list[str]) -> int:
    return sum(len(word) for word in words if not word.isspace())


def _places(words: list[str]) -> list[int]:
    """Where each word begins, and where the last one ends."""
    place, at = [0], 0
    for word in words:
        at += len(word)
        place.append(at)
    return place


def _append(ranges: list[Range], start: int, end: int) -> None:
    if ranges and ranges[-1][1] == start:
        ranges[-1] = (ranges[-1][0], end)
    else:
        ranges.append((start, end))
