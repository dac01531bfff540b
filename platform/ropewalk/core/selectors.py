"""Reads of the kernel: jobs, for the pages and the API above."""

import uuid
from collections.abc import Iterable

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import AuditEvent, Job
from ropewalk.core.pagination import Page, paginate
from ropewalk.core.types import AuditView, JobView


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
        result=job.result,
    )


def project_job(project_id: int, job_id: uuid.UUID) -> JobView | None:
    """One job of a project; None when there is none."""
    job = Job.objects.filter(project_id=project_id, pk=job_id).first()
    return view_of(job) if job else None


def latest_job(project_id: int, *, kind: str) -> JobView | None:
    """The newest job of one kind in a project; None when there is none."""
    job = Job.objects.filter(project_id=project_id, kind=kind).order_by("-created_at").first()
    return view_of(job) if job else None


def project_jobs(
    project_id: int, *, page: int = 1, per_page: int = 50, states: Iterable[str] = ()
) -> Page[JobView]:
    """A project's jobs, newest first, optionally only those in the given states."""
    rows = Job.objects.filter(project_id=project_id).order_by("-created_at")
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    return paginate(rows, page=page, per_page=per_page, convert=view_of)


def last_jobs(project_id: int, kind: JobKind, *, limit: int, subject: str = "") -> list[JobView]:
    """A project's newest jobs of one kind, about what begins so, with what they gave."""
    rows = Job.objects.filter(project_id=project_id, kind=kind.name, subject__startswith=subject)
    rows = rows.order_by("-created_at")
    return [view_of(job) for job in rows[:limit]]


def unfinished_jobs(
    project_ids: Iterable[int], limit: int = 20, *, without: Iterable[JobKind] = ()
) -> list[tuple[int, JobView]]:
    """Queued, running and failed jobs of several projects, newest first, each with its project's id; some kinds left out."""
    rows = Job.objects.filter(project_id__in=list(project_ids), state__in=["queued", "running", "failed"])
    rows = rows.exclude(kind__in=[kind.name for kind in without])
    return [(job.project_id or 0, view_of(job)) for job in rows.order_by("-created_at")[:limit]]


def audit_events(
    *,
    project_id: int | None = None,
    owner_id: int | None = None,
    actor_id: int | None = None,
    page: int = 1,
    per_page: int = 50,
) -> Page[AuditView]:
    """Security-relevant events, newest first, of one project, owner or person; ``ValueError`` for none or several."""
    scope = {
        name: value
        for name, value in (("project_id", project_id), ("owner_id", owner_id), ("actor_id", actor_id))
        if value is not None
    }
    if len(scope) != 1:
        raise ValueError("audit_events needs exactly one of project_id, owner_id and actor_id")
    rows = AuditEvent.objects.filter(**scope).order_by("-id")
    return paginate(rows, page=page, per_page=per_page, convert=_audit_view)


def _audit_view(row: AuditEvent) -> AuditView:
    return AuditView(
        id=row.pk,
        at=row.at,
        action=row.action,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        via=row.via,
        address=row.address,
        subject=row.subject,
        detail=row.detail,
    )
