"""A project's name, where it was known by others, and what a change means for its clones."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.projects.forms import RenameForm
from ropewalk.projects import selectors, services


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
