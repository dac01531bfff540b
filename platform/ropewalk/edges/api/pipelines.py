"""The pipeline of a revision, and what changed since another one."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound, Unprocessable
from ropewalk.core.types import JobView
from ropewalk.data import services
from ropewalk.data.pipeline_changes import PipelineChanges, PipelineStageChange, pipeline_changes
from ropewalk.data.pipelines import Pipeline, PipelineStage
from ropewalk.edges.api.shapes import ErrorShape, JobShape, job_body
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

_FACTS = ("file", "line", "cmd", "desc", "wdir", "template", "frozen", "status")


class PipelineStageShape(serializers.Serializer):
    """A stage, its templates filled in. `name` is what `dvc repro` takes at the repository's top; `line` counts from 1.

    `status`: `current`, `changed`, `never` (run), `upstream` (something that it needs would be run), `always`, `frozen` or
    `unclear`. `deps[].source`: `stage`, `dvc`, `git` or `none`. `params[].ran` is the value that it was run with.
    """

    name = serializers.CharField()
    file = serializers.CharField()
    line = serializers.IntegerField()
    cmd = serializers.CharField()
    desc = serializers.CharField()
    wdir = serializers.CharField()
    template = serializers.CharField()
    frozen = serializers.BooleanField()
    status = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    unclear = serializers.ListField(child=serializers.CharField())
    deps = serializers.ListField(child=serializers.DictField())
    outs = serializers.ListField(child=serializers.DictField())
    params = serializers.ListField(child=serializers.DictField())
    metrics = serializers.ListField(child=serializers.DictField())
    needs = serializers.ListField(child=serializers.CharField())


class StageChangeShape(serializers.Serializer):
    """`status`: `added`, `removed` or `changed`; `because` names the parts that differ."""

    name = serializers.CharField()
    status = serializers.CharField()
    because = serializers.ListField(child=serializers.CharField())
    cmd = serializers.ListField(child=serializers.CharField(), help_text="The old and the new one.")
    deps = serializers.ListField(child=serializers.DictField())
    outs = serializers.ListField(child=serializers.DictField())
    params = serializers.ListField(child=serializers.DictField())
    metrics = serializers.ListField(child=serializers.DictField())


class PipelineChangesShape(serializers.Serializer):
    """What differs since `base`; `downstream` are stages that need a changed one and would be run again."""

    base = serializers.CharField()
    stages = StageChangeShape(many=True)
    downstream = serializers.ListField(child=serializers.CharField())


class PipelineShape(serializers.Serializer):
    """The pipelines of all `dvc.yaml` files of a commit together. `edges` are pairs: what is needed, what needs it."""

    commit = serializers.CharField()
    files = serializers.ListField(child=serializers.CharField())
    stages = PipelineStageShape(many=True)
    edges = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    problems = serializers.ListField(child=serializers.DictField())
    changes = PipelineChangesShape(allow_null=True)


@extend_schema(
    summary="The pipeline of a revision",
    parameters=[
        OpenApiParameter("base", str, description="Say what changed since this branch, tag or commit, too.")
    ],
    responses={200: PipelineShape, 202: JobShape, 404: ErrorShape, 422: ErrorShape},
    tags=["data"],
)
@api_view(["GET"])
def pipeline(request: Request, access: ProjectAccess, revision: str) -> Response:
    """At a commit's first request a worker reads it: the answer is 202 with the job; ask again after `Retry-After` seconds."""
    base = request.query_params.get("base", "")[:300].strip()
    found, job = _read(access, _resolved(access, revision))
    old, waits = _read(access, _resolved(access, base)) if base else (None, None)
    job = job or waits
    if found is None or (base and old is None):
        if job is None:
            raise NotFound(
                "Nobody had this pipeline read yet.",
                hint="Sign in, or ask for a branch or tag.",
                code="not_read",
            )
        if job.state == "failed":
            raise Unprocessable(job.error_message or "The pipeline could not be read.", code=job.error_code)
        return Response(job_body(job), status=202, headers={"Retry-After": "2"})
    return Response({**_body(found), "changes": _changes(pipeline_changes(old, found)) if old else None})


def _resolved(access: ProjectAccess, name: str) -> Revision:
    found = repos.resolve(access.project.id, name)
    if found.path:
        raise NotFound(f"There is no branch, tag or commit “{name}”.", code="revision_not_found")
    return found


def _read(access: ProjectAccess, revision: Revision) -> tuple[Pipeline | None, JobView | None]:
    may = access.may(Permission.ANALYSES_START) or revision.kind in {"branch", "tag"}
    found = services.request_pipeline(
        project_id=access.project.id, commit_sha=revision.sha, ask=may, requested_by_id=access.actor.user_id
    )
    return found.pipeline, found.job


def _body(found: Pipeline) -> dict[str, Any]:
    return {
        "commit": found.commit_sha,
        "files": found.files,
        "stages": [_stage(found, stage) for stage in found.stages],
        "edges": [
            [found.stages[need].address, stage.address] for stage in found.stages for need in stage.needs
        ],
        "problems": found.problems,
    }


def _stage(found: Pipeline, stage: PipelineStage) -> dict[str, Any]:
    return {
        "name": stage.address,
        **{name: getattr(stage, name) for name in _FACTS},
        "reasons": stage.reasons,
        "unclear": stage.unclear,
        "deps": [{key: value for key, value in dep.items() if key != "from"} for dep in stage.deps],
        "outs": stage.outs,
        "params": stage.params,
        "metrics": stage.metrics,
        "needs": [found.stages[number].address for number in stage.needs],
    }


def _changes(found: PipelineChanges) -> dict[str, Any]:
    return {
        "base": found.base_sha,
        "stages": [_change(one) for one in found.stages],
        "downstream": sorted(found.downstream),
    }


def _change(one: PipelineStageChange) -> dict[str, Any]:
    return {
        "name": one.address,
        "status": one.status,
        "because": one.because,
        "cmd": [side.cmd if side else "" for side in (one.old, one.new)],
        **{
            name: [asdict(each) for each in getattr(one, name)]
            for name in ("deps", "outs", "params", "metrics")
        },
    }
