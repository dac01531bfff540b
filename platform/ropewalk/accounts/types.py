"""Frozen values that accounts hand outward."""

from dataclasses import dataclass, field
from datetime import datetime

SCOPES = ("read", "write", "admin")
TOKEN_PREFIX = "rw_"


@dataclass(frozen=True)
class OwnerView:
    """A user or organization as a page shows it."""

    id: int
    slug: str
    kind: str
    name: str
    description: str
    website: str
    created_at: datetime

    @property
    def is_organization(self) -> bool:
        """Whether several people stand behind the name."""
        return self.kind == "organization"


@dataclass(frozen=True)
class FormerOwnerNameView:
    """A name under which an owner is still found, and until when."""

    slug: str
    until: datetime


@dataclass(frozen=True)
class UserView:
    """A person as others see them."""

    id: int
    username: str
    full_name: str
    email: str
    is_staff: bool
    owner_id: int
    created_at: datetime


@dataclass(frozen=True)
class MemberView:
    """A person in an organization."""

    user_id: int
    username: str
    full_name: str
    role: str
    since: datetime


@dataclass(frozen=True)
class TokenView:
    """A token without its secret."""

    id: int
    name: str
    hint: str
    scopes: tuple[str, ...]
    project_id: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    expired: bool


@dataclass(frozen=True)
class S3KeyPair:
    """What an S3 client signs with in a token's name."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class SshKeyView:
    """A public key as its owner's list shows it."""

    id: int
    title: str
    algorithm: str
    bits: int
    public_key: str
    fingerprint: str
    read_only: bool
    project_id: int | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Credential:
    """Who a token, password or SSH key speaks for. ``token_id`` is None for all but tokens."""

    user_id: int
    username: str
    is_staff: bool
    token_id: int | None
    scopes: frozenset[str]
    project_id: int | None


@dataclass(frozen=True)
class S3Key:
    """Whom an S3 access key names, and what may have signed with it.

    ``bare`` says that the key is the secret, which every request shows; ``unused`` that its use is to be noted.
    """

    credential: Credential
    secrets: tuple[str, ...] = field(repr=False)
    unused: bool = False
    bare: bool = False
