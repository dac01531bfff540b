"""People and organizations in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from ropewalk.accounts.models import AccessToken, Membership, Organization, Owner, User

admin.site.register(User, UserAdmin)


@admin.register(Owner)
class OwnerAdmin(admin.ModelAdmin[Owner]):
    """The namespace."""

    list_display = ("slug", "kind", "display_name", "created_at")
    list_filter = ("kind",)
    search_fields = ("slug", "display_name")


class MembershipInline(admin.TabularInline[Membership, Organization]):
    """Members within their organization."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    """Organizations with their members."""

    inlines = (MembershipInline,)
    search_fields = ("owner__slug",)


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin[AccessToken]):
    """Tokens, for support: the secret is not kept, so it cannot be shown."""

    list_display = ("hint", "name", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    readonly_fields = ("digest", "hint")
    search_fields = ("user__username", "name", "hint")
