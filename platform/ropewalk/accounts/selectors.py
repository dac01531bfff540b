"""Reads about people, organizations and tokens."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import F, Q, Value
from django.db.models.functions import NullIf, StrIndex, Upper

from ropewalk.accounts.models import AccessToken, FormerOwnerName, Membership, Owner, OwnerKind, SshKey, User
from ropewalk.accounts.names import matching_name
from ropewalk.accounts.types import (
    FormerOwnerNameView,
    MemberView,
    OwnerView,
    SshKeyView,
    TokenView,
    UserView,
)
from ropewalk.core import clock
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, paginate


def owner_by_slug(slug: str) -> OwnerView | None:
    """A user or organization by its name, without regard to case; inactive users are not found."""
    owner = Owner.objects.select_related("user").filter(matching_name("slug", slug)).first()
    if owner is None or (owner.kind == OwnerKind.USER and not owner.user.is_active):
        return None
    return _owner_view(owner)


def owner_by_former_slug(slug: str) -> OwnerView | None:
    """The user or organization that had this name and is still found by it; ask :func:`owner_by_slug` first."""
    owner_id = owner_id_of_former(slug)
    owner = Owner.objects.select_related("user").filter(pk=owner_id).first() if owner_id else None
    if owner is None or (owner.kind == OwnerKind.USER and not owner.user.is_active):
        return None
    return _owner_view(owner)


def owner_id_of_former(slug: str) -> int | None:
    """Whose former name this is, while it is kept."""
    rows = FormerOwnerName.objects.filter(matching_name("slug", slug), until__gt=clock.now())
    return rows.values_list("owner_id", flat=True).first()


def former_owner_names(owner_id: int) -> list[FormerOwnerNameView]:
    """The names under which an owner is still found beside their own, the longest kept first (there are at most a few)."""
    rows = FormerOwnerName.objects.filter(owner_id=owner_id, until__gt=clock.now()).order_by("-until", "-pk")
    return [FormerOwnerNameView(row.slug, row.until) for row in rows]


def name_is_free(slug: str) -> bool:
    """Whether nobody has this name and it is kept for nobody."""
    return not Owner.objects.filter(matching_name("slug", slug)).exists() and owner_id_of_former(slug) is None


def has_password(user_id: int) -> bool:
    """Whether a person can sign in with a password: others came through another service."""
    user = User.objects.filter(pk=user_id).first()
    return user is not None and user.has_usable_password()


def owners_by_id(owner_ids: Iterable[int]) -> dict[int, OwnerView]:
    """Owners by id, in one query."""
    return {row.pk: _owner_view(row) for row in Owner.objects.filter(pk__in=set(owner_ids))}


def _owner_view(owner: Owner) -> OwnerView:
    return OwnerView(
        id=owner.pk,
        slug=owner.slug,
        kind=owner.kind,
        name=owner.display_name or owner.slug,
        description=owner.description,
        website=owner.website,
        created_at=owner.created_at,
    )


def find_owners(text: str, *, page: int = 1, per_page: int = 30) -> Page[OwnerView]:
    """Active people and organizations whose name has every word of the text; those first whose short name begins with it.

    For signed-in viewers: nobody else may list people. Nothing without a text.
    """
    words = text.replace("\0", "").split()[:5]
    rows = Owner.objects.exclude(user__is_active=False) if words else Owner.objects.none()
    for word in words:
        rows = rows.filter(Q(slug__icontains=word) | Q(display_name__icontains=word))
    first = StrIndex(Upper(F("slug")), Upper(Value(words[0] if words else "")))
    # 0 is “not in it”: such a one was found by its long name.
    rows = rows.annotate(place=NullIf(first, Value(0))).order_by(F("place").asc(nulls_last=True), "slug")
    return paginate(rows, page=page, per_page=per_page, convert=_owner_view)


def owner_ids_named(words: Iterable[str], *, limit: int = 200) -> dict[str, list[int]]:
    """For each of these words the owners whose short name contains it, at most ``limit`` in all, in one query."""
    wanted = [word for word in words if word]
    condition = Q(pk__in=[])
    for word in wanted:
        condition |= Q(slug__icontains=word)
    found = list(Owner.objects.filter(condition).order_by("slug").values_list("pk", "slug")[:limit])
    return {word: [pk for pk, slug in found if word.lower() in slug.lower()] for word in wanted}


def user_by_name(username: str) -> UserView | None:
    """An active person by user name, without regard to case."""
    user = User.objects.filter(matching_name("owner__slug", username), is_active=True).first()
    return _user_view(user) if user else None


def user_by_id(user_id: int) -> UserView | None:
    """An active person by id."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return _user_view(user) if user else None


