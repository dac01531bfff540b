"""What each version of a dataset was used for."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.monitors.usage import VersionUsage, dataset_usage
from ropewalk.repos import selectors as repos

_PER_PAGE = 20


class UsedByRunShape(serializers.Serializer):
    """A run, by its id in MLflow."""

    run_id = serializers.CharField()
    name = serializers.CharField()


class UsedByModelShape(serializers.Serializer):
    """A version of a registered model."""

    name = serializers.CharField()
    version = serializers.IntegerField()


class VersionUsageShape(serializers.Serializer):
    """One version, at the commit that introduced it; the newest three runs and model versions, and how many there are."""

    commit = serializers.CharField()
    hash = serializers.CharField()
    committed_at = serializers.DateTimeField()
    presence = serializers.CharField()
    runs = serializers.IntegerField()
    newest_runs = UsedByRunShape(many=True)
    models = serializers.IntegerField()
    newest_models = UsedByModelShape(many=True)
    drift_reports = serializers.ListField(child=serializers.IntegerField())
    stages = serializers.ListField(child=serializers.CharField())


class DatasetUsageShape(serializers.Serializer):
    """A page of twenty versions, newest first. `unknown_runs` logged data from this path of a version that nobody can tell."""

    path = serializers.CharField()
    total = serializers.IntegerField()
    versions = VersionUsageShape(many=True)
    unknown_runs = serializers.IntegerField()
    partly = serializers.BooleanField()


@extend_schema(
    summary="What used each version of a dataset",
    parameters=[OpenApiParameter("page", int, description="From 1; twenty versions a page.")],
    responses={200: DatasetUsageShape, 404: ErrorShape},
    tags=["data"],
)
@api_view(["GET"])
def data_usage(request: Request, access: ProjectAccess, rev_path: str) -> Response:
    """A run counts when the commit that it recorded has the version, or when it logged data with the version's hash as digest."""
    revision = repos.resolve(access.project.id, rev_path)
    versions = data.versions(access.project.id, revision.path, revision.name)
    if not versions:
        raise NotFound(f"No version of “{revision.path[:200]}” is known here.")
    start = (page_number(request.query_params.get("page")) - 1) * _PER_PAGE
    found = dataset_usage(access.project.id, revision.path, versions[start : start + _PER_PAGE])
    return Response(
        {
            "path": revision.path,
            "total": len(versions),
            "versions": [_body(one) for one in found.versions],
            "unknown_runs": found.unknown_total,
            "partly": found.partly,
        }
    )


def _body(one: VersionUsage) -> dict[str, Any]:
    return {
        "commit": one.version.commit_sha,
        "hash": one.version.oid,
        "committed_at": one.version.committed_at.isoformat(),
        "presence": one.version.presence,
        "runs": one.runs,
        "newest_runs": [{"run_id": run.run_id, "name": run.name} for run in one.newest_runs],
        "models": one.models,
        "newest_models": [{"name": name, "version": version} for name, version in one.newest_models],
        "drift_reports": [report.number for report in one.reports],
        "stages": list(one.stages),
    }
