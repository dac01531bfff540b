"""A new project, its overview and its jobs."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import organizations_of
from ropewalk.core import jobs as job_queue
from ropewalk.core.errors import NotFound, RopewalkError, Unavailable
from ropewalk.core.pagination import page_number
from ropewalk.core.selectors import project_job, project_jobs
from ropewalk.data.services.founding import found_project
from ropewalk.data.starters import starter_of
from ropewalk.data.types import COLLECT_DATA, FETCH_DATA, FIND_UNNEEDED, RESTORE_DATA
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.projects.forms import ProjectForm
from ropewalk.edges.web.projects.overview import overview_context
from ropewalk.repos.types import IMPORT_REPOSITORY

# Jobs that may need another sign-in are tried again on pages of their own.
_OWN_PAGES = {
    IMPORT_REPOSITORY.name: "import-state",
    FETCH_DATA.name: "data-fetch",
    RESTORE_DATA.name: "removals",
    FIND_UNNEEDED.name: "collect",
    COLLECT_DATA.name: "collect",
}
_LONGEST_ADDRESS = 4000


def new(request: HttpRequest) -> HttpResponse:
    """Create a project in my own or an organization's name."""
    actor = actor_of(request)
    owners = [actor.username, *(owner.slug for owner, _ in organizations_of(actor.user_id or 0))]
    form = ProjectForm(request.POST or None, owners=owners, initial={"owner": request.GET.get("owner", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            starter = starter_of(
                readme=data["readme"],
                gitignore=data["gitignore"],
                license_name=data["license"],
                dvc=data["dvc"],
            )
            access = found_project(
                actor,
                data["owner"],
                slug=data["name"],
                description=data["description"],
                visibility=data["visibility"],
                starter=starter,
            )
            return redirect("project", access.project.owner, access.project.slug)
        except RopewalkError as error:
            add_error(form, error, None if error.status == Unavailable.status else "name")
    return render(request, "projects/new.html", {"form": form})


def overview(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What the project is and how to start."""
    return project_page(request, access, "projects/overview.html", "overview", overview_context(access))


def jobs(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What the workers did and do for this project."""
    page = project_jobs(access.project.id, page=page_number(request.GET.get("page")))
    return project_page(request, access, "jobs/list.html", "jobs", {"page": page})


def job_state(request: HttpRequest, access: ProjectAccess, job_id: uuid.UUID) -> HttpResponse:
    """One job's progress, for the page that waits for it."""
    job = project_job(access.project.id, job_id)
    if job is None:
        raise NotFound("There is no such job in this project.")
    body = {"state": job.state, "percent": job.percent, "message": job.message, "error": job.error_message}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def job_retry(request: HttpRequest, access: ProjectAccess, job_id: uuid.UUID) -> HttpResponse:
    """Run a failed job again, and lead ``back`` to the page that asked for it; a script gets the job's state.

    What went to another server is tried again on its own page, by those who may enter a sign-in.
    """
    job = project_job(access.project.id, job_id)
    if job is None:
        raise NotFound("There is no such job in this project.")
    if job.kind in _OWN_PAGES:
        return redirect(_OWN_PAGES[job.kind], access.project.owner, access.project.slug)
    if request.method == "POST":
        job_queue.retry(job_id)
        if "application/json" in request.headers.get("Accept", ""):
            return job_state(request, access, job_id)
        messages.success(request, "The job runs again.")
    back = request.POST.get("back", "")
    if _is_page_of(access, back):
        return redirect(back)
    return redirect("project-jobs", access.project.owner, access.project.slug)


def _is_page_of(access: ProjectAccess, address: str) -> bool:
    """Whether an address that a form sent is a path below the project: never one of another host."""
    return address.startswith(f"{access.project.path}/") and len(address) <= _LONGEST_ADDRESS
