"""Projects: the tenancy root."""

from django.db import models
from django.db.models.functions import Lower

from ropewalk.accounts.models import Owner, User
from ropewalk.core.scoping import ProjectScopedManager


class Visibility(models.TextChoices):
    """Who may read: everybody, everybody who signed in, or only those who were given a role; the widest first."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    PRIVATE = "private", "Private"


class CollaboratorRole(models.TextChoices):
    """What a collaborator may do; see ``access.roles``."""

    READER = "reader", "Reader"
    WRITER = "writer", "Writer"
    MAINTAINER = "maintainer", "Maintainer"


class Project(models.Model):
    """One git repository, DVC remote and tracking server under one name. Deleted ones are kept for a grace time, hidden."""

    owner = models.ForeignKey(Owner, on_delete=models.PROTECT, related_name="projects")
    slug = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.PRIVATE)
    default_branch = models.CharField(max_length=200, default="main")
    key_metric = models.CharField(max_length=250, blank=True)
    # The address, without any secret, that the git repository follows; while it does, nothing else changes it.
    mirror_of = models.CharField(max_length=2000, blank=True, default="")
    forked_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="forks", editable=False
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    purge_started_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("slug"),
                condition=models.Q(deleted_at__isnull=True),
                name="project_slug_unique",
            )
        ]
        indexes = [
            models.Index(fields=["-updated_at"], name="project_recent"),
            models.Index(
                fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="project_deleted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner.slug}/{self.slug}"


class FormerName(models.Model):
    """A name that a project had in an owner's namespace; until its time is over it leads to the project.

    Whoever takes the name again in that namespace ends it. A project that lives under the name comes first in any case.
    """

    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="+")
    slug = models.CharField(max_length=100)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="former_names")
    until = models.DateTimeField()

    objects = ProjectScopedManager["FormerName"]()

    class Meta:
        constraints = [models.UniqueConstraint("owner", Lower("slug"), name="former_name_unique")]
        indexes = [models.Index(fields=["until"], name="former_name_until")]

    def __str__(self) -> str:
        return f"{self.owner}/{self.slug}"


class ProjectTransfer(models.Model):
    """A project that somebody offers to another owner; nothing changes before it is accepted."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="transfer_offer")
    to_owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()

    objects = ProjectScopedManager["ProjectTransfer"]()

    class Meta:
        indexes = [models.Index(fields=["to_owner", "-asked_at"], name="transfer_by_receiver")]

    def __str__(self) -> str:
        return f"{self.project} to {self.to_owner}"


class Collaborator(models.Model):
    """A person with a role in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="collaborations")
    role = models.CharField(max_length=16, choices=CollaboratorRole)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectScopedManager["Collaborator"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="collaborator_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.project} ({self.role})"
