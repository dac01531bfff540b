"""A person's settings and organizations."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import may_manage_owner, resolve_owner
from ropewalk.accounts import s3_keys, selectors, services
from ropewalk.accounts.types import OwnerView
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.people.forms import MemberForm, OrganizationForm, ProfileForm, TokenForm
from ropewalk.projects.selectors import list_projects, projects_by_id


def tokens(request: HttpRequest) -> HttpResponse:
    """List and make access tokens; a new one's secret is shown once, in the answer to the form."""
    user_id = actor_of(request).user_id or 0
    choices = [
        (str(project.id), project.full_name) for project in list_projects(user_id, mine=True, per_page=200)
    ]
    wanted = next((key for key, name in choices if name == request.GET.get("project")), "")
    form = TokenForm(request.POST or None, projects=choices, initial={"project": wanted})
    secret, pair = "", None
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = services.create_token(user_id=user_id, **form.values())
            pair = s3_keys.pair_of(token.pk, token.digest)
            form = TokenForm(projects=choices)
        except RopewalkError as error:
            add_error(form, error)
    rows = selectors.tokens(user_id)
    names = projects_by_id(row.project_id for row in rows if row.project_id)
    made = {"secret": secret, "pair": pair}
    context = {"form": form, **made, "tokens": rows, "projects": names, "active": "tokens"}
    response = render(request, "people/tokens.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token."""
    if request.method == "POST":
        services.revoke_token(user_id=actor_of(request).user_id or 0, token_id=token_id)
        messages.success(request, "The token was revoked. Clients that use it are refused from now on.")
    return redirect("settings-tokens")


def profile(request: HttpRequest) -> HttpResponse:
    """What others see of me."""
    owner = resolve_owner(actor_of(request), actor_of(request).username)
    return _profile(request, owner, "people/profile.html", "settings-profile")


def _profile(
    request: HttpRequest, owner: OwnerView, template: str, back: str, *back_args: str
) -> HttpResponse:
    initial = {"display_name": owner.name, "description": owner.description, "website": owner.website}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.update_owner(owner_id=owner.id, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect(back, *back_args)
    return render(request, template, {"form": form, "owner": owner, "active": "profile"})


def new_organization(request: HttpRequest) -> HttpResponse:
    """Found an organization; its founder is its first owner."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.create_organization(
                slug=data["name"],
                created_by_id=actor_of(request).user_id or 0,
                display_name=data["display_name"],
                description=data["description"],
            )
            return redirect("owner", data["name"])
        except RopewalkError as error:
            add_error(form, error, "name")
    return render(request, "people/organization_new.html", {"form": form})


def managed_organization(request: HttpRequest, slug: str) -> OwnerView:
    """The organization, for one of its owners; others learn nothing beyond its public page."""
    owner = resolve_owner(actor_of(request), slug)
    if not owner.is_organization or not may_manage_owner(actor_of(request), owner):
        raise NotFound("There is no such page, or you may not see it.")
    return owner


def organization_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What an organization says of itself."""
    owner = managed_organization(request, slug)
    return _profile(request, owner, "people/organization_profile.html", "organization-settings", owner.slug)


def organization_members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who belongs to an organization."""
    owner = managed_organization(request, slug)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_member(owner_id=owner.id, **form.cleaned_data)
            messages.success(request, f"{form.cleaned_data['username']} is now {form.cleaned_data['role']}.")
            return redirect("organization-members", owner.slug)
        except RopewalkError as error:
            add_error(form, error, "username")
    people = selectors.members(owner.id, page=page_number(request.GET.get("page")))
    context = {"form": form, "owner": owner, "page": people, "active": "members"}
    return render(request, "people/organization_members.html", context)


def remove_member(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """Take somebody out of an organization."""
    owner = managed_organization(request, slug)
    if request.method == "POST":
        try:
            services.remove_member(owner_id=owner.id, user_id=user_id)
            messages.success(request, "Removed.")
        except RopewalkError as error:
            messages.error(request, f"{error.message} {error.hint}")
    return redirect("organization-members", owner.slug)
