"""Frozen values that projects hand outward, and a project's addresses."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from ropewalk.core.jobs import JobKind

TELL_OF_OFFER = JobKind("tell-of-offer", version=1, time_limit=120)
OFFER_TIME = timedelta(days=14)  # how long an offer of a project waits for an answer


@dataclass(frozen=True)
class ProjectView:
    """A project as everything above the gate knows it. ``mirror_of``: the address that its git repository follows, if it does."""

    id: int
    owner_id: int
    owner: str
    owner_kind: str
    slug: str
    description: str
    visibility: str
    default_branch: str
    key_metric: str
    created_at: datetime
    updated_at: datetime
    archived: bool
    mirror_of: str = ""
    forked_from_id: int | None = None

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.slug}"

    @property
    def path(self) -> str:
        """The overview page's path."""
        return f"/{self.owner}/{self.slug}"

    @property
    def url(self) -> str:
        """The overview page's absolute address."""
        return f"{settings.ROPEWALK_URL}{self.path}"

    @property
    def git_url(self) -> str:
        """What ``git clone`` takes."""
        return f"{self.url}.git"

    @property
    def ssh_url(self) -> str:
        """What ``git clone`` takes with an SSH key; empty where SSH is off."""
        return f"{settings.ROPEWALK_SSH_URL}{self.path}.git" if settings.ROPEWALK_SSH_URL else ""

    @property
    def dvc_url(self) -> str:
        """The HTTP DVC remote."""
        return f"{self.url}.dvc"

    @property
    def s3_url(self) -> str:
        """The endpoint of the same remote for S3 clients; its bucket is ``dvc``."""
        return f"{self.url}.s3"

    @property
    def bucket_endpoint(self) -> str:
        """The endpoint of the project's own bucket for S3 clients; the bucket has the project's name."""
        return f"{settings.ROPEWALK_URL}/api/v1/repo-buckets/s3/{self.owner}"

    @property
    def api_url(self) -> str:
        """Where the JSON API has the project."""
        return f"{settings.ROPEWALK_URL}/api/v1/repos{self.path}"

    @property
    def mlflow_url(self) -> str:
        """``MLFLOW_TRACKING_URI``."""
        return f"{self.url}.mlflow"


@dataclass(frozen=True)
class Standing:
    """What connects a person to a project: ``owns`` it in their own namespace, a role in its organization, a role in itself."""

    owns: bool = False
    membership: str = ""
    collaboration: str = ""


@dataclass(frozen=True)
class FormerNameView:
    """A name under which a project is still found, and until when."""

    owner: str
    slug: str
    until: datetime

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner}/{self.slug}"


@dataclass(frozen=True)
class TransferView:
    """A project that waits for another owner's answer, until ``until``; all that the receiver learns of it before."""

    id: int
    project_id: int
    owner: str
    slug: str
    to_owner_id: int
    to_owner: str
    asked_by_id: int
    asked_by: str
    asked_at: datetime

    @property
    def full_name(self) -> str:
        """``owner/name``, as it is now."""
        return f"{self.owner}/{self.slug}"

    @property
    def until(self) -> datetime:
        """When the offer ends by itself."""
        return self.asked_at + OFFER_TIME


@dataclass(frozen=True)
class CollaboratorView:
    """A person with a role in a project."""

    user_id: int
    username: str
    full_name: str
    role: str
    since: datetime


@dataclass(frozen=True)
class DeletedProject:
    """A project that was deleted and still has its row; ``purging`` when it can't be restored any more."""

    id: int
    owner_id: int
    owner: str
    slug: str
    deleted_at: datetime
    purging: bool

    @property
    def full_name(self) -> str:
        """``owner/name``, as it was."""
        return f"{self.owner}/{self.slug}"

    @property
    def kept_until(self) -> datetime:
        """When the workers may begin to remove it for good."""
        return self.deleted_at + timedelta(days=settings.ROPEWALK_PURGE_AFTER_DAYS)

    def days_left(self, now: datetime) -> int:
        """Whole days in which it can still be restored; never below zero."""
        return max(0, (self.kept_until - now).days)
