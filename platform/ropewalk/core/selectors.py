"""Reads of the kernel: jobs, for the pages and the API above."""

import uuid
from collections.abc import Iterable

from ropewalk.core.models import Job
from ropewalk.core.pagination import Page, paginate
from ropewalk.core.types import JobView


def view_of(job: Job) -> JobView:
    """The public side of a job row."""
    return JobView(
        id=job.pk,
        kind=job.kind,
        subject=job.subject,
        state=job.state,
        progress=job.progress,
        message=job.message,
        error_code=job.error_code,
        error_message=job.error_message,
        attempts=job.attempts,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        requested_by_id=job.requested_by_id,
    )


def project_job(project_id: int, job_id: uuid.UUID) -> JobView | None:
    """One job of a project; None when there is none."""
    job = Job.objects.filter(project_id=project_id, pk=job_id).first()
    return view_of(job) if job else None


def project_jobs(project_id: int, *, page: int = 1, per_page: int = 50, states: Iterable[str] = ()) -> Page[JobView]:
    """A project's jobs, newest first, optionally only those in the given states."""
    rows = Job.objects.filter(project_id=project_id).order_by("-created_at")
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    return paginate(rows, page=page, per_page=per_page, convert=view_of)


def unfinished_jobs(project_ids: Iterable[int], limit: int = 20) -> list[tuple[int, JobView]]:
    """Queued, running and failed jobs of several projects, newest first, each with its project's id."""
    rows = Job.objects.filter(project_id__in=list(project_ids), state__in=["queued", "running", "failed"])
    return [(job.project_id or 0, view_of(job)) for job in rows.order_by("-created_at")[:limit]]
