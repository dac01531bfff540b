"""Branches in Gitea's shape, from which DagsHub's client reads ``name`` and ``commit``."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.data.services import branches as services
from ropewalk.edges.api.paging import PAGES, asked_page, page_response
from ropewalk.edges.api.revisions import CommitShape, commit_bodies
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos import selectors as repos
from ropewalk.repos.rules import covering
from ropewalk.repos.types import Commit


class BranchShape(serializers.Serializer):
    """A branch with its last commit.

    ``effective_branch_protection_name`` is the first of the rules that cover it; ``status_check_contexts`` are those of all.
    """

    name = serializers.CharField()
    commit = CommitShape()
    protected = serializers.BooleanField()
    effective_branch_protection_name = serializers.CharField()
    user_can_push = serializers.BooleanField()
    user_can_merge = serializers.BooleanField()
    required_approvals = serializers.IntegerField()
    enable_status_check = serializers.BooleanField()
    status_check_contexts = serializers.ListField(child=serializers.CharField())


class NewBranchShape(serializers.Serializer):
    """A branch to make: from a branch, tag or commit, or from the default branch. ``old_branch_name`` is Gitea's older word."""

    new_branch_name = serializers.CharField(max_length=200)
    old_ref_name = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    old_branch_name = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class RenamedBranchShape(serializers.Serializer):
    """A branch's other name."""

    name = serializers.CharField(max_length=200)


_REFUSED = {400: ErrorShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape, 422: ErrorShape}


@extend_schema(
    methods=["GET"],
    summary="Branches, the default one first, then last changed first",
    parameters=[*PAGES, OpenApiParameter("q", str, description="A part of the name.")],
    responses={200: BranchShape(many=True), 404: ErrorShape},
    tags=["code"],
)
@extend_schema(
    methods=["POST"],
    summary="Make a branch",
    request=NewBranchShape,
    responses={201: BranchShape, **_REFUSED},
    tags=["code"],
)
@api_view(["GET", "POST"])
def branches(request: Request, access: ProjectAccess) -> Response:
    """List branches, or make one."""
    if request.method == "GET":
        number, length = asked_page(request)
        tips = repos.named_like(repos.branch_tips(access.project.id), request.query_params.get("q", "")[:200])
        page = repos.tip_page(access.project.id, tips, page=number, per_page=length)
        bodies = _bodies(access, page.items)
        return page_response(request, page, lambda item: bodies[item[0]])
    wanted = NewBranchShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    name = given["new_branch_name"]
    sha = services.create_branch(access, name=name, start=given["old_ref_name"] or given["old_branch_name"])
    body = _bodies(access, [(name, repos.commit(access.project.id, sha))])
    return Response(body[name], status=201)


@extend_schema(
    methods=["GET"], summary="A branch", responses={200: BranchShape, 404: ErrorShape}, tags=["code"]
)
@extend_schema(
    methods=["PATCH"],
    summary="Rename a branch",
    request=RenamedBranchShape,
    responses={204: None, **_REFUSED},
    tags=["code"],
)
@extend_schema(
    methods=["DELETE"],
    summary="Delete a branch",
    description="Its commits stay for 30 days: make it again at its last commit to restore it.",
    responses={204: None, **_REFUSED},
    tags=["code"],
)
@api_view(["GET", "PATCH", "DELETE"])
def branch(request: Request, access: ProjectAccess, branch: str) -> Response:
    """Show, rename or delete a branch by its name, which may contain slashes."""
    if request.method == "GET":
        sha = repos.branch_sha(access.project.id, branch)
        if not sha:
            raise NotFound(f"There is no branch “{branch[:200]}”.", code="revision_not_found")
        return Response(_bodies(access, [(branch, repos.commit(access.project.id, sha))])[branch])
    if request.method == "DELETE":
        services.delete_branch(access, name=branch)
        return Response(status=204)
    wanted = RenamedBranchShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    services.rename_branch(access, name=branch, to=wanted.validated_data["name"])
    return Response(status=204)


def _bodies(access: ProjectAccess, found: list[tuple[str, Commit]]) -> dict[str, dict[str, Any]]:
    """The body of each branch by its name."""
    rules = repos.protections(access.project.id)
    changes = [(f"refs/heads/{name}", commit.sha, commit.sha) for name, commit in found]
    closed = {rule.ref[11:] for rule in repos.ref_rules(access, changes) if rule.kind == "refuse"}
    commits = commit_bodies(access.project, [commit for _, commit in found])
    bodies = {}
    for name, commit in found:
        mine = covering(rules, name)
        checks = list(dict.fromkeys(check for rule in mine for check in rule.required_checks))
        may = access.may(Permission.CODE_WRITE) and name not in closed
        bodies[name] = {
            "name": name,
            "commit": commits[commit.sha],
            "protected": bool(mine),
            "effective_branch_protection_name": mine[0].pattern if mine else "",
            "user_can_push": may,
            "user_can_merge": may,
            "required_approvals": 0,
            "enable_status_check": bool(checks),
            "status_check_contexts": checks,
        }
    return bodies
