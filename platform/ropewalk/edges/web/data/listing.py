"""Rows of the dataset list and of a tracked folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeVar
from urllib.parse import quote

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page
from ropewalk.data import selectors as data
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.types import DataFile, TrackedOutputView
from ropewalk.edges.web.rendering import quoted
from ropewalk.monitors import selectors as monitors
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

T = TypeVar("T")
PER_PAGE = 50
MOST_GIT_TABLES = 200
MOST_FOLDER_FILES = 1000


@dataclass(frozen=True)
class DatasetRow:
    """One dataset. ``tracked_by`` is ``dvc`` or ``git``; ``versions`` is None where it is not counted.

    ``stage_url`` shows the stage that makes it. ``rows`` and ``columns`` are None where nobody had them measured; ``address`` is
    the stored object's, None in git.
    """

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
    stage_url: str = ""
    oid: str = ""
    address: ObjectAddress | None = None
    rows: int | None = None
    columns: int | None = None


SORTS = ("path", "size", "files", "versions", "rows")


def dataset_url(access: ProjectAccess, rev_name: str, path: str) -> str:
    """The page of a dataset at a revision."""
    return f"{access.project.path}/data/{quote(rev_name, safe='/')}/{quoted(path)}"


def _stage_url(access: ProjectAccess, revision: Revision, output: TrackedOutputView) -> str:
    if not output.stage:
        return ""
    folder = output.pointer.rpartition("/")[0]
    name = f"{folder}/dvc.yaml:{output.stage}" if folder else output.stage
    return (
        f"{access.project.path}/pipeline/{quote(revision.name, safe='/')}?stage={quote(name, safe='')}#stage"
    )


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
            stage_url=_stage_url(access, revision, view.output),
            oid=view.output.oid,
            address=view.output.address,
        )
        for view in data.datasets(access.project.id, revision.name)
    ]
    known = {row.path for row in found}
    entries = repos.walk(access.project.id, revision.sha, limit=20_000).entries
    tables = [e for e in entries if e.kind == "file" and data.is_tabular(e.path) and e.path not in known]
    shown = repos.sized(access.project.id, tables[:MOST_GIT_TABLES])
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
            oid=e.oid,
        )
        for e in shown
    ]


def dataset_page(
    access: ProjectAccess, rows: Sequence[DatasetRow], number: int, sort: str, *, descending: bool
) -> Page[DatasetRow]:
    """One page of the datasets, with rows and columns where they are known. Without a value comes last, whichever way."""
    if sort == "rows":
        rows = _measured(access.project.id, rows)
    if sort in SORTS:
        ranked = [(getattr(row, sort), row) for row in rows]
        known = sorted((one for one in ranked if one[0] is not None), key=itemgetter(0), reverse=descending)
        rows = [row for _, row in [*known, *(one for one in ranked if one[0] is None)]]
    page = sliced(rows, number)
    return page if sort == "rows" else replace(page, items=_measured(access.project.id, page.items))


def _measured(project_id: int, rows: Sequence[DatasetRow]) -> list[DatasetRow]:
    """The same with rows and columns of what was measured. Two queries."""
    states = data.states(project_id, [row.address for row in rows if row.address and not row.is_dir])
    names = {}
    for row in rows:
        state = states.get(row.address) if row.address else None
        if row.address is None:
            names[row.path] = f"git:{row.oid}" if row.tracked_by == "git" else ""
        elif row.is_dir:
            names[row.path] = f"{'md5-dos2unix' if row.address.legacy else 'md5'}:{row.oid}"
        else:
            names[row.path] = f"sha256:{state.sha256}" if state else ""
    asked = [(names[row.path], row.path, row.is_dir) for row in rows if names[row.path]]
    found = monitors.table_sizes(project_id, asked)
    return [
        replace(row, rows=found[row.path][0], columns=found[row.path][1]) if row.path in found else row
        for row in rows
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
