"""Who changed what when: the commits of a revision or a path, and who wrote each line of a file."""

from itertools import pairwise
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.files.code import lines_of
from ropewalk.edges.web.files.content import MAX_SHOWN, tabs_of
from ropewalk.edges.web.files.place import address, place
from ropewalk.edges.web.files.source import Source, find_source, head_of
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound, WrongKind
from ropewalk.repos.types import Blame, BlameGroup, FileVersion, Revision
from ropewalk.tracking import selectors as tracking

_PER_PAGE = 30
_SHADES = 10


def commits(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """History of a revision or of a folder; that of a file is followed through its renames."""
    project_id = access.project.id
    revision = repos.resolve(project_id, rev_path)
    number = page_number(request.GET.get("page"))
    if _is_file(project_id, revision):
        page: Any = repos.file_history(
            project_id, revision.sha, revision.path, page=number, per_page=_PER_PAGE
        )
    else:
        page = repos.commits(project_id, revision.sha, path=revision.path, page=number, per_page=_PER_PAGE)
    versions = [item if isinstance(item, FileVersion) else FileVersion(item, "") for item in page]
    context = place(access, revision, "commits") | {
        "page": page,
        "versions": versions,
        "of_file": any(item.path for item in versions),
        "runs": tracking.runs_of_commits(project_id, [item.commit.sha for item in versions]),
        "people": usernames_by_email(item.commit.author.email for item in versions),
    }
    return project_page(request, access, "files/commits.html", "files", context)


def _is_file(project_id: int, revision: Revision) -> bool:
    try:
        return bool(revision.path) and repos.entry(project_id, revision.sha, revision.path).kind == "file"
    except PathNotFound:  # deleted since, or only DVC has it
        return False


def blame(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """Who wrote each line of a text file."""
    revision = repos.resolve(access.project.id, rev_path)
    source = find_source(access, revision)
    if source is None or source.kind != "file" or source.tracked_by != "git":
        return redirect("file", access.project.owner, access.project.slug, rev_path)
    head = head_of(access, revision, source, MAX_SHOWN)
    if head.binary or head.truncated:
        raise WrongKind(
            "Only text files of at most 1 MiB have a blame view.", hint="Look at the file's history."
        )
    ignore = request.GET.get("ignore") != "no"
    found = repos.blame(access.project.id, revision.sha, source.path, ignore=ignore)
    context = place(access, revision, "blame") | {
        "source": source,
        "raw_url": address(access, "raw", revision.name, source.path),
        "tabs_of_file": tabs_of(access, revision, source, "blame"),
        "blame": found,
        "ignore": ignore,
        "ignore_file": repos.IGNORE_FILE,
        "blocks": _blocks(access, source, found, lines_of(source.path, source.content_hash, head.text)),
        "people": usernames_by_email(commit.author.email for commit in found.commits.values()),
    }
    return project_page(request, access, "files/blame.html", "files", context)


def _blocks(access: ProjectAccess, source: Source, found: Blame, lines: list[Any]) -> list[dict[str, Any]]:
    """Runs of lines with their commit, its age (0 the newest of the file), and where to look for what was before it."""
    times = sorted({commit.author.when for commit in found.commits.values()})
    span = (times[-1] - times[0]).total_seconds() if times else 0.0
    blocks = []
    for group in _gapless(found.groups, len(lines)):
        commit = found.commits.get(group.sha)
        age = (times[-1] - commit.author.when).total_seconds() / span if commit and span else 0.0
        numbered = enumerate(lines[group.first - 1 : group.last], group.first)
        blocks.append(
            {
                "commit": commit,
                "age": min(int(age * _SHADES), _SHADES - 1),
                "lines": list(numbered),
                "before": address(access, "blame", group.previous, group.previous_path)
                if group.previous
                else "",
                "was": group.path if group.path != source.path else "",
            }
        )
    return blocks


def _gapless(groups: tuple[BlameGroup, ...], count: int) -> list[BlameGroup]:
    """The groups, with nobody's between them where git did not come to an end."""
    edges = [BlameGroup(0, 0, "", ""), *groups, BlameGroup(count + 1, count + 1, "", "")]
    found: list[BlameGroup] = []
    for before, after in pairwise(edges):
        if after.first > before.last + 1:
            found.append(BlameGroup(before.last + 1, after.first - 1, "", ""))
        if after.first <= count:
            found.append(after)
    return found
