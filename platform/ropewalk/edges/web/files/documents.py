"""READMEs and Markdown files, rendered once for each content and place."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from ropewalk.access.types import ProjectAccess
from ropewalk.core.derived import cache
from ropewalk.edges.web.files.previews import rst_html
from ropewalk.edges.web.files.source import Source, head_of
from ropewalk.edges.web.links import Links
from ropewalk.edges.web.rendering import MAX_MARKDOWN, markdown
from ropewalk.repos.types import Revision, TreeEntry

_READMES = ("readme.md", "readme.markdown", "readme.rst", "readme", "readme.txt")
_VERSION = 5
_WEEK = 7 * 24 * 3600


def readme_of(
    access: ProjectAccess, revision: Revision, entries: Iterable[TreeEntry], folder: str = ""
) -> dict[str, Any] | None:
    """The folder's README as {name, url, html or text}; None when it has none."""
    wanted = {
        entry.name.lower(): entry
        for entry in entries
        if entry.kind == "file" and entry.name.lower() in _READMES
    }
    entry = next((wanted[name] for name in _READMES if name in wanted), None)
    if entry is None:
        return None
    source = Source(entry.path, entry.kind, None, "git", f"git:{entry.oid}", entry=entry)
    links = Links.of(access, revision, folder)
    found: dict[str, Any] = {
        "name": entry.name,
        "url": links.file_url(f"/{entry.path}"),
        "html": "",
        "text": "",
    }
    if entry.name.lower().endswith((".md", ".markdown")):
        found["html"] = rendered_markdown(access, revision, source)
    elif entry.name.lower().endswith(".rst"):
        found["html"], found["job"] = rst_html(access, revision, source)
    if not found["html"]:
        found["text"] = head_of(access, revision, source, MAX_MARKDOWN).text
    return found


def rendered_markdown(access: ProjectAccess, revision: Revision, source: Source) -> SafeString | None:
    """A Markdown file as HTML with links into this revision; None when it is too large to be rendered, or not text."""
    links = Links.of(access, revision, source.folder)
    place = f"{_VERSION}\0{links}\0{source.content_hash}"
    key = f"web:markdown:{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
    known: str | None = cache.get(key)
    if known is None:
        head = head_of(access, revision, source, MAX_MARKDOWN)
        if head.truncated or head.binary:
            return None
        known = str(markdown(head.text, file_url=links.file_url, raw_url=links.raw_url))
        cache.set(key, known, _WEEK)
    return mark_safe(known)  # noqa: S308  # it was sanitized when it was kept
