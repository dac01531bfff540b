"""Rules for branches in Gitea's shape.

Gitea's flags and Ropewalk's own ``push_role`` say the same: no push is ``nobody``, a push without whitelist ``writer``, a push
with one ``nobody`` but the people of the list. What Gitea can demand and Ropewalk can't hold is refused, never ignored.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Unprocessable
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos import selectors as repos
from ropewalk.repos import services
from ropewalk.repos.patterns import MAX_PATTERN
from ropewalk.repos.rules import PUSH_ROLES, Protection

_NOT_HELD = (
    "push_whitelist_teams",
    "force_push_allowlist_usernames",
    "force_push_allowlist_teams",
    "enable_merge_whitelist",
    "required_approvals",
    "enable_approvals_whitelist",
    "block_on_rejected_reviews",
    "block_on_official_review_requests",
    "block_on_outdated_branch",
    "require_signed_commits",
    "protected_file_patterns",
)


class ProtectionShape(serializers.Serializer):
    """A rule. ``push_role`` and ``allow_delete`` are Ropewalk's own; ``branch_name`` is Gitea's older word for ``rule_name``."""

    rule_name = serializers.CharField()
    branch_name = serializers.CharField()
    enable_push = serializers.BooleanField()
    enable_push_whitelist = serializers.BooleanField()
    push_whitelist_usernames = serializers.ListField(child=serializers.CharField())
    push_role = serializers.ChoiceField(choices=list(PUSH_ROLES))
    enable_force_push = serializers.BooleanField()
    allow_delete = serializers.BooleanField()
    enable_status_check = serializers.BooleanField()
    status_check_contexts = serializers.ListField(child=serializers.CharField())
    required_approvals = serializers.IntegerField()


class EditProtectionShape(serializers.Serializer):
    """What changes of a rule; what is not given stays."""

    enable_push = serializers.BooleanField(required=False)
    enable_push_whitelist = serializers.BooleanField(required=False)
    push_whitelist_usernames = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=100
    )
    push_role = serializers.ChoiceField(choices=list(PUSH_ROLES), required=False)
    enable_force_push = serializers.BooleanField(required=False)
    allow_delete = serializers.BooleanField(required=False)
    enable_status_check = serializers.BooleanField(required=False)
    status_check_contexts = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, max_length=100
    )


class NewProtectionShape(EditProtectionShape):
    """A rule to make for the branches that its name covers. Without more it lets nobody push, as in Gitea."""

    rule_name = serializers.CharField(max_length=MAX_PATTERN, required=False, default="", allow_blank=True)
    branch_name = serializers.CharField(max_length=MAX_PATTERN, required=False, default="", allow_blank=True)


_REFUSED = {400: ErrorShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape, 422: ErrorShape}
_FRESH = Protection(0, "", "nobody")


def _body(rule: Protection) -> dict[str, Any]:
    return {
        "rule_name": rule.pattern,
        "branch_name": rule.pattern,
        "enable_push": rule.push_role != "nobody" or bool(rule.people),
        "enable_push_whitelist": rule.push_role != "writer",
        "push_whitelist_usernames": [name for _, name in rule.people],
        "push_role": rule.push_role,
        "enable_force_push": rule.force,
        "allow_delete": rule.delete,
        "enable_status_check": bool(rule.required_checks),
        "status_check_contexts": list(rule.required_checks),
        "required_approvals": 0,
    }


@extend_schema(
    methods=["GET"],
    summary="The rules for branches",
    responses={200: ProtectionShape(many=True), 403: ErrorShape, 404: ErrorShape},
    tags=["code"],
)
@extend_schema(
    methods=["POST"],
    summary="Make a rule for branches",
    request=NewProtectionShape,
    responses={201: ProtectionShape, **_REFUSED},
    tags=["code"],
)
@api_view(["GET", "POST"])
def protections(request: Request, access: ProjectAccess) -> Response:
    """List the rules (there are at most a hundred), or make one."""
    if request.method == "GET":
        return Response([_body(rule) for rule in repos.protections(access.project.id)])
    given = _given(request, NewProtectionShape)
    pattern = given["rule_name"] or given["branch_name"]
    made = services.protect_branches(project=access.project, pattern=pattern, **_values(given, _FRESH))
    return Response(_body(repos.protection_by_id(access.project.id, made)), status=201)


@extend_schema(
    methods=["GET"],
    summary="A rule for branches",
    responses={200: ProtectionShape, 404: ErrorShape},
    tags=["code"],
)
@extend_schema(
    methods=["PATCH"],
    summary="Change a rule for branches",
    request=EditProtectionShape,
    responses={200: ProtectionShape, **_REFUSED},
    tags=["code"],
)
@extend_schema(
    methods=["DELETE"],
    summary="Remove a rule for branches",
    responses={204: None, 403: ErrorShape, 404: ErrorShape},
    tags=["code"],
)
@api_view(["GET", "PATCH", "DELETE"])
def protection(request: Request, access: ProjectAccess, rule_name: str) -> Response:
    """Show, change or remove the rule with this pattern."""
    found = repos.protection_by_pattern(access.project.id, rule_name)
    if request.method == "DELETE":
        services.remove_protection(project=access.project, protection_id=found.id)
        return Response(status=204)
    if request.method == "PATCH":
        values = _values(_given(request, EditProtectionShape), found)
        services.protect_branches(
            project=access.project, protection_id=found.id, pattern=found.pattern, **values
        )
        found = repos.protection_by_id(access.project.id, found.id)
    return Response(_body(found))


def _given(request: Request, shape: type[EditProtectionShape]) -> dict[str, Any]:
    data: Any = request.data
    wanted = shape(data=data)
    wanted.is_valid(raise_exception=True)  # so that it is an object
    asked = [name for name in _NOT_HELD if data.get(name)]
    if asked:
        raise Unprocessable(
            f"Ropewalk has no rule for {', '.join(asked)}.",
            hint="Leave it out: a rule that is not held would protect nothing.",
            code="not_held",
        )
    return dict(wanted.validated_data)


def _values(given: dict[str, Any], found: Protection) -> dict[str, Any]:
    """What :func:`protect_branches` takes: what was given over what there is."""
    before = _body(found)
    flags = ("enable_push", "enable_push_whitelist")
    role = found.push_role
    push, limited = (given.get(flag, before[flag]) for flag in flags)
    if any(given.get(flag, before[flag]) != before[flag] for flag in flags):
        role = "writer" if push and not limited else "nobody"
    role = given.get("push_role", role)
    people = given.get("push_whitelist_usernames", before["push_whitelist_usernames"])
    checks = given.get("status_check_contexts", before["status_check_contexts"])
    return {
        "push_role": role,
        "people": people if push or "push_role" in given else [],
        "allow_force": given.get("enable_force_push", found.force),
        "allow_delete": given.get("allow_delete", found.delete),
        "required_checks": checks if given.get("enable_status_check", bool(checks)) else [],
    }
