"""Two texts as the lines that differ, with some that do not around them."""

import difflib
from typing import Any

_CONTEXT = 3
_MOST_LINES = 4000  # of one side: the comparison may take quadratic time
_LONGEST = 20_000


def hunks_of(old: str, new: str) -> list[list[Any]]:
    """Lists of ``[kind, old number, new number, text]``; ``kind`` is ``context``, ``added`` or ``deleted``. None when equal."""
    if old == new:
        return []
    before, after = _lines(old), _lines(new)
    if before == after:  # beyond what is compared
        return []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > 500)
    hunks = []
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        lines: list[Any] = []
        for tag, start, end, other, other_end in group:
            if tag == "equal":
                pairs = zip(range(start, end), range(other, other_end), strict=True)
                lines += [["context", at + 1, there + 1, before[at]] for at, there in pairs]
                continue
            lines += [["deleted", at + 1, None, before[at]] for at in range(start, end)]
            lines += [["added", None, at + 1, after[at]] for at in range(other, other_end)]
        hunks.append(lines)
    return hunks


def _lines(text: str) -> list[str]:
    if not text:
        return []
    return [line[:_LONGEST] for line in text.split("\n")[:_MOST_LINES]]
