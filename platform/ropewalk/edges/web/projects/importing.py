"""The page on which a project begins as a copy of a repository elsewhere."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import may_create_in, resolve_owner
from ropewalk.accounts.selectors import organizations_of
from ropewalk.core.errors import Conflict, Denied, RopewalkError
from ropewalk.data import services
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.projects.forms import ProjectForm


class ImportForm(ProjectForm):
    """A new project and where its repository is copied from."""

    url = forms.CharField(
        max_length=2000,
        label="Address of the repository",
        help_text="https://, http:// or git://, readable without a password. Nothing secret belongs in it.",
    )
    field_order = ("url",)
    # What a project may begin with comes from the other server.
    readme = None  # type: ignore[assignment]  # how a form drops a field of its base
    dvc = None  # type: ignore[assignment]  # how a form drops a field of its base
    gitignore = None  # type: ignore[assignment]  # how a form drops a field of its base
    license = None  # type: ignore[assignment]  # how a form drops a field of its base


def new_import(request: HttpRequest) -> HttpResponse:
    """Create a project in my own or an organization's name and have the workers fill it."""
    actor = actor_of(request)
    owners = [actor.username, *(owner.slug for owner, _ in organizations_of(actor.user_id or 0))]
    form = ImportForm(request.POST or None, owners=owners, initial={"owner": request.GET.get("owner", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        owner = resolve_owner(actor, data["owner"])
        if not may_create_in(actor, owner):
            raise Denied(f"You may not create projects for {owner.slug}.")
        try:
            services.start_import(
                url=data["url"],
                owner_id=owner.id,
                slug=data["name"],
                created_by_id=actor.user_id or 0,
                description=data["description"],
                visibility=data["visibility"],
            )
            return redirect("project-jobs", owner.slug, data["name"])
        except RopewalkError as error:
            names = isinstance(error, Conflict) or error.code.startswith("bad_name")
            add_error(form, error, "name" if names else "url")
    return render(request, "projects/import.html", {"form": form})
