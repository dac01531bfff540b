"""What is in this revision: folders, files, history, commits."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.edges.web.files.content import MAX_SHOWN, raw_headers, viewer_context
from ropewalk.edges.web.files.listing import tracked_only, tree_rows
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.projects.overview import readme_of
from ropewalk.edges.web.rendering import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.types import Revision
from ropewalk.tracking import selectors as tracking


def root(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch's folder, or the first commands for an empty repository."""
    state = repos.state(access.project.id)
    if state.empty or not state.head_sha:
        return project_page(request, access, "files/empty.html", "files", {})
    return redirect("file", access.project.owner, access.project.slug, state.default_branch)


def _place(access: ProjectAccess, revision: Revision) -> dict[str, Any]:
    """What every file page shows above: the revision, the path's parts with links, the branches to switch to."""
    base = f"{access.project.path}/src/{quote(revision.name, safe='/')}"
    crumbs, path = [], ""
    for part in revision.path.split("/") if revision.path else []:
        path = f"{path}/{part}" if path else part
        crumbs.append((part, f"{base}/{quoted(path)}"))
    names = repos.branch_names(access.project.id, limit=50)
    tags = repos.tag_names(access.project.id, limit=50)
    return {"revision": revision, "crumbs": crumbs, "base": base, "branch_names": names, "tag_names": tags}


def browse(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """A folder or a file at a revision."""
    project_id = access.project.id
    revision = repos.resolve(project_id, rev_path)
    context = _place(access, revision)
    try:
        entry = repos.entry(project_id, revision.sha, revision.path) if revision.path else None
    except PathNotFound:
        rows = tracked_only(access, revision, context["base"])
        if not rows:
            raise
        context |= {"rows": rows, "commit": repos.commit(project_id, revision.sha), "complete": True}
        return project_page(request, access, "files/tree.html", "files", context)
    if entry is not None and entry.kind != "directory":
        context |= viewer_context(access, revision, entry)
        return project_page(request, access, "files/file.html", "files", context)
    tree = repos.tree(project_id, revision.sha, revision.path)
    rows, complete = tree_rows(access, revision, tree, context["base"])
    context |= {
        "rows": rows,
        "tree": tree,
        "complete": complete,
        "commit": repos.commit(project_id, revision.sha),
        "readme": readme_of(access, revision.sha, revision.name, tree.entries, revision.path),
    }
    return project_page(request, access, "files/tree.html", "files", context)


def raw(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponseBase:
    """A file's bytes, from git or the DVC store, streamed, never executed on our origin."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_data_file(access.project.id, revision.sha, revision.path)
    if file.is_dir:
        return redirect("dataset", access.project.owner, access.project.slug, rev_path)
    headers = raw_headers(file.path, revision.kind == "commit", download="download" in request.GET)
    response = StreamingHttpResponse(data.open_data_file(access.project.id, file), headers=headers)
    if file.size is not None:
        response.headers["Content-Length"] = str(file.size)
    return response


def commits(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """History of a revision, or of one path in it."""
    revision = repos.resolve(access.project.id, rev_path)
    page = repos.commits(
        access.project.id,
        revision.sha,
        path=revision.path,
        page=page_number(request.GET.get("page")),
        per_page=30,
    )
    context = _place(access, revision) | {
        "page": page,
        "runs": tracking.runs_of_commits(access.project.id, [item.sha for item in page]),
        "people": usernames_by_email(item.author.email for item in page),
    }
    return project_page(request, access, "files/commits.html", "files", context)


def commit(request: HttpRequest, access: ProjectAccess, sha: str) -> HttpResponse:
    """One commit: what changed, and the runs that recorded it."""
    revision = repos.resolve(access.project.id, sha)
    found = repos.commit(access.project.id, revision.sha)
    context = {
        "commit": found,
        "diff": repos.commit_diff(access.project.id, found.sha),
        "runs": tracking.runs_of_commits(access.project.id, [found.sha]).get(found.sha, []),
        "people": usernames_by_email([found.author.email]),
        "max_shown": MAX_SHOWN,
    }
    return project_page(request, access, "files/commit.html", "files", context)


def branches(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """All branches, newest first."""
    page = repos.branches(access.project.id, page=page_number(request.GET.get("page")))
    return project_page(request, access, "files/refs.html", "files", {"page": page, "kind": "branches"})


def tags(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """All tags, newest first."""
    page = repos.tags(access.project.id, page=page_number(request.GET.get("page")))
    return project_page(request, access, "files/refs.html", "files", {"page": page, "kind": "tags"})
