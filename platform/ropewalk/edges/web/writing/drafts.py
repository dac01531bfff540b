"""What somebody types, before it is a commit: Markdown as it will look, and the lines that will change."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.edges.web.diffs.lines import colours_of, rows_of
from ropewalk.edges.web.diffs.options import options_of
from ropewalk.edges.web.files.kinds import viewer_of
from ropewalk.edges.web.links import Links
from ropewalk.edges.web.rendering import MAX_MARKDOWN, markdown
from ropewalk.edges.web.writing.conventions import conventions_of
from ropewalk.edges.web.writing.forms import TextForm
from ropewalk.edges.web.writing.ground import MAX_TEXT, Ground
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

KINDS = ("preview", "changes")
Context = dict[str, Any]


def asked_draft(request: HttpRequest) -> str:
    """Which look at the draft a sent form asks for instead of a commit; empty for a commit."""
    show = request.POST.get("show", "")
    return show if show in KINDS else ""


def draft_context(
    request: HttpRequest, access: ProjectAccess, ground: Ground, form: TextForm, show: str
) -> Context:
    """What ``writing/draft.html`` shows of a form that was sent with ``show``; faults of the commit's fields don't matter yet."""
    form.is_valid()
    path = str(form.cleaned_data.get("path") or ground.path)
    context: Context = {"show": show, "path": path, "note": "", "html": "", "rows": ""}
    if "text" in form.errors:
        return context | {"note": "too_large"}
    if show == "preview":
        return context | _preview(access, ground, path, str(form.cleaned_data.get("text", "")))
    return context | _changes(request, access, ground, path, form)


def draft_fragment(request: HttpRequest, access: ProjectAccess, draft: Context) -> HttpResponse:
    """The look at the draft alone, for the page's script."""
    response = render(request, "writing/draft.html", {"access": access, "draft": draft})
    response.headers["X-Fragment"] = "1"
    return response


def _preview(access: ProjectAccess, ground: Ground, path: str, text: str) -> Context:
    if viewer_of(path) != "markdown":
        return {"note": "no_preview"}
    if len(text) > MAX_MARKDOWN:
        return {"note": "too_large"}
    links = Links.of(access, Revision("branch", ground.branch, ground.sha, path), path.rpartition("/")[0])
    text = text.replace("\r\n", "\n")
    return {"html": markdown(text, file_url=links.file_url, raw_url=links.raw_url)}


def _changes(
    request: HttpRequest, access: ProjectAccess, ground: Ground, path: str, form: TextForm
) -> Context:
    """Against the file as the person opened it: what others did meanwhile is not theirs."""
    split = options_of(request).split
    old = _old_bytes(access, ground, str(form.cleaned_data.get("seen") or ground.sha))
    new = form.data_to_write(conventions_of(access.project.id, ground.sha, path))
    found = repos.text_diff(
        access.project.id, old, new, path=path, old_path=ground.path if old is not None else ""
    )
    sides = [None if side is None else side.decode("utf-8", "replace") for side in (old, new)]
    rows = rows_of(found, colours_of(found, *sides), split=split, anchor="draft") if found.hunks else ""
    return {"rows": rows, "note": found.note, "split": split, "added": found.added, "deleted": found.deleted}


def _old_bytes(access: ProjectAccess, ground: Ground, sha: str) -> bytes | None:
    if not (sha and ground.path):
        return None
    try:
        blob = repos.blob(access.project.id, sha, ground.path, limit=MAX_TEXT)
    except NotFound:
        return None
    return blob.data
