"""Profiles of data files, and the drift reports made of them."""

from django.db import models

from ropewalk.accounts.models import User
from ropewalk.core.models import Job
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.projects.models import Project


class FileProfile(models.Model):
    """A stored profile of one file's content; immutable, shared by every commit of the project that holds the content.

    Never shared between projects: knowing a hash must not give a profile. ``algorithm`` names what made ``content_hash``
    (``sha256``, ``git``, ``md5``); ``options`` how the bytes were read. ``summary`` is the small JSON that pages draw
    columns from; the profile itself is in the object store under ``key`` (and ``key`` + ``.sample`` for the row sample).
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="file_profiles")
    algorithm = models.CharField(max_length=32)
    content_hash = models.CharField(max_length=64)
    options = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=300)
    size = models.BigIntegerField()
    rows = models.BigIntegerField()
    columns = models.PositiveIntegerField()
    stored_bytes = models.BigIntegerField()
    cpu_seconds = models.FloatField()
    summary = models.JSONField()
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["FileProfile"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "algorithm", "content_hash", "options", "version"],
                name="file_profile_once",
            )
        ]

    def __str__(self) -> str:
        return f"profile of {self.content_hash[:8]} in project {self.project_id}"


class DataProfile(models.Model):
    """The columns of one version of a dataset, a file or a whole folder, as its page shows them; immutable once computed.

    ``content_hash`` is that of ``data.types.DataFile``; ``options`` is how the name says the bytes are read, empty for a folder.
    ``summary`` is JSON for the page, see ``workers.analysis.summary``; None until the job has stored it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    content_hash = models.CharField(max_length=80)
    options = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    summary = models.JSONField(null=True)
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["DataProfile"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "content_hash", "options", "version"], name="data_profile_once"
            )
        ]

    def __str__(self) -> str:
        return f"columns of {self.content_hash[:12]} in project {self.project_id}"


class MediaBatch(models.Model):
    """Measurements of many images, sounds or texts, each of them immutable and kept once by content.

    The object under ``key`` has a row a content (``workers.analysis.media.rows``). ``marks`` says which without reading it: eight
    bytes of each content's hash (:func:`ropewalk.monitors.media.mark`), ascending.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=300)
    rows = models.PositiveIntegerField()
    marks = models.BinaryField()
    stored_bytes = models.BigIntegerField()
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["MediaBatch"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="media_batch_once")]
        indexes = [models.Index(fields=["project", "kind", "version", "-id"], name="media_batch_newest")]

    def __str__(self) -> str:
        return f"{self.rows} measured {self.kind} files of project {self.project_id}"


class DriftReport(models.Model):
    """Two versions of tracked data compared; asked for once per pair of (commit, path) and numbered within the project.

    ``*_revision`` is what was asked for (a branch, a tag), ``*_commit`` what it meant then; ``*_hash`` names the content, from
    the index or filled in by the worker; ``*_pin`` names a content of a file in a connected bucket, whose key is then the path.
    ``result`` is JSON for the page, see ``workers.analysis.drift.report``.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="drift_reports")
    number = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    reference_revision = models.CharField(max_length=1024)
    reference_commit = models.CharField(max_length=40)
    reference_path = models.CharField(max_length=4096)
    reference_hash = models.CharField(max_length=80, blank=True)
    reference_pin = models.CharField(max_length=80, blank=True)
    current_revision = models.CharField(max_length=1024)
    current_commit = models.CharField(max_length=40)
    current_path = models.CharField(max_length=4096)
    current_hash = models.CharField(max_length=80, blank=True)
    current_pin = models.CharField(max_length=80, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    verdict = models.CharField(max_length=32, blank=True)
    sentence = models.TextField(blank=True)
    drifted_columns = models.PositiveIntegerField(null=True)
    compared_columns = models.PositiveIntegerField(null=True)
    result = models.JSONField(null=True)
    runner_version = models.PositiveIntegerField(null=True)
    computed_at = models.DateTimeField(null=True)

    objects = ProjectScopedManager["DriftReport"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="drift_report_number"),
            models.UniqueConstraint(fields=["project", "fingerprint"], name="drift_report_once"),
        ]

    def __str__(self) -> str:
        return f"drift report {self.number} of project {self.project_id}"
