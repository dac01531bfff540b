"""What changed: between two revisions, in a commit, in one file."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.data.availability import stock_of
from ropewalk.edges.web.diffs.file import checked, file_context
from ropewalk.edges.web.diffs.options import Options, options_of, remember
from ropewalk.edges.web.diffs.page import changed_files
from ropewalk.edges.web.diffs.sides import Sides, sides_of, spec_of, split_spec
from ropewalk.edges.web.diffs.tracked import tracked
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository, RevisionNotFound
from ropewalk.tracking import selectors as tracking

_COMMITS = 50


def _choices(access: ProjectAccess) -> dict[str, Any]:
    project_id = access.project.id
    return {
        "branch_names": repos.branch_names(project_id, limit=200),
        "tag_names": repos.tag_names(project_id, limit=100),
    }


def choose(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The form for both sides; what it sends comes back as an address that can be shared."""
    base, head = request.GET.get("base", "").strip(), request.GET.get("head", "").strip()
    dots = ".." if request.GET.get("dots") == ".." else "..."
    if head:
        base = base or repos.default_branch(access.project.id)
        return redirect(f"{access.project.path}/compare/{spec_of(base, dots, head)}")
    state = repos.state(access.project.id)
    if state.empty or not state.head_sha:
        return project_page(request, access, "files/empty.html", "files", {})
    context = _choices(access) | {"base_name": base or state.default_branch, "head_name": "", "dots": dots}
    return project_page(request, access, "diffs/choose.html", "files", context)


def compare(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """What ``head`` has that ``base`` has not: commits and changes since they parted (``...``), or between them (``..``)."""
    base, dots, head = split_spec(rev_path)
    context = _choices(access) if repos.state(access.project.id).branches else {}
    context |= {"base_name": base, "head_name": head, "dots": dots}
    try:
        sides = sides_of(access.project.id, base, dots, head)
    except EmptyRepository:
        raise
    except RevisionNotFound as error:
        return project_page(
            request, access, "diffs/choose.html", "files", context | {"error": error}, status=404
        )
    options = options_of(request)
    context |= {"base_name": sides.base.name, "head_name": sides.head.name} | _between(access, sides)
    context |= _changes(access, sides.start, sides.head.sha, options, request)
    return remember(request, project_page(request, access, "diffs/compare.html", "files", context))


def _between(access: ProjectAccess, sides: Sides) -> dict[str, Any]:
    """The commits, and how far the sides are apart."""
    project_id = access.project.id
    ahead, behind = repos.ahead_behind(project_id, sides.base.sha, sides.head.sha)
    commits = repos.commits_between(project_id, sides.base.sha, sides.head.sha, per_page=_COMMITS)
    return {
        "sides": sides,
        "ahead": ahead,
        "behind": behind,
        "commits": commits,
        "people": usernames_by_email(item.author.email for item in commits),
        "swap": spec_of(sides.head.name, sides.dots, sides.base.name),
    }


def _changes(
    access: ProjectAccess, start: str, end: str, options: Options, request: HttpRequest
) -> dict[str, Any]:
    """The part that commits and comparisons share: files, and on the first page what DVC and the pipeline say."""
    number = page_number(request.GET.get("page"))
    found = changed_files(access, start, end, options, number)
    return found | (tracked(access, start, end, options) if number == 1 else {})


def commit(request: HttpRequest, access: ProjectAccess, sha: str) -> HttpResponse:
    """One commit: what changed since its parent (the first, or the one asked for), and the runs that recorded it."""
    revision = repos.resolve(access.project.id, sha)
    found = repos.commit(access.project.id, revision.sha)
    which = min(page_number(request.GET.get("parent")), max(len(found.parents), 1))
    base = found.parents[which - 1] if found.parents else ""
    context = {
        "commit": found,
        "parent": base,
        "runs": tracking.runs_of_commits(access.project.id, [found.sha]).get(found.sha, []),
        "people": usernames_by_email([found.author.email]),
        "stock": stock_of(access, found.sha),
    }
    context |= _changes(access, base, found.sha, options_of(request), request)
    return remember(request, project_page(request, access, "diffs/commit.html", "files", context))


def file(request: HttpRequest, access: ProjectAccess, base: str, head: str, path: str) -> HttpResponse:
    """One file between two commits, as a page or as the part of one that is loaded later."""
    project_id, options = access.project.id, options_of(request)
    before, after = checked(project_id, base), checked(project_id, head)
    if not after:
        raise RevisionNotFound("A comparison needs a commit on its newer side.")
    context = file_context(request, access, before, after, path, options)
    if options.fragment:
        response = render(request, "diffs/body.html", {"access": access, **context})
        response.headers["X-Fragment"] = "1"
        return response
    return remember(request, project_page(request, access, "diffs/file.html", "files", context))
