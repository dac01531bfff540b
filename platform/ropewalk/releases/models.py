"""Releases and their files."""

from django.db import models
from django.db.models import Q

from ropewalk.accounts.models import User
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.projects.models import Project


class Release(models.Model):
    """A tag with words and files. A draft has no ``published_at`` and no ``sha``; its tag need not be there yet.

    ``target`` is what a missing tag will be made of, ``sha`` the commit that the tag named at publishing. ``latest``: somebody
    said that this is the one to take; without one it is the newest.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    tag = models.CharField(max_length=500)
    target = models.CharField(max_length=1000, blank=True)
    sha = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=200)
    notes = models.TextField(blank=True)
    draft = models.BooleanField(default=True)
    prerelease = models.BooleanField(default=False)
    latest = models.BooleanField(default=False)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    objects = ProjectScopedManager["Release"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "tag"], name="release_tag_once"),
            models.UniqueConstraint(fields=["project"], condition=Q(latest=True), name="release_latest_once"),
        ]
        indexes = [models.Index(fields=["project", "-published_at"], name="release_by_project")]

    def __str__(self) -> str:
        return f"release {self.tag} of project {self.project_id}"


class ReleaseFile(models.Model):
    """A file of a release. The row is written in the transaction in which its bytes become visible under ``key``."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    key = models.UUIDField(unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    downloads = models.BigIntegerField(default=0)
    uploader = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["ReleaseFile"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "name"], name="release_file_once")]

    def __str__(self) -> str:
        return f"{self.name} of release {self.release_id}"
