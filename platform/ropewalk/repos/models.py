"""Pushes, and the refs as they were last recorded."""

from django.db import models

from ropewalk.accounts.models import User
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.core.sealing import SealedField
from ropewalk.projects.models import Project
from ropewalk.repos.signing_in import IMPORT_PURPOSE


class Push(models.Model):
    """What one push changed. ``updates`` is a list of {name, kind, old, new, commit, forced}; immutable once written.

    ``repaired``: a reconciliation found the change in the repository; the process that made it died before it could write.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pushes")
    pusher = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updates = models.JSONField()
    repaired = models.BooleanField(default=False)

    objects = ProjectScopedManager["Push"]()

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at"], name="push_by_project")]

    def __str__(self) -> str:
        return f"push {self.pk} to project {self.project_id}"


class RecordedRef(models.Model):
    """A ref's value as of the last recorded push. Where it differs from the repository, a push was not recorded yet."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=1024)
    sha = models.CharField(max_length=40)

    objects = ProjectScopedManager["RecordedRef"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="recorded_ref_once")]

    def __str__(self) -> str:
        return f"{self.name} at {self.sha[:8]}"


class ProtectedBranch(models.Model):
    """A rule for the branches that its pattern covers; see :class:`ropewalk.repos.rules.Protection`. ``people`` are user ids."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    pattern = models.CharField(max_length=255)
    push_role = models.CharField(max_length=16)
    people = models.JSONField(default=list)
    allow_force = models.BooleanField(default=False)
    allow_delete = models.BooleanField(default=False)
    required_checks = models.JSONField(default=list)
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["ProtectedBranch"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "pattern"], name="protected_branch_once")]

    def __str__(self) -> str:
        return f"{self.pattern} in project {self.project_id}"


class ImportSource(models.Model):
    """Where a project's repository was copied from. ``url`` has no secret; ``sign_in`` is emptied when it is not needed."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=2000)
    sign_in = SealedField(purpose=IMPORT_PURPOSE)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProjectScopedManager["ImportSource"]()

    def __str__(self) -> str:
        return f"{self.url} for project {self.project_id}"
