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
    """One computation, asked for once per (project, kind, subject, fingerprint, runner version).

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
            models.UniqueConstraint(
                fields=["project_id", "kind", "subject", "fingerprint", "runner_version"],
                name="job_asked_once_in_project",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["project_id", "-created_at"], name="job_by_project"),
            models.Index(fields=["sent_at"], condition=Q(state="queued"), name="job_queued"),
            models.Index(fields=["heartbeat_at"], condition=Q(state="running"), name="job_running"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.state})"


class AuditEvent(models.Model):
    """One security-relevant event: who did what, when, and from where. Rows are only ever added.

    Names are copied, not referenced, so that the record outlives what it tells of.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=64)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    via = models.CharField(max_length=16)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    owner_id = models.BigIntegerField(null=True)
    project_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["project_id", "-id"], name="audit_by_project", condition=Q(project_id__isnull=False)
            ),
            models.Index(
                fields=["owner_id", "-id"], name="audit_by_owner", condition=Q(owner_id__isnull=False)
            ),
            models.Index(
                fields=["actor_id", "-id"], name="audit_by_actor", condition=Q(actor_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name or 'somebody'}: {self.action} {self.subject}"
