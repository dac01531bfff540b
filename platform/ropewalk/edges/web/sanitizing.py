"""The one allow-list for HTML that comes out of repositories: what is not named here does not reach a page."""

import re
from collections.abc import Callable
from urllib.parse import quote

import nh3
from django.utils.safestring import SafeString, mark_safe

MAX_HTML = 4 << 20
Address = Callable[[str], str]

# Addresses that lead away, or stay on the page; everything else is a path in the repository.
ABSOLUTE = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//|^#")
_EXTERNAL = re.compile(r"^\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//|\\)")
_IMAGE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z")
# A grey picture for an image that a browser would have to ask another host for.
_PLACEHOLDER = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" width="22" height="18" fill="none" stroke="#8792a0" stroke-width="1.5">'
    '<rect x="1" y="1" width="20" height="16" rx="2"/><path d="m2 14 6-6 5 5 3-3 5 5"/><circle cx="15" cy="6" r="1.5"/></svg>'
)
# Pygments' classes, and what our own scripts look for; a page's other classes would let a README pose as the page.
_CLASS = re.compile(
    r"(?:[a-z]{1,3}\d?|language-[\w+#.-]{1,40}|math|mermaid|elsewhere|inline|block|task-list-item(?:-checkbox)?|contains-task-list"
    r"|footnotes?(?:-[a-z]+)?|header-anchor|admonition(?:-title)?|literal|note|warning|docutils|dataframe|ansi-\w{1,20})\Z"
)
_CLASSED = {
    "span",
    "div",
    "code",
    "pre",
    "li",
    "ul",
    "ol",
    "a",
    "sup",
    "section",
    "table",
    "input",
    "aside",
    "p",
}

_TAGS = nh3.ALLOWED_TAGS | {
    "input",
    "section",
    "details",
    "summary",
    "aside",
    "figure",
    "figcaption",
    "tt",
    "main",
}
_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "input": {"type", "checked", "disabled"},
    "li": {"id"},
    "a": {"href", "title", "id"},
    "th": {"align", "style", "colspan", "rowspan", "scope"},
    "td": {"align", "style", "colspan", "rowspan"},
    "img": {"src", "alt", "title", "width", "height", "align"},
    "details": {"open"},
    "section": {"id"},
    **{f"h{level}": {"id", "align"} for level in range(1, 7)},
}
for _tag in _CLASSED:
    _ATTRIBUTES.setdefault(_tag, set()).add("class")


def sanitized(html: str, *, file_url: Address | None = None, raw_url: Address | None = None) -> SafeString:
    """HTML with only what the allow-list names. Relative links and images go through the given functions.

    Images of other hosts become a placeholder with their text: a page never makes its reader's browser ask another host.
    """

    def rewrite(tag: str, name: str, value: str) -> str | None:
        if name == "class":
            kept = [part for part in value.split() if _CLASS.match(part)]
            return " ".join(kept) or None
        if tag == "input" and name == "type":
            return "checkbox"
        if name == "src" or (tag == "img" and name == "href"):
            return _image(value, raw_url)
        if name == "cite":
            return None
        if name == "href":
            return _link(value, file_url)
        return value

    html = nh3.clean(
        html[:MAX_HTML],
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=rewrite,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties={"text-align"},
        clean_content_tags={"script", "style", "title", "template"},
        # What scrolls sideways must be reachable by the keyboard.
        set_tag_attribute_values={
            "input": {"type": "checkbox", "disabled": "", "aria-label": "Task"},
            "pre": {"tabindex": "0"},
            "table": {"tabindex": "0"},
        },
    )
    return mark_safe(html)  # noqa: S308  # sanitized by nh3


def is_elsewhere(address: str) -> bool:
    """Whether an image's address leads out of the repository."""
    return bool(_EXTERNAL.match(address)) and not _IMAGE_DATA.match(address)


def _link(value: str, file_url: Address | None) -> str | None:
    if not ABSOLUTE.match(value):
        return file_url(value.removeprefix("./")) if file_url else value
    return None if value[:5].lower() == "data:" else value


def _image(value: str, raw_url: Address | None) -> str | None:
    if _IMAGE_DATA.match(value):
        return value
    if is_elsewhere(value):
        return _PLACEHOLDER
    return raw_url(value.removeprefix("./")) if raw_url else value
