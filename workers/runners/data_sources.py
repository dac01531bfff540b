"""Which tables and media files a path of a commit stands for, wherever their bytes are: in git, in a DVC object or folder."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.monitors.errors import MissingData
from ropewalk.monitors.types import ContentKey
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound
from workers.analysis.media.kinds import leading_kind, media_kind
from workers.analysis.profile.formats import format_of
from workers.runners.data_files import TableFile
from workers.runners.index_revision import index_now

_MOST_LISTED = 100_000  # files of a folder that are looked at


@dataclass(frozen=True)
class DataVersion:
    """The tables behind a path of a commit. ``content_hash`` (``algorithm:hash``) is the same exactly for the same content.

    ``media`` has the images, sounds and texts by kind; ``root`` is the folder that their paths are told from. ``listed`` of
    ``total`` files were looked at.
    """

    files: list[TableFile]
    content_hash: str
    media: dict[str, list[TableFile]] = field(default_factory=dict)
    root: str = ""
    listed: int = 0
    total: int = 0


def kind_of(*versions: DataVersion) -> str:
    """What these versions are, as :func:`workers.analysis.media.kinds.leading_kind` says it of all their files together."""
    counts = {"table": sum(len(version.files) for version in versions)}
    for version in versions:
        for kind, files in version.media.items():
            counts[kind] = counts.get(kind, 0) + len(files)
    return leading_kind(counts)


def files_behind(project_id: int, commit: str, path: str) -> DataVersion:
    """What lies at a path: one file, or those in a folder (tracked by DVC, in git, or both).

    What DVC tracks wins over what git has at the same path; a ``.dvc`` file stands for its output. Raises ``PathNotFound``,
    :class:`MissingData` for bytes that nobody pushed.
    """
    index_now(project_id, commit)  # the push that brought the commit may be seconds old
    tracked = {output.path: output for output in data.outputs(project_id, commit) if output.cached}
    path = next(
        (output.path for output in tracked.values() if output.pointer == path and path.endswith(".dvc")), path
    )
    if path in tracked:
        return _version(project_id, [data.resolve_data_file(project_id, commit, path)], commit, path)
    folder = next((one for one in tracked if tracked[one].is_dir and path.startswith(f"{one}/")), "")
    if folder:
        inside = _folder(project_id, data.resolve_data_file(project_id, commit, folder), commit)
        chosen = [file for file in inside if file.path == path or file.path.startswith(f"{path}/")]
        if not chosen:
            raise PathNotFound(f"The tracked folder “{folder}” has nothing at “{path}”.")
        return _version(project_id, chosen, commit, path)
    below = [data.resolve_data_file(project_id, commit, one) for one in tracked if one.startswith(f"{path}/")]
    return _version(project_id, _in_git(project_id, commit, path, bool(below)) + below, commit, path)


def _in_git(project_id: int, commit: str, path: str, may_lack: bool) -> list[DataFile]:
    """The tables and media files that git itself holds at a path. A folder that only DVC fills need not be in git."""
    try:
        found = repos.entry(project_id, commit, path)
    except PathNotFound:
        if may_lack:
            return []
        raise
    if found.kind != "directory":
        return [data.resolve_data_file(project_id, commit, path)]
    listed = repos.walk(project_id, commit, path).entries
    chosen = [one for one in listed if one.kind == "file" and (format_of(one.name) or media_kind(one.name))]
    if len(chosen) > _MOST_LISTED:
        chosen = sorted(chosen, key=lambda one: (one.oid, one.path))[:_MOST_LISTED]
    return [
        DataFile(
            path=one.path,
            commit_sha=commit,
            source="git",
            algorithm="git",
            oid=one.oid,
            size=one.size,
            present=True,
            content_hash=f"git:{one.oid}",
        )
        for one in repos.sized(project_id, chosen)
    ]


def _folder(project_id: int, folder: DataFile, commit: str) -> list[DataFile]:
    """The files of a tracked folder."""
    files = data.dir_files(project_id, folder, limit=_MOST_LISTED)
    if not files and not folder.present:
        raise _missing(folder.path, commit)
    return files


def _version(project_id: int, found: list[DataFile], commit: str, path: str) -> DataVersion:
    """What is measured among resolved files and folders; a single file is a table whatever its name promises, if no medium."""
    files, media, listed, total = list[DataFile](), dict[str, list[DataFile]](), 0, 0
    for one in found:
        inside = _folder(project_id, one, commit) if one.is_dir else [one]
        listed += len(inside)
        whole = one.is_dir and len(inside) >= _MOST_LISTED and one.address is not None
        total += data.dir_size(project_id, one.address)[1] if whole and one.address else len(inside)
        for file in inside:
            kind = media_kind(file.path)
            if kind and not format_of(file.path):
                media.setdefault(kind, []).append(file)
            elif not one.is_dir or format_of(file.path):
                files.append(file)
    leading = leading_kind({"table": len(files), **{kind: len(media[kind]) for kind in media}})
    for file in [*files, *media.get(leading, [])]:
        if not file.present or file.size is None:
            raise _missing(file.path, commit)
    return DataVersion(
        files=[_table(project_id, file) for file in files],
        content_hash=_named(found, [*files, *(file for kind in sorted(media) for file in media[kind])]),
        media={
            kind: [
                _opened(project_id, file, kind)
                for file in found_media
                if file.present and file.size is not None
            ]
            for kind, found_media in media.items()
        },
        root=path if len(found) != 1 or found[0].is_dir or found[0].path != path else path.rpartition("/")[0],
        listed=listed,
        total=total,
    )


def _named(found: list[DataFile], files: list[DataFile]) -> str:
    if len(found) == 1:
        kept = found[0]
        return f"{kept.algorithm}:{kept.oid}.dir" if kept.is_dir else kept.content_hash
    lines = "\n".join(sorted(f"{file.path}\0{file.content_hash}" for file in files))
    return f"files:{hashlib.sha256(lines.encode()).hexdigest()[:40]}"


def _missing(path: str, commit: str) -> MissingData:
    return MissingData(
        f"The bytes of {path} at commit {commit[:8]} were never pushed to this project.",
        hint="Run `dvc push` from a clone that has them, then try again.",
    )


def _table(project_id: int, file: DataFile) -> TableFile:
    # a name that promises no table gets no options, and fails when the file is read
    found = format_of(file.path)
    return _opened(project_id, file, found.options if found else "")


def _opened(project_id: int, file: DataFile, options: str) -> TableFile:
    def stream() -> Iterator[bytes]:
        return data.open_data_file(project_id, file)

    algorithm, _, content_hash = file.content_hash.partition(":")
    return TableFile(file.path, ContentKey(algorithm, content_hash, options), file.size or 0, stream)
