"""A file's lines as one table, kept by content: a second view of the same bytes costs no highlighting."""

import hashlib

from django.utils.safestring import SafeString, mark_safe

from ropewalk.core.derived import cache
from ropewalk.edges.web.files.kinds import suffix_of
from ropewalk.edges.web.highlighting import highlighted_lines, split_lines

_WEEK = 7 * 24 * 3600
_VERSION = 2
_WORTH_KEEPING = 2000  # characters; less is highlighted faster than it is fetched
# Marks that change the order in which text is read: code may not mean what it seems to.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def lines_of(path: str, content_hash: str, text: str) -> list[SafeString]:
    """Highlighted lines. ``content_hash`` names the bytes that ``text`` is the beginning of."""
    if len(text) < _WORTH_KEEPING:
        return highlighted_lines(path, text)
    name = path.rpartition("/")[2] if not suffix_of(path) else suffix_of(path)
    digest = hashlib.sha256(f"{_VERSION}\0{content_hash}\0{len(text)}\0{name}".encode()).hexdigest()[:40]
    key = f"web:code:{digest}"
    known: list[str] | None = cache.get(key)
    if known is None:
        known = [str(line) for line in highlighted_lines(path, text)]
        cache.set(key, known, _WEEK)
    return [mark_safe(line) for line in known]  # noqa: S308  # they were safe when they were kept


def code_table(lines: list[SafeString]) -> SafeString:
    """The rows of a table with numbered lines, each with an anchor."""
    rows = [
        f'<tr id="L{number}"><td class="ln"><a href="#L{number}">{number}</a></td><td class="src">{line}</td></tr>'
        for number, line in enumerate(lines, 1)
    ]
    return mark_safe("\n".join(rows))  # noqa: S308  # numbers and safe lines


def turns_text(text: str) -> bool:
    """Whether marks in the text make it read in another order than it is written."""
    return not _TURNING.isdisjoint(text)


def line_count(text: str) -> int:
    """Lines as git counts them."""
    return len(split_lines(text))
