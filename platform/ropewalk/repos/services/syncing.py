"""What pulling and pushing mirrors share: asking for a sync, and writing down how it ended."""

import secrets

from ropewalk.core import clock, jobs
from ropewalk.core.models import Job, JobState
from ropewalk.repos.mirrors import next_time
from ropewalk.repos.models import SyncState

KEPT_JOBS = 50


def ask(
    row: SyncState, kind: jobs.JobKind, *, project_id: int, subject: str, cause: str, by: int | None
) -> None:
    """Ask for a sync of a locked row. The job's subject is ``<subject>:<cause>``."""
    row.asked_at, row.next_at = clock.now(), None
    row.save(update_fields=["asked_at", "next_at"])
    jobs.enqueue(
        kind,
        subject=f"{subject}:{cause}",
        fingerprint=secrets.token_hex(16),
        payload={"subject": subject},
        project_id=project_id,
        requested_by_id=by,
    )


def ask_again(row: SyncState, active: Job) -> None:
    """Somebody asks while a job is active. One that waits will do; one that runs may have looked too early: another follows."""
    if active.state == JobState.RUNNING:
        row.next_at = clock.now()
        row.save(update_fields=["next_at"])


def note_end(row: SyncState, *, error: str = "") -> None:
    """Write down how a sync ended, and when the next is due unless one was asked for meanwhile. The row is locked."""
    now = clock.now()
    row.failures = row.failures + 1 if error else 0
    row.last_error = error[:2000]
    row.asked_at = None
    if not error:
        row.synced_at = now
    if row.next_at is None:
        row.next_at = next_time(now, row.interval, row.failures)
    row.save()
