"""What lies at a path of a commit, git's files and DVC's in one tree: for listings that programs read."""

from ropewalk.core.errors import NotFound
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.selectors.objects import dir_file, dir_listing, object_state
from ropewalk.data.selectors.revisions import outputs, revision
from ropewalk.data.types import ContentEntry, DirFileView, TrackedOutputView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.types import TreeEntry


def content_at(project_id: int, commit_sha: str, path: str) -> ContentEntry:
    """The file or folder at a path (empty: the root). What DVC tracks wins over a file of git, git's folder over DVC's.

    Raises :class:`NotFound`, with the code ``not_indexed`` while the commit waits for its index job and git has nothing there.
    """
    tracked = _tracked(project_id, commit_sha)
    output = next((item for item in tracked if item.path == path), None)
    try:
        in_git = _of_git(repos.entry(project_id, commit_sha, path))
    except PathNotFound:
        in_git = None
    if output is not None and (in_git is None or in_git.kind != "directory"):
        return _of_output(output)
    if in_git is not None:
        return in_git
    if any(item.path.startswith(f"{path}/") for item in tracked):
        return ContentEntry(path, "directory", "dvc", "")
    folder = _folder_around(tracked, path)
    if folder is not None:
        return _inside(project_id, folder, path)
    if revision(project_id, commit_sha) is None:
        raise NotFound(
            f"“{path}” is not in git, and commit {commit_sha[:8]} is not indexed yet.",
            hint="Try again in a moment.",
            code="not_indexed",
        )
    raise PathNotFound(f"There is nothing at “{path}” in {commit_sha[:8]}.")


def content_of(project_id: int, commit_sha: str, path: str, *, limit: int) -> list[ContentEntry]:
    """What lies directly in a folder, folders first, then by name; files of git without sizes (see :func:`with_sizes`).

    At most ``limit``. Raises :class:`NotFound`; code ``object_missing`` for a tracked folder whose list nobody pushed.
    """
    tracked = _tracked(project_id, commit_sha)
    try:
        found = {item.name: _of_git(item) for item in repos.listing(project_id, commit_sha, path)}
    except PathNotFound:
        found = {}
    folder = _folder_around(tracked, path)
    if folder is not None and not found:
        return _inner(project_id, folder, path, limit)
    prefix = f"{path}/" if path else ""
    for output in tracked:
        name, _, deeper = output.path.removeprefix(prefix).partition("/")
        if not output.path.startswith(prefix):
            continue
        if deeper:
            found.setdefault(name, ContentEntry(prefix + name, "directory", "dvc", ""))
        elif name not in found or found[name].kind != "directory":
            found[name] = _of_output(output)
    if not found:
        raise PathNotFound(f"There is nothing at “{path}” in {commit_sha[:8]}.")
    return sorted(found.values(), key=lambda item: (item.kind != "directory", item.name))[:limit]


def with_sizes(project_id: int, entries: list[ContentEntry]) -> list[ContentEntry]:
    """The entries, those of files in git with their sizes: one read of an object's header each."""
    asked = {item.path: item for item in entries if item.tracked_by == "git" and item.kind != "directory"}
    as_tree = [TreeEntry(item.name, path, item.kind, "", item.oid) for path, item in asked.items()]
    sizes = {item.path: item.size for item in repos.sized(project_id, as_tree)}
    return [item.sized(sizes.get(item.path)) if item.path in asked else item for item in entries]


def _tracked(project_id: int, commit_sha: str) -> list[TrackedOutputView]:
    return [output for output in outputs(project_id, commit_sha) if output.cached]


def _folder_around(tracked: list[TrackedOutputView], path: str) -> TrackedOutputView | None:
    """The tracked folder that is at a path or above it."""
    return next((item for item in tracked if item.is_dir and f"{path}/".startswith(f"{item.path}/")), None)


def _list_address(project_id: int, folder: TrackedOutputView) -> ObjectAddress:
    address = folder.address
    if address is None or object_state(project_id, address) is None:
        raise NotFound(
            f"“{folder.path}” is tracked by DVC, but its list of files was not pushed here.",
            hint="Run `dvc push`.",
            code="object_missing",
        )
    return address


def _inside(project_id: int, folder: TrackedOutputView, path: str) -> ContentEntry:
    address, relpath = _list_address(project_id, folder), path[len(folder.path) + 1 :]
    child = dir_file(project_id, address, relpath)
    if child is not None:
        state = object_state(project_id, child)
        return ContentEntry(path, "file", "dvc", child.oid, state.size if state else None, state is not None)
    if dir_listing(project_id, address, relpath, limit=1):
        return ContentEntry(path, "directory", "dvc", "")
    raise PathNotFound(f"The tracked folder “{folder.path}” has no file “{path}”.")


def _inner(project_id: int, folder: TrackedOutputView, path: str, limit: int) -> list[ContentEntry]:
    address, relpath = _list_address(project_id, folder), path[len(folder.path) + 1 :]
    found = dir_listing(project_id, address, relpath, limit=limit)
    if not found and relpath:
        raise PathNotFound(f"The tracked folder “{folder.path}” has no folder “{path}”.")
    return [_of_dir_file(folder, view) for view in found][:limit]


def _of_dir_file(folder: TrackedOutputView, view: DirFileView) -> ContentEntry:
    path = f"{folder.path}/{view.path}"
    if view.is_dir:
        return ContentEntry(path, "directory", "dvc", "")
    return ContentEntry(path, "file", "dvc", view.oid, view.size, view.size is not None)


def _of_output(output: TrackedOutputView) -> ContentEntry:
    kind = "directory" if output.is_dir else "file"
    return ContentEntry(output.path, kind, "dvc", output.oid, output.size, output.present)


def _of_git(entry: TreeEntry) -> ContentEntry:
    return ContentEntry(entry.path, entry.kind, "git", entry.oid, entry.size)
