"""Go to file: all file names of a revision for the page's script, and a page that searches them without one."""

import gzip
import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.edges.web.files.place import place
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound

_MOST_FOUND = 100
_LONGEST_QUESTION = 200


def file_list(request: HttpRequest, access: ProjectAccess, sha: str) -> HttpResponse:
    """The paths of a commit's files as JSON: {files, truncated}. What DVC tracks comes in when the commit is indexed."""
    if not repos.commit_exists(access.project.id, sha):
        raise RevisionNotFound(f"There is no commit {sha[:80]}.")
    files, truncated = data.file_names(access.project.id, sha)
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
    names, truncated = data.file_names(access.project.id, revision.sha)
    found = data.ranked_names(question, names, most=_MOST_FOUND)
    context: dict[str, Any] = place(access, revision, "find")
    context |= {
        "question": question,
        "found": [(name, f"{context['base']}/{quoted(name)}") for name in found],
        "truncated": truncated,
        "count": len(names),
        "most": _MOST_FOUND,
    }
    return project_page(request, access, "files/find.html", "files", context)
