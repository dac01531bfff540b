"""Pages of the mirror in a project's settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.selectors import last_jobs
from ropewalk.data import services
from ropewalk.data.types import SYNC_MIRROR
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.mirrors.forms import IntervalForm, SignInForm, StartForm
from ropewalk.edges.web.mirrors.history import told
from ropewalk.repos import selectors as repos
from ropewalk.repos.mirrors import MirrorView

SHOWN = 20
FIELDS = {"bad_interval": "interval", "bad_sign_in": "password"}


def mirror(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """How the mirror does, how often it looks, its webhook, its last syncs; or the form that makes the project one."""
    found = repos.pull_mirror(access.project.id)
    if found is None:
        return _start_page(request, access, StartForm())
    form = IntervalForm(request.POST or None, present=found.interval)
    if request.method == "POST" and form.is_valid():
        services.change_mirror(project_id=access.project.id, interval=form.cleaned_data["interval"])
        messages.success(request, "Saved.")
        return redirect("mirror", access.project.owner, access.project.slug)
    jobs = last_jobs(access.project.id, SYNC_MIRROR, limit=SHOWN)
    context = {
        "section": "mirror",
        "form": form,
        "syncs": [told(job) for job in jobs],
        "running": next((job for job in jobs if job.active), None),
        "sign_in": SignInForm(),
        "pushes": repos.push_mirrors(access.project.id),
        "full": repos.push_mirrors_full(access.project.id),
    }
    return project_page(request, access, "mirrors/settings.html", "settings", context)


def start(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make the project the mirror of an address."""
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.start_mirror(
                project_id=access.project.id,
                address=form.cleaned_data["address"],
                interval=form.cleaned_data["interval"],
                requested_by_id=access.actor.user_id or 0,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
            )
            messages.success(request, "The project follows that address now. The first sync has begun.")
            return redirect("mirror", access.project.owner, access.project.slug)
        except RopewalkError as error:
            add_error(form, error, FIELDS.get(error.code, "address"))
    return _start_page(request, access, form)


def _start_page(request: HttpRequest, access: ProjectAccess, form: StartForm) -> HttpResponse:
    context = {
        "section": "mirror",
        "form": form,
        "empty": repos.state(access.project.id).empty,
        "pushes": repos.push_mirrors(access.project.id),
        "full": repos.push_mirrors_full(access.project.id),
    }
    return project_page(request, access, "mirrors/start.html", "settings", context)


def end(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make it an ordinary project, after asking."""
    _required(access)
    if request.method == "POST":
        services.end_mirror(project_id=access.project.id)
        messages.success(request, "The project follows nothing any more: push to it.")
        return redirect("mirror", access.project.owner, access.project.slug)
    return project_page(request, access, "mirrors/end.html", "settings", {"section": "mirror"})


def sign_in(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Use another sign-in at the original, or none."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.sign_mirror_in(project_id=access.project.id, **form.cleaned_data)
            kept = form.cleaned_data["password"]
            messages.success(request, "The sign-in is kept, sealed." if kept else "The sign-in is forgotten.")
        except RopewalkError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect("mirror", access.project.owner, access.project.slug)


def renew_hook(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Give the webhook another address and secret."""
    _required(access)
    if request.method == "POST":
        services.renew_hook(project_id=access.project.id)
        messages.success(request, "The webhook has a new address and secret. Give them to the other server.")
    return redirect("mirror", access.project.owner, access.project.slug)


def sync(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Bring the mirror in step now."""
    _required(access)
    if request.method == "POST":
        services.request_sync(
            project_id=access.project.id, cause="button", requested_by_id=access.actor.user_id
        )
    where = "mirror" if access.may(Permission.SETTINGS_WRITE) else "project-jobs"
    return redirect(where, access.project.owner, access.project.slug)


def _required(access: ProjectAccess) -> MirrorView:
    found = repos.pull_mirror(access.project.id)
    if found is None:
        raise NotFound("This project is no mirror.", code="no_mirror")
    return found
