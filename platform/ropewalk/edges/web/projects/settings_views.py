"""A project's settings: general, members, the end of it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.projects.forms import CollaboratorForm, DeleteForm, GeneralForm
from ropewalk.projects import selectors, services


def general(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Description, visibility, key metric."""
    project = access.project
    initial = {
        "description": project.description,
        "visibility": project.visibility,
        "key_metric": project.key_metric,
    }
    form = GeneralForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_project(project_id=project.id, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("project-settings", project.owner, project.slug)
        except RopewalkError as error:
            add_error(form, error, "visibility" if error.code == "fork_visibility" else None)
    return project_page(
        request, access, "projects/settings.html", "settings", {"form": form, "section": "general"}
    )


def members(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Collaborators and their roles."""
    project = access.project
    form = CollaboratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_collaborator(project_id=project.id, **form.cleaned_data)
            messages.success(request, f"{form.cleaned_data['username']} is now {form.cleaned_data['role']}.")
            return redirect("project-members", project.owner, project.slug)
        except RopewalkError as error:
            add_error(form, error, "username")
    people = selectors.collaborators(project.id, page=page_number(request.GET.get("page")))
    context = {"form": form, "page": people, "section": "members"}
    return project_page(request, access, "projects/members.html", "settings", context)


def remove_member(request: HttpRequest, access: ProjectAccess, user_id: int) -> HttpResponse:
    """Take a person's own role away."""
    if request.method == "POST":
        services.remove_collaborator(project_id=access.project.id, user_id=user_id)
        messages.success(request, "Removed.")
    return redirect("project-members", access.project.owner, access.project.slug)


def danger(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Archive and delete."""
    return _danger_page(request, access, DeleteForm())


def archive(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make the project read-only after asking, or writable again."""
    project = access.project
    if request.method != "POST" and not project.archived:
        return project_page(request, access, "projects/archive.html", "settings", {"section": "danger"})
    if request.method == "POST":
        services.archive_project(project_id=project.id, archived=not project.archived)
        messages.success(
            request,
            "The project can be changed again." if project.archived else "The project is now read-only.",
        )
    return redirect("project-danger", project.owner, project.slug)


def delete(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Delete after the full name was typed."""
    project = access.project
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["confirm"].strip().lower() == project.full_name.lower():
            services.delete_project(project_id=project.id)
            messages.success(
                request, f"{project.full_name} was deleted. Until its time is over you can restore it here."
            )
            return redirect("deleted-projects")
        form.add_error("confirm", "This is not the project's name.")
    return _danger_page(request, access, form)


def _danger_page(request: HttpRequest, access: ProjectAccess, form: DeleteForm) -> HttpResponse:
    context = {"form": form, "section": "danger", "kept_days": settings.ROPEWALK_PURGE_AFTER_DAYS}
    return project_page(request, access, "projects/danger.html", "settings", context)
