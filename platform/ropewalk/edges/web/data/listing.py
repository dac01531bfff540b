"""Rows of the dataset list and of a tracked folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.edges.web.rendering import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

T = TypeVar("T")
PER_PAGE = 50
MOST_GIT_TABLES = 200
MOST_FOLDER_FILES = 1000


@dataclass(frozen=True)
class DatasetRow:
    """One dataset. ``tracked_by`` is ``dvc`` or ``git``; ``versions`` is None where it is not counted."""

    path: str
    url: str
    tracked_by: str
    tabular: bool
    is_dir: bool
    size: int | None
    files: int | None
    versions: int | None
    presence: str
    stage: str = ""


def dataset_url(access: ProjectAccess, rev_name: str, path: str) -> str:
    """The page of a dataset at a revision."""
    return f"{access.project.path}/data/{quote(rev_name, safe='/')}/{quoted(path)}"


def rows_at(access: ProjectAccess, revision: Revision) -> list[DatasetRow]:
    """What DVC tracks, then the tables in git that DVC does not track."""
    found = [
        DatasetRow(
            path=view.output.path,
            url=dataset_url(access, revision.name, view.output.path),
            tracked_by="dvc",
            tabular=view.tabular,
            is_dir=view.output.is_dir,
            size=view.output.size,
            files=view.output.nfiles,
            versions=view.versions,
            presence=view.output.presence,
            stage=view.output.stage,
        )
        for view in data.datasets(access.project.id, revision.name)
    ]
    known = {row.path for row in found}
    entries = repos.walk(access.project.id, revision.sha, limit=20_000).entries
    tables = [e for e in entries if e.kind == "file" and data.is_tabular(e.path) and e.path not in known]
    return found + [
        DatasetRow(
            e.path,
            dataset_url(access, revision.name, e.path),
            "git",
            True,
            False,
            e.size,
            None,
            None,
            "present",
        )
        for e in tables[:MOST_GIT_TABLES]
    ]


@dataclass(frozen=True)
class FolderRow:
    """One file or folder inside a tracked folder."""

    name: str
    path: str
    is_dir: bool
    size: int | None
    files: int
    url: str


def folder_rows(access: ProjectAccess, revision: Revision, file: DataFile, folder: str) -> list[FolderRow]:
    """What lies directly in a part of a tracked folder; empty for a file, and for a folder that was not pushed."""
    if not file.is_dir or file.address is None:
        return []
    return [
        FolderRow(
            name=entry.path.rpartition("/")[2],
            path=entry.path,
            is_dir=entry.is_dir,
            size=entry.size,
            files=entry.files,
            url=dataset_url(access, revision.name, f"{file.path}/{entry.path}"),
        )
        for entry in data.dir_listing(access.project.id, file.address, folder, limit=MOST_FOLDER_FILES)
    ]


def sliced(rows: Sequence[T], number: int, per_page: int = PER_PAGE) -> Page[T]:
    """One page of a list that is known whole."""
    start = (number - 1) * per_page
    return Page(
        items=list(rows[start : start + per_page]),
        number=number,
        per_page=per_page,
        total=len(rows),
        has_next=start + per_page < len(rows),
    )
