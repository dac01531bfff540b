"""Recording what a push changed, and finding pushes whose process died before it could."""

import re
import time
from dataclasses import asdict

import structlog
from django.db import transaction

from ropewalk.accounts.models import User
from ropewalk.core import clock, jobs
from ropewalk.core.derived import cache
from ropewalk.core.locks import lock_in_transaction
from ropewalk.projects.models import Project
from ropewalk.projects.services import touch_project
from ropewalk.repos import git, refs, store
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.models import Push, RecordedRef
from ropewalk.repos.selectors.pushes import view_of
from ropewalk.repos.services.default_branch import settle_default_branch
from ropewalk.repos.services.keeping import keep_deleted
from ropewalk.repos.services.measuring import measure_repository
from ropewalk.repos.services.push_mirrors import request_pushes_after_change
from ropewalk.repos.services.upkeep import wants_upkeep
from ropewalk.repos.types import MAINTAIN_REPOSITORY, ZERO, PushView, RefUpdate

log = structlog.get_logger("ropewalk.repos")

_ANCESTRY_CHECKS = 200
_SETTLED_SECONDS = 60.0
_REFLOG_PERSON = re.compile(r"<user-(\d+)@")

RefChange = tuple[str, str, str]
"""A ref's name, old value and new value, as git reports it; :data:`ZERO` for none."""


def record_push(
    *,
    project_id: int,
    pusher_id: int | None,
    changes: list[RefChange],
    repaired: bool = False,
    mirrored: bool = False,
) -> PushView | None:
    """Write down what a push really changed: one row, the recorded refs, the project's time and default branch.

    One transaction, so the caller can add the jobs that follow inside its own ``atomic``. Takes the lock ``refs:<project>``.
    None for no changes. Values are git's own: it checked each old value when it changed the ref, so pushes that ran at once
    are recorded right in whatever order they come here.
    """
    if not changes:
        return None
    peeled = refs.commits_of(project_id, [sha for _, old, new in changes for sha in (old, new)])
    updates = _describe(project_id, changes, peeled)
    keep_deleted(project_id, updates, peeled)
    with transaction.atomic():
        lock_in_transaction(f"refs:{project_id}")
        push = Push.objects.create(
            project_id=project_id,
            pusher=User.objects.filter(pk=pusher_id).first() if pusher_id else None,
            created_at=clock.now(),
            updates=[asdict(update) for update in updates],
            repaired=repaired,
            mirrored=mirrored,
        )
        _remember(project_id, changes)
        touch_project(project_id=project_id)
        settle_default_branch(project_id)
        if any(update.kind in {"branch", "tag"} for update in updates):
            request_pushes_after_change(project_id)
        if len(changes) > 50 or wants_upkeep(project_id):
            jobs.enqueue(
                MAINTAIN_REPOSITORY,
                subject=f"project:{project_id}",
                fingerprint=str(push.pk),
                payload={},
                project_id=project_id,
            )
    measure_repository(project_id)
    return view_of(push)


def _describe(project_id: int, changes: list[RefChange], peeled: dict[str, str]) -> list[RefUpdate]:
    found = []
    for number, (name, old, new) in enumerate(changes):
        forced = False
        if ZERO not in {old, new} and old != new and number < _ANCESTRY_CHECKS:
            forced = name.startswith("refs/tags/") or not _fast_forward(
                project_id, peeled.get(old, ""), peeled.get(new, "")
            )
        found.append(RefUpdate(name, refs.kind_of(name), old, new, peeled.get(new, ""), forced))
    return found


def _fast_forward(project_id: int, old: str, new: str) -> bool:
    if not old or not new:
        return False
    try:
        directory = git.repository_path(project_id)
        return (
            git.run(directory, "merge-base", "--is-ancestor", old, new, accept=(0, 1), timeout=10).code == 0
        )
    except GitFailed as error:
        log.warning("repos.ancestry_unknown", project=project_id, detail=error.detail)
        return False


