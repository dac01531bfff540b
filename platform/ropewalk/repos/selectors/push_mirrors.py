"""Reads of mirrors that a project pushes to."""

from ropewalk.core.errors import NotFound
from ropewalk.repos.mirrors import MAX_PUSH_MIRRORS, PushMirrorView
from ropewalk.repos.models import PushMirror


def push_mirrors(project_id: int) -> list[PushMirrorView]:
    """Where a project's branches and tags are pushed to, the oldest first; a handful at most."""
    return [view_of(row) for row in PushMirror.objects.for_project(project_id).order_by("pk")]


def push_mirrors_full(project_id: int) -> bool:
    """Whether a project has as many of them as it may."""
    return PushMirror.objects.for_project(project_id).count() >= MAX_PUSH_MIRRORS


def push_mirror(project_id: int, key: str) -> PushMirrorView:
    """One of them. Raises :class:`NotFound`."""
    row = PushMirror.objects.for_project(project_id).filter(key=key).first()
    if row is None:
        raise NotFound("There is no such mirror.", code="no_mirror")
    return view_of(row)


def view_of(row: PushMirror) -> PushMirrorView:
    """The frozen view of a row."""
    return PushMirrorView(
        project_id=row.project_id,
        key=row.key,
        address=row.address,
        interval=row.interval,
        sync_on_push=row.sync_on_push,
        signed_in=bool(row.sign_in),
        created_at=row.created_at,
        asked_at=row.asked_at,
        synced_at=row.synced_at,
        failures=row.failures,
        last_error=row.last_error,
        next_at=row.next_at,
    )
