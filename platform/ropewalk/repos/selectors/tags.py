"""Tags: a page of them with what each names, one by its name, and which came before it."""

from itertools import pairwise

import pygit2

from ropewalk.core.pagination import Page
from ropewalk.repos import git, refs
from ropewalk.repos.errors import EmptyRepository, RevisionNotFound
from ropewalk.repos.selectors.history import checked_sha, parse_when
from ropewalk.repos.selectors.reading import open_repository
from ropewalk.repos.selectors.revisions import plain_name, ref_names
from ropewalk.repos.types import Tag

ORDERS = {"date": "-creatordate", "name": "-version:refname"}
_PREFIX = "refs/tags/"
_MOST = 50_000
_MAX_MESSAGE = 64 << 10
_FIELDS = (
    "refname", "objecttype", "objectname", "*objecttype", "creator", "creatordate:unix", "contents:subject",
    "contents:body", "contents:signature",
)  # fmt: skip
_END = "\0\1\n"


def tags(
    project_id: int, *, query: str = "", order: str = "date", page: int = 1, per_page: int = 30
) -> Page[Tag]:
    """Tags whose name contains ``query`` in any case, newest first or (``name``) highest version first.

    Empty for an empty repository. Of more than 50,000 tags only the first are listed.
    """
    names = ref_names(project_id, _PREFIX, _MOST, ORDERS.get(order, ORDERS["date"]))
    wanted = query.strip().lower()
    if wanted:
        names = [name for name in names if wanted in name.lower()]
    start = (page - 1) * per_page
    shown = names[start : start + per_page]
    found = tags_by_name(project_id, shown)
    items = [found[name] for name in shown if name in found]
    return Page(items, page, per_page, len(names), has_next=start + per_page < len(names))


def tag(project_id: int, name: str) -> Tag:
    """One tag by its whole name. Raises :class:`RevisionNotFound`."""
    possible = not refs.fault_in(f"{_PREFIX}{name}".encode("utf-8", "replace"))
    found = tags_by_name(project_id, [name]).get(name) if possible else None
    if found is None:
        raise RevisionNotFound(f"There is no tag “{name[:200]}”.", hint="Choose one of the tags.")
    return found


def tags_before(project_id: int, names: list[str]) -> dict[str, tuple[str, str]]:
    """For each tag the one that was made just before it, as (name, what to put into an address); the first has none."""
    if not names:
        return {}
    known = ref_names(project_id, _PREFIX, _MOST)
    wanted = set(names)
    repository = open_repository(project_id)
    return {
        name: (before, plain_name(repository, "tag", before))
        for name, before in pairwise(known)
        if name in wanted
    }


def tags_by_name(project_id: int, names: list[str]) -> dict[str, Tag]:
    """Those of these tags that exist. The names must be possible ones: git takes others for patterns."""
    if not names or not git.repository_path(project_id).is_dir():
        return {}
    fields = "".join(f"%({name})%00" for name in _FIELDS)
    asked = [_PREFIX + name for name in names]
    out = git.run(
        git.repository_path(project_id), "for-each-ref", f"--format={fields}%01", *asked, max_bytes=32 << 20
    )
    rows = [record.split("\0") for record in out.data.decode("utf-8", "replace").split(_END) if record]
    rows = [row for row in rows if len(row) == len(_FIELDS) and row[0].removeprefix(_PREFIX) in names]
    commits = refs.commits_of(project_id, [row[2] for row in rows])
    try:
        repository = open_repository(project_id)
    except EmptyRepository:
        return {}
    found = (_tag(row, commits.get(row[2], ""), repository) for row in rows)
    return {tag.name: tag for tag in found}


def _tag(row: list[str], sha: str, repository: pygit2.Repository) -> Tag:
    name = row[0].removeprefix(_PREFIX)
    annotated = row[1] == "tag"
    subject, body = row[6], row[7].strip("\n")
    message = f"{subject}\n\n{body}" if body else subject
    return Tag(
        name=name,
        sha=sha,
        message=message[:_MAX_MESSAGE] if annotated else "",
        author=row[4].partition(" <")[0],
        when=parse_when(row[5]),
        oid=row[2],
        kind="commit" if sha else (row[3] or row[1]),
        annotated=annotated,
        signed=annotated and bool(row[8].strip()),
        subject=subject,
        link=plain_name(repository, "tag", name),
    )


def nearest_tag(project_id: int, sha: str, *, other_than: str = "") -> str:
    """The newest tag in a commit's history but for one; empty without any. Raises :class:`GitTimeout` for a history too long."""
    out = git.run(
        git.repository_path(project_id),
        "for-each-ref",
        "--sort=-creatordate",
        "--count=2",
        "--format=%(refname)",
        f"--merged={checked_sha(sha)}",
        _PREFIX,
    )
    names = [line.removeprefix(_PREFIX) for line in out.data.decode("utf-8", "replace").splitlines()]
    return next((name for name in names if name != other_than), "")
