"""Deleted projects: what can still be restored, and restoring it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import managed_owner_ids
from ropewalk.core import clock
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.projects.forms import RestoreForm
from ropewalk.projects import selectors, services


def deleted_projects(request: HttpRequest) -> HttpResponse:
    """What I or my organizations deleted, and for how long it can be restored."""
    owner_ids = managed_owner_ids(actor_of(request))
    page = selectors.deleted_projects_of(owner_ids, page=page_number(request.GET.get("page")))
    now = clock.now()
    rows = [(project, project.days_left(now)) for project in page]
    context = {"page": page, "rows": rows, "active": "deleted-projects"}
    return render(request, "people/deleted_projects.html", context)


def restore(request: HttpRequest, project_id: int) -> HttpResponse:
    """Bring one back, under its old name or another."""
    owner_ids = managed_owner_ids(actor_of(request))
    project = selectors.deleted_project_of(owner_ids, project_id)
    if project is None:
        raise NotFound("There is no deleted project of yours here, or it was removed for good.")
    form = RestoreForm(request.POST or None, initial={"name": project.slug})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            services.restore_project(project_id=project.id, new_name=name, owner_ids=owner_ids)
            messages.success(request, f"{project.owner}/{name} is back, with all that was in it.")
            return redirect("project", project.owner, name)
        except RopewalkError as error:
            add_error(form, error, "name")
    context = {"project": project, "form": form, "active": "deleted-projects"}
    return render(request, "people/deleted_project_restore.html", context)
