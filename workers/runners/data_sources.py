"""Which tables a path of a commit stands for, wherever their bytes are: in git, a DVC object, or a tracked folder."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.monitors.errors import MissingData
from ropewalk.monitors.types import ContentKey
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from workers.analysis.profile.formats import format_of
from workers.runners.data_files import TableFile
from workers.runners.index_revision import index_now


@dataclass(frozen=True)
class DataVersion:
    """The tables behind a path of a commit. ``content_hash`` (``algorithm:hash``) is the same exactly for the same content."""

    files: list[TableFile]
    content_hash: str


def files_behind(project_id: int, commit: str, path: str) -> DataVersion:
    """The tables at a path: one file, or those in a folder (tracked by DVC, in git, or both).

    What DVC tracks wins over what git has at the same path; a ``.dvc`` file stands for its output. Raises ``PathNotFound``,
    :class:`MissingData` for bytes that nobody pushed.
    """
    index_now(project_id, commit)  # the push that brought the commit may be seconds old
    tracked = {output.path: output for output in data.outputs(project_id, commit) if output.cached}
    path = next(
        (output.path for output in tracked.values() if output.pointer == path and path.endswith(".dvc")), path
    )
    if path in tracked:
        return _version(project_id, [data.resolve_data_file(project_id, commit, path)], commit)
    folder = next((one for one in tracked if tracked[one].is_dir and path.startswith(f"{one}/")), "")
    if folder:
        inside = _folder(project_id, data.resolve_data_file(project_id, commit, folder), commit)
        chosen = [file for file in inside if file.path == path or file.path.startswith(f"{path}/")]
        if not chosen:
            raise PathNotFound(f"The tracked folder “{folder}” has nothing at “{path}”.")
        return _version(project_id, chosen, commit)
    below = [data.resolve_data_file(project_id, commit, one) for one in tracked if one.startswith(f"{path}/")]
    return _version(project_id, _in_git(project_id, commit, path, bool(below)) + below, commit)


def _in_git(project_id: int, commit: str, path: str, may_lack: bool) -> list[DataFile]:
    """The tables that git itself holds at a path. A folder that only DVC fills need not be in git."""
    try:
        found = repos.entry(project_id, commit, path)
    except PathNotFound:
        if may_lack:
            return []
        raise
    if found.kind != "directory":
        return [data.resolve_data_file(project_id, commit, path)]
    listed = repos.walk(project_id, commit, path).entries
    names = [one.path for one in listed if one.kind == "file" and format_of(one.name)]
    return [data.resolve_data_file(project_id, commit, name) for name in names]


def _folder(project_id: int, folder: DataFile, commit: str) -> list[DataFile]:
    """The files of a tracked folder."""
    files = data.dir_files(project_id, folder)
    if not files and not folder.present:
        raise _missing(folder.path, commit)
    return files


def _version(project_id: int, found: list[DataFile], commit: str) -> DataVersion:
    """The tables among resolved files and folders; a single file is a table whatever its name promises."""
    files = []
    for one in found:
        files += (
            [file for file in _folder(project_id, one, commit) if format_of(file.path)]
            if one.is_dir
            else [one]
        )
    for file in files:
        if not file.present or file.size is None:
            raise _missing(file.path, commit)
    if len(found) == 1:
        kept = found[0]
        version = f"{kept.algorithm}:{kept.oid}.dir" if kept.is_dir else kept.content_hash
    else:
        lines = "\n".join(sorted(f"{file.path}\0{file.content_hash}" for file in files))
        version = f"files:{hashlib.sha256(lines.encode()).hexdigest()[:40]}"
    return DataVersion([_table(project_id, file) for file in files], version)


def _missing(path: str, commit: str) -> MissingData:
    return MissingData(
        f"The bytes of {path} at commit {commit[:8]} were never pushed to this project.",
        hint="Run `dvc push` from a clone that has them, then try again.",
    )


def _table(project_id: int, file: DataFile) -> TableFile:
    def stream() -> Iterator[bytes]:
        return data.open_data_file(project_id, file)

    algorithm, _, content_hash = file.content_hash.partition(":")
    # a name that promises no table gets no options, and fails when the file is read
    found = format_of(file.path)
    content = ContentKey(algorithm, content_hash, found.options if found else "")
    return TableFile(file.path, content, file.size or 0, stream)
