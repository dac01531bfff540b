"""Saved views: a table's query string under a name, for oneself or for everybody who sees the project."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid, NotFound, Unauthenticated
from ropewalk.edges.web.frame import project_page
from ropewalk.tracking import selectors
from ropewalk.tracking import services as tracking
from ropewalk.tracking.types import SavedTable

_LEFT_OUT = ("page", "fragment", "csrfmiddlewaretoken")


def plain_query(text: str) -> str:
    """A query string as it is saved and compared: the table's state alone."""
    query = QueryDict(text.lstrip("?")[:20_000], mutable=True)
    for name in _LEFT_OUT:
        query.pop(name, None)
    return query.urlencode()


def save(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Save the table under a name; a view that is shared needs the right to change runs."""
    query = plain_query(request.POST.get("query", ""))
    back = f"{access.project.path}/experiments?{query}"
    if request.method != "POST":
        return redirect(back)
    user_id, shared = _person(access), bool(request.POST.get("shared"))
    if shared:
        ask_again(access, Permission.RUNS_WRITE)
    name = request.POST.get("name", "")
    try:
        tracking.save_view(
            project_id=access.project.id, user_id=user_id, name=name, query=query, shared=shared
        )
    except Invalid as error:
        messages.error(request, f"{error.message} {error.hint or ''}".strip())
        return redirect(back)
    messages.success(request, f"“{' '.join(name.split())}” is among the views now.")
    return redirect(back)


def remove(request: HttpRequest, access: ProjectAccess, view_id: int) -> HttpResponse:
    """Remove a view of one's own, after a question; maintainers remove shared ones of others, too."""
    if request.method != "POST":
        context = {"view": _removable(access, view_id)}
        return project_page(request, access, "experiments/view_delete.html", "experiments", context)
    name = tracking.remove_view(
        project_id=access.project.id,
        user_id=_person(access),
        view_id=view_id,
        any_owner=access.may(Permission.SETTINGS_WRITE),
    )
    messages.success(request, f"The view “{name}” was removed.")
    return redirect(f"{access.project.path}/experiments")


def _removable(access: ProjectAccess, view_id: int) -> SavedTable:
    for view in selectors.list_views(access.project.id, access.actor.user_id):
        if view.id == view_id and (view.mine or access.may(Permission.SETTINGS_WRITE)):
            return view
    raise NotFound("There is no such view.")


def _person(access: ProjectAccess) -> int:
    if access.actor.user_id is None:
        raise Unauthenticated("Sign in to keep views of your own.")
    return access.actor.user_id
