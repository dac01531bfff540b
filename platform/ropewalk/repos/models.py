"""Pushes, and the refs as they were last recorded."""

from django.db import models

from ropewalk.accounts.models import User
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.core.sealing import SealedField
from ropewalk.projects.models import Project
from ropewalk.repos.signing_in import IMPORT_PURPOSE, MIRROR_PURPOSE, PUSH_PURPOSE


class Push(models.Model):
    """What one push changed. ``updates`` is a list of {name, kind, old, new, commit, forced}; immutable once written.

    ``repaired``: a reconciliation found the change in the repository; the process that made it died before it could write.
    ``mirrored``: nobody pushed; the project follows another server, where this changed.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pushes")
    pusher = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updates = models.JSONField()
    repaired = models.BooleanField(default=False)
    mirrored = models.BooleanField(default=False)

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


class SyncState(models.Model):
    """How it stands between a project and a repository on another server.

    ``interval`` is in seconds, 0 for only when asked. ``asked_at``: a sync was asked for and has not ended. Locked before the
    project's row, by whoever needs both.
    """

    interval = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class PullMirror(SyncState):
    """How a project follows the repository at ``Project.mirror_of``, and how that went.

    ``hook_id`` is the public half of its webhook's address. ``upstream_head`` is the branch that the other server's HEAD named
    when last seen.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    hook_id = models.CharField(max_length=32, unique=True)
    upstream_head = models.CharField(max_length=1024, blank=True)
    sign_in = SealedField(purpose=MIRROR_PURPOSE)

    objects = ProjectScopedManager["PullMirror"]()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="mirror_due", condition=models.Q(next_at__isnull=False)),
            models.Index(
                fields=["asked_at"], name="mirror_asked", condition=models.Q(asked_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"mirror in project {self.project_id}"


class PushMirror(SyncState):
    """Another server that gets this project's branches and tags; ``address`` holds no secret.

    ``sync_on_push``: also after each change of a branch or tag. ``key`` is its name in addresses.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=32)
    address = models.CharField(max_length=2000)
    sign_in = SealedField(purpose=PUSH_PURPOSE)
    sync_on_push = models.BooleanField(default=True)

    objects = ProjectScopedManager["PushMirror"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "address"], name="push_mirror_once"),
            models.UniqueConstraint(fields=["project", "key"], name="push_mirror_key"),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="push_mirror_due", condition=models.Q(next_at__isnull=False)
            ),
            models.Index(
                fields=["asked_at"], name="push_mirror_asked", condition=models.Q(asked_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"push mirror {self.key} of project {self.project_id}"
