"""Text of hostile repositories becomes safe HTML."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ropewalk.edges.web.rendering import highlighted_lines, markdown

_ACTIVE = {"script", "iframe", "object", "embed", "form", "style", "link", "meta", "base", "svg", "math"}


class _Found(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def _parsed(html: str) -> _Found:
    found = _Found()
    found.feed(html)
    return found


def _assert_inert(html: str) -> None:
    found = _parsed(html)
    assert not found.tags & _ACTIVE
    for name, value in found.attributes:
        assert not name.startswith("on"), name
        if name in {"href", "src"}:
            assert not re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE), value


_PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '<a href="JaVaScRiPt:alert(1)">x</a>',
        "<svg onload=alert(1)>",
        "<iframe src='data:text/html,x'>",
        "![x](data:text/html;base64,AAAA)",
        "<style>*{}</style>",
        "`code`",
        "\n\n",
        "| a |\n|---|\n| <b onclick=x>1 |\n",
        "<!--",
        "-->",
        "<![CDATA[",
        "text ",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_markdown_is_inert(text: str) -> None:
    _assert_inert(markdown(text))


def test_relative_addresses_go_through_the_project() -> None:
    html = markdown(
        "![plot](plots/a.png) [doc](./docs/x.md) [top](#part) [out](https://example.org)",
        file_url=lambda path: f"/o/p/src/main/{path}",
        raw_url=lambda path: f"/o/p/raw/main/{path}",
    )
    attributes = _parsed(html).attributes
    assert ("src", "/o/p/raw/main/plots/a.png") in attributes
    assert ("href", "/o/p/src/main/docs/x.md") in attributes
    assert ("href", "#part") in attributes
    assert ("href", "https://example.org") in attributes


@given(st.text(max_size=400))
def test_each_highlighted_line_is_whole_and_inert(text: str) -> None:
    source = f'def f():\n    """{text}"""\n    return "<script>"\n'
    for line in highlighted_lines("a.py", source):
        assert line.count("<span") == line.count("</span>")
        assert _parsed(line).tags <= {"span"}


def test_line_numbers_fit_the_source() -> None:
    assert len(highlighted_lines("a.py", 'x = """a\nb\nc"""\ny = 1\n')) == 4
    assert len(highlighted_lines("unknown.zzz", "\n\na\n")) == 3


def test_what_scrolls_sideways_is_reachable_by_the_keyboard() -> None:
    html = markdown("| a |\n|---|\n| 1 |\n\n```python\nx = '<pre>'\n```\n\n    indented <pre>\n")
    assert html.count('<table tabindex="0">') == 1
    assert html.count('<pre tabindex="0">') == 2
    assert html.count("&lt;pre&gt;") == 2


def test_only_the_harmless_tabindex_is_kept() -> None:
    found = _parsed(markdown('<table tabindex="5"><tr><td>x</td></tr></table><p tabindex="0">y</p>'))
    assert [value for name, value in found.attributes if name == "tabindex"] == [
        "0"
    ]  # the table's, which may scroll
