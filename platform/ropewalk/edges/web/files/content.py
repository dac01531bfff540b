"""How one file is shown, and which headers its raw bytes get."""

import mimetypes
from typing import Any
from urllib.parse import quote

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.rendering import highlighted_lines, markdown, quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision, TreeEntry

MAX_SHOWN = 1 << 20
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_IMAGES |= {".svg": "image/svg+xml", ".avif": "image/avif", ".bmp": "image/bmp", ".ico": "image/x-icon"}
_TEXT = {
    "application/json",
    "application/x-yaml",
    "application/yaml",
    "application/xml",
    "application/javascript",
}


def _suffix(path: str) -> str:
    dot = path.rfind(".")
    return path[dot:].lower() if dot > path.rfind("/") else ""


def raw_headers(path: str, immutable: bool, *, download: bool) -> dict[str, str]:
    """Images and text may be looked at, sandboxed; everything else is a download. A commit's file never changes."""
    name = path.rsplit("/", 1)[-1]
    guessed = mimetypes.guess_type(name)[0] or "text/plain"
    kind = _IMAGES.get(_suffix(path))
    if kind is None:
        textual = guessed.startswith("text/") or guessed in _TEXT
        kind = "text/plain; charset=utf-8" if textual else "application/octet-stream"
        download = download or not textual
    disposition = "attachment" if download else "inline"
    return {
        "Content-Type": kind,
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=31536000, immutable" if immutable else "private, no-cache",
    }


def viewer_context(access: ProjectAccess, revision: Revision, entry: TreeEntry) -> dict[str, Any]:
    """What the file page shows: an image, rendered Markdown, highlighted lines, or why it shows nothing."""
    rev = quote(revision.name, safe="/")
    base = access.project.path
    context: dict[str, Any] = {
        "entry": entry,
        "raw_url": f"{base}/raw/{rev}/{quoted(entry.path)}",
        "view": "none",
    }
    context["permalink"] = f"{base}/src/{revision.sha}/{quoted(entry.path)}"
    if entry.kind == "submodule":
        return context | {"view": "submodule"}
    if _suffix(entry.path) in _IMAGES:
        return context | {"view": "image"}
    blob = repos.blob(access.project.id, revision.sha, entry.path, limit=MAX_SHOWN)
    if entry.kind == "symlink":
        return context | {"view": "symlink", "target": blob.text}
    if blob.binary:
        return context | {"view": "binary"}
    context |= {
        "lines": highlighted_lines(entry.path, blob.text),
        "truncated": blob.truncated,
        "view": "code",
    }
    if _suffix(entry.path) in {".md", ".markdown"} and not blob.truncated:
        folder = quoted(entry.path.rpartition("/")[0])
        prefix = f"{folder}/" if folder else ""
        html = markdown(
            blob.text,
            file_url=lambda path: f"{base}/src/{rev}/{prefix}{path}",
            raw_url=lambda path: f"{base}/raw/{rev}/{prefix}{path}",
        )
        context |= {"view": "markdown", "html": html}
    return context
