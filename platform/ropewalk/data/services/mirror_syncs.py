"""One sync of a mirror: the other server's branches and tags, taken over as they are, recorded and indexed as a push."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction

from ropewalk.core import clock, jobs, outbound
from ropewalk.core.errors import Busy, Invalid, NotFound, RopewalkError
from ropewalk.core.locks import try_lock
from ropewalk.data.services.indexing import index_pushed_commits
from ropewalk.data.types import SYNC_MIRROR
from ropewalk.projects.models import Project
from ropewalk.quotas.services import require_room
from ropewalk.repos import fetching, refs
from ropewalk.repos import services as repos
from ropewalk.repos.models import PullMirror
from ropewalk.repos.selectors import mirror_sign_in
from ropewalk.repos.services import RefChange
from ropewalk.repos.services.syncing import KEPT_JOBS, note_end
from ropewalk.repos.signing_in import SignIn
from ropewalk.repos.types import ZERO, PushView

Report = Callable[[float, str], None]

_TOLD = 50
_TRIES = 2


def run_sync(*, project_id: int, report: Report) -> dict[str, Any]:
    """Make branches and tags those of the other server; what changed, in a form for the job's row.

    Nothing else of the repository is touched: not hidden refs, not DVC's experiments, not pulls. May be killed and run again at
    any point. A failure is written to the mirror's row and raised again in words for its owners.
    """
    with try_lock(f"mirror:{project_id}") as mine:
        if not mine:
            raise Busy("Another sync of this project runs.", hint="It does the same.")
        project = Project.objects.filter(pk=project_id, deleted_at__isnull=True).first()
        if project is None or not project.mirror_of:
            raise NotFound("This project is no mirror any more.", code="no_mirror")
        if project.archived_at is not None:
            _rest(project_id)
            return _told(None, 0)
        try:
            result, head = _sync(project, report)
        except RopewalkError as error:
            _end(project_id, error=f"{error.message} {error.hint}".strip())
            raise
        _end(project_id, head=head)
        return result


def _sync(project: Project, report: Report) -> tuple[dict[str, Any], str]:
    report(0.01, "Looking up the other server")
    target = outbound.resolve(project.mirror_of, fetching.SCHEMES)
    repos.ensure_repository(project_id=project.pk, default_branch=project.default_branch)
    found = repos.reconcile(project_id=project.pk)
    if found is not None:  # an earlier sync moved refs and was killed before it could say so
        _index(found)
    offered, changes, missing = _fetched(project.pk, target, mirror_sign_in(project.pk), report)
    report(0.92, "Recording what changed")
    push = _take_over(project.pk, changes, offered.head)
    repos.clear_staging(project.pk)
    return _told(push, offered.skipped + missing), offered.head


def _fetched(
    project_id: int, target: outbound.Target, sign_in: SignIn | None, report: Report
) -> tuple[fetching.Advertised, list[RefChange], int]:
    """What the other server offers, how our refs must change, and how many of its refs can't be had."""
    for attempt in range(_TRIES):
        repos.clear_staging(project_id)  # a killed sync's; it could stand in the way of a name
        offered = fetching.list_remote(project_id, target, sign_in)
        if not any(name.startswith("refs/heads/") for name in offered.names):
            raise fetching.FetchFailed(
                "The other server offers no branches; nothing was removed here.",
                hint="It may be damaged or emptied. When that is meant, end the mirror.",
            )
        ours = repos.followed_refs(project_id)
        wanted = [name for name, sha in offered.tips.items() if ours.get(name) != sha]
        try:
            if wanted:
                report(0.05, f"Fetching {len(wanted)} branches and tags")
                _fetch(project_id, target, sign_in, wanted, report)
        except fetching.RefGone:
            if attempt + 1 == _TRIES:
                raise
            continue
        break
    staged = repos.staged_refs(project_id) if wanted else {}
    changes = [(name, sha, ZERO) for name, sha in ours.items() if name not in offered.tips]
    changes += [
        (name, ours.get(name, ZERO), staged[name])
        for name in wanted
        if name in staged and staged[name] != ours.get(name)
    ]
    return offered, changes, sum(1 for name in wanted if name not in staged)


def _fetch(
    project_id: int, target: outbound.Target, sign_in: SignIn | None, wanted: list[str], report: Report
) -> None:
    require_room(project_id)
    fetching.fetch_refs(
        project_id,
        target,
        wanted,
        max_bytes=settings.ROPEWALK_MAX_IMPORT_BYTES,
        show=report,
        env=repos.pusher_environment(0, "mirror"),
        under=repos.STAGING,
        sign_in=sign_in,
        room=lambda size: require_room(project_id, size),
    )


def _take_over(project_id: int, changes: list[RefChange], head: str) -> PushView | None:
    with transaction.atomic():
        # Whoever ends the mirror waits for this, or this sees that it ended.
        row = PullMirror.objects.for_project(project_id).select_for_update().first()
        if row is None:
            raise NotFound("The mirror was ended during the sync; nothing was changed.", code="no_mirror")
        repos.move_followed(project_id, changes)
        follows = Project.objects.values_list("default_branch", flat=True).get(pk=project_id)
        if head and row.upstream_head and head != row.upstream_head and follows == row.upstream_head:
            choose_head(project_id, head)
        push = repos.record_push(project_id=project_id, pusher_id=None, changes=changes, mirrored=True)
        if push is not None:
            _index(push)
    return push


def choose_head(project_id: int, head: str) -> None:
    """Make the other server's default branch ours, where it is here and its name is one that addresses can carry."""
    if f"refs/heads/{head}" in refs.read_refs(project_id):
        try:
            repos.set_default_branch(project_id=project_id, name=head)
        except Invalid:
            pass


def _index(push: PushView) -> None:
    index_pushed_commits(project_id=push.project_id, shas=list(push.commits), requested_by_id=None)


def _end(project_id: int, *, error: str = "", head: str = "") -> None:
    with transaction.atomic():
        row = PullMirror.objects.for_project(project_id).select_for_update().first()
        if row is not None:  # ended meanwhile
            row.upstream_head = head or row.upstream_head
            note_end(row, error=error)
        jobs.forget_ended(project_id, SYNC_MIRROR, keep=KEPT_JOBS)


def _rest(project_id: int) -> None:
    """It was archived after the sync was asked for: nothing changes; unarchived, it looks at once."""
    PullMirror.objects.for_project(project_id).update(asked_at=None, next_at=clock.now())


def _told(push: PushView | None, skipped: int) -> dict[str, Any]:
    updates = push.updates if push is not None else ()
    told = [
        {"name": update.name, "what": _what(update.old, update.new, update.forced), "commit": update.commit}
        for update in updates[:_TOLD]
    ]
    return {"changed": len(updates), "updates": told, "skipped": skipped}


def _what(old: str, new: str, forced: bool) -> str:
    if new == ZERO:
        return "deleted"
    if old == ZERO:
        return "new"
    return "replaced" if forced else "moved"
