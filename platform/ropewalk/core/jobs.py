"""Work for the workers: a job is a row, a failure is a value.

:func:`enqueue` is the only dispatcher. It writes the row and sends the message after commit, by name, ids only; :func:`sweep`
(run by beat) re-sends queued rows whose message was lost and ends or re-queues the jobs of dead workers, so a lost broker or a
killed worker loses nothing.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import structlog
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from ropewalk.core import clock
from ropewalk.core.models import Job as Job
from ropewalk.core.models import JobState

log = structlog.get_logger("ropewalk.jobs")

TASK_NAME = "ropewalk.run_job"
HEARTBEAT_SECONDS = 5
DEAD_AFTER = timedelta(seconds=45)
RESEND_AFTER = timedelta(seconds=120)
MAX_ATTEMPTS = 3
CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobKind:
    """What a domain app can ask for. ``version`` is the runner's: raising it recomputes. ``time_limit`` is in seconds."""

    name: str
    version: int
    time_limit: int = 600
    queue: str = "default"


class ClaimLost(RuntimeError):
    """Another attempt owns the job now; this one must stop and write nothing."""


@lru_cache(maxsize=1)
def _sender() -> Celery:
    app = Celery("ropewalk-sender", broker=settings.CELERY_BROKER_URL)
    # A web request must not hang on a dead broker: the sweep sends again.
    app.conf.update(
        broker_connection_timeout=2,
        broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 5, "max_retries": 1},
        task_publish_retry=False,
        task_ignore_result=True,
    )
    return app


def enqueue(
    kind: JobKind,
    *,
    subject: str,
    fingerprint: str,
    payload: dict[str, Any],
    project_id: int | None,
    requested_by_id: int | None = None,
) -> Job:
    """Ask for a computation; returns the row, an existing one when the same was asked before.

    A failed job is re-armed. The message is sent after the surrounding transaction commits; ``payload`` holds ids, not data.
    """
    with transaction.atomic():
        job, created = Job.objects.get_or_create(
            project_id=project_id,  # never shared between projects, even for the same content
            kind=kind.name,
            subject=subject,
            fingerprint=fingerprint,
            runner_version=kind.version,
            defaults={
                "payload": payload,
                "requested_by_id": requested_by_id,
                "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
                "time_limit": kind.time_limit,
                "created_at": clock.now(),
            },
        )
        if not created and job.state == JobState.FAILED:
            job = Job.objects.select_for_update().get(pk=job.pk)
            if job.state == JobState.FAILED:
                _rearm(job)
                created = True
        if created:
            transaction.on_commit(lambda: send(job.pk))
    return job


def retry(job_id: uuid.UUID) -> Job:
    """Run a failed job again, as its user asked; any other state is left as it is."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.state == JobState.FAILED:
            _rearm(job)
            transaction.on_commit(lambda: send(job.pk))
    return job


def cancel(job_id: uuid.UUID, *, public_message: str) -> bool:
    """End a queued or running job as failed with the code :data:`CANCELLED`; False when it had ended already.

    A worker that runs it learns of it when it next says how far it is, and writes nothing more.
    """
    return bool(
        Job.objects.filter(pk=job_id, state__in=(JobState.QUEUED, JobState.RUNNING)).update(
            state=JobState.FAILED,
            claim_id=None,
            ended_at=clock.now(),
            message="",
            error_code=CANCELLED,
            error_message=public_message,
            error_detail="",
        )
    )


def _rearm(job: Job) -> None:
    job.state, job.progress, job.message, job.attempts = JobState.QUEUED, 0.0, "", 0
    job.error_code = job.error_message = job.error_detail = ""
    job.claim_id = job.sent_at = job.started_at = job.ended_at = None
    job.save()


def unfinished(project_id: int, kinds: Collection[JobKind], *, subject: str = "") -> Job | None:
    """A project's queued or running job of one of these kinds, about what begins so; None when all have ended."""
    names = [kind.name for kind in kinds]
    active = Job.objects.filter(
        project_id=project_id, kind__in=names, state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    return active.filter(subject__startswith=subject).order_by("created_at").first()


def count_unfinished(kind: JobKind) -> int:
    """How many jobs of a kind wait or run, in all projects."""
    return Job.objects.filter(kind=kind.name, state__in=[JobState.QUEUED, JobState.RUNNING]).count()


def forget_ended(project_id: int, kind: JobKind, *, keep: int) -> int:
    """Remove all but the newest ended jobs of a kind that never answers the same question twice; how many went."""
    ended = Job.objects.filter(
        project_id=project_id, kind=kind.name, state__in=[JobState.SUCCEEDED, JobState.FAILED]
    )
    old = list(ended.order_by("-created_at").values_list("pk", flat=True)[keep:])
    return Job.objects.filter(pk__in=old).delete()[0]


def send(job_id: uuid.UUID) -> bool:
    """Send the message for a queued row. False when the broker did not take it: the row stays and the sweep tries again."""
    limit = Job.objects.filter(pk=job_id, state=JobState.QUEUED).values_list("time_limit", flat=True).first()
    if limit is None:
        return False
    try:
        # The runner ends itself at its limit; the hard limit ends one that is stuck in native code.
        _sender().send_task(TASK_NAME, args=[str(job_id)], ignore_result=True, time_limit=limit + 60)
    except Exception as error:  # noqa: BLE001  # any transport failure; the row is the truth
        log.warning("job.send_failed", job=str(job_id), error=str(error))
        return False
    Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(sent_at=clock.now())
    return True


def claim(job_id: uuid.UUID, worker: str) -> Job | None:
    """Take a queued job for one attempt; None when it is not queued any more (a duplicate message, a finished job)."""
    now = clock.now()
    claimed = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
        state=JobState.RUNNING,
        claim_id=uuid.uuid4(),
        worker=worker[:200],
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        progress=0.0,
        message="",
    )
    return Job.objects.get(pk=job_id) if claimed else None


