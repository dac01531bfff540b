"""The pages of tags: all of them, a new one, and the end of one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.data.services.tags import create_tag, delete_tag
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.releases.forms import ConfirmForm, TagForm
from ropewalk.edges.web.releases.reading import sees_drafts
from ropewalk.edges.web.releases.shown import offers
from ropewalk.releases.selectors import titles_of_tags
from ropewalk.repos import selectors as repos
from ropewalk.repos.archives import FORMATS

_FIELDS = {"bad_tag_name": "name", "tag_exists": "name", "message_too_long": "message", "bad_ref": "name"}


def tags(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Tags, newest first or by version, found by a part of their name."""
    query, order = request.GET.get("q", "")[:200], request.GET.get("sort", "date")
    number = page_number(request.GET.get("page"))
    page = repos.tags(access.project.id, query=query, order=order, page=number)
    before = repos.tags_before(access.project.id, [tag.name for tag in page])
    titles = titles_of_tags(access.project.id, [tag.name for tag in page], drafts=sees_drafts(access))
    rows = [
        {
            "tag": tag,
            "release": titles.get(tag.name, ""),
            "archives": [(kind, address(access, "archive", f"{tag.link}.{kind}")) for kind in FORMATS],
            "before": before[tag.name][0] if tag.name in before else "",
            "compare_url": address(access, "compare", f"{before[tag.name][1]}...{tag.link}")
            if tag.name in before
            else "",
        }
        for tag in page
    ]
    context = {"page": page, "rows": rows, "q": query, "sort": order, "area": "tags"}
    return project_page(request, access, "releases/tags.html", "files", context)


def new_tag(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make a tag of any revision."""
    form = TagForm(request.POST or None, initial={"target": request.GET.get("target", "")})
    if request.method == "POST" and form.is_valid():
        try:
            tag = create_tag(access, **form.cleaned_data)
        except RopewalkError as error:
            unknown = error.code in {"revision_not_found", "empty_repository"}
            add_error(form, error, "target" if unknown else _FIELDS.get(error.code))
        else:
            messages.success(request, f"The tag “{tag.name}” was made of {tag.sha[:8]}.")
            return redirect("tags", access.project.owner, access.project.slug)
    context = {"form": form, "area": "tags", **offers(access)}
    return project_page(request, access, "releases/tag_new.html", "files", context)


def remove_tag(request: HttpRequest, access: ProjectAccess, tag: str) -> HttpResponse:
    """Delete a tag after its name was typed."""
    found = repos.tag(access.project.id, tag)
    form = ConfirmForm(request.POST or None, initial={"seen": found.oid})
    if request.method == "POST" and form.require(found.name):
        try:
            delete_tag(access, name=found.name, seen=form.cleaned_data["seen"])
        except RopewalkError as error:
            add_error(form, error)
        else:
            messages.success(request, f"The tag “{found.name}” was deleted. It named {found.oid}.")
            return redirect("tags", access.project.owner, access.project.slug)
    titles = titles_of_tags(access.project.id, [found.name], drafts=True)
    context = {"form": form, "tag": found, "release": titles.get(found.name, ""), "area": "tags"}
    return project_page(request, access, "releases/tag_delete.html", "files", context)
