"""What each project stores, as sums, and the limits that the operator set.

The sums are exact: triggers beside the tables that name bytes (:mod:`~ropewalk.quotas.triggers`) append a row to
:class:`StorageChange` in the transaction that stores or removes them, whoever does it. Nobody waits for anybody: a counter in one
row would be a lock that all uploads of a project queue for. ``services.fold`` adds old changes up.
"""

from django.db import models

from ropewalk.accounts.models import Owner, User
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.projects.models import Project


class StorageKind(models.TextChoices):
    """What bytes are for, in the order in which pages show it."""

    DVC = "dvc", "DVC data"
    RUNS = "runs", "DVC's run cache"
    BUCKET = "bucket", "Bucket"
    ARTIFACTS = "artifacts", "Run artifacts"
    RELEASES = "releases", "Release files"
    GIT = "git", "Git repository"
    PARTS = "parts", "Uploads under way"
    BIN = "bin", "Removed, can be restored"


class StorageTotal(models.Model):
    """The sum of one kind, up to the changes that are still apart. ``holder_id``: 0, or whose bytes a fork refers to."""

    # No constraint in the database: the last changes of a project come with the purge of its rows.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=StorageKind)
    holder_id = models.BigIntegerField(default=0)
    size = models.BigIntegerField()
    count = models.BigIntegerField()

    objects = ProjectScopedManager["StorageTotal"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "holder_id"], name="storage_total_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of project {self.project_id}"


class StorageChange(models.Model):
    """What one statement added to a sum, or took from it; gone once it is added up."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=10, choices=StorageKind)
    holder_id = models.BigIntegerField(default=0)
    size = models.BigIntegerField()
    count = models.BigIntegerField()

    objects = ProjectScopedManager["StorageChange"]()

    def __str__(self) -> str:
        return f"{self.size:+} bytes of {self.kind} in project {self.project_id}"


class ProjectQuota(models.Model):
    """How much one project may store instead of what the settings say; ``limit`` in bytes, empty for any amount."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    limit = models.BigIntegerField(null=True, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    set_at = models.DateTimeField(editable=False)

    objects = ProjectScopedManager["ProjectQuota"]()

    def __str__(self) -> str:
        return f"quota of project {self.project_id}"


class OwnerQuota(models.Model):
    """How much all projects of one owner may store together; as :class:`ProjectQuota`."""

    owner = models.OneToOneField(Owner, on_delete=models.CASCADE, related_name="+")
    limit = models.BigIntegerField(null=True, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    set_at = models.DateTimeField(editable=False)

    def __str__(self) -> str:
        return f"quota of owner {self.owner_id}"
