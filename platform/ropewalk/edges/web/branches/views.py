"""The list of branches, and each deed as a form."""

from shlex import quote
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, RopewalkError
from ropewalk.data.services import branches as services
from ropewalk.edges.web.branches.forms import BranchForm, NewBranchForm, RenameForm
from ropewalk.edges.web.branches.listing import list_context
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos

_CHOICES = 100
_REFUSALS = (Conflict, Denied, Invalid, NotFound)
_FIELDS = {
    "bad_branch": "name",
    "bad_ref": "name",
    "branch_exists": "name",
    "protected_branch": "name",
    "revision_not_found": "start",
    "empty_repository": "start",
}

_FOLLOW = "git branch -m {old} {new}\ngit fetch origin --prune\ngit branch -u origin/{new} {new}\ngit remote set-head origin -a"


def branches(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """All branches, the default one first; those of a view, and those whose names contain a text."""
    return project_page(request, access, "branches/list.html", "files", list_context(access, request.GET))


def new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make a branch that begins anywhere."""
    begun = {"start": request.GET.get("from", ""), "name": request.GET.get("name", "")}
    form, status = NewBranchForm(request.POST or None, initial=begun), 200
    if request.method == "POST" and form.is_valid():
        try:
            services.create_branch(access, **form.cleaned_data)
        except _REFUSALS as error:
            add_error(form, error, _FIELDS.get(error.code))
            status = error.status
        else:
            messages.success(request, f"Made the branch {form.cleaned_data['name']}.")
            return redirect(address(access, "src", form.cleaned_data["name"]))
    names = repos.branch_names(access.project.id, limit=_CHOICES)
    tags = repos.tag_names(access.project.id, limit=_CHOICES)
    context = {"form": form, "starts": [*names, *(name for name in tags if name not in names)]}
    return project_page(request, access, "branches/new.html", "files", context, status=status)


def rename(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Give a branch another name."""
    name = request.POST.get("branch", request.GET.get("branch", ""))
    row = _row(access, name)
    begun = {"branch": name, "seen": row.commit.sha, "to": name}
    form, status = RenameForm(request.POST or None, initial=begun), 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.rename_branch(access, name=data["branch"], to=data["to"], seen=data["seen"])
        except _REFUSALS as error:
            add_error(form, error, "to" if error.code in _FIELDS else None)
            status = error.status
        else:
            messages.success(request, f"Renamed {data['branch']} to {data['to']}.")
            return _to_list(access)
    context = {"form": form, "row": row, "follow": _FOLLOW.format(old=quote(name), new="NEW_NAME")}
    return project_page(request, access, "branches/rename.html", "files", context, status=status)


def _row(access: ProjectAccess, name: str) -> Any:
    row = repos.branch_row(access.project.id, name)
    if row is None:
        raise NotFound(f"There is no branch “{name[:200]}”.", hint="It may have been deleted or renamed.")
    return row


def delete(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Delete a branch; the list then offers to restore it."""
    form = BranchForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return _to_list(access)
    name = form.cleaned_data["branch"]
    try:
        services.delete_branch(access, name=name, seen=form.cleaned_data["seen"])
    except _REFUSALS as error:
        return _refused(request, access, error)
    return _to_list(access, deleted=name)


def restore(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make a deleted branch again where it ended."""
    form = BranchForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        return _to_list(access)
    name = form.cleaned_data["branch"]
    try:
        services.restore_branch(access, name=name, sha=form.cleaned_data["seen"])
    except _REFUSALS as error:
        return _refused(request, access, error)
    messages.success(request, f"Restored the branch {name}.")
    return _to_list(access)


def default(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make a branch the default one."""
    if request.method != "POST":
        return _to_list(access)
    name = request.POST.get("branch", "").strip()
    try:
        services.choose_default_branch(access, name=name)
    except _REFUSALS as error:
        _tell(request, error)
        return redirect("branch-rules", access.project.owner, access.project.slug)
    messages.success(request, f"{name} is the default branch.")
    return redirect("branch-rules", access.project.owner, access.project.slug)


def _refused(request: HttpRequest, access: ProjectAccess, error: RopewalkError) -> HttpResponse:
    _tell(request, error)
    return _to_list(access)


def _tell(request: HttpRequest, error: RopewalkError) -> None:
    messages.error(request, f"{error.message} {error.hint}".strip())


def _to_list(access: ProjectAccess, **query: str) -> HttpResponse:
    tail = f"?{urlencode(query)}" if query else ""
    return redirect(f"{access.project.path}/branches{tail}")
