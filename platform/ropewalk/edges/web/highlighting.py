"""Source text as safe HTML lines with Pygments' short classes; bounded, because repositories are hostile."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

MAX_HIGHLIGHTED = 256 << 10
MAX_LINES = 20_000
MAX_LINE = 5000
# A lexer's patterns may take quadratic time in the length of a line.
_MAX_LEXED_LINE = 2000


def split_lines(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one. Carriage returns at an end go, others become visible."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r").replace("\r", "␍") for line in lines]


def highlighted_lines(path: str, text: str) -> list[SafeString]:
    """A file's lines as HTML; plain when it is large or of an unknown kind, and cut where a line is very long."""
    lines = split_lines(text)[:MAX_LINES]
    longest = max(map(len, lines), default=0)
    if len(text) > MAX_HIGHLIGHTED or longest > _MAX_LEXED_LINE:
        return [_plain(line) for line in lines]
    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=True)
    except ClassNotFound:
        return [_plain(line) for line in lines]
    return _lexed(lexer, lines)


def highlighted_block(language: str, text: str) -> SafeString:
    """A piece of code as HTML, by the name of its language; plain when nobody knows it."""
    lines = split_lines(text)
    try:
        lexer = get_lexer_by_name(language, stripnl=False) if language else TextLexer(stripnl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    if len(text) > MAX_HIGHLIGHTED or max(map(len, lines), default=0) > _MAX_LEXED_LINE:
        return mark_safe(escape(text))  # noqa: S308  # escaped
    return mark_safe("\n".join(_lexed(lexer, lines)))  # noqa: S308  # joined from safe lines


def _plain(line: str) -> SafeString:
    if len(line) <= MAX_LINE:
        return mark_safe(escape(line))  # noqa: S308  # escaped
    note = f'<span class="cut">… {len(line) - MAX_LINE:,} more characters</span>'
    return mark_safe(escape(line[:MAX_LINE]) + note)  # noqa: S308  # escaped, and a number


def _lexed(lexer: Lexer, lines: list[str]) -> list[SafeString]:
    html = highlight("\n".join(lines) + "\n", lexer, HtmlFormatter(nowrap=True))
    found = _balanced(html.split("\n"))
    return [mark_safe(line) for line in found[: len(lines)]]  # noqa: S308  # Pygments escapes its input


def _balanced(lines: list[str]) -> list[str]:
    """Close spans at the end of a line and open them again on the next, so that each line stands alone in a table row."""
    opened: list[str] = []
    result = []
    for line in lines:
        prefix = "".join(opened)
        for match in re.finditer(r"<span[^>]*>|</span>", line):
            if match.group().startswith("</"):
                if opened:
                    opened.pop()
            else:
                opened.append(match.group())
        result.append(prefix + line + "</span>" * len(opened))
    return result
