"""Writes of the rules for branches."""

from typing import Any

from django.db import IntegrityError, transaction

from ropewalk.access.roles import Role
from ropewalk.access.selectors import role_in
from ropewalk.accounts.selectors import user_by_name
from ropewalk.core import audit, clock
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.projects.types import ProjectView
from ropewalk.repos.models import ProtectedBranch
from ropewalk.repos.patterns import MAX_PATTERN
from ropewalk.repos.refs import fault_in
from ropewalk.repos.rules import PUSH_ROLES

MAX_RULES = 100
MAX_PEOPLE = 50
_MAX_CHECKS = 20


def protect_branches(
    *,
    project: ProjectView,
    pattern: str,
    push_role: str,
    people: list[str],
    allow_force: bool = False,
    allow_delete: bool = False,
    required_checks: list[str] | None = None,
    protection_id: int | None = None,
) -> int:
    """Make a rule, or change the one with ``protection_id``; its id. Names in ``people`` must belong to people who may write.

    Raises :class:`Invalid`, :class:`Conflict` for a pattern that has a rule, :class:`NotFound`.
    """
    checks = list(dict.fromkeys(check.strip() for check in required_checks or [] if check.strip()))
    _check(pattern, push_role, checks)
    values: dict[str, Any] = {
        "pattern": pattern,
        "push_role": push_role,
        "people": _ids(project, people),
        "allow_force": allow_force,
        "allow_delete": allow_delete,
        "required_checks": checks,
    }
    rows = ProtectedBranch.objects.for_project(project.id)
    try:
        with transaction.atomic():
            if protection_id is None:
                if rows.count() >= MAX_RULES:
                    raise Invalid(f"A project has at most {MAX_RULES} rules.", code="too_many_rules")
                fresh = values | {"project_id": project.id, "created_at": clock.now()}
                row = ProtectedBranch.objects.create(**fresh)
                _record("branch_protection.created", project, pattern, values)
                return row.pk
            if not rows.filter(pk=protection_id).update(**values):
                raise NotFound("There is no such rule.", code="no_protection")
            _record("branch_protection.changed", project, pattern, values)
            return protection_id
    except IntegrityError:
        raise Conflict(
            f"There is a rule for “{pattern}” already.", hint="Change that one.", code="rule_exists"
        ) from None


def remove_protection(*, project: ProjectView, protection_id: int) -> None:
    """Take a rule away. Raises :class:`NotFound`."""
    with transaction.atomic():
        row = ProtectedBranch.objects.for_project(project.id).filter(pk=protection_id).first()
        if row is None:
            raise NotFound("There is no such rule.", code="no_protection")
        row.delete()
        _record("branch_protection.removed", project, row.pattern, {})


def move_literal_protection(*, project: ProjectView, old: str, new: str) -> None:
    """After a rename: a rule that names exactly the old branch follows it, unless the new name has a rule of its own."""
    rows = ProtectedBranch.objects.for_project(project.id)
    if not rows.filter(pattern=new).exists() and rows.filter(pattern=old).update(pattern=new):
        _record("branch_protection.changed", project, new, {"before": old})


def _check(pattern: str, push_role: str, checks: list[str]) -> None:
    probe = pattern.replace("*", "a").replace("?", "a")
    fault = fault_in(f"refs/heads/{probe}".encode("utf-8", "replace"))
    if not pattern or len(pattern) > MAX_PATTERN or fault:
        raise Invalid(
            "This is no pattern for branch names.",
            hint="Write a name, or one with * (no slash) or ** (anything): main, release/*.",
            code="bad_pattern",
        )
    if push_role not in PUSH_ROLES:
        raise Invalid(f"Who may push is one of {', '.join(PUSH_ROLES)}.", code="bad_push_role")
    if len(checks) > _MAX_CHECKS or any(len(check) > 100 for check in checks):
        raise Invalid(f"At most {_MAX_CHECKS} checks of at most 100 characters.", code="bad_checks")


def _ids(project: ProjectView, people: list[str]) -> list[int]:
    found: list[int] = []
    for name in dict.fromkeys(name.strip() for name in people if name.strip()):
        user = user_by_name(name) if len(name) <= 100 and "\0" not in name else None
        if user is None or role_in(project, user.id) < Role.WRITER:
            raise Invalid(
                f"{name[:100]} may not write in {project.full_name}.",
                hint="Give them a role that may write first, in Members.",
                code="no_writer",
            )
        found.append(user.id)
    if len(found) > MAX_PEOPLE:
        raise Invalid(f"A rule names at most {MAX_PEOPLE} people.", code="too_many_people")
    return found


def _record(action: str, project: ProjectView, pattern: str, values: dict[str, Any]) -> None:
    detail = {key: value for key, value in values.items() if key != "pattern"}
    audit.record(action, subject=pattern, project_id=project.id, detail=detail)
