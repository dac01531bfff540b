"""Which files a path of a commit stands for: files that git holds, or what DVC tracks there."""

from collections.abc import Iterator
from dataclasses import dataclass

from ropewalk.monitors.types import ContentKey
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import WrongKind
from workers.analysis.profile.formats import format_of
from workers.runners.data_files import TableFile


@dataclass(frozen=True)
class DataVersion:
    """The tables behind a path of a commit. ``content_hash`` (``algorithm:hash``) is the same exactly for the same content."""

    files: list[TableFile]
    content_hash: str


def files_behind(project_id: int, commit: str, path: str) -> DataVersion:
    """The tables at a path: one file, or those in a folder. Raises ``PathNotFound``, ``WrongKind``."""
    return _from_git(project_id, commit, path)


def _from_git(project_id: int, commit: str, path: str) -> DataVersion:
    found = repos.entry(project_id, commit, path)
    if found.kind == "file":
        return DataVersion([_git_file(project_id, path, found.oid, found.size or 0)], f"git:{found.oid}")
    if found.kind != "directory":
        raise WrongKind(f"{path} is neither a file nor a folder.")
    files = []
    for item in repos.walk(project_id, commit, path).entries:
        if item.kind == "file" and format_of(item.name):
            whole = repos.entry(project_id, commit, item.path)
            files.append(_git_file(project_id, item.path, whole.oid, whole.size or 0))
    return DataVersion(files, f"git:{found.oid}")


def _git_file(project_id: int, path: str, oid: str, size: int) -> TableFile:
    def stream() -> Iterator[bytes]:
        return repos.stream_blob(project_id, oid)

    return TableFile(path, _content("git", oid, path), size, stream)


def _content(algorithm: str, content_hash: str, path: str) -> ContentKey:
    """What the profile is stored under. A name that promises no table gets empty options and fails when it is read."""
    found = format_of(path)
    return ContentKey(algorithm, content_hash, found.options if found else "")
