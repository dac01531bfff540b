"""Settings → Removed data: what was removed, which commits lack it, and its restoration."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors, services
from ropewalk.edges.web.frame import project_page


def removals(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What can be restored, newest first."""
    page = selectors.removals(access.project.id, page=page_number(request.GET.get("page")))
    context = {"page": page, "kept_days": settings.ROPEWALK_REMOVED_DATA_DAYS, "section": "removals"}
    return project_page(request, access, "data/removals.html", "settings", context)


def removal(request: HttpRequest, access: ProjectAccess, removal_id: int) -> HttpResponse:
    """One removal; POST asks for its restoration, which destroys nothing."""
    project = access.project
    if request.method == "POST":
        services.request_restoration(
            project_id=project.id, removal_id=removal_id, user_id=access.actor.user_id
        )
        messages.success(request, "It is being restored.")
        return redirect("removal", project.owner, project.slug, removal_id)
    found = selectors.removal(project.id, removal_id)
    if (
        found is None
        and request.GET.get("fragment") is None
        and selectors.was_restored(project.id, removal_id)
    ):
        messages.success(request, "All of it is back.")
        return redirect("removals", project.owner, project.slug)
    if found is None:
        raise NotFound("There is no such removal, or its time is over.")
    commits, total = selectors.dependents(project.id, removal_id)
    context = {"removal": found, "commits": commits, "total": total, "section": "removals"}
    return project_page(request, access, "data/removal.html", "settings", context)