def commit_identity(user_id: int) -> tuple[str, str]:
    """Name and e-mail address for commits that somebody makes here: an address that they verified, else one that takes no mail.

    Raises :class:`NotFound` for somebody who is not active.
    """
    user = user_by_id(user_id)
    if user is None:
        raise NotFound("This account is not active.")
    rows = EmailAddress.objects.filter(user_id=user_id, verified=True).order_by("-primary", "pk")
    host = urlsplit(settings.ROPEWALK_URL).hostname or "localhost"
    email = rows.values_list("email", flat=True).first()
    return user.full_name, email or f"{user.username}@users.noreply.{host}"


def usernames(user_ids: Iterable[int | None]) -> dict[int, str]:
    """User names by id, in one query."""
    return dict(
        User.objects.filter(pk__in={i for i in user_ids if i is not None}).values_list("pk", "username")
    )


def usernames_by_email(emails: Iterable[str]) -> dict[str, str]:
    """User names by e-mail address (lower case), for commit authors, in one query.

    Verified addresses only: anybody may sign up with somebody else's address, and would otherwise sign their commits here.
    """
    wanted = {email.lower() for email in emails if email and "\0" not in email}
    rows = EmailAddress.objects.filter(email__in=wanted, verified=True, user__is_active=True)
    return {email.lower(): name for email, name in rows.values_list("email", "user__username")}


def verified_emails(user_id: int | None) -> frozenset[str]:
    """The addresses (lower case) that a person verified; none for nobody."""
    if user_id is None:
        return frozenset()
    rows = EmailAddress.objects.filter(user_id=user_id, verified=True)
    return frozenset(email.lower() for email in rows.values_list("email", flat=True))


def mail_addresses(owner_id: int, *, most: int = 20) -> list[str]:
    """Where a person, or the owners of an organization, want their mail: one address each, verified ones only."""
    people = User.objects.filter(
        Q(owner_id=owner_id) | Q(memberships__organization__owner_id=owner_id, memberships__role="owner"),
        is_active=True,
    )
    rows = EmailAddress.objects.filter(user__in=people.order_by().values("pk"), verified=True, primary=True)
    return list(rows.order_by("user_id").values_list("email", flat=True)[:most])


def _user_view(user: User) -> UserView:
    return UserView(
        id=user.pk,
        username=user.username,
        full_name=user.get_full_name() or user.username,
        email=user.email,
        is_staff=user.is_staff,
        owner_id=user.owner_id,
        created_at=user.date_joined,
    )


def organization_role(owner_id: int, user_id: int | None) -> str:
    """``owner``, ``member`` or an empty string."""
    if user_id is None:
        return ""
    role = (
        Membership.objects.filter(organization__owner_id=owner_id, user_id=user_id)
        .values_list("role", flat=True)
        .first()
    )
    return role or ""


def organizations_of(user_id: int) -> list[tuple[OwnerView, str]]:
    """A person's organizations with their role in each, by name."""
    rows = (
        Membership.objects.select_related("organization__owner")
        .filter(user_id=user_id)
        .order_by("organization__owner__slug")
    )
    return [(_owner_view(row.organization.owner), row.role) for row in rows]


def members(owner_id: int, *, page: int = 1, per_page: int = 50) -> Page[MemberView]:
    """An organization's people, owners first."""
    rows = (
        Membership.objects.select_related("user")
        .filter(organization__owner_id=owner_id)
        .order_by("-role", "user__username")
    )
    return paginate(
        rows,
        page=page,
        per_page=per_page,
        convert=lambda row: MemberView(
            row.user_id,
            row.user.username,
            row.user.get_full_name() or row.user.username,
            row.role,
            row.created_at,
        ),
    )


def tokens(user_id: int) -> list[TokenView]:
    """A person's tokens that are not revoked, newest first."""
    now = clock.now()
    return [
        TokenView(
            id=row.pk,
            name=row.name,
            hint=row.hint,
            scopes=tuple(row.scopes),
            project_id=row.project_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            expired=row.expires_at is not None and row.expires_at <= now,
        )
        for row in AccessToken.objects.filter(user_id=user_id, revoked_at__isnull=True).order_by(
            "-created_at"
        )
    ]


def ssh_keys(user_id: int) -> list[SshKeyView]:
    """A person's SSH keys, newest first (there are at most a hundred)."""
    return [_key_view(row) for row in SshKey.objects.filter(user_id=user_id).order_by("-created_at", "-pk")]


def ssh_key(user_id: int, key_id: int) -> SshKeyView:
    """One of a person's keys. Raises :class:`NotFound`."""
    row = SshKey.objects.filter(user_id=user_id, pk=key_id).first()
    if row is None:
        raise NotFound("There is no such SSH key.")
    return _key_view(row)


def _key_view(row: SshKey) -> SshKeyView:
    return SshKeyView(
        id=row.pk,
        title=row.title,
        algorithm=row.algorithm,
        bits=row.bits,
        public_key=row.public_key,
        fingerprint=row.fingerprint,
        read_only=row.read_only,
        project_id=row.project_id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
