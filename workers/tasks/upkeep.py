"""What beat asks for: repair and upkeep."""

from dataclasses import asdict
from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings

from ropewalk.accounts import owner_names
from ropewalk.buckets import services as buckets
from ropewalk.core import blobs, clock, jobs
from ropewalk.data import services as data
from ropewalk.projects import services as projects
from ropewalk.quotas import services as quotas
from ropewalk.releases import services as releases
from ropewalk.repos import services as repos
from ropewalk.tracking.artifact_sums import count_artifacts
from workers.runners import maintain_repository, purge_projects


@shared_task(name="ropewalk.sweep_jobs")
def sweep_jobs() -> None:
    """Re-send lost messages, end dead workers' jobs."""
    counts = jobs.sweep()
    if any(counts.values()):
        structlog.get_logger("ropewalk.sweep").info("jobs.swept", **counts)


@shared_task(name="ropewalk.sweep_store")
def sweep_store() -> None:
    """Remove uploads that a killed process left half done, and those in parts that nobody went on with for a week."""
    blobs.store().sweep(clock.now() - timedelta(hours=24))
    if reaped := buckets.reap_uploads(older_than=clock.now() - timedelta(days=7)):
        structlog.get_logger("ropewalk.sweep").info("buckets.uploads_reaped", count=reaped)


@shared_task(name="ropewalk.sweep_orphans")
def sweep_orphans() -> None:
    """Remove objects whose upload was killed before it could be recorded; a day's grace for those under way."""
    before = clock.now() - timedelta(hours=24)
    removed = data.sweep_all_orphans(older_than=before) + releases.sweep_release_orphans(older_than=before)
    if removed := removed + buckets.sweep_bucket_orphans(older_than=before):
        structlog.get_logger("ropewalk.sweep").info("data.orphans_removed", removed=removed)


@shared_task(name="ropewalk.reconcile_repositories")
def reconcile_repositories() -> None:
    """Record and index pushes whose process died before it could."""
    maintain_repository.reconcile_all()


@shared_task(name="ropewalk.index_outdated")
def index_outdated() -> None:
    """Have the commits read again that an earlier release's index knows less of."""
    if projects_found := data.index_outdated():
        structlog.get_logger("ropewalk.sweep").info("data.reindexed", projects=projects_found)


@shared_task(name="ropewalk.sync_mirrors")
def sync_mirrors() -> None:
    """Ask for the mirrors' syncs that are due."""
    data.request_due_syncs()
    repos.request_due_pushes()


@shared_task(name="ropewalk.sweep_sign_ins")
def sweep_sign_ins() -> None:
    """Forget sign-ins at other servers that failed imports and fetches keep for another try that nobody made."""
    if forgotten := repos.forget_old_import_sign_ins() + data.forget_old_remote_sign_ins():
        structlog.get_logger("ropewalk.sweep").info("sign_ins.forgotten", count=forgotten)


@shared_task(name="ropewalk.sweep_repositories")
def sweep_repositories() -> None:
    """Remove repositories that a killed process left half made or half removed."""
    maintain_repository.sweep()


@shared_task(name="ropewalk.purge_removed_data")
def purge_removed_data() -> None:
    """Remove for good what was removed from DVC remotes so long ago, for a bounded time."""
    before = clock.now() - timedelta(days=settings.ROPEWALK_REMOVED_DATA_DAYS)
    if gone := data.purge_removals(before=before):
        structlog.get_logger("ropewalk.sweep").info("data.removed_purged", objects=gone)


# A turn ends by itself after four minutes, or what its last object may take beyond; these are for one that hangs.
@shared_task(name="ropewalk.scrub", soft_time_limit=1800, time_limit=1860)
def scrub() -> None:
    """Read a part of what is stored again, for a bounded time, and hide what is damaged."""
    if days := settings.ROPEWALK_SCRUB_DAYS:
        turn = data.scrub(days=days)
        if turn.damaged or turn.unread or turn.ended:
            structlog.get_logger("ropewalk.sweep").info("data.scrubbed", **asdict(turn))


@shared_task(name="ropewalk.purge_projects")
def purge_deleted_projects() -> None:
    """Remove deleted projects whose grace time is over, for a bounded time."""
    purge_projects.purge()


@shared_task(name="ropewalk.sweep_names")
def sweep_names() -> None:
    """Let go of former names and offers whose time is over."""
    projects.sweep_former_names()
    projects.sweep_offers()
    owner_names.sweep_former_owner_names()


@shared_task(name="ropewalk.fold_sums")
def fold_sums() -> None:
    """Add up what uploads and removals noted of the sums of stored bytes."""
    quotas.fold_all()


@shared_task(name="ropewalk.count_stored")
def count_stored() -> None:
    """Count what no table names, repositories and run artifacts, a little at a time."""
    repos.measure_some()
    count_artifacts()
