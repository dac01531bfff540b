"""Text of repositories as safe HTML: Markdown and highlighted code. Input is hostile; output is sanitized."""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

MAX_MARKDOWN = 512 << 10
MAX_HIGHLIGHTED = 512 << 10
MAX_LINES = 20_000
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//|^#")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    parser.use(anchors_plugin, max_level=4, permalink=False).use(footnote_plugin).use(tasklists_plugin)
    # What scrolls sideways must be reachable by the keyboard. Before sanitizing: afterwards nothing is edited.
    parser.add_render_rule("table_open", lambda *_: '<table tabindex="0">\n')
    parser.add_render_rule("fence", lambda *given: _focusable(RendererHTML.fence(*given)))
    parser.add_render_rule("code_block", lambda *given: _focusable(RendererHTML.code_block(*given)))
    return parser


def _focusable(html: str) -> str:
    return html.replace("<pre>", '<pre tabindex="0">', 1)


_TAGS = nh3.ALLOWED_TAGS | {"input", "section", "picture", "details", "summary"}
_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "input": {"type", "checked", "disabled", "class"},
    "code": {"class"},
    "pre": {"tabindex"},
    "table": {*nh3.ALLOWED_ATTRIBUTES.get("table", ()), "tabindex"},
    "li": {"class", "id"},
    "ul": {"class"},
    "th": {"style", "align"},
    "td": {"style", "align"},
    "img": {"src", "alt", "title", "width", "height", "align"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}


def markdown(
    text: str, *, file_url: Callable[[str], str] | None = None, raw_url: Callable[[str], str] | None = None
) -> SafeString:
    """Markdown as sanitized HTML; relative links and images go through the given functions."""
    if len(text) > MAX_MARKDOWN:
        return mark_safe(f"<pre>{escape(text[:MAX_MARKDOWN])}</pre>")  # noqa: S308  # escaped

    def rewrite(tag: str, name: str, value: str) -> str | None:
        if name == "tabindex":
            return "0" if value == "0" else None
        if name not in {"href", "src"} or _SCHEME.match(value):
            return value
        make = raw_url if tag == "img" else file_url
        return make(value.removeprefix("./")) if make else value

    html = nh3.clean(
        _markdown().render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=rewrite,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        clean_content_tags={"script", "style"},
    )
    return mark_safe(html)  # noqa: S308  # sanitized by nh3


def highlighted_lines(path: str, text: str) -> list[SafeString]:
    """A file's lines as HTML with Pygments' short classes; plain when it is large or of an unknown kind."""
    lines = text.splitlines()[:MAX_LINES]
    if len(text) > MAX_HIGHLIGHTED:
        return [mark_safe(escape(line)) for line in lines]  # noqa: S308  # escaped
    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=True)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
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


def quoted(path: str) -> str:
    """A repository path for a URL: everything but the slashes is escaped."""
    return quote(path, safe="/")
