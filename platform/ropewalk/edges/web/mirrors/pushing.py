"""Pages of the mirrors that a project pushes to."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.core.selectors import last_jobs
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.mirrors.forms import PushForm, PushTimesForm
from ropewalk.edges.web.mirrors.history import told
from ropewalk.edges.web.mirrors.views import FIELDS, SHOWN
from ropewalk.repos import selectors as repos
from ropewalk.repos import services
from ropewalk.repos.types import PUSH_TO_MIRROR


def new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Name another repository that gets what this one has."""
    form = PushForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "agreed"}
        try:
            key = services.add_push_mirror(
                project_id=access.project.id, requested_by_id=access.actor.user_id, **values
            )
            messages.success(request, "The first push has begun.")
            return redirect("push-mirror", access.project.owner, access.project.slug, key)
        except RopewalkError as error:
            add_error(form, error, FIELDS.get(error.code, "address"))
    return project_page(
        request, access, "mirrors/push_new.html", "settings", {"section": "mirror", "form": form}
    )


def detail(request: HttpRequest, access: ProjectAccess, push_key: str) -> HttpResponse:
    """How one does, when it pushes, and its last pushes."""
    push = repos.push_mirror(access.project.id, push_key)
    initial = {"sync_on_push": push.sync_on_push, "interval": push.interval}
    form = PushTimesForm(request.POST or None, present=push.interval, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.change_push_mirror(project_id=access.project.id, key=push_key, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("push-mirror", access.project.owner, access.project.slug, push_key)
    jobs = last_jobs(access.project.id, PUSH_TO_MIRROR, limit=SHOWN, subject=f"push:{push_key}:")
    context = {
        "section": "mirror",
        "push": push,
        "form": form,
        "syncs": [told(job) for job in jobs],
        "running": next((job for job in jobs if job.active), None),
    }
    return project_page(request, access, "mirrors/push.html", "settings", context)


def remove(request: HttpRequest, access: ProjectAccess, push_key: str) -> HttpResponse:
    """Push there no more, after asking."""
    push = repos.push_mirror(access.project.id, push_key)
    if request.method == "POST":
        services.remove_push_mirror(project_id=access.project.id, key=push_key)
        messages.success(request, f"Nothing is pushed to {push.place} any more.")
        return redirect("mirror", access.project.owner, access.project.slug)
    context = {"section": "mirror", "push": push}
    return project_page(request, access, "mirrors/push_remove.html", "settings", context)


def sync(request: HttpRequest, access: ProjectAccess, push_key: str) -> HttpResponse:
    """Push now."""
    repos.push_mirror(access.project.id, push_key)
    if request.method == "POST":
        services.request_push(
            project_id=access.project.id, key=push_key, cause="button", requested_by_id=access.actor.user_id
        )
    if access.may(Permission.SETTINGS_WRITE):
        return redirect("push-mirror", access.project.owner, access.project.slug, push_key)
    return redirect("project-jobs", access.project.owner, access.project.slug)
