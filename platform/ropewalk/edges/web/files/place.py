"""What every page of a file or folder shows above: the revision, the path's parts with links, other branches and tags."""

from typing import Any
from urllib.parse import quote

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.links import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.archives import FORMATS
from ropewalk.repos.types import Revision

_CHOICES = 50


def address(access: ProjectAccess, page: str, revision: str, path: str = "") -> str:
    """A page of a path at a revision: ``page`` is ``src``, ``raw``, ``blame``, ``commits``, ``find`` or ``search``."""
    tail = f"/{quoted(path)}" if path else ""
    return f"{access.project.path}/{page}/{quote(revision, safe='/')}{tail}"


def place(access: ProjectAccess, revision: Revision, page: str = "src") -> dict[str, Any]:
    """The context of ``files/place.html``. ``page`` is where the switch of the revision leads."""
    base = address(access, "src", revision.name)
    crumbs, path = [], ""
    for part in revision.path.split("/") if revision.path else []:
        path = f"{path}/{part}" if path else part
        crumbs.append((part, f"{base}/{quoted(path)}"))
    branches = repos.branch_names(access.project.id, limit=_CHOICES)
    tags = repos.tag_names(access.project.id, limit=_CHOICES)
    return {
        "revision": revision,
        "crumbs": crumbs,
        "base": base,
        "parent_url": crumbs[-2][1] if len(crumbs) > 1 else base,
        "switch": page,
        "branch_names": branches,
        "tag_names": [(name, f"refs/tags/{name}" if name in branches else name) for name in tags],
        "history_url": address(access, "commits", revision.name, revision.path),
        "find_url": address(access, "find", revision.name),
        "search_url": address(access, "search", revision.name, revision.path),
        "archives": [(kind, address(access, "archive", f"{revision.name}.{kind}")) for kind in FORMATS],
        "list_url": f"{access.project.path}/file-list/{revision.sha}",
        "permalink": address(access, page, revision.sha, revision.path),
    }
