"""Another name for a person or an organization."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of, client_address
from ropewalk.access.selectors import resolve_owner
from ropewalk.accounts import owner_names, selectors
from ropewalk.accounts.credentials import check_user_password
from ropewalk.accounts.types import OwnerView
from ropewalk.core.errors import Denied, RopewalkError
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.people.forms import RenameForm
from ropewalk.edges.web.people.views import managed_organization


def rename_me(request: HttpRequest) -> HttpResponse:
    """My own name, after my password where I have one."""
    actor = actor_of(request)
    form = RenameForm(
        request.POST or None,
        initial={"name": actor.username},
        password=selectors.has_password(actor.user_id or 0),
    )
    owner = resolve_owner(actor, actor.username)
    if request.method == "POST" and form.is_valid():
        try:
            if "password" in form.fields:
                _require_password(request, form.cleaned_data["password"])
            owner_names.rename_owner(owner_id=owner.id, name=form.cleaned_data["name"])
            messages.success(request, f"You are {form.cleaned_data['name']} now. Sign in by this name.")
            return redirect("settings-rename")
        except RopewalkError as error:
            add_error(form, error, "password" if isinstance(error, Denied) else "name")
    return _page(request, "people/rename.html", owner, form)


def _require_password(request: HttpRequest, password: str) -> None:
    """Raises :class:`Denied` for a wrong one, :class:`Busy` after too many."""
    username = actor_of(request).username
    if check_user_password(username, password, client_address(request)) is None:
        raise Denied("This is not your password.")


def rename_organization(request: HttpRequest, slug: str) -> HttpResponse:
    """An organization's name, by one of its owners."""
    owner = managed_organization(request, slug)
    form = RenameForm(request.POST or None, initial={"name": owner.slug}, password=False)
    if request.method == "POST" and form.is_valid():
        try:
            owner_names.rename_owner(owner_id=owner.id, name=form.cleaned_data["name"])
            messages.success(request, f"The organization is {form.cleaned_data['name']} now.")
            return redirect("organization-rename", form.cleaned_data["name"])
        except RopewalkError as error:
            add_error(form, error, "name")
    return _page(request, "people/organization_rename.html", owner, form)


def _page(request: HttpRequest, template: str, owner: OwnerView, form: RenameForm) -> HttpResponse:
    context = {
        "owner": owner,
        "form": form,
        "former_names": selectors.former_owner_names(owner.id),
        "grace_days": settings.ROPEWALK_NAME_GRACE_DAYS,
        "active": "rename",
    }
    return render(request, template, context)
