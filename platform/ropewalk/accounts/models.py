"""People, organizations and their tokens. Users and organizations share one namespace of owners."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from ropewalk.accounts.names import username_validators


class OwnerKind(models.TextChoices):
    """What an owner is."""

    USER = "user", "User"
    ORGANIZATION = "organization", "Organization"


class Owner(models.Model):
    """A name that can own projects; unique without regard to case."""

    slug = models.CharField(max_length=39)
    kind = models.CharField(max_length=16, choices=OwnerKind)
    display_name = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=300, blank=True)
    website = models.URLField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("slug"), name="owner_slug_unique")]

    def __str__(self) -> str:
        return self.slug


class FormerOwnerName(models.Model):
    """A name that an owner had. Until its time is over it leads to the owner, and nobody else can take it."""

    slug = models.CharField(max_length=39)
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("slug"), name="former_owner_name_unique")]
        indexes = [models.Index(fields=["until"], name="former_owner_name_until")]

    def __str__(self) -> str:
        return self.slug


class User(AbstractUser):
    """A person who signs in. ``username`` equals ``owner.slug``."""

    username_validator = None  # type: ignore[assignment]  # our own rules below replace Django's
    username = models.CharField(max_length=39, unique=True, validators=username_validators)
    owner = models.OneToOneField(Owner, on_delete=models.PROTECT, related_name="user")

    objects: ClassVar[UserManager["User"]] = UserManager()  # type: ignore[assignment]
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]


class Organization(models.Model):
    """A team that owns projects together."""

    owner = models.OneToOneField(Owner, on_delete=models.PROTECT, related_name="organization")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.owner.slug


class OrganizationRole(models.TextChoices):
    """Owners hold every project of the organization; members read its internal and private ones and may create projects."""

    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"


class Membership(models.Model):
    """A person in an organization."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=OrganizationRole)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} ({self.role})"


class AccessToken(models.Model):
    """A secret for clients, kept as its SHA-256 digest; it never grants more than its user has.

    ``project_id`` limits it to one project (a number: accounts know no projects). ``hint`` is its first characters, for the list.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = ArrayField(models.CharField(max_length=16))
    project_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="token_by_user")]

    def __str__(self) -> str:
        return f"{self.hint}… ({self.name})"


class SshKey(models.Model):
    """A public key for git over SSH; it never grants more than its user has. Once deleted, the same key may be added again.

    ``fingerprint`` is OpenSSH's ``SHA256:…`` and names one person in the whole instance. ``project_id`` limits the key to one
    project (a number: accounts know no projects).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="ssh_keys")
    title = models.CharField(max_length=100)
    algorithm = models.CharField(max_length=64)
    bits = models.PositiveIntegerField()
    public_key = models.TextField()
    fingerprint = models.CharField(max_length=64, unique=True)
    read_only = models.BooleanField(default=False)
    project_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="ssh_key_by_user")]

    def __str__(self) -> str:
        return f"{self.fingerprint} ({self.title})"
