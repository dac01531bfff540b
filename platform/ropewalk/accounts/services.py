"""Writes about people, organizations and tokens."""

import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from ropewalk.accounts import credentials, selectors
from ropewalk.accounts.keys import parse_public_key
from ropewalk.accounts.models import (
    AccessToken,
    Membership,
    Organization,
    OrganizationRole,
    Owner,
    OwnerKind,
    SshKey,
    User,
)
from ropewalk.accounts.names import matching_name
from ropewalk.accounts.owner_names import reserve_owner
from ropewalk.accounts.types import SCOPES, TOKEN_PREFIX, SshKeyView
from ropewalk.core import audit, clock
from ropewalk.core.errors import Conflict, Invalid, NotFound

MAX_SSH_KEYS = 100
MAX_TOKENS = 200  # that work: neither revoked nor expired


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str | None,
    email: str = "",
    is_admin: bool = False,
    check: bool = True,
    email_verified: bool = False,
) -> User:
    """Create a person with their own namespace. ``check`` applies the password rules; ``password`` None means no password.

    ``email_verified`` says that the caller (the operator) vouches for the address.
    """
    if check and password is not None:
        try:
            validate_password(password)
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), code="weak_password") from None
    user = User(username=username, email=email, is_staff=is_admin, is_superuser=is_admin)
    user.set_password(password)
    save_new_user(user)
    if email and email_verified:
        EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)
    return user


@transaction.atomic
def save_new_user(user: User) -> None:
    """Insert a prepared user together with their owner row."""
    user.owner = reserve_owner(slug=user.username, kind=OwnerKind.USER, display_name=user.get_full_name())
    user.save()
    audit.record(
        "user.created", subject=user.username, owner_id=user.owner_id, detail={"admin": user.is_superuser}
    )


@transaction.atomic
def create_organization(
    *, slug: str, created_by_id: int, display_name: str = "", description: str = ""
) -> Organization:
    """Create an organization; its creator is its first owner. A former name of the creator's may become the organization's."""
    own = User.objects.filter(pk=created_by_id).values_list("owner_id", flat=True)
    owner = reserve_owner(
        slug=slug, kind=OwnerKind.ORGANIZATION, display_name=display_name, former_of=list(own)
    )
    if description:
        owner.description = description[:300]
        owner.save(update_fields=["description"])
    organization = Organization.objects.create(owner=owner, created_by_id=created_by_id)
    Membership.objects.create(organization=organization, user_id=created_by_id, role=OrganizationRole.OWNER)
    audit.record("organization.created", subject=slug, owner_id=owner.pk)
    return organization


@transaction.atomic
def update_owner(*, owner_id: int, display_name: str, description: str, website: str = "") -> None:
    """Change what a profile or organization says of itself."""
    if website and not website.startswith(("https://", "http://")):
        raise Invalid("A website starts with https:// or http://.", code="bad_url")
    Owner.objects.filter(pk=owner_id).update(
        display_name=display_name[:100], description=description[:300], website=website[:200]
    )


@transaction.atomic
def set_member(*, owner_id: int, username: str, role: str) -> None:
    """Add a person to an organization or change their role. An organization keeps at least one owner."""
    if role not in OrganizationRole.values:
        raise Invalid("A member's role is owner or member.", code="bad_role")
    organization = _locked_organization(owner_id)
    user = User.objects.filter(matching_name("owner__slug", username), is_active=True).first()
    if user is None:
        raise NotFound(f"There is no user “{username}”.", hint="They sign up first, then you can add them.")
    Membership.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
    _require_an_owner(organization)
    audit.record("member.set", subject=user.username, owner_id=owner_id, detail={"role": role})


@transaction.atomic
def remove_member(*, owner_id: int, user_id: int) -> None:
    """Take a person out of an organization. An organization keeps at least one owner."""
    organization = _locked_organization(owner_id)
    membership = (
        Membership.objects.select_related("user").filter(organization=organization, user_id=user_id).first()
    )
    if membership is None:
        return
    membership.delete()
    _require_an_owner(organization)
    audit.record(
        "member.removed",
        subject=membership.user.username,
        owner_id=owner_id,
        detail={"role": membership.role},
    )


def _locked_organization(owner_id: int) -> Organization:
    # Two owners who remove each other at the same time wait here, so that one of them stays.
    organization = Organization.objects.select_for_update().filter(owner_id=owner_id).first()
    if organization is None:
        raise NotFound("There is no such organization.")
    return organization


