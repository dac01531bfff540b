"""Whether what a commit tracks can be checked out today."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors as data
from ropewalk.data.availability import Availability, OutputState
from ropewalk.edges.api.paging import PAGES, asked_page
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos import selectors as repos


class AvailabilityShape(serializers.Serializer):
    """What of a commit's DVC outputs is here. Counts are of outputs; sizes in bytes, as the pointers say them.

    `state`: `unindexed` (not known yet), `nothing` (no outputs), `present` (all can be checked out), `missing` (not all can),
    `imported` (all can, as long as the repositories that `imported` of them came from have those; that is not checked).
    `unread` of DVC's files could not be read, so that there may be more outputs.
    """

    commit = serializers.CharField()
    state = serializers.ChoiceField(choices=["unindexed", "nothing", "present", "imported", "missing"])
    outputs = serializers.IntegerField()
    size = serializers.IntegerField()
    lacking_size = serializers.IntegerField()
    missing = serializers.IntegerField()
    incomplete = serializers.IntegerField()
    removed = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    imported = serializers.IntegerField()
    unread = serializers.IntegerField()


class OriginShape(serializers.Serializer):
    """Where an import came from, as its `.dvc` file says it; without passwords."""

    kind = serializers.ChoiceField(choices=["repo", "url"])
    url = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    rev = serializers.CharField(allow_blank=True)


class LackingOutputShape(serializers.Serializer):
    """An output whose bytes are not here.

    `state`: `missing` (never pushed), `incomplete` (a folder without `missing_files` of its files), `removed` (can be restored),
    `elsewhere` (its kind of hash is never stored here), `imported` (the repository in `origin` keeps it). `origin` is where
    `dvc import` (`kind` `repo`) or `dvc import-url` (`url`) got it, null for other outputs.
    """

    path = serializers.CharField()
    state = serializers.ChoiceField(choices=["missing", "incomplete", "removed", "elsewhere", "imported"])
    algorithm = serializers.CharField()
    hash = serializers.CharField()
    is_dir = serializers.BooleanField()
    size = serializers.IntegerField(allow_null=True)
    files = serializers.IntegerField(allow_null=True)
    missing_files = serializers.IntegerField()
    pointer = serializers.CharField()
    stage = serializers.CharField(allow_blank=True)
    origin = OriginShape(allow_null=True)


class AvailabilityPageShape(AvailabilityShape):
    """With one page of what is not here: by path what can't be checked out, then what was imported."""

    lacking = LackingOutputShape(many=True)


@extend_schema(
    summary="Can a commit's data be checked out?",
    parameters=PAGES,
    responses={200: AvailabilityPageShape, 400: ErrorShape, 404: ErrorShape},
    tags=["data"],
)
@api_view(["GET"])
def availability(request: Request, access: ProjectAccess, revision: str) -> Response:
    """Of a branch, a tag or a commit: how much of what DVC tracks is stored here, and what is not, a page at a time."""
    number, length = asked_page(request)
    found = repos.resolve(access.project.id, revision)
    if found.path:
        raise NotFound(f"There is no commit “{revision}”.", code="revision_not_found")
    stock = data.availability(access.project.id, found.sha, page=number, per_page=length)
    rows = [_row(one) for one in stock.lacking]
    return Response({**summary(stock), "lacking": rows}, headers={"X-Total-Count": str(stock.lacking.total)})


def summary(stock: Availability) -> dict[str, Any]:
    """The body of :class:`AvailabilityShape`."""
    names = (
        "outputs",
        "size",
        "lacking_size",
        "missing",
        "incomplete",
        "removed",
        "elsewhere",
        "imported",
        "unread",
    )
    return {
        "commit": stock.commit_sha,
        "state": stock.state,
        **{name: getattr(stock, name) for name in names},
    }


def _row(one: OutputState) -> dict[str, Any]:
    return {
        "path": one.path,
        "state": one.state,
        "algorithm": one.algorithm,
        "hash": one.oid + (".dir" if one.is_dir else ""),
        "is_dir": one.is_dir,
        "size": one.size,
        "files": one.nfiles,
        "missing_files": one.missing_files,
        "pointer": one.pointer,
        "stage": one.stage,
        "origin": asdict(one.origin) if one.origin else None,
    }