def beat(job: Job, *, progress: float | None = None, message: str | None = None) -> None:
    """Say that the attempt lives, with what to show. Raises :class:`ClaimLost` when the job went to another attempt."""
    values: dict[str, Any] = {"heartbeat_at": clock.now()}
    if progress is not None:
        values["progress"] = min(max(progress, 0.0), 1.0)
    if message is not None:
        values["message"] = message[:200]
    if not _mine(job).update(**values):
        raise ClaimLost(str(job.pk))


def succeed(job: Job, result: dict[str, Any]) -> None:
    """End the attempt well. Raises :class:`ClaimLost`."""
    _end(job, state=JobState.SUCCEEDED, result=result, progress=1.0, message="")


def fail(job: Job, *, code: str, public_message: str, private_detail: str = "") -> None:
    """End the attempt with an error as a value: ``public_message`` is shown to users, ``private_detail`` to operators only."""
    _end(
        job,
        state=JobState.FAILED,
        error_code=code[:64],
        error_message=public_message,
        error_detail=private_detail[:20_000],
    )


def give_back(job: Job, *, private_detail: str) -> None:
    """End the attempt because a part of the machine was away: the job waits for another one, or fails after the last.

    Raises :class:`ClaimLost`. When the database itself is away the row stays as it is, and :func:`sweep` finds it.
    """
    if job.attempts >= MAX_ATTEMPTS:
        fail(
            job,
            code="unavailable",
            public_message=f"The database, the queue or the object store did not answer in {MAX_ATTEMPTS} attempts. "
            "Try again when the instance is ready.",
            private_detail=private_detail,
        )
        return
    waiting = {
        "state": JobState.QUEUED,
        "claim_id": None,
        "sent_at": None,
        "message": "Waiting for another attempt",
    }
    if not _mine(job).update(**waiting, error_detail=private_detail[:20_000]):
        raise ClaimLost(str(job.pk))


def _end(job: Job, **values: Any) -> None:
    if not _mine(job).update(ended_at=clock.now(), claim_id=None, **values):
        raise ClaimLost(str(job.pk))


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, claim_id=job.claim_id)


def sweep() -> dict[str, int]:
    """Repair: re-queue jobs of dead workers (or fail them after :data:`MAX_ATTEMPTS`), re-send lost messages."""
    now = clock.now()
    dead = Job.objects.filter(state=JobState.RUNNING).filter(
        Q(heartbeat_at__lt=now - DEAD_AFTER) | Q(started_at__lt=now - timedelta(days=1))
    )
    given_up = dead.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=JobState.FAILED,
        claim_id=None,
        ended_at=now,
        error_code="worker_died",
        error_message=f"The worker ended {MAX_ATTEMPTS} times while it ran this. It may need more memory than is allowed.",
    )
    requeued = dead.update(
        state=JobState.QUEUED, claim_id=None, sent_at=None, message="Waiting for a worker again"
    )
    lost = Job.objects.filter(state=JobState.QUEUED).filter(
        Q(sent_at__isnull=True) | Q(sent_at__lt=now - RESEND_AFTER)
    )
    sent = sum(send(pk) for pk in lost.order_by("created_at").values_list("pk", flat=True)[:1000])
    return {"given_up": given_up, "requeued": requeued, "sent": sent}
