"""Where a submodule's repository is, as far as a page may link it."""

import re
from urllib.parse import urljoin, urlsplit

from ropewalk.repos.selectors.trees import blobs

_SECTION = re.compile(r'^\s*\[submodule\s+"(.*)"\]\s*$')
_SETTING = re.compile(r"^\s*(path|url)\s*=\s*(.*?)\s*$")
_LIMIT = 256 << 10


def submodule_url(project_id: int, sha: str, path: str, clone_url: str) -> str:
    """The page of the repository behind a submodule: an ``http(s)`` address, or empty when there is none to link.

    Relative addresses are resolved against ``clone_url``, the project's own, as git does. Nothing is asked of that address.
    """
    found = blobs(project_id, sha, [".gitmodules"], limit=_LIMIT).get(".gitmodules")
    if found is None or found.is_symlink:
        return ""
    url = _urls(found.text).get(path, "")
    if url.startswith(("./", "../")):
        url = urljoin(clone_url.rstrip("/") + "/", url)
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        return ""
    return url.rstrip("/").removesuffix(".git") if sound and url.isprintable() and " " not in url else ""


def _urls(text: str) -> dict[str, str]:
    """Path -> address. Only what git itself would take: one setting a line below a section."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        if match := _SECTION.match(line):
            section = found.setdefault(match[1], {})
        elif match := _SETTING.match(line):
            section[match[1]] = match[2].strip('"')
    return {
        item["path"].strip("/"): item["url"] for item in found.values() if "path" in item and "url" in item
    }