def _remember(project_id: int, changes: list[RefChange]) -> None:
    """Move the recorded refs. Where a predecessor is not the recorded value (pushes at once), the repository decides."""
    names = [name for name, _, _ in changes]
    known = dict(
        RecordedRef.objects.for_project(project_id).filter(name__in=names).values_list("name", "sha")
    )
    actual: dict[str, str] | None = None
    gone: list[str] = []
    fresh: dict[str, str] = {}
    for name, old, new in changes:
        if known.get(name, ZERO) != old:
            actual = actual if actual is not None else refs.read_refs(project_id)
            if actual.get(name, ZERO) != new:
                continue
        known[name] = new
        if new == ZERO:
            gone.append(name)
            fresh.pop(name, None)
        else:
            fresh[name] = new
    RecordedRef.objects.for_project(project_id).filter(name__in=gone).delete()
    RecordedRef.objects.bulk_create(
        [RecordedRef(project_id=project_id, name=name, sha=sha) for name, sha in fresh.items()],
        update_conflicts=True,
        unique_fields=["project", "name"],
        update_fields=["sha"],
        batch_size=1000,
    )


def reconcile(*, project_id: int) -> PushView | None:
    """Record ref changes that a process made but did not live to record; None when there are none.

    The pusher is read from the ref's reflog. Cheap when nothing differs (one git process, one query).
    """
    actual = refs.read_refs(project_id)
    with transaction.atomic():
        lock_in_transaction(f"refs:{project_id}")
        known = dict(RecordedRef.objects.for_project(project_id).values_list("name", "sha"))
        if known == actual:
            return None
        actual = refs.read_refs(project_id)  # again, under the lock: a push may have been recorded meanwhile
        names = sorted(known.keys() | actual.keys())
        changes = [(name, known.get(name, ZERO), actual.get(name, ZERO)) for name in names]
        changes = [change for change in changes if change[1] != change[2]]
        pushers = {_last_pusher(project_id, name) for name, _, new in changes if new != ZERO}
        pusher = pushers.pop() if len(pushers) == 1 else None
        if changes:
            log.warning("repos.reconciled", project=project_id, refs=len(changes))
        return record_push(project_id=project_id, pusher_id=pusher, changes=changes, repaired=True)


def _last_pusher(project_id: int, name: str) -> int | None:
    try:
        out = git.run(
            git.repository_path(project_id), "log", "-g", "-1", "--format=<%ge>", name, "--", max_bytes=4096
        )
    except GitFailed:
        return None
    match = _REFLOG_PERSON.search(out.data.decode("utf-8", "replace"))
    return int(match[1]) if match else None


def pusher_environment(user_id: int, username: str) -> dict[str, str]:
    """Whom git names in the reflog; :func:`reconcile` reads it back."""
    return {"GIT_COMMITTER_NAME": username, "GIT_COMMITTER_EMAIL": f"user-{user_id}@ropewalk.invalid"}


def reconcile_all(*, seconds: float = 60.0) -> list[PushView]:
    """Reconcile every live project whose refs changed on disk since it was last looked at; the found pushes.

    Looks at file times first (refs are files or lines of ``packed-refs``), so that the periodic repair costs little. Changes of
    the last minute are left for the next time: the process that made them is most likely about to record them.
    """
    found = []
    end = time.monotonic() + seconds
    for project_id in (
        Project.objects.filter(deleted_at__isnull=True).order_by("-updated_at").values_list("pk", flat=True)
    ):
        directory, key = git.repository_path(project_id), f"repos:reconciled:{project_id}"
        if time.monotonic() > end:
            break
        changed = store.refs_changed_at(directory)
        if not changed or changed > time.time() - _SETTLED_SECONDS or cache.get(key) == changed:
            continue
        try:
            push = reconcile(project_id=project_id)
        except GitFailed as error:
            log.error("repos.reconcile_failed", project=project_id, detail=error.detail)
            continue
        cache.set(key, changed, 24 * 3600)
        if push is not None:
            found.append(push)
    return found
