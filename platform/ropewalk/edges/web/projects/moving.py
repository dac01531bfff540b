"""A project's name and owner: changing them, and what that means for its clones."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access import transfers
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.projects.forms import RenameForm, TransferForm
from ropewalk.projects import selectors, services
from ropewalk.projects.types import OFFER_TIME


def rename(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Another name, after saying what changes; afterwards, what to run in the clones."""
    project = access.project
    form = RenameForm(request.POST or None, initial={"name": project.slug})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            services.rename_project(project_id=project.id, name=name)
            messages.success(request, f"The project is {project.owner}/{name} now.")
            return redirect("project-rename", project.owner, name)
        except RopewalkError as error:
            add_error(form, error, "name")
    context = {
        "form": form,
        "section": "general",
        "former_names": selectors.former_names(project.id),
        "grace_days": settings.ROPEWALK_NAME_GRACE_DAYS,
    }
    return project_page(request, access, "projects/rename.html", "settings", context)


def transfer(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Another owner: at once where the asker speaks for it, else by an offer."""
    project = access.project
    form = TransferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["new_owner"]
        if form.cleaned_data["confirm"].strip().lower() != project.full_name.lower():
            form.add_error("confirm", "This is not the project's name.")
        else:
            try:
                return _transferred(request, access, transfers.transfer(access, wanted))
            except RopewalkError as error:
                add_error(form, error, "new_owner")
    context = {
        "form": form,
        "section": "danger",
        "offer": selectors.transfer_of(project.id),
        "offer_days": OFFER_TIME.days,
        "grace_days": settings.ROPEWALK_NAME_GRACE_DAYS,
    }
    return project_page(request, access, "projects/transfer.html", "settings", context)


def _transferred(request: HttpRequest, access: ProjectAccess, moved: ProjectAccess | None) -> HttpResponse:
    if moved is None:
        messages.success(request, "The offer waits for an answer. Until then nothing changes.")
        return redirect("project-transfer", access.project.owner, access.project.slug)
    messages.success(request, f"The project is {moved.project.full_name} now.")
    return redirect("project", moved.project.owner, moved.project.slug)


def withdraw(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Take an offer back."""
    if request.method == "POST":
        services.end_offer(project_id=access.project.id)
        messages.success(request, "The offer was withdrawn.")
    return redirect("project-transfer", access.project.owner, access.project.slug)
