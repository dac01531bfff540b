"""Recorded pushes."""

from ropewalk.core.pagination import Page, paginate
from ropewalk.repos.models import Push
from ropewalk.repos.types import PushView, RefUpdate


def view_of(push: Push) -> PushView:
    """The frozen view of a row whose pusher is loaded."""
    return PushView(
        id=push.pk,
        project_id=push.project_id,
        pusher_id=push.pusher_id,
        pusher=push.pusher.username if push.pusher else "",
        created_at=push.created_at,
        updates=tuple(RefUpdate(**update) for update in push.updates),
        mirrored=push.mirrored,
    )


def push_by_id(project_id: int, push_id: int) -> PushView | None:
    """One push of a project."""
    push = Push.objects.for_project(project_id).select_related("pusher").filter(pk=push_id).first()
    return view_of(push) if push else None


def pushes(project_id: int, *, page: int = 1, per_page: int = 30) -> Page[PushView]:
    """A project's pushes, newest first."""
    rows = Push.objects.for_project(project_id).select_related("pusher").order_by("-created_at", "-pk")
    return paginate(rows, page=page, per_page=per_page, convert=view_of)
