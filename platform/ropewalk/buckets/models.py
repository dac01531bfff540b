"""Objects of buckets, and uploads in parts that are under way."""

import uuid

from django.db import models

from ropewalk.accounts.models import User
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.projects.models import Project


class BucketName(models.TextChoices):
    """Which of a project's buckets: the one of its own, or the part of its DVC remote that is not named by a hash."""

    FILES = "files"
    DVC = "dvc"


class BucketObject(models.Model):
    """An object whose bytes are whole and in the store under ``blob``, a name that is never used again: readers read on.

    ``etag`` is the body's md5, or S3's form for what came in parts. Keys sort by their bytes.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    bucket = models.CharField(max_length=8, choices=BucketName)
    key = models.TextField(db_collation="C")
    blob = models.UUIDField(default=uuid.uuid4)
    size = models.BigIntegerField()
    etag = models.CharField(max_length=48)
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    modified_at = models.DateTimeField()
    damaged_at = models.DateTimeField(null=True)  # its bytes were read again and were not what came

    objects = ProjectScopedManager["BucketObject"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "bucket", "key"], name="bucket_object_once")
        ]
        indexes = [
            models.Index(fields=["project", "blob"], name="bucket_object_by_blob"),
            models.Index(
                fields=["project", "key"],
                condition=models.Q(damaged_at__isnull=False),
                name="bucket_object_damaged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"


class MultipartUpload(models.Model):
    """An upload in parts. ``etag`` is set once it is complete; the row is kept a while for clients that ask again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    bucket = models.CharField(max_length=8, choices=BucketName)
    key = models.TextField(db_collation="C")
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    content_type = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict)
    etag = models.CharField(max_length=48, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    objects = ProjectScopedManager["MultipartUpload"]()

    class Meta:
        indexes = [
            models.Index(fields=["project", "bucket", "key", "created_at"], name="multipart_by_key"),
            models.Index(fields=["created_at"], name="multipart_by_age"),
        ]

    def __str__(self) -> str:
        return f"upload of {self.bucket}/{self.key}"


class UploadPart(models.Model):
    """A part whose bytes are in the store; ``etag`` is their md5, or a name of this very part where the whole is verified."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    upload = models.ForeignKey(
        MultipartUpload, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    blob = models.UUIDField(default=uuid.uuid4)
    size = models.BigIntegerField()
    etag = models.CharField(max_length=32)
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["UploadPart"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="upload_part_once")]
        indexes = [models.Index(fields=["project", "blob"], name="upload_part_by_blob")]

    def __str__(self) -> str:
        return f"part {self.number} of upload {self.upload_id}"


class BucketPolicy(models.Model):
    """What is denied to everybody in a project's own bucket; ``rules`` as :mod:`ropewalk.buckets.rules` has them."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    rules = models.JSONField()
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    set_at = models.DateTimeField()

    objects = ProjectScopedManager["BucketPolicy"]()

    def __str__(self) -> str:
        return f"policy of the bucket of project {self.project_id}"
