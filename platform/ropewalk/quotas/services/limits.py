"""The operator's own limits for one project or owner."""

from django.db import transaction

from ropewalk.accounts.models import Owner
from ropewalk.core import audit, clock
from ropewalk.core.derived import cache
from ropewalk.core.errors import NotFound
from ropewalk.projects.models import Project
from ropewalk.quotas.models import OwnerQuota, ProjectQuota
from ropewalk.quotas.selectors import standing_key
from ropewalk.quotas.types import size_text


@transaction.atomic
def set_project_quota(
    *, project_id: int, limit: int | None, default: bool = False, user_id: int | None = None
) -> None:
    """Give a project a limit in bytes of its own (None: any amount), or the settings' again. Raises :class:`NotFound`."""
    if not Project.objects.filter(pk=project_id).exists():
        raise NotFound("There is no such project.")
    if default:
        ProjectQuota.objects.for_project(project_id).delete()
    else:
        ProjectQuota.objects.for_project(project_id).update_or_create(
            project_id=project_id, defaults={"limit": limit, "set_by_id": user_id, "set_at": clock.now()}
        )
    audit.record("project.quota_set", subject=_text(limit, default), project_id=project_id)
    transaction.on_commit(lambda: cache.delete(standing_key(project_id)))


@transaction.atomic
def set_owner_quota(
    *, owner_id: int, limit: int | None, default: bool = False, user_id: int | None = None
) -> None:
    """The same for all projects of an owner together. Heeded within five seconds. Raises :class:`NotFound`."""
    if not Owner.objects.filter(pk=owner_id).exists():
        raise NotFound("There is no such owner.")
    if default:
        OwnerQuota.objects.filter(owner_id=owner_id).delete()
    else:
        values = {"limit": limit, "set_by_id": user_id, "set_at": clock.now()}
        OwnerQuota.objects.update_or_create(owner_id=owner_id, defaults=values)
    audit.record("owner.quota_set", subject=_text(limit, default), owner_id=owner_id)


def _text(limit: int | None, default: bool) -> str:
    if default:
        return "as the settings say"
    return "any amount" if limit is None else size_text(limit)
