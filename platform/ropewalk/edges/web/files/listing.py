"""A folder's rows: git's entries and DVC-tracked ones in one list, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ropewalk.access.types import ProjectAccess
from ropewalk.core import jobs
from ropewalk.core.pagination import Page
from ropewalk.core.selectors import view_of
from ropewalk.core.types import JobView
from ropewalk.data import selectors as data
from ropewalk.data.types import DirFileView, TrackedOutputView
from ropewalk.edges.web.links import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.types import FIND_LAST_COMMITS, Commit, Revision, TreeEntry

PER_PAGE = 250
_MOST_IN_TRACKED_FOLDER = 20_000
_LOOKS = {
    "file": ("file", "file"),
    "directory": ("folder", "folder"),
    "symlink": ("link", "symbolic link"),
    "submodule": ("submodule", "submodule"),
}


@dataclass(frozen=True)
class Row:
    """One line of a folder. ``tracked_by`` is ``git`` or ``dvc``; ``presence`` is ``present``, ``missing`` or empty (git)."""

    name: str
    url: str
    kind: str
    size: int | None = None
    tracked_by: str = "git"
    presence: str = ""
    files: int | None = None
    entry: TreeEntry | None = None
    commit: Commit | None = None

    @property
    def look(self) -> tuple[str, str]:
        """The icon's name and what it says."""
        return _LOOKS.get(self.kind, _LOOKS["file"])

    @property
    def marked(self) -> bool:
        """Whether more than git's plain name is to be shown."""
        return self.tracked_by != "git" or self.kind == "submodule"


@dataclass(frozen=True)
class Folder:
    """A page of rows; ``entries`` are all that git has here. ``complete``: every last commit was found, else ``job`` looks on."""

    page: Page[Row]
    entries: tuple[TreeEntry, ...]
    complete: bool = True
    job: JobView | None = None
    not_pushed: bool = False


def folder_of(access: ProjectAccess, revision: Revision, base: str, number: int) -> Folder:
    """A folder of git, of DVC or of both. Raises ``PathNotFound`` when neither has it."""
    project_id = access.project.id
    try:
        entries = repos.listing(project_id, revision.sha, revision.path)
        in_git = True
    except PathNotFound:
        entries, in_git = (), False
    outputs = [output for output in data.outputs(project_id, revision.sha) if output.cached]
    tracked = _tracked_rows(access, revision, outputs, base)
    if not in_git and not tracked:
        if any(
            item.is_dir and f"{revision.path}/".startswith(f"{item.path}/") and not item.present
            for item in outputs
        ):
            return Folder(Page([], 1, PER_PAGE, 0, has_next=False), (), not_pushed=True)
        raise PathNotFound(f"There is nothing at “{revision.path}” in {revision.sha[:8]}.")
    page = _page_of(entries, tracked, base, number)
    return _with_commits(access, revision, page, entries) if in_git else Folder(page, entries)


def _page_of(entries: tuple[TreeEntry, ...], tracked: dict[str, Row], base: str, number: int) -> Page[Row]:
    """Directories first, then by name. A folder that both have is git's; a file that both have is DVC's.

    Rows are made for the page alone: a folder may have tens of thousands.
    """
    every: Sequence[TreeEntry | Row] = entries
    if tracked:
        kept = [
            item for item in entries if item.name not in tracked or tracked[item.name].kind == "directory"
        ]
        names = {item.name for item in kept}
        added = [row for name, row in tracked.items() if name not in names]
        every = sorted((*kept, *added), key=lambda item: (item.kind != "directory", item.name))
    start = (number - 1) * PER_PAGE
    rows = [
        item
        if isinstance(item, Row)
        else Row(item.name, f"{base}/{quoted(item.path)}", item.kind, entry=item)
        for item in every[start : start + PER_PAGE]
    ]
    return Page(rows, number, PER_PAGE, len(every), has_next=start + PER_PAGE < len(every))


def _with_commits(
    access: ProjectAccess, revision: Revision, page: Page[Row], entries: tuple[TreeEntry, ...]
) -> Folder:
    """Sizes and last commits of the rows on the page. What one short walk does not find becomes a job."""
    project_id = access.project.id
    last = repos.last_commits(
        project_id, revision.sha, revision.path, [row.name for row in page if row.entry]
    )
    sizes = {item.name: item for item in repos.sized(project_id, [row.entry for row in page if row.entry])}
    rows = [
        replace(row, size=sizes[row.name].size, commit=last.by_name.get(row.name)) if row.entry else row
        for row in page
    ]
    job = None
    if not last.complete:
        job = view_of(
            jobs.enqueue(
                FIND_LAST_COMMITS,
                subject=f"commit:{revision.sha[:12]}",
                fingerprint=repos.folder_key(project_id, revision.sha, revision.path),
                payload={"sha": revision.sha, "path": revision.path},
                project_id=project_id,
            )
        )
    return Folder(replace(page, items=rows), entries, last.complete, job)


def _tracked_rows(
    access: ProjectAccess, revision: Revision, outputs: list[TrackedOutputView], base: str
) -> dict[str, Row]:
    prefix = f"{revision.path}/" if revision.path else ""
    rows: dict[str, Row] = {}
    for output in outputs:
        if output.is_dir and f"{revision.path}/".startswith(f"{output.path}/"):
            return _rows_inside(access, revision, output, base)
        if not output.path.startswith(prefix):
            continue
        name, _, deeper = output.path[len(prefix) :].partition("/")
        if deeper:
            rows.setdefault(name, Row(name, f"{base}/{quoted(prefix + name)}", "directory"))
        elif name:
            kind = "directory" if output.is_dir else "file"
            presence = output.presence
            url = f"{base}/{quoted(output.path)}"
            rows[name] = Row(name, url, kind, output.size, "dvc", presence, output.nfiles)
    return rows


def _rows_inside(
    access: ProjectAccess, revision: Revision, output: TrackedOutputView, base: str
) -> dict[str, Row]:
    """What lies in a part of a folder that DVC tracks as a whole."""
    if output.address is None:
        return {}
    inside = revision.path[len(output.path) + 1 :]
    found = data.dir_listing(access.project.id, output.address, inside, limit=_MOST_IN_TRACKED_FOLDER)
    return {row.name: row for row in (_inner(output, view, base) for view in found)}


def _inner(output: TrackedOutputView, view: DirFileView, base: str) -> Row:
    url = f"{base}/{quoted(f'{output.path}/{view.path}')}"
    kind, files = ("directory", view.files) if view.is_dir else ("file", None)
    presence = "" if view.is_dir else "present" if view.size is not None else "missing"
    return Row(view.path.rpartition("/")[2], url, kind, view.size, "dvc", presence, files)
