"""Removing deleted projects for good once their grace time is over: files first, rows last, in steps that can be interrupted."""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import structlog
from django.conf import settings

from ropewalk.core import blobs, clock
from ropewalk.core.locks import try_lock
from ropewalk.data import services as data
from ropewalk.projects import services as projects
from ropewalk.repos import services as repos
from ropewalk.tracking import services as tracking

log = structlog.get_logger("ropewalk.purge")


def purge(*, seconds: float = 120.0) -> int:
    """Go on with the purges for about so many seconds; how many projects are gone. The next run takes up what is left."""
    gone, end = 0, time.monotonic() + seconds
    with try_lock("purge-projects") as alone:
        if not alone:
            return 0
        before = clock.now() - timedelta(days=settings.ROPEWALK_PURGE_AFTER_DAYS)
        for project_id in projects.begin_purges(deleted_before=before):
            try:
                gone += _purge(project_id, end)
            except (
                Exception
            ):  # one project's trouble (its storage, a row that came late) must not keep the others
                log.exception("purge.failed", project=project_id)
            if time.monotonic() > end:
                break
    return gone


def _purge(project_id: int, end: float) -> bool:
    """Remove one project; False when the time was over first."""
    for _ in _batches(project_id):
        if time.monotonic() > end:
            return False
    projects.finish_purge(project_id=project_id)
    return True


def _batches(project_id: int) -> Iterator[int]:
    """Each step removes nothing that is gone already, so repeating it after a kill is harmless."""
    repos.delete_repository(project_id=project_id)
    return chain(
        data.release_objects(project_id=project_id),
        _files(project_id),
        tracking.remove_workspace(project_id=project_id),
        projects.remove_rows(project_id=project_id),
        # What a job wrote that ran meanwhile: without its rows it can't write more.
        data.release_objects(project_id=project_id),
        _files(project_id),
    )


def _files(project_id: int) -> Iterator[int]:
    """All that lies below the project's prefix, but what ``data.release_objects`` left because a fork refers to it."""
    return blobs.remove_in_pages(f"p/{project_id}/", keep=data.objects_prefix(project_id))
