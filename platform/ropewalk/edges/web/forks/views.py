"""Forking a project, and the list of its forks."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import organizations_of
from ropewalk.core.errors import RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.data import services
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.forks.forms import ForkForm
from ropewalk.edges.web.frame import project_page
from ropewalk.projects import lineage


def fork(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Ask whose fork it is to be, make it, and lead to the jobs that fill it."""
    parent = access.project
    form = ForkForm(
        request.POST or None,
        owners=_owners(access),
        parent=parent,
        initial={
            "name": parent.slug,
            "description": parent.description,
            "visibility": parent.visibility,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _made(request, access, form)
        except RopewalkError as error:
            add_error(form, error, {"fork_visibility": "visibility"}.get(error.code, "name"))
    return project_page(request, access, "forks/new.html", "", {"form": form})


def _owners(access: ProjectAccess) -> list[str]:
    """In whose names the viewer may create projects, the parent's owner left out."""
    actor = access.actor
    names = [actor.username, *(owner.slug for owner, _ in organizations_of(actor.user_id or 0))]
    return [name for name in names if name != access.project.owner]


def _made(request: HttpRequest, access: ProjectAccess, form: ForkForm) -> HttpResponse:
    data = form.cleaned_data
    try:
        made = services.start_fork(
            access,
            data["owner"],
            slug=data["name"],
            description=data["description"],
            visibility=data["visibility"],
            default_only=data["default_only"],
        ).project
    except services.ForkExists as exists:
        messages.info(request, "You are at the fork that there is already: an owner has one of each project.")
        return redirect("project", exists.fork.owner, exists.fork.slug)
    return redirect("project-jobs", made.owner, made.slug)


def forks(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The forks that the viewer may see."""
    page = lineage.forks(access.actor.viewer_id, access.project.id, page=page_number(request.GET.get("page")))
    return project_page(request, access, "forks/list.html", "", {"page": page})


def sync(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Bring a branch of a fork up to its parent's; the answer is on the overview."""
    if request.method == "POST":
        branch = request.POST.get("branch", "").replace("\0", "")[:400]
        try:
            moved = services.sync_fork(access, branch=branch)
        except RopewalkError as error:
            messages.error(request, f"{error.message} {error.hint}".strip())
        else:
            what = (
                "has the commits of the project that it was forked from" if moved else "had no commit to take"
            )
            messages.success(
                request, f"“{branch or access.project.default_branch}” {what}. New data is on its way."
            )
    return redirect("project", access.project.owner, access.project.slug)