def _require_an_owner(organization: Organization) -> None:
    if not organization.memberships.filter(role=OrganizationRole.OWNER, user__is_active=True).exists():
        raise Conflict(
            "An organization needs at least one owner.",
            hint="Make somebody else an owner first.",
            code="last_owner",
        )


@transaction.atomic
def create_token(
    *,
    user_id: int,
    name: str,
    scopes: list[str],
    project_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[AccessToken, str]:
    """Make a token; returns its row and the secret, which is shown once and kept only as a digest.

    Raises :class:`Invalid` for what is no token's name, scope or expiry, :class:`Conflict` for one too many.
    """
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise Invalid(f"A token's scopes are some of {', '.join(SCOPES)}.", code="bad_scope")
    if not name.strip() or "\0" in name:
        raise Invalid("Give the token a name, so that you recognize it later.", code="bad_name")
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("The expiry lies in the past.", code="bad_expiry")
    User.objects.select_for_update().get(pk=user_id)  # two at once: the second counts the first
    usable = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    if AccessToken.objects.filter(usable, user_id=user_id).count() >= MAX_TOKENS:
        raise Conflict(
            f"You have {MAX_TOKENS} access tokens that work, which is the limit.",
            hint="Revoke some that you no longer use (Settings → Access tokens).",
            code="too_many_tokens",
        )
    secret = TOKEN_PREFIX + secrets.token_urlsafe(30)
    token = AccessToken.objects.create(
        user_id=user_id,
        name=name.strip()[:100],
        digest=credentials.digest(secret),
        hint=secret[:8],
        scopes=wanted,
        project_id=project_id,
        expires_at=expires_at,
    )
    _record_token("token.created", token)
    return token, secret


@transaction.atomic
def revoke_token(*, user_id: int, token_id: int) -> None:
    """End a token: the next request with it is refused, in every process."""
    token = AccessToken.objects.select_for_update(of=("self",)).filter(user_id=user_id, pk=token_id).first()
    if token is None:
        raise NotFound("There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        _record_token("token.revoked", token)


def _record_token(action: str, token: AccessToken) -> None:
    owner_id = User.objects.values_list("owner_id", flat=True).get(pk=token.user_id)
    detail = {"token": token.pk, "hint": token.hint, "scopes": token.scopes, "project": token.project_id}
    audit.record(action, subject=token.name, owner_id=owner_id, detail=detail)


@transaction.atomic
def add_ssh_key(
    *, user_id: int, text: str, title: str = "", read_only: bool = False, project_id: int | None = None
) -> SshKeyView:
    """Take a public key for somebody; without a title it is called by its comment.

    Raises :class:`Invalid` for what is no acceptable key, :class:`Conflict` for one that is in use or one too many.
    """
    key = parse_public_key(text)
    name = (title.strip() or key.comment or key.algorithm)[:100]
    if "\0" in name:
        raise Invalid("Give the key a title, so that you recognize it later.", code="bad_name")
    person = User.objects.select_for_update().get(pk=user_id)
    if SshKey.objects.filter(user_id=user_id).count() >= MAX_SSH_KEYS:
        raise Conflict(
            f"You have {MAX_SSH_KEYS} SSH keys, which is the limit.",
            hint="Delete one that you no longer use.",
            code="too_many_keys",
        )
    try:
        with transaction.atomic():
            row = SshKey.objects.create(
                user_id=user_id,
                title=name,
                algorithm=key.algorithm,
                bits=key.bits,
                public_key=key.text,
                fingerprint=key.fingerprint,
                read_only=read_only,
                project_id=project_id,
            )
    except IntegrityError:
        raise Conflict(
            "This key is in use already, by you or by somebody else.",
            hint="A key tells who you are, so it belongs to one account. Make another: ssh-keygen -t ed25519",
            code="key_taken",
        ) from None
    _record_key("ssh_key.added", row, person)
    return selectors.ssh_key(user_id, row.pk)


@transaction.atomic
def delete_ssh_key(*, user_id: int, key_id: int) -> None:
    """Forget a key: it signs nobody in from now on. Raises :class:`NotFound`."""
    row = SshKey.objects.select_for_update(of=("self",)).filter(user_id=user_id, pk=key_id).first()
    if row is None:
        raise NotFound("There is no such SSH key.")
    _record_key("ssh_key.deleted", row, User.objects.get(pk=user_id))
    row.delete()


def _record_key(action: str, row: SshKey, person: User) -> None:
    detail = {"fingerprint": row.fingerprint, "read_only": row.read_only, "project": row.project_id}
    audit.record(action, subject=row.title, owner_id=person.owner_id, detail=detail)
