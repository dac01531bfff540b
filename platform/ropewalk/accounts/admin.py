"""People and organizations in Django's admin: for support, not for what the services keep consistent.

A user name is the owner's name, and owners, organizations and tokens come into being together with other rows: the admin shows
them and changes what may change, and the product's own pages and commands create them.
"""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest

from ropewalk.accounts.models import AccessToken, Membership, Organization, Owner, User

# The sign-in page of the product has rate limits and a record; the admin's own has neither.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class NotCreatedHere(admin.ModelAdmin):
    """Rows that only services insert."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People. A name changes by the services only, which keep the former one."""

    readonly_fields = ("username", "last_login", "date_joined")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: ``manage.py create_user`` and the sign-up page also make the owner row."""
        return False


@admin.register(Owner)
class OwnerAdmin(NotCreatedHere):
    """The namespace."""

    list_display = ("slug", "kind", "display_name", "created_at")
    list_filter = ("kind",)
    search_fields = ("slug", "display_name")
    readonly_fields = ("slug", "kind")


class MembershipInline(admin.TabularInline):
    """Members within their organization."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Organization)
class OrganizationAdmin(NotCreatedHere):
    """Organizations with their members."""

    inlines = (MembershipInline,)
    search_fields = ("owner__slug",)
    readonly_fields = ("owner", "created_by")


@admin.register(AccessToken)
class AccessTokenAdmin(NotCreatedHere):
    """Tokens, for support: the secret is not kept, so it cannot be shown. Deleting one ends it."""

    list_display = ("hint", "name", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    search_fields = ("user__username", "name", "hint")
    exclude = ("digest",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: a token that was shown to its user keeps the meaning that it had."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything that is shown."""
        return ("user", "name", "hint", "scopes", "project_id", "expires_at", "last_used_at", "revoked_at")
