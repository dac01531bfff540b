"""Markdown of repositories as safe HTML: tables, task lists, footnotes, anchors, math and diagrams. Input is hostile."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from ropewalk.edges.web.highlighting import highlighted_block, highlighted_lines
from ropewalk.edges.web.links import quoted
from ropewalk.edges.web.sanitizing import is_elsewhere, sanitized

__all__ = ["MAX_MARKDOWN", "highlighted_lines", "markdown", "quoted"]

MAX_MARKDOWN = 256 << 10
_MOST_BRACKETS = 1000
_MAX_HIGHLIGHTED_FENCES = 64 << 10


def _math(content: str, options: dict[str, Any]) -> str:
    return escape(content)


def _fence(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    """Diagrams and formulas are left to the page's script, which finds them by class; the rest is highlighted here."""
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0].lower() if token.info.strip() else ""
    if language == "mermaid":
        return f'<pre class="mermaid"><code>{escape(token.content)}</code></pre>\n'
    if language == "math":
        return f'<div class="math block">{escape(token.content)}</div>\n'
    env["highlighted"] = env.get("highlighted", 0) + len(token.content)
    if env["highlighted"] > _MAX_HIGHLIGHTED_FENCES:
        return f"<pre><code>{escape(token.content)}</code></pre>\n"
    return f"<pre><code>{highlighted_block(language, token.content)}</code></pre>\n"


def _image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    """An image of another host is its text: the reader's browser asks nobody else."""
    token = tokens[index]
    if is_elsewhere(str(token.attrs.get("src", ""))):
        text = self.renderInlineAsText(token.children or [], options, env)
        return f'<span class="elsewhere">{escape(text or "image")}</span>'
    return RendererHTML.image(self, tokens, index, options, env)


def _math_in_text(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: dict[str, Any]
) -> str:
    return f'<span class="math block">{escape(tokens[index].content)}</span>'


def _bound_links(state: StateCore) -> None:
    """The search for links takes quadratic time in the brackets of one paragraph: with absurdly many there are no links."""
    for token in state.tokens:
        if token.type == "inline" and token.content.count("[") > _MOST_BRACKETS:
            token.content = token.content.replace("[", "&#91;")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True, "maxNesting": 50})
    parser.use(anchors_plugin, max_level=4, permalink=True, permalinkSymbol="#", permalinkSpace=False)
    parser.use(footnote_plugin).use(tasklists_plugin)
    parser.use(dollarmath_plugin, renderer=_math, allow_digits=False, double_inline=True)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("math_inline_double", _math_in_text)
    parser.core.ruler.before("inline", "bound_links", _bound_links)
    return parser


def markdown(
    text: str, *, file_url: Callable[[str], str] | None = None, raw_url: Callable[[str], str] | None = None
) -> SafeString:
    """Markdown as sanitized HTML; relative links and images go through the given functions."""
    if len(text) > MAX_MARKDOWN:
        return mark_safe(f"<pre>{escape(text[:MAX_MARKDOWN])}</pre>")  # noqa: S308  # escaped
    return sanitized(_parser().render(text), file_url=file_url, raw_url=raw_url)
