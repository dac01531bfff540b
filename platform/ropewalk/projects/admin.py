"""Projects in Django's admin."""

from django.contrib import admin

from ropewalk.projects.models import Project


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin[Project]):
    """Every project, deleted ones too."""

    list_display = ("__str__", "visibility", "created_at", "archived_at", "deleted_at")
    list_filter = ("visibility",)
    list_select_related = ("owner",)
    search_fields = ("slug", "owner__slug")
    raw_id_fields = ("created_by",)
    readonly_fields = ("owner", "slug")  # names change by the services, which keep the former ones
