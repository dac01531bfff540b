"""The kernel's one table: work for the workers."""

import uuid

from django.db import models
from django.db.models import Q


class JobState(models.TextChoices):
    """``queued -> running -> succeeded | failed``; ``queued`` again when a worker died and attempts are left."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Job(models.Model):
    """One computation, asked for once per (kind, subject, fingerprint, runner version).

    ``project_id`` is a plain number because the kernel knows no product; the readers above scope by it. ``claim_id`` names the
    one attempt that may write: a worker that lost its claim (it was thought dead) can no longer end the job.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    project_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    runner_version = models.PositiveIntegerField()
    payload = models.JSONField(default=dict)
    requested_by_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    time_limit = models.PositiveIntegerField()
    claim_id = models.UUIDField(null=True)
    worker = models.CharField(max_length=200, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    error_detail = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "fingerprint", "runner_version"], name="job_asked_once"),
        ]
        indexes = [
            models.Index(fields=["project_id", "-created_at"], name="job_by_project"),
            models.Index(fields=["sent_at"], condition=Q(state="queued"), name="job_queued"),
            models.Index(fields=["heartbeat_at"], condition=Q(state="running"), name="job_running"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.state})"
