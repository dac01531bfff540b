"""What a version holds, as its pages show it: rows of a table by conditions, files of a folder by order and class, plots."""

from typing import Any, NoReturn
from urllib.parse import quote

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Denied, Invalid, NotFound, Unprocessable
from ropewalk.core.pagination import page_number
from ropewalk.core.types import JobView
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.rows import MOST_CONDITIONS, OPERATORS, RowQuery, query_of
from ropewalk.edges.api.shapes import ErrorShape, JobShape, job_body
from ropewalk.monitors import selectors as monitors
from ropewalk.monitors.services import asked_data_profile
from ropewalk.repos import selectors as repos

_MOST_TABLE_BYTES = 4 << 30  # the worker's own limit
_PER_PAGE, _PLOTS = 50, 24
_PAGE = OpenApiParameter("page", int, description="From 1.")
_ANSWERS = {202: JobShape, 403: ErrorShape, 404: ErrorShape, 422: ErrorShape}


class RowShape(serializers.Serializer):
    """`place` is the row's number in the file, from 1; `cells` are in the order of the columns, shortened when they are long."""

    place = serializers.IntegerField()
    cells = serializers.ListField(child=serializers.JSONField(allow_null=True))


class RowsShape(serializers.Serializer):
    """A page of the rows that were found. `matching` counts all; only `available` of them, the first, can be paged through."""

    path = serializers.CharField()
    columns = serializers.ListField(child=serializers.DictField())
    hidden_columns = serializers.IntegerField()
    total = serializers.IntegerField()
    matching = serializers.IntegerField()
    available = serializers.IntegerField()
    rows = RowShape(many=True)


class GalleryShape(serializers.Serializer):
    """A page of files with their measured properties; `thumb` and `raw` are addresses of the bytes, `thumb` may be empty."""

    path = serializers.CharField()
    kind = serializers.CharField()
    orders = serializers.ListField(child=serializers.CharField())
    classes = serializers.ListField(child=serializers.DictField())
    total = serializers.IntegerField()
    items = serializers.ListField(child=serializers.DictField())


class PlotsShape(serializers.Serializer):
    """A page of the plots that a revision's pipeline asks for, each with its data as a worker read it."""

    commit = serializers.CharField()
    total = serializers.IntegerField()
    plots = serializers.ListField(child=serializers.DictField())


