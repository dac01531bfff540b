"""Files of a project on the worker's own disk, wherever they come from."""

import shutil
from contextlib import closing
from pathlib import Path

from ropewalk.core.errors import NotFound, TooLarge, Unavailable
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from workers.runners.index_revision import index_now

MOST_BYTES = 4 << 30
_SPARE_DISK = 1 << 30


def resolved(project_id: int, commit: str, path: str) -> DataFile:
    """Where the bytes at a path of a commit are. Raises :class:`NotFound`."""
    try:
        return data.resolve_data_file(project_id, commit, path)
    except NotFound:  # what DVC tracks is known when the commit is indexed
        index_now(project_id, commit)
        return data.resolve_data_file(project_id, commit, path)


def copy_to(project_id: int, file: DataFile, target: Path, end: int | None = None) -> None:
    """Write a file's first ``end`` bytes (all by default) to a local path.

    Raises :class:`TooLarge`, :class:`NotFound` for bytes that are not here, :class:`Unavailable` without room for them.
    """
    if end is None and (file.size or 0) > MOST_BYTES:
        raise TooLarge(f"The file is larger than {MOST_BYTES >> 30} GiB, the most that is read for a page.")
    wanted = min(file.size or 0, end or MOST_BYTES)
    if shutil.disk_usage(target.parent).free < wanted + _SPARE_DISK:
        raise Unavailable(f"The worker has no room on its disk to read {file.path}. Ask the operator.")
    blocks = data.open_data_file(project_id, file, 0, end)
    with target.open("wb") as sink, closing(blocks):  # type: ignore[type-var]  # a generator: closing it ends git
        for block in blocks:
            sink.write(block)
