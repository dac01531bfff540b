"""Reads of the rules for branches, and what they say about a change."""

from collections.abc import Sequence

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames
from ropewalk.core.errors import Denied, NotFound
from ropewalk.repos.models import ProtectedBranch
from ropewalk.repos.rules import Protection, RefRule, Writer, judge
from ropewalk.repos.selectors.history import is_ancestor
from ropewalk.repos.selectors.revisions import default_branch
from ropewalk.repos.types import ZERO


def protections(project_id: int) -> list[Protection]:
    """A project's rules, by pattern."""
    rows = list(ProtectedBranch.objects.for_project(project_id).order_by("pattern"))
    names = usernames(user_id for row in rows for user_id in row.people)
    return [_view(row, names) for row in rows]


def protection_by_id(project_id: int, protection_id: int) -> Protection:
    """One rule. Raises :class:`NotFound`."""
    found = next((rule for rule in protections(project_id) if rule.id == protection_id), None)
    if found is None:
        raise NotFound("There is no such rule.", code="no_protection")
    return found


def protection_by_pattern(project_id: int, pattern: str) -> Protection:
    """The rule with exactly this pattern. Raises :class:`NotFound`."""
    found = next((rule for rule in protections(project_id) if rule.pattern == pattern), None)
    if found is None:
        raise NotFound(f"There is no rule for “{pattern[:200]}”.", code="no_protection")
    return found


def _view(row: ProtectedBranch, names: dict[int, str]) -> Protection:
    return Protection(
        id=row.pk,
        pattern=row.pattern,
        push_role=row.push_role,
        people=tuple((user_id, names[user_id]) for user_id in row.people if user_id in names),
        force=row.allow_force,
        delete=row.allow_delete,
        required_checks=tuple(row.required_checks),
    )


def ref_rules(
    access: ProjectAccess, changes: Sequence[tuple[str, str, str]], *, default: str = ""
) -> list[RefRule]:
    """What restricts these changes (ref, old, new) by somebody who passed the gate for writing; free ones are left out.

    ``default`` asks as if that were the default branch.
    """
    project = access.project
    return judge(
        changes,
        writer=Writer(access.actor.user_id, access.role, access.may(Permission.CODE_FORCE)),
        protections=protections(project.id),
        default_branch=default or default_branch(project.id),
        settings_url=f"{project.url}/settings/branches",
    )


def require_allowed(
    access: ProjectAccess,
    changes: Sequence[tuple[str, str, str]],
    *,
    onward: bool = False,
    default: str = "",
) -> None:
    """Raise :class:`Denied` for the first change that a rule forbids.

    New values must be commits of the repository, unless ``onward`` says that each is known to follow its old one. ``default``
    is as in :func:`ref_rules`.
    """
    known = {name: (old, new) for name, old, new in changes}
    for rule in ref_rules(access, changes, default=default):
        old, new = known[rule.ref]
        forward = onward or ZERO in {old, new} or is_ancestor(access.project.id, old, new)
        if rule.kind == "refuse" or not forward:
            raise Denied(rule.text[:1].upper() + rule.text[1:], hint=rule.hint, code="protected_branch")
