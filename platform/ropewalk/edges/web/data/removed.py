"""Settings → Removed data: what was removed, which commits lack it, and its restoration."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors, services
from ropewalk.data.selectors.removals import PAGE
from ropewalk.edges.web.frame import project_page


def removals(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What can be restored, newest first."""
    page = selectors.removals(access.project.id, page=page_number(request.GET.get("page")))
    context = {"page": page, "kept_days": settings.ROPEWALK_REMOVED_DATA_DAYS, "section": "removals"}
    return project_page(request, access, "data/removals.html", "settings", context)


def removal(request: HttpRequest, access: ProjectAccess, removal_id: int) -> HttpResponse:
    """One removal; POST asks for its restoration, or gives it up (``deed=purge``)."""
    project = access.project
    if request.method == "POST" and request.POST.get("deed") == "purge":
        return _purged(request, access, removal_id)
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
    number = page_number(request.GET.get("page"))
    commits, total = selectors.dependents(project.id, removal_id, page=number)
    page = Page(commits, number, PAGE, total, has_next=number * PAGE < total)
    context = {"removal": found, "commits": commits, "total": total, "page": page, "section": "removals"}
    return project_page(request, access, "data/removal.html", "settings", context)


def _purged(request: HttpRequest, access: ProjectAccess, removal_id: int) -> HttpResponse:
    project = access.project
    if request.POST.get("sure") != "on":
        messages.error(request, "Nothing was removed for good: confirm that it can't be undone.")
        return redirect("removal", project.owner, project.slug, removal_id)
    services.request_purge(project_id=project.id, removal_id=removal_id)
    messages.success(request, "It can't be restored any more; its room is free within some minutes.")
    return redirect("removals", project.owner, project.slug)
