"""After a push: the row and the index jobs, in one transaction, and what the pusher reads about it."""

from django.db import transaction

from ropewalk.access.types import ProjectAccess
from ropewalk.data import services as data
from ropewalk.repos import services as repos
from ropewalk.repos.types import PushView

_SHOWN = 3


def record(access: ProjectAccess, changes: list[tuple[str, str, str]]) -> list[str]:
    """Write the push down and ask for the index of each pushed commit; lines for the pusher's terminal."""
    with transaction.atomic():
        push = repos.record_push(
            project_id=access.project.id, pusher_id=access.actor.user_id, changes=changes
        )
        if push is None:
            return []
        if push.commits:
            data.index_pushed_commits(
                project_id=push.project_id, shas=list(push.commits), requested_by_id=access.actor.user_id
            )
    return _lines(access, push)


def _lines(access: ProjectAccess, push: PushView) -> list[str]:
    shown = [
        update for update in push.updates if update.commit and update.kind in {"branch", "tag", "experiment"}
    ]
    lines = [""] if shown else []
    for update in shown[:_SHOWN]:
        lines.append(f"Ropewalk: indexing {update.commit[:8]} ({update.short})")
        lines.append(f"          {access.project.url}/commit/{update.commit}")
    if len(shown) > _SHOWN:
        lines.append(f"Ropewalk: and {len(shown) - _SHOWN} more, see {access.project.url}")
    return [*lines, ""] if lines else []
