"""The history of one file, followed through its renames."""

from ropewalk.core.pagination import Page
from ropewalk.repos import git
from ropewalk.repos.selectors.history import FORMAT, checked_sha, parse_commits
from ropewalk.repos.selectors.reading import open_repository, path_for_git
from ropewalk.repos.types import FileVersion

_STATUS = {"A": "added", "D": "deleted", "M": "modified", "R": "renamed", "C": "copied", "T": "type"}
_MAX_SKIP = 100_000
_FIELDS = 11  # of a commit, with the empty one at its end


def file_history(
    project_id: int, sha: str, path: str, *, page: int = 1, per_page: int = 30, seconds: float = 20.0
) -> Page[FileVersion]:
    """The commits that changed a file, newest first, also from when it had another name.

    Raises ``PathNotFound``, ``GitTimeout`` when the page could not be found in time.
    """
    where = path_for_git(open_repository(project_id), checked_sha(sha), path)
    skip = min((page - 1) * per_page, _MAX_SKIP)
    out = git.run(
        git.repository_path(project_id),
        "log",
        "-z",
        "--follow",
        "-M",
        "--name-status",
        f"--skip={skip}",
        f"--max-count={per_page + 1}",
        FORMAT,
        sha,
        "--",
        where,
        config=("diff.renameLimit=400",),
        max_bytes=16 << 20,
        timeout=seconds,
    )
    found = _versions(out.data, path)
    total = skip + min(len(found), per_page)
    more = len(found) > per_page
    return Page(found[:per_page], page, per_page, total, has_next=more, total_exact=not more)


def _versions(data: bytes, path: str) -> list[FileVersion]:
    """Each commit's fields, then one change: a status and one name, or two for a rename. All end in NUL."""
    parts = data.split(b"\0")
    found: list[FileVersion] = []
    at, name = 0, path
    while at + _FIELDS <= len(parts):
        fields = parts[at : at + _FIELDS]
        commit = next(iter(parse_commits(b"\0".join(fields))), None)
        at += _FIELDS
        if commit is None:
            break
        status, old = "modified", ""
        mark = parts[at].lstrip(b"\n").decode("ascii", "replace") if at < len(parts) else ""
        if mark[:1] in _STATUS:
            status = _STATUS[mark[0]]
            width = 2 if mark[0] in "RC" else 1
            names = [part.decode("utf-8", "replace") for part in parts[at + 1 : at + 1 + width]]
            if len(names) == 2:
                old, name = names
            elif names:
                name = names[0]
            at += 1 + width
        found.append(FileVersion(commit, name, old, status))
        name = old or name
    return found