@extend_schema(
    summary="Rows of a table",
    parameters=[
        OpenApiParameter("column", str, many=True, description=f"With `op` and `value`, up to {MOST_CONDITIONS} times."),
        OpenApiParameter("op", str, many=True, enum=list(OPERATORS)),
        OpenApiParameter("value", str, many=True),
        OpenApiParameter("q", str, description="A text that some cell has, whatever its capitals."),
        OpenApiParameter("order", str, description="`COLUMN:asc` or `COLUMN:desc`."),
        _PAGE,
    ],
    responses={200: RowsShape, 400: ErrorShape, **_ANSWERS},
    tags=["data"],
)  # fmt: skip
@api_view(["GET"])
def rows(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """A worker finds them: at the first request for a question the answer is 202 with the job; ask again after `Retry-After`."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_data_file(access.project.id, revision.sha, revision.path)
    if file.is_dir or not data.is_tabular(file.path) or (file.size or 0) > _MOST_TABLE_BYTES:
        raise Unprocessable("There are no rows here: it is no table, or a too large one.", code="no_table")
    if not file.present:
        raise NotFound(
            "This data was not pushed here.", hint="Whoever has it runs dvc push.", code="object_missing"
        )
    query = _query(request)
    if not query.plain and not access.may(Permission.ANALYSES_START):
        raise Denied("Only people who may start analyses search in tables.", hint="Ask for the plain rows.")
    found = services.request_rows(
        project_id=access.project.id, file=file, query=query, requested_by_id=access.actor.user_id
    )
    if found is None or found.document is None:
        return _waits(found.job if found else None)
    document, start = found.document, (page_number(request.query_params.get("page")) - 1) * _PER_PAGE
    shown = list(zip(document["places"], document["rows"], strict=True))[start : start + _PER_PAGE]
    return Response(
        {
            "path": file.path,
            **{name: document[name] for name in ("columns", "hidden_columns", "total", "matching")},
            "available": len(document["rows"]),
            "rows": [{"place": place, "cells": cells} for place, cells in shown],
        }
    )


def _query(request: Request) -> RowQuery:
    values = request.query_params
    lists = [values.getlist(name)[: MOST_CONDITIONS + 1] for name in ("column", "op", "value")]
    if len({len(one) for one in lists}) > 1:
        raise Invalid("Give `column`, `op` and `value` equally often.", code="bad_conditions")
    order, colon, way = values.get("order", "").rpartition(":")
    if way and (not colon or way not in {"asc", "desc"}):
        raise Invalid("Write `order` as COLUMN:asc or COLUMN:desc.", code="bad_order")
    conditions = list(zip(*lists, strict=True))
    return query_of(conditions, text=values.get("q", ""), order=order, descending=way == "desc")


@extend_schema(
    summary="Files of a folder of images, sounds or texts",
    parameters=[
        OpenApiParameter("order", str, description="One of the answer's `orders`; `path` otherwise."),
        OpenApiParameter("descending", bool),
        OpenApiParameter("class", str, description="The files of one class only."),
        _PAGE,
    ],
    responses={200: GalleryShape, 400: ErrorShape, **_ANSWERS},
    tags=["data"],
)
@api_view(["GET"])
def gallery(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """Measured once for each content: at the first request the answer is 202 with the job."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_dataset(access.project.id, revision.sha, revision.path)
    if not file.present:
        raise NotFound(
            "This data was not pushed here.", hint="Whoever has it runs dvc push.", code="object_missing"
        )
    found, refused = asked_data_profile(access, file)
    if refused:
        raise Denied("Nobody had this folder measured yet, and you may not.", code="role")
    if found is None or found.summary is None:
        return _waits(found.job if found else None)
    media = found.summary.get("media")
    opened = monitors.gallery(access.project.id, found.id) if media else None
    if media is None or opened is None:
        raise Unprocessable("It is no folder of images, sounds or texts.", code="no_gallery")
    asked, names = request.query_params, [name for name, _ in opened.classes]
    order, chosen = asked.get("order", "path"), asked.get("class", "")
    if order not in opened.orders or (chosen and chosen not in names):
        raise Invalid("There is no such order or class here.", hint=f"Orders: {', '.join(opened.orders)}.")
    total, records = opened.page(
        order,
        (page_number(asked.get("page")) - 1) * _PER_PAGE,
        _PER_PAGE,
        of_class=names.index(chosen) if chosen else None,
        backwards=asked.get("descending", "").lower() in {"1", "true"},
    )
    return Response(
        {
            "path": file.path,
            "kind": media["kind"],
            "orders": opened.orders,
            "classes": [{"name": name, "files": files} for name, files in opened.classes],
            "total": total,
            "items": [_item(access, revision.sha, str(media["root"]), record) for record in records],
        }
    )


def _item(access: ProjectAccess, sha: str, root: str, record: dict[str, Any]) -> dict[str, Any]:
    path = f"{root}/{record['path']}" if root else str(record["path"])
    thumb = "/".join(map(str, record["thumb"])) if "thumb" in record else ""
    return {
        **{name: value for name, value in record.items() if name != "thumb"},
        "path": path,
        "thumb": f"{access.project.url}/thumbs/{thumb}" if thumb else "",
        "raw": f"{access.project.url}/raw/{sha}/{quote(path)}",
    }


@extend_schema(
    summary="The plots of a revision",
    parameters=[_PAGE],
    responses={200: PlotsShape, **_ANSWERS},
    tags=["data"],
)
@api_view(["GET"])
def plots(request: Request, access: ProjectAccess, revision: str) -> Response:
    """What `dvc.yaml` and DVCLive want drawn. Read by a worker: at the first request the answer is 202 with the job."""
    named = repos.resolve(access.project.id, revision)
    if named.path:
        raise NotFound(f"There is no branch, tag or commit “{revision}”.", code="revision_not_found")
    may = access.may(Permission.ANALYSES_START) or named.kind in {"branch", "tag"}
    asked = services.request_pipeline(
        project_id=access.project.id, commit_sha=named.sha, ask=may, requested_by_id=access.actor.user_id
    )
    if asked.pipeline is None:
        return _waits(asked.job)
    drawn: list[dict[str, Any]] = []
    if asked.pipeline.plots:
        found = services.request_plots(
            project_id=access.project.id, pipeline=asked.pipeline, requested_by_id=access.actor.user_id
        )
        if found is None or found.document is None:
            return _waits(found.job if found else None)
        drawn = found.document["plots"]
    start = (page_number(request.query_params.get("page")) - 1) * _PLOTS
    return Response({"commit": named.sha, "total": len(drawn), "plots": drawn[start : start + _PLOTS]})


def _waits(job: JobView | None) -> Response:
    """202 with the job. Raises :class:`Unprocessable` in its words when it failed, :class:`NotFound` without one."""
    if job is None:
        _nobody_asked()
    if job.state == "failed":
        raise Unprocessable(job.error_message or "It could not be read.", code=job.error_code)
    return Response(job_body(job), status=202, headers={"Retry-After": "2"})


def _nobody_asked() -> NoReturn:
    raise NotFound("Nobody had this read yet.", hint="Sign in, or ask for a branch or tag.", code="not_read")
