"""The first page, the public list, an owner's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import managed_owner_ids, may_create_in, may_manage_owner, resolve_owner
from ropewalk.accounts.selectors import members, organizations_of, user_by_name
from ropewalk.core.pagination import page_number
from ropewalk.core.selectors import unfinished_jobs
from ropewalk.data.types import SYNC_MIRROR
from ropewalk.projects.selectors import list_projects, transfers_to
from ropewalk.repos.types import PUSH_TO_MIRROR

# They say on their project's own pages how it goes: each failure by itself would bury the rest.
_REPEATED = (SYNC_MIRROR, PUSH_TO_MIRROR)
FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0b7a84" stroke-width="3" '
    'stroke-linecap="round"><path d="M4 8c8 0 16 16 24 16M4 16c6 0 8-3 12-6s6-6 12-6M4 24c6 0 8-2 12-4"/></svg>'
)


def favicon(request: HttpRequest) -> HttpResponse:
    """The logo as an icon."""
    return HttpResponse(
        FAVICON, content_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"}
    )


def home(request: HttpRequest) -> HttpResponse:
    """For a person: their projects and what runs or failed there. For others: what this is, and public projects."""
    actor = actor_of(request)
    projects = list_projects(actor.user_id, mine=actor.signed_in, page=page_number(request.GET.get("page")))
    if not actor.signed_in:
        return render(request, "home/welcome.html", {"page": projects})
    names = {project.id: project for project in projects}
    jobs = [
        (names[project_id], job) for project_id, job in unfinished_jobs(names, limit=12, without=_REPEATED)
    ]
    organizations = organizations_of(actor.user_id or 0)
    context = {
        "page": projects,
        "jobs": jobs,
        "organizations": organizations,
        "offers": transfers_to(managed_owner_ids(actor), per_page=5),
    }
    return render(request, "home/home.html", context)


def explore(request: HttpRequest) -> HttpResponse:
    """Every project that the viewer may see, by recency, optionally matching a text."""
    text = request.GET.get("q", "")[:200]
    found = list_projects(actor_of(request).user_id, text=text, page=page_number(request.GET.get("page")))
    return render(request, "home/explore.html", {"page": found, "search_text": text})


def owner(request: HttpRequest, owner: str) -> HttpResponse:
    """A user or organization with the projects that the viewer may see."""
    actor = actor_of(request)
    found = resolve_owner(actor, owner)
    if found.slug.lower() != owner.lower():  # a former name, which can be taken again
        answer = redirect("owner", found.slug, permanent=True)
        answer.headers["Cache-Control"] = "no-cache"
        return answer
    projects = list_projects(actor.user_id, owner_id=found.id, page=page_number(request.GET.get("page")))
    person = None if found.is_organization else user_by_name(found.slug)
    context = {
        "owner": found,
        "page": projects,
        "members": members(found.id, per_page=30) if found.is_organization else [],
        "organizations": organizations_of(person.id) if person else [],
        "may_create": may_create_in(actor, found),
        "may_manage": found.is_organization and may_manage_owner(actor, found),
    }
    return render(request, "home/owner.html", context)
