"""Limits of single projects and owners in Django's admin; set by the services, which keep the record."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ropewalk.core.errors import RopewalkError
from ropewalk.quotas.models import OwnerQuota, ProjectQuota
from ropewalk.quotas.services import set_owner_quota, set_project_quota
from ropewalk.quotas.types import parse_size, size_text


class _QuotaForm(forms.ModelForm):
    amount = forms.CharField(required=False, help_text="Like 50GB or 2TiB. Empty: any amount.")

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        if self.instance.pk and self.instance.limit is not None:
            self.initial["amount"] = str(self.instance.limit)
            self.fields["amount"].help_text += f" Now {size_text(self.instance.limit)}."

    def clean_amount(self) -> int | None:
        try:
            return parse_size(self.cleaned_data["amount"])
        except RopewalkError as error:
            raise forms.ValidationError(f"{error.message} {error.hint}") from None

    def validate_unique(self) -> None:
        """A second limit for the same takes the first one's place."""


class _QuotaAdmin(admin.ModelAdmin):
    form = _QuotaForm
    exclude = ("limit",)
    list_display = ("__str__", "shown", "set_by", "set_at")

    @admin.display(description="limit")
    def shown(self, row: Any) -> str:
        return "any amount" if row.limit is None else size_text(row.limit)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        for row in queryset:
            self.delete_model(request, row)


@admin.register(ProjectQuota)
class ProjectQuotaAdmin(_QuotaAdmin):
    """Projects whose limit is not the settings'."""

    raw_id_fields = ("project",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ProjectQuota]":
        """All of them."""
        return ProjectQuota.objects.unscoped("the operator sees every limit").select_related(
            "project__owner", "set_by"
        )

    def save_model(self, request: HttpRequest, obj: ProjectQuota, form: Any, change: bool) -> None:
        """Through the service."""
        set_project_quota(
            project_id=obj.project_id, limit=form.cleaned_data["amount"], user_id=request.user.pk
        )
        obj.pk = self.get_queryset(request).get(project_id=obj.project_id).pk

    def delete_model(self, request: HttpRequest, obj: ProjectQuota) -> None:
        """As the settings say again."""
        set_project_quota(project_id=obj.project_id, limit=None, default=True, user_id=request.user.pk)


@admin.register(OwnerQuota)
class OwnerQuotaAdmin(_QuotaAdmin):
    """Owners whose limit is not the settings'."""

    raw_id_fields = ("owner",)
    list_select_related = ("owner", "set_by")

    def save_model(self, request: HttpRequest, obj: OwnerQuota, form: Any, change: bool) -> None:
        """Through the service."""
        set_owner_quota(owner_id=obj.owner_id, limit=form.cleaned_data["amount"], user_id=request.user.pk)
        obj.pk = OwnerQuota.objects.get(owner_id=obj.owner_id).pk

    def delete_model(self, request: HttpRequest, obj: OwnerQuota) -> None:
        """As the settings say again."""
        set_owner_quota(owner_id=obj.owner_id, limit=None, default=True, user_id=request.user.pk)
