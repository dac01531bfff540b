"""Go to file: all file names of a revision for the page's script, and a page that searches them without one."""

import gzip
import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.edges.web.files.place import place
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound

MAX_FILES = 50_000
_MOST_FOUND = 100
_LONGEST_QUESTION = 200


def _names(project_id: int, sha: str) -> tuple[list[str], bool]:
    names, more = repos.file_names(project_id, sha, limit=MAX_FILES)
    tracked = [output.path for output in data.outputs(project_id, sha) if output.cached]
    known = set(names)
    together = names + [path for path in tracked if path not in known]
    return together[:MAX_FILES], more or len(together) > MAX_FILES


def file_list(request: HttpRequest, access: ProjectAccess, sha: str) -> HttpResponse:
    """The paths of a commit's files as JSON: {files, truncated}. What DVC tracks comes in when the commit is indexed."""
    if not repos.commit_exists(access.project.id, sha):
        raise RevisionNotFound(f"There is no commit {sha[:80]}.")
    files, truncated = _names(access.project.id, sha)
    body = json.dumps({"files": files, "truncated": truncated}, ensure_ascii=False).encode()
    headers = {"Cache-Control": "private, max-age=300", "Vary": "Accept-Encoding, Cookie"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(body, content_type="application/json", headers=headers)


def find(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Files of a revision whose path has the asked-for letters in their order."""
    revision = repos.resolve(access.project.id, rev_path)
    question = request.GET.get("q", "").strip()[:_LONGEST_QUESTION]
    names, truncated = _names(access.project.id, revision.sha)
    found = ranked(question, names)
    context: dict[str, Any] = place(access, revision, "find")
    context |= {
        "question": question,
        "found": [(name, f"{context['base']}/{quoted(name)}") for name in found],
        "truncated": truncated,
        "count": len(names),
        "most": _MOST_FOUND,
    }
    return project_page(request, access, "files/find.html", "files", context)


def ranked(question: str, names: Iterable[str]) -> list[str]:
    """The best matches first: letters together and late in the path (in the name) count most. Without a question, the first."""
    letters = question.lower().replace(" ", "")
    scored = []
    for name in names:
        if not letters:
            scored.append((0.0, name))
        elif (score := _score(letters, name.lower())) is not None:
            scored.append((score, name))
        if not letters and len(scored) >= _MOST_FOUND:
            break
    scored.sort(key=lambda item: (item[0], len(item[1]), item[1]))
    return [name for _, name in scored[:_MOST_FOUND]]


def _score(letters: str, name: str) -> float | None:
    whole = name.rfind(letters)
    if whole >= 0:
        return -1000.0 if whole > name.rfind("/") else -500.0
    gaps, end = 0, len(name)
    for letter in reversed(letters):
        at = name.rfind(letter, 0, end)
        if at < 0:
            return None
        gaps += end - at - 1
        end = at
    return float(gaps)
