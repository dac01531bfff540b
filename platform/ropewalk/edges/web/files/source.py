"""One file at a revision, wherever it is: in git, or tracked by DVC."""

import posixpath
from dataclasses import dataclass

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.edges.web.files.kinds import viewer_of
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.types import Revision, TreeEntry

_PROBE = 8000


@dataclass(frozen=True)
class Source:
    """A file, symbolic link or submodule (git), or a tracked file (DVC; ``present``: its bytes are here)."""

    path: str
    kind: str
    size: int | None
    tracked_by: str
    content_hash: str
    present: bool = True
    entry: TreeEntry | None = None
    file: DataFile | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without the name."""
        return self.path.rpartition("/")[0]

    @property
    def viewer(self) -> str:
        """Which viewer its name asks for."""
        return viewer_of(self.path)

    @property
    def executable(self) -> bool:
        """Whether git has it as a program."""
        return self.entry is not None and self.entry.executable


@dataclass(frozen=True)
class Head:
    """The first bytes of a file."""

    data: bytes
    truncated: bool

    @property
    def binary(self) -> bool:
        """Whether it does not look like text."""
        return b"\0" in self.data[:_PROBE]

    @property
    def text(self) -> str:
        """As text; bytes that are not UTF-8 become U+FFFD."""
        return self.data.decode("utf-8-sig", "replace")


def find_source(access: ProjectAccess, revision: Revision) -> Source | None:
    """What lies at a revision's path; None for a folder of git or a tracked folder. Raises ``NotFound``."""
    project_id, path = access.project.id, revision.path
    if not path:
        return None
    try:
        entry = repos.entry(project_id, revision.sha, path)
    except PathNotFound:
        return _tracked(project_id, revision)
    if entry.kind == "directory":
        return None
    return Source(entry.path, entry.kind, entry.size, "git", f"git:{entry.oid}", entry=entry)


def _tracked(project_id: int, revision: Revision) -> Source | None:
    prefix = f"{revision.path}/"
    if any(output.path.startswith(prefix) for output in data.outputs(project_id, revision.sha)):
        return None
    try:
        file = data.resolve_data_file(project_id, revision.sha, revision.path)
    except NotFound as error:
        if error.code != "path_not_found" or not in_tracked_folder(project_id, revision):
            raise
        return None
    if file.is_dir:
        return None
    return Source(file.path, "file", file.size, "dvc", file.content_hash, file.present, file=file)


def in_tracked_folder(project_id: int, revision: Revision) -> bool:
    """Whether the path is a folder inside one that DVC tracks as a whole."""
    for output in data.outputs(project_id, revision.sha):
        if output.is_dir and output.cached and revision.path.startswith(f"{output.path}/") and output.address:
            inside = revision.path[len(output.path) + 1 :]
            return bool(data.dir_listing(project_id, output.address, inside, limit=1))
    return False


def head_of(access: ProjectAccess, revision: Revision, source: Source, limit: int) -> Head:
    """At most ``limit`` bytes from a file's beginning."""
    if source.file is None:
        blob = repos.blob(access.project.id, revision.sha, source.path, limit=limit)
        return Head(blob.data, blob.truncated)
    blocks = data.open_data_file(access.project.id, source.file, 0, limit)
    content = b"".join(blocks)[:limit]
    return Head(content, source.size is None or source.size > len(content))


def link_target(source: Source, target: str) -> str:
    """Where a symbolic link leads inside the repository; empty when it leads out of it."""
    if target.startswith("/") or "\0" in target:
        return ""
    whole = posixpath.normpath(posixpath.join(source.folder, target))
    return "" if whole == ".." or whole.startswith("../") else whole.removeprefix("./")
