"""What the API takes and gives. DagsHub's client checks the types strictly: no null where a string or number is promised."""

from typing import Any

from rest_framework import serializers

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.types import OwnerView
from ropewalk.core.types import JobView
from ropewalk.data.starters import GITIGNORES, LICENSES
from ropewalk.edges.api.durations import go_duration
from ropewalk.projects.types import ProjectView
from ropewalk.repos.mirrors import MirrorView


class UserShape(serializers.Serializer):
    """A person or organization."""

    id = serializers.IntegerField()
    login = serializers.CharField()
    username = serializers.CharField()
    full_name = serializers.CharField()
    avatar_url = serializers.CharField()
    public_email = serializers.CharField()
    website = serializers.CharField()
    company = serializers.CharField()
    description = serializers.CharField()


class NewUserNameShape(serializers.Serializer):
    """What a person is called from now on."""

    new_username = serializers.CharField(max_length=39)


class NewOrganizationNameShape(serializers.Serializer):
    """What an organization is called from now on."""

    new_name = serializers.CharField(max_length=39)


class PermissionsShape(serializers.Serializer):
    """What the caller may do."""

    admin = serializers.BooleanField()
    push = serializers.BooleanField()
    pull = serializers.BooleanField()


class RepositoryShape(serializers.Serializer):
    """A project as a repository, as DagsHub's client reads it."""

    id = serializers.IntegerField()
    owner = UserShape()
    name = serializers.CharField()
    full_name = serializers.CharField()
    description = serializers.CharField()
    private = serializers.BooleanField()
    visibility = serializers.ChoiceField(choices=["public", "internal", "private"])
    archived = serializers.BooleanField()
    fork = serializers.BooleanField()
    parent = serializers.JSONField(allow_null=True)  # type: ignore[assignment]  # DagsHub's name, and also a field's own
    empty = serializers.BooleanField()
    mirror = serializers.BooleanField()
    mirror_interval = serializers.CharField(
        help_text="As Go writes it, `8h0m0s`; empty for a project that is no mirror."
    )
    mirror_updated = serializers.CharField(allow_null=True)
    original_url = serializers.CharField(help_text="What it follows or was imported from.")
    size = serializers.IntegerField()
    html_url = serializers.CharField()
    clone_url = serializers.CharField()
    ssh_url = serializers.CharField(allow_null=True)
    dvc_url = serializers.CharField()
    mlflow_url = serializers.CharField()
    website = serializers.CharField()
    stars_count = serializers.IntegerField()
    forks_count = serializers.IntegerField()
    watchers_count = serializers.IntegerField()
    open_issues_count = serializers.IntegerField()
    default_branch = serializers.CharField()
    created_at = serializers.CharField()
    updated_at = serializers.CharField()
    permissions = PermissionsShape()


class NewRepositoryShape(serializers.Serializer):
    """A project to create. ``readme`` and ``project_template`` are taken for DagsHub's client and choose nothing."""

    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    private = serializers.BooleanField(required=False, default=True)
    visibility = serializers.ChoiceField(
        choices=["public", "internal", "private"],
        required=False,
        help_text="Ropewalk's own; wins over `private`.",
    )
    auto_init = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Begin with one commit: a README, and what the next fields name.",
    )
    gitignores = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text=f"One of {', '.join(GITIGNORES)}.",
    )
    license = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text=f"One of {', '.join(LICENSES)}.",
    )
    dvc = serializers.BooleanField(
        required=False, default=False, help_text="Ropewalk's own: DVC set up for the project's remote."
    )


class ChangedRepositoryShape(serializers.Serializer):
    """What changes of a project; what is not given stays."""

    name = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    private = serializers.BooleanField(required=False)
    visibility = serializers.ChoiceField(
        choices=["public", "internal", "private"],
        required=False,
        help_text="Ropewalk's own; wins over `private`.",
    )
    archived = serializers.BooleanField(required=False)
    mirror_interval = serializers.CharField(
        max_length=30,
        required=False,
        help_text="For a mirror: as Go writes it, `8h0m0s`; `0`: only when asked.",
    )


class JobShape(serializers.Serializer):
    """A computation by the workers."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=["queued", "running", "succeeded", "failed"])
    active = serializers.BooleanField()
    percent = serializers.IntegerField()
    message = serializers.CharField()
    error_code = serializers.CharField()
    error_message = serializers.CharField()
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class JobListShape(serializers.Serializer):
    """One page of jobs, newest first."""

    jobs = JobShape(many=True)
    page = serializers.IntegerField()
    has_next = serializers.BooleanField()


class ErrorShape(serializers.Serializer):
    """Every error answer."""

    message = serializers.CharField()
    hint = serializers.CharField()
    code = serializers.CharField()


def user_body(owner: OwnerView) -> dict[str, Any]:
    """The body of :class:`UserShape`. ``id`` is the name's: users and organizations share one series."""
    return {
        "id": owner.id,
        "login": owner.slug,
        "username": owner.slug,
        "full_name": owner.name,
        "avatar_url": "",
        "public_email": "",
        "website": owner.website,
        "company": "",
        "description": owner.description,
    }


def repository_body(
    access: ProjectAccess,
    owner: OwnerView,
    *,
    empty: bool,
    size: int,
    mirror: MirrorView | None,
    original_url: str,
    forks: int = 0,
    parent: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of :class:`RepositoryShape`; ``size`` is the repository's, in bytes; ``parent`` where the caller may see it."""
    project: ProjectView = access.project
    return {
        "id": project.id,
        "owner": user_body(owner),
        "name": project.slug,
        "full_name": project.full_name,
        "description": project.description,
        "private": project.visibility != "public",
        "visibility": project.visibility,
        "archived": project.archived,
        "fork": parent is not None,
        "parent": parent,
        "empty": empty,
        "mirror": mirror is not None,
        "mirror_interval": go_duration(mirror.interval) if mirror else "",
        "mirror_updated": mirror.synced_at.isoformat() if mirror and mirror.synced_at else None,
        "original_url": original_url,
        "size": size,
        "html_url": project.url,
        "clone_url": project.git_url,
        "ssh_url": project.ssh_url or None,
        "dvc_url": project.dvc_url,
        "mlflow_url": project.mlflow_url,
        "website": "",
        "stars_count": 0,
        "forks_count": forks,
        "watchers_count": 0,
        "open_issues_count": 0,
        "default_branch": project.default_branch,
        "created_at": project.created_at.isoformat(),
        "updated_at": project.updated_at.isoformat(),
        "permissions": {
            "admin": access.may(Permission.SETTINGS_WRITE),
            "push": access.may(Permission.CODE_WRITE),
            "pull": access.may(Permission.CODE_READ),
        },
    }


def job_body(job: JobView) -> dict[str, Any]:
    """The body of :class:`JobShape`."""
    return {
        "id": str(job.id),
        "kind": job.kind,
        "state": job.state,
        "active": job.active,
        "percent": job.percent,
        "message": job.message,
        "error_code": job.error_code,
        "error_message": job.error_message,
        "attempts": job.attempts,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
    }
