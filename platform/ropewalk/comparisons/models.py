"""Stored comparisons of runs."""

from django.db import models

from ropewalk.accounts.models import User
from ropewalk.core.models import Job
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.projects.models import Project


class Comparison(models.Model):
    """Several runs of a project side by side, asked for once per ordered choice of runs and numbered within the project.

    ``fingerprint`` is that of the runs' content when the newest computation was asked for, ``result_fingerprint`` that of the
    stored result; they differ while a newer computation is under way or failed. ``result`` is JSON for the page, see
    ``workers.analysis.compare_runs``; an older one stays until a newer one replaces it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="comparisons")
    number = models.PositiveIntegerField()
    run_ids = models.JSONField()
    choice = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    result = models.JSONField(null=True)
    result_fingerprint = models.CharField(max_length=64, blank=True)
    runner_version = models.PositiveIntegerField(null=True)
    computed_at = models.DateTimeField(null=True)

    objects = ProjectScopedManager["Comparison"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="comparison_number"),
            models.UniqueConstraint(fields=["project", "choice"], name="comparison_once"),
        ]

    def __str__(self) -> str:
        return f"comparison {self.number} of project {self.project_id}"
