"""Lines of code as coloured pieces, so that marks can be laid over them. Output is escaped here and nowhere else."""

from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import escape
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from ropewalk.edges.web.diffs.words import Range

Piece = tuple[str, str]  # Pygments' short class, text
MAX_CHARS = 64 << 10
_LONGEST_LINE = 2000  # minified code takes lexers long and shows nobody anything


@lru_cache(maxsize=256)
def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _class(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    return STANDARD_TYPES.get(kind, "")


def coloured(path: str, text: str) -> list[list[Piece]] | None:
    """Each line's pieces; None when there is nothing to colour: an unknown kind of file, a large one, very long lines."""
    lexer = _lexer(path.rpartition("/")[2])
    if lexer is None or len(text) > MAX_CHARS:
        return None
    text = text.replace("\r\n", "\n")
    if "\r" in text or max(map(len, text.split("\n"))) > _LONGEST_LINE:
        return None
    lines: list[list[Piece]] = [[]]
    for kind, value in lexer.get_tokens(text):
        name = _class(kind)
        first, *others = value.split("\n")
        if first:
            lines[-1].append((name, first))
        for part in others:
            lines.append([(name, part)] if part else [])
    return lines


def html_of(text: str, pieces: Sequence[Piece] | None, ranges: Sequence[Range] = ()) -> str:
    """A line as escaped HTML with its colours and, around ``ranges``, marks. Pieces of another text are not used."""
    if pieces is None or "".join(value for _, value in pieces) != text:
        pieces = [("", text)]
    out, at, marked = [], 0, list(ranges)
    for name, value in pieces:
        for start, end, mark in _cut(at, at + len(value), marked):
            names = " ".join(filter(None, (name, "x" if mark else "")))
            shown = escape(text[start:end])
            out.append(f'<span class="{names}">{shown}</span>' if names else shown)
        at += len(value)
    return "".join(out)


def _cut(start: int, end: int, ranges: list[Range]) -> list[tuple[int, int, bool]]:
    """The stretch in parts that are wholly inside or outside the ranges."""
    parts, at = [], start
    for first, last in ranges:
        if last <= at or first >= end:
            continue
        if first > at:
            parts.append((at, first, False))
            at = first
        stop = min(last, end)
        parts.append((at, stop, True))
        at = stop
    if at < end:
        parts.append((at, end, False))
    return parts
