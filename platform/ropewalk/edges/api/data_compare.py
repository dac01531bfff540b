"""Any two versions of a dataset: files, columns and the drift report between them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors as data
from ropewalk.data.selectors.changes import STATUSES, FileChange
from ropewalk.data.selectors.folder_parts import FolderPart, FolderSums
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.monitors import services, versions
from ropewalk.monitors.pairs import ColumnPair, TablePair
from ropewalk.monitors.versions import VersionPair, VersionSide
from ropewalk.repos import selectors as repos

_LONGEST = 1000


class VersionSideShape(serializers.Serializer):
    """One side. Without content at the path, `why` says so and the rest is empty; `size` in bytes."""

    revision = serializers.CharField()
    commit = serializers.CharField()
    path = serializers.CharField()
    tracked_by = serializers.CharField(allow_blank=True)
    hash = serializers.CharField(allow_blank=True)
    is_dir = serializers.BooleanField()
    size = serializers.IntegerField(allow_null=True)
    presence = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)


class FileChangeShape(serializers.Serializer):
    """A file of a folder: `added`, `removed`, `changed` or `renamed`; paths are relative to the folder."""

    status = serializers.ChoiceField(choices=list(STATUSES))
    path = serializers.CharField()
    old_path = serializers.CharField(allow_blank=True)
    old_size = serializers.IntegerField(allow_null=True)
    new_size = serializers.IntegerField(allow_null=True)


class FilesShape(serializers.Serializer):
    """What changed in a folder: counts by status, bytes that came and went, and a page of fifty files."""

    counts = serializers.DictField(child=serializers.IntegerField())
    bytes_added = serializers.IntegerField()
    bytes_removed = serializers.IntegerField()
    files_before = serializers.IntegerField()
    files_after = serializers.IntegerField()
    truncated = serializers.BooleanField()
    total = serializers.IntegerField()
    changes = FileChangeShape(many=True)


class ColumnChangeShape(serializers.Serializer):
    """A column. `moved`, 0 to 1, is the larger of `gap` and the change of the share of missing values.

    `histogram` has both shares over common bars; `top` the most frequent values, with null for "rarer than those".
    """

    name = serializers.CharField()
    status = serializers.ChoiceField(choices=["added", "removed", "type", "same"])
    moved = serializers.FloatField()
    gap = serializers.FloatField(allow_null=True)
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    histogram = serializers.DictField(allow_null=True)
    top = serializers.ListField(child=serializers.DictField())


class TableChangeShape(serializers.Serializer):
    """Rows of both versions, and the columns, those first whose kind changed, that went, came, then by how far they moved."""

    rows_before = serializers.IntegerField()
    rows_after = serializers.IntegerField()
    truncated = serializers.BooleanField()
    columns = ColumnChangeShape(many=True)


class DataCompareShape(serializers.Serializer):
    """`table_state`: `ready`, `measuring` (ask again), `failed`, `refused` (you may not start it), `none` (no tables there)."""

    base = VersionSideShape()
    head = VersionSideShape()
    same = serializers.BooleanField()
    files = FilesShape(allow_null=True)
    table_state = serializers.ChoiceField(choices=["ready", "measuring", "failed", "refused", "none"])
    table = TableChangeShape(allow_null=True)
    drift_report = serializers.IntegerField(allow_null=True)


@extend_schema(
    summary="Compare two versions of a dataset",
    parameters=[
        OpenApiParameter(
            "base", str, description="Revision to compare with; else the version before `head`."
        ),
        OpenApiParameter("head", str, description="Revision; else the default branch."),
        OpenApiParameter("head_path", str, description="The path at `head`, where it has another."),
        OpenApiParameter("page", int, description="Of the changed files, fifty a page."),
    ],
    responses={200: DataCompareShape, 400: ErrorShape, 404: ErrorShape},
    tags=["data"],
)
@api_view(["GET"])
def data_compare(request: Request, access: ProjectAccess, path: str) -> Response:
    """Columns come from measurements that are kept; what nobody measured yet is asked for, as by the page."""
    asked = {name: request.query_params.get(name, "").strip() for name in ("base", "head", "head_path")}
    if any(len(text) > _LONGEST for text in asked.values()):
        raise Invalid(f"`base`, `head` and `head_path` have at most {_LONGEST} characters.")
    head, head_path = asked["head"] or repos.default_branch(access.project.id), asked["head_path"] or path
    base = asked["base"] or versions.version_before(access.project.id, head_path, head)
    if not base:
        raise Invalid("There is only one version of this path; name another revision as `base`.")
    pair = versions.version_pair(access.project.id, (base, path), (head, head_path))
    report = versions.report_between(access.project.id, pair)
    state, table = _table(access, pair)
    body = {
        "base": _side(pair.base),
        "head": _side(pair.head),
        "same": pair.same,
        "files": _files(access, pair, page_number(request.query_params.get("page"))),
        "table_state": state,
        "table": table and _table_body(table),
        "drift_report": report and report.number,
    }
    return Response(body)


def _table(access: ProjectAccess, pair: VersionPair) -> tuple[str, TablePair | None]:
    if pair.same or not pair.tabular or pair.base.file is None or pair.head.file is None:
        return "none", None
    asked = [services.asked_data_profile(access, file) for file in (pair.base.file, pair.head.file)]
    table = versions.table_pair(asked[0][0], asked[1][0])
    if table is not None:
        return "ready", table
    if any(refused for _, refused in asked):
        return "refused", None
    failed = any(found and found.job and found.job.state == "failed" for found, _ in asked)
    return "failed" if failed else "measuring", None


def _side(side: VersionSide) -> dict[str, Any]:
    file = side.file
    return {
        "revision": side.revision,
        "commit": side.commit.sha,
        "path": side.path,
        "tracked_by": file.source if file else "",
        "hash": file.oid if file else "",
        "is_dir": bool(file and file.is_dir),
        "size": file.size if file else None,
        "presence": file.presence if file else "",
        "why": side.why,
    }


def _files(access: ProjectAccess, pair: VersionPair, number: int) -> dict[str, Any] | None:
    files = [side.file for side in (pair.base, pair.head) if side.file]
    if pair.same or not pair.folders or any(file.source == "git" for file in files):
        return None
    sides = [
        side.file.address if side.file and side.file.present else None for side in (pair.base, pair.head)
    ]
    sums, page = data.folder_changes(access.project.id, sides[0], sides[1], FolderPart(), number)
    return _files_body(sums, page)


def _files_body(sums: FolderSums, page: Page[FileChange]) -> dict[str, Any]:
    names = ("status", "path", "old_path", "old_size", "new_size")
    return {
        "counts": sums.total.counts,
        "bytes_added": sums.total.bytes_added,
        "bytes_removed": sums.total.bytes_removed,
        "files_before": sums.before[1],
        "files_after": sums.after[1],
        "truncated": sums.truncated,
        "total": page.total,
        "changes": [{name: getattr(one, name) for name in names} for one in page],
    }


def _table_body(table: TablePair) -> dict[str, Any]:
    return {
        "rows_before": table.rows[0],
        "rows_after": table.rows[1],
        "truncated": table.partial,
        "columns": [_column(one) for one in table.columns],
    }


def _column(one: ColumnPair) -> dict[str, Any]:
    drawn = {"histogram", "top", "name"}  # what the pair has on common bars, or once for both
    sides = [
        side and {key: side[key] for key in side if key not in drawn} for side in (one.before, one.after)
    ]
    return {
        "name": one.name,
        "status": one.status,
        "moved": one.moved,
        "gap": one.gap,
        "before": sides[0],
        "after": sides[1],
        "histogram": one.histogram,
        "top": [{"value": top.value, "before": top.before, "after": top.after} for top in one.top],
    }
