"""Connected buckets, one row each."""

from django.db import models

from ropewalk.accounts.models import User
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.core.sealing import SealedField
from ropewalk.outside.types import PURPOSE
from ropewalk.projects.models import Project


class ConnectedBucket(models.Model):
    """A bucket of another S3 service, or a folder of one, that a project reads.

    ``name`` is what the project calls it. ``endpoint`` is empty for Amazon; ``prefix`` is empty or ends with a slash, and nothing
    outside of it is reached. ``sign_in`` is the sealed access key, empty where none is needed.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=63)
    endpoint = models.CharField(max_length=2000, blank=True)
    region = models.CharField(max_length=40)
    bucket = models.CharField(max_length=255)
    prefix = models.CharField(max_length=1024, blank=True)
    sign_in = SealedField(purpose=PURPOSE)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["ConnectedBucket"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="connected_bucket_once")]

    def __str__(self) -> str:
        return f"{self.name} of project {self.project_id}"


class MeasuredFile(models.Model):
    """A content of a file in a connected bucket that somebody wanted measured, as its server told of it then.

    ``pin`` names it (:meth:`~ropewalk.outside.types.RemoteFile.pin`); the server may have another one under the key since.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    bucket = models.ForeignKey(ConnectedBucket, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.TextField()
    pin = models.CharField(max_length=80)
    etag = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField()
    modified = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    objects = ProjectScopedManager["MeasuredFile"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "pin"], name="measured_file_once")]
        indexes = [models.Index(fields=["bucket", "key", "-id"], name="measured_file_by_key")]

    def __str__(self) -> str:
        return f"{self.key} in bucket {self.bucket_id}"
